"""Where each plain page of a room is served; `ROUTES` goes to `st.App`."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from normviz.classroom import address, phones, screens, serving

FILES = {"classroom.css": "text/css", "classroom.js": "text/javascript"}


async def file(request: Request) -> Response:
    """Serves the two files that every page uses."""
    name = request.path_params["name"]
    if name not in FILES:
        return PlainTextResponse("no such file", HTTPStatus.NOT_FOUND)
    return FileResponse(serving.HERE / "static" / name, media_type=FILES[name], headers={"Cache-Control": "max-age=600"})


async def ping(request: Request) -> Response:
    """Proves to this process that an address leads to it."""
    return PlainTextResponse(address.TOKEN, headers=serving.SAFE)


ROUTES = [
    Route("/join", phones.join),
    Route("/join/{code}", phones.phone),
    Route("/join/{code}", phones.vote, methods=["POST"]),
    Route("/room/new", screens.new, methods=["GET", "POST"]),
    Route("/room/ping", ping),
    Route("/room/files/{name}", file),
    Route("/room/{code}", screens.projector),
    Route("/room/{code}/state", phones.state),
    Route("/room/{code}/chart/{step}.svg", screens.chart),
    Route("/room/{code}/teacher", screens.teacher),
    Route("/room/{code}/go", screens.go, methods=["POST"]),
    Route("/room/{code}/hands", screens.hands, methods=["POST"]),
    Route("/room/{code}/address", screens.change_address, methods=["POST"]),
    Route("/room/{code}/votes.csv", screens.votes_csv),
    Route("/room/{code}/handout-{paper}.pdf", screens.handout_pdf),
]
