"""Tidy DataFrame in, one alt.Chart out. Numbers are aggregated before they come here; no torch, no streamlit."""

from collections.abc import Iterable

import altair as alt
import numpy as np
import pandas as pd

from normviz.classes import CLASS_NAMES
from normviz.norms import NORMS

GREY = "#8A8F98"  # what is not a norm; readable on white and on black
HEIGHT = 300  # pixels, axes and legend included
PERCENT = ".0%"


def norm_colour(**options) -> alt.Color:
    """Returns the colour of the column `norm`; the names of the lines stand in the chart, so there is no legend."""
    return alt.Color("norm:N", scale=_norm_scale("colour"), legend=None, **options)


def tips(*names: str, **formats: str) -> list[alt.Tooltip]:
    """Returns what a mark says when pointed at: columns as they are, then numbers in their format."""
    return [*map(alt.Tooltip, names), *(alt.Tooltip(f"{name}:Q", format=pattern) for name, pattern in formats.items())]


def norm_shape() -> alt.Shape:
    """Returns the point shape of the column `norm`, the second cue beside its colour."""
    return alt.Shape("norm:N", scale=_norm_scale("shape"), legend=None)


def _norm_scale(attribute: str) -> alt.Scale:
    return alt.Scale(domain=list(NORMS), range=[getattr(norm, attribute) for norm in NORMS.values()])


def accuracy_intervals(table: pd.DataFrame) -> alt.LayerChart:
    """Draws each model's accuracy as a point with its interval.

    Args:
        table: series, norm, label, accuracy, low, high (fractions; low and high may be missing); series in row order.
    """
    low, high = table["low"].min(), table["high"].max()
    scale = alt.Scale(domain=[low - 0.1 * (high - low), high + 0.6 * (high - low)], nice=False)
    x = alt.X("accuracy:Q", title="test accuracy", scale=scale, axis=alt.Axis(format=PERCENT, tickCount=6))
    y = alt.Y(
        "series:N", sort=None, title=None, axis=alt.Axis(labelExpr="split(datum.label, '|')", labelLimit=140, ticks=False)
    )
    base = alt.Chart(table, height=360).encode(y=y, yOffset=alt.YOffset("norm:N", sort=list(NORMS)), color=norm_colour())
    points = base.mark_point(filled=True, size=130, opacity=1).encode(x=x, shape=norm_shape())
    spans = base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", scale=scale), x2=alt.X2("high:Q"))
    labels = base.mark_text(align="left", dx=10, fontSize=14, fontWeight="bold")
    labels = labels.encode(x=alt.X("high:Q", scale=scale), text=alt.Text("label:N"))
    return alt.layer(spans, points, labels)


def parameter_bars(table: pd.DataFrame, norm: str, highest: float) -> alt.Chart:
    """Stacks convolution and norm parameters by layer for one model.

    Args:
        table: layer (label), part ("convolution" or "norm"), parameters; layers in order.
        norm: key of the model, for its colour.
        highest: top of the shared axis, in parameters.
    """
    scale = alt.Scale(domain=["convolution", "norm"], range=[GREY, NORMS[norm].colour])
    return (
        alt.Chart(table, height=HEIGHT)
        .mark_bar()
        .encode(
            x=alt.X("layer:N", sort=None, title="convolution", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("parameters:Q", title="parameters", scale=alt.Scale(domain=[0, highest])),
            color=alt.Color("part:N", scale=scale, title=None, legend=alt.Legend(orient="top")),
            order=alt.Order("part:N"),
            tooltip=tips("layer", "part", parameters=","),
        )
    )


def budget_bars(table: pd.DataFrame, budget: int) -> alt.LayerChart:
    """Draws total parameters against the budget.

    Args:
        table: norm, name (row label), part ("convolution" or "norm"), parameters, total, label; in row order.
        budget: the limit, in parameters.
    """
    right = max(table["total"].max(), budget) * 1.18
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=130, labelFontSize=13))
    x = alt.X("parameters:Q", title="parameters", scale=alt.Scale(domain=[0, right], nice=False), axis=alt.Axis(tickCount=5))
    base = alt.Chart(table, height=40 * table["name"].nunique() + 110).encode(y=y)
    opacity = alt.Opacity("part:N", scale=alt.Scale(domain=["norm", "convolution"], range=[1, 0.4]), title=None)
    opacity.legend = alt.Legend(orient="top", symbolFillColor=GREY, symbolStrokeColor=GREY)
    bars = base.mark_bar().encode(x=x, color=norm_colour(), opacity=opacity, order=alt.Order("part:N"))
    totals = base.transform_filter("datum.part == 'norm'").mark_text(align="left", dx=6, fontWeight="bold", color=GREY)
    limit = alt.Chart(pd.DataFrame({"budget": [budget], "text": [f"budget {budget:,}"]}))
    line = limit.mark_rule(color=GREY, strokeDash=[5, 4], strokeWidth=2).encode(x=alt.X("budget:Q"))
    name = limit.mark_text(align="right", dx=-5, y=8, color=GREY).encode(x=alt.X("budget:Q"), text=alt.Text("text:N"))
    return alt.layer(bars, totals.encode(x=alt.X("total:Q"), text=alt.Text("label:N")), line, name)


