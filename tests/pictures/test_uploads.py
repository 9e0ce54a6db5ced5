"""Untrusted pictures: known colours in every format and mode, every limit, and nothing but ImageError for any bytes."""

import io
import json
import os
import random
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from normviz.pictures import formats, uploads
from normviz.pictures.formats import ImageError
from normviz.pictures.uploads import read_picture
from normviz.words.classes import CLASS_NAMES

RED, GREEN, BLUE, GREY, WHITE, BLACK = ((250, 10, 20), (20, 200, 40), (10, 30, 220), (100, 100, 100), (255,) * 3, (0,) * 3)
QUARTERS = np.array([[RED, GREEN], [BLUE, GREY]], np.uint8).repeat(16, 0).repeat(16, 1)  # 32 x 32
FINE = {"quality": 100, "subsampling": "4:4:4", "chroma": 444}  # the names of one thing in JPEG and AVIF, and in HEIF
NO_PICTURE = "is not a picture that can be read"


def encoded(image: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(buffer, kind, **options)
    return buffer.getvalue()


def line(mode: str, *values) -> Image.Image:
    """A picture of one row with the given pixels."""
    image = Image.new(mode, (len(values), 1))
    image.putdata(values)
    return image


def colours(data: bytes) -> list[tuple[int, int, int]]:
    """The pixels of the first row, as read."""
    picture = read_picture(data, "x")
    assert picture.mode == "RGB"
    return [picture.getpixel((x, 0)) for x in range(picture.width)]


def grey(*levels: int) -> list[tuple[int, int, int]]:
    return [(level,) * 3 for level in levels]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes = b"", extra: bytes = b"") -> bytes:
    """A PNG by hand: `rows` are its filtered bytes, `extra` chunks before them."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tiff(width: int, pixels: bytes, order: str = "<", **tags: tuple[int, ...]) -> bytes:
    """A TIFF of one row by hand, little- or big-endian: grey of 8 bits unless tags (t<number>=values) say otherwise."""
    wanted = {
        256: (width,),
        257: (1,),
        258: (8,),
        259: (1,),
        262: (1,),
        273: (8,),
        277: (1,),
        278: (1,),
        279: (len(pixels),),
    } | {int(name[1:]): values for name, values in tags.items()}
    start = 8 + len(pixels)
    entries, extra = struct.pack(f"{order}H", len(wanted)), b""
    for tag, values in sorted(wanted.items()):
        kind, letter = (4, "I") if tag in (256, 257, 273, 278, 279, *range(322, 326)) else (3, "H")
        raw = struct.pack(f"{order}{len(values)}{letter}", *values)
        far = struct.pack(f"{order}I", start + 2 + 12 * len(wanted) + 4 + len(extra))
        entries += struct.pack(f"{order}HHI", tag, kind, len(values)) + (raw.ljust(4, b"\0") if len(raw) <= 4 else far)
        extra += raw if len(raw) > 4 else b""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", start)
    return head + pixels + entries + bytes(4) + extra


@pytest.mark.parametrize(
    "kind, options, tolerance",
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_deflate"}, 0),
        ("GIF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("TIFF", {"big_tiff": True}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 100, "subsampling": 0}, 2),
        ("JPEG", {"quality": 95, "progressive": True}, 8),
        ("TIFF", {"compression": "jpeg", "quality": 100}, 8),
        ("AVIF", {"quality": 100, "subsampling": "4:4:4"}, 3),
        ("HEIF", {"quality": 100, "chroma": 444}, 3),
    ],
)
def test_each_format_gives_its_colours(kind, options, tolerance):
    seen = np.asarray(read_picture(encoded(QUARTERS, kind, **options), "x"), int)
    assert seen.shape == (32, 32, 3)
    assert abs(seen - QUARTERS)[[4, 4, 27, 27], [4, 27, 4, 27]].max() <= tolerance


def test_the_formats_named_are_the_formats_read():
    assert set(formats.FORMATS) == {"PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"}
    Image.init()
    assert {Image.EXTENSION[f".{extension}"] for extension in formats.EXTENSIONS} == set(formats.FORMATS)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "HEIF"])
def test_the_first_frame_is_shown(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, BLUE)]
    lossless = {"WEBP": {"lossless": True}, "HEIF": {"quality": 100, "chroma": 444}}.get(kind, {})
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **lossless)
    assert Image.open(io.BytesIO(data)).n_frames == 2
    assert close(data, [RED] * 4, 2 if kind == "HEIF" else 0)


@pytest.mark.parametrize("kind", ["PPM", "ICO", "TGA", "PCX", "JPEG2000", "PDF", "EPS", "DDS"])
def test_no_other_decoder_runs(kind):
    with pytest.raises(ImageError, match=NO_PICTURE):
        read_picture(encoded(QUARTERS, kind), "x.png")


def palette(*values) -> Image.Image:
    image = line("P", *values)
    image.putpalette([*RED, *GREEN, *BLUE])
    return image


DEEP = np.array([[0, 25700, 32768, 65535]], np.uint16)
MODES = {
    "1 bit": (encoded(line("1", 0, 255), "PNG"), [BLACK, WHITE]),
    "grey": (encoded(line("L", 0, 77, 255), "PNG"), grey(0, 77, 255)),
    "grey, one level clear": (encoded(line("L", 77, 78), "PNG", transparency=77), grey(255, 78)),
    "grey and alpha": (encoded(line("LA", (100, 255), (100, 0), (0, 51)), "PNG"), grey(100, 255, 204)),
    "palette": (encoded(palette(2, 0, 1), "PNG"), [BLUE, RED, GREEN]),
    "palette, one clear": (encoded(palette(2, 0, 1), "PNG", transparency=0), [BLUE, WHITE, GREEN]),
    "palette with alpha": (encoded(palette(0, 1, 2), "PNG", transparency=bytes([255, 0, 51])), [RED, WHITE, (206, 210, 248)]),
    "gif, one clear": (encoded(palette(2, 0, 1), "GIF", transparency=1), [BLUE, RED, WHITE]),
    "rgb, one colour clear": (encoded(line("RGB", RED, BLUE), "PNG", transparency=RED), [WHITE, BLUE]),
    "rgba": (encoded(line("RGBA", (*RED, 255), (*RED, 0), (0, 0, 0, 51)), "PNG"), [RED, WHITE, (204,) * 3]),
    "rgba webp": (
        encoded(line("RGBA", (*RED, 255), (*RED, 0), (0, 0, 0, 51)), "WEBP", lossless=True),
        [RED, WHITE, (204,) * 3],
    ),
    "rgba tiff": (encoded(line("RGBA", (*RED, 255), (*RED, 0)), "TIFF"), [RED, WHITE]),
    "premultiplied tiff": (
        tiff(2, bytes([*RED, 255, 51, 0, 0, 51]), t258=(8,) * 4, t262=(2,), t277=(4,), t338=(1,)),
        [RED, (255, 204, 204)],
    ),
    "premultiplied grey tiff": (tiff(2, bytes([100, 255, 0, 51]), t258=(8, 8), t277=(2,), t338=(1,)), grey(100, 204)),
    "16 bit": (encoded(DEEP, "PNG"), grey(0, 100, 128, 255)),
    "16 bit, nearly black": (encoded(DEEP // 256, "PNG"), grey(0, 0, 0, 1)),
    "16 bit, one level clear": (encoded(DEEP, "PNG", transparency=25700), grey(0, 255, 128, 255)),
    "16 bit rgb": (png(2, 1, 16, 2, b"\0" + bytes(level for level in (*RED, *BLUE) for _ in "12")), [RED, BLUE]),
    "16 bit tiff": (encoded(DEEP, "TIFF"), grey(0, 100, 128, 255)),
    "16 bit tiff, big-endian": (tiff(4, DEEP.astype(">u2").tobytes(), ">", t258=(16,)), grey(0, 100, 128, 255)),
    "16 bit tiff, white is 0": (tiff(4, DEEP.astype("<u2").tobytes(), t258=(16,), t262=(0,)), grey(255, 155, 127, 0)),
    "12 bit tiff": (tiff(2, bytes([0xFF, 0xF8, 0x00]), t258=(12,)), grey(255, 128)),
    "8 bit tiff, white is 0": (tiff(2, bytes([0, 155]), t262=(0,)), grey(255, 100)),
    "signed 16 bit tiff": (tiff(3, np.array([-32768, 0, 32767], "<i2").tobytes(), t258=(16,), t339=(2,)), grey(0, 128, 255)),
    "32 bit, as 16": (encoded(DEEP.astype(np.int32), "TIFF"), grey(0, 100, 128, 255)),
    "32 bit, as 8": (encoded(np.array([[0, 100, 255]], np.int32), "TIFF"), grey(0, 100, 255)),
    "32 bit, dark": (encoded(np.array([[0, 500, 1000]], np.int32), "TIFF"), grey(0, 128, 255)),
    "32 bit unsigned": (tiff(3, np.array([0, 2**31, 2**32 - 1], "<u4").tobytes(), t258=(32,)), grey(0, 128, 255)),
    "float to 1": (encoded(np.array([[0, 0.2, 1]], np.float32), "TIFF"), grey(0, 51, 255)),
    "float, dim": (encoded(np.array([[0, 0.2, 0.1]], np.float32), "TIFF"), grey(0, 51, 26)),
    "float to 255": (encoded(np.array([[0, 51, 200]], np.float32), "TIFF"), grey(0, 51, 200)),
    "float above 1": (encoded(np.array([[0, 0.75, 1.5]], np.float32), "TIFF"), grey(0, 128, 255)),
    "float, not finite": (encoded(np.array([[np.nan, np.inf, -np.inf, 1]], np.float32), "TIFF"), grey(0, 0, 0, 255)),
    "float, all the same": (encoded(np.zeros((1, 2), np.float32), "TIFF"), grey(0, 0)),
    "cmyk tiff": (encoded(line("CMYK", (0, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255)), "TIFF"), [WHITE, (255, 0, 0), BLACK]),
    "ycbcr tiff": (encoded(line("YCbCr", (255, 128, 128), (100, 128, 128)), "TIFF"), [WHITE, GREY]),
    "planar tiff": (
        tiff(
            2,
            bytes([250, 10, 10, 30, 20, 220]),
            t258=(8,) * 3,
            t262=(2,),
            t277=(3,),
            t284=(2,),
            t273=(8, 10, 12),
            t279=(2, 2, 2),
        ),
        [RED, BLUE],
    ),
}


@pytest.mark.parametrize("name", MODES)
def test_each_mode_gives_its_colours(name):
    data, wanted = MODES[name]
    assert colours(data) == wanted


def close(data: bytes, wanted: list[tuple[int, int, int]], tolerance: int) -> bool:
    return abs(np.array(colours(data)) - np.array(wanted)).max() <= tolerance


def test_lab_tiff_is_signed_cielab():
    pixels = bytes([138, 81, 70, 136, 0, 0, 75, 68, 256 - 112])  # sRGB's red, a grey of L* 53.4, sRGB's blue; D50
    data = tiff(3, pixels, t258=(8,) * 3, t262=(8,), t277=(3,))
    assert close(data, [(255, 0, 0), (128,) * 3, (0, 0, 255)], 24)  # 8 bits are coarse at the edge of the gamut


def test_adobe_cmyk_jpeg_is_stored_inverted():
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100)
    assert b"Adobe" in data[:60]
    assert close(data, [(255, 0, 0)] * 16, 3)


SRGB_D50 = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
P3_D50 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
GAMMA = b"curv" + bytes(4) + struct.pack(">IH", 1, 0x233)  # 2.2
LINEAR = b"curv" + bytes(8)


def s15(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def profile(space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile, version 2, of the given tags."""
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(78),
        b"wtpt": b"XYZ " + bytes(4) + s15(0.9642, 1, 0.8249),
    } | tags
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    head = (
        bytes(4)
        + bytes.fromhex("02400000")
        + kind
        + space
        + connection
        + bytes(12)
        + b"acsp"
        + bytes(28)
        + s15(0.9642, 1, 0.8249)
        + bytes(48)
    )
    return struct.pack(">I", 128 + len(table) + len(body)) + head + table + body


