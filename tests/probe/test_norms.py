import contextlib
import copy
import random
import threading

import numpy as np
import pytest
import torch
import torchvision
from torch import nn
from torch.nn.utils.parametrize import register_parametrization

from normviz.probe.norms import probe
from tests.probe import networks

FLAT, LINE, MAP, BLOCK = (4, 8), (4, 8, 5), (4, 8, 5, 6), (4, 8, 3, 4, 5)
TOKENS = (4, 5, 8)
BATCHED = [  # layer, shape, what it averages, running
    (nn.BatchNorm1d(8), FLAT, "N", True),
    (nn.BatchNorm1d(8, affine=False), LINE, "NL", True),
    (nn.BatchNorm2d(8), MAP, "NHW", True),
    (nn.BatchNorm2d(8), (4, 8, 1, 1), "NHW", True),
    (nn.BatchNorm2d(8, momentum=None), (1, 8, 5, 6), "NHW", True),
    (nn.BatchNorm2d(1), (4, 1, 5, 6), "NHW", True),
    (nn.BatchNorm2d(8, affine=False, track_running_stats=False), MAP, "NHW", False),
    (nn.BatchNorm3d(8, track_running_stats=False), BLOCK, "NDHW", False),
    (nn.SyncBatchNorm(8), MAP, "NHW", True),
    (nn.InstanceNorm1d(8), LINE, "L", False),
    (nn.InstanceNorm1d(8, affine=True, track_running_stats=True), LINE, "L", True),
    (nn.InstanceNorm2d(8), MAP, "HW", False),
    (nn.InstanceNorm2d(8, track_running_stats=True), MAP, "HW", True),
    (nn.InstanceNorm3d(8, affine=True), BLOCK, "DHW", False),
]
SINGLE = [  # layer, shape, what it averages, subtracts a mean
    (nn.GroupNorm(4, 8), MAP, "(C/4)HW", True),
    (nn.GroupNorm(4, 8, affine=False), FLAT, "(C/4)", True),
    (nn.GroupNorm(2, 8), LINE, "(C/2)L", True),
    (nn.GroupNorm(2, 8), BLOCK, "(C/2)DHW", True),
    (nn.GroupNorm(1, 8), MAP, "CHW", True),
    (nn.GroupNorm(8, 8), MAP, "HW", True),
    (nn.GroupNorm(8, 8), FLAT, "", False),
    (nn.LayerNorm(8), FLAT, "C", True),
    (nn.LayerNorm(8), (8,), "C", True),
    (nn.LayerNorm(8), TOKENS, "C", True),
    (nn.LayerNorm(8, elementwise_affine=False), TOKENS, "C", True),
    (nn.LayerNorm(8), (4, 5, 6, 8), "C", True),
    (nn.LayerNorm([8, 5]), LINE, "CL", True),
    (nn.LayerNorm([8, 5, 6]), MAP, "CHW", True),
    (nn.LayerNorm([8, 1, 1], elementwise_affine=False), (4, 8, 1, 1), "CHW", True),
    (nn.LayerNorm([8, 3, 4, 5]), BLOCK, "CDHW", True),
    (nn.RMSNorm(8), TOKENS, "C", False),
    (nn.RMSNorm([8, 5, 6], elementwise_affine=False), MAP, "CHW", False),
    (nn.LocalResponseNorm(3), MAP, "3C", False),
    (nn.LocalResponseNorm(3), (2, 4, 7, 7), "3C", False),
    (nn.LocalResponseNorm(5), MAP, "5C", False),
]


def told(layer) -> tuple:
    return layer.averages, layer.subtracts_mean, layer.running, layer.reached


@pytest.mark.parametrize(("layer", "shape", "averages", "running"), BATCHED)
@pytest.mark.parametrize("training", [True, False])
def test_norms_of_torch_with_two_modes(layer, shape, averages, running, training):
    (found,) = probe(layer.train(training), torch.randn(shape))
    assert told(found) == (averages, True, running, 1)
    assert (found.kind, found.shape, found.path) == (type(layer).__name__, shape, "")


@pytest.mark.parametrize(("layer", "shape", "averages", "subtracts"), SINGLE)
def test_norms_of_torch_with_one_mode(layer, shape, averages, subtracts):
    (found,) = probe(layer, torch.randn(shape))
    assert told(found) == (averages, subtracts, False, 1)


@pytest.mark.parametrize("layer", [torchvision.ops.FrozenBatchNorm2d(8), networks.FrozenBatchNorm2d(8)])
def test_a_norm_with_frozen_statistics_averages_nothing(layer):
    (found,) = probe(layer, torch.randn(MAP))
    assert told(found) == ("", False, True, 1)


ZOO = {  # side of the pictures, number of norms, {class: (averages, running)}
    "resnet18": (64, 20, {"BatchNorm2d": ("NHW", True)}),
    "vgg11_bn": (64, 8, {"BatchNorm2d": ("NHW", True)}),
    "densenet121": (32, 121, {"BatchNorm2d": ("NHW", True)}),
    "mobilenet_v3_small": (64, 34, {"BatchNorm2d": ("NHW", True)}),
    "convnext_tiny": (64, 23, {"LayerNorm2d": ("C", False), "LayerNorm": ("C", False)}),
    "swin_t": (64, 29, {"LayerNorm": ("C", False)}),
    "vit_b_16": (224, 25, {"LayerNorm": ("C", False)}),
}


