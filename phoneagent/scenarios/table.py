"""A whole call on a table top: the pure core, and around it a world without sockets, tasks or real time.

The caller, the ears, the mind, the voice and the carrier are those of the simulator, stepped by hand 20 ms at a time.
The same scenario gives the same call, to the sample, at every time and on every machine.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from phoneagent.call.equipped import fixed_phrases
from phoneagent.call.journal import Journal, Opening
from phoneagent.conversation.caller_turn import HIDDEN
from phoneagent.conversation.commands import (
    CancelReply,
    ClearPlayback,
    Command,
    Emit,
    FinishSpeech,
    Hangup,
    RunTool,
    SaveTurn,
    SendAudio,
    SendMark,
    StartReply,
    Synthesize,
    Transfer,
)
from phoneagent.conversation.events import (
    CallEnded,
    CallStarted,
    DtmfReceived,
    Event,
    MarkPlayed,
    ReplyDone,
    ReplyText,
    TimerFired,
    ToolRequested,
    ToolReturned,
)
from phoneagent.conversation.states import State
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.providers.llm.chat_messages import chat_messages
from phoneagent.records import Agent
from phoneagent.simulator.caller import Caller
from phoneagent.simulator.caller_speech import CallerSpeech
from phoneagent.simulator.ear import FRAME_SECONDS, Ear, Pressed
from phoneagent.simulator.mind import Message
from phoneagent.simulator.openai import split_tokens
from phoneagent.simulator.speech import Phrasebook

from .clock import Clock
from .disorder import Disorder
from .heard import words_played
from .mind import TimedMind
from .outcome import Outcome, Told
from .scenario import Scenario
from .scripted_voice import ScriptedVoice
from .table_carrier import TableCarrier
from .table_ears import TableEars
from .table_voice import TableVoice

LONGEST = 180.0  # seconds of a scripted call; one that is longer does not end
STEPS_AT_A_MOMENT = 10_000  # without time going by: the core asks for the same deadline again and again


class EndlessCall(RuntimeError):
    """A call did not come to an end."""


def play(scenario: Scenario, *, journal: Path | None = None) -> Outcome:
    """Play a scenario on the table. Raises `EndlessCall`, and whatever the core raises.

    `journal` is a file that gets every event of the call, for `phoneagent replay`; also when the call breaks off.
    """
    table = Table(scenario)
    try:
        return table.play()
    finally:
        if journal is not None:
            table.journal.save(journal)


class Table:
    """One call."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        agent = scenario.equipped_agent
        self._clock = Clock()
        opening = Opening(
            phrasing=agent.phrasing,
            policy=agent.policy,
            turn_events=scenario.ears == "flux",
            safe_tools=tuple(tool.name for tool in agent.tools if tool.safe),
            history=(),
            language=agent.language,
        )
        self._core = opening.conversation()
        self.journal = Journal(opening)
        self._instructions = agent.instructions
        self._ear = Ear(recording=False)
        self._ear.begin(lambda: self._clock.now)
        phrasebook = Phrasebook()
        disorder = Disorder(scenario.disorder, self._feed, self._clock.later)
        self._arrives = disorder.pass_on
        self._ears = TableEars(scenario, phrasebook, self._clock, self._arrives)
        self._voice = TableVoice(scenario.latencies, _prepared(agent), self._clock, self._arrives)
        self._carrier = TableCarrier(self._ear, self._mark_returned)
        self._mind = TimedMind(scenario)
        self._tools = {tool.name: tool for tool in scenario.tools}
        self._caller = Caller(scenario.script, CallerSpeech(ScriptedVoice(), phrasebook), self._ear, self)
        self._spoken: bytes | None = None  # the caller's frame that is complete with the next tick
        self._frames = 0
        self._inbox: deque[Event] = deque()
        self._feeding = False
        self._cancelled: set[int] = set()
        self._calls = 0
        self._turns: dict[int, Turn] = {}
        self._told: list[Told] = []
        self._states: list[str] = [self._core.state.value]
        self._ended_by = ""

    def play(self) -> Outcome:
        """The call from its beginning to its end."""
        self._feed(CallStarted())
        self._clock.at(0.0, self._tick)
        moment, steps = -1.0, 0
        while self._core.state is not State.ENDED:
            self._step()
            steps = steps + 1 if self._clock.now == moment else 0
            moment = self._clock.now
            if moment > LONGEST or steps > STEPS_AT_A_MOMENT:
                raise EndlessCall(f"{self._scenario.name}: {self._core.state.value} at {moment:.2f} s")
        return Outcome(
            self._scenario,
            "table",
            self._ear,
            words_played(self._carrier.pieces, self._voice.words),
            tuple(self._turns[seq] for seq in sorted(self._turns)),
            tuple(self._told),
            self._ended_by,
            states=tuple(self._states),
        )

    def _step(self) -> None:
        deadline = self._core.deadline
        if deadline is not None and deadline.at < self._clock.next:
            self._clock.now = max(self._clock.now, deadline.at)
            self._feed(TimerFired())
        else:
            self._clock.step()

    # -- the line -----------------------------------------------------------------------------------

    def _tick(self) -> None:
        """20 ms of the line, each way: what `simulator.phone_line` does on the loop's clock."""
        if self._ended_by:
            return
        clock, network = self._clock, self._scenario.network
        if self._spoken is not None:
            clock.later(network.to_server, lambda frame=self._spoken: self._ears.hear(frame))  # type: ignore[misc]
        agent = self._carrier.next_frame(clock.now)
        self._spoken = self._caller.next_frame(agent_audible=self._ear.agent_frame(agent), agent=agent)
        self._frames += 1
        clock.at(self._frames * FRAME_SECONDS, self._tick)

    def _mark_returned(self, name: str) -> None:
        self._clock.later(self._scenario.network.to_server, lambda: self._arrives(MarkPlayed(name)))

    def press(self, digit: str) -> None:
        """The caller presses a key."""
        self._ear.note(Pressed(self._clock.now, digit))
        self._clock.later(self._scenario.network.to_server, lambda: self._key_arrives(digit))

    def _key_arrives(self, digit: str) -> None:
        secret = self._core.conceals(digit, at=self._clock.now)
        self._arrives(DtmfReceived(HIDDEN if secret else digit))

    def hang_up(self, *, gave_up: bool = False) -> None:
        """The caller hangs up."""
        self._over("caller")

    def _over(self, by: str) -> None:
        if not self._ended_by:
            self._ended_by = by
            self._clock.later(self._scenario.network.to_server, lambda: self._feed(CallEnded(by)))
            self._clock.later(self._scenario.network.to_server, self._ears.finish)

    # -- the core -----------------------------------------------------------------------------------

    def _feed(self, event: Event) -> None:
        self._inbox.append(event)
        if self._feeding:
            return
        self._feeding = True
        try:
            while self._inbox and self._core.state is not State.ENDED:
                self._receive(self._inbox.popleft())
        finally:
            self._feeding = False

    def _receive(self, event: Event) -> None:
        self.journal.write(self._clock.now, event)
        commands = self._core.receive(event, at=self._clock.now)
        if self._core.state.value != self._states[-1]:
            self._states.append(self._core.state.value)
        for command in commands:
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        away = self._scenario.network.from_server
        match command:
            case SendAudio(reply, start, end):
                audio = self._voice.audio(reply, start, end)
                self._ears.agent_plays(audio)
                self._clock.later(away, lambda: self._carrier.audio(reply, start, audio))
            case SendMark(name):
                self._clock.later(away, lambda: self._carrier.mark(name))
            case ClearPlayback():
                self._ears.agent_silenced()
                self._clock.later(away, self._carrier.clear)
            case Synthesize(reply, text):
                self._voice.speak(reply, text)
            case FinishSpeech(reply):
                self._voice.finish(reply)
            case StartReply(reply, turns, _):
                self._think(reply, turns)
            case CancelReply(reply):
                self._cancelled.add(reply)
                self._voice.cancel(reply)
            case RunTool(_, call):
                self._run(call)
            case SaveTurn(seq, turn):
                self._turns[seq] = turn
            case Emit(name, values):
                self._told.append(Told(self._clock.now, name, dict(values)))
            case Hangup():
                self._over("agent")
            case Transfer():
                self._over("transfer")
            case _:
                pass

    # -- mind and tools -----------------------------------------------------------------------------

    def _think(self, reply: int, turns: tuple[Turn, ...]) -> None:
        answer, latencies = self._mind([_plain(message) for message in chat_messages(self._instructions, turns)])
        due = self._clock.now + latencies.first_token
        pace = 1 / latencies.tokens_per_second
        thoughts: list[tuple[int, Event]] = []
        tokens = 0
        for token in split_tokens(answer.text):
            thoughts.append((tokens, ReplyText(reply, token)))
            tokens += 1
        for call in answer.tool_calls:
            tokens += 1 + len(split_tokens(call.arguments))
            self._calls += 1
            thoughts.append((tokens, ToolRequested(reply, ToolCall(f"call_{self._calls}", call.name, call.arguments))))
        thoughts.append((tokens, ReplyDone(reply)))
        for count, thought in thoughts:
            self._clock.at(due + count * pace, lambda thought=thought: self._thought(reply, thought))  # type: ignore[misc]

    def _thought(self, reply: int, thought: Event) -> None:
        if reply not in self._cancelled:
            self._arrives(thought)

    def _run(self, call: ToolCall) -> None:
        tool = self._tools[call.name]
        returned = ToolReturned(call.id, tool.problem or tool.result, bool(tool.problem))
        self._clock.later(tool.seconds, lambda: self._arrives(returned))


def _prepared(agent: Agent) -> set[str]:
    """The phrases that are spoken before the first call, and kept."""
    phrasing = agent.phrasing
    return {phrasing.disclosure, phrasing.announcement, phrasing.greeting, *fixed_phrases(agent)}


def _plain(message: Any) -> Message:
    """A chat message as the mind wants it."""
    calls: Sequence[Any] = message.get("tool_calls", ())
    return Message(
        message["role"],
        message.get("content") or "",
        tuple(ToolCall(c["id"], c["function"]["name"], c["function"]["arguments"] or json.dumps({})) for c in calls),
        message.get("tool_call_id", ""),
    )
