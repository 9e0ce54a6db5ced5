import math

import pytest
import torch

from normviz.training import loop, plans

DIGEST = "b113e66d"  # of the layer network of `controlled` in checkpoints/evidence/seeds.parquet, seed 0


def test_learning_rate_equals_torch():
    recipe, steps = plans.Recipe(), 100
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps, pct_start=recipe.warm_up)
    for step in range(steps):
        assert plans.learning_rate(step, steps, recipe) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        if step < steps - 1:
            schedule.step()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("epochs", (0, -1, 2.5, 2.0, math.nan, math.inf, plans.MOST + 1, 10**400, "3", True, None)),
        ("batch_size", (0, -1, 1.5, math.nan, math.inf, plans.MOST + 1)),
        ("learning_rate", (0, -1, math.nan, math.inf, -math.inf, "1")),
        ("weight_decay", (-1, -1e-9, math.nan, math.inf)),
        ("warm_up", (1, -0.1, math.nan, math.inf)),
        ("crop_padding", (-1, 32, 1.5, math.nan)),
        ("dropout", (1, -0.1, math.nan, math.inf)),
        ("label_smoothing", (1, -0.1, math.nan, math.inf)),
        ("optimizer", ("rmsprop", "")),
        ("schedule", ("", None)),
        ("flip", ("never", None)),
        ("precision", ("float16", 32)),
        ("trained", ("head", None)),
    ],
)
def test_recipe_refuses_what_cannot_be_trained(name, values):
    for value in values:
        with pytest.raises(ValueError, match=f"^{name} must be .*: {name}="):
            plans.Recipe(**{name: value})


@pytest.mark.parametrize("seed", [-1, plans.HIGHEST_SEED + 1, 99999999999999999999, 1.5, math.nan, "3"])
def test_a_seed_outside_its_range_is_refused(seed):
    with pytest.raises(ValueError, match=f"seed must be a whole number from 0 to {plans.HIGHEST_SEED}: seed="):
        plans.Plan("published", "layer", seed)


def test_the_ends_of_the_ranges_can_be_trained(made_up, tmp_path):
    recipe = plans.Recipe(epochs=1, batch_size=50, weight_decay=0.0, warm_up=0.0, crop_padding=31, dropout=0.0)
    plans.Recipe(epochs=plans.MOST, batch_size=plans.MOST)
    run = loop.train(plans.Plan("published", "layer", plans.HIGHEST_SEED, recipe), made_up(50), made_up(10), tmp_path)
    assert run.info["seed"] == plans.HIGHEST_SEED
    assert plans.HIGHEST_SEED * 1_000_003 + plans.MOST < 2**63


def test_plans_keep_the_names_under_which_their_runs_were_begun():
    assert plans.Plan("controlled", "layer").digest == DIGEST
    changed = [plans.Recipe(flip="alternating"), plans.Recipe(precision="bf16"), plans.Recipe(trained="norms")]
    others = {plans.Plan("controlled", "layer", recipe=recipe).digest for recipe in [*changed, plans.recipe_of("budget")]}
    others.add(plans.Plan("controlled", "layer", weight_standardization=True).digest)
    assert len(others | {DIGEST}) == 6


def test_gamma_and_beta_alone_need_a_norm():
    with pytest.raises(ValueError, match="trained=norms, norm=none"):
        plans.Plan("controlled", "none", recipe=plans.Recipe(trained="norms"))


def test_studies_of_the_skeleton_share_a_recipe_that_the_budget_does_not():
    assert plans.recipe_of("controlled") == plans.recipe_of("published") == plans.Recipe()
    assert plans.recipe_of("budget").optimizer == "muon"
