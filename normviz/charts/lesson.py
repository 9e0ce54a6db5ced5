"""What a lesson reveals: the measured values, and how a class voted."""

import altair as alt
import pandas as pd

from normviz.charts.parts import EDGE, PERCENT, TEXT, norm_colour, norm_shape, norm_words

ROW = 64  # pixels
PADDING = 12  # pixels between a name and the axis, for half a mark at zero


def measured(table: pd.DataFrame, unit: str) -> alt.LayerChart:
    """Draws each measured value as a bar from zero with its interval.

    Args:
        table: name, norm, mean, low, high (low and high may be missing), in row order.
        unit: "%" for fractions, or what is counted.
    """
    percent = unit == "%"
    label = table["mean"].map("{:.1%}".format if percent else _counted)
    table = table.assign(label=label, end=table["high"].fillna(table["mean"]))
    scale = alt.Scale(domain=[0, float(table["end"].max()) * 1.2], nice=False)
    x = alt.X(
        "mean:Q",
        title=None if percent else unit,
        scale=scale,
        axis=alt.Axis(format=PERCENT if percent else "~g" if table["mean"].max() < 1000 else "~s", tickCount=4),
    )
    y = alt.Y(
        "name:N",
        sort=None,
        title=None,
        axis=alt.Axis(labelLimit=230, labelFontSize=TEXT + 3, ticks=False, domain=False, labelPadding=PADDING),
    )
    base = alt.Chart(table, height=ROW * len(table)).encode(y=y, color=norm_colour())
    bars = base.mark_bar(opacity=0.35, height=ROW / 2).encode(x=x)
    spans = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", scale=scale), x2="high:Q")
    points = base.mark_point(filled=True, size=150, opacity=1).encode(x=x, shape=norm_shape())
    text = base.mark_text(align="left", dx=12, fontSize=TEXT + 4, fontWeight="bold")
    text = text.encode(x=alt.X("end:Q", scale=scale), text="label:N", color=norm_words())
    return alt.layer(bars, spans, points, text, padding=EDGE)


def _counted(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def sentence(table: pd.DataFrame, title: str) -> str:
    """Returns what `measured` shows, for those who cannot see it."""
    return f"{title[0].upper()}{title[1:]}, a bar each: {', '.join(table['name'])}."
