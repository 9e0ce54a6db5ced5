"""The process that keeps the queue of the lab, starts its workers, and leads its runs. It ends with the server that began it.

python -m normviz.lab.engine SERVER_PROCESS
"""

import contextlib
import json
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from distributed import Client
from filelock import FileLock, Timeout

from normviz.disk import write_whole
from normviz.lab import asking, brought, conductor, store, tasks, watch, workers
from normviz.lab.conductor import UNSEEN_SECONDS, Conductor
from normviz.lab.settings import Settings, settings
from normviz.lab.setup import Setup, from_dict
from normviz.lab.tasks import Data
from normviz.pictures.choices import Choices
from normviz.training.runs import save

LOOK_SECONDS = 0.2
FORGET_SECONDS = 3600  # between two looks for what nobody has used for long
PATIENCE_SECONDS = 2  # between two tries after something has gone wrong
LOST_SECONDS = 30  # without any worker, after which the cluster is begun anew
IDLE_SECONDS = 600  # without a page of the lab, after which the workers end


@dataclass
class Engine:
    """The queue and what is under way.

    Attributes:
        settings: the owner's.
        client: of the cluster.
        threads: one a run under way, by its key.
        over: keys of runs that have ended, which are not looked at any more.
        tidy: deletes what nobody has used for long.
        seen: when the cluster last had a worker, on this process's clock.
    """

    settings: Settings
    client: Client
    threads: dict[str, threading.Thread] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    answering: set[str] = field(default_factory=set)
    over: set[str] = field(default_factory=set)
    tidy: Callable[[], None] = lambda: None
    seen: float = field(default_factory=time.monotonic)
    measuring: threading.Lock = field(default_factory=threading.Lock)

    @property
    def root(self) -> Path:
        return Path(self.settings.folder)

    @property
    def workers(self) -> int:
        return max(1, len(self.client.scheduler_info(n_workers=-1)["workers"]))

    def work(self) -> None:
        """Leads runs until no page of the lab has been looked at for `IDLE_SECONDS`, or the cluster is lost."""
        write_whole(self.root / "ready", b"")
        try:
            while (self.threads or _seconds_since(self.root / "awake") < IDLE_SECONDS) and not self._is_lost():
                try:
                    self.look()
                except Exception:  # a full disk, a run whose folder was deleted: looked at again, it may be over
                    traceback.print_exc()
                    time.sleep(PATIENCE_SECONDS)
                time.sleep(LOOK_SECONDS)
        finally:
            (self.root / "ready").unlink(missing_ok=True)
            self.stopping.set()
            for thread in self.threads.values():
                thread.join(PATIENCE_SECONDS)

    def _is_lost(self) -> bool:
        """Returns whether the scheduler has gone, or every worker `LOST_SECONDS` ago."""
        connected = self.client.status == "running"
        if connected and time.monotonic() - self.seen < PATIENCE_SECONDS:
            return False
        try:
            if connected and self.client.scheduler_info(n_workers=-1)["workers"]:
                self.seen = time.monotonic()
        except OSError:
            return True
        return self.client.status == "closed" or time.monotonic() - self.seen > LOST_SECONDS

    def look(self) -> None:
        """Begins what may begin, tells what waits its place, and answers requests; what is under way goes on by itself."""
        self.tidy()
        self._begin_and_place()
        self._answer_requests()

    def _begin_and_place(self) -> None:
        self.threads = {key: thread for key, thread in self.threads.items() if thread.is_alive()}
        runs = [run for run in store.all_runs(self.root) if run.key not in self.threads and run.key not in self.over]
        states = {run.key: run.state().name for run in runs}
        self.over |= {key for key, name in states.items() if name in store.OVER}
        place = 0
        for run in [run for run in runs if states[run.key] in store.ACTIVE]:
            if run.wanted().do == "stop" or run.seconds_unseen() > UNSEEN_SECONDS:
                run.report(name="stopped", why="taken out of the queue", place=0)
            elif self._under_way() < self.settings.at_once and not self._is_busy(run.about().visit):
                self._begin(run)
            else:
                place += 1
                run.report(name="queued", place=place, seconds_left=self._seconds_ahead(place))

    def _led(self) -> list[store.LabRun]:
        return [store.LabRun(self.root / "runs" / key) for key in self.threads]

    def _under_way(self) -> int:
        """Returns how many runs train; one that is paused keeps nobody waiting."""
        return sum(run.state().name != "paused" for run in self._led())

    def _is_busy(self, visit: str) -> bool:
        return any(store.visit_of(run.folder) == visit for run in self._led())

    def _seconds_ahead(self, place: int) -> float | None:
        """Returns when a place in the queue comes to its turn; None where that depends on runs that have not begun."""
        states = [run.state() for run in self._led()]
        left = sorted(state.seconds_left or 0.0 for state in states if state.name != "paused")
        return left[place - 1] if place <= len(left) else None

    def _begin(self, run: store.LabRun) -> None:
        run.report(name="running", place=0, seconds_left=None)
        thread = threading.Thread(target=self._lead, args=(run,), daemon=True)
        self.threads[run.key] = thread
        thread.start()

    def _lead(self, run: store.LabRun) -> None:
        try:
            data, longest = data_of(run.setup(), run.choices()), self.settings.longest_seconds
            Conductor(run, self.client, data, self.workers, longest, self.stopping.is_set).conduct()
        except Exception as error:  # a run that cannot be led ends; the queue goes on
            if self.client.status == "running" and not self.stopping.is_set():  # else the next cluster takes it up
                self._end(run, f"{type(error).__name__}: {error}")

    def _end(self, run: store.LabRun, why: str) -> None:
        """Reports that a run has failed, again and again while the disk is full."""
        while not self.stopping.is_set():
            with contextlib.suppress(OSError):
                run.report(name="failed", why=why)
                return
            time.sleep(PATIENCE_SECONDS)

    def _answer_requests(self) -> None:
        for file in sorted((self.root / "requests").glob("*.json")):
            request = json.loads(file.read_text(encoding="utf-8"))
            file.unlink(missing_ok=True)
            if file.stem not in self.answering:  # pages ask again until there is an answer
                self.answering.add(file.stem)
                threading.Thread(target=self._answer, args=(file.stem, request), daemon=True).start()

    def _answer(self, name: str, request: dict) -> None:
        try:
            if "run" in request:
                self._export(store.LabRun(self.root / "runs" / request["run"]), request["step"])
            else:
                with self.measuring:  # one after the other, so that trainings come in between
                    self._measure_speed(from_dict(request["setup"]), Choices(**request["choices"]))
        finally:
            self.answering.discard(name)

    def _measure_speed(self, setup: Setup, chosen: Choices) -> None:
        try:
            speeds = conductor.speed_of(self.client, conductor.without_seeds(setup.columns), data_of(setup, chosen))
            answer = {"workers": self.workers, "speeds": [asdict(speed) for speed in speeds.values()]}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        write_whole(asking.speed_file(self.settings, setup), json.dumps(answer).encode())

    def _export(self, run: store.LabRun, step: int) -> None:
        """Makes finished runs of the first seed's trainings as they stood at a step."""
        setup = run.setup()
        try:
            data = data_of(setup, run.choices())
            packed = run.saved_round(step)
            chosen = {column: plan for column, plan in setup.columns.items() if plan.seed == setup.seed and column in packed}
            futures = {
                plan.norm: self.client.submit(tasks.export, plan, data, packed[column], pure=False, priority=10)
                for column, plan in chosen.items()
            }
            for norm, future in futures.items():
                save(*future.result(), run.exported(step) / "controlled" / norm)
            run.report(exported=step)
        except Exception as error:
            run.report(why=f"could not be opened on the other pages: {type(error).__name__}: {error}")


