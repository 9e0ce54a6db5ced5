"""Fixtures for tests in a real browser: the app, the browser, and a page that tolerates no fault."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.harness import Server, faultless_visit, fresh_page, missing_browser, running_app, running_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SERVER = pytest.StashKey[Server]()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without it the tests are skipped, in CI they fail."""
    missing = missing_browser()
    if missing and os.environ.get("CI") == "true":
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def app_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the app, started once for all browser tests."""
    with running_app() as server:
        request.session.stash[SERVER] = server
        yield server.url


@pytest.fixture(scope="module")
def tab(browser: Browser, app_url: str) -> Iterator[tuple[Page, list[str]]]:
    """A page of `fresh_page` for all visits of a module, which may have an `app_url` of its own."""
    with fresh_page(browser, app_url) as tab:
        yield tab


@pytest.fixture
def page(tab: tuple[Page, list[str]]) -> Iterator[Page]:
    """An empty page, 1280 pixels wide; at its end it fails on JavaScript errors and foreign requests."""
    with faultless_visit(*tab) as page:
        yield page


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Adds the server's log to the report of a test that failed."""
    report = yield
    server = item.session.stash.get(SERVER, None)
    if report.failed and server is not None and server.log_path.exists():
        report.sections.append(("streamlit log", server.log()))
    return report
