"""The chart of the page on invariances. Tidy DataFrame in, one alt.Chart out; no torch, no streamlit."""

import altair as alt
import pandas as pd

from normviz.charts.parts import GREY, Drawing, named, tips
from normviz.model.norms import NORMS

HEIGHT = 320


def before_and_after(table: pd.DataFrame, norm: str, side: str) -> Drawing:
    """Draws values after a change against the same values before it; on the dashed diagonal nothing moved.

    Args:
        table: before, after.
        norm: key of the norm, for colour and shape.
        side: "received" (grey: it is the same for every norm) or "given".
    """
    low, high = (float(edge) for edge in (table[["before", "after"]].min().min(), table[["before", "after"]].max().max()))
    room = 0.05 * (high - low) or 0.5
    ends = pd.DataFrame({"before": [low - room, high + room], "after": [low - room, high + room]})
    return Drawing(_before_and_after, (norm, side), {"values": table, "ends": ends})


def _before_and_after(norm: str, side: str) -> alt.LayerChart:
    scale, axis = alt.Scale(zero=False, nice=False), alt.Axis(tickCount=5, format="~r", grid=False)
    x = alt.X("before:Q", title=f"value {side}, before", scale=scale, axis=axis)
    y = alt.Y("after:Q", title=f"value {side}, after", scale=scale, axis=axis)
    diagonal = named("ends").mark_line(color=GREY, strokeDash=[5, 4], strokeWidth=1.5).encode(x=x, y=y)
    colour = NORMS[norm].light.mark if side == "given" else GREY
    points = named("values").mark_point(filled=True, size=28, opacity=1, color=colour, shape=NORMS[norm].shape)
    points = points.encode(x=x, y=y, tooltip=tips(before=".3~r", after=".3~r"))
    return (diagonal + points).properties(height=HEIGHT)
