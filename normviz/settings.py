"""What the owner of a server allows: `normviz.toml` beside the app, a table a wing, or the environment before it."""

import os
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

FILE = Path(__file__).parents[1] / "normviz.toml"
Chosen = TypeVar("Chosen")


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it, its value and the rule."""


def read(kind: type[Chosen], table: str, variables: dict[str, str] | None = None) -> Chosen:
    """Returns an owner's settings: NORMVIZ_<TABLE>_<NAME> before the table of normviz.toml before the defaults.

    Args:
        kind: a dataclass of texts and whole numbers.
        table: in the file.
        variables: environment variables of other names, by setting.

    Raises:
        SettingsError: a value that cannot be used, or a name that is not known.
    """
    kinds = {field.name: field.type for field in fields(kind)}
    names = {name: f"NORMVIZ_{table.upper()}_{name.upper()}" for name in kinds} | (variables or {})
    chosen = _from_file(table) | {name: os.environ[names[name]] for name in kinds if names[name] in os.environ}
    unknown = sorted(set(chosen) - set(kinds))
    if unknown:
        raise SettingsError(f"no such setting: {unknown[0]}; the {table} knows {', '.join(kinds)}")
    return kind(**{name: _as(kinds[name], name, value, table) for name, value in chosen.items()})


def read_texts(table: str) -> dict[str, str]:
    """Returns the texts of a table whose names the owner makes up: NORMVIZ_<TABLE>_<NAME>, in small letters, before the file.

    Raises:
        SettingsError: the file cannot be read, or a value is no text.
    """
    begin = f"NORMVIZ_{table.upper()}_"
    named = {name.removeprefix(begin).lower(): value for name, value in os.environ.items() if name.startswith(begin)}
    found = _from_file(table) | named
    for name, value in found.items():
        if not isinstance(value, str):
            raise SettingsError(f"{name} must be a text: {name}={value!r}; see normviz.toml, table [{table}]")
    return found


def _from_file(table: str) -> dict:
    try:
        return tomllib.loads(FILE.read_text(encoding="utf-8")).get(table, {}) if FILE.exists() else {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{FILE} cannot be read ({error}): mend it, or take it away") from error


def _as(kind: type, name: str, value: object, table: str) -> object:
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{name} must be a whole number: {name}={value!r}; see normviz.toml, table [{table}]") from error
