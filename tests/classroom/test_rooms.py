from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest

from normviz.classroom import rooms as module
from normviz.classroom import views
from normviz.classroom.ballots import RoomError
from normviz.classroom.rooms import LETTERS, Rooms
from normviz.classroom.stages import Place


def join_and_vote(rooms, room, device, choice, step="mates", round_=1):
    rooms.join(room.code, device)
    rooms.vote(room.code, device, step, round_, choice)


def go(rooms, room, times=1, discuss=False):
    for _ in range(times):
        room = rooms.go_on(room.code, room.version, discuss)
    return room


def test_a_code_is_short_and_without_letters_that_look_alike(rooms, lesson_file):
    codes = {rooms.open(lesson_file, 5)[0].code for _ in range(20)}
    assert len(codes) == 20 and all(len(code) == 5 and set(code) <= set(LETTERS) for code in codes)
    assert not set("0O1IL") & set(LETTERS)


def test_a_code_may_be_typed_in_small_letters(rooms, room):
    assert rooms.find(room.code.lower()).code == room.code


def test_only_the_secret_steers(rooms, lesson_file):
    opened, secret = rooms.open(lesson_file, 5)
    assert rooms.may_steer(opened.code, secret) and len(secret) > 40
    assert not rooms.may_steer(opened.code, secret[:-1]) and not rooms.may_steer(opened.code, "")


def test_a_vote_can_be_changed_while_it_is_open_and_counts_once(rooms, room):
    join_and_vote(rooms, room, "one", "batch")
    join_and_vote(rooms, room, "one", "group")
    join_and_vote(rooms, room, "two", "group")
    assert rooms.tally(room, "mates", 1) == Counter(group=2)
    assert rooms.state(room.code) == {"version": room.version, "joined": 2, "answered": 2, "kept": 3}


def test_what_is_not_asked_now_is_refused_and_changes_nothing(rooms, room, lesson_file):
    other, _ = rooms.open(lesson_file, 10)
    join_and_vote(rooms, room, "one", "batch")
    refused = [
        (room.code, "one", "lead", 1, "3", 409),  # a question to come
        (room.code, "one", "mates", 2, "group", 409),  # a round to come
        (room.code, "one", "mates", 1, "weather", 400),
        (room.code, "stranger", "mates", 1, "group", 403),
        (other.code, "one", "mates", 1, "group", 409),  # not begun
        ("22222", "one", "mates", 1, "group", 404),
    ]
    for *vote, status in refused:
        with pytest.raises(RoomError) as error:
            rooms.vote(*vote)
        assert error.value.status == status and str(error.value).endswith((".", "'"))
    go(rooms, room)
    with pytest.raises(RoomError, match="closed"):
        rooms.vote(room.code, "one", "mates", 1, "group")
    assert rooms.tally(room, "mates", 1) == Counter(batch=1)


def test_votes_survive_a_restart_in_the_middle(rooms, room):
    join_and_vote(rooms, room, "one", "batch")
    again = Rooms(rooms.folder)
    join_and_vote(again, again.find(room.code), "two", "layer")
    assert again.tally(again.find(room.code), "mates", 1) == Counter(batch=1, layer=1)


def test_sixty_devices_at_once_are_each_counted_once(rooms, room):
    choices = ["batch", "group", "layer"] * 20
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda pair: join_and_vote(rooms, room, f"device {pair[0]}", pair[1]), enumerate(choices)))
    assert rooms.tally(room, "mates", 1) == Counter(choices)


def test_a_second_click_does_nothing(rooms, room):
    closed = rooms.go_on(room.code, room.version)
    assert rooms.go_on(room.code, room.version).place == closed.place == Place(0, "closed", 1)


def test_a_room_goes_through_its_lesson_and_back(rooms, room):
    stages = [room.place]
    while room.place.stage != "over":
        room = go(rooms, room, discuss=room.place == Place(0, "closed", 1))
        stages.append(room.place)
    first = [
        Place(0, "open"),
        Place(0, "closed"),
        Place(0, "discuss"),
        Place(0, "open", 2),
        Place(0, "closed", 2),
        Place(0, "reveal", 2),
    ]
    assert stages[:7] == [*first, Place(0, "explain", 2)]
    assert stages[7:11] == [Place(1, stage) for stage in ("open", "closed", "reveal", "explain")]
    assert stages[-2:] == [Place(3, "explain"), Place(3, "over")]
    assert go(rooms, room).place == room.place
    for expected in reversed(stages[:-1]):
        room = rooms.go_back(room.code, room.version)
        assert room.place == expected
    room = rooms.go_back(room.code, room.version)
    assert room.place == Place() and rooms.go_back(room.code, room.version).place == Place()


