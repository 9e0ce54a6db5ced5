import json
import re

import numpy as np
import pandas as pd
import pytest

from normviz.charts import evidence as evidence_charts
from normviz.charts import paper, specification
from normviz.charts.evidence import Axis
from normviz.studies import evidence, findings, headline


def without_nan(chart) -> str:
    return json.dumps(chart.to_dict(), allow_nan=False)


@pytest.mark.parametrize("study", headline.STUDIES)
def test_charts_of_seeds(study):
    table = evidence.load("seeds")
    for means, seeds in (findings.models(table, study), findings.pairs(table, study)):
        drawn = without_nan(evidence_charts.intervals(means, seeds, "accuracy"))
        assert all(json.dumps(name)[1:-1] in drawn for name in means["name"])


def axis_labels(chart) -> list[list[str]]:
    """Returns the labels of each axis of a drawn chart, each with its lines joined."""
    svg = paper.svg(specification.specification(chart))
    found = re.findall(r'class="mark-text role-axis-label"[^>]*>(.*?)</g>', svg, re.S)
    return [[" ".join(re.findall(r">([^<>]+)<", label)) for label in re.findall(r"<text.*?</text>", axis)] for axis in found]


@pytest.mark.parametrize("study", evidence.SEEDS_OF)
def test_the_labels_of_seeds_tell_rows_and_ticks_apart(study):
    table = evidence.load(evidence.SEEDS_OF[study])
    means, by_seed = (rows[rows["norm"] != "instance"] for rows in findings.models(table, study))
    differences, paired = findings.pairs(table, study)
    pairs = findings.among_compared(differences)
    drawn = [
        evidence_charts.intervals(means, by_seed, "accuracy"),
        evidence_charts.intervals(pairs, paired[paired["name"].isin(pairs["name"])], "difference", zero=True),
    ]
    for chart, names in zip(drawn, (means["name"], pairs["name"])):
        ticks, rows = axis_labels(chart)
        assert len(set(ticks)) == len(ticks) > 2 and rows == list(names)


@pytest.mark.parametrize("spread", [0.004, 0.03, 0.3])
def test_ticks_of_accuracy_differ(spread):
    values = [0.85, 0.85 + spread]
    table = pd.DataFrame({"series": "batch", "norm": "batch", "x": [2, 4], "mean": values, "label": "B", "dashed": False})
    chart = evidence_charts.lines(table.assign(**findings.NO_INTERVAL), Axis("size", (2, 4)), Axis("accuracy", percent=True))
    ticks = axis_labels(chart)[1]
    assert len(set(ticks)) == len(ticks) > 2


def test_ticks_of_a_small_gap_differ():
    steps = pd.DataFrame({"step": ["the|norm"], "kind": "level", "start": 0.0, "end": 0.02, "label": "2.0", "top": 0.02})
    ticks = axis_labels(evidence_charts.waterfall(steps.assign(**findings.NO_INTERVAL), "group"))[1]
    assert len(set(ticks)) == len(ticks) > 2


def test_labels_of_layers_do_not_overlap():
    table = pd.DataFrame({"layer": [1, 2, 9], "x": 2, "value": [0.0155, 0.003, 0.0158]})
    table = pd.concat([table, table.assign(x=1, value=0.3)])
    spec = evidence_charts.layer_lines(table, Axis("size", (1, 2), doubling=True), "distance").to_dict()
    labels = next(rows for rows in spec["datasets"].values() if "place" in rows[0])
    apart = np.diff(np.log10([row["place"] for row in labels]))
    assert [row["label"] for row in labels] == ["layer 2", "layer 1", "layer 9"] and min(apart) > 0.2
    assert spec["layer"][0]["encoding"]["strokeWidth"]["scale"]["domain"] == [1, 9]


def test_a_line_of_one_seed_has_no_interval_and_is_drawn():
    table = pd.DataFrame({"series": "batch", "norm": "batch", "x": [2, 4], "mean": [0.5, 0.6], "label": "B", "dashed": False})
    axis = Axis("size", (2, 4), doubling=True)
    without_nan(evidence_charts.lines(table.assign(**findings.NO_INTERVAL), axis, Axis("accuracy", percent=True)))


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_chart_of_the_gap(norm):
    without_nan(evidence_charts.waterfall(findings.gap(evidence.load("gap"), norm), norm))
