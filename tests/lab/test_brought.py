import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from normviz.lab import brought, engine, slices
from normviz.lab.settings import settings
from normviz.lab.setup import Setup
from normviz.lab.tasks import Slice
from normviz.pictures import own
from normviz.pictures.choices import choices
from tests import own_pictures

HOUR = 3600


@pytest.fixture
def album(tmp_path):
    return own.read(own_pictures.fill(tmp_path / "mine", 20), "fit", guest=True)


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("NORMVIZ_LAB_FOLDER", str(tmp_path / "lab"))
    settings.cache_clear()
    yield tmp_path / "lab"
    settings.cache_clear()


def test_the_classes_of_many_sets_are_read_once(album, root, monkeypatch):
    key = brought.keep(root, album, "fit")
    names = brought.classes(root, key)
    monkeypatch.setattr(brought, "_splits", None)
    assert brought.classes(root, key) == names and len(names) > 1


def test_pictures_that_were_brought_are_trained_on(album, root):
    setup = Setup(("layer",), data="brought", brought=brought.keep(root, album, "fit"), pictures=500, batch_size=8, steps=3)
    data = engine.data_of(setup, choices())
    outcome = slices.carry_out(Slice(setup.columns["layer-0"], data, None, 3))
    assert outcome.point["pictures"] == 24
    info, _ = slices.export(setup.columns["layer-0"], data, outcome.packed)
    test = brought.split(root, setup.brought, "test")
    assert info["data"]["test_fingerprint"] == test.fingerprint and info["data"]["resize"] == "fit"
    assert test.classes == album.classes and len(test) == album.tests.sum()


def test_what_is_kept_is_small_pictures_alone(album, root):
    key = brought.keep(root, album, "crop")
    assert album.examples and own.kept(brought.find(root, key)).examples == ()
    assert [path.name for path in (root / "brought").iterdir()] == [f"{key}.npz"]
    assert brought.keep(root, album, "crop") == key != brought.keep(root, album, "fit")


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "nothing", "a" * 500])
def test_what_is_gone_ends_in_a_sentence(root, key):
    (root / "brought").mkdir(parents=True)
    with pytest.raises(brought.GoneError, match="bring them again"):
        brought.find(root, key)


def test_only_pictures_that_were_brought_have_a_key():
    for change in ({"data": "brought"}, {"data": "drawn", "brought": "abc"}):
        with pytest.raises(ValueError, match="must have a key"):
            Setup(**change)


def others(root, album, ages):
    """Keeps an album several times, as of so many hours ago."""
    keys = []
    for place, hours in enumerate(ages):
        keys.append(brought.keep(root, replace(album, images=album.images // (place + 2)), "crop"))
        past = time.time() - hours * HOUR
        os.utime(root / "brought" / f"{keys[-1]}.npz", (past, past))
    return keys


def found(root):
    return {path.stem for path in (root / "brought").glob("*.npz")}


def test_what_nobody_uses_for_a_day_goes(album, root):
    fresh, _old = others(root, album, (2, 25))
    newest = brought.keep(root, album, "crop")
    assert found(root) == {fresh, newest}


def test_an_old_link_does_not_bring_them_back(album, root):
    (old,) = others(root, album, (25,))
    with pytest.raises(brought.GoneError):
        brought.find(root, old)
    assert not found(root)


def test_the_engine_forgets_them_on_a_quiet_server(album, root, monkeypatch):
    others(root, album, (25,))
    monkeypatch.setattr(engine, "_seconds_since", lambda file: sys.exit(len(found(root))))
    with pytest.raises(SystemExit) as ended:
        engine._serve(settings())
    assert ended.value.code == 0, "so many were left at its first look"


def test_visitors_may_keep_theirs_at_once(album, root, monkeypatch):
    size = brought.find(root, brought.keep(root, album, "fit")).stat().st_size
    monkeypatch.setattr(brought, "MOST_BYTES", int(6.5 * size))
    pages = [replace(album, images=album.images // (place + 1)) for place in range(12)]
    with ThreadPoolExecutor(4) as threads:
        keys = [*threads.map(lambda page: brought.keep(root, page, "crop"), pages)]
    assert len(set(keys)) == 12


def test_the_least_lately_used_goes_where_there_is_no_room(album, root, monkeypatch):
    first, second, third = others(root, album, (3, 2, 1))
    brought.find(root, first)  # used again
    size = (root / "brought" / f"{first}.npz").stat().st_size
    monkeypatch.setattr(brought, "MOST_BYTES", int(2.5 * size))
    newest = brought.keep(root, album, "crop")
    assert found(root) == {first, newest} and second != third


def test_the_engine_does_without_torch():
    command = "import sys, normviz.lab.engine; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], check=False).returncode == 0
