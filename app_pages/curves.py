"""Accuracy and loss by epoch for the three models, beside the source's own curves."""

import streamlit as st

from normviz import charts, lessons, tables, ui

ui.open_page("curves")

with_source = st.toggle("Show the source's published curves (dashed)", value=True, key="source", bind="query-params")
runs = ui.models()

for row in lessons.CURVES:
    grid = st.grid(len(row), min_column_width=340)
    for curve in row:
        table = tables.curves(runs, curve.column, ui.study(), with_source)
        with grid.cell():
            st.subheader(curve.title)
            ui.show(
                charts.lines(table, "epoch", curve.axis, percent=curve.percent, log=curve.log),
                f"{curve.title} by epoch. {tables.last_values(table, curve.percent)}",
            )
            st.caption(curve.caption)

ui.close_page("curves")
