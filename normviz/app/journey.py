"""The page that follows one picture through the three networks: its choices, its maps and its distances."""

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from normviz.app import controls, frame, networks, saved, take_away, test_set
from normviz.charts import journey as charts
from normviz.explain import journey, maps
from normviz.model.norms import COMPARED
from normviz.words import naming

BOUND = {"bind": "query-params"}
SHOWN = 4  # channels, until the visitor chooses
BATCH = 32  # test pictures over which networks are compared
OVER = ("this picture", f"{BATCH} test images")
USED = {
    "batch": "One mean and standard deviation **a channel, kept from training**: nothing of this picture.",
    "group": "One mean and standard deviation **a group of channels**, of this picture.",
    "layer": "One mean and standard deviation **for all channels**, of this picture.",
}
CHART_KEY = (
    "Coloured: mean ± standard deviation that the norm used. Grey: those of each channel itself in this picture. Where grey "
    "lies far off the line, the channel stays far from zero, before gamma and beta act."
)

STRIP = (
    "What each norm gave, at each norm layer: the one channel that comes first in the chosen order. Red is above zero, blue "
    "below, with a range of its own at every layer. **Channel 5 of one network is not channel 5 of another**: they were "
    "trained apart, so tiles below each other need not show the same feature. The framed layer is open below."
)
RANGE = (
    "Red above zero, blue below. The same ranges hold for the three networks: 99% of the values of the network that reaches "
    "farthest lie inside, the rest are drawn in full colour."
)
AFTER_RELU = " What comes before the norm left a ReLU: it is never below zero."
DISTANCE = (
    "Channels do not correspond from network to network, so a difference of channel to channel would mean nothing. Instead: "
    "**1 − linear CKA** (centred kernel alignment, Kornblith et al. 2019, section 3), "
    "$1 - \\lVert Y^\\top X\\rVert_F^2 \\,/\\, (\\lVert X^\\top X\\rVert_F\\,\\lVert Y^\\top Y\\rVert_F)$, where the rows of "
    "X and Y are the places of the map and their columns the centred channels. Rotating or reordering channels, shifting them, or one "
    "factor for all does not change it; 0: alike but for these; 1: nothing in common."
)
CAUTION = (
    "Dashed: the same with the places of one network shuffled, as if the two looked at unrelated places; on one picture's "
    "few places it lies below 1. Untrained networks lie below it too, since they see the same picture. Two networks with the **same** norm and other seeds are apart too: a distance here is not the "
    "norm's doing alone. Measured here, on the networks above."
)


@dataclass(frozen=True)
class Choice:
    """What is open: a norm layer, the order of channels, the places (from 1) in that order, and one colour range or two."""

    layer: int
    order: str
    places: tuple[int, int]
    common: bool


def choose() -> Choice:
    """Lets the visitor choose what is open."""
    layer = controls.choose_layer()
    widest = max(networks.channels(norm)[layer - 1] for norm in COMPARED)
    grid = st.grid(2, min_column_width=300)
    with grid.cell():
        options = {"default": "spread given", "required": True, "key": "order", **BOUND}
        order = frame.one_of("Channels in the order of", list(journey.ORDERS), **options)
        common = st.toggle("One colour range before and after", key="common", **BOUND)
    _keep_within("channels", widest)
    with grid.cell():
        places = st.slider(f"Places in that order, 1 to {widest}", 1, widest, (1, min(SHOWN, widest)), key="channels", **BOUND)
    return Choice(layer, order, places, common)


def _keep_within(key: str, most: int) -> None:
    """Lowers places that were chosen where there were more channels."""
    if max(st.session_state.get(key, (0,))) > most:
        st.session_state[key] = tuple(min(place, most) for place in st.session_state[key])


