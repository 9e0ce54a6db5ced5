import pytest

from normviz.model.norms import STUDIES
from normviz.words import pages
from tests.app.pages import assert_whole, open_page

PAGES = list(pages.PAGES)


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("key", PAGES)
def test_every_page_without_data(key, study, no_data):
    assert_whole(open_page(key, study=study), key)


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("key", PAGES)
def test_every_page_with_data(key, study, pictures):
    assert_whole(open_page(key, study=study), key)
