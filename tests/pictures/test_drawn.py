import numpy as np
import pytest
import torch
from torch import nn

from normviz.model.network import Architecture, Network
from normviz.pictures import drawn, tensors
from normviz.words.classes import CLASS_NAMES


@pytest.fixture(scope="module")
def training():
    return drawn.split("train", 2_000)


@pytest.fixture(scope="module")
def test_set():
    return drawn.split("test", 500)


def linear_accuracy(features, labels, test_features, test_labels, penalty):
    """Ridge regression onto the ten classes, in its dual form: accuracy on the test pictures."""
    mean = features.mean(axis=0)
    centred = features - mean
    answers = np.eye(10)[labels] - 0.1
    weights = centred.T @ np.linalg.solve(centred @ centred.T + penalty * np.eye(len(centred)), answers)
    return (((test_features - mean) @ weights).argmax(axis=1) == test_labels).mean()


def pixels(split):
    return split.images.reshape(len(split), -1) / 255


def colours(split):
    """How many pixels of each picture fall in each eighth of each colour channel's range, as fractions."""
    levels = split.images.reshape(len(split), -1, 3) // 32
    return np.stack([(levels == level).mean(axis=1) for level in range(8)], axis=1).reshape(len(split), -1)


def mixed_batches(labels, generator):
    while True:
        yield from torch.randperm(len(labels), generator=generator).split(16)


def one_class_batches(labels, generator):
    while True:
        rows = [torch.nonzero(labels == label).flatten() for label in range(10)]
        batches = [batch for of in rows for batch in of[torch.randperm(len(of), generator=generator)].split(16)]
        batches = [batch for batch in batches if len(batch) == 16]
        yield from (batches[place] for place in torch.randperm(len(batches), generator=generator))


def trained_accuracy(norm, make_batches, steps, training, test_set, seed=2):
    """Trains as the lab does by default (AdamW, 0.001, flip and crop), on one thread; accuracy with running statistics."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = Network(Architecture(norm)).to(memory_format=torch.channels_last).train()
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4, fused=True)
        generator = torch.Generator().manual_seed(seed)
        images, labels = torch.as_tensor(training.images), torch.as_tensor(training.labels)
        for _, chosen in zip(range(steps), make_batches(labels, generator)):
            answers = network(tensors.standardise(tensors.augment(images[chosen], generator)))
            optimizer.zero_grad()
            nn.functional.cross_entropy(answers, labels[chosen]).backward()
            optimizer.step()
        with torch.inference_mode():
            said = network.eval()(tensors.standardise(test_set.images)).argmax(dim=1).numpy()
    finally:
        torch.set_num_threads(threads)
    return (said == test_set.labels).mean()


def test_a_split_is_what_the_networks_take(training):
    assert training.images.shape == (2_000, 32, 32, 3) and training.images.dtype == np.uint8
    assert training.labels.dtype == training.indices.dtype == np.int64
    assert training.indices.tolist() == list(range(2_000))
    assert training.edition == "drawn shapes, seed 0" and drawn.split("test", 1, seed=3).edition == "drawn shapes, seed 3"
    assert training.classes == drawn.CLASSES and len(set(drawn.CLASSES)) == 10


def test_other_splits_are_of_the_classes_of_cifar(made_up):
    assert made_up(10).classes == CLASS_NAMES


@pytest.mark.parametrize("count", [1, 7, 10, 503, 2_000])
def test_classes_are_balanced_to_within_one(count):
    sizes = np.bincount(drawn.split("train", count).labels, minlength=10)
    assert sizes.max() - sizes.min() <= (1 if count % 10 else 0)


@pytest.mark.parametrize("count", [1, 13, drawn.CHUNK, drawn.CHUNK + 1, 1_234])
def test_a_smaller_set_is_the_beginning_of_a_larger_one(count, training):
    smaller = drawn.split("train", count)
    assert (smaller.images == training.images[:count]).all() and (smaller.labels == training.labels[:count]).all()


def test_no_picture_comes_twice():
    splits = [drawn.split(name, 1_000, seed) for name in ("train", "test") for seed in (0, 1)]
    seen = [picture.tobytes() for split in splits for picture in split.images]
    assert len(set(seen)) == len(seen)
    assert len({split.labels.tobytes() for split in splits}) == 4


def test_the_same_seed_draws_the_same_pictures(training):
    assert drawn.split("train", 2_000).fingerprint == training.fingerprint
    assert drawn.split("train", 2_000, seed=1).fingerprint != training.fingerprint


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("valid", 10), "name must be one of train, test: name='valid'"),
        (("train", 0), "count must be from 1 to 50,000 pictures: count=0"),
        (("train", 50_001), "count must be from 1 to 50,000 pictures: count=50001"),
        (("train", 10, -1), "seed must be 0 or above: seed=-1"),
    ],
)
def test_errors_name_the_rule(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        drawn.split(*arguments)


@pytest.mark.parametrize("features, penalty, low, high", [(pixels, 1_000, 0.15, 0.6), (colours, 0.1, 0, 0.2)])
def test_a_linear_model_does_not_learn_them(features, penalty, low, high, training, test_set):
    tables = features(training), training.labels, features(test_set), test_set.labels
    assert low < linear_accuracy(*tables, penalty) < high


def test_batch_norm_learns_them_in_the_default_run(training, test_set):
    assert trained_accuracy("batch", mixed_batches, 600, training, test_set) > 0.85


def test_one_class_a_batch_ends_batch_norm_alone(training, test_set):
    batch, group, layer = (
        trained_accuracy(norm, one_class_batches, 450, training, test_set) for norm in ("batch", "group", "layer")
    )
    assert batch < 0.5 * min(group, layer) and min(group, layer) > 0.25
