import pytest

from normviz.studies import catalogue
from normviz.training.plans import Recipe


def test_what_the_studies_hold():
    seeds = catalogue.study("seeds").plans
    assert len(seeds) == 7 * catalogue.SEEDS, "the batch network of both studies is one"
    assert all(plan.recipe == Recipe() for plan in seeds)
    sizes = catalogue.study("batch-size").plans
    assert {plan.recipe.batch_size: plan.recipe.learning_rate for plan in sizes}[2] == pytest.approx(0.01 * 2 / 128)
    assert len({plan.recipe.epochs for plan in sizes}) == 1
    assert {plan.groups for plan in catalogue.study("groups").plans if plan.norm == "group"} == {2, 4, 8}
    for name in catalogue.PLANS:
        assert len({plan.digest for plan in catalogue.study(name).plans}) == len(catalogue.study(name).plans)
