"""`phoneagent serve`."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from socket import socket
from typing import Any
from urllib.parse import urlsplit

import click
import structlog

from phoneagent.errors import SettingsError
from phoneagent.records import Agent
from phoneagent.settings import Settings, load, require_for_serving

from .chosen_agents import chosen_agents, missing_packages
from .options import agent_option, embedded_option, setting
from .program import STATUSES
from .workers import Place, become_parent, worker_option

log = structlog.stdlib.get_logger(__name__)


@click.command(epilog=STATUSES)
@agent_option
@embedded_option()
@click.option("--dev", is_flag=True, help="Serve this machine only, and let unsigned requests in: no Twilio needed.")
@setting("public_url", "URL")
@setting("host", "ADDRESS")
@setting("port", "PORT")
@setting("redis_url", "URL")
@setting("redis_may_be_away")
@setting("workers", "N")
@setting("max_calls", "N")
@setting("drain_within", "SECONDS")
@setting("journals", "FOLDER")
@setting("log_level", "LEVEL")
@setting("log_json")
@worker_option
def serve(*, embedded: bool, dev: bool, place: Place | None, **flags: Any) -> None:
    """Answer calls.

    \b
      phoneagent serve --agent agents/front-desk.toml --public-url https://voice.example.com
      phoneagent serve --embedded --dev     no keys, no Twilio, this machine only

    Needs PHONEAGENT_PUBLIC_URL and TWILIO_AUTH_TOKEN, and the keys of the providers that the agents use:
    DEEPGRAM_API_KEY, OPENAI_API_KEY, ELEVENLABS_API_KEY. With TWILIO_ACCOUNT_SID calls are ended and transferred at
    once; with REDIS_URL they survive this process. `phoneagent doctor` tries all of them.

    Twilio needs https: put a proxy or a tunnel with a certificate in front, which passes on WebSockets, and set the
    voice webhook of your number to PUBLIC-URL/twilio/voice (HTTP POST). With several agents the first by file name
    answers, and /twilio/voice?agent=NAME is another.

    SIGTERM or Ctrl-C: new calls are refused, /readyz says 503, and calls in progress go on for --drain-within seconds;
    a second signal ends them.

    --workers N, for machines with several cores: N processes share the port and Redis, each takes --max-calls; one that
    dies is started again, and SIGHUP replaces them one by one without losing a call.
    """
    with _collector_at_rest():
        _load_and_serve(flags, embedded=embedded, dev=dev, place=place)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Start-up only makes what stays: looking through it for garbage takes a sixth of the time. `_serve` wakes it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _load_and_serve(flags: Mapping[str, Any], *, embedded: bool, dev: bool, place: Place | None) -> None:
    settings = load(**flags)
    agents = _checked(settings, embedded=embedded, dev=dev)

    from phoneagent.telemetry import logs

    from .server import listen

    logs.configure(json=settings.log_json, level=settings.log_level, secrets=settings.secrets())
    if place is None:  # a worker that is started later must do without Redis for a while, as those that are there do
        asyncio.run(_expect_store(settings))
    with place.listener if place else listen(settings.host, settings.port) as listener:
        settings = settings.model_copy(update={"port": listener.getsockname()[1]})  # 0 was any free one
        if place is not None:
            structlog.contextvars.bind_contextvars(worker=place.number)
        elif settings.workers > 1:
            _announce(settings, agents, dev=dev)
            as_json = settings.log_json if settings.log_json is not None else not sys.stderr.isatty()
            become_parent(settings.workers, listener, as_json=as_json)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings, agents, listener, dev=dev, place=place))


def _checked(settings: Settings, *, embedded: bool, dev: bool) -> Mapping[str, Agent]:
    """The agents. Raises one `SettingsError` with all that is wrong with them and with the settings."""
    from phoneagent.app import providers_of

    problems: list[str] = []
    agents: Mapping[str, Agent] = {}
    try:
        agents = chosen_agents(settings, embedded=embedded)
    except SettingsError as error:
        problems += error.problems
    providers = providers_of(agents)
    try:
        require_for_serving(settings, dev=dev, providers=providers)
    except SettingsError as error:
        problems += error.problems
    problems += missing_packages(providers)
    if problems:
        raise SettingsError(*problems)
    return agents


async def _expect_store(settings: Settings) -> None:
    from phoneagent.app import expect_store

    await expect_store(settings)


def _loop_factory() -> Any:
    """uvloop's, where there is one: it takes half the time for a frame."""
    try:
        import uvloop
    except ImportError:  # Windows
        return None
    return uvloop.new_event_loop


