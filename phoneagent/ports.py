"""What the edges must look like. An adapter is a plain class with these methods; it inherits nothing.

Rules for all of them: `send`, `speak`, ... without `async` never block and never raise for trouble on the network;
trouble comes out of the iteration, or as a `ProviderError` from `connect`. `aclose` may be called twice, in any state,
and returns within a second whatever the other side does. Clocks are the event loop's.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from .api_keys import KeyRing
from .audit import AuditLog
from .conversation.events import (
    EagerEndOfTurn,
    EndOfTurn,
    PartialTranscript,
    ProviderFailed,
    ReplyDone,
    ReplyText,
    SpeechStarted,
    SpeechStopped,
    ToolRequested,
    TurnResumed,
)
from .conversation.transcript import Turn
from .deliveries import DeliveryQueue
from .do_not_call import DoNotCallList
from .records import (
    TALK_AT_MOST,
    CallPage,
    CallRecord,
    CallStatus,
    Clip,
    Expectation,
    KeptRecording,
    LogEntry,
    LoggedEvent,
    Order,
    OrderClaim,
    OrderPage,
    OrderUrls,
    Progress,
    Spoken,
    StoredCall,
    StreamMessage,
    ToolSpec,
)
from .report import EndOfCallReport, ReportClaim

Heard: TypeAlias = (
    SpeechStarted | SpeechStopped | PartialTranscript | EagerEndOfTurn | TurnResumed | EndOfTurn | ProviderFailed
)
Thought: TypeAlias = ReplyText | ToolRequested | ReplyDone | ProviderFailed
"""What a mind yields. A `ReplyText` without text, before all others, says that the model thinks: it is not dead."""

# --- ears ------------------------------------------------------------------------------------------


class Transcription(Protocol):
    """The ears of one call."""

    def send(self, audio: bytes) -> None:
        """Take one frame of μ-law at 8 kHz (20 ms, 160 bytes). Bounded: the oldest audio goes first, and is counted."""

    def expect(self, expectation: Expectation) -> None:
        """Take a hint of what comes next; ears that cannot use it ignore it."""

    def __aiter__(self) -> AsyncIterator[Heard]:
        """Events in order. Ends after `finish`; raises `ProviderError` when the ears have failed for good."""

    async def finish(self) -> None:
        """No more audio follows: let the last words come out of the iteration (within a second)."""

    async def aclose(self) -> None: ...


@runtime_checkable
class Replaceable(Transcription, Protocol):
    """A transcription that others can take the place of."""

    def doubt(self, problem: str) -> None:
        """It has told nothing of a sound, which may be a noise: its iteration raises a `ProviderError`, and a new
        connection is one to other ears, if there are any. That it has failed is for those to show.
        """

    def confirm(self) -> ProviderFailed | None:
        """These ears have understood what those before them were doubted for: that was a failure. Returns it."""


class SpeechToText(Protocol):
    """Ears: what a process has once."""

    turn_events: bool
    """Whether `EndOfTurn` comes from the provider. If not, the conversation does its own endpointing."""

    async def connect(self, *, call: str, language: str = "en") -> Transcription:
        """Open ears for one call. Raises `ProviderError`."""

    async def aclose(self) -> None: ...


# --- mind ------------------------------------------------------------------------------------------


class LanguageModel(Protocol):
    """Mind: what a process has once. Stateless: the conversation so far comes with each request."""

    def reply(
        self, reply: int, *, instructions: str, turns: tuple[Turn, ...], tools: tuple[ToolSpec, ...]
    ) -> AsyncGenerator[Thought, None]:
        """Answer the conversation. An async generator: closing it stops the model.

        Ends with `ReplyDone`; raises `ProviderError`. After `ToolRequested` comes `ReplyDone` too: the tool's result
        is a turn of the next request.
        """

    def expects(self, turns: tuple[Turn, ...]) -> Expectation:
        """What the caller may say next."""

    async def warm(self) -> None:
        """Pay now what the next reply would otherwise pay: imports, a connection. Called when the phone rings; never
        raises, and does nothing when the mind is warm.
        """

    async def aclose(self) -> None: ...


# --- voice -----------------------------------------------------------------------------------------


class Speech(Protocol):
    """The voice of one call. Several replies may be open at once; each is spoken in the order of its phrases."""

    identity: str
    """Whose voice it is; where another voice stands in, not that of the `TextToSpeech` that was asked for it. At a
    `SpeechDone`, whose voice that reply had; empty if it was more than one's.
    """

    def speak(self, reply: int, text: str) -> None:
        """Speak this phrase next in the reply."""

    def finish(self, reply: int) -> None:
        """No phrase follows: `SpeechDone` comes after the last audio.

        If audio is missing for text that can be spoken, `SpeechFailed` comes instead, and says so as `silent`.
        """

    def cancel(self, reply: int) -> None:
        """Drop the reply: nothing of it comes out of the iteration any more. Unknown ids are ignored."""

    def __aiter__(self) -> AsyncIterator[Spoken | ProviderFailed]:
        """Audio of all replies as it arrives. Raises `ProviderError` when the voice has failed for good."""

    async def aclose(self) -> None: ...


class TextToSpeech(Protocol):
    """Voice: what a process has once."""

    identity: str
    """Provider, voice, model and settings in one string: the key under which its speech may be cached."""

    async def connect(self, *, call: str) -> Speech:
        """Open a voice for one call. Raises `ProviderError`."""

    async def aclose(self) -> None: ...


class Synthesizer(Protocol):
    """Turns a whole text into speech at once: for callers in the simulator."""

    def synthesize(self, text: str, *, voice: str = "") -> Clip: ...


# --- tools -----------------------------------------------------------------------------------------


class ToolBox(Protocol):
    """The tools of an agent."""

    @property
    def found(self) -> tuple[ToolSpec, ...]:
        """What there is now beside those that the agent itself names: the tools of servers that were asked."""

    async def run(self, name: str, arguments: str, *, call: str, variables: Mapping[str, str] | None = None) -> str:
        """Run a tool; `arguments` is JSON text as the model wrote it, `variables` are the call's.

        Raises `ToolError` with a text for the model.
        """


# --- the carrier -----------------------------------------------------------------------------------


class MediaCodec(Protocol):
    """Translates the carrier's messages; pure."""

    def decode(self, message: str) -> StreamMessage:
        """Raises `CarrierError` saying what was expected."""

    def media(self, stream: str, audio: bytes) -> str: ...

    def mark(self, stream: str, name: str) -> str: ...

    def clear(self, stream: str) -> str: ...


