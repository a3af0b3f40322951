"""Frozen records that travel between layers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeAlias
from urllib.parse import quote, unquote

from .conversation import answering
from .conversation.entrance import BY_CALL, Entrance
from .conversation.events import KeysExpected
from .conversation.policy import Phrasing, Policy
from .conversation.running_tools import NO_MESSAGES, ToolMessages
from .conversation.transcript import ToolCall, Turn
from .conversation.words import Word
from .deliveries import Incoming, Webhook
from .private import Private
from .usage import Used

# --- the agent -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """Which provider does a job, with which model and options; `fallback` is tried in order.

    `hedge`: whether a mind that is late is asked a second time; None leaves it to where the mind is.
    """

    provider: str
    model: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    fallback: tuple[ProviderChoice, ...] = ()
    hedge: bool | None = None


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What an HTTP tool sends. `{names}` in url, query, headers and body are arguments, or else variables of the call.

    `${NAMES}` in headers are secrets of the environment. Without a `body` it is the arguments that stand nowhere else;
    with GET they are part of the query. `result`: a JMESPath expression for what the model is told of the answer.
    """

    method: str
    url: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    result: str = ""
    hosts: tuple[str, ...] = ()  # allowed, as names or patterns; empty: that of the url
    private: bool = False  # private addresses and plain http are meant
    largest: int = 1_000_000  # bytes of an answer
    idempotent: bool = False  # the server knows `Idempotency-Key`


@dataclass(frozen=True, slots=True)
class McpServer:
    """A server that has tools, by the Model Context Protocol: at a `url`, or started by a `command`.

    Headers and environment may hold `${NAMES}` of secrets. `tools`: only these; `safe`: which change nothing, None for
    those of which the server says so. `prefix`: what the model's names for its tools begin with.
    """

    url: str = ""
    command: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[str, ...] = ()
    safe: tuple[str, ...] | None = None
    timeout: float = 10.0  # seconds for each tool
    prefix: str = ""

    def offered(self, tool: str) -> str:
        """What the model knows a tool by: models' APIs allow 64 letters, digits, - and _."""
        return re.sub(r"[^A-Za-z0-9_-]", "_", self.prefix + tool)[:64]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it. `parameters` is a JSON schema; `safe`: no side effects.

    `function` is the Python function that does its work, as `module:function`, `http` the request that does; a tool
    without either is the core's own, or found by its name.
    `reads_keypad`: it is given what the caller typed in secret, of which everybody else only knows the name.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    safe: bool = False
    timeout: float = 10.0  # seconds
    function: str = ""
    reads_keypad: bool = False
    http: HttpRequest | None = None
    messages: ToolMessages = NO_MESSAGES


