"""Flux's messages as events of one conversation, over any number of sockets. Pure.

A new socket knows nothing of the turn that was open on the lost one, and begins to count turns anew. So turns are
followed here, by events and not by index:

* Between turns, the audio after the last message is heard again: a short word in it is not lost, and a turn that
  ended is not said twice.
* Within a turn, the words before the last one are carried over as text, and the audio is heard again from the
  beginning of the last one, which may have been cut. The new socket's turn continues the open one: no second
  `SpeechStarted`, and one `EndOfTurn` with the whole text.
* While the new socket has understood less than was known before, nothing is said: a partial transcript does not shrink.
* If it hears nothing at all in that turn, `close` ends the turn with what was known.
* What a socket tells twice or late is known by its numbers, and changes nothing; a turn whose end has not come when the
  next begins ends with what was known.
* An eager end of turn stays valid as long as the words stay the same; otherwise `TurnResumed` takes it back.
"""

from __future__ import annotations

import string

from phoneagent.conversation.events import EagerEndOfTurn, EndOfTurn, PartialTranscript, SpeechStarted, TurnResumed
from phoneagent.conversation.words import SAMPLE_RATE
from phoneagent.errors import ProviderError
from phoneagent.ports import Heard

from .audio_tape import FRAME
from .deepgram_messages import FluxMessage, TimedWord, decode_flux


def plain_words(text: str) -> list[str]:
    """Words to compare by: a model may change its mind about capitals and punctuation."""
    return [word for raw in text.casefold().split() if (word := raw.strip(string.punctuation))]


def joined(*parts: str) -> str:
    """Pieces of a transcript as one."""
    return " ".join(part for part in parts if part)


