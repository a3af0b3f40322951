"""The agent's ears in one call: frames go to the STT as they come, transitions and transcripts to the core."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from phoneagent.audio.beep import BeepDetector
from phoneagent.audio.tone_gate import ToneGate
from phoneagent.audio.voice_activity import Transition, VoiceActivity
from phoneagent.conversation.events import (
    BeepStarted,
    BeepStopped,
    EagerEndOfTurn,
    EarsFailed,
    EndOfTurn,
    Event,
    PartialTranscript,
    ProviderFailed,
    SpeechStarted,
    SpeechStopped,
)
from phoneagent.errors import ProviderError
from phoneagent.ports import Heard, Replaceable, SpeechToText, Transcription
from phoneagent.records import Expectation

log = structlog.stdlib.get_logger(__name__)

KEPT = 250  # frames: 5 s of what the caller said last, for ears that have not heard it
LEAD = 20  # frames: a voice is noticed when it has begun, and a word may begin softly
DOUBT_AFTER = 75  # frames: 1.5 s of a voice of which the ears tell nothing; good ones tell something every second
DOUBT_AT_MOST = 800  # frames; each time that others heard nothing either, it was more likely a noise
SHORT_SOUND = 35  # frames until it has ended for certain: 0.5 s of a cough, and 0.2 of quiet
HEARD_AGAIN_WITHIN = 0.8  # seconds from connecting: what is said meanwhile is not understood so soon
RECONNECT = (0.1, 0.3, 1.0)  # seconds before each further attempt; after the last the ears have failed
STEADY = 10.0  # seconds: a connection that lasted so long was a good one, as is one over which a turn was understood


class Ears:
    """Takes the caller's frames; reports to `feed`. `now` is the call's clock."""

    def __init__(
        self,
        provider: SpeechToText,
        feed: Callable[[Event], None],
        now: Callable[[], float],
        *,
        call: str,
        language: str,
    ) -> None:
        self._provider = provider
        self._feed = feed
        self._now = now
        self._call = call
        self._language = language
        self._activity = VoiceActivity()
        self._beeps: BeepDetector | None = None
        self._gate = ToneGate()
        self._discreet = False  # tones must not get through
        self._deaf = False  # nor must anything else
        self._transcription: Transcription | None = None
        self._recent: deque[bytes] = deque(maxlen=KEPT)
        self._count = 0  # frames
        self._heard_until = 0  # frame from which on no ears were connected
        self._voice_from: int | None = None  # frame at which what is not understood yet began
        self._in_turn = False  # the ears have told of a beginning, and not of the end
        self._served = False  # over this connection a turn was understood to its end
        self._began_at = 0  # frame at which the caller's present sound began
        self._doubt_at = 0  # frame at which the ears must have told of it
        self._doubt_after = DOUBT_AFTER
        self._doubted = False  # the present ears were given up for it
        self._suspected = -1  # frame at which the sound began of which the ears before these have told nothing
        self._connected_at = 0.0
        self._expectation: Expectation | None = None
        self._connected = asyncio.Event()  # or there will be no connection any more
        self._finished = False

    def agent_plays(self, audio: bytes) -> None:
        """The agent's voice, as it goes to the carrier: its echo is no caller's voice."""
        self._activity.echo.plays(audio)

    def agent_silenced(self) -> None:
        """The carrier was told to play no more of it."""
        self._activity.echo.silenced()

    def be_discreet(self, *, tones: bool, voice: bool) -> None:
        """Whether the tones of keys must not reach the provider, who could read them; or nothing at all.

        Who types a card number reads it out under their breath, too.
        """
        if self._discreet and not tones:
            self._discreet = False
            if (frame := self._gate.take()) is not None:
                self._send(frame)
        self._discreet, self._deaf = tones, voice

    def hear(self, frame: bytes) -> None:
        """A frame of the caller's voice. The hot path: 50 a second and call."""
        if not self._discreet:
            self._send(frame)
        elif (passed := self._gate.put(frame, closed=self._deaf)) is not None:
            self._send(passed)
        match self._activity.hear(frame):
            case Transition.STARTED if self._deaf:
                pass
            case Transition.STARTED:
                self._voice_begins()
                self._feed(SpeechStarted("vad"))
            case Transition.STOPPED:
                if self._count - self._began_at < SHORT_SOUND:
                    self._doubt_at = 0
                self._feed(SpeechStopped(ended=self._now() - self._activity.quiet_for))
            case None:
                pass
        if self._beeps is not None:
            match self._beeps.hear(frame):
                case Transition.STARTED:
                    self._feed(BeepStarted())
                case Transition.STOPPED:
                    self._feed(BeepStopped())
                case None:
                    pass

    def listen_for_beeps(self, on: bool) -> None:
        """From now on, or no more. One that is heard is heard to its end."""
        if on:
            self._beeps = self._beeps or BeepDetector()
        else:
            self._beeps = None

    def _send(self, frame: bytes) -> None:
        self._recent.append(frame)
        self._count += 1
        if self._transcription is not None:
            self._transcription.send(frame)
        if self._count == self._doubt_at:
            self._doubt()

    def _voice_begins(self) -> None:
        self._began_at = self._count
        if not self._in_turn or self._voice_from is None:
            self._voice_from = self._count - LEAD
        if not self._doubt_at and not self._discreet:
            self._doubt_at = self._count + self._doubt_after

    def _doubt(self) -> None:
        """The caller has been speaking, and the ears have not noticed."""
        self._doubt_at = 0
        if isinstance(self._transcription, Replaceable):
            self._doubt_after = min(2 * self._doubt_after, DOUBT_AT_MOST)
            self._doubted, self._suspected = True, self._began_at
            self._transcription.doubt("heard nothing of a voice")

    def _understood(self, heard: Heard) -> None:
        """Note up to where the caller was understood: what follows is for other ears, should these fail."""
        if isinstance(heard, ProviderFailed):
            return
        if self._suspected >= 0 and isinstance(heard, PartialTranscript | EagerEndOfTurn | EndOfTurn) and heard.text:
            self._judge()
        self._doubt_at, self._doubt_after = 0, DOUBT_AFTER
        over = isinstance(heard, EndOfTurn) or (isinstance(heard, PartialTranscript) and heard.final)
        # A mere sound may have been the agent's echo.
        self._in_turn = not over and (self._in_turn or not isinstance(heard, SpeechStarted | SpeechStopped))
        if over:
            self._voice_from = None
            self._served = True

    def _judge(self) -> None:
        """Words were understood. If they are of the doubted sound, heard again, those before these were deaf to it."""
        same = self._began_at == self._suspected and self._now() - self._connected_at < HEARD_AGAIN_WITHIN
        self._suspected = -1
        if same and isinstance(self._transcription, Replaceable) and (failure := self._transcription.confirm()):
            self._feed(failure)

    def expect(self, expectation: Expectation) -> None:
        """Pass on what may be said next, now and to ears that are connected later."""
        self._expectation = expectation
        if self._transcription is not None:
            self._transcription.expect(expectation)

    async def run(self, connecting: asyncio.Future[Transcription]) -> None:
        """Listen until cancelled, until the last words have come, or until the ears have failed for good."""
        try:
            await self._listen(connecting)
        finally:
            self._connected.set()

    async def finish(self) -> None:
        """The caller has gone: let the last words come, also if the ears are only now being connected."""
        await self._connected.wait()
        self._finished = True
        self.be_discreet(tones=False, voice=False)
        if self._transcription is not None:
            await self._transcription.finish()

    async def _listen(self, connecting: asyncio.Future[Transcription]) -> None:
        attempt = 0
        upcoming: Awaitable[Transcription] = connecting
        while True:
            began, self._served = self._now(), False
            try:
                transcription = await upcoming
                try:
                    self._connect(transcription)
                    async for heard in transcription:
                        self._understood(heard)
                        # Some STT reports every sound as speech, and does not know what the agent says. Words follow.
                        if not (isinstance(heard, SpeechStarted) and self._activity.in_echo):
                            self._feed(heard)
                finally:
                    self._transcription = None
                    self._heard_until = self._count
                    self._connected.clear()
                    await transcription.aclose()
                if self._finished:
                    return
                problem, hopeless = "the connection ended", False
            except ProviderError as error:
                problem, hopeless = str(error), not error.retryable
            if self._finished:
                log.warning("ears_lost", problem=problem)
                return  # new ones would have nothing to hear
            doubted, self._doubted = self._doubted, False
            if doubted and not hopeless:  # mostly it was a noise: as often as it takes, and no failure
                log.info("ears_replaced", problem=problem)
                upcoming = self._provider.connect(call=self._call, language=self._language)
                continue
            log.warning("ears_lost", problem=problem)
            if self._served or self._now() - began >= STEADY:
                attempt = 0
            if hopeless or attempt >= len(RECONNECT):
                self._feed(EarsFailed(problem))
                return
            await asyncio.sleep(RECONNECT[attempt])
            attempt += 1
            upcoming = self._provider.connect(call=self._call, language=self._language)

    def _connect(self, transcription: Transcription) -> None:
        if self._expectation is not None:
            transcription.expect(self._expectation)
        oldest = self._count - len(self._recent)
        begin = self._heard_until if self._voice_from is None else min(self._heard_until, self._voice_from)
        for frame in list(self._recent)[max(0, begin - oldest) :]:
            transcription.send(frame)
        self._transcription = transcription
        self._connected_at = self._now()
        self._connected.set()
