"""OpenAI's chat completions, and the many servers that speak the same protocol, through the official SDK."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2
import structlog
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncOpenAI, AsyncStream
from openai import DefaultAsyncHttpxClient as HttpClient
from openai.types.chat import ChatCompletionStreamOptionsParam

from phoneagent.conversation.events import ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.errors import ProviderError, SettingsError
from phoneagent.ports import Thought
from phoneagent.records import Expectation, ToolSpec

from .chat_messages import chat_messages, function_tools
from .reasoning import ReasoningFilter

OPENAI_URL = "https://api.openai.com/v1"
CONNECT_WITHIN = 3.0  # seconds
FIRST_TOKEN_WITHIN = 5.0  # seconds from the request to the first word or tool call; the caller hears nothing meanwhile
TOKEN_GAP = 4.0  # seconds between two tokens, after which the stream is taken for dead
CHECK_WITHIN = 5.0  # seconds
KEPT_ALIVE = 300.0  # seconds; the SDK's 5 are less than a turn, so that every turn would pay for TCP and TLS
RETRYABLE_STATUSES = frozenset({408, 409, 429})  # and all from 500
SHORTEST_KEY = 8  # characters; local servers get a word such as "none", which may stand in any message
NO_CREDIT = "insufficient_quota"  # comes with status 429, but no retry helps

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Flavor:
    """What a server accepts beyond the common ground; unknown fields are a 400 at many."""

    name: str
    token_limit: str  # the field that limits an answer's length
    fields: frozenset[str]
    strict_tools: bool = False
    obfuscation: bool = False  # pads chunks unless asked not to
    lists_models: bool = False  # `/models` has all names that may be asked for


OPENAI = Flavor(
    "openai",
    "max_completion_tokens",
    frozenset(
        {"temperature", "reasoning_effort", "verbosity", "service_tier", "prompt_cache_key", "parallel_tool_calls"}
    ),
    strict_tools=True,
    obfuscation=True,
    lists_models=True,
)
GROQ = Flavor(
    "groq",
    "max_completion_tokens",
    frozenset({"temperature", "reasoning_effort", "service_tier", "parallel_tool_calls"}),
    lists_models=True,
)
COMPATIBLE = Flavor("compatible", "max_tokens", frozenset({"temperature"}))
FLAVORS = {flavor.name: flavor for flavor in (OPENAI, GROQ, COMPATIBLE)}
REASONING_MODELS = ("gpt-5", "gpt-6", "o1", "o3", "o4")  # refuse `max_tokens`, behind whatever proxy they stand
HOSTS = {"api.openai.com": OPENAI, "api.groq.com": GROQ}


class OpenAiModel:
    """Implements `ports.LanguageModel`.

    `base_url` ends in `/v1` mostly; which optional fields the server knows follows from its host, or from `flavor`
    (`openai`, `groq`, `compatible`; another is a `SettingsError`). Options that the flavor does not know are left out,
    and said so in the log; `extra_body` goes into every request as it is. `token_limit` names the field for
    `max_tokens` where that is wrong (`max_tokens`, `max_completion_tokens`). `keyterms` are words that callers are
    likely to say.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = OPENAI_URL,
        model: str = "gpt-5.4-mini",
        flavor: str = "",
        max_tokens: int | None = 400,
        token_limit: str = "",
        temperature: float | None = None,
        reasoning_effort: str = "",
        verbosity: str = "",
        service_tier: str = "",
        prompt_cache_key: str = "",
        extra_body: Mapping[str, Any] | None = None,
        keyterms: tuple[str, ...] = (),
        first_token_within: float = FIRST_TOKEN_WITHIN,
        token_gap: float = TOKEN_GAP,
    ) -> None:
        if flavor and flavor not in FLAVORS:
            raise SettingsError(f"openai: flavor: expected one of {', '.join(FLAVORS)}, got {flavor!r}")
        self._flavor = FLAVORS[flavor] if flavor else HOSTS.get(urlsplit(base_url).hostname or "", COMPATIBLE)
        self._model = model
        self._api_key = api_key
        self._keyterms = keyterms
        self._first_token_within = first_token_within
        self._token_gap = token_gap
        wanted: dict[str, Any] = {
            "temperature": temperature,
            "reasoning_effort": reasoning_effort or None,
            "verbosity": verbosity or None,
            "service_tier": service_tier or None,
            "prompt_cache_key": prompt_cache_key or None,
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        if unknown := sorted(given.keys() - self._flavor.fields):
            log.warning("llm_options_left_out", options=unknown, flavor=self._flavor.name)
        self._options = {name: value for name, value in given.items() if name in self._flavor.fields}
        if max_tokens is not None:
            limit = OPENAI.token_limit if model.startswith(REASONING_MODELS) else self._flavor.token_limit
            self._options[token_limit or limit] = max_tokens
        self._options |= extra_body or {}
        self._tool_options = {"parallel_tool_calls": False} if "parallel_tool_calls" in self._flavor.fields else {}
        self._stream_options: ChatCompletionStreamOptionsParam = {"include_usage": True}
        if self._flavor.obfuscation:
            self._stream_options["include_obfuscation"] = False
        self._warm_until = float("-inf")  # loop time; until then a connection is open
        self._http = HttpClient(
            # The gaps between tokens have their own deadline; keep-alive comments would go on resetting this one.
            timeout=httpx2.Timeout(first_token_within + token_gap, connect=CONNECT_WITHIN),
            limits=httpx2.Limits(max_connections=200, max_keepalive_connections=100, keepalive_expiry=KEPT_ALIVE),
        )
        self._client = AsyncOpenAI(
            api_key=api_key or "none",  # local servers want none; the SDK insists
            base_url=base_url,
            http_client=self._http,
            max_retries=0,  # the SDK would honour a Retry-After of two minutes while the caller waits
        )

    async def reply(
        self, reply: int, *, instructions: str, turns: tuple[Turn, ...], tools: tuple[ToolSpec, ...]
    ) -> AsyncGenerator[Thought, None]:
        """Answer. Text comes as the model writes it, tool calls when they are complete."""
        loop = asyncio.get_running_loop()
        self._warm_until = loop.time() + KEPT_ALIVE / 2
        deadline, missed = loop.time() + self._first_token_within, f"no token within {self._first_token_within:g} s"
        answer = _Answer()
        stream: AsyncStream[object] | None = None
        try:
            async with asyncio.timeout_at(deadline):
                stream = await self._request(instructions, turns, tools)
            chunks = aiter(stream)
            while True:
                # Only around the wait: a deadline must not run while whoever iterates is busy with the last piece.
                async with asyncio.timeout_at(deadline):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                text = answer.take(chunk)
                if answer.begun:
                    deadline, missed = loop.time() + self._token_gap, f"no token for {self._token_gap:g} s"
                if text:
                    yield ReplyText(reply, text)
                    deadline = loop.time() + self._token_gap
            for event in answer.end(reply):
                yield event
        except TimeoutError as late:
            raise ProviderError(self._flavor.name, missed) from late
        except (APIError, httpx2.HTTPError) as failed:
            raise self._problem(failed) from failed
        except ValueError as garbage:  # the SDK decodes the stream's JSON unguarded
            raise ProviderError(self._flavor.name, "sent a stream that is no JSON") from garbage
        except _Incomplete as incomplete:
            raise ProviderError(self._flavor.name, str(incomplete), retryable=incomplete.retryable) from incomplete
        finally:
            if stream is not None:
                await stream.close()  # drops the connection if the answer is not complete: the server stops

        if usage := answer.usage:
            cached = _table(usage.get("prompt_tokens_details")).get("cached_tokens")
            prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
            log.debug("llm_usage", prompt=prompt, completion=completion, cached=cached)

    def expects(self, turns: tuple[Turn, ...]) -> Expectation:
        """The same words at any time: this mind has open dictation as its ears."""
        return Expectation(keyterms=self._keyterms)

    async def warm(self) -> None:
        """Load what the SDK loads late (70 ms, in a thread) and open a connection, unless a request was made lately."""
        loop = asyncio.get_running_loop()
        if self._warm_until > loop.time():
            return
        self._warm_until = loop.time() + KEPT_ALIVE / 2
        await loop.run_in_executor(None, lambda: self._client.chat.completions)
        try:
            await self.check()
        except ProviderError as error:
            log.warning("llm_not_warmed", problem=str(error))

    async def check(self) -> str:
        """Ask for the list of models: whether the key is accepted and the model known. Raises `ProviderError`."""
        try:
            async with asyncio.timeout(CHECK_WITHIN):
                models = [model.id for model in (await self._client.models.list()).data]
        except TimeoutError as late:
            raise ProviderError(self._flavor.name, f"no answer within {CHECK_WITHIN:g} s") from late
        except (APIError, httpx2.HTTPError, ValueError) as failed:
            raise self._problem(failed) from failed
        if self._model in models:
            return f"model {self._model} is there"
        some = ", ".join(sorted(models)[:8]) or "none"
        if self._flavor.lists_models:
            raise ProviderError(self._flavor.name, f"no model {self._model}; there are {some}", retryable=False)
        return f"answers; lists {some}, not {self._model}"

    async def aclose(self) -> None:
        await self._client.close()

    async def _request(
        self, instructions: str, turns: tuple[Turn, ...], tools: tuple[ToolSpec, ...]
    ) -> AsyncStream[object]:
        functions = function_tools(tools, strict=self._flavor.strict_tools)
        body: dict[str, Any] = {
            "model": self._model,
            "messages": chat_messages(instructions, turns),
            "stream": True,
            "stream_options": self._stream_options,
            **({"tools": functions, **self._tool_options} if functions else {}),
            **self._options,
        }
        # Not `chat.completions.create`: it walks through every message and tool to rename Python's names into the
        # wire's, which these are already. That took 2 of the 4 ms that a request costs, more with every turn. And
        # chunks stay plain JSON: the five models that the SDK would build of each cost 0.2 ms a token.
        return await self._client.post(
            "/chat/completions", body=body, cast_to=object, stream=True, stream_cls=AsyncStream[object]
        )

    def _problem(self, failed: Exception) -> ProviderError:
        retryable = True
        match failed:
            case APIStatusError():
                status, code = failed.status_code, failed.code
                retryable = (status in RETRYABLE_STATUSES or status >= 500) and code != NO_CREDIT
                told = f"HTTP {status} {code or ''}: {failed.message}"
                if failed.request_id:
                    told += f" (request {failed.request_id})"
            case APITimeoutError():
                told = "timed out"
            case APIConnectionError():
                told = f"connection failed: {failed.__cause__ or failed}"
            case APIError():
                told = f"error in the stream: {failed.code or ''} {failed.message}"
            case _:
                told = f"{type(failed).__name__}: {failed}"
        return ProviderError(self._flavor.name, _without_key(told, self._api_key), retryable=retryable)


class _Incomplete(Exception):
    def __init__(self, problem: str, *, retryable: bool) -> None:
        super().__init__(problem)
        self.retryable = retryable


@dataclass(slots=True)
class _PartialCall:
    id: str
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class _Answer:
    """What has come of an answer. Tolerant: compatible servers leave out indexes, ids, contents and usage."""

    begun: bool = False
    usage: Mapping[str, Any] = field(default_factory=dict)
    _finish_reason: str = ""
    _calls: list[_PartialCall] = field(default_factory=list)
    _at_index: dict[int, _PartialCall] = field(default_factory=dict)
    _reasoning: ReasoningFilter = field(default_factory=ReasoningFilter)

    def take(self, chunk: object) -> str:
        """Enter a chunk; returns the text in it that may be spoken."""
        content = _table(chunk)
        self.usage = _table(content.get("usage")) or self.usage
        choices = content.get("choices")
        if not isinstance(choices, list) or not choices:  # usage, or Azure's filter results
            return ""
        choice = _table(choices[0])
        self._finish_reason = _text(choice.get("finish_reason")) or self._finish_reason
        delta = _table(choice.get("delta"))  # some servers end without one
        for fragment in delta.get("tool_calls") or ():
            self.begun = True
            self._add(_table(fragment))
        written = _text(delta.get("content")) + _text(delta.get("refusal"))  # a refusal is an answer too
        if not written:
            return ""
        self.begun = True
        return self._reasoning.feed(written)

    def end(self, reply: int) -> list[Thought]:
        """What follows the text. Raises `_Incomplete` if the model did not say that it had finished."""
        match self._finish_reason:
            case "":
                raise _Incomplete("the stream ended in the middle of the answer", retryable=True)
            case "content_filter":
                raise _Incomplete("the answer was withheld by the content filter", retryable=False)
            case "length" if self._calls:
                raise _Incomplete("the token limit cut a tool call", retryable=False)
        thoughts: list[Thought] = []
        if held := self._reasoning.flush():
            thoughts.append(ReplyText(reply, held))
        calls = [ToolCall(call.id, call.name, call.arguments or "{}") for call in self._calls]
        return [*thoughts, *(ToolRequested(reply, call) for call in calls), ReplyDone(reply)]

    def _add(self, fragment: Mapping[str, Any]) -> None:
        """Add a fragment to its call: by index; where that is missing or always 0, a new id or name begins one."""
        index, identity, function = fragment.get("index"), _text(fragment.get("id")), _table(fragment.get("function"))
        name = _text(function.get("name"))
        index = index if isinstance(index, int) else None
        call = self._at_index.get(index) if index is not None else (self._calls[-1] if self._calls else None)
        renamed = index is None and bool(name)
        if call is None or (call.name and (renamed or (identity and identity != call.id))):
            call = _PartialCall(identity or f"call_{len(self._calls)}")
            self._calls.append(call)
        if index is not None:
            self._at_index[index] = call
        call.name = call.name or name
        call.arguments += _text(function.get("arguments"))


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _without_key(text: str, key: str) -> str:
    """OpenAI's message about a wrong key quotes parts of it."""
    if len(key) >= SHORTEST_KEY:
        text = text.replace(key, "[key]")
    return re.sub(r"\b(?:sk|gsk|key)-[\w*.…-]+", "[key]", text)
