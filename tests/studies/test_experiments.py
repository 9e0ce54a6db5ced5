import numpy as np
import pandas as pd
import pytest

from normviz.studies import catalogue, experiments
from normviz.training.plans import Plan, Recipe
from normviz.words import questions
from tests.studies.tables import trained

SEEDS = (0, 1)


def rates_table(accuracy_by_rate: dict[float, float], norm: str = "batch", optimizer: str = "sgd") -> pd.DataFrame:
    recipes = {rate: Recipe(1, learning_rate=rate, optimizer=optimizer) for rate in accuracy_by_rate}
    plans = {Plan("controlled", norm, seed, recipes[rate]): value for rate, value in accuracy_by_rate.items() for seed in SEEDS}
    return trained("rates", plans)


def test_a_norm_tolerates_the_rates_around_its_best():
    lines, seeds = experiments.rates(rates_table({0.01: 0.5, 0.03: 0.58, 0.1: 0.6, 0.3: 0.56, 1.0: 0.3, 3.0: 0.59}))["sgd"]
    found = experiments.tolerated(lines).iloc[0]
    assert (found["lowest"], found["highest"]) == (0.03, 0.3), "what lies behind a fall is not tolerated"
    assert found["factor"] == pytest.approx(10) and found["best"] == pytest.approx(0.6)
    assert len(seeds) == 12 and "from 0.03 to 0.3 (10 times)" in experiments.rates_sentence("sgd", lines)


def test_norms_are_listed_in_their_own_order_and_the_best_is_counted():
    batch, group = {0.01: 0.54, 0.1: 0.6, 1.0: 0.5}, {0.01: 0.5, 0.1: 0.5, 1.0: 0.5}
    lines, _ = experiments.rates(pd.concat([rates_table(group, "group"), rates_table(batch, "batch")]))["sgd"]
    said = experiments.rates_sentence("sgd", lines)
    assert said.index("Batch 60%") < said.index("Group 50%"), "though group norm has the wider range"
    assert said.endswith("Highest mean by rate: Batch at 2 of 3."), "where both are the same, neither leads"


def test_a_run_that_diverged_counts_as_chance_and_is_told():
    table = rates_table({0.1: 0.6, 1.0: np.nan}, "none")
    lines, _ = experiments.rates(table)["sgd"]
    assert lines.set_index("x")["mean"][1.0] == pytest.approx(0.1)
    assert "No norm 60% at best, at 0.1 alone" in experiments.rates_sentence("sgd", lines)
    counted = "Means over 2 seeds. A run whose loss was not finite any more counts as chance: with SGD with momentum No norm 2."
    assert experiments.seeds_sentence(table) == counted
    assert experiments.seeds_sentence(rates_table({0.1: 0.6})) == "Means over 2 seeds."


def test_an_interval_of_accuracies_stays_between_none_and_all():
    recipe = Recipe(1, learning_rate=1.0, optimizer="sgd")
    plans = {Plan("controlled", "group", seed, recipe): value for seed, value in zip(SEEDS, (0.6, np.nan))}
    ends = experiments.rates(trained("rates", plans))["sgd"][0].iloc[0]
    assert (ends["low"], ends["high"]) == (0, 1) and ends["mean"] == pytest.approx(0.35)


def test_a_seed_of_which_not_all_rates_were_tried_does_not_count():
    table = rates_table({0.1: 0.6, 1.0: 0.5})
    unfinished = table[~((table["seed"] == 1) & (experiments.evidence.results(table)["test_accuracy"] == 0.5))]
    lines, seeds = experiments.rates(unfinished)["sgd"]
    assert set(seeds["seed"]) == {0} and lines["low"].isna().all()
    assert experiments.seeds_sentence(unfinished).startswith("One seed")


def test_the_three_layer_norms_are_told_apart():
    table = trained(
        "layer-norms",
        {
            Plan("controlled", norm, seed): 0.7 + place / 100
            for place, norm in enumerate(questions.LAYER_NORMS)
            for seed in SEEDS
        },
    )
    means, seeds = experiments.layer_norms(table)
    assert list(means["name"]) == list(questions.LAYER_NORMS.values())
    said = experiments.pair_sentences(seeds)
    assert (
        len(said) == 4
        and said[-1].endswith("all of them still exclude zero.")
        and said[0].startswith(f"{means['name'][1]} leads {means['name'][0]} by 1.00")
    )


