"""The same network with another norm: every batch norm and every `GroupNorm` becomes another one, or is put back."""

from collections.abc import Callable

import torch
from torch import nn

from normviz.model.network import make_norm
from normviz.probe import again

SWAPPED = ("batch", "group", "layer", "instance", "none")


class BatchNorm(nn.BatchNorm2d):
    """Stands where a `GroupNorm` was, which takes any number of dimensions."""

    def _check_input_dim(self, x: torch.Tensor) -> None:
        """Takes any."""


BATCH = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm, BatchNorm)


class Nothing(nn.Identity):
    """Stands where a norm was, and keeps it to put it back: not among its layers, but it is moved with this one."""

    def __init__(self, kept: nn.Module):
        super().__init__()
        self.__dict__["kept"] = kept

    def _apply(self, move: Callable, recurse: bool = True) -> nn.Module:
        self.kept._apply(move, recurse)
        return super()._apply(move, recurse)


def swap_norms(network: nn.Module, norm: str, groups: int | Callable[[int], int] = 4) -> nn.Module:
    """Returns a copy of a network in which every norm over maps is another one; gamma and beta are kept.

    Swapped are `BatchNorm1d` to `3d`, `SyncBatchNorm`, `GroupNorm` (group, layer and instance norm) and what an earlier swap
    left; a batch norm comes back as it was. Left are layers made from these, since an activation may be in them, `LayerNorm`,
    which is tied to a shape, and `InstanceNorm1d` to `3d`.

    Args:
        network: any module; it is not changed.
        norm: one of `SWAPPED`; layer norm is `GroupNorm(1, C)`.
        groups: of group norm, or what gives them for a number of channels; must divide the channels of every norm layer.

    Raises:
        ValueError: no such norm, groups that do not divide the channels of a layer, which is named, or see `again.copied`.
    """
    if norm not in SWAPPED:
        raise ValueError(f"norm must be one of {', '.join(SWAPPED)}: norm={norm!r}")
    copy, made = again.copied(network), {}
    if can_swap(copy):
        return _swapped(copy, "the network", norm, groups, copy)
    for path, module in list(copy.named_modules(remove_duplicate=False)):
        if not can_swap(module):
            continue
        if module not in made:
            made[module] = _swapped(module, path, norm, groups, copy)
        above, _, name = path.rpartition(".")
        setattr(copy.get_submodule(above), name, made[module])
    return copy


def can_swap(module: nn.Module) -> bool:
    """Returns whether a module is a norm that `swap_norms` swaps."""
    return type(module) in (*BATCH, nn.GroupNorm, Nothing)


def _swapped(old: nn.Module, path: str, norm: str, groups: int | Callable, network: nn.Module) -> nn.Module:
    training, old = old.training, getattr(old, "kept", old)
    if norm == "none":
        return Nothing(old).train(training)
    if norm == "batch":
        new = old if type(old) in BATCH else getattr(old, "was", None) or BatchNorm(old.num_channels)
    else:
        new = _grouped(old, path, norm, groups)
    return (new if new is old else _with_learned(new, old, network)).train(training)


def _grouped(old: nn.Module, path: str, norm: str, groups: int | Callable) -> nn.GroupNorm:
    """Returns a layer's own `GroupNorm` where that has the groups that are asked for, else another one."""
    channels = old.num_features if type(old) in BATCH else old.num_channels
    try:
        new = make_norm(norm, channels, 1, 1, groups(channels) if callable(groups) else groups)
    except ValueError as error:
        raise ValueError(f"{error}; norm layer {path}: choose other groups") from error
    if getattr(old, "num_groups", None) == new.num_groups:
        return old
    new.__dict__["was"] = old if type(old) in BATCH else getattr(old, "was", None)
    return new


def _with_learned(new: nn.Module, old: nn.Module, network: nn.Module) -> nn.Module:
    """Returns the new layer with the gamma and beta that the old one has, in its precision and on its device."""
    like = next(filter(again.is_real, (*old.parameters(), *old.buffers(), *network.parameters())), None)
    if like is not None:
        new.to(like.device, like.dtype)
    for name in ("weight", "bias"):
        value = getattr(old, name)
        setattr(new, name, None if value is None else nn.Parameter(value.detach(), value.requires_grad))
    new.affine = old.affine
    return new
