"""What own data hold, told before anything is trained on them."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from normviz.pictures import own, uploads
from normviz.pictures.originals import DataError
from normviz.pictures.own import Album
from normviz.pictures.resizing import RESIZES

FEW = 20  # pictures of a class
UNEVEN = 5  # times as many training pictures of one class as of another
MOST_SIZES = 10  # that are told apart


@dataclass(frozen=True)
class Report:
    """What `inspect-data` prints.

    Attributes:
        data: the path.
        layout: how the data lay there.
        classes: one row a class: class, train, test (pictures).
        sizes: width, height and pictures of the most frequent sizes as stored.
        smallest: width and height of the picture of fewest pixels.
        largest: of the one of most.
        converted: pictures by what of `uploads.CONVERSIONS` they took.
        resize: a key of `RESIZES`.
        resized: what that means.
        cut: mean share of a picture that lies outside its 32 x 32, a fraction.
        mean: of the training pictures by channel, fractions of 255; nothing where there are none.
        std: likewise.
        in_both: names of pictures of the same content in training and test.
        warnings: sentences.
        bad: one row a file: file, reason.
    """

    data: str
    layout: str
    classes: list[dict]
    sizes: list[dict]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    converted: dict[str, int]
    resize: str
    resized: str
    cut: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    in_both: list[dict]
    warnings: list[str]
    bad: list[dict]


def inspect(path: Path, resize: str = "crop") -> Report:
    """Reads own data and tells what they hold.

    Raises:
        DataError: see `own.read`.
    """
    return report(path.name or str(path), own.read(path, resize), resize)


def read_upload(file: Path, resize: str = "crop") -> Album:
    """Reads a ZIP or an .npz that a visitor brings; nothing is written, and a refusal does not tell where it lies.

    Raises:
        DataError: see `own.read`.
    """
    try:
        return own.read(file, resize, guest=True)
    except ValueError as error:
        raise DataError(str(error).replace(str(file), file.name)) from error


def report(name: str, album: Album, resize: str) -> Report:
    """Tells what an album holds, under this name."""
    mean, std = ((), ()) if album.tests.all() else album.standard()
    order = album.sizes.astype(np.int64).prod(axis=1).argsort(kind="stable")
    sizes = Counter(map(tuple, album.sizes.tolist())).most_common(MOST_SIZES)
    converted = Counter(each for conversions in album.conversions for each in conversions)
    classes, both = count_classes(album), in_both(album)
    return Report(
        data=name,
        layout=album.layout,
        classes=classes,
        sizes=[{"width": width, "height": height, "pictures": count} for (width, height), count in sizes],
        smallest=tuple(album.sizes[order[0]].tolist()),
        largest=tuple(album.sizes[order[-1]].tolist()),
        converted={each: converted[each] for each in uploads.CONVERSIONS if each in converted},
        resize=resize,
        resized=RESIZES[resize],
        cut=_cut(album.sizes) if resize == "crop" else 0.0,
        mean=mean,
        std=std,
        in_both=both,
        warnings=_warnings(album, classes, both),
        bad=[{"file": file, "reason": reason} for file, reason in album.bad],
    )


def count_classes(album: Album) -> list[dict]:
    """Returns class, train and test (pictures), one row a class."""
    counts = {
        part: np.bincount(album.labels[album.tests == (part == "test")], minlength=len(album.classes)).tolist()
        for part in ("train", "test")
    }
    return [{"class": name, "train": train, "test": test} for name, train, test in zip(album.classes, *counts.values())]


def in_both(album: Album) -> list[dict]:
    """Returns the names of each two pictures of the same 32 x 32 pixels of which one is for training and one for testing."""
    names = own.digests(album.images)
    training = {names[row]: album.names[row] for row in np.flatnonzero(~album.tests)}
    return [
        {"train": training[names[row]], "test": album.names[row]}
        for row in np.flatnonzero(album.tests)
        if names[row] in training
    ]


def _cut(sizes: np.ndarray) -> float:
    short, long = np.sort(sizes, axis=1).astype(float).T
    return float((1 - short / long).mean())


def _warnings(album: Album, classes: list[dict], both: list[dict]) -> list[str]:
    few = [f"{row['class']} ({row['train'] + row['test']})" for row in classes if row["train"] + row["test"] < FEW]
    missing = [part for part in ("train", "test") if not any(row[part] for row in classes)]
    untested = [row["class"] for row in classes if not row["test"] and "test" not in missing]
    least, *_, most = sorted(classes, key=lambda row: row["train"])
    met = {
        f"no picture for {' and '.join(missing)}: nothing can be trained on these data": missing,
        f"fewer than {FEW} pictures a class: {', '.join(few)}": few,
        f"no test picture: {', '.join(untested)}": untested,
        f"{most['class']} has {most['train']} training pictures, {least['class']} {least['train']}: a network that "
        "always answers the first looks good": most["train"] >= UNEVEN * max(1, least["train"]),
        f"test pictures that stand among the training pictures too, and tell nothing: {len(both)}": both,
        f"files that cannot be used: {len(album.bad)}": album.bad,
        f"not used: {', '.join(album.aside)}": album.aside,
    }
    return [said for said, is_met in met.items() if is_met]
