"""argparse in the project's form: a wrong value ends in one line with name, value, rule and where help is."""

import argparse
import contextlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from reprlib import Repr
from typing import NoReturn

from normviz.model import offered
from normviz.pictures.choices import Choices, choices
from normviz.training import plans

_FORMS = {  # argparse's own words, which it offers only as text, and ours
    r"argument (.+?): invalid choice: (.+) \(choose from (.+)\)": "{0} must be one of {2}: {0}={1}",
    r"the following arguments are required: (.+)": "{0} must be given",
    r"unrecognized arguments: (.+)": "every argument must be one that the command knows: {0}",
    r"argument (.+?): expected .+ argument": "{0} must have a value; one that begins with - is written {0}=VALUE",
    r"argument (.+?): ignored explicit argument (.+)": "{0} takes no value: {0}={1}",
    r"argument (.+?): not allowed with argument (.+)": "{0} and {1} exclude each other: leave one of them out",
    r"ambiguous option: (.+?) could match (.+)": "an option must be told apart from the others: {0} may be {1}",
    r"argument (.+?): (must .+?: )(.+)": "{0} {1}{0}={2}",
}
_SHORT = Repr()
_SHORT.maxstring = 80


class UsageError(ValueError):
    """What was typed is no command; the message says what must be, and where help is."""


class Parser(argparse.ArgumentParser):
    """A parser that raises UsageError where argparse prints its usage and exits."""

    def parse_known_args(self, args=None, namespace=None):
        """As argparse's; what a command does not know is refused by the command, whose help is the one to read."""
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{_in_our_words(message)}; see {self.prog} --help")


def _in_our_words(message: str) -> str:
    for theirs, ours in _FORMS.items():
        if found := re.fullmatch(theirs, message, re.DOTALL):
            return ours.format(*found.groups())
    return message


def one_of(known: Iterable[str]) -> dict:
    """Returns what `add_argument` needs for a word out of a list."""
    words = tuple(known)
    rule = f"one of {', '.join(words)}"
    return {"type": _checked(str, words.__contains__, rule), "metavar": f"{{{','.join(words)}}}"}


def number(name: str, kind: type = int) -> dict:
    """Returns what `add_argument` needs for a number of a plan: its kind and its rule in `plans.RULES`."""
    rule, holds = plans.RULES[name]
    return {"type": _checked(kind, holds, rule), "metavar": "N" if kind is int else "X"}


def at_least_one(most: int | None = None) -> dict:
    """Returns what `add_argument` needs for a count."""
    rule = f"a whole number from 1 {'on' if most is None else f'to {most:,}'}"
    return {"type": _checked(int, lambda value: 1 <= value <= (most or value), rule), "metavar": "N"}


def sizes() -> dict:
    """Returns what `add_argument` needs for a shape, as 3x64x64."""
    return {"type": _checked(offered.read_shape, bool, offered.SHAPE_RULE), "metavar": "CxHxW"}


def place(metavar: str, kind: type = Path) -> dict:
    """Returns what `add_argument` needs for a file, a folder or an address: any text but an empty one."""
    read = _checked(str, str.strip, "a path or an address, and no empty text")
    return {"type": lambda text: kind(read(text)), "metavar": metavar}


def choices_of(options: argparse.Namespace) -> Choices:
    """Returns what `--resize` and `--skip-bad` say of own data; where they say nothing, the owner's choice."""
    return choices(resize=options.resize, skip_bad=1 if options.skip_bad else None)


def _checked(kind: type, holds: Callable[..., object], rule: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        with contextlib.suppress(ValueError):
            if holds(value := kind(text)):
                return value
        raise argparse.ArgumentTypeError(f"must be {rule}: {_SHORT.repr(text)}")

    return read
