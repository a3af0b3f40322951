"""A call by text: the same conversation, mind and tools as on the telephone, with a keyboard for ears and a screen for
a voice.

What the agent says counts as heard the moment it is shown. Time passes only while the agent is at work: whoever types
is never asked whether they are still there, but a slow model or tool meets the same deadlines as in a call.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Coroutine, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Protocol

from phoneagent.call.built_in import carried_out
from phoneagent.call.equipped import greeting, instructions, offered_tools, own_tools, tool_messages
from phoneagent.call.variables import KNOWN, fill
from phoneagent.conversation.commands import (
    CancelReply,
    CancelTool,
    Command,
    Emit,
    FinishSpeech,
    HandOver,
    Hangup,
    RunTool,
    SaveTurn,
    SendMark,
    StartReply,
    Synthesize,
    Transfer,
)
from phoneagent.conversation.conversation import Conversation
from phoneagent.conversation.entrance import BY_CALL, Entrance
from phoneagent.conversation.events import (
    CallEnded,
    CallStarted,
    EndOfTurn,
    Event,
    MarkPlayed,
    ReplyAudio,
    ReplyAudioDone,
    ReplyFailed,
    TimerFired,
    ToolReturned,
)
from phoneagent.conversation.playout import SAMPLES_A_CHARACTER
from phoneagent.conversation.states import State
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.errors import ProviderError, ToolError
from phoneagent.patterns import search
from phoneagent.ports import LanguageModel, ToolBox
from phoneagent.records import Agent

_KEYS = re.compile(r"#([0-9*#]+)|\[([0-9*#]+)\]")

CALL = "chat"  # the id that tools are given


class Screen(Protocol):
    """What is shown of a typed call."""

    def phrase(self, text: str) -> None:
        """The agent says something; more may follow in the same turn."""

    def turn(self, turn: Turn) -> None:
        """A turn is complete: the caller's, the agent's, or a tool's."""

    def problem(self, text: str) -> None:
        """Something went wrong that a caller would not be told in these words."""

    def hung_up(self, reason: str) -> None:
        """The agent ends the call."""

    def handed_over(self, agent: str) -> None:
        """Another agent goes on."""

    def transferred(self, target: str, number: str) -> None:
        """The agent connects the caller to somebody else and leaves; `number` may be empty, or a SIP address."""


