"""Twilio's callbacks about one call: sent one after another while the call goes on, unless the way is bad."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple, Self

from .webhooks import WebhookFailed, Webhooks


@dataclass(frozen=True, slots=True)
class Delivery:
    """What happens to callbacks on their way, by event: `initiated`, `ringing`, `answered`, `completed`.

    Each is delivered `times` times; those in `lost` never are. `late`: seconds by which an event is overtaken by what
    comes after it. Twilio promises neither order nor exactly one.
    """

    times: int = 1
    lost: frozenset[str] = frozenset()
    late: Mapping[str, float] = field(default_factory=dict)


class _Callback(NamedTuple):
    event: str
    url: str
    method: str
    form: Mapping[str, str]


class Callbacks:
    """`async with Callbacks(...)`: leaving the block in peace waits until all are delivered."""

    def __init__(
        self,
        webhooks: Webhooks,
        delivery: Delivery,
        *,
        report: Callable[[int, str], None],
        note: Callable[..., None],
    ) -> None:
        self._webhooks = webhooks
        self._delivery = delivery
        self._report = report
        self._note = note
        self._queue: asyncio.Queue[_Callback | None] = asyncio.Queue()
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._group.create_task(self._deliver_all())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._queue.put_nowait(None)
        try:
            await self._group.__aexit__(kind, error, traceback)
        except BaseExceptionGroup as group:
            if len(group.exceptions) == 1:  # nothing here raises but the simulation's own mistakes: told as they are
                raise group.exceptions[0] from None
            raise

    def send(self, event: str, url: str, method: str, form: Mapping[str, str]) -> None:
        """Send a form to the product, after all that was sent before."""
        self._queue.put_nowait(_Callback(event, url, method, form))

    async def _deliver_all(self) -> None:
        while (callback := await self._queue.get()) is not None:
            if callback.event in self._delivery.lost:
                continue
            if late := self._delivery.late.get(callback.event):
                self._group.create_task(self._deliver(callback, after=late))
            else:
                await self._deliver(callback)

    async def _deliver(self, callback: _Callback, *, after: float = 0.0) -> None:
        await asyncio.sleep(after)
        for _ in range(self._delivery.times):
            self._note("callback", url=callback.url, event=callback.form.get("CallStatus") or callback.event)
            try:
                await self._webhooks.notify(callback.url, callback.form, method=callback.method)
            except WebhookFailed as exc:
                self._report(exc.code, exc.problem)
