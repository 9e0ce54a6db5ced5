"""What the page on parameters is made of."""

import pandas as pd
import streamlit as st

from normviz.app import take_away
from normviz.words import captions, naming


def show_layer_table(layers: list[dict]) -> None:
    table = pd.DataFrame(layers)
    table["output_shape"] = ["x".join(map(str, shape[1:])) for shape in table["output_shape"]]
    said = f"Layer table: {len(table)} rows, {table['parameters'].sum():,} parameters"
    take_away.keep(f"{said}.", table)
    st.dataframe(
        table.rename(columns={"index": "#", "output_shape": "CxHxW", "parameters": "learned"}),
        hide_index=True,
        height=420,
        column_config={
            "#": st.column_config.NumberColumn(width=28),
            "type": st.column_config.TextColumn(width=94),
            "CxHxW": st.column_config.TextColumn(width=76, help="Channels, rows and columns of its output"),
            "learned": st.column_config.NumberColumn(format="localized", help="Parameters"),
        },
        alt=said,
    )


def choose_widths() -> tuple[int, ...]:
    """Returns ten widths, from a number a row of `captions.WIDTH_CHOICES` and presets of the source's three networks."""
    from normviz.model.network import PUBLISHED_WIDTHS

    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Start from", width="content")
        for norm, preset in PUBLISHED_WIDTHS.items():
            st.button(naming.MODEL_NAMES["published"][norm], key=f"preset_{norm}", on_click=_set_widths, args=(preset,))
    numbers = {}
    for key, (label, places) in _width_cells():
        start = PUBLISHED_WIDTHS["batch"][places[0] - 1]
        value = st.number_input(label, 1, 256, value=start, key=key, bind="query-params")
        numbers |= dict.fromkeys(places, int(value))
    return tuple(numbers[place] for place in sorted(numbers))


def _width_cells():
    grid = st.grid(7, min_column_width=120)
    for key, choice in captions.WIDTH_CHOICES.items():
        with grid.cell():
            yield key, choice


def _set_widths(preset: tuple[int, ...]) -> None:
    for key, (_, places) in captions.WIDTH_CHOICES.items():
        st.session_state[key] = preset[places[0] - 1]
