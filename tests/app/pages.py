"""A page of the app, run by AppTest, and what holds of every page."""

import json
from pathlib import Path

import altair as alt
import pyarrow as pa
from streamlit.testing.v1 import AppTest

from normviz.words import pages

ROOT = Path(__file__).parents[2]
WITHOUT_CHARTS = ("own_data", "lab", "lesson")  # until something is brought, trained or answered


def new_session() -> AppTest:
    return AppTest.from_file(ROOT / "visit.py", default_timeout=120)


def open_page(key: str, **query) -> AppTest:
    app = new_session()
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if key != "overview":
        app.switch_page(f"app_pages/{key}.py").run()
    return app


def assert_whole(app: AppTest, key: str) -> None:
    assert not app.exception and not app.error
    assert app.title[0].value == pages.PAGES[key].title
    drawn = charts(app)
    empty = key in WITHOUT_CHARTS or any(info.value.startswith("Not carried out yet") for info in app.info)
    assert (drawn or empty) and all(spoken(chart).endswith(".") for chart in drawn)
    assert len({chart.proto.alt for chart in drawn}) == len(drawn), "two charts of one sentence: one could not be taken away"
    for chart in drawn:
        spec = json.loads(chart.proto.spec, parse_constant=refuse_nan)
        (alt.LayerChart if "layer" in spec else alt.Chart).validate(spec)


def refuse_nan(constant: str):
    raise AssertionError(f"{constant} is not JSON: a browser cannot draw the chart")


def charts(app: AppTest) -> list:
    return app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart")


def spoken(chart) -> str:
    """Returns what a chart says to those who cannot see it."""
    tables = {table.name: table.data.data for table in chart.proto.datasets}
    words = pa.ipc.open_stream(tables["said"]).read_all()["said"].to_pylist() if "said" in tables else []
    return " ".join([chart.proto.alt, *words])


def choice(app: AppTest, key: str):
    return next(group for group in app.button_group if group.key == key)
