"""The studies, one question at a time: what was measured, and what may be concluded."""

import streamlit as st

from normviz.app import evidence as view
from normviz.app import experiments, frame, saved
from normviz.studies.evidence import SEEDS_OF
from normviz.words import papers, questions

BY_STUDY = ("seeds", "shift")  # that differ with the study chosen above
QUESTIONS = {
    "seeds": lambda table: view.show_seeds(table, frame.study(), frame.scheme()),
    "networks": lambda table: experiments.show_networks(table, frame.scheme()),
    "gap": lambda table: view.show_gap(table, frame.scheme()),
    "batch-size": lambda table: view.show_batch_sizes(table, frame.scheme()),
    "rates": lambda table: experiments.show_rates(table, frame.scheme()),
    "groups": lambda table: view.show_groups(table, frame.scheme()),
    "layer-norms": lambda table: experiments.show_layer_norms(table, frame.scheme()),
    "sorted": lambda table: experiments.show_sorted(table, frame.scheme()),
    "affine": lambda table: experiments.show_affine(table, frame.scheme()),
    "weight-standardization": lambda table: experiments.show_weight_standardization(table, frame.scheme()),
    "shift": lambda table: view.show_shifts(table, frame.study(), frame.scheme()),
}

frame.open_page("evidence")

name = view.choose_question([*QUESTIONS])
if name not in BY_STUDY:
    frame.hide_study()
source = SEEDS_OF[frame.study()] if name == "seeds" else name
table = saved.seeds() if name == "seeds" else saved.evidence(name)
if saved.covers(table, source) if name in BY_STUDY else table is not None:
    QUESTIONS[name](table)
    st.markdown(f"**How it was measured.** {papers.with_references(questions.STUDIES[name].opening)}")
    st.caption(saved.measured_words(source, table))

frame.close_page("evidence")
