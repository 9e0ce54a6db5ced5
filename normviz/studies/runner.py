"""Runs a study to its end with joblib: processes of one thread each here, or workers of a Dask cluster."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import joblib
import pandas as pd
from distributed import Client, KilledWorker, Security
from distributed.comm import connect

from normviz import disk
from normviz.pictures import dataset
from normviz.pictures.choices import Choices, choices
from normviz.studies import catalogue, evidence
from normviz.studies.catalogue import Study
from normviz.studies.measurements import Measurement
from normviz.training import checks, evaluation
from normviz.training.plans import Plan
from normviz.words.classes import CLASS_NAMES

CONNECT_SECONDS = 20
Job = Plan | Measurement
BREAKDOWNS = 3  # times in a row that workers may die without any run having finished an epoch in between
TABLE_BYTES = 1_000_000  # more than the tables of all studies take
LOOK_SECONDS = 5  # between two looks at the progress on disk


@dataclass(frozen=True)
class Progress:
    """How far a study has come.

    Attributes:
        done: finished runs, those from earlier times included.
        running: runs that are under way.
        left: runs not begun.
        failed: runs that ended in an error, each with what went wrong.
        share: of the whole study's expected cost, 0 to 1.
    """

    done: int
    running: int
    left: int
    failed: dict[Job, str]
    share: float


@dataclass
class _Campaign:
    study: Study
    folder: str
    root: Path
    device: str
    workers: int
    pictures: catalogue.Named
    chosen: Choices | None = None
    missing: list[Job] = field(default_factory=list)
    failed: dict[Job, str] = field(default_factory=dict)

    @property
    def data(self) -> dict[str, str]:
        """What the columns of its rows that name pictures hold."""
        return {"data": self.pictures[0][1], "test_data": self.pictures[-1][1]}

    def work_folder(self, plan: Job) -> Path:
        return self.root / ".work" / plan.digest


def run(
    study: Study,
    folder: str | Path | None = None,
    root: Path = evidence.FOLDER,
    device: str = "auto",
    jobs: int | None = None,
    cluster: str | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    chosen: Choices | None = None,
) -> tuple[pd.DataFrame, dict[Job, str]]:
    """Carries out every run of a study that is not finished yet.

    Args:
        study: its runs.
        folder: of the data set, by a name that every worker understands.
        root: holds the tables of all studies, and the progress of unfinished runs; on a cluster a shared folder.
        device: "auto", "cpu" or "cuda".
        jobs: runs side by side on this machine; one a core unless given.
        cluster: address of a Dask scheduler, such as tcp://HOST:8786; its workers do the runs instead.
        report: called every few seconds.
        chosen: how own data are read; None for the owner's choices.

    Returns:
        The table of all finished runs, and what went wrong with those that failed.

    Raises:
        ValueError: less than one job, a device that is not there, a plan that cannot be built, or a study of the shipped
            networks on own data.
        dataset.DataError: no data set.
        disk.DiskError: `root` cannot be written, or has no room for what the runs write.
        evidence.EvidenceError: rows on disk come from other pictures, or another study is using `root`.
    """
    _check(study, Path(root), None if cluster else device, jobs)
    path = dataset.find_folder(folder) or folder
    splits = {name: dataset.load_split(name, path, chosen) for name in study.needed_splits}
    if study.split == "test":
        evaluation.check_classes(CLASS_NAMES, splits["test"].classes, f"the shipped networks of {study.name}")
    refusal = evidence.EvidenceError(f"{root} is in use by another study: wait until it ends, or choose another --out")
    with (
        disk.alone(Path(root) / ".lock", refusal),
        _workers(cluster, min(jobs or joblib.cpu_count(), len(study.plans))) as count,
    ):
        pictures = tuple((part, split.fingerprint) for part, split in splits.items())
        campaign = _Campaign(
            study, str(Path(path).resolve()), Path(root).resolve(), device, count, pictures, chosen or choices()
        )
        campaign.missing = _adopt(campaign)
        _check_batches(campaign, splits)
        _check_room(campaign, splits["test"])
        with _watch(campaign, report):
            _work(campaign)
    return evidence.load_if_any(study.name, root), campaign.failed


def _check(study: Study, root: Path, device: str | None, jobs: int | None) -> None:
    """Checks everything of a study that needs no pictures; the device is None where others do the runs."""
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs must be a whole number from 1 on: jobs={jobs}")
    checks.check_device(device)
    for plan in _trainings(study.plans):
        checks.described(plan)
    disk.check_writable(root)


def _check_batches(campaign: _Campaign, splits: dict[str, dataset.Split]) -> None:
    """Checks that there are pictures for the largest batch."""
    needed = max((plan.recipe.batch_size for plan in _trainings(campaign.missing)), default=0)
    if needed and needed > len(splits["train"]):
        raise ValueError(
            f"study {campaign.study.name} needs at least {needed} training pictures, a batch: pictures={len(splits['train'])}; "
            "name a folder that holds more"
        )


def _check_room(campaign: _Campaign, test: dataset.Split) -> None:
    """Checks the room for the runs that are under way at once, and for the tables."""
    sizes = sorted(checks.run_bytes(plan, len(test), test.classes) for plan in _trainings(campaign.missing))
    disk.check_writable(campaign.root, sum(sizes[-max(campaign.workers, 1) :]) + TABLE_BYTES)


def _trainings(jobs: Iterable[Job]) -> list[Plan]:
    return [job for job in jobs if isinstance(job, Plan)]


@contextmanager
def _workers(cluster: str | None, count: int) -> Iterator[int]:
    """Makes joblib send runs to this machine's cores or to a cluster; yields how many run side by side."""
    with ExitStack() as stack:
        if cluster:
            client = stack.enter_context(_connect(cluster))
            stack.enter_context(joblib.parallel_config("dask", wait_for_workers_timeout=60))
            yield sum(client.nthreads().values())
        else:
            stack.enter_context(joblib.parallel_config("loky", n_jobs=count, inner_max_num_threads=1))
            yield count


