import pytest
import torch
from safetensors.torch import load as load_safetensors

from normviz.training import loop, plans, runs, state


def plan(norm="batch", **recipe):
    return plans.Plan(
        "controlled", norm, recipe=plans.Recipe(**{"epochs": 3, "batch_size": 20, "schedule": "constant"} | recipe)
    )


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"order": "one class", "optimizer": "sgd"},
        {"dropout": 0.1, "schedule": "one_cycle"},
        {"augmentation": "none", "schedule": "plateau", "optimizer": "adam"},
        {"optimizer": "muon", "flip": "alternating", "weight_decay": 0.05},
        {"precision": "bf16"},
        {"trained": "norms"},
        {"trained": "norms", "optimizer": "muon"},
    ],
)
def test_slices_of_any_length_end_where_one_piece_does(recipe, made_up):
    splits = made_up(100)
    whole = state.begin(plan(**recipe))
    loop.advance(whole, splits, 9)
    sliced = state.begin(plan(**recipe))
    for steps in (1, 3, 1, 4):  # five steps an epoch
        loop.advance(sliced, splits, steps)
        sliced = state.unpack(sliced.plan, splits, state.pack(sliced, splits))
    assert state.pack(sliced, splits) == state.pack(whole, splits)


def test_a_rate_given_for_a_slice_holds_for_it_alone(made_up):
    splits, plain, changed = made_up(100), state.begin(plan()), state.begin(plan())
    loop.advance(plain, splits, 2)
    loop.advance(changed, splits, 1, rate=0.5)
    loop.advance(changed, splits, 1)
    assert plain.epoch.rates == [0.01, 0.01] and changed.epoch.rates == [0.5, 0.01]
    assert state.pack(plain, splits) != state.pack(changed, splits)


def test_widths_of_the_plan_are_built(made_up):
    narrow = state.begin(plans.Plan("controlled", "layer", widths=(4,) * 10))
    assert narrow.network.architecture.widths == (4,) * 10
    with pytest.raises(ValueError, match="residual block must keep its width"):
        state.begin(plans.Plan("controlled", "layer", widths=tuple(range(1, 11))))


def test_a_pack_holds_the_network_and_names_foreign_pictures(made_up):
    begun = state.begin(plan())
    packed = state.pack(begun, made_up(100))
    assert {f"network.{name}" for name in begun.network.state_dict()} <= set(load_safetensors(packed))
    with pytest.raises(runs.RunError, match="other pictures"):
        state.unpack(begun.plan, made_up(100, seed=3), packed)


def test_a_picture_is_flipped_in_every_second_epoch(made_up):
    splits, begun = made_up(100), plan(flip="alternating")
    first, second, third = (state.open_epoch(begun, splits, number).flips for number in (1, 2, 3))
    assert torch.equal(first, ~second) and torch.equal(first, third)
    assert 0.3 < first.float().mean() < 0.7
    assert state.open_epoch(plan(), splits, 1).flips is None


def test_precision_is_that_of_the_steps_alone(made_up):
    splits, seen = made_up(40), []
    for precision in ("float32", "bf16"):
        begun = state.begin(plan(precision=precision))
        begun.network.body[0].convolution.register_forward_hook(lambda layer, _, given: seen.append(given.dtype))
        loop.advance(begun, splits, 1)
        loop.close_epoch(begun, splits, splits)
        assert {values.dtype for values in begun.network.parameters()} == {torch.float32}
    step, measured = ["float32", "bfloat16"], ["float32"] * 2  # on the test pictures, and on those of the statistics
    assert [str(each).removeprefix("torch.") for each in seen] == [step[0], *measured, step[1], *measured]


def test_only_gamma_and_beta_change_where_they_alone_are_trained(made_up):
    run = state.begin(plan("group", trained="norms"))
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    loop.advance(run, made_up(100), 2)
    changed = [name for name, value in run.network.state_dict().items() if not torch.equal(value, before[name])]
    assert len(changed) == 16 and all(".norm." in name for name in changed)


def test_weight_standardization_of_the_plan_is_built():
    assert state.begin(
        plans.Plan("controlled", "none", weight_standardization=True)
    ).network.architecture.weight_standardization