@dataclass(frozen=True, slots=True)
class Slot:
    """Something a scripted dialogue wants to know.

    `words` maps what can be said to its value; `ask` is the question and `answers` are the ways to answer it, the bare
    value if there are none. `mentions` say what they are about, such as `for <people>`: they are understood unasked,
    as a correction or on top of another answer. All in the notation of `conversation.grammar`. `keypad`: it can be
    typed too, or, without `words`, only typed; the value of what is typed in secret is its name.
    """

    name: str
    words: Mapping[str, str] = field(default_factory=dict)
    ask: str = ""
    answers: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    keypad: KeysExpected | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing a caller may want of a scripted dialogue.

    `phrases` are what callers say, with `[optional words]`, `(one | other)` and `<slot>`. `answer` is spoken when
    all `slots` are known (`{slot}` is replaced by its value); with `confirm`, that question is asked first and
    `answer` follows a yes; after a no `refused` asks what to change. `then` is what happens when the answer was heard.
    `tool` names a tool that is called with the slots before the answer, whose result is `{result}` in it. An answer
    that is not `interruptible` is heard to its end.

    `key` chooses it on the keypad while `menu` (the main one, if empty) is read out as `label`, which callers may say
    too. `target` is whom `then` leads to: a transfer's target, the name of a menu, or of another agent. With
    `then = "model"` the language model has the conversation from here on, and is told `instructions`. Outside of the
    business hours named by `hours`, `closed` is said and nothing else happens.
    """

    name: str
    phrases: tuple[str, ...]
    answer: str
    slots: tuple[str, ...] = ()
    confirm: str = ""
    refused: str = ""
    tool: str = ""
    then: Literal["listen", "end_call", "transfer", "menu", "agent", "model"] = "listen"
    target: str = ""
    interruptible: bool = True
    key: str = ""
    label: str = ""
    menu: str = ""
    instructions: str = ""
    hours: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu within the main one. `question` is said before its choices."""

    name: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A scripted mind: what callers may want, and what to say when none of it was understood.

    `question` is asked when nothing else is open. `anything_else` follows an answer; a no to it is a goodbye (the first
    intent that ends the call). `offer_person` is asked when the caller was not understood twice in a row; a yes to it
    is a transfer (the first intent that transfers). `yes`, `no` and `repeat` are what callers say for these; the first
    of `no` also begins a correction ("no, for four").

    Beside a language model, `start` says who has the conversation at first, and `otherwise` who answers what the script
    does not understand: it asks again, or the model answers; if empty, whoever starts. With an empty `start` the model
    is alone.

    Menus are read out by `choice`, with `{label}` and `{key}`. `digits` are what callers say for the keys 0 to 9,
    `key_names` what the agent calls keys that are no digits. `back` and `back_key` lead to the main menu from anywhere.
    `keys_only` comes before the main menu when the model is away.
    """

    intents: tuple[Intent, ...]
    slots: tuple[Slot, ...] = ()
    question: str = "How can I help you?"
    not_understood: str = "Sorry, I did not get that."
    anything_else: str = ""
    offer_person: str = "I am sorry, I still do not understand. Shall I connect you with a person?"
    yes: tuple[str, ...] = (
        "yes [please]", "yeah", "yep", "sure", "of course", "correct", "that's (right | correct | fine)", "please do",
    )  # fmt: skip
    no: tuple[str, ...] = ("no", "no (thanks | thank you)", "nope", "not (really | quite)", "that's wrong")
    repeat: tuple[str, ...] = (
        "pardon", "excuse me", "what did you say", "(can | could) you (repeat | say) that [again] [please]",
    )  # fmt: skip
    back: tuple[str, ...] = (
        "[the] (main menu | menu) [please]", "[go | take me] back [to the (main menu | menu)] [please]",
    )  # fmt: skip
    menus: tuple[Menu, ...] = ()
    choice: str = "For {label}, press {key}."
    wrong_key: str = "There is no choice {key}."
    back_label: str = "the main menu"
    person_label: str = "a person"
    repeat_key: str = "*"
    back_key: str = "9"
    person_key: str = "0"
    yes_key: str = "1"
    no_key: str = "2"
    digits: tuple[str, ...] = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    key_names: Mapping[str, str] = field(default_factory=lambda: {"*": "star", "#": "pound"})
    keys_only: str = "I can only help you by the keys of your telephone just now."
    start: Literal["", "script", "model"] = ""
    otherwise: Literal["", "ask", "model"] = ""


class OpenPeriod(NamedTuple):
    """A stretch of a day on which somebody is there. Monday is 0; minutes from its midnight, the end may be past the
    next one.
    """

    weekday: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """When somebody is there, in a time zone of the IANA database. `closed`: days such as 2026-12-25, or 12-25."""

    timezone: str
    open: tuple[OpenPeriod, ...]
    closed: tuple[str, ...] = ()


TALK_AT_MOST = 2 * 3600
"""Seconds for which callers talk with whom they were connected to: longer than people do, and no line that somebody
leaves open costs more than that. Twilio's own default is four hours."""


@dataclass(frozen=True, slots=True)
class CallingHours:
    """When people may be called, by the clock on their wall. An empty `timezone` is that of their number, or all of
    them, where it has several.
    """

    open: tuple[OpenPeriod, ...]
    closed: tuple[str, ...] = ()
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class TransferTarget:
    """Somebody to whom callers can be connected.

    `to`: a number in E.164 form, a SIP address (`sip:…`), or a queue (`queue:NAME`). With `warm` they first hear who
    calls and why, and take the call by a key. `ring_for`: seconds; `wait_at_most`: seconds that a caller spends in a
    queue; `max_duration`: seconds after which the two who were connected are parted. Outside of the business hours
    named `hours` nobody is called, and the caller hears `closed`.
    """

    to: str
    warm: bool = False
    ring_for: int = 25
    wait_at_most: int = 600
    max_duration: int = TALK_AT_MOST
    hours: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True)
