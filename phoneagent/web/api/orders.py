"""Placing calls: what may be asked for, and the order that it becomes."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from phoneagent.call.business_hours import calling_hours
from phoneagent.call.equipped import EquippedAgent
from phoneagent.call.switchboard import Switchboard
from phoneagent.call.variables import needed_variables
from phoneagent.errors import KeyReused
from phoneagent.plain_text import plain
from phoneagent.ports import OrderBook
from phoneagent.private import Private
from phoneagent.records import Agent, CallingHours, OnMachine, Order

from .bodies import NO_CONTROLS, ONE_LINE, Body, kept, read
from .problems import Misfit, Problem, misfit, misfits, unknown_call
from .representations import CallView, answer, rfc3339
from .resource import SUBJECT, Subject

MOST_PAIRS = 50
LONGEST_NAME = 64  # characters
LONGEST_VALUE = 2000  # characters; instructions of this length are already slow to read for a model
LONGEST_KEY = 255
LONGEST_CALL = 4 * 3600  # seconds; Twilio's usual limit, and more than anybody should talk with a machine
FARTHEST = timedelta(days=30)  # how far ahead a call may be scheduled; what is kept longer is a calendar

Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=ONE_LINE), AfterValidator(kept)]
Value = Annotated[str, StringConstraints(max_length=LONGEST_VALUE, pattern=NO_CONTROLS), AfterValidator(plain)]
PAIRS = (
    f"at most {MOST_PAIRS} pairs of texts, names of 1 to {LONGEST_NAME} characters, values of up to {LONGEST_VALUE}, "
    "without control characters"
)
NUMBER = "a telephone number with its country code, such as +15551234567"
MESSAGE = f"a text of 1 to {LONGEST_VALUE} characters, without control characters, for machine_detection voicemail"
WHEN = "a time with its zone, such as 2030-01-31T09:00:00Z"


LONGEST_HOURS = 300  # characters; two periods a day
HOURS = "any, or comma-separated days and times where the callee is, such as mon-fri 08:00-21:00, sat 10:00-18:00"


def _hours(text: str) -> str:
    calling_hours(text)
    return text


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("expected a time zone") from error
    return name


class WantedCall(Body):
    """The body of `POST /v1/calls`."""

    to: str = Field(min_length=1, max_length=40, description=NUMBER)
    caller_id: str | None = Field(None, alias="from", min_length=1, max_length=40, description=NUMBER)
    agent: str | None = Field(None, description="the name of an agent, as a text")
    variables: dict[Name, Value] = Field(default_factory=dict, max_length=MOST_PAIRS, description=PAIRS)
    metadata: dict[Name, Value] = Field(default_factory=dict, max_length=MOST_PAIRS, description=PAIRS)
    machine_detection: OnMachine = Field("ignore", description="ignore, hang_up or voicemail")
    voicemail_message: (
        Annotated[
            str, StringConstraints(min_length=1, max_length=LONGEST_VALUE, pattern=NO_CONTROLS), AfterValidator(kept)
        ]
        | None
    ) = Field(None, description=MESSAGE)
    ring_timeout: int = Field(30, ge=5, le=600, description="seconds, a whole number from 5 to 600")
    max_duration: int = Field(
        3600, ge=10, le=LONGEST_CALL, description=f"seconds, a whole number from 10 to {LONGEST_CALL}"
    )
    not_before: AwareDatetime | None = Field(None, description=WHEN)
    not_after: AwareDatetime | None = Field(None, description=WHEN)
    calling_hours: Annotated[str, StringConstraints(max_length=LONGEST_HOURS), AfterValidator(_hours)] | None = Field(
        None, description=HOURS
    )
    timezone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_timezone)] | None = Field(
        None, description="the callee's time zone, such as Europe/Berlin, in place of that of their number"
    )


class Wish(NamedTuple):
    """A call as it is asked for: the fields of an `Order`, however they were written."""

    to: Private[str]
    caller_id: Private[str]
    agent: str
    variables: Mapping[str, str]
    metadata: Mapping[str, str]
    machine: OnMachine
    voicemail: str
    ring_for: int
    max_duration: int
    not_before: float
    not_after: float | None
    hours: CallingHours | None

    @property
    def fingerprint(self) -> str:
        """The same for what means the same: not the order of variables, nor how numbers and times are written."""
        hours = self.hours and asdict(self.hours)
        values = {**self._asdict(), "to": self.to.reveal(), "caller_id": self.caller_id.reveal(), "hours": hours}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


class Rules(Protocol):
    """`call.calling_rules.CallingRules`."""

    def checked_number(self, field: str, number: str) -> str:
        """In E.164 form. Raises `OrderRefused` for what is no number, and where we do not call."""

    async def expect_welcome(self, order: Order) -> None:
        """Raises `UnwantedCall` for a number on the do-not-call list, `OrderRefused` for our own, and `StoreError`."""

    def hours_of(self, agent: str) -> CallingHours:
        """In which an agent calls people."""

    def opens(self, order: Order, at: float) -> float:
        """When it may be dialled, from `at` on. Raises `OrderRefused`."""


class OrderDesk(Protocol):
    """What taking calls back needs beside the book."""

    async def cancel(self, order: str) -> Order | None:
        """Have it not dialled, or no longer ring. The order as it is then; None when unknown.

        Raises `StoreError` and `CarrierError`.
        """


class Orders:
    """Endpoints about calls that are wanted. `caller_id`: the number that is shown where none is named, or empty."""

    def __init__(
        self,
        board: Switchboard,
        book: OrderBook,
        desk: OrderDesk,
        rules: Rules,
        *,
        caller_id: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._board = board
        self._book = book
        self._desk = desk
        self._rules = rules
        self._caller_id = caller_id
        self._now = now

    async def place(self, request: Request) -> Response:
        """Write an order down; somebody will dial. With an `Idempotency-Key`, once however often it is asked for."""
        key = _key(request)
        wanted = await read(request, WantedCall)
        wish = self._wish(wanted)
        fingerprint = wish.fingerprint
        try:
            known = await self._book.known(key, fingerprint=fingerprint) if key else None
            order = known or await self._book.create(await self._order(wish), key=key, fingerprint=fingerprint)
        except KeyReused as error:
            raise Problem(409, "key-reused", "Idempotency key reused", str(error)) from error
        request.scope[SUBJECT] = Subject(order.id, order.to)
        shown = CallView.of_order(order, None)
        return answer(shown, 201, headers={"Location": f"/v1/calls/{order.id}"})

    async def cancel(self, request: Request) -> Response:
        """Before the answer: afterwards `hangup` is what ends a call. 202 while the carrier has yet to say so."""
        name = request.path_params["call"]
        if (known := await self._book.load(name)) is None or (order := await self._desk.cancel(known.id)) is None:
            raise unknown_call(name)
        request.scope[SUBJECT] = Subject(name, order.to)
        if order.status in ("in-progress", "completed", "busy", "no-answer", "failed"):
            raise Problem(
                409, "too-late", "Too late", f"expected a call that was not answered yet; this one is {order.status}"
            )
        return answer(CallView.of_order(order, None), 200 if order.status == "canceled" else 202)

    def _wish(self, wanted: WantedCall) -> Wish:
        """What is asked for. Raises what is wrong with it at any time of the day."""
        agent = self._agent(wanted.agent).agent
        voicemail = self._voicemail(wanted, agent)
        if missing := sorted(needed_variables(agent, voicemail=voicemail) - wanted.variables.keys()):
            raise misfits(
                [
                    Misfit(field=f"variables.{name}", detail=f"missing; agent {agent.name!r} speaks of it")
                    for name in missing
                ]
            )
        if not (caller_id := wanted.caller_id or self._caller_id):
            raise misfit("from", f"missing; expected {NUMBER}, for TWILIO_PHONE_NUMBER is not set")
        return Wish(
            to=Private(self._rules.checked_number("to", wanted.to)),
            caller_id=Private(self._rules.checked_number("from", caller_id) if wanted.caller_id else caller_id),
            agent=agent.name,
            variables=wanted.variables,
            metadata=wanted.metadata,
            machine=wanted.machine_detection,
            voicemail=wanted.voicemail_message or "",
            ring_for=wanted.ring_timeout,
            max_duration=wanted.max_duration,
            not_before=wanted.not_before.timestamp() if wanted.not_before else 0.0,
            not_after=wanted.not_after.timestamp() if wanted.not_after else None,
            hours=self._hours(wanted, agent),
        )

    def _hours(self, wanted: WantedCall, agent: Agent) -> CallingHours | None:
        """Those of the order alone; None where it says nothing of them."""
        hours = calling_hours(wanted.calling_hours) if wanted.calling_hours is not None else None
        if wanted.timezone is None:
            return hours
        return replace(hours or self._rules.hours_of(agent.name), timezone=wanted.timezone)

    async def _order(self, wish: Wish) -> Order:
        """The order of it, if it can be carried out from now on."""
        now, not_before, not_after = self._now(), wish.not_before, wish.not_after
        if not_before > now + FARTHEST.total_seconds():
            raise misfit("not_before", f"expected a time within the next {FARTHEST.days} days")
        if not_after is not None and not now <= not_after <= max(now, not_before) + FARTHEST.total_seconds():
            raise misfit("not_after", f"expected a time to come, at most {FARTHEST.days} days after not_before")
        if not_after is not None and not_before and not_after <= not_before:
            raise misfit(
                "not_after",
                f"expected a time after not_before, which is {rfc3339(datetime.fromtimestamp(not_before, UTC))}",
            )
        order = Order(id="PC" + secrets.token_hex(16), created=now, **wish._asdict())
        await self._rules.expect_welcome(order)
        opens = self._rules.opens(order, order.due)
        if not_after is not None and opens > not_after:
            raise misfit(
                "not_after",
                f"expected a time after {rfc3339(datetime.fromtimestamp(opens, UTC))}, when the callee's hours begin; "
                "see calling_hours",
            )
        return replace(order, waits_until=opens if opens > order.due else 0.0)

    def _voicemail(self, wanted: WantedCall, agent: Agent) -> str:
        """The message for machines, if they shall get one."""
        if wanted.machine_detection != "voicemail":
            if wanted.voicemail_message:
                raise misfit("voicemail_message", "expected none, unless machine_detection is voicemail")
            return ""
        if not (message := wanted.voicemail_message or agent.phrasing.voicemail):
            raise misfit(
                "voicemail_message",
                f"missing; agent {agent.name!r} has no message: expected one in the "
                "request, or `voicemail` under [phrases] in the agent's file",
            )
        return message

    def _agent(self, name: str | None) -> EquippedAgent:
        agents = self._board.agents
        if name is None:
            return next(iter(agents.values()))
        if name not in agents:
            raise misfit("agent", f"expected one of {', '.join(agents)}")
        return agents[name]


def _key(request: Request) -> str:
    """The idempotency key, of this API key's holder: two who both count from 1 are no one."""
    given = request.headers.get("idempotency-key")
    if given is None:
        return ""
    if not (0 < len(given) <= LONGEST_KEY and given.isascii() and given.isprintable()):
        raise misfit("Idempotency-Key", f"expected 1 to {LONGEST_KEY} printable ASCII characters")
    holder = request.headers.get("authorization", "").partition(" ")[2].strip()
    return hashlib.sha256(f"{holder}\n{given}".encode()).hexdigest()
