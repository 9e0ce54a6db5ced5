"""The layers of a design; see `designs`."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import nn
from torch.nn import functional

from normviz.model import designs
from normviz.model.designs import Part

MakeNorm = Callable[[int, int], nn.Module]  # channels and side of the maps -> norm layer


def assemble(chosen: list[tuple[Part, MakeNorm]], channels: int, side: int) -> Iterator[nn.Module]:
    """Yields the layers of parts, each with its norm, for maps of `channels` x `side` x `side`; a norm layer's name ends in `norm`."""
    for part, make_norm in chosen:
        after, end = designs.maps_after(part, channels, side)
        yield _MAKERS[part.kind](part, channels * side**2 if part.kind == "L" else channels, partial(_at, make_norm, end))
        channels, side = after, end


def _at(make_norm: MakeNorm, side: int, channels: int) -> nn.Module:
    return make_norm(channels, side)


def _convolution(before: int, after: int, kernel: int, **options) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, padding=kernel // 2, bias=False, **options)


class Normed(nn.Module):
    """A norm layer that stands by itself."""

    def __init__(self, norm: nn.Module):
        super().__init__()
        self.norm = norm

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x)


class Residual(nn.Module):
    """x + GELU(norm(3x3 convolution of x)); maps keep their shape."""

    def __init__(self, channels: int, norm: nn.Module):
        super().__init__()
        self.convolution, self.norm, self.activation = _convolution(channels, channels, 3), norm, nn.GELU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.activation(self.norm(self.convolution(x)))


class Mixing(nn.Module):
    """x + [depthwise convolution, norm, 1x1 convolution to `width`, GELU, 1x1 convolution back]; maps keep their shape.

    Source: the block of ConvNeXt (Liu et al. 2022, figure 4), without layer scale and biases.
    """

    def __init__(self, channels: int, width: int, kernel: int, norm: nn.Module):
        super().__init__()
        self.depthwise, self.norm = _convolution(channels, channels, kernel, groups=channels), norm
        self.widen, self.activation, self.narrow = _convolution(channels, width, 1), nn.GELU(), _convolution(width, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.narrow(self.activation(self.widen(self.norm(self.depthwise(x)))))


class Basic(nn.Module):
    """ReLU(shortcut of x + norm(3x3 of ReLU(norm(3x3 of x)))); another width halves the maps' side.

    Source: the basic block of He et al. 2016, section 4.2, whose shortcut without parameters fills new channels with zeros;
    halving is done by averaging here.
    """

    def __init__(self, before: int, after: int, make_norm: Callable[[int], nn.Module]):
        super().__init__()
        self.missing = after - before
        self.first = nn.Sequential()
        self.first.add_module("convolution", _convolution(before, after, 3, stride=2 if self.missing else 1))
        self.first.add_module("norm", make_norm(after))
        self.first.add_module("relu", nn.ReLU())
        self.second = nn.Sequential()
        self.second.add_module("convolution", _convolution(after, after, 3))
        self.second.add_module("norm", make_norm(after))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.second(self.first(x))
        if self.missing:
            x = functional.pad(functional.avg_pool2d(x, 2), (0, 0, 0, 0, 0, self.missing))
        return functional.relu(x + y)


class Linear(nn.Linear):
    """A linear layer on all values of a picture; what it gives is N x C x 1 x 1, so that any part may follow."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.flatten(1))[:, :, None, None]


_MAKERS = {
    "C": lambda part, channels, norm: _convolution(channels, part.width, part.kernel),
    "N": lambda part, channels, norm: Normed(norm(channels)),
    "A": lambda part, channels, norm: nn.GELU(),
    "U": lambda part, channels, norm: nn.ReLU(),
    "P": lambda part, channels, norm: nn.MaxPool2d(2),
    "R": lambda part, channels, norm: Residual(channels, norm(channels)),
    "X": lambda part, channels, norm: Mixing(channels, part.width, part.kernel, norm(channels)),
    "B": lambda part, channels, norm: Basic(channels, part.width, norm),
    "M": lambda part, channels, norm: nn.AvgPool2d(2),
    "G": lambda part, channels, norm: nn.AdaptiveAvgPool2d(1),
    "L": lambda part, channels, norm: Linear(channels, part.width),
}
