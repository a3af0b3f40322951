"""OpenAI's chat completions, and the many servers that speak the same protocol.

Not through the official SDK: to import it takes as long as everything else that a server waits for together, and each
token goes through its decoder, httpx2, httpcore2, h11 and anyio. What it would do for us (retries that honour a
`Retry-After` of two minutes, models of every chunk) has to be turned off.
"""

from __future__ import annotations

import asyncio
import difflib
import ipaddress
import re
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog

from phoneagent.conversation.events import ReplyText
from phoneagent.conversation.policy import Policy
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError, SettingsError
from phoneagent.ports import Thought
from phoneagent.records import Expectation, ToolSpec
from phoneagent.usage import CHARACTERS_A_TOKEN, Meter, Unit, Used, meter

from . import tool_arguments
from .chat_answer import ChatAnswer
from .chat_messages import chat_messages
from .chat_server import KEPT_ALIVE, ChatServer, Reception, ServerFailed, beginning
from .event_stream import EventStream
from .function_tools import function_tools, left_out
from .model_marks import says_where_thoughts_begin
from .openai_models import DEFAULT_MODEL, OPENAIS_OWN, family_of

OPENAI_URL = "https://api.openai.com/v1"
FIRST_TOKEN_WITHIN = Policy().first_word_within
"""Seconds from the request to the first word or tool call: one that is given up sooner might have answered in time.
What is late gets company instead (`fallback`, `hedged`), and the caller hears fillers.
"""

THINKS_AT_MOST = 3  # times `FIRST_TOKEN_WITHIN`, until a model that thinks all the time has to have said a word
TOKEN_GAP = 4.0  # seconds between two tokens, after which the stream is taken for dead
THOUGHT_TOKENS = 2_000
"""What a model that thinks in the open may think beside its answer: local ones take 300 to 1,500 for a question on the
telephone.
"""

CHECK_WITHIN = 5.0  # seconds
END_WITHIN = 0.5  # seconds from the last event to the end of the body; a connection that is later is not kept
LONGEST_LIST = 8 << 20  # bytes; routers list hundreds of models
NEAREST, SOME = 3, 8  # names of models that are told where there is none of the name that was asked for
NO_SUCH_MODEL = 404
SHORTEST_KEY = 8  # characters; local servers get a word such as "none", which may stand in any message

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
AZURE = Flavor(
    "azure",  # the v1 interface; its list has what could be deployed, a model's name is that of a deployment
    "max_completion_tokens",
    frozenset({"temperature", "reasoning_effort", "verbosity", "prompt_cache_key", "parallel_tool_calls"}),
    strict_tools=True,
)
COMPATIBLE = Flavor("compatible", "max_tokens", frozenset({"temperature", "reasoning_effort"}))
FLAVORS = {flavor.name: flavor for flavor in (OPENAI, GROQ, COMPATIBLE, AZURE)}
LOCAL_NAMES = (".localhost", ".local", ".lan", ".home", ".internal")  # as is a name without a dot
LOCAL = "local"  # as a provider: a server in our own network
HOSTS = {"api.openai.com": OPENAI, "api.groq.com": GROQ}
AZURE_HOSTS = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")


