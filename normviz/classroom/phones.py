"""The plain pages of a room, served beside the app: phones, the projector, the teacher. No Streamlit session a phone.

Every route is a function of a Starlette request; `ROUTES` goes to `st.App`.
"""

import asyncio
import io
import secrets
import sqlite3
from functools import cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl

import jinja2
import segno
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from normviz.charts import lesson as charts
from normviz.charts import paper
from normviz.charts.specification import specification
from normviz.classroom import address, handout, lessons, views
from normviz.classroom.lessons import LessonError, Step
from normviz.classroom.rooms import LIFETIME_SECONDS, Room, RoomError, Rooms
from normviz.classroom.settings import settings
from normviz.classroom.stages import REVEALED

HERE = Path(__file__).parent
FILES = {"classroom.css": "text/css", "classroom.js": "text/javascript"}
LARGEST_FORM = 4096  # bytes
PHONE_WAIT, SCREEN_WAIT = 2000, 1000  # milliseconds between two looks
SAFE = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
DEVICE = "normviz_device"
CHART_WIDTH = 230  # pixels; it is drawn large at the front, so its letters grow with it
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


def _page(template: str, kind: str, status: int = 200, **values) -> HTMLResponse:
    values = {"room": None, "wait": SCREEN_WAIT, **values}
    return HTMLResponse(_templates().get_template(template).render(kind=kind, **values), status, headers=SAFE)


def _refusal(error: RoomError, back: str = "/join", label: str = "Back") -> HTMLResponse:
    titles = {
        404: "No such room",
        409: "Too late",
        403: "Not from here",
        413: "Too much",
        429: "Too many tries",
        503: "The server has a problem",
    }
    title = titles.get(error.status, "That was not understood")
    return _page("said.html", "said", error.status, title=title, said=str(error), back=back, back_label=label)


def _guarded(show):
    """Turns what a room does not allow into a page that says so."""

    async def answer(request: Request) -> Response:
        try:
            return await show(request)
        except RoomError as error:
            if error.status == HTTPStatus.NOT_FOUND and not await _tries.may_wait():
                return _refusal(RoomError("Too many wrong codes: wait a minute, and look at the front again.", 429))
            code = request.path_params.get("code", "")
            back = f"/join/{code}" if code and error.status != HTTPStatus.NOT_FOUND else "/join"
            return _refusal(error, back)
        except (sqlite3.Error, OSError) as error:
            said = f"The rooms cannot be read or kept in {settings().folder} ({error}): look at its disk, and try again."
            return _refusal(RoomError(said, HTTPStatus.SERVICE_UNAVAILABLE), request.url.path, "Try again")

    return answer


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


async def _form(request: Request) -> list[tuple[str, str]]:
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


