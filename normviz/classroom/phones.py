"""The pages of the phones: native HTML, no script needed, no Streamlit session."""

import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from normviz.classroom import serving, views
from normviz.classroom.ballots import RoomError
from normviz.classroom.stages import REVEALED, Room

DEVICE = "normviz_device"
WAIT = 2000  # milliseconds between two looks


@serving.guarded
async def join(request: Request) -> Response:
    """Asks for a room's code, or leads to the room."""
    code = "".join(request.query_params.get("code", "").split()).upper()[:8]
    return serving.see_other(f"/join/{serving.rooms().find(code).code}") if code else serving.page("join.html", "phone")


@serving.guarded
async def phone(request: Request) -> Response:
    """Shows a device where its room stands; counts it in once it has shown that it keeps a cookie."""
    code, device = request.path_params["code"], request.cookies.get(DEVICE, "")
    if len(device) != 32 or not device.isalnum():
        return _named(request, serving.rooms().find(code))
    room = serving.rooms().join(code, device)
    response = serving.page("phone.html", "phone", room=room, **_on_phone(room, device) | {"wait": WAIT})
    serving.cookie(request, response, DEVICE, device, strict=False)  # it lasts from the last look on
    return response


def _named(request: Request, room: Room) -> Response:
    """Gives a device a name and has it come again."""
    if "named" in request.query_params:
        raise RoomError("This browser keeps no cookie, so its votes could not be counted once: allow cookies here.", 403)
    response = serving.see_other(f"/join/{room.code}?named")
    serving.cookie(request, response, DEVICE, secrets.token_hex(16), strict=False)
    return response


def _on_phone(room: Room, device: str) -> dict:
    step, stage = room.step, room.place.stage
    values = {"stage": stage, "question": step.question, "voting": stage == "open"}
    if step.question is None:
        return values
    first, second = serving.rooms().answer_of(room, device, step.key)
    mine = second if room.place.round == 2 else first
    given = mine or first
    values |= {"mine": mine, "spoken": views.spoken(step.question, mine if stage == "open" else given)}
    if stage in REVEALED:
        right = views.is_right(step, given) if given else None
        values |= {"answer": views.answer(step), "truth": views.truth(step), "right": right}
    return values


@serving.guarded
async def vote(request: Request) -> Response:
    """Keeps an answer."""
    code, fields = request.path_params["code"], dict(await serving.form(request))
    places = [value for name, value in sorted(fields.items()) if name.startswith("place")]
    choice = ">".join(places) if places else fields.get("choice", "")
    round_ = serving.whole(fields.get("round", ""), "round")
    serving.rooms().vote(code, request.cookies.get(DEVICE, ""), fields.get("step", ""), round_, choice)
    return serving.see_other(f"/join/{code}")


@serving.guarded
async def state(request: Request) -> Response:
    """Says whether a room has gone on."""
    return JSONResponse(serving.rooms().state(request.path_params["code"]), headers=serving.SAFE)
