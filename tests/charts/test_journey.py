import numpy as np
import pytest

from normviz.charts import journey as journey_charts
from normviz.explain import journey
from normviz.model import norms
from normviz.model.norms import COMPARED
from tests.charts.drawings import checked
from tests.shipped import passages


@pytest.mark.parametrize("norm", COMPARED)
def test_chart_of_statistics(norm):
    table = journey.channels(passages("published", norm)[1])
    spec = checked(journey_charts.used_and_own(table, norm))
    assert len(spec["layer"]) == 4 and norms.NORMS[norm].light.mark in str(spec)


def test_chart_of_distances():
    table = journey.distances({norm: passages("controlled", norm) for norm in COMPARED}, "given").assign(pair="a – b")
    table.loc[table["layer"] == 3, "distance"] = np.nan
    drawing = journey_charts.distances(table, 5)
    assert checked(drawing)["layer"]
    rows = [row for part in drawing.tables.values() for row in part.to_dict("records")]
    assert {"layer": 5} in rows
    assert not any(row.get("layer") == 3 for row in rows)


@pytest.mark.parametrize("study", ["controlled", "budget"])
def test_the_axis_of_distances_reaches_the_last_layer(study):
    through = {norm: passages(study, norm) for norm in COMPARED}
    drawing = journey_charts.distances(journey.distances(through, "given").assign(pair="a – b"), 1)
    x, last = checked(drawing)["layer"][0]["encoding"]["x"], len(through["batch"])
    assert x["scale"]["domain"][1] == last and x["axis"]["values"] == list(range(1, last + 1))
