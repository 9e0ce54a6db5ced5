from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from normviz.app import browsers


def client() -> TestClient:
    async def page(request):
        return HTMLResponse("a page")

    middleware = [Middleware(browsers.NameBrowsers)]
    return TestClient(Starlette(routes=[Route("/{path:path}", page)], middleware=middleware))


def test_a_browser_gets_its_name_once_and_keeps_it():
    browser = client()
    first = browser.get("/lab").headers["set-cookie"]
    assert "HttpOnly" in first and "SameSite=lax" in first
    name = browsers.name(browser.cookies)
    assert len(name) == 32 and name in first
    assert "set-cookie" not in browser.get("/").headers and name != browsers.name({browsers.COOKIE: "made up"}) == ""
    assert browsers.name(client().get("/lab").cookies) not in ("", name), "another browser has another"


def test_what_is_no_page_of_the_app_names_nobody():
    for path in ("/join/1234", "/room/new", "/static/js/index.js", "/_stcore/health"):
        assert "set-cookie" not in client().get(path).headers


def test_a_name_that_was_made_up_gives_way_to_a_real_one():
    browser = client()
    browser.cookies.set(browsers.COOKIE, "x" * 32)
    assert "set-cookie" in browser.get("/lab").headers
