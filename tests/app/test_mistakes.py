from dataclasses import replace

import pytest

from normviz.app import test_set as at_hand
from tests.app.pages import assert_whole, open_page


def test_nonsense_in_the_url_falls_back(no_data):
    assert_whole(open_page("mistakes", study="nonsense", show="nothing", at="-4"), "mistakes")


@pytest.mark.usefixtures("pictures")
def test_other_test_pictures_are_not_shown_as_they_were_drawn_before(monkeypatch):
    app = open_page("mistakes")
    before = drawn(app)
    assert drawn(app.run()) == before
    split = at_hand.at_hand()
    negative = replace(split, images=255 - split.images)
    monkeypatch.setattr(at_hand, "test_pictures", lambda: negative)
    after = drawn(app.run())
    assert len(after) == len(before) > 1 and not set(after) & set(before)


def drawn(app) -> list[str]:
    """Returns each piece of HTML that holds pictures."""
    return [part.proto.body for part in app.get("html") if "<img" in part.proto.body]
