"""What a norm layer receives and gives. Tidy DataFrame in, one drawing out."""

import altair as alt
import numpy as np
import pandas as pd

from normviz.charts.parts import GREY, HEIGHT, WORDS, Drawing, named, tips
from normviz.model.norms import NORMS


def distribution(table: pd.DataFrame, norm: str) -> Drawing:
    """Draws the values before (grey) and after (the norm's colour) one layer: side, value, density."""
    return Drawing(_distribution, (norm,), {"values": table})


def _distribution(norm: str) -> alt.Chart:
    legend = alt.Legend(orient="top", symbolOpacity=1)
    return (
        named("values")
        .mark_area(interpolate="step", opacity=0.55, line=True)
        .encode(
            x=alt.X("value:Q", title="value"),
            y=alt.Y("density:Q", title="density", stack=None, axis=alt.Axis(tickCount=3)),
            color=alt.Color("side:N", scale=_sides(norm), title=None, legend=legend),
        )
        .properties(height=HEIGHT)
    )


def _sides(norm: str) -> alt.Scale:
    after = WORDS if norm == "none" else NORMS[norm].light.mark  # its own colour is a grey
    return alt.Scale(domain=["before", "after"], range=[GREY, after])


def group_statistics(table: pd.DataFrame, norm: str, unit: str) -> Drawing:
    """Draws mean (point) and mean +- one standard deviation (line) of each statistic group.

    Args:
        table: group, side ("before" or "after"), mean, std, low, high.
        norm: key of the model, for its colour.
        unit: what one statistic group is, for the axis.
    """
    return Drawing(_group_statistics, (norm, unit), {"groups": table})


def _group_statistics(norm: str, unit: str) -> alt.LayerChart:
    base = named("groups").encode(
        x=alt.X("group:O", title=unit, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        xOffset=alt.XOffset("side:N", sort=["before", "after"]),
        color=alt.Color("side:N", scale=_sides(norm), title=None, legend=None),
        tooltip=tips("group:Q", "side:N", mean=".3f", std=".3f"),
    )
    spans = base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title="mean ± std"), y2=alt.Y2("high:Q"))
    means = base.mark_point(filled=True, size=28, opacity=1).encode(y=alt.Y("mean:Q"))
    return (spans + means).properties(height=HEIGHT)


def channel_marks(table: pd.DataFrame, norm: str, marks: tuple[str, str], title: str) -> Drawing:
    """Draws two quantities a channel, joined by a line: a filled point in the norm's colour and a hollow grey one.

    Args:
        table: channel and one column for each of `marks`.
        norm: key of the model, for its colour.
        marks: names of the two columns; the first is the filled one.
        title: of the value axis.
    """
    values = table[list(marks)].to_numpy().ravel("F")
    tidy = {"channel": np.tile(table["channel"], 2), "mark": np.repeat(_words(marks), len(table)), "value": values}
    return Drawing(
        _channel_marks, (norm, tuple(marks), title), {"channels": table[["channel", *marks]], "marks": pd.DataFrame(tidy)}
    )


def _words(marks: tuple[str, str]) -> list[str]:
    return [mark.replace("_", " ") for mark in marks]


def _channel_marks(norm: str, marks: tuple[str, str], title: str) -> alt.LayerChart:
    names = _words(marks)
    scale = alt.Scale(domain=names, range=[NORMS[norm].light.mark, GREY])
    shape = alt.Shape("mark:N", scale=alt.Scale(domain=names, range=["circle", "diamond"]), title=None)
    x = alt.X("channel:O", title="channel", axis=alt.Axis(labelAngle=0, labelOverlap=True))
    joined = named("channels").mark_rule(color=GREY, opacity=0.5)
    joined = joined.encode(x=x, y=alt.Y(f"{marks[0]}:Q"), y2=alt.Y2(f"{marks[1]}:Q"))
    points = (
        named("marks")
        .mark_point(filled=True, size=50, opacity=1)
        .encode(
            x=x,
            y=alt.Y("value:Q", title=title),
            shape=shape,
            color=alt.Color("mark:N", scale=scale, title=None, legend=alt.Legend(orient="top")),
            tooltip=tips("channel:Q", "mark:N", value=".3f"),
        )
    )
    return (joined + points).properties(height=HEIGHT)
