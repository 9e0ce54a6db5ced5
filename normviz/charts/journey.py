"""The charts of the page that follows one picture through three networks. Tidy DataFrame in, one alt.Chart out."""

import altair as alt
import pandas as pd

from normviz.charts.parts import EDGE, GREY, GREY_WORDS, TEXT, norm_colour, norm_shape, norm_words, tips
from normviz.model.norms import NORMS

LAYER_AXIS = alt.Axis(values=list(range(1, 9)), format="d", grid=False, labelAngle=0)


def used_and_own(table: pd.DataFrame, norm: str) -> alt.LayerChart:
    """Draws, by channel, what the norm used (coloured band) and what the channel is like in this picture (grey).

    Args:
        table: see `journey.channels`.
        norm: key of the model, for its colour.
    """
    table = table.assign(
        left=table["channel"] - 0.5,
        right=table["channel"] + 0.5,
        low=table["mean"] - table["std"],
        high=table["mean"] + table["std"],
        own_low=table["mean_received"] - table["std_received"],
        own_high=table["mean_received"] + table["std_received"],
    )
    scale = alt.Scale(domain=[-0.5, len(table) - 0.5], nice=False)
    axis = alt.Axis(format="d", tickMinStep=1, grid=False)
    across = {"x": alt.X("left:Q", title="channel", scale=scale, axis=axis), "x2": "right:Q"}
    measured = ("mean", "std", "mean_received", "std_received")
    tooltip = tips("channel", **dict.fromkeys(measured, ".3~r"))
    base, colour = alt.Chart().encode(tooltip=tooltip), NORMS[norm].light.mark
    band = base.mark_rect(color=colour, opacity=0.35).encode(
        **across, y=alt.Y("low:Q", title="value received"), y2=alt.Y2("high:Q")
    )
    line = base.mark_rule(color=colour, strokeWidth=3).encode(**across, y=alt.Y("mean:Q"))
    at = alt.X("channel:Q", scale=scale)
    own = base.mark_rule(color=GREY_WORDS, strokeWidth=1.5).encode(x=at, y=alt.Y("own_low:Q"), y2=alt.Y2("own_high:Q"))
    dots = base.mark_point(color=GREY_WORDS, filled=True, size=35, opacity=1).encode(x=at, y=alt.Y("mean_received:Q"))
    return alt.layer(band, line, own, dots, data=table, height=230)


def distances(table: pd.DataFrame, layer: int) -> alt.LayerChart:
    """Draws the distance of each two networks by norm layer; a line has the first norm's colour, points the second's.

    Args:
        table: layer, first, second, distance, chance, and pair (the label of the line).
        layer: the norm layer that is open on the page.
    """
    table = table.dropna(subset="distance")
    ends = table[table["layer"] == table["layer"].max()].sort_values("distance").reset_index(drop=True)
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("layer:Q", title="norm layer", scale=alt.Scale(domain=[0.8, 8], nice=False), axis=LAYER_AXIS)
    y = alt.Y("distance:Q", title="1 - linear CKA", scale=scale, axis=alt.Axis(tickCount=5))
    tooltip = tips("pair", "layer", distance=".2f", chance=".2f")
    base = alt.Chart(table, height=340).encode(x=x, tooltip=tooltip)
    opened = alt.Chart(pd.DataFrame({"layer": [layer]})).mark_rule(color=GREY, opacity=0.35, strokeWidth=14).encode(x=x)
    chance = base.mark_line(color=GREY, strokeDash=[4, 4], strokeWidth=1.5).encode(
        y=alt.Y("chance:Q"), detail=alt.Detail("pair:N")
    )
    line = base.mark_line(strokeWidth=3).encode(y=y, detail=alt.Detail("pair:N"), color=norm_colour("first"))
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        y=y, color=norm_colour("second"), shape=norm_shape("second")
    )
    words = _names(ends, x, scale)
    return alt.layer(opened, chance, line, points, words, padding=EDGE)


def _names(ends: pd.DataFrame, x: alt.X, scale: alt.Scale) -> alt.LayerChart:
    """Labels each line at its end, far enough from the label below it, and the chance level."""
    places = []
    for value in ends["distance"]:
        places.append(max(value, places[-1] + 0.07) if places else value)
    text = ends.assign(place=places)
    chance = ends.tail(1).assign(place=lambda table: table["chance"] + 0.04, pair="unrelated")
    words = alt.Chart(text).mark_text(align="left", dx=10, fontSize=TEXT, fontWeight="bold")
    words = words.encode(x=x, y=alt.Y("place:Q", scale=scale), text=alt.Text("pair:N"), color=norm_words("second"))
    grey = alt.Chart(chance).mark_text(align="left", dx=10, color=GREY_WORDS, fontSize=TEXT)
    return words + grey.encode(x=x, y=alt.Y("place:Q", scale=scale), text=alt.Text("pair:N"))