@pytest.mark.parametrize("name", ZOO)
def test_networks_of_torchvision(name):
    side, count, classes = ZOO[name]
    network = torchvision.models.get_model(name, weights=None)
    found = probe(network, torch.randn(2, 3, side, side))
    assert {layer.kind: (layer.averages, layer.running) for layer in found} == classes
    assert len(found) == count and {layer.reached for layer in found} == {1}
    assert all(layer.subtracts_mean and layer.shape[0] == 2 for layer in found)
    modules = dict(network.named_modules())
    assert all(type(modules[layer.path]).__name__ == layer.kind for layer in found)


def test_home_made_and_fused_norms_are_known_by_what_they_do():
    found = probe(networks.HomeMade(), torch.randn(8, 3, 6, 6))
    assert [(layer.path, layer.kind, *told(layer)) for layer in found] == [
        ("fused", "NormAct", "NHW", True, True, 1),
        ("pixel", "PerPixel", "C", True, False, 1),
        ("ghost", "Ghost", "(N/2)HW", True, False, 1),
        ("tokens", "MeanSquare", "C", False, False, 1),
    ]


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (networks.LastInGroups(), (4, 5, 6, 8), ("(C/4)HW", True, False, 1)),
        (networks.Evolved(8), MAP, ("CHW", False, False, 1)),
        (networks.Kept(8), MAP, ("NHW", True, True, 1)),
        (networks.MeanSquare(8).bfloat16(), TOKENS, ("C", False, False, 1)),
        (networks.Silent(), (3, 4, 5, 5), ("NHW", True, True, 1)),
        (networks.SilentNorm(4), (3, 4, 5, 5), ("NHW", True, True, 1)),
        (networks.ByGradients(8), MAP, ("NHW", True, True, 1)),
        (networks.Detached(), MAP, ("NHW", True, False, 1)),
        (networks.WithoutGradients(8), MAP, ("NHW", True, True, 1)),
        (networks.LocalContrast(), (4, 8, 32, 32), ("3H3W", True, False, 1)),
        (networks.Causal(), (4, 8, 50), ("CL", True, False, 1)),
        (networks.InstanceLast(), (4, 5, 6, 8), ("HW", True, False, 1)),
        (networks.SingleLayer(8), TOKENS, ("C", True, False, 1)),
        (networks.SingleBatch(8), MAP, ("NHW", True, True, 1)),
        (networks.Never(8), MAP, ("", False, False, 1)),
        (networks.Late(), (3, 4, 5, 5), ("NHW", True, True, 1)),
    ],
)
def test_other_home_made_norms(layer, shape, expected):
    x = torch.randn(shape).to(next(layer.parameters(), torch.empty(0)).dtype)
    assert [told(found) for found in probe(layer, x)] == [expected]


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (networks.Pooled(), MAP),
        (networks.Centred(), MAP),
        (networks.Shares(), MAP),
        (networks.Attention(), TOKENS),
        (networks.Mixer(8), MAP),
        (networks.Picky(), MAP),
        (networks.StandardisedConvolution(8, 8, 3), MAP),
        (register_parametrization(nn.Conv2d(8, 8, 3), "weight", networks.Standardised()), MAP),
    ],
)
def test_layers_that_standardise_nothing_are_no_norms(layer, shape):
    assert probe(layer, torch.randn(shape)) == []


def test_functional_norms_have_the_path_of_their_caller():
    found = probe(nn.Sequential(networks.Functional()), torch.randn(4, 6, 5, 5))
    assert [(layer.path, layer.kind, *told(layer)) for layer in found] == [
        ("0", "functional", "NHW", True, True, 1),
        ("0", "functional", "(C/3)HW", True, False, 1),
        ("0", "functional", "HW", True, False, 1),
        ("0", "functional", "CHW", True, False, 1),
        ("0.inner.0", "LayerNorm", "C", True, False, 1),
        ("0", "functional", "C", False, False, 1),
    ]


def test_layers_used_again_and_never():
    found = probe(networks.Again(), {"x": torch.randn(2, 4, 3, 3), "scale": torch.ones(4, 1, 1)})
    assert [(layer.path, layer.shape, *told(layer)) for layer in found] == [
        ("norm", (2, 4, 3, 3), "(C/2)HW", True, False, 3),
        ("unused", (), "", False, False, 0),
    ]
    assert [layer.reached for layer in probe(networks.Again(), (torch.randn(2, 4, 3, 3), torch.ones(1)))] == [3, 0]


def test_a_transformer_in_evaluation_is_seen_behind_its_fast_path():
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    found = probe(nn.TransformerEncoder(layer, 2).eval(), torch.randn(2, 5, 16))
    assert [told(layer) for layer in found] == [("C", True, False, 1)] * 4
    assert torch.backends.mha.get_fastpath_enabled()


def random_states() -> tuple:
    return torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()


