"""The pages of a room that are no phone's: what stands at the front, and what the teacher alone sees."""

import asyncio
import io

import segno
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from normviz.charts import lesson as charts
from normviz.charts import paper
from normviz.charts.specification import specification
from normviz.classroom import address, handout, lessons, serving, views
from normviz.classroom.ballots import RoomError
from normviz.classroom.lessons import LessonError, Step
from normviz.classroom.settings import settings
from normviz.classroom.stages import REVEALED, Room

CHART_WIDTH = 230  # pixels; it is drawn large at the front, so its letters grow with it


@serving.guarded
async def projector(request: Request) -> Response:
    """Shows the class where its room stands; never the votes before the reveal."""
    room = serving.rooms().find(request.path_params["code"])
    return serving.page(
        "projector.html", "wide projector", room=room, **_on_screens(request, room, advised=False), **_in_front(room)
    )


def _on_screens(request: Request, room: Room, advised: bool) -> dict:
    button, second = views.buttons(serving.rooms(), room, advised)
    step, stage = room.step, room.place.stage
    shared = {
        "stage": stage,
        "question": step.question,
        "voting": stage == "open",
        "counts": serving.rooms().state(room.code),
        "steers": serving.steers(request, room),
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
        "embedded": f"{step.page}{separator}embed=true&embed_options=light_theme",
        "tables": [],
        "moves": [],
    }
    if room.place.stage in REVEALED and step.question:
        found = views.answer(step)
        said = charts.sentence(found.measured, found.title)
        shown |= {
            "tables": views.tables(serving.rooms(), room),
            "moves": views.moves(serving.rooms(), room),
            "chart_said": said,
        }
    return shown


def _qr(room: Room) -> str:
    if not room.address:
        return ""
    file = io.BytesIO()
    segno.make(f"{room.address}/join/{room.code}", error="m").save(
        file, kind="svg", xmldecl=False, svgns=True, border=2, omitsize=True
    )
    return file.getvalue().decode()


@serving.guarded
async def chart(request: Request) -> Response:
    """Draws what a step has measured, from its reveal on."""
    room = serving.rooms().find(request.path_params["code"])
    step = room.step
    if step.key != request.path_params["step"] or step.question is None or room.place.stage not in REVEALED:
        raise RoomError("This result has not been shown yet.", 409)
    return Response(await asyncio.to_thread(_drawn, step), media_type="image/svg+xml", headers=serving.SAFE)


def _drawn(step: Step) -> str:
    found = views.answer(step)
    return paper.svg(specification(charts.measured(found.measured, found.unit)), CHART_WIDTH)


@serving.guarded
async def new(request: Request) -> Response:
    """Offers the lessons, and opens a room."""
    fields = dict(await serving.form(request)) if request.method == "POST" else {}
    offered, problems = lessons.usable()
    chosen = fields.get("lesson") or request.query_params.get("lesson", "")
    if request.method == "POST":
        try:
            return await _open(request, chosen, fields.get("address", "").strip())
        except (LessonError, address.AddressError) as error:
            problems = [str(error), *problems]
    values = {"lessons": offered, "chosen": chosen, "problems": problems}
    return serving.page("new.html", "teacher", address=fields.get("address", settings().address), **values)


async def _open(request: Request, chosen: str, typed: str) -> Response:
    key, _, cut = chosen.rpartition(" ")
    if key not in lessons.files():
        raise RoomError("Choose one of the lessons.", 400)
    where = await _address(request, typed)
    room, secret = serving.rooms().open(lessons.files()[key], serving.whole(cut, "cut"), where)
    response = serving.see_other(f"/room/{room.code}/teacher")
    serving.cookie(request, response, f"normviz_room_{room.code}", secret, strict=True)
    return response


async def _address(request: Request, typed: str) -> str:
    """Returns the address for phones: the typed one, the owner's, or the machine's own; each only if it answers."""
    if typed or settings().address:
        return await asyncio.to_thread(address.checked, typed or settings().address)
    port = request.url.port or (443 if request.url.scheme == "https" else 80)
    return await asyncio.to_thread(address.find, port)


@serving.guarded
async def teacher(request: Request) -> Response:
    """Shows who opened a room everything about it, the votes included."""
    room = serving.steered(request)
    values = _on_screens(request, room, advised=True)
    votes = {"tables": [], "moves": [], "hands": [], "advice": ""}
    if room.step.question:
        counted = serving.rooms().hands(room)
        votes = {"tables": views.tables(serving.rooms(), room), "moves": views.moves(serving.rooms(), room)}
        votes |= {"hands": views.hands(room.step, counted), "advice": views.advice(serving.rooms(), room)}
    rest = {"minutes_until": views.minutes_until(room), "live": values["counts"]["kept"]}
    return serving.page("teacher.html", "wide teacher", room=room, **values, **votes, **rest)


@serving.guarded
async def go(request: Request) -> Response:
    """Takes the room to its next stage, or back."""
    room, fields = serving.steered(request), dict(await serving.form(request))
    version, to = serving.whole(fields.get("version", ""), "version"), fields.get("to", "")
    if to == "back":
        serving.rooms().go_back(room.code, version)
    elif to in ("next", "discuss"):
        serving.rooms().go_on(room.code, version, discuss=to == "discuss")
    else:
        raise RoomError("A room goes to its next stage, to a discussion, or back.", 400)
    return serving.see_other(f"/room/{room.code}{'/teacher' if fields.get('view') == 'teacher' else ''}")


@serving.guarded
async def hands(request: Request) -> Response:
    """Counts people without a phone."""
    room, fields = serving.steered(request), await serving.form(request)
    choices = [value for name, value in fields if name == "choice"]
    counts = [value for name, value in fields if name == "count"]
    given = {choice: serving.whole(count.strip() or "0", "hands") for choice, count in zip(choices, counts) if choice.strip()}
    asked = dict(fields)
    serving.rooms().raise_hands(room.code, asked.get("step", ""), serving.whole(asked.get("round", ""), "round"), given)
    return serving.see_other(f"/room/{room.code}/teacher")


@serving.guarded
async def change_address(request: Request) -> Response:
    """Gives a room another address for its phones."""
    room, fields = serving.steered(request), dict(await serving.form(request))
    try:
        serving.rooms().use_address(room.code, await _address(request, fields.get("address", "").strip()))
    except address.AddressError as error:
        raise RoomError(f"{error}.", 400) from error
    return serving.see_other(f"/room/{room.code}/teacher")


@serving.guarded
async def votes_csv(request: Request) -> Response:
    """Hands out every vote of a room."""
    room = serving.steered(request)
    headers = serving.to_keep(f"normviz-{room.lesson.key}-{room.code}.csv")
    return PlainTextResponse(serving.rooms().as_csv(room), media_type="text/csv", headers=headers)


@serving.guarded
async def handout_pdf(request: Request) -> Response:
    """Hands out the lesson on paper, with the room's votes."""
    room, paper = serving.steered(request), request.path_params["paper"]
    if paper not in handout.PAPERS:
        raise RoomError(f"The paper must be one of {', '.join(handout.PAPERS)}: {paper[:20]!r}.", 400)
    votes = views.all_votes(serving.rooms(), room)
    try:
        content = await asyncio.to_thread(handout.pdf, room.lesson, room.cut, votes, paper, room.address)
    except ValueError as error:
        raise RoomError(f"The handout was not made: {error}", 422) from error
    headers = serving.to_keep(f"normviz-{room.lesson.key}-{paper}.pdf")
    return Response(content, media_type="application/pdf", headers=headers)
