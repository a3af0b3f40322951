"""The simulated OpenAI, over plain HTTP and by the official SDK."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.conversation.transcript import ToolCall
from phoneagent.simulator.faults import Fault, Faults
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.mind import Answer, Rule, ScriptedMind
from phoneagent.simulator.openai import OpenAiServer, split_tokens

MODEL = "gpt-5.4-mini"
USER = {"role": "user", "content": "Hello there"}
BOOK = {
    "type": "function",
    "function": {
        "name": "book",
        "description": "Book a table",
        "parameters": {
            "type": "object",
            "properties": {"time": {"type": "string"}},
            "required": ["time"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
CALL = {"id": "call_7", "type": "function", "function": {"name": "book", "arguments": '{"time":"19:00"}'}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_7", "content": "done"}
FRONT_DESK = ScriptedMind(
    Rule("table at (?P<time>[0-9:]+)", call="book", arguments={"time": "{time}"}, then="It is {result}."),
    Rule("hours", say="We open at nine."),
)


@asynccontextmanager
async def sdk(server):
    async with openai.AsyncOpenAI(api_key="secret", base_url=server.base_url, max_retries=0) as client:
        yield client


@asynccontextmanager
async def web(server):
    async with httpx.AsyncClient(base_url=server.url, headers={"authorization": "Bearer secret"}) as client:
        yield client


def body(*messages, **more):
    return {"model": MODEL, "messages": list(messages) or [USER], **more}


async def test_tokens_come_at_the_pace_of_a_model():
    loop = asyncio.get_running_loop()
    async with OpenAiServer(lambda _: Answer("One two three four five six.")) as server, sdk(server) as client:
        began = loop.time()
        stream = await client.chat.completions.create(**body(), stream=True)
        arrivals = [(loop.time() - began, chunk) async for chunk in stream]
        [first] = server.timeline.find("first_token")
    contents = [(at, c.choices[0].delta.content) for at, c in arrivals if c.choices[0].delta.content]
    assert "".join(text for _, text in contents) == "One two three four five six."
    assert [at for at, _ in contents] == [pytest.approx(0.250 + n / 80, abs=1e-6) for n in range(len(contents))]
    assert first.at - began == pytest.approx(0.250, abs=1e-6)
    assert arrivals[0][1].choices[0].delta.role == "assistant"
    assert arrivals[-1][1].choices[0].finish_reason == "stop"
    assert len({chunk.id for _, chunk in arrivals}) == 1


async def test_a_tool_is_called_and_its_result_answered():
    async with OpenAiServer(FRONT_DESK) as server, sdk(server) as client:
        request = body(
            {"role": "system", "content": "You book tables."}, {"role": "user", "content": "A table at 19:30"}
        )
        options = {"include_usage": True, "include_obfuscation": False}
        stream = await client.chat.completions.create(**request, tools=[BOOK], stream=True, stream_options=options)
        chunks = [chunk async for chunk in stream]
        assert chunks[-1].choices == []
        assert chunks[-1].usage.completion_tokens > 1
        assert chunks[-2].choices[0].finish_reason == "tool_calls"
        parts = [part for c in chunks[:-1] for part in c.choices[0].delta.tool_calls or ()]
        assert [bool(part.id) for part in parts] == [True] + [False] * (len(parts) - 1)
        assert parts[0].function.name == "book"
        arguments = "".join(part.function.arguments for part in parts)
        assert json.loads(arguments) == {"time": "19:30"}

        call = {"id": parts[0].id, "type": "function", "function": {"name": "book", "arguments": arguments}}
        request["messages"] += [{"role": "assistant", "content": None, "tool_calls": [call]}]
        request["messages"] += [{"role": "tool", "tool_call_id": parts[0].id, "content": "booked"}]
        answer = await client.chat.completions.create(**request, tools=[BOOK])
        assert answer.choices[0].message.content == "It is booked."
        assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_two_calls_have_indices_and_ids_of_their_own():
    calls = (ToolCall("", "book", '{"time":"7"}'), ToolCall("", "book", '{"time":"8"}'))
    async with OpenAiServer(lambda _: Answer("One moment.", calls)) as server, sdk(server) as client:
        answer = await client.chat.completions.create(**body(), tools=[BOOK])
        message = answer.choices[0].message
        assert message.content == "One moment."
        assert [call.function.arguments for call in message.tool_calls] == ['{"time":"7"}', '{"time":"8"}']
        assert len({call.id for call in message.tool_calls}) == 2
        stream = await client.chat.completions.create(**body(), tools=[BOOK], stream=True)
        parts = [part async for c in stream for part in c.choices[0].delta.tool_calls or ()]
        assert {part.index for part in parts} == {0, 1}


async def test_a_script_answers_by_rule_or_echoes():
    async with OpenAiServer(FRONT_DESK) as server, sdk(server) as client:

        async def ask(*messages):
            answer = await client.chat.completions.create(**body(*messages))
            return answer.choices[0].message.content

        assert await ask({"role": "user", "content": "What are your HOURS?"}) == "We open at nine."
        assert await ask(USER) == "You said: Hello there"
        assert await ask({"role": "system", "content": "You book tables."}) == "Hello."


async def test_a_client_that_leaves_stops_the_model():
    text = " ".join(["word"] * 400)
    async with OpenAiServer(lambda _: Answer(text)) as server, sdk(server) as client:
        stream = await client.chat.completions.create(**body(), stream=True)
        async for chunk in stream:
            if server.tokens_produced >= 40:
                assert chunk.choices
                break
        await stream.close()
        await asyncio.sleep(0.1)
        produced = server.tokens_produced
        await asyncio.sleep(5)
        assert 40 <= server.tokens_produced == produced < 60
        [cancelled] = server.timeline.find("cancelled")
        assert server.tokens_wasted == cancelled.data["tokens"] == produced
        assert not server.timeline.find("answered")
        assert not server.connections


async def test_an_answer_ends_at_its_limit():
    async with OpenAiServer(lambda _: Answer("one two three four")) as server, sdk(server) as client:
        answer = await client.chat.completions.create(**body(), max_completion_tokens=2)
        assert answer.choices[0].message.content == "one two"
        assert answer.choices[0].finish_reason == "length"


NO_TOOLS = "Function tools with reasoning_effort are not supported for {} in /v1/chat/completions. {}"


def described(about):
    return {"type": "function", "function": {"name": "book", "description": about}}


@pytest.mark.parametrize(
    ("model", "request_body", "code", "param", "message"),
    [
        (
            "gpt-5.6-luna",
            {"tools": [BOOK]},
            None,
            "reasoning_effort",
            NO_TOOLS.format(
                "gpt-5.6-luna", "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
            ),
        ),
        ("gpt-6-sol", {"tools": [BOOK], "reasoning_effort": "low"}, None, "reasoning_effort", "for gpt-6-sol in"),
        ("gpt-6-astra", {"tools": [BOOK]}, None, "reasoning_effort", "for gpt-6-astra in"),
        (
            "gpt-6-astra",
            {"tools": [BOOK], "reasoning_effort": "none"},
            "unsupported_value",
            "reasoning_effort",
            "'none' with this model. Supported values are: 'low', 'medium', 'high', and 'xhigh'.",
        ),
        (
            "gpt-5.4-mini",
            {"tools": [BOOK], "reasoning_effort": "low"},
            None,
            "reasoning_effort",
            NO_TOOLS.format("gpt-5.4-mini", "Please use /v1/responses instead."),
        ),
        ("gpt-5.1", {"reasoning_effort": "minimal"}, "unsupported_value", "reasoning_effort", "'minimal'"),
        ("gpt-4.1", {"reasoning_effort": "low"}, "unsupported_parameter", "reasoning_effort", "not supported with"),
        (
            "gpt-6-luna",
            {"temperature": 0.4},
            "unsupported_value",
            "temperature",
            "'temperature' does not support 0.4 with this model. Only the default (1) value is supported.",
        ),
        ("o3", {"top_p": 0.9}, "unsupported_value", "top_p", "'top_p'"),
        ("gpt-5.6-sol", {"stop": ["User:"]}, "unsupported_parameter", "stop", "'stop' is not supported"),
        ("gpt-4.1", {"verbosity": "low"}, "unsupported_value", "verbosity", "Supported values are: 'medium'."),
        ("o3", {"tools": [BOOK], "parallel_tool_calls": False}, "unsupported_parameter", "parallel_tool_calls", ""),
        ("gpt-6-luna", {"max_tokens": 10}, "unsupported_parameter", "max_tokens", "Use 'max_completion_tokens'"),
        (
            "gpt-6-luna",
            {"reasoning_effort": "none", "tools": [described("x" * 1025)]},
            "string_above_max_length",
            "tools[0].function.description",
            "Expected a string with maximum length 1024, but got a string with length 1025 instead.",
        ),
    ],
)
async def test_what_a_model_does_not_take_is_refused_in_the_vendors_words(model, request_body, code, param, message):
    async with OpenAiServer() as server, sdk(server) as client:
        with pytest.raises(openai.BadRequestError) as refused:
            await client.chat.completions.create(**body() | {"model": model} | request_body)
    assert (refused.value.code, refused.value.param, refused.value.type) == (code, param, "invalid_request_error")
    assert message in str(refused.value)


@pytest.mark.parametrize("model", ["gpt-5.5-pro", "gpt-5.3-codex", "o3-pro"])
async def test_some_models_are_not_for_chat_completions(model):
    async with OpenAiServer() as server, sdk(server) as client:
        with pytest.raises(openai.NotFoundError, match="only supported in v1/responses"):
            await client.chat.completions.create(**body() | {"model": model})


async def test_the_list_of_models_says_when_they_end():
    async with OpenAiServer() as server, sdk(server) as client:
        ends = {model.id: model.shutdown_date async for model in client.models.list()}
    assert ends["gpt-4.1-mini"] == "2027-01-14"
    assert ends["gpt-6-luna"] is None


async def test_a_long_beginning_is_kept_for_the_next_request():
    system = {"role": "system", "content": "You book tables. " * 500}
    async with OpenAiServer() as server, sdk(server) as client:
        usages = []
        for model in ("gpt-6-luna", "gpt-6-luna", "gpt-5.4-mini"):
            answer = await client.chat.completions.create(**body(system, USER) | {"model": model})
            details = answer.usage.prompt_tokens_details
            usages.append((details.cached_tokens, details.cache_write_tokens))
            prompt = answer.usage.prompt_tokens
    cached = prompt // 128 * 128
    assert usages == [(0, prompt), (cached, prompt - cached), (0, 0)]


async def test_models_are_listed():
    async with OpenAiServer(models=["llama3.2"]) as server, sdk(server) as client:
        assert [model.id async for model in client.models.list()] == ["llama3.2"]
        answer = await client.chat.completions.create(model="llama3.2", messages=[USER], max_tokens=100)
        assert answer.choices[0].message.content


async def test_all_that_an_agent_sends_is_accepted():
    request = body(
        {"role": "system", "content": "You book tables."},
        {"role": "user", "content": [{"type": "text", "text": "A table"}], "name": "caller"},
        CALLED,
        RESULT,
        {"role": "assistant", "content": "Done."},
        USER,
        stream=False,
        tools=[BOOK],
        tool_choice="auto",
        parallel_tool_calls=False,
        max_completion_tokens=200,
        reasoning_effort="none",
        verbosity="low",
        service_tier="priority",
        prompt_cache_key="agent-v12",
        safety_identifier="9f2c",
        temperature=1,
        metadata={"call": "CA1"},
    )
    async with OpenAiServer() as server, web(server) as client:
        answer = await client.post("/v1/chat/completions", json=request)
        assert answer.status_code == 200, answer.text
        assert answer.json()["service_tier"] == "priority"


@pytest.mark.parametrize(
    ("request_body", "param", "words"),
    [
        (body(temprature=1), "temprature", "unknown field"),
        (body({**USER, "text": "hi"}), "text", "unknown field"),
        (body({"role": "caller", "content": "hi"}), None, "caller"),
        (body({"role": "user"}), None, "content"),
        (body({"role": "assistant", "content": None}), "messages.[0].content", "got null"),
        ({"model": MODEL, "messages": []}, None, "length"),
        ({"messages": [USER]}, None, "model"),
        (body(max_tokens=100), "max_tokens", "max_completion_tokens"),
        (body(stream_options={"include_usage": True}), "stream_options", "stream"),
        (body(tools=[]), None, "length"),
        (body(tool_choice="auto"), "tool_choice", "tools"),
        (body(parallel_tool_calls=False), "parallel_tool_calls", "tools"),
        (body(reasoning_effort="off"), None, "off"),
        (body(CALLED, USER), "messages", "call_7"),
        (body(CALLED), "messages", "call_7"),
        (body(USER, RESULT), "messages.[1].role", "tool_calls"),
        (body(CALLED, RESULT, RESULT), "messages.[2].role", "tool_calls"),
        (body(CALLED, {**RESULT, "tool_call_id": "call_8"}), "messages.[1].role", "call_8"),
        (body(tools=[{"type": "function", "function": {"name": "book a table"}}]), None, "name"),
        (
            body(tools=[{"type": "function", "function": {"name": "book", "parameters": {}, "strict": True}}]),
            "tools[0].function.parameters",
            "additionalProperties",
        ),
    ],
)
async def test_what_the_api_does_not_allow_is_refused(request_body, param, words):
    async with OpenAiServer() as server, web(server) as client:
        answer = await client.post("/v1/chat/completions", json=request_body)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["type"] == "invalid_request_error"
    assert words in error["message"]
    if param is not None:
        assert error["param"] == param


async def test_broken_json_unknown_models_and_strangers_are_refused():
    async with OpenAiServer() as server, web(server) as client:
        assert (await client.post("/v1/chat/completions", content=b"{")).status_code == 400
        unknown = await client.post("/v1/chat/completions", json={"model": "gpt-2", "messages": [USER]})
        assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "model_not_found")
        for headers in ({"authorization": ""}, {"authorization": "Token secret"}):
            stranger = await client.post("/v1/chat/completions", json=body(), headers=headers)
            assert (stranger.status_code, stranger.json()["error"]["code"]) == (401, "invalid_api_key")


async def test_a_script_that_calls_what_is_not_offered_is_an_error():
    async with OpenAiServer(FRONT_DESK) as server, web(server) as client:
        answer = await client.post("/v1/chat/completions", json=body({"role": "user", "content": "a table at 19:00"}))
        assert answer.status_code == 500
        assert "book" in answer.json()["error"]["message"]


async def ask(client, **more):
    stream = await client.chat.completions.create(**body(), stream=True, **more)
    return [chunk async for chunk in stream]


async def test_refusals_are_what_the_sdk_expects():
    async with OpenAiServer() as server, sdk(server) as client:
        server.faults.add(Fault("refuse", status=429, retry_after=7), times=1)
        with pytest.raises(openai.RateLimitError) as limited:
            await ask(client)
        assert limited.value.code == "rate_limit_exceeded"
        assert limited.value.response.headers["retry-after"] == "7"
        server.faults.add(Fault("refuse", status=429, reason="insufficient_quota"), times=1)
        with pytest.raises(openai.RateLimitError) as out_of_money:
            await ask(client)
        assert out_of_money.value.code == "insufficient_quota"
        server.faults.add(Fault("refuse", status=401), times=1)
        with pytest.raises(openai.AuthenticationError):
            await ask(client)
        server.faults.add(Fault("refuse", status=503), times=1)
        with pytest.raises(openai.InternalServerError):
            await ask(client)
        assert await ask(client)


async def test_a_stream_can_break_in_the_middle():
    async with OpenAiServer(faults=Faults(Fault("drop", at_event=4))) as server, sdk(server) as client:
        heard = []
        chunks = await client.chat.completions.create(**body(), stream=True)

        async def listen():
            async for chunk in chunks:
                heard.append(chunk.choices[0].delta.content)  # noqa: PERF401  # what was heard before the error counts

        with pytest.raises(openai.APIConnectionError):
            await listen()
        assert "".join(heard) == "You said"


async def test_a_stream_can_stall_until_the_client_gives_up():
    async with OpenAiServer(faults=Faults(Fault("stall", at_event=4))) as server, sdk(server) as client:
        with pytest.raises(openai.APITimeoutError):
            await ask(client, timeout=3)
        await asyncio.sleep(0.1)
        assert not server.connections


async def test_an_error_can_come_in_the_stream():
    async with OpenAiServer(faults=Faults(Fault("error", at_event=3))) as server, sdk(server) as client:
        with pytest.raises(openai.APIError, match="on purpose"):
            await ask(client)


async def test_garbage_can_come_in_the_stream():
    async with OpenAiServer(faults=Faults(Fault("garbage", at_event=3))) as server, sdk(server) as client:
        with pytest.raises(json.JSONDecodeError):
            await ask(client)


async def test_a_slow_first_token_is_late_by_so_much():
    loop = asyncio.get_running_loop()
    async with OpenAiServer(faults=Faults(Fault("slow", seconds=4))) as server, sdk(server) as client:
        began = loop.time()
        async for _ in await client.chat.completions.create(**body(), stream=True):
            break
        assert loop.time() - began == pytest.approx(4.25, abs=1e-6)
        assert server.connections


async def test_an_answer_can_be_empty_and_arguments_broken():
    async with OpenAiServer(FRONT_DESK) as server, sdk(server) as client:
        server.faults.add(Fault("empty"), times=1)
        empty = await ask(client)
        assert not any(chunk.choices[0].delta.content for chunk in empty)
        assert empty[-1].choices[0].finish_reason == "stop"
        server.faults.add(Fault("bad_arguments"), times=1)
        request = body({"role": "user", "content": "a table at 19:00"}, tools=[BOOK])
        answer = await client.chat.completions.create(**request)
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.choices[0].message.tool_calls[0].function.arguments)


async def test_fifty_requests_at_once_keep_their_pace():
    loop = asyncio.get_running_loop()
    latencies = Latencies(first_token=0.5, tokens_per_second=40)

    def echo(messages):
        return Answer(f"Answer to {messages[-1].text}")

    async with OpenAiServer(echo, latencies=latencies) as server, sdk(server) as client:

        async def one(number):
            began = loop.time()
            request = body({"role": "user", "content": f"number {number}"})
            stream = await client.chat.completions.create(**request, stream=True)
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
            assert text == f"Answer to number {number}"
            assert loop.time() - began == pytest.approx(0.5 + (len(split_tokens(text)) - 1) / 40, abs=1e-6)

        await asyncio.gather(*(one(number) for number in range(50)))


@given(st.text())
def test_tokens_are_the_text(text):
    assert "".join(split_tokens(text)) == text


def test_tokens_are_about_words():
    assert split_tokens("Your table is booked.") == ["Your", " table", " is", " booked", "."]
