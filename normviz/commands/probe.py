"""`probe`: the norm layers of a network of the user's own."""

import argparse
import contextlib
import json
import sys
from functools import partial
from pathlib import Path

import torch
from torch import nn

from normviz import disk
from normviz.commands import tables
from normviz.commands.arguments import choices_of
from normviz.model import own_network, weights
from normviz.pictures import dataset, tensors
from normviz.pictures.choices import Choices
from normviz.probe import norms, report

SEED = 0


def probe(options: argparse.Namespace) -> list[dict]:
    if options.out:
        disk.check_file(options.out)
    with contextlib.redirect_stdout(sys.stderr):  # a network that prints would come before the rows
        network = own_network.build(options.network, SEED)
        if options.weights:
            weights.load(network, options.weights)
        example = _example(options, options.input or own_network.picture_of(network))
        layers = norms.probe(network, example)
    rows, said = [layer.row() for layer in layers], report.warnings(network, layers, pictures=bool(options.data))
    if options.out:
        _write(options, list(example.shape), rows, report.reached(layers), said)
    options.show = partial(tables.show_norms, reached=report.reached(layers), warnings=said)
    return rows


def _example(options: argparse.Namespace, shape: tuple[int, ...]) -> torch.Tensor:
    try:
        if not options.data:
            return noise(options.batch, shape)
        return pictures(options.data, options.batch, shape, choices_of(options))
    except RuntimeError as error:  # PyTorch has no exception of its own for memory on a CPU
        size = "x".join(map(str, shape))
        raise ValueError(
            f"the pictures must fit into memory: --batch={options.batch}, --input={size}; name fewer, or smaller ones"
        ) from error


def _write(options: argparse.Namespace, shape: list[int], rows: list[dict], reached: str, warnings: list[str]) -> None:
    whole = {"network": options.network, "input": shape, "reached": reached, "layers": rows, "warnings": warnings}
    disk.write_whole(options.out, json.dumps(whole, indent=1).encode())


def noise(batch: int, shape: tuple[int, ...]) -> torch.Tensor:
    """Returns normal noise of the same numbers each time, batch x shape."""
    return torch.randn(batch, *shape, generator=torch.Generator().manual_seed(SEED))


def pictures(data: Path, batch: int, shape: tuple[int, ...], chosen: Choices) -> torch.Tensor:
    """Returns the first test pictures, standardised and brought to the network's size.

    Raises:
        ValueError: the network does not take pictures of three channels.
    """
    if len(shape) != 3 or shape[0] != 3:
        raise ValueError(f"--input must be 3xHEIGHTxWIDTH with --data: --input={'x'.join(map(str, shape))}")
    split = dataset.load_split("test", data, chosen)
    images = tensors.standardise(split.images[:batch], split.mean, split.std)
    return nn.functional.interpolate(images, shape[1:], mode="bilinear", antialias=True)
