"""A run of the lab on disk: the engine writes how far it is, pages write what is wanted; both only read the other's files.

setup.json    what was chosen, guessed and called; written once
wanted.json   by pages: run, pause or stop; single steps granted; changes of the learning rate
state.json    by the engine: queued, running, paused, done, stopped or failed, and why
points.jsonl  by the engine: one line a training and point, only ever added to
round/        by the engine: each training as it stood after the last round
saved/        the same at earlier steps; exported/ finished runs made of them
looked        touched by every page that shows the run
"""

import json
import os
import re
import secrets
import shutil
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pandas as pd
from filelock import FileLock

from normviz.disk import write_whole
from normviz.lab.setup import Setup, from_dict
from normviz.pictures.choices import Choices, choices

ACTIVE = ("queued", "running", "paused")
OVER = ("done", "stopped", "failed")
KEPT_DAYS = 14
MOST_BYTES = 5_000_000_000  # of all runs
IN_USE_SECONDS = 3600  # since the last look, in which a run is not deleted for its size
_KEY = re.compile("[0-9]{8}-[0-9]{6}-[0-9]{6}-[0-9a-f]{6}")


@dataclass(frozen=True)
class Wanted:
    """What a page asks of a run.

    Attributes:
        do: "run", "pause" or "stop".
        granted: single steps asked for while paused, in all.
        rates: learning rates, each with the number of steps from which it holds.
    """

    do: str = "run"
    granted: int = 0
    rates: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class State:
    """How far a run is.

    Attributes:
        name: one of `ACTIVE` or `OVER`.
        why: of a run that is over, or of what just happened to its workers.
        step: steps that every training has taken.
        place: in the queue, from 1; 0 when it is not waiting.
        seconds_left: expected, None where it is not known yet.
        trained_seconds: since it first ran.
        exported: step whose finished runs lie in exported/.
    """

    name: str = "queued"
    why: str = ""
    step: int = 0
    place: int = 0
    seconds_left: float | None = None
    trained_seconds: float = 0.0
    exported: int | None = None


@dataclass(frozen=True)
class About:
    """What a page knows of a run when it starts it: its name, the visit it belongs to, and what was predicted."""

    name: str
    visit: str
    preset: str = ""
    best: str = ""
    worst: str = ""
    rehearsal: bool = False
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


@dataclass(frozen=True)
class LabRun:
    """A run's folder."""

    folder: Path

    @property
    def key(self) -> str:
        return self.folder.name

    def setup(self) -> Setup:
        return from_dict(_read(self.folder / "setup.json")["setup"])

    def about(self) -> About:
        return About(**_read(self.folder / "setup.json")["about"])

    def choices(self) -> Choices:
        """Returns which pictures the server had at which the run was begun; where it does not say, those of this one."""
        stored = _read(self.folder / "setup.json").get("choices")
        return Choices(**stored) if stored else choices()

    def rename(self, name: str) -> None:
        stored = _read(self.folder / "setup.json")
        _write(self.folder / "setup.json", stored | {"about": stored["about"] | {"name": name.strip()[:80] or "A run"}})

    def wanted(self) -> Wanted:
        values = _read(self.folder / "wanted.json")
        return Wanted(**values | {"rates": tuple(tuple(rate) for rate in values["rates"])}) if values else Wanted()

    def want(self, **changes) -> None:
        """Changes what is asked of the run, and leaves the rest; two pages may do so at once."""
        with FileLock(self.folder / "wanted.lock"):
            _write(self.folder / "wanted.json", asdict(self.wanted()) | changes)

    def state(self) -> State:
        return State(**_read(self.folder / "state.json"))

    def report(self, **changes) -> State:
        """Changes how far the run is, and leaves the rest; for the engine alone."""
        values = asdict(self.state()) | changes
        _write(self.folder / "state.json", values)
        return State(**values)

    def points(self) -> list[dict]:
        """Returns every point in order; what was measured twice, around a restart, as it was the later time."""
        return list(_points(*self._written()))

    def table(self) -> pd.DataFrame:
        """Returns `points` as a table: column, norm, seed, and what `slices.carry_out` measures."""
        return _table(*self._written()).copy()

    def _written(self) -> tuple[Path, int]:
        file = self.folder / "points.jsonl"
        return file, file.stat().st_size if file.exists() else 0

    def add(self, points: list[dict]) -> None:
        with open(self.folder / "points.jsonl", "a", encoding="utf-8") as file:
            file.write("".join(json.dumps(point) + "\n" for point in points))

    def keep_round(self, packed: dict[str, bytes], step: int, save: bool) -> None:
        """Puts every training, as it stands after a round, in the place of the round before."""
        fresh, last = self.folder / "round.new", self.folder / "round"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        for column, content in packed.items():
            (fresh / f"{column}.safetensors").write_bytes(content)
        (fresh / "step").write_text(str(step))
        shutil.rmtree(last, ignore_errors=True)
        os.replace(fresh, last)
        if save:
            shutil.copytree(last, self.folder / "saved" / str(step), dirs_exist_ok=True)

    def last_round(self) -> tuple[int, dict[str, bytes]]:
        """Returns the step of the last whole round and every training as it stood there; 0 and none before the first."""
        for folder in (self.folder / "round", self.folder / "round.new"):
            if (folder / "step").exists():
                return _read_round(folder)
        return 0, {}

    def saved_steps(self) -> list[int]:
        return sorted(int(path.name) for path in (self.folder / "saved").glob("*"))

    def saved_round(self, step: int) -> dict[str, bytes]:
        return _read_round(self.folder / "saved" / str(step))[1]

    def exported(self, step: int) -> Path:
        """Returns the folder that holds finished runs of the trainings as they stood at a step."""
        return self.folder / "exported" / str(step)

    def look(self) -> None:
        """Notes that somebody looks at the run."""
        (self.folder / "looked").touch()

    def seconds_unseen(self) -> float:
        try:
            return time.time() - (self.folder / "looked").stat().st_mtime
        except FileNotFoundError:
            return time.time() - self.folder.stat().st_mtime


