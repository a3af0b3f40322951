"""One call: feeds the conversation, carries out what it asks, sleeps until its deadline. It decides nothing about
turns.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

import structlog

from phoneagent.audio.g711 import FRAME, SILENCE
from phoneagent.conversation.caller_turn import HIDDEN
from phoneagent.conversation.commands import (
    BlockCaller,
    CancelReply,
    CancelTool,
    ClearPlayback,
    Command,
    Emit,
    Expect,
    FinishSpeech,
    HandOver,
    Hangup,
    ListenForBeeps,
    MoveOn,
    PressKeys,
    RunTool,
    SaveTurn,
    SealKeys,
    SendAudio,
    SendDtmf,
    SendMark,
    StartReply,
    Synthesize,
    Transfer,
)
from phoneagent.conversation.entrance import Entrance
from phoneagent.conversation.events import (
    CallEnded,
    CallStarted,
    DtmfReceived,
    EagerEndOfTurn,
    Event,
    KeysExpected,
    MarkPlayed,
    MoveWanted,
    PartialTranscript,
    ProviderFailed,
    ReplyFailed,
    ReplyText,
    SpeechStopped,
    SpendLimitReached,
    TimerFired,
    ToolRequested,
    ToolReturned,
    TransferFailed,
)
from phoneagent.conversation.states import State
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.errors import CarrierError, DialRefused, ProviderError, ToolError
from phoneagent.ports import (
    CallControl,
    CarrierRecordings,
    Documents,
    MediaStream,
    Observer,
    Recordings,
    Speech,
    Store,
    Thought,
    Transcription,
)
from phoneagent.records import (
    CallRecord,
    Expectation,
    IgnoredMessage,
    KeyPressed,
    MarkReturned,
    MediaReceived,
    MessageIgnored,
    Saying,
    StreamMessage,
    StreamStopped,
)
from phoneagent.usage import meter

from .built_in import carried_out
from .carrier_recording import CarrierRecording
from .ears import Ears
from .equipped import EquippedAgent, tool_messages
from .handoff import handed_over, handoff_to, known_turns, with_summary
from .journal import Journal, NullJournal, Opening
from .phone_numbers import is_number
from .price_book import NO_PRICES, PriceBook, prices_for
from .recorder import Recorder
from .recording_keeper import expire_at_carrier
from .scope import Scope
from .scribe import Scribe
from .speech_cache import SpeechCache
from .spending import Spending
from .steering import Control, Outcome
from .summary import BRIEFED, brief_of
from .tool_ledger import ToolLedger, left_over
from .transfers import NotNow, Transfers, came_back, planned
from .variables import variables_of
from .vault import Vault
from .voice import Voice

log = structlog.stdlib.get_logger(__name__)

STREAM_OVER = 1.0  # seconds without a frame; they come fifty times a second, and networks stall for less
FRAMES_MISSING = 2.0  # seconds without a frame: networks stall for less, and then deliver all that is late
FILLED_EVERY = 0.1  # seconds between two pieces of the silence that is heard in place of missing frames
CARRIER_SILENCE = 20.0
"""Seconds without a frame after which the stream is closed, and Twilio asks how the call goes on. Twilio sends frames
without a break, also in silence; but they stop while a caller's own network changes cells or holds the call ("RTP
timeout on Media Stream", its warning 31953), and come back. Who is gone for good hangs up, and a peer that is dead
answers no ping of the server's, which come every 20 seconds."""
HEARING_EVERY = 0.5  # seconds between two writes of what the caller is saying, or of an answer still being written
FLUSH = 0.5  # seconds that the store gets for the last turns; what it has not taken then is written later
NOTED = 0.5  # seconds that it gets for what the carrier will ask for; then this process has to know
OVER = frozenset({"agent", "caller", "duration", "silence", "failure", "operator", "transfer", "machine", "spend"})
"""Why a call may be over. A stream that was lost for another reason is carried on when the carrier asks."""

UNHEARD = frozenset(
    {"hung_up", "voicemail_left", "voicemail_cut"}
)  # a machine has heard what was disclosed: nobody has