class Documents(Protocol):
    """What the carrier is told to do with a call, in its own language (TwiML)."""

    def connect(self, *, token: str) -> str:
        """Open a media stream to us, carrying the token; afterwards ask `/twilio/continue`."""

    def say_and_hang_up(self, text: str, *, language: str = "") -> str: ...

    def reject(self, *, busy: bool) -> str:
        """Do not answer: the line is busy, or nobody can be reached."""

    def dial(self, target: str, *, caller_id: str, ring_for: int, talk_for: int, ask_first: str = "") -> str:
        """Connect the caller to a number or a SIP address; afterwards ask `/twilio/continue`.

        `caller_id`: the number that is shown there; `ring_for` and `talk_for`: seconds.
        `ask_first`: the call whose target is asked before they are connected (see `offer`), while it rings.
        """

    def enqueue(self, queue: str) -> str:
        """Let the caller wait in a queue; `/twilio/hold` is asked what they hear, `/twilio/continue` how it goes on."""

    def hold(self, music: str, *, text: str = "", language: str = "") -> str:
        """What a caller hears who waits: a text, and music from a URL, our own if it is empty."""

    def leave_queue(self) -> str: ...

    def come_back(self) -> str:
        """Ask `/twilio/continue`."""

    def offer(self, call: str, text: str, *, language: str) -> str:
        """Say it to somebody, and ask `/twilio/target` with the key that they press, or with none."""

    def join(self, queue: str, *, otherwise: str, language: str, talk_for: int = TALK_AT_MOST) -> str:
        """Connect whom this is for with the first of a queue, or tell them that nobody is there any more; without a
        queue, with the call they were dialled for.
        """

    def ask_again(self, times: int, *, what: str = "/twilio/continue") -> str:
        """Ask this of any process, with the count as `again`; the first time at once, later in a second."""

    def send_on(self, url: str) -> str:
        """Ask another server how to answer; with `again=1`, so that it does not send the call back."""

    def wait_for_room(self, times: int, *, what: str) -> str:
        """Let the caller wait in a queue; `/twilio/hold?room=1` is asked what they hear, and `what` how to answer when
        they leave it, with the count as `again`.
        """

    def press(self, digits: str) -> str:
        """Press keys, out of `0123456789*#w`; afterwards ask `/twilio/continue`."""

    def hang_up(self) -> str: ...


