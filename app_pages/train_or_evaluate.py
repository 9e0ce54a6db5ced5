"""Batch norm in training mode against evaluation mode, by the size of the batch; measured once and shipped."""

import streamlit as st

from normviz import ui
from normviz.views import train_or_evaluate as view

ui.open_page("train_or_evaluate")

table = ui.evidence("batch-statistics")
if table is None:
    st.stop()

st.subheader("Accuracy by the size of the batch")
view.show_accuracy(table)
st.caption(ui.measured_words("batch-statistics", table))

st.subheader("How far a batch's statistics stray from the running ones")
view.show_distances(table)

ui.close_page("train_or_evaluate")
