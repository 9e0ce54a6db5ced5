"""The choice that every page shares stands where it changes something, and nowhere else."""

import pytest

from tests.browser.harness import PAGES, open_page, settle

ANSWER = """
() => [...document.querySelectorAll('[data-testid="stMain"] [data-testid="stElementContainer"]')]
  .filter((element) => !element.closest('.st-key-study_choice')).map((element) => element.innerHTML
    .replace(/id="[^"]*"|url\\(#[^)]*\\)|(class|clip-path|aria-labelledby|for|name)="[^"]*"/g, '')).join('|')
"""


def shown(page):
    return page.get_by_role("radio", name="published", exact=True)


@pytest.mark.parametrize(
    "name", [name for name in PAGES if name not in ("averaging", "lab", "lesson", "own_data", "own_network")]
)
def test_it_changes_every_page_that_shows_it(page, name):
    open_page(page, name)
    before = page.evaluate(ANSWER)
    assert shown(page).is_visible()
    shown(page).click()
    settle(page)
    assert page.evaluate(ANSWER) != before


@pytest.mark.parametrize(
    ("choices", "there"),
    [
        ({}, False),
        ({"side": "true"}, False),
        ({"tensor": "network"}, True),
        ({"tensor": "network", "network": "group"}, True),
    ],
)
def test_what_is_averaged_shows_it_only_where_another_network_is_drawn(page, choices, there):
    open_page(page, "averaging", study="budget", **choices)
    assert shown(page).is_visible() == there
    drawn = page.evaluate(ANSWER)
    open_page(page, "averaging", study="controlled", **choices)
    assert (page.evaluate(ANSWER) != drawn) == there


@pytest.mark.parametrize("name", ["lab", "lesson", "own_data", "own_network"])
def test_a_page_of_its_own_networks_or_questions_does_not_show_it(page, name):
    open_page(page, name)
    assert not shown(page).is_visible()


def test_it_is_kept_across_a_page_that_hides_it(page):
    open_page(page, "overview")
    shown(page).click()
    settle(page)
    for title in ("Next: What is averaged", "Next: What does not change"):
        page.get_by_role("link", name=title).click()
        settle(page)
        assert "study=published" in page.url
    assert shown(page).is_visible() and shown(page).is_checked()
