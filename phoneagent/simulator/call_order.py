"""What a call is to be: who calls whom, by which instructions, and how it may go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from .caller import CallerScript
from .machine_detection import Detection
from .signing import GENUINE

API_VERSION = "2010-04-01"
HOST = re.compile(r"https?://[^/_?#]+([/?#].*)?", re.DOTALL)  # of a URL that Twilio takes

Direction = Literal["inbound", "outbound-api", "outbound-dial"]
Status = Literal["queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"]
Ending = Literal[
    "caller hung up",
    "caller gave up",
    "hung up by verb",
    "hung up by REST",
    "document ended",
    "application error",
    "rejected",
    "not answered",
    "canceled",
    "other leg ended",
    "time limit",
    "carrier closed",
]
OVER: tuple[Status, ...] = ("completed", "busy", "failed", "no-answer", "canceled")


@dataclass(frozen=True, slots=True)
class Callee:
    """Somebody who can be called: what they do after `ring` seconds.

    `script` is what they do then. None: on a call placed through REST they say nothing; on a `<Dial>` they hold the
    line for `talk` seconds, and hang up. `sip` is the final SIP status that callbacks tell, None the usual one of the
    outcome. `refused`: Twilio does not even try, and says so with this code: 21211 (no valid number), 21214 (cannot be
    reached), 21215 (country not enabled), 21216 (on a block list).
    """

    outcome: Literal["answers", "busy", "no-answer", "failed"] = "answers"
    ring: float = 2.0
    script: CallerScript | None = None
    talk: float = 10.0
    sip: int | None = None
    refused: int | None = None


NO_SUCH_NUMBER = Callee("failed", sip=404)


@dataclass(frozen=True, slots=True)
class Tampering:
    """What is wrong with a call, for tests of bad input. Signatures: `GENUINE`, None for none, or any text.

    `parameters` overwrite those of the TwiML in `start`; a name with value None is left out.
    """

    webhook_signature: str | None = GENUINE
    stream_signature: str | None = GENUINE
    parameters: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """A call to be led. `instructions`: its first document; `fallback` follows when a document cannot be had.

    `time_limit`, `ring_at_most` and `queued` (how long the call waits before it is dialled) in seconds. `send_digits`
    are pressed once the callee has answered. `detection`: whether a machine has.
    `parent`: the call whose `<Dial>` this is a leg of; at the end of its instructions (a whisper) it joins that call.
    """

    from_: str
    to: str
    direction: Direction
    instructions: Fetch | Inline
    script: CallerScript
    time_limit: float
    ring_at_most: float = 60.0
    parent: str = ""
    queued: float = 0.0
    send_digits: str = ""
    detection: Detection | None = None
    fallback: Fetch | None = None
    status_callback: str = ""
    status_callback_method: str = "POST"
    status_callback_events: tuple[str, ...] = ("completed",)
    parameters: Mapping[str, str] = field(default_factory=dict)
    tampering: Tampering = Tampering()


class Fetch(NamedTuple):
    """The next document comes from a URL; `extra` are parameters beside the standard ones."""

    url: str
    method: str = "POST"
    extra: Mapping[str, str] = {}


class Inline(NamedTuple):
    """The next document is given."""

    document: str


class Over(NamedTuple):
    """There is no next document."""

    ending: Ending
    status: Status = "completed"


Next: TypeAlias = Fetch | Inline | Over
