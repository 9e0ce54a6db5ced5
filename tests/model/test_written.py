import pytest
import torch
from torch import nn

from normviz.model import written
from normviz.model.swap import Nothing, swap_norms
from normviz.reading import ReadingError

WHOLE = """
picture: 3x16x16
norm: batch
parts:
  - convolution: 8
  - norm: usual
  - activation: relu
  - pooling: max
  - residual: basic
    width: 12
  - residual: mixing
    width: 20
    kernel: 5
    norm: layer
  - norm: group
    groups: 3
  - residual: plain
    norm: none
  - pooling: mean
  - activation: gelu
  - linear: 9
  - norm: usual
  - linear: 5
"""


def test_a_network_is_built_as_it_is_written():
    network = written.load_text(WHOLE)
    assert network(torch.zeros(2, 3, 16, 16)).shape == (2, 5)
    kinds = [type(module).__name__ for module in network.modules() if isinstance(module, nn.BatchNorm2d | nn.GroupNorm)]
    assert kinds == ["BatchNorm2d"] * 3 + ["GroupNorm"] * 2 + ["BatchNorm2d"]
    assert [module.num_groups for module in network.modules() if isinstance(module, nn.GroupNorm)] == [1, 3]


@pytest.mark.parametrize(("end", "shape"), [("pooling: all", (1, 4)), ("activation: relu", (1, 4 * 32 * 32))])
def test_what_a_network_without_a_linear_layer_gives(end, shape):
    network = written.load_text(f"parts:\n  - convolution: 4\n    kernel: 1\n  - {end}\n")
    assert network(torch.zeros(1, 3, 32, 32)).shape == shape


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parts:\n  - swirl: 4\n", "line 2: a part must be one of convolution, linear, norm"),
        ("norm: batch\nparts:\n  - {}\n", "line 3: a part must be one of .*: part=nothing"),
        ("norm: batch\nparts:\n  - norm: usual\n    width: 3\n", "line 4: no such name here; known are norm, groups: width"),
        ("parts:\n  - convolution: 4\n    kernel: 2\n", "line 3: kernel must be odd"),
        ("parts:\n  - convolution: 0\n", "line 2: convolution must be a number from 1 to 1024"),
        ("parts:\n  - convolution: 2.5\n", "line 2: convolution must be a whole number"),
        ("parts:\n  - convolution: 4\n    groups: 2\n", "line 3: no such name here"),
        ("parts:\n  - norm: usual\n", "line 2: the usual norm is not named"),
        ("norm: power\nparts:\n  - norm: usual\n", "line 1: norm must be one of batch"),
        ("parts:\n  - norm: group\n    groups: 2\n", "groups must divide the 3 channels"),
        ("picture: 3x8x9\nparts:\n  - pooling: all\n", "line 1: picture must be"),
        ("picture: 3x2x2\nparts:\n  - pooling: max\n  - pooling: max\n", "line 4: maps of one pixel"),
        ("norm: none\nparts:\n  - residual: basic\n    width: 2\n", "line 3: width must be at least the 3 channels"),
        ("norm: none\nparts:\n  - residual: basic\n", "line 3: width is missing"),
        ("parts:\n  - linear: 1024\n" + "  - convolution: 1024\n    kernel: 11\n" * 9, "20,000,000 parameters at most"),
        (
            "picture: 3x256x256\nparts:\n  - convolution: 64\n",
            "line 3: maps must have 2,000,000 values at most, here 4,194,304",
        ),
        ("picture: 3x128x128\nparts:\n" + "  - convolution: 120\n    kernel: 11\n" * 6, "parameters times places"),
        ("parts: &a\n  - *a\n", "no aliases"),
        ("parts: [", "this is no YAML"),
        ("- convolution: 4\n", "must begin with names and values, such as picture"),
        ("!!python/object/apply:os.system ['true']\n", "must begin with names and values"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text, said):
    with pytest.raises(ReadingError, match=said):
        written.load_text(text)


def test_the_order_of_names_within_a_part_is_free():
    network = written.load_text("parts:\n  - norm: group\n    groups: 3\n    residual: plain\n")
    assert [module.num_groups for module in network.modules() if isinstance(module, nn.GroupNorm)] == [3]


def test_a_file_is_read(tmp_path):
    (tmp_path / "own.yaml").write_text(WHOLE, encoding="utf-8")
    assert written.load(tmp_path / "own.yaml").picture == (3, 16, 16)
    with pytest.raises(ReadingError, match="missing.yaml cannot be read"):
        written.load(tmp_path / "missing.yaml")


class Odd(nn.Module):
    """Norms of each number of dimensions, one used twice, one made from batch norm, and a layer norm."""

    def __init__(self):
        super().__init__()
        self.line, self.map, self.block = nn.BatchNorm1d(4), nn.BatchNorm2d(8, affine=False), nn.BatchNorm3d(4)
        self.again = self.line
        self.own = type("Own", (nn.BatchNorm2d,), {})(8)
        self.last = nn.LayerNorm(4)


def norms_of(network):
    return [type(module).__name__ for module in network.children()]


