"""Hostile archives: each ends in one sentence, and nothing of it stays."""

import io
import re
import stat
import tempfile
import unicodedata
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from normviz.pictures import archives, dataset, inspection, own, reading
from tests import own_pictures

pytestmark = pytest.mark.usefixtures("own_cache")


def packed(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def link(name, target):
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member, target


def device(name):
    member = zipfile.ZipInfo(name)
    member.external_attr = stat.S_IFIFO << 16
    return member, b""


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("a/../../escaped.png", b"x")], "leads out of the archive"),
        ([("..\\escaped.png", b"x")], "leads out of the archive"),
        ([("/tmp/escaped.png", b"x")], "has an absolute path"),
        ([("C:/escaped.png", b"x")], "has an absolute path"),
        ([link("a/1.png", "/etc/passwd")], "is a link"),
        ([link("a", "/etc"), ("a/passwd", b"x")], "is a link"),
        ([("a/" * depth, b"") for depth in range(1, 1500)], "folders deep"),
        ([device("a/1.png")], "neither a file nor a folder"),
        ([("a/1.png", b"x"), ("a\\1.png", b"x")], "stands in it twice"),
        ([("a", b"x"), ("a/1.png", b"x")], "cannot be unpacked"),
        ([(f"{'a' * 300}/1.png", b"x")], "cannot be unpacked"),
        ([("readme.txt", b"x")], "holds no pictures by class"),
        ([], "holds no pictures by class"),
    ],
)
def test_hostile_archive_ends_in_a_sentence(members, said, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    file = packed(tmp_path / "mine.zip", members)
    with pytest.raises(dataset.DataError, match=said):
        own.read(file)
    assert not list((tmp_path / "temporary").iterdir()) and not list(tmp_path.rglob("escaped*"))


def test_names_that_macos_packs_stay_as_they_are(tmp_path):
    folder = own_pictures.fill(tmp_path / "mine", 4, classes=("Äpfel", "猫"))
    names = {file: unicodedata.normalize("NFD", f"{file.parent.name}/{file.name}") for file in sorted(folder.rglob("*.*"))}
    file = packed(tmp_path / "mine.zip", [(name, picture.read_bytes()) for picture, name in names.items()])
    says_utf_8 = re.compile(rb"(PK\x01\x02.{4}|PK\x03\x04.{2}).\x08", re.DOTALL)  # in the list of members, and before each
    unsaid, count = says_utf_8.subn(rb"\g<1>\0\0", file.read_bytes())
    assert count == 2 * len(names)
    file.write_bytes(unsaid)
    assert own.read(file).classes == ("Äpfel", "猫")


def test_folders_of_windows_are_made(tmp_path):
    folder = own_pictures.fill(tmp_path / "mine", 4, classes=("a", "b"))
    members = [(f"{name}\\", b"") for name in ("a", "b")]
    members += [(f"{file.parent.name}\\{file.name}", file.read_bytes()) for file in sorted(folder.rglob("*.*"))]
    assert own.read(packed(tmp_path / "mine.zip", members)).classes == ("a", "b")


def test_a_refusal_names_the_archive_and_no_folder_that_is_gone(tmp_path):
    file = packed(tmp_path / "mine.zip", [("metadata.csv", b"name,kind"), ("a.png", b"x")])
    with pytest.raises(dataset.DataError) as caught:
        own.read(file)
    assert str(caught.value).startswith(f"{file}/metadata.csv must have the columns")


def test_bomb(tmp_path):
    file = packed(tmp_path / "mine.zip", [("a/1.bmp", bytes(10**8))], zipfile.ZIP_BZIP2)
    assert 10_000 * file.stat().st_size < 10**8
    with pytest.raises(dataset.DataError, match=r"at most 200 times its own size when unpacked, and has \d"):
        own.read(file)


def test_a_size_that_is_not_true_unpacks_no_more(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.bmp", bytes(10**6))
    lying = content.getvalue().replace((10**6).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "mine.zip").write_bytes(lying)
    with pytest.raises(dataset.DataError, match="cannot be unpacked"):
        own.read(tmp_path / "mine.zip")


def test_a_hundred_thousand_files(tmp_path):
    file = packed(tmp_path / "mine.zip", ((f"a/{number}.png", b"") for number in range(100_000)), zipfile.ZIP_STORED)
    with pytest.raises(dataset.DataError, match="at most 70,000 files, and has 100,000"):
        own.read(file)


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(500)])
def test_no_archive(content, tmp_path):
    (tmp_path / "mine.zip").write_bytes(content)
    with pytest.raises(dataset.DataError, match=r"cannot be unpacked|holds no pictures"):
        own.read(tmp_path / "mine.zip")


