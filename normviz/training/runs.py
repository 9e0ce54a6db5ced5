"""A finished run on disk: weights as safetensors, everything else readable; nothing is ever unpickled. No PyTorch here."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors

from normviz import disk
from normviz.words.classes import CLASS_NAMES

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
SHARED_RUNS = {("published", "batch"): ("controlled", "batch")}  # one and the same network, trained once
FILES = ("weights.safetensors", "history.csv", "predictions.parquet", "layer_stats.parquet")
PARTS = {  # of run.json that are records themselves: keys that every one has
    "architecture": ("norm",),
    "recipe": (),
    "data": ("train_fingerprint", "test_fingerprint"),
    "final": ("accuracy", "low", "high"),
    "files": (),
}
LISTS = ("classes", "mean", "std")  # of the architecture, where it has them
REQUIRED = ("study", "norm", "architecture", "recipe", "seed", "torch", "data", "final", "parameters", "files")


class RunError(ValueError):
    """A run that is missing, damaged or foreign; the message names the file and says how to rebuild it."""


@dataclass(frozen=True)
class Run:
    """A finished run, verified.

    Attributes:
        study: the study it was loaded for.
        info: the content of run.json.
        contents: the bytes of each of `FILES`, whose digests were checked.
    """

    study: str
    info: dict
    contents: dict[str, bytes]

    @property
    def norm(self) -> str:
        return self.info["norm"]

    @property
    def classes(self) -> tuple[str, ...]:
        """What its answers are called; runs of before there was a choice know CIFAR-10's."""
        return tuple(self.info["architecture"].get("classes", CLASS_NAMES))

    @property
    def is_own(self) -> bool:
        """Whether it was trained on own data."""
        return "resize" in self.info["data"]

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row an epoch: epoch, train and test loss and accuracy (fractions), learning_rate."""
        return pd.read_csv(BytesIO(self.contents["history.csv"]))

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """One row a test picture: index, label, and the logit of each class."""
        return pd.read_parquet(BytesIO(self.contents["predictions.parquet"]))

    @cached_property
    def layer_stats(self) -> pd.DataFrame:
        """One row an epoch, norm layer and channel; see `layer_statistics.by_channel`."""
        return pd.read_parquet(BytesIO(self.contents["layer_stats.parquet"]))

    @property
    def weights(self) -> dict[str, np.ndarray]:
        return load_safetensors(self.contents["weights.safetensors"])


def folder_of(study: str, norm: str, root: Path = CHECKPOINTS) -> Path:
    """Returns the folder of a model's run; the batch network of both studies is one run."""
    study, norm = SHARED_RUNS.get((study, norm), (study, norm))
    return Path(root) / study / norm


def load(study: str, norm: str, root: Path = CHECKPOINTS) -> Run:
    """Reads a run and verifies every file of it.

    Raises:
        RunError: a file is missing, damaged, truncated, or belongs to another run.
    """
    folder = folder_of(study, norm, root)
    info = _read_info(folder, study, norm)
    contents = {name: _read_verified(folder / name, info["files"].get(name)) for name in FILES}
    run = Run(study, info, contents)
    _check_readable(run, folder)
    return run


def _read_info(folder: Path, study: str, norm: str) -> dict:
    file = folder / "run.json"
    try:
        info = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{file} cannot be read ({error}); {_rebuild(folder)}") from error
    missing = _missing_of(info)
    if missing:
        raise RunError(f"{file} is not a run of this project (no {', '.join(missing)}); {_rebuild(folder)}")
    owner = SHARED_RUNS.get((study, norm), (study, norm))
    if (info["study"], info["norm"]) != owner:
        raise RunError(f"{file} describes {info['study']} {info['norm']}, not {' '.join(owner)}; {_rebuild(folder)}")
    return info


def _missing_of(info: object) -> list[str]:
    """Returns what a run.json lacks, or has of another kind than a run."""
    if not isinstance(info, dict):
        return list(REQUIRED)
    missing = [key for key in REQUIRED if key not in info]
    for key, needed in PARTS.items():
        part = info.get(key, dict.fromkeys(needed))
        missing += [f"{key}.{name}" for name in needed if name not in part] if isinstance(part, dict) else [key]
    described = info.get("architecture")
    lists = [name for name in LISTS if isinstance(described, dict) and not isinstance(described.get(name, []), list)]
    return missing + [f"architecture.{name}" for name in lists]


def _read_verified(file: Path, digest: str | None) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise RunError(f"{file} cannot be read ({error}); {_rebuild(file.parent)}") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise RunError(
            f"{file} is damaged, truncated or from another run: its SHA-256 is not the one in run.json; {_rebuild(file.parent)}"
        )
    return content


def _check_readable(run: Run, folder: Path) -> None:
    try:
        for name in ("history", "predictions", "layer_stats", "weights"):
            getattr(run, name)
    except (ValueError, OSError, SafetensorError) as error:
        raise RunError(f"{folder} holds a file that cannot be read ({error}); {_rebuild(folder)}") from error


def _rebuild(folder: Path) -> str:
    """Says how the run of a folder, of `folder_of`, is made anew in its place."""
    root, study, norm = folder.parents[1], folder.parent.name, folder.name
    there = "" if root.resolve() == CHECKPOINTS.resolve() else f" --out {root}"
    return f"rebuild it with: python -m normviz train --study {study} --norm {norm} --replace --data DIR{there}"


def save(info: dict, contents: dict[str, bytes], folder: Path) -> None:
    """Puts a whole run in place at once: written beside `folder`, then exchanged for what stands there.

    Args:
        info: run.json without `files`; the digests are added here.
        contents: the bytes of each of `FILES`.
        folder: the run's folder, which no other process writes; an older run there is replaced only when the new one is whole.
    """
    folder = Path(folder)
    fresh, old = (folder.with_name(f".{folder.name}.{state}") for state in ("new", "old"))
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in FILES:
        disk.write_whole(fresh / name, contents[name])
    digests = {name: hashlib.sha256(contents[name]).hexdigest() for name in FILES}
    disk.write_whole(fresh / "run.json", json.dumps({**info, "files": digests}, indent=2).encode() + b"\n")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(fresh, folder)
    shutil.rmtree(old, ignore_errors=True)


def final_figures(run: Run) -> dict[str, float]:
    """Returns a run's test accuracy after its last epoch and its 95% interval: accuracy, low, high (fractions)."""
    return {key: run.info["final"][key] for key in ("accuracy", "low", "high")}


def history_column(history: pd.DataFrame, column: str) -> pd.Series:
    """Returns a column of a history, or "gap": training minus test accuracy."""
    return history["train_accuracy"] - history["test_accuracy"] if column == "gap" else history[column]


def parquet(table: pd.DataFrame) -> bytes:
    """Returns a table as the bytes of a Parquet file."""
    return table.to_parquet(None, index=False, compression="zstd")
