"""The chart of the page on batch mates. Tidy DataFrame in, one alt.Chart out; no torch, no streamlit."""

import altair as alt
import pandas as pd

from normviz.charts.parts import GREY, GREY_WORDS, PERCENT, Drawing, named, norm_colour, norm_shape, tips

TITLE, MARKS = 0.2, (0.4, 0.86)  # places inside a strip of height 1: its title, and the marks from first to last batch
STRIP_HEIGHT = 104  # pixels


def strips(table: pd.DataFrame, spreads: pd.DataFrame, batches: int) -> Drawing:
    """Draws one strip a network and mode: a mark a batch, first on top; filled where the answer is the network's own.

    Args:
        table: see `batch_mates.strips`.
        spreads: see `batch_mates.spreads`, with `title` (left) and `said` (right) of each strip.
        batches: how many there will be in the end, for the room they take.
    """
    order = {strip: number for number, strip in enumerate(spreads["strip"])}
    step = (MARKS[1] - MARKS[0]) / max(batches - 1, 1)
    marks = table.assign(place=table["strip"].map(order) + MARKS[0] + step * (table["batch"] - 1))
    names = spreads.assign(top=spreads["strip"].map(order), title_at=spreads["strip"].map(order) + TITLE, left=0.0, right=1.0)
    bands = names.assign(upper=names["top"] + MARKS[0] - 0.06, lower=names["top"] + MARKS[1] + 0.06)
    return Drawing(_strips, (len(order),), {"marks": marks, "names": names, "bands": bands})


def _strips(count: int) -> alt.LayerChart:
    scale = alt.Scale(domain=[0, count], reverse=True, nice=False)
    x = alt.X("probability:Q", title="probability of the network's own answer", scale=alt.Scale(domain=[0, 1]))
    x.axis = alt.Axis(format=PERCENT, values=[0, 0.25, 0.5, 0.75, 1])
    y = alt.Y("place:Q", scale=scale, axis=None)
    tooltip = tips("batch:Q", "answer:N", probability=".2%")
    base = named("marks").encode(x=x, y=y, color=norm_colour(), shape=norm_shape(), tooltip=tooltip)
    same = base.transform_filter("datum.same").mark_point(filled=True, size=55, opacity=1)
    other = base.transform_filter("!datum.same").mark_point(filled=False, size=50, opacity=1, strokeWidth=1.8)
    return alt.layer(*_spans(scale), same, other, *_words(scale), height=STRIP_HEIGHT * count + 40)


def _spans(scale: alt.Scale) -> list[alt.Chart]:
    """Draws the line between strips, and a shade from the lowest to the highest probability of each."""
    shade = named("bands").mark_rect(opacity=0.16).encode(x=alt.X("lowest:Q"), x2=alt.X2("highest:Q"), color=norm_colour())
    shade = shade.encode(y=alt.Y("upper:Q", scale=scale, axis=None), y2=alt.Y2("lower:Q"))
    lines = named("names").mark_rule(color=GREY, opacity=0.5).encode(y=alt.Y("top:Q", scale=scale, axis=None))
    return [lines, shade]


def _words(scale: alt.Scale) -> list[alt.Chart]:
    y = alt.Y("title_at:Q", scale=scale, axis=None)
    base = named("names").encode(y=y)
    left = base.mark_text(align="left", dx=3, fontSize=14, fontWeight="bold", color=GREY_WORDS)
    right = base.mark_text(align="right", dx=-3, fontSize=14, fontWeight="bold", color=GREY_WORDS)
    return [
        left.encode(x=alt.X("left:Q"), text=alt.Text("title:N")),
        right.encode(x=alt.X("right:Q"), text=alt.Text("said:N")),
    ]
