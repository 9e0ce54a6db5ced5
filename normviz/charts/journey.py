"""The charts of the page that follows one picture through three networks. Tidy DataFrame in, one alt.Chart out."""

import altair as alt
import pandas as pd

from normviz.charts.parts import EDGE, GREY, GREY_WORDS, TEXT, Drawing, named, norm_colour, norm_shape, norm_words, tips
from normviz.model.norms import NORMS


def used_and_own(table: pd.DataFrame, norm: str) -> Drawing:
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
    return Drawing(_used_and_own, (norm,), {"channels": table})


def _used_and_own(norm: str) -> alt.LayerChart:
    scale = alt.Scale(nice=False, zero=False)
    axis = alt.Axis(format="d", tickMinStep=1, grid=False)
    across = {"x": alt.X("left:Q", title="channel", scale=scale, axis=axis), "x2": "right:Q"}
    measured = ("mean", "std", "mean_received", "std_received")
    tooltip = tips("channel:Q", **dict.fromkeys(measured, ".3~r"))
    base, colour = alt.Chart().encode(tooltip=tooltip), NORMS[norm].light.mark
    band = base.mark_rect(color=colour, opacity=0.35).encode(
        **across, y=alt.Y("low:Q", title="value received"), y2=alt.Y2("high:Q")
    )
    line = base.mark_rule(color=colour, strokeWidth=3).encode(**across, y=alt.Y("mean:Q"))
    at = alt.X("channel:Q", scale=scale)
    own = base.mark_rule(color=GREY_WORDS, strokeWidth=1.5).encode(x=at, y=alt.Y("own_low:Q"), y2=alt.Y2("own_high:Q"))
    dots = base.mark_point(color=GREY_WORDS, filled=True, size=35, opacity=1).encode(x=at, y=alt.Y("mean_received:Q"))
    return alt.layer(band, line, own, dots, data=alt.NamedData("channels"), height=230)


def distances(table: pd.DataFrame, layer: int) -> Drawing:
    """Draws the distance of each two networks by norm layer; a line has the first norm's colour, points the second's.

    Args:
        table: layer, first, second, distance, chance, and pair (the label of the line).
        layer: the norm layer that is open on the page.
    """
    last, table = int(table["layer"].max()), table.dropna(subset="distance")
    return Drawing(_distances, (last,), {"lines": table, "opened": pd.DataFrame({"layer": [layer]}), **_ends(table)})


def _distances(last: int) -> alt.LayerChart:
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(values=list(range(1, last + 1)), format="d", grid=False, labelAngle=0)
    x = alt.X("layer:Q", title="norm layer", scale=alt.Scale(domain=[0.8, last], nice=False), axis=axis)
    y = alt.Y("distance:Q", title="1 - linear CKA", scale=scale, axis=alt.Axis(tickCount=5))
    tooltip = tips("pair:N", "layer:Q", distance=".2f", chance=".2f")
    base = named("lines").properties(height=340).encode(x=x, tooltip=tooltip)
    opened = named("opened").mark_rule(color=GREY, opacity=0.35, strokeWidth=14).encode(x=x)
    chance = base.mark_line(color=GREY, strokeDash=[4, 4], strokeWidth=1.5).encode(
        y=alt.Y("chance:Q"), detail=alt.Detail("pair:N")
    )
    line = base.mark_line(strokeWidth=3).encode(y=y, detail=alt.Detail("pair:N"), color=norm_colour("first"))
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        y=y, color=norm_colour("second"), shape=norm_shape("second")
    )
    return alt.layer(opened, chance, line, points, *_names(x, scale), padding=EDGE)


def _ends(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Returns where each line's name stands, far enough from the one below it, and the name of the chance level."""
    ends = table[table["layer"] == table["layer"].max()].sort_values("distance").reset_index(drop=True)
    places = []
    for value in ends["distance"]:
        places.append(max(value, places[-1] + 0.07) if places else value)
    chance = ends.tail(1).assign(place=lambda last: last["chance"] + 0.04, pair="shuffled")
    return {"names": ends.assign(place=places), "shuffled": chance}


def _names(x: alt.X, scale: alt.Scale) -> list[alt.Chart]:
    at = {"x": x, "y": alt.Y("place:Q", scale=scale), "text": alt.Text("pair:N")}
    words = named("names").mark_text(align="left", dx=10, fontSize=TEXT, fontWeight="bold")
    grey = named("shuffled").mark_text(align="left", dx=10, color=GREY_WORDS, fontSize=TEXT)
    return [words.encode(**at, color=norm_words("second")), grey.encode(**at)]
