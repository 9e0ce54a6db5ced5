"""What the screens of a room show: answers in words, votes as rows, the one next thing."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, permutations

from normviz.classroom import answers, stages
from normviz.classroom.answers import Answer
from normviz.classroom.lessons import Question, Step
from normviz.classroom.rooms import Rooms
from normviz.classroom.stages import Room

MOST_ROWS = 8  # of one vote: two votes side by side with a chart fit a screen and a sheet


@dataclass(frozen=True)
class Votes:
    """A row in a table of votes: the key of its first answer, its words, how many gave it, their share in whole percent, whether it is right."""

    key: str
    text: str
    count: int
    percent: int
    right: bool


@dataclass(frozen=True)
class Button:
    """What a button does, and says."""

    to: str
    label: str


@lru_cache(maxsize=256)
def _computed(rule: answers.Rule, options: tuple[str, ...]) -> Answer:
    return answers.compute(rule, options)


def answer(step: Step) -> Answer | None:
    """Returns the measured answer of a step's question; computed once, since what was measured ships with the app."""
    return _computed(step.rule, tuple(step.question.options)) if step.question else None


def spoken(question: Question, given: str) -> str:
    """Returns an answer for reading; empty where there is none."""
    if not given:
        return ""
    if question.kind == "number":
        return f"{given} {question.unit.removesuffix('s') if abs(float(given)) == 1 else question.unit}".strip()
    if question.kind == "order":
        return ", then ".join(question.options.get(key, key) for key in given.split(">"))
    return f"{question.letter(given)}: {question.options[given]}"


def truth(step: Step) -> str:
    """Returns the right answer for reading."""
    return spoken(step.question, answer(step).right)


def is_right(step: Step, given: str) -> bool:
    """Returns whether an answer counts as right."""
    return answers.accepts(answer(step), step.question.kind, given, step.question.tolerance)


def votes(step: Step, tally: Counter) -> list[Votes]:
    """Returns the rows of a vote: every option of a choice, else what was answered, numbers rising, orders by votes.

    Where a class gave more than `MOST_ROWS` numbers or orders, some share a row, but never right ones with others.
    """
    total, question = max(1, sum(tally.values())), step.question
    if question.kind == "choice":
        together = [[key] for key in question.options]
    elif question.kind == "number":
        together = _numbers(step, sorted(tally, key=float))
    else:
        together = _orders(step, [key for key, _ in tally.most_common()])
    counts = [sum(tally[key] for key in keys) for keys in together]
    return [
        Votes(keys[0], _all_spoken(question, keys), count, round(100 * count / total), is_right(step, keys[0]))
        for keys, count in zip(together, counts, strict=True)
    ]