def test_sorted_batches_are_compared_with_mixed_ones():
    accuracy = {"mixed": 0.6, "two classes": 0.4, "one class": 0.1}
    plans = {
        Plan("controlled", norm, seed, Recipe(**catalogue.SORTED, order=order)): value + (norm == "group") / 10
        for order, value in accuracy.items()
        for norm in ("batch", "group")
        for seed in SEEDS
    }
    means, _ = experiments.sorted_batches(trained("sorted", plans))
    assert list(means["name"][:3]) == ["mixed: Batch", "mixed: Group", "two classes: Batch"]
    assert "Batch from 60.0% to 10.0%, Group from 70.0% to 20.0%" in experiments.sorted_sentence(means)
    assert experiments.sorted_sentence(means[means["order"] == "mixed"]) == "Not every order has been run."


def shift_table(study: str, **accuracy: tuple[float, float]) -> pd.DataFrame:
    rows = [
        {
            "network": "controlled",
            "norm": "batch",
            "statistics": kind.replace("_", " "),
            "severity": severity,
            "accuracy": value,
        }
        for kind, values in accuracy.items()
        for severity, value in enumerate(values)
    ]
    return pd.DataFrame(rows).assign(study=study)


def test_statistics_of_sorted_batches_are_set_against_those_of_mixed_ones():
    lines = experiments.adapted(
        shift_table("shift", running=(0.7, 0.4), batch=(0.7, 0.6)), shift_table("sorted-shift", one_class=(0.2, 0.1))
    )
    assert set(lines["x"]) == {0, 1} and set(lines["label"]) == set(questions.ADAPTED.values())
    said = experiments.adapted_sentence(lines)
    assert "right on 40.0%" in said and "+20.0 points" in said and "-30.0" in said


def test_gamma_and_beta_alone_are_counted():
    plans = {
        Plan("controlled", norm, seed, Recipe(trained=which)): value
        for which, value in (("norms", 0.4), ("all", 0.7))
        for norm in ("batch", "layer")
        for seed in SEEDS
    }
    means, seeds = experiments.affine(trained("affine", plans))
    assert experiments.affine_sentence(means).startswith("With 288 of 18,064 values learned")
    assert list(means["mean"]) == pytest.approx([0.7, 0.7, 0.4, 0.4]) and set(seeds["trained"]) == {"all", "norms"}


def test_weight_standardization_is_paired_by_seed():
    plans = {
        Plan("controlled", norm, seed, weight_standardization=on): 0.6 + seed / 100 + on * gain
        for norm, gain in (("batch", 0.0), ("none", 0.05))
        for seed in SEEDS
        for on in (True, False)
    }
    plans[Plan("controlled", "layer", 0)] = 0.7
    table = trained("weight-standardization", plans)
    table["weight_standardization"] = table["weight_standardization"].where(
        table["weight_standardization"], None
    )  # rows of before there was a choice
    means, seeds = experiments.standardized(table)
    assert list(means["norm"]) == ["batch", "none"], "layer norm has no pair yet"
    assert means["mean"].tolist() == pytest.approx([0, 0.05]) and len(seeds) == 4
    assert experiments.standardized_sentence(means).endswith("No norm from 60.5% to 65.5%.")


def test_batch_norms_lead_is_told_network_by_network():
    plans = {
        Plan(network, norm, seed): 0.7 - lead * (norm == "group")
        for network, lead in (("controlled", 0.01), ("resnet", 0.04))
        for norm in ("batch", "group")
        for seed in SEEDS
    }
    means, _ = experiments.networks(trained("networks", plans))
    assert means["mean"].tolist() == pytest.approx([0.01, 0.04])
    assert means["said"][1].startswith("ResNet-8: Batch norm leads group norm by 4.00")


@pytest.mark.parametrize(
    ("found", "plan"),
    [
        (experiments.affine, Plan("controlled", "batch")),
        (experiments.standardized, Plan("controlled", "batch")),
        (experiments.networks, Plan("controlled", "batch")),
    ],
)
def test_a_study_of_too_few_runs_has_nothing_to_show(found, plan):
    means, seeds = found(trained("begun", {plan: 0.7}))
    assert means.empty and seeds.empty
