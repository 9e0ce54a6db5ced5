"""The shipped networks and the built-in pictures, loaded once for all tests."""

from functools import cache

import numpy as np

from normviz.model import layer_statistics
from normviz.model.network import Network
from normviz.model.norms import COMPARED
from normviz.pictures import tensors, uploads
from normviz.training import inference, runs


@cache
def network(study: str = "controlled", norm: str = "batch") -> Network:
    return inference.restore(runs.load(study, norm))


def networks(study: str = "controlled") -> dict[str, Network]:
    return {norm: network(study, norm) for norm in COMPARED}


@cache
def picture(example: str = "cat") -> np.ndarray:
    return uploads.to_network_size(uploads.example_picture(example))


@cache
def example_pictures() -> np.ndarray:
    return np.stack([picture(example.key) for example in uploads.examples()])


@cache
def passages(study: str, norm: str, example: str = "cat") -> list:
    return layer_statistics.passages(network(study, norm), tensors.standardise(picture(example)[None]))
