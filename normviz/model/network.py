"""The networks of all studies: a skeleton of ten convolutions whose widths are chosen, and designs made of parts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pandas as pd
import torch
from torch import nn

from normviz.model import designs, parts
from normviz.model.convolutions import StandardizedConv2d
from normviz.model.place_norm import PlaceNorm
from normviz.words.classes import CLASS_NAMES, MEAN, STD

PICTURE = (3, 32, 32)
WIDE = (16, 32, 10, 16, 16, 16, 10, 16, 16, 16)
PUBLISHED_WIDTHS = {
    "batch": WIDE,
    "group": (4, 8, 4, 10, 16, 16, 10, 16, 16, 16),
    "layer": (4, 4, 4, 8, 8, 8, 4, 10, 10, 10),
}
DESIGNS = {  # of the studies whose networks are not the skeleton; see `parts`
    "budget": "C16k3 N A R P C40k1 N X80k5 X80k5 P C64k1 N X96k5 X96k5 N",
    "resnet": "C16k3 N U B16 B28 B48",
}


@dataclass(frozen=True)
class Stage:
    """One convolution of the skeleton: a norm block, or a squeeze (1x1 convolution and pooling) that has no norm."""

    kernel: int = 3
    padding: int = 0
    residual: bool = False
    squeeze: bool = False


SKELETON = (
    Stage(),
    Stage(),
    Stage(kernel=1, squeeze=True),
    Stage(padding=1),
    Stage(),
    Stage(padding=1, residual=True),
    Stage(kernel=1, squeeze=True),
    Stage(padding=1),
    Stage(padding=1, residual=True),
    Stage(padding=1, residual=True),
)


@dataclass(frozen=True)
class Architecture:
    """Everything that `Network` needs to be built.

    Attributes:
        norm: a key of `NORM_MAKERS`.
        widths: output channels of the ten convolutions of `SKELETON`; empty for a design.
        groups: channel groups of group norm.
        dropout: probability behind each norm of the skeleton.
        design: the parts of another network than the skeleton, as `designs.read` reads them.
        classes: what its answers are called, in order.
        mean: what its pictures are standardised by, by channel, as fractions of 255; see `tensors.standardise`.
        std: likewise.
        weight_standardization: whether the skeleton's convolutions are `StandardizedConv2d`; the head stays as it is.
    """

    norm: str
    widths: tuple[int, ...] = WIDE
    groups: int = 4
    dropout: float = 0.0
    design: str = ""
    classes: tuple[str, ...] = CLASS_NAMES
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD
    weight_standardization: bool = False

    def __post_init__(self):
        if self.norm not in NORM_MAKERS:
            raise ValueError(f"norm must be one of {', '.join(NORM_MAKERS)}: norm={self.norm!r}")
        self._check_design() if self.design else self._check_widths()

    def _check_design(self) -> None:
        if self.widths or self.dropout or self.weight_standardization:
            raise ValueError(
                f"a design has no widths, no dropout and no weight standardization: widths={self.widths}, "
                f"dropout={self.dropout}, weight_standardization={self.weight_standardization}"
            )
        designs.read(self.design)

    def _check_widths(self) -> None:
        if len(self.widths) != len(SKELETON) or min(self.widths) < 1:
            raise ValueError(f"widths must be {len(SKELETON)} whole numbers above 0: widths={self.widths}")
        for stage, before, after in zip(SKELETON, (3, *self.widths), self.widths):
            if stage.residual and before != after:
                raise ValueError(f"a residual block must keep its width: {before} channels in, {after} out")


NORM_MAKERS = {
    "batch": lambda c, h, w, groups: nn.BatchNorm2d(c),
    "group": lambda c, h, w, groups: nn.GroupNorm(groups, c),
    "layer": lambda c, h, w, groups: nn.GroupNorm(1, c),
    "instance": lambda c, h, w, groups: nn.GroupNorm(c, c),
    "none": lambda c, h, w, groups: nn.Identity(),
    "layer_elementwise": lambda c, h, w, groups: nn.LayerNorm([c, h, w]),
    "layer_place": lambda c, h, w, groups: PlaceNorm(c),
}


def make_norm(norm: str, channels: int, height: int, width: int, groups: int = 4) -> nn.Module:
    """Returns the norm layer for maps of channels x height x width.

    `layer_elementwise` is `LayerNorm([C, H, W])`: layer norm with a gamma and a beta for every place of the map;
    `layer_place` is `PlaceNorm`, ConvNeXt's: a mean for every place.

    Raises:
        ValueError: group norm's groups do not divide the channels.
    """
    if norm == "group" and (groups < 1 or channels % groups):
        raise ValueError(f"groups must divide channels: groups={groups}, channels={channels}")
    return NORM_MAKERS[norm](channels, height, width, groups)


def architecture(study: str, norm: str) -> Architecture:
    """Returns what a study's model is made of.

    Raises:
        ValueError: no such model; `published` has batch, group and layer, the others every key of `NORM_MAKERS`.
    """
    if study == "published" and norm in PUBLISHED_WIDTHS:
        kind = "batch" if norm == "batch" else "layer_elementwise"
        return Architecture(kind, PUBLISHED_WIDTHS[norm])
    if study == "controlled" and norm in NORM_MAKERS:
        return Architecture(norm)
    if study in DESIGNS and norm in NORM_MAKERS:
        return Architecture(norm, (), design=DESIGNS[study])
    raise ValueError(
        f"no such model: study={study!r}, norm={norm!r}; published has {', '.join(PUBLISHED_WIDTHS)}, the others "
        f"{', '.join(NORM_MAKERS)}"
    )


class Block(nn.Sequential):
    """Convolution, ReLU, norm, dropout; in a residual block the input is added to the result."""

    def __init__(self, convolution: nn.Conv2d, norm: nn.Module, dropout: float, residual: bool):
        super().__init__()
        self.convolution, self.relu, self.norm = convolution, nn.ReLU(), norm
        self.dropout = nn.Dropout(dropout)
        self.residual = residual

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = super().forward(x)
        return x + y if self.residual else y


class Network(nn.Module):
    """Maps standardised pictures, N x 3 x 32 x 32, to logits, N x classes.

    Source: the three summary tables of the compared notebooks (residual additions around convolutions 6, 9 and 10 are not
    in the tables). A design ends in the mean over places and a linear layer with bias, written as a 1x1 convolution; one whose
    last part is a linear layer ends in that, which then gives a logit a class.
    """

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        if architecture.design:
            self.body = nn.Sequential(*_parts(architecture))
            self.pool, self.head = _ending(architecture)
        else:
            self.body = nn.Sequential(*_stages(architecture))
            self.pool = nn.AvgPool2d(6)
            self.head = nn.Conv2d(architecture.widths[-1], len(architecture.classes), 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.pool(self.body(x))).flatten(1)

    @property
    def standard(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Mean and standard deviation that its pictures are standardised by."""
        return self.architecture.mean, self.architecture.std

    @property
    def norms(self) -> list[nn.Module]:
        """The norm layers, first to last."""
        return [norm for stage in self.body for norm in _norms_in(stage)]

    @property
    def blocks(self) -> list[nn.Module]:
        """The stage of the body that holds each of `norms`."""
        return [stage for stage in self.body for _ in _norms_in(stage)]


