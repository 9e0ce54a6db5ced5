"""The pictures of own data, decoded one by one; of a file that cannot be used, its name and why."""

import base64
import io
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from normviz.pictures import archives, formats, layouts, uploads
from normviz.pictures.formats import ImageError
from normviz.pictures.layouts import Layout
from normviz.pictures.originals import DataError
from normviz.pictures.resizing import made_small

ARRAYS = ("train_images", "train_labels", "val_images", "val_labels", "test_images", "test_labels")  # of MedMNIST's .npz
EXAMPLES, EXAMPLE_SIDE = 8, 192  # pictures that are shown before and after, and pixels of their longer side


@dataclass(frozen=True)
class Limits:
    """What is taken: pictures and pixels in all, as stored, bytes of an archive when unpacked, and seconds of decoding."""

    pictures: int
    pixels: int
    bytes: int
    seconds: float = float("inf")


OWNER = Limits(300_000, 10**12, archives.MOST_BYTES)
GUEST = Limits(archives.MOST_FILES, 10**9, 4 * 10**8, 120)  # a thousand million pixels take up to a minute
_arrays = threading.Lock()  # one file of arrays at a time: it may take a GB


@dataclass(frozen=True)
class Picture:
    """A picture before it has its place.

    Attributes:
        name: for messages.
        label: name of its class.
        part: "train", "test", or "" if that is to be drawn.
        pixels: uint8, 32 x 32 x 3.
        size: width and height as stored.
        conversions: those of `uploads.CONVERSIONS` that it took.
    """

    name: str
    label: str
    part: str
    pixels: np.ndarray
    size: tuple[int, int]
    conversions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What was read: how it lay there, the pictures, name and reason of bad files, unused parts, and `own.Album.examples`."""

    layout: str
    pictures: list[Picture]
    bad: list[tuple[str, str]]
    aside: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()


def from_folder(layout: Layout, resize: str, limits: Limits) -> Reading:
    """Decodes the pictures of a folder.

    Raises:
        DataError: more than the limits.
    """
    pictures, bad, examples, pixels = [], list(layout.bad), {}, 0
    check_amount("pictures", len(layout.found), limits.pictures)
    started = time.thread_time()
    for found in layout.found:
        check_amount("seconds of decoding", round(time.thread_time() - started), limits.seconds)
        try:
            decoded = uploads.decode_file(found.file)
        except ImageError as error:
            bad.append((found.name, error.fault))
            continue
        pixels += decoded.size[0] * decoded.size[1]
        check_amount("pixels in all pictures", pixels, limits.pixels)
        _keep_example(examples, found.name, decoded.image, (found.label, decoded.conversions))
        small = made_small(decoded.image, resize)
        pictures.append(Picture(found.name, found.label, found.part, small, decoded.size, decoded.conversions))
    return Reading(layout.kind, pictures, bad, layout.aside, tuple(examples.values()))


def check_amount(what: str, count: int, most: int) -> None:
    """Raises DataError for more than is taken."""
    if count > most:
        raise DataError(f"a data set may have at most {most:,} {what} here: it has {count:,} or more; take a part of it")


def _keep_example(examples: dict, name: str, image: Image.Image, kind: tuple) -> None:
    """Keeps the first picture of each kind, until there are enough."""
    if len(examples) < EXAMPLES and kind not in examples:
        file = io.BytesIO()
        uploads.preview(image, EXAMPLE_SIDE).save(file, "JPEG", quality=85)
        examples[kind] = name, base64.b64encode(file.getvalue()).decode()


def from_arrays(file: Path, resize: str, limits: Limits) -> Reading:
    """Reads an .npz as MedMNIST writes it; validation pictures test where there are no others.

    Raises:
        DataError: no whole .npz, arrays of another form, or more than the limits.
    """
    with _arrays:
        return _from_arrays(file, resize, limits)


def _from_arrays(file: Path, resize: str, limits: Limits) -> Reading:
    arrays = archives.read_arrays(file, ARRAYS, limits.bytes)
    testing = next((name for name in ("test", "val") if f"{name}_images" in arrays), None)
    if "train_images" not in arrays:
        raise DataError(f"{file} must hold train_images and train_labels: it has {', '.join(arrays) or 'neither'}")
    parts = {"train": "train" if testing else "", **({testing: "test"} if testing else {})}
    for name in parts:
        _check_part(file, name, arrays, limits)
    pictures = [one for name, part in parts.items() for one in _from_part(arrays, name, part, resize)]
    return Reading("npz", pictures, [], ("val",) if "val_images" in arrays and testing == "test" else ())


def _check_part(file: Path, name: str, arrays: dict[str, np.ndarray], limits: Limits) -> None:
    images, labels = arrays[f"{name}_images"], arrays.get(f"{name}_labels")
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.shape[3:] not in ((), (1,), (3,)) or not images.size:
        raise DataError(
            f"{file}: {name}_images must be uint8, N x H x W or N x H x W x 3: it is {images.dtype}, shape {images.shape}"
        )
    if labels is None or labels.size != len(images) or labels.dtype.kind not in "iuU":
        shape = "missing" if labels is None else f"{labels.dtype}, shape {labels.shape}"
        raise DataError(f"{file}: {name}_labels must be one whole number or name a picture: it is {shape}")
    check_amount("pictures", len(images), limits.pictures)
    pixels = images.shape[1] * images.shape[2]
    check_amount("pixels in a picture", pixels, formats.MAX_PIXELS)
    check_amount("pixels in all pictures", pixels * len(images), limits.pixels)


def _from_part(arrays: dict[str, np.ndarray], name: str, part: str, resize: str) -> list[Picture]:
    images = arrays[f"{name}_images"]
    size, grey = (images.shape[2], images.shape[1]), ("grey",) * (images.shape[3:] != (3,))
    flat = images.reshape(images.shape[:3]) if grey else images
    labels = [layouts.readable(str(label)) for label in arrays[f"{name}_labels"].ravel().tolist()]
    return [
        Picture(
            f"{name}_images[{place}]", label, part, made_small(uploads.as_shown(Image.fromarray(image)), resize), size, grey
        )
        for place, (image, label) in enumerate(zip(flat, labels))
    ]
