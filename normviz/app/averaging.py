"""The page "What is averaged": which tensor, which norm, which cell, and the arithmetic of that cell."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import streamlit as st

from normviz.app import controls, frame, networks, pictures
from normviz.charts import cells as cell_charts
from normviz.charts.parts import Drawing
from normviz.explain import arithmetic, cells
from normviz.explain.cells import Cell, NormLayer
from normviz.model.norms import COMPARED, NORMS

BOUND = {"bind": "query-params"}
DRAWN_KEPT = 200  # pictures of a tensor, some 50 kB each
KINDS = ("batch", "group", "layer", "instance")
FIRST_NORM = "batch"
DEFAULT_SHAPE = {"n": 3, "c": 4, "h": 2, "w": 2}
SHAPE_NAMES = {"n": "N, pictures", "c": "C, channels", "h": "H, rows", "w": "W, columns"}
PROMPT = "**Point at a cell** to light everything it shares a mean with; **click it** to work its value by hand below."
# KaTeX draws 2 pixels beyond its box, for which a browser would offer to scroll a formula that no keyboard reaches
FORMULAS_FIT = "<style>.stMarkdown .katex-display { padding: 0 2px }</style>"


@dataclass(frozen=True)
class Tensor:
    """What the visitor chose to look at.

    Attributes:
        layer: the tensor, the chosen norm, gamma and beta.
        window: the drawn pictures, channels, rows and columns.
        seed: of the made-up numbers; None for real activations.
        start: running mean and variance before any batch is fed.
        compare: batch, group and layer norm are drawn side by side.
        note: where the numbers come from.
        running: mean and variance that batch norm uses in evaluation; None in training.
        kept: `start` is what the network kept from training.
    """

    layer: NormLayer
    window: tuple[range, ...]
    seed: int | None
    start: tuple[np.ndarray, np.ndarray]
    compare: bool
    note: str = ""
    running: tuple[np.ndarray, np.ndarray] | None = None
    kept: bool = False

    @property
    def has_batch_norm(self) -> bool:
        return self.compare or self.layer.norm == "batch"


def choose_source() -> str:
    """Shows what is drawn and, for made-up numbers, the norm; returns "made up" or "network"."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options = {"default": "made up", "required": True, "key": "tensor", **BOUND}
        source = frame.one_of("Tensor", ["made up", "network"], **options)
        if source == "made up":
            together = st.session_state.get("side", False)
            frame.one_of("Norm", KINDS, default=FIRST_NORM, required=True, key="norm", disabled=together, **BOUND)
        else:
            frame.one_of("Network", COMPARED, default=FIRST_NORM, required=True, key="network", **BOUND)
        st.toggle("Batch, group and layer side by side", key="side", **BOUND)
    return source


def depends_on_study(source: str) -> bool:
    """Returns whether the drawn numbers differ from study to study."""
    return source == "network"


def places_for(source: str) -> tuple:
    """Returns where the picture and the choices beside it go; under it, where three pictures need the width."""
    if st.session_state["side"]:
        return st.container(), st.container()
    return tuple(st.columns([5, 2] if source == "made up" else [5, 3], gap="medium"))


def choose_tensor(source: str) -> Tensor | None:
    """Shows the choices of one kind of tensor; None as long as there are no pictures to run."""
    return _made_up() if source == "made up" else _from_network()


def _made_up() -> Tensor:
    norm, compare = st.session_state["norm"] or FIRST_NORM, st.session_state["side"]
    shape = _choose_shape(cells.LARGEST)
    groups = _choose_groups(shape[1]) if compare or norm == "group" else 1
    seed = frame.number("Other numbers (seed)", 0, 999, value=9, key="seed", **BOUND)
    x, channels = cells.made_up(shape, seed), shape[1]
    layer = NormLayer(x, norm, np.ones(channels), np.zeros(channels), groups)
    start = np.zeros(channels), np.ones(channels)
    return Tensor(layer, tuple(map(range, shape)), seed, start, compare)


def _choose_shape(largest: tuple[int, ...]) -> tuple[int, ...]:
    grid, shape = st.grid(4 if st.session_state["side"] else 2, min_column_width=110), []
    for (key, name), most in zip(SHAPE_NAMES.items(), largest):
        _keep_below(key, most)
        shape.append(frame.number(name, 1, most, value=min(DEFAULT_SHAPE[key], most), key=key, place=grid, **BOUND))
    return tuple(shape)


