"""What the page on training and evaluation mode is made of; drawn once and replayed."""

import pandas as pd
import streamlit as st

from normviz.app import frame, take_away
from normviz.charts import evidence as evidence_charts
from normviz.charts.evidence import Axis
from normviz.studies import findings
from normviz.words import questions

ACCURACY = "Test accuracy by evaluation batch size, one line a network."


@take_away.replayed
def show_accuracy(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws test accuracy by evaluation batch size and says what it shows."""
    lines = findings.batch_statistics(_table, study)
    said = findings.batch_statistics_sentence(lines)
    st.markdown(f"**{said}**")
    frame.show(evidence_charts.lines(lines, size_axis(_table), Axis("test accuracy", percent=True), height=400), ACCURACY, said)


@take_away.replayed
def show_distances(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws, by layer, how far a batch's means and standard deviations lie from the running ones."""
    grid = st.grid(2, min_column_width=340)
    for column, (title, caption) in questions.STATISTIC_DISTANCES.items():
        with grid.cell():
            frame.show(
                evidence_charts.layer_lines(findings.distances(_table, column, study), size_axis(_table), title),
                f"{title} by evaluation batch size, one line a norm layer.",
            )
            st.caption(caption)


def size_axis(table) -> Axis:
    """Returns the axis of evaluation batch sizes."""
    sizes = sorted(int(size) for size in table["evaluation_batch"].unique() if size)
    return Axis("pictures in the batch", tuple(sizes), doubling=True)
