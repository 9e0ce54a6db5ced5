"""What every norm layer received and gave: forward hooks on a private copy of the network, tidy tables out."""

import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import torch
from torch import nn

from normviz.model import norms
from normviz.model.network import Network
from normviz.probe import again, measure

LEARNED = (("weight", "gamma", "scale"), ("bias", "beta", "shift"))  # what gamma and beta may be called
_averages: WeakKeyDictionary[nn.Module, str] = WeakKeyDictionary()  # of layers that were looked at


@dataclass(frozen=True)
class Passage:
    """What went through one norm layer.

    Attributes:
        layer: number of the norm layer, from 1.
        before: what the norm received, N x C x H x W.
        after: what it gave, same shape.
        module: the norm layer itself (a copy).
    """

    layer: int
    before: np.ndarray
    after: np.ndarray
    module: nn.Module


def passages(network: Network, pictures: torch.Tensor) -> list[Passage]:
    """Runs pictures through a copy of the network in evaluation mode and keeps what each norm layer saw and did.

    Args:
        network: left untouched; other sessions may be using it.
        pictures: standardised, N x 3 x 32 x 32.
    """
    return passages_and_logits(deepcopy(network).eval(), pictures)[0]


def passages_and_logits(copy: Network, pictures: torch.Tensor) -> tuple[list[Passage], np.ndarray]:
    """Runs pictures through a network of the caller's own, which is hooked meanwhile; see `passages`. Logits are N x 10.

    Values are copied where they pass: what follows a norm, or the norm itself, may write over them.
    """
    received, kept = [], []
    hooks = [norm.register_forward_pre_hook(lambda _, x: received.append(x[0].clone())) for norm in copy.norms]
    hooks += [norm.register_forward_hook(lambda module, _, y: kept.append((y.clone(), module))) for norm in copy.norms]
    try:
        with torch.inference_mode():
            logits = copy(pictures)
    finally:
        for hook in hooks:
            hook.remove()
    through = [
        Passage(layer, before.cpu().numpy(), after.cpu().numpy(), module)
        for layer, (before, (after, module)) in enumerate(zip(received, kept, strict=True), start=1)
    ]
    return through, logits.cpu().numpy()


