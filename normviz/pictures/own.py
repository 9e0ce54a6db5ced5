"""Own data: pictures of any names, sizes and formats, of 2 to 100 classes, read once and kept as 32 x 32 pixels."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from normviz.pictures import archives, cache, layouts, reading, uploads
from normviz.pictures.layouts import Layout
from normviz.pictures.originals import DataError
from normviz.pictures.reading import Limits, Picture, Reading
from normviz.words.classes import MEAN, STD

ARCHIVES = (".zip", ".npz")
CLASSES = (2, 100)  # fewest and most
MOST_BYTES = 4 * 10**9  # of the user's cache for own data; 300,000 pictures take 0.9
TEST_SHARE = 0.2  # of the pictures of each class, where the data have no test part
SEED = 0  # of that draw: every command and every day tests on the same pictures
MOST_LISTED = 20  # files that one sentence names
LEAST_STD = 1 / 255  # of a channel, where all pictures are of one level
_VERSION = 1  # of the reading: with another one, what was kept is read again
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


def digests(images: Iterable[np.ndarray]) -> list[str]:
    """Returns a name for the content of each picture, by which they are put in order and drawn."""
    return [hashlib.sha256(b"%d" % SEED + picture.tobytes()).hexdigest() for picture in images]


def is_own(path: Path) -> bool:
    """Returns whether a path looks like own data: a ZIP, an .npz, or a folder laid out as one of `layouts.FORMS`."""
    source = _source(path)
    return source.suffix.lower() in ARCHIVES if source.is_file() else layouts.is_layout(source)


def _source(path: Path) -> Path:
    """Returns the .npz that is all that a folder holds, else the path."""
    try:
        entries = layouts.visible(layouts.inner(path)) if path.is_dir() else []
    except OSError:
        return path
    alone = len(entries) == 1 and entries[0].name.lower().endswith(".npz")
    return Path(entries[0].path) if alone else path


def read(path: Path, resize: str = "crop", guest: bool = False) -> Album:
    """Reads own data; what was read once is kept in the user's cache.

    Args:
        path: a folder, a ZIP or an .npz; see `layouts.FORMS`.
        resize: a key of `resizing.RESIZES`.
        guest: whether a visitor brings them: such are not kept, and may be fewer.

    Raises:
        DataError: none of these, an archive that must not be unpacked, fewer than 2 or more than 100 classes, or more than
            the limits.
    """
    source = _source(path)
    if not source.exists():
        raise DataError(f"{path} does not exist: {layouts.FORMS}")
    layout = layouts.find(source) if source.is_dir() else None
    kept = _cache_file(source, layout, resize)
    stored = cache.read(kept, _KEPT)
    if stored is not None:
        with contextlib.suppress(KeyError, ValueError, TypeError):  # kept in another form: they are read again
            return _from_cache(stored)
    limits = reading.GUEST if guest else reading.OWNER
    came = reading.from_folder(layout, resize, limits) if layout else _read_archive(source, resize, limits)
    album = _arranged(came)
    if not guest and not any(reason in uploads.PASSING for _, reason in album.bad):
        cache.write(kept, _to_cache(album), MOST_BYTES)
    return album


def keep(album: Album, file: Path) -> None:
    """Keeps an album in a file, the names and the size of its pictures too, but none of them before it was made 32 x 32."""
    cache.write(file, _to_cache(replace(album, examples=())))


def kept(file: Path) -> Album:
    """Returns the album of a file.

    Raises:
        DataError: it is gone or damaged.
    """
    stored = cache.read(file, _KEPT)
    if stored is None:
        raise DataError(f"{file} cannot be read: bring the pictures again")
    return _from_cache(stored)


def _cache_file(source: Path, layout: Layout | None, resize: str) -> Path:
    paths = [found.file for found in layout.found] if layout else [source]
    described = [(str(path), path.stat()) for path in paths if os.path.isfile(path)]
    about = (layout.kind, layout.aside, layout.bad, [(found.label, found.part) for found in layout.found]) if layout else ()
    return cache.place("own", described, str(source.resolve()), resize, repr((_VERSION, *about)))


def _to_cache(album: Album) -> dict[str, np.ndarray]:
    words = {name: getattr(album, name) for name in ("layout", "classes", "names", "conversions", "bad", "aside", "examples")}
    arrays = {name: getattr(album, name) for name in _KEPT[:-1]}
    return arrays | {"words": np.frombuffer(json.dumps(words).encode(), np.uint8)}


def _from_cache(stored: dict[str, np.ndarray]) -> Album:
    words = json.loads(stored.pop("words").tobytes())
    lists = {name: tuple(words[name]) for name in ("classes", "names", "aside")}
    pairs = {name: tuple(tuple(one) for one in words[name]) for name in ("conversions", "bad", "examples")}
    return Album(layout=words["layout"], **lists, **pairs, **stored)


def _read_archive(source: Path, resize: str, limits: Limits) -> Reading:
    if source.suffix.lower() not in ARCHIVES:
        raise DataError(f"{source} is no data set: {layouts.FORMS}")
    if source.suffix.lower() == ".npz":
        return reading.from_arrays(source, resize, limits)
    with archives.unpacked(source, limits.bytes) as folder:
        inside = _source(folder)
        if inside.is_file():
            return reading.from_arrays(inside, resize, limits)
        layout = layouts.find(folder)
        layout.kind = f"ZIP, {layout.kind}"
        return reading.from_folder(layout, resize, limits)


def _arranged(came: Reading) -> Album:
    """Puts what was read in its order, and draws the test pictures where they were not named."""
    trained = {one.label for one in came.pictures if one.part != "test"}
    known = trained or {one.label for one in came.pictures}
    strange = [one for one in came.pictures if one.label not in known]
    bad = [*came.bad, *((one.name, f"is of class {one.label}, of which there is no training picture") for one in strange)]
    classes = tuple(sorted(known, key=_natural))
    _check_classes(classes, bad)
    pictures = [one for one in came.pictures if one.label in known]
    names = digests(one.pixels for one in pictures)
    names, pictures = zip(*sorted(zip(names, pictures), key=lambda pair: (pair[0], pair[1].name)))
    labels = np.array([classes.index(one.label) for one in pictures], dtype=np.int64)
    return Album(
        came.layout,
        classes,
        np.stack([one.pixels for one in pictures]),
        labels,
        _tests(pictures, labels, names),
        np.array([one.size for one in pictures], dtype=np.int32),
        tuple(one.name for one in pictures),
        tuple(one.conversions for one in pictures),
        tuple(bad),
        came.aside,
        came.examples,
    )


def _check_classes(classes: tuple[str, ...], bad: list[tuple[str, str]]) -> None:
    fewest, most = CLASSES
    if not fewest <= len(classes) <= most:
        listed = f" ({', '.join(classes)})" * (len(classes) == 1) + (f": {_listed(bad)}" if bad else "")
        raise DataError(f"own data must have {fewest} to {most} classes: {len(classes)} with a usable picture{listed}")


def _natural(name: str) -> tuple[bool, int, str]:
    """Numbers as numbers, before words."""
    is_number = name.isascii() and name.isdigit() and len(name) < 10
    return not is_number, int(name) if is_number else 0, name


def _tests(read: Sequence[Picture], labels: np.ndarray, names: Sequence[str]) -> np.ndarray:
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
        f"{path} holds files that cannot be used, {len(album.bad)} of them: {_listed(album.bad)}. Mend them, take them out, "
        f"or use the rest ({len(album.labels):,} pictures) with --skip-bad or NORMVIZ_DATA_SKIP_BAD=1"
    )


def _listed(bad: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> str:
    named = "; ".join(f"{name} {reason}" for name, reason in bad[:MOST_LISTED])
    more = len(bad) - MOST_LISTED
    return (
        named if more <= 0 else f"{named}; and {more:,} more (python -m normviz inspect-data and the page Your data list all)"
    )
