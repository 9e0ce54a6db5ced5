"""The studies: what seeds, batch size, groups, recipe, width and shifted pictures do, and what may be concluded."""

import streamlit as st

from normviz.app import evidence as view
from normviz.app import frame, saved
from normviz.studies.evidence import SEEDS_OF
from normviz.words import questions

BY_STUDY = ("seeds", "shift")  # that differ with the study chosen above
SECTIONS = {
    "seeds": lambda table: view.show_seeds(table, frame.study(), frame.scheme()),
    "gap": lambda table: view.show_gap(table, frame.scheme()),
    "batch-size": lambda table: view.show_batch_sizes(table, frame.scheme()),
    "groups": lambda table: view.show_groups(table, frame.scheme()),
    "shift": lambda table: view.show_shifts(table, frame.study(), frame.scheme()),
}

frame.open_page("evidence")

for name, show in SECTIONS.items():
    with st.container():  # or what one section has more than before would move all below it, which is slow
        st.header(questions.STUDIES[name].title, anchor=name)
        st.markdown(questions.STUDIES[name].opening)
        source = SEEDS_OF[frame.study()] if name == "seeds" else name
        table = saved.seeds() if name == "seeds" else saved.evidence(name)
        if name in BY_STUDY and not saved.covers(table, source):
            continue
        if table is not None:
            show(table)
            st.caption(saved.measured_words(source, table))

frame.close_page("evidence")