@take_away.replayed
def show_way(study: str, digests: tuple[str, ...], content: str, choice: Choice, scheme: str, _pixels: np.ndarray) -> None:
    """Draws the strip of each network, and the open layer before and after the norm; drawn once and replayed.

    Args:
        study: with `digests` and `content` it tells what is drawn: these networks, that picture.
        digests: of the runs of the networks.
        content: digest of the picture.
        choice: what is open.
        scheme: of the page.
        _pixels: the picture, uint8, 32 x 32 x 3.
    """
    through = {norm: networks.passages(norm, _pixels[None]) for norm in COMPARED}
    ranges = _colour_ranges(through)
    for norm, kept in through.items():
        _show_strip(norm, kept, ranges, choice)
    st.caption(STRIP)
    st.subheader(f"Norm layer {choice.layer}: before and after")
    ends, opened = _open_ranges(ranges, choice), {norm: kept[choice.layer - 1] for norm, kept in through.items()}
    _show_ranges(ends, opened["batch"])
    channels = {norm: journey.channels(passage) for norm, passage in opened.items()}
    for norm, run in saved.three_columns():
        frame.norm_heading(norm, run)
        _show_channels(norm, opened[norm], _in_places(channels[norm], choice), ends)
    for norm, _ in saved.three_columns():
        chart = charts.used_and_own(channels[norm], norm)
        frame.show(chart, f"Mean and standard deviation that the norm layer of the {norm} network used, by channel.")
        st.markdown(f"**{naming.MODEL_NAMES[study][norm]}.** {_used_words(opened[norm])}")
    st.caption(CHART_KEY)


def _show_strip(norm: str, kept: list, ranges: list[tuple[float, float]], choice: Choice) -> None:
    """Draws, for one network, the first channel in the order at each norm layer, as the norm gave it."""
    tiles = []
    for passage, (_, limit) in zip(kept, ranges, strict=True):
        channel = journey.first_channel(passage, choice.order)
        title = f"{norm} network, norm layer {passage.layer}, channel {channel}"
        mark = "outline: 3px solid currentColor; outline-offset: 1px" if passage.layer == choice.layer else ""
        image = tile(passage.after[0, channel], limit, title, mark)
        tiles.append(f"<div>{image}<div style='text-align: center'>{passage.layer}</div></div>")
    frame.norm_heading(norm, saved.models()[norm])
    row = f"display: grid; grid-template-columns: repeat({len(kept)}, minmax(0, 1fr)); gap: 6px; max-width: 920px; padding: 4px"
    st.html(f"<div style='{row}'>{''.join(tiles)}</div>")


def _colour_ranges(through: dict[str, list]) -> list[tuple[float, float]]:
    """Returns, by norm layer, the ends of the colour ranges before and after it, the same for all networks."""
    return [
        tuple(maps.extent(*(getattr(passage, side) for passage in passages)) for side in ("before", "after"))
        for passages in zip(*through.values(), strict=True)
    ]


def _open_ranges(ranges: list[tuple[float, float]], choice: Choice) -> tuple[float, float]:
    """Returns the ends of the colour ranges before and after the open layer; one and the same if so chosen."""
    ends = ranges[choice.layer - 1]
    return (max(ends), max(ends)) if choice.common else ends


def _show_ranges(ends: tuple[float, float], passage) -> None:
    """Draws the colour scale with the ends of both ranges, and says what it means for what a norm layer received."""
    rows = "".join(
        f"<span>{name}</span><span style='text-align: right'>−{end:.2g}</span>"
        f"<span style='height: 0.9rem; background: linear-gradient(to right, {', '.join(maps.COLOURS)})'></span>"
        f"<span>+{end:.2g}</span>"
        for name, end in zip(("before", "after"), ends)
    )
    grid = "display: grid; grid-template-columns: auto auto 1fr auto; gap: 0.2rem 0.6rem; align-items: center; max-width: 26rem"
    st.html(f"<div style='{grid}'>{rows}</div>")
    st.caption(RANGE + (AFTER_RELU if passage.before.min() >= 0 else ""))