class Signatures(Protocol):
    """Tells the carrier's requests from forged ones."""

    def genuine(
        self,
        target: str,
        form: Mapping[str, str],
        signature: str | None,
        *,
        settings: str | None = None,
        websocket: bool = False,
    ) -> bool:
        """Whether the carrier signed this. `target`: path and query as requested, e.g. `/twilio/voice?agent=a`.

        `settings`: what the request says of the key and the algorithm it was signed with.
        """

    def missing(self, settings: str | None) -> str:
        """What an operator must set before requests with such `settings` can be checked; empty if it is nothing."""


class CallControl(Protocol):
    """Acts on a live call from outside its media stream. Bounded in time; raises `CarrierError`."""

    async def hang_up(self, call: str) -> None:
        """End the call. A call that is already over counts as success."""

    async def update(self, call: str, document: str) -> None:
        """Replace what the carrier does with the call."""

    async def in_progress(self) -> Sequence[str]:
        """The calls that the carrier thinks are in progress, the newest of them."""

    async def ring(self, to: str, *, caller_id: str, call: str, ring_for: int) -> str:
        """Call somebody for a caller; when they answer, `/twilio/target` is asked. Returns the id of the new call.

        Raises `DialRefused` when it is certain that nobody was called; after any other `CarrierError` they may be.
        """

    async def aclose(self) -> None: ...


class Exchange(Protocol):
    """Places calls, and says what has become of them. Bounded in time; raises `CarrierError`."""

    async def place(self, order: Order, urls: OrderUrls) -> str:
        """Have the order's number called; returns the carrier's call id. Asks once.

        Raises `DialRefused` when it is certain that nothing was placed; after any other `CarrierError` it may be.
        """

    async def find(self, order: Order) -> Sequence[Progress]:
        """Calls that may be the order's: with its numbers, and not from before it was dialled. The newest first."""

    async def progress(self, call: str) -> Progress | None:
        """How far a call is; None when the carrier does not know it."""

    async def cancel(self, call: str) -> None:
        """End a call that nobody has answered yet. One that was answered, or is over, stays as it is."""

    async def hang_up(self, call: str) -> None:
        """End the call. A call that is already over counts as success."""


class TextMessages(Protocol):
    """Sends text messages (SMS). Bounded in time; raises `CarrierError`."""

    async def send_text(self, text: str, *, to: str, sender: str) -> str:
        """Have it sent, to and from numbers in E.164 form; returns the carrier's id of the message. Asks once.

        Raises `MessageRefused` when it is certain that it is not sent; after any other `CarrierError` it may be.
        """


class MediaStream(Protocol):
    """One call's media stream, after its `start`."""

    async def listen(self, take: Callable[[StreamMessage], None]) -> None:
        """Give each message to `take` as it comes, until the stream was stopped or the connection is lost.

        Raises `CarrierError` when the peer breaks the protocol, and whatever `take` raises.
        """

    def send_audio(self, audio: bytes) -> None: ...

    def send_mark(self, name: str) -> None: ...

    def clear(self) -> None:
        """Drop what is queued here, then tell the carrier to drop what it holds."""

    async def aclose(self, reason: str = "", *, violation: bool = False) -> None:
        """Close the stream; the carrier goes on with what follows it. `violation`: the carrier broke the protocol."""


