"""OpenAI and its many relatives: what they send, what they refuse, how they fail. Real sockets."""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import aiohttp.connector
import pytest
from starlette.applications import Starlette
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from phoneagent.conversation.events import ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError, SettingsError
from phoneagent.providers.llm.openai import COMPATIBLE, FIRST_TOKEN_WITHIN, OPENAI, OpenAiModel, in_the_cloud
from phoneagent.records import Expectation, ToolSpec
from phoneagent.simulator.faults import Fault, Faults
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.local_server import LocalServer
from phoneagent.simulator.mind import ScriptedMind
from phoneagent.simulator.openai import MODELS, OpenAiServer

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
    assert thoughts[-1] == ReplyDone(1, cut=stream.get("cut", False))
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
    monkeypatch.setattr(aiohttp.connector, "monotonic", asyncio.get_running_loop().time)  # by which the pool counts
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
        (400, "tool_use_failed", True),  # Groq: what the model wrote was no call; another time it is
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
        looked = status == 404  # which models there are
        assert server._count == 1 + looked  # whether to try again is not for the adapter to decide


async def test_the_first_token_has_a_deadline():
    loop = asyncio.get_running_loop()
    async with asking(Fault("slow", seconds=30)) as (model, server):
        error = await failure(model)
        assert loop.time() == pytest.approx(FIRST_TOKEN_WITHIN, abs=0.2)
        assert error.retryable
        assert "no token within 8.5 s" in error.problem
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


# --- servers that are none ----------------------------------------------------------------------------


@asynccontextmanager
async def answering(answer, *, path="/v1/chat/completions", key="sk-a-very-secret-key", query="", **options):
    """A model at a server that answers so; the server's requests."""
    requests = []

    async def respond(request):
        requests.append((request, await request.body()))
        return answer if isinstance(answer, Response) else answer(request)

    async with LocalServer(Starlette(routes=[Route(path, respond, methods=["GET", "POST"])])) as server:
        model = OpenAiModel(key, base_url=f"{server.url}/v1{query}", **options)
        yield model, requests
        await model.aclose()


WHOLE = {
    "choices": [
        {
            "message": {
                "role": "assistant",
                "content": "Sure.",
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "book", "arguments": "{}"}}],
            },
            "finish_reason": "tool_calls",
        }
    ]
}


async def test_an_answer_that_is_not_streamed_is_an_answer():
    async with answering(JSONResponse(WHOLE)) as (model, _):
        said, asked, done = await ask(model)
    assert said == ReplyText(1, "Sure.")
    assert (asked.call.id, asked.call.name) == ("a", "book")
    assert done == ReplyDone(1)


@pytest.mark.parametrize(
    ("answer", "problem", "retryable"),
    [
        (HTMLResponse("<html><title>Sign in</title></html>"), "sent an HTML page (Sign in)", False),
        (JSONResponse({"error": "model is loading"}), "model is loading", True),
        (JSONResponse({"error": {"code": "insufficient_quota", "message": "Pay."}}), "insufficient_quota Pay.", False),
        (JSONResponse({}), "ended in the middle", True),
        (PlainTextResponse(""), "ended in the middle", True),
        (PlainTextResponse("hello"), "ended in the middle", True),
        (PlainTextResponse('data: 7\n\ndata: {"choices": {}}\n\n'), "ended in the middle", True),
        (PlainTextResponse("data: " + "x" * 2_000_000), "longer than an answer", False),
        (HTMLResponse("<h1>Bad\n gateway</h1>", 502), "HTTP 502: Bad gateway", True),
        (PlainTextResponse("", 404), "HTTP 404", False),
        (JSONResponse({"detail": "Not here"}, 404), "HTTP 404: Not here", False),
        (JSONResponse([{"error": {"code": 400, "message": "No."}}], 400), "HTTP 400 400: No.", False),
        (JSONResponse({"object": "error", "message": "Too long", "code": 400}, 400), "HTTP 400 400: Too long", False),
        (PlainTextResponse("x" * 100_000, 500), "HTTP 500: xxx", True),
    ],
)
async def test_whatever_else_is_answered_is_an_error_that_says_so(answer, problem, retryable):
    async with answering(answer) as (model, _):
        error = await failure(model)
    assert problem in error.problem
    assert len(error.problem) < 600
    assert error.retryable == retryable


