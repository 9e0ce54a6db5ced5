"""What the owner of the server allows in the lab: `normviz.toml` beside the app, table [lab], or the environment."""

import os
from dataclasses import dataclass
from functools import cache

import platformdirs

from normviz.settings import SettingsError, read

MODES = ("on", "replay", "off")
LEAST = {"workers": 1, "at_once": 1, "longest_seconds": 1, "most_pictures": 500}  # the last is `setup.LIMITS` of pictures


@dataclass(frozen=True)
class Settings:
    """The owner's choices.

    Attributes:
        mode: "on"; "replay", where guests only play recorded runs; or "off".
        owner: who opens the lab with `?owner=` and this word may train in mode "replay"; empty for nobody.
        workers: processes of one thread that train; one core is left for answers.
        at_once: experiments that train side by side; the others wait in a queue.
        longest_seconds: a run that has trained for so long is stopped.
        most_pictures: largest training set.
        folder: where the runs are kept.
        cluster: address of a Dask scheduler whose workers train instead, such as tcp://HOST:8786; empty for this machine's.
    """

    mode: str = "on"
    owner: str = ""
    workers: int = max(1, (os.cpu_count() or 2) - 1)
    at_once: int = 2
    longest_seconds: int = 900
    most_pictures: int = 50_000
    folder: str = platformdirs.user_state_dir("normviz") + "/lab"
    cluster: str = ""

    def __post_init__(self):
        if self.mode not in MODES:
            raise SettingsError(f"mode must be one of {', '.join(MODES)}: mode={self.mode!r}; see normviz.toml, table [lab]")
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise SettingsError(
                    f"{name} must be {least} or more: {name}={getattr(self, name)}; see normviz.toml, table [lab]"
                )


@cache
def settings() -> Settings:
    """Returns the settings: NORMVIZ_LAB_<NAME> (NORMVIZ_CLUSTER for the cluster) before normviz.toml before the defaults.

    Raises:
        SettingsError: a value that cannot be used, or a name that is not known.
    """
    return read(Settings, "lab", {"cluster": "NORMVIZ_CLUSTER"})
