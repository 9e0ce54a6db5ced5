"""One picture at one norm layer: the statistics that each norm used for it, and how far two networks are apart.

Channel k of one network is not channel k of another that was trained apart from it, so networks are compared by a
similarity that does not depend on the order of the channels.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from normviz.model import norms

ORDERS = {"spread given": "std_given", "spread received": "std_received", "number": "channel"}
SIDES = {"given": "after", "received": "before"}
FLAT = 1e-12  # share of the squares left after subtracting the mean, below which only rounding is left


def channels(passage) -> pd.DataFrame:
    """Lists the channels of one picture at one norm layer.

    Args:
        passage: one of `layer_statistics.passages` of a single picture.

    Returns:
        channel (from 0); mean and std that the norm used for it; mean_received, std_received, mean_given and std_given of
        the channel itself, over places.
    """
    mean, std = used_statistics(passage)
    table = {"channel": np.arange(len(mean)), "mean": mean, "std": std}
    for side, values in (("received", passage.before[0]), ("given", passage.after[0])):
        table |= {f"mean_{side}": values.mean(axis=(1, 2)), f"std_{side}": values.std(axis=(1, 2))}
    return pd.DataFrame(table)


def used_statistics(passage) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean and standard deviation, one a channel, that the norm in evaluation used for a single picture.

    Batch norm uses its running ones, group norm those of the channel's group, layer norm those of the picture.
    """
    from normviz.model import layer_statistics

    kept = layer_statistics.running(passage.module)
    if kept is not None:
        return kept
    kind, groups = layer_statistics.statistic_kind(passage)
    mean, variance = norms.statistics(passage.before[:1], kind, groups)
    alike = passage.before.shape[1] // len(mean)
    return mean.repeat(alike), np.sqrt(variance).repeat(alike)


def in_order(table: pd.DataFrame, order: str) -> pd.DataFrame:
    """Sorts what `channels` lists by a key of `ORDERS`; the largest spread comes first."""
    return table.sort_values(ORDERS[order], ascending=order == "number", kind="stable", ignore_index=True)


def first_channel(passage, order: str) -> int:
    """Returns the channel that comes first in an order, as `in_order` has it, without measuring all else."""
    if order == "number":
        return 0
    side = SIDES[order.removeprefix("spread ")]
    return int(getattr(passage, side)[0].std(axis=(1, 2)).argmax())


def positions(values: np.ndarray) -> np.ndarray:
    """Lays out maps, N x C x H x W, as one row a picture and place, one column a channel: (N H W) x C."""
    return np.moveaxis(values, 1, -1).reshape(-1, values.shape[1]).astype(np.float64)


@dataclass(frozen=True)
class Centred:
    """Columns with their means subtracted.

    Attributes:
        columns: rows x channels, float64.
        size: |X'X| in the Frobenius norm; NaN where every row is the same.
    """

    columns: np.ndarray
    size: float

    @classmethod
    def of(cls, x: np.ndarray) -> "Centred":
        columns = x - x.mean(axis=0)
        flat = np.sum(columns**2) <= FLAT * np.sum(x**2)
        return cls(columns, float("nan") if flat else float(np.linalg.norm(columns.T @ columns)))


def linear_cka(x: np.ndarray, y: np.ndarray) -> float:
    """Returns linear centred kernel alignment of two sets of columns over the same rows, 0 to 1.

    With columns centred it is |Y'X|^2 / (|X'X| |Y'Y|) in Frobenius norms (Kornblith et al. 2019, section 3). Rotating the
    columns, changing their order, adding constants or multiplying everything by one factor does not change it.

    Args:
        x: rows x channels of one network.
        y: the same rows x channels of another; the numbers of channels may differ.

    Returns:
        The similarity; NaN where one side is the same in every row.

    Raises:
        ValueError: the rows differ in number.
    """
    if len(x) != len(y):
        raise ValueError(f"both sides must have the same rows: {len(x)} and {len(y)}")
    return _alignment(Centred.of(x), Centred.of(y))


def _alignment(x: Centred, y: Centred) -> float:
    return float(np.sum((y.columns.T @ x.columns) ** 2) / (x.size * y.size))


def distances(through: dict[str, list], side: str) -> pd.DataFrame:
    """Measures how far each two networks are apart at each norm layer.

    Args:
        through: {norm: what `layer_statistics.passages` kept of the same pictures}.
        side: a key of `SIDES`: what the norms gave, or what they received.

    Returns:
        layer (from 1), first and second (norms), distance (1 - linear CKA over pictures and places), chance (the same with
        the rows of `second` shuffled, as if the two looked at unrelated places).
    """
    rows = {norm: [Centred.of(positions(getattr(passage, SIDES[side]))) for passage in kept] for norm, kept in through.items()}
    draw = np.random.default_rng(0)
    table = []
    for first, second in combinations(rows, 2):
        for layer, (x, y) in enumerate(zip(rows[first], rows[second], strict=True), start=1):
            pair = {"layer": layer, "first": first, "second": second}
            chance = 1 - _alignment(x, replace(y, columns=draw.permutation(y.columns)))
            table.append({**pair, "distance": 1 - _alignment(x, y), "chance": chance})
    return pd.DataFrame(table)


def furthest_sentence(table: pd.DataFrame, labels: dict[str, str]) -> str:
    """Names the layer and the two networks of `distances` that are furthest apart, and those closest."""
    known = table.dropna(subset="distance")
    if known.empty:
        return "The distance is undefined: at every layer one network passes on the same values everywhere."
    said = []
    for word, place in (("Furthest apart", known["distance"].idxmax()), ("closest", known["distance"].idxmin())):
        row = known.loc[place]
        pair = f"{labels[row['first']]} and {labels[row['second']]}"
        said.append(f"{word}: {pair} at layer {row['layer']}, {row['distance']:.2f}")
    return "; ".join(said) + "."