class TransferPhrases:
    """What the carrier's own voice says to others than the caller, and to those who wait; the agent is not there.

    `offer`: to whom a call is offered, with `{summary}`; `gone`: when the caller has hung up meanwhile; `thanks`: when
    it was declined; `nobody`: to who wants to take the next of a queue. `waiting`: to callers in it, with `{position}`.
    """

    offer: str = "A call for you. {summary} Press 1 to take it, or 2 to decline."
    gone: str = "The caller is no longer there. Goodbye."
    thanks: str = "Thank you. Goodbye."
    nobody: str = "Nobody is waiting any more. Goodbye."
    waiting: str = "Please hold the line. You are number {position} in the queue."


@dataclass(frozen=True, slots=True)
class ClosedGreeting:
    """How callers are greeted outside of the business hours of this name."""

    hours: str
    greeting: str


@dataclass(frozen=True, slots=True)
class RecordingRules:
    """How calls are recorded: in a stereo file of our own, by the carrier, both, or not at all.

    `announcement` is said before the greeting, and nobody can cut it. With `consent` "announce" nothing is recorded
    before it was heard; "given": callers know already. `keep_days`: 0 is for ever.
    """

    own: bool = False
    twilio: bool = False
    announcement: str = ""
    consent: Literal["announce", "given"] = "announce"
    keep_days: int = 30

    def within(self, days: int | None) -> Self:
        """The same, with nothing kept for longer than so many days."""
        return self if days is None else replace(self, keep_days=min(self.keep_days or days, days))

    @property
    def on(self) -> bool:
        """Whether calls are recorded at all."""
        return self.own or self.twilio


NOT_RECORDED = RecordingRules()


@dataclass(frozen=True, slots=True)
class Prices:
    """What an operator pays, in place of the providers' list prices. `minute`: of a call, to the carrier and for the
    ears; tokens: of the model; `thousand_characters`: of speech.
    """

    minute: float = 0.0
    million_tokens_in: float = 0.0
    million_tokens_out: float = 0.0
    thousand_characters: float = 0.0
    currency: str = "USD"

    @property
    def some(self) -> bool:
        """Whether anything costs anything."""
        return any((self.minute, self.million_tokens_in, self.million_tokens_out, self.thousand_characters))


@dataclass(frozen=True, slots=True)
class Handoff:
    """How an agent gives its calls to another. `when`: what the model is told of it; `say`: the words before, where the
    model has none. `history`: what the other one's model is told of the call so far.
    """

    when: str = ""
    say: str = ""
    history: Literal["whole", "summary", "none"] = "whole"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A folder of documents in which an agent's model looks things up, with a tool of this name and description, so
    many passages at a time.
    """

    folder: Path
    tool: str = "search_knowledge"
    description: str = ""  # empty: our own
    results: int = 4


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is asked about a call when it is over: a `summary` of this content, `data` by a JSON schema, and whether it
    was a `success` by this rubric; each only if there is something. By the model `llm`, or else by the agent's own.
    """

    summary: str = ""
    data: Mapping[str, Any] | None = None
    success: str = ""
    llm: ProviderChoice | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """Everything that makes one agent different from another. Immutable; made from a TOML file or in Python."""

    name: str
    phrasing: Phrasing
    instructions: str = ""
    language: str = "en"
    stt: ProviderChoice = ProviderChoice("deepgram", "flux-general-en")
    llm: ProviderChoice = ProviderChoice("openai", "gpt-5.4-mini")
    tts: ProviderChoice = ProviderChoice("elevenlabs", "eleven_flash_v2_5")
    policy: Policy = field(default_factory=Policy)
    tools: tuple[ToolSpec, ...] = ()
    built_in: tuple[str, ...] = ()  # see `call.built_in`
    timezone: str = ""  # of the IANA database; empty: the agent does not know what time it is
    dialogue: Dialogue | None = None
    transfer_targets: Mapping[str, TransferTarget] = field(default_factory=dict)
    transfer_phrases: TransferPhrases = field(default_factory=TransferPhrases)
    hold_music: str = ""  # the URL of an audio file; empty: our own
    hours: Mapping[str, BusinessHours] = field(default_factory=dict)
    closed: ClosedGreeting | None = None
    calling_hours: CallingHours | None = None  # of calls that are placed; None: the operator's
    variables: Mapping[str, str] = field(default_factory=dict)  # in its texts, where a call brings none
    pronunciation: Mapping[str, str] = field(default_factory=dict)  # what is written = how it is said
    recording: RecordingRules = NOT_RECORDED
    prices: Prices = Prices()
    spend: float = 0.0  # that a call may cost; 0: whatever it does
    knowledge: Knowledge | None = None
    mcp: Mapping[str, McpServer] = field(default_factory=dict)
    handoffs: Mapping[str, Handoff] = field(default_factory=dict)  # to other agents, by their names
    webhooks: tuple[Webhook, ...] = ()  # who is told of its calls
    analysis: Analysis | None = None
    incoming: Incoming | None = None  # who is asked about calls that come in for it


