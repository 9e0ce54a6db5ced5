"""An N x C x H x W tensor cell by cell: made-up numbers, which cells share a mean, and what a norm makes of each. No PyTorch.

Pictures, channels, rows and columns count from 0, as in `x[n, c, h, w]`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd

from normviz.model import norms

AXES = ("picture", "channel", "row", "column")
LARGEST = (8, 16, 6, 6)  # N, C, H, W of the largest tensor that is drawn
MOMENTUM = 0.1  # weight of a new batch in batch norm's running statistics; the default of torch.nn
LIMIT = 1e6  # largest number that the editor takes
Cell = tuple[int, int, int, int]


@dataclass(frozen=True)
class NormLayer:
    """A norm layer and the tensor that it receives.

    Attributes:
        x: what it receives, N x C x H x W.
        norm: batch, group, layer or instance; or place, a layer norm of each pixel by itself.
        gamma: learned scale, one a channel (C) or one a place (C x H x W).
        beta: learned shift, same shape.
        groups: channel groups of group norm; must divide C.
        running: for batch norm in evaluation, mean and variance by channel (C); None while it uses the batch's own.
    """

    x: np.ndarray
    norm: str
    gamma: np.ndarray
    beta: np.ndarray
    groups: int = 1
    running: tuple[np.ndarray, np.ndarray] | None = None

    @cached_property
    def statistics(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance that are subtracted and divided by, one value a statistic group."""
        mean, variance = self.running or norms.statistics(self.x, self.norm, self.groups)
        return (mean, np.full_like(variance, np.nan)) if self.undefined else (mean, variance)

    @cached_property
    def outputs(self) -> tuple[np.ndarray, np.ndarray]:
        """The normalized values and what follows from them with gamma and beta, each N x C x H x W."""
        normalized = norms.normalize(self.x, self.norm, self.groups, self.running)
        if self.undefined:
            normalized = np.full_like(normalized, np.nan)
        return normalized, norms.scale_and_shift(normalized, self.gamma, self.beta)

    @property
    def undefined(self) -> bool:
        """True where batch norm has one value a channel to learn a variance from; torch.nn raises there."""
        return self.norm == "batch" and self.running is None and values_per_channel(self.x) < 2


def values_per_channel(x: np.ndarray) -> int:
    """Returns N H W, the number of values that batch norm averages in one channel."""
    return x.size // x.shape[1]


def divisors(channels: int) -> list[int]:
    """Returns every number of groups that divides the channels, 1 (layer norm) to `channels` (instance norm)."""
    return [groups for groups in range(1, channels + 1) if channels % groups == 0]


def made_up(shape: tuple[int, ...], seed: int, batch: int = 0) -> np.ndarray:
    """Returns small whole numbers, drawn channel by channel from a range of its own.

    A smaller tensor is the first part of a larger one of the same seed and batch.

    Args:
        shape: N, C, H, W, none above `LARGEST`.
        seed: fixes the ranges and the numbers.
        batch: which batch of this seed, from 0.
    """
    lowest, choices = (values[None, :, None, None] for values in _ranges(seed))
    share = np.random.default_rng([seed, 1, batch]).random(LARGEST)
    return (lowest + np.floor(share * choices))[tuple(slice(length) for length in shape)]


