"""Own data: pictures of any names, sizes and formats, of 2 to 100 classes, read once and kept as 32 x 32 pixels."""

import base64
import hashlib
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from normviz.pictures import archives, cache, layouts, uploads
from normviz.pictures.formats import ImageError
from normviz.pictures.layouts import Layout
from normviz.pictures.originals import DataError
from normviz.pictures.resizing import made_small
from normviz.words.classes import MEAN, STD

CLASSES = (2, 100)  # fewest and most
TEST_SHARE = 0.2  # of the pictures of each class, where the data have no test part
SEED = 0  # of that draw: every command and every day tests on the same pictures
ARRAYS = ("train_images", "train_labels", "val_images", "val_labels", "test_images", "test_labels")  # of MedMNIST's .npz
EXAMPLES, EXAMPLE_SIDE = 8, 192  # pictures that are shown before and after, and pixels of their longer side
LEAST_STD = 1 / 255  # of a channel, where all pictures are of one level
_KEPT = ("images", "labels", "tests", "sizes", "words")


@dataclass(frozen=True)
class Album:
    """Own data as they were read, in an order drawn by content.

    Attributes:
        layout: how they lay there, in words.
        classes: names, in the order of the labels.
        images: uint8, N x 32 x 32 x 3.
        labels: int64, N.
        tests: bool, N: which are for testing.
        sizes: int32, N x 2: width and height as stored, in pixels.
        names: of the pictures, N.
        conversions: what of `uploads.CONVERSIONS` each picture took, N.
        bad: name and reason of each file that cannot be used.
        aside: parts that are not used.
        examples: name and JPEG (base64) of a few pictures before they were made 32 x 32.
    """

    layout: str
    classes: tuple[str, ...]
    images: np.ndarray
    labels: np.ndarray
    tests: np.ndarray
    sizes: np.ndarray
    names: tuple[str, ...]
    conversions: tuple[tuple[str, ...], ...]
    bad: tuple[tuple[str, str], ...]
    aside: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()

    def part(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns images and labels of "train" or "test"."""
        rows = self.tests == (name == "test")
        return self.images[rows], self.labels[rows]

    def standard(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Returns mean and standard deviation of the training pictures by channel, fractions of 255; CIFAR-10's without any."""
        pictures, _ = self.part("train")
        if not len(pictures):
            return MEAN, STD
        counts = np.stack([np.bincount(pictures[..., channel].ravel(), minlength=256) for channel in range(3)])
        levels = np.arange(256) / 255
        mean = counts @ levels / counts.sum(axis=1)
        squares = counts @ levels**2 / counts.sum(axis=1)
        std = np.sqrt(np.maximum(squares - mean**2, LEAST_STD**2))
        return tuple(mean.round(6).tolist()), tuple(std.round(6).tolist())


def digests(images: np.ndarray) -> list[str]:
    """Returns a name for the content of each picture, by which they are put in order and drawn."""
    return [hashlib.sha256(b"%d" % SEED + picture.tobytes()).hexdigest() for picture in images]


def is_own(path: Path) -> bool:
    """Returns whether a path looks like own data: a ZIP, an .npz, or a folder laid out as one of `layouts.FORMS`."""
    return _source(path).suffix.lower() in (".zip", ".npz") if _source(path).is_file() else layouts.is_layout(path)


def _source(path: Path) -> Path:
    """Returns the .npz that is all that a folder holds, else the path."""
    try:
        entries = layouts.visible(layouts.inner(path)) if path.is_dir() else []
    except OSError:
        return path
    alone = len(entries) == 1 and entries[0].name.lower().endswith(".npz")
    return Path(entries[0].path) if alone else path


def read(path: Path, resize: str = "crop", keep: bool = True) -> Album:
    """Reads own data; what was read once is kept in the user's cache.

    Args:
        path: a folder, a ZIP or an .npz; see `layouts.FORMS`.
        resize: a key of `resizing.RESIZES`.
        keep: whether to keep it; not what a visitor brings.

    Raises:
        DataError: none of these, an archive that must not be unpacked, or fewer than 2 or more than 100 classes.
    """
    source = _source(path)
    if not source.exists():
        raise DataError(f"{path} does not exist: {layouts.FORMS}")
    layout = layouts.find(source) if source.is_dir() else None
    kept = _cache_file(source, layout, resize)
    stored = cache.read(kept, _KEPT)
    if stored:
        return _from_cache(stored)
    album = _read_folder(layout, resize) if layout else _read_archive(source, resize)
    if keep:
        cache.write(kept, _to_cache(album))
    return album


def _cache_file(source: Path, layout: Layout | None, resize: str) -> Path:
    paths = [found.file for found in layout.found] if layout else [source]
    described = [(str(path), path.stat()) for path in paths if path.is_file()]
    about = [(found.label, found.part) for found in layout.found] + layout.bad if layout else ""
    return cache.place("own", described, str(source.resolve()), resize, repr(about))


def _to_cache(album: Album) -> dict[str, np.ndarray]:
    words = {name: getattr(album, name) for name in ("layout", "classes", "names", "conversions", "bad", "aside", "examples")}
    arrays = {name: getattr(album, name) for name in _KEPT[:-1]}
    return arrays | {"words": np.frombuffer(json.dumps(words).encode(), np.uint8)}


def _from_cache(stored: dict[str, np.ndarray]) -> Album:
    words = json.loads(stored.pop("words").tobytes())
    lists = {name: tuple(words[name]) for name in ("classes", "names", "aside")}
    pairs = {name: tuple(tuple(one) for one in words[name]) for name in ("conversions", "bad", "examples")}
    return Album(layout=words["layout"], **lists, **pairs, **stored)


def _read_archive(source: Path, resize: str) -> Album:
    if source.suffix.lower() == ".npz":
        return _read_npz(source, resize)
    if source.suffix.lower() != ".zip":
        raise DataError(f"{source} is no data set: {layouts.FORMS}")
    with archives.unpacked(source) as folder:
        inside = _source(folder)
        if inside.is_file():
            return _read_npz(inside, resize)
        layout = layouts.find(folder)
        layout.kind = f"ZIP, {layout.kind}"
        return _read_folder(layout, resize)


@dataclass(frozen=True)
class _One:
    """A picture before it has its place: its name, class and part ("" if that is to be drawn), and what was read of it."""

    name: str
    label: str
    part: str
    pixels: np.ndarray
    size: tuple[int, int]
    conversions: tuple[str, ...] = ()


def _read_folder(layout: Layout, resize: str) -> Album:
    read, bad, examples = [], list(layout.bad), {}
    for found in layout.found:
        try:
            decoded = uploads.decode_file(found.file)
        except ImageError as error:
            bad.append((found.name, error.fault))
            continue
        small = made_small(decoded.image, resize)
        _keep_example(examples, found.name, decoded.image, (found.label, decoded.conversions))
        read.append(_One(found.name, found.label, found.part, small, decoded.size, decoded.conversions))
    return replace(_album(layout.kind, read, bad, layout.aside), examples=tuple(examples.values()))


def _keep_example(examples: dict, name: str, image: Image.Image, kind: tuple) -> None:
    """Keeps the first picture of each kind, until there are enough."""
    if len(examples) < EXAMPLES and kind not in examples:
        file = io.BytesIO()
        uploads.preview(image, EXAMPLE_SIDE).save(file, "JPEG", quality=85)
        examples[kind] = name, base64.b64encode(file.getvalue()).decode()


def _read_npz(file: Path, resize: str) -> Album:
    arrays = archives.read_arrays(file, ARRAYS)
    testing = next((name for name in ("test", "val") if f"{name}_images" in arrays), None)
    if "train_images" not in arrays:
        raise DataError(f"{file} must hold train_images and train_labels: it has {', '.join(arrays) or 'neither'}")
    parts = {"train": "train" if testing else "", **({testing: "test"} if testing else {})}
    read = [one for name, part in parts.items() for one in _read_part(file, arrays, name, part, resize)]
    aside = ("val",) if "val_images" in arrays and testing == "test" else ()
    return _album("npz", read, [], aside)


def _read_part(file: Path, arrays: dict, name: str, part: str, resize: str) -> list[_One]:
    images, labels = arrays[f"{name}_images"], arrays.get(f"{name}_labels")
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.shape[3:] not in ((), (1,), (3,)) or not images.size:
        raise DataError(
            f"{file}: {name}_images must be uint8, N x H x W or N x H x W x 3: it is {images.dtype}, shape {images.shape}"
        )
    if labels is None or labels.size != len(images) or labels.dtype.kind not in "iuU":
        shape = "missing" if labels is None else f"{labels.dtype}, shape {labels.shape}"
        raise DataError(f"{file}: {name}_labels must be one whole number or name a picture: it is {shape}")
    grey = ("grey",) if images.shape[3:] != (3,) else ()
    size = images.shape[2], images.shape[1]
    small = (
        made_small(Image.fromarray(image.squeeze(2) if image.ndim == 3 and grey else image).convert("RGB"), resize)
        for image in images
    )
    pairs = enumerate(zip(small, labels.ravel().tolist()))
    return [_One(f"{name}_images[{place}]", str(label), part, pixels, size, grey) for place, (pixels, label) in pairs]


def _album(kind: str, read: list[_One], bad: list[tuple[str, str]], aside: tuple[str, ...]) -> Album:
    known = {one.label for one in read if one.part != "test"} or {one.label for one in read}
    bad += [
        (one.name, f"is of class {one.label}, of which there is no training picture") for one in read if one.label not in known
    ]
    read = [one for one in read if one.label in known]
    classes = tuple(sorted(known, key=_natural))
    if not CLASSES[0] <= len(classes) <= CLASSES[1]:
        listed = f": {_listed(bad)}" if bad else ""
        raise DataError(
            f"own data must have {CLASSES[0]} to {CLASSES[1]} classes: {len(classes)} with a usable picture{listed}"
        )
    images = np.stack([one.pixels for one in read])
    names = digests(images)
    order = sorted(range(len(read)), key=lambda place: (names[place], read[place].name))
    read = [read[place] for place in order]
    labels = np.array([classes.index(one.label) for one in read], dtype=np.int64)
    return Album(
        kind,
        classes,
        images[order],
        labels,
        _tests(read, labels, [names[place] for place in order]),
        np.array([one.size for one in read], dtype=np.int32),
        tuple(one.name for one in read),
        tuple(one.conversions for one in read),
        tuple(bad),
        aside,
    )


def _natural(name: str) -> tuple[bool, int, str]:
    """Numbers as numbers, before words."""
    is_number = name.isascii() and name.isdigit() and len(name) < 10
    return not is_number, int(name) if is_number else 0, name


def _tests(read: list[_One], labels: np.ndarray, names: list[str]) -> np.ndarray:
    """Returns which pictures are for testing: as they came, else the first of each class in their order; equal ones together."""
    tests = np.array([one.part == "test" for one in read])
    to_draw = np.array([not one.part for one in read])
    for label in np.unique(labels[to_draw]):
        rows = np.flatnonzero(to_draw & (labels == label))
        count = max(1, round(TEST_SHARE * len(rows)))
        chosen = [row for row in rows if names[row] <= names[rows[count - 1]]]
        tests[chosen] = len(chosen) < len(rows)
    return tests


def refusal(path: Path, album: Album) -> str:
    """Says of every bad file why it cannot be used, and what to do."""
    return (
        f"{path} holds {len(album.bad)} that cannot be used: {_listed(album.bad)}. Mend them, take them out, or use the rest "
        f"({len(album.labels):,} pictures) with --skip-bad or NORMVIZ_DATA_SKIP_BAD=1"
    )


def _listed(bad: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> str:
    return "; ".join(f"{name} {reason}" for name, reason in bad)
