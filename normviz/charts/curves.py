"""Lines by epoch or by layer, one a model."""

import altair as alt
import numpy as np
import pandas as pd

from normviz.charts.parts import EDGE, HEIGHT, PERCENT, TEXT, norm_colour, norm_shape, norm_words, place_labels, tips


def lines(
    table: pd.DataFrame,
    x_title: str,
    y_title: str,
    percent: bool = False,
    log: bool = False,
    band: pd.DataFrame | None = None,
) -> alt.LayerChart:
    """Draws one line a model, with the source's (where given) dashed, each labelled at its right end.

    Args:
        table: norm, source (bool), x, value, label (text at the line's end).
        x_title: of the x axis; x is whole numbers.
        y_title: of the y axis.
        percent: values are fractions, shown as percentages.
        log: a logarithmic y axis.
        band: norm, x, low, high: shaded behind the lines.
    """
    last = table["x"].max()
    whole = alt.Scale(domain=[table["x"].min(), last], nice=False)
    step = max(1, round(last / 5))
    ticks = [value for value in range(0, int(last) + 1, step) if value >= table["x"].min()]
    x = alt.X("x:Q", title=x_title, scale=whole, axis=alt.Axis(values=ticks, format="d", grid=False))
    axis = alt.Axis(format=PERCENT if percent else "~g" if log else "~r", tickCount=5)
    scaled = {"title": y_title, "scale": alt.Scale(zero=False, type="log" if log else "linear"), "axis": axis}
    y = alt.Y("value:Q", **scaled)
    dash = alt.StrokeDash("source:N", scale=alt.Scale(domain=[False, True], range=[[1, 0], [5, 4]]), legend=None)
    width = alt.StrokeWidth("source:N", scale=alt.Scale(domain=[False, True], range=[3, 1.5]), legend=None)
    base = alt.Chart(table, height=HEIGHT).encode(x=x, y=y, color=norm_colour())
    tooltip = tips("label", "x", value=".2%" if percent else ".4g")
    drawn = base.mark_line(point=False).encode(
        strokeDash=dash, strokeWidth=width, detail=alt.Detail("source:N"), tooltip=tooltip
    )
    ends = _end_labels(table, log)
    dots = alt.Chart(ends).mark_point(filled=True, size=60, opacity=1).encode(x=x, y=y, color=norm_colour(), shape=norm_shape())
    names = alt.Chart(ends).mark_text(align="left", dx=8, fontSize=TEXT, fontWeight="bold")
    labels = names.encode(x=x, y=alt.Y("place:Q"), text=alt.Text("label:N"), color=norm_words())
    layers = [drawn, dots, labels]
    if band is None:
        return alt.layer(*layers, padding=EDGE)
    shade = alt.Chart(band, height=HEIGHT).mark_area(opacity=0.25)
    shade = shade.encode(x=x, y=alt.Y("low:Q", **scaled), y2=alt.Y2("high:Q"), color=norm_colour())
    return alt.layer(shade, *layers, padding=EDGE)


def _end_labels(table: pd.DataFrame, log: bool) -> pd.DataFrame:
    """Returns each line's last point, with `place`, the height of its label."""
    height = np.log10 if log else np.asarray
    ends = table.sort_values("x").groupby(["norm", "source"], as_index=False).last().sort_values("value")
    places = place_labels(height(ends["value"]), height(table["value"].min()), height(table["value"].max()))
    return ends.assign(place=[float(10**place if log else place) for place in places])
