"""Makes messages to the operator's own systems out of what is told of calls: docs/webhooks.md in code.

It is given what goes into the event logs of calls, in the same order, and by the same task: nobody in a call waits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import structlog

from phoneagent.deliveries import Delivery, MessageType, Taken, Webhook
from phoneagent.errors import StoreError
from phoneagent.ports import Observer, Store
from phoneagent.records import LAST_STEP, CallRecord, LogEntry, Order

from .happenings import STATUS, STEPS

log = structlog.stdlib.get_logger(__name__)

MADE_OF: Mapping[str, tuple[MessageType, Mapping[str, Any]]] = {
    "turn": ("turn.ended", {}),
    "tool_called": ("tool.called", {}),
    "tool_returned": ("tool.returned", {}),
    "transferring": ("call.transfer", {"state": "begun"}),
    "transfer_answered": ("call.transfer", {"state": "answered"}),
    "transfer_accepted": ("call.transfer", {"state": "accepted"}),
    "transfer_failed": ("call.transfer", {"state": "failed"}),
}
"""By the names in event logs; `status` is told apart below."""

ONCE: Collection[MessageType] = ("call.started", "call.ended", "call.analysed")
"""Of each call, whoever tells it: several processes may."""

ID_LENGTH = 32  # hexadecimal digits: nobody finds two with the same


class _Call(NamedTuple):
    """`name`: in event logs; `agents`: all that have had it so far."""

    name: str
    shown: Mapping[str, Any]
    agents: frozenset[str]


class _Message(NamedTuple):
    """`name`: the same for the same message, whoever makes it. `at`: RFC 3339."""

    kind: MessageType
    name: str
    at: str
    data: Mapping[str, Any]


class Outbox:
    """Takes what is told of calls, for `webhooks`; `wake` is called when there is something to deliver."""

    def __init__(self, store: Store, webhooks: Iterable[Webhook], observer: Observer, wake: Callable[[], None]) -> None:
        self._store = store
        self._webhooks = tuple(webhooks)
        self._observer = observer
        self._wake = wake

    async def append(self, writer: str, first: int, entries: Sequence[LogEntry], *, now: float) -> None:
        """See `ports.EventLog.append`: repeating it is harmless. Raises `StoreError`."""
        calls: dict[str, _Call] = {}
        deliveries: list[Delivery] = []
        for number, entry in enumerate(entries, first):
            kind, fields = _message(entry)
            if kind is None or not any(webhook.wants(kind) for webhook in self._webhooks):
                continue
            if entry.log not in calls:
                calls[entry.log] = await self._call(entry.log)
            told = msgspec.json.decode(entry.data)
            at, call = told.pop("at"), calls[entry.log]
            name = f"{entry.log} {kind}" if kind in ONCE else f"{writer} {number}"
            deliveries += self._deliveries(_Message(kind, name, at, {**told, **fields}), call, now=now)
        await self._put(deliveries, now)

    async def analysed(self, call: str, at: str, report: Mapping[str, Any], *, now: float) -> None:
        """The report of a call that is over is there. `call`: its name in logs; `at`: RFC 3339. Raises `StoreError`."""
        message = _Message("call.analysed", f"{call} call.analysed", at, {"report": report})
        await self._put(self._deliveries(message, await self._call(call), now=now), now)

    def _deliveries(self, message: _Message, call: _Call, *, now: float) -> list[Delivery]:
        """One for each URL that is to be told: whoever receives the messages of several agents gets it once."""
        data = {"call": call.shown, **message.data}
        body = _json({"type": message.kind, "timestamp": message.at, "data": data})
        receivers: dict[str, Webhook] = {}
        for webhook in self._webhooks:
            if webhook.wants(message.kind) and (not webhook.agent or webhook.agent in call.agents):
                receivers.setdefault(webhook.url, webhook)
        return [
            Delivery(_id(message.name, webhook), webhook.id, webhook.shown, call.name, message.kind, now, body)
            for webhook in receivers.values()
        ]

    async def _put(self, deliveries: Sequence[Delivery], now: float) -> None:
        if not deliveries:
            return
        taken = await self._store.deliveries.put(deliveries, now=now)
        for outcome, count in taken._asdict().items():
            if count:
                log.warning("messages_not_taken", reason=outcome, messages=count, problem=_EXPLAINED[outcome])
            for _ in range(count):
                self._observer.tell("", 0.0, "message", {"outcome": outcome})
        self._wake()

    async def _call(self, name: str) -> _Call:
        """What is known of a call. Raises `StoreError` while the store is away; what it cannot read is not known."""
        try:
            order = await self._store.orders.load(name)
            record = await self._store.load_record(order.call if order else name)
        except StoreError as error:
            await self._store.ping()  # if it is away
            log.warning("message_without_record", problem=str(error))
            order = record = None
        return _Call(name, _shown(name, order, record), _agents(order, record))


_EXPLAINED = {
    "no_room": "too many wait for their receiver",
    "disabled": "the receiver has answered 410; `phoneagent webhooks redeliver` enables it",
}
assert _EXPLAINED.keys() == set(Taken._fields)  # noqa: S101  # two places with the same names


def _message(entry: LogEntry) -> tuple[MessageType | None, Mapping[str, Any]]:
    """Which message an entry makes, and what it says beside the entry; None: none."""
    if entry.event == STATUS:
        if entry.step == LAST_STEP:
            return "call.ended", {}
        return ("call.started" if entry.step == STEPS["in-progress"] else None), {}
    return MADE_OF.get(entry.event, (None, {}))


def _shown(name: str, order: Order | None, record: CallRecord | None) -> dict[str, Any]:
    """In the words of the REST interface."""
    shown: dict[str, Any] = {"id": name, "carrier_id": "" if order else name}
    if order is not None:
        shown |= {
            "carrier_id": order.call,
            "direction": "outbound",
            "agent": order.agent,
            "from": order.caller_id.reveal(),
            "to": order.to.reveal(),
            "metadata": order.metadata,
        }
    elif record is not None:
        shown |= {
            "direction": record.direction,
            "from": record.caller.reveal(),
            "to": record.called.reveal(),
            "metadata": record.metadata,
        }
    if record is not None:
        shown["agent"] = record.agent
    return shown


def _agents(order: Order | None, record: CallRecord | None) -> frozenset[str]:
    found = {order.agent} if order is not None else set()
    if record is not None:
        found |= {record.agent, *(name for held in record.held for name in (held.agent, held.before))}
    return frozenset(found - {""})


def _json(value: Mapping[str, Any]) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half a character, which some JSON of others lets through; escaped it is good JSON
        return json.dumps(msgspec.to_builtins(value))


def _id(name: str, webhook: Webhook) -> str:
    """The same for the same message, whoever makes it."""
    digest = hashlib.sha256(f"{name}\n{webhook.id}".encode(errors="surrogatepass")).hexdigest()
    return "msg_" + digest[:ID_LENGTH]
