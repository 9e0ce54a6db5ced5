"""CIFAR-10's original files: the folder of batches that the archive unpacks to, or the archive itself."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

FOLDER, ARCHIVE, ARCHIVE_BYTES = "cifar-10-batches-py", "cifar-10-python.tar.gz", 170_498_071
BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
META = "batches.meta"


class DataError(ValueError):
    """A data set that is missing, incomplete or unreadable; the message names the file and the next step."""


def cifar10() -> type:
    """Returns torchvision's data set; torchvision takes 150 MB, so it is imported when it is asked for."""
    import torchvision

    return torchvision.datasets.CIFAR10


def find(path: Path) -> Path | None:
    """Returns the folder of batches or else the archive that a path is or holds; None if it is and holds neither."""
    folders = [folder for folder in (path / FOLDER, path) if _is_batches(folder)]
    archives = [file for file in (path / ARCHIVE, path) if file.name == ARCHIVE and file.is_file()]
    return next(iter(folders + archives), None)


def _is_batches(folder: Path) -> bool:
    named = folder.is_dir() and folder.resolve().name == FOLDER
    return named or any((folder / name).is_file() for name in (META, *BATCHES))


def home(path: Path) -> Path:
    """Returns the folder to fetch into so that `path` names what was fetched: the one around batches or archive."""
    whole = path.resolve()
    return whole.parent if whole.name in (FOLDER, ARCHIVE) else path


def load(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Reads train or test.

    Args:
        folder: of the batches.
        split: "train" or "test".

    Returns:
        Pictures, uint8, N x 32 x 32 x 3; labels, int64, N.

    Raises:
        DataError: a file missing or damaged.
    """
    try:
        source = type("Batches", (cifar10(),), {"base_folder": ""})(folder, train=split == "train")
    except (RuntimeError, OSError) as error:
        raise DataError(
            f"the CIFAR-10 files in {folder} are incomplete or damaged ({error}); fetch them again with: "
            f"python -m normviz download --data {folder.resolve().parent}"
        ) from error
    return source.data, np.array(source.targets, dtype=np.int64)


def unpacked(path: Path) -> Path:
    """Returns the folder of batches of what `find` found; an archive is unpacked beside itself, without network.

    The folder appears complete or not at all, also when several processes unpack at once.

    Raises:
        DataError: a damaged archive, or no room to unpack it.
    """
    target = path.parent / FOLDER if path.is_file() else path
    if not target.exists():
        _unpack(path, target)
    return target


def _unpack(archive: Path, target: Path) -> None:
    import torchvision

    try:
        _check_archive(archive)
        with TemporaryDirectory(prefix=".unpacking-", dir=archive.parent) as fresh:
            torchvision.datasets.utils.extract_archive(archive, fresh)
            _put(Path(fresh) / FOLDER, target)
    except OSError as error:
        raise DataError(
            f"{archive} cannot be unpacked there ({error}): mend that, or unpack it elsewhere and name the folder with --data"
        ) from error


def _put(fresh: Path, target: Path) -> None:
    try:
        fresh.rename(target)
    except OSError:
        if not target.is_dir():  # another process has put it there meanwhile
            raise


def _check_archive(archive: Path) -> None:
    import torchvision

    count = archive.stat().st_size
    if count != ARCHIVE_BYTES or not torchvision.datasets.utils.check_integrity(archive, cifar10().tgz_md5):
        raise DataError(
            f"{archive} is damaged or not all there: it has {count:,} of {ARCHIVE_BYTES:,} bytes, or other contents; wait if "
            f"it is being fetched, else fetch it again with: python -m normviz download --data {archive.resolve().parent}"
        )
