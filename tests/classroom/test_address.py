import http.server
import socket
import threading
from contextlib import contextmanager

import pytest

from normviz.classroom import address, screens
from normviz.classroom.address import AddressError
from normviz.classroom.stages import Place, Room


@contextmanager
def answering(says: str, status: int = 200, location: str = ""):
    """Runs a server that gives one answer to everything; yields its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(says.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def own_network(monkeypatch):
    """Lets this machine's loopback stand for an address in the room's network."""
    monkeypatch.setattr(address, "_is_loopback", lambda host: host == "localhost")
    monkeypatch.setattr(address, "_own", lambda: ["127.0.0.1"])


def test_an_address_counts_only_if_this_very_server_answers_there(own_network):
    with answering(address.TOKEN) as port:
        assert address.find(port) == f"http://127.0.0.1:{port}"
        assert address.checked(f"127.0.0.1:{port}") == f"http://127.0.0.1:{port}"
        assert address.checked(f"http://127.0.0.1:{port}/") == f"http://127.0.0.1:{port}"
        with answering("", 302, f"http://127.0.0.1:{port}/room/ping") as other:
            assert address.find(other) == ""
    with answering("another app") as port:
        assert address.find(port) == ""
        with pytest.raises(AddressError, match="does not answer as this app"):
            address.checked(f"127.0.0.1:{port}")
    assert address.find(port) == ""


@pytest.mark.parametrize(
    "typed",
    [
        *("localhost:8501", "http://127.0.0.1:8501", "[::1]:8501", "127.3.2.1", "0.0.0.0:8501", "[::]:8501"),
        *("127.1:8501", "2130706433", "[::ffff:127.0.0.1]:8501", "here.localhost:8501"),
    ],
)
def test_loopback_is_refused_since_it_leads_every_phone_to_itself(typed):
    with pytest.raises(AddressError, match="leads every phone to itself"):
        address.checked(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "ftp://x",
        "http://",
        "http://x/y",
        "http://x?y",
        "file:///etc/passwd",
        "http://[",
        "http://x:99999",
        "192.0.2.1:85O1",
        "192.0.2 .1:1",
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(AddressError, match=r"must look like|does not answer"):
        address.checked(typed)


def test_another_kind_of_server_is_refused_in_a_sentence(own_network):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=lambda: listening.accept()[0].sendall(b"SSH-2.0-x\r\n"), daemon=True).start()
        with pytest.raises(AddressError, match="does not answer as this app"):
            address.checked(f"127.0.0.1:{listening.getsockname()[1]}")


def test_a_rooms_network_comes_before_others():
    hosts = ["172.17.0.1", "10.0.0.4", "100.64.0.1", "192.168.1.20"]
    assert sorted(hosts, key=address._preference) == ["192.168.1.20", "10.0.0.4", "172.17.0.1", "100.64.0.1"]


def test_no_code_is_drawn_without_an_address():
    room = Room("ABCDE", None, 20, "", 0, 0, Place(), 1)
    assert screens._qr(room) == ""
    drawn = screens._qr(Room("ABCDE", None, 20, "http://192.168.1.20:8501", 0, 0, Place(), 1))
    assert drawn.startswith("<svg") and "script" not in drawn
