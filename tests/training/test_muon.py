import copy

import pytest
import torch
from torch import nn

from normviz.model.network import Network, architecture
from normviz.training import muon


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (16, 16)])
def test_singular_values_come_near_one_and_directions_stay(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    turned = muon.orthogonal(matrix)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    values = left.T @ turned @ right.T
    assert torch.allclose(values, torch.diag(values.diag()), atol=1e-4)
    assert values.diag().min() > 0.5 and values.diag().max() < 1.3


def test_dense_weights_move_as_torch_moves_a_matrix():
    torch.manual_seed(0)
    ours, theirs = nn.Linear(8, 6, bias=False), nn.Linear(8, 6, bias=False)
    theirs.load_state_dict(ours.state_dict())
    options = {"lr": 0.02, "weight_decay": 0.05}
    optimizers = muon.Muon(ours, **options), torch.optim.Muon(theirs.parameters(), adjust_lr_fn="match_rms_adamw", **options)
    for _ in range(3):
        gradient = torch.randn(6, 8)
        for layer, optimizer in zip((ours, theirs), optimizers):
            layer.weight.grad = gradient.clone()
            optimizer.step()
    assert torch.allclose(ours.weight, theirs.weight, atol=2e-3)  # torch turns in bfloat16
    assert not torch.allclose(ours.weight, nn.Linear(8, 6, bias=False).weight, atol=2e-3)


def test_all_else_moves_as_adamw_moves_it_and_gradients_stay():
    torch.manual_seed(0)
    network = Network(architecture("budget", "layer"))
    other = copy.deepcopy(network)
    groups = [
        {"params": [other.body[7].depthwise.weight]},
        {"params": [other.body[7].norm.weight, other.head.bias], "weight_decay": 0.0},
    ]
    optimizers = muon.Muon(network, 0.01, 0.05), torch.optim.AdamW(groups, lr=0.01, weight_decay=0.05)
    for model, optimizer in zip((network, other), optimizers):
        model(torch.ones(1, 3, 32, 32)).square().sum().backward()
        before = [parameter.grad.clone() for parameter in model.parameters()]
        optimizer.step()
        assert all(torch.equal(parameter.grad, grad) for parameter, grad in zip(model.parameters(), before))
    assert torch.equal(network.body[7].depthwise.weight, other.body[7].depthwise.weight)
    assert torch.equal(network.body[7].norm.weight, other.body[7].norm.weight)
    assert torch.equal(network.head.bias, other.head.bias)
    assert not torch.equal(network.head.weight, other.head.weight)


def test_a_norm_over_channels_and_places_is_moved_by_adamw_and_does_not_decay():
    network = nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.LayerNorm([4, 6, 6]))
    optimizer = muon.Muon(network, lr=0.1, weight_decay=0.5)
    assert [(len(group["params"]), group["weight_decay"]) for group in optimizer.param_groups] == [(1, 0.5), (2, 0.0)]
    network(torch.randn(2, 3, 6, 6)).square().sum().backward()
    optimizer.step()
    assert "momentum" in optimizer.state[network[0].weight] and "exp_avg" in optimizer.state[network[1].weight]
