import pandas as pd
import pytest

from normviz.charts import own_data, verdicts
from tests.charts.drawings import checked


@pytest.mark.parametrize("count", [2, 100])
def test_every_class_has_its_bar(count):
    table = pd.DataFrame([{"class": str(n), "part": part, "pictures": n} for n in range(count) for part in ("train", "test")])
    spec = own_data.class_bars(table).to_dict()
    assert spec["height"] == own_data.AROUND + count * own_data.ROW


@pytest.mark.parametrize(("count", "numbered"), [(3, True), (100, False)])
def test_counts_stand_in_the_cells_where_they_can_be_read(count, numbered):
    names = tuple(f"class {number}" for number in range(count))
    table = pd.DataFrame([{"label": a, "predicted": b, "count": 1, "share": 0.5} for a in names for b in names])
    drawing = verdicts.confusion(table, "batch", names)
    spec = checked(drawing)
    assert spec["layer"][0]["encoding"]["y"]["sort"] == list(names)
    assert any(drawn.empty for drawn in drawing.tables.values()) != numbered
    assert spec["height"] >= 430 and (count < 100 or spec["height"] == 1400)


def test_of_many_classes_the_most_probable_are_drawn():
    table = pd.DataFrame({"class": [str(n) for n in range(100)], "probability": 0.01})
    drawing = verdicts.probabilities(table, "batch")
    assert checked(drawing) and len(drawing.tables["likely"]) == verdicts.LIKELY