def test_the_second_vote_tells_who_moved(rooms, room):
    for device, choice in (("one", "batch"), ("two", "group"), ("three", "layer")):
        join_and_vote(rooms, room, device, choice)
    room = go(rooms, go(rooms, go(rooms, room), discuss=True))
    for device in ("one", "two"):
        join_and_vote(rooms, room, device, "batch", round_=2)
    assert rooms.moves(room, "mates") == Counter({("batch", "batch"): 1, ("group", "batch"): 1})
    assert rooms.answer_of(room, "two", "mates") == ("group", "batch")
    assert rooms.answer_of(room, "three", "mates") == ("layer", "")


def test_moves_between_numbers_tell_only_right_ones_from_others(rooms, room):
    room = go(rooms, room, 4)
    right = views.answer(room.step).right
    for round_, given in enumerate([("40", "50", right), (right, "60", right)], start=1):
        for device, number in enumerate(given):
            join_and_vote(rooms, room, str(device), number, step="lead", round_=round_)
        if round_ == 1:
            room = go(rooms, go(rooms, go(rooms, room), discuss=True))
    told = {(row["one"], row["other"]): row["count"] for row in views.moves(rooms, room)}
    assert told == {("another answer", "right"): 1, ("another answer", "another answer"): 1, ("right", "right"): 1}


def test_of_many_numbers_some_share_a_row_but_right_ones_none_with_others(rooms, room):
    room = go(rooms, room, 4)
    right = float(views.answer(room.step).right)
    given = [right - 0.3, right, right + 0.2, *range(10, 40)]
    for device, number in enumerate(given):
        join_and_vote(rooms, room, str(device), f"{number:g}", step="lead")
    rows = views.tables(rooms, room)[0]["rows"]
    assert len(rows) <= views.MOST_ROWS and sum(row.count for row in rows) == len(given)
    assert [(row.text, row.count) for row in rows if row.right] == [(f"{right - 0.3:g} to {right + 0.2:g} points", 3)]
    assert rows[-1].text.endswith(" to 39 points")


def test_of_many_orders_the_right_ones_are_shown_and_the_rest_together(rooms, room, monkeypatch):
    monkeypatch.setattr(views, "MOST_ROWS", 3)
    room = go(rooms, room, 8)
    assert room.step.key == "order"
    for device, order in enumerate(permutations(room.step.question.options)):
        join_and_vote(rooms, room, str(device), ">".join(order), step="order")
    rows = views.tables(rooms, room)[0]["rows"]
    right = [order for order in permutations(room.step.question.options) if views.is_right(room.step, ">".join(order))]
    assert sum(row.right for row in rows) == len(right) and sum(row.count for row in rows) == 6
    assert rows[-1].text == f"{6 - len(rows) + 1} other orders" and not rows[-1].right
    monkeypatch.setattr(views, "is_right", lambda step, given: True)
    assert len(views.tables(rooms, room)[0]["rows"]) == 6


def test_hands_are_counted_beside_devices_and_replaced(rooms, room):
    join_and_vote(rooms, room, "one", "batch")
    rooms.raise_hands(room.code, "mates", 1, {"batch": 2, "layer": 3})
    rooms.raise_hands(room.code, "mates", 1, {"batch": 1})
    assert rooms.tally(room, "mates", 1) == Counter(batch=2, layer=3)
    assert rooms.state(room.code) == {"version": room.version, "joined": 5, "answered": 5, "kept": 3}
    with pytest.raises(RoomError, match="from 0 to 500: batch=501"):
        rooms.raise_hands(room.code, "mates", 1, {"batch": 501})
    with pytest.raises(RoomError, match="another question"):
        rooms.raise_hands(room.code, "lead", 1, {"3": 1})
    with pytest.raises(RoomError, match="while a vote is open"):
        rooms.raise_hands(go(rooms, room, 2).code, "mates", 1, {"batch": 1})
    assert rooms.state(room.code)["joined"] == 5, "they are there in the next vote too"


