"""Pictures from outside: an untrusted upload, or a built-in example, to the 32 x 32 RGB bytes a network sees.

Whatever the bytes are, the answer is a picture or an `ImageError`: size and pixels are judged before anything is
decoded, and only the decoders of `formats.FORMATS` ever run.
"""

import io
import json
import stat
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, ImageOps

from normviz.pictures import formats
from normviz.pictures.formats import ImageError

NETWORK_SIDE = 32  # pixels: CIFAR-10's pictures are 32 x 32
CONVERSIONS = ("grey", "palette", "16 bit", "transparency", "CMYK", "colour profile", "EXIF turn")

_EXAMPLES = Path(__file__).parent / "examples"
_KEPT_SIDE = 1024  # pixels: a picture whose shorter side is at least twice this is reduced while it is read
_USUAL_WHITES = (255, 2**16 - 1, 2**32 - 1)  # of files of 32 bits, which may hold grey of fewer
_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339  # TIFF 6.0
_PATH_FAULTS = {FileNotFoundError: "does not exist", PermissionError: "may not be read by this program"}
_UNREADABLE, _NO_MEMORY = "cannot be read", "needs more memory than there is now"
PASSING = (*_PATH_FAULTS.values(), _UNREADABLE, _NO_MEMORY)  # faults that another reading may not meet
_TURN = Image.Transpose
_UPRIGHT = {
    2: _TURN.FLIP_LEFT_RIGHT,
    3: _TURN.ROTATE_180,
    4: _TURN.FLIP_TOP_BOTTOM,
    5: _TURN.TRANSPOSE,
    6: _TURN.ROTATE_270,
    7: _TURN.TRANSVERSE,
    8: _TURN.ROTATE_90,
}  # EXIF 2.32, tag 0x0112

_PNG, _PNG_DEPTH = b"\x89PNG\r\n\x1a\n", 24  # PNG, 11.2.1: offset of the bit depth, which Pillow lowers to 8 without a word

# One picture at a time: a decoder may need hundreds of MB, and `warnings.catch_warnings` is not safe across threads.
_decoding = threading.Lock()


def read_picture(data: bytes, name: str) -> Image.Image:
    """Decodes an untrusted file into what a viewer would show of its first frame.

    Upright as EXIF says, in sRGB if an embedded profile can be used, transparency over white. Grey of 16 bits or
    more is scaled to 8. A picture whose shorter side has 2048 pixels or more is reduced by a whole factor, so that
    at least 1024 remain: an answer takes megabytes however large the file is. A JPEG of more than `formats.MAX_PIXELS`
    is decoded at half its size or less, however narrow it is.

    Args:
        data: the file's bytes.
        name: the file's name, for messages alone.

    Returns:
        A picture of mode RGB, at least 1 x 1.

    Raises:
        ImageError: for any bytes that are too many, no picture, damaged, or a picture of too many pixels.
    """
    return decode(data, name).image


@dataclass(frozen=True)
class Decoded:
    """A picture as `read_picture` returns it, and what was done to it.

    Attributes:
        image: mode RGB.
        size: width and height as stored, in pixels.
        conversions: those of `CONVERSIONS` that it took.
    """

    image: Image.Image
    size: tuple[int, int]
    conversions: tuple[str, ...]


def decode(data: bytes, name: str) -> Decoded:
    """As `read_picture`, with what was done to the picture."""
    formats.check_bytes(len(data), name)
    with _decoding, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = formats.open_picture(data, name)
        try:
            size, conversions = image.size, _conversions(image, data)
            shown = as_shown(image)
            turned = ("EXIF turn",) if _turn_of(image) is not None else ()
            return Decoded(shown, size, conversions + turned)
        except MemoryError as error:
            raise ImageError(name, _NO_MEMORY) from error
        except Exception as error:  # a decoder may raise anything at all on hostile bytes
            raise ImageError(name, "is damaged or cut short") from error


def _conversions(image: Image.Image, data: bytes) -> tuple[str, ...]:
    """What of `CONVERSIONS` is known before the pixels are read; the EXIF data may come after them."""
    deep = image.mode in ("I", "F") or image.mode.startswith("I;16")
    met = {
        "grey": deep or image.mode in ("1", "L", "LA", "La"),
        "palette": image.mode in ("P", "PA"),
        "16 bit": deep or (data.startswith(_PNG) and data[_PNG_DEPTH] == 16),
        "transparency": image.has_transparency_data,
        "CMYK": image.mode == "CMYK",
        "colour profile": bool(image.info.get("icc_profile")),
    }
    return tuple(name for name in CONVERSIONS if met.get(name))


def read_picture_file(path: str | Path) -> Image.Image:
    """As `read_picture`, from a path; the file's size is looked up before it is read.

    Raises:
        ImageError: also for a path that is missing, is no file, or may not be read.
    """
    return decode_file(path).image


def decode_file(path: str | Path) -> Decoded:
    """As `read_picture_file`, with what was done to the picture."""
    name = str(path)
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(name, "is a folder" if stat.S_ISDIR(status.st_mode) else "is not a file")
        formats.check_bytes(status.st_size, name)
        return decode(Path(path).read_bytes(), name)
    except ImageError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        fault = next((fault for kind, fault in _PATH_FAULTS.items() if isinstance(error, kind)), _UNREADABLE)
        raise ImageError(name, fault) from error


