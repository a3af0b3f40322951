"""The ears of one call at Deepgram: audio in batches up, messages down, a new socket when one is lost.

Nothing here switches tasks for a frame: `send` appends to the tape, and every few frames writes to the socket directly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec
import structlog

from phoneagent.conversation.events import EndOfTurn, PartialTranscript, ProviderFailed
from phoneagent.conversation.words import SAMPLE_RATE
from phoneagent.errors import ProviderError
from phoneagent.ports import Heard
from phoneagent.providers.mailbox import Mailbox
from phoneagent.providers.websocket import RETRY_DELAYS, STABLE_AFTER, ProviderSocket, closed_early, jittered
from phoneagent.records import Expectation

from .audio_tape import FRAME, AudioTape
from .deepgram_keyterms import CallKeyterms
from .deepgram_messages import CLOSE_STREAM, KEEP_ALIVE, FluxMessage, NovaMessage

SILENCE = b"\xff"  # μ-law
LOOK_AROUND = 0.25  # seconds between looks at what should have happened
SILENT_CALLER = 0.5  # seconds without frames in an open turn; Twilio sends 50 a second even of silence
KEEP_ALIVE_AFTER = 4.0  # seconds without anything sent; /v1 closes after ten
UNHEARD_TURN = 1.5  # seconds after a reconnect in which the open turn must be heard again, or it ends as it was
FINISH_WITHIN = 0.9  # seconds; the port allows one
CONFIGURED = ("ConfigureSuccess", "ConfigureFailure")

log = structlog.get_logger(__name__)


M = TypeVar("M", FluxMessage, NovaMessage)


class Dialect(Protocol[M]):
    """What differs between `/v1/listen` and `/v2/listen`: how their messages become events."""

    @property
    def open(self) -> bool:
        """The caller is in the middle of something."""

    @property
    def unheard(self) -> bool:
        """What is open was begun on a lost socket, and the new one has heard nothing of it."""

    def begin(self, base: int) -> list[Heard]: ...

    def rehear_from(self, oldest: int) -> int: ...

    def decode(self, message: str | bytes) -> M: ...

    def receive(self, message: M) -> list[Heard]: ...

    def close(self) -> list[Heard]: ...


class Manners(msgspec.Struct, frozen=True):
    """What differs between them otherwise. Audio is in bytes, times in seconds."""

    batch: int
    batch_in_turn: int  # the end of a turn is noticed when the caller's last frame has come: none may wait for others
    keep_alive: bool  # by message; a socket without is kept by pings
    fill_silence: bool  # audio must go on in an open turn, for it has no other clock
    last_request: str  # asks for what was understood so far
    padding: int  # silence that lets the last word end
    patience: float  # how long a turn may take to end by itself then
    answers_within: float  # of audio; then a socket that answers pings is dead all the same
    answers_silence: bool  # answers between turns too


class DeepgramTranscription(Generic[M]):
    """Implements `ports.Transcription`."""

    def __init__(
        self,
        connection: ProviderSocket,
        *,
        reconnect: Callable[[tuple[str, ...]], Awaitable[ProviderSocket]],
        dialect: Dialect[M],
        manners: Manners,
        keyterms: CallKeyterms,
        call: str,
        missed: Sequence[ProviderError] = (),
    ) -> None:
        """`missed`: attempts to connect that failed before."""
        self._loop = asyncio.get_running_loop()
        self._mailbox: Mailbox[Heard] = Mailbox()
        for problem in missed:
            self._mailbox.put(ProviderFailed("stt", "deepgram", problem.problem, "deepgram"))
        self._tape = AudioTape()
        self._dialect: Dialect[M] = dialect
        self._manners = manners
        self._reconnect = reconnect
        self._log = log.bind(provider="deepgram", call=call)

        self._connection: ProviderSocket | None = connection
        self._opened = asyncio.Event()  # there is a connection
        self._opened.set()
        self._opened_at = self._loop.time()
        self._reopened_at: float | None = None
        self._sent_any = False  # on this connection
        self._heard_at = self._opened_at  # when the last message came, and how much had been sent by then
        self._heard_position = 0
        self._failures = 0

        self._keyterms = keyterms

        self._batch_timer: asyncio.TimerHandle | None = None
        self._batch_since = 0.0
        self._fed_at = self._sent_at = self._caller_at = self._loop.time()
        self._finishing = False
        self._turn_ended = asyncio.Event()
        self._watch: asyncio.TimerHandle | None = self._loop.call_later(LOOK_AROUND, self._look_around)
        dialect.begin(0)
        self._reader = asyncio.create_task(self._listen(connection), name=f"deepgram {call}")
        self._reader.add_done_callback(self._reader_done)

    @property
    def dropped(self) -> int:
        """Bytes of caller audio that came too late for any socket."""
        return self._tape.dropped

    # -- ports.Transcription ------------------------------------------------------------------------

    def send(self, audio: bytes) -> None:
        if self._finishing or not audio:  # an empty frame would close Deepgram's stream
            return
        tape, now = self._tape, self._loop.time()
        self._caller_at = self._fed_at = now
        if not tape.waiting:
            self._batch_since = now
        tape.add(audio)
        if tape.waiting >= self._batch:
            self._pump()
        elif self._batch_timer is None:
            self._batch_timer = self._loop.call_later(self._batch_seconds, self._batch_overdue)

    def expect(self, expectation: Expectation) -> None:
        self._keyterms.want(expectation.keyterms)
        self._configure()

    def __aiter__(self) -> Mailbox[Heard]:
        return self._mailbox

    async def finish(self) -> None:
        if self._finishing or self._mailbox.closed:
            return
        self._finishing = True
        try:
            async with asyncio.timeout(FINISH_WITHIN):
                await self._say_goodbye()
        except TimeoutError:
            self._log.warning("stt_finish_overdue", open=self._dialect.open)
        self._end()

    async def aclose(self) -> None:
        self._finishing = True
        self._end()
        self._reader.cancel()
        await asyncio.wait((self._reader,))

    # -- up -----------------------------------------------------------------------------------------

    @property
    def _batch(self) -> int:
        return self._manners.batch_in_turn if self._dialect.open else self._manners.batch

    @property
    def _batch_seconds(self) -> float:
        return self._manners.batch / SAMPLE_RATE

    def _batch_overdue(self) -> None:
        """Frames came late: send the part of a batch that there is, at most a batch's length after its first frame.

        The timer is not taken back for each batch that went in time, but set anew here for the one after it.
        """
        self._batch_timer = None
        remaining = self._batch_since + self._batch_seconds - self._loop.time()
        if remaining <= 0.001:
            self._pump(partial=True)
        elif self._tape.waiting:
            self._batch_timer = self._loop.call_later(remaining, self._batch_overdue)

    def _pump(self, *, partial: bool = False) -> None:
        connection, tape, batch = self._connection, self._tape, self._batch
        if connection is None:
            return
        least = 1 if partial else batch
        while tape.waiting >= least and connection.writable:
            connection.send_now(tape.take(batch))
            self._sent_at = self._loop.time()
            self._sent_any = True

    def _look_around(self) -> None:
        now = self._loop.time()
        self._watch = self._loop.call_later(LOOK_AROUND, self._look_around)
        if (
            self._manners.fill_silence
            and self._dialect.open
            and self._opened.is_set()
            and now - self._caller_at > SILENT_CALLER
        ):
            self._tape.add(SILENCE * (round((now - self._fed_at) * SAMPLE_RATE) // FRAME * FRAME))
            self._fed_at = now
        self._pump(partial=now - self._sent_at > LOOK_AROUND)
        connection = self._connection
        if connection is None:
            return
        if self._manners.keep_alive and now - self._sent_at > KEEP_ALIVE_AFTER:
            if self._sent_any:
                connection.send_now(KEEP_ALIVE)
                self._sent_at = now
            else:  # before the first audio it would not count
                self._tape.add(SILENCE * self._manners.batch)
                self._pump()
        self._keyterms.look(now)
        if self._stalled(now):
            self._log.warning("stt_stalled", open=self._dialect.open)
            connection.abort()  # the reader finds it closed, and opens another
        if self._dialect.unheard and self._reopened_at is not None and now - self._reopened_at > UNHEARD_TURN:
            self._tell(self._dialect.close())

    def _stalled(self, now: float) -> bool:
        """Whether the provider was given audio for long, and has been silent where it must not be."""
        limit = self._manners.answers_within
        return (
            (self._dialect.open or self._manners.answers_silence)
            and now - max(self._heard_at, self._opened_at) > limit
            and self._tape.position - self._heard_position > limit * SAMPLE_RATE
        )

    def _configure(self) -> None:
        """Change the key terms on the open socket, if others are wanted."""
        if self._finishing or self._connection is None:
            return
        if (change := self._keyterms.change(self._loop.time())) is not None:
            self._connection.send_now(change)

    def _change_answered(self, answer: M) -> None:
        if answer.type == "ConfigureSuccess":
            self._keyterms.accepted()
        else:
            self._keyterms.rejected(answer.code, answer.description)
        self._configure()

    # -- down ---------------------------------------------------------------------------------------

    def _tell(self, events: list[Heard]) -> None:
        for event in events:
            if isinstance(event, EndOfTurn):
                self._turn_ended.set()
            last = self._mailbox.last
            if isinstance(event, PartialTranscript) and isinstance(last, PartialTranscript) and not last.final:
                self._mailbox.replace_last(event)  # it says all that the older one said
            else:
                self._mailbox.put(event)

    async def _listen(self, connection: ProviderSocket) -> None:
        """Read until the call is over, over as many sockets as that takes."""
        try:
            while True:
                problem = await self._read(connection)
                if self._finishing:
                    return
                connection = await self._open_again(problem)
        except ProviderError as error:
            # Said first, so that whoever can hear the open turn again by other ears does not take it for ended.
            self._mailbox.put(ProviderFailed("stt", "deepgram", error.problem))
            self._tell(self._dialect.close())
            self._mailbox.close(error)
        finally:
            self._connection = None
            self._opened.clear()
            await connection.aclose()

    async def _read(self, connection: ProviderSocket) -> ProviderError:
        """Translate messages until the socket is closed. Returns why."""
        try:
            return closed_early("deepgram", await connection.listen(self._receive))
        except ProviderError as last_words:
            return last_words

    def _receive(self, message: bytes) -> None:
        self._heard_at, self._heard_position = self._loop.time(), self._tape.position
        try:
            decoded = self._dialect.decode(message)
        except msgspec.MsgspecError as garbage:
            self._log.warning("stt_message_not_understood", problem=str(garbage))
            self._mailbox.put(ProviderFailed("stt", "deepgram", "a message that is no JSON", "deepgram"))
            return
        if decoded.type in CONFIGURED or (decoded.type == "Error" and self._keyterms.pending):
            self._change_answered(decoded)  # an error that ends the stream closes it, too
        else:
            self._tell(self._dialect.receive(decoded))

    async def _open_again(self, problem: ProviderError) -> ProviderSocket:
        """A new socket, given the audio that the last one had not understood."""
        lost, self._connection = self._connection, None
        self._opened.clear()
        self._keyterms.lost()
        if lost is not None:
            lost.abort()
        if self._loop.time() - self._opened_at > STABLE_AFTER:
            self._failures = 0
        while True:
            if not problem.retryable or self._failures >= len(RETRY_DELAYS):
                raise problem
            self._log.warning("stt_reconnecting", problem=problem.problem, attempt=self._failures + 1)
            self._mailbox.put(ProviderFailed("stt", "deepgram", problem.problem, "deepgram"))
            await asyncio.sleep(jittered(RETRY_DELAYS[self._failures]))
            self._failures += 1
            try:
                connection = await self._keyterms.connected(self._reconnect)
                break
            except ProviderError as error:
                problem = error
        still_unheard = self._dialect.unheard
        self._tell(self._dialect.begin(self._tape.rewind(self._dialect.rehear_from(self._tape.oldest))))
        self._heard_position = self._tape.position
        self._connection = connection
        self._sent_any = False
        self._opened_at = self._sent_at = self._loop.time()
        if not still_unheard:
            self._reopened_at = self._opened_at
        self._opened.set()
        self._pump()
        self._configure()
        return connection

    def _reader_done(self, reader: asyncio.Task[None]) -> None:
        """A defect of ours must not leave the call deaf without a word."""
        if not reader.cancelled() and isinstance(defect := reader.exception(), Exception):
            self._mailbox.close(defect)

    # -- the end ------------------------------------------------------------------------------------

    async def _say_goodbye(self) -> None:
        """Let the last words be understood: they may still be on the way when the caller hangs up."""
        await self._opened.wait()
        connection = self._connection
        if connection is None:
            return
        self._turn_ended.clear()
        self._tape.add(SILENCE * self._manners.padding)
        self._pump(partial=True)
        await self._turn_ends(self._manners.patience)
        if self._dialect.open:
            connection.send_now(self._manners.last_request)
            await self._turn_ends(self._manners.patience / 2)
        connection.send_now(CLOSE_STREAM)
        await asyncio.wait((self._reader,))

    async def _turn_ends(self, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                await self._turn_ended.wait()
        except TimeoutError:
            pass  # the next request asks more firmly

    def _end(self) -> None:
        for timer in (self._watch, self._batch_timer):
            if timer is not None:
                timer.cancel()
        self._watch = self._batch_timer = None
        self._tell(self._dialect.close())
        self._mailbox.close()
