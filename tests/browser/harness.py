"""The running app and a browser that looks at it, shared by the browser tests and the screenshots."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from normviz.words import pages
from tests.waiting import PATIENCE_SECONDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
HOME = "overview"
PAGES = tuple(pages.PAGES)

PATIENCE_MS = PATIENCE_SECONDS * 1000
QUIET_MS = 500

CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
ERRORS = ", ".join(
    (
        '[data-testid="stException"]',
        '[data-testid="stAlertContentError"]',
        '[role="dialog"]:has-text("Page not found")',
    )
)

# Between a click and the server's first word about it, the page says that nothing is running.
# So the script notes when the page last spoke to the server and when the server last answered.
WATCH_SOCKET = """
window.appSocket = {sentAt: 0, answeredAt: 0};
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (!this.watched) {
    this.watched = true;
    this.addEventListener("message", () => { window.appSocket.answeredAt = performance.now(); });
  }
  window.appSocket.sentAt = performance.now();
  return send.call(this, data);
};
"""

# True once the page has been idle for `quietMs`: script ended, server silent, charts and pictures drawn, nothing on the move.
IS_SETTLED = """
(quietMs) => {
  const all = (selector) =>
    [...document.querySelectorAll(selector)].filter((node) => node.checkVisibility());
  const app = document.querySelector('[data-testid="stApp"]');
  const { sentAt, answeredAt } = window.appSocket;
  const ended = app?.dataset.testConnectionState === "CONNECTED"
    && ["notRunning", "compilationError"].includes(app.dataset.testScriptState);
  const drawn = (chart) =>
    [...chart.querySelectorAll("svg.marks, canvas.marks")].some((node) => node.clientWidth > 0);
  const idle = ended
    && (answeredAt >= sentAt || performance.now() - sentAt > 30000)
    && all('[data-testid="stSkeleton"], [data-testid="stAppSkeleton"]').length === 0
    && all('[data-testid="stVegaLiteChart"]').every(drawn)
    && all("img").every((image) => image.complete)
    && document.fonts.status === "loaded";
  const layout = [document.querySelector('[data-testid="stMain"]')?.scrollHeight,
    ...all('[data-testid="stVegaLiteChart"] svg.marks').map((chart) => chart.clientWidth)].join();
  const still = layout === window.layoutBefore;
  window.layoutBefore = layout;
  if (!idle || !still) window.idleSince = undefined;
  else window.idleSince ??= performance.now();
  return idle && still && performance.now() - window.idleSince >= quietMs;
}
"""


@dataclass
class Server:
    """A Streamlit server started for this process.

    Attributes:
        url: Its address without a slash at the end.
        log_path: The file that takes what it prints; the lab's runs and the rooms are kept beside it.
        environment: Variables that differ from this process's own.
        script: What it serves, from the repository root.
        process: While it runs.
    """

    url: str
    log_path: Path
    environment: dict[str, str]
    script: str = "streamlit_app.py"
    process: subprocess.Popen | None = None

    def log(self) -> str:
        """Returns the end of what the server has printed so far."""
        return self.log_path.read_text(errors="replace")[-8000:]

    def start(self) -> None:
        """Starts it and waits until it answers.

        Raises:
            RuntimeError: It ends or stays silent for `PATIENCE_SECONDS`; carries its log.
        """
        self.process = _start(self, self.environment)
        _wait_until_healthy(self, self.process)

    def stop(self) -> None:
        """Ends it."""
        if self.process is not None:
            _stop(self.process)


@contextlib.contextmanager
def running_app(script: str = "streamlit_app.py", **environment: str) -> Iterator[Server]:
    """Runs an app on a free port of this machine until the block ends.

    Args:
        script: Its path, from the repository root.
        **environment: Variables that differ from this process's own.

    Raises:
        RuntimeError: If the server ends or stays silent for `PATIENCE_SECONDS`; carries its log.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # the lab may write until its server is gone
        server = Server(f"http://127.0.0.1:{free_port()}", Path(folder) / "streamlit.log", environment, script)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def free_port() -> int:
    """Returns a TCP port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _start(server: Server, environment: dict[str, str]) -> subprocess.Popen:
    """Starts Streamlit in the repository root, printing into the server's log file."""
    address = urlsplit(server.url)
    options = {
        "server.headless": "true",
        "server.address": address.hostname,
        "server.port": str(address.port),
        "server.fileWatcherType": "none",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    command = [sys.executable, "-m", "streamlit", "run", server.script, *arguments]
    kept = {f"NORMVIZ_{name.upper()}_FOLDER": str(server.log_path.parent / name) for name in ("lab", "classroom")}
    variables = {**os.environ, **kept, **environment}
    with server.log_path.open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=subprocess.STDOUT)


