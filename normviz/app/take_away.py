"""What a page shows, as files: each chart as PNG, SVG and CSV, each table as CSV. A file is made when it is asked for."""

from collections.abc import Callable
from functools import wraps
from inspect import signature

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import in_cached_function

from normviz.charts import paper

SHOWN = "take_away"  # in the session: what the page shows, by its sentence
MOST_KEPT = 200  # drawings of one function; a chart of a page has some 20 kB
WIDTH = 560  # pixels, for most of a sentence; on a phone as wide as that


def begin() -> None:
    """Forgets what the page before showed."""
    st.session_state[SHOWN] = {}


def keep(sentence: str, content: pd.DataFrame | Callable[[], dict]) -> None:
    """Notes a table, or what makes the specification of a chart in the tones of a light page, by its sentence."""
    st.session_state.setdefault(SHOWN, {})[sentence] = content


def replayed(show: Callable[..., None]) -> Callable[..., None]:
    """Returns a function that draws the same again for the same arguments without building it, and keeps it here again.

    As with Streamlit's caches, arguments whose names begin with _ do not count. One must not call another: replayed, what the
    inner one drew into a cell of the outer one would stand below it.
    """

    @st.cache_resource(show_spinner=False, max_entries=MOST_KEPT)
    @wraps(show)
    def drawn(*arguments, **named) -> dict:
        before, st.session_state[SHOWN] = st.session_state.get(SHOWN, {}), {}
        try:
            show(*arguments, **named)
            return st.session_state[SHOWN]
        finally:
            st.session_state[SHOWN] = before

    names = tuple(signature(show).parameters)  # which Streamlit would look up for each argument without one

    @wraps(show)
    def again(*arguments, **named) -> None:
        if in_cached_function.get():
            raise RuntimeError(f"{show.__name__} must not be called by what is itself replayed: it would lose its place")
        st.session_state.setdefault(SHOWN, {}).update(drawn(**dict(zip(names, arguments)), **named))

    again.clear = drawn.clear
    return again


def offer(page: str) -> None:
    """Shows what of the page can be taken away, folded."""
    shown = st.session_state.get(SHOWN, {})
    if not shown:
        return
    with st.popover("Take away", icon=":material/download:"):
        with st.container(width=WIDTH):
            numbers = {sentence: number for number, sentence in enumerate(shown, start=1)}
            sentence = st.selectbox("Chart or table", list(shown), format_func=lambda it: f"{numbers[it]}. {it}", key="taken")
        name = f"normviz-{page}-{numbers[sentence]}"
        with st.container(horizontal=True):
            for kind, (mime, make) in _files(shown, sentence).items():
                options = {"mime": mime, "key": f"take_{kind}", "on_click": "ignore", "icon": ":material/download:"}
                st.download_button(kind.upper(), make, f"{name}.{kind}", **options)


def _files(shown: dict, sentence: str) -> dict[str, tuple[str, Callable]]:
    """Returns what makes each file; it looks up what is shown when it is clicked, for a live chart has grown by then."""
    if isinstance(shown[sentence], pd.DataFrame):
        return {"csv": ("text/csv", lambda: shown[sentence].to_csv(index=False))}
    return {
        "png": ("image/png", lambda: paper.png(shown[sentence]())),
        "svg": ("image/svg+xml", lambda: paper.svg(shown[sentence]())),
        "csv": ("text/csv", lambda: paper.csv(shown[sentence]())),
    }