def test_norms_are_swapped_and_put_back():
    network = Odd()
    nn.init.constant_(network.line.weight, 3)
    groups = swap_norms(network, "group", 2)
    assert norms_of(groups) == ["GroupNorm", "GroupNorm", "GroupNorm", "Own", "LayerNorm"] and groups.again is groups.line
    assert (groups.line.num_groups, groups.line.weight.tolist()) == (2, [3] * 4)
    assert swap_norms(network, "layer").line.num_groups == 1 and swap_norms(network, "instance").map.num_groups == 8
    nothing = swap_norms(groups, "none")
    assert isinstance(nothing.line, Nothing) and not list(nothing.line.parameters())
    back = swap_norms(nothing, "batch")
    assert norms_of(back) == norms_of(network) == ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "Own", "LayerNorm"]
    assert back.line.weight.tolist() == [3] * 4 and back.own.state_dict().keys() == network.own.state_dict().keys()


def chained(network: nn.Module, *norms: str) -> nn.Module:
    for norm in norms:
        network = swap_norms(network, norm)
    return network


@pytest.mark.parametrize("through", [["batch"], ["none", "batch"], ["group", "batch"], ["group", "none", "layer", "batch"]])
def test_a_batch_norm_comes_back_as_it_was(through):
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8, eps=1e-3, momentum=None))
    network(torch.randn(4, 3, 5, 5) * 3 + 5)
    back = chained(network.eval(), *through)
    assert (str(back), back.training) == (str(network), False) and back[1] is not network[1]
    assert all(torch.equal(values, back.state_dict()[name]) for name, values in network.state_dict().items())


def test_what_is_learned_meanwhile_and_where_it_is_comes_along():
    groups = swap_norms(nn.Sequential(nn.BatchNorm2d(8)), "group")
    nn.init.constant_(groups[0].weight, 3)
    back = chained(swap_norms(groups, "none").double(), "batch")
    assert back[0].weight.tolist() == [3] * 8 and back(torch.ones(2, 8, 3, 3).double()).dtype == torch.float64


@pytest.mark.parametrize("norm", ["batch", "group", "layer", "instance"])
@pytest.mark.parametrize(
    "old",
    [nn.BatchNorm2d(8, affine=False), nn.GroupNorm(2, 8, affine=False), nn.GroupNorm(2, 8, bias=False), nn.SyncBatchNorm(8)],
)
def test_a_swap_learns_no_more_than_the_old_norm_and_in_its_numbers(old, norm):
    network = nn.Sequential(nn.Conv2d(3, 8, 1), old).double().requires_grad_(False).eval()
    swapped = swap_norms(network, norm)
    assert isinstance(swapped[1], nn.GroupNorm) == (norm != "batch")
    assert not any(values.requires_grad for values in swapped.parameters())
    assert [values.shape for values in swapped.parameters()] == [values.shape for values in network.parameters()]
    assert swapped(torch.randn(2, 3, 4, 4).double()).dtype == torch.float64


@pytest.mark.parametrize("sides", [(), (9,), (4, 4), (3, 3, 3)])
def test_a_batch_norm_in_the_place_of_a_group_norm_takes_what_that_took(sides):
    assert swap_norms(nn.GroupNorm(2, 8), "batch")(torch.randn(2, 8, *sides)).shape == (2, 8, *sides)


def test_a_network_that_is_one_norm_is_swapped():
    assert swap_norms(nn.BatchNorm2d(6).eval(), "group", 3).num_groups == 3
    assert not swap_norms(nn.BatchNorm2d(6).eval(), "group", 3).training
    assert swap_norms(nn.BatchNorm2d(6), "group", lambda channels: channels // 2).num_groups == 3


def test_groups_that_do_not_divide_are_named_with_their_layer():
    with pytest.raises(ValueError, match="groups must divide channels: groups=3, channels=4; norm layer line"):
        swap_norms(Odd(), "group", 3)
    with pytest.raises(ValueError, match="norm must be one of batch, group, layer, instance, none: norm='power'"):
        swap_norms(Odd(), "power")


def test_a_network_becomes_a_design():
    assert written.design_of(WHOLE.replace("3x16x16", "3x32x32").replace("    norm: none\n", "")) == (
        "C8k3 N U P B12 X20k5 N R M A L9 N L5"
    )
    assert written.design_of("norm: batch\nparts:\n  - norm: none\n  - norm: usual\n  - pooling: all\n") == "N G"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WHOLE, "line 2: here picture must be 3x32x32: picture='3x16x16'"),
        (WHOLE.replace("3x16x16", "3x32x32"), "line 18: a residual block must have a norm here"),
        ("parts:\n  - swirl: 4\n", "line 2: a part must be one of"),
    ],
)
def test_what_no_design_says_is_named_with_its_line(text, said):
    with pytest.raises(ReadingError, match=said):
        written.design_of(text)


@pytest.mark.parametrize(
    "value", ["!foo 16", "!!python/object:os.system x", "!!bool maybe", "!!float ''", "2001-99-99", "!!int abc"]
)
def test_a_value_that_yaml_itself_cannot_read_is_named_with_its_line(value):
    with pytest.raises(ReadingError, match="network, line 4: convolution must be a plain text, number or list without a tag"):
        written.load_text(f"picture: 3x8x8\nnorm: batch\nparts:\n  - convolution: {value}\n")
