"""A network of the visitor's own: written in YAML, out of torchvision or of the server's, its norms swapped, weights from a file."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from normviz.app import frame, handed_in, lab_network
from normviz.explain import invariances
from normviz.model.offered import Offer, offers
from normviz.settings import SettingsError
from normviz.words import own_network as words

BOUND = {"bind": "query-params"}
NORMS = ("kept", "batch", "group", "layer", "instance", "none")
LARGEST = 30_000_000  # parameters of a network that a visitor may ask for
SIDE, FIXED_SIDE = 64, 224  # of the pictures; the second for networks that do not take the first
MANY, LONG = 8, 460  # rows, from which on the table scrolls in so many pixels
FIXED = ("vit", "maxvit", "inception")
NOISE = 8  # inputs, where they are no pictures


@dataclass(frozen=True)
class Choice:
    """What the visitor asks for: a door, what is behind it, the norms, and a safetensors file.

    `offer` is what the owner said of a network of the server's.
    """

    door: str
    name: str
    norms: str
    weights: Path | None = None
    offer: Offer | None = None

    @property
    def key(self) -> tuple:
        return self.door, self.name, self.norms, str(self.weights), repr(self.offer)


def choose() -> Choice:
    """Shows the choices."""
    options, offered = {"required": True, **BOUND}, _offers()
    doors = [words.WRITTEN, words.ZOO, *([words.SERVERS] if offered else [])]
    if st.session_state.get("door", doors[0]) not in doors:
        del st.session_state["door"]
    door = frame.one_of("Network", doors, default=doors[0], key="door", **options)
    name = _choose_name(door, offered)
    norms = frame.one_of("Its norms", NORMS, default=NORMS[0], key="swapped", wrap=True, **options)
    if norms == "group":
        st.caption(words.GROUPS_TAKEN.format(groups=invariances.GROUPS))
    file = st.file_uploader("Weights (.safetensors); else random ones", key="weights", max_upload_size=25)
    weights = handed_in.on_disk("weights", file)
    return Choice(door, name, norms, weights, offered.get(name) if door == words.SERVERS else None)


def _offers() -> dict[str, Offer]:
    """Returns the owner's networks; a setting that cannot be used is named."""
    try:
        return offers()
    except SettingsError as error:
        st.error(frame.plain(error))
        return {}


def _choose_name(door: str, offered: dict[str, Offer]) -> str:
    if door == words.WRITTEN:
        kept = st.session_state.setdefault("kept_network", {"text": words.EXAMPLE})  # stays when the page is left
        st.session_state.setdefault("written", kept["text"])
        kept["text"] = st.text_area("Its parts, in YAML", height=380, max_chars=20_000, key="written")
        return kept["text"]
    if door == words.SERVERS:
        return st.selectbox("Which", list(offered), key="offered", **BOUND)
    return st.selectbox("Which", _zoo(), index=_zoo().index("resnet18"), key="zoo", **BOUND)


@st.cache_data(show_spinner=False)
def _zoo() -> list[str]:
    from normviz.model import own_network

    return own_network.zoo()


def look(choice: Choice) -> tuple[list[dict], str, list[str]] | None:
    """Returns the rows of the probe, how many were reached, and warnings; says why where there is no such network."""
    try:
        return _look(choice.key, choice)
    except ValueError as error:
        st.error(frame.plain(error), icon=":material/block:")
        if lines := getattr(error, "lines", ""):
            st.code(lines)
        return None


@st.cache_data(show_spinner="Looking at each norm layer", max_entries=30)
def _look(key: tuple, _choice: Choice) -> tuple[list[dict], str, list[str]]:
    from normviz.model import swap
    from normviz.probe import norms, report

    network, example = built(_choice)
    layers = norms.probe(network, example)
    rows = [layer.row() | {"channels_at": layer.channels_at} for layer in layers]
    warnings = report.warnings(network, layers, pictures=is_picture(example.shape[1:]))
    if _choice.norms != NORMS[0] and not any(map(swap.can_swap, network.modules())):
        warnings = [words.NOT_SWAPPED, *warnings]
    return rows, report.reached(layers), warnings


def built(choice: Choice):
    """Returns a network and inputs for it; shared by all sessions, never change or hook it."""
    return _network(choice.key, choice)


