"""The pictures that go in: one of the visitor's choice, or a batch. Each file is decoded once, not on every run."""

import io
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.runtime.uploaded_file_manager import UploadedFile

from normviz.app import frame, handed_in, refusals, test_set
from normviz.pictures import formats, uploads
from normviz.pictures.formats import ImageError

BOUND = {"bind": "query-params"}
PREVIEW = 360  # pixels, the longer side of the picture as it was given


@dataclass(frozen=True)
class Picture:
    """A picture of the visitor's choice.

    Attributes:
        name: what it is called on screen.
        given: the picture as it was given, as JPEG, neither side longer than `PREVIEW`.
        pixels: what the networks see, uint8, 32 x 32 x 3.
    """

    name: str
    given: bytes
    pixels: np.ndarray


def choose_picture(follows: str) -> Picture:
    """Lets the visitor choose an example, a test image by its index, a file or the camera.

    As long as there is none the page ends with a line that says what to do; a picture that cannot be used gets one sentence.
    The last picture is kept for the other pages.

    Args:
        follows: what the page shows once there is a picture, as the end of a sentence.
    """
    ways = {"example": _choose_example, "test image": _choose_test_image, "upload": _take_file, "camera": _take_file}
    options = {"default": "example", "required": True, "key": "from", **BOUND}
    chosen = ways[frame.one_of("Picture", list(ways), **options)]()
    if chosen is None:
        st.info(f"Choose a picture above; {follows}.", icon=":material/arrow_upward:")
        st.stop()
    return chosen


def _choose_example() -> Picture:
    keys = [example.key for example in uploads.examples()]
    return _example(frame.one_of("Example", keys, default=keys[0], required=True, key="example", **BOUND))


@st.cache_resource(show_spinner=False)
def _example(key: str) -> Picture:
    titles = {example.key: example.title for example in uploads.examples()}
    return _picture(titles[key], uploads.example_picture(key))


def _picture(name: str, image: Image.Image) -> Picture:
    return Picture(name, _jpeg(uploads.preview(image, PREVIEW)), uploads.to_network_size(image))


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95)
    return file.getvalue()


def _choose_test_image() -> Picture | None:
    split = test_set.test_pictures()
    if split is None:
        test_set.offer_download()
        return None
    last = int(split.indices[-1])
    index = int(frame.number(f"Index in the test set, 0 to {last}", 0, last, key="index", **BOUND))
    place = split.place_of(index)
    if place is None:
        st.warning(f"The data set at hand has no test image {index}: choose another index.")
        return None
    pixels = split.images[place]
    return Picture(f"Test image {index}: {split.classes[split.labels[place]]}", _jpeg(Image.fromarray(pixels)), pixels)


def _take_file() -> Picture | None:
    way = st.session_state["from"]
    file, refusal = _ask_for_file(way)
    if file is not None:
        _read_once(way, file)
    of, _, kept = st.session_state.get("picture", (None, None, None))
    taken = refusal or (kept if of == way else None)
    if isinstance(taken, ImageError):
        st.error(frame.plain(taken))
        return None
    return taken


def _read_once(way: str, file: UploadedFile) -> None:
    """Reads a file that was not read before, and frees it.

    What a widget returns is a copy of its value, and goes first: it may have to wait until others' files are read.
    """
    file.truncate(0)
    if st.session_state.get("picture", (None, None))[:2] != (way, file.file_id):
        picture = _read(file.name, st.session_state[way].getvalue())
        st.session_state["picture"] = (way, file.file_id, picture)
    handed_in.free(way, file)


def _ask_for_file(way: str):
    """Returns the file, None without one that was not read, and the refusal of a later one that the browser did not send."""
    if way == "camera":
        return st.camera_input("Take a picture", key="camera"), None
    with st.container(gap=None):
        limit = formats.MAX_BYTES // 2**20
        label = f"A picture: {formats.ACCEPTED}"
        file = st.file_uploader(label, ("image", *formats.EXTENSIONS), key="upload", max_upload_size=limit)
        return file, refusals.find_refusal()


def _read(name: str, content: bytes) -> Picture | ImageError:
    try:
        return _picture(name, uploads.read_picture(content, name))
    except ImageError as error:
        return error


def choose_batch(most: int = 64) -> np.ndarray | None:
    """Returns the pictures that go in, at most so many, uint8 N x 32 x 32 x 3, or None where the data set is missing."""
    options = {"default": "examples", "required": True, "key": "input", **BOUND}
    way = frame.one_of("What goes in", ["examples", "test images", "picture", "noise"], **options)
    if way == "examples":
        return np.stack([_example(example.key).pixels for example in uploads.examples()])
    if way == "picture":
        return choose_picture("it goes through the networks alone").pixels[None]
    return _choose_many(way, most)


def _choose_many(way: str, most: int) -> np.ndarray | None:
    split = test_set.test_pictures() if way == "test images" else None
    if way == "test images" and split is None:
        test_set.offer_download()
        return None
    count = st.slider("Pictures", 2, most, min(32, most), key="pictures", **BOUND)
    if way == "test images":
        return split.images[:count]
    noise = np.random.default_rng(0).normal(128, 64, (count, 32, 32, 3))
    return noise.clip(0, 255).astype(np.uint8)
