"""Streamlit's own scripts, styles and fonts, sent from memory and packed once; Streamlit reads each from disk for each visitor."""

import gzip
import mimetypes
import re
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

STATIC = Path(streamlit.__file__).parent / "static"
PACKED = (".js", ".css")
HEADERS = {"Cache-Control": "public, immutable, max-age=31536000", "Vary": "Accept-Encoding"}  # its name changes with a file


class Assets:
    """Middleware that answers for Streamlit's files; those that its page names are read and packed at the start."""

    def __init__(self, app: ASGIApp):
        self.app = app
        self.names = {f"/{file.relative_to(STATIC).as_posix()}" for file in STATIC.glob("static/*/*")}
        for name in re.findall(r'"\.(/static/[^"]+)"', (STATIC / "index.html").read_text(encoding="utf-8")):
            _answer(name, True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self.app
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in self.names:
            answer = _answer(scope["path"], "gzip" in Headers(scope=scope).get("Accept-Encoding", ""))
        await answer(scope, receive, send)


@cache
def _answer(name: str, packed: bool) -> Response:
    """Returns the answer that sends a file, packed where the browser takes that; fonts are packed already."""
    file = STATIC / name.removeprefix("/")
    kind = mimetypes.guess_type(name)[0]
    if packed and file.suffix in PACKED:
        return Response(gzip.compress(file.read_bytes()), headers=HEADERS | {"Content-Encoding": "gzip"}, media_type=kind)
    return Response(file.read_bytes(), headers=HEADERS, media_type=kind)