def rgb_profile(primaries: np.ndarray) -> bytes:
    """An RGB profile of gamma 2.2; the columns of `primaries` are XYZ."""
    bands = dict(zip((b"r", b"g", b"b"), primaries.T))
    columns = {band + b"XYZ": b"XYZ " + bytes(4) + s15(*column) for band, column in bands.items()}
    return profile(b"RGB ", b"XYZ ", columns | {band + b"TRC": GAMMA for band in bands})


def cmyk_profile() -> bytes:
    """A CMYK profile in which no ink is white, black ink is black, and any other ink a mid grey."""
    corners = bytes([255, 128, 128]) + bytes([0, 128, 128, 136, 128, 128] * 8)[:45]  # L* 100, 0, 53.3; black ink last
    ramp = bytes(range(256))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + s15(1, 0, 0, 0, 1, 0, 0, 0, 1) + ramp * 4 + corners + ramp * 3
    return profile(b"CMYK", b"Lab ", {b"A2B0": table})


def by_hand(levels: tuple[int, ...], primaries: np.ndarray) -> np.ndarray:
    """Levels of gamma 2.2 over those primaries as sRGB, by the formulas of IEC 61966-2-1."""
    linear = np.clip(np.linalg.solve(SRGB_D50, primaries @ (np.array(levels) / 255) ** 2.2), 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG", "AVIF", "HEIF"])
def test_a_wide_gamut_profile_is_converted(kind):
    levels = (200, 100, 60)
    options = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}.get(kind, FINE)
    data = encoded(Image.new("RGB", (8, 8), levels), kind, icc_profile=rgb_profile(P3_D50), **options)
    wanted = by_hand(levels, P3_D50)
    assert abs(wanted - levels).max() > 12
    assert close(data, [tuple(wanted)] * 8, 3 if kind in ("JPEG", "AVIF", "HEIF") else 2)


