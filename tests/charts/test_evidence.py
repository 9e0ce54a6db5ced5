import json

import pandas as pd
import pytest

from normviz.charts import evidence as evidence_charts
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


def test_a_line_of_one_seed_has_no_interval_and_is_drawn():
    table = pd.DataFrame({"series": "batch", "norm": "batch", "x": [2, 4], "mean": [0.5, 0.6], "label": "B", "dashed": False})
    axis = Axis("size", (2, 4), doubling=True)
    without_nan(evidence_charts.lines(table.assign(**findings.NO_INTERVAL), axis, Axis("accuracy", percent=True)))


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_chart_of_the_gap(norm):
    without_nan(evidence_charts.waterfall(findings.gap(evidence.load("gap"), norm), norm))
