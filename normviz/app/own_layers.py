"""What is shown of one norm layer of a network of the visitor's own, and of that network: one thing at a time."""

import numpy as np
import pandas as pd
import streamlit as st

from normviz.app import frame, journey, own_network
from normviz.app.own_network import BOUND, Choice
from normviz.charts import batch_mates as batch_charts
from normviz.charts import cells as cell_charts
from normviz.charts import curves as curve_charts
from normviz.charts import layer_statistics as layer_charts
from normviz.explain import cells, maps
from normviz.words import captions
from normviz.words import own_network as words

DRAWN = (3, 4, 2, 2)  # N, C, H, W of the tensor whose cells are drawn
COLOURS = {"place": "layer", "": "none"}  # whose colour a kind has that is no norm of the registry
MOST_MARKS = 48  # groups or channels; more cannot be told apart
MOST_MAPS = 4


def show(choice: Choice, rows: list[dict]) -> None:
    """Shows one of `words.LOOKS`, as the visitor chooses; says so where there is no layer to look into."""
    met = [row for row in rows if row["reached"] and row["class"] != "functional"]
    if not met:
        st.info(words.NO_LAYER, icon=":material/block:")
        return
    options = {"default": words.LOOKS[0], "required": True, "key": "look", **BOUND}
    look = frame.one_of("Look at", words.LOOKS, **options)
    try:
        _show(look, choice, met)
    except ValueError as error:  # a network may take no other batch than the example, or give no answer
        st.info(frame.plain(error), icon=":material/block:")


def _show(look: str, choice: Choice, met: list[dict]) -> None:
    of_layer = {words.AVERAGES: _show_averages, words.STATISTICS: _show_statistics, words.CHANGED: _show_changes}
    paths = [row["path"] for row in met]
    if look in of_layer:
        of_layer[look](choice, _choose_layer(met))
    elif look == words.OTHERS:
        _show_batches(choice, paths, _choose_picture(choice))
    else:
        _show_depth(choice, paths, _choose_layer(met), _choose_picture(choice))


def _choose_layer(met: list[dict]) -> dict:
    paths = {row["path"]: row for row in met}
    return paths[st.selectbox("Norm layer", list(paths), key="path")]


def _colour(kind: str) -> str:
    return COLOURS.get(kind, kind)


def _show_averages(choice: Choice, row: dict) -> None:
    grid = st.grid(2, min_column_width=340)
    with grid.cell():
        _show_cells(row)
    with grid.cell():
        _show_values(choice, row)


def _show_cells(row: dict) -> None:
    """Draws which cells of a small tensor share a mean in a layer."""
    from normviz.explain import own_network

    kind, _ = own_network.kind_of(row)
    if kind in ("", "none"):
        st.markdown(words.NO_CELLS.format(averages=frame.plain(row["averages"] or "none")))
        return
    x, channels = cells.made_up(DRAWN, 9), DRAWN[1]
    layer = cells.NormLayer(x, kind, np.ones(channels), np.zeros(channels), 2)
    table = cells.frame(layer, tuple(map(range, DRAWN)), (0, 0, 0, 0))
    said = f"{table['group'].nunique()} statistic groups of {kind} norm."
    frame.show(cell_charts.tensor(table), "A tensor, cell by cell.", said)
    st.caption(words.CELLS)


@st.cache_resource(show_spinner="Running the example through it", max_entries=8)
def _layer(key: tuple, _choice: Choice, _row: dict, path: str):
    """Returns the layer as the example met it; shared by all sessions, never change it."""
    from normviz.explain import own_network as explain

    return explain.layer(*own_network.built(_choice), _row)


def _met(choice: Choice, row: dict):
    return _layer(choice.key, choice, row, row["path"])


def _show_values(choice: Choice, row: dict) -> None:
    """Draws what a layer received and gave for the example."""
    table, shape = _values(choice.key, choice, row, row["path"])
    chart = layer_charts.distribution(table, _colour(_kind(row)))
    frame.show(chart, "Values before and after the norm layer.", f"Of {row['path']}.")
    st.caption(f"What it received and gave for {shape[0]} examples, in evaluation: {' x '.join(map(str, shape))} values.")


def _kind(row: dict) -> str:
    from normviz.explain import own_network as explain

    return explain.kind_of(row)[0]


@st.cache_data(show_spinner=False, max_entries=100)
def _values(key: tuple, _choice: Choice, _row: dict, path: str) -> tuple[pd.DataFrame, tuple[int, ...]]:
    from normviz.model import layer_statistics

    through = _met(_choice, _row).through
    passage = layer_statistics.Passage(1, through.before, through.after, through.layer)
    return layer_statistics.distribution(passage), through.before.shape


