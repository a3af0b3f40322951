"""A mind that is asked twice when its first word is late: whoever speaks first wins.

Nine of ten answers begin soon; the tenth meets a busy machine, a cold cache, a lost packet. The same request, made once
more, is mostly answered like one of the nine, long before the tenth. (Dean and Barroso, "The Tail at Scale", 2013.)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError
from phoneagent.ports import LanguageModel, Thought
from phoneagent.records import Expectation, ToolSpec

from .first_words import FirstWords

USUAL = 0.9  # share of replies that begin within the time that is waited; the rest is what may be asked twice
SOONEST = 0.3  # seconds; before that nobody notices, and a fast mind's p90 is the network's jitter
REQUESTS_A_HEDGE = 10  # that many are made for each that is made twice: what hedging costs at most is a tenth
SAVED_UP = 5  # hedges that a good time leaves for a bad one; when all calls are late at once, more would be a stampede


class HedgedMind:
    """Implements `ports.LanguageModel` over another one, which must not act on what it is asked.

    Only one of the two answers comes out, so that a tool is asked for once. `hedged` is called when a request is made
    for the second time, `won` when that was answered first.
    """

    def __init__(
        self, mind: LanguageModel, *, hedged: Callable[[], None] = lambda: None, won: Callable[[], None] = lambda: None
    ) -> None:
        self._mind = mind
        self._tell_hedged = hedged
        self._tell_won = won
        self._first_words = FirstWords()
        self._credit = 0  # requests that were made and not yet made use of

    async def reply(
        self, reply: int, *, instructions: str, turns: tuple[Turn, ...], tools: tuple[ToolSpec, ...]
    ) -> AsyncGenerator[Thought, None]:
        """Answer. Raises the `ProviderError` of the first request when there is none left that may answer."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._credit = min(self._credit + 1, REQUESTS_A_HEDGE * SAVED_UP)

        def ask() -> _Request:
            return _Request(self._mind.reply(reply, instructions=instructions, turns=turns, tools=tools))

        first, second, counted = ask(), None, False
        requests = [first]
        try:
            patience = self._first_words.quantile(USUAL)
            if patience is not None and not await first.begins_within(max(patience, SOONEST)) and self._pay():
                second = ask()
                requests.append(second)
                self._tell_hedged()
            winner = await _whoever_speaks(requests)
            counted = self._count(first, loop.time() - began)
            losers = [request for request in requests if request is not winner]
            for loser in losers:
                loser.cancel()
            if winner is second:
                self._tell_won()
            yield winner.first_thought
            for loser in losers:
                await loser.aclose()  # it may have spoken in the same moment
            async for thought in winner.thoughts:
                yield thought
        finally:
            if not counted:
                self._count(first, loop.time() - began)
            for request in requests:
                request.cancel()
            for request in requests:
                await request.aclose()

    def expects(self, turns: tuple[Turn, ...]) -> Expectation:
        return self._mind.expects(turns)

    async def warm(self) -> None:
        await self._mind.warm()

    async def aclose(self) -> None:
        await self._mind.aclose()

    def _pay(self) -> bool:
        if self._credit < REQUESTS_A_HEDGE:
            return False
        self._credit -= REQUESTS_A_HEDGE
        return True

    def _count(self, first: _Request, seconds: float) -> bool:
        """Only the first request counts: the second is made when the mind is slow, and cut off when it is slower."""
        if first.has_spoken:
            self._first_words.took(seconds)
        else:
            self._first_words.took_longer_than(seconds)
        return True


class _Request:
    """One answer. A task waits for its first thought; whoever iterates takes the others, without a task between."""

    def __init__(self, thoughts: AsyncGenerator[Thought, None]) -> None:
        self.thoughts = thoughts
        self.beginning = asyncio.create_task(self._begin())

    async def begins_within(self, seconds: float) -> bool:
        """Whether it has spoken, or failed, by then."""
        await asyncio.wait([self.beginning], timeout=seconds)
        return self.beginning.done()

    @property
    def has_spoken(self) -> bool:
        done = self.beginning.done() and not self.beginning.cancelled()
        return done and self.beginning.exception() is None

    @property
    def has_failed(self) -> bool:
        return self.beginning.done() and isinstance(self.beginning.exception(), ProviderError)

    @property
    def first_thought(self) -> Thought:
        return self.beginning.result()

    def cancel(self) -> None:
        self.beginning.cancel()

    async def aclose(self) -> None:
        await asyncio.wait([self.beginning])
        if not self.beginning.cancelled():
            self.beginning.exception()  # asyncio complains of those that nobody has looked at
        await self.thoughts.aclose()

    async def _begin(self) -> Thought:
        return await anext(self.thoughts)


async def _whoever_speaks(requests: list[_Request]) -> _Request:
    """The first to speak, in their order if several have. Raises the first one's error when all have failed."""
    while True:
        waiting = [request.beginning for request in requests if not request.beginning.done()]
        for request in requests:
            if request.beginning.done() and not request.has_failed:
                return request
        if not waiting:
            return requests[0]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
