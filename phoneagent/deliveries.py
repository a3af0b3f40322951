"""Messages to the operator's own systems: who is told, and what is kept of a message until it has arrived."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, get_args
from urllib.parse import urlsplit, urlunsplit

from .private import Private

MessageType = Literal[
    "call.started", "turn.ended", "tool.called", "tool.returned", "call.transfer", "call.ended", "call.analysed"
]
"""What an operator can be told; docs/webhooks.md says when, and what is in it."""

MESSAGE_TYPES: tuple[MessageType, ...] = get_args(MessageType)

SHORT = 16  # hexadecimal digits of a hash: enough to tell a few webhooks apart


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver. `events`: of what it is told, everything if empty. `agent`: of whose calls; of all, if empty.

    `secrets`: each signs, so that one can be replaced by another while both are good; `whsec_` and base64. `private`:
    it is in a private network, or on this machine, and may be reached by plain http.
    """

    url: str = field(repr=False)
    secrets: tuple[Private[str], ...]
    events: tuple[MessageType, ...] = ()
    agent: str = ""
    private: bool = False

    @property
    def id(self) -> str:
        """The same in every process and after every change of its secrets and events."""
        return hashlib.sha256(f"{self.agent}\n{self.url}".encode()).hexdigest()[:SHORT]

    @property
    def shown(self) -> str:
        """The URL without its query, which may have a key in it."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(query="", fragment=""))

    def wants(self, event: MessageType) -> bool:
        return not self.events or event in self.events


@dataclass(frozen=True, slots=True)
class Incoming:
    """Who is asked what is to be done with a call that comes in. `within`: seconds for the answer; the caller waits."""

    webhook: Webhook
    within: float = 1.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to one webhook. `id`: what receivers know repetitions by. `lane`: what stays in order, a call's name.

    `body` is JSON, as it is signed and sent. `url` is for people. `created`: seconds since the epoch.
    """

    id: str
    webhook: str
    url: str
    lane: str
    type: str
    created: float
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that one process attempts; `token` fences off whoever claimed it before. `attempts`: earlier ones.

    `disabled`: why its webhook is told nothing any more. `wanted`: an operator wants it attempted all the same.
    """

    delivery: Delivery
    token: int
    attempts: int
    disabled: str = ""
    wanted: bool = False


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that is not attempted any more. `died`: seconds since the epoch; `problem`: of the last attempt."""

    delivery: Delivery
    attempts: int
    problem: str
    died: float


@dataclass(frozen=True, slots=True)
class DeadPage:
    """The ones that died last first. `next` is the cursor of the page that follows; empty on the last page."""

    letters: tuple[DeadLetter, ...]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver has answered. `status` 0: nothing, and `problem` says why. `body`: its first kilobytes.

    `wait`: seconds after which it wants to be asked again, 0 if it did not say. `packed`: by what its body is; then it
    was not read, because a few of its bytes may become any number.
    """

    status: int = 0
    body: bytes = field(default=b"", repr=False)
    media_type: str = ""
    problem: str = ""
    wait: float = 0.0
    packed: str = ""

    @property
    def arrived(self) -> bool:
        return 200 <= self.status < 300


class Post(Protocol):
    """Signs messages and brings them to receivers."""

    async def send(self, webhook: Webhook, message: str, body: str, *, within: float) -> Reply:
        """Ask once, for so many seconds at most. `message`: the id of it. Trouble of any kind is a `Reply` too."""

    async def aclose(self) -> None: ...


class Taken(NamedTuple):
    """What has become of deliveries that were put: those for which there was no room, and those nobody wants."""

    no_room: int = 0
    disabled: int = 0


class DeliveryQueue(Protocol):
    """Messages on their way, of all processes. Every method raises `StoreError`; `now` is seconds since the epoch.

    A lane of a webhook is a queue of its own: only its first delivery is claimed, and the next one when that is
    delivered, dead, or has stepped aside.
    """

    async def put(self, deliveries: Sequence[Delivery], *, now: float) -> Taken:
        """Each to the end of its lane. One whose id is or was here is ignored: repeating is harmless."""

    async def claim(self, room: Mapping[str, int], *, now: float, seconds: float) -> tuple[Claimed, ...]:
        """What is due of webhooks by their ids, at most so many of each; nobody else gets it for so many seconds."""

    async def next_due(self, webhooks: Sequence[str]) -> float | None:
        """When the first delivery of these is due, or may be claimed again; None when there is none."""

    async def webhooks(self) -> tuple[str, ...]:
        """The ids of all to which something is on its way, also of those that nobody here knows."""

    async def delivered(self, claimed: Claimed, *, now: float) -> bool:
        """It has arrived. With `wanted`, its webhook is told of new calls again. False: another claimed it since."""

    async def postpone(self, claimed: Claimed, *, until: float, now: float, problem: str, aside: bool) -> bool:
        """Attempt it again then. `aside`: what is behind it in its lane does not wait for that."""

    async def bury(
        self, claimed: Claimed, *, now: float, keep: float, problem: str, tried: bool = True, disable: bool = False
    ) -> bool:
        """Attempt it never again, and show it for `keep` seconds. `tried`: it was attempted once more. `disable`: its
        webhook is told nothing for as long, unless an operator wants it again.
        """

    async def dead(self, *, cursor: str = "", limit: int = 50) -> DeadPage:
        """Raises `OrderRefused` for a `cursor` that is none."""

    async def erase(self, calls: Collection[str]) -> int:
        """What tells of these calls, on its way or dead; how many that were. Who has claimed one loses it."""

    async def redeliver(self, delivery: str, *, now: float) -> bool:
        """Begin anew with a dead letter, at once, and also if its webhook is disabled. False when there is none."""
