"""Pictures that a visitor brings to the lab: 32 x 32 of each, beside the runs, until nobody has trained on them for a day.

No more than `MOST_BYTES` are kept in all; what was used least lately goes first.
"""

import hashlib
import re
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from normviz import disk

if TYPE_CHECKING:  # they bring PyTorch along, which the engine does without
    from normviz.pictures.dataset import Split
    from normviz.pictures.own import Album

KEPT_SECONDS = 86_400
MOST_BYTES = 10**9
_KEY = re.compile("[0-9a-f]{24}-[a-z]{1,20}")


class GoneError(ValueError):
    """Pictures that are not kept any more."""


def keep(root: str | Path, album: "Album", resize: str) -> str:
    """Keeps an album and makes room for it; returns the key by which it is found.

    Raises:
        DiskError: no room.
    """
    from normviz.pictures import own

    digest = hashlib.sha256(repr((album.classes, album.labels.tobytes(), album.tests.tobytes())).encode())
    digest.update(np.ascontiguousarray(album.images))
    key = f"{digest.hexdigest()[:24]}-{resize}"
    folder = Path(root) / "brought"
    disk.check_writable(folder, album.images.nbytes)
    own.keep(album, _file(root, key))
    if not _file(root, key).exists():
        raise disk.DiskError(f"the pictures could not be kept: {folder}; name another folder of the lab in normviz.toml")
    forget_old(root, newest=_file(root, key))
    return key


def _file(root: str | Path, key: str) -> Path:
    return Path(root) / "brought" / f"{key}.npz"


def forget_old(root: str | Path, newest: Path | None = None) -> None:
    """Deletes what nobody has used for `KEPT_SECONDS`, and of the rest what was used least lately, but never the newest."""
    folder, oldest = Path(root) / "brought", time.time() - KEPT_SECONDS
    disk.make_room(folder, "*.npz", MOST_BYTES, newest, oldest)
    disk.make_room(folder, "*.part", MOST_BYTES, oldest=oldest)  # what a server that was killed has begun to write


def find(root: str | Path, key: str) -> Path:
    """Returns the file of an album, which counts as used; a key from an address is checked like a typed one.

    Raises:
        GoneError: it is not kept any more.
    """
    forget_old(root)
    if not (_KEY.fullmatch(key) and _file(root, key).is_file()):
        raise GoneError(
            f"the pictures that were brought are kept for a day, and these are gone: {key[:40]!r}; bring them again"
        )
    _file(root, key).touch()
    return _file(root, key)


def split(root: str | Path, key: str, name: str) -> "Split":
    """Returns "train" or "test" of an album; see `find`."""
    return of_file(find(root, key), name)


def of_file(file: str | Path, name: str) -> "Split":
    """Returns the same of a file that was found."""
    return _splits(str(file))[name]


def classes(root: str | Path, key: str) -> tuple[str, ...]:
    """Returns the class names of an album; see `find`."""
    return _classes(str(find(root, key)))


@lru_cache(maxsize=1000)
def _classes(file: str) -> tuple[str, ...]:
    return of_file(file, "test").classes


@lru_cache(maxsize=2)
def _splits(file: str) -> dict[str, "Split"]:
    """Returns both splits; a file of this name never changes, since the name follows from its content."""
    from normviz.pictures import dataset, own

    album, resize = own.kept(Path(file)), Path(file).stem.rpartition("-")[2]
    return {name: dataset.of_album(album, name, "own data that were brought", resize) for name in ("train", "test")}
