"""The engine as it runs beside a server: real processes, started by one that can be killed."""

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from normviz.lab import asking, engine, store
from normviz.lab.settings import Settings
from normviz.lab.setup import Setup
from normviz.lab.store import About
from tests.waiting import until

LONG = Setup(("batch", "layer"), data="drawn", pictures=500, steps=20_000)
ALIVE = SimpleNamespace(is_alive=lambda: True)
SERVER = "import time; from normviz.lab import asking; asking.start(); print('up', flush=True); time.sleep(600)"


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """The settings of a lab whose folder is empty, and which this process and its children find."""
    monkeypatch.setenv("NORMVIZ_LAB_FOLDER", str(tmp_path))
    monkeypatch.setenv("NORMVIZ_LAB_WORKERS", "1")
    return Settings(folder=str(tmp_path), workers=1)


@pytest.fixture
def start_server(lab):
    """Returns what starts a process that starts an engine, as a server does; it is killed at the end."""
    servers = []

    def start() -> subprocess.Popen:
        servers.append(subprocess.Popen([sys.executable, "-c", SERVER], env=os.environ | {"PYTHONPATH": os.getcwd()}))
        until(lambda: asking.wake(lab))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()
        server.wait()


def create(lab, setup=LONG, visit="one"):
    return store.create(lab.folder, setup, About("A run", visit))


def look_until(lab, run, holds):
    """Waits as a page does: it looks at the run meanwhile."""

    def look() -> bool:
        run.look()
        asking.wake(lab)
        return holds()

    until(look)


def of_lab(server) -> list[psutil.Process]:
    return psutil.Process(server.pid).children(recursive=True)


def test_a_killed_worker_is_told_and_costs_one_slice(lab, start_server):
    server, run = start_server(), create(lab)
    look_until(lab, run, lambda: run.state().step > 2)
    worker = max(of_lab(server), key=lambda process: process.memory_info().rss)
    worker.kill()
    look_until(lab, run, lambda: "A worker died at step" in run.state().why)
    step = run.state().step
    look_until(lab, run, lambda: run.state().step > step)
    steps = [point["step"] for point in run.points() if point["norm"] == "batch"]
    assert steps == sorted(set(steps))


def test_nothing_is_left_when_the_server_is_killed_and_the_next_one_goes_on(lab, start_server):
    server, run = start_server(), create(lab)
    look_until(lab, run, lambda: run.state().step > 2)
    processes = of_lab(server)
    assert len(processes) >= 4  # engine, scheduler, nanny, worker
    server.send_signal(signal.SIGKILL)
    server.wait()
    until(lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes))
    step = run.last_round()[0]
    run.look()
    (run.folder.parents[1] / "ready").unlink()
    start_server()
    look_until(lab, run, lambda: run.state().name == "running" and run.state().step > step)


def test_the_queue_lets_two_train_and_one_of_each_visit(lab, start_server):
    start_server()
    first, second, third = create(lab), create(lab), create(lab, visit="two")
    fourth = create(lab, visit="three")

    def look():
        for run in (first, second, third, fourth):
            run.look()
        return third.state().step > 0

    look_until(lab, first, look)
    assert first.state().name == "running" and second.state().name == "queued" and fourth.state().name == "queued"
    assert {second.state().place, fourth.state().place} == {1, 2}
    first.want(do="stop")
    look_until(lab, fourth, lambda: look() and second.state().name == "running")
    for run in (second, third, fourth):
        run.want(do="stop")
    look_until(lab, fourth, lambda: {run.state().name for run in (first, second, third, fourth)} == {"stopped"})


def test_time_is_measured_and_runs_are_exported(lab, start_server):
    start_server()
    short = Setup(("group",), data="drawn", pictures=500, steps=6)
    asking.ask_speed(lab, short)
    run = create(lab, short)
    look_until(lab, run, lambda: run.state().name == "done" and asking.expected_seconds(lab, short, 6, 1) is not None)
    assert 0 < asking.expected_seconds(lab, short, 6, 1) < 60
    asking.ask_export(lab, run, 6)
    look_until(lab, run, lambda: run.state().exported == 6)
    assert (run.exported(6) / "controlled" / "group" / "run.json").exists()


