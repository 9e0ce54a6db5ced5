"""What one layer of a network receives and gives."""

import numpy as np
import torch
from torch import nn

from normviz.probe import again


def through(network: nn.Module, example: torch.Tensor, path: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns what the layer at `path` received and gave when it was last met, in evaluation; the network is left as it is."""
    kept = {}
    copy = again.copied(network, share=True).eval()
    layer = copy.get_submodule(path)
    layer.register_forward_pre_hook(
        lambda _, args, kwargs: kept.update(before=again.first_real((args, kwargs)).clone()), with_kwargs=True
    )
    layer.register_forward_hook(lambda _, args, given: kept.update(after=again.first_real(given).clone()))
    with torch.no_grad():
        copy(example)
    return kept["before"].float().numpy(), kept["after"].float().numpy()
