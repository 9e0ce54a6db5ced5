import pytest
import torch

from normviz.model import network
from normviz.words import published


@pytest.mark.parametrize(("norm", "total"), [("batch", 18_064), ("group", 47_236), ("layer", 27_376)])
def test_published_tables_equal_the_source_row_by_row(norm, total):
    rows = network.summary(network.architecture("published", norm)).to_dict("records")
    assert len(rows) == 38
    assert rows == published.layers(norm)
    assert sum(row["parameters"] for row in rows) == total == published.model(norm)["total_parameters"]


@pytest.mark.parametrize("norm", ["batch", "group", "layer", "layer_place", "instance"])
def test_controlled_networks_differ_in_the_norm_alone(norm):
    built = network.Network(network.architecture("controlled", norm))
    assert network.count_parameters(built) == 18_064
    assert len(built.norms) == len(built.blocks) == network.norm_layers(network.architecture("controlled", norm)) == 8


def test_residual_blocks_add_their_input():
    block = network.Network(network.architecture("controlled", "batch")).eval().body[5]
    x = torch.randn(2, 16, 12, 12)
    torch.nn.init.zeros_(block.norm.weight)
    assert torch.equal(block(x), x + block.norm.bias.view(1, -1, 1, 1))


def test_logits_have_one_column_a_class():
    assert network.Network(network.architecture("published", "layer"))(torch.zeros(3, 3, 32, 32)).shape == (3, 10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: network.make_norm("group", 10, 4, 4, groups=4), "groups=4, channels=10"),
        (lambda: network.Architecture("batch", (16,) * 9), "widths="),
        (lambda: network.Architecture("weight"), "norm='weight'"),
        (lambda: network.Architecture("batch", (16, 32, 10, 16, 16, 12, 10, 16, 16, 16)), "16 channels in, 12 out"),
        (lambda: network.architecture("published", "instance"), "norm='instance'"),
        (lambda: network.architecture("smaller", "batch"), "study='smaller'"),
        (
            lambda: network.Architecture("batch", design="C16k3 N"),
            "no widths, no dropout and no weight standardization: widths=",
        ),
        (lambda: network.Architecture("batch", (), dropout=0.1, design="C16k3 N"), "dropout=0.1"),
        (
            lambda: network.Architecture("batch", (), design="C16k3 N", weight_standardization=True),
            "weight_standardization=True",
        ),
        (lambda: network.Architecture("batch", (), design="C16k3 D"), "part='D'"),
    ],
)
def test_errors_carry_the_value(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_hooks_are_removed_when_the_network_fails():
    built = network.Network(network.architecture("controlled", "batch"))
    with pytest.raises(RuntimeError), network.leaf_outputs(built, lambda layer, output: None):
        built(torch.zeros(1, 4, 32, 32))
    assert not any(module._forward_hooks for module in built.modules())


@pytest.mark.parametrize(("study", "total", "norms"), [("budget", 49_978, 9), ("resnet", 49_850, 7)])
@pytest.mark.parametrize("norm", ["batch", "group", "layer", "instance"])
def test_designs_differ_in_the_norm_alone_and_stay_below_the_budget(study, total, norms, norm):
    described = network.architecture(study, norm)
    built = network.Network(described).eval()
    assert network.count_parameters(built) == total < published.target()["max_parameters"]
    assert len(built.norms) == len(built.blocks) == network.norm_layers(described) == norms
    assert {type(layer) for layer in built.norms} == {type(network.make_norm(norm, 4, 2, 2))}
    assert built(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_norm_layers_are_named_in_the_order_in_which_they_run():
    built, ran = network.Network(network.architecture("resnet", "layer")), []
    with network.leaf_outputs(built, lambda layer, output: ran.append(layer)):
        built(torch.zeros(1, 3, 32, 32))
    assert [layer for layer in ran if isinstance(layer, torch.nn.GroupNorm)] == built.norms
