"""Where a command prints, which may be closed or full."""

import os
import sys
from typing import TextIO

from tqdm.utils import ObjectWrapper


def drop(stream: TextIO) -> None:
    """Sends a stream to nowhere: what is left to write would be tried again, and fail again, at the end of the process."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Aside(ObjectWrapper):
    """Standard error, for bars and refusals; where it is closed or cannot be written they are lost, and nothing else is."""

    def __init__(self):
        super().__init__(sys.stderr or open(os.devnull, "w", encoding="utf-8", errors="replace"))  # noqa: SIM115

    def __eq__(self, other: object) -> bool:
        """A line of one goes above the bar of another, as tqdm asks for."""
        return self._wrapped == getattr(other, "_wrapped", other)

    def write(self, text: str) -> None:
        self._try("write", text)

    def flush(self) -> None:
        self._try("flush")

    def _try(self, what: str, *given: str) -> None:
        try:
            getattr(self._wrapped, what)(*given)
        except OSError:
            drop(self._wrapped)
