"""Accuracy and loss by epoch for the three models, beside the source's own curves."""

import streamlit as st

from normviz import charts, findings, lessons, tables, ui

ui.open_page("curves")

with_source = st.toggle("Show the source's published curves (dashed)", value=True, key="source", bind="query-params")
runs, seeds = ui.models(), ui.evidence("seeds")

for row in lessons.CURVES:
    grid = st.grid(len(row), min_column_width=340)
    for curve in row:
        table = tables.curves(runs, curve.column, ui.study(), with_source)
        band = None if seeds is None else findings.bands(seeds, curve.column, ui.study())
        with grid.cell():
            st.subheader(curve.title)
            ui.show(
                charts.lines(table, "epoch", curve.axis, percent=curve.percent, log=curve.log, band=band),
                f"{curve.title} by epoch. {tables.last_values(table, curve.percent)}",
            )
            st.caption(curve.caption)
if seeds is not None:
    st.caption(f"Lines: the shipped networks. Bands: lowest to highest of {band['count'].min()} seeds, measured here.")

ui.close_page("curves")