def affine(module: nn.Module, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns gamma and beta, one value a channel; the mean over places where they are learned for every place.

    Missing where the parameters have none of the names of `LEARNED`.
    """
    learned = [_named(module, names) for names in LEARNED]
    strange = all(values is None for values in learned) and any(True for _ in module.parameters())
    missing = (np.nan, np.nan) if strange else (1.0, 0.0)
    return tuple(
        np.full(channels, usual) if values is None else _by_channel(values.float().cpu().numpy(), channels)
        for values, usual in zip(learned, missing)
    )


def _by_channel(values: np.ndarray, channels: int) -> np.ndarray:
    if channels not in values.shape:  # learned for places alone
        return np.full(channels, values.mean())
    return np.moveaxis(values, values.shape.index(channels), 0).reshape(channels, -1).mean(axis=1)


def running(module: nn.Module) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the running mean and running standard deviation by channel, None for a norm that does not keep both."""
    kept = [_named(module, [name]) for name in ("running_mean", "running_var")]
    if any(values is None for values in kept) or kept[0].shape != kept[1].shape:
        return None
    mean, variance = (values.float().flatten().cpu() for values in kept)
    return mean.numpy(), variance.sqrt().numpy()


def _named(module: nn.Module, names: Iterable[str]) -> torch.Tensor | None:
    """Returns the first tensor of a layer that has one of some names."""
    values = (getattr(module, name, None) for name in names)
    return next((each.detach() for each in values if isinstance(each, torch.Tensor)), None)


def by_channel(through: list[Passage]) -> pd.DataFrame:
    """Measures every channel at every norm layer.

    Args:
        through: what `passages` kept.

    Returns:
        layer (from 1), channel (from 0), mean_before, std_before, mean_after, std_after over pictures and places, gamma,
        beta, running_mean and running_std (missing but for batch norm).
    """
    return _one_table([_channels(passage) for passage in through])


def _one_table(parts: list[dict[str, np.ndarray]]) -> pd.DataFrame:
    """Returns the rows of all parts; a DataFrame of each would take longer than what is in them."""
    return pd.DataFrame({column: np.concatenate([part[column] for part in parts]) for column in parts[0]})


def _channels(passage: Passage) -> dict[str, np.ndarray]:
    channels = passage.before.shape[1]
    gamma, beta = affine(passage.module, channels)
    kept = running(passage.module)
    mean, std = kept if kept and len(kept[0]) == channels else (np.full(channels, np.nan),) * 2
    table = {"layer": np.full(channels, passage.layer), "channel": np.arange(channels)}
    for side, values in (("before", passage.before), ("after", passage.after)):
        table[f"mean_{side}"] = values.mean(axis=(0, 2, 3))
        table[f"std_{side}"] = values.std(axis=(0, 2, 3))
    return {**table, "gamma": gamma, "beta": beta, "running_mean": mean, "running_std": std}


def by_statistic_group(passage: Passage) -> pd.DataFrame:
    """Returns mean and standard deviation of each set of values that the norm averages over, before and after it.

    Returns:
        group (from 0), side ("before" or "after"), mean, std, low and high (mean -+ one std); no row where there is no norm.
        Batch norm has a group a channel, group norm G a picture, layer norm one a picture, or one a place.
    """
    return by_group(passage, *statistic_kind(passage))


def by_group(passage: Passage, kind: str, groups: int) -> pd.DataFrame:
    """Returns the same for a known (norm, groups) of `norms.statistic_rows`."""
    if kind == "none":
        return pd.DataFrame(columns=["group", "side", "mean", "std", "low", "high"])
    parts = []
    for side, values in {"before": passage.before, "after": passage.after}.items():
        mean, variance = norms.statistics(values, kind, groups)
        std, many = np.sqrt(variance), len(mean)
        part = {"group": np.arange(many), "side": np.full(many, side), "mean": mean, "std": std}
        parts.append({**part, "low": mean - std, "high": mean + std})
    return _one_table(parts)


def statistic_kind(passage: Passage) -> tuple[str, int]:
    """Returns what a norm layer averages over, as (norm, groups) of `norms.statistic_rows`; found by probing, once a layer.

    Raises:
        ValueError: it averages over something that pictures have no rows for.
    """
    if passage.module not in _averages:
        met = again.keep((torch.empty(passage.before.shape),), {})
        _averages[passage.module] = measure.averages(again.of_module(passage.module, met))
    return kind_of(_averages[passage.module], "HW")


def kind_of(averages: str, places: str) -> tuple[str, int]:
    """Returns what the probe says that a norm averages over as (norm, groups) of `norms.statistic_rows`.

    Args:
        averages: see `sets.name`.
        places: the letters of the axes that are neither batch nor channels, of `sets.PLACES`.

    Raises:
        ValueError: it averages over something that N x C x H x W has no rows for.
    """
    if groups := re.fullmatch(rf"\(C/(\d+)\){places}", averages):
        return "group", int(groups[1])
    kinds = {"C": "place", places: "instance", f"C{places}": "layer", f"N{places}": "batch"}
    kinds |= {"": "none"}
    if averages not in kinds:
        raise ValueError(f"averages must be one of {', '.join(filter(None, kinds))}, or groups: averages={averages}")
    return kinds[averages], 1


def distribution(passage: Passage, bins: int = 60) -> pd.DataFrame:
    """Returns the histograms of a layer's values before and after the norm: side, value (centre of the bin), density.

    The bins span the central 99.8% of both sides, so that a few far values do not squeeze the rest.
    """
    sides = {"before": passage.before.ravel(), "after": passage.after.ravel()}
    low, high = np.quantile(np.concatenate(list(sides.values())), [0.001, 0.999])
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    width = edges[1] - edges[0]
    parts = [
        {
            "side": np.full(bins, side),
            "value": (edges[:-1] + edges[1:]) / 2,
            "density": np.histogram(values, edges)[0] / (len(values) * width),
        }
        for side, values in sides.items()
    ]
    return _one_table(parts)


@dataclass(frozen=True)
class Look:
    """Everything that a page shows of one norm layer for one batch, as small tables.

    Attributes:
        kind: what shares one mean: a key of `norms.NORMS`, or "place".
        shape: N x C x H x W as text.
        group_count: number of statistic groups in this batch.
        by_place: gamma and beta are learned for every place rather than every channel.
        distribution: see `distribution`.
        groups: see `by_statistic_group`; the first `SHOWN_GROUPS` of them.
        channels: channel, gamma, beta, batch_mean, batch_std, running_mean, running_std.
        all_layers: see `by_channel`.
    """

    kind: str
    shape: str
    group_count: int
    by_place: bool
    distribution: pd.DataFrame
    groups: pd.DataFrame
    channels: pd.DataFrame
    all_layers: pd.DataFrame


SHOWN_GROUPS = 32  # more marks than this cannot be told apart


def look_at(through: list[Passage], layer: int) -> Look:
    """Returns what a page shows of norm layer `layer` (from 1), out of what `passages` kept."""
    passage = through[layer - 1]
    kind, _ = statistic_kind(passage)
    table = by_statistic_group(passage)
    here = pd.DataFrame(_channels(passage)).rename(columns={"mean_before": "batch_mean", "std_before": "batch_std"})
    return Look(
        kind=kind,
        shape=" x ".join(map(str, passage.before.shape)),
        group_count=table["group"].nunique(),
        by_place=getattr(getattr(passage.module, "weight", None), "ndim", 1) > 1,
        distribution=distribution(passage),
        groups=table[table["group"] < SHOWN_GROUPS],
        channels=here,
        all_layers=by_channel(through),
    )
