"""CIFAR-10's original files: the folder of batches that the archive unpacks to, or the archive itself."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torchvision  # noqa: F401  whole before a part of it: sessions that import at once would meet it half made
from torchvision.datasets import CIFAR10
from torchvision.datasets.utils import check_integrity, extract_archive

ARCHIVE_BYTES = 170_498_071  # of CIFAR10.filename


class DataError(ValueError):
    """A data set that is missing, incomplete or unreadable; the message names the file and the next step."""


class _Batches(CIFAR10):
    """CIFAR-10 by the folder that holds the batches, not by the one around it."""

    base_folder = ""


def find(path: Path) -> Path | None:
    """Returns the folder of batches or else the archive that a path is or holds; None if it is and holds neither."""
    folders = [folder for folder in (path / CIFAR10.base_folder, path) if _is_batches(folder)]
    archives = [file for file in (path / CIFAR10.filename, path) if file.name == CIFAR10.filename and file.is_file()]
    return next(iter(folders + archives), None)


def _is_batches(folder: Path) -> bool:
    names = [CIFAR10.meta["filename"], *(name for name, _ in CIFAR10.train_list + CIFAR10.test_list)]
    named = folder.is_dir() and folder.resolve().name == CIFAR10.base_folder
    return named or any((folder / name).is_file() for name in names)


def home(path: Path) -> Path:
    """Returns the folder to fetch into so that `path` names what was fetched: the one around batches or archive."""
    whole = path.resolve()
    return whole.parent if whole.name in (CIFAR10.base_folder, CIFAR10.filename) else path


def load(path: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Reads train or test; an archive is unpacked first, beside itself and without network.

    Args:
        path: what `find` found.
        split: "train" or "test".

    Returns:
        Pictures, uint8, N x 32 x 32 x 3; labels, int64, N.

    Raises:
        DataError: a file missing or damaged, or no room to unpack the archive.
    """
    folder = _unpack(path) if path.is_file() else path
    try:
        source = _Batches(folder, train=split == "train")
    except (RuntimeError, OSError) as error:
        raise DataError(
            f"the CIFAR-10 files in {folder} are incomplete or damaged ({error}); fetch them again with: "
            f"python -m normviz download --data {folder.resolve().parent}"
        ) from error
    return source.data, np.array(source.targets, dtype=np.int64)


def _unpack(archive: Path) -> Path:
    """Unpacks a whole archive; the folder appears complete or not at all, also when several processes unpack at once."""
    target = archive.parent / CIFAR10.base_folder
    try:
        _check_archive(archive)
        with TemporaryDirectory(prefix=".unpacking-", dir=archive.parent) as fresh:
            extract_archive(archive, fresh)
            _put(Path(fresh) / CIFAR10.base_folder, target)
    except OSError as error:
        raise DataError(
            f"{archive} cannot be unpacked there ({error}): mend that, or unpack it elsewhere and name the folder with --data"
        ) from error
    return target


def _put(fresh: Path, target: Path) -> None:
    try:
        fresh.rename(target)
    except OSError:
        if not target.is_dir():  # another process has put it there meanwhile
            raise


def _check_archive(archive: Path) -> None:
    count = archive.stat().st_size
    if count != ARCHIVE_BYTES or not check_integrity(archive, CIFAR10.tgz_md5):
        raise DataError(
            f"{archive} is damaged or not all there: it has {count:,} of {ARCHIVE_BYTES:,} bytes, or other contents; wait if "
            f"it is being fetched, else fetch it again with: python -m normviz download --data {archive.resolve().parent}"
        )
