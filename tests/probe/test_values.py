import numpy as np
import torch
from torch import nn

from normviz.probe import values
from tests.probe import networks


def test_what_a_layer_received_and_gave_is_kept_from_what_follows():
    network = nn.Sequential(nn.BatchNorm2d(4), nn.ReLU(inplace=True))
    x = torch.randn(3, 4, 5, 5)
    met = values.through(network, x, "0")
    np.testing.assert_array_equal(met.before, x)
    np.testing.assert_array_equal(met.after, network[0].eval()(x).detach())
    assert met.after.min() < 0 and not network[0]._forward_hooks


def test_a_network_whose_eval_returns_nothing_is_run_too():
    assert values.through(networks.Silent(), torch.ones(3, 4, 5, 5), "norm").before.shape == (3, 4, 5, 5)