class OpenAiModel:
    """Implements `ports.LanguageModel`.

    `base_url` ends in `/v1` mostly; which optional fields the server knows follows from its host, or from `flavor`
    (`openai`, `groq`, `compatible`, `azure`; another is a `SettingsError`). Options that the flavor does not know are
    left out, and said so in the log; so are, of each request, those that a model of OpenAI's does not take then (see
    `openai_models`), and where it must have a `reasoning_effort` it gets one. `extra_body` goes into every request as
    it is. `token_limit` names the field for `max_tokens` where that is wrong (`max_tokens`, `max_completion_tokens`).
    `keyterms` are words that callers are likely to say. `organization` and `project` are for keys that belong to
    several. `parallel_tool_calls`: whether an answer may ask for several tools at once.

    A server in our own network that does not have the model is asked for the one it has, and the log says so.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = OPENAI_URL,
        model: str = DEFAULT_MODEL,
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
        organization: str = "",
        project: str = "",
        parallel_tool_calls: bool = True,
        first_token_within: float = FIRST_TOKEN_WITHIN,
        token_gap: float = TOKEN_GAP,
    ) -> None:
        if flavor and flavor not in FLAVORS:
            raise SettingsError(f"openai: flavor: expected one of {', '.join(FLAVORS)}, got {flavor!r}")
        self._flavor = FLAVORS[flavor] if flavor else _flavor(base_url)
        self._openais_own = flavor in OPENAIS_OWN and self._flavor is not GROQ
        self._model = model
        self._provider = _provider(base_url)
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
        self._chosen = {name: value for name, value in given.items() if name in self._flavor.fields}
        self._longest = max_tokens
        self._thinks = False  # in the open, where it counts as part of the answer
        self._may_think_first = self._flavor is COMPATIBLE and not says_where_thoughts_begin(model)
        self._token_limit = token_limit
        self._extra_body = dict(extra_body or {})
        one_by_one = not parallel_tool_calls and "parallel_tool_calls" in self._flavor.fields
        self._tool_options = {"parallel_tool_calls": False} if one_by_one else {}
        # That nothing but this model may be asked for: elsewhere another one costs money.
        self._sure = self._flavor.lists_models or in_the_cloud(base_url)
        self._stream_options: dict[str, Any] = {"include_usage": True}
        if self._flavor.obfuscation:
            self._stream_options["include_obfuscation"] = False
        self._offered: tuple[tuple[ToolSpec, ...], dict[str, Any]] = ((), {})
        self._warm_until = float("-inf")  # loop time; until then a connection is open
        account = {"openai-organization": organization, "openai-project": project}
        self._server = ChatServer(
            base_url,
            # Local servers want no key, but some of them insist on the header.
            {
                "authorization": f"Bearer {api_key or 'none'}",
                **{name: value for name, value in account.items() if value},
            },
        )

    async def reply(
        self, reply: int, *, instructions: str, turns: tuple[Turn, ...], tools: tuple[ToolSpec, ...]
    ) -> AsyncGenerator[Thought, None]:
        """Answer. Text comes as the model writes it, tool calls when they are complete.

        An empty text comes first where the model thinks before its first word.
        """
        loop = asyncio.get_running_loop()
        self._warm_until = loop.time() + KEPT_ALIVE / 2
        patience = _Patience(self._first_token_within, self._token_gap)
        if tools != self._offered[0]:  # others' schemas may be large: in a thread, for other calls go on
            self._offered = tools, await asyncio.to_thread(self._described, tools)
        answer, events, over, done = ChatAnswer(tools, thinks_first=self._may_think_first), EventStream(), False, False
        thinks = False
        reception: Reception | None = None
        body, written, refused, count = self._body(instructions, turns, tools), 0, False, meter.get()
        try:
            async with asyncio.timeout_at(patience.first_token):
                try:
                    response = await self._server.request("POST", "/chat/completions", body)
                except ServerFailed as failed:
                    if failed.status != NO_SUCH_MODEL or not await self._finds_another():
                        raise
                    body = self._body(instructions, turns, tools)
                    response = await self._server.request("POST", "/chat/completions", body)
            reception = Reception(response, patience.first_token, self._token_gap)
            while not over:
                piece = await reception.read()
                over = not piece
                for event in events.feed(piece) if piece else events.end():
                    if event.startswith(b"[DONE]"):
                        over = done = True
                        break
                    text = answer.take(event)
                    if answer.begun:
                        patience.goes_on(reception, thinks=answer.only_thinks)
                    if text or (answer.only_thinks and not thinks):
                        thinks = answer.only_thinks
                        written += len(text)
                        yield ReplyText(reply, text)
                        patience.goes_on(reception, thinks=answer.only_thinks)
            for thought in answer.end(reply, whole=done or (events.is_document and answer.begun)):
                yield thought
            await reception.finish(within=END_WITHIN)
        except TimeoutError as late:
            raise ProviderError(self._flavor.name, patience.missed) from late
        except ServerFailed as failed:
            refused = reception is None
            raise self._problem(failed) from failed
        except ValueError as garbage:
            raise ProviderError(self._flavor.name, str(garbage), retryable=False) from garbage
        finally:
            self._learn(answer, whole=over)
            if not refused:  # what is broken off, or thrown away by whoever asked, is paid for too
                self._count(count, answer.usage, len(body), written)
            if reception is not None:
                reception.close()

    def expects(self, turns: tuple[Turn, ...]) -> Expectation:
        """The same words at any time: this mind has open dictation as its ears."""
        return Expectation(keyterms=self._keyterms)

    async def warm(self) -> None:
        """Open a connection, unless a request was made lately."""
        loop = asyncio.get_running_loop()
        if self._warm_until > loop.time():
            return
        self._warm_until = loop.time() + KEPT_ALIVE / 2
        await asyncio.to_thread(tool_arguments.load)
        try:
            await self.check()
        except ProviderError as error:
            log.warning("llm_not_warmed", problem=str(error))

    async def _finds_another(self) -> bool:
        """Whether another model than the one that was asked for is to be asked."""
        if self._sure:
            return False
        wanted = self._model
        with suppress(ProviderError):  # it has no list of models; what it said before tells more
            await self.check()
        return self._model != wanted

    async def check(self) -> str:
        """Ask for the list of models: whether the key is accepted and the model known. Raises `ProviderError`."""
        try:
            async with asyncio.timeout(CHECK_WITHIN):
                response = await self._server.request("GET", "/models")
                try:
                    models = _listed(await beginning(response, LONGEST_LIST))
                finally:
                    response.release()
        except TimeoutError as late:
            raise ProviderError(self._flavor.name, f"no answer within {CHECK_WITHIN:g} s") from late
        except ServerFailed as failed:
            raise self._problem(failed) from failed
        sure, self._sure = self._sure, True
        if self._model in models:
            until = f" until {end}, when it is shut down: take another" if (end := models[self._model]) else ""
            return f"model {self._model} is there{until}"
        if not sure and (served := _served(self._model, models)):
            log.warning("llm_model_replaced", wanted=self._model, model=served)
            wanted, self._model = self._model, served
            meant = difflib.get_close_matches(wanted, models, n=1, cutoff=0.8)
            nearest = f" (did you mean {meant[0]}?)" if meant and meant[0] != served else ""
            return f"answers; has no model {wanted}{nearest}, so {served} is asked"
        nearest = _nearest(self._model, models)
        if self._flavor.lists_models:
            raise ProviderError(self._flavor.name, f"no model {self._model}; {nearest}", retryable=False)
        return f"answers; does not list {self._model}; {nearest}"

    async def aclose(self) -> None:
        await self._server.aclose()

    def _body(self, instructions: str, turns: tuple[Turn, ...], tools: tuple[ToolSpec, ...]) -> bytes:
        offers = self._offers(tools)
        return msgspec.json.encode(
            {
                "model": self._model,
                "messages": chat_messages(instructions, turns),
                "stream": True,
                "stream_options": self._stream_options,
                **offers,
                **self._fields(tools=bool(offers)),
            }
        )

    def _fields(self, *, tools: bool) -> dict[str, Any]:
        """What is asked of the model in the fields that it takes, in a request with `tools` or without."""
        options = {**self._options, **self._tool_options} if tools else self._options
        family = family_of(self._model) if self._openais_own else None
        if family is None:
            return options
        return family.fitting(options, tools=tools) | self._extra_body

    @property
    def _options(self) -> dict[str, Any]:
        """What is chosen, in the fields that the server knows."""
        chosen = {**self._chosen, **self._extra_body}
        if self._longest is None:
            return chosen
        family = family_of(self._model)  # of whatever server: they refuse `max_tokens` behind proxies too
        usual = (family.token_limit if family is not None else "") or self._flavor.token_limit
        longest = self._longest + (THOUGHT_TOKENS if self._thinks else 0)
        return {self._token_limit or usual: longest, **chosen}

    def _learn(self, answer: ChatAnswer, *, whole: bool) -> None:
        """Where this model thinks, for its next answers."""
        self._thinks = self._thinks or answer.thinks
        if answer.thinks_first or whole:
            self._may_think_first = answer.thinks_first

    def _offers(self, tools: tuple[ToolSpec, ...]) -> dict[str, Any]:
        """The fields about tools, encoded once: with each request they are the same."""
        if tools != self._offered[0]:
            self._offered = tools, self._described(tools)
        return self._offered[1]

    def _described(self, tools: tuple[ToolSpec, ...]) -> dict[str, Any]:
        for name, problem in left_out(tools):
            log.warning("llm_tool_left_out", tool=name, problem=problem)
        functions = function_tools(tools, strict=self._flavor.strict_tools)
        return {"tools": msgspec.Raw(msgspec.json.encode(functions))} if functions else {}

    def _count(self, count: Meter, usage: Mapping[str, Any], asked: int, written: int) -> None:
        """Tell what an answer has used: by the server's own count, or by the characters of request and text."""
        details = usage.get("prompt_tokens_details")
        prompt, completion = _number(usage.get("prompt_tokens")), _number(usage.get("completion_tokens"))
        details = details if isinstance(details, dict) else {}
        cached, kept = (_number(details.get(name)) or 0 for name in ("cached_tokens", "cache_write_tokens"))
        counted = prompt is not None and completion is not None
        if prompt is None or completion is None:
            prompt, completion, cached, kept = asked // CHARACTERS_A_TOKEN, written // CHARACTERS_A_TOKEN, 0, 0
        reckoned = not counted
        log.debug("llm_usage", prompt=prompt, completion=completion, cached=cached, reckoned=reckoned)
        amounts: dict[Unit, int] = {
            "tokens_in": prompt - cached - kept,
            "tokens_cached": cached,
            "tokens_cache_write": kept,
            "tokens_out": completion,
        }
        for unit, amount in amounts.items():
            if amount > 0:
                count(Used("llm", self._provider, self._model, unit, amount, reckoned))

    def _problem(self, failed: ServerFailed) -> ProviderError:
        return ProviderError(
            self._flavor.name,
            _without_key(str(failed), self._api_key),
            retryable=failed.retryable,
            kind=failed.kind,
            wait=failed.wait,
        )


