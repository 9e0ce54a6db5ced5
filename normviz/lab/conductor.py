"""Leads one run: round after round, each training takes the same steps, and the next round begins when all are there."""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, replace

from distributed import Client, KilledWorker, wait

from normviz.lab import tasks
from normviz.lab.store import LabRun
from normviz.lab.tasks import ROUND_SECONDS, Data, Outcome, Slice
from normviz.training.plans import Plan

LATE_SECONDS = 90  # without a word of its own, after which a worker is restarted
STUCK_SECONDS = 900  # after which a slice is given up though its worker says that it lives
LOOK_SECONDS = 0.05  # between two looks at what is wanted
UNSEEN_SECONDS = 120  # after which a run that nobody looks at ends itself
TRIES = 3  # that a slice has when its workers die
SAVED_ROUNDS = 8  # that are kept to go back to


class Ended(Exception):
    """The run is to end: (name of its last state, why)."""


@dataclass
class Conductor:
    """One run and how it is carried out.

    Attributes:
        run: its folder.
        client: of the cluster.
        data: the pictures.
        workers: how many slices run side by side.
        longest_seconds: after which the run is stopped.
        stopping: says whether the engine is about to end.
    """

    run: LabRun
    client: Client
    data: Data
    workers: int
    longest_seconds: float
    stopping: Callable[[], bool] = lambda: False

    def __post_init__(self):
        self.setup = self.run.setup()
        self.step, self.packed = self.run.last_round()
        self.plans = {column: plan for column, plan in self.setup.columns.items() if not self.packed or column in self.packed}
        self.state = self.run.state()
        self.granted = self.run.wanted().granted if self.packed else 0
        self.rounds = deque(maxlen=5)  # (seconds, those of them that this run's own work takes) of the last ones
        self.step_seconds = 0.0  # of all trainings together
        self.points_seconds = 0.0

    def conduct(self) -> None:
        """Carries the run out to its end, whatever that is; a run that was under way goes on where it was."""
        try:
            if not self.packed:
                self._round(0)
            while self.step < self.setup.steps:
                self._round(self._next_steps())
            self.run.report(name="done", why="", seconds_left=0.0, step=self.step)
        except Ended as end:
            name, why = end.args
            if name != "interrupted":  # the engine ends; another takes the run up
                self.run.report(name=name, why=why, seconds_left=None, step=self.step)

    def _next_steps(self) -> int:
        """Waits while the run is paused; returns how many steps the next round takes."""
        while True:
            wanted = self._look()
            if wanted.do == "run":
                self.granted = wanted.granted
                self._report("running")
                return self._steps_of_a_round()
            if wanted.granted > self.granted:
                self.granted += 1
                return 1
            self._report("paused")
            time.sleep(LOOK_SECONDS)

    def _report(self, name: str) -> None:
        if self.state.name != name:
            self.state = self.run.report(name=name, why="")

    def _look(self):
        """Returns what is wanted, and ends the run where that is the answer."""
        wanted = self.run.wanted()
        if self.stopping():
            raise Ended("interrupted", "")
        if wanted.do == "stop":
            raise Ended("stopped", f"stopped by hand at step {self.step:,}")
        if self.run.seconds_unseen() > UNSEEN_SECONDS:
            raise Ended("stopped", f"nobody looked at it for {UNSEEN_SECONDS} seconds; it ended at step {self.step:,}")
        return wanted

    def _steps_of_a_round(self) -> int:
        if not self.step_seconds:
            return min(2, self.setup.steps - self.step)
        for_steps = max(ROUND_SECONDS - self.points_seconds / self.workers, ROUND_SECONDS / 2)
        steps = max(1, int(for_steps * self.workers / self.step_seconds))
        return min(steps, self.setup.steps - self.step)

    def _round(self, steps: int) -> None:
        last = self.step + steps == self.setup.steps
        rate = self._rate()
        jobs = {
            column: Slice(
                plan, self.data, self.packed.get(column), steps, rate, tasks.TEST_PICTURES if last else tasks.TICK_PICTURES
            )
            for column, plan in self.plans.items()
        }
        started = time.monotonic()
        outcomes = self._carry_out(jobs)
        self._take_out_diverged(outcomes)
        self.step += steps
        self.packed = {column: outcome.packed for column, outcome in outcomes.items()}
        taken = time.monotonic() - started
        self._learn_speed(outcomes, steps, taken)
        trained = self.state.trained_seconds + taken
        points = [{**self._point(column, outcome), "seconds": round(trained, 2)} for column, outcome in outcomes.items()]
        self.run.keep_round(self.packed, self.step, save=self._is_saved(steps))
        self.run.add(points)
        self._tell(trained)

    def _rate(self) -> float | None:
        rates = [rate for since, rate in self.run.wanted().rates if since <= self.step]
        return rates[-1] if rates else None

    def _point(self, column: str, outcome: Outcome) -> dict:
        norm, _, seed = column.rpartition("-")
        return {"column": column, "norm": norm, "seed": int(seed), **outcome.point}

    def _is_saved(self, steps: int) -> bool:
        each = self.setup.steps / SAVED_ROUNDS
        return self.step == self.setup.steps or int(self.step / each) > int((self.step - steps) / each)

    def _learn_speed(self, outcomes: dict[str, Outcome], steps: int, taken: float) -> None:
        self.points_seconds = sum(outcome.point_seconds for outcome in outcomes.values())
        if steps:
            self.step_seconds = sum(outcome.train_seconds for outcome in outcomes.values()) / steps
            self.rounds.append((taken, (steps * self.step_seconds + self.points_seconds) / self.workers))

    def _tell(self, trained: float) -> None:
        left = (self.setup.steps - self.step) * self.step_seconds / self.workers
        left *= 1 + self.points_seconds / self.workers / max(
            ROUND_SECONDS / 2, ROUND_SECONDS - self.points_seconds / self.workers
        )
        if self.rounds:  # others' work takes its share of the workers
            left *= max(1.0, sum(taken for taken, _ in self.rounds) / sum(own for _, own in self.rounds))
        self.state = self.run.report(step=self.step, trained_seconds=trained, seconds_left=left if self.rounds else None)
        if trained > self.longest_seconds:
            raise Ended("stopped", f"trained for {self.longest_seconds:,.0f} seconds, the longest that this server allows")

    def _take_out_diverged(self, outcomes: dict[str, Outcome]) -> None:
        """Takes trainings whose loss is not finite any more out of the run; they stay in the chart."""
        for column in [column for column, outcome in outcomes.items() if outcome.diverged]:
            outcome = outcomes.pop(column)
            del self.plans[column]
            self.run.add([{**self._point(column, outcome), "step": self.step, "diverged": outcome.diverged}])
        if not self.plans:
            raise Ended("stopped", f"every training diverged at step {self.step:,}: choose a lower learning rate")

    def _carry_out(self, jobs: dict[str, Slice]) -> dict[str, Outcome]:
        """Hands the slices to the workers and waits for all; a slice whose worker dies is handed out again."""
        waiting = {column: self._hand_out(job) for column, job in jobs.items()}
        tries, outcomes = dict.fromkeys(jobs, 1), {}
        looked = answered = time.monotonic()
        while waiting:
            for column in [column for column, future in waiting.items() if future.done()]:
                future = waiting.pop(column)
                try:
                    outcomes[column] = future.result()
                    answered = time.monotonic()
                except (KilledWorker, CancelledError) as error:
                    self._note_death(column, tries, error)
                    waiting[column] = self._hand_out(jobs[column])
                except Exception as error:  # whatever it is, the run ends with it, not the engine
                    raise Ended("failed", f"{type(error).__name__}: {error}") from error
            if time.monotonic() - looked > LATE_SECONDS / 10 and waiting:
                looked = time.monotonic()
                if late := self._silent() or self._stuck(waiting, looked - answered):
                    self._restart(late)
                    answered = time.monotonic()
            self._wait(waiting)
        return {column: outcomes[column] for column in jobs}

    def _wait(self, waiting: dict) -> None:
        if waiting:
            try:
                self._look()
            except Ended:
                self.client.cancel(list(waiting.values()))
                raise
            with suppress(TimeoutError, CancelledError):
                wait(list(waiting.values()), timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED")

    def _hand_out(self, job: Slice):
        return self.client.submit(tasks.carry_out, job, pure=False, retries=0)

    def _note_death(self, column: str, tries: dict[str, int], error: Exception) -> None:
        tries[column] += 1
        if tries[column] > TRIES:
            raise Ended("failed", f"the worker of {column} died {TRIES} times in a row, out of memory perhaps") from error
        self.state = self.run.report(why=f"A worker died at step {self.step:,}; its slice is done again.")

    def _silent(self) -> list[str]:
        """Returns the addresses of workers from which the scheduler has not heard; one that is busy still says that it lives."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        return [address for address, worker in workers.items() if time.time() - worker["last_seen"] > LATE_SECONDS]

    def _stuck(self, waiting: dict, seconds: float) -> list[str]:
        """Returns the addresses of workers that hold a slice of this run, where none has come back for too long."""
        ours = {future.key for future in waiting.values()}
        processing = self.client.processing() if seconds > STUCK_SECONDS else {}
        return [address for address, keys in processing.items() if ours & set(keys)]

    def _restart(self, late: list[str]) -> None:
        self.state = self.run.report(why="A worker did not answer any more and was restarted.")
        self.client.restart_workers(late, raise_for_error=False)


def speed_of(client: Client, plans: dict[str, Plan], data: Data) -> dict[str, tasks.Speed]:
    """Times a few steps of each training on a worker."""
    futures = {column: client.submit(tasks.measure_speed, plan, data, pure=False) for column, plan in plans.items()}
    return {column: future.result(timeout=STUCK_SECONDS) for column, future in futures.items()}


def without_seeds(plans: dict[str, Plan]) -> dict[str, Plan]:
    """Returns one training of each norm, by its norm."""
    return {plan.norm: replace(plan, seed=0) for plan in plans.values()}
