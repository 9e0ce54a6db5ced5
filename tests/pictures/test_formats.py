"""What a header may claim, how much memory the largest pictures take, and that decoders keep quiet."""

import io
import os
import struct
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from normviz.pictures import formats
from normviz.pictures.formats import ImageError
from normviz.pictures.uploads import read_picture

ROOT = Path(__file__).parents[2]
NOISE = np.random.default_rng(7).integers(0, 256, (90, 110, 3), np.uint8)


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def claiming(data: bytes, width: int, height: int) -> bytes:
    """A JPEG whose frame header states another size."""
    at = next(place for marker in (b"\xff\xc0", b"\xff\xc2") if (place := data.find(marker)) > 0)
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


PLAIN = Image.fromarray(NOISE)
FRAME = b"\xff\xc0\0\x11\x08\0\x09\0\x09\x03\x01\x11\0\x02\x11\0\x03\x11\0"  # 9 x 9, three components
ONE_OF_THREE = b"\xff\xd8" + FRAME + b"\xff\xda\0\x08\x01\x01\0\0\x3f\0"


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("kind, options", [("JPEG", {}), ("MPO", {"save_all": True, "append_images": [PLAIN]})])
def test_a_jpeg_in_one_scan_may_have_120_megapixels(kind, options):
    data = encoded(PLAIN, kind, **options)
    assert formats.open_picture(claiming(data, 12_000, 10_000), "x").size == (12_000, 10_000)
    with pytest.raises(ImageError, match="has 12001 x 10000 pixels: .* 120 unless progressive"):
        formats.open_picture(claiming(data, 12_001, 10_000), "x")


@pytest.mark.parametrize("data", [encoded(PLAIN, "JPEG", progressive=True), ONE_OF_THREE], ids=["progressive", "many scans"])
def test_a_jpeg_that_a_decoder_keeps_whole_may_have_50(data):
    assert formats.open_picture(claiming(data, 10_000, 5_000), "x").size == (10_000, 5_000)
    with pytest.raises(ImageError, match="has 10000 x 5001 pixels and is progressive: "):
        formats.open_picture(claiming(data, 10_000, 5_001), "x")


READ = """
import sys
from normviz.pictures.uploads import read_picture
def peak_mb(): return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
data = open(sys.argv[1], "rb").read()
before = peak_mb()
print(*read_picture(data, "x").size, peak_mb() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is looked up in Linux's /proc")
@pytest.mark.parametrize("size, seen", [((12_000, 10_000), (1500, 1250)), ((60_000, 1_000), (30_000, 500))])
def test_a_large_jpeg_takes_little_memory(size, seen, tmp_path):
    file = tmp_path / "large.jpg"
    Image.new("L", size, 77).save(file)
    width, height, megabytes = subprocess.check_output([sys.executable, "-c", READ, file], cwd=ROOT, text=True).split()
    assert (int(width), int(height)) == seen
    assert float(megabytes) < 150  # of which three bytes a pixel that is kept; whole it would be four times as many pixels


def test_streamlit_takes_a_file_of_as_many_bytes_as_are_said():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["server"]["maxUploadSize"] * 2**20 >= formats.MAX_BYTES + 2**20  # it counts what is packed around the file


def test_the_readme_states_the_limits():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"at most {formats.MAX_BYTES // 2**20} MB and {formats.MAX_PIXELS // 10**6} megapixels" in readme
    assert f"may have {formats.MAX_JPEG_PIXELS // 10**6}, since it is decoded reduced" in readme


def broken(kind: str, mode: str = "RGB") -> bytes:
    """A TIFF of that compression whose pixels are damaged."""
    data = encoded(PLAIN.convert(mode), "TIFF", compression=kind)
    return data[:60] + bytes(range(256)) + data[316:]


LOUD = {kind: broken(kind) for kind in ("tiff_lzw", "tiff_deflate", "lzma")} | {
    "group4": broken("group4", "1"),
    "samples": encoded(PLAIN, "TIFF").replace(b"\x15\x01\x03\0\x01\0\0\0\x03", b"\x15\x01\x03\0\x01\0\0\0\x63"),
}
REFUSE = """
import sys
from normviz.pictures import formats, uploads
try:
    uploads.read_picture_file(sys.argv[1])
except formats.ImageError as error:
    print(error, file=sys.stderr)
"""


@pytest.mark.parametrize("name", LOUD)
def test_decoders_write_nothing_themselves(name, tmp_path):
    file = tmp_path / "loud.tif"
    file.write_bytes(LOUD[name])
    command = [sys.executable, "-c", REFUSE, file.name]
    said = subprocess.run(command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True)
    assert [line[:12] for line in said.stderr.splitlines()] in (["loud.tif is "], [])  # some are read all the same


def test_what_other_threads_write_meanwhile_is_kept(capfd):
    threads = [threading.Thread(target=os.write, args=(2, b"said\n")) for _ in range(50)]
    for thread in threads:
        thread.start()
        with pytest.raises(ImageError):
            read_picture(LOUD["tiff_deflate"], "x")
        thread.join()
    assert capfd.readouterr().err == "said\n" * 50
