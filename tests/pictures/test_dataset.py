import contextlib
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torchvision
from PIL import Image

from normviz.pictures import cache, dataset, formats
from normviz.words.classes import CLASS_NAMES

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
    split = dataset.load_split("test", folder)
    assert split.images.shape == (20, 32, 32, 3) and split.images.dtype == np.uint8
    assert split.indices.tolist() == list(range(20))
    assert split.labels.tolist() == LABELS.tolist()
    assert split.images[:, 5, 5].tolist() == [[index * 10, 255 - index * 10, 7] for index in range(20)]
    assert "png" in split.edition


def test_second_load_decodes_nothing(folder, monkeypatch):
    first = dataset.load_split("test", folder)
    monkeypatch.setattr(dataset, "_decode", fail)
    assert dataset.load_split("test", folder).fingerprint == first.fingerprint


@pytest.mark.parametrize("damage", [lambda old: b"", lambda old: b"nonsense", lambda old: old[: len(old) // 2], break_header])
def test_damaged_cache_is_decoded_again(damage, folder, tmp_path, monkeypatch):
    first = dataset.load_split("test", folder)
    (cached,) = (tmp_path / "cache").rglob("*.npz")
    cached.write_bytes(damage(cached.read_bytes()))
    assert dataset.load_split("test", folder).fingerprint == first.fingerprint
    monkeypatch.setattr(dataset, "_decode", fail)
    assert dataset.load_split("test", folder).fingerprint == first.fingerprint


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_is_not_kept_whole_is_not_kept(error, tmp_path, monkeypatch):
    def stop(stream, **arrays):
        raise error

    monkeypatch.setattr(np, "savez", stop)
    with contextlib.suppress(KeyboardInterrupt):
        cache.write(tmp_path / "test.npz", {})
    assert list(tmp_path.iterdir()) == []


def test_changed_picture_is_seen(folder):
    first = dataset.load_split("test", folder)
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "test" / "airplane" / "10.png")
    second = dataset.load_split("test", folder)
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
        (lambda test: (test / "cat" / "notes.txt").write_text("tabby"), "notes.txt"),
        (lambda test: (test / "cat" / "more").mkdir(), "more"),
        (lambda test: (test / "cat" / "77.svg").write_text("<svg/>"), "77.svg"),
    ],
    ids=[
        *("no class folder", "empty class folder", "wrong size", "unreadable", "no index"),
        *("huge index", "index used twice", "dangling link", "huge picture"),
        *("no picture", "folder in a class folder", "another format"),
    ],
)
def test_spoilt_image_folder_names_the_file(spoil, named, folder):
    spoil(folder / "test")
    with pytest.raises(dataset.DataError) as caught:
        dataset.load_split("test", folder)
    assert str(folder / "test" / "cat") in str(caught.value) and named in str(caught.value)


@pytest.mark.parametrize("name", ["kitten", "labels.csv"])
def test_what_is_no_class_is_named(name, folder):
    save_picture(folder / "test" / name / "77.png", 0)
    with pytest.raises(dataset.DataError, match=f"{folder / 'test' / name} is no class: .* airplane"):
        dataset.load_split("test", folder)


HIDDEN = ["._00009.png", ".DS_Store", ".git", "Thumbs.db", "desktop.ini", "Desktop.ini", "__MACOSX", "Icon\r", "ehthumbs.db"]


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_files_and_litter_are_passed_over_everywhere(name, folder):
    wanted = dataset.load_split("test", folder).fingerprint
    for place in (folder, folder / "test", folder / "test" / "cat"):
        (place / name).write_bytes(b"\0\5\x16\7")
    assert dataset.load_split("test", folder).fingerprint == wanted


def test_every_format_of_an_upload_may_lie_in_a_folder(folder):
    (folder / "test" / "cat" / "1.png").unlink()
    for index, extension in enumerate(formats.EXTENSIONS, 100):
        save_picture(folder / "test" / "cat" / f"{index}.{extension.upper() if index % 2 else extension}", 90)
    split = dataset.load_split("test", folder)
    seen = split.images[split.indices >= 100].astype(int)
    assert len(seen) == len(formats.EXTENSIONS)
    assert abs(seen - (90, 165, 7)).max() <= 6
    assert "heic" in split.edition


def test_a_picture_in_a_folder_looks_as_an_upload_does(folder):
    deep = np.full((32, 32), 25700, np.uint16)
    Image.fromarray(deep).save(folder / "test" / "cat" / "100.png")
    clear = Image.new("RGBA", (32, 32), (9, 9, 9, 0))
    clear.save(folder / "test" / "cat" / "101.png")
    split = dataset.load_split("test", folder)
    assert (split.images[split.place_of(100)] == 100).all() and (split.images[split.place_of(101)] == 255).all()


def test_no_data_names_the_next_step(tmp_path):
    with pytest.raises(dataset.DataError, match="python -m normviz download --data"):
        dataset.load_split("test", tmp_path)


def test_incomplete_torchvision_folder_names_the_next_step(tmp_path):
    (tmp_path / torchvision.datasets.CIFAR10.base_folder).mkdir()
    with pytest.raises(dataset.DataError, match="incomplete or damaged.*download --data"):
        dataset.load_split("test", tmp_path)


def test_fingerprint_covers_pictures_labels_and_indices(made_up):
    fingerprints = {made_up(10).fingerprint}
    for array in ("images", "labels", "indices"):
        split = made_up(10)
        getattr(split, array).flat[0] += 1
        fingerprints.add(split.fingerprint)
    assert len(fingerprints) == 4 and made_up(10).fingerprint in fingerprints


def test_a_picture_is_found_by_its_index(made_up):
    split = replace(made_up(4), indices=np.array([2, 5, 6, 9]))
    assert [split.place_of(index) for index in (2, 6, 9, 4)] == [0, 2, 3, None]
