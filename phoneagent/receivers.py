"""The operator's systems that settings and agents name, with their secrets out of the environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pydantic import SecretStr

from .deliveries import MESSAGE_TYPES, Incoming, Webhook
from .errors import SettingsError
from .private import Private
from .records import Agent
from .settings import Settings, named
from .webhooks.receivers import (
    EXPECTED_NAME,
    EXPECTED_SECRET,
    checked_reach,
    checked_secrets,
    checked_url,
    named_variable,
)


def webhooks_of(settings: Settings, agents: Mapping[str, Agent]) -> tuple[Webhook, ...]:
    """Everybody who is told of calls: of one agent's first, then of all. Raises one `SettingsError` with all problems.

    Who is told of an agent's calls by its file, and of all by the settings, gets each once.
    """
    found: list[Webhook] = []
    problems: list[str] = []
    for name, agent in agents.items():
        for index, webhook in enumerate(agent.webhooks):
            place = f"agent {name!r}: webhooks[{index}]"
            if any(webhook.url == other.url for other in agent.webhooks[:index]):
                problems.append(f"{place}.url: there already is a webhook with this URL")
            try:
                found.append(replace(_resolved(webhook, place), agent=name))
            except SettingsError as error:
                problems += error.problems
    if settings.webhook_url is not None:
        secrets = _own(settings.webhook_secret)
        if not secrets:
            problems.append(
                "PHONEAGENT_WEBHOOK_SECRET: PHONEAGENT_WEBHOOK_URL is set and needs it; `phoneagent webhooks secret` "
                "makes one; set it in the environment or .env"
            )
        problems += _unreachable("PHONEAGENT_WEBHOOK_URL", settings.webhook_url, private=settings.webhook_private)
        events = tuple(name for name in MESSAGE_TYPES if name in settings.webhook_events)
        found.append(Webhook(settings.webhook_url, secrets, events, private=settings.webhook_private))
    if problems:
        raise SettingsError(*problems)
    return tuple(found)


def incoming_of(settings: Settings, agents: Mapping[str, Agent]) -> dict[str, Incoming]:
    """Who is asked about the calls that come in for an agent, by its name. Raises `SettingsError`."""
    return dict(_incoming(settings, agents))


def _incoming(settings: Settings, agents: Mapping[str, Agent]) -> Iterator[tuple[str, Incoming]]:
    general = None
    if settings.incoming_url is not None:
        secrets = _own(settings.incoming_secret)
        if not secrets:
            raise SettingsError(
                "PHONEAGENT_INCOMING_SECRET: PHONEAGENT_INCOMING_URL is set and needs it; `phoneagent webhooks secret` "
                "makes one; set it in the environment or .env"
            )
        if problems := _unreachable("PHONEAGENT_INCOMING_URL", settings.incoming_url, private=settings.webhook_private):
            raise SettingsError(*problems)
        webhook = Webhook(settings.incoming_url, secrets, private=settings.webhook_private)
        general = Incoming(webhook, settings.incoming_within)
    for name, agent in agents.items():
        if agent.incoming is not None:
            webhook = _resolved(agent.incoming.webhook, f"agent {name!r}: incoming")
            yield name, replace(agent.incoming, webhook=webhook)
        elif general is not None:
            yield name, general


def _unreachable(variable: str, url: str, *, private: bool) -> list[str]:
    if url.startswith("http:") and not private:
        why = "expected an https:// URL, or PHONEAGENT_WEBHOOK_PRIVATE=true for a server in your own network"
        return [f"{variable}: {why}; set it in the environment or .env"]
    return []


def _own(secret: SecretStr | None) -> tuple[Private[str], ...]:
    return tuple(map(Private, secret.get_secret_value().split())) if secret is not None else ()


def _resolved(webhook: Webhook, place: str) -> Webhook:
    """With the secrets that its names stand for. Agents made in Python may have them already."""
    try:
        checked_reach(checked_url(webhook.url), private=webhook.private)
    except ValueError as error:
        raise SettingsError(f"{place}.url: {error}") from None
    if not webhook.secrets:
        raise SettingsError(f"{place}.secret: expected {EXPECTED_NAME}")
    return replace(webhook, secrets=tuple(Private(each) for text in webhook.secrets for each in _read(text, place)))


def _read(secret: Private[str], place: str) -> tuple[str, ...]:
    text, where = secret.reveal(), ""
    if (name := named_variable(text)) is not None:
        where = f"the variable {name}, in the environment or .env, to be "
        text = named(name) or ""
    try:
        return checked_secrets(text)
    except ValueError:
        raise SettingsError(f"{place}.secret: expected {where}{EXPECTED_SECRET}; several with blanks between") from None
