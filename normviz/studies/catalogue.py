"""Which runs make up a study, and the rows that one of them gives."""

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import pandas as pd
import torch

from normviz.pictures import dataset
from normviz.pictures.choices import Choices
from normviz.studies import measurements
from normviz.studies.measurements import Measurement
from normviz.training import loop, memory, runs
from normviz.training.plans import Plan, Recipe, recipe_of, source_recipe
from normviz.words import questions

SEEDS = 5
FEWER_SEEDS = 3
BATCH_SIZE_EPOCHS = 2  # an epoch of batch size 2 costs four of batch size 128; the study has 54 runs
BATCH_SIZES = (2, 4, 8, 16, 32, 128)
COMPARED = ("batch", "group", "layer")
RATE_EPOCHS = 1  # the study has 192 runs
RATES = {  # tried by each optimizer, the usual one of each among them
    "sgd": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0),
    "adamw": (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
}
SORTED = {"epochs": 1, "batch_size": 16, "learning_rate": 0.0005, "schedule": "constant"}
ONE_GROUP = ("layer", "layer_elementwise", "layer_place")  # norms for which a picture's channels are not divided
MAY_DIVERGE = ("rates",)  # studies in which a run whose loss is not finite any more is a finding
Named = tuple[tuple[str, str], ...]  # pictures: "train" and "test", or "test" alone, each with its fingerprint


@dataclass(frozen=True)
class Study:
    """A set of runs that answers one question.

    Attributes:
        name: one of `evidence.NAMES`, and the name of its files.
        plans: the runs, in the order in which they are begun: trainings, or measurements of shipped networks.
    """

    name: str
    plans: tuple[Plan | Measurement, ...]

    @property
    def split(self) -> str:
        """The split whose fingerprint its rows carry."""
        return "test" if isinstance(self.plans[0], Measurement) else "train"

    @property
    def needed_splits(self) -> tuple[str, ...]:
        """The splits that its runs read: every training also measures the test split."""
        return tuple(dict.fromkeys((self.split, "test")))


def study(name: str) -> Study:
    """Returns one of the studies of `evidence.NAMES`; a run that two models share is in it once."""
    if name in PLANS:
        return Study(name, tuple(dict.fromkeys(plan.shared() for plan in PLANS[name]())))
    return Study(name, tuple(Measurement(name, *network) for network in measurements.networks_of(name)))


def _seeds() -> Iterator[Plan]:
    for seed in range(SEEDS):
        yield from (Plan("controlled", norm, seed) for norm in (*COMPARED, "instance", "none"))
        yield from (Plan("published", norm, seed) for norm in COMPARED)


def _gap() -> Iterator[Plan]:
    for seed in range(FEWER_SEEDS):
        yield from (Plan("published", norm, seed, source_recipe(norm)) for norm in COMPARED)
        yield from (Plan("published", norm, seed) for norm in COMPARED)
        yield Plan("controlled", "layer_elementwise", seed)
        yield from (Plan("controlled", norm, seed) for norm in ("group", "layer"))


def _batch_size() -> Iterator[Plan]:
    for seed in range(FEWER_SEEDS):
        for size in BATCH_SIZES:
            recipe = Recipe(BATCH_SIZE_EPOCHS, size, learning_rate=Recipe.learning_rate * size / Recipe.batch_size)
            yield from (Plan("controlled", norm, seed, recipe) for norm in COMPARED)


def _groups() -> Iterator[Plan]:
    for seed in range(FEWER_SEEDS):
        yield Plan("controlled", "layer", seed)  # one group
        yield from (Plan("controlled", "group", seed, groups=groups) for groups in (2, 4, 8))
        yield Plan("controlled", "instance", seed)  # one group a channel


def _budget() -> Iterator[Plan]:
    for seed in range(SEEDS):
        yield from (Plan("budget", norm, seed, recipe_of("budget")) for norm in COMPARED)


def _rates() -> Iterator[Plan]:
    for seed in range(FEWER_SEEDS):
        for optimizer, rates in RATES.items():
            for rate in rates:
                recipe = Recipe(RATE_EPOCHS, learning_rate=rate, optimizer=optimizer)
                yield from (Plan("controlled", norm, seed, recipe) for norm in (*COMPARED, "none"))


