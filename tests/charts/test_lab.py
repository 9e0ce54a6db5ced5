import pandas as pd
import pytest

from normviz.charts import specification
from normviz.charts.lab import Axis, Growing, stray
from tests.charts.drawings import checked

LINES = pd.DataFrame(
    {
        "series": ["batch", "batch", "group"],
        "norm": ["batch", "batch", "group"],
        "x": [16.0, 32.0, 32.0],
        "mean": [0.1, 0.3, 0.2],
        "low": [0.1, 0.2, 0.2],
        "high": [0.1, 0.4, 0.2],
        "dashed": [False, False, False],
    }
)
NAMES = {"batch": "Batch (your best)", "group": "Group"}
GROWING = Growing(1000, Axis("test accuracy", 0.0, 1.0))
DRAWING = GROWING.drawing(LINES, NAMES, pd.DataFrame({"x": [16.0], "text": ["rate 0.01"]}))
STRAY = stray(pd.DataFrame({"layer": [1, 2], "value": [0.1, 0.4]}))


@pytest.mark.parametrize("drawing", [DRAWING, STRAY])
def test_each_column_that_is_drawn_stands_in_its_table(drawing):
    assert checked(drawing)["layer"]


def test_the_stray_of_a_deep_network_has_a_place_for_each_layer():
    deep = stray(pd.DataFrame({"layer": range(1, 13), "value": 0.1}))
    domains = [layer["encoding"]["x"]["scale"]["domain"] for layer in specification.specification(deep)["layer"]]
    assert domains[0] == list(range(1, 13)) and checked(STRAY)["layer"][0]["encoding"]["x"]["scale"]["domain"] == list(
        range(1, 9)
    )


def test_new_rows_leave_the_specification_as_it_is():
    before = specification.specification(DRAWING)
    again = Growing(1000, Axis("test accuracy", 0.0, 1.0))
    later = specification.specification(again.drawing(LINES.head(2), NAMES, LINES.iloc[:0]))
    assert {**later, "datasets": None} == {**before, "datasets": None}
    assert len(before["datasets"]["lines"]) == 3 and len(later["datasets"]["lines"]) == 2


def test_a_dark_page_has_a_specification_of_its_own():
    light, dark = (specification.specification(DRAWING, scheme) for scheme in ("light", "dark"))
    assert str(light["layer"]) != str(dark["layer"])


def test_each_line_carries_its_name_where_it_ends():
    ends = DRAWING.tables["ends"].set_index("series")
    assert ends["label"].to_dict() == NAMES
    assert ends.loc["batch", ["x", "mean"]].tolist() == [32.0, 0.3]
    assert abs(ends["place"].diff().iloc[-1]) >= 0.085 - 1e-9