def _norms_in(stage: nn.Module) -> list[nn.Module]:
    return [module for name, module in stage.named_modules() if name.split(".")[-1] == "norm"]


def _parts(architecture: Architecture) -> Iterator[nn.Module]:
    def norm(channels: int, side: int) -> nn.Module:
        return make_norm(architecture.norm, channels, side, side, architecture.groups)

    chosen = [(part, norm) for part in _inner(architecture)]
    return parts.assemble(chosen, *PICTURE[:2])


def _inner(architecture: Architecture) -> list[designs.Part]:
    """Returns the parts of a design without a linear layer at its end."""
    read = designs.read(architecture.design)
    return read[:-1] if read[-1].kind == "L" else read


def _ending(architecture: Architecture) -> tuple[nn.Module, nn.Module]:
    channels, side = designs.maps(_inner(architecture), *PICTURE[:2])[-1]
    classes = len(architecture.classes)
    if _inner(architecture) != designs.read(architecture.design):
        return nn.Identity(), parts.Linear(channels * side**2, classes)
    return nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, classes, 1)


def _stages(architecture: Architecture) -> Iterator[nn.Module]:
    channels, side = PICTURE[:2]
    make = StandardizedConv2d if architecture.weight_standardization else nn.Conv2d
    for stage, width in zip(SKELETON, architecture.widths):
        convolution = make(channels, width, stage.kernel, padding=stage.padding, bias=False)
        side += 2 * stage.padding - stage.kernel + 1
        if stage.squeeze:
            yield nn.Sequential(convolution, nn.MaxPool2d(2))
            side //= 2
        else:
            norm = make_norm(architecture.norm, width, side, side, architecture.groups)
            yield Block(convolution, norm, architecture.dropout, stage.residual)
        channels = width


def outline(architecture: Architecture) -> Network:
    """Returns a network, in evaluation mode, for its shapes alone; the random state stays.

    Not on PyTorch's device without values, whose operations import 150 MB.
    """
    with torch.random.fork_rng(devices=[]):
        return Network(architecture).eval()


def norm_layers(architecture: Architecture) -> int:
    """Returns how many norm layers a network has."""
    return len(outline(architecture).norms)


def count_parameters(module: nn.Module) -> int:
    """Returns the number of learned values in a module."""
    return sum(parameter.numel() for parameter in module.parameters())


def summary(architecture: Architecture) -> pd.DataFrame:
    """Returns the layer table: index (from 1), type, output_shape (batch as -1) and parameters of every leaf layer."""
    network, rows = outline(architecture), []
    with leaf_outputs(network, lambda layer, output: rows.append((layer, output))):
        network(torch.zeros(1, *PICTURE))
    return pd.DataFrame(
        [
            {
                "index": index,
                "type": type(layer).__name__,
                "output_shape": [-1, *output.shape[1:]],
                "parameters": count_parameters(layer),
            }
            for index, (layer, output) in enumerate(rows, start=1)
        ]
    )


@contextmanager
def leaf_outputs(network: nn.Module, receive):
    """Calls `receive(layer, output)` for every leaf layer that runs inside the block; hooks are removed afterwards."""
    leaves = [module for module in network.modules() if not list(module.children())]
    hooks = [leaf.register_forward_hook(lambda layer, _, output: receive(layer, output)) for leaf in leaves]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
