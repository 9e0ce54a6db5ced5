"""Each page in the tones of its scheme, also where a chart is drawn once and replayed for every visitor."""

import re

import pytest

from normviz.charts.parts import GREY_WORDS
from normviz.model.norms import NORMS
from normviz.words import pages
from tests.app.pages import charts, new_session

ONLY_LIGHT = {GREY_WORDS} | {tone for norm in NORMS.values() for tone in (norm.light.mark, norm.light.words)}
ONLY_LIGHT -= {norm.dark.mark for norm in NORMS.values()}
ONLY_DARK = {norm.dark.mark for norm in NORMS.values()} - {norm.light.mark for norm in NORMS.values()}


def tones_on(key: str, scheme: str) -> set[str]:
    """Returns every colour in the charts and the HTML of a page."""
    app = new_session()
    app.context["theme"] = scheme
    app.run()
    if key != "overview":
        app.switch_page(f"app_pages/{key}.py").run()
    assert not app.exception
    written = [chart.proto.spec for chart in charts(app)] + [part.proto.body for part in app.get("html")]
    return set(re.findall(r"#[0-9A-F]{6}", " ".join(written)))


@pytest.mark.parametrize("key", pages.PAGES)
def test_a_page_has_the_tones_of_its_scheme_whichever_was_drawn_first(key, no_data):
    for scheme, others in (("light", ONLY_DARK), ("dark", ONLY_LIGHT), ("light", ONLY_DARK)):
        assert not tones_on(key, scheme) & others
