"""The agent's voice on a table top: cached phrases at once, all others piece by piece, as the simulated ElevenLabs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from phoneagent.audio.g711 import first_audible
from phoneagent.conversation.events import Event, ReplyAudio, ReplyAudioDone
from phoneagent.conversation.words import SAMPLE_RATE, Word
from phoneagent.providers.tts.spoken_text import can_be_spoken
from phoneagent.records import Clip
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.speech_alignment import cut

from .clock import Clock
from .scripted_voice import ScriptedVoice


@dataclass(slots=True)
class _Voiced:
    audio: bytearray = field(default_factory=bytearray)
    promised: int = 0  # samples, those under way included
    free_at: float = 0.0  # when the voice has delivered everything asked for so far
    streamed: bool = False
    cancelled: bool = False
    silent: list[Word] = field(default_factory=list)  # marks for the eye alone: they are written with the words


class TableVoice:
    """`words` are those of all replies, for whoever wants to know what could be heard."""

    def __init__(
        self, latencies: Latencies, cached: Collection[str], clock: Clock, tell: Callable[[Event], None]
    ) -> None:
        """`cached`: the phrases that are ready, and begin at once."""
        self.words: dict[int, list[Word]] = {}
        self._latencies = latencies
        self._cached = frozenset(cached)
        self._clock = clock
        self._tell = tell
        self._voice = ScriptedVoice()
        self._replies: dict[int, _Voiced] = {}

    def speak(self, reply: int, text: str) -> None:
        voiced = self._replies.setdefault(reply, _Voiced())
        if not can_be_spoken(text):
            voiced.silent.append(Word(text, voiced.promised, voiced.promised))
            return
        clip = self._voice.synthesize(text)
        words = [Word(word, start + voiced.promised, end + voiced.promised) for word, start, end in clip.words]
        self.words.setdefault(reply, []).extend(words)
        voiced.promised += len(clip.audio)
        if not voiced.streamed and text in self._cached:
            self._deliver(reply, voiced, clip.audio, tuple(words))
        else:
            self._stream(reply, voiced, text, clip, words)

    def finish(self, reply: int) -> None:
        voiced = self._replies.setdefault(reply, _Voiced())
        self._clock.at(voiced.free_at, lambda: self._done(reply, voiced))

    def cancel(self, reply: int) -> None:
        if voiced := self._replies.get(reply):
            voiced.cancelled = True

    def audio(self, reply: int, start: int, end: int) -> bytes:
        """A piece of what was voiced; a reply that was cancelled has none."""
        voiced = self._replies.get(reply)
        return bytes(voiced.audio[start:end]) if voiced and not voiced.cancelled else b""

    def _stream(self, reply: int, voiced: _Voiced, text: str, clip: Clip, words: list[Word]) -> None:
        voiced.streamed = True
        pace = 1 / (SAMPLE_RATE * self._latencies.speech_speed)
        begin = max(self._clock.now + self._latencies.first_audio, voiced.free_at)
        offset = words[0].start if words else 0
        for chunk in cut(text, clip):
            first = offset + chunk.start
            inside = tuple(word for word in words if first <= word.start < first + len(chunk.audio))
            self._clock.at(
                begin + chunk.start * pace,
                lambda audio=chunk.audio, inside=inside: self._deliver(reply, voiced, audio, inside),  # type: ignore[misc]
            )
        voiced.free_at = begin + len(clip.audio) * pace

    def _deliver(self, reply: int, voiced: _Voiced, audio: bytes, words: tuple[Word, ...]) -> None:
        if not voiced.cancelled:
            voiced.audio += audio
            self._tell(ReplyAudio(reply, len(audio), words, first_audible(audio)))

    def _done(self, reply: int, voiced: _Voiced) -> None:
        if voiced.cancelled:
            return
        if voiced.silent and voiced.audio:
            self._tell(ReplyAudio(reply, 0, tuple(voiced.silent), None))
        self._tell(ReplyAudioDone(reply))
