"""Under which address phones reach this server; no QR code is drawn for one that does not answer."""

import http.client
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
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise AddressError(f"the address must look like http://192.168.1.20:8501: {text!r}") from error
    if not named or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise AddressError(f"the address must look like http://192.168.1.20:8501: {text!r}")
    address = f"{parts.scheme}://{parts.netloc}"
    if _is_loopback(parts.hostname):
        raise AddressError(f"{address} leads every phone to itself: type the address of this machine in the room's network")
    if not answers(address):
        raise AddressError(f"{address} does not answer as this app: check address, port and firewall")
    return address


def _is_loopback(host: str) -> bool:
    """Returns whether a host is the one that asks: by name, or in any form of a number that a browser takes, such as 127.1."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        try:
            number = ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return False
    number = getattr(number, "ipv4_mapped", None) or number
    return number.is_loopback or number.is_unspecified


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


_OPENER = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def answers(address: str) -> bool:
    """Returns whether this very server answers there."""
    try:
        with _OPENER.open(f"{address}/room/ping", timeout=SECONDS) as answer:
            return answer.read(64).decode() == TOKEN
    except (OSError, ValueError, http.client.HTTPException):
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
