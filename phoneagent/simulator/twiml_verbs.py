"""TwiML's verbs and nouns as values: what a document says to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Stream:
    """A bidirectional media stream."""

    url: str
    parameters: Mapping[str, str]
    name: str = ""
    status_callback: str = ""
    status_callback_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect the call to a stream; afterwards `action`, if there is one, or the next verb."""

    stream: Stream
    action: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a text. `loop` 0: again and again."""

    text: str
    voice: str = ""
    loop: int = 1


@dataclass(frozen=True, slots=True)
class Play:
    """Play an audio file or, when given, keypad digits."""

    url: str
    digits: str = ""
    loop: int = 1


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    length: float = 1.0


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Refuse a call that was not answered yet."""

    reason: Literal["rejected", "busy"] = "rejected"


@dataclass(frozen=True, slots=True)
class Gather:
    """Take keys, words, or either, while `prompts` are played and `timeout` seconds after the last of it.

    `num_digits` 0: any number of them. `finish_on_key` empty: none does. `speech_timeout`: seconds of silence that end
    what is said. `action` empty: the document in which it stands.
    """

    prompts: tuple[Say | Play | Pause, ...] = ()
    input: frozenset[str] = frozenset({"dtmf"})
    timeout: float = 5.0
    num_digits: int = 0
    finish_on_key: str = "#"
    speech_timeout: float = 5.0
    action_on_empty_result: bool = False
    action: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Wait in a queue, with what `wait_url` says, again and again (empty: silence), until somebody takes the call."""

    queue: str
    wait_url: str = ""
    wait_method: str = "POST"
    action: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the queue; stands in documents for those who wait."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom `<Dial>` calls. `url`: what is said and asked at the target's ear (a whisper) before the two are joined."""

    address: str
    url: str = ""
    method: str = "POST"
    send_digits: str = ""
    status_callback: str = ""
    status_callback_method: str = "POST"
    status_callback_events: tuple[str, ...] = ("completed",)


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect the caller to somebody else. `targets` ring at the same time. Durations in seconds.

    `answer_on_bridge`: a call that was not answered yet is answered only when the target has. `queue` stands
    in place of targets: whoever waits longest in it.
    """

    targets: tuple[Target, ...]
    timeout: float = 30.0
    time_limit: float = 4 * 3600.0
    caller_id: str = ""
    action: str = ""
    method: str = "POST"
    answer_on_bridge: bool = False
    queue: str = ""


@dataclass(frozen=True, slots=True)
class NotFollowed:
    """A verb that this simulator cannot carry out; reaching it is an error of the simulation."""

    name: str


Verb: TypeAlias = (
    Connect | Say | Play | Pause | Redirect | Hangup | Reject | Gather | Enqueue | Leave | Dial | NotFollowed
)


@dataclass(frozen=True, slots=True)
class Document:
    """What to do with a call. `problems` are Twilio's code and text, for each mistake that does not stop it."""

    verbs: tuple[Verb, ...]
    problems: tuple[tuple[int, str], ...] = ()