_serial = count(1)  # a call that is carried on by the same process must not inherit the lease of its predecessor


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all calls of a process share. `control` is None where the carrier can only be told by closing the stream."""

    store: Store
    documents: Documents
    control: CallControl | None
    observer: Observer
    cache: SpeechCache
    owner: str
    """This process's name in leases; unique to each start of a process."""
    transfers: Transfers
    recordings: Recordings | None = None
    carrier_recordings: CarrierRecordings | None = None
    prices: PriceBook = NO_PRICES
    carrier: str = ""
    """Who is paid for the line."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The connections of a call to its providers, opened while the phone rings."""

    ears: asyncio.Future[Transcription]
    voice: asyncio.Future[Speech]


LONGEST_PIECE = 500  # characters that a model writes at once; more are spoken piece by piece, a few ms each


def _pieces(thought: Thought) -> Iterator[Thought]:
    """What a model writes, in pieces of a bounded length: servers that do not stream send all of it at once."""
    if not isinstance(thought, ReplyText) or len(thought.text) <= LONGEST_PIECE:
        yield thought
        return
    for at in range(0, len(thought.text), LONGEST_PIECE):
        yield replace(thought, text=thought.text[at : at + LONGEST_PIECE])


class Call:
    """Runs from the media stream's start to the last turn saved."""

    def __init__(
        self,
        record: CallRecord,
        equipped: EquippedAgent,
        stream: MediaStream,
        lines: Lines,
        around: Surroundings,
        *,
        history: tuple[Turn, ...] = (),
        stored: bool = True,
        keep_journal: bool = False,
    ) -> None:
        """`history`: the turns so far. Not `stored`: the store was away, and does not have the call yet."""
        agent = equipped.agent
        already = _already(record, history)
        left = left_over(record, history, already)
        self.record = record
        self.ended_reason = ""
        self.learned: dict[str, str] = {}  # fields of the record that only the conversation could tell
        self._variables = variables_of(agent, record)
        opening = Opening(
            phrasing=equipped.phrasing(
                self._variables, placed=record.direction == "outbound", disclosed=record.disclosed > 0
            ),
            policy=agent.policy,
            turn_events=equipped.stt.turn_events,
            safe_tools=tuple(tool.name for tool in equipped.own if tool.safe),
            history=(*history, *left),
            language=agent.language,
            entrance=record.entrance,
            at=already,
            answering=equipped.answering(record),
            muted=record.muted,
            tool_messages=tool_messages(equipped.own, self._variables),
            built_in=carried_out(agent),
            number_known=is_number(record.other_party.reveal()),
        )
        self.journal: Journal | NullJournal = Journal(opening) if keep_journal else NullJournal()
        self._conversation = opening.conversation()
        self._equipped = equipped
        self._instructions = equipped.instructions(self._variables)
        self._stream = stream
        self._lines = lines
        self._around = around
        self._loop = asyncio.get_running_loop()
        self._connected = self._loop.time()
        self._answered = record.answered or time.time()
        self._began = self._connected - opening.at
        self._spending = Spending(
            prices_for(agent.prices, around.prices),
            carrier=around.carrier,
            direction=record.direction,
            ears=agent.stt,
            voice=agent.tts,
            used=record.used,
            connected=already,
        )
        self._spent = False
        self._voice = Voice(
            equipped.tts,
            around.cache,
            self.feed,
            call=record.id,
            listener=record.other_party,
            speakable=equipped.speakable,
            given=self._spending.spoken,
        )
        self._ears = Ears(equipped.stt, self.feed, self.now, call=record.id, language=agent.language)
        owner = f"{around.owner}/{next(_serial)}"
        self.scribe = Scribe(around.store, record, owner, history=history, stored=stored)
        self._ledger = ToolLedger(self.scribe, frozenset(opening.safe_tools))
        for seq, turn in enumerate(left, start=len(history) + 1):
            self.scribe.save(seq, turn)
            self.scribe.note(tools=())
        self._scope = Scope()
        self._thinking: dict[int, asyncio.Task[None]] = {}
        self._tools: dict[str, asyncio.Task[None]] = {}
        self._inbox: deque[Event] = deque()
        self._feeding = False
        self.recorder = self._make_recorder()
        self._carrier_recording = self._make_carrier_recording()
        self._briefs: dict[str, asyncio.Task[None]] = {}  # for agents to whom the call may go, while that is said
        self._briefed: dict[str, str] = {}
        self._keys = KeysExpected()
        self._vault = Vault()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._over = asyncio.Event()
        self._finished = asyncio.Event()
        self._greeted = False
        self._hung_up = False
        self._moving = False
        self._hearing, self._hearing_kept = record.hearing, float("-inf")
        self._saying = record.saying
        self._saying_kept = float("-inf")
        self._last_frame = self._connected
        self._ignored: set[IgnoredMessage] = set()

    @property
    def _may_record(self) -> bool:
        """Whether who is recorded knows it."""
        rules = self._equipped.agent.recording
        return self.record.announced or rules.consent == "given" or not rules.announcement

    def _make_carrier_recording(self) -> CarrierRecording | None:
        record = self.record
        if not self._equipped.agent.recording.twilio or self._around.carrier_recordings is None:
            return None
        recording = CarrierRecording(
            self._around.carrier_recordings,
            record.id,
            sid=record.carrier_recording,
            paused=record.carrier_recording_status == "paused",
            by_operator=record.recording_paused,
            note=self.scribe.note,
            expire=partial(expire_at_carrier, self._around.store, self._equipped.agent.recording),
            tell=self._tell,
        )
        if self._may_record:
            recording.start()
        return recording

    def _make_recorder(self) -> Recorder | None:
        record, rules = self.record, self._equipped.agent.recording
        if not rules.own or self._around.recordings is None:
            return None
        return Recorder(
            self._around.recordings,
            record.id,
            rules,
            began=lambda: self._answered + self.now(),
            tell=self._tell,
            at_once=self._may_record,
            paused=record.recording_paused,
        )

    # -- the loop: feed the core, carry out its commands, sleep until its deadline --------------------

    async def run(self) -> None:
        """Carry the call from here to its end. Returns within two seconds of it, whatever hangs."""
        async with self._scope as scope:
            self.feed(CallStarted())
            scope.start(self._listen(), "carrier")
            scope.start(self._ears.run(self._lines.ears), "ears")
            scope.start(self._voice.run(self._lines.voice), "voice")
            self.scribe.note(status="in-progress", answered=self._answered)
            scope.start(self.scribe.run(), "scribe")
            scope.start(self._watch_lease(), "lease")
            if self._carrier_recording is not None:
                scope.start(self._carrier_recording.run(), "carrier recording")
            scope.start(self._watch_carrier(), "watchdog")
            over = asyncio.ensure_future(self._over.wait())
            failed = asyncio.ensure_future(scope.failed.wait())
            try:
                await asyncio.wait([over, failed], return_when=asyncio.FIRST_COMPLETED)
            finally:
                over.cancel()
                failed.cancel()
                if self._timer is not None:
                    self._timer.cancel()
            self._note_costs()
            self.stop("a defect")  # unless it is over: what was heard until now is saved, and the call carried on
            if self.ended_reason in OVER and self.ended_reason != "transfer":  # that goes on, without the agent
                ended = self._answered + self.now()  # by one clock, so that the difference is how long it took
                self.scribe.note(status="completed", ended=ended, ended_reason=self.ended_reason)
            self._vault.empty()
            if self.recorder is not None:
                self.recorder.end()
            await self.scribe.flush(FLUSH)
            await self.scribe.release()

    @property
    def is_heard(self) -> bool:
        """Whether the carrier still sends what the caller says: then the media stream is not over."""
        return self._loop.time() - self._last_frame < STREAM_OVER

    def stop(self, reason: str) -> None:
        """End the call here; the carrier may be told to carry it on elsewhere."""
        if not self._over.is_set():
            self.feed(CallEnded(reason))

    def steer(self, control: Control) -> Outcome:
        """Do what an operator wants; `over` if the call is being left."""
        if self._conversation.state in (State.CONNECTING, State.LEAVING, State.CLOSING, State.ENDED):
            return "over"
        if control.action != "detected":  # no operator has said it
            self._tell("steered", {"action": control.action})
        if control.action in ("pause_recording", "resume_recording"):
            self._pause_recording(control.action == "pause_recording")
            return "done"
        try:
            self.feed(control.event)
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the call and not the line of all calls
            self._scope.fail(error)
        return "done"

    def move(self) -> None:
        """Leave the call to another process, at a moment at which nobody notices."""
        if not self._moving:
            self._moving = True
            self.feed(MoveWanted())

    def left(self) -> None:
        """All is saved that will be."""
        self._finished.set()

    async def finished(self, *, within: float) -> None:
        """Wait until the last turn and the record are saved, but not longer than this many seconds."""
        try:
            async with asyncio.timeout(within):
                await self._finished.wait()
        except TimeoutError:
            log.warning("call_slow_to_end", call=self.record.id, seconds=within)

    def now(self) -> float:
        """Seconds since the call began."""
        return self._loop.time() - self._began

    def feed(self, event: Event) -> None:
        """Something happened. Commands are carried out before this returns, unless it was called by one of them."""
        self._inbox.append(event)
        if self._feeding:
            return
        self._feeding = True
        try:
            while self._inbox:
                self._step(self._inbox.popleft())
        finally:
            self._feeding = False
        self._set_timer()

    def _step(self, event: Event) -> None:
        at = self.now()
        if isinstance(event, TimerFired):
            # Sums of floats are rounded: a bit before the deadline the core would only ask for the same timer again.
            at = max(at, self._timer_at)
        self.journal.write(at, event)
        for command in self._conversation.receive(event, at=at):
            self._carry_out(command)
        if isinstance(event, ProviderFailed) and event.then:
            self._spending.replaced(event.part, event.then, at)
        if self._equipped.agent.spend:
            self._limit_costs(at)
        if self._around.store.shared:
            self._keep_unfinished(event, at)
        secret = self._conversation.keys_are_secret
        self._ears.be_discreet(tones=secret, voice=secret and self._conversation.secret_is_typed)
        if self.recorder is not None:
            self.recorder.be_discreet(secret)
        if self._carrier_recording is not None:
            self._carrier_recording.be_discreet(secret)
        if self._conversation.state is State.ENDED:
            self._over.set()

    def _limit_costs(self, at: float) -> None:
        if not self._spent and self._spending.until(at) >= self._equipped.agent.spend:
            self._spent = True
            self.feed(SpendLimitReached())

    def _note_costs(self) -> None:
        at = self.now()
        self.scribe.note(spent=self._spending.until(at), used=self._spending.used(at))

    def _keep_unfinished(self, event: Event, at: float) -> None:
        """What the caller is saying, every now and then, and each sentence of an answer that was heard: were this
        process to die, the next one goes on from there.
        """
        if isinstance(event, PartialTranscript | EagerEndOfTurn | SpeechStopped):
            hearing = self._conversation.hearing
            if hearing != self._hearing and at - self._hearing_kept >= HEARING_EVERY:
                self._hearing, self._hearing_kept = hearing, at
                self.scribe.note(hearing=hearing)
        elif isinstance(event, MarkPlayed) and (saying := self._conversation.saying(at)) is not None:
            kept = Saying(*saying)
            if kept != self._saying and (kept.rest or at - self._saying_kept >= HEARING_EVERY):
                self._saying, self._saying_kept = kept, at
                self.scribe.note(saying=kept)

    def _no_longer_unfinished(self, turn: Turn) -> None:
        """It is in the transcript now."""
        if turn.role == "caller" and self._hearing:
            self._hearing = ""
            self.scribe.note(hearing="")
        elif turn.role == "agent" and self._saying is not None:
            self._saying = None
            self.scribe.note(saying=None)

    def _set_timer(self) -> None:
        """Wake up at the core's deadline. A timer for an earlier one is left: deadlines move on with every event."""
        deadline = self._conversation.deadline
        if deadline is None or (self._timer is not None and self._timer_at <= deadline.at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline.at
        self._timer = self._loop.call_at(self._began + deadline.at, self._timer_fired)

    def _timer_fired(self) -> None:
        self._timer = None
        deadline = self._conversation.deadline
        if deadline is None or deadline.at > self._timer_at:
            self._set_timer()
            return
        try:
            self.feed(TimerFired())
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends the call and not only this timer
            self._scope.fail(error)

    def _carry_out(self, command: Command) -> None:
        match command:
            case SendAudio(reply, start, end):
                self._send(self._voice.audio(reply, start, end))
            case SendMark(name):
                self._stream.send_mark(name)
                if self.recorder is not None:
                    self.recorder.marks(name)
            case ClearPlayback():
                self._stream.clear()
                self._ears.agent_silenced()
                if self.recorder is not None:
                    self.recorder.silenced()
            case Synthesize(reply, text):
                self._voice.speak(reply, text)
            case FinishSpeech(reply):
                self._voice.finish(reply)
            case SealKeys(name, keys):
                self._vault.seal(name, keys)
            case SendDtmf(reply, digits):
                self._voice.press(reply, digits)
            case StartReply(reply, turns, tools):
                self._voice.forget_before(reply)
                self._thinking[reply] = self._scope.start(self._think(reply, turns, tools=tools), f"reply {reply}")
            case CancelReply(reply):
                self._voice.cancel(reply)
                if task := self._thinking.pop(reply, None):
                    task.cancel()
            case Expect(turns):
                self._expect(self._equipped.llm.expects(known_turns(self.record, turns)))
            case ListenForBeeps(on):
                self._ears.listen_for_beeps(on)
            case RunTool(_, call):
                self._tools[call.id] = self._scope.start(self._run_tool(call), f"tool {call.name}")
            case CancelTool(id_):
                if task := self._tools.pop(id_, None):
                    task.cancel()
            case SaveTurn(seq, turn):
                self.scribe.save(seq, turn)
                self._ledger.saved(turn)
                self._no_longer_unfinished(turn)
                self._note_costs()
            case Emit(name, values):
                self._tell(name, values)
            case Hangup(reason):
                self._scope.start(self._hang_up(reason), "hang up")
            case HandOver(agent):
                self._scope.start(self._hand_over(agent), "hand over")
            case PressKeys(digits):
                self._scope.start(self._press(digits), "press keys")
            case BlockCaller():
                self.scribe.note(do_not_call=True)  # which writes the list too, however long the store is away
            case MoveOn():
                self._scope.start(self._move_on(), "move on")
            case Transfer():
                self._scope.start(self._transfer(command), "transfer")

    def _expect(self, expectation: Expectation) -> None:
        self._ears.expect(expectation)
        keys = expectation.keys or KeysExpected()
        if keys != self._keys:
            self._keys = keys
            self.feed(keys)

    def _tell(self, name: str, values: Mapping[str, Any]) -> None:
        if name == "call_ended":
            self.ended_reason = values["reason"]
        elif name in ("answered_by", "answerer_handled"):
            self._learn(**values)
            if values.get("outcome") in UNHEARD:
                self.scribe.note(disclosed=0.0)
        elif name in ("muted", "unmuted"):
            self.scribe.note(muted=name == "muted")  # whoever carries the call on keeps silent too
        elif name == "announced":
            self.scribe.note(announced=True)
            if self.recorder is not None:
                self.recorder.start()
            if self._carrier_recording is not None:
                self._carrier_recording.start()
        elif name == "disclosed":
            self.scribe.note(disclosed=self._answered + self.now())
        elif name == "recording_started" and self.record.recording != "failed":
            self.scribe.note(recording="recording")
        elif name == "recording_failed":
            self.scribe.note(recording="failed", recording_problem=values["problem"])
        self._around.observer.tell(self.record.id, self.now(), name, values)

    def _send(self, audio: bytes) -> None:
        self._stream.send_audio(audio)
        self._ears.agent_plays(audio)
        if self.recorder is not None:
            self.recorder.plays(audio)
        if not self._greeted:
            self._greeted = True
            self._tell("first_frame_sent", {"seconds": self._loop.time() - self._connected})

    # -- what takes time ----------------------------------------------------------------------------

    async def _think(self, reply: int, turns: tuple[Turn, ...], *, tools: bool) -> None:
        meter.set(self._spending.count)
        try:
            stream = self._equipped.llm.reply(
                reply,
                instructions=self._instructions,
                turns=known_turns(self.record, turns),
                tools=self._equipped.offered if tools else (),
            )
            spoken = False
            async with aclosing(stream) as thoughts:
                async for thought in thoughts:
                    spoken = spoken or (isinstance(thought, ReplyText) and bool(thought.text.strip()))
                    if isinstance(thought, ToolRequested) and thought.call.name == "hand_over":
                        self._announce(thought, turns, spoken=spoken)
                    for piece in _pieces(thought):
                        self.feed(piece)
                        if piece is not thought:
                            await asyncio.sleep(0)  # whoever else talks is heard in between
        except ProviderError as error:
            self.feed(ProviderFailed("llm", error.provider, error.problem))
            self.feed(ReplyFailed(reply, error.problem))
        finally:
            if self._thinking.get(reply) is asyncio.current_task():
                del self._thinking[reply]

    async def _run_tool(self, call: ToolCall) -> None:
        await self._ledger.begin(call)
        try:
            given = self._vault.fill(call.arguments) if call.name in self._equipped.trusted else call.arguments
            run = self._equipped.tools.run(call.name, given, call=self.record.id, variables=self._variables)
            result, failed = await run, False
        except ToolError as error:
            result, failed = str(error), True
        self._tools.pop(call.id, None)
        result = self._vault.mask(result)
        self._ledger.returned(call, result)
        self.feed(ToolReturned(call.id, result, failed))

    async def _listen(self) -> None:
        reason = "the connection was lost"
        try:
            await self._stream.listen(self._take)
            if self._hung_up:
                reason = "caller"
        except CarrierError as error:
            reason = str(error)
            log.warning("carrier_broke_protocol", problem=reason)
            await self._stream.aclose(reason, violation=True)
        await self._stream_over(reason)

    def _take(self, message: StreamMessage) -> None:
        if isinstance(message, MediaReceived):  # nearly always
            self._last_frame = self._loop.time()
            self._ears.hear(message.audio)
            if self.recorder is not None:
                self.recorder.hear(message.audio, message.timestamp)
            return
        match message:
            case MarkReturned(name):
                if self.recorder is not None:
                    self.recorder.mark_returned(name)
                self.feed(MarkPlayed(name))
            case KeyPressed(digit):
                self._key_pressed(digit)
            case StreamStopped():
                self._hung_up = True
            case MessageIgnored(what):
                self._ignore(what)
            case _:
                raise CarrierError(f"expected media, marks, keys or the end, got {type(message).__name__}")

    def _ignore(self, what: IgnoredMessage) -> None:
        """Counted each time, written down once a call: frames of a track come fifty times a second."""
        self._tell("message_ignored", {"what": what, "first": what not in self._ignored})
        self._ignored.add(what)

    def _key_pressed(self, digit: str) -> None:
        """What nobody may know goes into the vault: the conversation learns that there was a key."""
        if self._conversation.conceals(digit, at=self.now()):
            self._vault.put(digit)
            if self.recorder is not None:
                self.recorder.hide_key()
            digit = HIDDEN
        self.feed(DtmfReceived(digit))

    async def _stream_over(self, reason: str) -> None:
        self.stop(reason)
        await self._ears.finish()

    async def _watch_carrier(self) -> None:
        """A socket can be half open for minutes; frames that stop coming tell sooner. Meanwhile silence is heard: a
        sentence that was begun comes to its end, and ears stay open.
        """
        missing = False
        while (silent := self._loop.time() - self._last_frame) < CARRIER_SILENCE:
            if silent < FRAMES_MISSING:
                missing = False
                await asyncio.sleep(max(FRAMES_MISSING - silent, FILLED_EVERY))  # what rounding leaves takes no time
                continue
            if not missing:
                missing = True
                self._tell("frames_missing", {"seconds": FRAMES_MISSING})
            for _ in range(round(FILLED_EVERY * 50)):
                self._ears.hear(SILENCE * FRAME)
            await asyncio.sleep(FILLED_EVERY)
        log.warning("carrier_silent", seconds=CARRIER_SILENCE)
        await self._stream.aclose("no media")
        await self._stream_over("the carrier fell silent")

    async def _watch_lease(self) -> None:
        await self.scribe.lease_lost.wait()
        await self._stream.aclose("carried on elsewhere")
        self.stop("carried on elsewhere")

    async def _hang_up(self, reason: str) -> None:
        await self._note(status="completed", ended_reason=reason)
        if self._around.control is not None:
            try:
                await self._around.control.hang_up(self.record.id)
            except CarrierError as error:
                log.warning("hang_up_failed", reason=reason, problem=str(error))
        await self._stream.aclose(reason)

    async def _transfer(self, wanted: Transfer) -> None:
        """What the carrier asks when the stream has ended is answered with the same document that it is given now."""
        ours = self.record.own_party.reveal()
        plan = planned(self._equipped, wanted, self._around.transfers.now(), ours=ours)
        if isinstance(plan, NotNow):
            self._not_transferred(plan.reason, plan.words, plan.note)
            return
        self._tell("transferring", {"target": plan.name, "warm": plan.target.warm})
        changes: dict[str, Any] = {"transfer": plan, "transfer_leg": "", "transfer_summary": "", "transfer_outcome": ""}
        await self._note(ended_reason="transfer", **changes)
        record = replace(self.record, **changes)
        try:
            await self._around.transfers.call_target(record, self._equipped, tuple(self._conversation.turns))
        except DialRefused as refusal:
            log.warning("transfer_refused", problem=str(refusal))
            await self._note(ended_reason="", transfer=None)
            back = came_back(plan, "failed", self._equipped.agent.phrasing)
            self._not_transferred("failed", back.words, back.note)
            return
        if self._around.control is not None:
            try:
                await self._around.control.update(self.record.id, self._around.transfers.document(record))
            except CarrierError as error:
                log.warning("transfer_by_rest_failed", problem=str(error))
        await self._stream.aclose("transfer")

    def _not_transferred(self, reason: str, words: str, note: str) -> None:
        self._tell("transfer_failed", {"reason": reason})
        self.feed(TransferFailed(words, note))

    async def _hand_over(self, agent: str) -> None:
        """The carrier asks how to go on, and the other agent greets. To one that is not declared nobody is handed."""
        handoff = handoff_to(self._equipped.agent, agent)
        known = handoff is not None
        self._tell("handed_over", {"agent": agent, "known": known})
        if handoff is not None:
            turns = len(self._conversation.turns)
            hidden = turns if handoff.history == "none" else 0
            held = handed_over(self.record, agent, at=time.time(), hidden=hidden)
            # At once, with the whole history: whoever carries on after a crash knows who has the call now.
            await self._note(agent=agent, ended_reason="handover", entrance=Entrance("handover"), held=held)
            if brief := self._briefs.get(agent):
                await asyncio.wait([brief], timeout=BRIEFED)
                if summary := self._briefed.get(agent, ""):
                    await self._note(held=with_summary(held, summary, hidden=turns))
        else:
            note = f"There is no agent {agent!r}: the caller is still here."
            await self._note(ended_reason="handover", entrance=Entrance("return", note=note))
        await self._stream.aclose("handover")

    def _announce(self, wanted: ToolRequested, turns: tuple[Turn, ...], *, spoken: bool) -> None:
        """The model hands the call over: what is said then, and a summary, which is written meanwhile."""
        name = wanted.call.text_of("agent")
        handoff = handoff_to(self._equipped.agent, name)
        if handoff is None:
            return
        if handoff.say and not spoken:
            self.feed(ReplyText(wanted.reply, handoff.say))
        if handoff.history == "summary":
            if (running := self._briefs.pop(name, None)) is not None:
                running.cancel()
            self._briefs[name] = self._scope.start(self._brief(name, turns), f"brief {name}")

    async def _brief(self, name: str, turns: tuple[Turn, ...]) -> None:
        meter.set(self._spending.count)
        self._briefed[name] = await brief_of(self._equipped, known_turns(self.record, turns))

    async def _press(self, digits: str) -> None:
        """Whether the carrier presses them or not, the caller comes back to the agent."""
        await self._note(ended_reason="keys", entrance=Entrance("return"))
        try:
            if self._around.control is None:
                raise CarrierError("the carrier cannot be told anything without its credentials")
            await self._around.control.update(self.record.id, self._around.documents.press(digits))
        except CarrierError as error:
            log.warning("keys_not_pressed", problem=str(error))
            await self._note(entrance=Entrance("return", note=f"The keys could not be pressed: {error}"))
        await self._stream.aclose("keys")

    async def _move_on(self) -> None:
        await self._note(ended_reason="moved", entrance=Entrance("moved"))
        await self._stream.aclose("moved")

    def _pause_recording(self, paused: bool) -> None:
        self.scribe.note(recording_paused=paused)  # for whoever carries the call on, too
        if self.recorder is not None:
            self.recorder.pause(paused)
        if self._carrier_recording is not None:
            self._carrier_recording.pause(paused)
        self._tell("recording_paused" if paused else "recording_resumed", {})

    def _learn(self, **changes: str) -> None:
        """Who has answered, or what they got."""
        self.learned |= changes
        self.scribe.note(**changes)

    async def _note(self, **changes: object) -> None:
        """Write down how the call ends before the carrier can ask: closing the stream makes it ask at once."""
        self.scribe.note(**changes)
        await self.scribe.flush(NOTED)


def _already(record: CallRecord, history: tuple[Turn, ...]) -> float:
    """Seconds since the call began, by the clocks of all processes that had it."""
    last = history[-1].at if history else 0.0
    return max(last, time.time() - record.answered) if record.answered else last
