import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from normviz.lab import store
from normviz.lab.setup import Setup
from normviz.lab.store import About


@pytest.fixture
def run(tmp_path):
    return store.create(tmp_path, Setup(), About("One", "visit-1", best="batch"))


def test_a_run_waits_as_soon_as_it_is_there(run, tmp_path):
    assert run.state().name == "queued" and run.wanted().do == "run"
    assert run.setup() == Setup() and run.about().best == "batch"
    assert [found.key for found in store.of_visit(tmp_path, "visit-1")] == [run.key]
    assert not store.of_visit(tmp_path, "visit-2")


def test_changes_leave_the_rest(run):
    run.want(rates=[(160, 0.1)])
    run.want(do="pause", granted=2)
    assert run.wanted() == store.Wanted("pause", 2, ((160, 0.1),))
    run.report(step=3)
    assert run.report(name="running").step == 3
    run.rename("  ")
    assert run.about().name == "A run" and run.about().visit == "visit-1"


def test_points_that_were_measured_twice_or_cut_off_count_once(run):
    run.add([{"column": "batch-0", "step": 1, "accuracy": 0.1}, {"column": "batch-0", "step": 2, "accuracy": 0.2}])
    run.add([{"column": "batch-0", "step": 2, "accuracy": 0.3}])
    with open(run.folder / "points.jsonl", "a") as file:
        file.write('{"column": "batch-0", "st')
    assert run.table()["accuracy"].tolist() == [0.1, 0.3]


def test_the_last_point_of_what_diverged_stays(run):
    run.add([{"column": "none-0", "step": 1, "accuracy": 0.1}])
    assert run.table()["accuracy"].tolist() == [0.1]
    run.add([{"column": "none-0", "step": 1, "diverged": "loss must stay finite"}])
    assert run.points() == [{"column": "none-0", "step": 1, "accuracy": 0.1, "diverged": "loss must stay finite"}]


def test_a_run_keeps_which_pictures_its_server_had(tmp_path, monkeypatch):
    monkeypatch.setenv("NORMVIZ_DATA", "/mine")
    run = store.create(tmp_path, Setup(), About("One", "visit-1"))
    monkeypatch.setenv("NORMVIZ_DATA", "/of-another-server")
    assert run.choices().folder == "/mine"


def test_all_runs_together_have_a_size_and_those_in_use_stay(run, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MOST_BYTES", 1)
    store.forget_old(tmp_path)
    assert run.folder.exists()
    past = time.time() - store.IN_USE_SECONDS - 1
    os.utime(run.folder / "looked", (past, past))
    store.forget_old(tmp_path)
    assert not run.folder.exists()


def test_the_last_whole_round_is_kept_and_some_are_saved(run):
    assert run.last_round() == (0, {})
    run.keep_round({"batch-0": b"one"}, 1, save=True)
    run.keep_round({"batch-0": b"two"}, 2, save=False)
    assert run.last_round() == (2, {"batch-0": b"two"})
    assert run.saved_steps() == [1] and run.saved_round(1) == {"batch-0": b"one"}
    os.replace(run.folder / "round", run.folder / "round.new")  # killed between the two
    assert run.last_round() == (2, {"batch-0": b"two"})


@pytest.mark.parametrize("key", ["", "..", "../../etc", "nothing", "a/b", "a\0b"])
def test_a_key_from_an_address_finds_runs_alone(key, run, tmp_path):
    assert store.find(tmp_path, key) is None
    assert store.find(tmp_path, run.key) == run


def test_runs_that_nobody_looks_at_are_forgotten(run, tmp_path):
    assert run.seconds_unseen() < 5
    past = time.time() - (store.KEPT_DAYS + 1) * 86_400
    os.utime(run.folder / "looked", (past, past))
    kept = store.create(tmp_path, Setup(), About("Two", "visit-1"))
    store.forget_old(tmp_path)
    assert store.all_runs(tmp_path) == [kept]


def test_what_two_pages_want_at_once_is_both_kept(run):
    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            list(
                threads.map(lambda change: run.want(**change), [{"do": "stop"}, {"rates": [(0, number)]}, {"granted": number}])
            )
            assert run.wanted() == store.Wanted("stop", number, ((0, number),))
            run.want(do="run", granted=0, rates=[])
