import re

import pandas as pd
import pytest

from normviz.charts import specification
from normviz.charts.lab import Axis, Growing, Stray

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
TABLES = GROWING.tables(LINES, NAMES, pd.DataFrame({"x": [16.0], "text": ["rate 0.01"]}))
STRAY = Stray()
LAYERS = STRAY.tables(pd.DataFrame({"layer": [1, 2], "value": [0.1, 0.4]}))


def layers_of(part: dict) -> list[dict]:
    return [inner for layer in part.get("layer", []) for inner in layers_of({"data": part.get("data")} | layer)] or [part]


@pytest.mark.parametrize(("shape", "tables"), [(GROWING, TABLES), (STRAY, LAYERS)])
def test_each_column_that_is_drawn_stands_in_its_table(shape, tables):
    spec = shape.chart().to_dict()  # against the schema too
    used = {name for layer in layers_of(spec) for name in re.findall(r"'name': '([^']+)'", str(layer["data"]))}
    assert used == set(tables)
    for layer in layers_of(spec):
        columns = set(re.findall(r"'field': '([^']+)'", str(layer["encoding"])))
        assert columns and columns <= set(tables[layer["data"]["name"]].columns)


def test_new_rows_leave_the_specification_as_it_is():
    before = specification.filled(GROWING, "light", TABLES)
    later = specification.filled(
        Growing(1000, Axis("test accuracy", 0.0, 1.0)), "light", GROWING.tables(LINES.head(2), NAMES, LINES.iloc[:0])
    )
    assert {**later, "datasets": None} == {**before, "datasets": None}
    assert len(before["datasets"]["lines"]) == 3 and len(later["datasets"]["lines"]) == 2


def test_a_dark_page_has_a_specification_of_its_own():
    light, dark = (specification.filled(GROWING, scheme, TABLES) for scheme in ("light", "dark"))
    assert str(light["layer"]) != str(dark["layer"])


def test_each_line_carries_its_name_where_it_ends():
    ends = TABLES["ends"].set_index("series")
    assert ends["label"].to_dict() == NAMES
    assert ends.loc["batch", ["x", "mean"]].tolist() == [32.0, 0.3]
    assert abs(ends["place"].diff().iloc[-1]) >= 0.085 - 1e-9