# --- watching ---------------------------------------------------------------------------------------


class Observer(Protocol):
    """Is told what happens in calls: for logs, metrics, a screen. Must be quick and must not raise."""

    def tell(self, call: str, at: float, name: str, values: Mapping[str, Any]) -> None:
        """`name` and `values` are those of `Emit`, or the shell's own; `at`: seconds since the call began."""


# --- state -----------------------------------------------------------------------------------------


class Clips(Protocol):
    """Spoken phrases that processes share, by the voice's identity. Every method raises `StoreError`.

    It is a cache: a clip may be gone at any time, and what cannot be read, or is too large, is not there.
    """

    async def load_clips(self, identity: str, texts: Sequence[str]) -> Mapping[str, Clip]:
        """The clips of these texts that are there, by text. They count as used."""

    async def recent_clips(self, identity: str, most: int) -> Mapping[str, Clip]:
        """Up to so many clips of a voice by text, the one used last first."""

    async def save_clip(self, identity: str, text: str, clip: Clip) -> None:
        """Keep a clip for days. Repeating it is harmless; of too many clips the least recently used goes."""


class People(Protocol):
    """Who has called or was called, by keyed hashes of their numbers. Every method raises `StoreError`.

    A store notes by itself who is in a call that it is given, before it keeps anything else of it.
    """

    async def pseudonym(self, number: str) -> str:
        """The hash: always the same in a store, and of no use to anybody who has not its secret."""

    async def note(self, number: str, call: str, *, at: float) -> None:
        """There is a call, or an order, of this person. A number that is withheld is nobody's."""

    async def calls(self, number: str) -> tuple[str, ...]:
        """The calls and orders of a person, in the order of time."""

    async def forget(self, number: str, calls: Iterable[str]) -> None:
        """That these were theirs."""


class OrderBook(Protocol):
    """Calls that are wanted, by all processes. Every method raises `StoreError`; `now` is seconds since the epoch.

    Statuses only move forward, and a final one stays: what comes late, twice or in another order changes nothing.
    """

    async def create(self, order: Order, *, key: str = "", fingerprint: str = "") -> Order:
        """Write an order down. With a `key` (of whoever asks) that is known, the order it was first used for instead;
        raises `KeyReused` when the `fingerprint` of what was asked for is another.
        """

    async def known(self, key: str, *, fingerprint: str) -> Order | None:
        """The order that a key was used for; see `create`."""

    async def load(self, order: str) -> Order | None:
        """By its own id, or by the carrier's call id."""

    async def change(self, order: str, *, token: int = 0, due: float | None = None, **changes: object) -> Order | None:
        """Change fields of an order, by its own id; returns it as it is afterwards, None when it is unknown.

        A change whose `status` is no step forward changes neither `status` nor `ended` nor `problem`. Of an order that
        is over nothing changes but `answered_by` and `outcome`, and `call` while it is empty. `due` is when somebody
        shall look at the order again (see `claim`). With a `token` it raises `LeaseLost` when another has claimed the
        order since.
        """

    async def begin(self, order: str, *, token: int, now: float) -> bool:
        """To `dialling`, with the time in `dialled`. False unless it waits: it is `queued`, or `dialling` without
        `dialled` and `call`, since the carrier has refused it or was found not to have it. False too when another has
        claimed it since. Whoever gets True is the only one who may ask the carrier.
        """

    async def cancel(self, order: str, *, now: float) -> Order | None:
        """To `canceled` while it waits (see `begin`); any other stays as it is. Returns it; None when unknown."""

    async def page(self, *, cursor: str = "", limit: int = 50) -> OrderPage:
        """The newest first. Raises `OrderRefused` for a `cursor` that is no `place_of` a call."""

    async def claim(self, *, now: float, seconds: float, most: int) -> tuple[OrderClaim, ...]:
        """Take up to so many orders that are due, the one that waits longest first; nobody else gets them for so many
        seconds. A new order is due from its `not_before`, or at once.

        Who had claimed it before may have died: an order that is `dialling` may have reached the carrier.
        """

    async def next_due(self) -> float | None:
        """When the next order is due, in seconds since the epoch; None when none is open."""

    async def pace(self, *, per_second: float) -> float:
        """Ask for leave to dial, over all processes: 0.0 is leave, for one call; otherwise seconds to wait and ask
        again.
        """

    async def erase(self, order: str) -> bool:
        """By its own id, with the idempotency key it was asked for by. False when it is unknown."""


