"""Norm layers of every norm and many shapes, and torch's own modules beside them."""

import numpy as np
import torch
from torch import nn

from normviz.explain import cells
from normviz.explain.cells import NormLayer

SHAPES = [(3, 4, 2, 2), (2, 6, 1, 1), (1, 4, 3, 2), (4, 1, 2, 1), (8, 16, 6, 6)]
MODULES = {
    "batch": lambda c, groups: nn.BatchNorm2d(c),
    "group": lambda c, groups: nn.GroupNorm(groups, c),
    "layer": lambda c, groups: nn.GroupNorm(1, c),
    "instance": lambda c, groups: nn.GroupNorm(c, c),
}
CASES = [(norm, shape, 1) for norm in ("batch", "layer", "instance") for shape in SHAPES]
CASES += [("group", shape, groups) for shape in SHAPES for groups in cells.divisors(shape[1])]


def edited(shape: tuple, seed: int) -> np.ndarray:
    """Made-up numbers of which some were replaced by a visitor."""
    x, draw = cells.made_up(shape, seed), np.random.default_rng(seed)
    x[draw.random(shape) < 0.3] = draw.normal(0, 30)
    return x


def affine(channels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.random.default_rng(seed).normal(1, 1, (2, channels)))


def torch_module(norm: str, gamma: np.ndarray, beta: np.ndarray, groups: int) -> nn.Module:
    module = MODULES[norm](len(gamma), groups).double()
    module.weight.data, module.bias.data = torch.tensor(gamma), torch.tensor(beta)
    return module


def whole(layer: NormLayer) -> tuple[range, ...]:
    return tuple(map(range, layer.x.shape))
