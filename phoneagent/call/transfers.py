"""Callers who are connected to somebody else, and come back when that fails: never lost on the way.

What is decided stands in the call's record, so that any process can answer what the carrier asks next. Who is to be
asked first (`warm`) is called while the caller waits in a queue of their own; who takes the call by a key takes the
caller out of it. While somebody waits, the carrier asks again and again what they shall hear: whoever answers that
brings them back if nobody else has.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple

import structlog

from phoneagent.conversation.commands import Transfer
from phoneagent.conversation.entrance import Entrance
from phoneagent.conversation.policy import Phrasing
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import CarrierError, DialRefused, MisuseError, StoreError
from phoneagent.ports import CallControl, Documents, Observer, Store
from phoneagent.records import CallRecord, TransferOutcome, Transferring, TransferTarget

from .business_hours import is_open
from .emergency import WHAT_TO_SAY, is_emergency
from .equipped import EquippedAgent
from .phone_numbers import shown_number
from .summary import summary_of

log = structlog.stdlib.get_logger(__name__)

ACCEPT, DECLINE = "1", "2"
CONNECTING = 25.0  # seconds beyond the ringing until a key is pressed: a summary twice, and time to think
JOINING = 10.0  # seconds from the key to the moment at which both hear each other; it takes one or two
ENDING = 2.0  # seconds that what still runs gets at the end of the process

OUTCOMES: Mapping[str, TransferOutcome] = {
    "busy": "busy",
    "no-answer": "unanswered",
    "failed": "failed",
    "canceled": "unanswered",
    "completed": "declined",  # they have hung up without a key
}
"""How a call to somebody ended that nobody had taken, by the carrier's status of it."""

WHY: Mapping[str, str] = {
    "busy": "the line was busy",
    "unanswered": "nobody answered",
    "declined": "they did not take the call",
    "failed": "the call could not be made",
}


class NotNow(NamedTuple):
    """Why nobody is called at all: what the caller hears, and what the model shall know."""

    reason: str
    words: str
    note: str


def planned(equipped: EquippedAgent, wanted: Transfer, at: float, *, ours: str = "") -> Transferring | NotNow:
    """Whom a caller is to be connected to; `at`: seconds since the epoch. `ours`: the number that they talk with, where
    nobody but the agent would answer.
    """
    agent, phrasing = equipped.agent, equipped.agent.phrasing
    target = agent.transfer_targets.get(wanted.target)
    if target is None:
        if not (wanted.anywhere and wanted.target):
            note = f"There is nobody called {wanted.target!r} to transfer to: the caller is still here."
            return NotNow("unknown", phrasing.transfer_failed, note)
        target = TransferTarget(wanted.target)
    if is_emergency(target.to):  # in an agent that no file describes
        return NotNow("emergency", phrasing.transfer_emergency, f"{WHAT_TO_SAY} The caller is still here.")
    if ours and target.to == ours:
        note = f"{wanted.target} is our own number, where you would answer: the caller is still here."
        return NotNow("own_number", phrasing.transfer_failed, note)
    hours = agent.hours.get(target.hours)
    if hours is not None and not is_open(hours, at):
        words = target.closed or phrasing.transfer_closed
        return NotNow("closed", words, f"{wanted.target} is closed now: the caller is still here.")
    return Transferring(wanted.target, target, at)


def came_back(transfer: Transferring, outcome: TransferOutcome, phrasing: Phrasing) -> Entrance:
    """How the agent takes a caller back."""
    words = {
        "busy": phrasing.transfer_busy,
        "unanswered": phrasing.transfer_unanswered,
        "declined": phrasing.transfer_declined,
    }.get(outcome, phrasing.transfer_failed)
    why = WHY.get(outcome, WHY["failed"])
    return Entrance("return", words, f"The transfer to {transfer.name} failed: {why}. The caller is back with you.")


