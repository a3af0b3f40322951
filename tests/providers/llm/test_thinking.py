"""Models that think before they speak: their thoughts are a sign of life, and never heard. Real sockets."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

from phoneagent.conversation.events import ProviderFailed, ReplyDone, ReplyText
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError
from phoneagent.providers.circuit import Circuits
from phoneagent.providers.llm.fallback import Candidate, FallbackMind
from phoneagent.providers.llm.first_words import ENOUGH
from phoneagent.providers.llm.hedged import REQUESTS_A_HEDGE, HedgedMind
from phoneagent.providers.llm.openai import OpenAiModel
from phoneagent.simulator.local_server import LocalServer

TURNS = (Turn("caller", "A table for two, please.", 1.0),)
THOUGHTS = [{"reasoning": "The caller wants"}, {"reasoning_content": "a table."}, {"content": "<think>Two people"}]
WORD = {"content": "</think>For when?"}


def of(thought):
    """A word as it comes after such a thought."""
    return WORD if "content" in thought else {"content": "For when?"}


class Thinker:
    """A server whose model has a thought a second, `seconds` long, before its one sentence; then it is quick."""

    def __init__(self, thought, seconds, *, words=True):
        self.requests = 0
        self.seconds = seconds
        self._thought = thought
        self._words = words

    async def complete(self, request):
        self.requests += 1
        seconds = self.seconds

        async def pieces():
            for _ in range(seconds):
                yield self._event(self._thought)
                await asyncio.sleep(1.0)
            if self._words:
                yield self._event(of(self._thought) if seconds else {"content": "For when?"})
            yield self._event({}, finish_reason="stop")
            yield b"data: [DONE]\n\n"

        return StreamingResponse(pieces(), media_type="text/event-stream")

    def _event(self, delta, **more):
        return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta, **more}]}).encode() + b"\n\n"


@asynccontextmanager
async def thinking(thinker, **options):
    app = Starlette(routes=[Route("/v1/chat/completions", thinker.complete, methods=["POST"])])
    async with LocalServer(app) as server:
        model = OpenAiModel("", base_url=f"{server.url}/v1", model="qwen3:8b", **options)
        yield model
        await model.aclose()


async def ask(mind):
    return [thought async for thought in mind.reply(1, instructions="", turns=TURNS, tools=())]


@pytest.mark.parametrize("thought", THOUGHTS)
async def test_a_model_that_thinks_is_not_dead(thought):
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with thinking(Thinker(thought, 12)) as model:
        thoughts = await ask(model)
    assert thoughts == [ReplyText(1, ""), ReplyText(1, "For when?"), ReplyDone(1)]
    assert loop.time() - began > 12


@pytest.mark.parametrize("thought", THOUGHTS)
async def test_nobody_is_thought_about_for_ever(thought):
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with thinking(Thinker(thought, 100), first_token_within=4.0) as model:
        with pytest.raises(ProviderError, match="no word within 12 s, only thoughts") as late:
            await ask(model)
    assert late.value.retryable
    assert loop.time() - began == pytest.approx(12.0, abs=1.1)


async def test_while_it_thinks_it_is_not_asked_twice():
    thinker, hedged = Thinker(THOUGHTS[0], 0), []
    async with thinking(thinker) as model:
        mind = HedgedMind(model, hedged=lambda: hedged.append(1))
        for _ in range(max(ENOUGH, REQUESTS_A_HEDGE)):
            await ask(mind)
        before, thinker.seconds = thinker.requests, 4
        assert (await ask(mind))[-2:] == [ReplyText(1, "For when?"), ReplyDone(1)]
        assert thinker.requests == before + 1
        assert not hedged
        alone = FallbackMind([Candidate(model, Circuits().of("llm", "ours"))])
        thoughts = await ask(alone)
        assert thinker.requests == before + 2
    assert [each for each in thoughts if not isinstance(each, ProviderFailed)] == [
        ReplyText(1, "For when?"),
        ReplyDone(1),
    ]


async def test_another_model_may_be_quicker():
    slow, quick = Thinker(THOUGHTS[0], 6), Thinker(THOUGHTS[0], 0)
    async with thinking(slow) as first, thinking(quick) as second:
        circuits = Circuits()
        minds = [Candidate(first, circuits.of("llm", "slow")), Candidate(second, circuits.of("llm", "quick"))]
        began = asyncio.get_running_loop().time()
        assert (await ask(FallbackMind(minds)))[-2:] == [ReplyText(1, "For when?"), ReplyDone(1)]
        assert asyncio.get_running_loop().time() - began < 3
    assert (slow.requests, quick.requests) == (1, 1)


async def test_thoughts_alone_are_no_answer():
    thinker = Thinker(THOUGHTS[0], 1, words=False)
    async with thinking(thinker) as model:
        thoughts = await ask(FallbackMind([Candidate(model, Circuits().of("llm", "ours"))]))
    assert not [each for each in thoughts if isinstance(each, ReplyText)]
    assert thinker.requests > 1
