from copy import deepcopy
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch

from normviz.explain import batch_mates
from normviz.explain.batch_mates import KINDS, SIZES, STRIPS, Company, Pool
from normviz.model.norms import STUDIES
from normviz.pictures import tensors
from normviz.training import inference, runs
from normviz.words.classes import CLASS_NAMES
from tests.shipped import networks, picture

ZERO = 1e-5  # of a probability: what counts as no spread


@cache
def examples() -> Pool:
    return batch_mates.example_pool()


def found(company: Company, study: str = "controlled", example: str = "cat", count: int = 6) -> pd.DataFrame:
    batches = [batch_mates.batch(picture(example), examples(), company, number) for number in range(count)]
    own = batch_mates.own_answers(networks(study), picture(example))
    return batch_mates.spreads(batch_mates.strips(batch_mates.answers(networks(study), batches), own)).set_index("strip")


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("example", ["cat", "ship", "coffee"])
def test_only_batch_norm_in_training_moves(study, example):
    spread = found(Company("random", 8), study, example)["spread"]
    assert spread["batch in training"] > 0.01
    assert (spread.drop("batch in training") < ZERO).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [2, 64])
def test_every_kind_of_mates_and_size(kind, size):
    spread = found(Company(kind, size, "ship" if kind == "one class" else None), count=3)["spread"]
    assert spread["batch in training"] > ZERO
    assert (spread.drop("batch in training") < ZERO).all()


def test_the_size_of_the_batch_alone_moves_nothing_but_batch_norm_in_training():
    batches = [batch_mates.batch(picture(), examples(), Company("random", size), 0) for size in SIZES]
    probabilities = batch_mates.answers(networks(), batches)
    alone = {norm: inference.class_probabilities(network, picture()) for norm, network in networks().items()}
    for (strip, (norm, _)), given in zip(STRIPS.items(), probabilities, strict=True):
        expected = alone[norm].set_index("class")["probability"][list(CLASS_NAMES)].to_numpy()
        assert (np.abs(given - expected).max() < ZERO) == (strip != "batch in training")


def test_batch_norm_in_training_is_torchs_own():
    batches = [batch_mates.batch(picture(), examples(), Company("random", 16), number) for number in range(3)]
    network = inference.restore(runs.load("controlled", "batch")).train()
    with torch.no_grad():
        expected = [network(tensors.standardise(one))[0].softmax(0).numpy() for one in batches]
    found = batch_mates.answers(networks(), batches)[0]
    assert found == pytest.approx(np.stack(expected), abs=1e-4)  # float32 sums, split among another number of threads


@pytest.mark.parametrize("study", STUDIES)
def test_networks_stay_as_they_were(study):
    before = {norm: deepcopy(network.state_dict()) for norm, network in networks(study).items()}
    found(Company("noise", 8), study, count=2)
    for norm, network in networks(study).items():
        assert not any(module.training for module in network.modules())
        assert all(torch.equal(value, before[norm][name]) for name, value in network.state_dict().items())
        assert all(module.p == 0 for module in network.modules() if isinstance(module, torch.nn.Dropout))


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_the_picture_and_others(kind):
    company = Company(kind, 32, "ship" if kind == "one class" else None)
    one, again, other = (batch_mates.batch(picture(), examples(), company, number) for number in (0, 0, 1))
    assert one.shape == (32, 32, 32, 3) and one.dtype == np.uint8
    assert (one[0] == picture()).all() and (other[0] == picture()).all()
    assert (one == again).all() and (one[1:] != other[1:]).any()


def test_mates_of_one_class_come_from_it_and_never_are_the_picture(made_up):
    split = made_up(400)
    pool = Pool(split.images, split.labels, few=False)
    mates = batch_mates.batch(split.images[3], pool, Company("one class", 32, CLASS_NAMES[3]), 0)[1:]
    places = [np.flatnonzero((split.images == mate).all(axis=(1, 2, 3)))[0] for mate in mates]
    assert {split.labels[place] for place in places} == {3} and 3 not in places and len(set(places)) == 31
    assert pool.without(split.images[3]).places().tolist() == [place for place in range(400) if place != 3]


def test_the_only_picture_of_a_class_is_no_mate_of_its_own():
    rest = examples().without(picture("cat"))
    assert "cat" not in rest.classes() and "ship" in rest.classes()
    with pytest.raises(ValueError, match="class must be one of airplane, .*: class='cat'"):
        batch_mates.batch(picture("cat"), examples(), Company("one class", 4, "cat"), 0)
    with pytest.raises(ValueError, match="mates must be one of random, .*: mates='friends'"):
        batch_mates.batch(picture("cat"), examples(), Company("friends", 4), 0)


def test_brightened_pictures_are_cut_at_white():
    given = np.stack([np.full((32, 32, 3), value, np.uint8) for value in (0, 100, 200)])
    assert batch_mates.brightened(given, np.array([2.0, 1.5, 2.0]))[:, 0, 0, 0].tolist() == [0, 150, 255]


def test_spread_and_answers_are_counted():
    probabilities = np.zeros((4, 3, 10))
    probabilities[0, :, 3], probabilities[0, :, 5] = (0.9, 0.2, 0.4), (0.1, 0.8, 0.6)
    probabilities[1:, :, 3] = 1
    table = batch_mates.strips(probabilities, [3, 3, 3, 3])
    result = batch_mates.spreads(table)
    assert result["spread"].tolist() == pytest.approx([0.7, 0, 0, 0]) and result["answers"].tolist() == [2, 1, 1, 1]
    assert result["given"][0] == "dog 2, cat 1" and table["same"][:3].tolist() == [True, False, False]
    said = batch_mates.sentence(result, 3)
    assert "20.0% to 90.0%: a spread of 0.700, and 2 different answers" in said and said.endswith("three is 0.")
    assert [batch_mates.written(value) for value in (0, 3e-8, 0.25)] == ["0", "3e-08", "0.250"]


def test_the_sheet_shows_the_picture_framed_and_the_others_in_order():
    shown = np.stack([np.full((32, 32, 3), value, np.uint8) for value in range(10)])
    sheet = batch_mates.sheet(shown)
    assert sheet.shape == (72, 288, 4) and tuple(sheet[0, 0]) == batch_mates.FRAME_COLOUR
    assert sheet[18, 18 + 36].tolist() == [1, 1, 1, 255] and sheet[18 + 36, 18].tolist() == [8, 8, 8, 255]
    assert sheet[18 + 36, 18 + 36 * 7, 3] == 0
