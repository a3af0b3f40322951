"""A script and a language model that share a conversation.

Who has it follows from the turns (`dialogue.py`). While the model has it, keys and "the main menu" lead back to the
script, and so does a tool of the model's. When the model is away, the script reads out its menu.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from phoneagent.conversation.events import ProviderFailed, ReplyDone
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError
from phoneagent.ports import LanguageModel, Thought
from phoneagent.records import Dialogue, Expectation, ToolSpec

from .dialogue import Script
from .scripted import Closed, thoughts

log = structlog.stdlib.get_logger(__name__)


class MixedMind:
    """Implements `ports.LanguageModel` by a dialogue whose `start` is set, and by a model beside it."""

    def __init__(self, dialogue: Dialogue, model: LanguageModel, *, closed: Closed = frozenset) -> None:
        """`closed` tells which business hours are over now. Raises `PatternError` for phrases that are malformed."""
        self._closed = closed
        self._script = Script(dialogue, model=True)
        self._model = model

    async def reply(
        self, reply: int, *, instructions: str, turns: tuple[Turn, ...], tools: tuple[ToolSpec, ...]
    ) -> AsyncGenerator[Thought, None]:
        """Answer by whoever has the conversation. Raises `ProviderError` when the model fails after its first word."""
        state, answer = self._script.fold(turns, closed=self._closed())
        if answer.by_model:
            told = "\n\n".join(filter(None, [instructions, self._script.instructions(state)]))
            begun = False
            try:
                stream = self._model.reply(reply, instructions=told, turns=turns, tools=tools)
                async with aclosing(stream) as said:
                    async for thought in said:
                        begun = begun or not isinstance(thought, ReplyDone | ProviderFailed)
                        yield thought
                return
            except ProviderError as error:
                if begun:
                    raise
                log.warning("menu_instead_of_model", problem=str(error))
            answer = self._script.without_model()
        for thought in thoughts(answer, reply, turns):
            yield thought

    def expects(self, turns: tuple[Turn, ...]) -> Expectation:
        """What the script does, with the words that the model listens for."""
        expected, more = self._script.expects(turns), self._model.expects(turns)
        return Expectation(
            tuple(dict.fromkeys((*expected.phrases, *more.phrases))),
            {**more.rules, **expected.rules},
            tuple(dict.fromkeys((*expected.keyterms, *more.keyterms))),
            expected.keys or more.keys,
        )

    async def warm(self) -> None:
        """Warm the model: it may be handed the conversation at any time."""
        await self._model.warm()

    async def aclose(self) -> None:
        await self._model.aclose()
