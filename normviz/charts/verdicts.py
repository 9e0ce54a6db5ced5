"""What networks answer: probabilities, confusions, calibration."""

import altair as alt
import pandas as pd

from normviz.charts.parts import (
    EDGE,
    GREY,
    GREY_WORDS,
    HEIGHT,
    PERCENT,
    TEXT,
    WORDS,
    Drawing,
    named,
    norm_colour,
    norm_shape,
    norm_words,
    place_labels,
    tips,
)
from normviz.model.norms import NORMS
from normviz.words.classes import CLASS_NAMES

NUMBERED, ROW = 15, 14  # classes whose counts can be read in a cell, and pixels of a row of more
LIKELY = 10  # classes
RAMP = ("00", "8C")  # alpha of no mistake and of the most: the page's own text stays readable on it


def confusion(table: pd.DataFrame, norm: str, names: tuple[str, ...] = CLASS_NAMES) -> Drawing:
    """Draws a confusion matrix whose cells can be chosen (selection `cell`: label and predicted).

    Args:
        table: label, predicted (class names), count, share (of the pictures of that label).
        norm: key of the model, for its colour.
        names: of the classes, in order; of more than `NUMBERED` the counts stand in the tooltips alone.
    """
    wrong = table["share"].where(table["label"] != table["predicted"])
    mistakes = table.assign(shown=wrong / (wrong.max() or 1))
    written = mistakes if len(names) <= NUMBERED else mistakes.head(0)
    return Drawing(_confusion, (norm, tuple(names)), {"mistakes": mistakes, "written": written})


def _confusion(norm: str, names: tuple[str, ...]) -> alt.LayerChart:
    chosen = alt.selection_point(name="cell", fields=["label", "predicted"])
    x = alt.X("predicted:N", sort=list(names), title="predicted", axis=alt.Axis(labelAngle=-90, orient="top"))
    y = alt.Y("label:N", sort=list(names), title="true")
    ramp = alt.Scale(domain=[0, 1], range=[f"{NORMS[norm].light.mark}{alpha}" for alpha in RAMP])
    shade = {"test": "isValid(datum.shown)", "field": "shown", "type": "quantitative", "scale": ramp, "legend": None}
    cells = (
        named("mistakes")
        .mark_rect(stroke=GREY, cursor="pointer", aria=True)
        .encode(
            x=x,
            y=y,
            color=alt.ColorValue("#8A8F9833", condition=shade),
            strokeWidth=alt.StrokeWidthValue(0.3, condition={"param": "cell", "empty": False, "value": 2}),
            tooltip=tips("label:N", "predicted:N", "count:Q", share=".1%"),
        )
        .add_params(chosen)
    )
    numbers = named("written").mark_text(fontSize=TEXT, color=WORDS).encode(x=x, y=y, text=alt.Text("count:Q"))
    return (cells + numbers).properties(height=max(430, ROW * len(names)))


def probabilities(table: pd.DataFrame, norm: str) -> Drawing:
    """Draws the probability of each class, at most of `LIKELY`, most probable on top: class, probability (a fraction)."""
    return Drawing(_probabilities, (norm,), {"likely": table.head(LIKELY)})


def _probabilities(norm: str) -> alt.LayerChart:
    y = alt.Y("class:N", sort=None, title=None, axis=alt.Axis(labelFontSize=13))
    x = alt.X("probability:Q", title=None, scale=alt.Scale(domain=[0, 1], nice=False))
    x.axis = alt.Axis(format=PERCENT, values=[0, 0.5, 1])
    base = named("likely").properties(height=HEIGHT).encode(x=x, y=y)
    text = base.mark_text(align="left", dx=5, fontSize=TEXT, color=GREY_WORDS)
    bars = base.mark_bar(color=NORMS[norm].light.mark)
    text = text.encode(text=alt.Text("probability:Q", format=".1%"))
    return (bars + text).properties(padding=EDGE)


def calibration(table: pd.DataFrame, names: dict[str, str]) -> alt.LayerChart:
    """Draws accuracy against confidence, each line named at its right end; the diagonal is honesty.

    Args:
        table: norm, confidence, accuracy (fractions), count.
        names: what to call each norm.
    """
    diagonal = alt.Chart(pd.DataFrame({"confidence": [0, 1], "accuracy": [0, 1]}))
    x = alt.X("confidence:Q", title="confidence", axis=alt.Axis(format=PERCENT, tickCount=5))
    y = alt.Y("accuracy:Q", title="right that often", axis=alt.Axis(format=PERCENT, tickCount=5))
    base = alt.Chart(table, height=HEIGHT).encode(x=x, y=y, color=norm_colour(), tooltip=tips("norm", "count"))
    honest = diagonal.mark_line(color=GREY, strokeDash=[4, 4], strokeWidth=1.5).encode(x=x, y=y)
    points = base.mark_point(filled=True, size=60, opacity=1).encode(shape=norm_shape())
    ends = table.sort_values("confidence").groupby("norm", as_index=False).last().sort_values("accuracy")
    ends = ends.assign(confidence=1.0, name=ends["norm"].map(names), place=place_labels(ends["accuracy"], 0, 1))
    words = alt.Chart(ends).mark_text(align="left", dx=8, fontSize=TEXT, fontWeight="bold")
    words = words.encode(x=x, y=alt.Y("place:Q"), text=alt.Text("name:N"), color=norm_words())
    return alt.layer(honest, base.mark_line(strokeWidth=2), points, words, padding=EDGE)
