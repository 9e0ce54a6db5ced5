"""The nginx of docs/deploy.md in front of two processes: every visitor stays with one, and gets the own answer."""

import asyncio
import os
import shutil
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.thirty import Crowd, own_picture
from tests.app.pages import ROOT
from tests.browser.harness import Server, free_port, running_app

VISITORS = 6
NEW_SEATS = 30  # all of which go to one process once in 500 million times


@contextmanager
def running_nginx(folder: Path, *servers: Server):
    """Runs docs/nginx.conf on a free port before these servers; notes which of them answered whom."""
    port = free_port()
    conf = (ROOT / "docs/nginx.conf").read_text()
    here = {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "user www-data;": "",
        "pid /run/nginx.pid;": "pid nginx.pid;",
        "error_log /var/log/nginx/error.log;": "error_log nginx-error.log;",
        "access_log off;": 'log_format seats "$seat $upstream_addr $status"; access_log seats.log seats;',
    }
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    here["http {"] = "http { " + " ".join(f"{kind}_temp_path {kind};" for kind in kinds)
    here |= {f"127.0.0.1:{8501 + place}": server.url.removeprefix("http://") for place, server in enumerate(servers)}
    for old, new in here.items():
        assert old in conf
        conf = conf.replace(old, new)
    (folder / "nginx.conf").write_text(conf)
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"])
    try:
        deadline = time.monotonic() + 30
        while not (folder / "nginx.pid").exists():
            assert process.poll() is None and time.monotonic() < deadline, (folder / "nginx-error.log").read_text()
            time.sleep(0.1)
        yield Server(f"http://127.0.0.1:{port}", folder / "nginx-error.log", {}, process=process)
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def nginx():
    """Skips without nginx, and fails in CI."""
    if not shutil.which("nginx"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("needs nginx")


@pytest.mark.usefixtures("nginx")
def test_visitors_keep_their_seat_and_get_their_own_answer(tmp_path):
    off = {"NORMVIZ_SERVER_AHEAD": "off"}
    with running_app(**off) as one, running_app(**off) as other, running_nginx(tmp_path, one, other) as front:
        crowd = Crowd(front, 0.1, 0)
        with ThreadPoolExecutor(1) as thread:  # Playwright's own event loop runs in this one
            thread.submit(asyncio.run, crowd.walk(VISITORS, own_picture, arriving=1)).result()
        for _ in range(NEW_SEATS):
            urllib.request.urlopen(f"{front.url}/_stcore/health").close()
    assert not crowd.wrong and len(crowd.seconds["classify"]) == 3 * VISITORS
    seats = {}
    for seat, address, status in map(str.split, (tmp_path / "seats.log").read_text().splitlines()):
        assert status in ("101", "200", "204"), f"{address} answered {status}"
        seats.setdefault(seat, set()).add(address)
    assert all(len(addresses) == 1 for addresses in seats.values())
    assert len(set().union(*seats.values())) == 2, "all seats in one process"
