"""The composition root: the only module that names concrete classes."""

from __future__ import annotations

import asyncio
import inspect
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import structlog
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware

from .agent_file import builtin_agent, dotted, language_misfits, model_misfits, pattern_misfits, strangers, tool_misfits
from .agent_file.language_defaults import english_phrases
from .agent_file.price_file import load_prices
from .api_keys import KeyRing
from .call.admission import most_calls
from .call.audit_writer import AuditWriter
from .call.built_in import RUN, SCHEDULE_CALLBACK, SEND_SMS
from .call.business_hours import closed_now
from .call.call import Surroundings
from .call.calling_rules import CallingRules
from .call.contact_limits import NO_LIMITS, ContactLimits
from .call.courier import Courier
from .call.dialler import Dialler
from .call.equipped import CORE_TOOLS, EquippedAgent, own_tools
from .call.erasure import Eraser
from .call.event_writer import EventWriter
from .call.incoming import Reception
from .call.journal_folder import JournalFolder
from .call.outbox import Outbox
from .call.phone_numbers import NumberRules
from .call.reaper import Reaper
from .call.recording_keeper import RecordingKeeper
from .call.reporter import Deliver, Reporter, nobody
from .call.speech_cache import SpeechCache
from .call.steering import Steering
from .call.switchboard import Switchboard
from .call.told_orders import ToldOrders
from .call.transfers import Transfers
from .call.verdicts import Verdicts
from .deliveries import DeliveryQueue
from .do_not_call import DoNotCallList
from .errors import CarrierError, PhoneagentError, RecordingError, SettingsError, StoreError, Undecipherable
from .json_schemas import schema_problem
from .ports import LanguageModel, Observer, OrderBook, Signatures, SpeechToText, Store, TextToSpeech, ToolBox
from .providers.circuit import Circuit, Circuits
from .receivers import incoming_of, webhooks_of
from .records import Agent, ProviderChoice
from .report import EndOfCallReport
from .settings import Settings, load, named
from .speakable import Speakable
from .telemetry.calls import CallTelemetry, Everyone
from .telemetry.loop_lag import LoopLag
from .telemetry.metrics import Metrics
from .telephony.twilio.addresses import order_urls
from .telephony.twilio.codec import TwilioCodec
from .telephony.twilio.regions import api_place
from .telephony.twilio.shared_keys import shared_key
from .telephony.twilio.signature import TwilioSignatures
from .telephony.twilio.twiml import TwilioDocuments
from .toolbox import Box, Tool, python_tools
from .web.api.interface import rest_interface
from .web.api.reports import ReportView
from .web.api.webhooks import DeadLetters
from .web.doors import ApiKeys, Unsigned
from .web.health import Health
from .web.loopback import LoopbackOnly
from .web.media import MediaSocket
from .web.routes import routes
from .web.transfers import TransferHooks
from .web.webhooks import Webhooks
from .webhooks.incoming import IncomingWebhook
from .webhooks.messenger import Messenger

if TYPE_CHECKING:
    from .store.rate_limits import RateLimits
    from .store.recordings import RecordingFolder
    from .store.steering_memory import MemorySteering
    from .store.steering_redis import RedisSteering
    from .telephony.twilio.control import TwilioControl
    from .toolbox.mcp import McpTools

log = structlog.stdlib.get_logger(__name__)

Provider = TypeVar("Provider", SpeechToText, LanguageModel, TextToSpeech)


CARRIER = "twilio"
PATIENT: Mapping[str, Any] = {"max_tokens": 4_000, "first_token_within": 60.0, "token_gap": 30.0}
"""Options of a model that writes a report: a thousand words, and seconds in which a caller would have hung up."""


class Worker(NamedTuple):
    """One of several processes behind a port: its number among its siblings, and the folder in which they meet."""

    number: int
    folder: Path


