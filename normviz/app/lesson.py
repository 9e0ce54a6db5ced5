"""A lesson gone through alone: the steps of a room without the room. What was answered is kept for the visit."""

import contextlib
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlsplit

import pandas as pd
import streamlit as st

from normviz.app import frame
from normviz.charts import lesson as charts
from normviz.classroom import ballots, lessons, views
from normviz.classroom.lessons import Lesson, Question, Step
from normviz.words import lesson as words

BOUND = {"bind": "query-params", "required": True}


@dataclass
class Progress:
    """How far a visitor has come: the step that is shown, and the answer to each question by the step's key."""

    at: int = 0
    given: dict[str, str] = field(default_factory=dict)


def choose() -> tuple[Lesson, int]:
    """Returns the lesson and its length, in minutes; ends the page where no lesson can be used."""
    found, problems = lessons.usable()
    for problem in problems:
        st.warning(frame.plain(problem))
    if not found:
        st.stop()
    by_key = {lesson.key: lesson for lesson in found}
    names = {key: frame.plain(lesson.title) for key, lesson in by_key.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = "which-norm-wins" if "which-norm-wins" in by_key else found[0].key
        key = frame.one_of("Lesson", list(by_key), default=first, format_func=names.get, key="lesson", **BOUND)
        lesson = by_key[key]
        cut = frame.one_of(
            "Minutes", lesson.cuts, default=lesson.cuts[0], format_func="{} minutes".format, key=f"minutes_{key}", **BOUND
        )
        st.link_button("Open a room for a class", f"/room/new?lesson={quote(f'{key} {cut}')}", icon=":material/groups:")
    st.caption(words.ALONE)
    return lesson, cut


def progress(lesson: Lesson, cut: int) -> Progress:
    """Returns how far this visit has come in the lesson."""
    return st.session_state.setdefault(f"progress_{lesson.key}_{cut}", Progress())


def show(lesson: Lesson, cut: int) -> None:
    """Shows the step that the visitor has come to, or the end."""
    steps, done = lesson.cut(cut), progress(lesson, cut)
    _forget_what_is_gone(steps, done)
    if done.at == len(steps):
        _show_end(lesson, steps, done)
        return
    step = steps[done.at]
    st.progress((done.at + 1) / len(steps), f"Step {done.at + 1} of {len(steps)}")
    st.subheader(frame.plain(step.title))
    st.markdown(frame.plain(step.text))
    if step.question:
        _ask(step, done)
    elif step.page:
        _link(step.page)
    _turn(steps, done)


def _forget_what_is_gone(steps: tuple[Step, ...], done: Progress) -> None:
    """Lets go what no longer fits: whoever writes a lesson edits its file while it is looked at."""
    done.at = min(done.at, len(steps))
    for step in steps:
        with contextlib.suppress(ballots.RoomError):
            if step.key in done.given:
                ballots.checked(step.question, done.given[step.key])
                continue
        done.given.pop(step.key, None)


def _link(page: str) -> None:
    parts = urlsplit(page)
    key = parts.path.strip("/")
    st.page_link(
        frame.PAGES[key],
        label="Look at the page that shows it",
        icon=":material/open_in_new:",
        query_params=dict(parse_qsl(parts.query)),
    )


def _ask(step: Step, done: Progress) -> None:
    question, given = step.question, done.given.get(step.key, "")
    with st.form(f"ask_{step.key}", border=True):
        answer = _answer_to(question, f"answer_{step.key}")
        label = "Answer again" if given else "Answer, then see"
        if st.form_submit_button(label, icon=":material/check:"):
            given = _kept(step, done, answer)
    if given:
        _reveal(step, given)


def _kept(step: Step, done: Progress, answer: str) -> str:
    try:
        done.given[step.key] = ballots.checked(step.question, answer)
    except ballots.RoomError as error:
        st.warning(frame.plain(error))
    return done.given.get(step.key, "")


def _answer_to(question: Question, key: str) -> str:
    """Shows what a question is answered with; returns the answer as a room keeps it, empty where there is none yet."""
    if question.kind == "choice":
        names = {option: frame.plain(f"{question.letter(option)}: {text}") for option, text in question.options.items()}
        return st.radio(frame.plain(question.asks), list(names), index=None, format_func=names.get, key=key) or ""
    if question.kind == "number":
        asks = frame.plain(f"{question.asks} In {question.unit}.")
        value = st.number_input(asks, value=None, key=key, width=480)
        return "" if value is None else str(value)
    st.markdown(frame.plain(question.asks))
    with st.container(horizontal=True):
        places = [
            st.selectbox(f"{place}.", list(question.options), None, question.options.get, key=f"{key}_{place}")
            for place in range(1, len(question.options) + 1)
        ]
    return ">".join(place or "" for place in places)


def _reveal(step: Step, given: str) -> None:
    answer, right = views.answer(step), views.is_right(step, given)
    said = f"You said **{frame.plain(views.spoken(step.question, given))}**. "
    said += f"Measured: **{frame.plain(views.truth(step))}**."
    (st.success if right else st.info)(said, icon=":material/check_circle:" if right else ":material/science:")
    frame.show(charts.measured(answer.measured, answer.unit), charts.sentence(answer.measured, answer.title))
    st.markdown(frame.plain(answer.said))
    st.markdown(f"**Why?** {frame.plain(step.why)}")
    if step.page:
        _link(step.page)


def _turn(steps: tuple[Step, ...], done: Progress) -> None:
    waits = steps[done.at].question is not None and steps[done.at].key not in done.given
    with st.container(horizontal=True):
        st.button("Back", icon=":material/arrow_back:", on_click=_go, args=(done, done.at - 1), disabled=done.at == 0)
        label = "End of the lesson" if done.at + 1 == len(steps) else f"Next: {frame.plain(steps[done.at + 1].title)}"
        st.button(label, icon=":material/arrow_forward:", on_click=_go, args=(done, done.at + 1), disabled=waits)


def _go(done: Progress, to: int) -> None:
    """Goes to a step, and not on by one: a second click may come before the page shows what the first one did."""
    done.at = to


def _show_end(lesson: Lesson, steps: tuple[Step, ...], done: Progress) -> None:
    st.subheader("What you said, what was measured")
    asked = [step for step in steps if step.question]
    right = sum(views.is_right(step, done.given[step.key]) for step in asked if step.key in done.given)
    st.markdown(f"{words.DONE} **{right} of {len(asked)}** came out as you said.")
    rows = [
        {
            "question": step.question.asks,
            "you said": views.spoken(step.question, done.given.get(step.key, "")) or "nothing",
            "measured": views.truth(step),
        }
        for step in asked
    ]
    frame.table(pd.DataFrame(rows), "Table: what you said, what was measured.", hide_index=True)
    st.subheader("To talk about")
    for question, answer in lesson.discussion:
        with st.expander(frame.plain(question)):
            st.markdown(frame.plain(answer))
    st.button("Once more from the start", icon=":material/replay:", on_click=_restart, args=(done,))


def _restart(done: Progress) -> None:
    done.at = 0
    done.given.clear()
