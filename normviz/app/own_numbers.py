"""The tables of the page "What is averaged" that a visitor edits, and the batches that they feed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from normviz.app import frame
from normviz.app.averaging import BOUND, Tensor
from normviz.charts import cells as cell_charts
from normviz.explain import arithmetic, cells
from normviz.explain.cells import Cell

MOST_FED = 200
NARROW = 56  # pixels of a column where there are many
RULE = f"A cell takes a number between -{cells.LIMIT:,.0f} and {cells.LIMIT:,.0f}, such as 3 or -2.5. Type one there; "


def edit(tensor: Tensor) -> Tensor:
    """Shows the numbers of a made-up tensor, gamma and beta for editing; returns the tensor that they make."""
    layer = tensor.layer
    learned = pd.DataFrame({"gamma": layer.gamma, "beta": layer.beta}).map(cells.written)
    learned.index = [f"channel {channel}" for channel in learned.index]
    st.subheader("Change the numbers")
    st.caption("Everything above follows. Edits stay in this visit; a link carries the seed alone.")
    wide, narrow = st.columns([2, 1], gap="medium")
    with wide:
        title = "The tensor: one row a picture and channel, one column a pixel (row, column)"
        x = _edited(f"numbers_{tensor.seed}", title, arithmetic.as_text(layer.x))
    with narrow:
        gamma, beta = _edited("affine", "Gamma and beta by channel", learned).T
    return replace(tensor, layer=replace(layer, x=x.reshape(layer.x.shape), gamma=gamma, beta=beta))


def _edited(name: str, title: str, texts: pd.DataFrame) -> np.ndarray:
    """Shows a table of texts; returns its numbers, with the last good number wherever a text is none."""
    st.markdown(f"**{title}**")
    said = st.container()
    table = _editor(name, texts)
    typed = arithmetic.read_numbers(table)
    numbers = _keep_good(name, typed, texts)
    if typed.problems:
        with said:
            _explain(typed.problems)
    return numbers


def _explain(problems: list[str]) -> None:
    shown = "  \n".join(frame.plain(problem) for problem in problems[:5])
    more = f"  \nand {len(problems) - 5} more" if len(problems) > 5 else ""
    st.error(
        f"{shown}{more}  \n{frame.plain(RULE)}until then the picture keeps the last good number.", icon=":material/edit_off:"
    )


def _editor(name: str, texts: pd.DataFrame) -> pd.DataFrame:
    """Shows the editor; what was typed comes back after the table was hidden or changed its size."""
    typed = st.session_state.setdefault(f"typed_{name}", {})
    turn = st.session_state.setdefault(f"turn_{name}", 0)
    key = f"{name}_{texts.index[-1]}_{texts.columns[-1]}_{turn}"
    if key not in st.session_state:
        st.session_state[f"base_{name}"] = _with_typed(texts, typed)
    width = NARROW if len(texts.columns) > 2 else None
    columns = {column: st.column_config.TextColumn(column, width=width) for column in texts.columns}
    table = st.data_editor(
        st.session_state[f"base_{name}"],
        key=key,
        column_config=columns,
        num_rows="fixed",
        disabled=["_index"],
        height=_height(texts),
    )
    _note_typed(typed, table, texts)
    if typed:
        st.button("Take the edits back", key=f"undo_{name}", icon=":material/undo:", on_click=_take_back, args=(name,))
    return table


def _height(texts: pd.DataFrame) -> int:
    return min(35 * (len(texts) + 1) + 3, 330)


def _with_typed(texts: pd.DataFrame, typed: dict) -> pd.DataFrame:
    table = texts.copy()
    for (row, column), text in typed.items():
        if row in table.index and column in table.columns:
            table.loc[row, column] = text
    return table


def _note_typed(typed: dict, table: pd.DataFrame, texts: pd.DataFrame) -> None:
    for row, column in np.ndindex(table.shape):
        place, text = (table.index[row], table.columns[column]), table.iat[row, column]
        typed.pop(place, None)
        if text != texts.iat[row, column]:
            typed[place] = text


def _take_back(name: str) -> None:
    st.session_state[f"typed_{name}"] = {}
    st.session_state[f"good_{name}"] = {}
    st.session_state[f"turn_{name}"] += 1


def _keep_good(name: str, typed: arithmetic.Typed, texts: pd.DataFrame) -> np.ndarray:
    good = st.session_state.setdefault(f"good_{name}", {})
    numbers = typed.numbers.copy()
    for row, column in np.ndindex(numbers.shape):
        place = texts.index[row], texts.columns[column]
        if np.isnan(numbers[row, column]):
            numbers[row, column] = good.get(place, float(texts.iat[row, column]))
        good[place] = numbers[row, column]
    return numbers


def choose_fed(tensor: Tensor) -> int:
    """Shows the buttons that feed batches; returns how many were fed."""
    st.subheader("Batch norm also keeps running statistics")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = frame.number("Batches fed", 0, MOST_FED, key="fed", width=160, **BOUND)
        for label, more in (("Feed a batch", 1), ("Feed 10", 10)):
            st.button(label, icon=":material/input:", on_click=_feed_more, args=(more,), disabled=count >= MOST_FED)
        st.button("Start again", icon=":material/restart_alt:", on_click=_feed_more, args=(-MOST_FED,))
    return count if cells.values_per_channel(tensor.layer.x) > 1 else 0


def _feed_more(more: int) -> None:
    st.session_state["fed"] = min(max(st.session_state["fed"] + more, 0), MOST_FED)


def feed(tensor: Tensor, count: int) -> pd.DataFrame:
    """Feeds the tensor as the first batch, then new numbers of the same seed, or the same activations again and again."""
    x = tensor.layer.x
    if tensor.seed is None:
        return cells.feed([x] * count, tensor.start)
    batches = [x, *(cells.made_up(x.shape, tensor.seed, number) for number in range(1, count))]
    return cells.feed(batches[:count], tensor.start)


def in_mode(tensor: Tensor, mode: str, fed: pd.DataFrame) -> Tensor:
    """Returns the tensor whose batch norm uses its own statistics (training) or the running ones (evaluation)."""
    return replace(tensor, running=cells.running_after(fed)) if mode == "evaluation" else tensor


def show_running(tensor: Tensor, fed: pd.DataFrame, locked: Cell) -> None:
    """Draws the running mean and variance of the locked cell's channel by batch, and writes the last update."""
    if cells.values_per_channel(tensor.layer.x) < 2:
        st.info("No batch of this shape can be fed: one value a channel has no variance to learn from.")
        return
    channel = locked[1]
    st.markdown(_explanation(tensor, channel))
    formulas = arithmetic.update_formulas(fed, channel) if fed["batch"].max() else {}
    grid, origin = st.grid(2, min_column_width=340), "this batch" if tensor.seed is None else "the distribution"
    for statistic, goal in _goals(tensor, channel).items():
        rows = fed[(fed["channel"] == channel) & (fed["statistic"] == statistic)]
        now = cells.written(rows["running"].iloc[-1])
        with grid.cell():
            st.markdown(f"Running {statistic} **{now}**; dashed: {cells.written(goal)}, the {statistic} of {origin}.")
            chart = cell_charts.running(rows, goal, f"{statistic}, channel {channel}")
            said = f"Of channel {channel} it is now {now}, and comes to {cells.written(goal)}."
            frame.show(chart, f"Running {statistic} by batch.", said)
            if formulas:
                st.latex(formulas[statistic])
    st.caption("Line: running value. Crosses: each batch's own value, the variance unbiased as torch.nn has it here.")


def _goals(tensor: Tensor, channel: int) -> dict[str, float]:
    real = tensor.seed is None
    values = cells.unbiased_statistics(tensor.layer.x) if real else cells.true_statistics(tensor.seed)
    return {name: float(by_channel[channel]) for name, by_channel in zip(("mean", "variance"), values)}


def _explanation(tensor: Tensor, channel: int) -> str:
    keep, new = 1 - cells.MOMENTUM, cells.MOMENTUM
    start = tuple(cells.written(values[channel]) for values in tensor.start)
    return (
        f"In training every batch moves them: running = {keep:g} × old + {new:g} × this batch. In evaluation they replace the "
        f"batch's own. Channel {channel} starts with mean {start[0]} and variance {start[1]}. {_what_is_fed(tensor)}."
    )


def _what_is_fed(tensor: Tensor) -> str:
    if tensor.seed is not None:
        return "The tensor above is the first batch; each further one is drawn from the same distribution"
    fed = "The same pictures are fed again and again, so that the statistics move"
    if tensor.kept:
        return f"{fed} from the training pictures' to these"
    return f"So PyTorch starts them, and this network kept none. {fed} to these pictures'"