def create_app(
    agent: Agent | Mapping[str, Agent] | None = None,
    *,
    settings: Settings | None = None,
    dev: bool = False,
    observer: Observer | None = None,
    journals: Path | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    store: Store | None = None,
    worker: Worker | None = None,
) -> Starlette:
    """An ASGI application that answers calls with an agent, or with several: the first of them where none is named.

    `settings` default to the environment; `dev` takes unsigned requests from this machine; `observer` is told what
    happens in calls; `store` is used instead of the one that settings name, and so is `journals`, a folder that gets
    each call's journal; `functions` are tools by name, beside those that agent files name; `worker` says that there are
    others, whose number is not in the paths that the carrier is given for a call. Connections to providers are opened
    when the application starts up.
    """
    settings = settings or load()
    agents = {agent.name: agent} if isinstance(agent, Agent) else dict(agent or {})
    if not agents:
        built_in = builtin_agent()
        agents = {built_in.name: built_in}
    if settings.recordings is None and (own := [name for name, one in agents.items() if one.recording.own]):
        raise SettingsError(
            "PHONEAGENT_RECORDINGS: expected a folder or a bucket such as s3://bucket/folder; calls of "
            f"{', '.join(own)} are to be recorded; set it in the environment or .env"
        )
    if settings.twilio_account_sid is None and any(one.recording.twilio for one in agents.values()):
        raise SettingsError(
            "TWILIO_ACCOUNT_SID: expected the account SID from the Twilio console, which begins with AC; an agent has "
            "[recording] twilio = true; set it in the environment or .env"
        )
    texting = {name: sorted(RUN.keys() & set(one.built_in)) for name, one in agents.items()}
    if not _has_carrier(settings) and (wanting := {name: tools for name, tools in texting.items() if tools}):
        raise SettingsError(
            "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: expected both, from the Twilio console; set them in the "
            "environment or .env, or take the tools that need them out of built_in: "
            + "; ".join(f"agent {name!r} has {' and '.join(tools)}" for name, tools in wanting.items())
        )
    prices = load_prices(settings.prices)
    checks = (strangers, model_misfits, language_misfits, tool_misfits, pattern_misfits)
    wrong = [problem for check in checks for problem in check(agents)]
    if problems := [f"agent {name!r}: {dotted(place)}: {text}" for name, place, text in wrong]:
        raise SettingsError(*problems)

    days = settings.retention_days
    agents = {name: replace(one, recording=one.recording.within(days)) for name, one in agents.items()}
    journals = journals or settings.journals
    webhooks_out = webhooks_of(settings, agents)
    asked = incoming_of(settings, agents)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            metrics = Metrics(shared=str(worker.folder) if worker else "")
            telemetry = CallTelemetry(metrics)
            kept = store or _store(settings)
            stack.push_async_callback(kept.aclose)
            owner = _process_name()
            messenger = Messenger()
            stack.push_async_callback(messenger.aclose)
            outbox, wake = None, None
            if webhooks_out:
                keep = settings.webhook_keep_days * 24 * 3600.0
                courier = Courier(kept.deliveries, messenger, webhooks_out, telemetry, shared=kept.shared, keep=keep)
                await stack.enter_async_context(courier)
                wake = courier.wake
                outbox = Outbox(kept, webhooks_out, telemetry, wake)
            events = await stack.enter_async_context(
                EventWriter(kept, writer=owner, outbox=outbox, planned_keep=settings.retention)
            )
            told = Everyone(telemetry, events, *([observer] if observer else []))
            orders = ToldOrders(kept.orders, events)
            cache = SpeechCache(kept)
            stack.push_async_callback(cache.aclose)
            base = settings.public_url or f"http://{settings.host}:{settings.port}"
            documents = TwilioDocuments(base, worker=worker.number if worker else None)
            makers = Makers(settings, stack, metrics)
            speakers = {name: makers.speaker(agent) for name, agent in agents.items()}
            greetings = [_greeting(cache, speakers[name], agent) for name, agent in agents.items()]
            stack.push_async_callback(_end, asyncio.gather(*greetings))
            # While the voice is at the greetings, threads import what takes longest: SDKs, a second in all.
            control, limits, _ = await asyncio.gather(
                asyncio.to_thread(twilio_control, settings),
                asyncio.to_thread(_rate_limits, settings, settings.rate_limit, shared=store is None),
                asyncio.to_thread(messenger.load if webhooks_out or asked else _nothing),
            )
            stack.push_async_callback(limits.aclose)
            makers.texts, makers.callbacks = contacts = _contact_limits(settings, kept, stack, shared=store is None)
            if control is not None:
                stack.push_async_callback(control.aclose)
            numbers = NumberRules(settings.allowed_countries, home=settings.twilio_phone_number or "")
            hours = {name: one.calling_hours for name, one in agents.items()}
            rules = CallingRules(numbers, kept.do_not_call, hours=settings.calling_hours, by_agent=hours)
            makers.rules = rules
            if control is not None:
                learning = asyncio.create_task(_learn_own_numbers(control, numbers), name="own numbers")
                stack.push_async_callback(_end, learning)
            makers.numbers, makers.control, makers.orders = numbers, control, None if control is None else orders
            equipped = {
                name: await makers.equip(agent, functions or {}, speakers[name]) for name, agent in agents.items()
            }
            transfers = Transfers(kept, documents, control, told, caller_id=settings.twilio_phone_number or "")
            stack.push_async_callback(transfers.aclose)
            recordings = await _recordings(settings)
            if recordings is not None:
                stack.push_async_callback(recordings.aclose)
            around = Surroundings(
                kept,
                documents,
                control,
                told,
                cache,
                owner,
                transfers,
                recordings,
                control,
                prices=prices,
                carrier=CARRIER,
            )

            def looked(lag: float) -> None:
                metrics.loop_lagged(lag)
                metrics.tasks(len(asyncio.all_tasks()))

            lag = LoopLag(looked)
            board = Switchboard(
                equipped,
                around,
                max_calls=settings.max_calls or most_calls(),
                lag=lambda: lag.smoothed,
                overflow=settings.overflow or "",
                journals=journals,
                reception=Reception(IncomingWebhook(messenger), asked, agents, told) if asked else None,
            )
            await stack.enter_async_context(board)
            reporter = Reporter(
                kept,
                kept.orders,
                equipped,
                told,
                prices=prices,
                carrier=CARRIER,
                deliver=nobody if outbox is None else _to_receivers(outbox, lambda: events.now),
            )
            await stack.enter_async_context(reporter)
            line = _steering_line(settings, shared=store is None)
            stack.push_async_callback(line.aclose)
            serving = asyncio.create_task(line.serve(around.owner, board.steer), name="steering")
            stack.push_async_callback(_end, serving)
            app.state.steering = Steering(line, kept, None if control is None else transfers.end)
            dialler = None
            if control is not None:
                dialler = Dialler(
                    orders,
                    control,
                    urls=partial(order_urls, base),
                    rules=rules,
                    per_second=settings.calls_per_second,
                    room=lambda: board.room,
                    verdicts=Verdicts(line, kept),
                )
                await stack.enter_async_context(dialler)
            signatures = _signatures(settings, dev=dev)
            secret_keys = [key.get_secret_value() for key in settings.api_keys]
            app.state.switchboard = board
            app.state.dialler = dialler
            app.state.transfers = transfers
            if control is not None and kept.shared:
                reaper = Reaper(kept, control, documents, told, owner=owner, mine=board.carries)
                app.state.reaper = asyncio.create_task(reaper.run(), name="reaper")
                stack.push_async_callback(_end, app.state.reaper)
            at_carrier = control if any(agent.recording.twilio for agent in agents.values()) else None
            if recordings is not None or at_carrier is not None:
                keeper = RecordingKeeper(recordings, kept, owner=owner, carrier=at_carrier, longest=settings.retention)
                app.state.keeper = asyncio.create_task(keeper.run(), name="recording keeper")
                stack.push_async_callback(_end, app.state.keeper)
            kept_journals = JournalFolder(journals, keep=settings.retention) if journals is not None else None
            if kept_journals is not None:
                stack.push_async_callback(_end, asyncio.create_task(kept_journals.run(), name="journals"))
            app.state.eraser = erases = Eraser(
                kept, recordings=recordings, carrier=control, journals=kept_journals, counts=contacts
            )
            webhooks = Webhooks(signatures, board, documents, told, dialler, account=settings.twilio_account_sid or "")
            app.router.routes[:] = routes(
                MediaSocket(TwilioCodec(), signatures, board, told),
                webhooks,
                TransferHooks(webhooks, board, transfers, documents),
                Health(board, kept, metrics.render, ApiKeys(secret_keys, ring=kept.keys), makers.server_states),
                rest_interface(
                    board,
                    ApiKeys(secret_keys, loopback=dev, ring=kept.keys),
                    orders,
                    desk=dialler,
                    rules=rules,
                    unwanted=kept.do_not_call,
                    steers=app.state.steering,
                    numbers=numbers,
                    log=kept.events,
                    told=events,
                    recordings=recordings,
                    limits=limits,
                    reports=kept.reports,
                    letters=DeadLetters(kept.deliveries, wake),
                    eraser=erases,
                    audit=kept.audit,
                    audit_writer=await stack.enter_async_context(AuditWriter(kept)),
                    caller_id=settings.twilio_phone_number or "",
                ),
            )
            stack.callback(asyncio.create_task(lag.run(), name="loop lag").cancel)
            yield

    doors = [Middleware(LoopbackOnly, tunnel=_signed_url(settings))] if dev else []
    app = Starlette(lifespan=lifespan, middleware=doors)
    app.router.redirect_slashes = False  # it would send whoever asks to the host that they have named
    return app


