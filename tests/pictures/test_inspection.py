import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

from normviz.commands.tables import show_inspection
from normviz.pictures import inspection, own, uploads
from tests import own_pictures
from tests.own_pictures import CLASSES

pytestmark = pytest.mark.usefixtures("own_cache")


def test_classes_sizes_and_standard(tmp_path):
    path = own_pictures.fill_parts(tmp_path / "mine")
    told = inspection.inspect(path)
    assert told.layout == "{train,test}/<class>/*" and told.data == "mine"
    assert told.classes == [{"class": name, "train": 12, "test": 4} for name in sorted(CLASSES)]
    assert (told.mean, told.std) == own.read(path).standard()
    assert told.resize == "crop" and 0 < told.cut < 1 and inspection.inspect(path, "fit").cut == 0
    assert min(told.smallest) >= 20 and max(told.largest) < 90 and told.bad == []


def test_what_was_converted(tmp_path):
    path = own_pictures.fill(tmp_path / "mine", 2)
    folder, colours = path / CLASSES[0], Image.new("RGB", (40, 30), (200, 10, 10))
    colours.convert("L").save(folder / "grey.png")
    colours.convert("P").save(folder / "palette.gif")
    Image.fromarray(np.full((30, 30), 40_000, np.uint16)).save(folder / "deep.png")
    colours.convert("RGBA").save(folder / "clear.png")
    turn = Image.Exif()
    turn[0x0112] = 6
    colours.save(folder / "turned.jpg", exif=turn)
    told = inspection.inspect(path)
    assert told.converted == {"grey": 2, "palette": 1, "16 bit": 1, "transparency": 1, "EXIF turn": 1}


def test_png_of_16_bits_a_colour_is_told(tmp_path):
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x10\2\0\0\0"
    import struct
    import zlib

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    data = header + struct.pack(">I", zlib.crc32(header[12:])) + chunk(b"IDAT", zlib.compress(bytes(7))) + chunk(b"IEND", b"")
    assert uploads.decode(data, "deep.png").conversions == ("16 bit",)


def test_pictures_in_both_parts_are_found_by_content(tmp_path):
    path = own_pictures.fill_parts(tmp_path / "mine")
    shutil.copy(path / "train" / CLASSES[0] / "photo 1.png", path / "test" / CLASSES[0] / "new name.png")
    told = inspection.inspect(path)
    pair = {"train": f"train/{CLASSES[0]}/photo 1.png", "test": f"test/{CLASSES[0]}/new name.png"}
    assert told.in_both == [pair] and any("and tell nothing: 1" in warning for warning in told.warnings)


def test_warnings(tmp_path):
    path = own_pictures.fill(tmp_path / "mine", 40, classes=("many", "also many"))
    own_pictures.fill(path, 4, classes=("few",))
    (path / "few" / "bad.png").write_bytes(b"?")
    said = inspection.inspect(path).warnings
    assert said[0] == "fewer than 20 pictures a class: few (4)"
    assert "has 32 training pictures, few 3" in said[1] and "files that cannot be used: 1" in said[2]


@pytest.mark.parametrize(("part", "is_standard_told"), [("train", False), ("test", True)])
def test_data_without_one_of_the_parts_cannot_be_trained_on(part, is_standard_told, tmp_path):
    whole = own.read(own_pictures.fill(tmp_path / "mine", 20))
    told = inspection.report("mine", replace(whole, tests=np.full(60, part == "train")), "crop")
    assert told.warnings == [f"no picture for {part}: nothing can be trained on these data"]
    assert bool(told.mean) == is_standard_told == ("training pictures: mean" in show_inspection([asdict(told)]))


def test_nothing_to_warn_of(tmp_path):
    assert inspection.inspect(own_pictures.fill(tmp_path / "mine", 20)).warnings == []