def _layer_norms() -> Iterator[Plan]:
    for seed in range(FEWER_SEEDS):
        yield from (Plan("controlled", norm, seed) for norm in ("layer", "layer_elementwise", "layer_place"))


def _sorted() -> Iterator[Plan]:
    for seed in range(FEWER_SEEDS):
        for order in questions.ORDERS:
            yield from (Plan("controlled", norm, seed, Recipe(**SORTED, order=order)) for norm in COMPARED)


def _affine() -> Iterator[Plan]:
    for seed in range(FEWER_SEEDS):
        for trained in ("norms", "all"):
            yield from (Plan("controlled", norm, seed, Recipe(trained=trained)) for norm in COMPARED)


def _weight_standardization() -> Iterator[Plan]:
    for seed in range(FEWER_SEEDS):
        for standardized in (True, False):
            yield from (Plan("controlled", norm, seed, weight_standardization=standardized) for norm in (*COMPARED, "none"))


def _networks() -> Iterator[Plan]:
    for seed in range(SEEDS):
        for network in ("controlled", "resnet", "budget"):
            yield from (Plan(network, norm, seed, recipe_of(network)) for norm in COMPARED)


PLANS = {
    "seeds": _seeds,
    "gap": _gap,
    "batch-size": _batch_size,
    "groups": _groups,
    "budget": _budget,
    "networks": _networks,
    "rates": _rates,
    "layer-norms": _layer_norms,
    "sorted": _sorted,
    "affine": _affine,
    "weight-standardization": _weight_standardization,
}


def expected_seconds(plan: Plan | Measurement) -> float:
    """Returns roughly what a run costs on one core of a small server; used for the time left, where ratios matter."""
    if isinstance(plan, Measurement):
        return {"shift": 180, "sorted-shift": 60}.get(plan.kind, 240) if plan.norm == "batch" else 60
    narrow = plan.study == "published" and plan.norm != "batch"
    pictures = 90 if plan.study == "budget" else 20 if narrow else 38
    return plan.recipe.epochs * (pictures + 270 / plan.recipe.batch_size)


def share_done(plan: Plan | Measurement, root: Path) -> float:
    """Returns how much of an unfinished run is on disk, 0 to 1; a measurement is there whole or not at all."""
    return 0.0 if isinstance(plan, Measurement) else loop.finished_epochs(plan, root) / plan.recipe.epochs


def carry_out(
    plan: Plan | Measurement, name: str, folder: str, pictures: Named, root: Path, device: str, chosen: Choices | None = None
) -> pd.DataFrame | str:
    """Does one run of a study in this process, on one thread; a training goes on where it was interrupted.

    Args:
        plan: the run.
        name: of the study.
        folder: the data folder, as seen by this process.
        pictures: what it must hold.
        root: where this run alone keeps its progress and, when it is finished, its files.
        device: "auto", "cpu" or "cuda".
        chosen: how own data are read.

    Returns:
        The rows of the run, or, so that one failing run stops no other, what went wrong.
    """
    torch.set_num_threads(1)
    memory.keep_freed_memory()
    try:
        if isinstance(plan, Measurement):
            return _measured(plan, *_splits(folder, pictures, chosen))
        splits = _splits(folder, pictures, chosen)
        run = _finished(plan, root, *(split.fingerprint for split in splits))
        return rows(name, plan, run or loop.train(plan, *splits, root, device, _stop_when_orphaned()))
    except loop.Diverged as error:
        return _diverged(name, plan, pictures, device) if name in MAY_DIVERGE else f"Diverged: {error}"
    except Exception as error:  # whatever it is, it is reported at the end of the study
        return f"{type(error).__name__}: {error}"


def _stop_when_orphaned() -> Callable[[loop.Step], None]:
    """Returns a report that ends a worker's run when the process that asked for it is gone: another may have taken it up."""
    parent = multiprocessing.parent_process()

    def check(step: loop.Step) -> None:
        if parent and os.getppid() != parent.pid:
            raise RuntimeError("the process that asked for this run is gone")

    return check