def as_shown(image: Image.Image) -> Image.Image:
    """Decodes an opened file as `read_picture` says."""
    side = _KEPT_SIDE if image.width * image.height <= formats.MAX_PIXELS else min(_KEPT_SIDE, min(image.size) // 2)
    image.draft(None, (side, side))  # JPEG: decodes to a half, quarter or eighth at once
    image.load()
    plain = _plain(image)
    factor = max(1, min(plain.size) // _KEPT_SIDE)
    shown = _over_white(plain.reduce(factor), image.info.get("icc_profile"))
    turn = _turn_of(image)
    return shown if turn is None else shown.transpose(turn)


def _turn_of(image: Image.Image) -> Image.Transpose | None:
    """What puts a loaded picture upright by its EXIF data; nothing if they are broken, as viewers have it."""
    try:
        return _UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation))
    except Exception:  # a broken EXIF block is as good as none
        return None


def _plain(image: Image.Image) -> Image.Image:
    """Any of Pillow's modes as one of L, LA, RGB, RGBA and CMYK."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _eight_bits(image)
    if image.mode == "La":  # TIFF's premultiplied alpha
        return image.convert("LA")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 12, 16 or 32 bits, or floating point, as L; as LA if a PNG names one level as transparent."""
    values = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    if image.mode == "I" and tags.get(_SAMPLE_FORMAT, (1,)) == (1,):
        values = values.view(np.uint32)
    levels = np.nan_to_num(values.astype(np.float32), copy=False, posinf=0.0, neginf=0.0)
    levels -= min(0.0, float(levels.min()))
    levels *= 255 / _white_level(image, levels)
    grey = Image.fromarray(np.rint(levels.clip(0, 255, out=levels)).astype(np.uint8))
    if tags.get(_PHOTOMETRIC) == 0:  # white is zero, which Pillow sees to at 8 bits alone
        grey = ImageOps.invert(grey)
    if "transparency" in image.info:
        grey.putalpha(Image.fromarray(values != image.info["transparency"]).convert("L"))
    return grey


def _white_level(image: Image.Image, levels: np.ndarray) -> float:
    """The level of white: as the file states, else the first usual one, or the brightest if all would be dark."""
    if image.mode.startswith("I;16"):
        return 2 ** getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, (16,))[0] - 1
    brightest = float(levels.max())
    white = next((white for white in _USUAL_WHITES if brightest <= white), brightest)
    return white if brightest > white / 8 else max(brightest, 1.0)  # 1 is the white of floating point


def _over_white(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture of mode L, LA, RGB, RGBA or CMYK as RGB, its transparent parts over white."""
    if image.mode not in ("LA", "RGBA"):
        return _to_srgb(image, profile)
    *bands, alpha = image.split()
    colours = _to_srgb(bands[0] if len(bands) == 1 else Image.merge("RGB", bands), profile)
    white = Image.new("RGB", image.size, "white")
    white.paste(colours, mask=alpha)
    return white


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A picture of mode L, RGB or CMYK as RGB, through its embedded ICC profile unless that is broken or foreign."""
    if not profile:
        return image.convert("RGB")
    try:
        return ImageCms.profileToProfile(image, io.BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB")
    except Exception:  # a broken profile, or one for another kind of picture
        return image.convert("RGB")


def to_network_size(image: Image.Image) -> np.ndarray:
    """Cuts the largest centred square and brings it to CIFAR-10's size.

    Each new pixel is the exact mean of the area that it covers: a CIFAR picture is scaled down with antialiasing
    too, and taking every n-th pixel instead would turn fine patterns into coarse ones that no such picture has.
    A smaller square is scaled up with bicubic interpolation; one of 32 x 32 pixels is returned as it is.

    Args:
        image: mode RGB, any size.

    Returns:
        uint8 levels, shape (32, 32, 3).

    Raises:
        ValueError: if the picture is not of mode RGB.
    """
    if image.mode != "RGB":
        raise ValueError(f"image must be of mode RGB, as read_picture returns it: mode={image.mode}")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    if side < NETWORK_SIDE:
        square = square.resize((NETWORK_SIDE, NETWORK_SIDE), Image.Resampling.BICUBIC)
    weights = _area_weights(square.width)
    means = np.einsum("yh,hwc,xw->yxc", weights, np.asarray(square, np.float32), weights, optimize=True)
    return np.rint(means).astype(np.uint8)


def _area_weights(side: int) -> np.ndarray:
    """How much of each of 32 equal stretches of a line each of its `side` pixels fills: (32, side), rows sum to 1."""
    edges = np.arange(NETWORK_SIDE + 1) * side / NETWORK_SIDE
    pixels = np.arange(side)
    filled = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return (filled.clip(0) * NETWORK_SIDE / side).astype(np.float32)


def preview(image: Image.Image, side: int = 640) -> Image.Image:
    """A copy for the screen, neither side longer than `side` pixels, which must be at least 1; never enlarged."""
    if side < 1:
        raise ValueError(f"side must be at least 1 pixel: side={side}")
    small = image.copy()
    small.thumbnail((side, side))
    return small


@dataclass(frozen=True)
class Example:
    """A built-in picture: `true_class` is one of CIFAR-10's names, or None if it shows none of the ten."""

    key: str
    title: str
    file: str
    true_class: str | None
    credit: str
    licence: str


def examples() -> list[Example]:
    """The built-in pictures, in the order to offer them; none is from CIFAR-10 or another data set."""
    return [Example(**entry) for entry in json.loads((_EXAMPLES / "examples.json").read_text(encoding="utf-8"))]


def example_picture(key: str) -> Image.Image:
    """The built-in picture of that key, mode RGB; ValueError if there is none."""
    files = {example.key: example.file for example in examples()}
    if key not in files:
        raise ValueError(f"key must be one of {', '.join(files)}: key={key}")
    return read_picture_file(_EXAMPLES / files[key])
