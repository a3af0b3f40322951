"""Each request to a model is counted for the call that it is made for: also what is thrown away. Real sockets."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager

import pytest

from phoneagent.conversation.events import ReplyText
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError
from phoneagent.providers.circuit import Circuits
from phoneagent.providers.llm.fallback import Candidate, FallbackMind
from phoneagent.providers.llm.hedged import HedgedMind
from phoneagent.providers.llm.openai import OpenAiModel
from phoneagent.simulator.faults import Fault, Faults
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.openai import OpenAiServer
from phoneagent.usage import Used, meter

TURNS = (Turn("caller", "Tell me a long story, please, about a table for two at seven in the evening.", 1.0),)


@pytest.fixture
def counted():
    """What the meter of this call is told: by unit."""
    told: list[Used] = []
    token = meter.set(told.append)
    yield told
    meter.reset(token)


@asynccontextmanager
async def server(*faults, latencies=None):
    plan = Faults()
    for fault in faults:
        plan.add(fault, times=1)
    async with OpenAiServer(faults=plan, latencies=latencies) as running:
        yield running


def model(running, **options):
    return OpenAiModel("sk-key", base_url=running.base_url, **options)


async def ask(mind):
    return [thought async for thought in mind.reply(1, instructions="Be brief.", turns=TURNS, tools=())]


def units(counted):
    return {used.unit: used.amount for used in counted}


async def test_the_models_own_count_is_taken(counted):
    async with server() as running:
        mind = model(running)
        await ask(mind)
        await mind.aclose()
        assert units(counted) == {"tokens_in": 22, "tokens_out": running.tokens_produced}
    assert {(used.part, used.provider, used.model, used.reckoned) for used in counted} == {
        ("llm", "local", "gpt-5.4-mini", False)
    }


async def test_what_is_kept_in_the_cache_and_read_from_it_is_counted_apart(counted):
    async with server() as running:
        mind = model(running, model="gpt-6-luna")
        long = " ".join(["Be brief."] * 500)
        for _ in range(2):
            async with aclosing(mind.reply(1, instructions=long, turns=TURNS, tools=())) as thoughts:
                async for _ in thoughts:
                    pass
        await mind.aclose()
    first, second = units(counted[:2]), units(counted[2:])
    assert first["tokens_cache_write"] > 1024
    assert "tokens_in" not in first
    assert "tokens_cached" not in first
    assert second["tokens_cached"] >= 1024
    assert second["tokens_cached"] + second["tokens_cache_write"] == first["tokens_cache_write"]


async def test_an_answer_that_is_thrown_away_is_reckoned(counted):
    async with server(latencies=Latencies(tokens_per_second=10)) as running:
        mind = model(running)
        async with aclosing(mind.reply(1, instructions="Be brief.", turns=TURNS, tools=())) as thoughts:
            written = ""
            async for thought in thoughts:
                assert isinstance(thought, ReplyText)
                written += thought.text
                if len(written) > 20:
                    break
        await mind.aclose()
    assert all(used.reckoned for used in counted)
    assert units(counted)["tokens_out"] == len(written) // 4
    assert 20 < units(counted)["tokens_in"] < 120


async def test_who_is_refused_pays_nothing(counted):
    async with server(Fault("refuse", status=429)) as running:
        mind = model(running)
        with pytest.raises(ProviderError):
            await ask(mind)
        await mind.aclose()
    assert counted == []


async def test_every_mind_that_was_asked_is_counted(counted):
    """The first one breaks off, and another goes on: each in a task of its own."""
    async with server(Fault("drop", at_event=4), Fault("drop", at_event=4)) as first, server() as second:
        minds = [
            Candidate(HedgedMind(model(first)), Circuits().of("llm", "openai/a"), again=False),
            Candidate(model(second, model="gpt-5.6-luna"), Circuits().of("llm", "openai/b")),
        ]
        mind = FallbackMind(minds)
        await ask(mind)
        await mind.aclose()
    assert {(used.model, used.reckoned) for used in counted} >= {("gpt-5.4-mini", True), ("gpt-5.6-luna", False)}


async def test_calls_do_not_count_for_one_another():
    one: list[Used] = []
    other: list[Used] = []

    async def call(mind, told, times):
        meter.set(told.append)
        for _ in range(times):
            await ask(mind)

    async with server() as running:
        mind = model(running)
        async with asyncio.TaskGroup() as calls:
            calls.create_task(call(mind, one, 1))
            calls.create_task(call(mind, other, 2))
        await mind.aclose()
    assert len(other) == 2 * len(one) == 4