def _to_receivers(outbox: Outbox, now: Callable[[], float]) -> Deliver:
    """Reports, in the words of the REST interface."""

    async def deliver(report: EndOfCallReport) -> None:
        shown = ReportView.of(report).model_dump(mode="json", by_alias=True)
        await outbox.analysed(shown["id"], shown["made_at"], shown, now=now())

    return deliver


def providers_of(agents: Mapping[str, Agent]) -> set[str]:
    """The names of all providers that these agents may use."""
    return {
        choice.provider
        for agent in agents.values()
        for first in (agent.stt, agent.llm, agent.tts, agent.analysis.llm if agent.analysis is not None else None)
        if first is not None
        for choice in (first, *first.fallback)
    }


# -- state and carrier ------------------------------------------------------------------------------


def _store(settings: Settings) -> Store:
    audit = settings.audit_days * 24 * 3600.0
    if settings.redis_url is None:
        from .store.memory import MemoryStore

        return MemoryStore(ttl=settings.call_ttl, longest=settings.retention, audit=audit)
    from .store.redis import RedisStore

    url, keys = settings.redis_url.get_secret_value(), [key.get_secret_value() for key in settings.encryption_keys]
    return RedisStore.from_url(
        url, ttl=settings.call_ttl, longest=settings.retention, audit=audit, encryption_keys=keys
    )


