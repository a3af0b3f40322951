"""What `doctor` looks at. Each check finds something out by trying it, in bounded time; none changes anything."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, runtime_checkable
from urllib.parse import parse_qs, urlsplit

import aiohttp
from redis.exceptions import NoPermissionError, RedisError

from phoneagent.app import Makers, twilio_control
from phoneagent.call.equipped import CORE_TOOLS, own_tools
from phoneagent.errors import CarrierError, PhoneagentError, ProviderError, SettingsError, StoreError
from phoneagent.ports import LanguageModel, SpeechToText, TextToSpeech
from phoneagent.providers.llm.function_tools import untellable
from phoneagent.records import Agent, ProviderChoice
from phoneagent.settings import Settings, missing_keys, named, variable
from phoneagent.telephony.twilio.control import TwilioControl

from .chosen_agents import INSTALL, missing_packages

WITHIN = 10.0  # seconds for one check; the checks of providers have five of their own

ANSWERED_WITHIN = WITHIN - 2.0  # seconds for a server with tools; then there is time left to part

State = Literal["ok", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of the table. `fix` says what to do, and may come with an `ok` too."""

    check: str
    state: State
    found: str
    fix: str = ""


class _Failed(Exception):
    """A check has failed."""

    def __init__(self, found: str, fix: str) -> None:
        super().__init__(found)
        self.found = found
        self.fix = fix


async def examine(settings: Settings, agents: Mapping[str, Agent]) -> list[Finding]:
    """Try everything that these settings and agents name, all at once."""
    async with AsyncExitStack() as stack:
        control = twilio_control(settings)
        if control is not None:
            stack.push_async_callback(control.aclose)
        checks = [
            _carried_out("public URL", _public_url(settings)),
            _carried_out("media stream", _media_stream(settings)),
            _carried_out("Twilio account", _account(settings, control)),
            _carried_out("Twilio number", _number(settings, control)),
            *(_carried_out(name, work) for name, work in _providers(settings, agents, stack)),
            *(_carried_out(f"tools: {name}", work) for name, work in _tool_servers(agents)),
            _carried_out("Redis", _redis(settings)),
        ]
        return list(await asyncio.gather(*checks))


async def _carried_out(check: str, work: Coroutine[Any, Any, Finding | str]) -> Finding:
    """Give a check its time and its name; whatever it raises is what was found."""
    try:
        async with asyncio.timeout(WITHIN):
            found = await work
    except TimeoutError:
        return Finding(check, "failed", f"no answer within {WITHIN:g} s", "Check the network and its firewall.")
    except _Failed as failed:
        return Finding(check, "failed", failed.found, failed.fix)
    return replace(found, check=check) if isinstance(found, Finding) else Finding(check, "ok", found)


def sentence(text: str) -> str:
    """What comes after the colon in a problem, by itself."""
    return text[:1].upper() + text[1:] + "."


def _skipped(check: str, found: str, fix: str = "") -> Finding:
    return Finding(check, "skipped", found, fix)


# -- what Twilio reaches ----------------------------------------------------------------------------


