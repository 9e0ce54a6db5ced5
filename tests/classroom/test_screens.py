import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from normviz.classroom import lessons, phones, routes, serving, views
from normviz.classroom import rooms as module
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


def test_a_lesson_of_any_name_is_opened_and_taken_home(teacher, lesson_file, monkeypatch):
    file = lesson_file.rename(lesson_file.with_name("мой урок.yaml"))
    monkeypatch.setattr(lessons, "files", lambda: {"мой урок": file})
    answer = teacher.post("/room/new", data={"lesson": "мой урок 10"}, follow_redirects=False)
    room = answer.headers["location"].removesuffix("/teacher")
    assert all(teacher.get(f"{room}/{name}").status_code == 200 for name in ("votes.csv", "handout-a4.pdf"))


def test_a_browser_without_cookies_is_told_so_and_counts_for_nobody(teacher, rooms, lesson_file):
    room = opened(teacher, rooms, lesson_file)
    teacher.cookies.clear()
    named = teacher.get(f"/join/{room.code}", follow_redirects=False)
    assert named.status_code == 303 and rooms.state(room.code)["joined"] == 0
    teacher.cookies.clear()
    assert "allow cookies" in teacher.get(named.headers["location"]).text


def test_a_devices_cookie_lasts_from_its_last_look_on(teacher, rooms, lesson_file):
    room = opened(teacher, rooms, lesson_file)
    for _ in range(2):
        assert "Max-Age=86400" in teacher.get(f"/join/{room.code}").headers["set-cookie"]
    assert rooms.state(room.code)["joined"] == 1


def test_a_room_whose_lesson_is_gone_says_so(teacher, rooms, lesson_file):
    room = opened(teacher, rooms, lesson_file)
    next(rooms.folder.glob("lessons/*/*")).write_text("title: [", encoding="utf-8")
    module._lesson.cache_clear()
    for path in (f"/room/{room.code}", f"/join/{room.code}?named", f"/room/{room.code}/state"):
        answer = teacher.get(path)
        assert answer.status_code == 410 and "open another room" in answer.text


def test_votes_of_the_second_round_alone_stand_on_the_handout(rooms, room):
    room = rooms.go_on(room.code, rooms.go_on(room.code, room.version).version, discuss=True)
    room = rooms.go_on(room.code, room.version)
    rooms.join(room.code, "one")
    rooms.vote(room.code, "one", "mates", 2, "batch")
    assert [table["caption"] for table in views.all_votes(rooms, room)["mates"]] == ["First vote", "Second vote"]


def test_back_in_the_first_vote_a_phone_is_told_its_first_answer(teacher, rooms, room):
    first = vote_by_half(rooms, room)
    second = rooms.go_on(room.code, rooms.go_on(room.code, first.version, discuss=True).version)
    rooms.vote(room.code, "0", "mates", 2, "layer")
    back = rooms.go_back(room.code, rooms.go_back(room.code, second.version).version)
    shown = rooms.go_on(room.code, back.version)
    assert shown.place.round == 1 and phones._on_phone(shown, "0")["spoken"] == "A: Batch norm"
    assert views.moves(rooms, shown) == []


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
