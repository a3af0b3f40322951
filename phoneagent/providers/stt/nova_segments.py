"""Nova's messages as events of one conversation, over any number of sockets. Pure.

A new socket is given the audio after the last final segment again. So nothing final is heard twice, and what was only
provisional is understood anew. If that audio is no longer all there, the words before it are declared final.

What a socket tells twice or late is known by its times, and changes nothing: ranges follow one another, and interim
results of a range reach as far as the one before them, or further.
"""

from __future__ import annotations

from phoneagent.conversation.events import PartialTranscript, SpeechStarted
from phoneagent.conversation.words import SAMPLE_RATE
from phoneagent.errors import ProviderError
from phoneagent.ports import Heard

from .audio_tape import FRAME
from .deepgram_messages import NovaMessage, ResultsChannel, TimedWord, decode_nova


class NovaSegments:
    """Positions are those of the `AudioTape`."""

    unheard = False  # a segment that a new socket does not hear stays what it was: a partial transcript

    def __init__(self) -> None:
        self._interim = ""
        self._words: tuple[TimedWord, ...] = ()
        self._base = 0  # position at which the socket's audio began
        self._final_until = 0
        self._heard_until = 0  # of the present range
        self._sound_at = -1  # where the last sound that was told began
        self._started = False  # sound was reported, and nothing understood of it yet
        self._again = False  # a sound that was already reported is being heard again

    @property
    def open(self) -> bool:
        """Something was understood that is not final yet."""
        return bool(self._interim)

    def begin(self, base: int) -> list[Heard]:
        """A socket was opened, and is given the audio from this position on."""
        heard: list[Heard] = []
        if self._interim and base > self._final_until:
            lost = tuple(word for word in self._words if word.start is None or self._position(word.start) < base)
            if lost:
                heard.append(PartialTranscript(_written(lost), final=True))
                self._interim = _written(self._words[len(lost) :])
        self._again = self.open or self._started
        self._words = ()
        self._base = self._heard_until = base
        return heard

    def rehear_from(self, oldest: int) -> int:
        """The position from which a new socket must be given the audio; `oldest` is what there is."""
        if self._final_until >= oldest:
            return self._final_until
        for word in self._words:  # rather at the next word than in the middle of one
            if word.start is not None and self._position(word.start) >= oldest:
                return self._position(word.start)
        return oldest

    def decode(self, message: str | bytes) -> NovaMessage:
        """Raises `msgspec.MsgspecError` for what is no message."""
        return decode_nova(message)

    def receive(self, message: NovaMessage) -> list[Heard]:
        """Translate a message. Raises `ProviderError` for the provider's last words, a fatal error."""
        match message.type:
            case "Results":
                return self._results(message)
            case "SpeechStarted" if not self._again and self._is_new_sound(message):
                self._started = True
                return [SpeechStarted("stt")]
            case "Error":
                raise ProviderError("deepgram", f"{message.code or 'Error'}: {message.description}")
        return []

    def close(self) -> list[Heard]:
        """No socket follows: what was understood is final."""
        text, self._interim = self._interim, ""
        return [PartialTranscript(text, final=True)] if text else []

    def _is_new_sound(self, message: NovaMessage) -> bool:
        if message.timestamp is None:
            return True
        began = self._position(message.timestamp)
        news = began > self._sound_at
        self._sound_at = max(self._sound_at, began)
        return news

    def _is_late(self, results: NovaMessage) -> bool:
        """Of a range that is final, or of less than was told of the present one; it may be final with less of it."""
        begin, end = self._position(results.start), self._position(results.start + results.duration)
        return begin < self._final_until - FRAME or (end < self._heard_until and not results.is_final)

    def _results(self, results: NovaMessage) -> list[Heard]:
        if self._is_late(results):
            return []
        alternatives = results.channel.alternatives if isinstance(results.channel, ResultsChannel) else ()
        text = alternatives[0].transcript if alternatives else ""
        self._heard_until = self._position(results.start + results.duration)
        if results.is_final:
            self._final_until = max(self._final_until, self._heard_until)
            retracted = bool(self._interim)
            self._interim, self._words = "", ()
            self._again = self._started = False
            return [PartialTranscript(text, final=True)] if text or retracted else []
        if not text:
            return []
        news = text != self._interim
        self._interim, self._words = text, alternatives[0].words
        self._again = self._started = False
        return [PartialTranscript(text)] if news else []

    def _position(self, seconds: float) -> int:
        return self._base + round(seconds * SAMPLE_RATE)


def _written(words: tuple[TimedWord, ...]) -> str:
    return " ".join(word.punctuated_word or word.word for word in words)
