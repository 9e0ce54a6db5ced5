"""Which data the owner of a server names, and how they are read: `normviz.toml`, table [data], or the environment."""

from dataclasses import dataclass, replace

from normviz.pictures.resizing import RESIZES
from normviz.settings import SettingsError, read


@dataclass(frozen=True)
class Choices:
    """What is said of a data set beside the data themselves.

    Attributes:
        folder: where it lies; empty for `data/` in the project. NORMVIZ_DATA goes before the file.
        resize: how own pictures become 32 x 32, a key of `resizing.RESIZES`.
        skip_bad: 1 to use the rest of own data where some files are bad.
    """

    folder: str = ""
    resize: str = "crop"
    skip_bad: int = 0

    def __post_init__(self):
        if self.resize not in RESIZES:
            raise SettingsError(f"resize must be one of {', '.join(RESIZES)}: resize={self.resize!r}")
        if self.skip_bad not in (0, 1):
            raise SettingsError(f"skip_bad must be 0 or 1: skip_bad={self.skip_bad}")


def choices(**changes: object) -> Choices:
    """Returns the owner's choices, with changes of the moment; a change to None is none.

    Raises:
        SettingsError: a value that cannot be used, or a name that is not known.
    """
    chosen = read(Choices, "data", {"folder": "NORMVIZ_DATA"})
    return replace(chosen, **{name: value for name, value in changes.items() if value is not None})
