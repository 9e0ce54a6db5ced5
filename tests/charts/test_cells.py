import numpy as np
import pytest

from normviz.charts import cells as cell_charts
from normviz.charts import specification
from normviz.explain import cells
from normviz.explain.cells import NormLayer
from tests.charts.drawings import checked
from tests.explain.layers import CASES, whole


@pytest.mark.parametrize(("norm", "shape", "groups"), CASES)
def test_the_drawing_is_valid_and_leaves_no_cell_out(norm, shape, groups):
    layer = NormLayer(cells.made_up(shape, 0), norm, np.ones(shape[1]), np.zeros(shape[1]), groups)
    drawing = cell_charts.tensor(cells.frame(layer, whole(layer), (0, 0, 0, 0)))
    spec, rows = checked(drawing), drawing.tables["cells"].to_dict("records")
    assert len(rows) == layer.x.size and {param["name"] for param in spec["params"]} == {"group", "here", "pick"}
    assert rows[-1]["cell"] == "0-0-0-0" and rows[-1]["locked"]
    assert all(0 <= row["tint"] < len(cell_charts.TINTS) for row in rows)


@pytest.mark.parametrize(("norm", "groups"), [("batch", 1), ("group", 7), ("instance", 1)])
def test_panels_beside_each_other_differ_in_colour_if_they_differ_in_group(norm, groups):
    layer = NormLayer(cells.made_up((8, 14, 1, 1), 0), norm, np.ones(14), np.zeros(14), groups)
    table = cells.frame(layer, whole(layer), (0, 0, 0, 0))
    panel = table.assign(tint=cell_charts._tints(table)).set_index(["picture", "channel"])[["group", "tint"]]
    for picture, channel in panel.index:
        for other in ((picture, channel + 1), (picture + 1, channel)):
            if other in panel.index:
                here, there = panel.loc[(picture, channel)], panel.loc[other]
                assert (here["group"] == there["group"]) == (here["tint"] == there["tint"])


def test_the_drawing_of_one_visitor_does_not_change_anothers():
    ones, zeros = np.ones(4), np.zeros(4)
    tables = [
        cells.frame(layer, whole(layer), (0, 0, 0, 0))
        for layer in (NormLayer(cells.made_up((3, 4, 2, 2), seed), "layer", ones, zeros) for seed in (0, 1))
    ]
    first, second = (specification.specification(cell_charts.tensor(table)) for table in tables)
    assert not first["datasets"]["cells"].equals(second["datasets"]["cells"])
    assert {**first, "datasets": None} == {**second, "datasets": None}


def test_running_statistics_are_drawn():
    fed = cells.feed([cells.made_up((3, 4, 2, 2), 0, number) for number in range(3)], (np.zeros(4), np.ones(4)))
    rows = fed[(fed["channel"] == 1) & (fed["statistic"] == "mean")]
    spec = checked(cell_charts.running(rows, 2.0, "mean"))
    assert len(spec["layer"]) >= 3
