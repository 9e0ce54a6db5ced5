"""The page on invariances: its choices, the tables that are measured live, and one change drawn."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from normviz.app import frame, networks, saved, take_away
from normviz.charts import invariances as invariance_charts
from normviz.explain import invariances
from normviz.explain.invariances import CHANGES, COLUMNS, MEASURED, STAYS_BELOW, THROUGH
from normviz.model import norms
from normviz.model.norms import COMPARED
from normviz.words import papers

BOUND = {"bind": "query-params"}
FACTORS = (0.001, 0.01, 0.1, 0.5, 2.0, 10.0, 100.0)
FIRST_LAYER = 3  # shown first: every norm finds a large standard deviation there, so that epsilon hardly shows
CELLS = {  # stays or moves: mark, word, style; neither colour is a norm's
    True: ("=", "stays", "background: #A9C7D1; color: #000000"),
    False: ("≠", "moves", "box-shadow: inset 0 0 0 2px #D55E00"),
}
KEY = (
    "Measured here and now in double precision. The number is the largest change of any output, in standard deviations of "
    f"all outputs; below {STAYS_BELOW:g} it **stays**. All norms get the same activations, before gamma and beta; group norm with "
    "{groups}, batch norm in evaluation with the running statistics of this layer."
)
EPSILON = (
    f"A constant falls out exactly. A factor does not quite: every norm divides by $\\sqrt{{\\sigma^2 + \\epsilon}}$ with "
    f"$\\epsilon = 10^{{{np.log10(norms.EPSILON):.0f}}}$, so where $\\sigma$ is not large beside "
    f"$\\sqrt\\epsilon = {np.sqrt(norms.EPSILON):.4f}$ the factor shows. The last row gives the smallest $\\sigma$ above zero "
    "that each norm finds here; the factor 0.01 makes it a hundred times smaller still."
)
PICTURE = (
    "Now the picture itself is changed, and goes through the trained networks. Brightness multiplies every pixel, contrast "
    "pulls every pixel away from or towards the picture's mean grey. Neither reaches a norm layer as one clean factor: "
    "standardisation adds a constant first, white and black are cut off, and what lies before a norm is not linear."
)
PAPER_NOTE = (
    "What “the paper” says is table 1 and section 5.1 of {cited}; “here” is the table above. The paper looks at fully connected "
    "layers and changes weights or data; the first column says how such a change reaches the norm. It leaves out epsilon."
)


@dataclass(frozen=True)
class Amounts:
    """By how much is changed: factor and constant (in standard deviations) at the layer, brightness and contrast factors."""

    factor: float
    constant: float
    brightness: float
    contrast: float


def choose_amounts() -> Amounts:
    """Lets the visitor choose by how much is changed."""
    grid = st.grid(4, min_column_width=230)
    return Amounts(
        grid.select_slider("Factor", FACTORS, value=2.0, key="factor", format_func="{:g}".format, **BOUND),
        grid.slider("Constant, in standard deviations", -3.0, 3.0, 1.0, 0.5, key="constant", **BOUND),
        grid.slider("Brightness of the picture, factor", 0.2, 2.6, 1.5, 0.1, key="brightness", **BOUND),
        grid.slider("Contrast of the picture, factor", 0.2, 2.6, 0.5, 0.1, key="contrast", **BOUND),
    )


@dataclass(frozen=True)
class Received:
    """What tells one batch at one norm layer from others: study, digests of its runs and of the pictures, layer."""

    study: str
    digests: tuple[str, ...]
    content: str
    layer: int


def activations(pixels: np.ndarray, layer: int) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Returns what a norm layer of the batch norm network receives, and its running mean and variance, as float64."""
    passage = networks.passages("batch", pixels)[layer - 1]
    kept = (passage.module.running_mean, passage.module.running_var)
    return passage.before.astype(np.float64), tuple(values.cpu().numpy().astype(np.float64) for values in kept)


def show_table(received: Received, amounts: Amounts, pixels: np.ndarray) -> None:
    """Measures every change at the layer and shows the table, what it says, and the paper's."""
    _table_of_changes(received, amounts.factor, amounts.constant, pixels)


@take_away.replayed
def _table_of_changes(received: Received, factor: float, constant: float, _pixels: np.ndarray) -> None:
    x, running = activations(_pixels, received.layer)
    found, smallest = invariances.measure(x, running, factor, constant), invariances.smallest_deviations(x, running)
    st.markdown(f"**{invariances.sentence(found)}**")
    rows = [
        (CHANGES[change].label, [_cell(value) for value in part["moved"]])
        for change, part in found.groupby("change", sort=False)
    ]
    rows.append(("smallest σ", [f"{smallest[column]:.2g}" if column in smallest else "–" for column in COLUMNS]))
    _table(rows, [column.label for column in COLUMNS.values()])
    groups = invariances.group_count(x.shape[1])
    st.caption(KEY.format(groups=f"{groups} group{'s' * (groups > 1)}"))
    st.caption(EPSILON)
    _show_paper(found)


