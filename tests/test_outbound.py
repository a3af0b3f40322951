"""Requests to others reach public servers only, whatever names, addresses and redirects say."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from phoneagent.errors import OutboundRefused
from phoneagent.outbound import Reach, outbound_client, packed_in, read_at_most
from phoneagent.public_addresses import is_public
from phoneagent.simulator.local_server import LocalServer

HERE = Reach(private=True)
BOMB = gzip.compress(gzip.compress(bytes(10_000_000)))
SECRET = {"Authorization": "Bearer secret", "X-Api-Key": "secret", "Cookie": "secret=1", "Idempotency-Key": "k"}


async def _shown(request: Request) -> Response:
    return PlainTextResponse(f"{request.headers['host']} {request.url.path}")


async def _elsewhere(request: Request) -> Response:
    return RedirectResponse(request.query_params["to"])


async def _told(request: Request) -> Response:
    return JSONResponse(dict(request.headers))


async def _packed(request: Request) -> Response:
    status, encoding = int(request.query_params.get("status", 200)), request.query_params["as"]
    headers = {"Content-Encoding": encoding} | ({"Location": "/shown"} if status == 302 else {})
    return Response(BOMB, status, headers, media_type="application/json")


async def _cookie(request: Request) -> Response:
    answer = PlainTextResponse(request.headers.get("cookie", "none"))
    answer.set_cookie("session", "of another caller")
    return answer


async def _large(request: Request) -> Response:
    return Response(b"x" * int(request.query_params["bytes"]))


@asynccontextmanager
async def server() -> AsyncIterator[str]:
    app = Starlette(
        routes=[
            Route("/shown", _shown),
            Route("/elsewhere", _elsewhere),
            Route("/large", _large),
            Route("/told", _told),
            Route("/packed", _packed),
            Route("/cookie", _cookie),
        ]
    )
    async with LocalServer(app) as running:
        yield running.url


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104 - nobody listens there
        "255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::1",
        "192.0.0.192", "192.0.0.9", "192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.6", "198.18.0.1",
        "198.19.255.255", "198.51.100.7", "203.0.113.1", "240.0.0.1", "100.127.255.255", "172.31.255.255",
        "fec0::1", "feff::1", "fe80::1%eth0", "3fff::1", "3fff:fff::1", "2620:4f:8000::1", "5f00::1", "100::1",
        "100:0:0:1::1", "2001::1", "2001:2::1", "2001:20::1", "2001:0:7f00:1::", "::7f00:1", "4000::1", "fdff::1",
        "::ffff:192.0.0.192", "64:ff9b::c058:6301",
    ],
)  # fmt: skip
def test_what_only_this_machine_can_reach_is_not_public(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "192.0.1.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101", "2a00:1450::1"],
)
def test_what_everybody_can_reach_is_public(address):
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_judged_as_itself(inner: IPv4Address):
    mapped = IPv6Address(0xFFFF << 32 | int(inner))
    translated = IPv6Address(int(IPv6Address("64:ff9b::")) | int(inner))
    assert is_public(mapped) == is_public(translated) == is_public(inner)
    assert not (is_public(inner) and inner.is_private)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/",
        "https://0x7f000001/", "https://2130706433/", "https://127.1/", "https://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
async def test_private_addresses_are_refused_however_they_are_written(url):
    async with outbound_client() as client:
        with pytest.raises(OutboundRefused, match=r"leads to the private address|was not found"):
            await client.get(url)


async def test_plain_http_is_refused():
    async with outbound_client() as client:
        with pytest.raises(OutboundRefused, match="expected an https address, got http://example"):
            await client.get("http://example.com/")


async def test_a_host_is_told_by_the_name_it_was_asked_by():
    async with server() as url, outbound_client(HERE) as client:
        port = httpx.URL(url).port
        answer = await client.get(f"http://localhost:{port}/shown")
    assert answer.text == f"localhost:{port} /shown"


async def test_a_redirect_out_of_the_allowed_hosts_is_not_followed():
    async with server() as url, outbound_client(Reach(("127.0.0.1",), private=True)) as client:
        port = httpx.URL(url).port
        stays = await client.get(f"{url}/elsewhere", params={"to": "/shown"}, follow_redirects=True)
        assert stays.text.endswith("/shown")
        to = f"http://localhost:{port}/shown"
        with pytest.raises(OutboundRefused, match=r"localhost is not among the allowed hosts \(127\.0\.0\.1\)"):
            await client.get(f"{url}/elsewhere", params={"to": to}, follow_redirects=True)


async def test_a_name_that_becomes_private_between_two_requests_is_refused(monkeypatch):
    """What is asked is the resolver, each time, and connected to is what it said."""
    from phoneagent import outbound

    async def rebound(host: str, port: int) -> list[IPv4Address]:
        return [IPv4Address("1.1.1.1"), IPv4Address("10.0.0.1")]

    monkeypatch.setattr(outbound, "_addresses", rebound)
    async with outbound_client() as client:
        with pytest.raises(OutboundRefused, match=r"rebind\.example leads to the private address 10\.0\.0\.1"):
            await client.get("https://rebind.example/")


async def test_an_address_that_does_not_answer_is_followed_by_the_next(monkeypatch):
    from phoneagent import outbound

    async def two(host: str, port: int) -> list[IPv6Address | IPv4Address]:
        return [IPv6Address("::1"), IPv4Address("127.0.0.1")]

    monkeypatch.setattr(outbound, "_addresses", two)
    async with server() as url, outbound_client(HERE) as client:
        answer = await client.get(url.replace("127.0.0.1", "shop.example") + "/shown")
    assert answer.text.startswith("shop.example:")


async def test_no_more_is_read_than_wanted():
    async with server() as url, outbound_client(HERE) as client:
        async with client.stream("GET", f"{url}/large", params={"bytes": 1000}) as response:
            assert len(await read_at_most(response, 1000)) == 1000
        async with client.stream("GET", f"{url}/large", params={"bytes": 10_000_000}) as response:
            with pytest.raises(OutboundRefused, match="larger than 1,000 bytes"):
                await read_at_most(response, 1000)


async def test_an_unknown_host_is_named():
    async with outbound_client() as client:
        with pytest.raises(OutboundRefused, match=r"nowhere\.invalid was not found"):
            await client.get("https://nowhere.invalid/")


def test_hosts_may_be_patterns():
    reach = Reach(("*.example.com", "api.example.org"))
    assert reach.names("shop.Example.com")
    assert reach.names("api.example.org")
    assert not reach.names("example.com.evil.org")


async def test_answers_are_asked_for_as_they_are_whatever_a_caller_of_the_client_says():
    async with server() as url, outbound_client(HERE) as client:
        told = (await client.get(f"{url}/told", headers={"Accept-Encoding": "gzip, br, zstd"})).json()
    assert told["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [200, 404, 500])
@pytest.mark.parametrize(
    "encoding",
    ["gzip", "GZIP", "gzip, gzip", "deflate", "br", "zstd", "x-gzip", "identity, gzip", "made-up", "identity;"],
)
async def test_a_packed_answer_is_refused_and_never_unpacked(encoding, status):
    async with server() as url, outbound_client(HERE) as client:
        asked = {"as": encoding, "status": str(status)}
        async with client.stream("GET", f"{url}/packed", params=asked) as response:
            assert response.status_code == status
            with pytest.raises(OutboundRefused, match="expected an answer as it is, got one in"):
                await read_at_most(response, 1_000_000)
        with pytest.raises(OutboundRefused):  # also by whoever reads it in another way
            await client.get(f"{url}/packed", params=asked)


async def test_the_body_of_a_redirect_is_not_read():
    async with server() as url, outbound_client(HERE) as client:
        asked = {"as": "gzip, gzip", "status": "302"}
        assert (await client.get(f"{url}/packed", params=asked, follow_redirects=True)).text.endswith("/shown")


@pytest.mark.parametrize("encoding", ["", "identity", "Identity", " identity ,", "identity, identity"])
def test_what_is_not_packed(encoding):
    assert packed_in(encoding) == ""


def elsewhere(url: str, how: str) -> str:
    port = httpx.URL(url).port
    return {"host": f"http://localhost:{port}/told", "port": "", "scheme": f"https://127.0.0.1:{port}/told"}[how]


@pytest.mark.parametrize("how", ["host", "port"])
async def test_a_redirect_takes_no_header_to_another_origin(how):
    async with server() as url, server() as other, outbound_client(HERE) as client:
        to = elsewhere(url, how) or f"{other}/told"
        answer = await client.get(f"{url}/elsewhere", params={"to": to}, headers=SECRET, follow_redirects=True)
        told = answer.json()
        assert told.keys() <= {"host", "accept", "accept-encoding", "connection", "user-agent"}
        assert told["host"] == f"{httpx.URL(to).host}:{httpx.URL(to).port}"


async def test_headers_that_were_left_behind_do_not_come_back():
    async with server() as url, server() as other, outbound_client(HERE) as client:
        there_and_back = httpx.URL(f"{other}/elsewhere", params={"to": f"{url}/told"})
        asked = {"to": str(there_and_back)}
        told = (await client.get(f"{url}/elsewhere", params=asked, headers=SECRET, follow_redirects=True)).json()
        assert "x-api-key" not in told, "the other one chose what is asked"
        asked = {"to": "/told"}
        told = (await client.get(f"{url}/elsewhere", params=asked, headers=SECRET, follow_redirects=True)).json()
        assert told["x-api-key"] == "secret"


async def test_a_cookie_of_one_call_is_not_sent_in_the_next():
    async with server() as url, outbound_client(HERE) as client:
        assert [(await client.get(f"{url}/cookie")).text for _ in range(2)] == ["none", "none"]