@asynccontextmanager
async def key_ring(settings: Settings) -> AsyncIterator[KeyRing]:
    """Where the servers of these settings look for API keys. Raises `SettingsError` when they look nowhere."""
    if settings.redis_url is None:
        raise SettingsError(
            "REDIS_URL: expected the Redis that the server uses, for keys with scopes are kept there; without one "
            "there are only the keys in PHONEAGENT_API_KEYS, which may do everything"
        )
    kept = _store(settings)
    try:
        yield kept.keys
    finally:
        await kept.aclose()


@asynccontextmanager
async def do_not_call_list(settings: Settings) -> AsyncIterator[DoNotCallList]:
    """Where the servers of these settings look who must not be called. Raises `SettingsError` when it is nowhere."""
    if settings.redis_url is None:
        raise SettingsError(
            "REDIS_URL: expected the Redis that the server uses; without one the list is in the server's memory, and "
            "ends with it: see /v1/do-not-call"
        )
    kept = _store(settings)
    try:
        yield kept.do_not_call
    finally:
        await kept.aclose()


@asynccontextmanager
async def delivery_queue(settings: Settings) -> AsyncIterator[DeliveryQueue]:
    """Where the servers of these settings keep messages to webhooks. Raises `SettingsError` when it is nowhere."""
    if settings.redis_url is None:
        raise SettingsError(
            "REDIS_URL: expected the Redis that the server uses; without one messages are in the server's memory: see "
            "GET /v1/webhooks/dead"
        )
    kept = _store(settings)
    try:
        yield kept.deliveries
    finally:
        await kept.aclose()


@asynccontextmanager
async def eraser(settings: Settings) -> AsyncIterator[tuple[Eraser, Store]]:
    """What erases where the servers of these settings keep everything. Raises `SettingsError` when it is nowhere."""
    if settings.redis_url is None:
        raise SettingsError(
            "REDIS_URL: expected the Redis that the server uses; without one everything is in the server's memory: see "
            "POST /v1/erasures"
        )
    async with AsyncExitStack() as stack:
        kept = _store(settings)
        stack.push_async_callback(kept.aclose)
        recordings = await _recordings(settings)
        if recordings is not None:
            stack.push_async_callback(recordings.aclose)
        control = twilio_control(settings)
        if control is not None:
            stack.push_async_callback(control.aclose)
        journals = JournalFolder(settings.journals) if settings.journals is not None else None
        counts = _contact_limits(settings, kept, stack, shared=True)
        yield Eraser(kept, recordings=recordings, carrier=control, journals=journals, counts=counts), kept


@asynccontextmanager
async def audited(settings: Settings) -> AsyncIterator[Store]:
    """Where the servers of these settings write who did what. Raises `SettingsError` when it is nowhere."""
    if settings.redis_url is None:
        raise SettingsError(
            "REDIS_URL: expected the Redis that the server uses; without one the audit log is in the server's memory: "
            "see GET /v1/audit"
        )
    kept = _store(settings)
    try:
        yield kept
    finally:
        await kept.aclose()


async def expect_store(settings: Settings) -> None:
    """Raise `PhoneagentError` unless the store answers: whoever starts a server can mend it, callers cannot."""
    if settings.redis_url is None or settings.redis_may_be_away:
        return
    from .store.redis_url import eviction_policy

    kept = _store(settings)
    try:
        await kept.ping()
        if (policy := await eviction_policy(settings.redis_url.get_secret_value())) not in ("", "noeviction"):
            log.warning(
                "redis_evicts", policy=policy, mend="CONFIG SET maxmemory-policy noeviction: a full Redis drops calls"
            )
        await kept.people.pseudonym("")  # by a secret that is stored as all else: do our keys open it?
    except Undecipherable as error:
        raise SettingsError(str(error)) from error
    except StoreError as error:
        raise PhoneagentError(
            f"REDIS_URL: expected Redis to answer ({error}). Start it, or set PHONEAGENT_REDIS_MAY_BE_AWAY=true: calls "
            "are then answered all the same, and kept when it is there"
        ) from error
    finally:
        await kept.aclose()


