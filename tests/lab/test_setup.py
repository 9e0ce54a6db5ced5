from dataclasses import asdict, replace

import pytest

from normviz.lab import setup
from normviz.lab.presets import PRESETS
from normviz.lab.setup import Setup
from normviz.model import network
from normviz.words import lab as words


def test_columns_are_plans_of_the_same_recipe():
    columns = Setup(("batch", "none"), seeds=2, seed=5).columns
    assert list(columns) == ["batch-5", "none-5", "batch-6", "none-6"]
    assert columns["batch-5"].recipe == columns["none-6"].recipe
    assert columns["batch-5"].recipe.schedule == "constant"


@pytest.mark.parametrize(("rule", "rate"), [("fixed", 0.01), ("square root", 0.005), ("linear", 0.0025)])
def test_the_rule_scales_the_rate_from_the_reference(rule, rate):
    assert Setup(batch_size=32, learning_rate=0.01, rule=rule).rate == pytest.approx(rate)


def test_widths_are_those_of_the_network():
    assert setup.PUBLISHED == network.WIDE
    assert Setup(width="double").widths == tuple(2 * width for width in network.WIDE)


def test_json_keeps_a_setup():
    chosen = replace(PRESETS["ten-times"].setup, seed=7)
    assert setup.from_dict(asdict(chosen) | {"norms": list(chosen.norms)}) == chosen
    with pytest.raises(ValueError, match="no set-up of the lab"):
        setup.from_dict({"norms": ["batch"], "colour": "red"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batch_size": 0}, "batch_size must be from 1 to 512: batch_size=0"),
        ({"learning_rate": float("nan")}, "learning_rate must be from"),
        ({"pictures": 60_000}, "pictures must be from 500 to 50,000: pictures=60000"),
        ({"order": "alphabetical"}, "order must be one of mixed, one class, two classes: order='alphabetical'"),
        ({"norms": ()}, "norms must be one to five of"),
        ({"norms": ("batch", "batch")}, "norms must be one to five of"),
        ({"groups": 3}, r"groups must divide channels: groups=3, channels=\[16, 32\]"),
    ],
)
def test_errors_carry_the_value(change, said):
    with pytest.raises(ValueError, match=said):
        Setup(**change)


def test_every_demo_has_words_and_its_norms_are_compared():
    assert list(PRESETS) == list(words.DEMOS)
    for preset in PRESETS.values():
        last = dict.fromkeys(preset.setup.norms, 0.5)
        assert preset.effect is None or not preset.effect(last)
