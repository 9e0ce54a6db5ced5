"""What the source reported: layer tables, curves and notes, as stored in published.json."""

import json
from functools import cache
from pathlib import Path

import pandas as pd


@cache
def _source() -> dict:
    return json.loads((Path(__file__).parent / "published.json").read_text(encoding="utf-8"))


def model(norm: str) -> dict:
    """Returns the source's record of its batch, group or layer network."""
    return _source()["models"][f"{norm}_norm"]


def target() -> dict:
    """Returns the source's goal: test_accuracy (percent) and max_parameters."""
    return _source()["target"]


def notes() -> list[str]:
    """Returns what is known of how the source's three runs differ."""
    return _source()["notes"]


def layers(norm: str) -> list[dict]:
    """Returns the 38 rows of the source's layer table: index, type, output_shape, parameters."""
    return model(norm)["layers"]


def reported(norm: str) -> float:
    """Returns the test accuracy that the source reported, as a fraction."""
    return model(norm)["best_test_accuracy"] / 100


def curves(norm: str) -> pd.DataFrame:
    """Returns the source's curves: epoch (from 1), train and test accuracy (fractions), test_loss, learning_rate."""
    table = pd.DataFrame(model(norm)["curves"])
    table[["train_accuracy", "test_accuracy"]] /= 100
    table.insert(0, "epoch", range(1, len(table) + 1))
    return table
