"""Rooms and their votes in one SQLite file: a server that is restarted in the middle of a vote loses none."""

import functools
import hashlib
import json
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

from normviz import disk
from normviz.classroom import counts, stages
from normviz.classroom.ballots import RoomError, checked
from normviz.classroom.lessons import load
from normviz.classroom.stages import Place, Room

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without 0 O 1 I L
CODE_LENGTH = 5
FILE = "rooms-2.sqlite"  # another number with other tables
LIFETIME_SECONDS = 24 * 3600
IDLE_SECONDS = 3600  # that a room without devices waits for its class where others need its place
WAIT_SECONDS = 1  # for another process that writes; meanwhile every visitor of this one waits
MOST_ROOMS = 200
MOST_DEVICES = 1000  # a room
MOST_HANDS = 500
TABLES = """
CREATE TABLE IF NOT EXISTS room (
  code TEXT PRIMARY KEY, secret TEXT, lesson TEXT, cut INTEGER, address TEXT, created REAL,
  step INTEGER, stage TEXT, round INTEGER, version INTEGER, since REAL, history TEXT,
  kept INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS device (room TEXT, device TEXT, PRIMARY KEY (room, device));
CREATE TABLE IF NOT EXISTS vote (
  room TEXT, step TEXT, round INTEGER, device TEXT, choice TEXT, PRIMARY KEY (room, step, round, device));
CREATE TABLE IF NOT EXISTS hands (
  room TEXT, step TEXT, round INTEGER, choice TEXT, count INTEGER, PRIMARY KEY (room, step, round, choice));
"""


