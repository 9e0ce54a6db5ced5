"""What a disk lets be written, asked before hours of work depend on it."""

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout


class DiskError(ValueError):
    """A folder that cannot be made or written, or a disk without room; the message names it and the next step."""


class WriteError(DiskError, OSError):
    """A file that could not be written, though that was to be expected."""


def check_writable(folder: str | Path, needed_bytes: int = 0) -> None:
    """Makes sure that a folder can be made and written and that its disk has room; leaves nothing behind.

    Args:
        folder: need not be there yet, nor the folders above it.
        needed_bytes: how much is going to be written, in all, while older files stay.

    Raises:
        DiskError: the folder is a file, cannot be made or written, or its disk has less room.
    """
    folder = Path(folder)
    there = next((path for path in (folder, *folder.parents) if os.path.lexists(path)), folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".normviz-", dir=there) as probe:
            made = Path(probe) / folder.relative_to(there)
            made.mkdir(parents=True, exist_ok=True)
            (made / "probe").write_bytes(b"?")
        free = shutil.disk_usage(there).free
    except OSError as error:
        raise DiskError(
            f"folder must be one that can be made and written: {folder} ({error.strerror or error}); name another folder"
        ) from error
    if free < needed_bytes:
        raise DiskError(
            f"disk must have {in_megabytes(needed_bytes)} free for what will be written: {folder} has {in_megabytes(free)}; "
            "make room, or name another folder"
        )


def check_file(file: str | Path) -> None:
    """Makes sure that a file can be written.

    Raises:
        DiskError: a folder has its name, or see `check_writable`.
    """
    if Path(file).is_dir():
        raise DiskError(f"file must be none that is a folder: {file}; name a file in it")
    check_writable(Path(file).parent)


def write_whole(file: Path, content: bytes) -> None:
    """Writes a file so that its name never stands for half of it, whenever the process is killed, whoever else writes it.

    A file that is there keeps its mode, and a link to one stays a link.

    Raises:
        WriteError: it cannot be written, or the disk is full.
    """
    file = file.resolve()
    partial = file.with_name(f".{file.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(OSError):  # none there yet, or a disk without modes
            shutil.copymode(file, partial)
        os.replace(partial, file)
    except OSError as error:
        raise WriteError(
            f"{file} cannot be written ({error.strerror or error}): make room, or let this program write"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


@contextlib.contextmanager
def alone(lock: Path, refusal: Exception) -> Iterator[None]:
    """Keeps something on the disk for this process, or raises at once what is given.

    Args:
        lock: file that stands for it; it and the folders above it need not be there.
        refusal: what another process that has it already is to say.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout:
        raise refusal from None


def make_room(folder: Path, pattern: str, most_bytes: int, newest: Path | None = None, oldest: float = 0.0) -> None:
    """Deletes files, the least lately changed first, until the rest has so many bytes in all; others may delete them meanwhile.

    Args:
        folder: need not be there.
        pattern: of their names.
        most_bytes: that all of them may have.
        newest: one that stays whatever its size.
        oldest: time, in seconds; what was changed before it goes anyway.
    """
    found = []
    for file in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):
            status = file.stat()
            found.append((file == newest, status.st_mtime, status.st_size, file))
    for is_newest, changed, size, file in sorted(found, reverse=True):
        most_bytes -= size
        if not is_newest and (most_bytes < 0 or changed < oldest):
            file.unlink(missing_ok=True)


def in_megabytes(count: float) -> str:
    """Returns a number of bytes for reading, such as "2.4 MB"; a megabyte is 1,000,000 bytes."""
    return f"{count / 1e6:,.1f} MB"
