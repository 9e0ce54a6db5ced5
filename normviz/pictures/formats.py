"""Which pictures from outside are taken: formats, limits, and what a header must not claim.

Everything here is judged before a pixel is decoded, and only the decoders of `FORMATS` ever run.
"""

import contextlib
import ctypes
import io
import logging
import re
import struct

import pillow_heif
from PIL import Image, JpegImagePlugin, TiffImagePlugin

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 50_000_000  # of a picture that is decoded whole: up to 0.9 GB while it is read
MAX_JPEG_PIXELS = 120_000_000  # of a JPEG that is decoded reduced, row by row: up to 0.4 GB
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF")  # Pillow's names; the first frame of each is shown
EXTENSIONS = ("png", "jpg", "jpeg", "jfif", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "heif", "hif")
ACCEPTED = (
    f"PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF or HEIC of at most {MAX_BYTES // 2**20} MB and {MAX_PIXELS // 10**6} megapixels "
    f"(JPEG: {MAX_JPEG_PIXELS // 10**6} unless progressive) is accepted"
)

_NAME_LENGTH = 80  # characters of a file's name that a message repeats
_MAX_SCANS = 100  # passes over one JPEG: cameras write 1, progressive files about 10
_MAX_EXIF_SEGMENTS = 64  # of one JPEG: each holds 64 kB, cameras write 1
_MAX_STRIPS = 100_000  # pieces of one TIFF: at the least one a row
_SCAN = re.compile(rb"\xff\xda\x00(?:\x08\x01|\x0a\x02|\x0c\x03|\x0e\x04)")  # ITU T.81, B.2.3: length, components
_SEQUENTIAL, _SCAN_HEADER = (0xC0, 0xC1), 0xDA  # ITU T.81, table B.1: markers of a frame read from top to bottom, of a scan
_HEIC_SIZES = re.compile(rb"ispe\0{4}(.{8})", re.DOTALL)  # ISO/IEC 23008-12, 6.5.3: width and height of one item
_TILE_WIDTH, _TILE_LENGTH, _STRIP_OFFSETS, _TILE_OFFSETS = 322, 323, 273, 324  # TIFF 6.0


class ImageError(ValueError):
    """A file is no picture that can be shown; the message names the file, the fault and what is accepted.

    `fault` alone is what a list of many files says of each.
    """

    def __init__(self, name: str, fault: str) -> None:
        self.fault = fault
        shown = "".join(letter if letter.isprintable() else "?" for letter in str(name)) or "The file"
        if len(shown) > _NAME_LENGTH:
            shown = f"{shown[: _NAME_LENGTH // 2]}...{shown[-_NAME_LENGTH // 2 :]}"
        super().__init__(f"{shown} {fault}: {ACCEPTED}.")


def _get_decoders_ready() -> None:
    """Lets Pillow read HEIC, and keeps its decoders from writing to standard error; done once, while this is imported.

    A fault is told by the exception that it raises, but libtiff also prints it. Turning file descriptor 2 elsewhere
    meanwhile would swallow what other threads print, and Pillow has no switch, so libtiff's handler of errors is taken
    away as Pillow itself does with that of warnings: once, for the whole process, before any thread decodes. Where
    libtiff is built into Pillow and hides its functions (the wheels for Windows) its lines stay.
    """
    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(Image.core.__file__).TIFFSetErrorHandler(None)


_get_decoders_ready()


def check_bytes(count: int, name: str) -> None:
    """Raises ImageError for a file of no bytes, or of more than `MAX_BYTES`."""
    if count == 0:
        raise ImageError(name, "is empty")
    if count > MAX_BYTES:
        raise ImageError(name, f"has {count:,} bytes")


def open_picture(data: bytes, name: str) -> Image.Image:
    """Reads a file's header, and refuses what would take too much time or memory to decode.

    Raises:
        ImageError: no picture, too many pixels, or in more pieces than a picture needs.
    """
    try:
        if _is_slow_jpeg(data) or _is_slow_tiff(data):
            raise ImageError(name, "is in far more pieces than a picture needs")
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        _check_pixels(image, data, name)
        return image
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # Pillow's own limit is higher, but comes first
        raise ImageError(name, f"has more than {MAX_JPEG_PIXELS:,} pixels") from error
    except Exception as error:  # Pillow's parsers raise what they like
        raise ImageError(name, "is not a picture that can be read") from error


def _check_pixels(image: Image.Image, data: bytes, name: str) -> None:
    """Raises ImageError for more pixels than may be decoded."""
    is_jpeg = isinstance(image, JpegImagePlugin.JpegImageFile)
    by_rows = is_jpeg and _is_read_by_rows(data)
    width, height = _coded_size(image, data)
    if width * height > (MAX_JPEG_PIXELS if by_rows else MAX_PIXELS):
        kind = " and is progressive" if is_jpeg and not by_rows else ""
        raise ImageError(name, f"has {width} x {height} pixels{kind}")


def _coded_size(image: Image.Image, data: bytes) -> tuple[int, int]:
    """What will be decoded: the size of the picture, but of HEIC the largest of its parts, of which it may show a corner."""
    parts = _HEIC_SIZES.findall(data) if image.format == "HEIF" else []
    sizes = [image.size, *(struct.unpack(">II", part) for part in parts)]
    return max(sizes, key=lambda size: size[0] * size[1])


def _is_read_by_rows(data: bytes) -> bool:
    """Whether a JPEG is one scan from top to bottom, of which a decoder keeps a few rows; of any other it keeps all.

    ITU T.81, B.1 and B.2: segments of marker and length; the first scan must hold every component of the frame.
    """
    components, at = b"", 2
    while data[at : at + 1] == b"\xff":
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _SEQUENTIAL:
            components = data[at + 9 : at + 10]
        if marker == _SCAN_HEADER:
            return data[at + 4 : at + 5] == components
        at += 2 + length
    return False


def _is_slow_jpeg(data: bytes) -> bool:
    """Whether a JPEG repeats what takes minutes: passes over the picture, or EXIF segments."""
    if not data.startswith(b"\xff\xd8"):
        return False
    return len(_SCAN.findall(data)) > _MAX_SCANS or data.count(b"Exif\0\0") > _MAX_EXIF_SEGMENTS


def _is_slow_tiff(data: bytes) -> bool:
    """Whether a TIFF has very many strips or tiles, or a tile that is huge however small the picture is."""
    if not data.startswith(tuple(TiffImagePlugin.PREFIXES)):
        return False
    tags = TiffImagePlugin.ImageFileDirectory_v2(data[: 16 if 43 in data[2:4] else 8])  # 43: BigTIFF
    file = io.BytesIO(data)
    file.seek(tags.next)
    tags.load(file)
    pieces = len(tags.get(_STRIP_OFFSETS, ())) + len(tags.get(_TILE_OFFSETS, ()))
    return pieces > _MAX_STRIPS or int(tags.get(_TILE_WIDTH, 0)) * int(tags.get(_TILE_LENGTH, 0)) > MAX_PIXELS
