"""From an Altair chart to the Vega-Lite specification that Streamlit draws."""

import functools
import threading
from collections.abc import Callable

import altair as alt
import pandas as pd
from altair.utils import schemapi

from normviz.charts.parts import GREY_WORDS, GREY_WORDS_ON_DARK, TEXT, WORDS, WORDS_ON_DARK, Drawing
from normviz.model.norms import NORMS

Chart = alt.TopLevelMixin | Drawing
SHAPES_KEPT = 256  # built drawings without their tables, some 30 kB each
_ALTAIR_SETTINGS = threading.Lock()  # they hold for all threads
schemapi.disable_debug_mode()  # or each part is checked when it is made
CONFIG = {  # a chart is one picture with one sentence: a mark is named to a screen reader only where it says so itself
    "mark": {"aria": False},
    "axis": {"labelColor": GREY_WORDS, "titleColor": GREY_WORDS, "labelFontSize": TEXT, "titleFontSize": TEXT + 1},
    "legend": {"labelColor": GREY_WORDS, "titleColor": GREY_WORDS, "labelFontSize": TEXT},
    "text": {"fontSize": TEXT},
}
SAID = "said"  # the table, and its column, of what a chart says to a screen reader
OF_A_LAYER = ("data", "mark", "encoding", "transform", "params", "name")  # what a chart keeps as one of several layers
ON_DARK = {  # tone of a light page: the same hue on a dark one
    GREY_WORDS: GREY_WORDS_ON_DARK,
    WORDS: WORDS_ON_DARK,
    **{norm.light.mark: norm.dark.mark for norm in NORMS.values()},
    **{norm.light.words: norm.dark.words for norm in NORMS.values()},
}


def specification(chart: Chart, scheme: str = "light") -> dict:
    """Returns a chart's specification, with each of its tables once, as a DataFrame, under `datasets`.

    Neither it nor its parts are checked against the schema, which takes longer than everything else; the tests check the
    charts of every page.

    Args:
        chart: in the tones of a light page.
        scheme: of the page that it stands on, "light" or "dark"; a dark page gets each hue's lighter tone.
    """
    if isinstance(chart, Drawing):
        return {**_shape(chart.build, chart.choices, scheme), "datasets": chart.tables}
    return _specification(chart, scheme)


@functools.lru_cache(maxsize=SHAPES_KEPT)
def _shape(build: Callable[..., alt.TopLevelMixin], choices: tuple, scheme: str) -> dict:
    return _specification(build(*choices), scheme)


def _specification(chart: alt.TopLevelMixin, scheme: str) -> dict:
    tables: dict[int, tuple[str, pd.DataFrame]] = {}
    with _ALTAIR_SETTINGS, alt.theme.enable("none"), alt.data_transformers.enable("by_name", tables=tables):
        spec = chart.to_dict(validate=False)
    spec["config"] = CONFIG | spec.get("config", {})
    return {**(_on_dark(spec) if scheme == "dark" else spec), "datasets": dict(tables.values())}


def speaking(spec: dict, said: str) -> dict:
    """Returns a specification with a mark that nobody sees and screen readers read out; the words stand in a table of their own.

    Args:
        spec: of a chart that is not made of charts side by side.
        said: the words.
    """
    words = {"data": {"name": SAID}, "mark": {"type": "text", "text": "", "aria": True, "tooltip": None}}
    words["encoding"] = {"description": {"field": SAID, "type": "nominal"}, "x": {"value": 0}, "y": {"value": 0}}
    inner = {} if "layer" in spec else {key: spec[key] for key in OF_A_LAYER if key in spec}
    outer = {key: value for key, value in spec.items() if key not in inner}
    layers = [*spec.get("layer", [inner]), words]
    return {**outer, "layer": layers, "datasets": spec["datasets"] | {SAID: pd.DataFrame({SAID: [said]})}}


def _on_dark(part):
    """Returns a part of a specification with each tone of `ON_DARK` changed, whatever its alpha."""
    if isinstance(part, dict):
        return {key: _on_dark(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_on_dark(value) for value in part]
    if isinstance(part, str) and part[:7] in ON_DARK:
        return ON_DARK[part[:7]] + part[7:]
    return part


def _by_name(data: pd.DataFrame, tables: dict[int, tuple[str, pd.DataFrame]]) -> dict[str, str]:
    name, _ = tables.setdefault(id(data), (f"table {len(tables)}", data))
    return {"name": name}


alt.data_transformers.register("by_name", _by_name)