@st.cache_data(show_spinner=False, max_entries=100)
def _statistics(key: tuple, _choice: Choice, _row: dict, path: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns mean and standard deviation by statistic group, and `own_network.channels`."""
    from normviz.explain import own_network as explain
    from normviz.model import layer_statistics

    met = _met(_choice, _row)
    groups = layer_statistics.by_group(met.passage, met.kind or "none", met.groups)
    return groups, explain.channels(met)


def _show_statistics(choice: Choice, row: dict) -> None:
    """Draws mean and standard deviation by statistic group, gamma and beta, and batch against running statistics."""
    groups, channels = _statistics(choice.key, choice, row, row["path"])
    kind, grid, shown = _kind(row), st.grid(2, min_column_width=340), channels[channels["channel"] < MOST_MARKS]
    with grid.cell():
        _show_groups(groups, kind, row)
    with grid.cell():
        _show_learned(shown, kind, row, len(channels))
    if not row["running"] or channels["running_mean"].isna().all():
        st.markdown(words.KEPT_UNSEEN if row["running"] else words.NOT_KEPT)
        return
    st.markdown(words.KEPT)
    grid = st.grid(2, min_column_width=340)
    for statistic in ("mean", "std"):
        chart = layer_charts.channel_marks(shown, _colour(kind), (f"batch_{statistic}", f"running_{statistic}"), statistic)
        with grid.cell():
            frame.show(chart, f"Batch and running {statistic} by channel.", f"Of {row['path']}.")


def _show_learned(shown: pd.DataFrame, kind: str, row: dict, count: int) -> None:
    if shown["gamma"].isna().all():
        st.markdown(words.LEARNED_UNSEEN)
        return
    chart = layer_charts.channel_marks(shown, _colour(kind), ("gamma", "beta"), "learned")
    frame.show(chart, "Gamma and beta by channel.", f"Of {row['path']}.")
    st.caption(words.LEARNED.format(shown=_first(len(shown), count)))


def _show_groups(groups: pd.DataFrame, kind: str, row: dict) -> None:
    if groups.empty:
        st.markdown(words.NO_GROUPS.format(averages=frame.plain(row["averages"] or "nothing")))
        return
    averaged_over, unit = captions.STATISTIC_GROUPS[kind]
    drawn, count = groups[groups["group"] < MOST_MARKS], groups["group"].nunique()
    chart = layer_charts.group_statistics(drawn, _colour(kind), unit)
    frame.show(chart, f"Mean and standard deviation by {unit}.", f"Of {row['path']}.")
    st.caption(words.GROUPS.format(averaged_over=averaged_over, shown=_first(drawn["group"].nunique(), count)))


def _first(shown: int, count: int) -> str:
    return words.FIRST.format(shown=shown, count=count) if shown < count else ""


@st.cache_data(show_spinner="Changing what it receives", max_entries=100)
def _changes(key: tuple, _choice: Choice, _row: dict, path: str) -> pd.DataFrame:
    from normviz.explain import own_network as explain

    return explain.changes(_met(_choice, _row))


def _show_changes(choice: Choice, row: dict) -> None:
    """Writes what a layer makes of a changed input, in training and in evaluation."""
    from normviz.explain import invariances
    from normviz.explain import own_network as explain

    limit = invariances.STAYS_BELOW
    st.markdown(words.CHANGES.format(factor=explain.FACTOR, constant=explain.CONSTANT, limit=limit))
    moved = _changes(choice.key, choice, row, row["path"])
    table = moved.assign(change=[frame.plain(invariances.CHANGES[change].label) for change in moved["change"]])
    table["said"] = [_moved_words(value, limit) for value in table["moved"]]
    frame.table(
        table.pivot(index="change", columns="mode", values="said").loc[table["change"].unique(), list(explain.MODES)],
        f"What {row['path']} makes of a changed input, in training and in evaluation.",
    )


def _moved_words(value: float, limit: float) -> str:
    if np.isnan(value):
        return "gives one value everywhere"
    return f"{'stays' if value < limit else 'moves'} ({value:.2g})"


def _choose_picture(choice: Choice) -> int:
    from normviz.pictures import uploads

    _, example = own_network.built(choice)
    titles = [each.title for each in uploads.examples()]
    if not own_network.is_picture(example.shape[1:]):
        titles = [f"Noise {number}" for number in range(1, len(example) + 1)]
    return titles.index(st.selectbox("Input", titles, key=f"of_{titles[0]}", width=320))


@st.cache_data(show_spinner="Putting it into other batches", max_entries=60)
def _answers(key: tuple, _choice: Choice, _paths: list[str], picture: int, size: int) -> pd.DataFrame:
    from normviz.explain import own_network as explain

    network, example = own_network.built(_choice)
    make = _mates(example, picture)
    batches = [make(number, size) for number in range(explain.BATCHES)]
    return explain.answers(network, _paths, batches, example[picture : picture + 1])


def _mates(example, picture: int):
    """Returns (number of the batch, size) -> the picture and its mates: the shipped examples altered, or noise."""
    import torch

    from normviz.explain import batch_mates

    shape, pool = tuple(example.shape[1:]), batch_mates.example_pool()

    def make(number: int, size: int):
        if not own_network.is_picture(shape):
            noise = torch.randn(size - 1, *shape, generator=torch.Generator().manual_seed(number + 1))
            return torch.cat([example[picture : picture + 1], noise])
        company = batch_mates.Company("random", size)
        return own_network.as_inputs(batch_mates.batch(pool.images[picture], pool, company, number), shape)

    return make


def _show_batches(choice: Choice, paths: list[str], picture: int) -> None:
    """Draws how one picture's answer moves with the batch, and by how much at each size."""
    from normviz.explain import batch_mates
    from normviz.explain import own_network as explain

    st.markdown(words.NO_LABELS)
    options = {"default": explain.SIZES[1], "required": True, "key": "size", **BOUND}
    size = frame.one_of("Pictures in the batch", list(explain.SIZES), **options)
    tables = {each: _answers(choice.key, choice, paths, picture, each) for each in explain.SIZES}
    found = {each: batch_mates.spreads(table) for each, table in tables.items()}
    said = explain.sentence(found[size], size)
    st.markdown(f"**{frame.plain(said)}**")
    titled = found[size].assign(title=found[size]["strip"])
    titled["said"] = [f"spread {batch_mates.written(value)}" for value in titled["spread"]]
    frame.show(batch_charts.strips(tables[size], titled, explain.BATCHES), "Answers for batch after batch.", said)
    st.caption(words.BATCHES)
    spreads = pd.DataFrame({each: table.set_index("strip")["spread"].map(batch_mates.written) for each, table in found.items()})
    frame.table(spreads.rename_axis("spread, by pictures in the batch"), "Spread of the answer by pictures in the batch.")


@st.cache_data(show_spinner="Following it through the network", max_entries=60)
def _depth(key: tuple, _choice: Choice, _paths: list[str], picture: int) -> pd.DataFrame:
    from normviz.explain import own_network as explain

    network, example = own_network.built(_choice)
    return explain.by_depth(network, example[picture : picture + 1], _paths)


def _show_depth(choice: Choice, paths: list[str], row: dict, picture: int) -> None:
    """Draws the spread along the network for one picture, and a few maps of the chosen layer."""
    from normviz.explain import own_network as explain

    table = _depth(choice.key, choice, paths, picture)
    if len(table) > 1:
        lines = explain.depth_lines(table)
        frame.show(
            curve_charts.lines(lines, "norm layer", "standard deviation"),
            "Standard deviation received and given by norm layer.",
        )
        st.caption(words.DEPTH)
    _show_maps(choice, row, picture)


def _show_maps(choice: Choice, row: dict, picture: int) -> None:
    passage = _met(choice, row).passage
    if passage.before.ndim != 4 or min(passage.before.shape[2:]) < 2:
        st.caption(frame.plain(words.NO_MAPS.format(path=row["path"])))
        return
    before, after = passage.before[picture], passage.after[picture]
    most = np.argsort(-after.std(axis=(1, 2)), kind="stable")[:MOST_MAPS]
    ends = maps.extent(before[most]), maps.extent(after[most])
    cells = "".join(_pair(channel, (before[channel], after[channel]), ends) for channel in most.tolist())
    st.html(
        f"<div style='display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 12px'>{cells}</div>"
    )
    st.caption(frame.plain(words.MAPS.format(count=len(most), path=row["path"])))


def _pair(channel: int, sides: tuple[np.ndarray, np.ndarray], ends: tuple[float, float]) -> str:
    tiles = [
        f"<div>{name}{journey.tile(side, end, f'channel {channel} {name} the norm')}</div>"
        for name, side, end in zip(("before", "after"), sides, ends)
    ]
    pair = f"<div style='display: grid; grid-template-columns: 1fr 1fr; gap: 4px'>{''.join(tiles)}</div>"
    return f"<div>{pair}<b>channel {channel}</b></div>"
