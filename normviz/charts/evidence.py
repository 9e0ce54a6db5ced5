"""Charts of the studies: every seed a point, every mean with its interval. Tidy DataFrame in, one Altair chart out."""

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from normviz.charts.parts import (
    EDGE,
    GREY,
    GREY_WORDS,
    HEIGHT,
    PERCENT,
    TEXT,
    norm_colour,
    norm_shape,
    norm_words,
    place_labels,
    tips,
)
from normviz.model.norms import NORMS

BESIDE = 18  # pixels of an axis before the lowest value and after the highest
LONG = "length(datum.label) > 24"  # the label of a row, which then takes two lines
IN_TWO_LINES = f"{LONG} ? split(replace(datum.label, regexp(': | − '), '$&|'), '|') : datum.label"
RAISED = {"condition": {"test": LONG, "value": -8}, "value": 0}  # pixels


@dataclass(frozen=True)
class Axis:
    """One axis: its title, its ticks (all of them where given), and whether each step doubles the value."""

    title: str
    ticks: tuple[float, ...] | None = None
    doubling: bool = False
    percent: bool = False

    def x(self, field: str) -> alt.X:
        """Returns the x encoding, from the first tick to the last."""
        scale = alt.Scale(
            domain=[min(self.ticks), max(self.ticks)], nice=False, **({"type": "log", "base": 2} if self.doubling else {})
        )
        axis = alt.Axis(values=list(self.ticks), format="~g", grid=False, labelOverlap=True)
        return alt.X(f"{field}:Q", title=self.title, scale=scale, axis=axis)

    def y(self, field: str) -> alt.Y:
        """Returns the y encoding."""
        axis = alt.Axis(format=PERCENT if self.percent else "~r", tickCount=5)
        return alt.Y(f"{field}:Q", title=self.title, scale=alt.Scale(zero=False), axis=axis)


def lines(table: pd.DataFrame, x: Axis, y: Axis, seeds: pd.DataFrame | None = None, height: int = HEIGHT) -> alt.LayerChart:
    """Draws lines with the interval of each mean, labelled at their right ends, and every seed as a point.

    Args:
        table: series (one a line), norm, x, mean, low, high (missing where there is no interval), label, dashed (bool).
        x: of the x axis; its ticks are needed.
        y: of the y axis.
        seeds: norm, x, value; drawn small.
        height: pixels, axes included.
    """
    dash = alt.StrokeDash("dashed:N", scale=alt.Scale(domain=[False, True], range=[[1, 0], [6, 4]]), legend=None)
    base = alt.Chart(table).encode(x=x.x("x"), color=norm_colour(), detail=alt.Detail("series:N"))
    tooltip = tips("label", "x", **dict.fromkeys(("mean", "low", "high"), ".1%" if y.percent else ".3g"))
    means = base.mark_line(strokeWidth=3).encode(y=y.y("mean"), strokeDash=dash)
    spans = base.mark_rule(strokeWidth=2).encode(y=y.y("low"), y2=alt.Y2("high:Q"))
    marks = base.mark_point(filled=True, size=70, opacity=1).encode(y=y.y("mean"), shape=norm_shape(), tooltip=tooltip)
    names = alt.Chart(_end_labels(table)).mark_text(align="left", dx=9, fontSize=TEXT, fontWeight="bold")
    layers = [
        means,
        spans,
        marks,
        names.encode(x=x.x("x"), y=y.y("place"), text=alt.Text("label:N"), color=norm_words()),
    ]
    if seeds is not None:
        dots = alt.Chart(seeds).mark_point(size=22, opacity=1, strokeWidth=1)
        layers.insert(0, dots.encode(x=x.x("x"), y=y.y("value"), color=norm_colour(), shape=norm_shape()))
    return alt.layer(*layers).properties(height=height, padding=EDGE)


def _end_labels(table: pd.DataFrame) -> pd.DataFrame:
    ends = table.sort_values("x").groupby("series", as_index=False).last().sort_values("mean")
    drawn = table[["mean", "low", "high"]]
    return ends.assign(place=place_labels(ends["mean"], drawn.min(axis=None), drawn.max(axis=None)))