class Transfers:
    """Of all calls: any process may be asked how one goes on. `control`: None without the carrier's credentials."""

    def __init__(
        self,
        store: Store,
        documents: Documents,
        control: CallControl | None,
        observer: Observer,
        *,
        caller_id: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._documents = documents
        self._control = control
        self._observer = observer
        self._caller_id = caller_id
        self.now = now
        self._tasks: set[asyncio.Task[None]] = set()

    async def aclose(self) -> None:
        """Let what still runs come to its end, but not for long."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=ENDING)
        for task in self._tasks:
            task.cancel()

    # -- the caller leaves --------------------------------------------------------------------------

    async def call_target(self, record: CallRecord, equipped: EquippedAgent, turns: tuple[Turn, ...]) -> None:
        """Call whom the caller is to be connected to, if they are asked first, and think of what they are told.

        Raises `DialRefused` when nobody was called.
        """
        transfer = record.transfer
        if transfer is None or not transfer.target.warm or transfer.queue:
            return
        self._begin(self._tell_summary(record.id, equipped, turns), "summary")
        if self._control is None:
            return  # they are asked while they are dialled
        try:
            leg = await self._control.ring(
                transfer.target.to, caller_id=self._ours(record), call=record.id, ring_for=transfer.target.ring_for
            )
        except DialRefused:
            raise
        except CarrierError as error:  # they may be called all the same; if not, the caller comes back in time
            log.warning("transfer_uncertain", problem=str(error))
            return
        await self._store.update_call(record.id, transfer_leg=leg)

    def document(self, record: CallRecord) -> str:
        """What the carrier does with the caller now."""
        transfer = record.transfer
        assert transfer is not None  # noqa: S101 - asked only of calls that are transferred
        if transfer.queue:
            return self._documents.enqueue(transfer.queue)
        target = transfer.target
        if target.warm and self._control is not None:
            return self._documents.enqueue(_own_queue(record.id))
        ours = self._ours(record)
        caller_id = shown_number(record.caller.reveal()) or ours if record.direction == "inbound" else ours
        if not caller_id:
            log.warning("caller_id_missing", problem="the caller has no number to show: set TWILIO_PHONE_NUMBER")
        return self._documents.dial(
            target.to,
            caller_id=caller_id,
            ring_for=target.ring_for,
            talk_for=target.max_duration,
            ask_first=record.id if target.warm else "",
        )

    def _ours(self, record: CallRecord) -> str:
        """The number of ours that a call has to do with; a call by SIP has come to none."""
        ours = record.called if record.direction == "inbound" else record.caller
        return shown_number(ours.reveal(), self._caller_id)

    async def proceed(
        self, record: CallRecord, equipped: EquippedAgent, *, dialled: str, queued: str
    ) -> Entrance | None:
        """The caller is done with waiting or talking: how they come back, or None if the call is over.

        `dialled` and `queued`: how it ended, in the carrier's words.
        """
        transfer, outcome = record.transfer, record.transfer_outcome
        assert transfer is not None  # noqa: S101 - as above
        if queued == "hangup":
            await self.gone(record)
            return None
        met = dialled in ("completed", "answered") or queued == "bridged"
        if met and (outcome == "accepted" or not (outcome or transfer.target.warm)):  # a machine presses no key
            await self._over(record, "accepted")
            return None
        if outcome in ("", "accepted"):
            outcome = OUTCOMES.get(dialled, "unanswered" if queued in ("leave", "redirected") else "failed")
            await self._decide(record.id, outcome)
        self._tell(record.id, outcome)
        return came_back(transfer, outcome, equipped.agent.phrasing)

    async def gone(self, record: CallRecord | None) -> None:
        """The caller's call has ended: who is asked whether they take it need not be."""
        if record is not None and record.transfer is not None and _waits(record):
            await self._over(record, "gone")
            if record.transfer_leg:
                self._begin(self._hang_up(record.transfer_leg), "end leg")

    async def end(self, record: CallRecord) -> None:
        """End a caller's call that is with no process. Raises `CarrierError` and `StoreError`."""
        if self._control is None:
            raise MisuseError("a call cannot be ended without the carrier's credentials")
        await self._control.hang_up(record.id)
        if _waits(record):
            await self.gone(record)
        else:
            await self._store.close_call(record.id, status="completed", ended=self.now())
            self._observer.tell(record.id, 0.0, "call_over", {"status": "completed"})

    async def _over(self, record: CallRecord, outcome: TransferOutcome) -> None:
        now = self.now()
        await self._store.update_call(
            record.id, status="completed", ended=now, transfer_outcome=outcome, transfer_decided=now
        )
        if not record.transfer_outcome:
            self._tell(record.id, outcome)
        self._observer.tell(record.id, 0.0, "call_over", {"status": "completed"})

    # -- the caller waits ---------------------------------------------------------------------------

    async def hold(self, call: str, equipped: EquippedAgent | None, record: CallRecord | None, *, position: str) -> str:
        """What a caller hears who waits in a queue: music, or nothing any more."""
        if record is None or equipped is None or (transfer := record.transfer) is None:
            return self._documents.leave_queue()
        outcome, now = record.transfer_outcome, self.now()
        limit = transfer.target.wait_at_most if transfer.queue else transfer.target.ring_for + CONNECTING
        if not outcome and now - transfer.began > limit:
            await self._decide(call, "unanswered")
            if record.transfer_leg:
                self._begin(self._hang_up(record.transfer_leg), "end leg")
            return self._documents.leave_queue()
        if outcome == "accepted" and now - record.transfer_decided > JOINING:
            await self._decide(call, "failed")  # they wanted to, and have not come
            return self._documents.leave_queue()
        if outcome not in ("", "accepted"):
            return self._documents.leave_queue()
        agent = equipped.agent
        text = agent.transfer_phrases.waiting.replace("{position}", position) if transfer.queue and position else ""
        return self._documents.hold(agent.hold_music, text=text, language=agent.language)

    # -- somebody is asked whether they take the call -------------------------------------------------

    async def answered(self, record: CallRecord | None, equipped: EquippedAgent | None) -> str:
        """They have picked up: tell them who calls."""
        if record is None or equipped is None or record.transfer is None or not _waits(record):
            return self._gone(equipped)
        agent, summary = equipped.agent, record.transfer_summary
        self._observer.tell(record.id, 0.0, "transfer_answered", {"target": record.transfer.name})
        text = " ".join(agent.transfer_phrases.offer.replace("{summary}", summary).split())
        return self._documents.offer(record.id, text, language=agent.language)

    async def chosen(self, record: CallRecord | None, equipped: EquippedAgent | None, key: str) -> str:
        """They have pressed a key, or none (empty)."""
        if record is None or equipped is None or record.transfer is None or not _waits(record):
            return self._gone(equipped)
        if key == ACCEPT:
            await self._decide(record.id, "accepted")
            self._tell(record.id, "accepted")
            phrases, queue = equipped.agent.transfer_phrases, "" if self._control is None else _own_queue(record.id)
            talk_for = record.transfer.target.max_duration
            language = equipped.agent.language
            return self._documents.join(queue, otherwise=phrases.gone, language=language, talk_for=talk_for)
        await self._decide(record.id, "declined" if key else "unanswered")
        self._bring_back(record.id)
        agent = equipped.agent
        return self._documents.say_and_hang_up(agent.transfer_phrases.thanks, language=agent.language)

    async def leg_over(self, record: CallRecord | None, status: str) -> None:
        """The call to them has ended: if nobody has taken the caller, the agent takes them back."""
        if record is not None and record.transfer is not None and _waits(record) and status in OUTCOMES:
            await self._decide(record.id, OUTCOMES[status])
            self._bring_back(record.id)

    def _gone(self, equipped: EquippedAgent | None) -> str:
        if equipped is None:
            return self._documents.hang_up()
        agent = equipped.agent
        return self._documents.say_and_hang_up(agent.transfer_phrases.gone, language=agent.language)

    # -- in the background --------------------------------------------------------------------------

    def _bring_back(self, call: str) -> None:
        """At once; were it not to succeed, the caller comes back when the music is over."""
        if self._control is not None:
            self._begin(self._come_back(self._control, call), "bring back")

    async def _come_back(self, control: CallControl, call: str) -> None:
        try:
            await control.update(call, self._documents.come_back())
        except CarrierError as error:
            log.warning("caller_not_brought_back", problem=str(error))

    async def _hang_up(self, leg: str) -> None:
        if self._control is not None:
            try:
                await self._control.hang_up(leg)
            except CarrierError as error:
                log.warning("leg_not_ended", problem=str(error))

    async def _tell_summary(self, call: str, equipped: EquippedAgent, turns: tuple[Turn, ...]) -> None:
        try:
            await self._store.update_call(call, transfer_summary=await summary_of(equipped, turns))
        except StoreError as error:
            log.warning("summary_not_kept", problem=str(error))

    async def _decide(self, call: str, outcome: TransferOutcome) -> None:
        await self._store.update_call(call, transfer_outcome=outcome, transfer_decided=self.now())

    def _tell(self, call: str, outcome: TransferOutcome) -> None:
        name = "transfer_accepted" if outcome == "accepted" else "transfer_failed"
        self._observer.tell(call, 0.0, name, {} if outcome == "accepted" else {"reason": outcome})

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _waits(record: CallRecord) -> bool:
    """Whether the caller is still there, and nobody has decided."""
    return (
        record.ended is None
        and record.ended_reason == "transfer"
        and record.transfer is not None
        and not record.transfer_outcome
    )


def _own_queue(call: str) -> str:
    return f"phoneagent-{call}"
