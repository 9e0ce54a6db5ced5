"""The same network with another norm: every batch, group or instance norm becomes another one."""

import torch
from torch import nn

from normviz.model.network import make_norm
from normviz.probe import again

BATCH = {nn.BatchNorm1d: 1, nn.BatchNorm2d: 2, nn.BatchNorm3d: 3}
OF_DIMENSIONS = {number: kind for kind, number in BATCH.items()}
SWAPPED = ("batch", "group", "layer", "instance", "none")


class Nothing(nn.Identity):
    """Stands where a norm was, and keeps what is needed to put one back."""


def swap_norms(network: nn.Module, norm: str, groups: int = 4) -> nn.Module:
    """Returns a copy of a network in which every norm over maps is another one; gamma and beta are kept.

    Swapped are `BatchNorm1d` to `3d`, `GroupNorm` (group, layer and instance norm) and what an earlier swap left. Layers made from
    these are left, since an activation may be in them, and so is `LayerNorm`, which is tied to a shape.

    Args:
        network: any module; it is not changed.
        norm: one of `SWAPPED`; layer norm is `GroupNorm(1, C)`.
        groups: of group norm; must divide the channels of every norm layer.

    Raises:
        ValueError: no such norm, groups that do not divide the channels of a layer, which is named, or see `again.copied`.
    """
    if norm not in SWAPPED:
        raise ValueError(f"norm must be one of {', '.join(SWAPPED)}: norm={norm!r}")
    copy, made = again.copied(network), {}
    if _channels(copy) is not None:
        return _swapped(copy, "the network", norm, groups)
    for path, module in list(copy.named_modules(remove_duplicate=False)):
        if _channels(module) is None:
            continue
        if module not in made:
            made[module] = _swapped(module, path, norm, groups)
        above, _, name = path.rpartition(".")
        setattr(copy.get_submodule(above), name, made[module])
    return copy


def _channels(module: nn.Module) -> int | None:
    if type(module) in BATCH:
        return module.num_features
    return module.num_channels if type(module) in (nn.GroupNorm, Nothing) else None


def _swapped(old: nn.Module, path: str, norm: str, groups: int) -> nn.Module:
    channels, dimensions = _channels(old), BATCH.get(type(old), getattr(old, "dimensions", 2))
    try:
        new = Nothing() if norm == "none" else make_norm(norm, channels, 1, 1, groups)
    except ValueError as error:
        raise ValueError(f"{error}; norm layer {path}: choose other groups") from error
    if norm == "batch":
        new = OF_DIMENSIONS[dimensions](channels)
    new.num_channels, new.dimensions = channels, dimensions
    return _with_learned(new, old)


def _with_learned(new: nn.Module, old: nn.Module) -> nn.Module:
    """Moves gamma and beta, which `Nothing` keeps where they learn nothing, to the new layer."""
    kept = getattr(old, "learned", None) or {name: getattr(old, name, None) for name in ("weight", "bias")}
    values = {name: value for name, value in kept.items() if value is not None}
    if isinstance(new, Nothing):
        new.learned = {name: value.detach().clone() for name, value in values.items()}
        return new.train(old.training)
    with torch.no_grad():
        for name, value in values.items():
            new.to(value.device, value.dtype)
            getattr(new, name).copy_(value)
    return new.train(old.training)