def intervals(table: pd.DataFrame, seeds: pd.DataFrame, title: str, zero: bool = False) -> alt.LayerChart:
    """Draws one row a model or pair: every seed a small point, the mean a large one with its interval.

    Args:
        table: name (row label, in row order), norm, mean, low, high, label; fractions.
        seeds: name, norm, value.
        title: of the x axis.
        zero: draws the line at zero, for differences.
    """
    scale = alt.Scale(nice=False, zero=False, padding=BESIDE)
    axis = alt.Axis(format=PERCENT, tickCount=6, labelSeparation=8)
    if zero:
        axis.labelExpr = "format(100 * datum.value, '+.2~f')"
    names = alt.Axis(labelExpr=IN_TWO_LINES, labelOffset=RAISED, labelLimit=170, labelFontSize=13)
    y = alt.Y("name:N", sort=None, title=None, axis=names)
    reached = table["name"].map(seeds.groupby("name")["value"].max())
    base = alt.Chart(table.assign(end=table["end"].clip(lower=reached))).encode(y=y, color=norm_colour())

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", title=title, scale=scale, axis=axis)

    spans = base.mark_rule(strokeWidth=4).encode(x=x("low"), x2=alt.X2("high:Q"))
    means = base.mark_point(filled=True, size=150, opacity=1).encode(x=x("mean"), shape=norm_shape())
    text = base.mark_text(align="left", dx=8, fontSize=TEXT, fontWeight="bold")
    text = text.encode(x=x("end"), text=alt.Text("label:N"), color=norm_words())
    ticks = alt.Chart(seeds).mark_tick(thickness=2, size=16, color=GREY)
    dots = ticks.encode(y=y, x=x("value"), tooltip=tips("seed", value=".2%"))
    layers = [dots, spans, means, text]
    if zero:
        layers.insert(0, alt.Chart(pd.DataFrame({"x": [0]})).mark_rule(color=GREY, strokeDash=[4, 4]).encode(x=x("x")))
    return alt.layer(*layers).properties(height=44 * table["name"].nunique() + 60, padding=EDGE)


def waterfall(table: pd.DataFrame, norm: str) -> alt.LayerChart:
    """Draws how a gap shrinks from step to step.

    Args:
        table: step (label, in order), kind ("level" or "change"), start, end (fractions), low, high (interval of `end`;
            missing for a reported figure), label.
        norm: whose colour the levels take; changes are grey.
    """
    scale = alt.Scale(domain=["level", "change"], range=[NORMS[norm].light.mark, GREY])
    drawn = {"color": alt.Color("kind:N", scale=scale, legend=None), "stroke": alt.Stroke("kind:N", scale=scale, legend=None)}
    faint = alt.FillOpacity("kind:N", scale=alt.Scale(domain=["level", "change"], range=[1, 0.35]), legend=None)
    x = alt.X("step:N", sort=None, title=None, axis=None)
    x.axis = alt.Axis(labelAngle=0, labelExpr="split(datum.label, '|')", labelOverlap=False, labelFontSize=12)
    y = alt.Y(
        "start:Q", title="points that batch leads by", axis=alt.Axis(labelExpr="format(100 * datum.value, '.2~f')", tickCount=6)
    )
    base = alt.Chart(table).encode(x=x)
    bars = base.mark_bar(size=46).encode(y=y, y2=alt.Y2("end:Q"), **drawn, fillOpacity=faint, tooltip=tips("step", "label"))
    spans = base.mark_rule(strokeWidth=2, color=GREY).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    caps = [base.mark_tick(color=GREY, thickness=2, size=14).encode(y=alt.Y(f"{edge}:Q")) for edge in ("low", "high")]
    text = base.mark_text(dy=-9, fontSize=13, fontWeight="bold", color=GREY_WORDS).encode(
        y=alt.Y("top:Q"), text=alt.Text("label:N")
    )
    zero = alt.Chart(pd.DataFrame({"y": [0]})).mark_rule(color=GREY).encode(y=alt.Y("y:Q"))
    return alt.layer(bars, spans, *caps, text, zero).properties(height=HEIGHT + 60)


def layer_lines(table: pd.DataFrame, x: Axis, y_title: str) -> alt.LayerChart:
    """Draws one line a norm layer, the first thickest, on two logarithmic axes: layer (from 1), x, value."""
    colour = NORMS["batch"].light.mark
    last = table["x"].max()
    y = alt.Y("value:Q", title=y_title, scale=alt.Scale(type="log"), axis=alt.Axis(format="~r", tickCount=4))
    width = alt.StrokeWidth("layer:Q", scale=alt.Scale(domain=[1, int(table["layer"].max())], range=[4, 1]), legend=None)
    base = alt.Chart(table, height=HEIGHT).encode(x=x.x("x"), y=y, detail=alt.Detail("layer:N"))
    line = base.mark_line(color=colour).encode(strokeWidth=width, tooltip=tips("layer", "x", value=".3f"))
    names = alt.Chart(_layer_labels(table[table["x"] == last], table["value"]))
    text = names.mark_text(align="left", dx=6, color=GREY_WORDS, fontSize=TEXT, fontWeight="bold")
    text = text.encode(x=x.x("x"), y=alt.Y("place:Q"), text=alt.Text("label:N"))
    return (line + text).properties(padding=EDGE)


def _layer_labels(ends: pd.DataFrame, drawn: pd.Series) -> pd.DataFrame:
    """Returns the last points of the lowest line, the highest and the first layer's, with the height of each label."""
    ends = ends.sort_values("value")
    ends = ends[ends["layer"].isin((ends["layer"].iloc[0], ends["layer"].iloc[-1], 1))]
    low, high = np.floor(np.log10(drawn.min())), np.ceil(np.log10(drawn.max()))  # the axis ends at powers of ten
    places = place_labels(np.log10(ends["value"]), low, high)
    return ends.assign(place=[float(10**place) for place in places], label=[f"layer {layer}" for layer in ends["layer"]])
