"""One call as Twilio leads it: documents followed verb by verb until somebody hangs up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from typing import Any
from uuid import uuid4

from . import call_parameters, rest_recordings, twiml
from .call_order import OVER, Callee, Fetch, Inline, Next, Order, Over, Status, Tampering
from .call_result import CallEvent, CallResult
from .callbacks import Callbacks
from .caller import Caller
from .ear import Ear, Pressed
from .equipment import Equipment
from .gathering import Gathering
from .machine_detection import AnsweredBy
from .media_stream import MediaStream
from .phone_line import Party, PhoneLine
from .rest_recordings import SimulatedRecording
from .ringing import ring_callee
from .tasks import end
from .verbs import announcement, connect, dial, gather, queue
from .verdict import Verdict
from .violation import DOCUMENT_AGAINST_SCHEMA, Violation
from .webhooks import WebhookFailed

__all__ = ["CallEvent", "CallResult", "Callee", "Equipment", "PlacedCall", "Tampering"]

VIOLATIONS_AT_MOST = 1000  # a call; a product that floods is not to fill the memory


class PlacedCall:
    """A call that is under way, or over."""

    def __init__(self, order: Order, equipment: Equipment) -> None:
        self.sid = f"CA{uuid4().hex}"
        self.order = order
        self.status: Status = "queued" if order.direction == "outbound-api" else "ringing"
        self.ear = Ear(recording=equipment.recording)
        self.violations: list[Violation] = []
        self.documents: list[str] = []
        self.events: list[CallEvent] = []
        self.placed = time.time()  # for the dates in REST answers, which no test waits for
        self.dialled: float | None = None if order.direction == "outbound-api" else self.placed
        self.ended_at: float | None = None
        self.talked: float | None = None  # seconds from the answer to the end
        self.sip_status: int | None = None  # the final one
        self.equipment = equipment
        self._loop = asyncio.get_running_loop()
        self._placed_at = self._loop.time()
        self.line = PhoneLine(self.ear, equipment.metronome)
        self._verdict = Verdict(order.detection, tell=self._tell_verdict) if order.detection is not None else None
        self._interruption: asyncio.Future[Next] = self._loop.create_future()
        self._callbacks = Callbacks(equipment.webhooks, equipment.delivery, report=self.report, note=self.note)
        self._callback_number = 0
        self._party: Party | None = None  # who speaks on this line
        self.gathering: Gathering | None = None
        """The `<Gather>` that runs."""
        self.document_url = ""
        """Where the document that is followed came from."""
        self.left_queue = asyncio.Event()
        """That it is in no queue any more, nor connected from one."""
        self.recordings: dict[str, SimulatedRecording] = {}
        """What was recorded of it by REST, by sid."""
        self.legs: list[PlacedCall] = []
        """Whom its `<Dial>`s called."""
        self.picked_up: asyncio.Future[bool] = self._loop.create_future()
        """Whether somebody answered, once that is known; of a leg also:"""
        self.joined: asyncio.Future[bool] = self._loop.create_future()
        """Whether the whisper came to its end, so that the leg can be joined to its call;"""
        self.parted: asyncio.Future[bool] = self._loop.create_future()
        """that it has left again, or is over."""
        self._task = asyncio.create_task(self._lead(), name=f"call {self.sid}")

    @property
    def ended(self) -> Awaitable[CallResult]:
        """Await it for the result. Raises what went wrong in the simulation itself, `NotSimulated` for instance."""
        return asyncio.shield(self._task)

    @property
    def answered_by(self) -> AnsweredBy | None:
        """Who answered, as far as that was asked and is known."""
        return self._verdict.answered_by if self._verdict is not None else None

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def now(self) -> float:
        """Seconds since the call was placed."""
        return self._loop.time() - self._placed_at

    def wall_clock(self) -> float:
        """Seconds of the epoch, by the loop's clock since the call was placed."""
        return self.placed + self.now()

    # --- what can happen to it -----------------------------------------------------------------

    def hang_up(self, *, gave_up: bool = False) -> None:
        """The caller hangs up."""
        self.interrupt(Over("caller gave up" if gave_up else "caller hung up"))

    def press(self, digit: str) -> None:
        """The caller presses a key."""
        self.ear.note(Pressed(self.line.now(), digit))
        if self.gathering is not None:
            self.gathering.press(digit)
        else:
            self.line.far.press(digit)

    def interrupt(self, following: Next) -> None:
        """Whatever is running ends at once, and this follows. Of several at the same time the first counts."""
        if not self._interruption.done():
            self._interruption.set_result(following)

    async def interrupted_within(self, seconds: float) -> Next | None:
        """What interrupts the call in so many seconds; None when nothing does."""
        await asyncio.wait({self._interruption}, timeout=seconds)
        return self._interruption.result() if self._interruption.done() else None

    # --- its life ------------------------------------------------------------------------------

    async def _lead(self) -> CallResult:
        limit: asyncio.TimerHandle | None = None
        try:
            async with self._callbacks:
                over = await ring_callee(self) if self.order.direction != "inbound" else None
                if over is None:
                    party: Party = Caller(self.order.script, self.equipment.speech, self.ear, self)
                    limit = self._loop.call_later(self.order.time_limit, self.interrupt, Over("time limit"))
                    self._party = party if self._verdict is None else self._verdict.overheard(party)
                    over = await self._follow_documents()
                self.status = over.status if self.talked is not None or over.status != "completed" else "no-answer"
                self.ended_at = self.wall_clock()
                self._settle()
                self.note("ended", ending=over.ending)
                rest_recordings.finish(self)
                self.tell_status("completed")
        finally:
            self.line.end()
            if not self.is_over:
                self.status = "failed"  # by a mistake of the simulation
            self._settle()
            if limit is not None:
                limit.cancel()
        return CallResult(
            call=self.sid,
            ending=over.ending,
            status=self.status,
            ear=self.ear,
            documents=tuple(self.documents),
            violations=tuple(self.violations),
            events=tuple(self.events),
            legs=tuple(self.legs),
        )

    def _settle(self) -> None:
        """It is over: what has not happened never will."""
        for future in (self.picked_up, self.joined):
            if not future.done():
                future.set_result(False)
        if not self.parted.done():
            self.parted.set_result(True)

    async def _follow_documents(self) -> Over:
        following: Next = self.order.instructions
        if self.order.direction != "inbound":
            self.answer()
            if self.order.send_digits:
                await announcement.play_digits(self, self.order.send_digits)
            if self._verdict is not None and self._verdict.is_waited_for:
                await self._hold_for(self._verdict)
                if isinstance(following, Fetch):
                    following = following._replace(extra=self._verdict.parameters)
        while not isinstance(following, Over):
            verbs = asyncio.create_task(self._follow(following))
            try:
                ends: set[asyncio.Future[Any]] = {verbs, self._interruption, self.line.failed}
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                if self.line.failed.done():
                    self.line.failed.result()
                if self._interruption.done():
                    following = self._interruption.result()
                    if self.joined.done() and not self.parted.done():
                        self.parted.set_result(True)
                    self._interruption = self._loop.create_future()
                else:
                    following = verbs.result()
                if isinstance(following, Over):
                    self._disconnect()  # now, not when the product has closed its end of a stream
            finally:
                verbs.cancel()
                await asyncio.wait({verbs})
            if not verbs.cancelled():
                verbs.result()
        return following

    def answer(self) -> None:
        """The call is answered."""
        assert self._party is not None  # noqa: S101 -- `_lead` sets it before it follows any document
        self.status = "in-progress"
        self.note("answered")
        self.line.begin(self._party)
        if not self.picked_up.done():
            self.picked_up.set_result(True)
        self.tell_status("answered")

    async def _hold_for(self, verdict: Verdict) -> None:
        known = asyncio.create_task(verdict.known.wait())
        try:
            ends: set[asyncio.Future[Any]] = {known, self._interruption, self.line.failed}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end(known)

    def pause_media(self, *, paused: bool) -> None:
        """Let the frames of the caller's voice stop, or come again."""
        if isinstance(stream := self.line.far, MediaStream):
            stream.paused = paused

    def _disconnect(self) -> None:
        if self.line.is_live:
            self.talked = self.line.now()
        self.line.end()

    async def _follow(self, source: Fetch | Inline) -> Next:
        """Carry out one document."""
        try:
            document = await self.read(source)
        except (WebhookFailed, twiml.DocumentMalformed) as exc:
            self.report(exc.code, str(exc))
            return self._instead_of(source, exc.code)
        for code, problem in document.problems:
            self.report(code, problem)
        if not self.line.is_live:
            if document.verbs and isinstance(document.verbs[0], twiml.Reject):
                return Over("rejected", "busy" if document.verbs[0].reason == "busy" else "no-answer")
            if not document.verbs:
                self.answer()
        for verb in document.verbs:
            self.note("verb", verb=type(verb).__name__)
            if not self.line.is_live and not (isinstance(verb, twiml.Dial) and verb.answer_on_bridge):
                self.answer()
            following = await self.carry_out(verb)
            if following is not None:
                return following
        if self.order.parent and not self.joined.done():
            self.joined.set_result(True)
            await asyncio.wait({self.parted})
        return Over("document ended")

    def _instead_of(self, source: Fetch | Inline, code: int) -> Next:
        """What follows when a document cannot be had: the fallback, once."""
        fallback = self.order.fallback
        if fallback is None or not isinstance(source, Fetch) or source.url == fallback.url:
            return Over("application error", "completed" if self.line.is_live else "failed")
        return fallback._replace(extra={"ErrorCode": str(code), "ErrorUrl": source.url})

    async def read(self, source: Fetch | Inline) -> twiml.Document:
        """Get a document. Raises `WebhookFailed` or `DocumentMalformed`."""
        if isinstance(source, Inline):
            self.documents.append(source.document)
            self.note("document", url="")
            return twiml.read(source.document)
        self.note("webhook", url=source.url)
        answer = await self.equipment.webhooks.fetch(
            source.url,
            call_parameters.of_request(self, source.extra),
            method=source.method,
            signature=self.order.tampering.webhook_signature,
        )
        self.documents.append(answer.body.decode(errors="replace"))
        self.note("document", url=source.url)
        self.document_url = source.url
        return twiml.read(answer.body, base=answer.url)

    # --- verbs ---------------------------------------------------------------------------------

    async def carry_out(self, verb: twiml.Verb) -> Next | None:
        """Do what a verb says. Returns the document that follows, unless it is the next verb."""
        match verb:
            case twiml.Connect():
                return await connect.connect(self, verb)
            case twiml.Say():
                await announcement.say(self, verb)
            case twiml.Play():
                await announcement.play(self, verb)
            case twiml.Pause(length):
                await asyncio.sleep(length)
            case twiml.Redirect(url, method):
                return Fetch(url, method)
            case twiml.Hangup():
                return Over("hung up by verb")
            case twiml.Reject():
                self.report(DOCUMENT_AGAINST_SCHEMA, "<Reject> on a call that was answered")
            case twiml.Gather():
                return await gather.gather(self, verb)
            case twiml.Enqueue():
                return await queue.enqueue(self, verb)
            case twiml.Leave():
                self.report(DOCUMENT_AGAINST_SCHEMA, "<Leave> outside of a queue")
            case twiml.Dial():
                return await (queue.take(self, verb) if verb.queue else dial.dial(self, verb))
            case twiml.NotFollowed(name):
                raise twiml.NotSimulated(f"<{name}> is not simulated")
        return None

    # --- what the product is told --------------------------------------------------------------

    def tell(self, event: str, url: str, method: str, extra: Mapping[str, str]) -> None:
        """Send the product a request of this call whose answer is not followed."""
        self._callbacks.send(event, url, method, call_parameters.of_request(self, extra))

    def tell_status(self, event: str) -> None:
        """Send a status callback, if the product wants to know of this event."""
        order = self.order
        if not order.status_callback or event not in order.status_callback_events:
            return
        form = call_parameters.of_status(self, event, number=self._callback_number)
        self._callback_number += 1
        self._callbacks.send(event, order.status_callback, order.status_callback_method, form)

    def tell_stream(self, noun: twiml.Stream, sid: str, event: str, **extra: str) -> None:
        """Send a callback about a stream, if the product wants to know."""
        if noun.status_callback:
            form = call_parameters.of_stream(self, noun, sid, event) | extra
            self._callbacks.send(event, noun.status_callback, noun.status_callback_method, form)

    def tell_recording(self, recording: SimulatedRecording, form: Mapping[str, str]) -> None:
        """Send a callback about a recording."""
        self._callbacks.send("recording", recording.callback, recording.callback_method, form)

    def _tell_verdict(self, answered_by: AnsweredBy, parameters: Mapping[str, str]) -> None:
        self.note("judged", answered_by=answered_by)
        detection = self.order.detection
        if detection is not None and detection.callback and not detection.held:
            form = {"AccountSid": self.equipment.account, "CallSid": self.sid, **parameters}
            self._callbacks.send("amd", detection.callback, detection.callback_method, form)

    def report(self, code: int, problem: str) -> None:
        """Record a violation."""
        if len(self.violations) < VIOLATIONS_AT_MOST:
            self.violations.append(Violation(code, problem, self.now()))

    def note(self, name: str, **values: Any) -> None:
        """Record something in its life."""
        self.events.append(CallEvent(self.now(), name, values))
