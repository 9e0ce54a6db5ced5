"""ZIP files and NumPy's .npz from anywhere: judged by what they claim before a byte is unpacked."""

import contextlib
import shutil
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np

from normviz import disk
from normviz.pictures.originals import DataError

MOST_FILES = 70_000  # CIFAR-10 has 60,000 pictures
MOST_BYTES = 2 * 10**9  # unpacked
MOST_FOLDERS = 20  # inside each other
MOST_RATIO = 200  # unpacked bytes to packed ones, over the whole archive; photographs have 1, flat bitmaps up to 100

_UTF_8 = 0x800  # flag of a member whose name says that it is UTF-8
_KINDS = (0, stat.S_IFREG, stat.S_IFDIR)  # of a member; 0: the archive does not say


@contextmanager
def unpacked(file: Path, most_bytes: int = MOST_BYTES) -> Iterator[Path]:
    """Unpacks a ZIP into a temporary folder, which is gone after the block.

    Args:
        file: the ZIP.
        most_bytes: that it may have when unpacked.

    Yields:
        The folder.

    Raises:
        DataError: not a whole ZIP; a path that leads out of it; a link; encrypted; more files or bytes than are taken, or
            far more bytes than it packs; no room.
    """
    with contextlib.ExitStack() as stack:
        with _faults(file), zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check(file, members, most_bytes)
            disk.check_writable(gettempdir(), sum(member.file_size for member in members))
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="normviz-")))
            for member in members:
                _extract(archive, member, folder)
        try:
            yield folder
        except DataError as error:  # nobody knows the folder, and it is gone when this is read
            raise DataError(str(error).replace(str(folder), str(file))) from error


@contextmanager
def _faults(file: Path) -> Iterator[None]:
    try:
        yield
    except (DataError, disk.DiskError):
        raise
    except Exception as error:  # zipfile and its decoders raise anything at all on hostile bytes
        raise DataError(f"{file} cannot be unpacked ({error}): pack it again, or name another") from error


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / _plain(member)
    if _plain(member).endswith("/"):
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, open(target, "xb") as file:
        shutil.copyfileobj(packed, file)


def _plain(member: zipfile.ZipInfo) -> str:
    """Returns a member's path, with / and in composed letters; macOS packs UTF-8 without saying so."""
    name = member.filename
    if not member.flag_bits & _UTF_8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode()
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _check(file: Path, members: list[zipfile.ZipInfo], most_bytes: int) -> None:
    """Raises DataError for what must not be unpacked; by the archive's own list, nothing is read yet."""
    _check_amount(file, members, most_bytes)
    for member in members:
        fault = _fault(member)
        if fault:
            raise DataError(f"{file} cannot be unpacked: {member.filename!r} {fault}; pack it again without it")
    twice = [name for name, count in Counter(map(_plain, members)).items() if count > 1]
    if twice:
        raise DataError(f"{file} cannot be unpacked: {twice[0]!r} stands in it twice; pack it again with it once")


def _check_amount(file: Path, members: list[zipfile.ZipInfo], most_bytes: int) -> None:
    unpacked_bytes = sum(member.file_size for member in members)
    packed_bytes = max(1, file.stat().st_size)
    amounts = {
        "files": (len(members), MOST_FILES),
        "bytes when unpacked": (unpacked_bytes, most_bytes),
        "times its own size when unpacked": (unpacked_bytes // packed_bytes, MOST_RATIO),
    }
    for what, (count, most) in amounts.items():
        if count > most:
            raise DataError(f"{file} cannot be unpacked: it must have at most {most:,} {what}, and has {count:,}")


def _fault(member: zipfile.ZipInfo) -> str:
    name, kind = _plain(member), stat.S_IFMT(member.external_attr >> 16)
    if name.startswith("/") or name[1:2] == ":":
        return "has an absolute path"
    if ".." in name.split("/"):
        return "leads out of the archive"
    if name.count("/") > MOST_FOLDERS:
        return f"lies more than {MOST_FOLDERS} folders deep"
    if kind not in _KINDS:
        return "is a link" if stat.S_ISLNK(kind) else "is neither a file nor a folder"
    return "is encrypted" if member.flag_bits & 1 else ""


def read_arrays(file: Path, names: tuple[str, ...], most_bytes: int = MOST_BYTES) -> dict[str, np.ndarray]:
    """Reads arrays of an .npz; nothing in it is ever unpickled.

    Args:
        file: the .npz.
        names: of arrays; those that it lacks are left out.
        most_bytes: that it may have when unpacked.

    Raises:
        DataError: no whole .npz, an array of pickled objects, or more than may be unpacked.
    """
    with _faults(file), zipfile.ZipFile(file) as archive:
        members = {member.filename: member for member in archive.infolist()}
        _check_amount(file, list(members.values()), most_bytes)
        return {name: _read_array(file, archive, members[f"{name}.npy"]) for name in names if f"{name}.npy" in members}


def _read_array(file: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as packed:
        try:
            _check_header(packed, member.file_size)
            packed.seek(0)
            return np.lib.format.read_array(packed, allow_pickle=False)
        except ValueError as error:
            raise DataError(
                f"{file} cannot be read: {member.filename} is damaged, or holds more than plain numbers ({error}); save it "
                "again with numpy.savez"
            ) from error


def _check_header(packed, size: int) -> None:
    """Raises ValueError where an array says that it is larger than its file: NumPy would make room for it first."""
    version = np.lib.format.read_magic(packed)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"format {version}")
    shape, _, kind = readers[version](packed)
    if kind.hasobject:
        raise ValueError("pickled objects")
    if int(np.prod(shape, dtype=object)) * kind.itemsize > size:
        raise ValueError(f"shape {shape}")