def test_a_run_whose_pictures_are_missing_fails_with_its_reason(lab, start_server, monkeypatch, tmp_path):
    monkeypatch.setenv("NORMVIZ_DATA", str(tmp_path / "nothing"))
    start_server()
    run = create(lab, Setup(("group",), steps=6))
    look_until(lab, run, lambda: run.state().name == "failed")
    assert "no CIFAR-10 in" in run.state().why


def test_the_engine_starts_without_pytorch():
    script = "import sys, normviz.lab.engine; assert not {'torch', 'torchvision'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_cluster_that_cannot_be_reached_is_named(lab, monkeypatch, start_server):
    monkeypatch.setenv("NORMVIZ_CLUSTER", "nowhere")
    server = subprocess.Popen([sys.executable, "-c", SERVER], env=os.environ | {"PYTHONPATH": os.getcwd()})
    try:
        until(lambda: asking.wake(lab) or "missing port number" in asking.trouble(lab))
        assert not asking.wake(lab)
    finally:
        server.kill()
        server.wait()


class Cluster:
    """Stands for a client: what the engine asks it before it has a run to lead."""

    def __init__(self, status="running", workers=1):
        self.status, self.workers = status, workers

    def scheduler_info(self, **_):
        return {"workers": dict.fromkeys(range(self.workers))}


@pytest.mark.parametrize("cluster", [Cluster("closed"), Cluster(workers=0)])
def test_a_lost_cluster_is_left_for_another(cluster, lab, monkeypatch):
    monkeypatch.setattr(engine, "LOST_SECONDS", 0.5)
    asking.wake(lab)
    engine.Engine(lab, cluster).work()
    assert not (engine.Engine(lab, cluster).root / "ready").exists()


def test_what_goes_wrong_at_one_look_is_looked_at_again(lab, monkeypatch):
    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 0)
    cluster, looks = Cluster(), []

    def look(leader):
        looks.append(leader)
        if len(looks) == 3:
            cluster.status = "closed"
        raise KeyError("about")

    monkeypatch.setattr(engine.Engine, "look", look)
    asking.wake(lab)
    engine.Engine(lab, cluster).work()
    assert len(looks) == 3


def test_paused_runs_keep_nobody_waiting_and_only_the_next_places_are_told_a_time(lab, monkeypatch):
    leader, begun = engine.Engine(lab, Cluster()), []
    monkeypatch.setattr(
        engine.Engine, "_begin", lambda leader, run: begun.append(run) or leader.threads.update({run.key: ALIVE})
    )
    runs = [create(lab, visit=str(number)) for number in range(6)]
    leader.look()
    assert begun == runs[:2] and runs[2].state().place == 1
    runs[0].report(name="paused", seconds_left=9.0)
    runs[1].report(name="running", seconds_left=5.0)
    leader.look()
    assert begun == runs[:3]
    runs[2].report(name="running", seconds_left=7.0)
    leader.look()
    assert [run.state().seconds_left for run in runs[3:]] == [5.0, 7.0, None]


def test_what_has_ended_is_not_read_again(lab, monkeypatch):
    run, read = create(lab), []
    run.report(name="done")
    leader = engine.Engine(lab, SimpleNamespace(status="running"))
    leader.look()
    monkeypatch.setattr(store.LabRun, "state", lambda run: read.append(run) or store.State("done"))
    leader.look()
    assert not read and leader.over == {run.key}


def test_a_full_disk_ends_neither_the_engine_nor_the_queue(lab, monkeypatch):
    run, leader, write = create(lab), engine.Engine(lab, SimpleNamespace(status="running")), store.write_whole
    fails = iter([True, True, False])

    def write_whole(file, content):
        if next(fails, False):
            raise OSError(28, "No space left on device")
        write(file, content)

    monkeypatch.setattr(store, "write_whole", write_whole)
    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 0)
    leader._lead(run)  # there is no client
    assert run.state().name == "failed" and next(fails, None) is None
