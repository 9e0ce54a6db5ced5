import pytest
import torch

from normviz.training import plans


def test_learning_rate_equals_torch():
    recipe, steps = plans.Recipe(), 100
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps, pct_start=recipe.warm_up)
    for step in range(steps):
        assert plans.learning_rate(step, steps, recipe) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        if step < steps - 1:
            schedule.step()


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("learning_rate", -1), ("warm_up", 1), ("crop_padding", 32)])
def test_recipe_refuses_what_cannot_be_trained(name, value):
    with pytest.raises(ValueError, match=f"{name}={value}"):
        plans.Recipe(**{name: value})
