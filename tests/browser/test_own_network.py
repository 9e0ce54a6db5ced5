"""A network that a visitor writes: looked into, then trained in the lab with one click."""

import pytest
from playwright.sync_api import expect

from normviz.words import own_network as words
from tests.browser.harness import (
    assert_fits,
    assert_no_error,
    open_page,
    running_app,
    settle,
)
from tests.waiting import until


@pytest.fixture(scope="module")
def app_url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("no-data")
    (folder / "mine.yaml").write_text(words.EXAMPLE)
    settings = {"NORMVIZ_SERVER_AHEAD": "off", "NORMVIZ_DATA": str(folder), "NORMVIZ_NETWORKS_MINE": f"{folder}/mine.yaml"}
    with running_app(**settings) as server:
        yield server.url


def test_one_click_leads_into_the_lab_which_trains_it_and_finds_it_again(page):
    open_page(page, "own_network")
    written = words.EXAMPLE.replace("convolution: 16", "convolution: 8")
    page.get_by_label("Its parts, in YAML").fill(written)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("7 x 8 x 32 x 32").first).to_be_visible()
    page.get_by_role("link", name="Train it in the lab").click()
    said = "convolution 3x3 to 8 channels, norm, ReLU"
    expect(page.get_by_text(said).first).to_be_visible()
    settle(page)
    page.goto(f"{page.url}&steps=12&pictures=500")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("What came out").wait_for()
    expect(page.get_by_text(f"This run trains: {said}")).to_be_visible()
    page.reload()
    page.get_by_text("What came out").wait_for()
    expect(page.get_by_text(f"This run trains: {said}")).to_be_visible()
    page.get_by_text("Runs of this visit").click()
    page.get_by_role("button", name="Open on the other pages as my network").click()
    settle(page)
    for title in ("Your data", "Classify a picture"):
        page.get_by_role("link", name=f"Back: {title}").click()
    expect(page.get_by_text("Your own networks stand here")).to_be_visible()
    settle(page)
    assert_no_error(page)


def test_what_was_written_stays_when_the_page_is_left(page):
    open_page(page, "own_network")
    page.get_by_label("Its parts, in YAML").fill(words.EXAMPLE.replace("linear: 10", "linear: 7"))
    page.keyboard.press("Control+Enter")
    settle(page)
    page.get_by_role("link", name="Next: ").click()
    settle(page)
    page.get_by_role("link", name="Back: ").click()
    until(lambda: "linear: 7" in page.get_by_label("Its parts, in YAML").input_value())


@pytest.mark.parametrize("look", words.LOOKS)
def test_each_look_fits(look, page):
    open_page(page, "own_network", look=look, door=words.SERVERS)
    assert_no_error(page)
    assert_fits(page)
