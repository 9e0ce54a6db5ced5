"""The tones of the norms: contrast by WCAG 2.2, and distance as readers with one kind of cone missing see them."""

import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from coloraide import Color

from normviz.charts import parts
from normviz.charts.verdicts import RAMP
from normviz.model.norms import NORMS, Tones

THEMES = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())["theme"]
SCHEMES = ("light", "dark")
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#7F7F7F")
MISSING = ("protan", "deutan", "tritan")  # cones


def page(scheme: str) -> str:
    return THEMES[scheme]["backgroundColor"]


def contrast(one: str, other: str) -> float:
    return Color(one).contrast(other, method="wcag21")


def laid_over(colour: Color, ground: str) -> Color:
    return Color.layer([colour, ground], space="srgb")


def seen(colour: str) -> list[Color]:
    return [Color(colour), *(Color(colour).filter(cone) for cone in MISSING)]


def nearest(colours: list[str]) -> float:
    """Returns the smallest CIEDE2000 distance of any two colours in any vision."""
    pairs = [zip(seen(one), seen(other), strict=True) for one, other in combinations(colours, 2)]
    return min(one.delta_e(other, method="2000") for pair in pairs for one, other in pair)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("norm", NORMS)
def test_marks_and_words_stand_out_from_the_page(norm, scheme):
    tones: Tones = NORMS[norm].on(scheme)
    assert contrast(tones.mark, page(scheme)) >= 3
    assert contrast(tones.words, page(scheme)) >= 4.5
    assert contrast(tones.ink, tones.mark) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("kind", ["mark", "words"])
def test_no_two_norms_come_nearer_than_okabe_and_itos_own(kind, scheme):
    assert nearest([getattr(norm.on(scheme), kind) for norm in NORMS.values()]) >= nearest(OKABE_ITO) - 0.1


@pytest.mark.parametrize(("norm", "own"), list(zip(NORMS, OKABE_ITO, strict=True)))
def test_every_tone_keeps_the_hue_of_okabe_and_ito(norm, own):
    for scheme in SCHEMES:
        for tone in (NORMS[norm].on(scheme).mark, NORMS[norm].on(scheme).words):
            there, here = (Color(colour).convert("oklch") for colour in (own, tone))
            turn = abs((there["hue"] - here["hue"] + 180) % 360 - 180)
            assert turn < 8 or there["chroma"] < 0.01 > here["chroma"]


def test_grey_stands_out_from_the_page():
    assert min(contrast(parts.GREY, page(scheme)) for scheme in SCHEMES) >= 3
    assert contrast(parts.GREY_WORDS, page("light")) >= 4.5 <= contrast(parts.GREY_WORDS_ON_DARK, page("dark"))


@pytest.mark.parametrize(("scheme", "words"), [("light", parts.WORDS), ("dark", parts.WORDS_ON_DARK)])
@pytest.mark.parametrize("norm", NORMS)
def test_numbers_are_readable_on_the_strongest_shade(norm, scheme, words):
    shade = laid_over(Color(NORMS[norm].on(scheme).mark + RAMP[-1]), page(scheme))
    assert contrast(words, shade) >= 4.5


def test_a_caption_stands_out_from_the_page_and_from_a_widgets_ground():
    faded = Color(THEMES["light"]["textColor"]).set("alpha", 0.6)  # what Streamlit makes of the text's colour
    for ground in (page("light"), "#F8F8F7"):  # Streamlit's default behind widgets
        assert contrast(laid_over(faded, ground), ground) >= 4.5
