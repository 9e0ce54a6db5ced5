"""What the Evidence page is made of: one function a question, with its sentence, its chart and its table.

Each takes the table of its study and when that was written, and is drawn once a colour scheme and study, then replayed for every
visitor: building the charts takes most of a second. `study` is empty where it makes no difference.
"""

import pandas as pd
import streamlit as st

from normviz.app import frame, take_away
from normviz.charts import evidence as evidence_charts
from normviz.charts.evidence import Axis
from normviz.studies import evidence as studies
from normviz.studies import findings, small_batches, texts
from normviz.words import naming, papers, questions

BY_STUDY = ("seeds", "shift")  # whose answers differ with the study chosen above


@take_away.replayed
def show_seeds(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws every model of the chosen study over its seeds, and the paired difference of each two."""
    means, seeds = findings.models(_table, study)
    differences, by_seed = findings.pairs(_table, study)
    compared, drawn = map(findings.among_compared, (differences, by_seed))
    said = studies.together(compared["said"], drawn)
    st.markdown("\n".join(f"- **{sentence}**" for sentence in said))
    grid = st.grid(2, min_column_width=340)
    with grid.cell():
        st.markdown("**Test accuracy**")
        learning, ticks = _learning(means, seeds)
        frame.show(evidence_charts.intervals(learning, ticks, "test accuracy"), "Test accuracy of each model over seeds.")
        folded(texts.as_text(means, "network"), "Table: test accuracy of each model.")
    with grid.cell():
        st.markdown("**Differences, paired by seed**")
        chart = evidence_charts.intervals(compared, drawn, "difference, percentage points", zero=True)
        frame.show(chart, "Paired difference of each two models with its interval.", " ".join(said))
        folded(texts.as_text(differences, "difference", points=True), "Table: differences, paired by seed.")
    if len(learning) < len(means):
        st.caption(questions.INSTANCE_NOTE)


@take_away.replayed
def show_gap(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws the two waterfalls from the source's gap to what the norm alone is worth."""
    grid = st.grid(2, min_column_width=340)
    for norm in ("group", "layer"):
        steps, name = findings.gap(_table, norm), naming.MODEL_NAMES["published"][norm]
        with grid.cell():
            if steps.empty:
                st.info(f"Not every step between the source's BN and {name} has been run.")
                continue
            said = findings.gap_sentence(steps, name)
            frame.show(evidence_charts.waterfall(steps, norm), f"How the source's gap to {name} shrinks, step by step.", said)
            st.markdown(said)
    st.markdown(f"**How closely do its figures come out again?** {findings.reproduced_sentence(_table)}")
    again = findings.reproduced(_table)
    written = texts.as_text(again, "network")
    written.insert(1, "reported", again["reported"].map("{:.2%}".format))
    folded(written, "Table: the source's figures, reported and repeated here.")


@take_away.replayed
def show_batch_sizes(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws error by training batch size, beside the figures of the paper."""
    lines, seeds = small_batches.errors(_table)
    st.markdown(f"**{small_batches.shape_sentence(seeds)}**")
    paper = papers.imagenet_errors()
    theirs = paper.assign(mean=paper["value"], series=paper["norm"], dashed=False, **findings.NO_INTERVAL)
    theirs["label"] = theirs["norm"].map(naming.LABELS["controlled"])
    grid = st.grid(2, min_column_width=340)
    error = Axis("test error", percent=True)
    with grid.cell():
        st.markdown("**Here: CIFAR-10, the small networks**")
        axis = Axis("batch size", tuple(sorted(int(size) for size in lines["x"].unique())), doubling=True)
        frame.show(evidence_charts.lines(lines, axis, error, seeds), "Test error by batch size, one line a norm.")
    with grid.cell():
        st.markdown("**The paper's: ImageNet, ResNet-50**")
        axis = Axis("images per GPU", tuple(sorted(int(size) for size in theirs["x"].unique())), doubling=True)
        frame.show(evidence_charts.lines(theirs, axis, error), "The paper's validation error by batch size, one line a norm.")
        frame.small(f"{papers.cite('group_norm')}, figure 1.")
    st.markdown("\n".join(f"- {said}" for said in small_batches.growth_sentences(seeds)))
    st.caption(questions.SCALING_NOTE)
    folded(texts.lines_as_text(lines, "batch size"), "Table: test error by batch size.")


@take_away.replayed
def show_groups(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws accuracy by number of groups."""
    means, seeds = findings.group_counts(_table)
    said = findings.group_count_sentence(seeds)
    st.markdown(said)
    frame.show(evidence_charts.intervals(*_learning(means, seeds), "test accuracy"), "Test accuracy by number of groups.", said)
    folded(texts.as_text(means, "groups"), "Table: test accuracy by number of groups.")
    st.caption(questions.INSTANCE_NOTE)


@take_away.replayed
def show_shifts(_table: pd.DataFrame, stamp: int, scheme: str, study: str) -> None:
    """Draws accuracy by severity, one small chart a shift."""
    by_shift = findings.shifts(_table, study)
    said = findings.shift_sentence(by_shift)
    st.markdown(said)
    grid = st.grid(3, min_column_width=300)
    for shift, lines in by_shift.items():
        with grid.cell():
            st.markdown(f"**{shift}**")
            axis = Axis("severity", tuple(sorted(int(level) for level in lines["x"].unique())))
            chart = evidence_charts.lines(lines, axis, Axis("test accuracy", percent=True))
            frame.show(chart, f"Test accuracy by severity when the pictures get {shift}, one line a network.")
            st.caption(f"Severity 1 and up: {questions.SHIFT_UNITS[shift]} {findings.amounts(lines)}.")
    folded(findings.shifts_as_text(by_shift), "Table: test accuracy at the highest severity.")


def choose_question(known: list[str]) -> str:
    """Returns which of the studies that have been begun is shown; the choice is kept in the URL. Ends the page without any."""
    begun = studies.begun(known)
    if not begun:
        st.info(questions.NOTHING_YET, icon=":material/hourglass_empty:")
        st.stop()
    if st.session_state.get("question", begun[0]) not in begun:
        del st.session_state["question"]
    name = st.selectbox(
        "Question", begun, format_func=lambda each: questions.STUDIES[each].title, key="question", bind="query-params"
    )
    st.header(questions.STUDIES[name].title, anchor=False)
    return name


def folded(table: pd.DataFrame, sentence: str) -> None:
    """Shows a table under its sentence, folded."""
    with st.expander(sentence):
        frame.table(table, sentence, border="horizontal", hide_index=True)


def _learning(means: pd.DataFrame, seeds: pd.DataFrame) -> list[pd.DataFrame]:
    """Returns both without instance norm, which stays at chance and would leave the others no room."""
    return [rows[rows["norm"] != "instance"] for rows in (means, seeds)]
