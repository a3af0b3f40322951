"""OpenAI and its many relatives: what they send, what they refuse, how they fail. Real sockets."""

import asyncio
import json
import time
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

from phoneagent.conversation.events import ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError, SettingsError
from phoneagent.providers.llm.openai import COMPATIBLE, OPENAI, OpenAiModel
from phoneagent.records import Expectation, ToolSpec
from phoneagent.simulator.faults import Fault, Faults
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.local_server import LocalServer
from phoneagent.simulator.openai import OpenAiServer

STREAMS = json.loads((Path(__file__).parents[2] / "vectors" / "openai" / "streams.json").read_text())
TURNS = (Turn("caller", "Tell me a long story, please, about a table for two at seven in the evening.", 1.0),)
BOOK = ToolSpec("book", "Book a table", {"type": "object", "properties": {}})


@asynccontextmanager
async def asking(*faults, latencies=None, **options):
    plan = Faults()
    for fault in faults:
        plan.add(fault, times=1)
    async with OpenAiServer(faults=plan, latencies=latencies) as server:
        model = OpenAiModel(**({"api_key": "sk-a-very-secret-key", "base_url": server.base_url} | options))
        yield model, server
        await model.aclose()


async def ask(model, turns=TURNS, tools=()):
    return [thought async for thought in model.reply(1, instructions="Be brief.", turns=turns, tools=tools)]


async def failure(model, **request):
    with pytest.raises(ProviderError) as failed:
        await ask(model, **request)
    assert "very-secret" not in str(failed.value)
    return failed.value


# --- what comes over the wire -----------------------------------------------------------------------


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream["name"])
async def test_streams_of_all_kinds_of_servers(stream):
    async def complete(request):
        async def pieces():
            for chunk in stream["chunks"]:
                yield f": keep-alive\n\ndata: {json.dumps(chunk)}\n\n".encode()
            if stream["done"]:
                yield b"data: [DONE]\n\n"

        return StreamingResponse(pieces(), media_type="text/event-stream")

    thoughts, error = [], None
    async with LocalServer(Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])) as server:
        model = OpenAiModel("", base_url=f"{server.url}/v1", model="llama")
        try:
            async for thought in model.reply(1, instructions="", turns=TURNS, tools=()):
                thoughts.append(thought)  # noqa: PERF401 -- what came before an error counts
        except ProviderError as failed:
            error = failed
        await model.aclose()
    assert "".join(thought.text for thought in thoughts if isinstance(thought, ReplyText)) == stream["text"]
    if "error" in stream:
        assert error is not None
        assert stream["error"] in error.problem
        assert error.retryable == stream["retryable"]
        return
    assert error is None
    assert thoughts[-1] == ReplyDone(1)
    calls = [thought.call for thought in thoughts if isinstance(thought, ToolRequested)]
    assert [[call.id, call.name, call.arguments] for call in calls] == stream["calls"]


async def test_the_request_has_what_openai_knows():
    async with asking(
        flavor="openai",
        reasoning_effort="none",
        verbosity="low",
        service_tier="priority",
        prompt_cache_key="front-desk",
        temperature=0.4,
    ) as (model, _):
        assert (await ask(model, tools=(BOOK,)))[-1] == ReplyDone(1)  # the server refuses unknown fields


def test_other_servers_are_sent_only_what_all_of_them_know():
    model = OpenAiModel(
        "",
        base_url="http://127.0.0.1:11434/v1",
        model="llama",
        temperature=0.4,
        service_tier="priority",
        verbosity="low",
    )
    assert model._options == {"temperature": 0.4, "max_tokens": 400}
    assert model._stream_options == {"include_usage": True}
    assert model._flavor is COMPATIBLE


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"model": "llama"}, "max_tokens"),
        ({"model": "gpt-5.6-luna"}, "max_completion_tokens"),  # behind a proxy
        ({"model": "llama", "token_limit": "max_completion_tokens"}, "max_completion_tokens"),
        ({"model": "gpt-4.1", "base_url": "https://api.openai.com/v1"}, "max_completion_tokens"),
        ({"model": "gpt-oss-120b", "base_url": "https://api.groq.com/openai/v1"}, "max_completion_tokens"),
    ],
)
def test_the_limit_of_an_answer_has_the_name_the_server_knows(options, field):
    assert field in OpenAiModel("", **({"base_url": "http://127.0.0.1:8000/v1"} | options))._options


def test_openai_itself_is_known_by_its_host():
    model = OpenAiModel("k")
    assert model._flavor is OPENAI
    assert model._stream_options == {"include_usage": True, "include_obfuscation": False}


def test_an_unknown_flavor_is_a_mistake_in_the_settings():
    with pytest.raises(SettingsError, match="expected one of openai, groq, compatible"):
        OpenAiModel("k", flavor="vanilla")


