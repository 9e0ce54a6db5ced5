"""Decoded pictures kept on disk, so that the same files are decoded once."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import platformdirs

from normviz import disk


def place(name: str, files: Iterable[tuple[str, os.stat_result]], *others: str) -> Path:
    """Returns where the arrays of exactly these files (names, sizes, times) are kept."""
    digest = hashlib.sha256("\n".join(others).encode(errors="surrogateescape"))
    for file, status in files:
        digest.update(f"{file} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}\n".encode(errors="surrogateescape"))
    return Path(platformdirs.user_cache_dir("normviz")) / f"{name}-{digest.hexdigest()[:16]}.npz"


def read(file: Path, names: tuple[str, ...]) -> dict[str, np.ndarray] | None:
    """Returns the arrays; None where they are not there, or damaged in any of numpy's and zipfile's ways."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in names}
    except Exception:  # whatever it is, the pictures are decoded again
        return None


def write(file: Path, arrays: dict[str, np.ndarray], most_bytes: int | None = None) -> None:
    """Keeps arrays; a full or read-only disk costs only the time of decoding again.

    With `most_bytes` the files of the same kind, up to the first hyphen of the name, are kept to that size in all.
    """
    partial = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as stream:
            np.savez(stream, **arrays)
        os.replace(partial, file)
        if most_bytes:
            disk.make_room(file.parent, f"{file.name.partition('-')[0]}-*.npz", most_bytes, newest=file)
    except OSError:
        pass
    finally:
        partial.unlink(missing_ok=True)
