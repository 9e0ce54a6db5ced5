"""Which outputs of a norm stay when its input is changed, measured on real activations.

PyTorch is imported where it is needed, so that a page can name the changes without it.
"""

from copy import deepcopy
from dataclasses import dataclass
from math import gcd

import numpy as np
import pandas as pd

from normviz.model import norms

GROUPS = 4  # of group norm, as in the `controlled` study, where they divide the channels
STAYS_BELOW = 0.01  # largest change of any output, in standard deviations of all outputs
PICTURES = 16  # at most so many go through the changes
POINTS = 500  # values drawn of each tensor


@dataclass(frozen=True)
class Column:
    """One norm and mode: its short name on screen, its name in a sentence, `norm` of `norms.normalize`, and whether it uses
    running statistics."""

    label: str
    name: str
    norm: str
    running: bool = False


COLUMNS = {
    "batch training": Column("Batch, training", "batch norm in training", "batch"),
    "batch evaluation": Column("Batch, evaluation", "batch norm in evaluation", "batch", running=True),
    "group": Column("Group", "group norm", "group"),
    "layer": Column("Layer", "layer norm", "layer"),
    "instance": Column("Instance", "instance norm", "instance"),
    "none": Column("No norm", "no norm", "none"),
}


@dataclass(frozen=True)
class Change:
    """A change of what a layer receives.

    Attributes:
        label: on screen.
        adds: a constant is added; otherwise a factor multiplies.
        axis: along which it differs: 0 from picture to picture, 1 from channel to channel, None nowhere.
        paper: what Ba, Kiros & Hinton 2016 call a change that reaches the layer so; empty where they have none.
        paper_stays: whether (batch norm, layer norm) are invariant by their table 1.
    """

    label: str
    adds: bool = False
    axis: int | None = None
    paper: str = ""
    paper_stays: tuple[bool, bool] | None = None


CHANGES = {
    "times": Change("× a factor", paper="Weight matrix re-scaling; dataset re-scaling", paper_stays=(True, True)),
    "times by picture": Change(
        "× another factor each picture", axis=0, paper="Single training case re-scaling", paper_stays=(False, True)
    ),
    "times by channel": Change(
        "× another factor each channel", axis=1, paper="Weight vector re-scaling", paper_stays=(True, False)
    ),
    "plus": Change("+ a constant", adds=True),
    "plus by picture": Change(
        "+ another constant each picture", True, 0, paper="Weight matrix re-centering", paper_stays=(False, True)
    ),
    "plus by channel": Change(
        "+ another constant each channel", True, 1, paper="Dataset re-centering", paper_stays=(True, False)
    ),
}
THROUGH = ("batch training", "batch evaluation", "group", "layer")  # networks and modes that a changed picture goes through
MEASURED = {"layer": "what the layer gives", "logits": "logits", "answers": "answers that change"}


def changed(x: np.ndarray, change: str, factor: float, constant: float) -> np.ndarray:
    """Applies one of `CHANGES` to activations, N x C x H x W.

    Args:
        x: what a layer receives.
        change: a key of `CHANGES`.
        factor: above 0; where it differs it runs from 1/factor to factor, in equal ratios.
        constant: in standard deviations of `x`; where it differs it runs from -constant to constant, in equal steps.

    Raises:
        ValueError: a factor that is not above 0, or no such change.
    """
    if change not in CHANGES:
        raise ValueError(f"change must be one of {', '.join(CHANGES)}: change={change!r}")
    if not factor > 0:
        raise ValueError(f"factor must be above 0: factor={factor}")
    along = _steps(x.shape, CHANGES[change].axis)
    return x + constant * x.std() * along if CHANGES[change].adds else x * factor**along


def _steps(shape: tuple[int, ...], axis: int | None) -> np.ndarray:
    """Returns -1 to 1 along an axis, 1 where nothing differs, shaped to be broadcast over N x C x H x W."""
    if axis is None or shape[axis] == 1:
        return np.ones((1, 1, 1, 1))
    return np.linspace(-1, 1, shape[axis]).reshape([-1 if place == axis else 1 for place in range(4)])


def group_count(channels: int) -> int:
    """Returns into how many groups group norm divides channels here: `GROUPS`, or as many as divide both."""
    return gcd(GROUPS, channels)