def _finished(plan: Plan, root: Path, training: str, test: str) -> runs.Run | None:
    """Returns the finished run of a folder, if there is one and it is of these pictures, which are named by fingerprint."""
    try:
        run = runs.load(plan.study, plan.norm, root)
    except runs.RunError:
        return None
    return run if (run.info["data"]["train_fingerprint"], run.info["data"]["test_fingerprint"]) == (training, test) else None


@lru_cache(maxsize=1)
def _splits(folder: str, pictures: Named, chosen: Choices | None) -> tuple[dataset.Split, ...]:
    """Loads what a study began with, once a process; a worker may outlive a study, and meet other pictures in the same folder."""
    splits = tuple(dataset.load_split(part, folder, chosen) for part, _ in pictures)
    for (part, begun), split in zip(pictures, splits, strict=True):
        if split.fingerprint != begun:
            raise dataset.DataError(
                f"{part} pictures must stay those that the study began with: {folder} (fingerprint {begun[:12]}, now "
                f"{split.fingerprint[:12]}); put them back, or begin it anew with another --out"
            )
    return splits


def rows(name: str, plan: Plan, run: runs.Run) -> pd.DataFrame:
    """Returns the rows of a finished run, one an epoch; see `evidence.load`."""
    return run.history.assign(**_about(name, plan, run.info), plan=plan.digest)


def _diverged(name: str, plan: Plan, pictures: Named, device: str) -> pd.DataFrame:
    """Returns the row of a run whose loss is not finite any more: a last epoch without figures."""
    here = {
        "torch": torch.__version__,
        "device": loop.device_name(loop.device_of(device)),
        "wall_seconds": 0.0,
        "data": {f"{part}_fingerprint": fingerprint for part, fingerprint in pictures},
    }
    return pd.DataFrame({"epoch": [plan.recipe.epochs]}).assign(**_about(name, plan, here), plan=plan.digest)


def _about(name: str, plan: Plan, info: dict) -> dict:
    return {
        "study": name,
        "network": plan.study,
        "norm": plan.norm,
        "groups": _groups_of(plan),
        "batch_size": plan.recipe.batch_size,
        "seed": plan.seed,
        "recipe": "source" if plan.recipe.schedule == "plateau" else "repaired",
        "settings": json.dumps(asdict(plan.recipe)),
        "weight_standardization": plan.weight_standardization,
        "epochs": plan.recipe.epochs,
        "torch": info["torch"],
        "device": info["device"],
        "wall_seconds": info["wall_seconds"],
        "data": info["data"]["train_fingerprint"],
        "test_data": info["data"]["test_fingerprint"],
    }


def _measured(what: Measurement, test: dataset.Split) -> pd.DataFrame:
    run, started = runs.load(what.study, what.norm), time.monotonic()
    table = measurements.measure(what, test)
    about = _about(what.kind, _plan_of(run), run.info)
    seconds = round(time.monotonic() - started, 1)
    here = {"torch": torch.__version__, "device": "CPU", "wall_seconds": seconds}
    here |= dict.fromkeys(("data", "test_data"), test.fingerprint)
    return table.assign(**about | here, plan=what.digest)


def _plan_of(run: runs.Run) -> Plan:
    info = run.info
    return Plan(info["study"], run.norm, info["seed"], Recipe(**info["recipe"]), info["architecture"]["groups"])


def _groups_of(plan: Plan) -> str:
    if plan.study == "published" and plan.norm == "group":
        return "1"
    return {"group": str(plan.groups), "instance": "C", **dict.fromkeys(ONE_GROUP, "1")}.get(plan.norm, "")


def shipped(plan: Plan | Measurement, name: str, training: str, test: str) -> pd.DataFrame | None:
    """Returns the rows of the shipped run if it is exactly this plan on exactly these pictures, named by fingerprint."""
    run = None if isinstance(plan, Measurement) else _finished(plan, runs.CHECKPOINTS, training, test)
    return rows(name, plan, run) if run and _plan_of(run) == plan else None
