"""A call under a fake clock: tell the core what happens, look at what it wants, let time pass."""

from __future__ import annotations

import heapq
from typing import Any, TypeVar

from phoneagent.conversation import events as e
from phoneagent.conversation.caller_turn import HIDDEN
from phoneagent.conversation.commands import (
    CancelReply,
    ClearPlayback,
    Command,
    Emit,
    FinishSpeech,
    SaveTurn,
    SendAudio,
    SendDtmf,
    SendMark,
    StartReply,
    Synthesize,
)
from phoneagent.conversation.conversation import Conversation
from phoneagent.conversation.events import Event
from phoneagent.conversation.policy import Phrasing, Policy
from phoneagent.conversation.states import State
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.conversation.words import SAMPLE_RATE, Word

C = TypeVar("C")

WORD = SAMPLE_RATE // 4  # the scripted voice takes 250 ms a word
TONE = SAMPLE_RATE // 5  # a key's tone and the silence after it
PHRASING = Phrasing(greeting="Hello there", goodbye="Goodbye", fillers=())


class Carrier:
    """Plays what it is sent, in order, in real time; returns marks when it gets to them, or when it is cleared."""

    def __init__(self) -> None:
        self.ends_at = 0.0
        self.queue: list[tuple[float, float, int, int, int]] = []  # plays from, until, reply, start, end
        self.marks: list[tuple[float, str]] = []

    def audio(self, reply: int, start: int, end: int, at: float) -> None:
        begins = max(at, self.ends_at)
        self.ends_at = begins + (end - start) / SAMPLE_RATE
        self.queue.append((begins, self.ends_at, reply, start, end))

    def mark(self, name: str, at: float) -> None:
        self.marks.append((max(at, self.ends_at), name))

    def clear(self, at: float) -> list[str]:
        """Drop the rest; the names of the marks that come back for it."""
        self.queue = [
            (begins, min(until, at), reply, start, start + int((min(until, at) - begins) * SAMPLE_RATE))
            for begins, until, reply, start, _ in self.queue
            if begins < at
        ]
        self.ends_at = at
        flushed = [name for due, name in self.marks if due > at]
        self.marks = [(due, name) for due, name in self.marks if due <= at]
        return flushed

    def heard(self, reply: int, start: int, end: int, at: float) -> int:
        """How many of these samples of a reply have been played by now (once or more often)."""
        pieces = []
        for begins, until, of, first, last in self.queue:
            if of == reply and begins < at:
                played = min(last, first + int((min(at, until) - begins) * SAMPLE_RATE) + 1)
                pieces.append((max(first, start), min(played, end)))
        covered, cursor = 0, start
        for first, last in sorted(pieces):
            covered += max(0, last - max(first, cursor))
            cursor = max(cursor, last)
        return covered


