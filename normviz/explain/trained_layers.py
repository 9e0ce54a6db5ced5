"""A norm layer of a trained network as the cells page draws it."""

import numpy as np

from normviz.explain.cells import NormLayer
from normviz.model import layer_statistics


def from_passage(passage: layer_statistics.Passage) -> NormLayer:
    """Returns what a norm layer received and what it learned, in double precision.

    Args:
        passage: from `layer_statistics.passages`, of a layer that normalizes.

    Returns:
        Batch norm as it stands in evaluation, with its running statistics.
    """
    kind, groups = layer_statistics.statistic_kind(passage)
    gamma, beta = (_numbers(values) for values in (passage.module.weight, passage.module.bias))
    running = None
    if getattr(passage.module, "running_mean", None) is not None:
        running = _numbers(passage.module.running_mean), _numbers(passage.module.running_var)
    return NormLayer(passage.before.astype(np.float64), kind, gamma, beta, groups, running)


def _numbers(values) -> np.ndarray:
    return values.detach().cpu().numpy().astype(np.float64)
