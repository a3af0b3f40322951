"""`phoneagent webhooks`: who is told of calls, whether they can be reached, and what never arrived."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from phoneagent.deliveries import DeadLetter, DeliveryQueue, Reply, Webhook
from phoneagent.errors import PhoneagentError, SettingsError
from phoneagent.settings import load
from phoneagent.webhooks.receivers import new_secret

from .chosen_agents import chosen_agents
from .options import agent_option

T = TypeVar("T")

WITHIN = 15.0  # seconds that a receiver has for its answer, as in a server
PAGE = 100

EPILOG = (
    "Exit status: 0 done; 1 a receiver has not answered with 2xx, Redis is away, or there is no such message; 2 a "
    "setting, an agent file or an option is wrong."
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(epilog=EPILOG)
def webhooks() -> None:
    """Try webhooks, and look after messages that could not be delivered.

    \b
      phoneagent webhooks secret
      phoneagent webhooks test --agent agents/
      phoneagent webhooks dead
      phoneagent webhooks redeliver --all

    Messages that could not be delivered are in Redis (REDIS_URL). Without one they are in the server's memory, and
    GET /v1/webhooks/dead has them.
    """


@webhooks.command(epilog=EPILOG)
def secret() -> None:
    """Make a secret that signs messages, and print it.

    It goes to your receiver, and into PHONEAGENT_WEBHOOK_SECRET or the variable that an agent file names.
    """
    click.echo(new_secret())


@webhooks.command(epilog=EPILOG)
@agent_option
@json_option
def test(*, agents: str | None, as_json: bool) -> None:
    """Send each webhook of the settings and the agents a message of the type webhook.test, and show what it answers."""
    from phoneagent.receivers import webhooks_of

    settings = load(agents=agents)
    receivers = webhooks_of(settings, chosen_agents(settings))
    if not receivers:
        raise SettingsError(
            "PHONEAGENT_WEBHOOK_URL: expected a webhook there, or [[webhooks]] in an agent file; there is none"
        )
    found = asyncio.run(_tried(receivers))
    for webhook, reply, seconds in found:
        told = _answered(webhook, reply, seconds)
        click.echo(
            json.dumps(told) if as_json else f"{told['url']} ({told['agent'] or 'all agents'}): {told['answer']}"
        )
    if not all(reply.arrived for _, reply, _ in found):
        raise PhoneagentError("expected a status from 200 to 299 of each")


@webhooks.command(epilog=EPILOG)
@json_option
def dead(*, as_json: bool) -> None:
    """One line for each message that is not attempted any more: its id, when, of which call, where to, and why."""

    async def everything(queue: DeliveryQueue) -> list[DeadLetter]:
        return [letter async for letter in _letters(queue)]

    found = _asked(everything)
    if as_json:
        click.echo(json.dumps([_told(letter) for letter in found]))
        return
    for letter in found:
        told = _told(letter)
        click.echo(f"{told['id']}  {told['died']}  {told['type']}  {told['call']}  {told['url']}  {told['problem']}")


@webhooks.command(epilog=EPILOG)
@click.argument("messages", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="All of them.")
def redeliver(*, messages: tuple[str, ...], every: bool) -> None:
    """Have messages delivered after all, by the servers. It enables a webhook that has answered 410."""
    if bool(messages) == every:
        raise click.UsageError("expected the ids of messages, as `phoneagent webhooks dead` shows them, or --all")

    async def again(queue: DeliveryQueue) -> list[str]:
        wanted = [letter.delivery.id async for letter in _letters(queue)] if every else messages
        return [each for each in wanted if not await queue.redeliver(each, now=time.time()) and not every]

    if unknown := _asked(again):
        raise PhoneagentError(f"expected ids that `phoneagent webhooks dead` shows, got {', '.join(unknown)}")
    click.echo("They are on their way; `phoneagent webhooks dead` shows those that fail again.", err=True)


async def _letters(queue: DeliveryQueue) -> AsyncIterator[DeadLetter]:
    cursor = ""
    while True:
        page = await queue.dead(cursor=cursor, limit=PAGE)
        for letter in page.letters:
            yield letter
        if not (cursor := page.next):
            return


def _asked(work: Callable[[DeliveryQueue], Awaitable[T]]) -> T:
    from phoneagent.app import delivery_queue

    async def run() -> T:
        async with delivery_queue(load()) as queue:
            return await work(queue)

    return asyncio.run(run())


async def _tried(receivers: Iterable[Webhook]) -> list[tuple[Webhook, Reply, float]]:
    from phoneagent.webhooks.messenger import Messenger

    messenger = Messenger()
    messenger.load()
    found = []
    try:
        for webhook in receivers:
            body = json.dumps({"type": "webhook.test", "timestamp": _time(time.time()), "data": {}})
            began = time.monotonic()
            reply = await messenger.send(webhook, f"msg_{secrets.token_hex(16)}", body, within=WITHIN)
            found.append((webhook, reply, time.monotonic() - began))
    finally:
        await messenger.aclose()
    return found


def _answered(webhook: Webhook, reply: Reply, seconds: float) -> dict[str, Any]:
    answer = f"{reply.status} after {seconds:.2f} s" if reply.arrived else reply.problem
    return {"url": webhook.shown, "agent": webhook.agent, "arrived": reply.arrived, "answer": answer}


def _told(letter: DeadLetter) -> dict[str, Any]:
    delivery = letter.delivery
    return {
        "id": delivery.id,
        "type": delivery.type,
        "call": delivery.lane,
        "url": delivery.url,
        "created": _time(delivery.created),
        "died": _time(letter.died),
        "attempts": letter.attempts,
        "problem": letter.problem,
    }


def _time(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