async def _serve(
    settings: Settings,
    agents: Mapping[str, Agent],
    listener: socket,
    *,
    dev: bool,
    place: Place | None,
) -> None:
    from phoneagent.app import Worker, create_app

    from .server import Server, configuration
    from .siblings import Siblings

    siblings = Siblings(place.number, place.folder) if place else None
    worker = Worker(place.number, place.folder) if place else None
    app = create_app(agents, settings=settings, dev=dev, worker=worker)
    async with app.router.lifespan_context(app):
        server = Server(
            configuration(app, max_calls=app.state.switchboard.max_calls, siblings=siblings),
            app.state.switchboard,
            drain_within=settings.drain_within,
            started=lambda: None if place else _announce(settings, agents, dev=dev),
            place=place,
            siblings=siblings,
        )
        # Nothing of what was imported will ever be garbage: without this a full collection looks through its 120,000
        # objects again and again, and all calls stand still for 70 ms.
        gc.freeze()
        gc.enable()
        await server.serve(sockets=[listener])
        gc.unfreeze()  # now it is: extension modules complain at exit of what is still there
    log.info("stopped")


# -- what it says when it starts --------------------------------------------------------------------


def _announce(settings: Settings, agents: Mapping[str, Agent], *, dev: bool) -> None:
    """To a person a few lines; to a machine one log line. Warnings to both."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}"
    webhook = f"{settings.public_url or url}/twilio/voice"
    warnings = list(_warnings(settings, dev=dev))
    if not sys.stderr.isatty():
        log.info(
            "serving",
            url=url,
            webhook=webhook,
            agents=list(agents),
            store=_store(settings),
            calls=settings.max_calls or "as many as this machine carries",
            workers=settings.workers,
        )
        for warning in warnings:
            log.warning("notice", text=warning)
        return
    lines = {
        "listens on": url,
        "public URL": settings.public_url or "none (--dev)",
        "webhook": f"{webhook}  ← at Twilio: your number, “A call comes in”, HTTP POST",
        **{f"agent {name}": _providers(agent) for name, agent in agents.items()},
        "calls": f"{settings.max_calls or 'as many as this machine carries'} at once, kept in {_store(settings)}",
    }
    if settings.workers > 1:
        lines["workers"] = f"{settings.workers}, each with so many calls"
    from importlib.metadata import version

    click.secho(f"phoneagent {version('phoneagent')}", bold=True, err=True)
    width = max(map(len, lines))
    for name, text in lines.items():
        click.echo(f"  {name:{width}}  {text}", err=True)
    for warning in warnings:
        click.secho(f"  ! {warning}", fg="yellow", err=True)
    click.echo("Ctrl-C stops it.", err=True)


def _providers(agent: Agent) -> str:
    return ", ".join(f"{choice.provider} {choice.model}".strip() for choice in (agent.stt, agent.llm, agent.tts))


def _store(settings: Settings) -> str:
    """Where calls are kept, without the password that a URL may have."""
    if settings.redis_url is None:
        return "memory"
    parts = urlsplit(settings.redis_url.get_secret_value())
    return f"Redis at {parts.netloc.rpartition('@')[2] or parts.path}"


def _warnings(settings: Settings, *, dev: bool) -> Iterator[str]:
    yield from (f"{note}." for note in settings.notes)
    if dev and settings.twilio_auth_token is None:
        yield "--dev without TWILIO_AUTH_TOKEN: every request from this machine counts as Twilio's."
    elif settings.twilio_account_sid is None:
        yield (
            "TWILIO_ACCOUNT_SID is not set: hanging up by REST is off, a call ends by closing its stream; a second or "
            "two pass until the caller hears it."
        )
    if settings.redis_url is None and not dev:
        yield "REDIS_URL is not set: calls are kept in memory and do not survive this process."
