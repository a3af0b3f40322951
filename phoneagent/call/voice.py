"""The agent's voice in one call: cached clips first, the provider's stream after them, as one piece of audio a
reply. The voice is given what can be spoken ("three dollars"); the conversation is told what was written ("$3").
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from phoneagent.audio.dtmf import tones
from phoneagent.audio.g711 import first_audible
from phoneagent.conversation.events import Event, ProviderFailed, ReplyAudio, ReplyAudioDone, ReplyFailed
from phoneagent.conversation.words import SAMPLE_RATE, Word
from phoneagent.errors import ProviderError
from phoneagent.ports import Speech, TextToSpeech
from phoneagent.private import Private
from phoneagent.records import Clip, SpeechChunk, SpeechDone, SpeechFailed, Spoken
from phoneagent.speakable import Speakable, WrittenWords

from .speech_cache import SpeechCache

log = structlog.stdlib.get_logger(__name__)

LONGEST = 10 * 60 * SAMPLE_RATE  # bytes of one reply: the ten minutes that Twilio would queue
RECONNECT = (0.0, 0.2, 1.0)  # seconds before each further attempt; then the last one again


@dataclass(slots=True)
class _Voiced:
    """A reply's audio so far. Streamed positions count from `offset`, where the cached part ends."""

    audio: bytearray = field(default_factory=bytearray)
    offset: int = 0
    streamed: bool = False
    written: WrittenWords = field(default_factory=WrittenWords)
    phrases: list[str] = field(default_factory=list)  # what the provider was given
    words: list[Word] = field(default_factory=list)  # what it told of them

    @property
    def unspoken(self) -> bool:
        """The provider was given words, and has sent no audio: whatever it says, nobody has heard them."""
        return len(self.audio) == self.offset and any(map(str.isalnum, "".join(self.phrases)))