def distribution(table: pd.DataFrame, norm: str) -> alt.Chart:
    """Draws the values before (grey) and after (the norm's colour) one layer: side, value, density."""
    scale = alt.Scale(domain=["before", "after"], range=[GREY, NORMS[norm].colour])
    return (
        alt.Chart(table, height=HEIGHT)
        .mark_area(interpolate="step", opacity=0.55, line=True)
        .encode(
            x=alt.X("value:Q", title="value"),
            y=alt.Y("density:Q", title="density", stack=None, axis=alt.Axis(tickCount=3)),
            color=alt.Color("side:N", scale=scale, title=None, legend=alt.Legend(orient="top")),
        )
    )


def group_statistics(table: pd.DataFrame, norm: str, unit: str) -> alt.LayerChart:
    """Draws mean (point) and mean +- one standard deviation (line) of each statistic group.

    Args:
        table: group, side ("before" or "after"), mean, low, high.
        norm: key of the model, for its colour.
        unit: what one statistic group is, for the axis.
    """
    scale = alt.Scale(domain=["before", "after"], range=[GREY, NORMS[norm].colour])
    base = alt.Chart(table, height=HEIGHT).encode(
        x=alt.X("group:O", title=unit, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        xOffset=alt.XOffset("side:N", sort=["before", "after"]),
        color=alt.Color("side:N", scale=scale, title=None, legend=None),
        tooltip=tips("group", "side", mean=".3f", std=".3f"),
    )
    spans = base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title="mean ± std"), y2=alt.Y2("high:Q"))
    return spans + base.mark_point(filled=True, size=28, opacity=1).encode(y=alt.Y("mean:Q"))


def channel_marks(table: pd.DataFrame, norm: str, marks: tuple[str, str], title: str) -> alt.LayerChart:
    """Draws two quantities a channel, joined by a line: a filled point in the norm's colour and a hollow grey one.

    Args:
        table: channel and one column for each of `marks`.
        norm: key of the model, for its colour.
        marks: names of the two columns; the first is the filled one.
        title: of the value axis.
    """
    tidy = table.melt("channel", list(marks), var_name="mark", value_name="value")
    scale = alt.Scale(domain=list(marks), range=[NORMS[norm].colour, GREY])
    shape = alt.Shape("mark:N", scale=alt.Scale(domain=list(marks), range=["circle", "diamond"]), title=None)
    x = alt.X("channel:O", title="channel", axis=alt.Axis(labelAngle=0, labelOverlap=True))
    joined = (
        alt.Chart(table).mark_rule(color=GREY, opacity=0.5).encode(x=x, y=alt.Y(f"{marks[0]}:Q"), y2=alt.Y2(f"{marks[1]}:Q"))
    )
    points = (
        alt.Chart(tidy)
        .mark_point(filled=True, size=50, opacity=1)
        .encode(
            x=x,
            y=alt.Y("value:Q", title=title),
            shape=shape,
            color=alt.Color("mark:N", scale=scale, title=None, legend=alt.Legend(orient="top")),
            tooltip=tips("channel", "mark", value=".3f"),
        )
    )
    return (joined + points).properties(height=HEIGHT)


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
    room = alt.Scale(domain=[table["x"].min(), last + (last - table["x"].min()) * 0.44], nice=False)
    step = max(1, round(last / 5))
    ticks = [value for value in range(0, int(last) + 1, step) if value >= table["x"].min()]
    x = alt.X("x:Q", title=x_title, scale=room, axis=alt.Axis(values=ticks, format="d", grid=False))
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
    names = alt.Chart(ends).mark_text(align="left", dx=8, fontSize=12, fontWeight="bold")
    labels = names.encode(x=x, y=alt.Y("place:Q"), text=alt.Text("label:N"), color=norm_colour())
    if band is None:
        return alt.layer(drawn, dots, labels)
    shade = alt.Chart(band, height=HEIGHT).mark_area(opacity=0.25)
    shade = shade.encode(x=x, y=alt.Y("low:Q", **scaled), y2=alt.Y2("high:Q"), color=norm_colour())
    return alt.layer(shade, drawn, dots, labels)


