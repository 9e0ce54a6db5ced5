"""Lines by epoch or by layer, one a model."""

import altair as alt
import numpy as np
import pandas as pd

from normviz.charts.parts import (
    EDGE,
    HEIGHT,
    PERCENT,
    TEXT,
    Drawing,
    named,
    norm_colour,
    norm_shape,
    norm_words,
    place_labels,
    tips,
)


def lines(
    table: pd.DataFrame,
    x_title: str,
    y_title: str,
    percent: bool = False,
    log: bool = False,
    band: pd.DataFrame | None = None,
) -> Drawing:
    """Draws one line a model, with the source's (where given) dashed, each labelled at its right end.

    Args:
        table: norm, source (bool), x, value, label (text at the line's end).
        x_title: of the x axis; x is whole numbers.
        y_title: of the y axis.
        percent: values are fractions, shown as percentages.
        log: a logarithmic y axis.
        band: norm, x, low, high: shaded behind the lines.
    """
    tables = {"lines": table, "ends": _end_labels(table, log)} | ({} if band is None else {"band": band})
    span = int(table["x"].min()), int(table["x"].max())
    return Drawing(_lines, (span, x_title, y_title, percent, log, band is not None), tables)


def _lines(span: tuple[int, int], x_title: str, y_title: str, percent: bool, log: bool, has_band: bool) -> alt.LayerChart:
    x, scaled = _whole(span, x_title), _values(y_title, percent, log)
    base = named("lines").properties(height=HEIGHT).encode(x=x, y=alt.Y("value:Q", **scaled), color=norm_colour())
    drawn = base.mark_line(point=False).encode(
        strokeDash=_by_source([1, 0], [5, 4], alt.StrokeDash),
        strokeWidth=_by_source(3, 1.5, alt.StrokeWidth),
        detail=alt.Detail("source:N"),
        tooltip=tips("label:N", "x:Q", value=".2%" if percent else ".4g"),
    )
    layers = [drawn, *_ends(x, alt.Y("value:Q", **scaled))]
    if has_band:
        shade = named("band").properties(height=HEIGHT).mark_area(opacity=0.25)
        layers.insert(0, shade.encode(x=x, y=alt.Y("low:Q", **scaled), y2=alt.Y2("high:Q"), color=norm_colour()))
    return alt.layer(*layers, padding=EDGE)


def _whole(span: tuple[int, int], title: str) -> alt.X:
    first, last = span
    ticks = [value for value in range(0, last + 1, max(1, round(last / 5))) if value >= first]
    axis = alt.Axis(values=ticks, format="d", grid=False)
    return alt.X("x:Q", title=title, scale=alt.Scale(domain=[first, last], nice=False), axis=axis)


def _values(title: str, percent: bool, log: bool) -> dict:
    axis = alt.Axis(format=PERCENT if percent else "~r", tickCount=5)
    return {"title": title, "scale": alt.Scale(zero=False, type="log" if log else "linear"), "axis": axis}


def _by_source(own, source, channel: type):
    """Returns a channel that tells the source's lines from those measured here."""
    return channel("source:N", scale=alt.Scale(domain=[False, True], range=[own, source]), legend=None)


def _ends(x: alt.X, y: alt.Y) -> list[alt.Chart]:
    base = named("ends").encode(x=x)
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(y=y, color=norm_colour(), shape=norm_shape())
    names = base.mark_text(align="left", dx=8, fontSize=TEXT, fontWeight="bold")
    return [dots, names.encode(y=alt.Y("place:Q"), text=alt.Text("label:N"), color=norm_words())]


def _end_labels(table: pd.DataFrame, log: bool) -> pd.DataFrame:
    """Returns each line's last point, with `place`, the height of its label."""
    height = np.log10 if log else np.asarray
    ends = table.sort_values("x").groupby(["norm", "source"], as_index=False).last().sort_values("value")
    places = place_labels(height(ends["value"]), height(table["value"].min()), height(table["value"].max()))
    return ends.assign(place=[float(10**place if log else place) for place in places])
