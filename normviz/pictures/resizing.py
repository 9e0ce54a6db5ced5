"""Pictures of any shape made 32 x 32, cropped or whole."""

import numpy as np
from PIL import Image

from normviz.pictures import uploads

RESIZES = {  # and what each does, as a sentence
    "crop": "The largest centred square is cut out and brought to 32 x 32.",
    "fit": "The whole picture is brought to 32 x 32, its mean colour above and below or on both sides.",
}
_FIT_SIDE = 1024  # pixels: a longer picture is reduced before a square is laid around it


def made_small(image: Image.Image, resize: str = "crop") -> np.ndarray:
    """Brings a picture to CIFAR-10's size.

    Args:
        image: mode RGB, any size.
        resize: a key of `RESIZES`.

    Returns:
        uint8 levels, shape (32, 32, 3).

    Raises:
        ValueError: if the picture is not of mode RGB, or there is no such way.
    """
    if resize not in RESIZES:
        raise ValueError(f"resize must be one of {', '.join(RESIZES)}: resize={resize!r}")
    return uploads.to_network_size(image if resize == "crop" else _squared(uploads.preview(image, _FIT_SIDE)))


def _squared(image: Image.Image) -> Image.Image:
    side = max(image.size)
    colour = tuple(int(level) for level in np.asarray(image).mean(axis=(0, 1)).round())
    square = Image.new("RGB", (side, side), colour)
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square
