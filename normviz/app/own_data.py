"""The page on own data: where they come from, what they hold, examples before and after, and what is wrong with them."""

import contextlib
import hashlib
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from normviz.app import frame, handed_in, lab
from normviz.charts import own_data as charts
from normviz.disk import DiskError
from normviz.explain import maps
from normviz.lab import brought
from normviz.lab.settings import settings
from normviz.pictures.choices import Choices, choices
from normviz.settings import SettingsError
from normviz.words import own_data as words

BOUND = {"bind": "query-params"}
SIDE = 128  # pixels of an example on screen
UPLOAD_SECONDS = 1800  # that pictures which were brought stay in memory
FRESH_SECONDS = 60  # that a folder which was read counts as unchanged


def choose() -> tuple[str, str]:
    """Returns where the data come from, and a key of `resizing.RESIZES`."""
    from normviz.pictures.resizing import RESIZES

    with st.expander("What a data set may be", icon=":material/help:"):
        st.markdown(words.FORMS)
    here = _folder() is not None
    with st.container(horizontal=True):
        source = words.UPLOAD
        if here:
            options = {"default": words.HERE, "required": True, "key": "whose"}
            source = frame.one_of("Whose data", [words.HERE, words.UPLOAD], **options, **BOUND)
        options = {"default": _usual_resize(), "required": True, "key": "resize", **BOUND}
        resize = frame.one_of("How pictures become 32 x 32", list(RESIZES), **options)
    if not here:
        st.info(_none_here(), icon=":material/folder_off:")
    return source, resize


def _none_here() -> str:
    """Says that the server has no own data, and why not where its owner has named a folder."""
    from normviz.pictures import dataset

    with contextlib.suppress(ValueError):
        if choices().folder and dataset.find_folder() is None:
            return words.UNUSABLE.format(folder=frame.plain(choices().folder))
    return words.NONE_HERE


def _usual_resize() -> str:
    """Returns how the owner wants pictures to become 32 x 32; a setting that cannot be used is named elsewhere."""
    try:
        return choices().resize
    except SettingsError:
        return Choices.resize


def _folder():
    """Returns the folder of the server's own data, None where it has none; a setting that cannot be used is named."""
    from normviz.pictures import dataset

    try:
        folder = dataset.find_folder()
        return folder if folder and dataset.is_own(folder) else None
    except (SettingsError, dataset.DataError) as error:
        st.error(frame.plain(error))
        return None


def read(source: str, resize: str):
    """Returns the data as read, or None: without any yet, or with a sentence why they cannot be."""
    try:
        return _read_here(str(_folder()), resize) if source == words.HERE else _take_file(resize)
    except ValueError as error:
        st.error(frame.plain(error))
        return None


@st.cache_resource(show_spinner="Reading the pictures", max_entries=2, ttl=FRESH_SECONDS)
def _read_here(folder: str, resize: str):
    from normviz.pictures import own

    return own.read(Path(folder), resize)


