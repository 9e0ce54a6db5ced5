import io

import pandas as pd
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1.element_tree import Block

from normviz.app import take_away
from normviz.charts import paper
from tests.app.pages import charts, open_page, spoken


def kept(app) -> dict:
    return app.session_state[take_away.SHOWN]


@pytest.mark.parametrize("page", ["curves", "evidence", "averaging"])
def test_every_chart_of_a_page_can_be_taken_away_as_svg_and_csv(page):
    app = open_page(page)
    drawn = [spoken(chart) for chart in charts(app)]
    assert drawn and set(drawn) <= set(kept(app))
    for sentence in drawn:
        spec = kept(app)[sentence]()
        assert "<svg" in paper.svg(spec) and len(paper.csv(spec).splitlines()) > 1
    assert app.get("selectbox")[-1].label == "Chart or table"


def test_a_page_that_is_drawn_again_from_the_cache_keeps_them_all():
    first, second = open_page("evidence"), open_page("evidence")
    assert list(kept(first)) == list(kept(second)) and len(kept(second)) == 4


@pytest.mark.parametrize("page", ["layer_statistics", "journey", "parameters"])
def test_a_page_that_is_replayed_has_everything_in_its_place(page):
    st.cache_resource.clear()
    first, second = (open_page(page) for _ in range(2))
    assert not first.exception and _places(first.main) == _places(second.main) and len(_places(first.main)) > 10


def _places(block) -> list:
    """Returns the kind of everything on a page, nested as its containers are."""
    if isinstance(block, Block):
        return [block.type, *(_places(child) for _, child in sorted(block.children.items()))]
    return [block.type]


def test_one_replayed_drawing_within_another_is_refused():
    inner = take_away.replayed(lambda: None)
    with pytest.raises(RuntimeError, match="would lose its place"):
        take_away.replayed(lambda: inner())()


def test_a_live_chart_is_taken_away_as_it_is_when_clicked():
    shown = {"It.": pd.DataFrame({"x": [1]})}
    ((_, make),) = take_away._files(shown, "It.").values()
    shown["It."] = pd.DataFrame({"x": [1, 2]})
    assert pd.read_csv(io.StringIO(make()))["x"].tolist() == [1, 2]


def test_a_page_offers_nothing_of_the_page_before():
    app = open_page("evidence")
    before = set(kept(app))
    app.switch_page("app_pages/parameters.py").run()
    assert not before & set(kept(app))


def test_a_table_comes_as_it_is():
    table = next(content for content in kept(open_page("parameters")).values() if isinstance(content, pd.DataFrame))
    ((mime, make),) = take_away._files({"It.": table}, "It.").values()
    assert mime == "text/csv" and pd.read_csv(io.StringIO(make())).shape == table.shape


def test_a_dark_page_gives_the_tones_of_a_light_one():
    content = next(content for content in kept(open_page("overview")).values() if callable(content))
    with Image.open(io.BytesIO(take_away._files({"It.": content}, "It.")["png"][1]())) as picture:
        assert picture.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
