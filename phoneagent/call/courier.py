"""Brings messages to the operator's own systems: at least once, in order for each call, and not past a few days.

The schedule of attempts is the one that standardwebhooks.com recommends. A message keeps its place before the others of
its call for the first few attempts, in which a receiver that was restarted is back; then it steps aside.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Self

import structlog

from phoneagent.deliveries import Claimed, DeliveryQueue, Post, Webhook
from phoneagent.errors import StoreError
from phoneagent.ports import Observer

log = structlog.stdlib.get_logger(__name__)

SCHEDULE: Final = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""Seconds from each attempt that failed to the next; after the tenth a message is dead. In all three days."""

JITTER = 0.1  # of a delay that is added by chance: receivers that come back are not asked by everybody at once
IN_ORDER = 3  # attempts for which the others of a call wait: about five minutes
WITHIN = 15.0  # seconds that a receiver has for its answer
LEASE = 60.0  # seconds for which a process has a message: an attempt, and what the store may take
AT_ONCE = 4  # attempts at the same time at one webhook by one process: who is slow holds up nobody else
GONE = 410  # the receiver wants no more

LOOK = 1.0  # seconds between two looks for what other processes have left, where there are any
ALONE = 3600.0  # seconds between two looks where there are none
STORE_AWAY = 2.0  # seconds until a store that did not answer is asked again
FINISHING = 2.0  # seconds that attempts under way get when the process ends

ABANDONED = 24 * 3600.0
"""Seconds after which what is due for a webhook that is set up nowhere any more is dead. While one version of an agent
replaces another some processes know more than others."""

SWEEP = 3600.0  # seconds between two looks for such
SWEPT = 100  # at once


class Courier:
    """Use as an asynchronous context manager: inside it messages are delivered.

    `shared`: other processes put messages into the queue too. `keep`: seconds that dead letters are kept.
    """

    def __init__(
        self,
        queue: DeliveryQueue,
        post: Post,
        webhooks: Iterable[Webhook],
        observer: Observer,
        *,
        shared: bool,
        keep: float,
    ) -> None:
        self._queue = queue
        self._post = post
        self._webhooks = {webhook.id: webhook for webhook in webhooks}
        self._observer = observer
        self._longest_wait = LOOK if shared else ALONE
        self._keep = keep
        self._news = asyncio.Event()
        self._busy: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._service: asyncio.Task[None] | None = None
        self._sweep_at = 0.0
        # By the loop's clock, as everything that waits; then nobody who lets it jump has to wait either.
        self._epoch = time.time() - asyncio.get_running_loop().time()

    async def __aenter__(self) -> Self:
        self._service = asyncio.create_task(self._serve(), name="courier")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._service is not None:
            self._service.cancel()
            await asyncio.wait([self._service])
        try:
            async with asyncio.timeout(FINISHING):
                await self._round()  # what calls have told while they ended
                while self._tasks:
                    await asyncio.wait(self._tasks)
                    await self._round()
        except (TimeoutError, StoreError) as error:
            log.warning("messages_left", attempts=len(self._tasks), problem=str(error) or "no answer")
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def now(self) -> float:
        """Seconds since the epoch. The loop's clock stands still while a machine sleeps."""
        return max(time.time(), self._epoch + asyncio.get_running_loop().time())

    def wake(self) -> None:
        """There is something new."""
        self._news.set()

    # -- the service --------------------------------------------------------------------------------

    async def _serve(self) -> None:
        while True:
            try:
                self._news.clear()
                await self._round()
                await self._sweep()
                due = await self._queue.next_due([*self._room()])
                wait = self._longest_wait if due is None else min(self._longest_wait, max(0.0, due - self.now))
            except StoreError as error:
                log.warning("messages_not_read", problem=str(error))
                wait = STORE_AWAY
            except Exception:  # a defect with one message must not stop all others
                log.exception("messages_failed")
                wait = STORE_AWAY
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _room(self) -> dict[str, int]:
        return {webhook: AT_ONCE - self._busy[webhook] for webhook in self._webhooks if self._busy[webhook] < AT_ONCE}

    async def _round(self) -> None:
        while room := self._room():
            claims = await self._queue.claim(room, now=self.now, seconds=LEASE)
            for claimed in claims:
                self._busy[claimed.delivery.webhook] += 1
                task = asyncio.create_task(self._attempt(claimed), name=f"message {claimed.delivery.id}")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            if not claims:
                return

    async def _sweep(self) -> None:
        """Bury what is meant for webhooks that are set up nowhere any more."""
        if self.now < self._sweep_at:
            return
        self._sweep_at = self.now + SWEEP
        others: Sequence[str] = [one for one in await self._queue.webhooks() if one not in self._webhooks]
        room = dict.fromkeys(others, SWEPT)
        for claimed in await self._queue.claim(room, now=self.now - ABANDONED, seconds=ABANDONED + LEASE):
            await self._bury(
                claimed, "expected a webhook with this URL and agent, but none is set up any more", tried=False
            )

    # -- one message --------------------------------------------------------------------------------

    async def _attempt(self, claimed: Claimed) -> None:
        webhook = self._webhooks[claimed.delivery.webhook]
        try:
            await self._deliver(claimed, webhook)
        except StoreError as error:  # when its lease has run out it is attempted again
            log.warning("message_not_settled", message=claimed.delivery.id, problem=str(error))
        except Exception:  # the same
            log.exception("message_failed", message=claimed.delivery.id)
        finally:
            self._busy[webhook.id] -= 1
            self.wake()

    async def _deliver(self, claimed: Claimed, webhook: Webhook) -> None:
        if claimed.disabled and not claimed.wanted:
            await self._bury(claimed, claimed.disabled, tried=False)
            return
        delivery = claimed.delivery
        reply = await self._post.send(webhook, delivery.id, delivery.body, within=WITHIN)
        if reply.arrived:
            await self._queue.delivered(claimed, now=self.now)
            self._tell("delivered")
            log.debug("message_delivered", message=delivery.id, type=delivery.type, attempts=claimed.attempts + 1)
        elif reply.status == GONE:
            log.error("webhook_disabled", webhook=delivery.url, problem=f"it has answered {GONE}")
            problem = f"{GONE}: the receiver wants no more messages, and is told nothing from now on"
            await self._bury(claimed, problem, disable=True)
        elif claimed.attempts >= len(SCHEDULE):
            await self._bury(claimed, reply.problem)
        else:
            delay = max(SCHEDULE[claimed.attempts] * random.uniform(1.0, 1.0 + JITTER), reply.wait)
            aside = claimed.attempts + 1 >= IN_ORDER
            await self._queue.postpone(
                claimed, until=self.now + delay, now=self.now, problem=reply.problem, aside=aside
            )
            self._tell("failed")
            log.warning(
                "message_not_delivered",
                message=delivery.id,
                type=delivery.type,
                webhook=delivery.url,
                attempts=claimed.attempts + 1,
                again_in=round(delay),
                problem=reply.problem,
            )

    async def _bury(self, claimed: Claimed, problem: str, *, tried: bool = True, disable: bool = False) -> None:
        keep = self._keep
        await self._queue.bury(claimed, now=self.now, keep=keep, problem=problem, tried=tried, disable=disable)
        self._tell("dead")
        log.error(
            "message_dead",
            message=claimed.delivery.id,
            type=claimed.delivery.type,
            webhook=claimed.delivery.url,
            attempts=claimed.attempts + tried,
            problem=problem,
        )

    def _tell(self, outcome: str) -> None:
        self._observer.tell("", 0.0, "message", {"outcome": outcome})
