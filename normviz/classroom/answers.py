"""The right answer of a question: computed from what was measured, with the sentence that tells it. No PyTorch here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import pandas as pd

from normviz.classroom import measures
from normviz.classroom.measures import Measured
from normviz.studies import evidence

UNDECIDED = "not separated"  # the option that is right where the seeds do not decide


@dataclass(frozen=True)
class Rule:
    """How the right answer of a question is computed.

    Attributes:
        name: a key of `RULES`.
        of: what is compared; see `measures.known`.
        among: the keys that are compared, in the order of the question.
    """

    name: str
    of: str
    among: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The right answer of a question.

    Attributes:
        right: key of the option; keys of an order, best first, joined by ">"; or the number as text.
        said: the measured result in a sentence.
        measured: key, name, norm, mean, low, high, count of what was compared.
        title: what was measured.
        unit: of the values: "%" for fractions, or what is counted.
        undecided: pairs that the seeds do not separate: either may stand before the other, or count as the best.
    """

    right: str
    said: str
    measured: pd.DataFrame
    title: str
    unit: str
    undecided: tuple[tuple[str, str], ...] = ()


def check(name: str, given: dict[str, object], kind: str, options: tuple[str, ...]) -> Rule:
    """Returns the rule of a question, checked without computing anything that takes long.

    Args:
        name: a key of `RULES`.
        given: its arguments, as the lesson's file has them.
        kind: of the question.
        options: keys of its options; empty for a number.

    Raises:
        ValueError: an argument that is missing, unknown or does not fit the question; the message says what must be.
    """
    _, kinds = RULES[name]
    if kind not in kinds:
        raise ValueError(f"rule {name} answers a question of kind {' or '.join(kinds)}, not {kind}")
    known = {"of"} | ({"among"} if kind == "number" else set())
    if set(given) != known:
        raise ValueError(f"rule {name} takes {' and '.join(sorted(known))}, and gets {', '.join(sorted(given)) or 'nothing'}")
    if kind == "order" and UNDECIDED in options:
        raise ValueError(f"an order has no place for “{UNDECIDED}”: take this option out")
    found = measures.measured(str(given["of"]))
    among = tuple(given.get("among", options))
    among = tuple(key for key in among if key != UNDECIDED)
    strange = [key for key in among if key not in found.values]
    if strange or len(among) < (1 if name == "value" else 2):
        wanted = f"{'options' if options else 'among'} must name some of {', '.join(found.values)}"
        raise ValueError(f"{wanted} (and “{UNDECIDED}”): {strange[0] if strange else 'too few'}")
    return Rule(name, str(given["of"]), among)


def compute(rule: Rule, options: tuple[str, ...] = ()) -> Answer:
    """Returns the right answer, from the files as they are now."""
    found = measures.measured(rule.of)
    chosen = replace(found, values={key: found.values[key] for key in rule.among})
    right, said, *undecided = RULES[rule.name][0](chosen, options)
    return Answer(right, said, chosen.means(), chosen.title, chosen.unit, *undecided)


def accepts(answer: Answer, kind: str, given: str, tolerance: float) -> bool:
    """Returns whether an answer is right: what the seeds do not separate may stand either way round.

    Args:
        answer: the right one.
        kind: of the question.
        given: the key of an option, keys joined by ">", or a number as text.
        tolerance: how far off a number may be.
    """
    if kind == "number":
        return abs(float(given) - float(answer.right)) <= tolerance + 1e-9
    if kind == "choice":
        return given == answer.right or (answer.right, given) in answer.undecided
    place = {key: index for index, key in enumerate(given.split(">"))}
    order = answer.right.split(">")
    wrong = [(one, other) for one, other in _pairs(order) if place.get(one, 0) > place.get(other, 0)]
    return set(place) == set(order) and set(wrong) <= set(answer.undecided)


def _pairs(order: list[str]) -> list[tuple[str, str]]:
    return [(one, other) for index, one in enumerate(order) for other in order[index + 1 :]]


def _ranked(found: Measured, rising: bool = False) -> list[str]:
    return sorted(found.values, key=lambda key: found.values[key].mean(), reverse=not rising)


def _separated(found: Measured, one: str, other: str) -> bool:
    """Returns whether two values are told apart: by the interval of their paired difference, or, measured once, at all."""
    difference = evidence.difference(found.values[one], found.values[other])
    if difference["count"] < 2:
        return difference["mean"] != 0
    return difference["low"] > 0 or difference["high"] < 0


def _first(found: Measured, options: tuple[str, ...], rising: bool) -> tuple[str, str, tuple]:
    order = _ranked(found, rising)
    open_to = [other for other in order[1:] if not _separated(found, order[0], other)]
    said = _listed(found, order) + "".join(_between(found, order[0], other) for other in open_to or order[1:2])
    if UNDECIDED in options:
        one_seed = found.trained and len(found.values[order[0]]) < 2
        return (UNDECIDED if open_to or one_seed else order[0]), said, ()
    return order[0], said, tuple((order[0], other) for other in open_to)


def _best(found: Measured, options: tuple[str, ...]) -> tuple[str, str, tuple]:
    return _first(found, options, rising=False)


def _worst(found: Measured, options: tuple[str, ...]) -> tuple[str, str, tuple]:
    return _first(found, options, rising=True)


def _order(found: Measured, options: tuple[str, ...]) -> tuple[str, str, tuple]:
    order = _ranked(found)
    undecided = tuple(pair for pair in _pairs(order) if not _separated(found, *pair))
    said = _listed(found, order) + "".join(_between(found, *pair) for pair in pairwise(order))
    return ">".join(order), said, undecided


def _difference(found: Measured, options: tuple[str, ...]) -> tuple[str, str]:
    one, *_, other = found.values
    value = evidence.difference(found.values[one], found.values[other])["mean"]
    return _number(found, value), _listed(found, [one, other]) + _between(found, one, other)


def _value(found: Measured, options: tuple[str, ...]) -> tuple[str, str]:
    asked, *_ = found.values
    return _number(found, found.values[asked].mean()), _listed(found, list(found.values))


def _number(found: Measured, value: float) -> str:
    return f"{100 * value:.1f}" if found.unit == "%" else f"{value:.4g}" if abs(value) < 100 else f"{value:.0f}"


def _listed(found: Measured, order: list[str]) -> str:
    values = "; ".join(f"{found.names[key]} {found.said(found.values[key].mean())}" for key in order)
    return f"{found.title[0].upper()}{found.title[1:]}: {values}."


def _between(found: Measured, one: str, other: str) -> str:
    difference = evidence.difference(found.values[one], found.values[other])
    if difference["count"] < 2:
        return f" {found.names[one]} and {_lower(found.names[other])} differ by {found.said(abs(difference['mean']), True).lstrip('+')}."
    return f" {evidence.conclusion(found.names[one], _lower(found.names[other]), difference)}"


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


RULES: dict[str, tuple[Callable[..., tuple], tuple[str, ...]]] = {  # what it computes, and the questions it answers
    "best": (_best, ("choice",)),
    "worst": (_worst, ("choice",)),
    "order": (_order, ("order",)),
    "difference": (_difference, ("number",)),
    "value": (_value, ("number",)),
}
