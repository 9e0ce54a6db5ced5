"""A map of numbers as a picture: diverging colours around zero, or a tint over the photograph. NumPy and Pillow alone."""

import base64
import io

import numpy as np
from PIL import Image

# ColorBrewer RdBu, five classes, safe for colour-blind readers: most negative to most positive
COLOURS = ("#2166AC", "#92C5DE", "#F7F7F7", "#F4A582", "#B2182B")
_ANCHORS = np.array([[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in COLOURS], float)
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_TINT = 0.85  # share of colour in the strongest pixel of an overlay


def extent(*maps: np.ndarray, share: float = 0.99) -> float:
    """Returns the magnitude below which `share` of each map's values lie, the largest of the maps'; 1 if all are zero.

    It is the end of a colour range: a few far values do not squeeze the rest.
    """
    largest = max(float(np.quantile(np.abs(values), share)) for values in maps)
    return largest if largest > 0 else 1.0


def diverging(values: np.ndarray, limit: float) -> np.ndarray:
    """Returns colours from blue (-limit) over near-white (0) to red (+limit), uint8, the map's shape x 3."""
    places = np.clip(values / limit, -1, 1)
    stops = np.linspace(-1, 1, len(_ANCHORS))
    return np.stack([np.interp(places, stops, channel) for channel in _ANCHORS.T], axis=-1).round().astype(np.uint8)


def overlay(pixels: np.ndarray, values: np.ndarray, limit: float) -> np.ndarray:
    """Tints a pale grey copy of a picture: red where a map is positive, blue where it is negative.

    Args:
        pixels: the picture, uint8, H x W x 3.
        values: the map, H x W.
        limit: the magnitude drawn in full colour.

    Returns:
        uint8, H x W x 3.
    """
    grey = (90 + 0.65 * (pixels @ _LUMA))[..., None]
    tint = np.where(values[..., None] > 0, _ANCHORS[-1], _ANCHORS[0])
    strength = _TINT * np.clip(np.abs(values) / limit, 0, 1)[..., None]
    return (grey * (1 - strength) + tint * strength).round().clip(0, 255).astype(np.uint8)


def data_address(pixels: np.ndarray) -> str:
    """Returns a picture (uint8, H x W x 3) as an address that HTML shows without another request."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()


def png(pixels: np.ndarray) -> bytes:
    """Returns a picture (uint8, H x W x 3) as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
