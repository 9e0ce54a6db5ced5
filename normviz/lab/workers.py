"""The processes that train: a Dask scheduler and workers of one thread, started by command line, or somebody's cluster."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from distributed import Client

from normviz.lab.settings import Settings

ROOT = Path(__file__).parents[2]
START_SECONDS = 180
WATCH = ("--preload", "normviz.lab.watch")


@contextmanager
def client(settings: Settings):
    """Yields a client of the cluster that the settings name, or of workers on this machine that live inside the block.

    Raises:
        RuntimeError: no scheduler answers within `START_SECONDS`.
    """
    if settings.cluster:
        with Client(settings.cluster, timeout=START_SECONDS) as connected:
            yield connected
        return
    folder = Path(settings.folder)
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    started = []
    try:
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file), *WATCH)
        started.append(_start("scheduler", folder, *options))
        options = ("--scheduler-file", str(file), "--nworkers", str(settings.workers), "--nthreads", "1", "--no-dashboard")
        more = ("--memory-limit", "0", "--death-timeout", "60", "--local-directory", str(folder / "scratch"))
        started.append(_start("worker", folder, *options, *more, *WATCH, "--preload-nanny", "normviz.lab.watch"))
        with Client(_address(file, started), timeout=START_SECONDS) as connected:
            yield connected
    finally:
        _end(started)


def _start(kind: str, folder: Path, *options: str) -> subprocess.Popen:
    """Starts a part of Dask that prints into a log file, so that it depends on no reader."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",  # a dead worker is told to the engine, which says so
    }
    with open(folder / f"{kind}.log", "wb") as log:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def _address(file: Path, started: list[subprocess.Popen]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and all(process.poll() is None for process in started):
        try:
            return json.loads(file.read_text())["address"]
        except (OSError, ValueError):
            time.sleep(0.05)
    raise RuntimeError(f"the lab's scheduler did not start within {START_SECONDS} seconds: see the logs in {file.parent}")


def _end(started: list[subprocess.Popen]) -> None:
    for process in reversed(started):
        process.terminate()
    for process in started:
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
