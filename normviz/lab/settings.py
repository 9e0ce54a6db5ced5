"""What the owner of the server allows in the lab: `normviz.toml` beside the app, table [lab], or the environment."""

import os
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import platformdirs

FILE = Path(__file__).parents[2] / "normviz.toml"
MODES = ("on", "replay", "off")


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it, its value and the rule."""


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
        for name in ("workers", "at_once", "longest_seconds", "most_pictures"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be 1 or more: {name}={getattr(self, name)}; see normviz.toml, table [lab]")


@cache
def settings() -> Settings:
    """Returns the settings: NORMVIZ_LAB_<NAME> (NORMVIZ_CLUSTER for the cluster) before normviz.toml before the defaults.

    Raises:
        SettingsError: a value that cannot be used, or a name that is not known.
    """
    chosen = _from_file() | _from_environment()
    kinds = {field.name: field.type for field in fields(Settings)}
    unknown = sorted(set(chosen) - set(kinds))
    if unknown:
        raise SettingsError(f"no such setting: {unknown[0]}; the lab knows {', '.join(kinds)}")
    return Settings(**{name: _as(kinds[name], name, value) for name, value in chosen.items()})


def _from_file() -> dict:
    try:
        return tomllib.loads(FILE.read_text(encoding="utf-8")).get("lab", {}) if FILE.exists() else {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{FILE} cannot be read ({error}): mend it, or take it away") from error


def _from_environment() -> dict[str, str]:
    names = {field.name: f"NORMVIZ_LAB_{field.name.upper()}" for field in fields(Settings)} | {"cluster": "NORMVIZ_CLUSTER"}
    return {name: os.environ[variable] for name, variable in names.items() if variable in os.environ}


def _as(kind: type, name: str, value: object) -> object:
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{name} must be a whole number: {name}={value!r}; see normviz.toml, table [lab]") from error
