"""The chart of the page on invariances. Tidy DataFrame in, one alt.Chart out; no torch, no streamlit."""

import altair as alt
import pandas as pd

from normviz.charts.parts import GREY, tips
from normviz.model.norms import NORMS

HEIGHT = 320


def before_and_after(table: pd.DataFrame, norm: str, side: str) -> alt.LayerChart:
    """Draws values after a change against the same values before it; on the dashed diagonal nothing moved.

    Args:
        table: before, after.
        norm: key of the norm, for colour and shape.
        side: "received" (grey: it is the same for every norm) or "given".
    """
    low, high = (float(edge) for edge in (table[["before", "after"]].min().min(), table[["before", "after"]].max().max()))
    room = 0.05 * (high - low) or 0.5
    scale = alt.Scale(domain=[low - room, high + room], nice=False)
    axis = alt.Axis(tickCount=5, format="~r", grid=False)
    x = alt.X("before:Q", title=f"value {side}, before", scale=scale, axis=axis)
    y = alt.Y("after:Q", title=f"value {side}, after", scale=scale, axis=axis)
    ends = pd.DataFrame({"before": [low, high], "after": [low, high]})
    diagonal = alt.Chart(ends).mark_line(color=GREY, strokeDash=[5, 4], strokeWidth=1.5).encode(x=x, y=y)
    tooltip = tips(before=".3~r", after=".3~r")
    colour = NORMS[norm].light.mark if side == "given" else GREY
    points = alt.Chart(table).mark_point(filled=True, size=28, opacity=1, color=colour, shape=NORMS[norm].shape)
    return (diagonal + points.encode(x=x, y=y, tooltip=tooltip)).properties(height=HEIGHT)
