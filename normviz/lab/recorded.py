"""Recorded runs of the demos, for a room where nothing may go wrong."""

import json
import platform
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import pandas as pd

from normviz.disk import write_whole
from normviz.lab.setup import Setup, from_dict
from normviz.lab.store import About, LabRun

FOLDER = Path(__file__).parent / "recordings"


@dataclass(frozen=True)
class Recording:
    """A run as it went.

    Attributes:
        setup: what was trained.
        about: its name and demo.
        points: as `LabRun.table`, with seconds since the start.
        recorded_on: the day.
        machine: on what.
    """

    setup: Setup
    about: About
    points: pd.DataFrame
    recorded_on: str
    machine: str

    @property
    def seconds(self) -> float:
        return float(self.points["seconds"].max())

    def until(self, seconds: float) -> pd.DataFrame:
        """Returns the points of the first so many seconds."""
        return self.points[self.points["seconds"] <= seconds]

    def next_point(self, seconds: float) -> float:
        """Returns when the point after this second was measured; the last one's second after the end."""
        later = self.points.loc[self.points["seconds"] > seconds, "seconds"]
        return float(later.min()) if len(later) else self.seconds


def demos() -> list[str]:
    """Returns the demos that have a recording."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


@cache
def load(demo: str) -> Recording:
    """Returns the recording of a demo.

    Raises:
        ValueError: there is none.
    """
    file = FOLDER / f"{demo}.json"
    if not file.exists():
        raise ValueError(f"no recording of this demo: {demo!r}; there are {', '.join(demos())}")
    stored = json.loads(file.read_text(encoding="utf-8"))
    about = About(**stored["about"])
    return Recording(from_dict(stored["setup"]), about, pd.DataFrame(stored["points"]), about.created[:10], stored["machine"])


def record(run: LabRun, demo: str) -> Path:
    """Keeps a finished run as the recording of a demo."""
    about = replace(run.about(), visit="", preset=demo, best="", worst="")
    stored = {"about": asdict(about), "setup": asdict(run.setup()), "machine": _machine(), "points": run.points()}
    file = FOLDER / f"{demo}.json"
    write_whole(file, json.dumps(_rounded(stored)).encode())
    return file


def _machine() -> str:
    return f"{platform.machine()}, one core a worker"


def _rounded(value):
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, (list, tuple)) else value