class Rooms:
    """The rooms in one folder."""

    def __init__(self, folder: Path | str):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._connection() as base:
            base.execute("PRAGMA journal_mode = WAL")
            base.executescript(TABLES)
        # As long as one connection is open, the others share its index of the log, which a full disk has no room to make anew.
        self._open = sqlite3.connect(self.folder / FILE, check_same_thread=False)
        self._open.execute("SELECT COUNT(*) FROM room").fetchone()

    @contextmanager
    def _connection(self):
        base = sqlite3.connect(self.folder / FILE, timeout=WAIT_SECONDS, isolation_level=None)
        base.row_factory = sqlite3.Row
        try:
            yield base
        finally:
            base.close()  # which rolls back what was not committed

    @contextmanager
    def _writing(self):
        with self._connection() as base:
            base.execute("PRAGMA synchronous = NORMAL")
            base.execute("BEGIN IMMEDIATE")
            yield base
            base.execute("COMMIT")

    def open(self, file: Path, cut: int, address: str = "") -> tuple[Room, str]:
        """Opens a room for a lesson; returns it, and the secret of who may steer it.

        Raises:
            LessonError: the lesson cannot be used.
            RoomError: the lesson has no such cut, or there are too many rooms.
        """
        lesson = load(file)
        if cut not in lesson.cuts:
            raise RoomError(f"the cut must be one of {', '.join(map(str, lesson.cuts))} minutes: cut={cut}", 400)
        secret, now = secrets.token_urlsafe(32), time.time()
        with self._writing() as base:
            self._end(base, "created < ?", now - LIFETIME_SECONDS)
            if _is_full(base):
                empty = "stage = 'lobby' AND NOT EXISTS (SELECT 1 FROM device WHERE room = code)"
                self._end(base, f"created < ? AND {empty}", now - IDLE_SECONDS)
            if _is_full(base):
                raise RoomError(f"This server holds {MOST_ROOMS} rooms already: each ends a day after it was opened.", 503)
            code, place = _free_code(base), Place()
            row = (code, _digest(secret), self._kept(file), cut, address, now, *astuple(place), 1, now, "[]")
            base.execute(f"INSERT INTO room VALUES ({', '.join('?' * len(row))}, 0)", row)
        return self.find(code), secret

    def _kept(self, file: Path) -> str:
        """Copies a lesson, so that a room keeps it as it was opened; returns the copy's path."""
        content = Path(file).read_bytes()
        copy = self.folder / "lessons" / hashlib.sha256(content).hexdigest()[:16] / Path(file).name
        disk.write_whole(copy, content)
        return str(copy)

    def _end(self, base: sqlite3.Connection, which: str, before: float) -> None:
        old = [row["code"] for row in base.execute(f"SELECT code FROM room WHERE {which}", (before,))]
        for table, column in (("room", "code"), ("device", "room"), ("vote", "room"), ("hands", "room")):
            base.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(code,) for code in old])

    def find(self, code: str) -> Room:
        """Returns a room.

        Raises:
            RoomError: there is none of this code, or it has ended.
        """
        with self._connection() as base:
            return _room(_row(base, code))

    def state(self, code: str) -> dict[str, int]:
        """Returns what every screen asks for again and again.

        `version`; `joined` and `answered`, devices and hands; `kept`, how often an answer was given or changed.

        Raises:
            RoomError: there is none of this code, or it has ended.
        """
        with self._connection() as base:
            row = _row(base, code)
            joined = base.execute("SELECT COUNT(*) FROM device WHERE room = ?", (row["code"],)).fetchone()[0]
            room = _room(row)
            answered = sum(counts.tally(base, room, room.step.key, room.place.round).values())
            return {
                "version": row["version"],
                "joined": joined + counts.people_without_device(base, room),
                "answered": answered,
                "kept": row["kept"],
            }

    def may_steer(self, code: str, secret: str) -> bool:
        """Returns whether this is the secret that was given to who opened the room."""
        with self._connection() as base:
            return secrets.compare_digest(_row(base, code)["secret"], _digest(secret))

    def join(self, code: str, device: str) -> Room:
        """Counts a device in, once.

        Raises:
            RoomError: there is no such room, or it is full.
        """
        with self._writing() as base:
            row = _row(base, code)
            full = base.execute("SELECT COUNT(*) FROM device WHERE room = ?", (row["code"],)).fetchone()[0] >= MOST_DEVICES
            known = base.execute("SELECT 1 FROM device WHERE room = ? AND device = ?", (row["code"], device)).fetchone()
            if full and not known:
                raise RoomError(f"This room is full: it takes {MOST_DEVICES:,} devices.", 403)
            base.execute("INSERT OR IGNORE INTO device VALUES (?, ?)", (row["code"], device))
            return _room(row)

    def vote(self, code: str, device: str, step: str, round_: int, choice: str) -> None:
        """Keeps a device's answer, in the place of its earlier one of the same step and round.

        Raises:
            RoomError: no such room, the device has not joined, the vote is closed or another one's, or no such answer.
        """
        with self._writing() as base:
            room = _room(_row(base, code))
            _check_open(room, step, round_)
            if not base.execute("SELECT 1 FROM device WHERE room = ? AND device = ?", (room.code, device)).fetchone():
                raise RoomError("This device has not joined the room: open its address again, and allow cookies.", 403)
            row = (room.code, step, round_, device, checked(room.step.question, choice))
            base.execute("INSERT OR REPLACE INTO vote VALUES (?, ?, ?, ?, ?)", row)
            _note_change(base, room)

    def raise_hands(self, code: str, step: str, round_: int, given: dict[str, int]) -> None:
        """Keeps how many people without a phone gave each answer in the vote that is open or was just closed.

        Raises:
            RoomError: no such room, no vote, another vote, no such answer, or a count that cannot be.
        """
        with self._writing() as base:
            room = _room(_row(base, code))
            if room.place.stage not in ("open", "closed"):
                raise RoomError("Hands are counted while a vote is open or has just been closed.", 409)
            _check_asked(room, step, round_)
            for choice, count in given.items():
                if not 0 <= count <= MOST_HANDS:
                    raise RoomError(f"a count of hands must be a whole number from 0 to {MOST_HANDS}: {choice}={count}", 400)
                row = (room.code, room.step.key, room.place.round, checked(room.step.question, choice), count)
                base.execute("INSERT OR REPLACE INTO hands VALUES (?, ?, ?, ?, ?)", row)
            _note_change(base, room)

    def hands(self, room: Room) -> Counter:
        """Returns how many hands were counted for each answer in the present round."""
        with self._connection() as base:
            return counts.hands(base, room, room.step.key, room.place.round)

    def use_address(self, code: str, address: str) -> None:
        """Gives a room another address for its phones."""
        with self._writing() as base:
            base.execute(
                "UPDATE room SET address = ?, version = version + 1 WHERE code = ?", (address, _row(base, code)["code"])
            )

    def go_on(self, code: str, version: int, discuss: bool = False) -> Room:
        """Takes a room to its next stage, if it still stands where the caller saw it: a second click does nothing."""

        def onwards(room: Room, before: list) -> tuple[Place, list]:
            return stages.following(room.place, room.steps, discuss), [*before, astuple(room.place)]

        return self._move(code, version, onwards)

    def go_back(self, code: str, version: int) -> Room:
        """Takes a room back to where it stood before, in the same way; votes stay."""

        def back(room: Room, before: list) -> tuple[Place, list]:
            return (Place(*before[-1]), before[:-1]) if before else (room.place, before)

        return self._move(code, version, back)

    def _move(self, code: str, version: int, choose: Callable[[Room, list], tuple[Place, list]]) -> Room:
        with self._writing() as base:
            row = _row(base, code)
            room = _room(row)
            place, before = choose(room, json.loads(row["history"]))
            if row["version"] == version and place != room.place:
                changed = (*astuple(place), version + 1, time.time(), json.dumps(before), room.code)
                base.execute("UPDATE room SET step=?, stage=?, round=?, version=?, since=?, history=? WHERE code=?", changed)
        return self.find(code)

    def tally(self, room: Room, step: str, round_: int) -> Counter:
        """Returns how many gave each answer, devices and hands."""
        with self._connection() as base:
            return counts.tally(base, room, step, round_)

    def moves(self, room: Room, step: str) -> Counter:
        """Returns how many devices went from one answer in the first round to another in the second: (from, to) to count."""
        query = """SELECT one.choice, two.choice, COUNT(*) FROM vote one JOIN vote two USING (room, step, device)
                   WHERE one.room = ? AND one.step = ? AND one.round = 1 AND two.round = 2 GROUP BY 1, 2"""
        with self._connection() as base:
            return Counter({(row[0], row[1]): row[2] for row in base.execute(query, (room.code, step))})

    def answer_of(self, room: Room, device: str, step: str) -> tuple[str, str]:
        """Returns a device's answers in the two rounds of a step, empty where it gave none."""
        query = "SELECT round, choice FROM vote WHERE room = ? AND step = ? AND device = ?"
        with self._connection() as base:
            found = {row["round"]: row["choice"] for row in base.execute(query, (room.code, step, device))}
        return found.get(1, ""), found.get(2, "")

    def as_csv(self, room: Room) -> str:
        """Returns every vote: step, round, device (a number that means nothing outside this file), choice, count."""
        with self._connection() as base:
            return counts.as_csv(base, room)


