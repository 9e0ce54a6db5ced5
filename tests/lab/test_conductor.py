import threading

import pytest
from distributed import Client, LocalCluster

from normviz.lab import slices, store
from normviz.lab.asking import seconds_for
from normviz.lab.conductor import Conductor
from normviz.lab.setup import Setup
from normviz.lab.store import About
from normviz.lab.tasks import Data, Speed
from tests.waiting import until

SETUP = Setup(("batch", "none"), data="drawn", pictures=500, steps=12)
DATA = Data("drawn", "", 500)


@pytest.fixture(scope="module")
def client():
    options = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        yield client


@pytest.fixture
def begin(client, tmp_path):
    """Returns what begins a run with a conductor of its own, in a thread, and its run."""
    threads = []

    def begin(setup=SETUP, run=None, **options):
        run = run or store.create(tmp_path, setup, About("One", "visit"))
        conductor = Conductor(run, client, DATA, 1, **{"longest_seconds": 600} | options)
        threads.append(threading.Thread(target=conductor.conduct))
        threads[-1].start()
        return run

    yield begin
    for thread in threads:
        thread.join(timeout=60)


def test_all_columns_have_the_same_steps_at_every_point(begin):
    run = begin()
    until(lambda: run.state().name == "done")
    steps = run.table().groupby("norm")["step"].apply(list)
    assert steps["batch"] == steps["none"] and steps["batch"][0] == 0 and steps["batch"][-1] == 12
    assert run.saved_steps()[-1] == 12 and run.state().seconds_left == 0


def test_pause_step_go_on_and_another_rate(begin, tmp_path):
    run = store.create(tmp_path, SETUP, About("One", "visit"))
    run.want(do="pause")
    begin(run=run)
    until(lambda: run.state().name == "paused")
    assert run.state().step == 0
    run.want(granted=2)
    until(lambda: run.state().step == 2)
    run.want(do="run", rates=[(2, 1e-6)])
    until(lambda: run.state().name == "done")
    plain = begin()
    until(lambda: plain.state().name == "done")
    assert run.table()["loss"].iloc[-1] != plain.table()["loss"].iloc[-1]


def test_stop_does_not_wait_for_the_slice_under_way(begin, monkeypatch):
    under_way, over = threading.Event(), threading.Event()

    def without_end(job):
        under_way.set()
        over.wait()

    run = begin(Setup(("batch",), data="drawn", pictures=500, steps=50_000))
    until(lambda: run.state().step > 0)
    monkeypatch.setattr(slices, "carry_out", without_end)
    until(under_way.is_set)
    run.want(do="stop")
    try:
        until(lambda: run.state().name == "stopped")
        assert "stopped by hand at step" in run.state().why
    finally:
        over.set()


def test_a_run_that_nobody_looks_at_ends_itself(begin, monkeypatch):
    monkeypatch.setattr("normviz.lab.conductor.UNSEEN_SECONDS", 0.5)
    run = begin(Setup(("batch",), data="drawn", pictures=500, steps=50_000))
    until(lambda: run.state().name == "stopped")
    assert "nobody looked at it" in run.state().why


def test_a_run_goes_on_where_an_engine_left_it(begin):
    left = threading.Event()
    run = begin(stopping=left.is_set)
    until(lambda: run.state().step > 0)
    left.set()
    until(lambda: run.last_round()[0] == run.state().step)
    begin(run=run)
    until(lambda: run.state().name == "done")
    whole = begin()
    until(lambda: whole.state().name == "done")
    assert run.last_round()[1]["batch-0"][-1000:] == whole.last_round()[1]["batch-0"][-1000:]


def test_a_run_ends_at_the_longest_time(begin):
    run = begin(Setup(("batch",), data="drawn", pictures=500, steps=50_000), longest_seconds=0.1)
    until(lambda: run.state().name == "stopped")
    assert "the longest that this server allows" in run.state().why


def test_what_diverges_leaves_and_the_others_go_on(begin):
    run = begin(Setup(("batch", "none"), data="drawn", pictures=500, steps=30, learning_rate=10.0, optimizer="sgd"))
    until(lambda: run.state().name in store.OVER)
    table = run.table()
    assert "none" in set(table.dropna(subset=["diverged"])["norm"])
    assert run.state().name == "done" or "every training diverged" in run.state().why


def test_neither_what_diverged_nor_a_step_that_was_granted_comes_again_after_a_restart(begin, tmp_path):
    run = store.create(tmp_path, Setup(("batch", "layer"), data="drawn", pictures=500, steps=8), About("One", "visit"))
    run.want(do="pause", granted=2)
    left = threading.Event()
    begin(run=run, stopping=left.is_set)
    until(lambda: run.state().step == 2)
    left.set()
    (run.folder / "round" / "layer-0.safetensors").unlink()
    begin(run=run)
    until(lambda: run.state().name == "paused")
    assert run.state().step == 2
    run.want(do="run")
    until(lambda: run.state().name == "done")
    assert run.table().groupby("norm")["step"].max().to_dict() == {"batch": 8, "layer": 2}


def test_only_a_worker_that_says_nothing_is_restarted(client, tmp_path, monkeypatch):
    run = store.create(tmp_path, SETUP, About("One", "visit"))
    conductor = Conductor(run, client, DATA, 1, 600)
    assert conductor._silent() == []
    monkeypatch.setattr("normviz.lab.conductor.LATE_SECONDS", -60)
    assert conductor._silent() == list(client.scheduler_info()["workers"])


def test_expected_seconds_count_training_and_points():
    speed = Speed(step=0.01, point=0.05)
    alone = seconds_for([speed], 1000, 1, 1)
    assert 10 < alone < 12
    assert seconds_for([speed, speed], 1000, 1, 2) == pytest.approx(alone)
    assert seconds_for([speed, speed], 1000, 2, 1) > 3.9 * alone
