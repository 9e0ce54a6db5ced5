"""The page on curves: one chart a column of the histories, drawn once and then replayed for every visitor."""

import pandas as pd
import streamlit as st

from normviz import charts, findings, lessons, tables, ui
from normviz.runs import Run


def show_curves(with_source: bool) -> None:
    """Draws every curve of the chosen study, with the band over seeds where that study was run."""
    _curves(ui.study(), ui.weights(), with_source, ui.evidence("seeds"), ui.models())


@st.cache_data(show_spinner=False, max_entries=8)
def _curves(study: str, weights: tuple[str, ...], with_source: bool, seeds: pd.DataFrame | None, _runs: dict[str, Run]) -> None:
    for row in lessons.CURVES:
        grid = st.grid(len(row), min_column_width=340)
        for curve in row:
            table = tables.curves(_runs, curve.column, study, with_source)
            band = None if seeds is None else findings.bands(seeds, curve.column, study)
            with grid.cell():
                st.subheader(curve.title)
                ui.show(
                    charts.lines(table, "epoch", curve.axis, percent=curve.percent, log=curve.log, band=band),
                    f"{curve.title} by epoch. {tables.last_values(table, curve.percent)}",
                )
                st.caption(curve.caption)
    if seeds is not None:
        st.caption(f"Lines: the shipped networks. Bands: lowest to highest of {band['count'].min()} seeds, measured here.")
