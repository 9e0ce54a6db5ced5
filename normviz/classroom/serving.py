"""What every plain page of a room needs: templates, forms, cookies, refusals, and patience with wrong codes."""

import asyncio
import sqlite3
from functools import cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, quote

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from normviz.classroom.ballots import RoomError
from normviz.classroom.lessons import LessonError
from normviz.classroom.rooms import LIFETIME_SECONDS, Rooms
from normviz.classroom.settings import settings
from normviz.classroom.stages import Room

HERE = Path(__file__).parent
LARGEST_FORM = 4096  # bytes
SCREEN_WAIT = 1000  # milliseconds between two looks
SAFE = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
FREE_TRIES, SLOW_SECONDS, MOST_WAITING = 20, 0.5, 20  # wrong codes before each waits its turn, and how many may wait


@cache
def rooms() -> Rooms:
    """Returns the rooms of this server."""
    return Rooms(settings().folder)


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, kind: str, status: int = 200, **values) -> HTMLResponse:
    values = {"room": None, "wait": SCREEN_WAIT, **values}
    return HTMLResponse(_templates().get_template(template).render(kind=kind, **values), status, headers=SAFE)


def refusal(error: RoomError, back: str = "/join", label: str = "Back") -> HTMLResponse:
    titles = {
        404: "No such room",
        409: "Too late",
        410: "This room has ended",
        403: "Not from here",
        413: "Too much",
        429: "Too many tries",
        503: "The server has a problem",
    }
    title = titles.get(error.status, "That was not understood")
    return page("said.html", "said", error.status, title=title, said=str(error), back=back, back_label=label)


def guarded(show):
    """Turns what a room does not allow into a page that says so."""

    async def answer(request: Request) -> Response:
        try:
            return await show(request)
        except RoomError as error:
            if error.status == HTTPStatus.NOT_FOUND and not await _tries.may_wait():
                return refusal(RoomError("Too many wrong codes: wait a minute, and look at the front again.", 429))
            return refusal(error, _back(request, error))
        except LessonError as error:
            said = f"This room's lesson cannot be read any more ({error}): open another room."
            return refusal(RoomError(said, HTTPStatus.GONE), "/room/new", "Open a room")
        except (sqlite3.Error, OSError) as error:
            said = f"The rooms cannot be read or kept in {settings().folder} ({error}): look at its disk, and try again."
            return refusal(RoomError(said, HTTPStatus.SERVICE_UNAVAILABLE), request.url.path, "Try again")

    return answer


def _back(request: Request, error: RoomError) -> str:
    """Returns where a refusal leads back to: the teacher to the teacher's view, a phone to its room."""
    code = request.path_params.get("code", "")
    if not code or error.status == HTTPStatus.NOT_FOUND:
        return "/join"
    steered = request.url.path.startswith("/room/") and request.method == "POST"
    return f"/room/{code}/teacher" if steered else f"/join/{code}"


class _Tries:
    """How many wrong codes came of late; nothing is kept of who sent them."""

    def __init__(self):
        self.wrong, self.last, self.waiting, self.turn = 0.0, 0.0, 0, asyncio.Lock()

    async def may_wait(self) -> bool:
        """Lets a wrong code wait its turn once there were many, or returns False where too many wait already."""
        now = asyncio.get_running_loop().time()
        self.wrong = max(0.0, self.wrong - (now - self.last) / SLOW_SECONDS) + 1
        self.last = now
        if self.wrong <= FREE_TRIES:
            return True
        if self.waiting >= MOST_WAITING:
            return False
        self.waiting += 1
        try:
            async with self.turn:
                await asyncio.sleep(SLOW_SECONDS)
        finally:
            self.waiting -= 1
        return True


_tries = _Tries()


async def form(request: Request) -> list[tuple[str, str]]:
    """Returns the fields of a form.

    Raises:
        RoomError: it is larger than any form here.
    """
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > LARGEST_FORM:
            raise RoomError(f"A form may hold {LARGEST_FORM:,} bytes at most.", 413)
    return parse_qsl(content.decode(errors="replace"), keep_blank_values=True)


def whole(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise RoomError(f"{name} must be a whole number: {text[:20]!r}.", 400)
    return int(text)


def cookie(request: Request, response: Response, name: str, value: str, strict: bool) -> None:
    secure = request.url.scheme == "https"
    same = "strict" if strict else "lax"
    response.set_cookie(name, value, LIFETIME_SECONDS, httponly=True, samesite=same, secure=secure)


def steers(request: Request, room: Room) -> bool:
    return rooms().may_steer(room.code, request.cookies.get(f"normviz_room_{room.code}", ""))


def steered(request: Request) -> Room:
    room = rooms().find(request.path_params["code"])
    if not steers(request, room):
        raise RoomError("Only the browser that opened this room may steer it.", 403)
    return room


def to_keep(name: str) -> dict[str, str]:
    """Returns the headers of a file that is saved under a name, whatever letters it has."""
    return SAFE | {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def see_other(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER, headers=SAFE)
