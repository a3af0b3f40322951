"""Who may come in."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Mapping

from starlette.requests import HTTPConnection

from phoneagent.ports import Signatures

BODY = 64 * 1024  # bytes; Twilio's forms have two thousand


class Unsigned:
    """For development on loopback: every request from this machine counts as the carrier's."""

    def genuine(self, target: str, form: Mapping[str, str], signature: str | None, *, websocket: bool = False) -> bool:
        """Always; `local` guards the door instead."""
        return True


class ApiKeys:
    """The keys of REST, console and metrics: kept as hashes, compared in constant time.

    `loopback`: whether this machine itself needs none while none is set. For what costs money or tells of callers it
    does, for a proxy on this machine may not say whom it speaks for.
    """

    def __init__(self, keys: Iterable[str], *, loopback: bool = True) -> None:
        self._hashes = [_hash(key) for key in keys]
        self._loopback = loopback

    def admit(self, connection: HTTPConnection) -> bool:
        """A known key as bearer token; without any key set, only this machine itself, or nobody."""
        if not self._hashes:
            return self._loopback and local(connection)
        scheme, _, key = connection.headers.get("authorization", "").partition(" ")
        presented = _hash(key.strip())
        known = [hmac.compare_digest(presented, hashed) for hashed in self._hashes]
        return scheme.lower() == "bearer" and any(known)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def local(connection: HTTPConnection) -> bool:
    """Whether the request comes from this machine, and not through a proxy on it."""
    if connection.client is None or "x-forwarded-for" in connection.headers or "forwarded" in connection.headers:
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
    signature = connection.headers.get("x-twilio-signature")
    return signatures.genuine(target(connection), form, signature, websocket=websocket)