# --- speech ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clip:
    """A finished piece of speech: μ-law at 8 kHz, and its words (empty when the voice gives no times)."""

    audio: bytes
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """A piece of a reply's speech as it arrives. Word positions count from the beginning of the reply."""

    reply: int
    audio: bytes
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeechDone:
    """All that was asked for in this reply has been spoken; text that makes no sound (emoji, "...") needs no audio."""

    reply: int


@dataclass(frozen=True, slots=True)
class SpeechFailed:
    """The voice cannot go on with this reply. What was delivered before stays valid.

    `silent`: it was asked, is there, and sends no audio: another voice should be asked first. `spoken`: how many of the
    reply's phrases it has spoken to the end, with nothing of the next; None in the middle of one, or if it cannot tell.
    """

    reply: int
    problem: str
    retryable: bool = True
    silent: bool = False
    spoken: int | None = None


Spoken: TypeAlias = SpeechChunk | SpeechDone | SpeechFailed


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the caller is likely to say next.

    `phrases` are whole sentences with `[optional words]`, `(one | other)` and `<rule>`; `rules` gives each rule's
    alternatives, in the notation of `conversation.grammar`. Ears that recognise by grammar build one from them;
    `keyterms` help those with open dictation. `keys` are what may be typed; None: nothing in particular.
    """

    phrases: tuple[str, ...] = ()
    rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keyterms: tuple[str, ...] = ()
    keys: KeysExpected | None = None


# --- the carrier -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StreamConnected:
    """The carrier opened the socket and said which protocol it speaks."""

    protocol: str
    version: str


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """The media stream begins. `parameters` are those of our own TwiML."""

    stream: str
    call: str
    account: str
    parameters: Mapping[str, str]


class MediaReceived(NamedTuple):
    """A frame of the caller's voice: μ-law at 8 kHz. `timestamp`: milliseconds since the stream began.

    A tuple, for there are 50 of them a second and call: a frozen dataclass takes three times as long to make.
    """

    timestamp: int
    audio: bytes


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A keypad digit from the carrier; what is pressed may be a PIN, so it is not printed."""

    digit: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MarkReturned:
    """A mark came back."""

    name: str


@dataclass(frozen=True, slots=True)
class StreamStopped:
    """The carrier ended the stream."""


IgnoredMessage: TypeAlias = Literal["unknown event", "keypad letter", "outbound track"]


@dataclass(frozen=True, slots=True)
class MessageIgnored:
    """Well-formed, and of no use to a call: what the carrier may add, or sends though nobody asked for it."""

    what: IgnoredMessage


StreamMessage: TypeAlias = (
    StreamConnected | StreamStarted | MediaReceived | KeyPressed | MarkReturned | StreamStopped | MessageIgnored
)


# --- calls -----------------------------------------------------------------------------------------

OnMachine: TypeAlias = answering.OnMachine

CallStatus = Literal["ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"]
"""The last five are final; most of them only the carrier can tell, of a call that did not come about."""


@dataclass(frozen=True, slots=True)
class RunningTool:
    """A tool with side effects that was begun, and whose turn is not written yet; `result` once it has returned."""

    call: ToolCall
    result: str | None = None


@dataclass(frozen=True, slots=True)
class Saying:
    """An answer that is being said: the sentences that were heard to their end, and those that follow, from the one
    that is heard. Without a `rest` it is still being written, and `said` is what was heard.
    """

    said: str
    rest: str


TransferOutcome = Literal["", "accepted", "busy", "unanswered", "declined", "failed", "gone"]
"""`unanswered`: nobody picked up, or pressed a key; `gone`: the caller hung up meanwhile."""


@dataclass(frozen=True, slots=True)
class Transferring:
    """A caller is being connected to somebody else; `began`: seconds since the epoch."""

    name: str
    target: TransferTarget
    began: float

    @property
    def queue(self) -> str:
        """The queue in which callers wait for anybody; empty if they wait for one person."""
        return self.target.to.removeprefix("queue:") if self.target.to.startswith("queue:") else ""


