"""What a lesson may ask about: the project's own tables, recordings and formulas, as values by name and seed. No PyTorch here."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from normviz.lab import outcome, recorded
from normviz.model import norms
from normviz.model.norms import COMPARED, NORMS, STUDIES
from normviz.studies import evidence, findings
from normviz.training import runs
from normviz.words import naming, published


@dataclass(frozen=True)
class Measured:
    """Values to compare.

    Attributes:
        values: by name, the value of each seed; accuracies are fractions.
        names: how each is called on screen.
        norms: the norm of each, for its colour.
        title: what was measured, with its source.
        unit: "%" for fractions, or what is counted.
        trained: whether each value is what a training with one seed came to, which with another may come out otherwise.
    """

    values: dict[str, pd.Series]
    names: dict[str, str]
    norms: dict[str, str]
    title: str
    unit: str = "%"
    trained: bool = False

    def means(self) -> pd.DataFrame:
        """Returns one row a value: key, name, norm, mean, low, high, count; see `evidence.mean_interval`."""
        rows = [
            {"key": key, "name": self.names[key], "norm": self.norms[key], **evidence.mean_interval(series)}
            for key, series in self.values.items()
        ]
        return pd.DataFrame(rows)

    def said(self, value: float, signed: bool = False) -> str:
        """Returns a value for reading, with its unit; differences of fractions in points."""
        if self.unit != "%":
            return f"{value:{'+' if signed else ''},.3g}" if abs(value) < 100 else f"{value:,.0f}"
        return f"{100 * value:+.1f} points" if signed else f"{value:.1%}"


def _by_norm(values: dict[str, pd.Series], names: dict[str, str], title: str, unit: str = "%") -> Measured:
    return Measured(values, names, {norm: norm for norm in values}, title, unit)


def _one(value: float) -> pd.Series:
    return pd.Series([value], index=[0], dtype=float)


def _seeds(study: str) -> Measured:
    table = evidence.load(evidence.SEEDS_OF[study])
    found = {norm: evidence.by_seed(table, study, norm) for norm in NORMS}
    values = {norm: series for norm, series in found.items() if len(series)}
    names = {norm: findings.model_name(study, norm) for norm in values}
    return _by_norm(values, names, f"test accuracy, {STUDIES[study].lower()}")


def _reported() -> Measured:
    values = {norm: _one(published.reported(norm)) for norm in COMPARED}
    return _by_norm(values, naming.MODEL_NAMES["published"], "test accuracy as the source reported it, one run each")


def _parameters(study: str) -> Measured:
    values = {norm: _one(runs.load(study, norm).info["parameters"]) for norm in COMPARED}
    return _by_norm(values, naming.MODEL_NAMES[study], "parameters", "parameters")


def _batch_size(size: str) -> Measured:
    last = evidence.results(evidence.load("batch-size"))
    rows = last[last["batch_size"] == int(size)]
    values = {norm: rows[rows["norm"] == norm].set_index("seed")["test_accuracy"].sort_index() for norm in COMPARED}
    return _by_norm(values, _labels(), f"test accuracy after training with batch size {size}")


def _demo(demo: str) -> Measured:
    last = outcome.last(recorded.load(demo).points)
    values = {norm: rows.set_index("seed")["accuracy"] for norm, rows in last.groupby("norm", sort=False)}
    title = f"test accuracy at the end of the recorded run “{demo}”"
    return Measured(values, _labels(), {norm: norm for norm in values}, title, trained=True)


def _own_statistics(size: str) -> Measured:
    table = findings.of_network(evidence.load("batch-statistics"), "controlled", "batch")
    values = {
        "running": _one(table.query("layer == 0")["accuracy"].iloc[0]),
        "own": _one(table.query(f"layer == 1 and evaluation_batch == {int(size)}")["accuracy"].iloc[0]),
    }
    names = {"running": "with running statistics", "own": f"with those of each batch of {size}"}
    return Measured(values, names, dict.fromkeys(values, "batch"), "test accuracy of the batch-norm network")


def _mates() -> Measured:
    """One picture's normalized values beside other pictures: the largest change, by norm (formulas of `norms`)."""
    draw = np.random.default_rng(0)
    picture, mates = draw.normal(size=(1, 4, 3, 3)), draw.normal(loc=2, size=(2, 3, 4, 3, 3))
    values = {}
    for norm in COMPARED:
        one, other = (norms.normalize(np.concatenate([picture, each]), norm, groups=2)[0] for each in mates)
        values[norm] = _one(float(np.abs(one - other).max()))
    title = "largest change of one picture's normalized values when its batch mates change"
    return _by_norm(values, _labels(), title, "standard deviations")


def _labels() -> dict[str, str]:
    return {key: norm.label for key, norm in NORMS.items()}


SIZES = ("2", "4", "8", "16", "32")
MEASURES: dict[str, tuple[Callable[..., Measured], tuple[str, ...]]] = {  # of what, and which ones there are; see `measured`
    "seeds": (_seeds, tuple(study for study in STUDIES if evidence.files(evidence.SEEDS_OF[study])[0].exists())),
    "reported": (_reported, ()),
    "parameters": (_parameters, tuple(STUDIES)),
    "batch size": (_batch_size, SIZES),
    "demo": (_demo, tuple(recorded.demos())),
    "own statistics": (_own_statistics, SIZES),
    "mates": (_mates, ()),
}


def known() -> list[str]:
    """Returns every text that `measured` takes."""
    return [f"{name} {which}".strip() for name, (_, several) in MEASURES.items() for which in (several or ("",))]


def measured(of: str) -> Measured:
    """Returns what a text of `known` names, such as "seeds controlled" or "batch size 2".

    Raises:
        ValueError: there is no such measure.
    """
    for name, (find, several) in MEASURES.items():
        which = of.removeprefix(name).strip()
        if of.startswith(name) and which in (several or ("",)):
            return find(which) if several else find()
    raise ValueError(f"of must be one of {', '.join(known())}: of={of!r}")
