import numpy as np

from normviz.charts import batch_mates as batch_mates_charts
from normviz.explain import batch_mates
from normviz.explain.batch_mates import BATCHES
from tests.charts.drawings import checked


def test_the_chart_is_drawn():
    table = batch_mates.strips(np.full((4, 5, 10), 0.1), [0, 1, 2, 3])
    spreads = batch_mates.spreads(table).assign(title="a", said="b")
    spec = checked(batch_mates_charts.strips(table, spreads, BATCHES))
    assert spec["layer"] and spec["height"] > 300
