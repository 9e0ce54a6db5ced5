import pandas as pd
import pytest

from normviz.studies import catalogue, findings
from normviz.training.plans import Plan
from normviz.words import published, questions
from tests.studies.tables import seeds_table, trained


def test_the_band_is_lowest_to_highest_by_epoch():
    table = seeds_table(batch=[0.6, 0.8], group=[0.5, 0.5], layer=[0.5, 0.7])
    band = findings.bands(table, "test_accuracy", "controlled").query("norm == 'batch' and x == 2").iloc[0]
    assert (band["low"], band["high"], band["count"]) == (0.6, 0.8, 2)
    gap = findings.bands(table, "gap", "controlled").query("norm == 'batch' and x == 2").iloc[0]
    assert gap["low"] == pytest.approx(0.5 - 0.8)


def gap_table(levels: dict[str, float]) -> pd.DataFrame:
    """Returns a gap study in which batch is right on 80% and the other networks by `levels` less, the same at both seeds."""
    accuracy = {}
    for seed in (0, 1):
        source, repaired = (
            {norm: Plan("published", norm, seed, *recipe(norm)) for norm in ("batch", "group")}
            for recipe in (lambda norm: (catalogue.source_recipe(norm),), lambda norm: ())
        )
        accuracy |= {source["batch"]: 0.8, repaired["batch"]: 0.8}
        accuracy |= {source["group"]: 0.8 - levels["source"], repaired["group"]: 0.8 - levels["repaired"]}
        accuracy[Plan("controlled", "layer_elementwise", seed)] = 0.8 - levels["width"]
        accuracy[Plan("controlled", "group", seed)] = 0.8 - levels["norm"]
    return trained("gap", accuracy)


def test_the_waterfall_adds_up():
    steps = findings.gap(gap_table({"source": 0.10, "repaired": 0.06, "width": 0.03, "norm": 0.01}), "group")
    reported = published.reported("batch") - published.reported("group")
    assert list(steps["end"]) == pytest.approx([reported, 0.10, 0.06, 0.03, 0.01, 0.01])
    assert list(steps["label"]) == ["6.8", "+3.2", "-4.0", "-3.0", "-2.0", "1.0"]
    said = findings.gap_sentence(steps, "The source's “GN”")
    assert "; 1.0 (95% interval 1.0 to 1.0, 2 seeds) are left" in said and "4.0 points, comes with repaired recipe" in said
    assert findings.gap(gap_table({"source": 0, "repaired": 0, "width": 0, "norm": 0}), "layer").empty, "layer was not run"


def test_the_best_number_of_groups_is_compared_with_the_worst_that_learns():
    accuracy = {Plan("controlled", "group", seed, groups=groups): 0.7 + groups / 100 for seed in (0, 1) for groups in (2, 8)}
    accuracy |= {Plan("controlled", "instance", seed): 0.1 for seed in (0, 1)}
    means, seeds = findings.group_counts(trained("groups", accuracy))
    assert list(means["name"]) == [questions.GROUP_COUNTS[count] for count in ("2", "8", "C")]
    assert findings.group_count_sentence(seeds).startswith(
        "Best and worst: Group norm with 8 groups leads group norm with 2 groups by 6.00"
    )