class _Patience:
    """How long an answer is waited for: for its first token, between two, and for the first word after thoughts."""

    def __init__(self, first_token_within: float, token_gap: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._gap = token_gap
        self._thinks_at_most = first_token_within * THINKS_AT_MOST
        self._thought_out = self._loop.time() + self._thinks_at_most
        self.first_token = self._loop.time() + first_token_within
        self.missed = f"no token within {first_token_within:g} s"

    def goes_on(self, reception: Reception, *, thinks: bool) -> None:
        """There was a token. Raises `TimeoutError` for a model that has only thought, for too long."""
        now = self._loop.time()
        until = now + self._gap
        self.missed = f"no token for {self._gap:g} s"
        if thinks and until >= self._thought_out:
            until, self.missed = self._thought_out, f"no word within {self._thinks_at_most:g} s, only thoughts"
            if now >= until:
                raise TimeoutError
        reception.wait_until(until)


class _Listed(msgspec.Struct):
    id: str
    shutdown_date: Any = None  # a day, at OpenAI; what others put there tells nothing


class _Models(msgspec.Struct):
    data: list[_Listed] = []


def _listed(body: bytes) -> dict[str, str]:
    """The models of a list, and until which day each is there; empty where no end is known."""
    try:
        models = msgspec.json.decode(body, type=_Models).data
    except (ValueError, RecursionError) as garbage:
        raise ServerFailed(f"sent no list of models: {garbage}") from garbage
    return {model.id: _day(model.shutdown_date) for model in models}


def _day(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) else ""


def _nearest(wanted: str, models: Collection[str]) -> str:
    """Those of the names that somebody may have meant, or some of them all."""
    if close := difflib.get_close_matches(wanted, models, n=NEAREST, cutoff=0.5):
        return f"the nearest are {', '.join(close)}"
    return f"there are {', '.join(sorted(models)[:SOME]) or 'none'}"


def _served(wanted: str, models: Collection[str]) -> str:
    """The model to ask for, of a server that has these; empty if there is none but such as only make vectors.

    Ollama's names have a tag (`qwen3:8b`) that may be left out where it is `latest`.
    """
    chatting = [name for name in models if "embed" not in name.lower()]
    return next((name for name in chatting if name == f"{wanted}:latest"), chatting[0] if chatting else "")


def in_the_cloud(base_url: str) -> bool:
    """Whether the server is one of many machines of somebody, as its name tells: neither here nor in this network."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(LOCAL_NAMES)


def _flavor(base_url: str) -> Flavor:
    host = urlsplit(base_url).hostname or ""
    return AZURE if host.endswith(AZURE_HOSTS) else HOSTS.get(host, COMPATIBLE)


def _provider(base_url: str) -> str:
    """Who is paid."""
    host = urlsplit(base_url).hostname or ""
    if host in HOSTS:
        return HOSTS[host].name
    return host if in_the_cloud(base_url) else LOCAL


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _without_key(text: str, key: str) -> str:
    """OpenAI's message about a wrong key quotes parts of it."""
    if len(key) >= SHORTEST_KEY:
        text = text.replace(key, "[key]")
    return re.sub(r"\b(?:sk|gsk|key)-[\w*.…-]+", "[key]", text)
