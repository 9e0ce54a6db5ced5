import numpy as np
import pytest
import torch
from torch import nn

from normviz.model import norms

X = np.random.default_rng(0).normal(3, 2, (5, 8, 4, 3))
GAMMA, BETA = np.linspace(0.5, 2, 8), np.linspace(-1, 1, 8)


def by_torch(module: nn.Module, gamma=GAMMA, beta=BETA) -> np.ndarray:
    module = module.double()
    module.weight.data, module.bias.data = torch.tensor(gamma), torch.tensor(beta)
    return module(torch.tensor(X)).detach().numpy()


@pytest.mark.parametrize(
    ("norm", "groups", "module"),
    [
        ("batch", 4, nn.BatchNorm2d(8)),
        ("group", 4, nn.GroupNorm(4, 8)),
        ("group", 2, nn.GroupNorm(2, 8)),
        ("layer", 4, nn.GroupNorm(1, 8)),
        ("instance", 4, nn.InstanceNorm2d(8, affine=True)),
    ],
)
def test_formula_equals_torch(norm, groups, module):
    written = norms.scale_and_shift(norms.normalize(X, norm, groups), GAMMA, BETA)
    np.testing.assert_allclose(written, by_torch(module), atol=1e-6)


def test_layer_norm_with_gamma_for_every_place_equals_torch():
    gamma, beta = np.random.default_rng(1).normal(size=(2, 8, 4, 3))
    written = norms.scale_and_shift(norms.normalize(X, "layer"), gamma, beta)
    np.testing.assert_allclose(written, by_torch(nn.LayerNorm([8, 4, 3]), gamma, beta), atol=1e-6)


def test_layer_norm_of_each_place_equals_torch():
    module = nn.LayerNorm(8, elementwise_affine=False).double()
    expected = module(torch.tensor(X).movedim(1, -1)).movedim(-1, 1).numpy()
    np.testing.assert_allclose(norms.normalize(X, "place"), expected, atol=1e-6)
    assert norms.statistic_rows(X, "place").shape == (5 * 4 * 3, 8)


def test_batch_norm_in_evaluation_equals_torch():
    module = nn.BatchNorm2d(8)
    module.running_mean, module.running_var = torch.linspace(0, 3, 8), torch.linspace(1, 4, 8)
    running = module.running_mean.double().numpy(), module.running_var.double().numpy()
    written = norms.scale_and_shift(norms.normalize(X, "batch", running=running), GAMMA, BETA)
    np.testing.assert_allclose(written, by_torch(module.eval()), atol=1e-6)


def test_one_case_worked_by_hand():
    x = np.array([[[[1.0]], [[3.0]]], [[[5.0]], [[11.0]]]])  # two pictures, two channels, one place
    mean, variance = norms.statistics(x, "batch")
    assert mean.tolist() == [3, 7] and variance.tolist() == [4, 16]
    mean, variance = norms.statistics(x, "layer")
    assert mean.tolist() == [2, 8] and variance.tolist() == [1, 9]
    np.testing.assert_allclose(norms.normalize(x, "layer").ravel(), [-1, 1, -1, 1], atol=1e-5)


@pytest.mark.parametrize(("norm", "rows"), [("batch", 8), ("group", 20), ("layer", 5), ("instance", 40)])
def test_number_of_statistic_groups(norm, rows):
    assert norms.statistic_rows(X, norm, 4).shape == (rows, X.size // rows)


def test_groups_must_divide_channels():
    with pytest.raises(ValueError, match="groups=3, channels=8"):
        norms.statistics(X, "group", 3)
