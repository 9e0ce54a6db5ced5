import pytest

from tests.browser.answers import CHANGES, answers_ms
from tests.browser.harness import PAGES, assert_no_error, open_page, settle

SAID = "words => words.map((word) => word.ariaLabel)"


def test_every_page_has_a_change():
    assert sorted(CHANGES) == sorted(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_answers_each_change(page, name):
    """How long that takes, `benchmarks/response_times.py` measures."""
    assert len(answers_ms(page, name)) == len(CHANGES[name])
    assert_no_error(page)


@pytest.mark.parametrize("name", ["curves", "mistakes", "parameters", "journey"])
def test_a_drawn_chart_is_kept_when_only_its_numbers_change(page, name):
    open_page(page, name)
    charts, words = page.locator("svg.marks"), page.locator('svg.marks [aria-roledescription="text mark"][aria-label]')
    said = words.evaluate_all(SAID)
    charts.evaluate_all("charts => charts.forEach((chart) => chart.classList.add('before'))")
    page.get_by_role("radio", name="published", exact=True).first.click()
    settle(page)
    assert page.locator("svg.marks.before").count() == charts.count()
    assert said and words.evaluate_all(SAID) != said
