"""`serve --dev` opens doors that need no key: to this machine, and to no page that a browser on it has open."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from phoneagent.simulator.local_server import LocalServer
from phoneagent.web.doors import local
from phoneagent.web.loopback import LoopbackOnly, asked_for_loopback

TUNNEL = "https://tunnel.example.com"
HERE = ["localhost:8080", "127.0.0.1:8080", "127.1.2.3:8080", "[::1]:8080", "LOCALHOST:8080", "localhost"]
ELSEWHERE = [
    "rebind.example.com:8080", "rebind.example.com", "localhost.example.com:8080", "127.0.0.1.example.com:8080",
    "0.0.0.0:8080", "192.168.0.2:8080", "2130706433:8080", "0x7f.1:8080", "127.1:8080", "[::ffff:127.0.0.1]:8080",
    "localhost:8080@rebind.example.com", "rebind.example.com@localhost:8080", "[", "localhost:99999", "localhost:x",
    "localhost/", "localhost:8080?", "", "tunnel.example.com", "foo.localhost:8080",
]  # fmt: skip
OURS = ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080", "https://localhost:8080"]
THEIRS = [
    "https://evil.example.com", "null", "", "http://localhost:3000", "http://localhost",
    "http://rebind.example.com:8080",
    "chrome-extension://abc", "file://", "http://localhost:8080.example.com", "http://localhost:8080/x",
    "localhost:8080",
]  # fmt: skip


def connection(*headers, path="/v1/calls"):
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return HTTPConnection({"type": "http", "headers": raw, "path": path, "client": ("127.0.0.1", 5)})


@pytest.mark.parametrize("host", HERE)
def test_this_machine_may_ask_by_each_of_its_names(host):
    assert asked_for_loopback(connection(("host", host)))
    assert local(connection(("host", host)))


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_name_that_leads_here_is_not_this_machine(host):
    assert not asked_for_loopback(connection(("host", host)))
    assert not local(connection(("host", host)))


def test_two_hosts_or_none_are_not_this_machine():
    assert not asked_for_loopback(connection())
    assert not asked_for_loopback(connection(("host", HERE[0]), ("host", HERE[0])))


@pytest.mark.parametrize(
    ("path", "site", "mode", "may"),
    [
        ("/twilio/voice", "cross-site", "no-cors", False),  # <img src="http://127.0.0.1:8080/twilio/voice?…">
        ("/twilio/voice", "same-site", "no-cors", False),
        ("/twilio/voice", "cross-site", "navigate", False),
        ("/v1/agents", "cross-site", "no-cors", False),
        ("/docs", "cross-site", "navigate", True),
        ("/docs", "none", "navigate", True),
        ("/openapi.json", "same-origin", "cors", True),
    ],
)
def test_another_page_embeds_nothing_of_ours_and_links_to_no_webhook(path, site, mode, may):
    fetched = (("sec-fetch-site", site), ("sec-fetch-mode", mode))
    assert asked_for_loopback(connection(("host", HERE[0]), *fetched, path=path)) is may


@pytest.mark.parametrize("origin", OURS)
def test_our_own_pages_may_ask(origin):
    assert asked_for_loopback(connection(("host", HERE[0]), ("origin", origin)))


@pytest.mark.parametrize("origin", THEIRS)
def test_other_pages_may_not(origin):
    assert not asked_for_loopback(connection(("host", HERE[0]), ("origin", origin)))
    assert not local(connection(("host", HERE[0]), ("origin", origin)))
    assert not asked_for_loopback(connection(("host", HERE[0]), ("origin", OURS[0]), ("origin", origin)))


async def _asked(_: Request) -> PlainTextResponse:
    return PlainTextResponse("in")


async def _socket(websocket):
    await websocket.accept()
    await websocket.close()


@pytest.fixture(params=["", TUNNEL], ids=["no tunnel", "tunnel"])
async def doors(request):
    app = Starlette(
        routes=[Route("/{path:path}", _asked, methods=["GET", "POST"]), WebSocketRoute("/twilio/media", _socket)]
    )
    async with LocalServer(LoopbackOnly(app, request.param)) as server:
        yield server.url, request.param


async def status(url, path, **headers):
    import httpx

    async with httpx.AsyncClient() as client:
        return (await client.get(url + path, headers={k.replace("_", "-"): v for k, v in headers.items()})).status_code


@pytest.mark.parametrize("path", ["/v1/calls", "/", "/docs", "/metrics", "/twilio/voice", "/healthz"])
async def test_every_path_is_behind_that_door(doors, path):
    url, _ = doors
    port = url.rpartition(":")[2]
    assert await status(url, path) == 200
    assert await status(url, path, origin=f"http://localhost:{port}") == 200
    assert await status(url, path, host=f"rebind.example.com:{port}") == 403
    assert await status(url, path, origin="https://evil.example.com") == 403


async def test_what_comes_through_a_tunnel_gets_to_where_it_must_be_signed_and_nowhere_else(doors):
    url, tunnel = doors
    for named in ({"host": "tunnel.example.com"}, {"x_forwarded_for": "1.2.3.4"}, {"forwarded": "for=1.2.3.4"}):
        assert await status(url, "/twilio/voice", **named) == (200 if tunnel else 403)
        assert await status(url, "/v1/calls", **named) == 403
        assert await status(url, "/v1/../twilio/voice/../../v1/calls", **named) == 403


async def test_a_page_opens_no_socket(doors):
    url = doors[0].replace("http", "ws", 1) + "/twilio/media"
    async with connect(url):
        pass
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, additional_headers={"Origin": "https://evil.example.com"})
    assert refused.value.response.status_code == 403
