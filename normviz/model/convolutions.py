"""A convolution that normalizes its weights instead of its maps."""

import math

import torch
from torch import nn
from torch.nn import functional

GAIN = math.sqrt(2 / (1 - 1 / math.pi))  # keeps the variance of maps through a ReLU (Brock et al. 2021, section 4)
EPSILON = 1e-5


class StandardizedConv2d(nn.Conv2d):
    """A convolution whose weights are standardised, output channel by output channel, whenever they are used.

    Weight standardization (Qiao et al. 2019) subtracts the mean of a channel's I x K x K weights and divides by their standard
    deviation. Divided by sqrt(I K K) and multiplied by `GAIN` as well (Brock et al. 2021, equation 1), maps keep their variance,
    so that a network without norms can be trained; behind a norm that factor changes nothing.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), correction=0, keepdim=True)
        scale = GAIN / (self.weight[0].numel() * variance + EPSILON).sqrt()
        return functional.conv2d(x, (self.weight - mean) * scale, self.bias, self.stride, self.padding)