class ScriptedCall:
    """Everything that is not the core, in its simplest truthful form."""

    def __init__(self, *, phrasing: Phrasing = PHRASING, history: tuple[Turn, ...] = (), **options: Any) -> None:
        known = {
            "turn_events",
            "safe_tools",
            "entrance",
            "answering",
            "muted",
            "tool_messages",
            "built_in",
            "number_known",
        }
        self.policy = Policy(**{name: value for name, value in options.items() if name not in known})
        self.core = Conversation(
            phrasing, self.policy, history=history, **{name: options[name] for name in known if name in options}
        )
        self.at = 0.0
        self.journal: list[tuple[float, Event]] = []
        self.commands: list[Command] = []
        self.carrier = Carrier()
        self.spoken: dict[int, int] = {}  # samples synthesised for each reply
        self.words: dict[int, list[Word]] = {}
        self.aligned = True
        self._due: list[tuple[float, int, Event]] = []
        self._count = 0

    # -- what happens -------------------------------------------------------------------------------

    def tells(self, event: Event) -> list[Command]:
        """The core hears of an event now; its commands, bookkeeping (`Emit`, `Expect`) left out."""
        self.journal.append((self.at, event))
        commands = self.core.receive(event, at=self.at)
        self.commands += commands
        for command in commands:
            self._carry_out(command)
        return [command for command in commands if type(command).__name__ not in ("Emit", "Expect")]

    def passes(self, seconds: float) -> list[Command]:
        """Time goes by: deadlines fire and marks return when they are due."""
        until, commands = self.at + seconds, []
        while True:
            deadline = self.core.deadline
            timer = deadline.at if deadline else float("inf")
            due = self._due[0][0] if self._due else float("inf")
            mark = min((moment for moment, _ in self.carrier.marks), default=float("inf"))
            soonest = min(timer, mark, due)
            if soonest > until:
                break
            self.at = max(self.at, soonest)
            if due == soonest:
                commands += self.tells(heapq.heappop(self._due)[2])
            elif mark == soonest:
                moment, name = min(self.carrier.marks)
                self.carrier.marks.remove((moment, name))
                commands += self.tells(e.MarkPlayed(name))
            else:
                commands += self.tells(e.TimerFired())
        self.at = until
        return commands

    def later(self, seconds: float, event: Event) -> None:
        """An event that will arrive in a while, whatever happens until then."""
        self._count += 1
        heapq.heappush(self._due, (self.at + seconds, self._count, event))

    # -- stories ------------------------------------------------------------------------------------

    def greets(self) -> ScriptedCall:
        """The call begins and the greeting is heard to its end."""
        self.tells(e.CallStarted())
        self.voices(self.last(Synthesize).reply)
        self.passes(2.0)
        assert self.core.state is State.LISTENING
        return self

    def hears(self, text: str) -> StartReply:
        """The caller says something and the ears are sure about it; the model is asked."""
        self.tells(e.SpeechStarted())
        self.passes(0.5)
        self.tells(e.SpeechStopped(ended=self.at))
        self.passes(0.26)
        self.tells(e.EndOfTurn(text))
        return self.last(StartReply)

    def replies(self, text: str, *, reply: int | None = None, done: bool = True) -> int:
        """The model writes."""
        reply = reply or self.last(StartReply).reply
        self.tells(e.ReplyText(reply, text))
        if done:
            self.tells(e.ReplyDone(reply))
        return reply

    def voices(self, reply: int, *, samples: int | None = None) -> None:
        """The voice delivers all it was given so far, or the next `samples` of it."""
        words = self.words.get(reply, [])
        have = self.spoken.get(reply, 0)
        total = words[-1].end if words else 0
        until = total if samples is None else min(total, have + samples)
        if until > have:
            begun = tuple(word for word in words if have <= word.start < until) if self.aligned else ()
            self.spoken[reply] = until
            self.tells(e.ReplyAudio(reply, until - have, begun))
        if until == total and any(isinstance(c, FinishSpeech) and c.reply == reply for c in self.commands):
            self.tells(e.ReplyAudioDone(reply))

    def answers(self, text: str) -> int:
        """The model writes a whole reply and the voice delivers it at once; it begins to play."""
        reply = self.replies(text)
        self.voices(reply)
        return reply

    def presses(self, keys: str, *, pause: float = 0.4) -> None:
        """The caller types, and the shell keeps to itself what the core must not know."""
        for key in keys:
            self.tells(e.DtmfReceived(HIDDEN if self.core.conceals(key, at=self.at) else key))
            self.passes(pause)

    def asks_tool(self, name: str, arguments: str = "{}", *, id: str = "call_1") -> None:  # noqa: A002 - OpenAI's name
        self.tells(e.ToolRequested(self.last(StartReply).reply, ToolCall(id, name, arguments)))

    # -- what came of it ----------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self.core.state

    def last(self, kind: type[C]) -> C:
        return self.all(kind)[-1]

    def all(self, kind: type[C]) -> list[C]:
        return [command for command in self.commands if isinstance(command, kind)]

    @property
    def transcript(self) -> list[str]:
        """`caller: …`, `agent: …`; a cut one ends with a dash."""
        saved = [command.turn for command in self.all(SaveTurn)]
        return [f"{turn.role}: {turn.text}{' —' if turn.interrupted else ''}" for turn in saved]

    def emitted(self, name: str) -> list[dict[str, Any]]:
        return [command.values for command in self.all(Emit) if command.name == name]

    # -- the world ----------------------------------------------------------------------------------

    def _carry_out(self, command: Command) -> None:
        match command:
            case Synthesize(reply, text):
                words = self.words.setdefault(reply, [])
                for word in text.split():
                    start = words[-1].end if words else 0
                    words.append(Word(word, start, start + WORD))
            case SendDtmf(reply, digits):
                self.spoken[reply] = len(digits) * TONE
                self.later(0.0, e.ReplyAudio(reply, len(digits) * TONE))
                self.later(0.0, e.ReplyAudioDone(reply))
            case SendAudio(reply, start, end):
                assert end <= self.spoken.get(reply, 0), "sent audio that has not arrived"
                self.carrier.audio(reply, start, end, self.at)
            case SendMark(name):
                self.carrier.mark(name, self.at)
            case ClearPlayback():
                for name in self.carrier.clear(self.at):
                    self.later(0.0, e.MarkPlayed(name))
            case CancelReply(reply):
                assert reply < self.core._replies.next_id
            case _:
                pass
