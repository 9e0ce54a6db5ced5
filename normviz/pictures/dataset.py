"""A data set in memory, one uint8 array a split: CIFAR-10 from its original files or an image folder, or own pictures."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from normviz.pictures import cache, formats, layouts, originals, own, uploads
from normviz.pictures.choices import Choices, choices
from normviz.pictures.originals import DataError
from normviz.words.classes import CLASS_NAMES, MEAN, STD

DEFAULT_FOLDER = Path(__file__).parents[2] / "data"

EDITION_CLASSES = 9  # of the ten: where one is missing it is named
_KINDS = ", ".join(f".{extension}" for extension in formats.EXTENSIONS)


@dataclass(frozen=True)
class Split:
    """One split in canonical order.

    Attributes:
        images: uint8, N x 32 x 32 x 3.
        labels: int64, N.
        indices: int64, N; each picture's place in CIFAR-10's original files, or among own pictures.
        edition: where the pictures came from, in words.
        classes: what each label is called, in order.
        mean: of the training pictures, by channel, as fractions of 255; pictures are standardised by it.
        std: their standard deviation, likewise.
        resize: how they became 32 x 32, a key of `resizing.RESIZES`; "" where they had that size.
    """

    images: np.ndarray
    labels: np.ndarray
    indices: np.ndarray
    edition: str
    classes: tuple[str, ...] = CLASS_NAMES
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD
    resize: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_own(self) -> bool:
        """Whether these are own pictures, whose indices no shipped run knows."""
        return bool(self.resize)

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
    """Returns the first data folder that holds something: the one named, the owner's choice, or `data/` in the project.

    Raises:
        DataError: it may not be looked into.
    """
    named = folder or choices().folder
    path = Path(named) if named else DEFAULT_FOLDER
    try:
        return path if is_image_folder(path) or originals.find(path) or own.is_own(path) else None
    except OSError as error:
        raise DataError(f"{path} cannot be looked into ({error}): let this program read it, or name another folder") from error


def download_folder() -> Path:
    """Returns where a download goes when the user names no folder."""
    return originals.home(Path(choices().folder or DEFAULT_FOLDER))


def is_image_folder(path: Path) -> bool:
    """Returns whether a folder is an edition of CIFAR-10: its class names, and files named by index, which no two classes share."""
    return any(_is_edition(path / part) for part in ("train", "test"))


def _is_edition(folder: Path) -> bool:
    try:
        places = [Path(entry.path) for entry in layouts.visible(folder) if entry.name in CLASS_NAMES and entry.is_dir()]
        firsts = [name for name in map(_first_name, places[:3]) if name]
        again = [name for name in firsts if sum((place / name).exists() for place in places) > 1]
    except OSError:
        return False
    by_index = sum(Path(name).stem.isdigit() for name in firsts) * 2 >= len(firsts) >= len(again) * 2
    return len(places) >= EDITION_CLASSES and by_index


def _first_name(place: Path) -> str | None:
    with os.scandir(place) as entries:
        return next((entry.name for entry in entries if layouts.is_visible(entry.name)), None)


def is_own(path: Path) -> bool:
    """Returns whether what `find_folder` found is own data."""
    return not (is_image_folder(path) or originals.find(path))


def load_split(split: str, folder: str | Path | None = None, chosen: Choices | None = None) -> Split:
    """Loads train or test.

    Args:
        split: "train" or "test".
        folder: an image folder `{train,test}/<class>/<index>.<extension>` with any of `formats.EXTENSIONS`; or the folder
            `cifar-10-batches-py`, the archive that it comes from, or the folder that holds one of them; or own data, see
            `layouts.FORMS`; see `find_folder`.
        chosen: how own data are read; None for the owner's choices.

    Raises:
        DataError: no data set there, a class folder missing, a picture unreadable or of the wrong size, a file that does
            not belong there, original files or an archive incomplete or damaged; of own data any bad file, each by its
            name, unless they are to be skipped.
    """
    path = find_folder(folder)
    if path is None:
        layouts.refuse_class_alone(Path(folder or download_folder()))
        raise DataError(
            f"no CIFAR-10 in {folder or download_folder()}, nor own data: name an image folder, {originals.FOLDER} or "
            f"{originals.ARCHIVE} with --data or NORMVIZ_DATA, or fetch CIFAR-10 with: python -m normviz download --data DIR; "
            f"{layouts.FORMS}"
        )
    if is_image_folder(path):
        return _load_image_folder(path, split)
    found = originals.find(path)
    return _load_originals(found, split) if found else _load_own(path, split, chosen or choices())


def _load_own(path: Path, split: str, chosen: Choices) -> Split:
    album = own.read(path, chosen.resize)
    if album.bad and not chosen.skip_bad:
        raise DataError(own.refusal(path, album))
    return of_album(album, split, f"own data: {path.resolve().name}, {album.layout}", chosen.resize)


def of_album(album: own.Album, split: str, edition: str, resize: str) -> Split:
    """Returns a split of own data that were read.

    Raises:
        DataError: it holds no picture.
    """
    images, labels = album.part(split)
    if not len(labels):
        raise DataError(f"{edition}: there is no picture for {split}: put some there, or leave the parts to be drawn")
    return Split(images, labels, np.arange(len(labels)), edition, album.classes, *album.standard(), resize)


def _load_originals(path: Path, split: str) -> Split:
    folder = originals.unpacked(path)
    files = [(name, _stat(folder / name)) for name in originals.BATCHES if (folder / name).exists()]
    cached = cache.place(f"originals-{split}", files, str(folder.resolve()))
    arrays = cache.read(cached, ("images", "labels"))
    if arrays is None:
        arrays = dict(zip(("images", "labels"), originals.load(folder, split), strict=True))
        cache.write(cached, arrays)
    return Split(**arrays, indices=np.arange(len(arrays["labels"])), edition="CIFAR-10, original files (torchvision)")


def _load_image_folder(path: Path, split: str) -> Split:
    files = _list_pictures(path / split)
    cached = _cache_file(path / split, files)
    arrays = cache.read(cached, ("images", "labels", "indices"))
    if arrays is None:
        arrays = _decode(files)
        cache.write(cached, arrays)
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
        return layouts.visible(place)
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
    described = ((f"{file.parent.name}/{file.name}", _stat(file)) for file, _ in files)
    return cache.place(folder.name, described, str(folder.resolve()))


def _stat(file: Path) -> os.stat_result:
    try:
        return file.stat()
    except OSError as error:
        raise DataError(f"{file} cannot be opened ({error}): replace it, or take it out") from error
