"""What a visitor chooses with, and the parts of a page that several charts or pages share."""

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from normviz import lessons, ui
from normviz.norms import NORMS


def show_layer_table(layers: list[dict]) -> None:
    table = pd.DataFrame(layers)
    table["output_shape"] = [" x ".join(map(str, shape[1:])) for shape in table["output_shape"]]
    st.dataframe(
        table.rename(columns={"index": "#", "output_shape": "output C x H x W"}),
        hide_index=True,
        height=420,
        column_config={"parameters": st.column_config.NumberColumn(format="localized")},
        alt=f"Layer table: {len(table)} rows, {table['parameters'].sum():,} parameters",
    )


def choose_widths() -> tuple[int, ...]:
    """Returns ten widths, from a number a row of `lessons.WIDTH_CHOICES` and presets of the source's three networks."""
    from normviz.network import PUBLISHED_WIDTHS

    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Start from", width="content")
        for norm, preset in PUBLISHED_WIDTHS.items():
            st.button(lessons.MODEL_NAMES["published"][norm], key=f"preset_{norm}", on_click=_set_widths, args=(preset,))
    numbers = {}
    for key, (label, places) in _width_cells():
        start = PUBLISHED_WIDTHS["batch"][places[0] - 1]
        value = st.number_input(label, 1, 256, value=start, key=key, bind="query-params")
        numbers |= dict.fromkeys(places, int(value))
    return tuple(numbers[place] for place in sorted(numbers))


def _width_cells():
    grid = st.grid(7, min_column_width=120)
    for key, choice in lessons.WIDTH_CHOICES.items():
        with grid.cell():
            yield key, choice


def _set_widths(preset: tuple[int, ...]) -> None:
    for key, (_, places) in lessons.WIDTH_CHOICES.items():
        st.session_state[key] = preset[places[0] - 1]


def offer_download() -> None:
    """Shows the button that fetches CIFAR-10, its progress, and what went wrong if it did."""
    from normviz import data

    with st.container(border=True):
        st.markdown(
            "The pictures of CIFAR-10 are not part of this project. Everything but them is shown; one click fetches them "
            f"({data.ARCHIVE_BYTES / 1e6:.0f} MB) into `{data.download_folder().name}/`."
        )
        if not st.button("Fetch CIFAR-10", icon=":material/download:", key="fetch"):
            return
        bar = st.progress(0.0, "Fetching CIFAR-10")
        try:
            data.download(data.download_folder(), lambda part: bar.progress(part, f"Fetching CIFAR-10: {part:.0%}"))
        except data.DataError as error:
            bar.empty()
            st.error(ui.plain(f"{error}. The button above tries again."))
            return
    st.rerun()


def enlarge(pixels: np.ndarray, side: int) -> Image.Image:
    """Returns a 32x32 picture (uint8, 32 x 32 x 3) with every pixel drawn as a square."""
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)


def show_agreement(answers_by_norm: dict[str, pd.DataFrame]) -> None:
    """Says in large letters what each network answers, and whether they agree."""
    first = {norm: table.iloc[0] for norm, table in answers_by_norm.items()}
    classes = {answer["class"] for answer in first.values()}
    words = {1: "All three agree", 2: "Two of three agree", 3: "Three different answers"}
    st.subheader(words[len(classes)])
    lines = [f"{norm_tag(norm)} <b>{answer['class']}</b> {answer['probability']:.0%}" for norm, answer in first.items()]
    st.html(f"<div style='font-size: 1.4rem; line-height: 1.7'>{'<br>'.join(lines)}</div>")


def choose_layer(default: int = 1) -> int:
    """Returns the norm layer to look at, 1 to 8."""
    from normviz.network import NORM_LAYERS

    numbers = list(range(1, NORM_LAYERS + 1))
    return st.segmented_control("Norm layer", numbers, default=default, required=True, key="layer", bind="query-params")


def choose_quantity() -> str:
    """Returns a key of `lessons.QUANTITIES`."""
    return st.selectbox(
        "Quantity", list(lessons.QUANTITIES), format_func=lessons.QUANTITIES.get, key="quantity", bind="query-params"
    )


def norm_tag(norm: str) -> str:
    """Returns a model's short name on its colour, as HTML."""
    return (
        f"<span style='background: {NORMS[norm].colour}; color: {NORMS[norm].ink}; border-radius: 0.25rem; "
        f"padding: 0 0.3rem; font-weight: 700'>{lessons.SHORT[ui.study()][norm]}</span>"
    )
