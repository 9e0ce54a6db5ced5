"""A visitor of the app without a browser: speaks Streamlit's own websocket, keeps what a browser keeps, and notes each answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

LARGEST_MESSAGE = 200 * 2**20
BOUNDARY = "normviz-visitor"


class Wrong(RuntimeError):
    """The app answered with an exception, or not at all."""


@dataclass
class Answer:
    """What the server sent for one run of the script.

    Attributes:
        seconds: from the question to the end of the script.
        messages: in order, those that the visitor had already taken from what it keeps.
        received: bytes that went over the wire.
    """

    seconds: float
    messages: list[ForwardMsg]
    received: int

    def holds(self, text: str) -> bool:
        """Returns whether a text stands in what was sent."""
        return any(text.encode() in message.SerializeToString() for message in self.messages)

    def elements(self, kind: str = "") -> list:
        """Returns the elements of one kind, such as "file_uploader", or all."""
        new = [message.delta.new_element for message in self.messages if message.WhichOneof("type") == "delta"]
        kinds = [(element, element.WhichOneof("type")) for element in new]
        return [getattr(element, found) for element, found in kinds if found and kind in ("", found)]


@dataclass
class Visitor:
    """One session.

    Attributes:
        url: of the server.
        token, cookies: what the server, and what stands before it, gave this visitor.
        kept: messages that the server need not send again, by their hash, as in a browser.
        chosen: the option last chosen, by the name that its control has in the address.
        widgets: what the visitor has set, by the widget's id, as long as it stands on the page.
    """

    url: str
    kept: dict[str, ForwardMsg] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    widgets: dict[str, WidgetState] = field(default_factory=dict)
    socket: WebSocketClientConnection | None = None
    session: str = ""
    token: str = ""
    cookies: str = ""

    async def connect(self) -> None:
        """Opens the connection."""
        given = (await AsyncHTTPClient().fetch(f"{self.url}/_stcore/health", request_timeout=60)).headers.get_list("Set-Cookie")
        pairs = dict(each.split(";")[0].split("=", 1) for each in given)
        self.token, self.cookies = pairs["_streamlit_xsrf"], "; ".join(f"{name}={value}" for name, value in pairs.items())
        asking = HTTPRequest(f"{self.url.replace('http', 'ws', 1)}/_stcore/stream", headers={"Cookie": self.cookies})
        self.socket = await websocket_connect(asking, subprotocols=["streamlit"], max_message_size=LARGEST_MESSAGE)

    def close(self) -> None:
        """Ends the session."""
        self.socket.close()

    async def open(self, page: str, **query: str) -> Answer:
        """Opens a page with its choices in the address, or asks it again; returns the answer.

        Raises:
            Wrong: the page showed an exception, or the connection ended.
        """
        message = BackMsg()
        message.rerun_script.page_name, message.rerun_script.query_string = page, urlencode(query)
        message.rerun_script.context_info.color_scheme = "light"
        message.rerun_script.cached_message_hashes.extend(self.kept)
        message.rerun_script.widget_states.widgets.extend(self.widgets.values())
        started = time.monotonic()
        await self.socket.write_message(message.SerializeToString(), binary=True)
        messages, received = await self._until("script_finished")
        answer = Answer(time.monotonic() - started, messages, received)
        if faults := answer.elements("exception"):
            raise Wrong(f"{page} {query}: {faults[0].type}: {faults[0].message}")
        there = {getattr(element, "id", "") for element in answer.elements()}
        self.widgets = {widget: state for widget, state in self.widgets.items() if widget in there}
        return answer

    async def choose(self, page: str, before: Answer, key: str, option: str) -> Answer:
        """Clicks an option of a segmented control that the answer before holds; returns the page's answer to it."""
        control = next(element for element in before.elements("button_group") if element.query_param_key == key)
        state = WidgetState(id=control.id)
        state.string_array_value.data.append(option)
        self.widgets[control.id], self.chosen[key] = state, option
        return await self.open(page)

    async def upload(self, page: str, before: Answer, content: bytes, name: str) -> Answer:
        """Hands a file to the uploader of the answer before; returns the page's answer to it."""
        uploader = before.elements("file_uploader")[0]
        asked = BackMsg()
        asked.file_urls_request.request_id, asked.file_urls_request.session_id = name, self.session
        asked.file_urls_request.file_names.append(name)
        await self.socket.write_message(asked.SerializeToString(), binary=True)
        urls = (await self._until("file_urls_response"))[0][-1].file_urls_response.file_urls[0]
        await self._put(urls.upload_url, content, name)
        state = WidgetState(id=uploader.id)
        state.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(content), file_id=urls.file_id, file_urls=urls
        )
        self.widgets[uploader.id] = state
        return await self.open(page)

    async def _put(self, path: str, content: bytes, name: str) -> None:
        kind = f"image/{name.rpartition('.')[2]}"
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
        )
        body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "X-Xsrftoken": self.token}
        headers["Cookie"] = self.cookies
        await AsyncHTTPClient().fetch(f"{self.url}{path}", method="PUT", body=body, headers=headers, request_timeout=120)

    async def _until(self, kind: str) -> tuple[list[ForwardMsg], int]:
        messages, received = [], 0
        while not messages or messages[-1].WhichOneof("type") != kind:
            raw = await self.socket.read_message()
            if raw is None:
                raise Wrong(f"the connection ended: {self.socket.close_code} {self.socket.close_reason}")
            received += len(raw)
            messages.append(self._taken(ForwardMsg.FromString(raw)))
        return messages, received

    def _taken(self, message: ForwardMsg) -> ForwardMsg:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            return self.kept[message.ref_hash]
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
        if message.metadata.cacheable:
            self.kept[message.hash] = message
        return message
