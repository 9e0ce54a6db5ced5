"""What came out of a run: its lines, the last accuracies, the verdict in the words of Evidence, the answer to the guess."""

import pandas as pd

from normviz.lab.presets import PRESETS
from normviz.lab.setup import Setup
from normviz.lab.store import About
from normviz.model.norms import NORMS
from normviz.studies import evidence

MOST_POINTS = 150  # a line; more cannot be told apart
COLUMNS = ["series", "norm", "x", "mean", "low", "high", "dashed"]


def lines(points: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Returns a measured quantity as lines by pictures seen, mean and range over seeds.

    Args:
        points: `LabRun.table`.
        quantity: a column of it; "accuracy" brings batch norm's own-statistics accuracy along, dashed.

    Returns:
        series, norm, x (pictures seen), mean, low, high, dashed; no row before the first point.
    """
    wanted = {quantity: False} | ({"batch_accuracy": True} if quantity == "accuracy" else {})
    tables = [_line(points, column, dashed) for column, dashed in wanted.items() if column in points]
    table = pd.concat([pd.DataFrame(columns=COLUMNS), *tables], ignore_index=True)
    return table.astype({"x": float, "mean": float, "low": float, "high": float, "dashed": bool})


def _line(points: pd.DataFrame, column: str, dashed: bool) -> pd.DataFrame:
    known = points.dropna(subset=[column]).assign(value=lambda rows: rows[column].astype(float))
    by = known.groupby(["norm", "pictures"], sort=False)["value"].agg(mean="mean", low="min", high="max").reset_index()
    series = by["norm"] + (", its batch" if dashed else "")
    return by.rename(columns={"pictures": "x"}).assign(series=series, dashed=dashed).loc[_drawn(by), COLUMNS]


def _drawn(by: pd.DataFrame) -> pd.Series:
    """Returns which points of each norm's line are drawn: evenly spread ones, and the last."""
    lines = by.groupby("norm", sort=False)
    place, points = lines.cumcount(), lines["norm"].transform("size")
    return (place % -(-points // MOST_POINTS) == 0) | (place == points - 1)


def changes(points: pd.DataFrame, rates: tuple[tuple[int, float], ...]) -> pd.DataFrame:
    """Returns where the learning rate was changed: x (pictures seen at the first point from then on), text."""
    rows = []
    for since, rate in rates:
        later = points.loc[points["step"] >= since, "pictures"] if len(points) else points
        if len(later):
            rows.append({"x": later.min(), "text": f"rate {rate:.3g}"})
    return pd.DataFrame(rows, columns=["x", "text"])


def stray(points: pd.DataFrame) -> pd.DataFrame:
    """Returns how far the last batch's mean lay from the running one: layer (from 1), value (running standard deviations)."""
    known = points.dropna(subset=["stray"]) if "stray" in points else points.iloc[:0]
    values = known["stray"].iloc[-1] if len(known) else []
    return pd.DataFrame({"layer": range(1, len(values) + 1), "value": pd.Series(values, dtype=float)})


def last(points: pd.DataFrame) -> pd.DataFrame:
    """Returns the last point of each training: norm, seed, accuracy, batch_accuracy, loss, step."""
    return points.dropna(subset=["accuracy"]).groupby("column", sort=False).last().reset_index()


def last_by_norm(points: pd.DataFrame) -> dict[str, float]:
    """Returns the last test accuracy (a fraction, mean over seeds) of each norm."""
    return last(points).groupby("norm", sort=False)["accuracy"].mean().to_dict()


def verdict(points: pd.DataFrame) -> list[str]:
    """States which norm leads and what its lead over each other is worth: paired by seed, with the 95% interval."""
    by_seed = last(points).pivot(index="seed", columns="norm", values="accuracy")
    order = by_seed.mean().sort_values(ascending=False).index
    leader = order[0]
    return [
        evidence.conclusion(
            NORMS[leader].label, _lower(NORMS[other].label), evidence.difference(by_seed[leader], by_seed[other])
        )
        for other in order[1:]
    ]


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def answer(about: About, points: pd.DataFrame) -> str:
    """Says what became of the guess; empty where there was none."""
    found = last_by_norm(points)
    order = sorted(found, key=found.get, reverse=True)
    said = []
    for word, guess, truth in (("best", about.best, order[0]), ("worst", about.worst, order[-1])):
        if guess in found:
            end = "it is" if found[guess] == found[truth] else f"it is {_lower(NORMS[truth].label)} ({found[truth]:.1%})"
            said.append(f"You said {_lower(NORMS[guess].label)} would be {word} ({found[guess]:.1%}): in this run {end}.")
    return " ".join(said)


def numbers(points: pd.DataFrame, setup: Setup) -> str:
    """Says where each norm stands, for the line beside the charts."""
    said = []
    for row in last(points).groupby("norm", sort=False)[["accuracy", "batch_accuracy"]].mean().itertuples():
        own = "" if pd.isna(row.batch_accuracy) else f" ({row.batch_accuracy:.1%} with its batch's statistics)"
        said.append(f"**{NORMS[row.Index].label}** {row.accuracy:.1%}{own}")
    step, pictures = int(points["step"].max()), int(points["pictures"].max())
    return f"Step {step:,} of {setup.steps:,}, {pictures:,} pictures seen. Test accuracy: {'; '.join(said)}."


def diverged(points: pd.DataFrame) -> list[str]:
    """Returns a sentence for each training that ended because its loss was not finite any more."""
    if "diverged" not in points:
        return []
    rows = points.dropna(subset=["diverged"])
    return [f"{NORMS[row.norm].label} diverged after step {row.step:,} (seed {row.seed})." for row in rows.itertuples()]


def rehearsed(about: About, points: pd.DataFrame) -> str:
    """Says whether a demo's effect showed in its rehearsal, and how long the whole demo takes."""
    preset = PRESETS[about.preset]
    seconds = points["seconds"].max() * preset.setup.steps / max(1, points["step"].max())
    takes = f"The whole demo takes about {seconds:.0f} s here."
    if preset.effect is None:
        return f"This demo promises no effect in its time. {takes}"
    shows = preset.effect(last_by_norm(points))
    return f"{'The effect shows here.' if shows else 'The effect does not show here in so few steps.'} {takes}"
