"""Test pictures with all three verdicts: filters, confusion matrices to click, the most confident mistakes."""

import streamlit as st

from normviz import charts, controls, evaluation, tables, ui

ui.open_page("mistakes")

verdicts = {norm: ui.verdicts(norm) for norm in ui.models()}
table = evaluation.side_by_side(verdicts)
split = ui.test_pictures()
if split is None:
    controls.offer_download()

st.subheader("Where they go wrong")
st.markdown("Each row is a true class. **Click a cell** to see its pictures below; double-click takes the choice back.")
cells = {}
for norm, _ in ui.three_columns():
    ui.norm_heading(norm)
    confusion = tables.named_confusion(evaluation.confusion(verdicts[norm]))
    cells |= controls.choose_cell(charts.confusion(confusion, norm), norm, tables.worst_sentence(confusion))

st.subheader("The pictures")
chosen = tables.in_cells(tables.choose(table, **controls.mistake_filters()), cells)
controls.describe_cells(cells)
st.markdown(f"**{len(chosen):,}** of {len(table):,} test pictures, the most confident verdict first.")
controls.show_gallery(chosen, split)

st.subheader("Most confident mistakes")
for norm, _ in ui.three_columns():
    ui.norm_heading(norm)
    controls.show_pictures(tables.most_confident_mistakes(table, norm), split, columns=2)

st.subheader("Does confidence mean anything?")
calibration = tables.by_norm({norm: evaluation.calibration(verdict) for norm, verdict in verdicts.items()})
ui.show(charts.calibration(calibration), "Share of right answers by confidence, one line a network, against the diagonal.")
st.caption("On the dashed line a network that says 80 % is right in 80 of 100 cases; below it, it is surer than it should be.")

ui.close_page("mistakes")
