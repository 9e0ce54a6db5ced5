"""What the first visitors would wait for, done ahead when the server starts: imports, and each page drawn once for nobody.

What a page needs more than once (networks, test pictures, charts as messages) is kept for all sessions, so that whoever
opens it then gets it ready. While visitors come and click, they draw what they need themselves: it waits until they pause.
"""

import asyncio
import gc
import importlib
import logging
import math
import os
import sys
import threading
import time
from collections import deque
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache

from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.session_manager import SessionClient
from threadpoolctl import threadpool_limits

from normviz.model.norms import STUDIES
from normviz.settings import SettingsError, read
from normviz.training import memory
from normviz.words import pages

BEFORE_THE_FIRST_VIEW = ("normviz.app.overview", "normviz.app.lesson", "pyarrow")
SLOW_TO_IMPORT = (
    "torch",
    "normviz.training.inference",
    "normviz.explain.trained_layers",
    "normviz.studies.measurements",
    "captum.attr",
)
PAGES = tuple(key for key in pages.PAGES if key != "lab")  # which would start its workers
OF_A_VIEW = ("", "static", *pages.PAGES)  # where paths begin; health, and a room's pages, are asked for again and again
LONGEST_SECONDS = 60  # for one page
SCHEMES = ("light", "dark")
TURN_SECONDS = 0.001  # that a thread may hold the interpreter while others wait for it; Python's own are 0.005
FIRST_SECONDS = 2  # left to whoever has started the server and opens it now
PAUSE_SECONDS = 3  # without a request or a click of any visitor, after which the next page is drawn

_nobodys: set[str] = set()  # sessions of nobody
_asked_at = [-math.inf]  # when a visitor last asked for anything, by the monotonic clock
_turns = threading.Condition()
_line: deque[object] = deque()  # pages that run or wait for their turn
_importing = threading.Event()


@dataclass(frozen=True)
class Settings:
    """The owner's choice: whether pages are drawn ahead, "on" or "off"."""

    ahead: str = "on"

    def __post_init__(self):
        if self.ahead not in ("on", "off"):
            raise SettingsError(f"ahead must be one of on, off: ahead={self.ahead!r}; see normviz.toml, table [server]")


@cache
def settings() -> Settings:
    """Returns the settings: NORMVIZ_SERVER_<NAME> before normviz.toml before the defaults.

    Raises:
        SettingsError: a value that cannot be used, or a name that is not known.
    """
    return read(Settings, "server")


class _Nobody(SessionClient):
    """Takes what a session sends, and notes when its script has ended."""

    def __init__(self):
        self.finished = asyncio.Event()

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        if msg.WhichOneof("type") == "script_finished":
            self.finished.set()


def note_click() -> None:
    """Notes that a visitor's page is asked for; called in the script of a visit."""
    context = get_script_run_ctx()
    if context and context.session_id not in _nobodys:
        _asked_at[0] = time.monotonic()


@contextmanager
def turn():
    """Lets a page run; while modules are imported, one page at a time, first come, first served.

    Thirty pages beside the import would leave it a thirtieth of the interpreter, and half of them wait for it anyway.
    """
    mine = object()
    with _turns:
        _line.append(mine)
        _turns.wait_for(lambda: _line[0] is mine or not _importing.is_set())
    try:
        yield
    finally:
        with _turns:
            _line.remove(mine)
            _turns.notify_all()


def _end_import() -> None:
    with _turns:
        _importing.clear()
        _turns.notify_all()


class NoteArrivals:
    """Middleware that notes when a browser asks for a page or its files, which it does before the script of its visit runs."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].strip("/").partition("/")[0] in OF_A_VIEW:
            _asked_at[0] = time.monotonic()
        await self.app(scope, receive, send)


async def _pause() -> None:
    while (left := _asked_at[0] + PAUSE_SECONDS - time.monotonic()) > 0:
        await asyncio.sleep(left)


@asynccontextmanager
async def lifespan(app):
    """Imports what the first view needs before the server answers, and all else beside the answers."""
    memory.share_freed_memory()
    sys.setswitchinterval(TURN_SECONDS)  # a pass through a network waits a turn of others after each of its operations
    _compute_in_one_thread()
    for name in BEFORE_THE_FIRST_VIEW:
        importlib.import_module(name)
    _importing.set()
    task = asyncio.create_task(_get_ready())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _compute_in_one_thread() -> None:
    """Lets each visit compute in its own thread alone; called before PyTorch is loaded.

    Tensors are so small that helpers wait longer than they compute, and the CPU that they wait on is that of other visits.
    `torch.set_num_threads` would not do: a new thread, as each run of a page has, begins its first pass without it.
    """
    threadpool_limits(1, "blas")
    os.environ.setdefault("OMP_NUM_THREADS", "1")


async def _get_ready() -> None:
    try:
        await asyncio.sleep(FIRST_SECONDS)
        for name in SLOW_TO_IMPORT:
            await asyncio.to_thread(importlib.import_module, name)
    finally:
        _end_import()
    gc.freeze()  # modules stay: a full collection, during which nobody is answered, need not look through them
    if settings().ahead == "off":
        return
    try:
        for scheme in SCHEMES:
            for study in STUDIES:
                await _draw_all(study, scheme)
    except Exception as error:  # whatever it is, visitors get the pages as they ask for them
        logging.getLogger(__name__).warning("pages are not drawn ahead: %s: %s", type(error).__name__, error)


async def _draw_all(study: str, scheme: str) -> None:
    """Opens each page of a study, and leaves as much time to others as each took."""
    client = _Nobody()
    session = Runtime.instance().connect_session(client, user_info={})
    _nobodys.add(session)
    try:
        for page in PAGES:
            await _pause()
            started = time.monotonic()
            client.finished.clear()
            Runtime.instance().handle_backmsg(session, _asking(page, study, scheme))
            await asyncio.wait_for(client.finished.wait(), LONGEST_SECONDS)
            await asyncio.sleep(time.monotonic() - started)
    finally:
        Runtime.instance().close_session(session)
        _nobodys.discard(session)


def _asking(page: str, study: str, scheme: str) -> BackMsg:
    message = BackMsg()
    message.rerun_script.page_name, message.rerun_script.query_string = page, f"study={study}"
    message.rerun_script.context_info.color_scheme = scheme
    return message
