from copy import deepcopy

import pytest

from normviz.explain import saliency
from normviz.model.norms import COMPARED, STUDIES
from normviz.words.classes import CLASS_NAMES
from tests.app.pages import assert_whole, open_page
from tests.shipped import network, picture


def shown(app) -> list[str]:
    return [text.value for text in app.markdown if text.value.startswith("For **")]


@pytest.mark.parametrize("key", ["classify", "journey"])
@pytest.mark.parametrize("study", STUDIES)
def test_the_page_shows_the_sum_beside_the_difference(key, study):
    app = open_page(key, study=study, saliency="integrated gradients", target="frog", example="ship", baseline="black")
    assert_whole(app, key)
    for norm, said in zip(COMPARED, shown(app), strict=True):
        found = saliency.look(deepcopy(network(study, norm)), picture("ship"), 6, "integrated gradients", "black")
        assert said.startswith(f"For **{CLASS_NAMES[6]}**") and f"**{found.difference:+.2f}**" in said
        assert f"**{found.total:+.2f}**" in said


def test_classify_shows_nothing_until_asked_and_cites_the_caution():
    app = open_page("classify")
    assert not shown(app)
    app.segmented_control(key="saliency").set_value("Grad-CAM").run()
    assert_whole(app, "classify")
    assert len(shown(app)) == 3
    assert any("Adebayo et al. 2018" in caption.value for caption in app.caption)
    answers = [saliency.own_answer(network("controlled", norm), picture()) for norm in COMPARED]
    assert all(said.startswith(f"For **{CLASS_NAMES[answer]}**") for said, answer in zip(shown(app), answers))


def test_nonsense_in_the_url_falls_back():
    app = open_page("classify", saliency="magic", target="unicorn")
    assert_whole(app, "classify")
    assert not shown(app)


def test_what_a_black_baseline_hides_is_said_and_no_more():
    app = open_page("classify", saliency="integrated gradients", baseline="black")
    (said,) = [caption.value for caption in app.caption if "black" in caption.value]
    assert said.endswith("already equals its baseline and gets nothing.")
