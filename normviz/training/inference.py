"""From a run on disk to a network that answers."""

from copy import deepcopy

import numpy as np
import pandas as pd
import torch

from normviz.model.network import Architecture, Network
from normviz.pictures import dataset, tensors
from normviz.training import evaluation
from normviz.training.runs import Run, RunError

BATCH = 125  # pictures at once, which fit a processor's cache; batch norm uses its running statistics, so it changes no answer


def restore(run: Run) -> Network:
    """Rebuilds a run's network, in evaluation mode, from run.json and the weights alone.

    Raises:
        RunError: the weights do not fit the network that run.json describes.
    """
    try:
        network = Network(architecture_of(run.info["architecture"]))
        network.load_state_dict({name: torch.tensor(values) for name, values in run.weights.items()})
    except (RuntimeError, TypeError, ValueError, KeyError) as error:
        raise RunError(f"weights and run.json of {run.info['study']} {run.norm} do not fit each other: {error}") from error
    return network.to(memory_format=torch.channels_last).eval()


def architecture_of(described: dict) -> Architecture:
    """Returns an architecture out of what run.json keeps of it."""
    lists = {name: tuple(value) for name, value in described.items() if isinstance(value, list)}
    return Architecture(**described | lists)


def in_training_mode(network: Network) -> Network:
    """Returns a copy in training mode: batch norm uses each batch's own statistics. The network itself, which other
    sessions may be using, stays as it is."""
    return deepcopy(network).train()


@torch.inference_mode()
def logits(network: Network, images: np.ndarray) -> np.ndarray:
    """Returns the logits, N x classes, of uint8 pictures, N x 32 x 32 x 3; `network` must be in evaluation mode."""
    device = next(network.parameters()).device
    parts = [
        network(tensors.standardise(images[start : start + BATCH], *network.standard).to(device)).cpu().numpy()
        for start in range(0, len(images), BATCH)
    ]
    return np.concatenate(parts)


def predict(network: Network, split: dataset.Split) -> pd.DataFrame:
    """Returns one row a picture of a split: index, label, and the logit of each class."""
    table = pd.DataFrame({"index": split.indices, "label": split.labels})
    columns = evaluation.logit_columns(network.architecture.classes)
    return table.join(pd.DataFrame(logits(network, split.images), columns=columns))


def class_probabilities(network: Network, image: np.ndarray) -> pd.DataFrame:
    """Returns class and probability for one uint8 picture, 32 x 32 x 3, most probable first."""
    answers = evaluation.probabilities(logits(network, image[None]))[0]
    table = pd.DataFrame({"class": network.architecture.classes, "probability": answers})
    return table.sort_values("probability", ascending=False, ignore_index=True)
