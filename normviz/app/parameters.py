"""What the page on parameters is made of; what takes no choice but the study and the widths is drawn once and replayed."""

import pandas as pd
import streamlit as st

from normviz.app import frame, networks, saved, take_away
from normviz.charts import parameters as parameter_charts
from normviz.explain import parameters
from normviz.words import captions, naming, published


@take_away.replayed
def show_shipped(study: str, digests: tuple[str, ...], scheme: str) -> None:
    """Draws the three networks against the budget, and layer by layer."""
    layers = {norm: networks.layer_table(norm) for norm in saved.models()}
    parts = {norm: parameters.parameter_parts(rows) for norm, rows in layers.items()}
    totals, budget = parameters.totals(parts, naming.MODEL_NAMES[study]), published.target()["max_parameters"]
    st.subheader(f"Against the budget of {budget:,}")
    _show_totals(totals, f"Parameters against the budget of {budget:,}.")
    st.subheader("Layer by layer")
    highest = max(table["parameters"].max() for table in parts.values())
    for norm, run in saved.three_columns():
        frame.norm_heading(norm, run)
        frame.show(
            parameter_charts.parameter_bars(parts[norm], norm, highest),
            f"Convolution and norm parameters of the {norm} network by convolution.",
            parameters.total_sentence(totals, norm),
        )
        _show_layer_table(layers[norm])


@take_away.replayed
def show_costs(widths: tuple[int, ...], scheme: str) -> None:
    """Draws what each kind of norm costs in a network of these widths."""
    chosen = {norm: parameters.parameter_parts(networks.summary(kind, widths)) for norm, (kind, _) in captions.COSTS.items()}
    _show_totals(parameters.totals(chosen, captions.COST_NAMES), "Your widths against the budget.")
    costs = parameters.cost_table(chosen)
    take_away.keep("Table: parameters of each convolution and its norm.", costs)
    st.table(costs.style.format(thousands=","), border="horizontal", hide_index=True)


def _show_totals(totals: pd.DataFrame, title: str) -> None:
    chart = parameter_charts.budget_bars(totals, published.target()["max_parameters"])
    frame.show(chart, title, parameters.total_sentence(totals))


def _show_layer_table(layers: list[dict]) -> None:
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
        value = frame.number(label, 1, 256, value=start, key=key, bind="query-params")
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
