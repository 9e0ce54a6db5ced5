from unittest.mock import Mock

import pytest

from normviz.app import test_set
from normviz.explain import batch_mates
from normviz.explain.batch_mates import BATCHES
from normviz.model.norms import STUDIES
from normviz.words.classes import CLASS_NAMES
from tests.app.pages import assert_whole, choice, open_page, spoken


@pytest.mark.parametrize("study", STUDIES)
def test_the_page_says_a_spread_of_zero_for_all_but_batch_norm_in_training(study, no_data):
    app = open_page("batch_mates", study=study)
    assert_whole(app, "batch_mates")
    said = spoken(app.get("vega_lite_chart")[0])
    spread = float(said.split("a spread of ")[1].split(",")[0])
    rest = float(said.split("other three is ")[1].rstrip("."))
    assert spread > 0.1 and rest < 1e-5
    assert app.subheader[0].value == f"{BATCHES} batches of 8"


def test_a_link_opens_the_same_view_and_batches_keep_coming(no_data):
    app = open_page("batch_mates", mates="one class", batch="128", **{"class": "ship"})
    assert app.select_slider(key="batch").value == 128 and app.selectbox(key="class").value == "ship"
    counts = []
    for _ in range(-(-BATCHES // (batch_mates.ROUND // 128)) + 1):
        counts.append(int(app.subheader[0].value.split()[0]))
        app.run()
    assert counts[0] < counts[1] and counts[-1] == BATCHES and not app.exception


def test_a_class_that_cannot_be_offered_any_more_falls_back(no_data):
    app = open_page("batch_mates", mates="one class", **{"class": "cat", "example": "ship"})
    assert app.selectbox(key="class").value == "cat"
    choice(app, "example").set_value("cat").run()
    assert not app.exception and not app.error and "cat" not in app.selectbox(key="class").options


def test_nonsense_in_the_url_falls_back(no_data):
    assert_whole(open_page("batch_mates", mates="friends", batch="7", **{"class": "unicorn"}), "batch_mates")


def test_mates_are_test_images_where_there_are_any(pictures):
    app = open_page("batch_mates", mates="one class", **{"from": "test image", "index": "6"})
    assert_whole(app, "batch_mates")
    assert app.selectbox(key="class").options == list(CLASS_NAMES)


def test_as_many_other_test_images_are_other_mates(made_up, monkeypatch):
    shown = []
    for split in (made_up(40), made_up(40, seed=1)):
        monkeypatch.setattr(test_set, "test_pictures", Mock(return_value=split))
        app = open_page("batch_mates")
        shown.append((spoken(app.get("vega_lite_chart")[0]), app.get("image")[1].proto.imgs[0].url))
    assert shown[0][0] != shown[1][0] and shown[0][1] != shown[1][1]