def _wait_until_healthy(server: Server, process: subprocess.Popen) -> None:
    """Returns once the server answers its health check."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2).close()
            return
        time.sleep(0.2)
    raise RuntimeError(f"streamlit did not start: url={server.url}, exit status={process.poll()}\n{server.log()}")


def _stop(process: subprocess.Popen) -> None:
    """Ends the server, by force if it takes longer than five seconds."""
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def missing_browser() -> str | None:
    """Returns what a browser test lacks on this machine, None if nothing."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed: pip install playwright"
    if shutil.which("chromium") is None:
        return "chromium is not on the PATH: apt-get install chromium"
    return None


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """Runs the machine's own Chromium without a window until the block ends."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def fresh_page(browser: Browser, url: str, width: int = 1280, scheme: str = "light") -> Iterator[tuple[Page, list[str]]]:
    """Opens an empty page of a visitor who has never been here.

    Args:
        browser: From `running_browser`.
        url: The app's address, where relative links begin.
        width: Of the window, in pixels.
        scheme: What the visitor's system prefers, `light` or `dark`; the app follows it.

    Yields:
        The page, and the list that collects what must never happen: uncaught JavaScript errors
        and requests to any other server.
    """
    context = browser.new_context(base_url=url, viewport=window(width), color_scheme=scheme)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(WATCH_SOCKET)
    faults = _watch_faults(context, url)
    try:
        yield context.new_page(), faults
    finally:
        context.close()


@contextlib.contextmanager
def faultless_visit(page: Page, faults: list[str]) -> Iterator[Page]:
    """Lends a page of `fresh_page` to one visit, empty and 1280 pixels wide; at its end it fails on what was collected.

    A tab that is opened for it costs more than most visits.
    """
    faults.clear()
    page.set_viewport_size(window(1280))
    page.mouse.move(0, 0)
    yield page
    page.goto("about:blank")
    assert not faults, "\n".join(faults)


def window(width: int) -> dict[str, int]:
    """Returns the size of a window so many pixels wide."""
    return {"width": width, "height": 900}


def _watch_faults(context: BrowserContext, url: str) -> list[str]:
    """Returns a list to which the context adds a line for every fault from now on."""
    faults: list[str] = []

    def note_address(address: str) -> None:
        target = urlsplit(address)
        if target.scheme in ("http", "https", "ws", "wss") and target.netloc != urlsplit(url).netloc:
            faults.append(f"request to another server: {address}")

    context.on("request", lambda request: note_address(request.url))
    context.on("page", lambda page: page.on("websocket", lambda websocket: note_address(websocket.url)))
    context.on("weberror", lambda error: faults.append(f"uncaught JavaScript error: {error.error}"))
    return faults


def open_page(page: Page, url_path: str, **query: str | list[str]) -> None:
    """Opens one of the app's `PAGES` by its address and waits until it is drawn.

    Args:
        page: From `fresh_page`.
        url_path: The page's path; `overview` or an empty string is the first page.
        **query: Parameters of the address; a list repeats its parameter.
    """
    path = "" if url_path == HOME else url_path
    page.goto(f"/{path}?{urlencode(query, doseq=True)}" if query else f"/{path}")
    settle(page)


def settle(page: Page) -> None:
    """Waits until Streamlit has run the script to its end and every chart and picture is drawn.

    Raises:
        playwright.sync_api.TimeoutError: If that takes longer than `PATIENCE_MS`.
    """
    page.evaluate("window.idleSince = undefined")
    page.wait_for_function(IS_SETTLED, arg=QUIET_MS, polling=50)


def error_texts(page: Page) -> list[str]:
    """Returns the text of every exception and error box that the page shows."""
    return page.locator(ERRORS).all_inner_texts()


def assert_no_error(page: Page) -> None:
    """Fails if the page shows an exception or an error box."""
    texts = error_texts(page)
    assert not texts, f"{page.url} shows: " + "\n".join(texts)


def sideways_scroll(page: Page) -> int:
    """Returns how many pixels the content is wider than the window; 0 on a page that fits."""
    return page.locator('[data-testid="stMain"]').evaluate("main => main.scrollWidth - main.clientWidth")


def assert_fits(page: Page) -> None:
    """Fails if the content of a drawn page is wider than the window of a large screen, a laptop or a phone."""
    for width in (1920, 1280, 390):
        page.set_viewport_size(window(width))
        settle(page)
        assert sideways_scroll(page) == 0, f"{page.url}, {width} pixels wide"