async def _recordings(settings: Settings) -> RecordingFolder | None:
    """Where recordings are kept. Raises `SettingsError`."""
    if settings.recordings is None:
        return None
    from .store.recordings import RecordingFolder

    try:
        return await asyncio.to_thread(RecordingFolder.open, settings.recordings)
    except RecordingError as error:
        raise SettingsError(f"PHONEAGENT_RECORDINGS: {error}") from error


def _steering_line(settings: Settings, *, shared: bool) -> MemorySteering | RedisSteering:
    """`shared`: the leases of calls are where the settings say."""
    if settings.redis_url is None or not shared:
        from .store.steering_memory import MemorySteering

        return MemorySteering()
    from .store.steering_redis import RedisSteering

    return RedisSteering(settings.redis_url.get_secret_value())


def _rate_limits(settings: Settings, rate: str, *, shared: bool) -> RateLimits:
    """`shared`: with the other processes of these settings."""
    from .store.rate_limits import RateLimits

    if settings.redis_url is None or not shared:
        return RateLimits(rate)
    from .store.redis_counts import RedisCounts

    return RateLimits(rate, RedisCounts(settings.redis_url.get_secret_value()))


def _contact_limits(
    settings: Settings, kept: Store, stack: AsyncExitStack, *, shared: bool
) -> tuple[ContactLimits, ContactLimits]:
    """Of texts and callbacks."""

    def limits(way: str, most: int) -> ContactLimits:
        counts = _rate_limits(settings, f"{most}/day", shared=shared)
        stack.push_async_callback(counts.aclose)
        return ContactLimits(way, counts, settings.caller_attestation, pseudonym=kept.people.pseudonym)

    return limits("texts", settings.texts_a_day), limits("callbacks", settings.callbacks_a_day)


async def _learn_own_numbers(control: TwilioControl, numbers: NumberRules) -> None:
    """The account's numbers are not called, whichever of them calls. Without them there is still the usual one."""
    from .telephony.twilio.numbers import TwilioNumbers

    try:
        numbers.know_own(await TwilioNumbers(control).known())
    except CarrierError as error:
        log.warning("own_numbers_unknown", problem=str(error))


def _has_carrier(settings: Settings) -> bool:
    """Whether `twilio_control` will have what it needs."""
    key = settings.twilio_api_key_sid is not None and settings.twilio_api_key_secret is not None
    return settings.twilio_account_sid is not None and (key or settings.twilio_auth_token is not None)


def twilio_control(settings: Settings) -> TwilioControl | None:
    """Twilio's REST interface, by API key or auth token; None where the settings do not name an account."""
    account, token = settings.twilio_account_sid, settings.twilio_auth_token
    if account is None:
        return None
    from .telephony.twilio.control import TwilioControl

    if settings.twilio_api_key_sid is not None and settings.twilio_api_key_secret is not None:
        username, password = settings.twilio_api_key_sid, settings.twilio_api_key_secret
    elif token is not None:
        username, password = account, token
    else:
        return None
    place = api_place(settings.twilio_region, settings.twilio_edge)
    return TwilioControl(
        account,
        username,
        password.get_secret_value(),
        base_url=settings.twilio_api_url,
        public_url=settings.public_url,
        region=place.region,
        edge=place.edge,
    )


def _signed_url(settings: Settings) -> str:
    """The public URL, if requests to it can be told from strangers'."""
    return settings.public_url or "" if settings.twilio_auth_token is not None else ""


def _signatures(settings: Settings, *, dev: bool) -> Signatures:
    if settings.twilio_auth_token is not None and settings.public_url is not None:
        tokens = [settings.twilio_auth_token.get_secret_value()]
        shared_keys = [shared_key(each.get_secret_value()) for each in settings.twilio_shared_keys]
        return TwilioSignatures(settings.public_url, tokens, shared_keys)
    if dev:
        return Unsigned()
    raise SettingsError("TWILIO_AUTH_TOKEN and PHONEAGENT_PUBLIC_URL: expected both, to tell Twilio from strangers")


def _nothing() -> None:
    """There is nobody to send anything to."""


