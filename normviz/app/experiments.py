"""The experiments on what a norm is for, as the Evidence page shows them; see `evidence`."""

import pandas as pd
import streamlit as st

from normviz.app import frame, saved, take_away
from normviz.app.evidence import folded
from normviz.charts import evidence as evidence_charts
from normviz.charts.evidence import Axis
from normviz.model.norms import NORMS
from normviz.studies import evidence, experiments, texts
from normviz.words import questions

ACCURACY = Axis("test accuracy", percent=True)
SHIFTED = ("shift", "sorted-shift")  # the studies of shifted pictures


@take_away.replayed
def show_rates(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws accuracy by learning rate, one chart an optimizer."""
    found = experiments.rates(_table)
    st.markdown("\n".join(f"- {experiments.rates_sentence(optimizer, lines)}" for optimizer, (lines, _) in found.items()))
    grid = st.grid(2, min_column_width=340)
    for optimizer, (lines, seeds) in found.items():
        with grid.cell():
            name = questions.OPTIMIZERS[optimizer]
            st.markdown(f"**{name}**")
            axis = Axis("learning rate", tuple(sorted(lines["x"].unique())), doubling=True)
            frame.show(
                evidence_charts.lines(lines, axis, ACCURACY, seeds), f"Test accuracy by learning rate, one line a norm. {name}"
            )
            folded(texts.lines_as_text(lines, "learning rate"), f"Table: test accuracy by learning rate. {name}")
    st.caption(experiments.seeds_sentence(_table))


@take_away.replayed
def show_layer_norms(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws the three layers that are called layer norm."""
    means, seeds = experiments.layer_norms(_table)
    _show_models(means, seeds, experiments.pair_sentences(seeds), "layer", "Test accuracy of the three layer norms.")


def show_sorted(table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws training on sorted batches, and beside it statistics taken from sorted batches of shifted pictures."""
    _show_sorted_training(table, stamp, scheme)
    if evidence.begun(SHIFTED) == [*SHIFTED]:
        st.subheader("The same in evaluation: whose statistics help with shifted pictures?", anchor=False)
        _show_adapted(tuple(map(saved.evidence_stamp, SHIFTED)), scheme)


@take_away.replayed
def _show_sorted_training(_table: pd.DataFrame, stamp: int, scheme: str) -> None:
    means, seeds = experiments.sorted_batches(_table)
    said = experiments.sorted_sentence(means)
    _show_models(means, seeds, [said], "batch and norm", f"Test accuracy by what a training batch holds. {said}")


@take_away.replayed
def _show_adapted(stamps: tuple[int, ...], scheme: str) -> None:
    lines = experiments.adapted(*map(saved.evidence, SHIFTED))
    said = experiments.adapted_sentence(lines)
    st.markdown(said)
    axis = Axis("severity", tuple(sorted(int(level) for level in lines["x"].unique())))
    frame.show(evidence_charts.lines(lines, axis, ACCURACY), "Accuracy of batch norm by severity, over all shifts.", said)


@take_away.replayed
def show_affine(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws how far gamma and beta alone get."""
    means, seeds = experiments.affine(_table)
    if not _is_enough(means):
        return
    said = experiments.affine_sentence(means)
    alone = seeds[seeds["trained"] == "norms"].assign(name=lambda rows: [NORMS[norm].short for norm in rows["norm"]])
    _show_models(means, seeds, [said, *experiments.pair_sentences(alone)], "network and what learns", "What gamma and beta do.")


@take_away.replayed
def show_weight_standardization(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws what weight standardization adds to each norm, and to none."""
    means, seeds = experiments.standardized(_table)
    if not _is_enough(means):
        return
    said = [experiments.standardized_sentence(means), *evidence.together(means["said"], seeds)]
    _show_differences(means, seeds, said, "network", "What weight standardization adds, paired by seed.")


@take_away.replayed
def show_networks(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws batch norm's lead on each network."""
    means, seeds = experiments.networks(_table)
    if not _is_enough(means):
        return
    said = evidence.together(means["said"], seeds)
    _show_differences(means, seeds, said, "network and pair", "Batch norm's lead by network, paired by seed.")


def _is_enough(means: pd.DataFrame) -> bool:
    if means.empty:
        st.info(questions.TOO_FEW)
    return not means.empty


def _show_models(means: pd.DataFrame, seeds: pd.DataFrame, said: list[str], heading: str, alt: str) -> None:
    _show_intervals(means, seeds, said, alt, "test accuracy")
    folded(texts.as_text(means, heading), f"Table: test accuracy by {heading}.")


def _show_differences(means: pd.DataFrame, seeds: pd.DataFrame, said: list[str], heading: str, alt: str) -> None:
    _show_intervals(means, seeds, said, alt, "difference, percentage points", zero=True)
    folded(texts.as_text(means, heading, points=True), f"Table: differences by {heading}.")


def _show_intervals(means: pd.DataFrame, seeds: pd.DataFrame, said: list[str], alt: str, axis: str, zero: bool = False) -> None:
    st.markdown("\n".join(f"- {sentence}" for sentence in said))
    frame.show(evidence_charts.intervals(means, seeds, axis, zero), alt)
