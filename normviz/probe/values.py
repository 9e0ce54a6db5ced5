"""What the norm layers of a network receive and give."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from normviz.probe import again, walk


@dataclass(frozen=True)
class Through:
    """What went through one layer when it was last met.

    Attributes:
        layer: of a copy of the network.
        arguments: what else it was called with.
        before: what it received.
        after: what it gave.
    """

    layer: nn.Module
    arguments: again.Arguments
    before: np.ndarray
    after: np.ndarray


def through(network: nn.Module, example: torch.Tensor, path: str) -> Through:
    """Returns what went through the layer at `path`, in evaluation; the network is left as it is."""
    met = []
    along(network, example, [path], lambda *each: met.append(each))
    _, layer, arguments, before, after = met[-1]
    return Through(layer, arguments, before.float().numpy(), after.float().numpy())


def along(network: nn.Module, example: torch.Tensor, paths: list[str], note: Callable) -> None:
    """Runs an example through a copy of a network in evaluation, and tells of each layer that it meets.

    Args:
        network: left as it is; the copy shares its parameters.
        example: one batch.
        paths: of the layers.
        note: called with path, layer, `again.Arguments`, and what it received and gave, after each run of a layer.

    Raises:
        ValueError: the network does not take the example.
    """
    copy, received = again.copied(network, share=True), {}
    copy.eval()

    def keep(path: str) -> Callable:
        return lambda _, args, kwargs: received.update(
            {path: (again.keep(args, kwargs), again.first_real((args, kwargs)).clone())}
        )

    def tell(path: str) -> Callable:
        return lambda layer, _, given: note(path, layer, *received.pop(path), again.first_real(given).clone())

    with ExitStack() as hooks:
        for path in paths:
            layer = copy.get_submodule(path)
            hooks.callback(layer.register_forward_pre_hook(keep(path), with_kwargs=True).remove)
            hooks.callback(layer.register_forward_hook(tell(path)).remove)
        walk.run(copy, example)
