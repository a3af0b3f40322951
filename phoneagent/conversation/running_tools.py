"""The tools that run in a call, whatever became of the reply that asked for them, and what is said meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from .transcript import ToolCall

AT_ONCE = 8  # in one call; a model that asks for more is asked to go about it in steps
TOO_MANY = f"Not done: {AT_ONCE} tools are running already. Wait for them, then ask again."

OVERDUE = "The tool did not answer in time."
REPEATED = "(Not done again: you have asked for exactly this before in this turn, and this was its result.)"
NO_MORE = (
    "You have asked for tools again and again. Answer the caller now with what you know, without a tool, and say "
    "honestly what you could not do."
)

WAIT = "wait"
WAITING = "The caller takes a moment. Say nothing until they speak."
DO_NOT_CALL = "do_not_call"
BLOCKED = "Their number is on the do-not-call list."
NOT_BLOCKED = "Not possible: their number is withheld. Say that you cannot see it."
SEND_DTMF = "send_dtmf"
PRESSED = "The keys are pressed after what you say."
KEYS = frozenset("0123456789*#w")  # w: half a second of silence, as carriers have it
KEYS_AT_MOST = 32
NO_KEYS = f"Not pressed: expected 1 to {KEYS_AT_MOST} of the digits 0 to 9, * and #, and w for a pause."

START_AFTER = 0.3
"""Seconds until a tool's first message: one that has returned by then needs none, and its answer comes sooner."""


@dataclass(frozen=True, slots=True)
class SlowMessage:
    """Said when a tool has run for `after` seconds."""

    after: float
    say: str


@dataclass(frozen=True, slots=True)
class ToolMessages:
    """What the agent says of its own while a tool runs, in place of the general fillers.

    `start` is left out where the model has said something itself; `failed` is said before the model goes on.
    """

    start: str = ""
    slow: tuple[SlowMessage, ...] = ()
    failed: str = ""


NO_MESSAGES = ToolMessages()


@dataclass(slots=True)
class _Running:
    call: ToolCall
    began: float
    start: str = ""  # not said yet
    slow: list[SlowMessage] = field(default_factory=list)  # the same, in their order

    @property
    def next_message(self) -> tuple[float, str] | None:
        if self.start:
            return self.began + START_AFTER, self.start
        return (self.began + self.slow[0].after, self.slow[0].say) if self.slow else None


class RunningTools:
    """`safe` are those that change nothing; `messages` is by a tool's name; `built_in` are the conversation's own."""

    def __init__(
        self, safe: Collection[str], messages: Mapping[str, ToolMessages], built_in: Collection[str] = ()
    ) -> None:
        self._built_in = frozenset(built_in)
        self.until = 0.0  # when all that run must have returned
        self._safe = frozenset(safe)
        self._messages = messages
        self._running: dict[str, _Running] = {}
        self._repeats: dict[str, list[str]] = {}  # of a call that runs, those that wait for its result

    def is_built_in(self, name: str) -> bool:
        return name in self._built_in

    def is_safe(self, name: str) -> bool:
        return name in self._safe

    @property
    def full(self) -> bool:
        """Whether no further one may begin."""
        return len(self._running) >= AT_ONCE

    @property
    def with_effects(self) -> dict[str, ToolCall]:
        """Those that run and change something."""
        return {id_: tool.call for id_, tool in self._running.items() if tool.call.name not in self._safe}

    def begin(self, call: ToolCall, reply: int, at: float, *, within: float) -> ToolCall:
        """The call as it is known from now on: some servers count anew in each reply."""
        if call.id in self._running:
            call = replace(call, id=f"{call.id}.{reply}")
        said = self._messages.get(call.name, NO_MESSAGES)
        slow = sorted(said.slow, key=lambda message: message.after)
        self._running[call.id] = _Running(call, at, said.start, slow)
        self.until = at + within
        return call

    def repeats(self, call: ToolCall) -> bool:
        """Whether a call that changes something is under way in the same words; it then gets the result of that."""
        if self.is_safe(call.name):
            return False
        for id_, running in self._running.items():
            if id_ != call.id and running.call.identity == call.identity:
                self._repeats.setdefault(id_, []).append(call.id)
                return True
        return False

    def end_repeats(self, id_: str) -> list[str]:
        """Those that waited for this one's result."""
        return self._repeats.pop(id_, [])

    def end(self, id_: str) -> ToolCall | None:
        """It has returned, or nobody wants it any more. None: it was not running."""
        running = self._running.pop(id_, None)
        return running.call if running is not None else None

    def on_failure(self, name: str) -> str:
        """What is said when this tool has failed; empty: what the model makes of it is enough."""
        return self._messages.get(name, NO_MESSAGES).failed

    # -- messages -----------------------------------------------------------------------------------

    def has_messages(self, ids: Iterable[str]) -> bool:
        """Whether any of these speaks for itself: then nothing else bridges the wait."""
        return any(self._running[id_].call.name in self._messages for id_ in ids if id_ in self._running)

    def next_message(self, ids: Iterable[str], *, spoken: bool) -> tuple[float, str] | None:
        """When which message is due, of those of these tools; `spoken`: the model has announced them itself."""
        found = []
        for running in filter(None, map(self._running.get, ids)):
            if spoken:
                running.start = ""
            if (message := running.next_message) is not None:
                found.append(message)
        return min(found, default=None)

    def said(self, text: str) -> None:
        """A message was said; of several tools with the same one it counts for all."""
        for running in self._running.values():
            if running.start == text:
                running.start = ""
            elif running.slow and running.slow[0].say == text:
                running.slow.pop(0)
