import pandas as pd
import pytest

from normviz.studies import evidence, headline
from normviz.training.plans import Plan
from tests.studies.tables import trained

ACCURACIES = {  # by study and norm, seed by seed; the batch network of both studies is one
    ("controlled", "batch"): (0.76, 0.74),
    ("controlled", "group"): (0.73, 0.73),
    ("controlled", "layer"): (0.74, 0.75),
    ("published", "group"): (0.70, 0.70),
    ("published", "layer"): (0.60, 0.62),
}


def made_up(accuracies=ACCURACIES) -> pd.DataFrame:
    plans = {Plan(*model, seed): value for model, values in accuracies.items() for seed, value in enumerate(values)}
    return trained("seeds", plans)


def test_the_gap_is_that_of_the_means_with_the_interval_paired_by_seed():
    gap = headline.apart(made_up(), "controlled")
    wanted = evidence.mean_interval([0.03, 0.01], evidence.at_once(3))
    assert [gap.points, gap.low, gap.high] == pytest.approx([100 * wanted[key] for key in ("mean", "low", "high")])
    assert gap.seeds == 2 and gap.points == pytest.approx(2)
    assert headline.apart(made_up(), "published").points == pytest.approx(14)


def test_the_sentence_says_over_how_many_seeds():
    said = headline.sentence(made_up())
    assert "mean of 2 seeds lies 14.0 points (95% interval" in said and "**2.0 points (95% interval -36.2 to 40.2)**" in said
    assert headline.CONCLUSION not in said, "so wide an interval allows no conclusion"
    assert headline.CONCLUSION in headline.sentence(evidence.load("seeds"))


def test_what_equal_networks_did_not_close_is_not_put_down_to_them():
    equal = dict.fromkeys(ACCURACIES, (0.74, 0.75))
    said = headline.sentence(made_up(equal))
    assert "equal networks by +0.0" in said and headline.CONCLUSION not in said


@pytest.mark.parametrize("lacking", ACCURACIES)
def test_one_seed_of_one_network_is_not_enough(lacking):
    assert headline.has_all(made_up())
    assert not headline.has_all(made_up(ACCURACIES | {lacking: (0.7,)}))
    assert not headline.has_all(None) and not headline.has_all(evidence.load_if_any("seeds", "/nowhere"))
