import pytest

from normviz.explain.invariances import PICTURES
from tests.app.pages import assert_whole, open_page


def tables(app) -> list[str]:
    return [element.proto.body for element in app.get("html") if "<table" in element.proto.body]


def test_the_page_shows_the_measured_table(no_data):
    app = open_page("invariances")
    assert_whole(app, "invariances")
    measured, paper, through = tables(app)
    assert (measured.count("= stays"), measured.count("≠ moves")) == (18, 18)
    assert paper.count(">stays<") == 12 and through.count(" of 7<") == 8
    assert "Layer Normalization" in " ".join(markdown.value for markdown in app.markdown)


def test_a_link_opens_the_same_view(no_data):
    app = open_page("invariances", layer="5", factor="0.01", constant="2.5", brightness="0.6", change="+ a constant")
    assert app.select_slider(key="factor").value == 0.01 and app.slider(key="constant").value == 2.5
    assert app.selectbox(key="change").value == "plus"
    assert app.subheader[0].value == "What norm layer 5 receives, changed"
    assert tables(app)[0].count("= stays") < 18


def test_nonsense_in_the_url_falls_back(no_data):
    assert_whole(open_page("invariances", layer="9", factor="x", constant="99", change="?", seen="?"), "invariances")


@pytest.mark.parametrize("given", ["picture", "noise"])
def test_other_pictures_go_in(given, no_data):
    assert_whole(open_page("invariances", input=given), "invariances")


def test_no_more_pictures_can_be_chosen_than_go_in(no_data):
    app = open_page("invariances", input="noise", pictures="40")
    assert_whole(app, "invariances")
    chosen = next(slider for slider in app.slider if slider.key == "pictures")
    assert chosen.max == PICTURES and chosen.value <= PICTURES
