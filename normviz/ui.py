"""The frame of every page, and cached loaders. Below the pages only this, controls.py and views/ import streamlit.

PyTorch is imported where it is first needed, so that pages drawn from saved tables open without it.
"""

import hashlib
import importlib
import re
import threading
from html import escape

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from normviz import lessons, papers, runs, specs
from normviz.norms import COMPARED, NORMS, STUDIES

SLOW_TO_IMPORT = ("torch", "normviz.inference", "normviz.cell_layers", "normviz.measurements", "captum.attr")
READING_SECONDS = 3  # until the first page is drawn and being read
PAGES = {key: f"app_pages/{key}.py" for key in lessons.LESSONS}


def navigation():
    """Returns the page to run; every page can be reached from the bar on top."""
    return st.navigation({menu: [_page(key) for key in keys] for menu, keys in lessons.SECTIONS.items()}, position="top")


def _page(key: str):
    return st.Page(PAGES[key], title=lessons.TITLES[key], url_path=key, icon=lessons.ICONS[key], default=key == "overview")


@st.cache_resource(show_spinner=False)
def get_ready() -> None:
    """Imports PyTorch and Captum while the first visitor reads, once a server, so that no later choice waits for them."""
    timer = threading.Timer(READING_SECONDS, lambda: list(map(importlib.import_module, SLOW_TO_IMPORT)))
    timer.daemon = True
    timer.start()


def choose_study() -> None:
    """Shows the one choice that every page shares; it is kept in the URL."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control("Study", list(STUDIES), default="controlled", required=True, key="study", bind="query-params")
        st.caption(lessons.STUDY_MEANING[study()], width="stretch")


def study() -> str:
    return st.session_state["study"]


def open_page(key: str) -> None:
    """Writes a page's heading and opening words."""
    st.title(lessons.LESSONS[key].title)
    st.markdown(lessons.LESSONS[key].opening)


def close_page(key: str) -> None:
    """Writes what is taken from papers, and what to look at next, as a link."""
    lesson = lessons.LESSONS[key]
    if lesson.sources:
        st.caption(f"**From papers.** {papers.with_references(lesson.sources)}")
    st.divider()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Next:** {lesson.closing}", width="content")
        st.page_link(PAGES[lesson.next_page], label=lessons.TITLES[lesson.next_page], icon=":material/arrow_forward:")


def norm_heading(norm: str) -> None:
    """Writes a model's name in its colour, with the layer it is built from."""
    name, layer = lessons.MODEL_NAMES[study()][norm], lessons.MODEL_LAYERS[study()][norm]
    st.html(
        f'<div style="border-left: 0.5rem solid {NORMS[norm].colour}; padding-left: 0.6rem; line-height: 1.3">'
        f'<span style="font-size: 1.25rem; font-weight: 700">{escape(name)}</span><br>'
        f'<code style="opacity: 0.8">{escape(layer)}</code></div>'
    )


def three_columns(minimum: int = 300, border: bool = False):
    """Yields (norm, run) inside a cell of its own for each model, always in the same order; one column on a phone."""
    found = models()
    grid = st.grid(3, min_column_width=minimum, border=border)
    for norm in COMPARED:
        with grid.cell():
            yield norm, found[norm]


def show(chart: alt.TopLevelMixin, alt_text: str, **options):
    """Draws a chart at full width with a sentence for those who cannot see it.

    A chart of which only the numbers change is not built anew in the browser; another sentence is another chart.
    """
    return st.vega_lite_chart(spec=specs.specification(chart), width="stretch", alt=alt_text, **options)


def models(of: str | None = None) -> dict[str, runs.Run]:
    """Returns the three runs of a study (the chosen one unless named); a damaged run ends the page with its message."""
    try:
        return {norm: _run(of or study(), norm, _stamp(of or study(), norm)) for norm in COMPARED}
    except runs.RunError as error:
        st.error(plain(error))
        st.stop()


def weights() -> tuple[str, ...]:
    """Returns the digests of the chosen study's weights, to cache by."""
    return tuple(run.info["files"]["weights.safetensors"] for run in models().values())


def _stamp(name: str, norm: str) -> int:
    file = runs.folder_of(name, norm) / "run.json"
    return file.stat().st_mtime_ns if file.exists() else 0


@st.cache_resource(show_spinner=False)
def _run(name: str, norm: str, stamp: int) -> runs.Run:
    return runs.load(name, norm)


def network(norm: str):
    """Returns the chosen study's network in evaluation mode. It is shared by all sessions: never change or hook it."""
    return _network(study(), norm, _stamp(study(), norm))