def data_of(setup: Setup, chosen: Choices) -> Data:
    """Returns the pictures of a set-up.

    Args:
        setup: what was chosen.
        chosen: which pictures the server has at which it was; where they lie is found by the worker, as anywhere else.

    Raises:
        GoneError: a visitor's, which are not kept any more.
    """
    if setup.brought:
        return Data("brought", str(brought.find(settings().folder, setup.brought)), setup.pictures)
    return Data(setup.data, chosen.folder, setup.pictures, chosen)


def _seconds_since(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def main(server: int) -> None:
    """Waits until no other engine works in the folder and a page of the lab is looked at; then works, again and again."""
    watch.end_with_parent(server)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    chosen = settings()
    root = Path(chosen.folder)
    while True:
        try:
            with FileLock(root / ".lock", timeout=0):
                _serve(chosen)
        except Timeout:
            time.sleep(1)


def _serve(chosen: Settings) -> None:
    root = Path(chosen.folder)
    (root / "ready").unlink(missing_ok=True)
    shutil.rmtree(root / "speeds", ignore_errors=True)  # of another day, when the machine may have been busier
    tidy = _Tidy(root)
    while True:
        tidy()
        if _seconds_since(root / "awake") < IDLE_SECONDS:
            try:
                with workers.client(chosen) as client:
                    client.wait_for_workers(1, timeout=workers.START_SECONDS)
                    (root / "trouble").unlink(missing_ok=True)
                    Engine(chosen, client, tidy=tidy).work()
            except Exception as error:  # a cluster that does not answer, a log that cannot be written: pages say so
                traceback.print_exc()
                write_whole(root / "trouble", f"{type(error).__name__}: {error}".encode())
                time.sleep(PATIENCE_SECONDS)
        time.sleep(LOOK_SECONDS)


class _Tidy:
    """Deletes what nobody has used for long, once in `FORGET_SECONDS` however often it is called."""

    def __init__(self, root: Path):
        self.root, self.due = root, 0.0

    def __call__(self) -> None:
        if time.monotonic() >= self.due:
            self.due = time.monotonic() + FORGET_SECONDS
            store.forget_old(self.root)
            brought.forget_old(self.root)


if __name__ == "__main__":
    main(int(sys.argv[1]))