@lru_cache(maxsize=32)
def _points(file: Path, size: int) -> tuple[dict, ...]:
    """Returns the points of a file of this size: it only grows, and everybody who watches a run asks every second."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines() if size else ():
        try:
            point = json.loads(line)
        except ValueError:
            continue  # cut off by a crash
        found.setdefault((point["column"], point["step"]), {}).update(point)
    return tuple(found.values())


@lru_cache(maxsize=32)
def _table(file: Path, size: int) -> pd.DataFrame:
    return pd.DataFrame(_points(file, size))


def _read_round(folder: Path) -> tuple[int, dict[str, bytes]]:
    packed = {path.stem: path.read_bytes() for path in folder.glob("*.safetensors")}
    return int((folder / "step").read_text()), packed


def _read(file: Path) -> dict:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def _write(file: Path, values: dict) -> None:
    write_whole(file, json.dumps(values).encode())


def create(root: Path, setup: Setup, about: About) -> LabRun:
    """Makes the folder of a new run, which waits in the queue as soon as it is there."""
    run = LabRun(Path(root) / "runs" / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}")
    run.folder.mkdir(parents=True)
    _write(run.folder / "setup.json", {"setup": asdict(setup), "about": asdict(about), "choices": asdict(choices())})
    run.want()
    run.look()
    run.report()
    return run


def find(root: Path, key: str) -> LabRun | None:
    """Returns the run of this key, None where there is none; a key from an address is checked like a typed one."""
    folder = Path(root) / "runs" / key
    return LabRun(folder) if _KEY.fullmatch(key) and (folder / "setup.json").exists() else None


def all_runs(root: Path) -> list[LabRun]:
    """Returns every run, the oldest first."""
    return [LabRun(path.parent) for path in sorted((Path(root) / "runs").glob("*/setup.json"))]


def of_visit(root: Path, visit: str) -> list[LabRun]:
    """Returns the runs of one visit, the oldest first."""
    return [run for run in all_runs(root) if visit_of(run.folder) == visit]


@lru_cache(maxsize=10_000)
def visit_of(folder: Path) -> str:
    """Returns the visit of a run, which never changes."""
    return _read(folder / "setup.json").get("about", {}).get("visit", "")  # nothing is there where it has just been deleted


def forget_old(root: Path) -> None:
    """Deletes runs that nobody has looked at for `KEPT_DAYS`, and those longest not looked at while all are above `MOST_BYTES`."""
    left = MOST_BYTES
    for run in sorted(all_runs(root), key=LabRun.seconds_unseen):
        left -= sum(file.stat().st_size for file in run.folder.rglob("*") if file.is_file())
        unseen = run.seconds_unseen()
        if unseen > KEPT_DAYS * 86_400 or (left < 0 and unseen > IN_USE_SECONDS):
            shutil.rmtree(run.folder, ignore_errors=True)
