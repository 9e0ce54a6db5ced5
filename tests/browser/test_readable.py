"""What axe-core finds on each page: WCAG 2.0 to 2.2, A and AA, with no rule switched off; in the dark what colours decide.

One finding is passed over, in one place: on a phone Streamlit's own menu stands as `ul > div > li`, a `div` for each section
(github.com/streamlit/streamlit/pull/8681), which breaks the rules on lists and which no page can change.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.harness import PAGES, assert_no_error, fresh_page, open_page, running_app, settle, window

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
WIDTHS = (1280, 390)
IS_STREAMLITS_MENU = "node => node.closest('nav[data-testid=stSidebarNav]') !== null"
ASKED_FOR = {  # pages that differ without a data set, and what asks for it
    "classify": {"from": "test image"},
    "mistakes": {},
    "own_data": {},
    "lab": {},
    "invariances": {"input": "test images"},
    "journey": {"over": "32 test images"},
    "layer_statistics": {"input": "test images"},
}


@pytest.fixture(scope="module")
def app_without_data(tmp_path_factory):
    with running_app(NORMVIZ_SERVER_AHEAD="off", NORMVIZ_DATA=str(tmp_path_factory.mktemp("none"))) as server:
        yield server.url


@pytest.fixture(scope="module")
def with_data(browser, app_url):
    with fresh_page(browser, app_url) as (page, _):
        yield page


@pytest.fixture(scope="module")
def dark(browser, app_url):
    with fresh_page(browser, app_url, scheme="dark") as (page, _):
        yield page


@pytest.fixture(scope="module")
def without_data(browser, app_without_data):
    with fresh_page(browser, app_without_data) as (page, _):
        yield page


@pytest.mark.parametrize("name", PAGES)
def test_nothing_serious_is_found_with_data(with_data, pictures, name):
    assert findings(with_data, name) == []


@pytest.mark.parametrize("name", PAGES)
def test_words_stand_out_in_the_dark(dark, pictures, name):
    open_page(dark, name)
    assert_no_error(dark)
    assert _found(dark, CONTRAST) == []


@pytest.mark.parametrize(("name", "query"), ASKED_FOR.items())
def test_nothing_serious_is_found_without_data(without_data, name, query):
    assert findings(without_data, name, **query) == []


def findings(page, name: str, **query: str) -> list[str]:
    """Opens a page once and returns what is serious or critical on it at each of `WIDTHS`."""
    wide, narrow = map(window, WIDTHS)
    page.set_viewport_size(wide)
    open_page(page, name, **query)
    assert_no_error(page)
    found = _found(page)
    page.set_viewport_size(narrow)
    settle(page)
    return found + _found(page)


def _found(page, options: dict = OPTIONS) -> list[str]:
    violations = Axe().run(page, options=options).response["violations"]
    return [f"{page.viewport_size['width']} px: {line}" for broken in violations for line in _lines(page, broken)]


def _lines(page, broken: dict) -> list[str]:
    nodes = broken["nodes"] if broken["impact"] in ("serious", "critical") else []
    if broken["id"] in ("list", "listitem"):
        nodes = [node for node in nodes if not page.locator(node["target"][0]).first.evaluate(IS_STREAMLITS_MENU)]
    return [f"{broken['id']}: {node['html'][:200]}: {node['failureSummary']}" for node in nodes]