def _show_paper(found: pd.DataFrame) -> None:
    with st.expander("The same in the paper on layer norm"):
        table = invariances.against_paper(found)
        heads = ["in the paper", "batch norm: paper", "here, training", "layer norm: paper", "here"]
        _table([(row[0], list(row[1:])) for row in table.itertuples(index=False)], heads)
        frame.small(PAPER_NOTE.format(cited=papers.cite("layer_norm")))


def _cell(value: float) -> str:
    mark, word, style = CELLS[value < STAYS_BELOW]
    number = "0" if value == 0 else f"{value:.0e}" if value < STAYS_BELOW else f"{value:.2g}" if value < 100 else f"{value:.0f}"
    return f'<div style="{style}; border-radius: 0.25rem; padding: 0.15rem"><b>{mark} {word}</b><br>{number}</div>'


def _table(rows: list[tuple[str, list[str]]], heads: list[str]) -> None:
    """Writes a table of HTML cells that narrows with the window."""
    names = [name.replace("evaluation", "evalua&shy;tion") for name in heads]
    head = "".join(f"<th scope='col' style='padding: 2px'>{name}</th>" for name in names)
    body = "".join(
        f"<tr><th scope='row' style='text-align: left; padding: 2px; font-weight: 400'>{name}</th>"
        + "".join(f"<td style='padding: 2px; text-align: center'>{cell}</td>" for cell in cells)
        + "</tr>"
        for name, cells in rows
    )
    look = "width: 100%; max-width: 60rem; table-layout: fixed; border-collapse: collapse; line-height: 1.25; "
    look += "font-size: clamp(0.62rem, 1.7vw, 1rem); overflow-wrap: break-word"
    st.html(f"<table style='{look}'><thead><tr><th style='width: 20%'></th>{head}</tr></thead><tbody>{body}</tbody></table>")


def show_one(received: Received, amounts: Amounts, pixels: np.ndarray) -> None:
    """Draws one change: what one norm receives and gives, after against before."""
    change = st.selectbox("Change", list(CHANGES), format_func=lambda key: CHANGES[key].label, key="change", width=400, **BOUND)
    options = {"default": "layer", "required": True, "key": "seen", "format_func": _label, **BOUND}
    column = frame.one_of("Norm", list(COLUMNS), **options)
    _draw_one(received, change, column, amounts.factor, amounts.constant, frame.scheme(), pixels)
    st.caption("On the dashed diagonal: not moved. First what the norm receives, then what it gives, for the same places.")


@take_away.replayed
def _draw_one(
    received: Received, change: str, column: str, factor: float, constant: float, scheme: str, _pixels: np.ndarray
) -> None:
    x, running = activations(_pixels, received.layer)
    grid, table = st.grid(2, min_column_width=320), invariances.pairs(x, running, change, column, factor, constant)
    for side in ("received", "given"):
        with grid.cell():
            part = table[table["side"] == side]
            chart = invariance_charts.before_and_after(part, COLUMNS[column].norm, side)
            frame.show(chart, f"Values that the norm has {side}, after the change against before; the diagonal: nothing moved.")


def _label(column: str) -> str:
    return COLUMNS[column].label


def show_pictures(received: Received, amounts: Amounts, pixels: np.ndarray) -> None:
    """Measures what brighter pictures and another contrast move in the trained networks."""
    st.markdown(PICTURE)
    _table_of_pictures(received, (("brightness", amounts.brightness), ("contrast", amounts.contrast)), pixels)


@take_away.replayed
def _table_of_pictures(received: Received, amounts: tuple[tuple[str, float], ...], _pixels: np.ndarray) -> None:
    answering, factors = {norm: networks.network(norm) for norm in COMPARED}, dict(amounts)
    found = _picture_changes(received.digests, received.content, amounts, answering, _pixels)
    found = found[found["layer"].isin([0, received.layer])]
    st.markdown(f"**{invariances.picture_sentence(found, factors)}**")
    rows = [
        (f"{change} × {factors[change]:g}: {MEASURED[what]}", _picture_cells(part, what, len(_pixels)))
        for (change, what), part in found.groupby(["change", "measured"], sort=False)
    ]
    _table(rows, [COLUMNS[column].label for column in THROUGH])
    st.caption(
        f"Norm layer {received.layer}, gamma and beta included, and the {len(saved.classes())} logits; same threshold, in standard deviations of all "
        "values. Batch norm in training mode is a copy that uses this batch's statistics at every layer."
    )


def _picture_cells(part: pd.DataFrame, what: str, count: int) -> list[str]:
    by_column = part.set_index("column")["moved"][list(THROUGH)]
    return [f"{value:.0f} of {count}" if what == "answers" else _cell(value) for value in by_column]


@st.cache_data(show_spinner=False, max_entries=200)
def _picture_changes(digests: tuple, content: str, factors: tuple, _networks: dict, _pixels: np.ndarray):
    return invariances.picture_changes(_networks, _pixels, dict(factors))
