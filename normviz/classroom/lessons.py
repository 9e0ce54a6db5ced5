"""A lesson as a YAML file: steps, links, questions, the rule behind each answer, teacher's notes, minutes."""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from normviz.classroom import answers
from normviz.classroom.settings import settings
from normviz.reading import Part, read
from normviz.reading import ReadingError as LessonError
from normviz.words import pages

FOLDER = Path(__file__).parent / "lessons"
KINDS = ("choice", "number", "order")
MOST_STEPS, MOST_OPTIONS = 20, 8
LONGEST_TEXT = 2000  # letters


@dataclass(frozen=True)
class Question:
    """What is asked before anything is shown.

    Attributes:
        kind: "choice" of one option, a "number", or an "order" of all options, best first.
        asks: the question.
        options: text by key; empty for a number.
        unit: behind a number, such as "points" or "%".
        tolerance: how far from the measured number still counts as right, in the same unit.
    """

    kind: str
    asks: str
    options: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    tolerance: float = 0.0

    def letter(self, option: str) -> str:
        """Returns the letter that stands for an option on every screen: A, B, C ..."""
        return chr(ord("A") + list(self.options).index(option))


@dataclass(frozen=True)
class Step:
    """One step of a lesson.

    Attributes:
        key: its name in votes and addresses.
        title: its heading.
        text: what is said before the question.
        minutes: how long it takes.
        cuts: lengths of the lesson, in minutes, that hold it.
        page: link into the app that shows the matter, such as "/curves?study=published".
        question: None where the step only shows.
        rule: name and arguments of the rule that computes the right answer; None where there is no question.
        why: one sentence that explains the answer.
        notes: for the teacher alone.
    """

    key: str
    title: str
    text: str
    minutes: float
    cuts: tuple[int, ...]
    page: str
    question: Question | None
    rule: answers.Rule | None
    why: str
    notes: str


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes:
        key: name of its file without the ending.
        title: its heading.
        goals: what a student can do afterwards.
        cuts: its lengths, in minutes, shortest first.
        steps: all steps, in order.
        discussion: questions for the class, each with its answer.
    """

    key: str
    title: str
    goals: tuple[str, ...]
    cuts: tuple[int, ...]
    steps: tuple[Step, ...]
    discussion: tuple[tuple[str, str], ...]

    def cut(self, minutes: int) -> tuple[Step, ...]:
        """Returns the steps of one length of the lesson."""
        return tuple(step for step in self.steps if minutes in step.cuts)


def files() -> dict[str, Path]:
    """Returns the file of each lesson by its key: those that ship, and those of the owner's folder, which may replace them."""
    return {file.stem: file for folder in (FOLDER, *_own()) for file in sorted(folder.glob("*.y*ml"))}


def _own() -> list[Path]:
    return [Path(settings().lessons).expanduser()] if settings().lessons else []


def usable() -> tuple[list[Lesson], list[str]]:
    """Returns the lessons that can be used, and what is wrong with the others."""
    found = []
    problems = [f"{folder} is no folder: name that of your lessons in normviz.toml" for folder in _own() if not folder.is_dir()]
    for file in files().values():
        try:
            found.append(load(file))
        except LessonError as error:
            problems.append(str(error))
    return found, problems


def load(file: Path) -> Lesson:
    """Reads and checks a lesson; once, as long as its file stays as it is.

    Raises:
        LessonError: what is wrong, with file, line, rule and next step.
    """
    return _load(file, _stamp(file))


def _stamp(file: Path) -> tuple[int, int]:
    """Returns by what a changed file is known; nothing where there is none, which `read` says."""
    try:
        status = Path(file).stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=64)
def _load(file: Path, stamp: tuple[int, int]) -> Lesson:
    whole = read(file, "lesson")
    whole.allow("title", "goals", "cuts", "steps", "discussion")
    cuts = tuple(whole.numbers("cuts", "lengths of the lesson in whole minutes, shortest first, such as [20, 45]"))
    steps = whole.parts("steps", MOST_STEPS)
    lesson = Lesson(
        Path(file).stem,
        whole.text("title"),
        tuple(whole.texts("goals")),
        cuts,
        tuple(_step(part, cuts) for part in steps),
        tuple((part.text("question"), part.text("answer")) for part in whole.parts("discussion", MOST_STEPS, empty=True)),
    )
    _check_keys(lesson, steps)
    _check_minutes(lesson, whole)
    return lesson


def _step(part: Part, cuts: tuple[int, ...]) -> Step:
    part.allow("key", "title", "text", "minutes", "cuts", "page", "question", "answer", "why", "notes")
    question = _question(part.part("question")) if "question" in part else None
    if ("answer" in part) != (question is not None):
        raise part.wrong(
            "question" if question else "answer", "question and answer must come together: add the other, or take both out"
        )
    rule = _rule(part.part("answer"), question) if question else None
    page = part.text("page", default="")
    if page and (page[1:].split("?")[0] not in pages.PAGES or page[0] != "/" or "#" in page):
        raise part.wrong(
            "page", f"page must be one of /{', /'.join(pages.PAGES)}, and after it a ? with what it is to show, or nothing"
        )
    within = tuple(part.numbers("cuts", "some of the lesson's cuts")) if "cuts" in part else cuts
    if not set(within) <= set(cuts):
        raise part.wrong("cuts", f"cuts must be among the lesson's own, {', '.join(map(str, cuts))}")
    key = part.text("key", 40)
    if not key.replace("-", "").isalnum() or not key.isascii():
        raise part.wrong("key", "key must be of letters, digits and hyphens alone")
    texts = (part.text("title", 120), part.text("text", LONGEST_TEXT), part.number("minutes", 0.5, 90))
    said = part.text("why", LONGEST_TEXT, "" if question is None else None), part.text("notes", LONGEST_TEXT, "")
    return Step(key, *texts, within, page, question, rule, *said)


def _question(part: Part) -> Question:
    part.allow("kind", "asks", "options", "unit", "tolerance")
    kind = part.text("kind")
    if kind not in KINDS:
        raise part.wrong("kind", f"kind must be one of {', '.join(KINDS)}")
    if kind == "number":
        return Question(kind, part.text("asks", 400), {}, part.text("unit", 20), part.number("tolerance", 0, 1e6))
    options = part.mapping("options", MOST_OPTIONS)
    if len(options) < 2:
        raise part.wrong("options", "a question needs two options or more")
    return Question(kind, part.text("asks", 400), options)


def _rule(part: Part, question: Question) -> answers.Rule:
    name = part.text("rule")
    if name not in answers.RULES:
        raise part.wrong("rule", f"rule must be one of {', '.join(answers.RULES)}")
    given = {key: part.plain(key) for key in part if key != "rule"}
    try:
        return answers.check(name, given, question.kind, tuple(question.options))
    except ValueError as error:
        raise part.wrong("rule", str(error)) from error


def _check_keys(lesson: Lesson, parts: list[Part]) -> None:
    seen = set()
    for step, part in zip(lesson.steps, parts):
        if step.key in seen:
            raise part.wrong("key", "each step must have a key of its own")
        seen.add(step.key)


def _check_minutes(lesson: Lesson, whole: Part) -> None:
    for cut in lesson.cuts:
        steps = lesson.cut(cut)
        minutes = sum(step.minutes for step in steps)
        if not steps or minutes > cut:
            raise whole.wrong(
                "cuts", f"the steps of the cut of {cut} minutes must fit into it: {len(steps)} steps take {minutes:g} minutes"
            )


__all__ = ["FOLDER", "Lesson", "LessonError", "Question", "Step", "files", "load", "usable"]
