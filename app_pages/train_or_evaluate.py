"""Batch norm in training mode against evaluation mode, by the size of the batch; measured once and shipped."""

import streamlit as st

from normviz.app import frame, saved
from normviz.app import train_or_evaluate as view

frame.open_page("train_or_evaluate")

table = saved.evidence("batch-statistics")
if table is None or not saved.covers(table, "batch-statistics"):
    st.stop()

shown = (table, saved.evidence_stamp("batch-statistics"), frame.scheme(), frame.study())
st.subheader("Accuracy by the size of the batch")
view.show_accuracy(*shown)
st.caption(saved.measured_words("batch-statistics", table))

st.subheader("How far a batch's statistics stray from the running ones")
view.show_distances(*shown)

frame.close_page("train_or_evaluate")
