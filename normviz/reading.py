"""YAML with the line of each thing, so that what is wrong can be named where it stands."""

from collections.abc import Iterator
from pathlib import Path

import yaml

LARGEST = 200_000  # bytes of a file
DEEPEST = 30  # parts within parts; the time that PyYAML takes grows with the square of them


class ReadingError(ValueError):
    """A file that cannot be used; the message names file, line, rule and next step."""


class Part:
    """A mapping of the file: takes what is asked for, or raises ReadingError with the line."""

    def __init__(self, file: Path, node: yaml.MappingNode):
        self.file, self.line = file, node.start_mark.line + 1
        self._nodes, self._lines = {}, {}
        for key, value in node.value:
            name = str(key.value)
            self._lines[name] = key.start_mark.line + 1
            if name in self._nodes:
                raise self.wrong(name, "a name may stand once: take one out")
            self._nodes[name] = value

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def wrong(self, name: str, rule: str) -> ReadingError:
        """Returns the error of one name of this part: where it stands, and what must be."""
        return ReadingError(
            f"{self.file}, line {self._lines.get(name, self.line)}: {rule}: {name}={_short(self._nodes.get(name))}"
        )

    def allow(self, *names: str) -> None:
        """Raises ReadingError for a name that is not known here."""
        for name in self._nodes:
            if name not in names:
                raise self.wrong(name, f"no such name here; known are {', '.join(names)}")

    def plain(self, name: str) -> object:
        """Returns a value as YAML reads it: text, number or a list of them."""
        self._need(name)
        try:
            return yaml.SafeLoader("").construct_object(self._nodes[name], deep=True)
        except Exception as error:  # PyYAML's constructors raise what they like for a tag, or for a date that is none
            rule = f"{name} must be a plain text, number or list without a tag (in quotes where it looks like something else)"
            raise self.wrong(name, rule) from error

    def text(self, name: str, most: int = 400, default: str | None = None) -> str:
        """Returns a text of 1 to `most` letters, without spaces around it; `default` where it is missing."""
        if name not in self._nodes and default is not None:
            return default
        value = self.plain(name)
        if not isinstance(value, str) or not 1 <= len(value.strip()) <= most:
            raise self.wrong(
                name, f"{name} must be a text of 1 to {most} letters (in quotes where it looks like something else)"
            )
        return value.strip()

    def texts(self, name: str) -> list[str]:
        """Returns a list of texts."""
        values = self.plain(name)
        if not isinstance(values, list) or not values or not all(isinstance(value, str) and value.strip() for value in values):
            raise self.wrong(name, f"{name} must be a list of texts, each behind a hyphen")
        return values

    def number(self, name: str, low: float, high: float) -> float:
        """Returns a number from `low` to `high`."""
        value = self.plain(name)
        if type(value) not in (int, float) or not low <= value <= high:
            raise self.wrong(name, f"{name} must be a number from {low:g} to {high:g}")
        return value

    def numbers(self, name: str, what: str) -> list[int]:
        """Returns a rising list of whole minutes."""
        values = self.plain(name)
        fine = isinstance(values, list) and values and all(type(value) is int and 1 <= value <= 600 for value in values)
        if not fine or values != sorted(set(values)):
            raise self.wrong(name, f"{name} must be {what}")
        return values

    def mapping(self, name: str, most: int) -> dict[str, str]:
        """Returns texts by their keys; keys stay as they are written."""
        part = self.part(name)
        if len(part._nodes) > most:
            raise self.wrong(name, f"{name} must be {most} at most")
        return {key: part.text(key, 120) for key in part}

    def part(self, name: str) -> "Part":
        """Returns a mapping within this one."""
        self._need(name)
        if not isinstance(self._nodes[name], yaml.MappingNode):
            raise self.wrong(name, f"{name} must hold names and values, each on a line of its own")
        return Part(self.file, self._nodes[name])

    def parts(self, name: str, most: int, empty: bool = False) -> list["Part"]:
        """Returns a list of mappings."""
        if empty and name not in self._nodes:
            return []
        self._need(name)
        node = self._nodes[name]
        fine = isinstance(node, yaml.SequenceNode) and all(isinstance(each, yaml.MappingNode) for each in node.value)
        if not fine or not 1 <= len(node.value) <= most:
            raise self.wrong(name, f"{name} must be a list of 1 to {most}, each behind a hyphen")
        return [Part(self.file, each) for each in node.value]

    def _need(self, name: str) -> None:
        if name not in self._nodes:
            raise ReadingError(f"{self.file}, line {self.line}: {name} is missing: add {name}: here")


def read(file: Path, what: str, first: str = "title") -> Part:
    """Returns the whole of a file; `what` it holds and the name that it may begin with are for messages.

    Raises:
        ReadingError: the file is missing, too large, no YAML, or no mapping.
    """
    file = Path(file)
    try:
        content = file.read_bytes()
        if len(content) > LARGEST:
            raise ReadingError(f"{file}: a {what} must be {LARGEST:,} bytes at most: bytes={len(content):,}")
        return read_text(content.decode(), file, what, first)
    except OSError as error:
        raise ReadingError(f"{file} cannot be read ({error.strerror}): name a {what}'s YAML file") from error
    except UnicodeDecodeError as error:
        raise ReadingError(f"{file}: this is no YAML ({_problem(error)}): mend it there") from error


def read_text(text: str, file: Path, what: str, first: str) -> Part:
    """Returns the whole of a text that stands in `file`; see `read`."""
    try:
        _check_events(text, file, what)
        node = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ReadingError(f"{file}{_line_of(error)}: this is no YAML ({_problem(error)}): mend it there") from error
    if not isinstance(node, yaml.MappingNode):
        raise ReadingError(f"{file}, line 1: a {what} must begin with names and values, such as {first}: ...")
    return Part(file, node)


def _check_events(text: str, file: Path, what: str) -> None:
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise ReadingError(f"{file}: a {what} may hold no aliases (*name): write the part out")
        where = f"{file}, line {event.start_mark.line + 1}"
        if isinstance(event, yaml.ScalarEvent) and any("\ud800" <= letter <= "\udfff" for letter in event.value):
            raise ReadingError(f"{where}: half a letter (\\ud800 to \\udfff) cannot be shown: write the letter itself")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise ReadingError(f"{where}: a {what} may hold parts within parts {DEEPEST} deep at most: take one out")


def _line_of(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _problem(error: Exception) -> str:
    return getattr(error, "problem", None) or str(error).splitlines()[0]


def _short(node: yaml.Node | None) -> str:
    if node is None:
        return "nothing"
    if not isinstance(node, yaml.ScalarNode):
        return f"{len(node.value)} entries"
    return repr(node.value if len(node.value) <= 60 else node.value[:57] + "...")
