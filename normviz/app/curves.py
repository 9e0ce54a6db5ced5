"""The page on curves: one chart a column of the histories, drawn once a colour scheme and then replayed for every visitor."""

import pandas as pd
import streamlit as st

from normviz.app import frame, saved, take_away
from normviz.charts import curves as curve_charts
from normviz.explain import curves
from normviz.studies import findings
from normviz.studies.evidence import SEEDS_OF
from normviz.training.runs import Run
from normviz.words import captions


def show_curves(with_source: bool) -> None:
    """Draws every curve of the chosen study, with the band over seeds where that study was run."""
    stamp = saved.evidence_stamp(SEEDS_OF[frame.study()])
    _curves(frame.scheme(), frame.study(), saved.digests(), with_source, stamp, saved.seeds(), saved.models())


@take_away.replayed
def _curves(
    scheme: str,
    study: str,
    digests: tuple[str, ...],
    with_source: bool,
    stamp: int,
    _seeds: pd.DataFrame | None,
    _runs: dict[str, Run],
) -> None:
    for row in captions.CURVES:
        grid = st.grid(len(row), min_column_width=340)
        for curve in row:
            table = curves.curves(_runs, curve.column, study, with_source)
            band = None if _seeds is None else findings.bands(_seeds, curve.column, study)
            with grid.cell():
                st.subheader(curve.title)
                frame.show(
                    curve_charts.lines(table, "epoch", curve.axis, percent=curve.percent, log=curve.log, band=band),
                    f"{curve.title} by epoch.",
                    curves.last_values(table, curve.percent),
                )
                st.caption(curve.caption)
    if _seeds is not None:
        st.caption(f"Lines: the shipped networks. Bands: lowest to highest of {band['count'].min()} seeds, measured here.")
