"""HTTP to addresses that somebody else may have a say in: a client that reaches public servers only.

An agent's tools and an operator's webhooks are URLs with variables, redirects and names in somebody's DNS. Whoever
controls one of these must not get at what only this machine can reach: its loopback, its private network, the metadata
service of its cloud. (OWASP, "Server-Side Request Forgery Prevention".)
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from fnmatch import fnmatchcase
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from typing import NamedTuple

import httpx

from .errors import OutboundRefused
from .public_addresses import Address, is_public

RESOLVED_WITHIN = 3.0  # seconds
HOSTS_KEPT = 32  # whose connections are kept for the next request
REDIRECTS = 3
LONGEST_QUOTED = 40  # characters of somebody's header
CONNECTIONS = 20  # to one host at once
ENCODING = "Accept-Encoding"
OPEN_HEADERS = frozenset({"accept", "accept-encoding", "connection", "host", "user-agent"})
"""All that another origin is told after a redirect: any other header may be a secret, or about a caller."""
ORIGIN = "phoneagent.origin"
"""An extension of a request, which its redirects inherit: where it was meant to go."""


class Reach(NamedTuple):
    """Where a client may connect to. `hosts` are names, or patterns such as `*.example.com`; without any: everywhere.

    `private`: private and loopback addresses, and plain `http`, are meant.
    """

    hosts: tuple[str, ...] = ()
    private: bool = False

    def names(self, host: str) -> bool:
        return not self.hosts or any(fnmatchcase(host.lower(), pattern.lower()) for pattern in self.hosts)


PUBLIC = Reach()


def outbound_client(
    reach: Reach = PUBLIC, *, timeout: float = 10.0, tls: Callable[[], httpx.AsyncHTTPTransport] | None = None
) -> httpx.AsyncClient:
    """A client whose every connection, also after a redirect, is within `reach`. Close it.

    Requests raise `OutboundRefused` for what is not, and else what httpx raises. `timeout` is seconds for each step,
    not for the whole: whoever reads an answer bounds that, and its size (`read_at_most`). Proxies and `.netrc` of the
    environment are not used. `tls` makes the transports, for other certificates.
    """
    return httpx.AsyncClient(
        transport=_Guarded(reach, tls or _transport),
        timeout=timeout,
        trust_env=False,
        max_redirects=REDIRECTS,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # of one call must not be sent in another
    )


def packed_in(encoding: str) -> str:
    """What the value of `Content-Encoding` says that a body is packed in; nothing if it is as it is."""
    packings = [each for each in map(str.strip, encoding.split(",")) if each.lower() not in ("", "identity")]
    return ", ".join(packings)[:LONGEST_QUOTED]


async def read_at_most(response: httpx.Response, most: int) -> bytes:
    """The body of a response that is being streamed. Raises `OutboundRefused` past so many bytes, and for one that is
    packed, which was not asked for: few bytes may become any number.
    """
    body = bytearray()
    async for chunk in response.aiter_raw(65_536):
        body += chunk
        if len(body) > most:
            raise OutboundRefused(f"the answer is larger than {most:,} bytes")
    return bytes(body)


class _Guarded(httpx.AsyncBaseTransport):
    """Looks a host up, and connects to the very address that was looked at: its name cannot change in between."""

    def __init__(self, reach: Reach, make: Callable[[], httpx.AsyncHTTPTransport]) -> None:
        self._reach = reach
        self._make = make
        # One for each host: a connection to an address must not serve another name, for which it was not verified.
        self._transports: OrderedDict[str, httpx.AsyncHTTPTransport] = OrderedDict()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, host = request.url, request.url.host
        if url.scheme not in (("https", "http") if self._reach.private else ("https",)):
            raise OutboundRefused(f"expected an https address, got {url.scheme}://{host}")
        if not self._reach.names(host):
            raise OutboundRefused(f"{host} is not among the allowed hosts ({', '.join(self._reach.hosts)})")
        addresses = await _addresses(host, url.port or (443 if url.scheme == "https" else 80))
        if not self._reach.private and (inner := [each for each in addresses if not is_public(each)]):
            raise OutboundRefused(f"{host} leads to the private address {inner[0]}")
        transport = await self._transport(host)
        headers = request.headers.copy()
        headers[ENCODING] = "identity"
        if request.extensions.setdefault(ORIGIN, _origin(url)) != _origin(url):
            request.extensions[ORIGIN] = None  # nor does a redirect bring them back, to what another one chooses
            headers = httpx.Headers([(name, value) for name, value in headers.items() if name in OPEN_HEADERS])
        for number, address in enumerate(addresses, start=1):
            there = httpx.Request(
                request.method,
                url.copy_with(host=str(address)),
                headers=headers.raw,  # with the Host that was asked for
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return await _as_it_is(await transport.handle_async_request(there))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise AssertionError("the last address answers or raises")

    async def aclose(self) -> None:
        while self._transports:
            _, transport = self._transports.popitem()
            await transport.aclose()

    async def _transport(self, host: str) -> httpx.AsyncHTTPTransport:
        if host not in self._transports:
            self._transports[host] = self._make()
        self._transports.move_to_end(host)
        if len(self._transports) > HOSTS_KEPT:
            _, oldest = self._transports.popitem(last=False)
            await oldest.aclose()
        return self._transports[host]


async def _as_it_is(response: httpx.Response) -> httpx.Response:
    """An answer that nobody unpacks; of a redirect without its body, which a client would read whole."""
    packing = packed_in(response.headers.get("content-encoding", ""))
    if response.has_redirect_location:
        await response.aclose()
        return httpx.Response(
            response.status_code,
            headers={"location": response.headers["location"]},
            stream=httpx.ByteStream(b""),
            extensions=response.extensions,
        )
    if packing:
        response.stream = _Packed(response, packing)
    return response


class _Packed(httpx.AsyncByteStream):
    """A body that is not read."""

    def __init__(self, response: httpx.Response, packing: str) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - of an asynchronous transport
        self._stream = response.stream
        self._packing = packing

    def __aiter__(self) -> AsyncIterator[bytes]:
        raise OutboundRefused(f"expected an answer as it is, got one in {self._packing}")

    async def aclose(self) -> None:
        await self._stream.aclose()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """By RFC 6454, section 4: what is another server, though the host be the same."""
    return url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme)


def _transport() -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(trust_env=False, limits=httpx.Limits(max_connections=CONNECTIONS))


async def _addresses(host: str, port: int) -> list[Address]:
    """All addresses of a host, in the order of the system's preference."""
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVED_WITHIN):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise OutboundRefused(f"{host} was not found within {RESOLVED_WITHIN:g} s") from error
    except (OSError, UnicodeError) as error:
        raise OutboundRefused(f"{host} was not found") from error
    return _distinct(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found)


def _distinct(addresses: Iterable[Address]) -> list[Address]:
    return list(dict.fromkeys(addresses))
