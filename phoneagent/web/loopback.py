"""The doors of `serve --dev`, which need no key: open to this machine, and not to pages in its browser.

A page of anybody's may send requests to 127.0.0.1, and a name in anybody's DNS may lead there (DNS rebinding). So the
host that was asked for must be loopback by its name, and the page that asks must be ours.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import structlog
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

log = structlog.stdlib.get_logger(__name__)

FORBIDDEN = 403
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
REFUSAL = """\
expected a request to localhost or 127.0.0.1, from a program or from a page of this server: serve --dev is for this
machine alone. With TWILIO_AUTH_TOKEN and PHONEAGENT_PUBLIC_URL set, Twilio may come through a tunnel.
"""


class LoopbackOnly:
    """Middleware. `tunnel` is the public URL of who tries Twilio out: its requests come to `/twilio/` only, where they
    must be signed. Without one, nothing comes through a tunnel or a proxy.
    """

    def __init__(self, app: ASGIApp, tunnel: str = "") -> None:
        self._app = app
        self._tunnel = urlsplit(tunnel).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        from_outside = forwarded(connection) or connection.headers.get("host", "").lower() == self._tunnel != ""
        if self._tunnel and from_outside and scope["path"].startswith("/twilio/"):
            await self._app(scope, receive, send)
        elif from_outside or not asked_for_loopback(connection):
            log.warning("not_loopback", host=connection.headers.get("host"), path=scope["path"], stranger=True)
            await _refuse(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def forwarded(connection: HTTPConnection) -> bool:
    """Whether a proxy says that it stands between."""
    return any(name in connection.headers for name in FORWARDED)


def asked_for_loopback(connection: HTTPConnection) -> bool:
    """Whether the host that a request names is this machine, and the page that sent it, if any, is ours."""
    hosts, origins = connection.headers.getlist("host"), connection.headers.getlist("origin")
    host = _parts(f"//{hosts[0]}") if len(hosts) == 1 else None
    if host is None or not is_loopback(host[0]):
        return False
    return all(_ours(origin, host[1]) for origin in origins) if origins else not _is_embedded(connection)


def _is_embedded(connection: HTTPConnection) -> bool:
    """Whether another page has this as its image, script or the like, of which browsers tell no origin. Who follows a
    link from there sees what is here; that is no way to a webhook, which Twilio may also send by GET.
    """
    site, mode = (connection.headers.get(f"sec-fetch-{name}", "") for name in ("site", "mode"))
    followed = mode == "navigate" and not connection.scope["path"].startswith("/twilio/")
    return site in ("cross-site", "same-site") and not followed


def is_loopback(host: str) -> bool:
    """By its name alone: `localhost`, 127.0.0.0/8 as browsers write it, and `::1`."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None


def _ours(origin: str, port: int | None) -> bool:
    parts = _parts(origin) if origin.startswith(("http://", "https://")) else None
    return parts is not None and is_loopback(parts[0]) and parts[1] == port


def _parts(url: str) -> tuple[str, int | None] | None:
    """Host and port, if there is nothing else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.path or any(mark in url for mark in "?#@\\"):
        return None
    return parts.hostname, port


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": ""})  # HTTP 403
        return
    await PlainTextResponse(REFUSAL, FORBIDDEN)(scope, receive, send)
