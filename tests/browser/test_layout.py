"""Nothing is cut, nothing lies on something else, and what is to be compared stands level: from a phone to a projector."""

import pytest

from normviz.studies import evidence
from normviz.words import questions
from tests.app.pages import WITHOUT_CHARTS
from tests.browser.harness import PAGES, assert_no_error, open_page, settle, sideways_scroll

SMALLEST = 12  # pixels of the text in a chart
CHARTS = """
() => [...document.querySelectorAll('[data-testid="stVegaLiteChart"] svg.marks')].map((svg) => {
  const place = (node) => { const b = node.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
  const seen = (text) => text.textContent.trim() && getComputedStyle(text).opacity !== '0';
  const texts = [...svg.querySelectorAll('text')].filter(seen).map((text) => (
    {said: text.textContent, place: place(text), size: parseFloat(getComputedStyle(text).fontSize),
     upright: /rotate/.test(text.getAttribute('transform'))}));
  return {place: place(svg), texts: texts.filter((text) => text.place[2] > text.place[0])};
})
"""
SIDEWAYS = """
() => [...document.querySelectorAll('[data-testid="stDataFrame"] .dvn-scroller, [data-testid="stTable"]')]
  .map((table) => table.scrollWidth - table.clientWidth)
"""


def charts_of(page, name: str, width: int, **query) -> list[dict]:
    page.set_viewport_size({"width": width, "height": 900})
    open_page(page, name, **query)
    return drawn_charts(page, name)


def drawn_charts(page, name: str) -> list[dict]:
    found = page.evaluate(CHARTS)
    assert found or name in WITHOUT_CHARTS
    return found


def beyond(inner: list[float], outer: list[float]) -> float:
    """Returns by how many pixels a box sticks out at the left or right; a line of text is higher than its letters."""
    return max(outer[0] - inner[0], inner[2] - outer[2])


def overlapping(one: list[float], other: list[float]) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 1 and down > 5


def assert_readable(chart: dict) -> None:
    """Fails if a word of a chart, of `CHARTS`, is cut, covered or tiny."""
    for number, text in enumerate(chart["texts"]):
        assert beyond(text["place"], chart["place"]) <= (3 if text["upright"] else 1.5), f"cut: {text['said']}"
        assert text["size"] >= SMALLEST, f"tiny: {text['said']}"
        covering = [other["said"] for other in chart["texts"][number + 1 :] if overlapping(text["place"], other["place"])]
        assert not covering, f"{text['said']} lies under {covering}"


def assert_whole_at_every_width(page, name: str, **query) -> None:
    """Opens a page on an old projector and narrows it to a phone: nothing fails, sticks out, is cut, covered or tiny."""
    for chart in charts_of(page, name, 1024, **query):
        assert_readable(chart)
    assert_no_error(page)
    assert page.locator("h1").count() == 1
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    for chart in drawn_charts(page, name):
        assert_readable(chart)
    assert max(page.evaluate(SIDEWAYS), default=0) <= 1, "a table scrolls sideways"
    assert sideways_scroll(page) == 0


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_whole_at_every_width(page, name):
    assert_whole_at_every_width(page, name)


@pytest.mark.parametrize("title", [questions.STUDIES[name].title for name in evidence.begun(questions.STUDIES)][1:])
def test_every_question_is_whole_at_every_width(page, title):
    assert_whole_at_every_width(page, "evidence", question=title)


@pytest.mark.parametrize("study", ["controlled", "published"])
@pytest.mark.parametrize(
    ("name", "width"),
    [
        *((name, 1024) for name in ("layer_statistics", "journey", "parameters", "classify")),
        *((name, 1280) for name in ("layer_statistics", "journey", "mistakes")),
    ],
)
def test_three_networks_stand_side_by_side_and_level(page, name, study, width):
    rows = {}
    for chart in charts_of(page, name, width, study=study):
        if chart["place"][2] - chart["place"][0] < width / 3:
            rows.setdefault(round(chart["place"][1]), []).append(chart)
    assert rows and {len(row) for row in rows.values()} == {3}, sorted(rows)


@pytest.mark.parametrize("width", [1024, 1280])
@pytest.mark.parametrize("name", ["seeds", "gap", "batch-size"])
def test_two_charts_of_a_row_stand_level_in_the_evidence(page, name, width):
    tops = {}
    for chart in charts_of(page, "evidence", width, question=questions.STUDIES[name].title):
        if chart["place"][2] - chart["place"][0] < 0.6 * width:
            tops.setdefault(round(chart["place"][1]), []).append(chart)
    assert all(len(row) > 1 for row in tops.values()), sorted(tops)