class Voice:
    """Carries out `Synthesize`, `FinishSpeech`, `CancelReply` and `SendDtmf`; reports `ReplyAudio` etc. to `feed`."""

    def __init__(
        self,
        provider: TextToSpeech,
        cache: SpeechCache,
        feed: Callable[[Event], None],
        *,
        call: str,
        listener: Private[str],
        speakable: Speakable,
        given: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`given` is told of each text that the provider has to speak, since nothing is kept of it."""
        self._provider = provider
        self._cache = cache
        self._feed = feed
        self._call = call
        self._listener = listener
        self._speakable = speakable
        self._given = given
        self._replies: dict[int, _Voiced] = {}
        self._speech: Speech | None = None
        self._before_connect: list[Callable[[Speech], None]] = []
        self._hopeless = ""  # why there will be no voice but the cached one

    # -- what the core asks for ---------------------------------------------------------------------

    def speak(self, reply: int, text: str) -> None:
        voiced = self._replies.setdefault(reply, _Voiced())
        rendering = self._speakable.render(text)
        voiced.written.expect(rendering.units)
        if not (spoken := rendering.spoken):
            return  # marks for the eye alone; the transcript has them with the words beside them
        clip = None if voiced.streamed else self._cache.get(self._provider.identity, spoken)
        if clip is None:
            voiced.streamed = True
            voiced.phrases.append(spoken)
            if self._hopeless:
                self._feed(ReplyFailed(reply, self._hopeless, "tts"))
                return
            self._given(spoken)
            self._later(lambda speech: speech.speak(reply, spoken))
            return
        end = len(voiced.audio) + len(clip.audio)
        words = voiced.written.translate(_placed(clip.words, len(voiced.audio)))
        self._heard(reply, voiced, clip.audio, (*words, *voiced.written.finish(end)))
        voiced.offset = end

    def finish(self, reply: int) -> None:
        voiced = self._replies.setdefault(reply, _Voiced())
        if voiced.streamed:
            self._later(lambda speech: speech.finish(reply))
        else:
            self._done(reply, voiced)

    def press(self, reply: int, digits: str) -> None:
        """The tones of keys instead of words."""
        voiced = self._replies.setdefault(reply, _Voiced())
        voiced.audio += tones(digits)
        self._feed(ReplyAudio(reply, len(voiced.audio)))  # a pause before the first key is meant to be heard
        self._done(reply, voiced)

    def cancel(self, reply: int) -> None:
        voiced = self._replies.pop(reply, None)
        if voiced and voiced.streamed:
            self._later(lambda speech: speech.cancel(reply))

    def audio(self, reply: int, start: int, end: int) -> bytes:
        """A piece of what was voiced; a reply that was cancelled has none."""
        voiced = self._replies.get(reply)
        return bytes(voiced.audio[start:end]) if voiced else b""

    def forget_before(self, reply: int) -> None:
        """Replies older than this one are over: their audio will not be asked for again."""
        for old in [number for number in self._replies if number < reply]:
            del self._replies[old]

    # -- what the provider gives --------------------------------------------------------------------

    async def run(self, connecting: asyncio.Future[Speech]) -> None:
        """Speak until cancelled. `connecting` is the connection made ahead; later ones are made when one is lost."""
        attempt = 0
        while True:
            try:
                speech = await connecting if attempt == 0 else await self._provider.connect(call=self._call)
                try:
                    self._connected(speech)
                    async for spoken in speech:
                        self._take(spoken)
                finally:
                    self._speech = None
                    await speech.aclose()
                problem = "the connection ended"
            except ProviderError as error:
                problem = str(error)
                self._feed(ProviderFailed("tts", error.provider, error.problem))
                if not error.retryable:
                    self._hopeless = problem
                    self._lost(problem)
                    return
            self._lost(problem)
            await asyncio.sleep(RECONNECT[min(attempt, len(RECONNECT) - 1)])
            attempt += 1

    def _connected(self, speech: Speech) -> None:
        self._speech = speech
        waiting, self._before_connect = self._before_connect, []
        for action in waiting:
            action(speech)

    def _later(self, action: Callable[[Speech], None]) -> None:
        if self._speech is None:
            self._before_connect.append(action)
        else:
            action(self._speech)

    def _take(self, spoken: Spoken | ProviderFailed) -> None:
        if isinstance(spoken, ProviderFailed):
            self._feed(spoken)
            return
        if (voiced := self._replies.get(spoken.reply)) is None:
            return  # cancelled
        match spoken:
            case SpeechChunk(reply, audio, words):
                voiced.words += words
                self._heard(reply, voiced, audio, voiced.written.translate(_placed(words, voiced.offset)))
            case SpeechDone(reply) if voiced.unspoken:
                self._feed(ReplyFailed(reply, "no audio", "tts"))
            case SpeechDone(reply):
                self._keep(voiced)
                self._done(reply, voiced)
            case SpeechFailed(reply, problem):
                self._feed(ReplyFailed(reply, problem, "tts"))

    def _heard(self, reply: int, voiced: _Voiced, audio: bytes, words: tuple[Word, ...]) -> None:
        if len(voiced.audio) + len(audio) > LONGEST:
            self.cancel(reply)
            self._feed(ReplyFailed(reply, f"more than {LONGEST // SAMPLE_RATE} s of speech", "tts"))
            return
        voiced.audio += audio
        self._feed(ReplyAudio(reply, len(audio), words, first_audible(audio)))

    def _done(self, reply: int, voiced: _Voiced) -> None:
        silent = not voiced.audio and not voiced.streamed
        if words := voiced.written.finish(len(voiced.audio), silent=silent):
            self._feed(ReplyAudio(reply, 0, words, None))
        self._feed(ReplyAudioDone(reply))

    def _keep(self, voiced: _Voiced) -> None:
        """A phrase that was spoken by itself is a clip; the cache knows whether it is worth keeping."""
        if self._speech is not None and self._speech.identity and len(voiced.phrases) == 1 and not voiced.offset:
            clip = Clip(bytes(voiced.audio), tuple(voiced.words))
            self._cache.heard(self._speech.identity, voiced.phrases[0], clip, listener=self._listener)

    def _lost(self, problem: str) -> None:
        """What was being streamed will not come: those replies have failed."""
        log.warning("voice_lost", problem=problem)
        self._before_connect.clear()
        for reply, voiced in list(self._replies.items()):
            if voiced.streamed:
                self._feed(ReplyFailed(reply, problem, "tts"))


def _placed(words: tuple[Word, ...], shift: int) -> tuple[Word, ...]:
    """Words of a piece of speech that begins at this position of the reply."""
    return tuple(Word(text, start + shift, end + shift) for text, start, end in words) if shift else words