RecordingStatus = Literal["", "recording", "kept", "failed"]


@dataclass(frozen=True, slots=True)
class Held:
    """An agent had the call from then on, in seconds since the epoch; `before`: from whom it came.

    Its model is not told the first `hidden` turns, but the `summary` instead, if there is one.
    """

    agent: str
    since: float
    hidden: int = 0
    summary: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What is kept of a call beside its turns. Times are seconds since the epoch; `id` is the carrier's call id."""

    id: str
    agent: str
    direction: Literal["inbound", "outbound"]
    caller: Private[str]
    called: Private[str]
    status: CallStatus = "ringing"
    variables: Mapping[str, str] = field(default_factory=dict)
    started: float = 0.0
    answered: float = 0.0  # when its first media stream began
    ended: float | None = None
    ended_reason: str = ""
    transfer: Transferring | None = None  # to whom the caller was connected last, or is to be
    transfer_leg: str = ""  # the carrier's id of the call to them, if they are asked first
    transfer_summary: str = ""  # what they are told
    transfer_outcome: TransferOutcome = ""  # empty while nobody has decided
    transfer_decided: float = 0.0
    spent: float = 0.0  # as of the last turn, by the prices of its agent or of the providers
    used: tuple[Used, ...] = ()  # in its media streams, as of the last turn
    resumed: int = 0  # how often the call was carried on after its media stream was lost
    order: str = ""  # the id of the order it was placed for; empty for calls that came in
    tools: tuple[RunningTool, ...] = ()
    hearing: str = ""  # what the caller was saying a moment ago
    saying: Saying | None = None
    entrance: Entrance = BY_CALL  # how the agent comes into its next media stream
    muted: bool = False  # an operator wants the agent to be silent
    held: tuple[Held, ...] = ()  # which agent had it from when; empty while it is the first
    machine: OnMachine = "ignore"  # of a call that was placed: what a machine gets
    voicemail: str = ""  # the message it gets instead of the agent's own
    answered_by: str = ""  # who has answered it: as `Order` has it, or `machine`, `human`, `screener` by what was heard
    outcome: str = ""  # what a machine or a screener got, see `conversation.answering.Outcome`
    announced: bool = False  # the caller has heard that the call is recorded
    disclosed: float = 0.0  # when the agent's disclosure had been heard to its end
    do_not_call: bool = False  # they do not want to be called again
    attestation: str = ""  # of a call that came in: what the carrier says of its number (STIR/SHAKEN)
    recording: RecordingStatus = ""  # what has become of our own recording; one piece that failed is enough
    recording_problem: str = ""
    carrier_recording: str = ""  # the carrier's id of its own recording
    carrier_recording_status: str = ""  # in the carrier's words: in-progress, paused, completed, absent
    carrier_recording_seconds: float | None = None
    recording_paused: bool = False  # an operator wants nothing recorded
    metadata: Mapping[str, str] = field(default_factory=dict)  # of a call that came in: what the operator noted of it

    @property
    def other_party(self) -> Private[str]:
        """Who talks with us, by their number."""
        return self.caller if self.direction == "inbound" else self.called

    @property
    def own_party(self) -> Private[str]:
        """Our number in this call."""
        return self.called if self.direction == "inbound" else self.caller

    @property
    def place(self) -> str:
        """See `place_of`."""
        return place_of(self.started, self.id)


