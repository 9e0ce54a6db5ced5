"""The studies on disk: one row a run and epoch, or a measurement; intervals and differences over seeds. No PyTorch here."""

import json
import math
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow import ArrowException
from scipy import stats

from normviz import disk
from normviz.training import runs

FOLDER = runs.CHECKPOINTS / "evidence"
NAMES = (
    "seeds",
    "networks",
    "gap",
    "batch-size",
    "rates",
    "groups",
    "layer-norms",
    "sorted",
    "affine",
    "weight-standardization",
    "budget",
    "shift",
    "sorted-shift",
    "batch-statistics",
)
REQUIRED = ("study", "network", "norm", "seed", "epochs", "plan", "device", "data")  # columns of every study
SEEDS_OF = {"controlled": "seeds", "published": "seeds", "budget": "budget"}  # which study trains its networks over seeds


class EvidenceError(ValueError):
    """A study that is missing, damaged or was run on other pictures; the message says how to run it."""


def files(name: str, root: Path = FOLDER) -> tuple[Path, Path]:
    """Returns the table and the provenance of a study: <name>.parquet and <name>.json."""
    return Path(root) / f"{name}.parquet", Path(root) / f"{name}.json"


def load(name: str, root: Path = FOLDER) -> pd.DataFrame:
    """Reads a study's table.

    Returns:
        For the studies that train: one row a run and epoch, with study, network (a key of `SEEDS_OF`), norm, groups
        (as text: a number, "C" for one a channel, or empty), batch_size, seed, recipe ("repaired" or "source"), settings
        (the whole recipe as JSON), epochs, plan (digest), torch, device, wall_seconds (of the run), data (fingerprint of
        the training pictures), test_data (of the test pictures; not in older tables), and the columns of `runs.Run.history`.
        For the studies that measure shipped networks: the same down to `test_data`, and the columns of the measurement.

    Raises:
        EvidenceError: missing or unreadable.
    """
    file = files(name, root)[0]
    try:
        table = pd.read_parquet(file)
        if missing := {*REQUIRED, *(["test_accuracy"] if "epoch" in table else [])} - set(table):
            raise ValueError(f"no column {', '.join(sorted(missing))}")
    except (OSError, ValueError, ArrowException) as error:
        first = "move it away, and " if file.exists() else ""
        raise EvidenceError(
            f"{file} cannot be read ({error}); {first}run it with: python -m normviz study {name} --data DIR"
        ) from error
    return table


def load_if_any(name: str, root: Path = FOLDER) -> pd.DataFrame:
    """Returns a study's table as far as it has come, empty where it was not begun."""
    return load(name, root) if files(name, root)[0].exists() else pd.DataFrame({"plan": [], "data": []}, dtype=str)


def begun(names: Iterable[str], root: Path = FOLDER) -> list[str]:
    """Returns those studies that have a table on disk."""
    return [name for name in names if files(name, root)[0].exists()]


def add(name: str, rows: pd.DataFrame, root: Path = FOLDER) -> pd.DataFrame:
    """Adds the rows of one finished run to a study on disk and returns the whole table.

    A new measurement of a network takes the place of an older one, of other weights.
    """
    before = load_if_any(name, root)
    if "epoch" not in rows and len(before):
        before = before[(before["network"] != rows["network"].iloc[0]) | (before["norm"] != rows["norm"].iloc[0])]
    table = pd.concat([before, rows], ignore_index=True) if len(before) else rows
    content = BytesIO()
    table.to_parquet(content, index=False, compression="zstd")
    disk.write_whole(files(name, root)[0], content.getvalue())
    disk.write_whole(files(name, root)[1], json.dumps(provenance(name, table), indent=2).encode() + b"\n")
    return table


def provenance(name: str, table: pd.DataFrame) -> dict:
    """Returns where a study's rows come from: runs, seeds, epochs, machines and pictures."""
    each = table.drop_duplicates("plan")
    return {
        "study": name,
        "command": f"python -m normviz study {name} --data DIR",
        "runs": len(each),
        "seeds": sorted(int(seed) for seed in each["seed"].unique()),
        "epochs": sorted(int(epochs) for epochs in each["epochs"].unique()),
        "torch": sorted(each["torch"].unique()),
        "device": sorted(each["device"].unique()),
        "wall_seconds": round(float(each["wall_seconds"].sum()), 1),
        "data": sorted(each["data"].unique()),
    }


MODEL = ["network", "norm", "groups", "batch_size", "recipe"]  # columns that tell the models of a study apart


