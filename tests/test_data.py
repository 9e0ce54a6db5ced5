import hashlib
import io
import pickle
import shutil
import tarfile
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from normviz import data
from normviz.classes import CLASS_NAMES

LABELS = np.arange(20) * 3 % 10


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An image folder of 20 plain pictures named 0.png to 19.png, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for index, label in enumerate(LABELS):
        save_picture(tmp_path / "pictures" / "test" / CLASS_NAMES[label] / f"{index}.png", index * 10)
    return tmp_path / "pictures"


def save_picture(file, level, side=32):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), (level, 255 - level, 7)).save(file)


def break_header(archive):
    return archive.replace(b"{'descr'", b"{('desc'", 1)


def fail(*arguments):
    raise AssertionError("decoded although the cache holds the pictures")


def test_image_folder_loads_in_index_order(folder):
    split = data.load_split("test", folder)
    assert split.images.shape == (20, 32, 32, 3) and split.images.dtype == np.uint8
    assert split.indices.tolist() == list(range(20))
    assert split.labels.tolist() == LABELS.tolist()
    assert split.images[:, 5, 5].tolist() == [[index * 10, 255 - index * 10, 7] for index in range(20)]
    assert "png" in split.edition


def test_second_load_decodes_nothing(folder, monkeypatch):
    first = data.load_split("test", folder)
    monkeypatch.setattr(data, "_decode", fail)
    assert data.load_split("test", folder).fingerprint == first.fingerprint


@pytest.mark.parametrize("damage", [lambda old: b"", lambda old: b"nonsense", lambda old: old[: len(old) // 2], break_header])
def test_damaged_cache_is_decoded_again(damage, folder, tmp_path, monkeypatch):
    first = data.load_split("test", folder)
    (cached,) = (tmp_path / "cache").rglob("*.npz")
    cached.write_bytes(damage(cached.read_bytes()))
    assert data.load_split("test", folder).fingerprint == first.fingerprint
    monkeypatch.setattr(data, "_decode", fail)
    assert data.load_split("test", folder).fingerprint == first.fingerprint


def test_changed_picture_is_seen(folder):
    first = data.load_split("test", folder)
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "test" / "airplane" / "10.png")
    second = data.load_split("test", folder)
    assert (second.images[10] == noise).all()
    assert second.fingerprint != first.fingerprint


@pytest.mark.parametrize(
    "spoil, named",
    [
        (lambda test: shutil.rmtree(test / "cat"), "cat"),
        (lambda test: [file.unlink() for file in (test / "cat").iterdir()], "cat"),
        (lambda test: save_picture(test / "cat" / "77.png", 0, side=31), "77.png"),
        (lambda test: (test / "cat" / "77.png").write_bytes(b"no picture"), "77.png"),
        (lambda test: save_picture(test / "cat" / "kitten.png", 0), "kitten.png"),
        (lambda test: save_picture(test / "cat" / f"{'9' * 25}.png", 0), "999.png"),
        (lambda test: shutil.copy(test / "dog" / "5.png", test / "cat" / "5.png"), "5.png"),
        (lambda test: (test / "cat" / "77.png").symlink_to(test / "nowhere.png"), "77.png"),
        (lambda test: save_picture(test / "cat" / "77.png", 0, side=14_000), "77.png"),
    ],
    ids=[
        *("no class folder", "empty class folder", "wrong size", "unreadable", "no index"),
        *("huge index", "index used twice", "dangling link", "huge picture"),
    ],
)
def test_spoilt_image_folder_names_the_file(spoil, named, folder):
    spoil(folder / "test")
    with pytest.raises(data.DataError) as caught:
        data.load_split("test", folder)
    assert str(folder / "test" / "cat") in str(caught.value) and named in str(caught.value)


def test_no_data_names_the_next_step(tmp_path):
    with pytest.raises(data.DataError, match="python -m normviz download --data"):
        data.load_split("test", tmp_path)


def test_incomplete_torchvision_folder_names_the_next_step(tmp_path):
    (tmp_path / data.CIFAR10.base_folder).mkdir()
    with pytest.raises(data.DataError, match="incomplete or damaged.*download --data"):
        data.load_split("test", tmp_path)


def test_fingerprint_covers_pictures_labels_and_indices(made_up):
    fingerprints = {made_up(10).fingerprint}
    for array in ("images", "labels", "indices"):
        split = made_up(10)
        getattr(split, array).flat[0] += 1
        fingerprints.add(split.fingerprint)
    assert len(fingerprints) == 4 and made_up(10).fingerprint in fingerprints


def test_standardise_equals_the_hand_computed_value():
    picture = np.full((1, 32, 32, 3), (255, 0, 128), dtype=np.uint8)
    out = data.standardise(picture)
    assert out.shape == (1, 3, 32, 32)
    assert out[0, :, 3, 4].tolist() == pytest.approx([2.059109, -1.980287, 0.212006], abs=1e-5)


@pytest.fixture
def archive(monkeypatch):
    """A small but valid CIFAR-10 archive, with torchvision's checksums set to it."""
    batch = {"data": np.arange(10 * 3072).reshape(10, 3072).astype(np.uint8), "labels": list(range(10))}
    names = [name for name, _ in data.CIFAR10.train_list + data.CIFAR10.test_list]
    contents = {name: pickle.dumps(batch) for name in names} | {"batches.meta": pickle.dumps({"label_names": CLASS_NAMES})}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"{data.CIFAR10.base_folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    sums = {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}
    for part in ("train_list", "test_list"):
        monkeypatch.setattr(data.CIFAR10, part, [[name, sums[name]] for name, _ in getattr(data.CIFAR10, part)])
    monkeypatch.setattr(data.CIFAR10, "meta", data.CIFAR10.meta | {"md5": sums["batches.meta"]})
    monkeypatch.setattr(data.CIFAR10, "tgz_md5", hashlib.md5(packed.getvalue()).hexdigest())
    monkeypatch.setattr(data, "ARCHIVE_BYTES", len(packed.getvalue()))
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
            try:
                super().handle()
            except ConnectionError:  # torchvision closes its first connection unread
                pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.broken = False
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setattr(data.CIFAR10, "url", f"http://127.0.0.1:{running.server_port}/cifar.tar.gz")
        threading.Thread(target=running.serve_forever, args=[0.05], daemon=True).start()
        yield running
        running.shutdown()


def test_broken_download_succeeds_on_the_next_try(archive, server, tmp_path):
    server.broken = True
    with pytest.raises(data.DataError, match="try again"):
        data.download(tmp_path / "new")
    server.broken = False
    reported = []
    data.download(tmp_path / "new", reported.append)
    assert reported[-1] == 1.0 and all(0 <= fraction <= 1 for fraction in reported)
    split = data.load_split("test", tmp_path / "new")
    assert (split.images == archive[1]["data"].reshape(10, 3, 32, 32).transpose(0, 2, 3, 1)).all()
    assert split.labels.tolist() == archive[1]["labels"]
    assert len(data.load_split("train", tmp_path / "new")) == 50


def test_a_picture_is_found_by_its_index(made_up):
    split = replace(made_up(4), indices=np.array([2, 5, 6, 9]))
    assert [split.place_of(index) for index in (2, 6, 9, 4)] == [0, 2, 3, None]
