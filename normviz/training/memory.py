"""How glibc deals with memory that was freed; nothing happens where there is no glibc."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -3, -4, -8  # of glibc's malloc.h
ARENAS = 2  # instead of eight a core
LARGE = 4 * 2**20  # bytes; a photograph has more


def keep_freed_memory() -> None:
    """Keeps what a training step has freed: handing large tensors back and fetching them anew costs a quarter of a step."""
    _set({M_MMAP_MAX: 0, M_TRIM_THRESHOLD: 2**31 - 1, M_TOP_PAD: 2**28})


def share_freed_memory() -> None:
    """Lets all threads take memory from a few arenas: what one thread frees in an arena of its own, no other gets.

    What is `LARGE` goes back to the system as soon as it is freed; by itself glibc soon keeps such blocks too (mallopt(3)).
    """
    _set({M_ARENA_MAX: ARENAS, M_MMAP_THRESHOLD: LARGE})


def _set(options: dict[int, int]) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        for option, value in options.items():
            mallopt(option, value)
