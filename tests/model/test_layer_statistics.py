import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models.convnext import LayerNorm2d

from normviz.model import layer_statistics
from normviz.model.layer_statistics import Passage

X = torch.randn(3, 8, 4, 5, generator=torch.Generator().manual_seed(0))


class Overwritten(nn.Module):
    """Norms between activations that work in place."""

    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList([nn.BatchNorm2d(8), nn.GroupNorm(2, 8)])

    def forward(self, x):
        for norm in self.norms:
            x = nn.functional.relu(norm(x), inplace=True)
        return x.add_(1).flatten(1)


class Named(nn.LayerNorm):
    """Called a layer norm, but it averages over places alone."""

    def forward(self, x):
        return nn.functional.instance_norm(x)


def passage(module: nn.Module) -> Passage:
    return Passage(1, X.numpy(), module(X).detach().numpy(), module)


def test_what_a_norm_received_and_gave_is_kept_from_what_follows():
    network = Overwritten().eval()
    first, second = layer_statistics.passages(network, X)
    norms = network.norms
    np.testing.assert_array_equal(first.after, norms[0](X).detach())
    assert first.after.min() < 0 and second.after.min() < 0
    np.testing.assert_array_equal(second.before, norms[0](X).detach().relu())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_a_norm_that_writes_over_its_input_does_not_change_what_it_received():
    network = nn.Sequential(nn.ReLU(inplace=True))
    network.norms = [network[0]]
    (only,) = layer_statistics.passages_and_logits(network, X.clone())[0]
    np.testing.assert_array_equal(only.before, X)


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (nn.BatchNorm2d(8), ("batch", 1)),
        (nn.BatchNorm2d(8, track_running_stats=False), ("batch", 1)),
        (nn.GroupNorm(2, 8), ("group", 2)),
        (nn.GroupNorm(1, 8), ("layer", 1)),
        (nn.InstanceNorm2d(8), ("instance", 1)),
        (nn.LayerNorm([8, 4, 5]), ("layer", 1)),
        (LayerNorm2d(8), ("place", 1)),
        (Named([8, 4, 5]), ("instance", 1)),
        (nn.Identity(), ("none", 1)),
    ],
)
def test_a_norm_is_known_by_what_it_averages(module, kind):
    state = torch.get_rng_state()
    assert layer_statistics.statistic_kind(passage(module)) == kind
    assert torch.equal(torch.get_rng_state(), state)


def test_groups_of_a_norm_of_each_place_are_its_places():
    table = layer_statistics.by_statistic_group(passage(LayerNorm2d(8)))
    after = table[table["side"] == "after"]
    assert len(after) == 3 * 4 * 5
    np.testing.assert_allclose(after["mean"], 0, atol=1e-5)
    np.testing.assert_allclose(after["std"], 1, atol=1e-3)


def test_what_pictures_have_no_rows_for_is_named():
    with pytest.raises(ValueError, match="averages=3C"):
        layer_statistics.statistic_kind(passage(nn.LocalResponseNorm(3)))


def homemade(**values: torch.Tensor) -> nn.Module:
    module = nn.BatchNorm2d(8, affine=False, track_running_stats=False)
    for name, value in values.items():
        if name.startswith("running"):
            module.register_buffer(name, value)
        else:
            module.register_parameter(name, nn.Parameter(value))
    return module


@pytest.mark.parametrize(
    ("module", "of"),
    [
        (homemade(running_mean=torch.full((1, 8, 1, 1), 2.0), running_var=torch.full((1, 8, 1, 1), 4.0)), (1, 0, 2, 2)),
        (homemade(running_mean=torch.full((8,), 2.0)), (1, 0, np.nan, np.nan)),
        (homemade(running_mean=torch.ones(1), running_var=torch.ones(1)), (1, 0, np.nan, np.nan)),
        (homemade(gamma=torch.full((1, 8, 1, 1), 3.0), beta=torch.full((8,), 2.0)), (3, 2, np.nan, np.nan)),
        (homemade(scale=torch.tensor(3.0)), (3, 0, np.nan, np.nan)),
        (homemade(g=torch.ones(8)), (np.nan,) * 4),
        (nn.BatchNorm2d(8).bfloat16(), (1, 0, 0, 1)),
    ],
)
def test_home_made_norms_are_described(module, of):
    table = layer_statistics.by_channel([Passage(1, X.numpy(), X.numpy(), module)])
    np.testing.assert_array_equal(table[["gamma", "beta", "running_mean", "running_std"]], [of] * 8)


def test_norms_without_running_statistics_or_beta_are_described():
    table = layer_statistics.by_channel(
        [passage(nn.BatchNorm2d(8, track_running_stats=False)), passage(nn.GroupNorm(2, 8, bias=False))]
    )
    assert table["running_mean"].isna().all() and (table["gamma"] == 1).all() and (table["beta"] == 0).all()
