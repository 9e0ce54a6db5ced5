"""What pages ask of the engine, through files; nothing of the cluster is imported for it."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from normviz.disk import write_whole
from normviz.lab import store
from normviz.lab.settings import Settings, settings
from normviz.lab.setup import Setup
from normviz.lab.tasks import ROUND_SECONDS, Speed
from normviz.pictures.choices import choices

ROOT = Path(__file__).parents[2]
AGAIN_SECONDS = 60


def wake(chosen: Settings) -> bool:
    """Notes that a page of the lab is looked at; returns whether the workers are up."""
    root = Path(chosen.folder)
    root.mkdir(parents=True, exist_ok=True)
    (root / "awake").touch()
    return (root / "ready").exists()


def trouble(chosen: Settings) -> str:
    """Returns why the workers could not be started; empty where they could, or where that is not known yet."""
    try:
        return (Path(chosen.folder) / "trouble").read_text(encoding="utf-8")
    except OSError:
        return ""


def start() -> subprocess.Popen:
    """Starts an engine beside this server; one that finds another at work waits for its end."""
    folder = Path(settings().folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "engine.log", "ab") as log:
        command = [sys.executable, "-m", "normviz.lab.engine", str(os.getpid())]
        return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)


def ask_speed(chosen: Settings, setup: Setup) -> None:
    """Asks for the time that a step of this set-up takes here; see `expected_seconds`."""
    _ask(chosen, f"speed-{setup.digest}", {"setup": asdict(setup), "choices": asdict(choices())})


def ask_export(chosen: Settings, run: store.LabRun, step: int) -> None:
    """Asks for finished runs of a run's trainings as they stood at a saved step."""
    _ask(chosen, f"export-{run.key}-{step}", {"run": run.key, "step": step})


def _ask(chosen: Settings, name: str, request: dict) -> None:
    write_whole(Path(chosen.folder) / "requests" / f"{name}.json", json.dumps(request).encode())


def speed_file(chosen: Settings, setup: Setup) -> Path:
    return Path(chosen.folder) / "speeds" / f"{setup.digest}.json"


def expected_seconds(chosen: Settings, setup: Setup, steps: int, seeds: int) -> float | None:
    """Returns how long a set-up takes for so many steps and seeds, out of what was measured; None before that.

    Raises:
        RuntimeError: it could not be measured; the message says why. `AGAIN_SECONDS` later it may be asked again.
    """
    file = speed_file(chosen, setup)
    try:
        answer = json.loads(file.read_text())
    except FileNotFoundError:
        return None
    if "error" in answer:
        if time.time() - file.stat().st_mtime > AGAIN_SECONDS:
            file.unlink(missing_ok=True)
        raise RuntimeError(answer["error"])
    return seconds_for([Speed(**speed) for speed in answer["speeds"]], steps, seeds, answer["workers"])


def seconds_for(speeds: list[Speed], steps: int, seeds: int, workers: int) -> float:
    """Returns how long a run takes.

    Args:
        speeds: of one training of each norm.
        steps: of each training.
        seeds: trainings of each norm.
        workers: that train side by side.
    """
    side_by_side = min(workers, len(speeds) * seeds)
    training = sum(speed.step for speed in speeds) * seeds * steps / side_by_side
    point = sum(speed.point for speed in speeds) * seeds / side_by_side
    return training + point * (2 + training / max(ROUND_SECONDS - point, ROUND_SECONDS / 2))