@st.cache_resource(show_spinner="Loading the network")
def _network(name: str, norm: str, stamp: int):
    import torch

    from normviz import inference

    torch.set_num_threads(1)  # for all sessions: on networks so small, threads wait for each other longer than they compute
    return inference.restore(_run(name, norm, stamp))


def layer_table(norm: str) -> list[dict]:
    """Returns the layer table of one of the chosen study's models."""
    from normviz.network import architecture

    described = architecture(study(), norm)
    return summary(described.norm, described.widths)


@st.cache_data(show_spinner=False, max_entries=200)
def summary(kind: str, widths: tuple[int, ...]) -> list[dict]:
    """Returns the layer table of a network of these widths; see `network.summary`."""
    from normviz import network as networks

    return networks.summary(networks.Architecture(kind, widths)).to_dict("records")


def verdicts(norm: str) -> pd.DataFrame:
    """Returns the stored verdicts of one of the chosen study's models on all test pictures."""
    return _verdicts(study(), norm, _stamp(study(), norm))


@st.cache_data(show_spinner=False)
def _verdicts(name: str, norm: str, stamp: int) -> pd.DataFrame:
    from normviz import evaluation

    return evaluation.verdicts(_run(name, norm, stamp).predictions)


def evidence(name: str) -> pd.DataFrame | None:
    """Returns a study's table; where it is missing or damaged, its message is shown and there is none."""
    from normviz import evidence as studies

    file = studies.files(name)[0]
    try:
        return _evidence(name, file.stat().st_mtime_ns if file.exists() else 0)
    except studies.EvidenceError as error:
        st.warning(plain(error))
        return None


@st.cache_data(show_spinner=False)
def _evidence(name: str, stamp: int) -> pd.DataFrame:
    from normviz import evidence as studies

    return studies.load(name)


def measured_words(name: str, table: pd.DataFrame) -> str:
    """Says where a study's numbers come from."""
    each = table.drop_duplicates("plan")
    epochs, seeds = ((", ".join(str(value) for value in sorted(each[c].unique()))) for c in ("epochs", "seed"))
    return (
        f"Measured here: {len(each)} runs, networks trained for {epochs} epochs, seed {seeds}, on "
        f"{', '.join(sorted(each['device'].unique()))}. Again with `python -m normviz study {name} --data DIR`."
    )


def test_pictures():
    """Returns the test split, or None where no data set is at hand; a damaged one is named on the page."""
    from normviz import data

    folder = data.find_folder()
    if folder is None:
        return None
    try:
        return _split(str(folder))
    except data.DataError as error:
        st.warning(plain(error))
        return None


@st.cache_resource(show_spinner="Reading the test pictures")
def _split(folder: str):
    from normviz import data

    return data.load_split("test", folder)


def plain(message: object) -> str:
    """Returns a text that Markdown shows letter by letter; file names hold underscores and stars."""
    return re.sub(r"([\\`*_{}\[\]#$~|<>:])", r"\\\1", str(message))


def answers(norm: str, pixels: np.ndarray) -> pd.DataFrame:
    """Returns class and probability from one of the chosen study's networks, most probable first."""
    from normviz import inference

    return inference.class_probabilities(network(norm), pixels)


def look(norm: str, layer: int, pixels: np.ndarray):
    """Returns `layer_stats.look_at` for one of the chosen study's networks."""
    return _look(study(), norm, _stamp(study(), norm), layer, digest(pixels), pixels)


@st.cache_data(show_spinner=False, max_entries=200)
def _look(name: str, norm: str, stamp: int, layer: int, content: str, _pixels: np.ndarray):
    from normviz import layer_stats

    return layer_stats.look_at(_passages(name, norm, stamp, content, _pixels), layer)


def passages(norm: str, pixels: np.ndarray) -> list:
    """Returns `layer_stats.passages` for one of the chosen study's networks; shared by all sessions, never change them."""
    return _passages(study(), norm, _stamp(study(), norm), digest(pixels), pixels)


@st.cache_resource(show_spinner="Running the pictures through the networks", max_entries=6)
def _passages(name: str, norm: str, stamp: int, content: str, _pixels: np.ndarray):
    from normviz import data, layer_stats

    return layer_stats.passages(_network(name, norm, stamp), data.standardise(_pixels))


def digest(pixels: np.ndarray) -> str:
    """Returns a short name for the content of a batch of pictures, to cache by."""
    return hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest()[:16]
