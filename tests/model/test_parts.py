import pytest
import torch
from torch import nn

from normviz.model import designs, parts


def built(design, channels=3, side=8):
    torch.manual_seed(0)
    return nn.Sequential(*assembled(design, lambda width, side: nn.GroupNorm(1, width), channels, side)).eval()


def assembled(design, make_norm, channels, side):
    return parts.assemble([(part, make_norm) for part in designs.read(design)], channels, side)


@pytest.mark.parametrize(
    ("design", "shape"),
    [
        ("C6k1", (6, 8, 8)),
        ("N A U R X9k5", (3, 8, 8)),
        ("P", (3, 4, 4)),
        ("B3", (3, 8, 8)),
        ("B5", (5, 4, 4)),
        ("M", (3, 4, 4)),
        ("G L7", (7, 1, 1)),
    ],
)
def test_parts_give_the_shapes_that_they_name(design, shape):
    assert built(design)(torch.zeros(2, 3, 8, 8)).shape == (2, *shape)


def test_norm_makers_are_told_the_side_of_their_maps():
    seen = []
    list(assembled("C4k3 N P X8k3 B6", lambda width, side: seen.append((width, side)) or nn.Identity(), 3, 8))
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