def _numbers(step: Step, keys: list[str]) -> list[list[str]]:
    if len(keys) <= MOST_ROWS:
        return [[key] for key in keys]
    runs = [(right, list(run)) for right, run in groupby(keys, lambda key: is_right(step, key))]  # below, right, above
    rows = (MOST_ROWS - 1) // max(1, sum(not right for right, _ in runs))  # of each run that is not right
    together = []
    for right, run in runs:
        size = len(run) if right else -(-len(run) // rows)
        together += [run[start : start + size] for start in range(0, len(run), size)]
    return together


def _orders(step: Step, keys: list[str]) -> list[list[str]]:
    if len(keys) <= MOST_ROWS:
        return [[key] for key in keys]
    shown = [key for place, key in enumerate(keys) if place < MOST_ROWS - 1 or is_right(step, key)]
    others = [key for key in keys if key not in shown]
    return [*([key] for key in shown), *([others] if others else [])]


def _all_spoken(question: Question, keys: list[str]) -> str:
    if len(keys) == 1:
        return spoken(question, keys[0])
    return f"{keys[0]} to {spoken(question, keys[-1])}" if question.kind == "number" else f"{len(keys)} other orders"


def hands(step: Step, counted: Counter) -> list[Votes]:
    """Returns the rows for hands: every answer that can be given, of a number those that were."""
    question = step.question
    if question.kind == "choice":
        keys = list(question.options)
    elif question.kind == "number":
        keys = sorted(counted, key=float)
    else:
        keys = [">".join(order) for order in permutations(question.options)] if len(question.options) <= 3 else list(counted)
    return [Votes(key, spoken(question, key), counted[key], 0, False) for key in keys]


def tables(rooms: Rooms, room: Room) -> list[dict]:
    """Returns the votes of the step so far: caption and rows, a table for each round that has begun."""
    return _tables(rooms, room, room.step, room.place.round)


def _tables(rooms: Rooms, room: Room, step: Step, rounds: int) -> list[dict]:
    captions = ("First vote", "Second vote") if rounds == 2 else ("Votes",)
    return [
        {"caption": caption, "rows": votes(step, rooms.tally(room, step.key, round_))}
        for round_, caption in enumerate(captions, start=1)
    ]


def all_votes(rooms: Rooms, room: Room) -> dict[str, list[dict]]:
    """Returns the tables of every step that was voted on, by its key."""
    asked = [step for step in room.steps if step.question]
    voted = {step.key: [round_ for round_ in (1, 2) if rooms.tally(room, step.key, round_)] for step in asked}
    return {step.key: _tables(rooms, room, step, voted[step.key][-1]) for step in asked if voted[step.key]}


def moves(rooms: Rooms, room: Room) -> list[dict]:
    """Returns who went from where to where between the two votes, the many first.

    Answers are told apart where a question offers them; of numbers and orders, which may be as many as the devices, only
    the right ones and the others.
    """
    counted = Counter()
    if room.place.round == 1:
        return []
    for (one, other), count in rooms.moves(room, room.step.key).items():
        counted[_told(room.step, one), _told(room.step, other)] += count
    return [{"one": one, "other": other, "count": count} for (one, other), count in counted.most_common()]


def _told(step: Step, given: str) -> str:
    if step.question.kind == "choice":
        return spoken(step.question, given)
    return "right" if is_right(step, given) else "another answer"


def right_share(rooms: Rooms, room: Room) -> tuple[int, int]:
    """Returns how many of the votes of the present round are right, and how many there are."""
    tally = rooms.tally(room, room.step.key, room.place.round)
    return sum(count for given, count in tally.items() if is_right(room.step, given)), sum(tally.values())


def buttons(rooms: Rooms, room: Room, advised: bool) -> tuple[Button, Button | None]:
    """Returns the one next thing, and after a first vote the other thing that may come.

    Args:
        rooms: where the votes are.
        room: as it stands.
        advised: whether the vote decides which of the two comes first; never where the class sees it, since it tells how many
            are right.
    """
    stage, second = room.place.stage, room.place.round == 2
    if stage == "closed" and not second:
        reveal, discuss = Button("next", "Show the result"), Button("discuss", "Discuss, then vote again")
        worth = advised and stages.worth_discussing(*right_share(rooms, room))
        return (discuss, reveal) if worth else (reveal, discuss)
    labels = {
        "open": "Close the second vote" if second else "Close the vote",
        "closed": "Show the result",
        "discuss": "Open the second vote",
        "reveal": "Explain it",
        "over": "The lesson is over",
    }
    return Button("next", labels.get(stage) or _next_step(room)), None


def _next_step(room: Room) -> str:
    place = stages.following(room.place, room.steps)
    if place.stage == "over":
        return "End the lesson"
    return f"{'Begin' if room.place.stage == 'lobby' else 'Next'}: {room.steps[place.step].title}"


def advice(rooms: Rooms, room: Room) -> str:
    """Says what a vote suggests to do; empty while it is open or where nobody voted."""
    right, count = right_share(rooms, room)
    if room.place.stage == "open" or not count:
        return ""
    share = f"{right} of {count} are right"
    if room.place.stage == "closed" and room.place.round == 1 and stages.worth_discussing(right, count):
        return f"{share}: let them convince each other, then vote again. Do not show the votes before."
    return f"{share}: {'explain it' if right / count < stages.FEW else 'go on'}."


def minutes_until(room: Room) -> float:
    """Returns the minutes planned for the steps up to the present one, this one included."""
    return sum(step.minutes for step in room.steps[: room.place.step + 1])
