import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from normviz.classroom import routes, serving, views
from tests.classroom.conftest import LESSON


@pytest.fixture
def teacher(rooms, monkeypatch):
    """The browser of a teacher, in front of these rooms."""
    monkeypatch.setattr(serving, "rooms", lambda: rooms)
    return TestClient(Starlette(routes=routes.ROUTES))


def opened(teacher, rooms, lesson_file):
    room, secret = rooms.open(lesson_file, 10)
    teacher.cookies.set(f"normviz_room_{room.code}", secret)
    return room


def vote_by_half(rooms, room):
    for device, choice in enumerate(("batch", "group")):
        rooms.join(room.code, str(device))
        rooms.vote(room.code, str(device), "mates", 1, choice)
    return rooms.go_on(room.code, room.version)


def test_a_lesson_that_cannot_be_printed_is_said_to_the_teacher(teacher, rooms, lesson_file):
    lesson_file.write_text(LESSON.replace("They are exchanged.", "Private \uf8f0"), encoding="utf-8")
    room = opened(teacher, rooms, lesson_file)
    answer = teacher.get(f"/room/{room.code}/handout-a4.pdf")
    assert answer.status_code == 422 and answer.headers["content-type"].startswith("text/html")
    assert "The handout was not made" in answer.text and "Install a font" in answer.text


def test_the_front_never_tells_by_its_button_how_many_are_right(teacher, rooms, lesson_file):
    room = opened(teacher, rooms, lesson_file)
    closed = vote_by_half(rooms, rooms.go_on(room.code, room.version))
    assert [each.to for each in views.buttons(rooms, closed, advised=True)] == ["discuss", "next"]
    assert [each.to for each in views.buttons(rooms, closed, advised=False)] == ["next", "discuss"]
    front, own = (teacher.get(f"/room/{room.code}{view}").text for view in ("", "/teacher"))
    first = [re.search(r'name="to" value="(\w+)"', page).group(1) for page in (front, own)]
    assert first == ["next", "discuss"]


@pytest.mark.parametrize(("given", "said"), [("1", "1 point"), ("-1.0", "-1.0 point"), ("1.5", "1.5 points")])
def test_one_is_no_plural(rooms, lesson_file, given, said):
    room, _ = rooms.open(lesson_file, 10)
    question = next(step.question for step in room.steps if step.question and step.question.kind == "number")
    assert question.unit == "points" and views.spoken(question, given) == said
