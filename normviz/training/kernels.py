"""Two operations of a bf16 step on a CPU that PyTorch does slowly, done quicker: group norm, and a depthwise convolution's gradient."""

from collections.abc import Callable

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.overrides import TorchFunctionMode

TOGETHER = 8  # channels whose weight gradients are taken at once


class QuickKernels(TorchFunctionMode):
    """While it is entered, calls of these two operations on bf16 maps in channels-last memory go to this module."""

    def __torch_function__(self, function: Callable, types: tuple, args: tuple = (), kwargs: dict | None = None) -> object:
        if function is nn.functional.group_norm:
            return _group_norm(*args, **kwargs or {})
        if function is torch.conv2d:
            return _convolution(*args, **kwargs or {})
        return function(*args, **kwargs or {})


def _is_ours(x: torch.Tensor) -> bool:
    return x.device.type == "cpu" and x.dtype == torch.bfloat16 and x.is_contiguous(memory_format=torch.channels_last)


def _group_norm(
    x: torch.Tensor, groups: int, weight: torch.Tensor | None = None, bias: torch.Tensor | None = None, eps: float = 1e-5
) -> torch.Tensor:
    if groups == 1 or weight is None or bias is None or not _is_ours(x):  # PyTorch is quick where a picture is one group
        return nn.functional.group_norm(x, groups, weight, bias, eps)
    return GroupNorm.apply(x, weight, bias, groups, eps)


def _convolution(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None, stride=1, padding=0, dilation=1, groups: int = 1
) -> torch.Tensor:
    channels = x.shape[1]
    if not (groups == channels == len(weight) and channels % TOGETHER == 0 and bias is None and _is_ours(x)):
        return torch.conv2d(x, weight, bias, stride, padding, dilation, groups)
    return Depthwise.apply(x, weight.to(x.dtype), stride, padding, dilation)


def _rows(maps: torch.Tensor) -> torch.Tensor:
    """Lays N x C x H x W maps out as N x (H W) x C in float32."""
    return maps.permute(0, 2, 3, 1).flatten(1, 2).float()


class GroupNorm(torch.autograd.Function):
    """Group norm (Wu & He 2018, equations 1 to 7) of N x C x H x W maps; mean, variance and gradients in float32.

    Two sums over the places of each channel give mean and variance of each group, and so do two in the backward pass; all
    else is arithmetic on N x C values and one pass over the maps. The variance is E[x^2] - E[x]^2, whose rounding in float32 is
    below what bf16 has already rounded off the maps.
    """

    @staticmethod
    def forward(ctx, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, groups: int, eps: float) -> torch.Tensor:
        rows = _rows(x)
        mean, square = (_of_groups(values.mean(1), groups) for values in (rows, rows * rows))
        inverse = ((square - mean**2).clamp_min(0) + eps).rsqrt()
        scale = weight * inverse
        ctx.groups = groups
        ctx.save_for_backward(x, weight, mean, inverse)
        return torch.addcmul((bias - mean * scale)[:, None], rows, scale[:, None]).to(x.dtype).movedim(2, 1).view_as(x)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: torch.Tensor) -> tuple:
        x, weight, mean, inverse = ctx.saved_tensors
        rows, arriving = _rows(x), _rows(gradient)
        bias_gradient = arriving.sum(1)
        weight_gradient = ((arriving * rows).sum(1) - mean * bias_gradient) * inverse
        places = rows.shape[1]
        slope = -_of_groups(weight * weight_gradient, ctx.groups) * inverse**2 / places
        offset = -slope * mean - _of_groups(weight * bias_gradient, ctx.groups) * inverse / places
        leaving = torch.addcmul(offset[:, None], rows, slope[:, None]).addcmul_(arriving, (inverse * weight)[:, None])
        return leaving.to(x.dtype).movedim(2, 1).view_as(x), weight_gradient.sum(0), bias_gradient.sum(0), None, None


def _of_groups(values: torch.Tensor, groups: int) -> torch.Tensor:
    """Returns N x C values, each replaced by the mean of its group of channels."""
    grouped = values.unflatten(1, (groups, -1))
    return grouped.mean(2, keepdim=True).expand_as(grouped).flatten(1)


class Depthwise(torch.autograd.Function):
    """A depthwise convolution, one K x K filter a channel, without bias.

    The gradient of its weights is the diagonal of that of a convolution in which `TOGETHER` channels see each other: more
    arithmetic, but of a kind that processors with bf16 do many times as fast.
    """

    @staticmethod
    def forward(ctx, x: torch.Tensor, weight: torch.Tensor, stride, padding, dilation) -> torch.Tensor:
        ctx.geometry = {"stride": stride, "padding": padding, "dilation": dilation}
        ctx.save_for_backward(x, weight)
        return torch.conv2d(x, weight, groups=len(weight), **ctx.geometry)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: torch.Tensor) -> tuple:
        x, weight = ctx.saved_tensors
        channels, kernel = len(weight), weight.shape[2:]
        before = nn.grad.conv2d_input(x.shape, weight, gradient, groups=channels, **ctx.geometry)
        dense = (channels, TOGETHER, *kernel)
        blocks = nn.grad.conv2d_weight(x, dense, gradient, groups=channels // TOGETHER, **ctx.geometry)
        own = blocks.view(-1, TOGETHER, TOGETHER, *kernel).diagonal(dim1=1, dim2=2).movedim(-1, 1)
        return before, own.reshape_as(weight), None, None, None
