"""A network of the visitor's own: written in YAML or out of torchvision, its norms swapped, weights from a file."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from normviz.app import frame
from normviz.charts import cells as cell_charts
from normviz.charts import layer_statistics as layer_charts
from normviz.explain import cells
from normviz.words import own_network as words

BOUND = {"bind": "query-params"}
DOORS = ("written here", "torchvision")
NORMS = ("kept", "batch", "group", "layer", "instance", "none")
LARGEST = 30_000_000  # parameters of a network that a visitor may ask for
SIDE, FIXED_SIDE = 64, 224  # of the pictures; the second for networks that take no other
MANY, LONG = 8, 460  # rows, from which on the table scrolls in so many pixels
FIXED = ("vit", "maxvit")
DRAWN = (3, 4, 2, 2)  # N, C, H, W of the tensor whose cells are drawn


@dataclass(frozen=True)
class Choice:
    """What the visitor asks for: a door, what is behind it, the norms, and the bytes and name of a safetensors file."""

    door: str
    name: str
    norms: str
    weights: bytes | None
    file: str = ""

    @property
    def key(self) -> tuple:
        return self.door, self.name, self.norms, hashlib.sha256(self.weights or b"").hexdigest()


def choose() -> Choice:
    """Shows the choices."""
    options = {"required": True, **BOUND}
    door = st.segmented_control("Network", DOORS, default=DOORS[0], key="door", **options)
    if door == DOORS[0]:
        name = st.text_area("Its parts, in YAML", words.EXAMPLE, height=380, max_chars=20_000, key="written")
    else:
        name = st.selectbox("Which", _zoo(), index=_zoo().index("resnet18"), key="zoo", **BOUND)
    norms = st.segmented_control("Its norms", NORMS, default=NORMS[0], key="swapped", **options)
    file = st.file_uploader("Weights (.safetensors); else random ones", key="weights", max_upload_size=25)
    return Choice(door, name, norms, file.getvalue(), Path(file.name).name) if file else Choice(door, name, norms, None)


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
    from normviz.probe import norms, report

    network, example = _network(key, _choice)
    layers = norms.probe(network, example)
    return [layer.row() for layer in layers], report.reached(layers), report.warnings(network, layers)


@st.cache_resource(show_spinner="Building the network", max_entries=4)
def _network(key: tuple, _choice: Choice):
    """Returns a network and pictures for it; shared by all sessions, never change or hook it."""
    from normviz.model import own_network, swap, written

    if _choice.door == DOORS[0]:
        network = own_network.seeded(lambda: written.load_text(_choice.name))
    else:
        own_network.check_size(_choice.name, LARGEST)
        network = own_network.build(_choice.name)
    if _choice.norms != NORMS[0]:
        network = swap.swap_norms(network, _choice.norms)
    if _choice.weights is not None:
        _load(network, _choice)
    return network.eval(), _examples(getattr(network, "picture", (3, *[_side(_choice.name)] * 2)))


def _load(network, choice: Choice) -> None:
    """Puts the visitor's weights into a network; a refusal names the visitor's file, not where it lay meanwhile."""
    from normviz.model import weights

    with tempfile.TemporaryDirectory(prefix="normviz-") as folder:
        file = Path(folder) / (choice.file or "weights.safetensors")
        file.write_bytes(choice.weights)
        try:
            weights.load(network, file)
        except weights.WeightsError as error:
            said = (text.replace(f"{folder}{os.sep}", "") for text in (str(error), error.lines))
            raise weights.WeightsError(*said) from error


def _side(name: str) -> int:
    return FIXED_SIDE if name.startswith(FIXED) else SIDE


@st.cache_resource(show_spinner=False, max_entries=4)
def _examples(shape: tuple[int, ...]):
    import torch

    from normviz.pictures import tensors, uploads

    pictures = [uploads.to_network_size(uploads.example_picture(example.key)) for example in uploads.examples()]
    images = torch.nn.functional.interpolate(tensors.standardise(np.stack(pictures)), shape[1:], mode="bilinear")
    return images if shape[0] == 3 else images.mean(1, keepdim=True).repeat(1, shape[0], 1, 1)


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


def choose_layer(rows: list[dict]) -> dict | None:
    """Shows the layers that were met; returns the row of one."""
    paths = {row["path"]: row for row in rows if row["reached"] and row["class"] != "functional"}
    return paths[st.selectbox("Norm layer", list(paths), key="path")] if paths else None


def show_cells(row: dict) -> None:
    """Draws which cells of a small tensor share a mean in a layer."""
    kind = _kind(row["averages"])
    if kind is None:
        st.markdown(words.NO_CELLS.format(averages=frame.plain(row["averages"] or "none")))
        return
    x, channels = cells.made_up(DRAWN, 9), DRAWN[1]
    layer = cells.NormLayer(x, kind, np.ones(channels), np.zeros(channels), 2)
    table = cells.frame(layer, tuple(map(range, DRAWN)), (0, 0, 0, 0))
    frame.show(cell_charts.tensor(table), f"{table['group'].nunique()} statistic groups of {kind} norm.")
    st.caption(words.CELLS)


def _kind(averages: str) -> str | None:
    grouped = averages.startswith("(C/") and averages.endswith(")HW")
    return "group" if grouped else words.KINDS.get(averages)


def show_values(choice: Choice, row: dict) -> None:
    """Draws what a layer received and gave for the example pictures."""
    table, shape = _values(choice.key, choice, row["path"])
    chart = layer_charts.distribution(table, _kind(row["averages"]) or "none")
    frame.show(chart, f"Values before and after the norm layer {row['path']}.")
    st.caption(
        f"What it received and gave for {shape[0]} example pictures, in evaluation: {' x '.join(map(str, shape))} values."
    )


@st.cache_data(show_spinner=False, max_entries=100)
def _values(key: tuple, _choice: Choice, path: str) -> tuple[pd.DataFrame, tuple[int, ...]]:
    from normviz.model import layer_statistics
    from normviz.probe import values

    before, after = values.through(*_network(key, _choice), path)
    return layer_statistics.distribution(layer_statistics.Passage(1, before, after, None)), before.shape
