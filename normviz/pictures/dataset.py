"""CIFAR-10 in memory: one uint8 array a split, from an image folder or from the original files."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import platformdirs
from PIL import Image
from torchvision.datasets import CIFAR10

from normviz.pictures import formats, originals, uploads
from normviz.pictures.originals import DataError
from normviz.words.classes import CLASS_NAMES

DEFAULT_FOLDER = Path(__file__).parents[2] / "data"

# What file managers and archivers leave behind, beside hidden files: github/gitignore, Global/macOS and Global/Windows
LITTER = ("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "icon\r", "__macosx")
_KINDS = ", ".join(f".{extension}" for extension in formats.EXTENSIONS)


@dataclass(frozen=True)
class Split:
    """One split in canonical order.

    Attributes:
        images: uint8, N x 32 x 32 x 3.
        labels: int64, N.
        indices: int64, N; each picture's place in the original files.
        edition: where the pictures came from, in words.
        classes: what each label is called, in order.
    """

    images: np.ndarray
    labels: np.ndarray
    indices: np.ndarray
    edition: str
    classes: tuple[str, ...] = CLASS_NAMES

    def __len__(self) -> int:
        return len(self.labels)

    def place_of(self, index: int) -> int | None:
        """Returns the row of the picture of this index, None where the split lacks it."""
        places = np.flatnonzero(self.indices == index)
        return int(places[0]) if len(places) else None

    def balanced(self, count: int) -> "Split":
        """Returns a part of so many pictures, the first ones of each class, as many of one class as of another but for one."""
        place_in_class = np.empty(len(self), dtype=np.int64)
        for label in np.unique(self.labels):
            places = np.flatnonzero(self.labels == label)
            place_in_class[places] = np.arange(len(places))
        chosen = np.sort(np.lexsort((self.labels, place_in_class))[:count])
        return replace(self, images=self.images[chosen], labels=self.labels[chosen], indices=self.indices[chosen])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over indices, labels and pictures."""
        digest = hashlib.sha256()
        for array in (self.indices, self.labels, self.images):
            digest.update(np.ascontiguousarray(array))
        return digest.hexdigest()


def find_folder(folder: str | Path | None = None) -> Path | None:
    """Returns the first data folder that holds something: the one named, `NORMVIZ_DATA`, or `data/` in the project."""
    named = folder or os.environ.get("NORMVIZ_DATA")
    path = Path(named) if named else DEFAULT_FOLDER
    return path if is_image_folder(path) or originals.find(path) else None


def download_folder() -> Path:
    """Returns where a download goes when the user names no folder."""
    return originals.home(Path(os.environ.get("NORMVIZ_DATA") or DEFAULT_FOLDER))


def is_image_folder(path: Path) -> bool:
    return (path / "test").is_dir() or (path / "train").is_dir()


def load_split(split: str, folder: str | Path | None = None) -> Split:
    """Loads train or test.

    Args:
        split: "train" or "test".
        folder: an image folder `{train,test}/<class>/<index>.<extension>` with any of `formats.EXTENSIONS`; or the folder
            `cifar-10-batches-py`, the archive that it comes from, or the folder that holds one of them; see `find_folder`.

    Raises:
        DataError: no data set there, a class folder missing, a picture unreadable or of the wrong size, a file that does
            not belong there, original files or an archive incomplete or damaged.
    """
    path = find_folder(folder)
    if path is None:
        raise DataError(
            f"no CIFAR-10 in {folder or download_folder()}: name an image folder, {CIFAR10.base_folder} or "
            f"{CIFAR10.filename} with --data or NORMVIZ_DATA, or fetch it with: python -m normviz download --data DIR"
        )
    return _load_image_folder(path, split) if is_image_folder(path) else _load_originals(originals.find(path), split)


def _load_originals(path: Path, split: str) -> Split:
    images, labels = originals.load(path, split)
    return Split(images, labels, np.arange(len(labels)), "CIFAR-10, original files (torchvision)")


def _load_image_folder(path: Path, split: str) -> Split:
    files = _list_pictures(path / split)
    cached = _cache_file(path / split, files)
    arrays = _read_cache(cached)
    if arrays is None:
        arrays = _decode(files)
        _write_cache(cached, arrays)
    suffixes = sorted({file.suffix.lower().lstrip(".") for file, _ in files})
    return Split(**arrays, edition=f"image folder ({', '.join(suffixes)})")


