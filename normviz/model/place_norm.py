"""Layer norm as ConvNeXt has it: over the channels of each place by itself."""

import torch
from torch import nn


class PlaceNorm(nn.LayerNorm):
    """Layer norm over the channels at each place of each picture of an N x C x H x W tensor; one gamma and beta a channel.

    Source: Liu et al. 2022, section 2.6, whose `LayerNorm2d` this is.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
