import errno
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from normviz import disk


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path):
    disk.check_writable(tmp_path / "new" / "newer", needed_bytes=1)
    disk.check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_relative_folder_may_be_missing_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    disk.check_writable("new/../newer")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["file", "file/below", "nowhere/below", "a" * 300, "/dev/null/x", "/proc/x"])
def test_what_cannot_be_written_is_named(place, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    with pytest.raises(disk.DiskError) as caught:
        disk.check_writable(tmp_path / place)
    assert place in str(caught.value) and "name another folder" in str(caught.value)


def test_a_folder_without_leave_to_write_is_named(tmp_path, monkeypatch):
    def refuse(path, mode=0o777):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(disk.DiskError, match="Permission denied"):
        disk.check_writable(tmp_path)


def test_a_full_disk_is_named_with_what_is_needed_and_what_is_free(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=3_000_000))
    disk.check_writable(tmp_path, 3_000_000)
    with pytest.raises(disk.DiskError, match=r"4\.5 MB free.*3\.0 MB"):
        disk.check_writable(tmp_path, 4_500_000)


def test_room_is_made_from_the_oldest_on(tmp_path):
    for name, age in (("a", 30), ("b", 20), ("c", 10), ("other", 40)):
        (tmp_path / f"{name}.{'txt' if name == 'other' else 'npz'}").write_bytes(bytes(10))
        os.utime(next(tmp_path.glob(f"{name}.*")), (1000 - age, 1000 - age))
    disk.make_room(tmp_path, "*.npz", most_bytes=25, oldest=975)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.npz", "c.npz", "other.txt"]
    disk.make_room(tmp_path, "*.npz", most_bytes=10, newest=tmp_path / "b.npz")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.npz", "other.txt"]
    disk.make_room(tmp_path / "missing", "*", 0)


def test_a_file_keeps_its_mode_and_a_link_stays_one(tmp_path):
    file, link = tmp_path / "file", tmp_path / "link"
    disk.write_whole(file, b"old")
    file.chmod(0o600)
    link.symlink_to(file)
    disk.write_whole(link, b"new")
    assert link.is_symlink() and file.read_bytes() == b"new" and file.stat().st_mode & 0o777 == 0o600


def test_a_file_for_which_there_is_no_room_is_named_and_nothing_of_it_stays(tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    for kind in (disk.DiskError, OSError):
        with pytest.raises(kind, match="file cannot be written .No space left on device.: make room"):
            disk.write_whole(tmp_path / "file", b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_two_write_at_once_is_whole(tmp_path, monkeypatch):
    file, both, rename = tmp_path / "file.json", threading.Barrier(2), os.replace

    def together(*paths):
        both.wait(60)
        rename(*paths)

    monkeypatch.setattr(os, "replace", together)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda content: disk.write_whole(file, content), (b"one", b"other")))
    assert file.read_bytes() in (b"one", b"other") and list(tmp_path.iterdir()) == [file]