async def test_fields_that_nobody_looks_at_may_be_wrong():
    lines = 'data: {"choices": [{"delta": {"content": "Sure."}, "logprobs": NaN, "finish_reason": "stop"}]}\n\n'
    async with answering(PlainTextResponse(lines)) as (model, _):
        assert await ask(model) == [ReplyText(1, "Sure."), ReplyDone(1)]


async def test_an_answer_ends_where_the_server_says_so():
    """Whoever keeps the connection open after the end does not keep the caller waiting."""
    sent = 'data: {"choices": [{"delta": {"content": "Sure."}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'

    def linger(_):
        async def pieces():
            yield sent.encode()
            await asyncio.sleep(60)

        return StreamingResponse(pieces(), media_type="text/event-stream")

    loop = asyncio.get_running_loop()
    async with answering(linger) as (model, _):
        thoughts = model.reply(1, instructions="", turns=TURNS, tools=())
        assert [await anext(thoughts), await anext(thoughts)] == [ReplyText(1, "Sure."), ReplyDone(1)]
        assert loop.time() < 0.1
        with pytest.raises(StopAsyncIteration):
            await anext(thoughts)
        assert loop.time() < 1


async def test_the_gap_counts_from_the_last_token():
    """Not from where the first token's deadline would have been."""
    loop = asyncio.get_running_loop()
    async with asking(Fault("stall", at_event=5)) as (model, _):
        await failure(model)
        assert loop.time() == pytest.approx(0.25 + 4.0, abs=0.1)


# --- what servers are sent --------------------------------------------------------------------------


async def test_a_request_says_whose_it_is():
    async with answering(JSONResponse(WHOLE), organization="org-1", project="proj-2") as (model, requests):
        await ask(model)
    [(request, _)] = requests
    assert request.headers["authorization"] == "Bearer sk-a-very-secret-key"
    assert request.headers["openai-organization"] == "org-1"
    assert request.headers["openai-project"] == "proj-2"
    assert request.headers["content-type"] == "application/json"


async def test_without_a_key_there_still_is_a_word():
    async with answering(JSONResponse(WHOLE), key="") as (model, requests):
        await ask(model)
    assert requests[0][0].headers["authorization"] == "Bearer none"
    assert "openai-organization" not in requests[0][0].headers


@pytest.mark.parametrize("query", ["", "/", "/?api-version=preview"])
async def test_paths_are_appended_to_the_base(query):
    async with answering(JSONResponse(WHOLE), query=query) as (model, requests):
        await ask(model)
    url = requests[0][0].url
    assert (url.path, url.query) == ("/v1/chat/completions", query.strip("/?"))


@pytest.mark.parametrize("base_url", ["localhost:11434/v1", "ftp://example.com", "https:///v1", "http://me:pw@host/v1"])
def test_a_base_that_is_none_is_a_mistake_in_the_settings(base_url):
    with pytest.raises(SettingsError, match="expected http"):
        OpenAiModel("k", base_url=base_url)


async def test_a_request_that_was_moved_is_made_again_there():
    def move(request):
        return RedirectResponse("/v1/chat/completions?moved=1") if not request.url.query else JSONResponse(WHOLE)

    async with answering(move) as (model, requests):
        assert (await ask(model))[-1] == ReplyDone(1)
    assert requests[0][1] == requests[1][1]


async def test_requests_begin_alike():
    """Byte for byte, up to the first turn that is new: what providers keep of a prompt is found by its beginning."""
    async with answering(JSONResponse(WHOLE)) as (model, requests):
        await ask(model, tools=(BOOK,))
        await ask(model, turns=(*TURNS, Turn("agent", "Well.", 2.0), Turn("caller", "Go on.", 3.0)), tools=(BOOK,))
        await ask(model)
    first, second, third = (body for _, body in requests)
    head, _, tail = first.partition(b'}],"stream":true')
    assert second.startswith(head)
    assert second.endswith(tail)
    assert json.loads(second)["tools"][0]["function"]["name"] == "book"
    assert "tools" not in json.loads(third)


