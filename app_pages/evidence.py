"""The studies: what seeds, batch size, groups, recipe, width and shifted pictures do, and what may be concluded."""

import streamlit as st

from normviz import questions, ui
from normviz.views import evidence as view

SECTIONS = {
    "seeds": lambda table: view.show_seeds(table, ui.study()),
    "gap": view.show_gap,
    "batch-size": view.show_batch_sizes,
    "groups": view.show_groups,
    "shift": lambda table: view.show_shifts(table, ui.study()),
}

ui.open_page("evidence")

for name, show in SECTIONS.items():
    with st.container():  # or what one section has more than before would move all below it, which is slow
        st.header(questions.STUDIES[name].title, anchor=name)
        st.markdown(questions.STUDIES[name].opening)
        table = ui.evidence(name)
        if table is not None:
            show(table)
            st.caption(ui.measured_words(name, table))

ui.close_page("evidence")
