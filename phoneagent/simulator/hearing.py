"""How the simulated Deepgram hears: audio in, words with times out. Pure: no clock, no socket."""

from __future__ import annotations

import audioop
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from phoneagent.conversation.words import SAMPLE_RATE, Word

from .speech import FRAME, Moment, Phrasebook, Utterance

LOUD = 200  # of 32,767 (root mean square): −44 dBFS, above line noise and below a soft consonant
SILENCE = b"\xff" * FRAME


@dataclass(slots=True)
class HeardWord:
    """A word of which at least a frame was heard. `start` and `end` are samples since the connection began.

    `spoken` is the word as it stands in the utterance's text, with case and punctuation.
    """

    text: str
    spoken: str
    start: int
    end: int
    frames: int
    heard: int = 0

    @property
    def understood(self) -> bool:
        """Whether enough of it was heard: half. What the product loses on the way is thereby missed."""
        return 2 * self.heard >= self.frames

    @property
    def middle(self) -> int:
        return (self.start + self.end) // 2


class Stretch:
    """An utterance as far as it was heard.

    `last` is the position of its latest frame, `words` are those that have begun, by their index.
    """

    def __init__(self, utterance: Utterance) -> None:
        self.utterance = utterance
        self.last = -1
        self._frames = [_frames(word) for word in utterance.words]
        self.words: dict[int, HeardWord] = {}
        self._next = 0  # the first word of the utterance that has not been passed

    def hear(self, position: int, start: int) -> None:
        """Take the frame at `position` of the utterance, received at sample `start` of the connection."""
        self.last = position
        frames, index = self._frames, self._next
        while index < len(frames) and frames[index][1] < position:
            index += 1
        self._next = index
        while index < len(frames) and frames[index][0] <= position:
            word = self.words.get(index) or self._begin(index, start - position * FRAME)
            word.heard += 1
            index += 1

    def _begin(self, index: int, offset: int) -> HeardWord:
        """A word of which the first frame was heard. `offset`: where the utterance began in the connection."""
        text, start, end = self.utterance.words[index]
        tokens = self.utterance.text.split()
        spoken = tokens[index] if len(tokens) == len(self.utterance.words) else text
        first, last = self._frames[index]
        word = HeardWord(text, spoken, max(0, offset + start), offset + end, frames=last - first + 1)
        self.words[index] = word
        return word


class Due(NamedTuple):
    """A message about what was heard.

    It leaves at `at`; the audio that caused it was received at `heard` (both the loop's time).
    """

    what: str
    message: dict[str, Any]
    at: float
    heard: float


class Sound(NamedTuple):
    """A frame as it was heard.

    `start` and `end` are samples since the connection began. `speech`: it belongs to a known utterance, between its
    onset and its end, pauses included. `voiced`: it has energy, whatever it is.
    """

    start: int
    end: int
    speech: bool
    voiced: bool
    stretch: Stretch | None


class Hearing:
    """Listens to one connection's audio. Frames are cut from its first byte on, so a lost byte makes it deaf."""

    def __init__(self, phrasebook: Phrasebook, *, linear: bool = False) -> None:
        """`linear`: the audio is 16-bit samples, little-endian, and not μ-law.

        Callers' μ-law was encoded from samples, so decoding and encoding it again gives the same bytes.
        """
        self.stretches: list[Stretch] = []
        self._phrasebook = phrasebook
        self._linear = linear
        self._rest = b""
        self._received = 0
        self._before: Moment | None = None

    def hear(self, audio: bytes) -> Iterator[Sound]:
        """Take audio of any length; one sound comes out for each whole frame."""
        data = self._rest + audio
        unit = 2 * FRAME if self._linear else FRAME
        whole = len(data) - len(data) % unit
        self._rest = data[whole:]
        if self._linear:
            data = audioop.lin2ulaw(data[:whole], 2)
            whole //= 2
        for at in range(0, whole, FRAME):
            yield self._hear_frame(data[at : at + FRAME])

    def words(self, since: int, until: int | None = None) -> list[HeardWord]:
        """Words whose middle lies in that range of samples."""
        return [
            word
            for stretch in self.stretches
            for word in stretch.words.values()
            if since <= word.middle and (until is None or word.middle < until)
        ]

    @property
    def last_word_end(self) -> int:
        """Where the latest word ends, or 0."""
        for stretch in reversed(self.stretches):
            if stretch.words:
                return next(reversed(stretch.words.values())).end
        return 0

    def forget(self) -> None:
        """Drop stretches before the present one; a call may be long."""
        del self.stretches[:-1]

    def _hear_frame(self, frame: bytes) -> Sound:
        start = self._received
        self._received += FRAME
        loud = frame != SILENCE and audioop.rms(audioop.ulaw2lin(frame, 2), 2) >= LOUD
        moment = self._phrasebook.understand(frame, self._before)
        if moment is not None and frame == SILENCE and not _follows(moment, self._before):
            moment = None  # digital silence belongs to an utterance only when it comes within it
        self._before = moment
        if moment is None:
            return Sound(start, self._received, speech=False, voiced=loud, stretch=None)
        stretch = self._attribute(moment)
        stretch.hear(moment.position, start)
        utterance, position = moment
        speech = utterance.onset // FRAME <= position <= (utterance.end - 1) // FRAME
        return Sound(start, self._received, speech, loud, stretch)

    def _attribute(self, moment: Moment) -> Stretch:
        """The stretch to which this frame belongs; an utterance that goes back is said again."""
        present = self.stretches[-1] if self.stretches else None
        if present is None or present.utterance is not moment.utterance or moment.position <= present.last:
            present = Stretch(moment.utterance)
            self.stretches.append(present)
        return present


def _follows(moment: Moment, before: Moment | None) -> bool:
    return before is not None and moment.utterance is before.utterance and moment.position == before.position + 1


def _frames(word: Word) -> tuple[int, int]:
    """The first and the last frame of an utterance in which a word sounds."""
    first = word.start // FRAME
    return first, max(first, (word.end - 1) // FRAME)


def seconds(samples: int) -> float:
    """Times as Deepgram writes them."""
    return round(samples / SAMPLE_RATE, 3)
