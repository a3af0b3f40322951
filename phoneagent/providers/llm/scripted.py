"""A mind that needs no key and no network: it follows the dialogue of the agent file."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from typing import TypeAlias

from phoneagent.conversation.events import ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.transcript import Turn
from phoneagent.ports import Thought
from phoneagent.records import Dialogue, Expectation, ToolSpec

from .dialogue import Script, tool_call
from .dialogue_state import Answer

Closed: TypeAlias = Callable[[], Collection[str]]
"""The names of the business hours that are over at the moment."""


class ScriptedMind:
    """Implements `ports.LanguageModel`. Keeps nothing between requests: the turns say where the dialogue stands."""

    def __init__(self, dialogue: Dialogue, *, closed: Closed = frozenset) -> None:
        """`closed` tells which business hours are over now. Raises `PatternError` for phrases that are malformed."""
        self._script = Script(dialogue)
        self._closed = closed

    async def reply(
        self,
        reply: int,
        *,
        instructions: str,
        turns: tuple[Turn, ...],
        tools: tuple[ToolSpec, ...],
    ) -> AsyncGenerator[Thought, None]:
        """Answer in small pieces, as a model would; a script needs neither instructions nor the tools' descriptions.

        `end_call` and `transfer` are asked for after the answer.
        """
        _, answer = self._script.fold(turns, closed=self._closed())
        for thought in thoughts(answer, reply, turns):
            yield thought

    def expects(self, turns: tuple[Turn, ...]) -> Expectation:
        """Exactly what makes sense to say after these turns."""
        return self._script.expects(turns)

    async def warm(self) -> None:
        """It always is."""

    async def aclose(self) -> None: ...


def thoughts(answer: Answer, reply: int, turns: tuple[Turn, ...]) -> Iterator[Thought]:
    """A script's answer in small pieces; its tool is asked for after it."""
    first = f"{answer.first} " if answer.first and answer.text else answer.first
    for part, interruptible in ((first, False), (answer.text, True)):
        for piece in re.findall(r"\S+\s*", part):
            yield ReplyText(reply, piece, interruptible)
    if answer.tool:
        yield ToolRequested(reply, tool_call(answer, turns))
    yield ReplyDone(reply)