def _whole(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise RoomError(f"{name} must be a whole number: {text[:20]!r}.", 400)
    return int(text)


def _cookie(request: Request, response: Response, name: str, value: str, strict: bool) -> None:
    secure = request.url.scheme == "https"
    same = "strict" if strict else "lax"
    response.set_cookie(name, value, LIFETIME_SECONDS, httponly=True, samesite=same, secure=secure)


def _steers(request: Request, room: Room) -> bool:
    return rooms().may_steer(room.code, request.cookies.get(f"normviz_room_{room.code}", ""))


def _steered(request: Request) -> Room:
    room = rooms().find(request.path_params["code"])
    if not _steers(request, room):
        raise RoomError("Only the browser that opened this room may steer it.", 403)
    return room


def _see_other(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER, headers=SAFE)


# phones


@_guarded
async def join(request: Request) -> Response:
    """Asks for a room's code, or leads to the room."""
    code = "".join(request.query_params.get("code", "").split()).upper()[:8]
    return _see_other(f"/join/{rooms().find(code).code}") if code else _page("join.html", "phone")


@_guarded
async def phone(request: Request) -> Response:
    """Shows a device where its room stands; counts it in."""
    device = request.cookies.get(DEVICE, "")
    known = len(device) == 32 and device.isalnum()
    device = device if known else secrets.token_hex(16)
    room = rooms().join(request.path_params["code"], device)
    response = _page("phone.html", "phone", room=room, **_on_phone(room, device) | {"wait": PHONE_WAIT})
    if not known:
        _cookie(request, response, DEVICE, device, strict=False)
    return response


def _on_phone(room: Room, device: str) -> dict:
    step, stage = room.step, room.place.stage
    values = {"stage": stage, "question": step.question, "voting": stage == "open"}
    if step.question is None:
        return values
    first, second = rooms().answer_of(room, device, step.key)
    given = second or first
    mine = second if room.place.round == 2 else first
    values |= {"mine": mine, "spoken": views.spoken(step.question, mine if stage == "open" else given)}
    if stage in REVEALED:
        right = views.is_right(step, given) if given else None
        values |= {"answer": views.answer(step), "truth": views.truth(step), "right": right}
    return values


@_guarded
async def vote(request: Request) -> Response:
    """Keeps an answer."""
    code, fields = request.path_params["code"], dict(await _form(request))
    places = [value for name, value in sorted(fields.items()) if name.startswith("place")]
    choice = ">".join(places) if places else fields.get("choice", "")
    round_ = _whole(fields.get("round", ""), "round")
    rooms().vote(code, request.cookies.get(DEVICE, ""), fields.get("step", ""), round_, choice)
    return _see_other(f"/join/{code}")


@_guarded
async def state(request: Request) -> Response:
    """Says whether a room has gone on."""
    return JSONResponse(rooms().state(request.path_params["code"]), headers=SAFE)


# the projector


@_guarded
async def projector(request: Request) -> Response:
    """Shows the class where its room stands; never the votes before the reveal."""
    room = rooms().find(request.path_params["code"])
    return _page("projector.html", "wide projector", room=room, **_on_screens(request, room), **_in_front(room))


def _on_screens(request: Request, room: Room) -> dict:
    button, second = views.buttons(rooms(), room)
    step, stage = room.step, room.place.stage
    shared = {
        "stage": stage,
        "question": step.question,
        "voting": stage == "open",
        "counts": rooms().state(room.code),
        "steers": _steers(request, room),
        "button": button,
        "second": second,
        "hint": f"Phones reach this room at {room.address}." if room.address else address.HINT,
    }
    if step.question:
        shared |= {"answer": views.answer(step), "truth": views.truth(step)}
    return shared


def _in_front(room: Room) -> dict:
    step = room.step
    separator = "&" if "?" in step.page else "?"
    shown = {
        "address": room.address,
        "qr": _qr(room),
        "embedded": f"{step.page}{separator}embed=true",
        "tables": [],
        "moves": [],
    }
    if room.place.stage in REVEALED and step.question:
        found = views.answer(step)
        said = charts.sentence(found.measured, found.title)
        shown |= {"tables": views.tables(rooms(), room), "moves": views.moves(rooms(), room), "chart_said": said}
    return shown


def _qr(room: Room) -> str:
    if not room.address:
        return ""
    file = io.BytesIO()
    segno.make(f"{room.address}/join/{room.code}", error="m").save(
        file, kind="svg", xmldecl=False, svgns=True, border=2, omitsize=True
    )
    return file.getvalue().decode()


@_guarded
async def chart(request: Request) -> Response:
    """Draws what a step has measured, from its reveal on."""
    room = rooms().find(request.path_params["code"])
    step = room.step
    if step.key != request.path_params["step"] or step.question is None or room.place.stage not in REVEALED:
        raise RoomError("This result has not been shown yet.", 409)
    return Response(await asyncio.to_thread(_drawn, step), media_type="image/svg+xml", headers=SAFE)


def _drawn(step: Step) -> str:
    found = views.answer(step)
    return paper.svg(specification(charts.measured(found.measured, found.unit)), CHART_WIDTH)


# the teacher


@_guarded
async def new(request: Request) -> Response:
    """Offers the lessons, and opens a room."""
    fields = dict(await _form(request)) if request.method == "POST" else {}
    offered, problems = lessons.usable()
    chosen = fields.get("lesson") or request.query_params.get("lesson", "")
    if request.method == "POST":
        try:
            return await _open(request, chosen, fields.get("address", "").strip())
        except (LessonError, address.AddressError) as error:
            problems = [str(error), *problems]
    values = {"lessons": offered, "chosen": chosen, "problems": problems}
    return _page("new.html", "teacher", address=fields.get("address", settings().address), **values)


async def _open(request: Request, chosen: str, typed: str) -> Response:
    key, _, cut = chosen.partition(" ")
    if key not in lessons.files():
        raise RoomError("Choose one of the lessons.", 400)
    where = await _address(request, typed)
    room, secret = rooms().open(lessons.files()[key], _whole(cut, "cut"), where)
    response = _see_other(f"/room/{room.code}/teacher")
    _cookie(request, response, f"normviz_room_{room.code}", secret, strict=True)
    return response


async def _address(request: Request, typed: str) -> str:
    """Returns the address for phones: the typed one, the owner's, or the machine's own; each only if it answers."""
    if typed or settings().address:
        return await asyncio.to_thread(address.checked, typed or settings().address)
    port = request.url.port or (443 if request.url.scheme == "https" else 80)
    return await asyncio.to_thread(address.find, port)


@_guarded
async def teacher(request: Request) -> Response:
    """Shows who opened a room everything about it, the votes included."""
    room = _steered(request)
    values = _on_screens(request, room)
    votes = {"tables": [], "moves": [], "hands": [], "advice": ""}
    if room.step.question:
        counted = rooms().hands(room)
        votes = {"tables": views.tables(rooms(), room), "moves": views.moves(rooms(), room)}
        votes |= {"hands": views.hands(room.step, counted), "advice": views.advice(rooms(), room)}
    rest = {"minutes_until": views.minutes_until(room), "live": values["counts"]["answered"]}
    return _page("teacher.html", "wide teacher", room=room, **values, **votes, **rest)


@_guarded
async def go(request: Request) -> Response:
    """Takes the room to its next stage, or back."""
    room, fields = _steered(request), dict(await _form(request))
    version, to = _whole(fields.get("version", ""), "version"), fields.get("to", "")
    if to == "back":
        rooms().go_back(room.code, version)
    elif to in ("next", "discuss"):
        rooms().go_on(room.code, version, discuss=to == "discuss")
    else:
        raise RoomError("A room goes to its next stage, to a discussion, or back.", 400)
    return _see_other(f"/room/{room.code}{'/teacher' if fields.get('view') == 'teacher' else ''}")


@_guarded
async def hands(request: Request) -> Response:
    """Counts people without a phone."""
    room, fields = _steered(request), await _form(request)
    choices = [value for name, value in fields if name == "choice"]
    counts = [value for name, value in fields if name == "count"]
    given = {choice: _whole(count, "hands") for choice, count in zip(choices, counts) if choice.strip() and count.strip()}
    rooms().raise_hands(room.code, given)
    return _see_other(f"/room/{room.code}/teacher")


@_guarded
async def change_address(request: Request) -> Response:
    """Gives a room another address for its phones."""
    room, fields = _steered(request), dict(await _form(request))
    try:
        rooms().use_address(room.code, await _address(request, fields.get("address", "").strip()))
    except address.AddressError as error:
        raise RoomError(f"{error}.", 400) from error
    return _see_other(f"/room/{room.code}/teacher")


@_guarded
async def votes_csv(request: Request) -> Response:
    """Hands out every vote of a room."""
    room = _steered(request)
    name = f"normviz-{room.lesson.key}-{room.code}.csv"
    headers = SAFE | {"Content-Disposition": f'attachment; filename="{name}"'}
    return PlainTextResponse(rooms().as_csv(room), media_type="text/csv", headers=headers)


@_guarded
async def handout_pdf(request: Request) -> Response:
    """Hands out the lesson on paper, with the room's votes."""
    room, paper = _steered(request), request.path_params["paper"]
    if paper not in handout.PAPERS:
        raise RoomError(f"The paper must be one of {', '.join(handout.PAPERS)}: {paper[:20]!r}.", 400)
    votes = views.all_votes(rooms(), room)
    content = await asyncio.to_thread(handout.pdf, room.lesson, room.cut, votes, paper, room.address)
    headers = SAFE | {"Content-Disposition": f'attachment; filename="normviz-{room.lesson.key}-{paper}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


async def file(request: Request) -> Response:
    """Serves the two files that every page uses."""
    name = request.path_params["name"]
    if name not in FILES:
        return PlainTextResponse("no such file", HTTPStatus.NOT_FOUND)
    return FileResponse(HERE / "static" / name, media_type=FILES[name], headers={"Cache-Control": "max-age=600"})


async def ping(request: Request) -> Response:
    """Proves to this process that an address leads to it."""
    return PlainTextResponse(address.TOKEN, headers=SAFE)


ROUTES = [
    Route("/join", join),
    Route("/join/{code}", phone),
    Route("/join/{code}", vote, methods=["POST"]),
    Route("/room/new", new, methods=["GET", "POST"]),
    Route("/room/ping", ping),
    Route("/room/files/{name}", file),
    Route("/room/{code}", projector),
    Route("/room/{code}/state", state),
    Route("/room/{code}/chart/{step}.svg", chart),
    Route("/room/{code}/teacher", teacher),
    Route("/room/{code}/go", go, methods=["POST"]),
    Route("/room/{code}/hands", hands, methods=["POST"]),
    Route("/room/{code}/address", change_address, methods=["POST"]),
    Route("/room/{code}/votes.csv", votes_csv),
    Route("/room/{code}/handout-{paper}.pdf", handout_pdf),
]
