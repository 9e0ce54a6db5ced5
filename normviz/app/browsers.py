"""A name for each browser, in a cookie of the app's own: it tells who has begun a run of the lab from who comes by a link."""

import re
import secrets
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from normviz.classroom import serving
from normviz.words import pages

COOKIE = "normviz_browser"
_NAME = re.compile("[0-9a-f]{32}")


def name(cookies: Mapping[str, str]) -> str:
    """Returns the name among a browser's cookies; empty where there is none, or somebody has made one up."""
    found = cookies.get(COOKIE)
    return found if isinstance(found, str) and _NAME.fullmatch(found) else ""


class NameBrowsers:
    """Middleware that gives a browser its name with the first page of the app that it asks for."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asks = scope["type"] == "http" and scope["path"].strip("/") in ("", *pages.PAGES)
        if not asks or name(Request(scope).cookies):
            await self.app(scope, receive, send)
            return
        named = Response()
        serving.cookie(Request(scope), named, COOKIE, secrets.token_hex(16), strict=False)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", named.headers["Set-Cookie"])
            await send(message)

        await self.app(scope, receive, send_named)
