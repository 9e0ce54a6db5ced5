"""A lesson as paper: one PDF, typeset by Typst from data, without a network."""

import json
from pathlib import Path

import typst

from normviz.charts import lesson as charts
from normviz.charts import paper as drawn
from normviz.charts.specification import specification
from normviz.classroom import views
from normviz.classroom.lessons import Lesson, Step

TEMPLATE = Path(__file__).parent / "templates" / "handout.typ"
PAPERS = ("a4", "us-letter")
CHART_WIDTH = 300  # pixels, for two thirds of the width of the text


def pdf(lesson: Lesson, cut: int, votes: dict[str, list[dict]] | None = None, paper: str = "a4", address: str = "") -> bytes:
    """Returns the handout of a lesson as tagged PDF (PDF/UA-1), readable in grey.

    Args:
        lesson: the lesson.
        cut: its length, in minutes.
        votes: tables of `views.tables` by step, of a room that has gone through it; then what was measured stands beside them,
            else there are lines to write on, and it stands on the answers' sheet alone.
        paper: "a4" or "us-letter".
        address: of the app, in front of the links to its pages.

    Raises:
        ValueError: no such paper, or a letter that no font here has.
    """
    if paper not in PAPERS:
        raise ValueError(f"paper must be one of {', '.join(PAPERS)}: paper={paper!r}")
    steps = [
        _of(number, step, (votes or {}).get(step.key, []), address) for number, step in enumerate(lesson.cut(cut), start=1)
    ]
    data = {
        "title": lesson.title,
        "paper": paper,
        "goals": lesson.goals,
        "steps": steps,
        "reveal": votes is not None,
        "discussion": [{"question": question, "answer": answer} for question, answer in lesson.discussion],
    }
    return _typeset(data)


def _typeset(data: dict) -> bytes:
    try:
        return _compiled(data, ignore_system_fonts=True)
    except typst.TypstError:  # a letter that the fonts of Typst lack
        try:
            return _compiled(data, ignore_system_fonts=False)
        except typst.TypstError as error:
            raise ValueError(
                "each letter of a lesson must be in a font of this computer, or it cannot be printed: "
                f"lesson={data['title']!r} ({error}). Install a font that has it, such as Noto, or write it otherwise."
            ) from error


def _compiled(data: dict, **fonts: bool) -> bytes:
    return typst.compile(str(TEMPLATE), sys_inputs={"data": json.dumps(data)}, pdf_standards=["ua-1"], **fonts)


def _of(number: int, step: Step, votes: list[dict], address: str) -> dict:
    said = {"number": number, "title": step.title, "text": step.text, "why": step.why, "votes": _plain(votes)}
    said["link"] = f"{address}{step.page}" if step.page else ""
    if step.question is None:
        return said | {"asks": None}
    question, answer = step.question, views.answer(step)
    return said | {
        "asks": question.asks,
        "kind": question.kind,
        "unit": question.unit,
        "options": list(question.options.values()),
        "truth": views.truth(step),
        "said": answer.said,
        "chart": drawn.svg(specification(charts.measured(answer.measured, answer.unit)), CHART_WIDTH),
        "chart_said": charts.sentence(answer.measured, answer.title),
    }


def _plain(votes: list[dict]) -> list[dict]:
    names = ("text", "count", "percent", "right")
    return [table | {"rows": [{name: getattr(row, name) for name in names} for row in table["rows"]]} for table in votes]
