from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from normviz.charts import invariances as invariance_charts
from normviz.explain import invariances
from normviz.explain.invariances import CHANGES, COLUMNS, STAYS_BELOW, THROUGH
from normviz.model import layer_statistics
from normviz.model.norms import EPSILON
from normviz.pictures import tensors
from normviz.training import inference, runs
from tests.charts.drawings import checked
from tests.shipped import example_pictures, networks

EXPECTED = {  # which outputs theory keeps: batch in training, batch in evaluation, group, layer, instance, none
    "times": (True, False, True, True, True, False),
    "times by picture": (False, False, True, True, True, False),
    "times by channel": (True, False, False, False, True, False),
    "plus": (True, False, True, True, True, False),
    "plus by picture": (False, False, True, True, True, False),
    "plus by channel": (True, False, False, False, True, False),
}


@cache
def received(layer: int = 3) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    passage = layer_statistics.passages(networks()["batch"], tensors.standardise(example_pictures()))[layer - 1]
    kept = (passage.module.running_mean, passage.module.running_var)
    return passage.before.astype(np.float64), tuple(values.numpy().astype(np.float64) for values in kept)


def test_what_theory_keeps_stays_on_real_activations():
    table = invariances.measure(*received(), factor=2.0, constant=1.0)
    stays = table.assign(stays=table["moved"] < STAYS_BELOW).pivot(index="change", columns="column", values="stays")
    assert {change: tuple(stays.loc[change, list(COLUMNS)]) for change in CHANGES} == EXPECTED


@pytest.mark.parametrize("layer", range(1, 9))
def test_constants_fall_out_exactly_at_every_layer(layer):
    table = invariances.measure(*received(layer), factor=2.0, constant=3.0)
    for row in table[table["change"].str.startswith("plus")].itertuples():
        assert (row.moved < 1e-9) == EXPECTED[row.change][list(COLUMNS).index(row.column)]


def test_a_small_factor_shows_epsilon_and_only_epsilon(monkeypatch):
    with_epsilon = invariances.measure(*received(1), factor=0.01, constant=1.0).query("change == 'times' and column == 'layer'")
    assert with_epsilon["moved"].item() > STAYS_BELOW
    monkeypatch.setattr(invariances.norms, "EPSILON", 0.0)
    x, running = received(1)
    before, after = (invariances.normalized(values, "layer", running) for values in (x, 0.01 * x))
    assert invariances.moved(before, after) < 1e-9
    assert invariances.norms.EPSILON != EPSILON


@pytest.mark.parametrize(
    ("column", "make"),
    [
        ("batch training", lambda c: nn.BatchNorm2d(c, affine=False).train()),
        ("group", lambda c: nn.GroupNorm(4, c, affine=False)),
        ("layer", lambda c: nn.GroupNorm(1, c, affine=False)),
        ("instance", lambda c: nn.InstanceNorm2d(c)),
        ("none", lambda c: nn.Identity()),
    ],
)
def test_columns_are_torchs_norms(column, make):
    x, running = received(4)
    expected = make(x.shape[1]).double()(torch.as_tensor(x)).numpy()
    assert invariances.normalized(x, column, running) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("channels", "groups"), [(10, 2), (7, 1), (12, 4)])
def test_any_number_of_channels_is_measured(channels, groups):
    x = np.random.default_rng(0).normal(size=(3, channels, 4, 4))
    running = x.mean((0, 2, 3)), x.var((0, 2, 3))
    expected = nn.GroupNorm(groups, channels, affine=False).double()(torch.as_tensor(x)).numpy()
    assert invariances.group_count(channels) == groups
    assert invariances.normalized(x, "group", running) == pytest.approx(expected, abs=1e-6)
    assert set(invariances.measure(x, running, 2.0, 1.0)["column"]) == set(COLUMNS)
    assert set(invariances.smallest_deviations(x, running)) == set(COLUMNS) - {"none"}


def test_the_evaluation_column_is_the_networks_own_layer():
    x, running = received(5)
    module = networks()["batch"].norms[4]
    with torch.no_grad():
        given = module(torch.as_tensor(x).float()).numpy()
    gamma, beta = layer_statistics.affine(module, x.shape[1])
    own = invariances.normalized(x, "batch evaluation", running) * gamma.reshape(1, -1, 1, 1) + beta.reshape(1, -1, 1, 1)
    assert own == pytest.approx(given, abs=1e-4)


def test_changes_differ_along_what_they_name():
    x = np.random.default_rng(0).normal(size=(3, 5, 2, 2))
    for change, axis in (("times by picture", 0), ("times by channel", 1)):
        factors = invariances.changed(x, change, 2.0, 1.0) / x
        assert np.ptp(factors, axis=tuple(place for place in range(4) if place != axis)) == pytest.approx(0, abs=1e-12)
        assert (factors.min(), factors.max()) == pytest.approx((0.5, 2.0))
    added = invariances.changed(x, "plus by picture", 2.0, 1.5) - x
    assert added[:, 0, 0, 0] == pytest.approx(np.array([-1.5, 0, 1.5]) * x.std())
    assert invariances.changed(x, "times", 2.0, 1.0) == pytest.approx(2 * x)


