import re

import numpy as np
import pytest

from normviz.explain import cells
from normviz.model import norms
from tests.browser.harness import assert_no_error, error_texts, open_page, settle, sideways_scroll, window

SHAPE, SEED = (3, 4, 2, 2), 9
X = cells.made_up(SHAPE, SEED)


def cell_at(page, cell: tuple):
    return page.locator(f"path[aria-label^='x{list(cell)} =']").first


def banner(page) -> str:
    """Returns what the drawing says of the cell that is pointed at."""
    texts = page.locator("[data-testid=stVegaLiteChart] svg").first.locator("text").all_text_contents()
    return " ".join(text for text in texts if re.search("Group|mean|this cell", text))


def worked(page) -> str:
    return page.locator("[data-testid=stMarkdownContainer]").filter(has_text="is normalized to").first.inner_text()


@pytest.mark.parametrize(("norm", "groups"), [("batch", 1), ("group", 2), ("layer", 1), ("instance", 1)])
def test_a_cell_that_is_pointed_at_shows_its_group_and_a_click_works_it(page, norm, groups):
    open_page(page, "averaging", norm=norm, groups=groups)
    cell = (1, 2, 0, 1)
    layer = cells.NormLayer(X, norm, np.ones(4), np.zeros(4), groups)
    mean, variance = (values[cells.group_numbers(layer)[cell]] for values in norms.statistics(X, norm, groups))
    sent = page.evaluate("window.appSocket.sentAt")
    cell_at(page, cell).hover(force=True)
    page.wait_for_function("document.querySelectorAll('path[fill=\"#B8BDC5\"]').length > 0")
    told = banner(page)
    assert f"mean {cells.written(mean)}, variance {cells.written(variance)} over" in told
    assert f"this cell: {cells.written(X[cell])}" in told
    lit = page.locator("path[aria-label^='x[']:not([fill='#B8BDC5'])").count()
    assert lit == norms.statistic_rows(X, norm, groups).shape[1]
    assert page.evaluate("window.appSocket.sentAt") == sent, "pointing asked the server"

    cell_at(page, cell).click(force=True)
    settle(page)
    assert f"normalized to {cells.written(norms.normalize(X, norm, groups)[cell])} and" in worked(page)
    assert "cell=1-2-0-1" in page.url
    assert_no_error(page)


def test_the_lock_survives_another_norm_and_can_be_moved_without_a_mouse(page):
    open_page(page, "averaging", cell="2-1-1-0")
    page.get_by_role("radio", name="layer", exact=True).click()
    settle(page)
    assert f"to {cells.written(norms.normalize(X, 'layer')[2, 1, 1, 0])} and" in worked(page)
    choice = page.get_by_role("combobox", name=re.compile("Cell"))
    choice.focus()
    page.keyboard.type("0-3-1-1")
    page.keyboard.press("Enter")
    settle(page)
    assert "cell=0-3-1-1" in page.url
    assert f"to {cells.written(norms.normalize(X, 'layer')[0, 3, 1, 1])} and" in worked(page)
    cell_at(page, (2, 1, 1, 0)).click(force=True)
    settle(page)
    assert "cell=2-1-1-0" in page.url


def type_in_first_cell(page, text: str) -> None:
    """Types into the tensor's first number: picture 0, channel 0, row 0, column 0."""
    table = page.locator("[data-testid=stDataFrame]").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    page.mouse.dblclick(box["x"] + 190, box["y"] + 52)
    typing = page.locator("#portal textarea, #portal input")
    typing.wait_for()
    page.wait_for_timeout(300)  # the cell's own text is put in while the editor opens, over what a script types at once
    typing.fill(text)
    page.wait_for_timeout(100)
    typing.press("Enter")
    page.wait_for_timeout(400)  # the editor gathers what is typed before it tells the server
    settle(page)


def test_a_typed_number_is_followed_and_a_bad_one_explained(page):
    open_page(page, "averaging")
    type_in_first_cell(page, "50")
    x = X.copy()
    x[0, 0, 0, 0] = 50
    wanted = f"x[0, 0, 0, 0] = 50 is normalized to {cells.written(norms.normalize(x, 'batch')[0, 0, 0, 0])} and"
    assert wanted in worked(page)
    for text in ("many", "", "1e999"):
        type_in_first_cell(page, text)
        (message,) = error_texts(page)
        assert "picture 0, channel 0, row 0, column 0" in message and (text or "empty") in message
        assert wanted in worked(page)
    page.get_by_role("button", name="Take the edits back").click()
    settle(page)
    assert_no_error(page)
    assert f"to {cells.written(norms.normalize(X, 'batch')[0, 0, 0, 0])} and" in worked(page)


def test_batches_are_fed(page):
    open_page(page, "averaging")
    for _ in range(2):
        page.get_by_role("button", name="Feed a batch").click()
        settle(page)
    batches = [X, cells.made_up(SHAPE, SEED, 1)]
    mean, _ = cells.running_after(cells.feed(batches, (np.zeros(4), np.ones(4))))
    assert page.get_by_text(f"Running mean {cells.written(mean[0])};").count() == 1
    assert "fed=2" in page.url


@pytest.mark.parametrize("query", [{"side": "true"}, {"tensor": "network", "network": "group", "c": 8, "h": 4, "w": 4}])
def test_nothing_overflows_on_a_phone(page, query):
    page.set_viewport_size(window(390))
    open_page(page, "averaging", **query)
    assert_no_error(page)
    assert sideways_scroll(page) == 0
    ends = page.locator(".katex-html .base").evaluate_all("parts => parts.map(part => part.getBoundingClientRect().right)")
    assert max(ends) < 390 - 32, "a formula is cut"