async def _public_url(settings: Settings) -> Finding | str:
    """Whether the server answers through its public URL: name, certificate, proxy and server in one."""
    if (url := settings.public_url) is None:
        return _skipped("public URL", "PHONEAGENT_PUBLIC_URL is not set")
    host = urlsplit(url).hostname or ""
    started = asyncio.get_running_loop().time()
    try:
        await asyncio.get_running_loop().getaddrinfo(host, None)
    except socket.gaierror as error:
        raise _Failed(f"no address for {host}", "Check PHONEAGENT_PUBLIC_URL and the DNS entry of its host.") from error
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{url}/healthz", allow_redirects=False) as answer:
            status, text = answer.status, (await answer.content.read(100)).decode(errors="replace").strip()
    except aiohttp.ClientSSLError as error:
        raise _Failed(
            f"no trusted certificate: {_cause(error)}",
            f"Twilio wants a certificate for {host} that a public authority has signed.",
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        raise _Failed(f"nobody answers: {_cause(error)}", _not_there(settings)) from error
    if (status, text) != (200, "ok"):
        raise _Failed(f"GET /healthz: HTTP {status}, from something else than this server", _not_there(settings))
    return f"{url} answers in {(asyncio.get_running_loop().time() - started) * 1000:.0f} ms"


async def _media_stream(settings: Settings) -> Finding | str:
    """Whether WebSockets come through: the server itself must refuse one that is not signed."""
    if settings.public_url is None:
        return _skipped("media stream", "PHONEAGENT_PUBLIC_URL is not set")
    try:
        async with aiohttp.ClientSession() as http, http.ws_connect(settings.stream_url):
            raise _Failed(
                "an unsigned WebSocket was let in",
                "Something else answers at this URL, or the server runs with --dev: do not leave it open to a network.",
            )
    except aiohttp.WSServerHandshakeError as refused:
        if refused.status == 403:
            return "WebSockets come through; strangers are refused"
        raise _Failed(
            f"WebSocket upgrade: HTTP {refused.status}",
            "The proxy or tunnel must pass WebSocket upgrades on /twilio/media to the server, unbuffered.",
        ) from refused
    except (aiohttp.ClientError, OSError) as error:
        return _skipped("media stream", f"nobody answers: {_cause(error)}", "See “public URL”.")


def _not_there(settings: Settings) -> str:
    return (
        f"Start `phoneagent serve`, and lead {settings.public_url} to {settings.host} port {settings.port} "
        "(by a proxy or a tunnel)."
    )


def _cause(error: BaseException) -> str:
    """What is behind a connection that failed, in few words."""
    inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    return getattr(inner, "verify_message", "") or getattr(inner, "strerror", "") or str(inner) or type(inner).__name__


# -- the carrier ------------------------------------------------------------------------------------


async def _account(settings: Settings, control: TwilioControl | None) -> Finding | str:
    if control is None:
        return _skipped(
            "Twilio account",
            "TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is not set",
            "Set both, and calls are ended and transferred at once instead of by closing their stream.",
        )
    try:
        status = await control.account_status()
    except CarrierError as error:
        _unless_unreachable(error)
        raise _Failed(
            str(error), "Compare TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN (or the API key) with the Twilio console."
        ) from error
    if status != "active":
        raise _Failed(
            f"the account is {status}", "See the Twilio console: an account that is not active takes no calls."
        )
    return "active"


async def _number(settings: Settings, control: TwilioControl | None) -> Finding | str:
    """Whether a call to the number comes here."""
    number, url = settings.twilio_phone_number, settings.public_url
    if control is None or number is None or url is None:
        missing = "TWILIO_PHONE_NUMBER" if number is None else "PHONEAGENT_PUBLIC_URL" if url is None else "the account"
        return _skipped("Twilio number", f"{missing} is not set", "Set it, to see whether the number leads here.")
    webhook = f"{url}/twilio/voice"
    fix = (
        f"`phoneagent numbers link {number}` leads it here. Or, in the Twilio console, at the number: "
        f"“A call comes in” = Webhook, {webhook}, HTTP POST."
    )
    try:
        points_to = await control.voice_url(number)
    except CarrierError as error:
        _unless_unreachable(error)
        raise _Failed(str(error), "Check TWILIO_PHONE_NUMBER: it must be a number of this account.") from error
    if points_to is None:
        raise _Failed("the number has no voice webhook", fix)
    if points_to.partition("?")[0] != webhook:
        raise _Failed(f"the number leads to {points_to}", fix)
    agent = parse_qs(urlsplit(points_to).query).get("agent", [""])[0]
    return f"leads here{f', to agent {agent}' if agent else ''}"


def _unless_unreachable(error: CarrierError) -> None:
    """Raises `_Failed` if Twilio was not asked: then no setting of the account is to blame."""
    if isinstance(error.__cause__, aiohttp.ClientConnectionError | OSError):  # TimeoutError too
        raise _Failed(
            f"cannot connect: {_cause(error.__cause__)}",
            "Check the network, Twilio's status page, and PHONEAGENT_TWILIO_API_URL if it is set; then try again.",
        ) from error


# -- ears, mind, voice ------------------------------------------------------------------------------


@runtime_checkable
class _Checkable(Protocol):
    async def check(self) -> str: ...


@runtime_checkable
class _CheckableEars(Protocol):
    turn_events: bool
    advice: str

    async def check(self, *, language: str = ...) -> str: ...


@runtime_checkable
class _Advising(Protocol):
    advice: str
    """What works, but not as somebody will have meant it; empty if there is nothing to say."""


def _providers(
    settings: Settings, agents: Mapping[str, Agent], stack: AsyncExitStack
) -> list[tuple[str, Coroutine[Any, Any, Finding | str]]]:
    """A check for each provider and model that an agent uses, once."""
    makers = Makers(settings, stack)
    wanted: dict[tuple[str, str, str, str], Coroutine[Any, Any, Finding | str]] = {}
    for agent in agents.values():
        parts: tuple[tuple[str, ProviderChoice | None, Any], ...] = (
            ("ears", agent.stt, lambda choice, _: makers.ears(choice)),
            ("mind", agent.llm, makers.mind),
            ("voice", agent.tts, makers.voice),
            ("analyst", agent.analysis.llm if agent.analysis is not None else None, makers.mind),
        )
        for part, first, make in parts:
            for choice in () if first is None else (first, *first.fallback):
                language = agent.language if part == "ears" else ""
                key = (part, choice.provider, choice.model, repr((sorted(choice.options.items()), language)))
                if key not in wanted:
                    wanted[key] = _provider(settings, agent, choice, make)
    return [(" ".join(filter(None, key[:3])).replace(" ", ": ", 1), work) for key, work in wanted.items()]


async def _provider(settings: Settings, agent: Agent, choice: ProviderChoice, make: Any) -> Finding | str:
    if missing := missing_keys(settings, {choice.provider}):
        name, _, expected = missing[0].partition(": ")
        raise _Failed(f"{name} is not set", sentence(expected))
    if missing_packages({choice.provider}):
        raise _Failed(f"{choice.provider} is not installed", f"Install the embedded speech: {INSTALL}")
    try:
        provider: SpeechToText | LanguageModel | TextToSpeech = make(choice, agent)
        try:
            if isinstance(provider, _CheckableEars):
                found = await provider.check(language=agent.language)
                return Finding("", "ok", found, provider.advice)
            if isinstance(provider, _Checkable):
                found = await provider.check()
                return Finding("", "ok", found, provider.advice) if isinstance(provider, _Advising) else found
            return await _embedded(provider)
        finally:
            await provider.aclose()
    except ProviderError as error:
        raise _Failed(error.problem, _provider_fix(choice.provider, retryable=error.retryable)) from error
    except PhoneagentError as error:  # an option that the provider does not know
        raise _Failed(str(error), f"Correct the agent file of {agent.name}.") from error


async def _embedded(provider: SpeechToText | LanguageModel | TextToSpeech) -> str:
    """What has no account is tried: its library and its data are loaded."""
    if hasattr(provider, "connect"):
        await (await provider.connect(call="doctor")).aclose()
    return "works here, without key or network"


def _provider_fix(provider: str, *, retryable: bool) -> str:
    if provider not in FIELDS:
        return f"Check the options in the agent file, and the installation: {INSTALL}"
    key, url = (variable(field) for field in FIELDS[provider])
    if retryable:
        return f"Check the network, {provider}'s status page, and {url} if it is set; then try again."
    return f"Check {key} (and {url} if it is set), and the model and the options in the agent file."


FIELDS: Mapping[str, tuple[str, str]] = {
    "deepgram": ("deepgram_api_key", "deepgram_url"),
    "openai": ("openai_api_key", "openai_base_url"),
    "elevenlabs": ("elevenlabs_api_key", "elevenlabs_url"),
}
"""Which settings a provider has: its key, and where it is."""


# -- servers with tools -----------------------------------------------------------------------------


def _tool_servers(agents: Mapping[str, Agent]) -> list[tuple[str, Coroutine[Any, Any, str]]]:
    return [(name, _tool_server(agent, name)) for agent in agents.values() for name in agent.mcp]


async def _tool_server(agent: Agent, name: str) -> str:
    from phoneagent.toolbox.mcp import McpTools

    try:
        server = McpTools(name, agent.mcp[name], named)
    except SettingsError as error:
        raise _Failed(str(error), f"Correct that, or [mcp.{name}] in the agent file of {agent.name}.") from error
    try:
        await server.ready(ANSWERED_WITHIN)
        if not server.connected:
            raise _Failed(
                server.problem,
                f"Start the server, and compare [mcp.{name}] in the agent file of {agent.name}. Calls come in without "
                "it; its tools are missing in them.",
            )
    finally:
        await server.aclose()
    if server.missing:
        raise _Failed(f"the server has no {', '.join(server.missing)}", f"Correct tools in [mcp.{name}].")
    unusable = dict(server.left_out) | {name: untellable(tool.spec) for name, tool in server.tools.items()}
    if told := "; ".join(f"{tool}: {problem}" for tool, problem in unusable.items() if problem):
        raise _Failed(
            f"the model cannot be told of {told}",
            f"Correct that at the server, or name the tools to use in [mcp.{name}]. Calls come in without it.",
        )
    others = {other: mcp for other, mcp in agent.mcp.items() if other != name}
    taken = CORE_TOOLS | {tool.name for tool in own_tools(agent)}
    taken |= {mcp.offered(tool) for mcp in others.values() for tool in mcp.tools}
    if hidden := sorted(taken & set(server.tools)):
        raise _Failed(
            f"there are other tools called {', '.join(hidden)}", f'Give [mcp.{name}] a prefix, such as "{name}_".'
        )
    return ", ".join(f"{tool} (safe)" if server.tools[tool].spec.safe else tool for tool in sorted(server.tools))


# -- the store --------------------------------------------------------------------------------------


async def _redis(settings: Settings) -> Finding | str:
    if settings.redis_url is None:
        return _skipped(
            "Redis",
            "REDIS_URL is not set: calls are kept in memory",
            "For one process that is enough; with Redis, calls survive it and several can share them.",
        )
    from phoneagent.store.redis import RedisStore
    from phoneagent.store.redis_url import connect

    url = settings.redis_url.get_secret_value()
    store = RedisStore.from_url(url)
    client, close = connect(url)
    try:
        await store.ping()
        info = await client.info()
    except NoPermissionError:  # hosted ones may keep it to themselves
        return "answers"
    except (StoreError, RedisError) as error:
        raise _Failed(str(error), "Check REDIS_URL, and that Redis runs and can be reached from here.") from error
    finally:
        await store.aclose()
        await close()
    if "redis_version" not in info:  # a Cluster answers by node
        info = next(iter(info.values()))
    policy = info.get("maxmemory_policy", "noeviction")
    found = f"version {info['redis_version']}, maxmemory-policy {policy}"
    if policy == "noeviction":
        return found
    return Finding("Redis", "ok", found, "Set maxmemory-policy noeviction: with others a full Redis drops calls.")
