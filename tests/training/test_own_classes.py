"""Networks of other classes than CIFAR-10's, and runs of before there was a choice."""

import json
from dataclasses import replace

import pytest

from normviz.model.network import Architecture, Network, count_parameters
from normviz.training import checks, evaluation, inference, loop, plans, runs
from normviz.words.classes import CLASS_NAMES, MEAN, STD

PLAN = plans.Plan("controlled", "layer", recipe=plans.Recipe(epochs=1, batch_size=20))
OWN = {"classes": ("index", "label", "zebra"), "mean": (0.1, 0.2, 0.3), "std": (0.5, 0.6, 0.7)}


@pytest.fixture
def splits(made_up):
    """Training and test pictures of three classes, two of them called as columns of the predictions are."""
    return [replace(split, labels=split.labels % 3, **OWN) for split in (made_up(60), made_up(30, seed=1))]


def test_a_run_rebuilds_its_classes_and_standard_alone(splits, tmp_path):
    run = loop.train(PLAN, *splits, root=tmp_path)
    network = inference.restore(run)
    assert run.classes == network.architecture.classes == OWN["classes"]
    assert network.standard == (OWN["mean"], OWN["std"]) and network.head.out_channels == 3
    again = inference.predict(network, splits[1])
    assert evaluation.agreement(run.predictions, again) == 1 and again.shape == (30, 5)
    assert set(inference.class_probabilities(network, splits[1].images[0])["class"]) == set(OWN["classes"])


def test_the_standard_changes_what_is_trained(splits, tmp_path):
    others = [replace(split, mean=MEAN, std=STD) for split in splits]
    one, two = (loop.train(PLAN, *each, root=tmp_path / str(place)) for place, each in enumerate((splits, others)))
    assert one.contents["weights.safetensors"] != two.contents["weights.safetensors"]


def test_a_run_of_before_there_was_a_choice_knows_cifar_10(made_up, tmp_path):
    loop.train(PLAN, made_up(60), made_up(30, seed=1), root=tmp_path)
    file = runs.folder_of(PLAN.study, PLAN.norm, tmp_path) / "run.json"
    info = json.loads(file.read_text())
    for name in OWN:
        del info["architecture"][name]
    file.write_text(json.dumps(info))
    run = runs.load(PLAN.study, PLAN.norm, tmp_path)
    network = inference.restore(run)
    assert run.classes == CLASS_NAMES and network.standard == (MEAN, STD)
    assert evaluation.agreement(run.predictions, inference.predict(network, made_up(30, seed=1))) == 1


def test_parameters_follow_the_number_of_classes():
    few, many = (Network(Architecture("batch", classes=tuple(map(str, range(count))))) for count in (2, 100))
    assert count_parameters(many) - count_parameters(few) == 98 * 16


def test_a_run_of_many_classes_needs_more_room():
    assert checks.run_bytes(PLAN, 1000, tuple(map(str, range(100)))) > checks.run_bytes(PLAN, 1000) + 90 * 4 * 1000


def test_confusion_has_a_row_for_every_class(splits):
    verdict = evaluation.verdicts(inference.predict(Network(Architecture("layer", **OWN)).eval(), splits[1]))
    assert len(evaluation.confusion(verdict, 3)) == 9