def normalized(x: np.ndarray, column: str, running: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Returns what a norm makes of activations, before gamma and beta; see `norms.normalize`.

    Args:
        x: N x C x H x W.
        column: a key of `COLUMNS`.
        running: mean and variance, C each, that batch norm kept for this layer.
    """
    kind = COLUMNS[column]
    return norms.normalize(x, kind.norm, group_count(x.shape[1]), running if kind.running else None)


def moved(before: np.ndarray, after: np.ndarray) -> float:
    """Returns the largest change of any value, in standard deviations of all values before."""
    return float(np.abs(after - before).max() / before.std())


def measure(x: np.ndarray, running: tuple[np.ndarray, np.ndarray], factor: float, constant: float) -> pd.DataFrame:
    """Carries out every change and measures what each norm makes of it: change, column, moved."""
    before = {column: normalized(x, column, running) for column in COLUMNS}
    rows = []
    for change in CHANGES:
        other = changed(x, change, factor, constant)
        rows += [
            {"change": change, "column": column, "moved": moved(before[column], normalized(other, column, running))}
            for column in COLUMNS
        ]
    return pd.DataFrame(rows)


def smallest_deviations(x: np.ndarray, running: tuple[np.ndarray, np.ndarray]) -> dict[str, float]:
    """Returns, by column, the smallest standard deviation above 0 that the norm finds in activations, N x C x H x W."""
    found = {}
    for column, kind in COLUMNS.items():
        if kind.norm != "none":
            variance = running[1] if kind.running else norms.statistics(x, kind.norm, group_count(x.shape[1]))[1]
            found[column] = float(np.sqrt(variance[variance > 0].min())) if variance.any() else 0.0
    return found


def pairs(x: np.ndarray, running: tuple, change: str, column: str, factor: float, constant: float) -> pd.DataFrame:
    """Returns some values that one norm receives and gives, before and after a change: side, before, after."""
    other = changed(x, change, factor, constant)
    sides = {
        "received": (x, other),
        "given": (normalized(x, column, running), normalized(other, column, running)),
    }
    places = np.random.default_rng(0).choice(x.size, min(POINTS, x.size), replace=False)
    tables = [
        pd.DataFrame({"side": side, "before": before.ravel()[places], "after": after.ravel()[places]})
        for side, (before, after) in sides.items()
    ]
    return pd.concat(tables, ignore_index=True)


def on_batch_statistics(network):
    """Returns a copy whose batch norms use each batch's own statistics in evaluation too, as they do in training: torch's do
    so where they have no running ones. The network itself stays as it is."""
    copy = deepcopy(network)
    for norm in copy.norms:
        norm.running_mean = norm.running_var = None
    return copy


def picture_changes(networks: dict, pixels: np.ndarray, factors: dict[str, float]) -> pd.DataFrame:
    """Sends pictures, plain and changed, through copies of the networks and measures what moves.

    Args:
        networks: {"batch", "group", "layer": network in evaluation mode}; left untouched.
        pixels: uint8, N x 32 x 32 x 3.
        factors: {name: factor} for brightness and contrast.

    Returns:
        change, column (one of `THROUGH`), measured (a key of `MEASURED`), layer (from 1; 0 behind the last), moved: see
        `moved`; for answers their number.
    """
    copies = {"batch training": on_batch_statistics(networks["batch"]), "batch evaluation": deepcopy(networks["batch"])}
    copies |= {norm: deepcopy(networks[norm]) for norm in ("group", "layer")}
    others = {change: adjusted(pixels, change, factor) for change, factor in factors.items()}
    rows = []
    for column, copy in copies.items():
        before = _through(copy, pixels)
        for change, other in others.items():
            rows += [{"change": change, "column": column, **row} for row in _compared(before, _through(copy, other))]
    return pd.DataFrame(rows)


def adjusted(pixels: np.ndarray, change: str, factor: float) -> np.ndarray:
    """Multiplies the brightness or contrast of pictures, uint8 N x 32 x 32 x 3."""
    from normviz.studies import measurements

    return measurements.shifted(pixels, {"brightness": "brighter", "contrast": "lower contrast"}[change], factor)


def _through(copy, pixels: np.ndarray) -> tuple[list, np.ndarray]:
    from normviz.model import layer_statistics
    from normviz.pictures import tensors

    return layer_statistics.passages_and_logits(copy, tensors.standardise(pixels, *copy.standard))


def _compared(before: tuple, after: tuple) -> list[dict]:
    rows = [
        {"measured": "layer", "layer": plain.layer, "moved": moved(plain.after, other.after)}
        for plain, other in zip(before[0], after[0], strict=True)
    ]
    answers = (before[1].argmax(axis=1) != after[1].argmax(axis=1)).sum()
    rows.append({"measured": "logits", "layer": 0, "moved": moved(before[1], after[1])})
    return [*rows, {"measured": "answers", "layer": 0, "moved": float(answers)}]


def sentence(table: pd.DataFrame) -> str:
    """States under how many changes each norm's outputs stay, out of `measure`."""
    stays = (table["moved"] < STAYS_BELOW).groupby(table["column"], sort=False).sum()
    counts = ", ".join(f"{COLUMNS[column].name} {count}" for column, count in stays.items())
    return f"Of {table['change'].nunique()} changes, so many leave the outputs where they were: {counts}."


def picture_sentence(table: pd.DataFrame, factors: dict[str, float]) -> str:
    """States which network's logits each change of the pictures moves least, out of `picture_changes`."""
    least = []
    for change, factor in factors.items():
        part = table[(table["change"] == change) & (table["measured"] == "logits")]
        found = part.loc[part["moved"].idxmin()]
        least.append(f"{change} × {factor:g}: {COLUMNS[found['column']].name}, {found['moved']:.2g}")
    return f"Where the logits move least, and by how many standard deviations: {'; '.join(least)}."


def against_paper(table: pd.DataFrame) -> pd.DataFrame:
    """Sets `measure` beside table 1 of Ba, Kiros & Hinton 2016: change, paper (its name there), and for batch norm in
    training and layer norm what the paper states and what was measured."""
    stays = table.assign(stays=table["moved"] < STAYS_BELOW).pivot(index="change", columns="column", values="stays")
    said = {True: "stays", False: "moves"}
    rows = []
    for key, change in CHANGES.items():
        if change.paper_stays is not None:
            row = {"change": change.label, "paper": change.paper}
            for column, stated in zip(("batch training", "layer"), change.paper_stays):
                row |= {f"{column}, paper": said[stated], f"{column}, here": said[bool(stays.loc[key, column])]}
            rows.append(row)
    return pd.DataFrame(rows)
