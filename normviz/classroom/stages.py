"""The course of a lesson in a room, as a state machine: each stage knows the one thing that comes next. Nothing is kept here."""

from dataclasses import dataclass
from functools import cached_property

from normviz.classroom.lessons import Lesson, Step

STAGES = ("lobby", "open", "closed", "discuss", "reveal", "explain", "over")
REVEALED = ("reveal", "explain")
FEW, MANY = 0.3, 0.7  # shares of right votes between which a discussion pays (Crouch & Mazur 2001)


@dataclass(frozen=True)
class Place:
    """Where a room stands.

    Attributes:
        step: index of the step, from 0.
        stage: a member of `STAGES`.
        round: of votes on the step: 1, or 2 from the second vote on.
    """

    step: int = 0
    stage: str = "lobby"
    round: int = 1


@dataclass(frozen=True)
class Room:
    """A room as it stands.

    Attributes:
        code: for the phones.
        lesson: the lesson.
        cut: its length, in minutes.
        address: under which phones reach the server; empty where the teacher gave none.
        created, since: seconds since the epoch: when it was opened, and when it came to where it stands.
        place: where it stands.
        version: grows with every change of `place`.
    """

    code: str
    lesson: Lesson
    cut: int
    address: str
    created: float
    since: float
    place: Place
    version: int

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        return self.lesson.cut(self.cut)

    @property
    def step(self) -> Step:
        return self.steps[self.place.step]


def following(place: Place, steps: tuple[Step, ...], discuss: bool = False) -> Place:
    """Returns what comes next.

    Args:
        place: where the room stands.
        steps: of the lesson.
        discuss: whether a first vote is followed by a discussion and a second vote, and not by the reveal.
    """
    if place.stage == "over":
        return place
    if place.stage == "discuss":
        return Place(place.step, "open", 2)
    onwards = {"open": "closed", "closed": "discuss" if discuss and place.round == 1 else "reveal", "reveal": "explain"}
    if place.stage in onwards:
        return Place(place.step, onwards[place.stage], place.round)
    step = 0 if place.stage == "lobby" else place.step + 1
    if step == len(steps):
        return Place(place.step, "over", place.round)
    return Place(step, "open" if steps[step].question else "explain")


def worth_discussing(right: int, votes: int) -> bool:
    """Returns whether so many right votes leave something to argue about."""
    return votes > 0 and FEW <= right / votes <= MANY
