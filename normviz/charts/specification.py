"""From an Altair chart to the Vega-Lite specification that Streamlit draws."""

import threading

import altair as alt
import pandas as pd
from altair.utils import schemapi

from normviz.charts.parts import TEXT

Chart = alt.TopLevelMixin
SIZES = {  # of the words that a chart does not size itself
    "axis": {"labelFontSize": TEXT, "titleFontSize": TEXT + 1},
    "legend": {"labelFontSize": TEXT},
    "text": {"fontSize": TEXT},
}
_ALTAIR_SETTINGS = threading.Lock()  # they hold for all threads
schemapi.disable_debug_mode()  # or each part is checked when it is made


def specification(chart: Chart) -> dict:
    """Returns a chart's specification, with each of its tables once, as a DataFrame, under `datasets`.

    Neither it nor its parts are checked against the schema, which takes longer than everything else; the tests check the
    charts of every page.
    """
    tables: dict[int, tuple[str, pd.DataFrame]] = {}
    with _ALTAIR_SETTINGS, alt.theme.enable("none"), alt.data_transformers.enable("by_name", tables=tables):
        spec = chart.to_dict(validate=False)
    return {**spec, "datasets": dict(tables.values()), "config": SIZES}


def _by_name(data: pd.DataFrame, tables: dict[int, tuple[str, pd.DataFrame]]) -> dict[str, str]:
    name, _ = tables.setdefault(id(data), (f"table {len(tables)}", data))
    return {"name": name}


alt.data_transformers.register("by_name", _by_name)
