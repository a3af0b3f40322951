"""What lies between the carrier and the product: delays, and where a public name really is."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import urlsplit, urlunsplit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Network:
    """Conditions of media streams. All durations are seconds, one way.

    Each message is late by its direction's delay and up to `jitter` more, but never overtakes another: TCP keeps the
    order. `stream_delay` passes between Twilio's reading of a document and its connection to the stream's URL.

    `routes` maps public bases to where they are served in fact (`{"https://voice.example.net":
    "http://127.0.0.1:8080"}`): what is signed, and what TwiML says, stays public. `wss://` follows from it.
    """

    to_server: float = 0.0
    from_server: float = 0.0
    jitter: float = 0.0
    stream_delay: float = 0.0
    routes: Mapping[str, str] = field(default_factory=dict)

    def locate(self, url: str) -> str:
        """The URL under which a public one is reached."""
        parts = urlsplit(url)
        secure = parts.scheme in ("https", "wss")
        base = f"{'https' if secure else 'http'}://{parts.netloc}"
        real = self.routes.get(base)
        if real is None:
            return url
        there = urlsplit(real)
        scheme = there.scheme
        if parts.scheme in ("ws", "wss"):
            scheme = "wss" if there.scheme == "https" else "ws"
        return urlunsplit((scheme, there.netloc, parts.path, parts.query, ""))


class Line(Generic[T]):
    """One direction of a connection. Without delay, `put` is a plain call of `deliver`."""

    def __init__(self, deliver: Callable[[T], None], *, delay: float, jitter: float) -> None:
        self._deliver = deliver
        self._delay = delay
        self._jitter = jitter
        self._under_way: deque[T] = deque()
        self._latest = 0.0
        self._random = random.Random()
        self._loop = asyncio.get_running_loop()

    def put(self, item: T) -> None:
        if not self._delay and not self._jitter:
            self._deliver(item)
            return
        due = self._loop.time() + self._delay + self._random.uniform(0, self._jitter)
        self._latest = max(self._latest, due)
        self._under_way.append(item)
        self._loop.call_at(self._latest, self._arrive)

    def _arrive(self) -> None:
        if self._under_way:
            self._deliver(self._under_way.popleft())

    def cut(self) -> None:
        """What is under way never arrives."""
        self._under_way.clear()