def _take_file(resize: str):
    limit = st.get_option("server.maxUploadSize") - 1  # a megabyte for what a browser packs around a file
    label = f"A ZIP or .npz of at most {limit} MB; for a larger one start the app with NORMVIZ_DATA set to it"
    file = st.file_uploader(label, ("zip", "npz"), key="own_upload", max_upload_size=limit)
    path = handed_in.on_disk("own_upload", file)
    if path is None:
        return None
    of, digest = st.session_state.get("own_digest", (None, ""))
    if of != path:  # once a file: a large one takes most of a second
        with open(path, "rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        st.session_state["own_digest"] = path, digest
    return _read_upload(digest, resize, path)


@st.cache_resource(show_spinner="Reading the pictures", max_entries=4, ttl=UPLOAD_SECONDS)
def _read_upload(digest: str, resize: str, _path: Path):
    """Returns what a file of this content holds: one copy, whoever has brought it."""
    from normviz.pictures import inspection

    return inspection.read_upload(_path, resize)


def report(album, resize: str):
    from normviz.pictures import inspection

    return inspection.report("", album, resize)


def show_classes(told) -> None:
    """Draws the pictures of each class, and says how they lay and what they are standardised by."""
    table = pd.DataFrame(told.classes)
    train, test = int(table["train"].sum()), int(table["test"].sum())
    st.subheader(f"{len(table)} classes, {train + test:,} pictures")
    said = f"Laid out as `{told.layout}`: **{train:,}** pictures for training, **{test:,}** for testing."
    if told.mean:
        said += (
            f" Every picture is standardised by the training pictures' mean ({_triple(told.mean)}) and standard deviation "
            f"({_triple(told.std)}) of red, green and blue."
        )
    st.markdown(said)
    bars = table.melt("class", ["train", "test"], "part", "pictures")
    frame.show(charts.class_bars(bars), "Pictures of each class, for training and for testing.")


def _triple(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def show_examples(album, told) -> None:
    """Says what is done to the pictures, and shows a few before and after."""
    smallest, largest = ("{} x {}".format(*size) for size in (told.smallest, told.largest))
    cut = f" On average **{told.cut:.0%}** of a picture is cut off." if told.resize == "crop" else ""
    converted = ", ".join(f"{name} {count:,}" for name, count in told.converted.items())
    st.markdown(
        f"They come in sizes from {smallest} to {largest}. {told.resized}{cut} "
        + (f"Converted to 8 bits of red, green and blue: {converted}." if converted else "None had to be converted.")
    )
    places = {name: place for place, name in enumerate(album.names)}
    cells = "".join(_example(name, before, album.images[places[name]]) for name, before in album.examples if name in places)
    look = "display: grid; grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); gap: 1rem"
    st.html(f"<div style='{look}'>{cells}</div>")


def _example(name: str, before: str, after: np.ndarray) -> str:
    named, box = escape(name, quote=True), f"width: {SIDE}px; height: {SIDE}px; object-fit: contain"
    return (
        f"<div><div style='display: flex; gap: 8px'><img src='data:image/jpeg;base64,{before}' alt='{named} as it came' style='{box}'>"
        f"<img src='{maps.data_address(after)}' alt='{named} at 32 x 32' style='{box}; image-rendering: pixelated'></div>"
        f"<div style='overflow-wrap: anywhere'>{named}</div></div>"
    )


def show_faults(told, source: str) -> None:
    """Shows the warnings, the pictures that stand in both parts, and every bad file with its reason.

    Args:
        told: `inspection.Report`.
        source: where they come from, as `choose` returns it.
    """
    if told.warnings:
        st.warning("\n".join(f"- {frame.plain(warning)}" for warning in told.warnings), icon=":material/warning:")
    if told.in_both:
        st.markdown("**The same picture for training and for testing**")
        st.dataframe(pd.DataFrame(told.in_both), hide_index=True)
    if told.bad:
        st.markdown(_fate(source).format(count=len(told.bad)))
        st.dataframe(pd.DataFrame(told.bad), hide_index=True)
    if not (told.warnings or told.in_both or told.bad):
        st.success("Nothing: every file can be used.", icon=":material/check:")


def _fate(source: str) -> str:
    """Returns what is said of files that cannot be used: of the server's data, as its owner chose."""
    if source == words.UPLOAD:
        return words.LEFT_OUT
    return words.SKIPPED if choices().skip_bad else words.REFUSED


def offer_lab(album, told) -> None:
    """Shows the button that keeps pictures for the lab, where this server lets the visitor train and they can be trained on."""
    try:
        allowed = settings()
    except SettingsError as error:
        st.error(frame.plain(error))
        return
    if not lab.may_train(allowed) or not all(any(row[part] for row in told.classes) for part in ("train", "test")):
        st.markdown(words.UPLOAD_NEXT)
        return
    st.markdown(words.KEPT)
    label = "Train on the rest in the lab" if told.bad else "Train on them in the lab"
    if st.button(label, icon=":material/experiment:"):
        _keep(allowed.folder, album, told.resize)


def _keep(root: str, album, resize: str) -> None:
    try:
        key = brought.keep(root, album, resize)
    except DiskError as error:
        st.error(frame.plain(error))
        return
    st.switch_page(frame.PAGES["lab"], query_params={"brought": key})