def _process_name() -> str:
    """Unique to this start of this process."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"


# -- ears, mind, voice ------------------------------------------------------------------------------


class Speaker(NamedTuple):
    """What an agent hears and speaks with: ready long before what it thinks with."""

    ears: SpeechToText
    voice: TextToSpeech
    speakable: Speakable


async def _greeting(cache: SpeechCache, speaker: Speaker, agent: Agent) -> None:
    """Have it spoken ahead; the switchboard, which wants it too, then waits for the same."""
    announcement = agent.recording.announcement if agent.recording.on else ""
    said = [text for text in (agent.phrasing.disclosure, announcement, agent.phrasing.greeting) if text]
    if not any("{" in text for text in said):
        await cache.prepare(speaker.voice, [speaker.speakable.render(text).spoken for text in said])


async def _end(work: asyncio.Future[Any]) -> None:
    work.cancel()
    await asyncio.wait([work])


@dataclass(slots=True)
class Makers:
    """Makes providers; `stack` closes them, `metrics` count for them. What is heavy is imported when it is needed."""

    settings: Settings
    stack: AsyncExitStack
    metrics: Metrics = field(default_factory=Metrics)
    circuits: Circuits = field(init=False)
    servers: list[McpTools] = field(default_factory=list, init=False)  # that agents have tools of
    numbers: NumberRules = field(default_factory=NumberRules)  # who may be written to and called back
    control: TwilioControl | None = None  # None: there are no calls
    orders: OrderBook | None = None
    rules: CallingRules | None = None  # when they are called
    texts: ContactLimits = NO_LIMITS
    callbacks: ContactLimits = NO_LIMITS

    def __post_init__(self) -> None:
        self.circuits = Circuits(
            told=lambda circuit: self.metrics.circuit(circuit.part, circuit.provider, circuit.open)
        )

    def speaker(self, agent: Agent) -> Speaker:
        """An agent's ears and voice. Both are made before the voice is asked for anything, so that a wrong option is
        all that is told.
        """
        if phrases := english_phrases(agent):
            log.warning("phrases_stay_english", agent=agent.name, language=agent.language, phrases=phrases)
        ears = self._all_ears(agent)
        voices = self._voices(agent)
        return Speaker(
            self._with_close(ears),
            self._with_close(voices),
            Speakable(agent.language, agent.pronunciation),
        )

    async def equip(self, agent: Agent, functions: Mapping[str, Callable[..., Any]], speaker: Speaker) -> EquippedAgent:
        """Everything an agent works with."""
        model = await asyncio.to_thread(self._model, agent)
        await asyncio.to_thread(speaker.speakable.warm)
        return EquippedAgent(
            agent,
            speaker.ears,
            self._with_close(self._with_dialogue(agent, model)),
            speaker.voice,
            await self.tools(agent, functions),
            speaker.speakable,
            writer=None if agent.llm.provider == "scripted" else model,
            analysts=await asyncio.to_thread(self._analysts, agent) if agent.analysis is not None else (),
        )

    async def tools(self, agent: Agent, functions: Mapping[str, Callable[..., Any]]) -> ToolBox:
        """What runs an agent's tools. Its documents are read in the meantime, by a thread."""
        if agent.knowledge is not None:
            from .knowledge.library import Library

            library = Library.open(agent.knowledge, agent=agent.name, language=agent.language)
            self.stack.push_async_callback(library.aclose)
            functions = {**functions, agent.knowledge.tool: library.search}
        own = own_tools(agent)
        tools: list[Tool] = [*self._built_in(agent)]
        if tools:
            await asyncio.to_thread(self.numbers.load)
        ready = {tool.spec.name for tool in tools}
        tools += python_tools((spec for spec in own if spec.http is None and spec.name not in ready), functions)
        requests = [spec for spec in own if spec.http is not None]
        if requests:
            from .toolbox.http import HttpTool

            for spec in requests:
                tool = HttpTool(spec, named)
                self.stack.push_async_callback(tool.aclose)
                tools.append(tool)
        return Box(tools, await self._servers(agent, names={*CORE_TOOLS, *(spec.name for spec in own)}))

    def _built_in(self, agent: Agent) -> Iterator[Tool]:
        """Those that are run."""
        if SEND_SMS in agent.built_in:
            from .toolbox.send_sms import SendSms

            yield SendSms(self.control, self.numbers, self.texts)
        if SCHEDULE_CALLBACK in agent.built_in:
            from .toolbox.schedule_callback import ScheduleCallback

            yield ScheduleCallback(agent, self.orders, self.numbers, rules=self.rules, limits=self.callbacks)

    async def _servers(self, agent: Agent, names: AbstractSet[str]) -> list[McpTools]:
        """The tools of other servers. Those that are away now may be there later. `names`: of the agent's own."""
        if not agent.mcp:
            return []
        from .toolbox.mcp import McpTools

        servers = []
        for name, wanted in agent.mcp.items():
            server = next((one for one in self.servers if one.is_for(name, wanted)), None)
            if server is None:  # else it is another agent's too
                server = McpTools(name, wanted, named)
                if not self.servers:
                    self.stack.push_async_callback(self._close_servers)
                self.servers.append(server)
            servers.append(server)
        await asyncio.gather(*(server.ready() for server in servers))
        seen = set(names)
        for server in servers:
            for name in sorted(seen & set(server.tools)):
                log.warning("mcp_tool_hidden", agent=agent.name, server=server.name, tool=name)
            seen |= set(server.tools)
        return servers

    def server_states(self) -> dict[str, str]:
        """Of each server that agents have tools of: `ok` or `away`."""
        return {server.name: "ok" if server.connected else "away" for server in self.servers}

    async def _close_servers(self) -> None:
        """All at once: a program may take seconds to end."""
        servers, self.servers[:] = tuple(self.servers), ()
        await asyncio.gather(*(server.aclose() for server in servers))

    def _analysts(self, agent: Agent) -> tuple[LanguageModel, ...]:
        """Who is asked about an agent's calls when they are over: nobody waits for them. None of a script."""
        schema = agent.analysis.data if agent.analysis is not None else None
        # Here, in a thread and before any call, is what checks answers imported too.
        if schema is not None and (wrong := schema_problem(schema)) is not None:
            raise SettingsError(f"agent {agent.name!r}: {dotted(('analysis', 'data', *wrong.path))}: {wrong.text}")
        own = agent.analysis.llm if agent.analysis is not None else None
        first = own or agent.llm
        choices = [choice for choice in (first, *first.fallback) if choice.provider != "scripted"]
        # What its file says of the agent's own model is meant for short answers that come at once.
        options = [{**PATIENT, **each.options} if own else {**each.options, **PATIENT} for each in choices]
        patient = [replace(each, options=given) for each, given in zip(choices, options, strict=True)]
        return tuple(self._with_close(self.mind(choice, agent)) for choice in patient)

    def whole_mind(self, agent: Agent) -> LanguageModel:
        """An agent's mind with its fallbacks, and with the dialogue beside it if that has a part in its calls."""
        return self._with_dialogue(agent, self._model(agent))

    def _with_dialogue(self, agent: Agent, mind: LanguageModel) -> LanguageModel:
        if agent.dialogue is None or agent.llm.provider == "scripted":
            return mind
        if not agent.dialogue.start:
            if agent.stt.provider != "pocketsphinx":
                return mind
            from .providers.llm.by_grammar import ByGrammar

            return ByGrammar(mind, agent.dialogue)
        from .providers.llm.mixed import MixedMind

        return MixedMind(agent.dialogue, mind, closed=_closed(agent))

    def _model(self, agent: Agent) -> LanguageModel:
        """The agent's minds as one that goes on while any of them can; a script alone needs nobody to stand in."""
        if agent.llm.provider == "scripted":
            return self.mind(agent.llm, agent)
        from .providers.llm.fallback import Candidate, FallbackMind

        minds = []
        for choice in (agent.llm, *agent.llm.fallback):
            mind, hedges = self.mind(choice, agent), self._hedges(choice)
            if hedges:
                from .providers.llm.hedged import HedgedMind

                mind = HedgedMind(mind, hedged=self.metrics.hedged, won=self.metrics.hedge_won)
            minds.append(Candidate(mind, self.circuits.of("llm", _name(choice)), again=choice.hedge is not False))
        within = agent.policy.first_word_within
        return FallbackMind(minds, declined=agent.phrasing.declined, within=within, fell_back=self._fell_back)

    def _all_ears(self, agent: Agent) -> SpeechToText:
        """The agent's ears as one; those of this machine alone may well hear nothing of what they do not expect."""
        if agent.stt.provider == "pocketsphinx" and not agent.stt.fallback:
            return self.ears(agent.stt)
        from .providers.stt.fallback import Candidate, FallbackEars

        ears = [
            Candidate(self.ears(choice), self.circuits.of("stt", _name(choice)))
            for choice in (agent.stt, *agent.stt.fallback)
        ]
        return FallbackEars(ears, fell_back=self._fell_back)

    def _voices(self, agent: Agent) -> TextToSpeech:
        """The agent's voices as one; a voice of this machine alone has nobody to wait for."""
        if agent.tts.provider == "espeak" and not agent.tts.fallback:
            return self.voice(agent.tts, agent)
        from .providers.tts.fallback import Candidate, FallbackVoice

        voices = [
            Candidate(self.voice(choice, agent), self.circuits.of("tts", _name(choice)), _begins_within(choice))
            for choice in (agent.tts, *agent.tts.fallback)
        ]
        return FallbackVoice(voices, fell_back=self._fell_back)

    def _hedges(self, choice: ProviderChoice) -> bool:
        """Ask twice where that is wanted; unless it is said, where it cannot slow down the machine that answers."""
        if choice.provider != "openai":
            return False
        from .providers.llm.openai import OPENAI_URL, in_the_cloud

        return in_the_cloud(self.settings.openai_base_url or OPENAI_URL) if choice.hedge is None else choice.hedge

    def _fell_back(self, circuit: Circuit) -> None:
        self.metrics.fell_back(circuit.part, circuit.provider)

    def _with_close(self, provider: Provider) -> Provider:
        self.stack.push_async_callback(provider.aclose)
        return provider

    def ears(self, choice: ProviderChoice) -> SpeechToText:
        match choice.provider:
            case "deepgram":
                from .catalogue.deepgram import option_problems
                from .providers.stt.deepgram_flux import DeepgramFlux
                from .providers.stt.deepgram_nova import DeepgramNova

                key = _key(self.settings.deepgram_api_key)
                url = self.settings.deepgram_url or "wss://api.deepgram.com"
                model = choice.model or "flux-general-en"
                if wrong := [f"{'.'.join(at)}: {text}" for at, text in option_problems(model, choice.options)]:
                    raise SettingsError(*(f"deepgram: {each}" for each in wrong))
                if model.startswith("flux"):
                    return DeepgramFlux(key, url=url, model=model, **_options(choice, DeepgramFlux))
                return DeepgramNova(key, url=url, model=model, **_options(choice, DeepgramNova))
            case "pocketsphinx":
                from .providers.stt.pocketsphinx import PocketsphinxStt

                return PocketsphinxStt(**_options(choice, PocketsphinxStt))
            case name:
                raise SettingsError(f"stt.provider: expected deepgram or pocketsphinx, got {name!r}")

    def mind(self, choice: ProviderChoice, agent: Agent) -> LanguageModel:
        match choice.provider:
            case "openai":
                from .providers.llm.openai import OPENAI_URL, OpenAiModel
                from .providers.llm.openai_models import DEFAULT_MODEL

                return OpenAiModel(
                    _key(self.settings.openai_api_key),
                    base_url=self.settings.openai_base_url or OPENAI_URL,
                    model=choice.model or DEFAULT_MODEL,
                    **{
                        "organization": self.settings.openai_org_id,
                        "project": self.settings.openai_project_id,
                        "first_token_within": agent.policy.first_word_within,
                        **_options(choice, OpenAiModel),
                    },
                )
            case "scripted":
                from .providers.llm.scripted import ScriptedMind

                if agent.dialogue is None:
                    raise SettingsError(f"agent {agent.name!r}: expected a [dialogue] for llm.provider = 'scripted'")
                return ScriptedMind(agent.dialogue, closed=_closed(agent))
            case name:
                raise SettingsError(f"llm.provider: expected openai or scripted, got {name!r}")

    def voice(self, choice: ProviderChoice, agent: Agent) -> TextToSpeech:
        match choice.provider:
            case "elevenlabs":
                from .catalogue.elevenlabs import DEFAULT_MODEL, model_of

                maker: Callable[..., TextToSpeech]
                model = choice.model or DEFAULT_MODEL
                known = model_of(model)
                if choice.options.get("transport", "websocket" if known.on_sockets else "http") == "http":
                    from .providers.tts.elevenlabs_http import ElevenLabsHttp

                    maker = ElevenLabsHttp
                else:
                    from .providers.tts.elevenlabs import ElevenLabs

                    maker = ElevenLabs
                if known.successor:
                    log.warning("voice_model_is_retired_soon", agent=agent.name, model=model, take=known.successor)
                choice = replace(choice, options={k: v for k, v in choice.options.items() if k != "transport"})
                options = {"voice": self.settings.elevenlabs_voice, **_options(choice, maker)}
                return maker(
                    _key(self.settings.elevenlabs_api_key),
                    url=self.settings.elevenlabs_url or "https://api.elevenlabs.io",
                    model=model,
                    **options,
                )
            case "espeak":
                from .providers.tts.espeak import EspeakTts

                return EspeakTts(**_options(choice, EspeakTts))
            case name:
                raise SettingsError(f"tts.provider: expected elevenlabs or espeak, got {name!r}")


def _closed(agent: Agent) -> Callable[[], frozenset[str]]:
    return lambda: closed_now(agent.hours, time.time())


def _name(choice: ProviderChoice) -> str:
    """A provider as it is told to people."""
    return f"{choice.provider}/{choice.model}" if choice.model else choice.provider


def _begins_within(voice: ProviderChoice) -> float:
    """Seconds that a voice may take to begin, where it is slower than voices usually are."""
    from .catalogue.elevenlabs import BEGINS_WITHIN, model_of

    within = model_of(voice.model).begins_within if voice.provider == "elevenlabs" else 0.0
    return within if within > BEGINS_WITHIN else 0.0


def _key(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""


def _options(choice: ProviderChoice, maker: Callable[..., Any]) -> dict[str, Any]:
    """An agent file's options as arguments. Raises `SettingsError` for one that the provider does not know."""
    known = [
        name
        for name, parameter in inspect.signature(maker).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in ("url", "base_url", "model")
    ]
    if unknown := sorted(choice.options.keys() - set(known)):
        raise SettingsError(f"{choice.provider}: options: expected {', '.join(known)}; got {', '.join(unknown)}")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in choice.options.items()}
