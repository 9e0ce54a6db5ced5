"""Charts that grow: domains, colours and titles stand from the first point on, so that only the rows change."""

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from normviz.charts.parts import EDGE, GREY, GREY_WORDS, HEIGHT, norm_colour, norm_shape, norm_words, place_labels, tips

ROOM = 1.5  # times the last x: for the names at the ends of the lines, so that the axis stands still when they come near it


@dataclass(frozen=True)
class Axis:
    """The value axis of a growing chart: title, ends, format of its numbers, and whether it is logarithmic."""

    title: str
    low: float
    high: float
    format: str = ".0%"
    log: bool = False


def growing(table: pd.DataFrame, names: dict[str, str], end: float, y: Axis, changes: pd.DataFrame) -> alt.LayerChart:
    """Draws lines by pictures seen, each with the range of its seeds and its name at its end.

    Args:
        table: series, norm, x, mean, low, high, dashed; may be empty.
        names: text at the end of a line, by its series.
        end: pictures seen when the run ends.
        y: the value axis; what lies beyond it is cut.
        changes: x and text: where the learning rate was changed.
    """
    x = alt.X("x:Q", title="pictures seen", scale=alt.Scale(domain=[0, end * ROOM], nice=False))
    x.axis = alt.Axis(values=[round(end * part / 4) for part in range(5)], format="~s", grid=False)
    scale = alt.Scale(domain=[y.low, y.high], nice=False, clamp=True, type="log" if y.log else "linear")
    axis = alt.Axis(format=y.format, tickCount=4)
    value = alt.Y("mean:Q", title=y.title, scale=scale, axis=axis)
    dash = alt.StrokeDash("dashed:N", scale=alt.Scale(domain=[False, True], range=[[1, 0], [6, 4]]), legend=None)
    base = alt.Chart(table).encode(x=x, color=norm_colour(), detail=alt.Detail("series:N"))
    band = base.mark_area(opacity=0.2, clip=True).encode(y=alt.Y("low:Q", scale=scale, title=y.title, axis=axis), y2="high:Q")
    line = base.mark_line(strokeWidth=3, clip=True).encode(
        y=value, strokeDash=dash, tooltip=tips("series:N", x=",", mean=".3g")
    )
    ends = alt.Chart(_ends(table, names, y)).encode(x=x)
    dots = ends.mark_point(filled=True, size=90, opacity=1).encode(y=value, color=norm_colour(), shape=norm_shape())
    text = ends.mark_text(align="left", dx=9, fontWeight="bold").encode(color=norm_words())
    rules = alt.Chart(changes).mark_rule(color=GREY, strokeDash=[2, 3]).encode(x=x)
    said = (
        alt.Chart(changes)
        .mark_text(color=GREY_WORDS, align="left", dx=4, baseline="top")
        .encode(x=x, y=alt.value(0), text="text:N")
    )
    place = alt.Y("place:Q", title=y.title, scale=scale, axis=axis)
    drawn = alt.layer(band, line, rules, said, dots, text.encode(y=place, text="label:N"))
    return drawn.properties(height=HEIGHT + 40, padding=EDGE)


def _ends(table: pd.DataFrame, names: dict[str, str], y: Axis) -> pd.DataFrame:
    ends = table.sort_values("x").groupby("series", as_index=False, sort=False).last().sort_values("mean")
    height = np.log10 if y.log else np.asarray
    places = place_labels(height(ends["mean"].clip(y.low, y.high)), height(y.low), height(y.high))
    return ends.assign(place=[float(10**place if y.log else place) for place in places], label=ends["series"].map(names))


def stray(table: pd.DataFrame) -> alt.LayerChart:
    """Draws, by norm layer, how far the batch's mean lies from the running mean of batch norm: layer, value."""
    x = alt.X("layer:O", title="norm layer", scale=alt.Scale(domain=list(range(1, 9))), axis=alt.Axis(labelAngle=0))
    y = alt.Y("value:Q", title="running standard deviations", scale=alt.Scale(domain=[0, 1.5], clamp=True))
    base = alt.Chart(table.assign(norm="batch"), height=HEIGHT - 60).encode(x=x, y=y, color=norm_colour())
    return base.mark_line(strokeWidth=2, clip=True) + base.mark_point(filled=True, size=80, opacity=1).encode(
        tooltip=tips("layer:O", value=".2f")
    )