@st.cache_resource(show_spinner="Building the network", max_entries=4)
def _network(key: tuple, _choice: Choice):
    from normviz.model import swap

    network, shape = _as_asked(_choice)
    if _choice.norms != NORMS[0]:
        network = swap.swap_norms(network, _choice.norms, invariances.group_count)
    if _choice.weights is not None:
        _load(network, _choice.weights)
    network.eval()
    return network, _examples(shape)


def _as_asked(choice: Choice):
    """Returns a network as its door gives it, and the shape of one input."""
    from normviz.model import own_network, weights, written

    if choice.door == words.WRITTEN:
        network = own_network.seeded(lambda: written.load_text(choice.name))
        return network, network.picture
    if choice.offer:
        network = own_network.build(choice.offer.network)
        if choice.offer.weights:
            weights.load(network, choice.offer.weights)
        return network, choice.offer.shape or own_network.picture_of(network)
    own_network.check_size(choice.name, LARGEST)
    return own_network.build(choice.name), (3, *[FIXED_SIDE if choice.name.startswith(FIXED) else SIDE] * 2)


def _load(network, file: Path) -> None:
    """Puts the visitor's weights into a network; a refusal does not tell where the file lies."""
    from normviz.model import weights

    try:
        weights.load(network, file)
    except weights.WeightsError as error:
        said = (text.replace(f"{file.parent}{os.sep}", "") for text in (str(error), error.lines))
        raise weights.WeightsError(*said) from error


def is_picture(shape: tuple[int, ...]) -> bool:
    """Returns whether inputs of a shape can be pictures: channels, rows and columns."""
    return len(shape) == 3 and min(shape[1:]) > 1


@st.cache_resource(show_spinner=False, max_entries=4)
def _examples(shape: tuple[int, ...]):
    """Returns the shipped examples as a network takes them; noise where it takes no pictures."""
    import torch

    if not is_picture(shape):
        return torch.randn(NOISE, *shape, generator=torch.Generator().manual_seed(0))
    from normviz.pictures import uploads

    pictures = [uploads.to_network_size(uploads.example_picture(example.key)) for example in uploads.examples()]
    return as_inputs(np.stack(pictures), shape)


def as_inputs(pictures: np.ndarray, shape: tuple[int, ...]):
    """Returns pictures, uint8 N x 32 x 32 x 3, standardised and in a network's shape; one channel is their mean, for each of its own."""
    import torch

    from normviz.pictures import tensors

    images = torch.nn.functional.interpolate(tensors.standardise(pictures), shape[1:], mode="bilinear")
    return images if shape[0] == 3 else images.mean(1, keepdim=True).repeat(1, shape[0], 1, 1)


def offer_lab(choice: Choice) -> None:
    """Shows the way into the lab for a network that is written in YAML, here or by the server's owner."""
    if choice.door == words.WRITTEN:
        lab_network.offer(choice.name)
    elif choice.offer and Path(choice.offer.network).suffix.lower() in (".yaml", ".yml"):
        lab_network.offer(Path(choice.offer.network).read_text(encoding="utf-8"))


def show_rows(rows: list[dict], reached: str, warnings: list[str]) -> None:
    """Writes the norm layers in the order of the forward pass."""
    st.markdown(f"**{reached}.** {words.FOUND}")
    with st.container(height=LONG if len(rows) > MANY else "content", border=False):
        table = pd.DataFrame([_in_words(row) for row in rows]).set_index("layer")
        frame.table(table, "The norm layers in the order of the forward pass.")
    for warning in warnings:
        st.warning(frame.plain(f"{warning[0].upper()}{warning[1:]}."), icon=":material/warning:")


def _in_words(row: dict) -> dict:
    """Returns a row for reading; a long path may break after each dot."""
    path = frame.plain(row["path"]).replace(".", ".\u200b")
    besides = {
        words.KEEPS: row["running"],
        words.DIVIDES: row["averages"] and not row["subtracts_mean"],
        words.MET.format(count=row["reached"]): row["reached"] != 1,
    }
    return {
        "layer": f"{path} {row['class']}".strip(),
        "averages": frame.plain(row["averages"]),
        "received": " x ".join(map(str, row["shape"])),
        "besides": ", ".join(said for said, true in besides.items() if true),
    }
