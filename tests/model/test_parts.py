import pytest
import torch
from torch import nn

from normviz.model import parts


def built(design, channels=3, side=8):
    torch.manual_seed(0)
    return nn.Sequential(*parts.build(design, lambda width, side: nn.GroupNorm(1, width), channels, side)).eval()


def test_a_design_is_read_part_by_part():
    assert parts.read("C16k3 N X80k5 B28") == [
        parts.Part("C", 16, 3),
        parts.Part("N"),
        parts.Part("X", 80, 5),
        parts.Part("B", 28),
    ]
    assert parts.width_of("C16k3 N X80k5 P", 3) == 16 and parts.width_of("N P", 3) == 3


@pytest.mark.parametrize("word", ["Z", "C16", "C16k2", "X80k4", "C0k3", "B0", "B", "N3", "k3", "c16k3"])
def test_what_is_no_part_is_named(word):
    with pytest.raises(ValueError, match=f"part='{word}'"):
        parts.read(f"C16k3 {word}")


@pytest.mark.parametrize(
    ("design", "shape"),
    [("C6k1", (6, 8, 8)), ("N A U R X9k5", (3, 8, 8)), ("P", (3, 4, 4)), ("B3", (3, 8, 8)), ("B5", (5, 4, 4))],
)
def test_parts_give_the_shapes_that_they_name(design, shape):
    assert built(design)(torch.zeros(2, 3, 8, 8)).shape == (2, *shape)


def test_norm_makers_are_told_the_side_of_their_maps():
    seen = []
    list(parts.build("C4k3 N P X8k3 B6", lambda width, side: seen.append((width, side)) or nn.Identity(), 3, 8))
    assert seen == [(4, 8), (4, 4), (6, 2), (6, 2)]


@pytest.mark.parametrize(("design", "last"), [("R", "norm"), ("X9k5", "narrow")])
def test_residual_parts_add_their_input(design, last):
    part = built(design)[0]
    for values in getattr(part, last).parameters():
        nn.init.zeros_(values)
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(part(x), x)


def test_a_wider_basic_block_averages_its_input_and_adds_channels_of_zeros():
    part = built("B5")[0]
    for values in part.second.norm.parameters():
        nn.init.zeros_(values)
    x = torch.rand(2, 3, 8, 8)
    assert torch.equal(part(x)[:, :3], nn.functional.avg_pool2d(x, 2))
    assert not part(x)[:, 3:].any()
