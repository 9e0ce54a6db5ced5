"""An answer as a room keeps it, and what a room does not allow."""

import math
import re

from normviz.classroom.lessons import Question

SEPARATORS = re.compile(r"[,\s'\N{RIGHT SINGLE QUOTATION MARK}]")  # between thousands
GROUPED = re.compile(rf"[+-]?[1-9]\d{{0,2}}({SEPARATORS.pattern}\d{{3}})+(\.\d*)?")  # such as 18,064


class RoomError(ValueError):
    """What a room does not allow; the message is a sentence for who asked.

    Attributes:
        status: the HTTP status that says so.
    """

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


def checked(question: Question | None, choice: str) -> str:
    """Returns an answer in its one form.

    Raises:
        RoomError: the question has no such answer.
    """
    if question is None:
        raise RoomError("There is nothing to vote on in this step.", 409)
    if question.kind == "number":
        return _number(choice)
    keys = choice.split(">") if question.kind == "order" else [choice]
    if question.kind == "order" and sorted(keys) != sorted(question.options):
        raise RoomError(f"Give each of the {len(question.options)} a place of its own.", 400)
    if not set(keys) <= set(question.options):
        raise RoomError("Choose one of the answers.", 400)
    return choice


def _number(text: str) -> str:
    typed = text.strip().replace("\N{MINUS SIGN}", "-")
    try:
        value = float(SEPARATORS.sub("", typed) if GROUPED.fullmatch(typed) else typed.replace(",", "."))
    except ValueError:
        value = math.nan
    if not abs(value) <= 1e6 or "_" in text:
        raise RoomError(f"The answer must be a number: {text[:20]!r}.", 400)
    return f"{value + 0.0:.7g}"  # zero has no sign
