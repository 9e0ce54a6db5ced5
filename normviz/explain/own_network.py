"""What the pages show of the shipped networks, on any network: one layer's statistics, changed inputs, other batches, one picture."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from normviz.explain import batch_mates, invariances
from normviz.model import layer_statistics
from normviz.probe import again, sets, values, walk
from normviz.training import evaluation

SIZES = (2, 4, 8, 16)  # pictures of a batch
BATCHES = 8
ROUNDED = 1e-3  # how far the sum of a softmax may be from 1
FACTOR, CONSTANT = 3.0, 1.0  # of `invariances.changed`
MODES = ("training", "evaluation")
STRIPS = {"norms in training": "batch", "norms in evaluation": "none"}  # and the norm whose colour it has


@dataclass(frozen=True)
class Layer:
    """A norm layer that pictures have met in evaluation.

    Attributes:
        through: what went through, as the layer has it.
        channels_at: the axis of its channels.
        kind: what it averages over, as `norms.statistic_rows` knows it; "" where that has no rows for it.
        groups: of channels.
    """

    through: values.Through
    channels_at: int
    kind: str
    groups: int

    @property
    def passage(self) -> layer_statistics.Passage:
        """What went through, N x C x H x W."""
        before, after = (laid_out(side, self.channels_at) for side in (self.through.before, self.through.after))
        return layer_statistics.Passage(1, before, after, self.through.layer)


def layer(network: nn.Module, example: torch.Tensor, row: dict) -> Layer:
    """Returns a norm layer, met by an example.

    Args:
        network: left as it is.
        example: one batch.
        row: of the layer, `NormLayer.row` with its channels_at.
    """
    return Layer(values.through(network, example, row["path"]), row["channels_at"], *kind_of(row))


def kind_of(row: dict) -> tuple[str, int]:
    """Returns (norm, groups) of `norms.statistic_rows` for a row of the probe; ("", 1) where that has no rows for it."""
    places = len(row["shape"]) - 2
    if not 0 <= places < len(sets.PLACES):
        return "", 1
    try:
        return layer_statistics.kind_of(row["averages"], sets.PLACES[places])
    except ValueError:
        return "", 1


def laid_out(x: np.ndarray, channels_at: int) -> np.ndarray:
    """Returns values of any number of axes, at least two, as N x C x H x W; a sequence has a width of 1."""
    moved = np.moveaxis(x, channels_at, 1)
    places = moved.shape[2:] if moved.ndim == 4 else (-1, 1)
    return moved.reshape(*moved.shape[:2], *places)


def _as_it_was(x: np.ndarray, shape: tuple[int, ...], channels_at: int) -> np.ndarray:
    moved = np.moveaxis(np.empty(shape, dtype=bool), channels_at, 1).shape
    return np.moveaxis(x.reshape(moved), 1, channels_at)


def channels(met: Layer) -> pd.DataFrame:
    """Returns gamma, beta, batch_mean, batch_std, running_mean and running_std by channel, missing as in `layer_statistics`."""
    table = layer_statistics.by_channel([met.passage])
    return table.rename(columns={"mean_before": "batch_mean", "std_before": "batch_std"})


def changes(met: Layer) -> pd.DataFrame:
    """Changes what a layer received and measures what it then gives: change, mode, moved (see `invariances.moved`)."""
    x = laid_out(met.through.before, met.channels_at).astype(np.float64)
    rows = []
    for mode in MODES:
        plain = _given(met, x, mode)
        for change in invariances.CHANGES:
            other = _given(met, invariances.changed(x, change, FACTOR, CONSTANT), mode)
            moved = invariances.moved(plain, other) if plain.std() > 0 else float("nan")
            rows.append({"change": change, "mode": mode, "moved": moved})
    return pd.DataFrame(rows)


def _given(met: Layer, x: np.ndarray, mode: str) -> np.ndarray:
    """Returns what a copy of the layer, in double precision, gives for values N x C x H x W."""
    copy = again.copied(met.through.layer).double()
    copy.train(mode == MODES[0])
    args, kwargs = met.through.arguments.filled(
        torch.from_numpy(np.ascontiguousarray(_as_it_was(x, met.through.before.shape, met.channels_at)))
    )
    with torch.no_grad():
        return again.first_real(copy(*args, **kwargs)).numpy()


def answers(network: nn.Module, paths: list[str], batches: list[torch.Tensor], alone: torch.Tensor) -> pd.DataFrame:
    """Puts batches that begin with the same picture through a network whose norms, and nothing else, are in training or not.

    Args:
        network: left as it is.
        paths: of its norm layers.
        batches: the picture and its mates.
        alone: the picture alone.

    Returns:
        As `batch_mates.strips`, a strip of `STRIPS` each; the answers are numbers of outputs.

    Raises:
        ValueError: it does not take a batch, or does not give a row of at least two numbers for each picture.
    """
    own, rows = int(_first(_with_norms_in(MODES[1], network, paths), alone).argmax()), []
    for (strip, norm), mode in zip(STRIPS.items(), MODES):
        copy = _with_norms_in(mode, network, paths)
        for number, batch in enumerate(batches, start=1):
            given = _first(copy, batch)
            answer = {"own": f"output {own}", "probability": given[own], "answer": f"output {given.argmax()}"}
            rows.append({"strip": strip, "norm": norm, "batch": number, **answer, "same": bool(given.argmax() == own)})
    return pd.DataFrame(rows)


def _with_norms_in(mode: str, network: nn.Module, paths: list[str]) -> nn.Module:
    """Returns a copy of its own for each mode: training moves the running statistics."""
    copy = again.copied(network, share=True)
    copy.eval()
    for path in paths:
        copy.get_submodule(path).train(mode == MODES[0])
    return copy


def _first(network: nn.Module, batch: torch.Tensor) -> np.ndarray:
    """Returns the first picture's probabilities: what the network gives where these are that already, else its softmax."""
    given = again.first_real(walk.run(network, batch))
    if given is None or given.ndim < 2 or len(given) != len(batch) or given[0].numel() < 2:
        raise ValueError("a network must give a row of numbers for each picture, of which the largest is its answer")
    row = given[0].flatten().double().numpy()
    is_share = row.min() >= 0 and abs(row.sum() - 1) < ROUNDED
    return row if is_share else evaluation.probabilities(row)


