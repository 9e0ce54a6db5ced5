"""What the owner of the server sets for the classroom: `normviz.toml` beside the app, table [classroom], or the environment."""

from dataclasses import dataclass
from functools import cache

import platformdirs

from normviz.settings import read


@dataclass(frozen=True)
class Settings:
    """The owner's choices.

    Attributes:
        folder: where rooms and votes are kept; on a disk of this machine, since SQLite's log does not work over a network.
        lessons: a folder of own lessons, offered beside those that ship; empty for none.
        address: under which phones reach this server, such as http://192.168.1.20:8501; empty to look for one.
    """

    folder: str = platformdirs.user_state_dir("normviz") + "/classroom"
    lessons: str = ""
    address: str = ""


@cache
def settings() -> Settings:
    """Returns the settings: NORMVIZ_CLASSROOM_<NAME> before normviz.toml before the defaults.

    Raises:
        SettingsError: a value that cannot be used, or a name that is not known.
    """
    return read(Settings, "classroom")
