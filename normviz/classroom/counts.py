"""What the votes of a room come to, out of its tables."""

import csv
import io
import sqlite3
from collections import Counter

from normviz.classroom.stages import Room


def tally(base: sqlite3.Connection, room: Room, step: str, round_: int) -> Counter:
    """Returns how many gave each answer, devices and hands."""
    query = "SELECT choice, COUNT(*) FROM vote WHERE room = ? AND step = ? AND round = ? GROUP BY choice"
    counts = Counter({row[0]: row[1] for row in base.execute(query, (room.code, step, round_))})
    return +(counts + hands(base, room, step, round_))


def hands(base: sqlite3.Connection, room: Room, step: str, round_: int) -> Counter:
    """Returns how many hands were counted for each answer."""
    query = "SELECT choice, count FROM hands WHERE room = ? AND step = ? AND round = ? AND count > 0"
    return Counter({row[0]: row[1] for row in base.execute(query, (room.code, step, round_))})


def people_without_device(base: sqlite3.Connection, room: Room) -> int:
    """Returns the most hands that one vote has counted."""
    query = "SELECT MAX(hands) FROM (SELECT SUM(count) hands FROM hands WHERE room = ? GROUP BY step, round)"
    return base.execute(query, (room.code,)).fetchone()[0] or 0


def as_csv(base: sqlite3.Connection, room: Room) -> str:
    """Returns every vote, as `Rooms.as_csv` does."""
    votes = base.execute("SELECT * FROM vote WHERE room = ? ORDER BY step, round, device", (room.code,)).fetchall()
    raised = base.execute("SELECT * FROM hands WHERE room = ? AND count > 0", (room.code,)).fetchall()
    numbers = {device: number for number, device in enumerate(sorted({vote["device"] for vote in votes}), start=1)}
    rows = [(vote["step"], vote["round"], numbers[vote["device"]], vote["choice"], 1) for vote in votes]
    rows += [(each["step"], each["round"], "hands", each["choice"], each["count"]) for each in raised]
    file = io.StringIO()
    csv.writer(file).writerows([("step", "round", "device", "choice", "count"), *rows])
    return file.getvalue()
