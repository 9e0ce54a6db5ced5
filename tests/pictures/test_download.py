import contextlib
import hashlib
import io
import pickle
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from normviz.pictures import dataset, download
from normviz.words.classes import CLASS_NAMES


@pytest.fixture
def archive(monkeypatch):
    """A small but valid CIFAR-10 archive, with torchvision's checksums set to it."""
    batch = {"data": np.arange(10 * 3072).reshape(10, 3072).astype(np.uint8), "labels": list(range(10))}
    names = [name for name, _ in dataset.CIFAR10.train_list + dataset.CIFAR10.test_list]
    contents = {name: pickle.dumps(batch) for name in names} | {"batches.meta": pickle.dumps({"label_names": CLASS_NAMES})}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"{dataset.CIFAR10.base_folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    sums = {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}
    for part in ("train_list", "test_list"):
        monkeypatch.setattr(dataset.CIFAR10, part, [[name, sums[name]] for name, _ in getattr(dataset.CIFAR10, part)])
    monkeypatch.setattr(dataset.CIFAR10, "meta", dataset.CIFAR10.meta | {"md5": sums["batches.meta"]})
    monkeypatch.setattr(dataset.CIFAR10, "tgz_md5", hashlib.md5(packed.getvalue()).hexdigest())
    monkeypatch.setattr(download, "ARCHIVE_BYTES", len(packed.getvalue()))
    return packed.getvalue(), batch


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
        monkeypatch.setattr(dataset.CIFAR10, "url", f"http://127.0.0.1:{running.server_port}/cifar.tar.gz")
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
