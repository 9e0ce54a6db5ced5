import io
from pathlib import Path

import pytest
from PIL import Image

from normviz.pictures import formats
from tests.browser.harness import assert_no_error, error_texts, open_page, settle

EXAMPLE = Path(__file__).parents[2] / "normviz" / "pictures" / "examples" / "cat.jpg"


def test_the_study_is_kept_from_page_to_page(page):
    open_page(page, "overview")
    page.get_by_role("radio", name="published").click()
    settle(page)
    assert "study=published" in page.url
    page.get_by_role("button", name="The three networks").click()
    page.locator('a[href$="/parameters"]').click()
    settle(page)
    assert "study=published" in page.url
    assert page.get_by_text("47,236").count() > 0
    assert_no_error(page)


def test_an_uploaded_picture_gets_three_answers(page):
    open_page(page, "classify", **{"from": "upload"})
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    settle(page)
    assert_no_error(page)
    assert page.get_by_text("cat.jpg").count() > 0
    assert page.locator("[data-testid=stVegaLiteChart]").count() == 3


def test_a_file_that_is_no_picture_is_explained(page):
    open_page(page, "classify", **{"from": "upload"})
    content = io.BytesIO()
    Image.new("RGB", (9, 9)).save(content, "PPM")
    file = {"name": "notes.png", "mimeType": "image/png", "buffer": content.getvalue()}
    page.locator("input[type=file]").set_input_files(file)
    settle(page)
    assert "notes.png" in page.locator("[data-testid=stAlert]").first.inner_text()


ANSWERS = "[data-testid=stVegaLiteChart]"


@pytest.mark.parametrize("refused, reason", [("huge.jpg", "must be 25.0MB or smaller"), ("notes.txt", "are not allowed")])
def test_what_the_browser_refuses_takes_the_former_answer_away(page, refused, reason, tmp_path):
    with (tmp_path / refused).open("wb") as file:
        file.truncate(formats.MAX_BYTES + 1 if refused.endswith("jpg") else 9)
    open_page(page, "classify", **{"from": "upload"})
    picker = page.locator("input[type=file]")
    picker.set_input_files(EXAMPLE)
    settle(page)
    assert page.locator(ANSWERS).count() == 3
    picker.set_input_files(tmp_path / refused)
    settle(page)
    (message,) = error_texts(page)
    assert message.startswith(f"{refused} was not taken") and reason in message
    assert page.locator(ANSWERS).count() == 0
    picker.set_input_files(EXAMPLE)
    settle(page)
    assert_no_error(page)
    assert page.locator(ANSWERS).count() == 3


def test_a_refusal_that_is_taken_out_of_the_list_brings_the_picture_back(page, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    open_page(page, "classify", **{"from": "upload"})
    for file in (EXAMPLE, tmp_path / "notes.txt"):
        page.locator("input[type=file]").set_input_files(file)
        settle(page)
    page.get_by_role("button", name="Remove notes.txt").click()
    settle(page)
    assert_no_error(page)
    assert page.locator(ANSWERS).count() == 3


def test_a_picture_stays_when_another_choice_is_made(page):
    open_page(page, "classify", **{"from": "upload"})
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    settle(page)
    page.get_by_role("radio", name="published", exact=True).click()
    settle(page)
    assert_no_error(page)
    assert page.locator(ANSWERS).count() == 3


def test_the_picker_offers_photographs(page):
    open_page(page, "classify", **{"from": "upload"})
    kinds = page.locator("input[type=file]").get_attribute("accept").split(",")
    assert {"image/*", ".heic", ".jpg"} <= set(kinds)


def test_a_click_on_a_confusion_cell_changes_the_gallery(page):
    open_page(page, "mistakes")
    before = page.get_by_text("test pictures, the most confident").inner_text()
    cell = page.locator("path[aria-label*='label: dog'][aria-label*='predicted: cat']").first
    cell.click(force=True)
    settle(page)
    after = page.get_by_text("test pictures, the most confident").inner_text()
    assert after != before
    assert page.get_by_text("took dog for cat").count() > 0
    page.get_by_role("button", name="Show all cells").click()
    settle(page)
    assert page.get_by_text("test pictures, the most confident").inner_text() == before
    assert_no_error(page)
