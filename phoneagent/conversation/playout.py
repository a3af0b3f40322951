"""The ledger of one reply: which words its audio holds, what of it was sent, and what the caller has heard.

The carrier queues what it is sent and plays it in order, so the moment a piece is played follows from the moment the
queue was empty. Marks correct that estimate: a mark proves that everything before it was played, and an outstanding
one that it was not, unless it is overdue. `clear` flushes marks back that look like proof; a generation in their
names tells them apart.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from .words import SAMPLE_RATE, Word

SAMPLES_A_CHARACTER = SAMPLE_RATE // 15  # English speech runs at about 15 characters a second


@dataclass(slots=True)
class Slice:
    """Audio between two positions of a reply, at the carrier; `plays_from` and `plays_until` are estimates."""

    start: int
    end: int
    mark: str
    plays_from: float
    plays_until: float
    returned: bool = False


class Playout:
    """Positions are samples from the beginning of the reply; times are seconds since the call began."""

    def __init__(self, reply: int, *, marks_overdue: float, slice_samples: int) -> None:
        self.reply = reply
        self.text = ""  # what was given to the voice
        self.words: list[Word] = []
        self.received = 0
        self.complete = False  # all audio has arrived
        self.sent = 0
        self.first_audible: int | None = None
        self._begun = False
        self._generation = 0
        self._slices: list[Slice] = []
        self._settled = 0  # position from which the present generation was sent
        self._marks_overdue = marks_overdue
        self._slice_samples = slice_samples

    # -- audio arrives ------------------------------------------------------------------------------

    def receive(self, samples: int, words: tuple[Word, ...], audible: int | None) -> None:
        if self.first_audible is None and audible is not None:
            self.first_audible = self.received + audible
        self.received += samples
        self.words.extend(words)

    def send(self, at: float) -> list[Slice]:
        """Slices for everything that has arrived and was not yet sent, entered in the ledger as sent now.

        The silence with which voices begin is left out: the caller would wait through it.
        """
        if not self._begun:
            if self.first_audible is None and not self.complete:
                return []
            self._begun = True
            self._settled = self.sent = self.first_audible or 0
        fresh = []
        while self.sent < self.received:
            end = min(self.sent + self._slice_samples, self.received)
            begins = max(at, self.ends_at)
            mark = f"{self.reply}.{self._generation}.{end}"
            fresh.append(Slice(self.sent, end, mark, begins, begins + (end - self.sent) / SAMPLE_RATE))
            self._slices.append(fresh[-1])
            self.sent = end
        return fresh

    # -- and is heard -------------------------------------------------------------------------------

    def mark_played(self, name: str, at: float) -> bool:
        """Enter a returned mark. False if it is none of the present generation."""
        for number, piece in enumerate(self._slices):
            if piece.mark != name:
                continue
            if piece.returned:
                return False
            late = at - piece.plays_until
            for earlier in self._slices[: number + 1]:
                earlier.returned = True
            piece.plays_from += late
            for later in self._slices[number:]:
                later.plays_until += late
            for later in self._slices[number + 1 :]:
                later.plays_from += late
            return True
        return False

    def position(self, at: float) -> int:
        """The sample being heard at this moment."""
        heard = self._settled
        for piece in self._slices:
            if piece.returned:
                heard = piece.end
                continue
            if at >= piece.plays_until:
                heard = piece.end
                if at < piece.plays_until + self._marks_overdue:
                    return heard  # its mark may come any moment; nothing beyond it is proven
                continue
            played = int((at - piece.plays_from) * SAMPLE_RATE)
            return max(heard, min(piece.start + played, piece.end))
        return heard

    @property
    def ends_at(self) -> float:
        """When everything sent will have been played; a time in the past if it has been."""
        return self._slices[-1].plays_until if self._slices else 0.0

    @property
    def played_out(self) -> bool:
        """Everything sent has been proven to be played."""
        return not self._slices or self._slices[-1].returned

    @property
    def heard_from(self) -> float | None:
        """When the first audible sample reached the ear; None before it was sent."""
        if not self._slices or self.first_audible is None or self._generation:
            return None
        first = self._slices[0]
        return first.plays_from + max(0, self.first_audible - first.start) / SAMPLE_RATE

    # -- interruption -------------------------------------------------------------------------------

    def stop(self, at: float) -> int:
        """The queue is being cleared. From now on `sent` is the position where the caller stopped hearing."""
        stopped = self.position(at)
        self._generation += 1
        self._slices.clear()
        self._settled = self.sent = stopped
        return stopped

    def rewind(self) -> None:
        """After `stop`: begin again at the word that was cut."""
        for word in self.words:
            if word.start < self.sent < word.end:
                self._settled = self.sent = word.start
                return

    def assume_played(self) -> None:
        """The marks are overdue for good: believe the clock."""
        for piece in self._slices:
            piece.returned = True

    # -- words --------------------------------------------------------------------------------------

    def heard(self, at: float) -> str:
        """The words that were heard, at least half of each; without alignment in proportion to the audio."""
        position = self.position(at)
        if position <= 0:
            return ""
        if self.complete and position >= self.received:
            return self.text
        if self.words:
            return self._text_until(sum(1 for word in self.words if (word.start + word.end) / 2 <= position))
        length = len(self.text)
        per_character = self.received / length if self.complete and length else SAMPLES_A_CHARACTER
        ends = [index for index, character in enumerate(self.text) if character.isspace()]
        ends.append(length)
        count = bisect_right([end * per_character for end in ends], position)
        return self.text[: ends[count - 1]] if count else ""

    def _text_until(self, count: int) -> str:
        """The text up to the end of the first `count` aligned words, punctuation of the last one included."""
        cursor = 0
        for word in self.words[:count]:
            found = self.text.find(word.text, cursor)
            if found < 0:  # the voice normalised this word ("7" became "seven"): give its own words
                return " ".join(known.text for known in self.words[:count])
            cursor = found + len(word.text)
        while cursor < len(self.text) and not self.text[cursor].isspace():
            cursor += 1
        return self.text[:cursor] if count else ""