def test_one_picture_alone_gets_the_factor_itself():
    x = np.random.default_rng(0).normal(size=(1, 5, 2, 2))
    assert invariances.changed(x, "times by picture", 3.0, 1.0) == pytest.approx(3 * x)


@pytest.mark.parametrize(("change", "factor", "said"), [("divide", 1.0, "change='divide'"), ("times", 0.0, "factor=0")])
def test_impossible_changes_are_refused(change, factor, said):
    with pytest.raises(ValueError, match=said):
        invariances.changed(np.ones((1, 1, 1, 1)), change, factor, 1.0)


def test_moved_is_the_largest_change_in_standard_deviations():
    before = np.array([0.0, 2.0])
    assert invariances.moved(before, np.array([0.0, 5.0])) == 3.0


def test_batch_statistics_are_those_of_training_mode():
    copy = invariances.on_batch_statistics(networks()["batch"])
    training = inference.restore(runs.load("controlled", "batch")).train()
    with torch.no_grad():
        expected = training(tensors.standardise(example_pictures())).numpy()
    assert inference.logits(copy, example_pictures()) == pytest.approx(expected, abs=1e-4)
    assert networks()["batch"].norms[0].running_mean is not None and not networks()["batch"].training


def test_pictures_as_they_are_move_nothing_and_changed_ones_do():
    plain = invariances.picture_changes(networks(), example_pictures(), {"brightness": 1.0, "contrast": 1.0})
    assert (plain["moved"] < 1e-6).all() and set(plain["column"]) == set(THROUGH)
    moved = invariances.picture_changes(networks(), example_pictures(), {"brightness": 1.5, "contrast": 0.5})
    layer = moved[moved["measured"] == "layer"]
    assert len(moved) == 8 * (8 + 2) and (layer["moved"] > STAYS_BELOW).all()
    logits = [inference.logits(networks()["group"], given) for given in (example_pictures(), adjusted("contrast", 0.5))]
    row = moved.query("change == 'contrast' and column == 'group'").set_index("measured")["moved"]
    assert row["logits"] == pytest.approx(np.abs(logits[1] - logits[0]).max() / logits[0].std(), rel=1e-4)
    assert row["answers"] == (logits[0].argmax(1) != logits[1].argmax(1)).sum()


def test_each_layer_is_compared_with_itself():
    given = (example_pictures(), adjusted("contrast", 0.5))
    before, after = (layer_statistics.passages(networks()["layer"], tensors.standardise(pixels))[4].after for pixels in given)
    table = invariances.picture_changes(networks(), example_pictures(), {"contrast": 0.5})
    assert table.query("column == 'layer' and layer == 5")["moved"].tolist() == [invariances.moved(before, after)]


def adjusted(change: str, factor: float) -> np.ndarray:
    return invariances.adjusted(example_pictures(), change, factor)


def test_brightness_multiplies_and_contrast_pulls_towards_grey():
    given = np.full((1, 32, 32, 3), 100, np.uint8)
    given[0, :16] = 200
    assert set(invariances.adjusted(given, "brightness", 1.2).ravel()) == {120, 240}
    pulled = sorted(set(invariances.adjusted(given, "contrast", 0.5).ravel()))
    assert pulled == pytest.approx([125, 175], abs=1)  # grey is rounded down


def test_the_paper_is_set_beside_what_was_measured():
    table = invariances.against_paper(invariances.measure(*received(), factor=2.0, constant=1.0))
    assert len(table) == 5
    for column in ("batch training", "layer"):
        assert (table[f"{column}, paper"] == table[f"{column}, here"]).all()


def test_sentences_count_what_stays():
    said = invariances.sentence(invariances.measure(*received(), factor=2.0, constant=1.0))
    assert said.endswith(
        "batch norm in training 4, batch norm in evaluation 0, group norm 4, layer norm 4, instance norm 6, no norm 0."
    )


def test_smallest_deviations_are_what_each_norm_finds():
    x, running = received()
    found = invariances.smallest_deviations(x, running)
    assert found["layer"] == pytest.approx(x.std(axis=(1, 2, 3)).min())
    assert found["batch training"] == pytest.approx(x.std(axis=(0, 2, 3)).min())
    assert found["batch evaluation"] == pytest.approx(np.sqrt(running[1].min())) and "none" not in found
    assert invariances.smallest_deviations(np.zeros((1, 4, 2, 2)), running)["group"] == 0


@pytest.mark.parametrize("column", COLUMNS)
def test_the_chart_draws_what_moves(column):
    table = invariances.pairs(*received(), "times", column, 2.0, 1.0)
    assert set(table["side"]) == {"received", "given"} and table["side"].value_counts().max() <= invariances.POINTS
    given = table[table["side"] == "given"]
    stays = np.abs(given["after"] - given["before"]).max() < STAYS_BELOW
    assert stays == EXPECTED["times"][list(COLUMNS).index(column)]
    assert checked(invariance_charts.before_and_after(given, COLUMNS[column].norm, "given"))["layer"]