@pytest.mark.parametrize("name", ["http_proxy", "ALL_PROXY"])
async def test_proxies_are_those_of_the_environment(monkeypatch, name):
    asked_for = []

    async def proxy(scope, receive, send):
        asked_for.append(scope["path"])
        await JSONResponse(WHOLE)(scope, receive, send)

    for each in ("http_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(each, raising=False)
        monkeypatch.delenv(each.upper(), raising=False)
    async with LocalServer(proxy) as server:
        monkeypatch.setenv(name, server.url.removeprefix("http://"))
        model = OpenAiModel("k", base_url="http://llm.example/v1")
        assert (await ask(model))[-1] == ReplyDone(1)
        await model.aclose()
    assert asked_for == ["/v1/chat/completions"]
    monkeypatch.setenv("no_proxy", "llm.example")
    model = OpenAiModel("k", base_url="http://llm.example:1/v1")
    assert "llm.example" in (await failure(model)).problem
    await model.aclose()


# --- the rest ---------------------------------------------------------------------------------------


async def test_key_terms_are_told_to_the_ears():
    model = OpenAiModel("k", keyterms=("Aurelia",))
    assert model.expects(()) == Expectation(keyterms=("Aurelia",))
    await model.aclose()


async def test_many_calls_are_answered_at_once():
    async with asking(latencies=Latencies(first_token=1.0)) as (model, _):
        loop = asyncio.get_running_loop()
        answers = await asyncio.gather(*(ask(model) for _ in range(250)))
        assert all(answer[-1] == ReplyDone(1) for answer in answers)
        assert loop.time() < 3  # nobody waited for another's connection


async def test_warming_opens_a_connection_that_the_first_request_takes():
    async with asking() as (model, server):
        await model.warm()
        connections = set(server._server.server_state.connections)
        assert len(connections) == 1
        await model.warm()
        await ask(model)
        assert server._server.server_state.connections == connections
        assert server._count == 2  # it was warm already


async def test_what_cannot_be_warmed_does_no_harm():
    model = OpenAiModel("k", base_url="http://127.0.0.1:1/v1")
    await model.warm()
    await model.aclose()


async def test_a_closed_mind_says_so():
    async with asking() as (model, _):
        await ask(model)
        await model.aclose()
        await model.aclose()
        assert "closed" in (await failure(model)).problem


@pytest.mark.parametrize(
    ("base_url", "cloud"),
    [
        ("https://api.openai.com/v1", True),
        ("https://my.openai.azure.com/openai/v1", True),
        ("https://8.8.8.8/v1", True),
        ("http://127.0.0.1:8000/v1", False),
        ("http://[::1]:8000/v1", False),
        ("http://192.168.1.7:11434/v1", False),
        ("http://localhost:11434/v1", False),
        ("http://ollama:11434/v1", False),
        ("http://host.docker.internal:11434/v1", False),
        ("http://gpu.local/v1", False),
    ],
)
def test_what_is_in_the_cloud(base_url, cloud):
    assert in_the_cloud(base_url) == cloud


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
    async with asking(model="gpt-5.4-mimi", flavor="openai") as (model, _):
        with pytest.raises(ProviderError, match=r"no model gpt-5\.4-mimi; the nearest are gpt-5\.4-mini, "):
            await model.check()
    async with asking(model="gpt-4.1-mini") as (model, _):
        until = "until 2027-01-14, when it is shut down: take another"
        assert await model.check() == f"model gpt-4.1-mini is there {until}"
    async with asking(model="my-finetune") as (model, _):
        assert await model.check() == f"answers; has no model my-finetune, so {MODELS[0]} is asked"
    async with asking(model="gpt-6-lunna") as (model, _):
        told = await model.check()
        assert told == f"answers; has no model gpt-6-lunna (did you mean gpt-6-luna?), so {MODELS[0]} is asked"


class Local(OpenAiServer):
    """A server in our own network that has other models than agents name."""

    def __init__(self, *models: str) -> None:
        super().__init__(ScriptedMind(default="Hello."), models=models)


@pytest.mark.parametrize(
    ("models", "asked"),
    [
        (("nomic-embed-text", "qwen3:8b", "llama3.2"), "qwen3:8b"),
        (("qwen3:8b", "gpt-5.4-mini:latest"), "gpt-5.4-mini:latest"),
    ],
)
async def test_a_local_server_is_asked_for_what_it_has(models, asked):
    async with Local(*models) as server:
        model = OpenAiModel("", base_url=server.base_url)
        assert await ask(model) == await ask(model)
        await model.aclose()
        assert [entry.data["model"] for entry in server.timeline.find("request")] == [asked, asked]


async def test_a_local_server_without_any_model_says_so():
    async with Local("nomic-embed-text") as server:
        model = OpenAiModel("", base_url=server.base_url)
        assert "HTTP 404" in (await failure(model)).problem
        await model.aclose()
