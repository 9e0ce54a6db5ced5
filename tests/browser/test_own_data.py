"""Own pictures from the first look to the last page: inspected, trained on in the lab, and walked through."""

import shutil

import pytest
from playwright.sync_api import expect

from normviz.app.saved import OWN_PAGES
from normviz.words import pages
from tests import own_pictures
from tests.browser.harness import (
    assert_fits,
    assert_no_error,
    open_page,
    running_app,
    settle,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return own_pictures.fill(tmp_path_factory.mktemp("own") / "mine", 20)


@pytest.fixture(scope="module")
def app_url(folder):
    with running_app(NORMVIZ_SERVER_AHEAD="off", NORMVIZ_DATA=str(folder)) as server:
        yield server.url


def train_and_open_on_the_pages(page) -> None:
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("What came out").wait_for()
    page.get_by_text("Runs of this visit").click()
    page.get_by_role("button", name="Open on the other pages as my network").click()
    settle(page)


def test_own_data_are_inspected_trained_on_and_walked_through(page):
    open_page(page, "own_data")
    expect(page.get_by_text("3 classes, 60 pictures")).to_be_visible()
    page.get_by_role("link", name="Next: ").click()
    page.get_by_text("3 classes of your own").wait_for()
    page.goto("/lab?steps=12&pictures=500&batch_size=16")
    train_and_open_on_the_pages(page)
    for key in reversed(pages.TOUR[: pages.TOUR.index("lab")]):
        page.get_by_role("link", name=f"Back: {pages.TITLES[key]}").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(pages.PAGES[key].title)
        settle(page)
        assert_no_error(page)
        assert (page.get_by_text("Your own networks stand here").count() == 1) == (key in OWN_PAGES)


def test_a_zip_is_looked_at(page, folder, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "mine"), "zip", folder)
    open_page(page, "own_data", whose="a file of mine")
    page.locator("input[type=file]").set_input_files(archive)
    expect(page.get_by_text("3 classes, 60 pictures")).to_be_visible()
    settle(page)
    assert_no_error(page)


def test_a_zip_is_trained_on_and_its_pictures_stand_on_the_other_pages(page, tmp_path):
    classes = ("one", "two", "three")
    archive = shutil.make_archive(str(tmp_path / "mine"), "zip", own_pictures.fill(tmp_path / "other", 10, 50, classes))
    open_page(page, "own_data", whose="a file of mine")
    page.locator("input[type=file]").set_input_files(archive)
    page.get_by_role("button", name="Train on them in the lab").click()
    expect(page.get_by_text("one, three, two")).to_be_visible()
    settle(page)
    page.goto(f"{page.url}&steps=12&pictures=500")
    train_and_open_on_the_pages(page)
    for title in ("Your data", "Classify a picture", "Mistakes"):
        page.get_by_role("link", name=f"Back: {title}").click()
    expect(page.get_by_text("of 6 test pictures")).to_be_visible()
    settle(page)
    assert_no_error(page)
    assert page.get_by_text("not at hand").count() == 0


def test_a_zip_that_is_none_ends_in_a_sentence(page, tmp_path):
    (tmp_path / "broken.zip").write_bytes(b"no archive")
    open_page(page, "own_data", whose="a file of mine")
    page.locator("input[type=file]").set_input_files(tmp_path / "broken.zip")
    expect(page.get_by_text("broken.zip cannot be unpacked")).to_be_visible()


def test_the_page_fits(page):
    open_page(page, "own_data")
    assert_fits(page)
