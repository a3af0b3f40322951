"""A model whose caller is heard by a grammar: it may say anything, and understood is what a dialogue knows."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from phoneagent.conversation.transcript import Turn
from phoneagent.ports import LanguageModel, Thought
from phoneagent.records import Dialogue, Expectation, ToolSpec

from .understanding import Understanding


class ByGrammar:
    """Implements `ports.LanguageModel` over another one, for ears that have no open dictation."""

    def __init__(self, model: LanguageModel, dialogue: Dialogue) -> None:
        self._model = model
        self._expectation = Understanding(dialogue).anything()

    def reply(
        self, reply: int, *, instructions: str, turns: tuple[Turn, ...], tools: tuple[ToolSpec, ...]
    ) -> AsyncGenerator[Thought, None]:
        """By the model alone."""
        return self._model.reply(reply, instructions=instructions, turns=turns, tools=tools)

    def expects(self, turns: tuple[Turn, ...]) -> Expectation:
        """The same at any time."""
        return self._expectation

    async def warm(self) -> None:
        await self._model.warm()

    async def aclose(self) -> None:
        await self._model.aclose()
