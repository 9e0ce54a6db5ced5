import pytest

from tests.browser.answers import CHANGES, answers_ms
from tests.browser.harness import PAGES, assert_no_error


def test_every_page_has_a_change():
    assert sorted(CHANGES) == sorted(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_answers_each_change(page, name):
    """How long that takes, `benchmarks/response_times.py` measures."""
    assert len(answers_ms(page, name)) == len(CHANGES[name])
    assert_no_error(page)