def held(network: nn.Module) -> dict:
    return {name: values.clone() for name, values in network.state_dict().items()}


@pytest.mark.parametrize(
    "build", [networks.HomeMade, networks.Functional, networks.Careless, lambda: torchvision.models.resnet18(weights=None)]
)
def test_everything_is_as_before(build):
    network = build()
    list(network.children())[-1].eval()
    next(network.parameters()).requires_grad_(False)
    kept, hooked = [], network.register_forward_hook(lambda *_: None)
    x = torch.randn(4, 6 if isinstance(network, networks.Functional) else 3, 32, 32)
    for module in network.modules():
        kept.append((module.training, copy.copy(module._forward_hooks), copy.copy(module._forward_pre_hooks)))
    before, drawn, given = held(network), random_states(), x.clone()
    asked = [values.requires_grad for values in network.parameters()]
    probe(network, x)
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())
    assert random_states() == drawn and torch.equal(x, given)
    assert [values.requires_grad for values in network.parameters()] == asked
    assert all(values.grad is None for values in network.parameters())
    assert [(module.training, module._forward_hooks, module._forward_pre_hooks) for module in network.modules()] == kept
    hooked.remove()


def test_a_failure_leaves_everything_as_before_too():
    network, drawn = torchvision.models.resnet18(weights=None), random_states()
    with pytest.raises(ValueError, match="the network must take the example: input=2x5x8x8: RuntimeError: "):
        probe(network, torch.randn(2, 5, 8, 8, generator=torch.Generator()))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    assert random_states()[1:] == drawn[1:] and torch.backends.mha.get_fastpath_enabled()


def test_hooks_of_a_norm_see_the_example_alone():
    network, seen = nn.Sequential(nn.BatchNorm2d(8)), []
    network[0].register_forward_pre_hook(lambda _, args: seen.append(args[0].shape))
    network[0].register_forward_hook(lambda _, args, given: seen.append(given.shape))
    probe(network, torch.randn(MAP))
    assert seen == [MAP, MAP]


def test_inference_mode_hides_nothing():
    with torch.inference_mode():
        (found,) = probe(nn.BatchNorm2d(8), torch.randn(MAP))
        assert told(found) == ("NHW", True, True, 1) and torch.is_inference_mode_enabled()


def test_two_probes_at_once_leave_the_fast_path_as_it_was():
    together, first_done = threading.Barrier(2), threading.Event()

    class Waiting(nn.Module):
        def forward(self, x):
            with contextlib.suppress(threading.BrokenBarrierError):  # the other one waits for its turn
                if together.wait(0.3):
                    first_done.wait(3)
            return x

    def run():
        probe(Waiting(), torch.ones(1))
        first_done.set()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert torch.backends.mha.get_fastpath_enabled()


def test_weight_norm_of_old_is_copied():
    network = nn.Sequential(nn.utils.weight_norm(nn.Conv2d(3, 4, 1)), nn.GroupNorm(2, 4))
    assert [layer.path for layer in probe(network, torch.randn(2, 3, 4, 4))] == ["1"]


def test_what_cannot_be_copied_is_named():
    with pytest.raises(ValueError, match="must be one that copy.deepcopy copies: LazyBatchNorm2d"):
        probe(nn.LazyBatchNorm2d(), torch.randn(MAP))


def test_lazy_layers_are_measured_and_stay_lazy():
    network = nn.Sequential(nn.LazyConv2d(4, 1), nn.GroupNorm(2, 4))
    assert [layer.averages for layer in probe(network, torch.randn(MAP))] == ["(C/2)HW"]
    assert nn.parameter.is_lazy(network[0].weight)


def test_a_forward_set_from_outside_is_refused_where_it_would_run_the_network_itself():
    network = nn.Sequential(nn.BatchNorm2d(8), nn.ReLU())
    network[1].forward = lambda x: x
    assert len(probe(network, torch.randn(MAP))) == 1
    plain = network.forward
    for forward in (lambda x: network[0](x), lambda x: plain(x)):
        network.forward = forward
        with pytest.raises(ValueError, match=r"which no copy can run: forward; make it a method"):
            probe(network, torch.randn(MAP))


def test_a_row_has_the_columns_of_the_report():
    (row,) = (layer.row() for layer in probe(nn.BatchNorm2d(8), torch.randn(MAP)))
    assert list(row) == ["path", "class", "shape", "averages", "subtracts_mean", "running", "reached"]
    assert row["shape"] == [4, 8, 5, 6]


def test_what_reparametrizes_weights_is_no_norm_and_is_not_run_on_its_own():
    """PyTorch's kernel of weight norm writes beyond its memory when it is given other shapes."""
    network = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3)), nn.BatchNorm2d(8))
    assert [layer.path for layer in probe(network, torch.randn(4, 3, 8, 8))] == ["1"]


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_torchscript_is_refused_in_words():
    network = nn.Sequential(torch.jit.script(nn.BatchNorm2d(3)))
    with pytest.raises(ValueError, match="must not be TorchScript, whose layers cannot be looked into: 0"):
        probe(network, torch.randn(4, 3, 8, 8))
