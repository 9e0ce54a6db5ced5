import contextlib
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
import torchvision

from normviz.pictures import dataset, download


@pytest.fixture
def server(archive, monkeypatch):
    """Serves the archive on the loopback; while `broken` is set, each connection ends half-way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(archive[0])))
            self.end_headers()
            self.wfile.write(archive[0][: len(archive[0]) // 2] if self.server.broken else archive[0])

        def log_message(self, *arguments):
            pass

        def handle(self):
            with contextlib.suppress(ConnectionError):  # torchvision closes its first connection unread
                super().handle()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.broken = False
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(torchvision.datasets.CIFAR10, "url", f"http://127.0.0.1:{running.server_port}/cifar.tar.gz")
        threading.Thread(target=running.serve_forever, args=[0.05], daemon=True).start()
        yield running
        running.shutdown()


def test_broken_download_succeeds_on_the_next_try(archive, server, tmp_path):
    server.broken = True
    with pytest.raises(dataset.DataError, match="try again"):
        download.fetch(tmp_path / "new")
    server.broken = False
    reported = []
    download.fetch(tmp_path / "new", reported.append)
    assert reported[-1] == 1.0 and all(0 <= fraction <= 1 for fraction in reported)
    split = dataset.load_split("test", tmp_path / "new")
    assert (split.images == archive[1]["data"].reshape(10, 3, 32, 32).transpose(0, 2, 3, 1)).all()
    assert split.labels.tolist() == archive[1]["labels"]
    assert len(dataset.load_split("train", tmp_path / "new")) == 50


def test_a_folder_that_names_the_batches_is_fetched_beside(archive, server, tmp_path):
    damaged = tmp_path / torchvision.datasets.CIFAR10.base_folder
    damaged.mkdir()
    (damaged / "test_batch").write_bytes(b"cut short")
    assert download.fetch(damaged) == tmp_path
    assert len(dataset.load_split("test", damaged)) == 10


def test_room_and_leave_to_write_are_checked_before_anything_is_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_start_or_join", lambda path: pytest.fail("nothing may be fetched"))
    (tmp_path / "file").touch()
    with pytest.raises(dataset.DataError, match="file"):
        download.fetch(tmp_path / "file")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=300_000_000))
    with pytest.raises(dataset.DataError, match=r"356\.7 MB free.*300\.0 MB"):
        download.fetch(tmp_path / "new")


def test_files_that_are_there_need_no_room(server, tmp_path, monkeypatch):
    download.fetch(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    download.fetch(tmp_path)
