import asyncio
import json
import math
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace

import psutil
import pytest

from normviz.app import ahead
from normviz.app.ahead import Settings
from normviz.settings import SettingsError
from tests.browser.harness import ROOT, Server, running_app
from tests.waiting import until

KEPT = ("normviz.app.overview._show_answer", "normviz.app.journey.show_way", "normviz.app.layer_statistics.show_layer")
UNSET = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
NEW_THREAD = """
import json, threading
from normviz.app import ahead
ahead._compute_in_one_thread()
import numpy, threadpoolctl, torch
def visit():
    print(json.dumps([pool["num_threads"] for pool in threadpoolctl.threadpool_info()]))
threading.Thread(target=visit).start()
"""


def kept(server: Server) -> set[str]:
    """Returns the names of the functions whose results the server keeps."""
    with urllib.request.urlopen(f"{server.url}/_stcore/metrics", timeout=30) as answer:
        return set(re.findall(r'cache="([\w.]+)"', answer.read().decode()))


def has_pytorch(server: Server) -> bool:
    return any("libtorch_cpu" in each.path for each in psutil.Process(server.process.pid).memory_maps())


def test_a_server_without_visitors_draws_its_pages():
    with running_app() as server:
        until(lambda: set(KEPT) <= kept(server))
        assert has_pytorch(server) and "not drawn ahead" not in server.log()


def test_an_owner_may_have_only_imports_done_ahead():
    with running_app(NORMVIZ_SERVER_AHEAD="off") as server:
        until(lambda: has_pytorch(server))
        time.sleep(3)
        assert not set(KEPT[1:]) & kept(server)  # the first view is run by the health check


def test_it_waits_until_visitors_pause(monkeypatch):
    def visit_of(session: str) -> None:
        monkeypatch.setattr(ahead, "get_script_run_ctx", lambda: SimpleNamespace(session_id=session))
        ahead.note_click()

    monkeypatch.setattr(ahead, "_asked_at", [-math.inf])
    monkeypatch.setattr(ahead, "_nobodys", {"nobody"})
    monkeypatch.setattr(ahead, "PAUSE_SECONDS", 0.3)
    visit_of("nobody")
    assert ahead._asked_at == [-math.inf], "its own pages do not count"
    visit_of("visitor")
    clicked = time.monotonic()
    with ThreadPoolExecutor(1) as thread:  # where no other event loop runs
        thread.submit(asyncio.run, ahead._pause()).result()
    assert time.monotonic() - clicked > 0.25


@pytest.fixture
def importing(monkeypatch):
    monkeypatch.setattr(ahead, "_importing", event := threading.Event())
    event.set()
    return event


@contextmanager
def waiting_visits(count: int):
    """Gives a list that each visit joins when it gets its turn; visits come one after another while another page runs."""
    came, threads = [], []

    def visit(number: int) -> None:
        with ahead.turn():
            came.append(number)

    with pytest.raises(ZeroDivisionError), ahead.turn():  # a page that fails gives its turn on
        for number in range(count):
            threads.append(threading.Thread(target=visit, args=(number,)))
            threads[-1].start()
            until(lambda: len(ahead._line) + len(came) > len(threads), seconds=10)
        yield came
        _ = 1 / 0
    for thread in threads:
        thread.join(10)


def test_while_modules_are_imported_pages_run_one_at_a_time_first_come_first_served(importing):
    with waiting_visits(5) as came:
        assert came == []
    assert came == [0, 1, 2, 3, 4]


def test_those_who_wait_for_a_turn_go_on_when_all_is_imported(importing):
    with waiting_visits(3) as came:
        ahead._end_import()
        until(lambda: len(came) == 3, seconds=10)


def test_pages_run_beside_each_other_once_all_is_imported(importing):
    importing.clear()
    with waiting_visits(3) as came:
        until(lambda: len(came) == 3, seconds=10)


@pytest.mark.parametrize(
    "path, counts",
    [("/", True), ("/curves", True), ("/static/js/index.js", True), ("/_stcore/health", False), ("/join", False)],
)
def test_a_visitor_counts_from_the_first_request(monkeypatch, path, counts):
    async def app(scope, receive, send) -> None:
        pass

    monkeypatch.setattr(ahead, "_asked_at", [-math.inf])
    asking = ahead.NoteArrivals(app)({"type": "http", "path": path}, None, None)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, asking).result()
    assert (ahead._asked_at[0] > -math.inf) == counts


def test_another_word_is_refused():
    with pytest.raises(SettingsError, match=r"ahead must be one of on, off: ahead='yes'.*\[server\]"):
        Settings("yes")


def test_a_visit_computes_in_its_own_thread_alone():
    said = subprocess.run([sys.executable, "-c", NEW_THREAD], cwd=ROOT, env=UNSET, capture_output=True, text=True, check=True)
    assert set(json.loads(said.stdout)) == {1}
