"""Accuracies with their intervals."""

import altair as alt
import pandas as pd

from normviz.charts.parts import EDGE, PERCENT, TEXT, norm_colour, norm_shape, norm_words
from normviz.model.norms import NORMS


def accuracy_intervals(table: pd.DataFrame) -> alt.LayerChart:
    """Draws each model's accuracy as a point with its interval.

    Args:
        table: series, norm, label, accuracy, low, high (fractions; low and high may be missing); series in row order.
    """
    low, high = table["low"].min(), table["high"].max()
    scale = alt.Scale(domain=[low - 0.1 * (high - low), high + 0.05 * (high - low)], nice=False)
    x = alt.X("accuracy:Q", title="test accuracy", scale=scale, axis=alt.Axis(format=PERCENT, tickCount=6))
    y = alt.Y(
        "series:N",
        sort=None,
        title=None,
        axis=alt.Axis(labelExpr="split(datum.label, '|')", labelLimit=140, labelFontSize=TEXT, ticks=False),
    )
    base = alt.Chart(table, height=360).encode(y=y, yOffset=alt.YOffset("norm:N", sort=list(NORMS)), color=norm_colour())
    points = base.mark_point(filled=True, size=130, opacity=1).encode(x=x, shape=norm_shape())
    spans = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", scale=scale), x2=alt.X2("high:Q"))
    labels = base.mark_text(align="left", dx=10, fontSize=14, fontWeight="bold")
    labels = labels.encode(x=alt.X("high:Q", scale=scale), text=alt.Text("label:N"), color=norm_words())
    return alt.layer(spans, points, labels, padding=EDGE)