@pytest.mark.parametrize("place", [60, 500, 5000])
def test_damaged_archive(place, tmp_path):
    own_pictures.fill(tmp_path / "mine", 6)
    file = packed(
        tmp_path / "mine.zip", [(f.relative_to(tmp_path).as_posix(), f.read_bytes()) for f in (tmp_path / "mine").rglob("*.*")]
    )
    content = bytearray(file.read_bytes())
    content[place : place + 30] = bytes(30)
    file.write_bytes(content)
    with pytest.raises(dataset.DataError, match="cannot be unpacked"):
        own.read(file)


def test_encrypted_archive(tmp_path):
    file = packed(tmp_path / "mine.zip", [("a/1.png", b"x")])
    content = bytearray(file.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(content)
    with pytest.raises(dataset.DataError, match="is encrypted"):
        own.read(file)


class Trap:
    def __reduce__(self):
        return pytest.fail, ("unpickled",)


@pytest.mark.parametrize("name", ["train_images", "train_labels"])
def test_pickled_objects_are_never_loaded(name, tmp_path):
    arrays = {"train_images": np.zeros((4, 8, 8), np.uint8), "train_labels": np.arange(4)}
    np.savez(tmp_path / "mine.npz", **arrays | {name: np.array([Trap()] * 4, dtype=object)})
    with pytest.raises(dataset.DataError, match="pickled objects"):
        own.read(tmp_path / "mine.npz")


@pytest.mark.parametrize("shape", [(10**12,), (2**40, 2**40), (-1,)])
def test_an_array_that_claims_to_be_huge(shape, tmp_path):
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"shape": shape, "fortran_order": False, "descr": "|u1"})
    packed(tmp_path / "mine.npz", [("train_images.npy", content.getvalue())])
    with pytest.raises(dataset.DataError, match="train_images.npy is damaged"):
        own.read(tmp_path / "mine.npz")


def test_a_whole_archive_leaves_nothing_behind(tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    file = packed(tmp_path / "mine.zip", [("a/1.txt", b"x")])
    with archives.unpacked(file) as folder:
        assert (folder / "a" / "1.txt").read_bytes() == b"x"
    assert not list((tmp_path / "temporary").iterdir())
    with pytest.raises(KeyError), archives.unpacked(file):
        raise KeyError("the block's own")


def test_a_visitor_may_bring_less(tmp_path, monkeypatch):
    own_pictures.save_npz(tmp_path / "mine.npz")
    folder = own_pictures.fill(tmp_path / "mine", 4)
    for name, said in (
        ("pictures", "at most 10 pictures here"),
        ("pixels", "at most 10 pixels"),
        ("bytes", "at most 10 bytes"),
    ):
        monkeypatch.setattr(reading, "GUEST", replace(reading.OWNER, **{name: 10}))
        for path in (tmp_path / "mine.npz", folder):
            if (name, path.suffix) not in (("pixels", ".npz"), ("bytes", "")):
                with pytest.raises(dataset.DataError, match=said):
                    own.read(path, guest=True)


def test_what_a_visitor_brings_is_not_kept(tmp_path):
    album = inspection.read_upload(own_pictures.save_npz(tmp_path / "mine.npz"))
    assert album.classes == ("0", "1", "2", "3") and not (tmp_path / "cache").exists()
    (tmp_path / "mine.zip").write_bytes(b"no archive")
    with pytest.raises(dataset.DataError, match="^mine.zip cannot be unpacked"):
        inspection.read_upload(tmp_path / "mine.zip")
