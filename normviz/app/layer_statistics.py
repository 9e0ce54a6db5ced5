"""What the page on layer statistics shows: a chart with its words below it, so that charts stand level; drawn once, replayed.

`looks` is {norm: `layer_statistics.Look`}; the arguments before it tell one such look from another.
"""

import streamlit as st

from normviz.app import frame, saved, take_away
from normviz.charts import curves as curve_charts
from normviz.charts import layer_statistics as layer_charts
from normviz.explain import curves
from normviz.words import captions, naming

RUNNING = (
    "In training batch norm uses the batch's mean and standard deviation; in evaluation, as here, the running ones it kept. "
    "Where the two part by more than so few pictures scatter, this input is unlike the training pictures."
)


@take_away.replayed
def show_layer(study: str, digests: tuple[str, ...], layer: int, content: str, scheme: str, _looks: dict) -> None:
    """Draws what the norm layer of each network received, gave and learned, and batch norm's two kinds of statistics."""
    st.subheader(f"Norm layer {layer}: before and after")
    for norm, run in saved.three_columns():
        frame.norm_heading(norm, run)
        _show_values(norm, _looks[norm])
    for show in (_show_groups, _show_learned):
        for norm, _run in saved.three_columns():
            show(norm, _looks[norm])
    st.subheader("Batch norm: the batch's own statistics against the running ones")
    st.markdown(RUNNING)
    grid = st.grid(2, min_column_width=340)
    for statistic in ("mean", "std"):
        pair = (f"batch_{statistic}", f"running_{statistic}")
        chart = layer_charts.channel_marks(_looks["batch"].channels, "batch", pair, statistic)
        with grid.cell():
            frame.show(chart, f"Batch and running {statistic}.")


def show_course(
    study: str, digests: tuple[str, ...], layer: int, content: str, scheme: str, quantity: str, looks: dict
) -> None:
    """Draws one quantity by depth, for this input, and by training epoch, as it was stored."""
    grid = st.grid(2, min_column_width=340)
    with grid.cell():
        _show_depths(study, digests, content, scheme, quantity, looks)
    with grid.cell():
        _show_epochs(study, digests, layer, scheme, quantity)


@take_away.replayed
def _show_depths(study: str, digests: tuple[str, ...], content: str, scheme: str, quantity: str, _looks: dict) -> None:
    """Draws one quantity by depth for this input, whichever layer is open."""
    label, layers = captions.QUANTITIES[quantity], {norm: look.all_layers for norm, look in _looks.items()}
    depth = curves.statistic_lines(layers, quantity, "layer", study)
    frame.show(curve_charts.lines(depth, "norm layer", label), f"{label} by depth.", curves.last_values(depth, False))
    st.caption(f"{label}, mean over channels, at each norm layer for this input.")


@take_away.replayed
def _show_epochs(study: str, digests: tuple[str, ...], layer: int, scheme: str, quantity: str) -> None:
    """Draws one quantity by training epoch, which no input changes."""
    label = captions.QUANTITIES[quantity]
    stored = {norm: run.layer_stats[run.layer_stats["layer"] == layer] for norm, run in saved.models().items()}
    epochs = curves.statistic_lines(stored, quantity, "epoch", study)
    frame.show(curve_charts.lines(epochs, "epoch", label), f"{label} by epoch.", curves.last_values(epochs, False))
    st.caption(f"{label} at norm layer {layer} over training; epoch 0 is before the first step.")


def _show_values(norm: str, look) -> None:
    """Draws the values before and after a norm layer."""
    chart = layer_charts.distribution(look.distribution, norm)
    frame.show(chart, f"Values before and after the norm layer of the {norm} network.")
    _say(norm, f"{look.shape} values, **{look.group_count:,}** means and standard deviations.")


def _show_groups(norm: str, look) -> None:
    """Draws mean and standard deviation of each statistic group."""
    averaged_over, unit = captions.STATISTIC_GROUPS[look.kind]
    frame.show(
        layer_charts.group_statistics(look.groups, norm, unit), f"Mean and standard deviation by {unit} in the {norm} network."
    )
    instead = " In evaluation the network takes its running ones instead." if look.kind == "batch" else ""
    _say(norm, f"One mean and one standard deviation for {averaged_over}.{instead}")


def _show_learned(norm: str, look) -> None:
    """Draws gamma and beta of each channel."""
    chart = layer_charts.channel_marks(look.channels, norm, ("gamma", "beta"), "learned")
    frame.show(chart, f"Gamma and beta by channel of the {norm} network.")
    _say(norm, f"Learned gamma and beta by channel{', mean over places' if look.by_place else ''}.")


def _say(norm: str, words: str) -> None:
    """Writes what a chart shows; on a phone the network's heading may be far above."""
    st.caption(f"**{naming.MODEL_NAMES[frame.study()][norm]}.** {words}")
