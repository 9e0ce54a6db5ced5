import gzip
import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from normviz.app import assets

NAMED = re.findall(r'"\.(/static/[^"]+)"', (assets.STATIC / "index.html").read_text())


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(middleware=[Middleware(assets.Assets)]))


def test_each_file_that_streamlits_page_names_arrives_whole(client):
    assert len(NAMED) > 10
    for name in NAMED:
        answer = client.get(name)
        assert answer.content == (assets.STATIC / name[1:]).read_bytes()
        assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Content-Type"]


def test_a_script_is_packed_where_the_browser_takes_that(client):
    script = next(name for name in NAMED if name.endswith(".js"))
    sizes = {
        takes: client.get(script, headers={"Accept-Encoding": takes}).headers["Content-Length"] for takes in ("gzip", "br")
    }
    content = (assets.STATIC / script[1:]).read_bytes()
    assert sizes == {"gzip": str(len(gzip.compress(content))), "br": str(len(content))}


@pytest.mark.parametrize("path", ["/", "/static/js/missing.js", "/static/../index.html", "/index.html"])
def test_all_else_is_left_to_streamlit(client, path):
    assert client.get(path).status_code == 404


def test_only_what_is_asked_with_get_is_answered(client):
    assert client.put(NAMED[0]).status_code == 404