def test_numbers_and_orders_are_kept_in_one_form(rooms, room):
    room = go(rooms, room, 4)
    rooms.join(room.code, "one")
    for given in ("1,50", " 1.5 ", "1.500"):
        rooms.vote(room.code, "one", "lead", 1, given)
        assert rooms.tally(room, "lead", 1) == Counter({"1.5": 1})
    for given in ("18,064", "18'064", "18 064", "18\N{NO-BREAK SPACE}064.0", "18064"):
        rooms.vote(room.code, "one", "lead", 1, given)
        assert rooms.tally(room, "lead", 1) == Counter({"18064": 1}), "thousands, not a decimal comma"
    rooms.vote(room.code, "one", "lead", 1, "\N{MINUS SIGN}0,125")
    assert rooms.tally(room, "lead", 1) == Counter({"-0.125": 1})
    for strange in ("", "nan", "inf", "1e9", "one", "1 2", "1,2,3"):
        with pytest.raises(RoomError, match="must be a number"):
            rooms.vote(room.code, "one", "lead", 1, strange)
    room = go(rooms, room, 4)
    rooms.vote(room.code, "one", "order", 1, "layer>group>batch")
    with pytest.raises(RoomError, match="each of the 3 a place"):
        rooms.vote(room.code, "one", "order", 1, "layer>layer>batch")


def test_a_room_ends_after_a_day_and_takes_its_votes_along(rooms, room, lesson_file, monkeypatch):
    join_and_vote(rooms, room, "one", "batch")
    day = module.LIFETIME_SECONDS
    real = module.time.time
    monkeypatch.setattr(module.time, "time", lambda: real() + day + 1)
    with pytest.raises(RoomError, match="no room of this code"):
        rooms.find(room.code)
    rooms.open(lesson_file, 5)  # which sweeps
    monkeypatch.setattr(module.time, "time", real)
    with pytest.raises(RoomError):
        rooms.find(room.code)
    assert rooms.tally(room, "mates", 1) == Counter()


def test_a_full_room_takes_no_more_devices_but_keeps_those_it_has(rooms, room, monkeypatch):
    monkeypatch.setattr(module, "MOST_DEVICES", 2)
    rooms.join(room.code, "one")
    rooms.join(room.code, "two")
    with pytest.raises(RoomError, match="full"):
        rooms.join(room.code, "three")
    assert rooms.join(room.code, "one").code == room.code


def test_a_server_holds_so_many_rooms(rooms, room, lesson_file, monkeypatch):
    monkeypatch.setattr(module, "MOST_ROOMS", 1)
    with pytest.raises(RoomError, match="holds 1 rooms already"):
        rooms.open(lesson_file, 5)
    assert rooms.find(room.code).code == room.code


def test_rooms_that_nobody_came_to_make_place_after_an_hour(rooms, lesson_file, monkeypatch):
    monkeypatch.setattr(module, "MOST_ROOMS", 2)
    empty, joined = (rooms.open(lesson_file, 5)[0].code for _ in range(2))
    rooms.join(joined, "one")
    monkeypatch.setattr(module, "IDLE_SECONDS", -1)
    rooms.open(lesson_file, 5)
    with pytest.raises(RoomError, match="no room of this code"):
        rooms.find(empty)
    assert rooms.find(joined)


def test_a_full_disk_need_not_make_the_index_of_the_log_anew(rooms, room):
    join_and_vote(rooms, room, "one", "batch")
    assert (rooms.folder / f"{module.FILE}-shm").exists()


def test_a_lesson_stays_as_it_was_when_the_room_was_opened(rooms, room, lesson_file):
    lesson_file.write_text("title: [", encoding="utf-8")
    assert Rooms(rooms.folder).find(room.code).lesson.title == "A small lesson"


def test_the_csv_holds_every_vote_and_no_device(rooms, room):
    join_and_vote(rooms, room, "a-device-token", "batch")
    rooms.raise_hands(room.code, "mates", 1, {"layer": 2})
    assert rooms.as_csv(room).splitlines() == ["step,round,device,choice,count", "mates,1,1,batch,1", "mates,1,hands,layer,2"]


def test_a_cut_that_the_lesson_has_not_is_refused(rooms, lesson_file):
    with pytest.raises(RoomError, match="one of 5, 10 minutes: cut=7"):
        rooms.open(lesson_file, 7)