def _connect(address: str) -> Client:
    try:
        with ThreadPoolExecutor(1) as thread:  # where no other event loop runs
            thread.submit(asyncio.run, _knock(address)).result()
        return Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TypeError, MemoryError) as error:  # the last two: no key for tls://, or no Dask at all
        raise ValueError(f"no Dask scheduler answers at {address} ({error}): start one with: dask scheduler") from error


async def _knock(address: str) -> None:
    """Greets a scheduler and leaves: a Client waits without end for one that accepts and says nothing."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            greeted = await connect(address, timeout=CONNECT_SECONDS, **Security().get_connection_args("client"))
    except TimeoutError as error:
        raise TimeoutError(str(error) or f"no greeting within {CONNECT_SECONDS} s") from error
    greeted.abort()


def _adopt(campaign: _Campaign) -> list[Job]:
    """Takes over runs that another study or the shipped runs already hold, and returns those still to be done."""
    study, root = campaign.study, campaign.root
    here = evidence.load_if_any(study.name, root)
    _check_same_pictures(study.name, here, campaign)
    if root == evidence.FOLDER.resolve():
        for other in evidence.begun(catalogue.PLANS if study.split == "train" else (), root):
            _check_same_pictures(other, evidence.load(other, root), campaign)
    missing = []
    for plan in study.plans:
        if plan.digest in set(here["plan"]):
            continue
        found = _found_elsewhere(plan, campaign)
        if found is None:
            missing.append(plan)
        else:
            evidence.add(study.name, found, root)
    return missing


def _check_same_pictures(name: str, table: pd.DataFrame, campaign: _Campaign) -> None:
    for kind, begun, now in _other_pictures(table, campaign):
        raise evidence.EvidenceError(
            f"study {name} in this folder was begun on other {kind} (fingerprint {begun[:12]}, now {now[:12]}): name the data "
            "folder it was begun with, or another --out"
        )


def _other_pictures(table: pd.DataFrame, campaign: _Campaign) -> list[tuple[str, str, str]]:
    """Returns what kind of other pictures than the campaign's a table's rows are of, as far as they say so, and both fingerprints."""
    return [
        ("test pictures" if column == "test_data" else "pictures", begun, now)
        for column, now in campaign.data.items()
        for begun in sorted({*table.get(column, pd.Series()).dropna()} - {now})
    ]


def _found_elsewhere(plan: Job, campaign: _Campaign) -> pd.DataFrame | None:
    name = campaign.study.name
    for other in catalogue.PLANS:
        table = evidence.load_if_any(other, campaign.root)
        found = table[table["plan"] == plan.digest]
        if len(found) and not _other_pictures(found, campaign):
            return found.assign(study=name)
    return catalogue.shipped(plan, name, *campaign.data.values())


def _work(campaign: _Campaign) -> None:
    breakdowns = 0
    while campaign.missing and breakdowns < BREAKDOWNS:
        before = _cost_done(campaign)
        try:
            for plan, result in _results(campaign):
                _keep(campaign, plan, result)
        except (BrokenExecutor, KilledWorker):  # a worker died; its run goes on from its last finished epoch
            breakdowns = 0 if _cost_done(campaign) > before else breakdowns + 1
    campaign.failed |= dict.fromkeys(campaign.missing, f"its worker died {BREAKDOWNS} times in a row, out of memory perhaps")


def _results(campaign: _Campaign) -> Iterator[tuple[Job, pd.DataFrame | str]]:
    parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1)
    return parallel(joblib.delayed(_one)(plan, campaign.study.name, *_where(campaign, plan)) for plan in [*campaign.missing])


def _where(campaign: _Campaign, plan: Job) -> tuple[str, catalogue.Named, Path, str, Choices]:
    return campaign.folder, campaign.pictures, campaign.work_folder(plan), campaign.device, campaign.chosen


def _one(plan: Job, *arguments) -> tuple[Job, pd.DataFrame | str]:
    return plan, catalogue.carry_out(plan, *arguments)


def _keep(campaign: _Campaign, plan: Job, result: pd.DataFrame | str) -> None:
    if isinstance(result, str):
        campaign.failed[plan] = result
    else:
        evidence.add(campaign.study.name, result, campaign.root)
        shutil.rmtree(campaign.work_folder(plan), ignore_errors=True)
    campaign.missing.remove(plan)


def _cost_done(campaign: _Campaign) -> float:
    """Returns the expected cost, in seconds, of everything on disk: finished runs and finished epochs of others."""
    parts = dict.fromkeys(campaign.study.plans, 1.0)
    for plan in [*campaign.missing, *campaign.failed]:
        parts[plan] = catalogue.share_done(plan, campaign.work_folder(plan))
    return sum(part * catalogue.expected_seconds(plan) for plan, part in parts.items())


@contextmanager
def _watch(campaign: _Campaign, report: Callable[[Progress], None]) -> Iterator[None]:
    """Reports the progress on disk every few seconds from a thread, and once at the end."""
    ended = threading.Event()

    def look() -> None:
        report(_progress(campaign))
        while not ended.wait(LOOK_SECONDS):
            report(_progress(campaign))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        report(_progress(campaign))


def _progress(campaign: _Campaign) -> Progress:
    waiting, failed, total = len(campaign.missing), dict(campaign.failed), len(campaign.study.plans)
    open_runs = 0 if waiting == 0 else min(campaign.workers, waiting)
    whole = sum(catalogue.expected_seconds(plan) for plan in campaign.study.plans)
    return Progress(total - waiting - len(failed), open_runs, waiting - open_runs, failed, _cost_done(campaign) / whole)