def _keep_below(key: str, most: int) -> None:
    """Lowers a number that was chosen when more was to be had."""
    if st.session_state.get(key, 0) > most:
        st.session_state[key] = most


def _choose_groups(channels: int) -> int:
    """Offers the numbers of groups that divide the channels, and no other."""
    options = cells.divisors(channels)
    if len(options) == 1:
        st.caption("One channel: group, layer and instance norm are the same.")
        return 1
    label = f"Groups: 1 is layer norm, {channels} is instance norm"
    return st.select_slider(label, options, value=options[len(options) // 2], key="groups", **BOUND)


def _from_network() -> Tensor | None:
    network, number = st.session_state["network"] or FIRST_NORM, controls.choose_layer()
    pixels = pictures.choose_batch()
    if pixels is None:
        return None
    received = _received(network, number, pixels)
    compare = st.session_state["side"]
    if compare and received.norm != "group":
        received = replace(received, groups=_choose_groups(received.x.shape[1]))
    start = received.running or (np.zeros(received.x.shape[1]), np.ones(received.x.shape[1]))
    note = f"What norm layer {number} of the {network} network receives: {' x '.join(map(str, received.x.shape))} values"
    return Tensor(
        replace(received, running=None),
        _choose_window(received.x.shape),
        None,
        start,
        compare,
        note,
        kept=received.running is not None,
    )


def _received(network: str, number: int, pixels: np.ndarray) -> NormLayer:
    from normviz.explain import trained_layers

    return trained_layers.from_passage(networks.passages(network, pixels)[number - 1])


def _choose_window(shape: tuple[int, ...]) -> tuple[range, ...]:
    """Offers a slice of a large tensor; returns its pictures, channels, rows and columns."""
    counts = _choose_shape(tuple(map(min, shape, cells.LARGEST)))
    grid, window = st.grid(3, min_column_width=80), [range(counts[0])]
    for key, name, length, count in zip(("first", "top", "left"), ("from channel", "row", "column"), shape[1:], counts[1:]):
        _keep_below(key, length - count)
        default = 0 if key == "first" else (length - count) // 2
        first = frame.number(name, 0, length - count, value=default, key=key, place=grid, **BOUND) if length > count else 0
        window.append(range(first, first + count))
    return tuple(window)


def choose_mode(tensor: Tensor) -> str:
    """Shows batch norm's switch between training and evaluation."""
    if not tensor.has_batch_norm:
        return "training"
    options = {"default": "training", "required": True, "key": "mode", **BOUND}
    mode = frame.one_of("Batch norm in", ["training", "evaluation"], **options)
    if tensor.seed is None and tensor.layer.norm == "batch":
        st.caption("The trained network answers in evaluation: there this layer uses its running statistics.")
    return mode


def choose_cell(tensor: Tensor) -> Cell:
    """Shows the locked cell as a list to choose from, for keyboards and phones; a click on the picture sets it too."""
    options = [cells.cell_key(cell) for cell in np.stack(np.meshgrid(*tensor.window, indexing="ij"), -1).reshape(-1, 4)]
    if st.session_state.get("cell") not in (None, *options):
        del st.session_state["cell"]
    key = st.selectbox("Cell: picture-channel-row-column", options, key="cell", on_change=_forget_click, width=260, **BOUND)
    return cells.cell_of(key)


def _forget_click() -> None:
    st.session_state["unclicked"] = st.session_state.get("unclicked", 0) + 1


def layers_shown(tensor: Tensor) -> list[NormLayer]:
    """Returns the one chosen norm, or batch, group and layer norm on the same tensor."""
    shown = COMPARED if tensor.compare else (tensor.layer.norm,)
    return [replace(tensor.layer, norm=norm, running=tensor.running if norm == "batch" else None) for norm in shown]


def beside_each_other(layers: list[NormLayer]) -> Iterator[NormLayer]:
    """Yields each layer inside a cell of its own, under its name."""
    grid = st.grid(len(layers), min_column_width=260)
    for layer in layers:
        with grid.cell():
            heading(layer)
            yield layer


def heading(layer: NormLayer) -> None:
    """Writes a norm's name, always one line, so that what stands below is level with its neighbours."""
    norm = NORMS[layer.norm]
    named = f"{norm.label}, {layer.groups} groups" if layer.norm == "group" else norm.label
    st.html(
        f'<div style="border-left: 0.5rem solid {norm.on(frame.scheme()).mark}; padding-left: 0.6rem; line-height: 1.3">'
        f'<span style="font-size: 1.2rem; font-weight: 700">{named}</span></div>'
    )


def _averaged(layer: NormLayer) -> str:
    """Says what shares a mean, and how often."""
    if layer.running:
        return "Running statistics, one mean and variance a channel."
    groups = len(layer.statistics[0])
    averages_over = NORMS[layer.norm].averages_over
    return f"One mean for {averages_over}: {groups:,} group{'s' * (groups != 1)} of {layer.x.size // groups:,}."


@dataclass(frozen=True)
class Drawn:
    """A tensor's picture and what is said of it."""

    drawing: Drawing
    cells: int
    groups: int
    framed: str


def draw(tensor: Tensor, layers: list[NormLayer], locked: Cell) -> None:
    """Draws the tensor under each norm; a click locks the cell."""
    st.markdown(PROMPT)
    for layer in beside_each_other(layers):
        drawn = _drawn(layer, tensor.window, locked)
        key = f"cells_{layer.norm}_{st.session_state.get('unclicked', 0)}"
        frame.show(
            drawn.drawing,
            f"The tensor under {NORMS[layer.norm].label.lower()}, cell by cell.",
            f"{drawn.cells} cells in {drawn.groups} statistic groups.",
            key=key,
            on_select=partial(_lock, key),
            selection_mode="pick",
        )
        st.markdown(_averaged(layer))
        if tensor.note:
            st.caption(drawn.framed)
    if tensor.note:
        st.caption(f"{tensor.note}, of which {drawn.cells:,} are drawn. Statistics are taken over all of them.")


def _drawn(layer: NormLayer, window: tuple[range, ...], locked: Cell) -> Drawn:
    content = networks.digest(layer.x, layer.gamma, layer.beta, *(layer.running or ()))
    return _draw_once(content, layer.x.shape, layer.norm, layer.groups, bool(layer.running), str(window), locked, layer, window)


@st.cache_resource(show_spinner=False, max_entries=DRAWN_KEPT)
def _draw_once(
    content: str,
    shape: tuple[int, ...],
    norm: str,
    groups: int,
    running: bool,
    part: str,
    locked: Cell,
    _layer: NormLayer,
    _window: tuple[range, ...],
) -> Drawn:
    table = cells.frame(_layer, _window, locked)
    group = table[table["locked"]].iloc[0]
    framed = f"Group {group['letter']}, of the framed cell: {group['count']:,} values, of which {group['drawn']:,} are drawn."
    return Drawn(cell_charts.tensor(table), len(table), table["group"].nunique(), framed)


def _lock(key: str) -> None:
    picked = st.session_state[key]["selection"].get("pick") or [{}]
    if picked[0].get("cell"):
        st.session_state["cell"] = picked[0]["cell"]


def work_out(layers: list[NormLayer], locked: Cell) -> None:
    """Writes the locked cell's arithmetic with its numbers, for each norm that is drawn."""
    for layer in beside_each_other(layers) if len(layers) > 1 else layers:
        if layer.undefined:
            st.warning(arithmetic.why_undefined(layer), icon=":material/block:")
            continue
        _write(arithmetic.work(layer, locked), columns=2 if len(layers) == 1 else 1)


def _write(worked: arithmetic.Worked, columns: int) -> None:
    value, normalized, result = map(cells.written, (worked.value, worked.normalized, worked.result))
    name = frame.plain(f"x[{', '.join(map(str, worked.cell))}]")
    st.markdown(f"{name} = **{value}** is normalized to **{normalized}** and given on as **{result}**.")
    st.html(FORMULAS_FIT)
    grid = st.grid(columns, min_column_width=300, border=True)
    for title, formula, note in arithmetic.steps(worked):
        with grid.cell():
            st.markdown(f"**{title}**")
            st.latex(formula)
            st.caption(note)
