"""The floor of every figure: an app of one heading and one segmented control, and Streamlit's own demo."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit

from tests.browser import harness

FLOOR = """
import streamlit as st
st.title("A heading")
st.segmented_control("Study", ["controlled", "published"], default="controlled", required=True, key="study", bind="query-params")
"""
HELLO = Path(streamlit.__file__).parent / "hello" / "streamlit_app.py"  # what `streamlit hello` runs


@contextmanager
def running_floor() -> Iterator[harness.Server]:
    """Runs the app of one heading and one control until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "floor.py"
        script.write_text(FLOOR)
        with harness.running_app(script=str(script)) as server:
            yield server
