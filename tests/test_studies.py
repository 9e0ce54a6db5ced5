import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pandas as pd
import psutil
import pytest
from dask.distributed import LocalCluster
from filelock import FileLock
from PIL import Image

from normviz import data, evidence, runner, studies, training
from normviz.plans import Plan, Recipe, source_recipe

RECIPE = Recipe(epochs=3, batch_size=8)
SMALL = studies.Study("seeds", tuple(Plan("published", norm, seed, RECIPE) for seed in (0, 1) for norm in ("group", "layer")))


@pytest.fixture
def folder(made_up, tmp_path, monkeypatch):
    """An image folder of 300 and 50 made-up pictures."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for split_name, split in (("train", made_up(300)), ("test", made_up(50, seed=1))):
        for image, label, index in zip(split.images, split.labels, split.indices):
            file = tmp_path / "data" / split_name / data.CLASS_NAMES[label] / f"{index:05}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(file)
    return tmp_path / "data"


def sorted_rows(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns="wall_seconds").sort_values(["plan", "epoch"], ignore_index=True)


def kill_a_worker(root, killed: list) -> None:
    """Kills one of joblib's processes as soon as an unfinished run of it has an epoch on disk."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        begun = [plan for plan in SMALL.plans if training.finished_epochs(plan, root / ".work" / plan.digest) == 1]
        workers = [p for p in psutil.Process().children() if "popen_loky_posix" in " ".join(p.cmdline())]
        if begun and workers:
            killed.append(begun[0])
            os.kill(workers[0].pid, signal.SIGKILL)
            return
        time.sleep(0.01)


def test_a_killed_worker_and_a_cluster_give_the_same_table(folder, tmp_path):
    killed = []
    thread = threading.Thread(target=kill_a_worker, args=(tmp_path / "killed", killed))
    thread.start()
    table, failed = runner.run(SMALL, folder, tmp_path / "killed", jobs=2)
    thread.join()
    assert killed and not failed and len(table) == len(SMALL.plans) * RECIPE.epochs
    assert set(evidence.results(table)["plan"]) == {plan.digest for plan in SMALL.plans}

    again, _ = runner.run(SMALL, folder, tmp_path / "killed", jobs=2)
    assert again.equals(table), "finished runs must not be done twice"

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        on_cluster, failed = runner.run(SMALL, folder, tmp_path / "cluster", cluster=cluster.scheduler_address)
    assert not failed
    pd.testing.assert_frame_equal(sorted_rows(on_cluster), sorted_rows(table))


def test_a_failing_run_is_reported_and_stops_nothing(folder, tmp_path):
    bad = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50, learning_rate=1e30))
    good = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50))
    seen = []
    table, failed = runner.run(studies.Study("gap", (bad, good)), folder, tmp_path, jobs=1, report=seen.append)
    assert list(failed) == [bad] and "Diverged" in failed[bad]
    assert list(table["plan"]) == [good.digest]
    assert (seen[-1].done, seen[-1].running, seen[-1].left, seen[-1].failed) == (1, 0, 0, 1)


@pytest.mark.parametrize("kind", ["shift", "batch-statistics"])
def test_shipped_networks_are_measured_once(kind, folder, tmp_path):
    table, failed = runner.run(studies.study(kind), folder, tmp_path, jobs=1)
    assert not failed and set(table["norm"]) == {"batch", "group", "layer"}
    assert set(table["data"]) == {data.load_split("test", folder).fingerprint}
    assert table["accuracy"].between(0, 1).all()
    again, _ = runner.run(studies.study(kind), folder, tmp_path, jobs=1)
    assert again.equals(table)


def test_a_run_of_another_study_is_taken_over(folder, tmp_path):
    plan = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50))
    first, _ = runner.run(studies.Study("seeds", (plan,)), folder, tmp_path, jobs=1)
    second, _ = runner.run(studies.Study("gap", (plan,)), folder, tmp_path, jobs=1)
    assert second.drop(columns="study").equals(first.drop(columns="study")) and set(second["study"]) == {"gap"}


def test_rows_of_other_pictures_are_not_mixed_in(folder, tmp_path):
    plan = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50))
    runner.run(studies.Study("seeds", (plan,)), folder, tmp_path, jobs=1)
    next((folder / "train" / "cat").iterdir()).unlink()
    with pytest.raises(evidence.EvidenceError, match="other pictures"):
        runner.run(studies.Study("seeds", (plan,)), folder, tmp_path, jobs=1)


def test_two_studies_cannot_share_a_folder(folder, tmp_path):
    with FileLock(tmp_path / ".lock"), pytest.raises(evidence.EvidenceError, match="in use"):
        runner.run(SMALL, folder, tmp_path, jobs=1)


def test_runs_stop_when_their_study_is_killed(folder, tmp_path):
    plan = Plan("published", "layer", recipe=Recipe(epochs=1000, batch_size=8))
    script = (
        "from normviz import runner, studies; from normviz.plans import Plan, Recipe;"
        f"runner.run(studies.Study('gap', ({plan!r},)), {str(folder)!r}, {str(tmp_path)!r}, jobs=2)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": os.getcwd()})
    while not training.finished_epochs(plan, tmp_path / ".work" / plan.digest):
        assert process.poll() is None
        time.sleep(0.05)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    time.sleep(2)
    epochs = training.finished_epochs(plan, tmp_path / ".work" / plan.digest)
    time.sleep(2)
    assert training.finished_epochs(plan, tmp_path / ".work" / plan.digest) == epochs
    for worker in workers:
        worker.kill()


def test_a_cluster_that_is_not_there_is_named(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "CONNECT_SECONDS", 1)
    with pytest.raises(ValueError, match="tcp://127.0.0.1:9"):
        runner.run(SMALL, folder, tmp_path, cluster="tcp://127.0.0.1:9")


def test_what_the_studies_hold():
    seeds = studies.study("seeds").plans
    assert len(seeds) == 7 * studies.SEEDS, "the batch network of both studies is one"
    assert all(plan.recipe == Recipe() for plan in seeds)
    sizes = studies.study("batch-size").plans
    assert {plan.recipe.batch_size: plan.recipe.learning_rate for plan in sizes}[2] == pytest.approx(0.01 * 2 / 128)
    assert len({plan.recipe.epochs for plan in sizes}) == 1
    assert {plan.groups for plan in studies.study("groups").plans if plan.norm == "group"} == {2, 4, 8}
    for name in studies.PLANS:
        assert len({plan.digest for plan in studies.study(name).plans}) == len(studies.study(name).plans)


def test_the_sources_scheduler_cuts_the_rate_of_a_falling_loss(made_up, tmp_path):
    plan = Plan("published", "batch", recipe=replace(source_recipe("batch"), epochs=6, batch_size=50))
    whole = training.train(plan, made_up(200), made_up(50, seed=1), root=tmp_path / "whole")
    rates = whole.history["learning_rate"]
    assert rates.iloc[0] == 0.01 and rates.iloc[-1] < rates.iloc[0]
    assert whole.history["train_loss"].iloc[-1] < whole.history["train_loss"].iloc[0]
    assert whole.info["recipe"]["optimizer"] == "adam" and whole.info["architecture"]["dropout"] == 0.05
