"""CIFAR-10 fetched with torchvision, once however many visitors ask for it."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Lock, Thread

from normviz import disk
from normviz.pictures import originals
from normviz.pictures.originals import ARCHIVE, ARCHIVE_BYTES, BATCHES, FOLDER, DataError

UNPACKED_BYTES = 186_250_000  # of FOLDER: 60,000 pictures of 3,073 bytes and their names

_DOWNLOADS: dict[Path, Future] = {}
_LOCK = Lock()


def fetch(folder: str | Path, report: Callable[[float], None] = lambda fraction: None) -> Path:
    """Fetches CIFAR-10 with torchvision and unpacks it; files already there and whole are kept.

    Args:
        folder: where to put it; made if missing. For one that names batches or archive it is the folder around them.
        report: called about three times a second with the fraction of the archive that has arrived, 0 to 1.

    Raises:
        DataError: no connection, a broken one, no space, or a folder that cannot be written; the last two before anything is
            fetched.
    """
    path = originals.home(Path(folder))
    _check_room(path)
    fetching = _start_or_join(path)
    while not fetching.done():
        wait([fetching], timeout=0.3)
        report(_arrived(path / ARCHIVE))
    if fetching.exception():
        raise DataError(
            f"CIFAR-10 could not be fetched from {originals.cifar10().url} into {path} ({fetching.exception()}): check the connection "
            "and the free space, then try again"
        ) from fetching.exception()
    report(1.0)
    return path


def _check_room(path: Path) -> None:
    """Checks that the archive and what it holds can be written; files that all lie there need nothing."""
    unpacked = path / FOLDER
    if all((unpacked / name).is_file() for name in BATCHES):
        return
    try:
        disk.check_writable(path, ARCHIVE_BYTES + UNPACKED_BYTES - round(_arrived(path / ARCHIVE) * ARCHIVE_BYTES))
    except disk.DiskError as error:
        raise DataError(f"CIFAR-10 cannot be fetched: {error}") from error


def _start_or_join(path: Path) -> Future:
    """Returns the download into this folder that is under way, of whichever visitor, or a new one."""
    with _LOCK:
        if path not in _DOWNLOADS or _DOWNLOADS[path].done():
            _DOWNLOADS[path] = Future()
            Thread(target=_download, args=(path, _DOWNLOADS[path]), daemon=True).start()  # ends with a process that is stopped
        return _DOWNLOADS[path]


def _download(path: Path, fetching: Future) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        originals.cifar10()(path, download=True)
    except BaseException as error:  # `fetch` tells it to whoever waits
        fetching.set_exception(error)
    else:
        fetching.set_result(None)


def _arrived(archive: Path) -> float:
    return min(1.0, archive.stat().st_size / ARCHIVE_BYTES) if archive.exists() else 0.0
