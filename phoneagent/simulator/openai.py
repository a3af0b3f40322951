"""OpenAI on loopback: streaming and whole chat completions, decided by a `Mind`."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import takewhile
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from phoneagent.conversation.transcript import ToolCall

from .faults import Fault, Faults
from .latency import Latencies
from .mind import Answer, Message, Mind, ScriptedMind
from .openai_models import MODELS, SHUTDOWNS, rules_of
from .openai_request import AnyMessage, AssistantMessage, ChatRequest, RequestError, ToolMessage, read_request, text_of
from .serving import Connection, ProviderServer
from .timeline import Timeline

__all__ = ["MODELS", "OpenAiServer", "split_tokens"]

TOKEN = re.compile(r"\s*\w{1,7}|\s*[^\w\s]{1,3}|\s+")
"""A short word or a piece of a long one, with the space before it: about what a tokenizer makes of English."""
NAMED_MODEL = re.compile(rb'"model"\s*:\s*"([^"]*)"')
PADDING = "x8QeVt2"  # of `obfuscation`; its real length varies

CACHED_FROM, CACHED_BY = 1024, 128  # tokens of a prompt: the shortest beginning that is kept, and by how many more

_encode = msgspec.json.encode


class PromptTokens(NamedTuple):
    """How long a prompt is; what of it was kept from an earlier one, and what is kept now."""

    all: int
    cached: int = 0
    cache_write: int = 0


class OpenAiServer(ProviderServer):
    """`url` is the server; an SDK's `base_url` is `server.base_url` (`http://127.0.0.1:PORT/v1`).

    Each request counts as a connection. Timeline: `request`, `first_token`, then `answered` or `cancelled` (the client
    went away) with the number of `tokens` produced. `tokens_produced` and `tokens_wasted` (of answers that were
    cancelled) count over all requests.
    """

    name = "openai"

    def __init__(
        self,
        mind: Mind | None = None,
        *,
        models: Sequence[str] = MODELS,
        latencies: Latencies | None = None,
        faults: Faults | None = None,
        timeline: Timeline | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(latencies=latencies, faults=faults, timeline=timeline, port=port)
        self.mind = mind or ScriptedMind()
        self.models = tuple(models)
        self.tokens_produced = 0
        self.tokens_wasted = 0
        self._cache: dict[tuple[str, str], list[str]] = {}  # what was read last, by model and `prompt_cache_key`

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v1/chat/completions", self._complete, methods=["POST"]),
            Route("/v1/models", self._list_models),
        ]

    def refusal(self, fault: Fault) -> Response:
        usual = {401: "invalid_api_key", 429: "rate_limit_exceeded", 404: "model_not_found"}
        code = fault.reason or usual.get(fault.status, "server_error")
        kind = {401: "invalid_request_error", 429: "requests"}.get(fault.status, "server_error")
        kind = "insufficient_quota" if code == "insufficient_quota" else kind
        return _refuse(fault.status, "refused on purpose", kind, code=code, retry_after=fault.retry_after)

    def problem(self, fault: Fault) -> bytes:
        error = {"message": "failed on purpose", "type": "server_error", "param": None, "code": fault.reason or None}
        return b"data: " + _encode({"error": error}) + b"\n\n"

    async def _list_models(self, request: Request) -> Response:
        connection = self.open(request)
        refusal = self._check(connection, request)
        models = [
            {
                "id": model,
                "object": "model",
                "created": 1_750_000_000,
                "owned_by": "simulator",
                "shutdown_date": SHUTDOWNS.get(model),
            }
            for model in self.models
        ]
        return refusal or JSONResponse({"object": "list", "data": models})

    async def _complete(self, request: Request) -> Response:
        began = asyncio.get_running_loop().time()
        body = await request.body()
        named = NAMED_MODEL.search(body)
        connection = self.open(request, model=named[1].decode() if named else "")
        refusal = self._check(connection, request)
        if refusal is not None:
            return refusal
        try:
            chat = read_request(body, self.models)
        except RequestError as exc:
            return _refuse(exc.status, str(exc), "invalid_request_error", param=exc.param, code=exc.code)
        answer = self._answer(connection, chat)
        not_offered = [call.name for call in answer.tool_calls if call.name not in chat.offered]
        if not_offered:  # a model never does that: the script and the agent do not fit together
            return _refuse(
                500, f"the mind calls {not_offered}, the request offers {sorted(chat.offered)}", "server_error"
            )
        tokens = [token for message in chat.messages for token in split_tokens(text_of(message.content))]
        prompt = self._read(chat, tokens)
        connection.record("request", model=chat.model, messages=len(chat.messages), prompt_tokens=len(tokens))
        completion = _Completion(self, connection, chat, answer, prompt=prompt, began=began + connection.delay)
        headers = {"x-request-id": f"req_{uuid.uuid4().hex}"}
        if chat.stream:
            return self.stream(connection, completion.stream(), media_type="text/event-stream", headers=headers)
        return self.stream(connection, completion.whole(), media_type="application/json", headers=headers)

    def _read(self, chat: ChatRequest, tokens: list[str]) -> PromptTokens:
        """What of a prompt is known from the last one (developers.openai.com/api/docs/guides/prompt-caching)."""
        if len(tokens) < CACHED_FROM:
            return PromptTokens(len(tokens))
        key = (chat.model, chat.prompt_cache_key or "")
        same = (old == new for old, new in zip(self._cache.get(key, ()), tokens, strict=False))
        known = sum(1 for _ in takewhile(bool, same)) // CACHED_BY * CACHED_BY
        self._cache[key] = tokens
        known = known if known >= CACHED_FROM else 0
        rules = rules_of(chat.model)
        return PromptTokens(len(tokens), known, len(tokens) - known if rules and rules.cache_writes else 0)

    def _answer(self, connection: Connection, chat: ChatRequest) -> Answer:
        if connection.suffers("empty") or connection.suffers("content_filter"):
            return Answer()
        answer = self.mind([_plain(message) for message in chat.messages])
        calls = tuple(replace(call, id=call.id or f"call_{uuid.uuid4().hex[:24]}") for call in answer.tool_calls)
        if connection.suffers("bad_arguments"):
            calls = tuple(replace(call, arguments=call.arguments[: len(call.arguments) // 2]) for call in calls)
        return replace(answer, tool_calls=calls)

    def _check(self, connection: Connection, request: Request) -> Response | None:
        if connection.refused is not None:
            return self.refusal(connection.refused)
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            return _refuse(401, "You didn't provide an API key.", "invalid_request_error", code="invalid_api_key")
        return None


class _Completion:
    """One answer on its way to the client."""

    def __init__(
        self,
        server: OpenAiServer,
        connection: Connection,
        chat: ChatRequest,
        answer: Answer,
        *,
        prompt: PromptTokens,
        began: float,
    ) -> None:
        self._server = server
        self._connection = connection
        self._chat = chat
        self._prompt = prompt
        self._first = began + server.latencies.first_token
        self._pace = 1 / server.latencies.tokens_per_second
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())
        text = split_tokens(answer.text)
        limit = chat.token_limit
        self._finish = "tool_calls" if answer.tool_calls else "stop"
        self._calls = answer.tool_calls
        if limit is not None and limit < len(text):
            text, self._calls, self._finish = text[:limit], (), "length"
        if connection.suffers("content_filter"):
            self._finish = "content_filter"
        self._text = text
        self._tokens = 0

    async def stream(self) -> AsyncGenerator[bytes]:
        """Server-sent events."""
        options = self._chat.stream_options
        with_usage = options is not None and options.include_usage
        padding = "" if options is not None and not options.include_obfuscation else f',"obfuscation":"{PADDING}"'
        head, tail = self._frame(with_usage, padding)
        try:
            async with aclosing(self._deltas()) as deltas:
                async for delta in deltas:
                    yield head + delta + tail
            yield head + b"{}" + tail.replace(b'"finish_reason":null', f'"finish_reason":"{self._finish}"'.encode())
            if with_usage:
                last = {**self._envelope("chat.completion.chunk"), "choices": [], **self._usage()}
                yield b"data: " + _encode(last) + b"\n\n"
            yield b"data: [DONE]\n\n"
        except (GeneratorExit, asyncio.CancelledError):
            self._cancelled()
            raise
        self._connection.record("answered", tokens=self._tokens)

    async def whole(self) -> AsyncGenerator[bytes]:
        """One JSON document, when all of it is there."""
        try:
            async with aclosing(self._deltas()) as deltas:
                async for _ in deltas:
                    pass
            message: dict[str, Any] = {"role": "assistant", "content": "".join(self._text) or None, "refusal": None}
            if self._calls:
                message["tool_calls"] = [
                    {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
                    for c in self._calls
                ]
            choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish}
            yield _encode({**self._envelope("chat.completion"), "choices": [choice], **self._usage()})
        except (GeneratorExit, asyncio.CancelledError):
            self._cancelled()
            raise
        self._connection.record("answered", tokens=self._tokens)

    async def _deltas(self) -> AsyncGenerator[bytes]:
        """The answer's deltas, each when its token is due."""
        await self._until(self._first)
        self._connection.record("first_token")
        yield b'{"role":"assistant","content":""}' if self._text or not self._calls else b'{"role":"assistant"}'
        for token in self._text:
            await self._produce()
            yield b'{"content":' + _encode(token) + b"}"
        for index, call in enumerate(self._calls):
            function = {"name": call.name, "arguments": ""}
            await self._produce()
            yield _encode({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]})
            for fragment in split_tokens(call.arguments):
                await self._produce()
                yield _encode({"tool_calls": [{"index": index, "function": {"arguments": fragment}}]})

    async def _produce(self) -> None:
        """Wait for the next token."""
        await self._until(self._first + self._tokens * self._pace)
        self._tokens += 1
        self._server.tokens_produced += 1

    async def _until(self, due: float) -> None:
        delay = due - asyncio.get_running_loop().time()
        if delay > 0:
            await asyncio.sleep(delay)

    def _cancelled(self) -> None:
        self._server.tokens_wasted += self._tokens
        self._connection.record("cancelled", tokens=self._tokens)

    def _envelope(self, kind: str) -> dict[str, Any]:
        tier = self._chat.service_tier or "default"
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._chat.model,
            "service_tier": "default" if tier == "auto" else tier,
            "system_fingerprint": None,
        }

    def _frame(self, with_usage: bool, padding: str) -> tuple[bytes, bytes]:
        """What stands before and after a chunk's delta: the same for all, so that a token costs little."""
        head = b"data: " + _encode(self._envelope("chat.completion.chunk"))[:-1] + b',"choices":[{"index":0,"delta":'
        usage = ',"usage":null' if with_usage else ""
        return head, f',"logprobs":null,"finish_reason":null}}]{usage}{padding}}}\n\n'.encode()

    def _usage(self) -> dict[str, Any]:
        return {
            "usage": {
                "prompt_tokens": self._prompt.all,
                "completion_tokens": self._tokens,
                "total_tokens": self._prompt.all + self._tokens,
                "prompt_tokens_details": {
                    "cached_tokens": self._prompt.cached,
                    "cache_write_tokens": self._prompt.cache_write,
                },
                "completion_tokens_details": {"reasoning_tokens": 0},
            }
        }


def split_tokens(text: str) -> list[str]:
    """Pieces of the text as a model would produce them; together they are the text."""
    return TOKEN.findall(text)


def _plain(message: AnyMessage) -> Message:
    role: Any = type(message).__struct_config__.tag
    text = text_of(message.content)
    if isinstance(message, ToolMessage):
        return Message(role, text, tool_call=message.tool_call_id)
    if isinstance(message, AssistantMessage):
        calls = tuple(ToolCall(c.id, c.function.name, c.function.arguments) for c in message.tool_calls or ())
        return Message(role, text, calls)
    return Message(role, text)


def _refuse(
    status: int,
    message: str,
    kind: str,
    *,
    param: str | None = None,
    code: str | None = None,
    retry_after: float | None = None,
) -> Response:
    headers = {"x-request-id": f"req_{uuid.uuid4().hex}"}
    if retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    error = {"message": message, "type": kind, "param": param, "code": code}
    return JSONResponse({"error": error}, status_code=status, headers=headers)