def _show_channels(norm: str, passage, table: pd.DataFrame, ends: tuple[float, float]) -> None:
    """Draws channels before and after the norm, each with the statistics that the norm used for it."""
    if table.empty:
        st.info("This network has no channel at these places of the order.", icon=":material/search_off:")
        return
    cells = "".join(_channel(norm, passage, row, ends) for row in table.itertuples())
    columns = "display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 12px"
    st.html(f"<div style='{columns}'>{cells}</div>")


def _channel(norm: str, passage, row, ends: tuple[float, float]) -> str:
    images = ""
    for side, end in zip(("before", "after"), ends):
        title = f"{norm} network, channel {row.channel} {side} the norm"
        images += f"<div>{side}{tile(getattr(passage, side)[0, row.channel], end, title)}</div>"
    pair = f"<div style='display: grid; grid-template-columns: 1fr 1fr; gap: 4px'>{images}</div>"
    said = f"<b>channel {row.channel}</b> &nbsp;used μ {_short(row.mean)}, σ {_short(row.std)}"
    return f"<div>{pair}<div style='font-size: 0.95rem'>{said}</div></div>"


def _short(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def tile(values: np.ndarray, limit: float, title: str, style: str = "") -> str:
    address = maps.data_address(maps.diverging(values, limit))
    look = f"display: block; width: 100%; image-rendering: pixelated; {style}"
    return f'<img src="{address}" alt="{escape(title)}" title="{escape(title)}" style="{look}">'


def _in_places(channels: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """Returns the rows of `journey.channels` that are open."""
    first, last = choice.places
    return journey.in_order(channels, choice.order).iloc[first - 1 : last]


def _used_words(passage) -> str:
    """Says over what the statistics were taken that the norm used."""
    from normviz.model import layer_statistics

    kind, _ = layer_statistics.statistic_kind(passage)
    return USED[kind]


def choose_distances(pixels: np.ndarray) -> tuple[str, str, pd.DataFrame] | None:
    """Returns the content and the side that are compared, and their `journey.distances` with the label of each pair.

    None where the data set is missing.
    """
    grid = st.grid(2, min_column_width=300)
    with grid.cell():
        side = frame.one_of(
            "What the norms", list(journey.SIDES), default="given", required=True, key="passed", format_func=_verb, **BOUND
        )
    with grid.cell():
        over = frame.one_of("Compared over", OVER, default=OVER[0], required=True, key="over", **BOUND)
    pictures = pixels[None] if over == OVER[0] else _test_batch()
    if pictures is None:
        return None
    content = networks.digest(pictures)
    return content, side, _distances(frame.study(), saved.digests(), content, side, pictures)


@take_away.replayed
def show_distances(
    study: str, digests: tuple[str, ...], scheme: str, layer: int, content: str, side: str, _table: pd.DataFrame
) -> None:
    """Draws the distances that `choose_distances` gave, with the open layer marked."""
    said = journey.furthest_sentence(_table, naming.LABELS[study])
    st.markdown(f"**{said}**")
    frame.show(charts.distances(_table, layer), "Distance of each two networks by norm layer.", said)
    st.caption(CAUTION)


def _verb(side: str) -> str:
    return {"given": "give", "received": "receive"}[side]


def _test_batch() -> np.ndarray | None:
    split = test_set.test_pictures()
    if split is None:
        test_set.offer_download()
        return None
    return split.images[:BATCH]


@st.cache_data(show_spinner="Comparing the networks", max_entries=100)
def _distances(study: str, digests: tuple[str, ...], content: str, side: str, _pictures: np.ndarray) -> pd.DataFrame:
    table, short = journey.distances({norm: networks.passages(norm, _pictures) for norm in COMPARED}, side), naming.SHORT[study]
    return table.assign(pair=[f"{short[row.first]} – {short[row.second]}" for row in table.itertuples()])