def _end_labels(table: pd.DataFrame, log: bool) -> pd.DataFrame:
    """Returns each line's last point, with `place`, the height of its label."""
    height = np.log10 if log else np.asarray
    ends = table.sort_values("x").groupby(["norm", "source"], as_index=False).last().sort_values("value")
    places = place_labels(height(ends["value"]), height(table["value"].min()), height(table["value"].max()))
    return ends.assign(place=[float(10**place if log else place) for place in places])


def place_labels(values: Iterable[float], low: float, high: float) -> list[float]:
    """Returns the heights of labels beside ascending values, moved apart where they would overlap.

    Args:
        values: where the labels belong.
        low: lower end of the axis.
        high: upper end; no label goes beyond it.
    """
    gap = max(high - low, 1e-9) * 0.075
    places = []
    for value in values:
        places.append(max(value, places[-1] + gap) if places else value)
    for index in reversed(range(len(places))):
        highest = high if index == len(places) - 1 else places[index + 1] - gap
        places[index] = min(places[index], highest)
    return places


def confusion(table: pd.DataFrame, norm: str) -> alt.LayerChart:
    """Draws a confusion matrix whose cells can be chosen (selection `cell`: label and predicted).

    Args:
        table: label, predicted (class names), count, share (of the pictures of that label).
        norm: key of the model, for its colour.
    """
    chosen = alt.selection_point(name="cell", fields=["label", "predicted"])
    names = list(CLASS_NAMES)
    mistakes = table.assign(shown=table["share"].where(table["label"] != table["predicted"]))
    x = alt.X("predicted:N", sort=names, title="predicted", axis=alt.Axis(labelAngle=-90, orient="top"))
    y = alt.Y("label:N", sort=names, title="true")
    highest = float(mistakes["shown"].max() or 1)
    ramp = alt.Scale(domain=[0, highest], range=["#FFFFFF00", NORMS[norm].colour])
    shade = {"test": "isValid(datum.shown)", "field": "shown", "type": "quantitative", "scale": ramp, "legend": None}
    cells = (
        alt.Chart(mistakes)
        .mark_rect(stroke=GREY, cursor="pointer")
        .encode(
            x=x,
            y=y,
            color=alt.ColorValue("#8A8F9833", condition=shade),
            strokeWidth=alt.StrokeWidthValue(0.3, condition={"param": "cell", "empty": False, "value": 2}),
            tooltip=tips("label", "predicted", "count", share=".1%"),
        )
        .add_params(chosen)
    )
    ink = alt.ColorValue(GREY, condition={"test": f"datum.shown > {highest / 2}", "value": NORMS[norm].ink})
    numbers = alt.Chart(mistakes).mark_text(fontSize=11).encode(x=x, y=y, text=alt.Text("count:Q"), color=ink)
    return (cells + numbers).properties(height=430)


def probabilities(table: pd.DataFrame, norm: str) -> alt.LayerChart:
    """Draws the probability of each class, most probable on top: class, probability (a fraction)."""
    y = alt.Y("class:N", sort=None, title=None, axis=alt.Axis(labelFontSize=13))
    x = alt.X("probability:Q", title=None, scale=alt.Scale(domain=[0, 1.22], nice=False))
    x.axis = alt.Axis(format=PERCENT, values=[0, 0.5, 1])
    base = alt.Chart(table, height=HEIGHT).encode(x=x, y=y)
    text = base.mark_text(align="left", dx=5, fontSize=13, color=GREY)
    return base.mark_bar(color=NORMS[norm].colour) + text.encode(text=alt.Text("probability:Q", format=".1%"))


def calibration(table: pd.DataFrame) -> alt.LayerChart:
    """Draws accuracy against confidence: norm, confidence, accuracy (fractions), count; the diagonal is honesty."""
    diagonal = alt.Chart(pd.DataFrame({"confidence": [0, 1], "accuracy": [0, 1]}))
    x = alt.X("confidence:Q", title="confidence", axis=alt.Axis(format=PERCENT, tickCount=5))
    y = alt.Y("accuracy:Q", title="right that often", axis=alt.Axis(format=PERCENT, tickCount=5))
    base = alt.Chart(table, height=HEIGHT).encode(x=x, y=y, color=norm_colour(), tooltip=tips("norm", "count"))
    honest = diagonal.mark_line(color=GREY, strokeDash=[4, 4], strokeWidth=1.5).encode(x=x, y=y)
    points = base.mark_point(filled=True, size=60, opacity=1).encode(shape=norm_shape())
    return alt.layer(honest, base.mark_line(strokeWidth=2), points)
