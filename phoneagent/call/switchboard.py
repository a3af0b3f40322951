"""The calls of one process: those that ring, those that talk, and whether there is room for another."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import structlog

from phoneagent.conversation.entrance import BY_CALL, Entrance
from phoneagent.conversation.languages import language_of
from phoneagent.errors import CarrierError, ProviderError, StoreError
from phoneagent.ports import MediaStream, Speech, Transcription
from phoneagent.records import FINAL_STATUSES, CallPage, CallRecord, CallStatus, StoredCall, StreamStarted

from .admission import Admission
from .call import NOTED, OVER, Call, Lines, Surroundings
from .equipped import EquippedAgent, fixed_phrases
from .incoming import NOTHING, Reception, Refused
from .recorder import Recorder
from .recording_keeper import expire_at_carrier
from .scribe import Scribe
from .steering import Control, Outcome
from .unfinished import unfinished
from .variables import variables_of

log = structlog.stdlib.get_logger(__name__)

TOKEN_LIFE = 60.0  # seconds from the webhook to the media stream; Twilio takes one or two
RINGING = 20.0  # seconds for which connections made for a call wait for its media stream
CONNECT = 5.0  # seconds for a provider to take a connection; longer than the adapters' own limits
STORED = 1.0  # seconds the store has to take a new call; the caller hears it ring for so long
LOAD = 0.3  # seconds the store has to bring a call's history; then we go on with what was known when it rang
RESUMES = 5  # how often one call is carried on; more than that is a loop
ASKED = 3.0  # seconds after the end of a media stream in which the carrier asks how the call goes on
WAIT_AT_MOST = 300.0  # seconds for which callers wait for room
WAITS = 5  # times that somebody else took the room a caller had waited for
FOR_ROOM = "queue"  # as `overflow`: callers wait here
AGAIN = 60  # times that the carrier is told to ask another process, the first at once, then once a second
FINISHING = 2.0  # seconds a call gets to save its last turns before it is carried on
KEEPING = 5.0  # seconds for recordings, when the server ends; the others are completed when it runs again
SETTLE = 600.0  # seconds for which what a store that is away has not taken of a call is kept for it

ERRANDS = frozenset({"keys", "moved", "handover"})
"""Why a call may have left its media stream on purpose, to come back with what the record says of its entrance."""

NONE: Mapping[str, Any] = {}

Connection = TypeVar("Connection", Transcription, Speech)


@dataclass(slots=True)
class _Ringing:
    """A call that waits for its media stream. Where the store did not take it: `token` is the one it must bring, and
    `changes` are those of its record that are to be written later. `given`: the token that the store has of it, the
    same however often the carrier asks; `admitted`: whether its stream has come.
    """

    known: StoredCall
    lines: Lines
    discard: asyncio.TimerHandle
    stored: bool = True
    token: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    given: str = ""
    admitted: bool = False


class Switchboard:
    """Use as an asynchronous context manager: leaving it ends what is left."""

    def __init__(
        self,
        agents: Mapping[str, EquippedAgent],
        around: Surroundings,
        *,
        max_calls: int,
        lag: Callable[[], float] | None = None,
        overflow: str = "",
        journals: Path | None = None,
        reception: Reception | None = None,
    ) -> None:
        """`lag`: how late the event loop is, in seconds. `overflow`: where calls go that find no room, or `queue`.
        `reception`: has a say in calls that come in.
        """
        self.agents = agents
        self.draining = False
        self._moved: dict[str, float] = {}  # calls left to other processes, until the carrier asks how they go on
        self.closing = False  # the server ends: what would go on for long must not
        self._around = around
        self._admission = Admission(max_calls, lag)
        self._overflow = overflow
        self._journals = journals
        self._reception = reception
        self._deciding: set[str] = set()  # calls about which somebody is asked
        self._ringing: dict[str, _Ringing] = {}
        self._live: dict[str, Call] = {}
        self._unsettled: dict[str, Scribe] = {}  # calls that ended here, of which the store lacks something
        self._tasks: set[asyncio.Task[None]] = set()
        self._greetings: list[asyncio.Task[None]] = []
        self._phrases: list[asyncio.Task[None]] = []
        self._keeping: set[asyncio.Task[None]] = set()  # recordings on the way to where they are kept

    async def __aenter__(self) -> Self:
        for equipped in self.agents.values():
            greeting, phrases = self._warm(equipped, equipped.agent.phrasing.greeting)
            self._greetings.append(greeting)
            self._phrases.append(phrases)
        return self

    async def warmed(self) -> None:
        """Wait until greetings and fixed phrases are spoken and kept, or have turned out not to be to be had."""
        if self._phrases:
            await asyncio.wait(self._phrases)

    async def __aexit__(self, *_: object) -> None:
        self.draining = self.closing = True
        discarded = [self._begin(_close(ringing.lines), "discard") for ringing in self._ringing.values()]
        for ringing in self._ringing.values():
            ringing.discard.cancel()
        self._ringing.clear()
        for live in self._live.values():
            live.stop("the server was stopped")
        await asyncio.gather(*(live.finished(within=FINISHING) for live in self._live.values()))
        if discarded:
            await asyncio.wait(discarded, timeout=FINISHING)
        if self._keeping:
            await asyncio.wait(self._keeping, timeout=KEEPING)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2.0)

    # -- room ---------------------------------------------------------------------------------------

    @property
    def calls(self) -> int:
        """Calls that talk or ring."""
        return len(self._live.keys() | self._ringing.keys() | self._deciding)

    @property
    def max_calls(self) -> int:
        """So many it takes at the most, however calm the event loop is."""
        return self._admission.max_calls

    @property
    def room(self) -> int:
        """How many more calls are welcome; none while draining, or while the event loop is late."""
        return 0 if self.draining or self.full else self._admission.max_calls - self.calls

    @property
    def full(self) -> bool:
        """Whether another call would harm those in progress."""
        return bool(self._admission.closed(self.calls))

    @property
    def ready(self) -> bool:
        """Whether a call is welcome. One that comes earlier is answered all the same, a little later.

        It is once greetings are spoken. The dozen fixed phrases take the voice ten times as long, and nobody needs
        them in the first seconds of a call; until they are kept, they are spoken when they are due.
        """
        return not self.draining and not self.full and all(task.done() for task in self._greetings)

    @property
    def deserted(self) -> bool:
        """Whether nobody needs this process any more: no call is here, and none that was asks how it goes on."""
        now = asyncio.get_running_loop().time()
        self._moved = {call: until for call, until in self._moved.items() if until > now}
        return not self.calls and not self._moved

    def move(self) -> bool:
        """Leave all calls to other processes, each at a moment at which nobody notices. May be repeated.

        False where calls are kept in memory: there is nobody to leave them to.
        """
        self.draining = True
        if not self._around.store.shared:
            return False
        for live in list(self._live.values()):
            live.move()
        return True

    def carries(self, call: str) -> bool:
        """Whether the call talks or rings here."""
        return call in self._live or call in self._ringing

    def live(self, call: str) -> Call | None:
        """The call, if this process carries it."""
        return self._live.get(call)

    def steer(self, call: str, control: Control) -> Outcome:
        """Do what an operator wants of a call that this process carries; for `SteeringLine.serve`."""
        live = self._live.get(call)
        return "nobody" if live is None else live.steer(control)

    async def find(self, call: str) -> tuple[CallRecord | None, EquippedAgent | None]:
        """A call's record and its agent, as far as they are known. Raises `StoreError`."""
        stored = await self._around.store.load_call(call) if call else None
        return (stored.record, self.agents.get(stored.record.agent)) if stored else (None, None)

    async def look_up(self, call: str) -> StoredCall | None:
        """A call's record and its turns as they were heard. Raises `StoreError`."""
        return await self._around.store.load_call(call)

    async def look_up_record(self, call: str) -> CallRecord | None:
        """Without the turns. Raises `StoreError`."""
        return await self._around.store.load_record(call)

    async def page(self, *, cursor: str, limit: int) -> CallPage:
        """Calls that nobody ordered; see `Store.page_calls`."""
        return await self._around.store.page_calls(cursor=cursor, limit=limit)

    async def over(self, call: str, status: CallStatus, *, talked: float) -> bool:
        """The carrier says that a call is over, `talked` seconds after the answer. False when it is unknown.

        The calls themselves write down how they end; this is for one whose process has died, or that went on with
        somebody else. Harmless when repeated, also much later. Raises `StoreError`.
        """
        if call in self._live or call in self._unsettled:
            return True
        record = await self._around.store.load_record(call)
        if record is None:
            return False
        await self._around.transfers.gone(record)
        answered = record.answered or record.started
        if record.ended is None or talked:
            ended = answered + talked if talked else time.time()
            await self._around.store.close_call(call, status=status, ended=ended)
        return True

    async def recorded(self, call: str, recording: str, status: str, seconds: float) -> None:
        """The carrier says what has become of its own recording. Raises `StoreError`."""
        record = await self._around.store.load_record(call)
        if record is not None:
            if (equipped := self.agents.get(record.agent)) is not None:  # the call may not have got so far
                await expire_at_carrier(self._around.store, equipped.agent.recording, recording)
            changes: dict[str, Any] = {"carrier_recording": recording, "carrier_recording_status": status}
            await self._around.store.update_call(call, carrier_recording_seconds=seconds, **changes)

    # -- what the carrier asks ----------------------------------------------------------------------

    async def incoming(
        self,
        record: CallRecord,
        *,
        asked: str = "/twilio/voice",
        again: int = 0,
        waited: float = 0.0,
        details: Mapping[str, str] = NOTHING,
    ) -> str:
        """A call rings: the document that answers it. Its agent must be one of `agents`.

        `asked`: what the carrier has asked, to be asked again of a process that stays; `again`: how often it was;
        `waited`: seconds that the caller has waited for room. `details`: what else the carrier tells of the caller.
        """
        if self.draining or (self.full and record.id not in self._ringing):
            return self._refuse(record.agent, asked, again, waited)
        if record.id in self._live or self._has_its_stream(record.id):
            return self._not_again(record.id, over=False)
        record = replace(record, started=record.started or time.time())
        if self._reception is not None and record.direction == "inbound":
            received = await self._receive(record, self._reception, details)
            if isinstance(received, Refused):
                return await self._turn_away(record, received)
            record = received
        self._prepare(StoredCall(record, ()))
        try:
            async with asyncio.timeout(STORED):
                await self._around.store.create_call(record)
                known = await self._around.store.load_record(record.id)
                if known is not None and known.started != record.started and (known.answered or known.ended):
                    return self._not_again(record.id, over=known.ended is not None)
                document = await self._connect(record.id)
        except (TimeoutError, StoreError) as error:
            log.warning("call_not_stored", problem=str(error) or f"no answer within {STORED} s")
            document = self._connect_here(record.id)
        rings = {"direction": record.direction, "agent": record.agent, "order": record.order}
        self._around.observer.tell(record.id, 0.0, "call_rings", rings)
        return document

    async def _receive(
        self, record: CallRecord, reception: Reception, details: Mapping[str, str]
    ) -> CallRecord | Refused:
        """What the operator's system says of a call. It takes up room meanwhile, and is asked about once."""
        if (ringing := self._ringing.get(record.id)) is not None:
            return ringing.known.record
        self._deciding.add(record.id)
        try:
            return await reception.receive(record, details)
        finally:
            self._deciding.discard(record.id)

    async def _turn_away(self, record: CallRecord, refused: Refused) -> str:
        """The call is over before it began, and is kept as one that was refused."""
        log.info("call_turned_away", how=refused.how)
        over = replace(record, status=refused.status, ended=time.time(), ended_reason="refused")
        try:
            async with asyncio.timeout(STORED):
                await self._around.store.create_call(over)
        except (TimeoutError, StoreError) as error:
            log.warning("call_not_stored", problem=str(error) or f"no answer within {STORED} s")
        told = {"how": refused.how, "status": refused.status}
        self._around.observer.tell(record.id, 0.0, "call_turned_away", told)
        documents = self._around.documents
        if refused.how == "say":
            return documents.say_and_hang_up(refused.words, language=self.agents[record.agent].agent.language)
        return documents.reject(busy=refused.how == "busy")

    def _not_again(self, call: str, *, over: bool) -> str:
        """A call that was answered rings again: somebody repeats a request that the carrier has signed once, and must
        not get a token for it. Should it be the carrier after all, it asks how the call goes on.
        """
        log.warning("call_rings_again", over=over)
        ringing = self._ringing.get(call)
        if ringing is not None and not ringing.admitted:  # else its stream is about to take what was prepared
            self._take_ringing(call)
            self._begin(_close(ringing.lines), f"discard {call}")
        return self._around.documents.hang_up() if over else self._around.documents.ask_again(1)

    def wait(self, *, position: str, waited: float) -> str:
        """What a caller hears who waits for room: music, until it is their turn, or it has taken too long.

        `position`: in the queue, from 1, as the carrier writes it; `waited`: seconds.
        """
        documents = self._around.documents
        if (self.room and position == "1") or waited >= WAIT_AT_MOST:
            return documents.leave_queue()
        language = self._language()
        return documents.hold("", text="" if waited else language_of(language).queued, language=language)

    def _refuse(self, agent: str, asked: str, again: int, waited: float) -> str:
        """Never silence: another process, another place, or a word."""
        reason = "draining" if self.draining else self._admission.closed(self.calls)
        log.warning("call_refused", reason=reason, calls=self.calls)
        self._around.observer.tell("", 0.0, "refused", {"reason": reason})
        documents = self._around.documents
        if self.draining and self._around.store.shared and again < AGAIN:
            return documents.ask_again(again + 1, what=asked)
        if self._overflow == FOR_ROOM and again < WAITS and waited < WAIT_AT_MOST:
            return documents.wait_for_room(again + 1, what=asked)
        if self._overflow not in ("", FOR_ROOM) and not again:
            return documents.send_on(self._overflow)
        language = self._language(agent)
        return documents.say_and_hang_up(language_of(language).busy, language=language)

    def broken(self, agent: str = "") -> str:
        """What callers of an agent hear when something of ours does not work; of any agent, if it is not known."""
        language = self._language(agent)
        return self._around.documents.say_and_hang_up(language_of(language).broken, language=language)

    def _language(self, agent: str = "") -> str:
        """What an agent speaks, or all of them do; empty if they do not agree."""
        if agent in self.agents:
            return self.agents[agent].agent.language
        spoken = {equipped.agent.language for equipped in self.agents.values()}
        return spoken.pop() if len(spoken) == 1 else ""

    async def proceed(self, call: str, *, dialled: str = "", queued: str = "", again: int = 0) -> str:
        """The media stream of a call is over, whoever closed it: the document that says how it goes on.

        `dialled`, `queued`: how connecting the caller to somebody else ended, or their waiting for it, in the carrier's
        words; empty if that was not it.
        `again`: how often the carrier was told to ask again, for a process that stays.
        """
        documents = self._around.documents
        if (ending := self._live.get(call)) is not None:
            await ending.finished(within=FINISHING)
            if self._live.get(call) is ending and ending.is_heard and again < AGAIN:
                log.warning("call_goes_on")  # somebody repeats an old request, or the carrier is early
                return documents.ask_again(again + 1)
        self._moved.pop(call, None)
        stored = await self._look_up(call)
        if stored is None or (record := stored.record).agent not in self.agents:
            return documents.hang_up()
        entrance = record.entrance if record.ended_reason in ERRANDS else unfinished(stored)
        if record.ended_reason == "transfer" and record.transfer is not None:
            if not (dialled or queued or record.transfer_outcome):
                return self._around.transfers.document(record)
            equipped = self.agents[record.agent]
            back = await self._around.transfers.proceed(record, equipped, dialled=dialled, queued=queued)
            if back is None:
                return documents.hang_up()
            entrance = back
        elif record.status in FINAL_STATUSES:
            return documents.hang_up()
        if self.draining and self._around.store.shared and again < AGAIN:
            return await self._leave(record.id, entrance, again)
        return await self._carry_on(stored, entrance)

    async def _leave(self, call: str, entrance: Entrance, again: int) -> str:
        """Have the carrier ask a process that stays."""
        if entrance.kind != "call":
            await self._around.store.update_call(call, ended_reason="moved", entrance=entrance)
        return self._around.documents.ask_again(again + 1)

    async def _carry_on(self, stored: StoredCall, entrance: Entrance = BY_CALL) -> str:
        record = stored.record
        resumed = record.resumed + (entrance.kind == "call")
        if resumed > RESUMES:
            return self.broken(record.agent)
        log.info("call_carried_on", turns=len(stored.turns), resumed=resumed, entrance=entrance.kind)
        changes: dict[str, Any] = {"status": "in-progress", "ended": None, "ended_reason": ""}
        changes |= {"resumed": resumed, "entrance": entrance}
        self._prepare(StoredCall(replace(record, **changes), stored.turns))
        if record.id in self._unsettled:
            return self._connect_here(record.id, changes)
        try:
            async with asyncio.timeout(STORED):
                await self._around.store.update_call(record.id, **changes)
                if (ringing := self._ringing.get(record.id)) is not None:
                    ringing.given = ""  # another process may have taken that one, whose stream is over
                return await self._connect(record.id)
        except (TimeoutError, StoreError) as error:
            log.warning("call_not_stored", problem=str(error) or f"no answer within {STORED} s")
            return self._connect_here(record.id, changes)

    async def _look_up(self, call: str) -> StoredCall | None:
        """A call as the store has it, or as it ended here while the store was away. Raises `StoreError`."""
        if (unsettled := self._unsettled.get(call)) is not None:
            await unsettled.flush(NOTED)
            if not unsettled.settled:
                return unsettled.known
        return await self._around.store.load_call(call)

    def _connect_here(self, call: str, changes: Mapping[str, Any] = NONE) -> str:
        """The store is away: the media stream is welcome at this process only."""
        ringing = self._ringing[call]
        ringing.stored = False
        ringing.changes = changes
        ringing.token = secrets.token_urlsafe(24)
        return self._around.documents.connect(token=ringing.token)

    async def _connect(self, call: str) -> str:
        ringing = self._ringing.get(call)
        token = (ringing and ringing.given) or secrets.token_urlsafe(24)
        if ringing is not None:
            ringing.given = token
        await self._around.store.put_stream_token(token, call, seconds=TOKEN_LIFE)
        return self._around.documents.connect(token=token)

    async def admit(self, started: StreamStarted) -> str:
        """Check a media stream's token. Raises `CarrierError` unless it is one of ours, unused, and for this call."""
        token = started.parameters.get("token", "")
        ringing = self._ringing.get(started.call)
        if self._has_its_stream(started.call):
            raise CarrierError("expected one media stream of the call, which has it")
        if ringing is not None and ringing.token and secrets.compare_digest(token.encode(), ringing.token.encode()):
            ringing.token = ""
            ringing.admitted = True
            return started.call
        call = await self._around.store.take_stream_token(token) if token else None
        if call is None:
            raise CarrierError("expected a stream token that was given out and not used yet")
        if call != started.call:
            raise CarrierError("expected the call that the stream token was made for")
        if self._has_its_stream(call):  # another one came meanwhile
            raise CarrierError("expected one media stream of the call, which has it")
        if (ringing := self._ringing.get(call)) is not None:
            ringing.admitted = True
        return call

    def _has_its_stream(self, call: str) -> bool:
        """Whether a media stream of the call is here already. One that is carried on rings anew."""
        if (ringing := self._ringing.get(call)) is not None:
            return ringing.admitted
        return (live := self._live.get(call)) is not None and live.is_heard

    async def connect(self, stream: MediaStream, started: StreamStarted) -> None:
        """Carry an admitted call to its end."""
        ringing = self._ringing.get(started.call)
        known = await self._load(started.call) if ringing is None or ringing.stored else ringing.known
        record, history = known.record, known.turns
        if (equipped := self.agents.get(record.agent)) is None:
            raise CarrierError(f"expected one of the agents {', '.join(self.agents)}, got {record.agent!r}")
        lines = self._take_lines(record, equipped)
        keep = self._journals is not None
        stored = ringing is None or ringing.stored
        call = Call(record, equipped, stream, lines, self._around, history=history, stored=stored, keep_journal=keep)
        if ringing is not None and ringing.changes:
            call.scribe.note(**ringing.changes)
        self._live[record.id] = call
        started_with = {"agent": record.agent, "resumed": bool(history), "order": record.order}
        self._around.observer.tell(record.id, 0.0, "call_started", started_with)
        try:
            await call.run()
            if record.order and (outcome := call.learned.get("outcome")):
                self._begin(self._note_outcome(record.order, outcome), "note outcome")
        finally:
            try:
                await _close(lines)
            finally:
                self._left(call)
        if self._journals is not None:
            self._journals.mkdir(parents=True, exist_ok=True)
            call.journal.save(self._journals / f"{record.id}.{len(history)}.jsonl")

    async def _note_outcome(self, order: str, outcome: str) -> None:
        """Lists of orders tell it without looking at each call."""
        try:
            await self._around.store.orders.change(order, outcome=outcome)
        except StoreError as error:
            log.warning("order_not_updated", problem=str(error))

    async def _keep_recording(self, call: Call, recorder: Recorder) -> None:
        """Bring it home, however long that takes. Another piece of it may have failed already: that stays so."""
        await recorder.finished()
        if recorder.problem:
            changes: dict[str, Any] = {"recording": "failed", "recording_problem": recorder.problem}
        else:
            self._around.observer.tell(call.record.id, call.now(), "recording_kept", {"seconds": recorder.seconds})
            changes = {"recording": "kept"}
        try:
            record = await self._around.store.load_record(call.record.id)
            if record is not None and record.recording != "failed":
                await self._around.store.update_call(call.record.id, **changes)
        except StoreError as error:
            log.warning("recording_not_noted", problem=str(error), **changes)

    def _left(self, call: Call) -> None:
        record = call.record
        call.left()
        if call.recorder is not None and call.recorder.begun:
            call.recorder.end()  # also after a defect
            keeping = self._begin(self._keep_recording(call, call.recorder), f"keep recording of {record.id}")
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)
        if self.draining and self._around.store.shared and call.ended_reason not in OVER:
            self._moved[record.id] = asyncio.get_running_loop().time() + ASKED
        if self._live.get(record.id) is call:
            del self._live[record.id]
        if not call.scribe.settled and not call.scribe.lease_lost.is_set():
            self._unsettled[record.id] = call.scribe
            self._begin(self._settle(record.id, call.scribe), f"settle {record.id}")
        self._around.observer.tell(
            record.id, call.now(), "call_left", {"reason": call.ended_reason, "direction": record.direction}
        )

    async def _load(self, call: str) -> StoredCall:
        try:
            async with asyncio.timeout(LOAD):
                stored = await self._around.store.load_call(call)
        except (TimeoutError, StoreError) as error:
            if (ringing := self._ringing.get(call)) is None:  # another process answered the webhook
                raise StoreError(f"expected the call's record within {LOAD} s") from error
            log.warning("record_not_loaded", problem=str(error) or f"no answer within {LOAD} s")
            return ringing.known
        if stored is None:
            raise StoreError("expected a record of the call that the stream token was made for")
        return stored

    async def _settle(self, call: str, scribe: Scribe) -> None:
        await scribe.settle(SETTLE)
        if self._unsettled.get(call) is scribe:
            del self._unsettled[call]

    # -- connections made ahead ---------------------------------------------------------------------

    def _prepare(self, stored: StoredCall) -> None:
        """Open ears and voice, and have the greeting spoken, while the carrier sets up the media stream."""
        record = stored.record
        if (ringing := self._ringing.get(record.id)) is not None:
            if ringing.admitted:  # the stream that had come is over: there may be another
                ringing.admitted, ringing.given = False, ""
            return
        equipped = self.agents[record.agent]
        lines = self._open_lines(record, equipped)
        variables = variables_of(equipped.agent, record)
        phrasing = equipped.phrasing(variables, placed=record.direction == "outbound")
        entrance = record.entrance
        self._warm(equipped, (not entrance.said and entrance.words) or phrasing.greeting)
        discard = asyncio.get_running_loop().call_later(RINGING, self._discard, record.id)
        self._ringing[record.id] = _Ringing(stored, lines, discard)

    def _open_lines(self, record: CallRecord, equipped: EquippedAgent) -> Lines:
        ears = asyncio.ensure_future(_within(equipped.stt.connect(call=record.id, language=equipped.agent.language)))
        voice = asyncio.ensure_future(_within(equipped.tts.connect(call=record.id)))
        return Lines(ears, voice)

    def _take_lines(self, record: CallRecord, equipped: EquippedAgent) -> Lines:
        ringing = self._take_ringing(record.id)
        if ringing is None:  # another process answered the webhook
            return self._open_lines(record, equipped)
        return ringing.lines

    def _take_ringing(self, call: str) -> _Ringing | None:
        if ringing := self._ringing.pop(call, None):
            ringing.discard.cancel()
        return ringing

    def _discard(self, call: str) -> None:
        """The media stream did not come."""
        if ringing := self._take_ringing(call):
            self._begin(_close(ringing.lines), f"discard {call}")
            self._around.observer.tell(call, 0.0, "call_abandoned", {})

    def _warm(self, equipped: EquippedAgent, greeting: str) -> tuple[asyncio.Task[None], asyncio.Task[None]]:
        """What a call needs at once, and after it what it may need later."""
        name = equipped.agent.name
        at_once = self._begin(self._warm_greeting(equipped, greeting), f"warm greeting of {name}")
        return at_once, self._begin(self._warm_phrases(equipped, at_once), f"warm phrases of {name}")

    async def _warm_greeting(self, equipped: EquippedAgent, greeting: str) -> None:
        warming = asyncio.ensure_future(equipped.llm.warm())
        if "{" not in greeting:
            closed = equipped.agent.closed
            same = greeting in (equipped.agent.phrasing.greeting, closed.greeting if closed else None)
            await self._around.cache.prepare(equipped.tts, [equipped.spoken(greeting)], shared=same)
        phrasing = equipped.phrasing(equipped.agent.variables)
        if notices := [text for text in (phrasing.disclosure, phrasing.announcement) if text and "{" not in text]:
            await self._around.cache.prepare(equipped.tts, map(equipped.spoken, notices))
        await warming

    async def _warm_phrases(self, equipped: EquippedAgent, greeting: asyncio.Task[None]) -> None:
        await asyncio.wait([greeting])  # it goes first: together they would share the voice's bandwidth
        await self._around.cache.prepare(equipped.tts, map(equipped.spoken, fixed_phrases(equipped.agent)))

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _within(connecting: Coroutine[Any, Any, Connection]) -> Connection:
    try:
        async with asyncio.timeout(CONNECT):
            return await connecting
    except TimeoutError as error:
        raise ProviderError("provider", f"did not connect within {CONNECT} s") from error


async def _close(lines: Lines) -> None:
    """Close connections that nobody will use; `aclose` may be repeated for those that somebody did."""
    for connecting in (lines.ears, lines.voice):
        connecting.cancel()
        await asyncio.wait([connecting])
        if not connecting.cancelled() and connecting.exception() is None:
            await connecting.result().aclose()
