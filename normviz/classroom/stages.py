"""The course of a lesson in a room, as a state machine: each stage knows the one thing that comes next. Nothing is kept here."""

from dataclasses import dataclass

from normviz.classroom.lessons import Step

STAGES = ("lobby", "open", "closed", "discuss", "open again", "closed again", "reveal", "explain", "over")
VOTING = {"open": 1, "open again": 2}  # the round that is voted in
REVEALED = ("reveal", "explain")
FEW, MANY = 0.3, 0.7  # shares of right votes between which a discussion pays (Crouch & Mazur 2001)


@dataclass(frozen=True)
class Place:
    """Where a room stands: index of the step, from 0, and a member of `STAGES`."""

    step: int
    stage: str

    @property
    def round(self) -> int:
        """The round of votes that this stage is about: 1, or 2 from the second vote on."""
        return 2 if self.stage in ("open again", "closed again") else 1


def first() -> Place:
    """Returns where every room begins."""
    return Place(0, "lobby")


def following(place: Place, steps: tuple[Step, ...], discuss: bool = False) -> Place:
    """Returns what comes next.

    Args:
        place: where the room stands.
        steps: of the lesson.
        discuss: whether a first vote is followed by a discussion and a second vote, and not by the reveal.
    """
    onwards = {
        "open": "closed",
        "closed": "discuss" if discuss else "reveal",
        "discuss": "open again",
        "open again": "closed again",
        "closed again": "reveal",
        "reveal": "explain",
    }
    if place.stage in onwards:
        return Place(place.step, onwards[place.stage])
    if place.stage == "over":
        return place
    step = 0 if place.stage == "lobby" else place.step + 1
    if step == len(steps):
        return Place(place.step, "over")
    return Place(step, "open" if steps[step].question else "explain")


def worth_discussing(right: int, votes: int) -> bool:
    """Returns whether so many right votes leave something to argue about."""
    return votes > 0 and FEW <= right / votes <= MANY