def _check_open(room: Room, step: str, round_: int) -> None:
    if room.place.stage != "open":
        raise RoomError("This vote is closed: your answer was not counted.", 409)
    _check_asked(room, step, round_)


def _check_asked(room: Room, step: str, round_: int) -> None:
    if step != room.step.key or round_ != room.place.round:
        raise RoomError("This answer belongs to another question: answer the one that is asked now.", 409)


def _note_change(base: sqlite3.Connection, room: Room) -> None:
    base.execute("UPDATE room SET kept = kept + 1 WHERE code = ?", (room.code,))


def _is_full(base: sqlite3.Connection) -> bool:
    return base.execute("SELECT COUNT(*) FROM room").fetchone()[0] >= MOST_ROOMS


def _row(base: sqlite3.Connection, code: str) -> sqlite3.Row:
    row = base.execute("SELECT * FROM room WHERE code = ?", (code.upper(),)).fetchone()
    if row is None or row["created"] < time.time() - LIFETIME_SECONDS:
        raise RoomError("There is no room of this code: look at the front again; letters and digits, no 0 O 1 I L.", 404)
    return row


_lesson = functools.lru_cache(maxsize=64)(load)  # a copy in the folder never changes


def _room(row: sqlite3.Row) -> Room:
    place = Place(row["step"], row["stage"], row["round"])
    return Room(
        row["code"], _lesson(row["lesson"]), row["cut"], row["address"], row["created"], row["since"], place, row["version"]
    )


def _free_code(base: sqlite3.Connection) -> str:
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        if not base.execute("SELECT 1 FROM room WHERE code = ?", (code,)).fetchone():
            return code


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