class ReportBook(Protocol):
    """The reports of calls that are over, and the calls that wait for one. Every method raises `StoreError`; `now` and
    `due` are seconds since the epoch.

    A store has every call wait from its beginning (`Store.create_call`), and makes it due as its end is written: of a
    process that dies between a call's end and its report no report is lost.
    """

    async def expect(self, call: str, *, due: float) -> None:
        """Have somebody look at a call then, or when it was due before, if that is earlier. Not if it is `done`."""

    async def claim(self, *, now: float, seconds: float, most: int) -> tuple[ReportClaim, ...]:
        """Take up to so many calls that are due, the one that waits longest first; nobody else gets them for so many
        seconds.
        """

    async def put_off(self, call: str, *, token: int, due: float, failed: bool = False) -> None:
        """Have somebody look at a claimed call again; `failed` counts. Raises `LeaseLost`, as the next two do, when
        another has claimed it since, or it is done.
        """

    async def keep(self, report: EndOfCallReport, *, token: int) -> None:
        """Write the report of a claimed call down. Repeating it is harmless."""

    async def done(self, call: str, *, token: int) -> None:
        """Nobody need look at a call any more: its report is kept, and told to whom it may concern."""

    async def load(self, call: str) -> EndOfCallReport | None:
        """By the carrier's call id."""

    async def next_due(self) -> float | None:
        """When somebody shall look at the next call; None when none waits."""

    async def erase(self, call: str) -> bool:
        """The report, and that one is wanted; who has claimed it loses it. False when there was no report."""


class EventLog(Protocol):
    """What has happened in calls, in order, for those who watch. A log keeps about its last 10,000 entries. All
    methods raise `StoreError`.
    """

    async def append(self, writer: str, first: int, entries: Sequence[LogEntry]) -> None:
        """Write entries, each to the end of its log.

        A `writer` numbers its entries, rising, and writes those of a log in that order; `first` is the number of the
        first one here. What a log has of that number or above is not written again: repeating is harmless.
        """

    async def read(self, log: str, *, after: str = "", most: int = 100, wait: float = 0.0) -> tuple[LoggedEvent, ...]:
        """The entries that follow the one with the id `after`, or the first ones.

        While there are none it waits for them, up to so many seconds.
        """

    async def erase(self, log: str) -> int:
        """A whole log; how many entries that were."""


class Expiring(Protocol):
    """The carrier's recordings that must not be kept for ever. Every method raises `StoreError`; times are seconds
    since the epoch.
    """

    async def expire(self, recording: str, *, due: float) -> None:
        """Have it deleted then; asked again, the last time counts."""

    async def due(self, *, now: float, most: int) -> tuple[str, ...]:
        """Up to so many that are due, the one that is longest overdue first."""

    async def gone(self, recording: str) -> None:
        """It is deleted."""


