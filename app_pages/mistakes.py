"""Test pictures with all three verdicts: filters, confusion matrices to click, the most confident mistakes."""

import streamlit as st

from normviz.app import frame, saved, test_set
from normviz.app import mistakes as view
from normviz.explain import verdicts

frame.open_page("mistakes")

table = view.all_verdicts()
if test_set.test_pictures() is None:
    test_set.offer_download()

st.subheader("Where they go wrong")
st.markdown("Each row is a true class. **Click a cell** to see its pictures below; double-click takes the choice back.")
cells = {}
for norm, run in saved.three_columns(minimum=300):
    frame.norm_heading(norm, run)
    cells |= view.choose_confusion(norm)

st.subheader("The pictures")
chosen = verdicts.in_cells(verdicts.choose(table, **view.choose_filters()), cells, saved.classes())
view.describe_cells(cells)
st.markdown(f"**{len(chosen):,}** of {len(table):,} test pictures, the most confident verdict first.")
view.show_gallery(chosen)

st.subheader("Most confident mistakes")
for norm, run in saved.three_columns(minimum=300):
    frame.norm_heading(norm, run)
    view.show_mistakes(norm, table)

st.subheader("Does confidence mean anything?")
view.show_calibration()
st.caption("On the dashed line a network that says 80% is right in 80 of 100 cases; below it, it is surer than it should be.")

frame.close_page("mistakes")