def _ranges(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the lowest number and how many numbers are equally likely, by channel."""
    draw = np.random.default_rng([seed, 0])
    return draw.integers(-3, 5, LARGEST[1]), draw.integers(3, 10, LARGEST[1])


def true_statistics(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and variance of the distribution behind `made_up`, by channel (discrete uniform)."""
    lowest, choices = _ranges(seed)
    return lowest + (choices - 1) / 2, (choices**2 - 1) / 12


def group_numbers(layer: NormLayer) -> np.ndarray:
    """Returns the number of each cell's statistic group, N x C x H x W."""
    shape = layer.x.shape
    rows = norms.statistic_rows(np.arange(layer.x.size).reshape(shape), layer.norm, layer.groups)
    numbers = np.empty(rows.size, dtype=int)
    numbers[rows.ravel()] = np.repeat(np.arange(len(rows)), rows.shape[1])
    return numbers.reshape(shape)


def group_name(layer: NormLayer, cell: Cell) -> str:
    """Says which values share the mean of a cell."""
    (pictures, channels), (picture, channel) = layer.x.shape[:2], cell[:2]
    if layer.norm == "place":
        return f"all channels at row {cell[2]}, column {cell[3]} of picture {picture}"
    if layer.running:
        return f"channel {channel}"
    if layer.norm == "batch":
        return f"channel {channel} of {'all ' * (pictures > 1)}{_counted(pictures, 'picture')}"
    size = channels // norms.groups_of(layer.norm, channels, layer.groups)
    if size in (1, channels):
        return f"{'all channels' if size == channels else f'channel {channel}'} of picture {picture}"
    first = channel // size * size
    return f"channels {first} to {first + size - 1} of picture {picture}"


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' * (count != 1)}"


def frame(layer: NormLayer, window: tuple[range, ...], locked: Cell) -> pd.DataFrame:
    """Returns one row a drawn cell.

    Args:
        layer: the whole tensor; statistics are taken over all of it, drawn or not.
        window: the drawn pictures, channels, rows and columns.
        locked: the cell that is worked by hand.

    Returns:
        picture, channel, row, column, cell ("n-c-h-w"), value, group (from 0 in drawing order), letter, mixed (its panel holds
        cells of several groups), mean, variance,
        normalized, result, count (values of the group), drawn (how many of them are in the window), locked, and as
        text: index, printed (the value), spoken, head (the group), summary (its
        statistics), detail.
    """
    places = np.array(list(product(*window)))
    at = tuple(places.T)
    numbers = group_numbers(layer)[at]
    mean, variance = (values[numbers] for values in layer.statistics)
    table = pd.DataFrame(places, columns=list(AXES)).assign(value=layer.x[at], mean=mean, variance=variance)
    table["normalized"], table["result"] = (values[at] for values in layer.outputs)
    table["group"] = pd.factorize(numbers)[0]
    table["count"] = layer.x.size // len(layer.statistics[0])
    table["drawn"] = table.groupby("group")["group"].transform("size")
    return _with_texts(table, layer, locked)


def _with_texts(table: pd.DataFrame, layer: NormLayer, locked: Cell) -> pd.DataFrame:
    places = table[list(AXES)].to_numpy().tolist()
    table["cell"] = [cell_key(cell) for cell in places]
    table["index"] = [f"x{cell}" for cell in places]
    table["locked"] = table["cell"] == cell_key(locked)
    table["printed"] = [written(value, 3) for value in table["value"]]
    groups = table.drop_duplicates("group")
    letters = [letter(group) for group in groups["group"]]
    names = [group_name(layer, cell) for cell in groups[list(AXES)].to_numpy().tolist()]
    heads = [f"Group {name}: {words}" for name, words in zip(letters, names)]
    summaries = [_statistics_text(row, layer) for row in groups.itertuples()]
    for column, texts in {"letter": letters, "head": heads, "summary": summaries}.items():
        table[column] = table["group"].map(dict(zip(groups["group"], texts)))
    table["mixed"] = table.groupby(list(AXES[:2]))["group"].transform("nunique") > 1
    table["spoken"] = table["index"] + " = " + table["printed"] + ", group " + table["letter"]
    table["detail"] = [_detail_text(*row) for row in zip(table["printed"], table["normalized"])]
    return table


def _statistics_text(row, layer: NormLayer) -> str:
    if layer.running:
        return f"running mean {written(row.mean)}, variance {written(row.variance)}"
    variance = "undefined" if np.isnan(row.variance) else written(row.variance)
    return f"mean {written(row.mean)}, variance {variance} over {_counted(row.count, 'value')}"


def _detail_text(printed: str, normalized: float) -> str:
    if np.isnan(normalized):
        return "a variance needs at least two values"
    return f"this cell: {printed} is normalized to {written(normalized)}"


def letter(group: int) -> str:
    """Returns A to Z for the first 26 groups, then A1 to Z1, A2 and so on."""
    return chr(ord("A") + group % 26) + (str(group // 26) if group >= 26 else "")


def written(value: float, digits: int = 4) -> str:
    """Writes a number with so many digits that count: 5, -2.5, 0.3125; whole numbers below a million in full."""
    value = round(float(value), 12) + 0.0  # no rounding noise, no -0
    return f"{value:.0f}" if value == np.rint(value) and abs(value) < LIMIT else f"{value:.{digits}g}"


def cell_key(cell: Cell) -> str:
    """Returns a cell as the URL names it: picture-channel-row-column."""
    return "-".join(map(str, cell))


def cell_of(key: str) -> Cell:
    """Returns the cell that `cell_key` named.

    Raises:
        ValueError: not four whole numbers joined by "-".
    """
    if not re.fullmatch(r"\d+(-\d+){3}", key):
        raise ValueError(f"a cell is picture-channel-row-column, as 0-2-1-1: cell={key!r}")
    return tuple(int(part) for part in key.split("-"))


def feed(batches: Iterable[np.ndarray], start: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    """Updates batch norm's running statistics batch after batch.

    Args:
        batches: tensors N x C x H x W, each with at least two values a channel.
        start: running mean and variance before the first batch, by channel; torch.nn begins with 0 and 1.

    Returns:
        batch (0 is the start), channel, statistic ("mean" or "variance"), running, own (the batch's own value; missing at
        the start). The batch's own variance is the unbiased one here, as torch.nn has it for the running estimate.

    Raises:
        ValueError: a batch has one value a channel.
    """
    running, own = [np.stack(start)], [np.full((2, len(start[0])), np.nan)]
    last = None
    for x in batches:
        own.append(own[-1] if x is last else np.stack(unbiased_statistics(x)))
        running.append((1 - MOMENTUM) * running[-1] + MOMENTUM * own[-1])
        last = x
    names = [range(len(running)), ("mean", "variance"), range(len(start[0]))]
    index = pd.MultiIndex.from_product(names, names=["batch", "statistic", "channel"])
    return pd.DataFrame({"running": np.ravel(running), "own": np.ravel(own)}, index).reset_index()


def unbiased_statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns mean and unbiased variance by channel.

    Raises:
        ValueError: one value a channel; an unbiased variance divides by N H W - 1.
    """
    count = values_per_channel(x)
    if count < 2:
        raise ValueError(f"a variance needs at least two values a channel: N H W = {count}; raise N, H or W")
    mean, variance = norms.statistics(x, "batch")
    return mean, variance * count / (count - 1)


def running_after(fed: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Returns the running mean and variance by channel after the last batch of `feed`."""
    last = fed[fed["batch"] == fed["batch"].max()].sort_values("channel")
    return tuple(last.loc[last["statistic"] == name, "running"].to_numpy() for name in ("mean", "variance"))