@dataclass(frozen=True, slots=True)
class CallPage:
    """Records of calls, newest first. `next` is the cursor of the page that follows; empty on the last page."""

    records: tuple[CallRecord, ...]
    next: str = ""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call as it was loaded: its record and its turns in order."""

    record: CallRecord
    turns: tuple[Turn, ...]


def place_of(created: float, call: str) -> str:
    """Where a call stands among all of them, as text that sorts; also the cursor of the page that follows it."""
    return f"{math.floor(created * 1_000_000):020d}-{quote(call, safe='', errors='surrogatepass')}"


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """A file with what was said in one media stream. Its name says all; `size`: bytes; `began`: seconds since the
    epoch; `keep_days`: 0 is for ever.
    """

    name: str
    call: str
    began: float
    keep_days: int
    size: int

    @staticmethod
    def named(call: str, began: float, keep_days: int) -> str:
        """The name of such a file."""
        return f"{quote(call, safe='')}.{round(began * 1000)}.{keep_days}d.wav"

    @classmethod
    def of(cls, name: str, size: int) -> Self | None:
        """What a name says; None if it is none of ours."""
        parts = name.removesuffix(".wav").rsplit(".", 2)
        if len(parts) != 3 or not parts[1].isdigit() or not parts[2].removesuffix("d").isdigit():
            return None
        return cls(name, unquote(parts[0]), int(parts[1]) / 1000, int(parts[2].removesuffix("d")), size)

    def expired(self, now: float, *, longest: float = math.inf) -> bool:
        """Whether it must not be kept any longer; `longest`: seconds that nothing is kept beyond."""
        keep = self.keep_days * 24 * 3600.0 if self.keep_days else math.inf
        return self.began + min(keep, longest) <= now


# --- calls that are wanted --------------------------------------------------------------------------

OrderStatus = Literal[
    "queued", "dialling", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"
]
"""`queued`: nobody was asked to dial yet. `dialling`: the carrier was asked, or is about to be. The rest is what the
carrier says; the last five are final."""

OrderRefusal = Literal["", "do_not_call", "own_number"]
"""Why we have not dialled: the number is on the do-not-call list; it is one of ours."""

FINAL_STATUSES = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class Order:
    """A call that somebody wants placed. Times are seconds since the epoch.

    `id` is ours, "PC" and 32 hexadecimal digits, and known before the carrier has one. `to` and `caller_id` are in
    E.164 form. `machine` says what is done when a machine answers, `voicemail` is its message instead of the agent's
    own, and `outcome` what it got (see `conversation.answering.Outcome`). `call` is the carrier's id, once known.
    """

    id: str
    to: Private[str]
    caller_id: Private[str]
    agent: str
    created: float
    variables: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    machine: OnMachine = "ignore"
    voicemail: str = ""
    ring_for: int = 30  # seconds
    max_duration: int = 3600  # seconds, from the answer
    not_before: float = 0.0
    not_after: float | None = None
    hours: CallingHours | None = None  # in which it may be dialled; None: its agent's, or the operator's
    waits_until: float = 0.0  # nobody is dialled before: the callee's hours begin then
    status: OrderStatus = "queued"
    call: str = ""
    dialled: float | None = None  # when the carrier was asked, or was about to be; None: it surely has no call of it
    attempts: int = 0  # how often that was
    unwanted: bool = False  # somebody cancelled it while the carrier was being asked
    answered_by: str = ""  # in the carrier's words: human, machine_start, machine_end_beep, fax, unknown, ...
    outcome: str = ""
    ended: float | None = None
    problem: str = ""
    refused: OrderRefusal = ""

    @property
    def place(self) -> str:
        """See `place_of`."""
        return place_of(self.created, self.id)

    @property
    def due(self) -> float:
        """When it may be dialled first."""
        return max(self.created, self.not_before, self.waits_until)


@dataclass(frozen=True, slots=True)
class OrderClaim:
    """An order that one process looks after for a while; `token` fences off whoever claimed it before."""

    order: Order
    token: int


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Orders, newest first. `next` is the cursor of the page that follows; empty on the last page."""

    orders: tuple[Order, ...]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a call is, as the carrier tells it. `status` is one of `OrderStatus`."""

    call: str
    status: OrderStatus
    answered_by: str = ""


@dataclass(frozen=True, slots=True)
class OrderUrls:
    """Where the carrier asks and tells about the call of an order."""

    voice: str
    status: str
    machine: str


# --- what has happened in calls ---------------------------------------------------------------------

LAST_STEP = 5
"""The `LogEntry.step` of the statuses in which a call is over."""

LOG_KEPT = 6 * 3600.0  # seconds that the log of a call is kept if nothing follows; carriers end calls after 4 hours


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something to be written into the event log of a call. `data` is JSON, in one line.

    With a `step`, it is written unless the log has had that step or a higher one; with `once`, unless the log has had
    one with the same. `keep`: seconds that the log is kept if nothing follows; after `LAST_STEP` the store decides.
    """

    log: str
    event: str
    data: str
    step: int = 0
    once: str = ""
    keep: float = LOG_KEPT


class LoggedEvent(NamedTuple):
    """An entry as it was read. `id` is two numbers with a hyphen between; within a log they rise."""

    id: str
    event: str
    data: str
