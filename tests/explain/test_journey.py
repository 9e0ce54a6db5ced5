import numpy as np
import pandas as pd
import pytest
import torch

from normviz.explain import journey
from normviz.model import norms
from normviz.model.norms import COMPARED, STUDIES
from tests.shipped import passages

DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("norm", COMPARED)
def test_used_statistics_rebuild_what_the_norm_gave(study, norm):
    for passage in passages(study, norm):
        mean, std = journey.used_statistics(passage)
        normalized = (passage.before - mean[:, None, None]) / np.sqrt(std[:, None, None] ** 2 + norms.EPSILON)
        gamma, beta = passage.module.weight.detach().numpy(), passage.module.bias.detach().numpy()
        assert norms.scale_and_shift(normalized, gamma, beta) == pytest.approx(passage.after, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(("norm", "different"), [("batch", 16), ("group", 4), ("layer", 1)])
def test_statistics_are_shared_by_as_many_channels_as_the_norm_says(norm, different):
    assert len(np.unique(journey.channels(passages("controlled", norm)[4])["mean"])) == different


def test_channels_measure_the_picture():
    passage = passages("controlled", "group")[2]
    table = journey.channels(passage)
    received = torch.tensor(passage.before[0]).flatten(1)
    assert table["std_received"].to_numpy() == pytest.approx(received.std(1, correction=0).numpy(), rel=1e-4)
    assert table["mean_given"].to_numpy() == pytest.approx(passage.after[0].mean(axis=(1, 2)))


@pytest.mark.parametrize("order", journey.ORDERS)
def test_orders_keep_every_channel(order):
    table = journey.in_order(journey.channels(passages("controlled", "layer")[1]), order)
    assert sorted(table["channel"]) == list(range(32))
    values = table[journey.ORDERS[order]]
    assert values.is_monotonic_increasing if order == "number" else values.is_monotonic_decreasing


@pytest.mark.parametrize("order", journey.ORDERS)
def test_the_first_channel_is_that_of_the_whole_order(order):
    for passage in passages("controlled", "group"):
        assert journey.first_channel(passage, order) == journey.in_order(journey.channels(passage), order)["channel"][0]


def test_positions_keep_a_place_together():
    values = DRAW.normal(size=(2, 3, 4, 5))
    rows = journey.positions(values)
    assert rows.shape == (40, 3)
    assert (rows[20 + 5 * 2 + 4] == values[1, :, 2, 4]).all()


def test_cka_equals_its_definition_by_gram_matrices():
    x, y = DRAW.normal(size=(40, 5)), DRAW.normal(size=(40, 3))
    centre = np.eye(40) - 1 / 40
    one, other = centre @ x @ x.T @ centre, centre @ y @ y.T @ centre
    definition = np.sum(one * other) / np.sqrt(np.sum(one**2) * np.sum(other**2))  # Kornblith et al. 2019, equations 3 and 4
    assert journey.linear_cka(x, y) == pytest.approx(definition, abs=1e-12)
    assert journey.linear_cka(y, x) == pytest.approx(definition, abs=1e-12)


def test_cka_ignores_rotation_order_shift_and_one_factor():
    x = DRAW.normal(size=(60, 4)) * [1, 2, 3, 4]
    y = x @ DRAW.normal(size=(4, 6)) + DRAW.normal(size=(60, 6))
    rotation = np.linalg.qr(DRAW.normal(size=(4, 4)))[0]
    before = journey.linear_cka(x, y)
    for changed in (x @ rotation, x[:, ::-1], x + np.array([5, -3, 0, 100]), -7 * x):
        assert journey.linear_cka(changed, y) == pytest.approx(before, abs=1e-9)
        assert journey.linear_cka(changed, x) == pytest.approx(1, abs=1e-9)
    assert journey.linear_cka(x * [1, 10, 1, 1], x) < 0.9


def test_cka_of_unrelated_columns_is_small_and_of_flat_ones_undefined():
    assert journey.linear_cka(DRAW.normal(size=(5000, 4)), DRAW.normal(size=(5000, 4))) < 0.01
    assert np.isnan(journey.linear_cka(np.full((50, 3), 0.1), DRAW.normal(size=(50, 3))))
    with pytest.raises(ValueError, match="50 and 49"):
        journey.linear_cka(np.ones((50, 1)), np.ones((49, 1)))


def test_a_network_is_no_distance_from_itself_and_nearer_than_chance_to_others():
    through = {"batch": passages("controlled", "batch"), "layer": passages("controlled", "batch")}
    assert journey.distances(through, "given")["distance"].abs().max() < 1e-9
    table = journey.distances({norm: passages("controlled", norm) for norm in COMPARED}, "received")
    assert len(table) == 3 * 8
    assert (table["distance"] < table["chance"]).all() and table["distance"].between(0.01, 1).all()


def test_the_sentence_names_both_ends_of_the_distance():
    rows = [("batch", "group", 1, 0.2), ("batch", "layer", 4, 0.75), ("group", "layer", 2, np.nan)]
    table = pd.DataFrame(rows, columns=["first", "second", "layer", "distance"])
    said = journey.furthest_sentence(table, {norm: norm.title() for norm in COMPARED})
    assert said == "Furthest apart: Batch and Layer at layer 4, 0.75; closest: Batch and Group at layer 1, 0.20."
    assert "undefined" in journey.furthest_sentence(table.assign(distance=np.nan), {})
