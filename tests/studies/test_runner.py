import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest
from dask.distributed import LocalCluster
from filelock import FileLock

from normviz import disk
from normviz.pictures import dataset
from normviz.pictures.choices import Choices
from normviz.studies import catalogue, evidence, runner
from normviz.training import loop, runs
from normviz.training.plans import Plan, Recipe
from tests import own_pictures

RECIPE = Recipe(epochs=3, batch_size=8)
SMALL = catalogue.Study("seeds", tuple(Plan("published", norm, seed, RECIPE) for seed in (0, 1) for norm in ("group", "layer")))


def sorted_rows(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns="wall_seconds").sort_values(["plan", "epoch"], ignore_index=True)


def kill_a_worker(root, killed: list) -> None:
    """Kills one of joblib's processes as soon as an unfinished run of it has an epoch on disk."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        begun = [plan for plan in SMALL.plans if loop.finished_epochs(plan, root / ".work" / plan.digest) == 1]
        workers = [p for p in psutil.Process().children() if "popen_loky_posix" in " ".join(p.cmdline())]
        if begun and workers:
            killed.append(begun[0])
            os.kill(workers[0].pid, signal.SIGKILL)
            return
        time.sleep(0.01)


def test_a_killed_worker_and_a_cluster_give_the_same_table(image_folder, tmp_path):
    killed = []
    thread = threading.Thread(target=kill_a_worker, args=(tmp_path / "killed", killed))
    thread.start()
    table, failed = runner.run(SMALL, image_folder, tmp_path / "killed", jobs=2)
    thread.join()
    assert killed and not failed and len(table) == len(SMALL.plans) * RECIPE.epochs
    assert set(evidence.results(table)["plan"]) == {plan.digest for plan in SMALL.plans}

    again, _ = runner.run(SMALL, image_folder, tmp_path / "killed", jobs=2)
    assert again.equals(table), "finished runs must not be done twice"

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        on_cluster, failed = runner.run(SMALL, image_folder, tmp_path / "cluster", cluster=cluster.scheduler_address)
    assert not failed
    pd.testing.assert_frame_equal(sorted_rows(on_cluster), sorted_rows(table))


def test_a_failing_run_is_reported_and_stops_nothing(image_folder, tmp_path):
    bad = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50, learning_rate=1e30))
    good = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50))
    seen = []
    table, failed = runner.run(catalogue.Study("gap", (bad, good)), image_folder, tmp_path, jobs=1, report=seen.append)
    assert list(failed) == [bad] and "Diverged" in failed[bad]
    assert list(table["plan"]) == [good.digest]
    assert (seen[-1].done, seen[-1].running, seen[-1].left, seen[-1].failed) == (1, 0, 0, failed)


@pytest.mark.parametrize("kind", ["shift", "batch-statistics"])
def test_shipped_networks_are_measured_once(kind, image_folder, tmp_path):
    table, failed = runner.run(catalogue.study(kind), image_folder, tmp_path, jobs=1)
    assert not failed and set(table["norm"]) == {"batch", "group", "layer"}
    assert set(table["data"]) == {dataset.load_split("test", image_folder).fingerprint}
    assert table["accuracy"].between(0, 1).all()
    again, _ = runner.run(catalogue.study(kind), image_folder, tmp_path, jobs=1)
    assert again.equals(table)


def test_a_run_of_another_study_is_taken_over(image_folder, tmp_path):
    plan = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50))
    first, _ = runner.run(catalogue.Study("seeds", (plan,)), image_folder, tmp_path, jobs=1)
    second, _ = runner.run(catalogue.Study("gap", (plan,)), image_folder, tmp_path, jobs=1)
    assert second.drop(columns="study").equals(first.drop(columns="study")) and set(second["study"]) == {"gap"}


def rows_of(plan: Plan, **pictures: str) -> pd.DataFrame:
    """Made-up rows of a finished run on pictures of these fingerprints."""
    return pd.DataFrame(
        [dict.fromkeys((*evidence.REQUIRED, "torch"), "?") | {"plan": plan.digest, "seed": 0, "epoch": 1} | pictures]
    ).assign(epochs=1, wall_seconds=0.0, test_accuracy=0.5)


@pytest.mark.parametrize(("part", "said"), [("train", "begun on other pictures"), ("test", "begun on other test pictures")])
def test_rows_of_other_pictures_are_not_mixed_in(part, said, image_folder, tmp_path, monkeypatch):
    nothing_may_begin(monkeypatch)
    plan, before = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50)), dict(named(image_folder))
    evidence.add("seeds", rows_of(plan, data=before["train"], test_data=before["test"]), tmp_path)
    next((image_folder / part / "cat").iterdir()).unlink()
    with pytest.raises(evidence.EvidenceError, match=said):
        runner.run(catalogue.Study("seeds", (plan,)), image_folder, tmp_path, jobs=1)


@pytest.mark.parametrize(
    ("test_data", "is_taken"), [({}, True), ({"test_data": None}, True), ({"test_data": "of other pictures"}, False)]
)
def test_a_run_is_taken_over_unless_it_says_that_it_was_measured_on_other_test_pictures(
    test_data, is_taken, image_folder, tmp_path, monkeypatch
):
    left = []
    monkeypatch.setattr(runner, "_work", lambda campaign: left.extend(campaign.missing))
    plan = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50))
    evidence.add("seeds", rows_of(plan, data=dict(named(image_folder))["train"], **test_data), tmp_path)
    table, _ = runner.run(catalogue.Study("gap", (plan,)), image_folder, tmp_path, jobs=1)
    assert (len(table), left) == ((1, []) if is_taken else (0, [plan]))


def test_two_studies_cannot_share_a_folder(image_folder, tmp_path):
    with FileLock(tmp_path / ".lock"), pytest.raises(evidence.EvidenceError, match="in use"):
        runner.run(SMALL, image_folder, tmp_path, jobs=1)


def test_runs_stop_when_their_study_is_killed(image_folder, tmp_path):
    plan = Plan("published", "layer", recipe=Recipe(epochs=1000, batch_size=8))
    script = (
        "from normviz.studies import catalogue, runner; from normviz.training.plans import Plan, Recipe;"
        f"runner.run(catalogue.Study('gap', ({plan!r},)), {str(image_folder)!r}, {str(tmp_path)!r}, jobs=2)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": os.getcwd()})
    while not loop.finished_epochs(plan, tmp_path / ".work" / plan.digest):
        assert process.poll() is None
        time.sleep(0.05)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    time.sleep(2)
    epochs = loop.finished_epochs(plan, tmp_path / ".work" / plan.digest)
    time.sleep(2)
    assert loop.finished_epochs(plan, tmp_path / ".work" / plan.digest) == epochs
    for worker in workers:
        worker.kill()


def test_a_study_goes_on_when_the_shell_that_began_it_is_gone(image_folder, tmp_path):
    plan = Plan("published", "layer", recipe=Recipe(epochs=1000, batch_size=8))
    script = (
        "from normviz.studies import catalogue, runner; from normviz.training.plans import Plan, Recipe;"
        f"runner.run(catalogue.Study('gap', ({plan!r},)), {str(image_folder)!r}, {str(tmp_path)!r}, jobs=1)"
    )
    command = ["sh", "-c", '"$0" -c "$1" & echo $!; read line', sys.executable, script]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.getcwd()}, **pipes) as shell:
        study = psutil.Process(int(shell.stdout.readline()))
        work = tmp_path / ".work" / plan.digest
        while not loop.finished_epochs(plan, work):
            assert study.is_running()
            time.sleep(0.05)
        shell.stdin.close()
        shell.wait()
        epochs = loop.finished_epochs(plan, work)
        while loop.finished_epochs(plan, work) <= epochs + 1:
            assert study.is_running()
            time.sleep(0.05)
        study.kill()


def test_a_cluster_that_is_not_there_is_named(image_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "CONNECT_SECONDS", 1)
    with pytest.raises(ValueError, match="tcp://127.0.0.1:9"):
        runner.run(SMALL, image_folder, tmp_path, cluster="tcp://127.0.0.1:9")


@pytest.mark.parametrize("address", ["scheduler", "http://127.0.0.1:9", "tls://127.0.0.1:9", "tcp://127.0.0.1:x"])
def test_an_address_of_no_scheduler_is_named(address, monkeypatch):
    monkeypatch.setattr(runner, "CONNECT_SECONDS", 0.2)
    with pytest.raises(ValueError, match=f"no Dask scheduler answers at {address}"):
        runner._connect(address)


@pytest.mark.parametrize("says", [b"", b"HTTP/1.0 200 OK\r\n\r\nhello world"])
def test_something_else_at_the_address_is_no_scheduler(says, monkeypatch):
    monkeypatch.setattr(runner, "CONNECT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []

        def answer():
            with contextlib.suppress(OSError):
                while True:
                    kept.append(server.accept()[0])
                    kept[-1].sendall(says)

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(ValueError, match="no Dask scheduler answers at"):
            runner._connect(f"tcp://127.0.0.1:{server.getsockname()[1]}")


def nothing_may_begin(monkeypatch):
    monkeypatch.setattr(runner, "_work", lambda campaign: pytest.fail("no run may begin"))


@pytest.mark.parametrize("jobs", [0, -1])
def test_jobs_must_be_a_count(jobs, image_folder, tmp_path):
    with pytest.raises(ValueError, match=f"jobs={jobs}"):
        runner.run(SMALL, image_folder, tmp_path, jobs=jobs)


def test_no_more_jobs_than_runs_are_started(image_folder, tmp_path, monkeypatch):
    counts = []
    monkeypatch.setattr(runner, "_work", lambda campaign: counts.append(campaign.workers))
    runner.run(SMALL, image_folder, tmp_path, jobs=1_000_000)
    assert counts == [len(SMALL.plans)]


def test_a_folder_that_cannot_be_written_is_named_before_the_pictures_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "load_split", lambda *which: pytest.fail("no picture may be read"))
    (tmp_path / "file").touch()
    with pytest.raises(disk.DiskError, match="file"):
        runner.run(SMALL, tmp_path, tmp_path / "file")


def test_what_cannot_be_trained_is_named_before_any_run_begins(image_folder, tmp_path, monkeypatch):
    nothing_may_begin(monkeypatch)
    bad = Plan("controlled", "group", recipe=RECIPE, groups=5)
    with pytest.raises(ValueError, match="groups=5, channels=16"):
        runner.run(catalogue.Study("groups", (*SMALL.plans, bad)), image_folder, tmp_path)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ValueError, match="device=cuda"):
        runner.run(SMALL, image_folder, tmp_path, device="cuda")


def test_a_full_disk_is_named_before_any_run_begins(image_folder, tmp_path, monkeypatch):
    nothing_may_begin(monkeypatch)
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1_500_000))
    with pytest.raises(disk.DiskError, match=r"1\.5 MB"):
        runner.run(SMALL, image_folder, tmp_path, jobs=2)


def test_trainings_need_the_test_split_too(image_folder, tmp_path, monkeypatch):
    nothing_may_begin(monkeypatch)
    shutil.rmtree(image_folder / "test")
    with pytest.raises(dataset.DataError, match="test"):
        runner.run(SMALL, image_folder, tmp_path)


def test_a_study_runs_on_own_data_as_they_were_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = own_pictures.fill(tmp_path / "mine")
    (folder / own_pictures.CLASSES[0] / "notes.txt").write_text("?")
    one = catalogue.Study("seeds", (Plan("controlled", "layer", recipe=Recipe(epochs=1, batch_size=8)),))
    with pytest.raises(dataset.DataError, match="notes.txt"):
        runner.run(one, folder, tmp_path / "out", jobs=1)
    table, failed = runner.run(one, folder, tmp_path / "out", jobs=1, chosen=Choices(resize="fit", skip_bad=1))
    assert not failed and len(table) == 1
    assert set(table["data"]) == {dataset.load_split("train", folder, Choices(resize="fit", skip_bad=1)).fingerprint}


def test_a_study_of_shipped_networks_is_refused_on_own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    nothing_may_begin(monkeypatch)
    with pytest.raises(ValueError, match="the shipped networks of shift know 10 classes"):
        runner.run(catalogue.study("shift"), own_pictures.fill(tmp_path / "mine"), tmp_path / "out", jobs=1)


def test_the_shipped_evidence_takes_no_study_of_other_pictures(image_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(evidence, "FOLDER", tmp_path)
    plan = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50))
    others = pd.DataFrame([dict.fromkeys(evidence.REQUIRED, "another") | {"data": "of other pictures"}])
    (tmp_path / "gap.parquet").write_bytes(runs.parquet(others))
    with pytest.raises(evidence.EvidenceError, match="study gap in this folder was begun on other pictures"):
        runner.run(catalogue.Study("seeds", (plan,)), image_folder, tmp_path, jobs=1)
    assert not evidence.begun(["seeds"], tmp_path)


def test_a_study_says_how_many_training_pictures_it_needs(image_folder, tmp_path):
    plans = tuple(Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=size)) for size in (301, 302, 50))
    with pytest.raises(ValueError, match="study seeds needs at least 302 training pictures, a batch: pictures=300"):
        runner.run(catalogue.Study("seeds", plans), image_folder, tmp_path, jobs=1)


def test_a_finished_run_of_other_test_pictures_is_done_again(image_folder, tmp_path, made_up):
    plan = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50))
    training = dataset.load_split("train", image_folder)
    loop.train(plan, training, made_up(20, seed=3), tmp_path)
    pictures = named(image_folder)
    table = catalogue.carry_out(plan, "seeds", str(image_folder), pictures, tmp_path, "cpu")
    assert runs.load("published", "layer", tmp_path).info["data"]["test_fingerprint"] == dict(pictures)["test"]
    assert len(table) == 1


def named(folder) -> catalogue.Named:
    return tuple((part, dataset.load_split(part, folder).fingerprint) for part in ("train", "test"))


def test_a_worker_that_outlives_a_study_takes_the_pictures_of_the_next(image_folder, tmp_path):
    plan = Plan("published", "layer", recipe=Recipe(epochs=1, batch_size=50))
    for out in ("first", "second"):
        pictures = named(image_folder)
        table = catalogue.carry_out(plan, "seeds", str(image_folder), pictures, tmp_path / out, "cpu")
        assert set(table["data"]) == {pictures[0][1]}
        next((image_folder / "train" / "cat").iterdir()).unlink()
    catalogue._splits.cache_clear()
    said = catalogue.carry_out(plan, "seeds", str(image_folder), pictures, tmp_path / "third", "cpu")
    assert "train pictures must stay those that the study began with" in said