def sentence(found: pd.DataFrame, size: int) -> str:
    """States what the batches did to the answer, out of `batch_mates.spreads`."""
    training, rest = (found.iloc[place] for place in range(2))
    return (
        f"In {BATCHES} batches of {size}, with its norms in training the network gives “{training['own']}” anything from "
        f"{training['lowest']:.1%} to {training['highest']:.1%}: a spread of {batch_mates.written(training['spread'])}. In "
        f"evaluation the spread is {batch_mates.written(rest['spread'])}."
    )


def by_depth(network: nn.Module, example: torch.Tensor, paths: list[str]) -> pd.DataFrame:
    """Follows pictures through a network: layer (from 1, as they are met), path, and of what each norm received and gave mean and std.

    Returns:
        layer, path, mean_received, std_received, mean_given, std_given; a layer that is met twice has two rows.
    """
    rows = []

    def note(path: str, _layer: nn.Module, _arguments, before: torch.Tensor, after: torch.Tensor) -> None:
        row = {"layer": len(rows) + 1, "path": path}
        for side, seen in (("received", before), ("given", after)):
            row |= {f"mean_{side}": float(seen.mean()), f"std_{side}": float(seen.std(correction=0))}
        rows.append(row)

    values.along(network, example, paths, note)
    return pd.DataFrame(rows)


def depth_lines(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the standard deviations of `by_depth` as lines for `charts.curves.lines`; what was received is dashed."""
    sides = {"received": True, "given": False}
    lines = [
        pd.DataFrame({"norm": "none", "source": dashed, "x": table["layer"], "value": table[f"std_{side}"], "label": side})
        for side, dashed in sides.items()
    ]
    return pd.concat(lines, ignore_index=True)
