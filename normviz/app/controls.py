"""What a visitor chooses with, and the parts of a page that several charts or pages share."""

from html import escape

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from normviz.app import frame, networks, saved
from normviz.explain import maps
from normviz.model.norms import NORMS
from normviz.words import captions, naming


def enlarge(pixels: np.ndarray, side: int) -> bytes:
    """Returns a 32x32 picture (uint8, 32 x 32 x 3) with every pixel drawn as a square, as PNG."""
    return _enlarged(networks.digest(pixels), side, pixels)


@st.cache_resource(show_spinner=False, max_entries=400)
def _enlarged(content: str, side: int, _pixels: np.ndarray) -> bytes:
    return maps.png(np.asarray(Image.fromarray(_pixels).resize((side, side), Image.Resampling.NEAREST)))


def show_agreement(answers_by_norm: dict[str, pd.DataFrame]) -> None:
    """Says in large letters what each network answers, and whether they agree."""
    first = {norm: table.iloc[0] for norm, table in answers_by_norm.items()}
    classes = {answer["class"] for answer in first.values()}
    words = {1: "All three agree", 2: "Two of three agree", 3: "Three different answers"}
    st.subheader(words[len(classes)])
    lines = [f"{norm_tag(norm)} <b>{escape(answer['class'])}</b> {answer['probability']:.0%}" for norm, answer in first.items()]
    st.html(f"<div style='font-size: 1.4rem; line-height: 1.7'>{'<br>'.join(lines)}</div>")


def choose_class(place, label: str, no_choice: str, key: str) -> int | None:
    """Lets the visitor choose one of the classes that the networks of the page know.

    Args:
        place: where the choice stands.
        label: what it is called.
        no_choice: what stands for none of them.
        key: of the choice in the address.

    Returns:
        The class by its number, or None.
    """
    while no_choice in saved.classes():
        no_choice = f"({no_choice})"
    options = [no_choice, *saved.classes()]
    if st.session_state.get(key, no_choice) not in options:  # chosen where the networks knew other classes
        del st.session_state[key]
    name = place.selectbox(label, options, key=key, bind="query-params")
    return None if name == no_choice else options.index(name, 1) - 1


def choose_layer(default: int = 1) -> int:
    """Returns the norm layer to look at, from 1; one that the networks of the page lack gives way to the default."""
    numbers = list(range(1, networks.norm_layers() + 1))
    if st.session_state.get("layer", numbers[0]) not in numbers:
        del st.session_state["layer"]
    return frame.one_of(
        "Norm layer", numbers, default=min(default, numbers[-1]), required=True, key="layer", bind="query-params"
    )


def choose_quantity() -> str:
    """Returns a key of `captions.QUANTITIES`."""
    return st.selectbox(
        "Quantity", list(captions.QUANTITIES), format_func=captions.QUANTITIES.get, key="quantity", bind="query-params"
    )


def norm_tag(norm: str) -> str:
    """Returns a model's short name on its colour, as HTML."""
    tones = NORMS[norm].on(frame.scheme())
    return (
        f"<span style='background: {tones.mark}; color: {tones.ink}; border-radius: 0.25rem; "
        f"padding: 0 0.3rem; font-weight: 700'>{naming.SHORT[frame.study()][norm]}</span>"
    )
