import pandas as pd
import pytest

from normviz.charts import curves, layer_statistics, parameters, parts
from normviz.model import layer_statistics as measured
from normviz.model.norms import COMPARED, NORMS
from tests.charts.drawings import checked
from tests.shipped import passages


@pytest.mark.parametrize("norm", COMPARED)
def test_charts_of_a_norm_layer(norm):
    look = measured.look_at(passages("controlled", norm), 2)
    drawings = (
        layer_statistics.distribution(look.distribution, norm),
        layer_statistics.group_statistics(look.groups, norm, "group"),
        layer_statistics.channel_marks(look.channels, norm, ("gamma", "beta"), "learned"),
    )
    assert all(NORMS[norm].light.mark in str(checked(drawing)) for drawing in drawings)
    marks = drawings[-1].tables["marks"].set_index(["mark", "channel"])["value"]
    assert marks["gamma"].tolist() == look.channels["gamma"].tolist()
    assert marks["beta"].tolist() == look.channels["beta"].tolist()


@pytest.mark.parametrize(("log", "band"), [(False, True), (True, False)])
def test_lines_end_with_their_names(log, band):
    lines = [("batch", False, epoch, 1.0 + epoch, "Batch") for epoch in range(3)]
    table = pd.DataFrame(lines, columns=["norm", "source", "x", "value", "label"])
    shade = table[["norm", "x"]].assign(low=table["value"] - 0.5, high=table["value"] + 0.5) if band else None
    drawing = curves.lines(table, "epoch", "loss", log=log, band=shade)
    assert len(checked(drawing)["layer"]) == 3 + band
    assert drawing.tables["ends"][["label", "value"]].to_numpy().tolist() == [["Batch", 3.0]]


def test_charts_of_parameters():
    parts = pd.DataFrame({"layer": ["1", "1"], "part": ["convolution", "norm"], "parameters": [432, 32]})
    bars = parameters.parameter_bars(parts, "group", 500)
    assert checked(bars) and bars.tables["highest"]["parameters"].tolist() == [500]
    totals = parts.assign(norm="group", name="Group", total=464, label="464")
    against = parameters.budget_bars(totals, 60_000)
    assert checked(against) and against.tables["limit"]["budget"].tolist() == [60_000]


def test_before_and_after_differ_where_nothing_is_averaged():
    before, after = layer_statistics._sides("none").to_dict()["range"]
    assert (before, after) == (parts.GREY, parts.WORDS)