class FluxTurns:
    """Positions are those of the `AudioTape`."""

    def __init__(self) -> None:
        self.open = False  # a turn has begun and not ended
        self.unheard = False  # the turn was open on a lost socket, and the new one has not heard any of it
        self._text = ""  # of the open turn, as last reported
        self._eager: str | None = None  # the text that was reported as an eager end of turn
        self._carried = ""  # of the open turn, heard on lost sockets
        self._carried_until = 0  # where the last of those words ends
        self._known = ""  # the whole text when the last socket was lost
        self._transcript = ""
        self._words: tuple[TimedWord, ...] = ()
        self._base = 0  # position at which the socket's audio began
        self._heard_until = 0
        self._newest: FluxMessage | None = None  # of this socket
        self._index: int | None = None  # of the open turn, on this socket
        self._ended: FluxMessage | None = None  # the last end of a turn on this socket

    def begin(self, base: int) -> list[Heard]:
        """A socket was opened, and is given the audio from this position on."""
        if self.open:
            self._carry(base)
            self._known = self._text
            self.unheard = True
        self._transcript = ""
        self._words = ()
        self._base = base
        self._newest = self._index = self._ended = None
        return []

    def rehear_from(self, oldest: int) -> int:
        """The position from which a new socket must be given the audio; `oldest` is what there is."""
        if self.open and self._words and (start := self._words[-1].start) is not None:
            return max(oldest, self._position(start))
        return max(oldest, self._heard_until)

    def decode(self, message: str | bytes) -> FluxMessage:
        """Raises `msgspec.MsgspecError` for what is no message."""
        return decode_flux(message)

    def receive(self, message: FluxMessage) -> list[Heard]:
        """Translate a message. Raises `ProviderError` for the provider's last words, a fatal error."""
        if message.type == "Error":
            raise ProviderError("deepgram", f"{message.code}: {message.description}")
        if message.type != "TurnInfo":
            return []
        if self._is_late(message):
            return []
        self._newest = message
        self._heard_until = max(self._heard_until, self._position(message.audio_window_end))
        heard = self._end(self._text) if self._is_of_a_later_turn(message) else []
        if not self.open and not message.transcript and message.event != "StartOfTurn":
            return heard  # silence is reported too
        return heard + self._turn(message)

    def _is_late(self, message: FluxMessage) -> bool:
        """It was told before, or what came after it was."""
        newest, ended = self._newest, self._ended
        if newest is not None and message.sequence_id is not None and newest.sequence_id is not None:
            same = (message.event, message.audio_window_end) == (newest.event, newest.audio_window_end)
            if message.sequence_id < newest.sequence_id or (message.sequence_id == newest.sequence_id and same):
                return True
        if ended is None or message.turn_index is None or ended.turn_index is None:
            return False
        older = message.audio_window_end <= ended.audio_window_end or message.transcript == ended.transcript
        return older and message.turn_index <= ended.turn_index

    def _is_of_a_later_turn(self, message: FluxMessage) -> bool:
        return (
            self.open
            and self._index is not None
            and message.turn_index is not None
            and message.turn_index > self._index
        )

    def close(self) -> list[Heard]:
        """No socket follows, or it heard nothing of the open turn: end it with what is known."""
        return self._end(self._text) if self.open else []

    def _turn(self, info: FluxMessage) -> list[Heard]:
        self._index = info.turn_index
        self._transcript, self._words = self._without_carried(info)
        if self._transcript:
            self.unheard = False
        text = self._at_least_known(joined(self._carried, self._transcript))
        heard: list[Heard] = []
        if not self.open:
            self.open = True
            heard.append(SpeechStarted("stt"))
        if info.event == "EndOfTurn":
            self._ended = info
            return heard + self._end(text)
        if self._eager is not None and (
            info.event == "TurnResumed" or (text and plain_words(text) != plain_words(self._eager))
        ):
            self._eager = None
            heard.append(TurnResumed())
        if info.event == "EagerEndOfTurn":
            if self._eager is None:
                self._eager = self._text = text
                heard.append(EagerEndOfTurn(text))
        elif text and text != self._text:
            self._text = text
            heard.append(PartialTranscript(text))
        return heard

    def _end(self, text: str) -> list[Heard]:
        heard: list[Heard] = []
        if self._eager is not None and plain_words(text) != plain_words(self._eager):
            heard.append(TurnResumed())
        heard.append(EndOfTurn(text))
        self.open = self.unheard = False
        self._eager = self._index = None
        self._text = self._carried = self._known = self._transcript = ""
        self._carried_until = 0
        self._words = ()
        return heard

    def _at_least_known(self, text: str) -> str:
        if self._known:
            known, now = plain_words(self._known), plain_words(text)
            if known[: len(now)] == now:
                return self._known
            self._known = ""
        return text

    def _position(self, seconds: float) -> int:
        return self._base + round(seconds * SAMPLE_RATE)

    def _carry(self, base: int) -> None:
        """Keep what the present socket understood before a position; all of it, if its words have no times."""
        words = self._words
        count = sum(1 for word in words if word.start is None or self._position(word.start) < base)
        self._carried = joined(self._carried, _written(self._transcript, words, 0, count))
        if count and (end := words[count - 1].end) is not None:
            self._carried_until = self._position(end)

    def _without_carried(self, info: FluxMessage) -> tuple[str, tuple[TimedWord, ...]]:
        """A message's transcript and words without the rest of a carried word at its beginning.

        The audio is heard again from the beginning of a frame, which may hold the end of the word before.
        """
        count = 0
        if self._carried:
            while count < len(info.words):
                end = info.words[count].end
                if end is None or self._position(end) > self._carried_until + FRAME:
                    break
                count += 1
        return _written(info.transcript, info.words, count, len(info.words)), info.words[count:]


def _written(transcript: str, words: tuple[TimedWord, ...], first: int, until: int) -> str:
    """Some of the words as they stand in the transcript: with capitals and punctuation."""
    if first == 0 and until == len(words):
        return transcript
    tokens = transcript.split()
    if len(tokens) != len(words):
        tokens = [word.word for word in words]
    return " ".join(tokens[first:until])