async def test_requests_share_a_connection_even_after_a_long_turn(monkeypatch):
    monkeypatch.setattr(time, "monotonic", asyncio.get_running_loop().time)  # by which the pool counts
    async with asking() as (model, server):
        await ask(model)
        connections = set(server._server.server_state.connections)
        await asyncio.sleep(60)
        await ask(model)
        assert server._server.server_state.connections == connections


# --- cancelling -------------------------------------------------------------------------------------


async def test_closing_the_answer_stops_the_model():
    async with asking() as (model, server):
        async with aclosing(model.reply(1, instructions="", turns=TURNS, tools=())) as thoughts:
            async for _ in thoughts:
                break
        await asyncio.sleep(0.1)
        (cancelled,) = server.timeline.find("cancelled")
        assert cancelled.data["tokens"] < 5


async def test_cancelling_the_task_stops_the_model():
    async with asking() as (model, server):
        task = asyncio.create_task(ask(model))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.1)
        assert len(server.timeline.find("cancelled")) == 1


# --- failing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason", "retryable"),
    [
        (400, "", False),
        (401, "", False),
        (403, "", False),
        (404, "", False),
        (429, "", True),
        (429, "insufficient_quota", False),
        (500, "", True),
        (503, "", True),
    ],
)
async def test_refusals_say_whether_trying_again_may_help(status, reason, retryable):
    async with asking(Fault("refuse", status=status, reason=reason, retry_after=60)) as (model, server):
        error = await failure(model)
        assert error.retryable == retryable
        assert f"HTTP {status}" in error.problem
        assert reason in error.problem
        assert "req_" in error.problem
        assert server._count == 1  # whether to try again is not the SDK's decision


async def test_the_first_token_has_a_deadline():
    loop = asyncio.get_running_loop()
    async with asking(Fault("slow", seconds=30)) as (model, server):
        error = await failure(model)
        assert loop.time() == pytest.approx(5.0, abs=0.2)
        assert error.retryable
        assert "no token within 5 s" in error.problem
        await asyncio.sleep(0.1)
        assert not server.connections  # and nothing goes on behind it


async def test_the_gap_between_tokens_has_one_too():
    async with asking(Fault("stall", at_event=5)) as (model, _):
        error = await failure(model)
        assert "no token for 4 s" in error.problem


async def test_a_slow_consumer_is_not_a_slow_model():
    async with asking() as (model, _):
        thoughts = []
        async for thought in model.reply(1, instructions="", turns=TURNS, tools=()):
            thoughts.append(thought)
            await asyncio.sleep(6)
        assert thoughts[-1] == ReplyDone(1)


async def test_a_connection_that_is_cut_is_an_error():
    async with asking(Fault("drop", at_event=5)) as (model, _):
        assert (await failure(model)).retryable


async def test_garbage_in_the_stream_is_an_error():
    async with asking(Fault("garbage", at_event=3)) as (model, _):
        assert "no JSON" in (await failure(model)).problem


async def test_an_error_in_the_stream_is_an_error():
    async with asking(Fault("error", at_event=3)) as (model, _):
        error = await failure(model)
        assert error.retryable
        assert "failed on purpose" in error.problem


async def test_an_empty_answer_is_none():
    async with asking(Fault("empty")) as (model, _):
        assert await ask(model) == [ReplyDone(1)]


async def test_nobody_there_is_an_error_that_says_so():
    model = OpenAiModel("k", base_url="http://127.0.0.1:1/v1")
    error = await failure(model)
    assert error.retryable
    assert "connection failed" in error.problem
    await model.aclose()


async def test_a_key_is_never_repeated():
    async with asking(Fault("refuse", status=401, reason="bad key sk-a-very-secret-key, or sk-a-ve***-key")) as (
        model,
        _,
    ):
        assert "[key]" in (await failure(model)).problem


async def test_a_long_prompt_with_a_hundred_tokens_a_second_keeps_its_order():
    async with asking(latencies=Latencies(tokens_per_second=1000)) as (model, _):
        thoughts = await ask(model)
    said = "".join(thought.text for thought in thoughts if isinstance(thought, ReplyText))
    assert said == f"You said: {TURNS[0].text}"


# --- the rest ---------------------------------------------------------------------------------------


async def test_key_terms_are_told_to_the_ears():
    model = OpenAiModel("k", keyterms=("Aurelia",))
    assert model.expects(()) == Expectation(keyterms=("Aurelia",))
    await model.aclose()


async def test_check_says_whether_key_and_model_are_accepted():
    async with asking() as (model, server):
        assert await model.check() == "model gpt-5.4-mini is there"
        server.faults.add(Fault("refuse", status=401))
        with pytest.raises(ProviderError) as refused:
            await model.check()
        assert not refused.value.retryable
    async with asking(model="gpt-99", flavor="openai") as (model, _):
        with pytest.raises(ProviderError, match="no model gpt-99") as refused:
            await model.check()
        assert not refused.value.retryable
    async with asking(model="my-finetune") as (model, _):
        assert "not my-finetune" in await model.check()
