"""What all charts share: sizes, colours and shapes of the norms, tooltips, and where labels stand."""

from collections.abc import Iterable

import altair as alt

from normviz.model.norms import NORMS

GREY = "#8A8F98"  # what is not a norm; readable on white and on black
HEIGHT = 300  # pixels, axes and legend included
PERCENT = ".0%"
TEXT = 13  # pixels of the text in charts: the back row reads it too
EDGE = {"left": 2, "top": 5, "right": 8}  # pixels: Vega makes room for labels beyond the axes, and measures them a little short


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
