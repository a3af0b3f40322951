"""Who may come in."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from phoneagent.api_keys import SCOPES, ApiKey, KeyRing, hashed, looks_like_one
from phoneagent.ports import Signatures

from .loopback import asked_for_loopback, forwarded

BODY = 64 * 1024  # bytes; Twilio's forms have two thousand
REMEMBERED = 2.0  # seconds that a key is good without being looked for again; so long a revoked one may still be used
MOST_REMEMBERED = 1000
SIGNATURE = "x-twilio-signature"
SHORT = 16  # hexadecimal digits of a hash: enough to tell a few keys apart, and of no use to anybody


class Unsigned:
    """For development on loopback: every request from this machine counts as the carrier's."""

    def genuine(
        self,
        target: str,
        form: Mapping[str, str],
        signature: str | None,
        *,
        settings: str | None = None,
        websocket: bool = False,
    ) -> bool:
        """Always; `LoopbackOnly` guards the door instead."""
        return True

    def missing(self, settings: str | None) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has shown a key. `id` tells holders apart, and is not the key; nor is `name`, which people know it by."""

    id: str
    scopes: frozenset[str]
    name: str = ""


class ApiKeys:
    """The keys of REST and metrics: those of the settings, which may do everything, and those of the ring, each with
    its scopes. Only hashes are kept, and compared in constant time.

    `loopback`: whether this machine itself needs none while none is set. For what costs money or tells of callers it
    does, for a proxy on this machine may not say whom it speaks for.
    """

    def __init__(self, keys: Iterable[str], *, loopback: bool = True, ring: KeyRing | None = None) -> None:
        self._hashes = [hashed(key) for key in keys]
        self._loopback = loopback
        self._ring = ring
        self._found: OrderedDict[str, tuple[float, ApiKey]] = OrderedDict()

    async def holder(self, connection: HTTPConnection) -> Holder | None:
        """Whose key comes as bearer token; without any key in the settings, also this machine itself, if it may.

        Raises `StoreError` when a key may be in the ring, and the ring is away.
        """
        scheme, _, key = connection.headers.get("authorization", "").partition(" ")
        key = key.strip()
        presented = hashed(key)
        known = [hmac.compare_digest(presented, one) for one in self._hashes]
        if scheme.lower() == "bearer":
            if any(known):
                return Holder(presented[:SHORT], frozenset(SCOPES), f"PHONEAGENT_API_KEYS {known.index(True) + 1}")
            if looks_like_one(key):  # and when it was revoked, it is worth no more than another one, not everything
                found = await self._in_ring(presented)
                return Holder(presented[:SHORT], found.scopes, found.name) if found is not None else None
        if not self._hashes and self._loopback and local(connection):
            return Holder("this machine", frozenset(SCOPES), "this machine")
        return None

    async def _in_ring(self, presented: str) -> ApiKey | None:
        if self._ring is None:
            return None
        now = asyncio.get_running_loop().time()
        until, key = self._found.get(presented, (0.0, None))
        if key is None or until <= now:
            self._found.pop(presented, None)
            key = await self._ring.find(presented)
            if key is not None:
                self._found[presented] = now + REMEMBERED, key
                if len(self._found) > MOST_REMEMBERED:
                    self._found.popitem(last=False)
        return key


def local(connection: HTTPConnection) -> bool:
    """Whether the request comes from this machine, and not through a proxy on it."""
    if connection.client is None or forwarded(connection) or not asked_for_loopback(connection):
        return False
    try:
        return ipaddress.ip_address(connection.client.host).is_loopback
    except ValueError:
        return False


def target(connection: HTTPConnection) -> str:
    """Path and query as they were requested: what the carrier has signed."""
    query = connection.scope.get("query_string", b"").decode("latin-1")
    raw = connection.scope.get("raw_path") or connection.scope["path"].encode()
    path = raw.split(b"?", 1)[0].decode("latin-1")
    return f"{path}?{query}" if query else path


def signed(connection: HTTPConnection, form: Mapping[str, str], signatures: Signatures, *, websocket: bool) -> bool:
    """Whether the carrier sent this request."""
    return signatures.genuine(
        target(connection), form, connection.headers.get(SIGNATURE), settings=_settings(connection), websocket=websocket
    )


def unsigned(connection: HTTPConnection, signatures: Signatures) -> str:
    """Why a request that is not `signed` could not be, in words for the operator."""
    if SIGNATURE not in connection.headers:
        return "the request has no signature"
    return signatures.missing(_settings(connection)) or "the signature is wrong"


def _settings(connection: HTTPConnection) -> str | None:
    return connection.headers.get("x-twilio-webhooks-signature-settings")
