"""Networks that answer, and what was computed with them, kept for all sessions. Everything here needs PyTorch."""

import hashlib
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from normviz.app import frame, saved, this_run

SMALL_KEPT = 400  # answers and looks, some 20 kB each
FEW, FEW_KEPT = 8, 40  # pictures, and what was kept of so many: at most 5 MB each, 0.6 MB of a single one
MANY_KEPT = 4  # what was kept of more pictures: at most 40 MB each
RUNNING = "Running the pictures through the networks"


def network(norm: str):
    """Returns the chosen study's network in evaluation mode. It is shared by all sessions: never change or hook it."""
    return _network(frame.study(), norm, saved.stamp(frame.study(), norm))


@st.cache_resource(show_spinner="Loading the network", max_entries=32)
def _network(name: str, norm: str, stamp: tuple[str, int]):
    from normviz.training import inference

    return inference.restore(saved.run(name, norm, stamp))


def layer_table(norm: str) -> list[dict]:
    """Returns the layer table of one of the chosen study's models."""
    from normviz.model.network import architecture

    described = architecture(frame.study(), norm)
    return summary(described.norm, described.widths, described.design)


def norm_layers() -> int:
    """Returns how many norm layers the networks of the page have."""
    return this_run.once("norm layers", lambda: _norm_layers(saved.models()["batch"].info["architecture"]))


@st.cache_data(show_spinner=False)
def _norm_layers(described: dict) -> int:
    from normviz.model import network
    from normviz.training import inference

    return network.norm_layers(inference.architecture_of(described))


@st.cache_data(show_spinner=False, max_entries=200)
def summary(kind: str, widths: tuple[int, ...], design: str = "") -> list[dict]:
    """Returns the layer table of a network of these widths or this design; see `network.summary`."""
    from normviz.model import network as networks

    return networks.summary(networks.Architecture(kind, widths, design=design)).to_dict("records")


def answers(norm: str, pixels: np.ndarray) -> pd.DataFrame:
    """Returns class and probability from one of the chosen study's networks, most probable first."""
    return _answers(frame.study(), norm, saved.stamp(frame.study(), norm), digest(pixels), pixels)


@st.cache_data(show_spinner=False, max_entries=SMALL_KEPT)
def _answers(name: str, norm: str, stamp: tuple[str, int], content: str, _pixels: np.ndarray) -> pd.DataFrame:
    from normviz.training import inference

    return inference.class_probabilities(_network(name, norm, stamp), _pixels)


def look(norm: str, layer: int, pixels: np.ndarray):
    """Returns `layer_statistics.look_at` for one of the chosen study's networks."""
    return _look(frame.study(), norm, saved.stamp(frame.study(), norm), layer, digest(pixels), pixels)


@st.cache_data(show_spinner=False, max_entries=SMALL_KEPT)
def _look(name: str, norm: str, stamp: tuple[str, int], layer: int, content: str, _pixels: np.ndarray):
    from normviz.model import layer_statistics

    return layer_statistics.look_at(_passages(name, norm, stamp, content, _pixels), layer)


def passages(norm: str, pixels: np.ndarray) -> list:
    """Returns `layer_statistics.passages` for one of the chosen study's networks; shared by all sessions, never change them."""
    return _passages(frame.study(), norm, saved.stamp(frame.study(), norm), digest(pixels), pixels)


def _passages(name: str, norm: str, stamp: tuple[str, int], content: str, pixels: np.ndarray) -> list:
    keep = _of_few if len(pixels) <= FEW else _of_many
    return keep(name, norm, stamp, content, pixels)


@st.cache_resource(show_spinner=RUNNING, max_entries=FEW_KEPT)
def _of_few(name: str, norm: str, stamp: tuple[str, int], content: str, _pixels: np.ndarray) -> list:
    return _go_through(name, norm, stamp, _pixels)


@st.cache_resource(show_spinner=RUNNING, max_entries=MANY_KEPT)
def _of_many(name: str, norm: str, stamp: tuple[str, int], content: str, _pixels: np.ndarray) -> list:
    return _go_through(name, norm, stamp, _pixels)


def _go_through(name: str, norm: str, stamp: tuple[str, int], pixels: np.ndarray) -> list:
    from normviz.model import layer_statistics
    from normviz.pictures import tensors

    with _lent(name, norm, stamp) as copy:
        through = layer_statistics.passages_and_logits(copy, tensors.standardise(pixels, *copy.standard))[0]
        shared = dict(zip(copy.norms, _network(name, norm, stamp).norms, strict=True))
    return [replace(passage, module=shared[passage.module]) for passage in through]  # the copy's are hooked by the next visitor


def own_copy(norm: str):
    """Lends a copy of one of the chosen study's networks, which may be hooked until the block ends."""
    return _lent(frame.study(), norm, saved.stamp(frame.study(), norm))


@contextmanager
def _lent(name: str, norm: str, stamp: tuple[str, int]):
    """Lends a copy that nobody holds; one that came to harm is not lent again."""
    spare = _spare(name, norm, stamp)
    try:
        copy = spare.pop()
    except IndexError:
        copy = deepcopy(_network(name, norm, stamp))
    yield copy
    spare.append(copy)


@st.cache_resource(show_spinner=False, max_entries=32)
def _spare(name: str, norm: str, stamp: tuple[str, int]) -> list:
    """Returns the copies of a network that nobody holds: making one takes longer than most pictures."""
    return []


def channels(norm: str) -> list[int]:
    """Returns how many channels each norm layer of one of the chosen study's networks has."""
    return _channels(frame.study(), norm, saved.stamp(frame.study(), norm))


@st.cache_data(show_spinner=False, max_entries=32)
def _channels(name: str, norm: str, stamp: tuple[str, int]) -> list[int]:
    black = np.zeros((1, 32, 32, 3), np.uint8)
    return [passage.before.shape[1] for passage in _go_through(name, norm, stamp, black)]


def digest(*arrays: np.ndarray) -> str:
    """Returns a short name for the content of arrays, such as a batch of pictures, to cache by."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array))
    return found.hexdigest()[:16]
