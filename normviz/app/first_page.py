"""The first page by its name: Streamlit serves it at the root alone, and at `/overview` says that there is no such page."""

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route


async def _to_the_root(request: Request) -> RedirectResponse:
    query = request.url.query
    return RedirectResponse(f"./?{query}" if query else "./")  # relative, for an app that is not at the root of its host


ROUTES = [Route("/overview", _to_the_root)]
