"""Under which address phones reach this server; no QR code is drawn for one that does not answer."""

import ipaddress
import secrets
import socket
import urllib.request
from urllib.parse import urlsplit

import psutil

TOKEN = secrets.token_hex(8)  # what this process answers under /room/ping
SECONDS = 2  # to wait for an answer
HINT = (
    "No address of this machine answers to phones, so there is no QR code. Start the app with --server.address 0.0.0.0, join the "
    "network of the room or open a hotspot, or type an address that phones reach."
)


class AddressError(ValueError):
    """An address that cannot be used; the message says why."""


def checked(text: str) -> str:
    """Returns an address in its one form, http://HOST:PORT, after it has answered as this server.

    Raises:
        AddressError: it has another form, leads back to this machine alone, or does not answer.
    """
    try:
        parts = urlsplit(text if "//" in text else f"http://{text}")
    except ValueError as error:
        raise AddressError(f"the address must look like http://192.168.1.20:8501: {text!r}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise AddressError(f"the address must look like http://192.168.1.20:8501: {text!r}")
    address = f"{parts.scheme}://{parts.netloc}"
    if _is_loopback(parts.hostname):
        raise AddressError(f"{address} leads every phone to itself: type the address of this machine in the room's network")
    if not answers(address):
        raise AddressError(f"{address} does not answer as this app: check address, port and firewall")
    return address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


_OPENER = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def answers(address: str) -> bool:
    """Returns whether this very server answers there."""
    try:
        with _OPENER.open(f"{address}/room/ping", timeout=SECONDS) as answer:
            return answer.read(64).decode() == TOKEN
    except (OSError, ValueError):
        return False


def find(port: int) -> str:
    """Returns the best address of this machine that answers; empty where there is none.

    A room's network mostly begins with 192.168, a hotspot's or a campus's with 10; others come after them.
    """
    for host in sorted(_own(), key=_preference):
        if answers(address := f"http://{host}:{port}"):
            return address
    return ""


def _own() -> list[str]:
    found = [
        each.address
        for name, addresses in psutil.net_if_addrs().items()
        for each in addresses
        if each.family == socket.AF_INET and not name.startswith(("docker", "veth", "br-", "tun", "virbr"))
    ]
    return [host for host in found if not _is_loopback(host) and not ipaddress.ip_address(host).is_link_local]


def _preference(host: str) -> int:
    return next((place for place, start in enumerate(("192.168.", "10.", "172.")) if host.startswith(start)), 3)
