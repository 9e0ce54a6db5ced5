"""What is to be said about a network's norm layers: how many were reached, and running statistics that are not to be trusted."""

import math
from collections.abc import Iterator

import torch
from torch import nn

from normviz.probe.norms import NormLayer

FAR = 1.0  # kept standard deviations that a batch's mean may be off
WIDE = 2.0  # times that its standard deviation may be larger or smaller
ENOUGH = 8  # values a channel
NAMED = 3  # layers of a kind


def reached(layers: list[NormLayer]) -> str:
    """Says how many of a network's norm layers the pass has met."""
    return f"{sum(layer.reached > 0 for layer in layers)} of {len(layers)} norm layers reached"


def warnings(network: nn.Module, layers: list[NormLayer], pictures: bool = True) -> list[str]:
    """Returns a sentence a kind of fault that running statistics have.

    Args:
        network: what was probed.
        layers: what `norms.probe` found in it.
        pictures: the example was pictures, so that its statistics are worth a comparison.
    """
    modules = dict(network.named_modules())
    found: dict[str, list[str]] = {}
    for layer in layers:
        module = modules.get(layer.path) if layer.kind != "functional" else None  # none either if made in the forward pass
        for fault in _faults(module, layer, pictures):
            found.setdefault(fault, []).append(layer.path)
    return [_sentence(fault, paths) for fault, paths in found.items()]


def _sentence(fault: str, paths: list[str]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return f"{fault}: {len(paths)} norm layer{'s' if len(paths) > 1 else ''} ({', '.join(paths[:NAMED])}{more})"


def _faults(module: nn.Module | None, layer: NormLayer, pictures: bool) -> Iterator[str]:
    if layer.unmeasured:
        yield f"cannot be run by itself, so what it averages over is not known ({layer.unmeasured})"
    if getattr(module, "track_running_stats", True) is False and "N" in layer.averages:
        yield "keeps no running statistics (track_running_stats=False), so answers depend on the batch in evaluation too"
    if not isinstance(getattr(module, "running_mean", None), torch.Tensor):
        return
    if _never_updated(module):
        yield "running statistics were never updated: evaluation subtracts 0 and divides by 1; train first, or load weights"
    elif not all(values.isfinite().all() for values in (module.running_mean, _variance(module)) if values is not None):
        yield "running statistics are not finite, and so are no answers in evaluation: train again, or load other weights"
    elif pictures and _tells(module, layer) and _drifted(module, *layer.received):
        yield "running statistics have drifted from this batch's: its pictures are unlike those that were trained on"
    momentum = getattr(module, "momentum", 0.1)
    if momentum == 0:
        yield "momentum is 0: training never changes the running statistics"
    if momentum is None:
        yield "momentum is None: running statistics are the mean over all batches since the first, early ones included"


def _never_updated(module: nn.Module) -> bool:
    counted = getattr(module, "num_batches_tracked", None)
    variance = _variance(module)
    fresh = bool((module.running_mean == 0).all()) and (variance is None or bool((variance == 1).all()))
    return fresh and (counted is None or int(counted) == 0)


def _tells(module: nn.Module, layer: NormLayer) -> bool:
    """Returns whether there were so many values a channel that their mean and deviation say something."""
    return layer.received is not None and math.prod(layer.shape) >= ENOUGH * module.running_mean.numel()


def _variance(module: nn.Module) -> torch.Tensor | None:
    """Returns the kept variances, which only some home-made layers lack."""
    variance = getattr(module, "running_var", None)
    return variance if isinstance(variance, torch.Tensor) and variance.shape == module.running_mean.shape else None


def _drifted(module: nn.Module, mean: torch.Tensor, variance: torch.Tensor) -> bool:
    """Returns whether half of the channels have another mean, or another deviation, than was kept."""
    if _variance(module) is None:
        return False
    kept = module.running_var.float().flatten().sqrt() + 1e-5
    ratio = (variance.sqrt() + 1e-5) / kept
    off = (mean - module.running_mean.float().flatten()).abs() > FAR * kept
    return bool((off | (ratio > WIDE) | (ratio < 1 / WIDE)).float().mean() >= 0.5)
