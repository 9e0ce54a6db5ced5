"""Waiting for what another process or thread does."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 300  # of what takes a few, while other tests use the cores


def until(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Returns as soon as a condition holds; fails after so many seconds, its patience, without."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"did not come true within {seconds} s"
        time.sleep(0.05)
