from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from normviz.model.convolutions import GAIN, StandardizedConv2d
from normviz.model.network import Network, architecture
from normviz.model.place_norm import PlaceNorm
from normviz.probe.norms import probe


def test_standardized_weights_equal_the_formula_worked_by_hand():
    convolution, x = StandardizedConv2d(2, 3, 3, padding=1, bias=False), torch.randn(4, 2, 6, 6)
    weight = convolution.weight.detach()
    by_hand = torch.stack([GAIN * (each - each.mean()) / (18 * each.var(correction=0) + 1e-5).sqrt() for each in weight])
    assert torch.allclose(convolution(x), functional.conv2d(x, by_hand, padding=1), atol=1e-6)


def test_scale_and_mean_of_the_weights_change_nothing():
    convolution, x = StandardizedConv2d(16, 8, 3, bias=False), torch.randn(2, 16, 6, 6)
    before = convolution(x)
    with torch.no_grad():
        convolution.weight.mul_(5).add_(2)
    assert torch.allclose(convolution(x), before, atol=1e-3)


def test_a_deep_stack_without_norms_keeps_its_variance():
    torch.manual_seed(0)
    x = torch.randn(64, 32, 8, 8)
    for _ in range(20):
        x = StandardizedConv2d(32, 32, 3, padding=1, bias=False)(x).relu()
    assert 0.02 < x.var() < 20, "a usual convolution ends below 1e-8 here"


@pytest.mark.parametrize("mode", [True, False])
def test_place_norm_averages_the_channels_of_each_place(mode):
    norm = PlaceNorm(8).train(mode)
    (found,) = probe(norm, torch.randn(4, 8, 5, 6))
    assert (found.averages, found.subtracts_mean, found.running) == ("C", True, False)
    given = norm(torch.randn(2, 8, 5, 6))
    assert torch.allclose(given.mean(1), torch.zeros(2, 5, 6), atol=1e-5)


def test_weight_standardization_is_of_the_skeleton_and_not_of_the_head():
    built = Network(replace(architecture("controlled", "none"), weight_standardization=True))
    kinds = [isinstance(module, StandardizedConv2d) for module in built.modules() if isinstance(module, torch.nn.Conv2d)]
    assert kinds == [True] * 10 + [False]
