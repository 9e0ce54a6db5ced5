"""What one run of a page works out once, however many of its parts ask."""

from collections.abc import Callable

import streamlit as st

KEPT = "this_run"  # in the session: what was worked out, by what it is


def begin() -> None:
    """Forgets what the run before worked out."""
    st.session_state[KEPT] = {}


def once(what: object, make: Callable[[], object]):
    """Returns what `make` returns, which is asked once; again after None."""
    kept = st.session_state.setdefault(KEPT, {})
    if kept.get(what) is None:
        kept[what] = make()
    return kept[what]