class Store(Clips, Protocol):
    """What outlives a process. All methods raise `StoreError`.

    Everything but API keys and numbers not to be called has a time to live.
    """

    shared: bool
    """Whether other processes can carry on the calls that are kept here."""

    @property
    def orders(self) -> OrderBook: ...

    @property
    def events(self) -> EventLog: ...

    @property
    def keys(self) -> KeyRing: ...

    @property
    def do_not_call(self) -> DoNotCallList: ...

    @property
    def deliveries(self) -> DeliveryQueue: ...

    @property
    def reports(self) -> ReportBook: ...

    @property
    def expiring(self) -> Expiring: ...

    @property
    def people(self) -> People: ...

    @property
    def audit(self) -> AuditLog: ...

    async def create_call(self, record: CallRecord) -> None:
        """Write a call's record. Repeating it with the same id is harmless."""

    async def erase_clips(self) -> int:
        """All clips, of all voices; how many that were."""

    async def erase_call(self, call: str) -> int | None:
        """The record and the turns of a call; how many turns that were, None if there was no record."""

    async def update_call(self, call: str, *, token: int = 0, **changes: object) -> None:
        """Change fields of a call's record. An unknown call is a `CallForgotten`.

        With the `token` of a lease it raises `LeaseLost` when another has taken the call since.
        """

    async def load_call(self, call: str) -> StoredCall | None: ...

    async def load_record(self, call: str) -> CallRecord | None:
        """Without the turns."""

    async def close_call(self, call: str, *, status: CallStatus, ended: float) -> None:
        """The carrier says that a call is over: its record gets an end, unless it has one or is unknown.

        A call that was transferred had ended for its agent only: its end moves there, if that is later. Where nobody
        has written why it ended, the reason is `carrier`.
        """

    async def page_calls(self, *, cursor: str = "", limit: int = 50) -> CallPage:
        """Calls that nobody ordered, the newest first; a page may be shorter than `limit`, and not be the last.

        Raises `OrderRefused` for a `cursor` that is no `place_of` a call.
        """

    async def take_lease(self, call: str, owner: str, *, seconds: float, force: bool = False) -> int:
        """Become, or stay, the owner of a call. Returns the fencing token (above 0), or 0 while another owns it."""

    async def is_held(self, call: str) -> bool:
        """Whether somebody owns the call now."""

    async def release_lease(self, call: str, owner: str, token: int) -> None: ...

    async def append_turn(self, call: str, seq: int, turn: Turn, *, token: int) -> None:
        """Append a turn, or replace the last one: a caller who goes on speaking makes one turn, not two.

        `seq` counts from 1. That of the last turn replaces it, an older one changes nothing: repeating is harmless,
        and of two writes of one owner the one that was asked for later stays, in whatever order they are carried out.
        An old token is a `LeaseLost`; a gap, or a token that was never given out, is a `CallForgotten`.
        """

    async def put_stream_token(self, token: str, call: str, *, seconds: float) -> None: ...

    async def take_stream_token(self, token: str) -> str | None:
        """The call a token was made for, once; None when unknown, used or expired."""

    async def ping(self) -> None: ...

    async def aclose(self) -> None: ...


# --- recordings ------------------------------------------------------------------------------------


class CarrierRecordings(Protocol):
    """The carrier's own recordings. Bounded in time; raises `CarrierError`."""

    async def record(self, call: str) -> str:
        """Record a live call, each party on a channel of its own. Returns the recording's id."""

    async def pause_recording(self, call: str, recording: str, *, paused: bool) -> None:
        """Silence from now on, or what is said again."""

    async def recordings_of(self, call: str) -> Sequence[str]:
        """The ids of a call's recordings; none of a call that it does not know."""

    async def delete_recording(self, recording: str) -> None:
        """For good. One that is gone already counts as success."""


class RecordingFile(Protocol):
    """A recording that grows."""

    async def write(self, stereo: bytes) -> None:
        """Append μ-law, a byte of the caller and one of the agent in turns. Raises `RecordingError`."""

    async def finish(self) -> None:
        """Bring it to where it is kept. Raises `RecordingError`; what was written is not lost then."""


class Recordings(Protocol):
    """Where recordings are kept. All methods raise `RecordingError`."""

    async def create(self, call: str, began: float, *, keep_days: int) -> RecordingFile:
        """Begin one of a media stream, at this time: seconds since the epoch."""

    async def find(self, call: str) -> tuple[KeptRecording, ...]:
        """The finished ones of a call, in the order of time."""

    async def all(self) -> tuple[KeptRecording, ...]:
        """All finished ones."""

    async def read(self, kept: KeptRecording, start: int, end: int) -> bytes:
        """Bytes of a file."""

    async def delete(self, kept: Iterable[KeptRecording]) -> None:
        """For good. What is gone already is no problem."""

    async def recover(self) -> tuple[str, ...]:
        """Complete what dead processes on this machine have left: the calls of which that was."""