class TypedCall:
    """Drives one `Conversation`. All its methods belong to one event loop, which need not run in between.

    `history` is what was said to the agent that has handed the call over to this one.
    """

    def __init__(
        self,
        agent: Agent,
        mind: LanguageModel,
        tools: ToolBox,
        screen: Screen,
        *,
        variables: Mapping[str, str],
        history: tuple[Turn, ...] = (),
    ) -> None:
        self._agent = agent
        self._mind = mind
        self._tools = tools
        self._screen = screen
        nobody = dict.fromkeys(KNOWN, "") | {"call_id": CALL, "agent": agent.name}
        variables = {**agent.variables, **nobody, **variables}
        self._variables = variables
        self._instructions = instructions(agent, variables, time.time())
        phrasing = replace(agent.phrasing, greeting=fill(greeting(agent, time.time()), variables))
        entrance = Entrance("handover") if history else BY_CALL
        self._conversation = Conversation(
            phrasing,
            agent.policy,
            language=agent.language,
            history=history,
            entrance=entrance,
            tool_messages=tool_messages(own_tools(agent), variables),
            built_in=carried_out(agent),
            search=search,
        )
        self._inbox: deque[Event] = deque()
        self._news = asyncio.Event()
        self._tasks: dict[int | str, asyncio.Task[None]] = {}
        self._passed = 0.0  # seconds of the call until it was last the caller's turn
        self._resumed = 0.0  # the loop's time since when it runs again
        self._crashed: BaseException | None = None  # a defect in a task
        self.ended_reason = ""
        self.handed_to = ""  # the agent that goes on

    @property
    def over(self) -> bool:
        return self._conversation.state is State.ENDED

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(self._conversation.turns)

    async def begin(self) -> None:
        """Connect; the agent greets."""
        await self._happens(CallStarted())

    async def say(self, text: str) -> None:
        """The caller says something, or presses keys (`#1`, `[1]`). Returns when the agent has answered or left."""
        keys = _KEYS.fullmatch(text)
        await self._happens(EndOfTurn(f"[keypad: {keys[1] or keys[2]}]" if keys else text))

    async def hang_up(self) -> None:
        """The caller leaves. What is still running ends."""
        if not self.over:
            await self._happens(CallEnded("caller"))
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    # -- the loop -----------------------------------------------------------------------------------

    async def _happens(self, event: Event) -> None:
        """Go on until it is the caller's turn again, or the call is over."""
        loop = asyncio.get_running_loop()
        self._resumed = loop.time()
        self._receive(event)
        while self._inbox or self._conversation.state not in (State.LISTENING, State.ENDED):
            self._receive(await self._next())
        self._passed = self._now()

    def _now(self) -> float:
        return self._passed + asyncio.get_running_loop().time() - self._resumed

    async def _next(self) -> Event:
        deadline = self._conversation.deadline
        while not self._inbox:
            self._news.clear()
            try:
                async with asyncio.timeout(deadline.at - self._now() if deadline else None):
                    await self._news.wait()
            except TimeoutError:
                return TimerFired()
            if self._crashed is not None:
                raise self._crashed
        return self._inbox.popleft()

    def _feed(self, event: Event) -> None:
        self._inbox.append(event)
        self._news.set()

    def _receive(self, event: Event) -> None:
        at = self._now()
        if isinstance(event, TimerFired) and (deadline := self._conversation.deadline):
            at = max(at, deadline.at)  # timers are exact only to the rounding of floats
        for command in self._conversation.receive(event, at=at):
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        match command:
            case StartReply(reply, turns, tools):
                self._start(reply, self._think(reply, turns, tools=tools))
            case CancelReply(reply):
                if task := self._tasks.get(reply):
                    task.cancel()
            case Synthesize(reply, text):
                self._screen.phrase(text)
                self._feed(ReplyAudio(reply, len(text) * SAMPLES_A_CHARACTER))
            case FinishSpeech(reply):
                self._feed(ReplyAudioDone(reply))
            case SendMark(name):
                self._feed(MarkPlayed(name))
            case CancelTool(id_):
                if task := self._tasks.get(id_):
                    task.cancel()
            case RunTool(_, call):
                self._start(call.id, self._run_tool(call))
            case SaveTurn(_, turn):
                self._screen.turn(turn)
            case Hangup(reason):
                self._screen.hung_up(reason)
                self._feed(CallEnded(reason))
            case HandOver(agent):
                self._screen.handed_over(agent)
                self.handed_to = agent
                self._feed(CallEnded("handover"))
            case Transfer(target):
                known = self._agent.transfer_targets.get(target)
                self._screen.transferred(target, known.to if known else target)
                self._feed(CallEnded("transfer"))
            case Emit("call_ended", values):
                self.ended_reason = values["reason"]
            case _:
                pass  # about audio, or for those who watch many calls

    # -- what takes time ----------------------------------------------------------------------------

    def _start(self, name: int | str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[name] = task
        task.add_done_callback(lambda done: self._done(name, done))

    def _done(self, name: int | str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(name) is task:
            del self._tasks[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crashed = error
            self._news.set()

    async def _think(self, reply: int, turns: tuple[Turn, ...], *, tools: bool) -> None:
        offered = offered_tools(self._agent, self._tools.found) if tools else ()
        stream = self._mind.reply(reply, instructions=self._instructions, turns=turns, tools=offered)
        try:
            async with aclosing(stream) as thoughts:
                async for thought in thoughts:
                    self._feed(thought)
        except ProviderError as error:
            self._screen.problem(str(error))
            self._feed(ReplyFailed(reply, error.problem))

    async def _run_tool(self, call: ToolCall) -> None:
        try:
            run = self._tools.run(call.name, call.arguments, call=CALL, variables=self._variables)
            result, failed = await run, False
        except ToolError as error:
            result, failed = str(error), True
        self._feed(ToolReturned(call.id, result, failed))