def _list_pictures(folder: Path) -> list[tuple[Path, int]]:
    """Returns (file, label) by canonical index."""
    for entry in _entries(folder, folder):
        if entry.name not in CLASS_NAMES:
            raise DataError(f"{entry.path} is no class: {folder} holds {', '.join(CLASS_NAMES)} and nothing else; take it out")
    found = [(file, label) for label, name in enumerate(CLASS_NAMES) for file in _class_pictures(folder, name)]
    found.sort(key=lambda pair: _index_of(pair[0]))
    for (one, _), (other, _) in pairwise(found):
        if _index_of(one) == _index_of(other):
            raise DataError(f"{one} and {other} have the same index: every index may be used once, take one of them out")
    return found


def _class_pictures(folder: Path, name: str) -> list[Path]:
    files = [Path(entry.path) for entry in _entries(folder / name, folder)]
    if not files:
        raise DataError(f"{folder / name} holds no picture: every class folder must hold at least one of {_KINDS}")
    for file in files:
        if file.suffix.lower().lstrip(".") not in formats.EXTENSIONS:
            raise DataError(f"{file} is no picture by its name: a class folder holds pictures alone, {_KINDS}; take it out")
    return files


def _entries(place: Path, folder: Path) -> list[os.DirEntry]:
    """Returns what lies in a folder of an image folder, less hidden files and litter."""
    try:
        with os.scandir(place) as entries:
            return [entry for entry in entries if not (entry.name.startswith(".") or entry.name.lower() in LITTER)]
    except OSError as error:
        raise DataError(
            f"{place} is missing or cannot be opened: an image folder has one folder a class in {folder} "
            f"({', '.join(CLASS_NAMES)})"
        ) from error


def _index_of(file: Path) -> int:
    if not (file.stem.isascii() and file.stem.isdigit() and len(file.stem) < 10):
        raise DataError(f"{file} must be named by its index in the original files, such as 00042{file.suffix}")
    return int(file.stem)


def _decode(files: list[tuple[Path, int]]) -> dict[str, np.ndarray]:
    with ThreadPoolExecutor() as pool:
        images = list(pool.map(_decode_one, [file for file, _ in files]))
    return {
        "images": np.stack(images),
        "labels": np.array([label for _, label in files], dtype=np.int64),
        "indices": np.array([_index_of(file) for file, _ in files], dtype=np.int64),
    }


def _decode_one(file: Path) -> np.ndarray:
    try:
        with Image.open(file, formats=formats.FORMATS) as picture:
            size = picture.size
            pixels = np.asarray(uploads.as_shown(picture)) if size == (32, 32) else None
    except Exception as error:  # a decoder may raise anything at all on a damaged file
        raise DataError(f"{file} cannot be read as a picture ({error}): replace it, or take it out") from error
    if pixels is None:
        raise DataError(f"{file} is {size[0]}x{size[1]}: every picture must be 32x32")
    return pixels


def _cache_file(folder: Path, files: list[tuple[Path, int]]) -> Path:
    """Returns where the decoded arrays of exactly these files (names, sizes, times) are kept."""
    digest = hashlib.sha256(str(folder.resolve()).encode())
    for file, _ in files:
        stat = _stat(file)
        digest.update(f"{file.parent.name}/{file.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return Path(platformdirs.user_cache_dir("normviz")) / f"{folder.name}-{digest.hexdigest()[:16]}.npz"


def _stat(file: Path) -> os.stat_result:
    try:
        return file.stat()
    except OSError as error:
        raise DataError(f"{file} cannot be opened ({error}): replace it, or take it out") from error


def _read_cache(file: Path) -> dict[str, np.ndarray] | None:
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in ("images", "labels", "indices")}
    except Exception:  # not there, or damaged in any of numpy's and zipfile's ways; the pictures are decoded again
        return None


def _write_cache(file: Path, arrays: dict[str, np.ndarray]) -> None:
    partial = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as stream:
            np.savez(stream, **arrays)
        os.replace(partial, file)
    except OSError:  # a full or read-only disk costs only the time of decoding again
        partial.unlink(missing_ok=True)