def test_swapped_primaries_swap_the_colours_and_leave_alpha_alone():
    swapped = rgb_profile(primaries := SRGB_D50[:, [1, 0, 2]])
    data = encoded(line("RGBA", (255, 0, 0, 255), (255, 0, 0, 51), (9, 9, 9, 0)), "PNG", icc_profile=swapped)
    assert close(data, [(0, 255, 0), (204, 255, 204), WHITE], 2)
    assert close(encoded(palette(0), "PNG", icc_profile=swapped), [tuple(by_hand(RED, primaries))], 2)


def test_grey_and_cmyk_profiles_are_used():
    linear = profile(b"GRAY", b"XYZ ", {b"kTRC": LINEAR})
    assert close(encoded(line("L", 0, 55, 255), "PNG", icc_profile=linear), grey(0, 128, 255), 2)
    assert close(encoded(line("LA", (55, 255), (55, 0)), "PNG", icc_profile=linear), grey(128, 255), 2)
    inks = line("CMYK", (0, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255))
    assert close(encoded(inks, "TIFF", icc_profile=cmyk_profile()), grey(255, 127, 0), 3)


@pytest.mark.parametrize("broken", [b"", b"no profile", rgb_profile(P3_D50)[:200], cmyk_profile(), b"\0" * 3000])
def test_a_profile_that_is_broken_or_foreign_is_ignored(broken):
    assert colours(encoded(line("RGB", RED, BLUE), "PNG", icc_profile=broken)) == [RED, BLUE]


TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a),
}


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG", "AVIF", "HEIF"])
def test_orientation_is_undone(kind, orientation):
    stored = np.array([[RED, GREEN, GREY], [BLUE, WHITE, BLACK]], np.uint8).repeat(16, 0).repeat(16, 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"WEBP": {"lossless": True}}.get(kind, FINE)
    seen = np.asarray(read_picture(encoded(stored, kind, exif=exif.tobytes(), **options), "x"), int)
    wanted = TURNS[orientation](stored)
    assert seen.shape == wanted.shape
    assert abs(seen - wanted)[8::16, 8::16].max() <= 3


@pytest.mark.parametrize("exif", [b"Exif\0\0nonsense", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0", b"\xff" * 50])
def test_broken_exif_counts_as_upright(exif):
    assert colours(encoded(line("RGB", RED, BLUE), "PNG", exif=exif)) == [RED, BLUE]


@pytest.fixture
def decoded(monkeypatch) -> list[tuple[int, int]]:
    """The sizes of all pictures whose pixels were decoded."""
    sizes, load = [], ImageFile.ImageFile.load
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: (sizes.append(image.size), load(image))[1])
    return sizes


def test_as_many_bytes_as_are_said_and_no_more(monkeypatch, decoded):
    data = encoded(QUARTERS, "PNG")
    full = data + bytes(formats.MAX_BYTES - len(data))
    assert read_picture(full, "x").size == (32, 32)
    assert decoded
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(ImageError, match=r"^big\.png has 26,214,401 bytes: .* at most 25 MB"):
        read_picture(full + b"x", "big.png")


def test_as_many_pixels_as_are_said_and_no_more(monkeypatch, decoded):
    monkeypatch.setattr(formats, "MAX_PIXELS", 60)
    assert read_picture(encoded(line("L", *range(60)), "PNG"), "x").size == (60, 1)
    decoded.clear()
    with pytest.raises(ImageError, match="has 61 x 1 pixels"):
        read_picture(encoded(line("L", *range(61)), "PNG"), "x")
    assert decoded == []


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


JPEG = encoded(QUARTERS, "JPEG")
HEIF = encoded(QUARTERS, "HEIF")
HUGE = {
    "png": png(100_000, 100_000, 8, 2),
    "png of more than 50 megapixels": png(10_000, 5_001, 1, 0),
    "png that Pillow warns of": png(10_000, 10_000, 1, 0),
    "gif": patched(encoded(line("P", 0), "GIF"), 6, b"\xff" * 4),
    "bmp": patched(encoded(QUARTERS, "BMP"), 18, struct.pack("<ii", 60_000, 60_000)),
    "jpeg": patched(JPEG, JPEG.find(b"\xff\xc0") + 5, b"\xff" * 4),
    "webp": b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xfe\x3f\0\xfe\x3f\0",
    "tiff": tiff(65_000, b"", t257=(65_000,), t279=(1,)),
    "heic that shows a corner": patched(HEIF, HEIF.find(b"ispe") + 8, struct.pack(">II", 10_000, 5_001)),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_picture_is_refused_by_its_header(name, decoded):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageError, match=r"has (more than 120,000,000|\d+ x \d+) pixels: .* 50 megapixels"):
            read_picture(HUGE[name], "x")
    assert decoded == []


@pytest.mark.parametrize("size", [(1, 1), (1, 40_000), (40_000, 1), (33, 31)])
def test_any_shape_is_accepted(size):
    picture = read_picture(encoded(Image.new("RGB", size, RED), "PNG"), "x")
    assert picture.size == size
    assert (uploads.to_network_size(picture) == RED).all()
    assert max(uploads.preview(picture).size) <= 640


@pytest.mark.parametrize("kind, decoded_size", [("PNG", (2200, 2100)), ("JPEG", (1100, 1050))])
def test_a_large_picture_is_reduced_evenly(kind, decoded_size, decoded):
    stripes = np.zeros((2100, 2200, 3), np.uint8)
    stripes[:, ::2] = 200
    picture = read_picture(encoded(stripes, kind), "x")
    assert picture.size == (1100, 1050) and decoded[0] == decoded_size  # a JPEG is decoded at half its size at once
    assert abs(np.asarray(picture, int) - 100).max() <= 4


SCAN = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0"
SLOW = {
    "scans": JPEG[:-2] + SCAN * 100 + b"\xff\xd9",
    "exif": b"\xff\xd8" + b"\xff\xe1\0\x0cExif\0\0abcd" * 65 + JPEG[2:],
    "strips": tiff(4, bytes(4), t273=(8,) * 100_001),
    "tiles": tiff(4, bytes(4), t322=(16,), t323=(16,), t324=(8,) * 100_001),
    "huge tile": tiff(4, bytes(4), t259=(8,), t322=(50_000,), t323=(50_000,), t324=(8,), t325=(4,)),
}


@pytest.mark.parametrize("name", SLOW)
def test_what_would_take_minutes_is_refused_unopened(name, monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(ImageError, match="far more pieces"):
        read_picture(SLOW[name], "x")


NO_PICTURES = {
    "text": b"Hello, I am a cat.",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>',
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj",
    "zip": b"PK\x03\x04" + bytes(60),
    "heic": b"\0\0\0\x18ftypheic" + bytes(60),
    "zeros": bytes(5000),
    "png signature": b"\x89PNG\r\n\x1a\n",
    "jpeg signature": b"\xff\xd8\xff\xe0",
}


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_said_to_be_none(name):
    with pytest.raises(ImageError) as caught:
        read_picture(NO_PICTURES[name], "cat.png")
    assert str(caught.value) == (
        "cat.png is not a picture that can be read: PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF or HEIC of at most 25 MB and "
        "50 megapixels (JPEG: 120 unless progressive) is accepted."
    )


def test_an_empty_file_is_said_to_be_empty():
    with pytest.raises(ImageError, match=r"^cat\.png is empty: PNG, JPEG"):
        read_picture(b"", "cat.png")


def test_a_message_keeps_a_hostile_name_short_and_printable():
    with pytest.raises(ImageError) as caught:
        read_picture(b"", "\x1b[31m\n" + "a" * 5000 + ".png")
    assert str(caught.value).startswith("?[31m?aaa")
    assert "aaa.png is empty" in str(caught.value)
    assert len(str(caught.value)) < 250 and str(caught.value).isprintable()


NOISE = np.random.default_rng(7).integers(0, 256, (9, 11, 3), np.uint8)
SEEDS = {kind: encoded(NOISE, kind) for kind in formats.FORMATS} | {
    "png palette": encoded(Image.fromarray(NOISE).quantize(8), "PNG", transparency=3),
    "png 16": encoded(NOISE[..., 0].astype(np.uint16) * 257, "PNG", transparency=514),
    "png profile": encoded(NOISE, "PNG", icc_profile=rgb_profile(P3_D50)),
    "tiff deflate": encoded(NOISE, "TIFF", compression="tiff_deflate"),
    "tiff float": encoded(NOISE[..., 0].astype(np.float32), "TIFF"),
    "jpeg cmyk": encoded(Image.fromarray(NOISE).convert("CMYK"), "JPEG"),
    "jpeg progressive": encoded(NOISE, "JPEG", progressive=True),
    "webp lossless": encoded(Image.fromarray(NOISE).convert("RGBA"), "WEBP", lossless=True),
}


def outcome(data: bytes) -> str:
    """Reads hostile bytes; anything raised but ImageError fails the test, as does a result that is no RGB picture."""
    try:
        picture = read_picture(data, "x")
    except ImageError:
        return "refused"
    assert picture.mode == "RGB" and len(picture.tobytes()) == 3 * picture.width * picture.height >= 3
    return "read"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_truncation_is_refused_or_read(seed):
    data = SEEDS[seed]
    outcomes = [outcome(data[:length]) for length in range(len(data) + 1)]
    assert set(outcomes[: len(data) // 2]) == {"refused"}
    assert outcomes[-1] == "read"


def mended(data: bytes) -> bytes:
    """A PNG with its checksums put right, so that a flipped bit gets past them; other files as they are."""
    if not data.startswith(b"\x89PNG"):
        return data
    fixed, at = data[:8], 8
    while at + 12 <= len(data) and (size := int.from_bytes(data[at : at + 4], "big")) <= len(data) - at - 12:
        fixed += chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + size])
        at += 12 + size
    return fixed + data[at:]


@pytest.mark.parametrize("seed", SEEDS)
def test_flipped_bits_are_refused_or_read(seed):
    rng, outcomes = random.Random(seed), set()
    for _ in range(150):
        data = bytearray(SEEDS[seed])
        for _ in range(rng.choice((1, 1, 2, 8))):
            data[rng.randrange(rng.choice((min(64, len(data)), len(data))))] ^= 1 << rng.randrange(8)
        outcomes.add(outcome(mended(bytes(data))))
    assert outcomes == {"refused", "read"}


def test_random_bytes_are_refused():
    rng = random.Random(0)
    for start in (b"", *(data[:12] for data in SEEDS.values())):
        for _ in range(40):
            assert outcome(start + rng.randbytes(rng.randrange(1, 400))) == "refused"


def test_pillows_warnings_stay_inside():
    loud = png(10_000, 9_000, 1, 0)
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(io.BytesIO(loud))
    before = list(warnings.filters)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert outcome(loud) == "refused"
    assert heard == [] and warnings.filters == before


def test_many_threads_may_read_at_once():
    wanted, seen = np.asarray(read_picture(encoded(QUARTERS, "PNG"), "x")), []
    data, before = encoded(QUARTERS, "PNG"), list(warnings.filters)
    threads = [threading.Thread(target=lambda: seen.append(read_picture(data, "x"))) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 30 and all((np.asarray(picture) == wanted).all() for picture in seen)
    assert warnings.filters == before


def test_a_file_is_read_as_its_bytes_are(tmp_path):
    path = tmp_path / "quarters.png"
    path.write_bytes(encoded(QUARTERS, "PNG"))
    for given in (path, str(path)):
        assert (np.asarray(uploads.read_picture_file(given)) == QUARTERS).all()
    path.write_bytes(b"no picture")
    with pytest.raises(ImageError, match=f"quarters.png {NO_PICTURE}"):
        uploads.read_picture_file(path)


def test_a_path_that_is_no_readable_file_is_refused(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.png").touch()
    faults = {
        tmp_path: "is a folder",
        tmp_path / "none.png": "does not exist",
        tmp_path / "pipe": "is not a file",
        tmp_path / "empty.png": "is empty",
        "a\0b": "cannot be read",
        tmp_path / ("a" * 999): "cannot be read",
    }
    for path, fault in faults.items():
        with pytest.raises(ImageError, match=fault):
            uploads.read_picture_file(path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "x.png").write_bytes(b"x")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ImageError, match="x.png may not be read by this program: PNG"):
        uploads.read_picture_file(tmp_path / "x.png")


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    with (tmp_path / "x.png").open("wb") as file:
        file.truncate(formats.MAX_BYTES + 1)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("read"))
    with pytest.raises(ImageError, match="has 26,214,401 bytes"):
        uploads.read_picture_file(tmp_path / "x.png")


def test_a_32_pixel_picture_is_unchanged():
    pixels = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    small = uploads.to_network_size(Image.fromarray(pixels))
    assert small.dtype == np.uint8 and (small == pixels).all()


@pytest.mark.parametrize("side, repeat", [(64, 1), (48, 2), (33, 32), (100, 8)])
def test_each_new_pixel_is_the_mean_of_its_area(side, repeat):
    pixels = np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8)
    fine = pixels.repeat(repeat, 0).repeat(repeat, 1).astype(float)
    block = side * repeat // 32
    wanted = fine.reshape(32, block, 32, block, 3).mean((1, 3))
    assert abs(uploads.to_network_size(Image.fromarray(pixels)) - wanted).max() <= 0.5 + 1e-3


def test_the_largest_centred_square_is_kept():
    wide = np.zeros((40, 121, 3), np.uint8)
    wide[:, 40:80] = RED
    assert (uploads.to_network_size(Image.fromarray(wide)) == RED).all()
    assert (uploads.to_network_size(Image.fromarray(wide.transpose(1, 0, 2))) == RED).all()


def test_a_small_picture_is_scaled_up_smoothly():
    ramp = np.arange(0, 160, 10, dtype=np.uint8)[None, :, None].repeat(16, 0).repeat(3, 2)
    large = uploads.to_network_size(Image.fromarray(ramp)).astype(int)
    assert large.shape == (32, 32, 3)
    assert set(np.diff(large[16, 4:28, 0])) == {5}
    assert (uploads.to_network_size(Image.new("RGB", (1, 1), RED)) == RED).all()


def test_the_network_takes_rgb_alone():
    with pytest.raises(ValueError, match="mode=RGBA"):
        uploads.to_network_size(Image.new("RGBA", (32, 32)))


def test_a_preview_is_bounded_and_a_copy():
    picture = Image.new("RGB", (1280, 320), RED)
    assert uploads.preview(picture).size == (640, 160)
    assert uploads.preview(picture, side=64).size == (64, 16)
    assert picture.size == (1280, 320)
    small = Image.new("RGB", (10, 10))
    assert uploads.preview(small).size == (10, 10) and uploads.preview(small) is not small
    with pytest.raises(ValueError, match="side=0"):
        uploads.preview(picture, side=0)


FOLDER = Path(uploads.__file__).parent / "examples"


def test_examples_are_complete():
    examples = uploads.examples()
    assert len(examples) >= 6 and len({example.key for example in examples}) == len(examples)
    assert {example.file for example in examples} == {path.name for path in FOLDER.iterdir()} - {"examples.json"}
    for example in examples:
        assert example.title and example.credit and example.licence in ("CC0", "Public domain")
        assert example.true_class is None or example.true_class in CLASS_NAMES
    assert [example.true_class for example in examples].count(None) == 2


@pytest.mark.parametrize("key", [entry["key"] for entry in json.loads((FOLDER / "examples.json").read_text())])
def test_each_example_opens(key):
    file = next(example.file for example in uploads.examples() if example.key == key)
    picture = uploads.example_picture(key)
    assert min(picture.size) >= 300 and max(picture.size) <= 512 and picture.mode == "RGB"
    assert (FOLDER / file).stat().st_size < 80_000
    assert np.asarray(picture).std() > 20


def test_an_unknown_example_names_those_that_exist():
    with pytest.raises(ValueError, match="key must be one of cat, .*: key=unicorn"):
        uploads.example_picture("unicorn")
