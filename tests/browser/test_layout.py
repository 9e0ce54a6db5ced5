"""Nothing is cut, nothing lies on something else, and what is to be compared stands level: from a phone to a projector."""

import pytest

from normviz.studies import evidence
from normviz.words import questions
from tests.app.pages import WITHOUT_CHARTS
from tests.browser.harness import PAGES, assert_no_error, open_page, settle, sideways_scroll, window

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


def open_at(page, width: int, name: str, **query) -> None:
    page.set_viewport_size(window(width))
    open_page(page, name, **query)


def charts_at(page, width: int) -> list[dict]:
    page.set_viewport_size(window(width))
    settle(page)
    return page.evaluate(CHARTS)


def rows_of(charts: list[dict], widest: float) -> dict[int, list[dict]]:
    """Returns the charts up to a width, in pixels, by how far below the top they begin."""
    rows = {}
    for chart in charts:
        if chart["place"][2] - chart["place"][0] < widest:
            rows.setdefault(round(chart["place"][1]), []).append(chart)
    return rows


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
    open_at(page, 1024, name, **query)
    assert_no_error(page)
    assert page.locator("h1").count() == 1
    for width in (1024, 390):
        charts = charts_at(page, width)
        assert charts or name in WITHOUT_CHARTS
        for chart in charts:
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
    ("name", "widths"),
    [
        *((name, (1024,)) for name in ("parameters", "classify")),
        *((name, (1024, 1280)) for name in ("layer_statistics", "journey")),
        ("mistakes", (1280,)),
    ],
)
def test_three_networks_stand_side_by_side_and_level(page, name, widths, study):
    open_at(page, widths[0], name, study=study)
    for width in widths:
        rows = rows_of(charts_at(page, width), width / 3)
        assert rows and {len(row) for row in rows.values()} == {3}, sorted(rows)


@pytest.mark.parametrize("name", ["seeds", "gap", "batch-size"])
def test_two_charts_of_a_row_stand_level_in_the_evidence(page, name):
    open_at(page, 1024, "evidence", question=questions.STUDIES[name].title)
    for width in (1024, 1280):
        rows = rows_of(charts_at(page, width), 0.6 * width)
        assert rows and all(len(row) > 1 for row in rows.values()), sorted(rows)
