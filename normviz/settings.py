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
        variables: environment variables of other names, by setting, which go before the usual ones.

    Raises:
        SettingsError: a value that cannot be used, or a name that is not known.
    """
    kinds = {field.name: field.type for field in fields(kind)}
    chosen = _from_file(table)
    for name in kinds:
        for variable in (f"NORMVIZ_{table.upper()}_{name.upper()}", (variables or {}).get(name, "")):
            chosen |= {name: os.environ[variable]} if variable in os.environ else {}
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
        found = tomllib.loads(FILE.read_text(encoding="utf-8-sig")).get(table, {}) if FILE.exists() else {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{FILE} cannot be read ({error}): mend it, or take it away") from error
    if not isinstance(found, dict):
        raise SettingsError(f"{table} must be a table, [{table}] with a line a setting: {table}={found!r}; see {FILE}")
    return found


def _as(kind: type, name: str, value: object, table: str) -> object:
    wanted = "a whole number" if kind is int else "a text"
    try:
        if isinstance(value, (str, int)) and not (kind is str and isinstance(value, int)):
            return kind(value)
    except ValueError:
        pass
    raise SettingsError(f"{name} must be {wanted}: {name}={value!r}; see normviz.toml, table [{table}]")
