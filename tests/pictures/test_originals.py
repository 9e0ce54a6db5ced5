import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
import torchvision

from normviz.pictures import dataset, originals


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    monkeypatch.setattr(torchvision.datasets.utils, "download_url", lambda *_, **__: pytest.fail("asked the network"))


@pytest.fixture
def packed(archive, tmp_path, own_cache):
    """A folder that holds nothing but the archive."""
    (tmp_path / originals.ARCHIVE).write_bytes(archive[0])
    return tmp_path


@pytest.fixture
def unpacked(packed):
    """A folder that holds nothing but the folder of batches."""
    file = packed / originals.ARCHIVE
    torchvision.datasets.utils.extract_archive(file, remove_finished=True)
    return packed


def test_the_folder_of_batches_is_recognised_and_so_is_its_parent(unpacked, archive, monkeypatch):
    batches = unpacked / originals.FOLDER
    wanted = dataset.load_split("test", unpacked)
    assert wanted.labels.tolist() == archive[1]["labels"]
    assert dataset.load_split("test", batches).fingerprint == wanted.fingerprint
    assert len(dataset.load_split("train", batches)) == 50
    monkeypatch.chdir(batches)
    assert dataset.load_split("test", ".").fingerprint == wanted.fingerprint
    monkeypatch.setenv("NORMVIZ_DATA", str(batches))
    assert dataset.find_folder() == batches and dataset.download_folder() == unpacked


def test_the_names_are_those_of_torchvision():
    source = torchvision.datasets.CIFAR10
    assert source.base_folder == originals.FOLDER and source.filename == originals.ARCHIVE
    assert source.meta["filename"] == originals.META
    assert tuple(name for name, _ in source.train_list + source.test_list) == originals.BATCHES


def test_batches_are_read_once_until_one_of_them_changes(unpacked, monkeypatch):
    wanted = dataset.load_split("test", unpacked)
    monkeypatch.setattr(originals, "load", lambda *_: pytest.fail("read again"))
    assert dataset.load_split("test", unpacked).fingerprint == wanted.fingerprint
    (unpacked / originals.FOLDER / "test_batch").touch()
    with pytest.raises(pytest.fail.Exception, match="read again"):
        dataset.load_split("test", unpacked)


def test_the_folder_of_batches_may_have_another_name(unpacked):
    renamed = (unpacked / originals.FOLDER).rename(unpacked / "cifar")
    assert len(dataset.load_split("test", renamed)) == 10
    assert dataset.find_folder(unpacked) is None


@pytest.mark.parametrize("named", ["folder", "archive"])
def test_an_archive_is_unpacked_beside_itself(named, packed, archive):
    file = packed / originals.ARCHIVE
    for _ in range(2):
        split = dataset.load_split("test", packed if named == "folder" else file)
        assert split.labels.tolist() == archive[1]["labels"]
    assert {path.name for path in packed.iterdir()} == {originals.FOLDER, file.name, "cache"}


def test_an_archive_may_be_unpacked_by_many_at_once(packed):
    with ThreadPoolExecutor(8) as pool:
        splits = list(pool.map(lambda _: dataset.load_split("test", packed), range(16)))
    assert len({split.fingerprint for split in splits}) == 1
    assert len(list(packed.iterdir())) == 3


@pytest.mark.parametrize("damage", [lambda old: old[:-9], lambda old: old[:-1] + b"x", lambda old: b""])
def test_a_damaged_archive_is_named_and_the_next_step(damage, packed):
    file = packed / originals.ARCHIVE
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(dataset.DataError, match=f"{file} is damaged or not all there.*download --data {packed}$"):
        dataset.load_split("test", packed)
    assert list(packed.iterdir()) == [file]


def test_an_archive_that_cannot_be_unpacked_is_named(packed, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torchvision.datasets.utils, "extract_archive", refuse)
    with pytest.raises(dataset.DataError, match="cifar-10-python.tar.gz cannot be unpacked there .*No space left.*--data"):
        dataset.load_split("test", packed)


def test_incomplete_batches_are_named_and_the_next_step(unpacked):
    batches = unpacked / originals.FOLDER
    (batches / "data_batch_3").unlink()
    for named in (unpacked, batches):
        with pytest.raises(dataset.DataError, match=f"{batches} are incomplete or damaged.*download --data {unpacked}$"):
            dataset.load_split("test", named)


def test_what_holds_neither_is_not_taken(tmp_path):
    shutil.copy(__file__, tmp_path / "cifar-10.tar.gz")
    (tmp_path / originals.ARCHIVE).mkdir()
    assert originals.find(tmp_path) is None and originals.find(tmp_path / "nowhere") is None