def results(table: pd.DataFrame) -> pd.DataFrame:
    """Returns the last epoch of every run: one row a run of a study that trains; other tables as they are."""
    return table[table["epoch"] == table["epochs"]].reset_index(drop=True) if "epoch" in table else table


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> dict[str, float]:
    """Returns mean, low and high of Student's t interval of the mean, and count; low and high are NaN for one value, all for none."""
    values = np.asarray(values, dtype=float)
    count = len(values)
    mean = values.mean() if count else np.nan
    if count < 2:
        return {"mean": mean, "low": np.nan, "high": np.nan, "count": count}
    half = stats.t.ppf((1 + confidence) / 2, count - 1) * values.std(ddof=1) / math.sqrt(count)
    return {"mean": mean, "low": mean - half, "high": mean + half, "count": count}


def by_model(table: pd.DataFrame, column: str = "test_accuracy", by: Sequence[str] = MODEL) -> pd.DataFrame:
    """Returns one row a model: the columns of `by`, and `mean_interval` of a column over its runs."""
    rows = [
        dict(zip(by, key)) | mean_interval(group[column]) for key, group in table.groupby(list(by), sort=False, dropna=False)
    ]
    return pd.DataFrame(rows)


def by_seed(table: pd.DataFrame, network: str, norm: str, **other) -> pd.Series:
    """Returns the last accuracy of one model, by seed; the batch network of both studies is one."""
    network, norm = runs.SHARED_RUNS.get((network, norm), (network, norm))
    last = results(table)
    for column, value in {"network": network, "norm": norm, **other}.items():
        last = last[last[column] == value]
    return last.set_index("seed")["test_accuracy"].sort_index()


def difference(one: pd.Series, other: pd.Series) -> dict[str, float]:
    """Returns `mean_interval` of the differences, paired by seed: the same seed draws the same batches for both."""
    return mean_interval((one - other).dropna())


def conclusion(of: str, other: str, found: dict[str, float]) -> str:
    """States what a paired difference of accuracies allows one to say.

    Args:
        of: name of the model whose accuracy is the first term.
        other: name of the second.
        found: `difference`, as fractions.
    """
    if not found["count"]:
        return f"{of} and {other} have no seed in common."
    points = {key: 100 * found[key] for key in ("mean", "low", "high")}
    if math.isnan(points["low"]):
        return f"{of} minus {other}: {points['mean']:+.2f} points in {found['count']} seed; one seed allows no interval."
    half = points["high"] - points["mean"]
    if points["low"] <= 0 <= points["high"]:
        return (
            f"{of} minus {other}: {points['mean']:+.2f} ± {half:.2f} points. The interval includes zero: these "
            f"{found['count']} seeds do not separate them."
        )
    leader, trailer = (of, other) if points["mean"] > 0 else _turned(of, other)
    return f"{leader} leads {trailer} by {abs(points['mean']):.2f} ± {half:.2f} points; the interval excludes zero."


def _turned(of: str, other: str) -> tuple[str, str]:
    """Returns both names the other way round, the case of their first letters as a sentence wants it."""
    return other[0].upper() + other[1:], of[0].lower() + of[1:] if other[0].islower() else of


def at_once(count: int) -> float:
    """Returns how sure each of several intervals must be for all to hold at once with 95% (Bonferroni)."""
    return 1 - 0.05 / count


def together(said: Iterable[str], differences: pd.DataFrame) -> list[str]:
    """Returns what is said of several differences, each alone, and then which of them stay when all are taken together.

    Args:
        said: the sentences, as `conclusion` has them.
        differences: name and value (a fraction) of each, a row a seed.

    Returns:
        the sentences, with a last one from Bonferroni's intervals, which hold for all at once with 95%, unless there is but one
        difference, or one has fewer than two seeds.
    """
    by_name = dict(list(differences.groupby("name", sort=False)["value"]))
    count = len(by_name)
    if count < 2 or any(len(values) < 2 for values in by_name.values()):
        return [*said]
    found = {name: mean_interval(values, at_once(count)) for name, values in by_name.items()}
    apart = [name for name, each in found.items() if each["low"] > 0 or each["high"] < 0]
    last = "all of them still exclude zero" if len(apart) == count else "none of them excludes zero"
    if 0 < len(apart) < count:
        last = f"zero stays excluded only for {'; '.join(apart)}"
    chances = f"{count} comparisons are {count} chances to be misled"
    return [*said, f"{chances}: with intervals that hold for all at once (95%, Bonferroni), {last}."]
