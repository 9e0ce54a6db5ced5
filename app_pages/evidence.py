"""The studies, one question at a time: what was measured, and what may be concluded."""

import streamlit as st

from normviz.app import evidence as view
from normviz.app import experiments, frame, saved
from normviz.studies.evidence import SEEDS_OF
from normviz.words import papers, questions

QUESTIONS = {
    "seeds": view.show_seeds,
    "networks": experiments.show_networks,
    "gap": view.show_gap,
    "batch-size": view.show_batch_sizes,
    "rates": experiments.show_rates,
    "groups": view.show_groups,
    "layer-norms": experiments.show_layer_norms,
    "sorted": experiments.show_sorted,
    "affine": experiments.show_affine,
    "weight-standardization": experiments.show_weight_standardization,
    "shift": view.show_shifts,
}

frame.open_page("evidence")

name = view.choose_question([*QUESTIONS])
if name not in view.BY_STUDY:
    frame.hide_study()
source = SEEDS_OF[frame.study()] if name == "seeds" else name
table = saved.seeds() if name == "seeds" else saved.evidence(name)
if saved.covers(table, source) if name in view.BY_STUDY else table is not None:
    study = frame.study() if name in view.BY_STUDY else ""
    QUESTIONS[name](table, saved.evidence_stamp(source), frame.scheme(), study)
    st.markdown(f"**How it was measured.** {papers.with_references(questions.STUDIES[name].opening)}")
    st.caption(saved.measured_words(source, table))

frame.close_page("evidence")
