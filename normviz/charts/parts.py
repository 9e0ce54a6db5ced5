"""What all charts share: sizes, colours and shapes of the norms, tooltips, and where labels stand.

Charts are built in the tones of a light page; `specification` changes them for a dark one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import altair as alt
import pandas as pd

from normviz.model.norms import NORMS

GREY = "#8A8F98"  # marks of what is not a norm: at least 3:1 on a light and on a dark page
GREY_WORDS, GREY_WORDS_ON_DARK = "#5F646D", "#A9AEB7"  # text of what is not a norm: at least 4.5:1
WORDS, WORDS_ON_DARK = "#2F2D2B", "#EDEBE8"  # text on a shade: the page's own colour
HEIGHT = 300  # pixels, axes and legend included
PERCENT = ".2~%"  # as many decimals as tell ticks apart: 85%, 85.5%
TEXT = 13  # pixels of the text in charts: the back row reads it too
EDGE = {"left": 2, "top": 5, "right": 8}  # pixels: Vega makes room for labels beyond the axes, and measures them a little short


@dataclass(frozen=True)
class Drawing:
    """A chart that is built once, whatever its tables hold: building it takes longer than everything else on most pages.

    Attributes:
        build: returns the chart for `choices`; it draws tables by their names.
        choices: what the chart depends on beside its tables; hashable.
        tables: by name.
    """

    build: Callable[..., alt.TopLevelMixin]
    choices: tuple
    tables: dict[str, pd.DataFrame]


def named(table: str) -> alt.Chart:
    """Returns a chart of a table of a `Drawing`."""
    return alt.Chart(alt.NamedData(table))


def norm_colour(column: str = "norm") -> alt.Color:
    """Returns the colour of marks by a column of norms; the names of the lines stand in the chart, so there is no legend."""
    return alt.Color(f"{column}:N", scale=_norm_scale([norm.light.mark for norm in NORMS.values()]), legend=None)


def norm_outline() -> alt.Stroke:
    """Returns the colour around bars by the column `norm`, which keeps a faint bar's edge in sight."""
    return alt.Stroke("norm:N", scale=_norm_scale([norm.light.mark for norm in NORMS.values()]), legend=None)


def norm_words(column: str = "norm") -> alt.ColorValue:
    """Returns the colour of text by a column of norms; no scale, which the layers of a chart would share with its marks."""
    tones = [{"test": f"datum.{column} === '{norm.key}'", "value": norm.light.words} for norm in NORMS.values()]
    return alt.ColorValue(GREY_WORDS, condition=tones)


def tips(*names: str, **formats: str) -> list[alt.Tooltip]:
    """Returns what a mark says when pointed at: columns as they are, then numbers in their format."""
    return [*map(alt.Tooltip, names), *(alt.Tooltip(f"{name}:Q", format=pattern) for name, pattern in formats.items())]


def norm_shape(column: str = "norm") -> alt.Shape:
    """Returns the point shape by a column of norms, the second cue beside its colour."""
    return alt.Shape(f"{column}:N", scale=_norm_scale([norm.shape for norm in NORMS.values()]), legend=None)


def _norm_scale(values: list[str]) -> alt.Scale:
    return alt.Scale(domain=list(NORMS), range=values)


def place_labels(values: Iterable[float], low: float, high: float) -> list[float]:
    """Returns the heights of labels beside ascending values, moved apart where they would overlap.

    Args:
        values: where the labels belong.
        low: lower end of the axis.
        high: upper end; no label goes beyond it.
    """
    gap = max(high - low, 1e-9) * 0.085
    places = []
    for value in values:
        places.append(max(value, places[-1] + gap) if places else value)
    for index in reversed(range(len(places))):
        highest = high if index == len(places) - 1 else places[index + 1] - gap
        places[index] = min(places[index], highest)
    return places
