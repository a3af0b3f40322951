"""One call as Twilio leads it: documents followed verb by verb until somebody hangs up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from uuid import uuid4

from . import twiml
from .bridge import connected, first_to_answer
from .call_order import (
    API_VERSION,
    OVER,
    Callee,
    Fetch,
    Inline,
    Next,
    Order,
    Over,
    Status,
    Tampering,
)
from .call_queue import CallQueue, Waiting
from .call_result import CallEvent, CallResult
from .callbacks import Callbacks, Delivery
from .caller import Caller, CallerScript, HangUp, Wait
from .caller_speech import CallerSpeech
from .ear import Announced, Bridged, DigitsPlayed, Ear, Pressed
from .gathering import Gathering
from .machine_detection import AnsweredBy, Detection, MachineDetection
from .media_stream import CLOSE_OK, MediaStream
from .network import Network
from .phone_line import DEAD_END, Announcement, Metronome, Overheard, Party, PhoneLine
from .telephone_audio import telephone_audio
from .violation import (
    DOCUMENT_AGAINST_SCHEMA,
    STREAM_CONNECT_TIMEOUT,
    STREAM_HANDSHAKE_REFUSED,
    STREAM_REFUSED,
    Violation,
)
from .webhooks import GENUINE, WebhookFailed, Webhooks
from .websocket import HandshakeFailed

__all__ = ["CallEvent", "CallResult", "Callee", "Equipment", "PlacedCall", "Tampering"]

DIGIT_SECONDS = 0.2  # a keypad tone and the gap after it
WAIT_SECONDS = {"w": 0.5, "W": 1.0}  # among keypad digits
RINGING_OF_BUSY = 1.0  # seconds until a busy line is known
SIP_OK = 200
SIP_STATUS: Mapping[Status, int] = {"busy": 486, "no-answer": 480, "canceled": 487, "failed": 503}
NO_SUCH_NUMBER = Callee("failed", sip=404)
NO_WHISPER = Inline("<Response/>")
DIAL_REFUSALS = {21211: 13223, 21214: 13224, 21215: 13227, 21216: 13225}
"""What a `<Dial>` says where the API refuses a number."""
LOOPS_AT_MOST = 1000  # what "again and again" (0) is at Twilio
VIOLATIONS_AT_MOST = 1000  # a call; a product that floods is not to fill the memory


@dataclass(frozen=True, slots=True)
class Equipment:
    """What all calls of a carrier share."""

    account: str
    webhooks: Webhooks
    network: Network
    speech: CallerSpeech
    callees: Mapping[str, Callee]
    delivery: Delivery
    begin: Callable[[Order], PlacedCall]
    queues: dict[str, CallQueue]

    def queue(self, name: str) -> CallQueue:
        """The queue of this name; a new one, if there is none."""
        return self.queues.setdefault(name, CallQueue(name))

    recording: bool
    metronome: Metronome


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
        self._sip: int | None = None  # the final SIP status
        self.answered_by: AnsweredBy | None = None
        self._answer_parameters: Mapping[str, str] = {}
        self._judged = asyncio.Event()  # who answered
        self._equipment = equipment
        self._loop = asyncio.get_running_loop()
        self._placed_at = self._loop.time()
        self._line = PhoneLine(self.ear, equipment.metronome)
        self._interruption: asyncio.Future[Next] = self._loop.create_future()
        self._callbacks = Callbacks(equipment.webhooks, equipment.delivery, report=self.report, note=self._note)
        self._callback_number = 0
        self._party: Party | None = None  # who speaks on this line
        self._gathering: Gathering | None = None
        self._document_url = ""
        self.left_queue = asyncio.Event()
        """That it is in no queue any more, nor connected from one."""
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
    def is_over(self) -> bool:
        return self.status in OVER

    def now(self) -> float:
        """Seconds since the call was placed."""
        return self._loop.time() - self._placed_at

    # --- what can happen to it -----------------------------------------------------------------

    def hang_up(self, *, gave_up: bool = False) -> None:
        """The caller hangs up."""
        self.interrupt(Over("caller gave up" if gave_up else "caller hung up"))

    def press(self, digit: str) -> None:
        """The caller presses a key."""
        self.ear.note(Pressed(self._line.now(), digit))
        if self._gathering is not None:
            self._gathering.press(digit)
        else:
            self._line.far.press(digit)

    def interrupt(self, following: Next) -> None:
        """Whatever is running ends at once, and this follows. Of several at the same time the first counts."""
        if not self._interruption.done():
            self._interruption.set_result(following)

    # --- its life ------------------------------------------------------------------------------

    async def _lead(self) -> CallResult:
        limit: asyncio.TimerHandle | None = None
        try:
            async with self._callbacks:
                over = await self._reach_callee() if self.order.direction != "inbound" else None
                if over is None:
                    caller = Caller(self.order.script, self._equipment.speech, self.ear, self)
                    limit = self._loop.call_later(self.order.time_limit, self.interrupt, Over("time limit"))
                    self._party = self._under_detection(caller)
                    over = await self._follow_documents()
                self.status = over.status if self.talked is not None or over.status != "completed" else "no-answer"
                self.ended_at = self._wall_clock()
                self._settle()
                self._note("ended", ending=over.ending)
                self._status_changed("completed")
        finally:
            self._line.end()
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

    async def _reach_callee(self) -> Over | None:
        """Let an outbound call wait for its turn, and ring. None when somebody answered."""
        order = self.order
        callee = self._equipment.callees.get(order.to, NO_SUCH_NUMBER)
        if order.queued and await self._interrupted_within(order.queued):
            return self._canceled()
        self.dialled = self._wall_clock()
        self._status_changed("initiated")
        self.status = "ringing"
        self._status_changed("ringing")
        ring = min(callee.ring if callee.outcome != "no-answer" else order.ring_at_most, order.ring_at_most)
        if callee.refused is not None:
            callee = NO_SUCH_NUMBER
        if callee.outcome in ("busy", "failed"):
            ring = RINGING_OF_BUSY
        if await self._interrupted_within(ring):
            return self._canceled()
        if callee.outcome == "answers" and callee.ring <= order.ring_at_most:
            self._sip = callee.sip or SIP_OK
            return None
        outcome: Status = "no-answer" if callee.outcome == "answers" else callee.outcome
        self._sip = callee.sip or SIP_STATUS[outcome]
        return Over("not answered", outcome)

    def _under_detection(self, caller: Party) -> Party:
        """The callee, listened to if the product wants to know who answered."""
        detection = self.order.detection
        if detection is None:
            return caller
        listening = MachineDetection(detection)

        def hear(frame: bytes) -> None:
            if self.answered_by is None and (verdict := listening.hear(frame)) is not None:
                self._judge(detection, verdict, listening.seconds)

        return Overheard(caller, hear)

    def _judge(self, detection: Detection, verdict: AnsweredBy, seconds: float) -> None:
        self.answered_by = verdict
        self._answer_parameters = {"AnsweredBy": verdict, "MachineDetectionDuration": str(round(seconds * 1000))}
        self._judged.set()
        self._note("judged", answered_by=verdict)
        if detection.callback and not detection.held:
            form = {"AccountSid": self._equipment.account, "CallSid": self.sid, **self._answer_parameters}
            self._callbacks.send("amd", detection.callback, detection.callback_method, form)

    async def _hold_for_verdict(self) -> None:
        judged = asyncio.create_task(self._judged.wait())
        try:
            ends: set[asyncio.Future[Any]] = {judged, self._interruption, self._line.failed}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            judged.cancel()

    async def _interrupted_within(self, seconds: float) -> bool:
        await asyncio.wait({self._interruption}, timeout=seconds)
        return self._interruption.done()

    def _canceled(self) -> Over:
        following = self._interruption.result()
        self._sip = SIP_STATUS["canceled"]
        return following if isinstance(following, Over) else Over("canceled", "canceled")

    def _wall_clock(self) -> float:
        return self.placed + self.now()

    async def _follow_documents(self) -> Over:
        following: Next = self.order.instructions
        if self.order.direction != "inbound":
            self._answer()
            if self.order.send_digits:
                await self._play_digits(self.order.send_digits)
            if self.order.detection is not None and self.order.detection.held:
                await self._hold_for_verdict()
                if isinstance(following, Fetch):
                    following = following._replace(extra=self._answer_parameters)
        while not isinstance(following, Over):
            verbs = asyncio.create_task(self._follow(following))
            try:
                ends: set[asyncio.Future[Any]] = {verbs, self._interruption, self._line.failed}
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                if self._line.failed.done():
                    self._line.failed.result()
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

    def _answer(self) -> None:
        assert self._party is not None  # noqa: S101 -- `_lead` sets it before it follows any document
        self.status = "in-progress"
        self._note("answered")
        self._line.begin(self._party)
        if not self.picked_up.done():
            self.picked_up.set_result(True)
        self._status_changed("answered")

    def _disconnect(self) -> None:
        if self._line.is_live:
            self.talked = self._line.now()
        self._line.end()

    async def _follow(self, source: Fetch | Inline) -> Next:
        """Carry out one document."""
        try:
            document = await self._read(source)
        except (WebhookFailed, twiml.DocumentMalformed) as exc:
            self.report(exc.code, str(exc))
            return self._instead_of(source, exc.code)
        for code, problem in document.problems:
            self.report(code, problem)
        if not self._line.is_live:
            if document.verbs and isinstance(document.verbs[0], twiml.Reject):
                return Over("rejected", "busy" if document.verbs[0].reason == "busy" else "no-answer")
            if not document.verbs:
                self._answer()
        for verb in document.verbs:
            self._note("verb", verb=type(verb).__name__)
            if not self._line.is_live and not (isinstance(verb, twiml.Dial) and verb.answer_on_bridge):
                self._answer()
            following = await self._carry_out(verb)
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
            return Over("application error", "completed" if self._line.is_live else "failed")
        return fallback._replace(extra={"ErrorCode": str(code), "ErrorUrl": source.url})

    async def _read(self, source: Fetch | Inline) -> twiml.Document:
        if isinstance(source, Inline):
            self.documents.append(source.document)
            self._note("document", url="")
            return twiml.read(source.document)
        self._note("webhook", url=source.url)
        answer = await self._equipment.webhooks.fetch(
            source.url,
            self._form(source.extra),
            method=source.method,
            signature=self.order.tampering.webhook_signature,
        )
        self.documents.append(answer.body.decode(errors="replace"))
        self._note("document", url=source.url)
        self._document_url = source.url
        return twiml.read(answer.body, base=answer.url)

    # --- verbs ---------------------------------------------------------------------------------

    async def _carry_out(self, verb: twiml.Verb) -> Next | None:
        match verb:
            case twiml.Connect():
                return await self._connect(verb)
            case twiml.Say(text, voice, loop):
                await self._play(self._equipment.speech.announcement(text, voice=voice), text, loop)
            case twiml.Play():
                await self._play_file(verb)
            case twiml.Pause(length):
                await asyncio.sleep(length)
            case twiml.Redirect(url, method):
                return Fetch(url, method)
            case twiml.Hangup():
                return Over("hung up by verb")
            case twiml.Reject():
                self.report(DOCUMENT_AGAINST_SCHEMA, "<Reject> on a call that was answered")
            case twiml.Gather():
                return await self._gather(verb)
            case twiml.Enqueue():
                return await self._enqueue(verb)
            case twiml.Leave():
                self.report(DOCUMENT_AGAINST_SCHEMA, "<Leave> outside of a queue")
            case twiml.Dial():
                return await (self._dial_queue(verb) if verb.queue else self._dial(verb))
            case twiml.NotFollowed(name):
                raise twiml.NotSimulated(f"<{name}> is not simulated")
        return None

    async def _connect(self, verb: twiml.Connect) -> Next | None:
        await asyncio.sleep(self._equipment.network.stream_delay)
        tampering = self.order.tampering
        parameters = {
            name: value
            for name, value in {**verb.stream.parameters, **tampering.parameters}.items()
            if value is not None
        }
        stream = MediaStream(
            stream=f"MZ{uuid4().hex}",
            call=self.sid,
            account=self._equipment.account,
            parameters=parameters,
            network=self._equipment.network,
            ear=self.ear,
            now=self._line.now,
            report=self.report,
        )
        signature = tampering.stream_signature
        if signature == GENUINE:
            signature = self._equipment.webhooks.sign(verb.stream.url, {})
        error = ""
        try:
            await stream.open(verb.stream.url, signature=signature)
        except HandshakeFailed as exc:
            error = f"{verb.stream.url}: {exc}"
            self.report(STREAM_HANDSHAKE_REFUSED, error)
        except TimeoutError:
            error = f"{verb.stream.url}: no connection in time"
            self.report(STREAM_CONNECT_TIMEOUT, error)
        except OSError as exc:
            error = f"{verb.stream.url}: {exc}"
            self.report(STREAM_REFUSED, error)
        else:
            self._note("stream opened", stream=stream.stream, parameters=parameters)
            self._stream_changed(verb.stream, stream, "stream-started")
            self._line.connect(stream)
            try:
                closure = await asyncio.shield(stream.closed)
                if closure.code != CLOSE_OK:
                    error = f"closed with {closure.code}"
            finally:
                self._line.connect(DEAD_END)
                await stream.stop()
                self._note("stream closed", stream=stream.stream)
                if not error:
                    self._stream_changed(verb.stream, stream, "stream-stopped")
        if error:
            self._stream_changed(verb.stream, stream, "stream-error", StreamError=error)
        return Fetch(verb.action, verb.method) if verb.action else None

    async def _play(self, audio: bytes, name: str, loop: int) -> None:
        announcement = Announcement(audio * (loop or LOOPS_AT_MOST))
        began = self._line.now()
        self._line.connect(announcement)
        try:
            await asyncio.sleep(announcement.seconds)
        finally:
            self._line.connect(DEAD_END)
            self.ear.note(Announced(began, self._line.now(), name))

    async def _play_file(self, verb: twiml.Play) -> None:
        if verb.digits:
            for _ in range(verb.loop or LOOPS_AT_MOST):
                await self._play_digits(verb.digits)
            return
        try:
            answer = await self._equipment.webhooks.request(verb.url, {}, method="GET")
            audio = telephone_audio(answer)
        except WebhookFailed as exc:
            self.report(exc.code, exc.problem)
            return
        await self._play(audio, verb.url, verb.loop)

    async def _play_digits(self, digits: str) -> None:
        """Play keypad digits at the far ear, as silence of their length: what was pressed is a fact of the ear."""
        began = self._line.now()
        try:
            await asyncio.sleep(sum(WAIT_SECONDS.get(digit, DIGIT_SECONDS) for digit in digits))
        finally:
            self.ear.note(DigitsPlayed(began, self._line.now(), digits))

    async def _dial(self, verb: twiml.Dial) -> Next | None:
        self._note(
            "dialing",
            targets=tuple(target.address for target in verb.targets),
            caller_id=verb.caller_id or self.order.from_,
        )
        legs = [self._begin_leg(verb, target) for target in verb.targets]
        self.legs += legs
        try:
            leg = await first_to_answer(legs)
            for other in legs:
                if other is not leg:
                    other.interrupt(Over("canceled", "canceled"))
            bridged = await self._join(leg, verb) if leg is not None else None
        finally:
            for each in legs:
                if not each.parted.done():
                    each.interrupt(Over("other leg ended") if each.picked_up.done() else Over("canceled", "canceled"))
        extra = {"DialCallSid": (leg or legs[0]).sid}
        if bridged is not None:
            extra |= {"DialCallStatus": "completed", "DialCallDuration": str(round(bridged))}
        else:
            # Vendor's screening tutorial: who hangs up in the whisper did not answer.
            rang = leg is not None or any(each.status == "no-answer" for each in legs)
            extra["DialCallStatus"] = "no-answer" if rang else legs[0].status
        self._note("dialed", status=extra["DialCallStatus"])
        return Fetch(verb.action, verb.method, extra) if verb.action else None

    def _begin_leg(self, verb: twiml.Dial, target: twiml.Target) -> PlacedCall:
        callee = self._equipment.callees.get(target.address, NO_SUCH_NUMBER)
        if callee.refused is not None:
            self.report(DIAL_REFUSALS[callee.refused], f"<Dial> of {target.address}: cannot be called")
        return self._equipment.begin(
            Order(
                from_=verb.caller_id or self.order.from_,
                to=target.address,
                direction="outbound-dial",
                instructions=Fetch(target.url, target.method) if target.url else NO_WHISPER,
                script=callee.script or CallerScript(Wait(callee.talk), HangUp(after=0.0)),
                time_limit=self.order.time_limit,
                ring_at_most=verb.timeout,
                parent=self.sid,
                send_digits=target.send_digits,
                status_callback=target.status_callback,
                status_callback_method=target.status_callback_method,
                status_callback_events=target.status_callback_events,
            )
        )

    async def _join(self, leg: PlacedCall, verb: twiml.Dial) -> float | None:
        """Let caller and target talk once the whisper is over. Returns for how long; None when they never met."""
        await asyncio.wait({leg.joined})
        if not leg.joined.result():
            return None
        if not self._line.is_live:
            self._answer()
        began, leg_began = self._line.now(), leg._line.now()
        self._note("bridged", target=leg.order.to)
        try:
            with connected(self._line, leg._line):
                await asyncio.wait({leg.parted}, timeout=verb.time_limit)
        finally:
            self.ear.note(Bridged(began, self._line.now(), leg.order.to))
            leg.ear.note(Bridged(leg_began, leg_began + self._line.now() - began, leg.order.from_))
        return self._line.now() - began

    async def _enqueue(self, verb: twiml.Enqueue) -> Next | None:
        queue = self._equipment.queue(verb.queue)
        place = queue.enter(self)
        self.left_queue.clear()
        waiting = asyncio.create_task(self._wait(verb, queue, place))
        result = "bridged"
        try:
            ends: set[asyncio.Future[Any]] = {waiting, place.taken}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if place.taken.done():
                seconds = place.seconds
                await _end(waiting)
                await place.released.wait()
            else:
                seconds, result = place.seconds, "leave"
                following = waiting.result()
                if following is not None:
                    return following
        finally:
            queue.leave(place)
            self.left_queue.set()
            waiting.cancel()
            await asyncio.wait({waiting})
        extra = {"QueueResult": result, "QueueSid": queue.sid, "QueueTime": str(int(seconds))}
        return Fetch(verb.action, verb.method, extra) if verb.action else None

    async def _wait(self, verb: twiml.Enqueue, queue: CallQueue, place: Waiting) -> Over | None:
        """Follow the documents for those who wait, until one says to leave (None) or to hang up."""
        if not verb.wait_url:
            await place.taken
        source = first = Fetch(verb.wait_url, verb.wait_method)
        while not place.taken.done():
            began = self.now()
            try:
                document = await self._read(source._replace(extra=queue.told(place)))
            except (WebhookFailed, twiml.DocumentMalformed) as exc:
                self.report(exc.code, str(exc))
                return Over("application error")
            source = first
            for step in document.verbs:
                if isinstance(step, twiml.Leave):
                    return None
                following = await self._carry_out(step)
                if isinstance(following, Over):
                    return following
                if isinstance(following, Fetch):
                    source = following
                    break
            if source is first and self.now() - began < 1.0:
                await asyncio.sleep(1.0)  # a document that says nothing is not asked for more often
        return None

    async def _dial_queue(self, verb: twiml.Dial) -> Next | None:
        try:
            async with asyncio.timeout(verb.timeout):
                place = await self._equipment.queue(verb.queue).take(self)
        except TimeoutError:
            extra = {"DialCallStatus": "no-answer"}
        else:
            other: PlacedCall = place.call
            began, other_began = self._line.now(), other._line.now()
            self._note("bridged", target=other.order.from_)
            left = asyncio.create_task(other.left_queue.wait())
            try:
                with connected(self._line, other._line):
                    await asyncio.wait({left}, timeout=verb.time_limit)
            finally:
                left.cancel()
                place.released.set()
                seconds = self._line.now() - began
                self.ear.note(Bridged(began, began + seconds, other.order.from_))
                other.ear.note(Bridged(other_began, other_began + seconds, self.order.from_))
            extra = {"DialCallStatus": "completed", "DialCallSid": other.sid, "DialCallDuration": str(round(seconds))}
        return Fetch(verb.action, verb.method, extra) if verb.action else None

    async def _gather(self, verb: twiml.Gather) -> Next | None:
        gathering = Gathering(verb, self._equipment.speech.understand)
        self._gathering, self._line.listener = gathering, gathering.hear
        prompts = asyncio.create_task(self._prompt(verb))
        began = asyncio.create_task(gathering.began())
        try:
            await asyncio.wait({prompts, began}, return_when=asyncio.FIRST_COMPLETED)
            await _end(prompts)
            await gathering.ended()
        finally:
            self._gathering = self._line.listener = None
            await _end(prompts)
            await _end(began)
        result = gathering.result()
        self._note("gathered", result=result)
        if not result and not verb.action_on_empty_result:
            return None
        action = verb.action or self._document_url
        if not action:
            self.report(DOCUMENT_AGAINST_SCHEMA, "<Gather> without action in a document that has no URL")
            return None
        return Fetch(action, verb.method, result or {"Digits": ""})

    async def _prompt(self, verb: twiml.Gather) -> None:
        for prompt in verb.prompts:
            await self._carry_out(prompt)

    # --- what the product is told --------------------------------------------------------------

    def _form(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The parameters of every voice request."""
        order = self.order
        return {
            "AccountSid": self._equipment.account,
            "ApiVersion": API_VERSION,
            "CallSid": self.sid,
            "CallStatus": self.status,
            "CallToken": "%7B%22parentCallInfoToken%22%3A%22simulated%22%7D",
            "Called": order.to,
            "CalledCity": "",
            "CalledCountry": "US",
            "CalledState": "",
            "CalledZip": "",
            "Caller": order.from_,
            "CallerCity": "",
            "CallerCountry": "US",
            "CallerState": "",
            "CallerZip": "",
            "Direction": order.direction,
            "From": order.from_,
            "FromCity": "",
            "FromCountry": "US",
            "FromState": "",
            "FromZip": "",
            "StirVerstat": "TN-Validation-Passed-A",
            "To": order.to,
            "ToCity": "",
            "ToCountry": "US",
            "ToState": "",
            "ToZip": "",
            **({"ParentCallSid": order.parent} if order.parent else {}),
            **order.parameters,
            **extra,
        }

    def _status_changed(self, event: str) -> None:
        order = self.order
        if not order.status_callback or event not in order.status_callback_events:
            return
        form = self._form(
            {
                "CallbackSource": "call-progress-events",
                "SequenceNumber": str(self._callback_number),
                "Timestamp": formatdate(usegmt=False),
            }
        )
        if event == "initiated":
            form["CallStatus"] = "initiated"
        if event == "completed":
            form["CallDuration"] = str(round(self.talked or 0))
            form["Duration"] = str(-(-round(self.talked or 0) // 60))
            if self.answered_by is not None:
                form["AnsweredBy"] = self.answered_by
            if self._sip is not None:
                form["SipResponseCode"] = str(self._sip)
        self._callback_number += 1
        self._callbacks.send(event, order.status_callback, order.status_callback_method, form)

    def _stream_changed(self, noun: twiml.Stream, stream: MediaStream, event: str, **extra: str) -> None:
        if not noun.status_callback:
            return
        form = {
            "AccountSid": self._equipment.account,
            "CallSid": self.sid,
            "StreamSid": stream.stream,
            "StreamName": noun.name or stream.stream,
            "StreamEvent": event,
            "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            **extra,
        }
        self._callbacks.send(event, noun.status_callback, noun.status_callback_method, form)

    def report(self, code: int, problem: str) -> None:
        """Record a violation."""
        if len(self.violations) < VIOLATIONS_AT_MOST:
            self.violations.append(Violation(code, problem, self.now()))

    def _note(self, name: str, **values: Any) -> None:
        self.events.append(CallEvent(self.now(), name, values))


async def _end(task: asyncio.Task[Any]) -> None:
    """Cancel a task if it still runs; raise what it raised."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()
