"""The ledger of one reply: which words its audio holds, what of it was sent, and what the caller has heard.

The carrier queues what it is sent and plays it in order, so the moment a piece is played follows from the moment the
queue was empty. Marks correct that estimate: a mark proves that everything before it was played, and an outstanding
one that it was not, unless it is overdue. `clear` flushes marks back that look like proof; a generation in their
names tells them apart.

A mark is on its way for a while, and so is a `clear`: until it takes effect, the caller hears what is played in one
round trip more than the ledger knows at that moment.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from .round_trip import RoundTrip
from .words import SAMPLE_RATE, Word

SAMPLES_A_CHARACTER = SAMPLE_RATE // 15  # English speech runs at about 15 characters a second
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")
STUTTERS = 2  # holes in what the voice was saying; one may be an accident
LEAD = SAMPLE_RATE * 4 // 5  # samples: 0.8 s, which a voice at 0.9 of real time uses up in 8 s, a long sentence
WORTH_CUTTING = SAMPLE_RATE // 4  # samples of a filler; a shorter rest is over before a cut would be noticed


@dataclass(slots=True)
class Slice:
    """Audio between two positions of a reply, at the carrier; `plays_from` and `plays_until` are estimates."""

    start: int
    end: int
    mark: str
    plays_from: float
    plays_until: float
    returned: bool = False


@dataclass(slots=True)
class Phrase:
    """What was given to the voice at once. A `filler` bridges a wait, and makes way for the answer."""

    text: str
    interruptible: bool = True
    filler: bool = False


class Playout:
    """Positions are samples from the beginning of the reply; times are seconds since the call began."""

    def __init__(self, reply: int, line: RoundTrip, *, marks_overdue: float, slice_samples: int) -> None:
        self.reply = reply
        self._line = line
        self._expected = 0.0  # the round trip that was reckoned with when the present generation was first sent
        self.phrases: list[Phrase] = []
        self.words: list[Word] = []
        self.received = 0
        self.complete = False  # all audio has arrived
        self.sent = 0
        self.first_audible: int | None = None
        self.answer_from: int | None = None  # the first audible sample that is no filler
        self._heard_from: dict[int, float] = {}  # when samples that matter were heard, once that is certain
        self._begun = False
        self._generation = 0
        self._slices: list[Slice] = []
        self._settled = 0  # position from which the present generation was sent
        self._waits_for_lead = False
        self._marks_overdue = marks_overdue
        self._slice_samples = slice_samples

    @property
    def text(self) -> str:
        """What was given to the voice."""
        return " ".join(phrase.text for phrase in self.phrases)

    @property
    def silent(self) -> bool:
        """Whether nothing of it makes a sound: there are no words in it, or all were told of without audio."""
        told = bool(self.words) and self.received == 0 and self._words_in(len(self.phrases)) is not None
        return told or not any(map(str.isalnum, self.text))

    # -- audio arrives ------------------------------------------------------------------------------

    def receive(self, samples: int, words: tuple[Word, ...], audible: int | None) -> bool:
        """Enter a piece of audio; whether it is the answer's own, and no filler's.

        `audible`: offset in it of the first sample that can be heard.
        """
        self.words.extend(words)
        if audible is not None:
            onset = self.received + audible
            if self.first_audible is None:
                self.first_audible = onset
            if self.answer_from is None and not self._is_filler(onset):
                self.answer_from = onset
        own = not self._is_filler(self.received + samples - 1)
        self.received += samples
        return own

    def _is_filler(self, position: int) -> bool:
        """Whether the audio at a position that has just arrived belongs to a filler."""
        last = max((number for number, phrase in enumerate(self.phrases, 1) if phrase.filler), default=0)
        if not last:
            return False
        end = self._words_in(last)
        if end is not None and end < len(self.words):
            return position < self.words[end].start
        return bool(self.words) or self.received == 0

    def _words_in(self, phrases: int) -> int | None:
        """How many words there are in the first so many phrases; None if not all of them have arrived.

        A word may be written as several: "12 EUR".
        """
        wanted = sum(len(phrase.text.split()) for phrase in self.phrases[:phrases])
        for number, word in enumerate(self.words):
            if wanted <= 0:
                return number
            wanted -= len(word.text.split())
        return len(self.words) if wanted <= 0 else None

    @property
    def voice_owes(self) -> bool:
        """Whether the voice still has something to say of what it was given, as far as its words tell."""
        if not self.words:
            return bool(self.phrases) and not self.complete
        return self._words_in(len(self.phrases)) is None

    def send(self, at: float) -> list[Slice]:
        """Slices for everything that has arrived and was not yet sent, entered in the ledger as sent now.

        The silence with which voices begin is left out: the caller would wait through it.
        """
        if not self._begun:
            if self.first_audible is None and not self.complete:
                return []
            self._begun = True
            self._settled = self.sent = self.first_audible or 0
        if not self._has_lead(at):
            return []
        fresh = []
        while self.sent < self.received:
            end = min(self.sent + self._slice_samples, self.received)
            if not self._slices:
                self._expected = self._line.seconds
            begins = max(at + self._expected, self.ends_at)
            mark = f"{self.reply}.{self._generation}.{end}"
            fresh.append(Slice(self.sent, end, mark, begins, begins + (end - self.sent) / SAMPLE_RATE))
            self._slices.append(fresh[-1])
            self.sent = end
        return fresh

    def _has_lead(self, at: float) -> bool:
        """Whether enough has arrived to be sent. A voice slower than speech would leave a hole after each piece: when
        it has left two, some is kept back until there is a lead, in this call's next replies from their beginning.
        """
        if self._slices and at > self.ends_at and self.voice_owes and self.sent < self.received:
            self._line.holes += 1
            self._waits_for_lead = self._line.holes >= STUTTERS
        elif not self._slices and self.sent == (self.first_audible or 0) and self._line.holes >= STUTTERS:
            self._waits_for_lead = True
        if self.complete or not self.voice_owes or self.received - self.sent >= LEAD:
            self._waits_for_lead = False
        return not self._waits_for_lead

    # -- and is heard -------------------------------------------------------------------------------

    def mark_played(self, name: str, at: float) -> bool:
        """Enter a returned mark. False if it is none of the present generation."""
        for number, piece in enumerate(self._slices):
            if piece.mark != name:
                continue
            if piece.returned:
                return False
            late = at - piece.plays_until
            if number == 0:
                self._line.learn(self._expected + late)
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
        heard, lost = self._settled, False
        for piece in self._slices:
            if piece.returned:
                heard = piece.end
                continue
            if at >= piece.plays_until:
                heard = piece.end
                lost = lost or at >= piece.plays_until + self._marks_overdue
                if not lost:
                    return heard  # its mark may come any moment; nothing beyond it is proven
                continue  # marks do not come: the clock is all there is
            played = int((at - piece.plays_from) * SAMPLE_RATE)
            return max(heard, min(piece.start + played, piece.end))
        return heard

    def _position_when_cleared(self, at: float) -> int:
        """The sample at which a `clear` that is sent now takes effect."""
        return min(self.position(at) + int(self._line.seconds * SAMPLE_RATE), max(self.sent, self._settled))

    @property
    def ends_at(self) -> float:
        """When everything sent will have been played; a time in the past if it has been."""
        return self._slices[-1].plays_until if self._slices else 0.0

    def heard_until(self, at: float) -> float:
        """When the last of it was heard, as far as that is known."""
        return self.ends_at if self._slices and self._slices[-1].returned else at

    @property
    def played_out(self) -> bool:
        """Everything sent has been proven to be played."""
        return not self._slices or self._slices[-1].returned

    @property
    def finished(self) -> bool:
        """All of it has arrived, was sent, and is proven to be played."""
        return self.complete and self.sent == self.received and self.played_out

    @property
    def heard_from(self) -> float | None:
        """When the first audible sample reached the ear; None before it was sent."""
        return self._moment(self.first_audible)

    @property
    def answer_heard_from(self) -> float | None:
        """The same of the first that is no filler."""
        return self._moment(self.answer_from)

    def _moment(self, sample: int | None) -> float | None:
        if sample is None:
            return None
        if sample in self._heard_from:
            return self._heard_from[sample]
        for piece in self._slices:
            if piece.start <= sample < piece.end:
                return piece.plays_from + (sample - piece.start) / SAMPLE_RATE
        return None

    # -- interruption -------------------------------------------------------------------------------

    def stop(self, at: float, *, gone: bool = False) -> int:
        """The queue is being cleared, or the caller is `gone` and nothing has to get there any more.

        From now on `sent` is the position where the caller stopped hearing.
        """
        stopped = self.position(at) if gone else self._position_when_cleared(at)
        for sample in (self.first_audible, self.answer_from):
            moment = self._moment(sample)
            if sample is not None and moment is not None and sample < stopped:
                self._heard_from[sample] = moment
        self._generation += 1
        self._slices.clear()
        self._settled = self.sent = stopped
        return stopped

    def rewind(self, words: int = 0) -> None:
        """After `stop`: begin again at the word that was cut, or so many `words` before it."""
        begun = bisect_right([word.start for word in self.words], self.sent)
        cut = begun - 1 if begun and self.sent < self.words[begun - 1].end else begun
        first = max(0, cut - words)
        if first < begun:
            self._settled = self.sent = max(self.words[first].start, self.first_audible or 0)

    def assume_played(self) -> None:
        """The marks are overdue for good: believe the clock."""
        for piece in self._slices:
            piece.returned = True

    # -- fillers ------------------------------------------------------------------------------------

    def filler_ends(self, at: float) -> float | None:
        """When the filler that is being heard can be cut: at the end of its present word.

        None if none is heard, if the answer is not there, or if so little of it is left that a cut is not worth it.
        """
        found = self._filler_heard(at)
        if found is None:
            return None
        _, _, present, end = found
        word = self.words[present]
        if end >= len(self.words) or self.words[end].start - word.end < WORTH_CUTTING:
            return None
        if self.sent < word.end:
            return at  # the voice has left a hole in it
        return at + max(0, word.end - self._position_when_cleared(at)) / SAMPLE_RATE

    def _filler_heard(self, at: float) -> tuple[Phrase, int, int, int] | None:
        """The filler being heard, if one is: its first word, the present one, and where its words end."""
        position = self._position_when_cleared(at)
        present = max(0, bisect_right([word.start for word in self.words], position) - 1)
        first = 0
        for number, phrase in enumerate(self.phrases, 1):
            end = self._words_in(number)
            if end is None:
                return None
            if first <= present < end:
                return (phrase, first, present, end) if phrase.filler else None
            first = end
        return None

    def skip_filler(self, at: float) -> None:
        """After `stop`, at the end of a word: what is left of the filler is not said, and was not said."""
        found = self._filler_heard(at)
        if found is None:
            return
        phrase, first, present, end = found
        if end >= len(self.words):
            return
        word = self.words[present]
        heard = present + ((word.start + word.end) / 2 <= self.sent)
        self._settled = self.sent = self.words[end].start
        phrase.text = " ".join(word.text for word in self.words[first:heard])
        phrase.filler = False
        self.phrases = [phrase for phrase in self.phrases if phrase.text]
        del self.words[heard:end]

    # -- words --------------------------------------------------------------------------------------

    def heard(self, at: float) -> str:
        """The words that were heard, at least half of each; without alignment in proportion to the audio."""
        position = self.position(at)
        if position <= 0:
            return ""
        text = self.text
        if self.complete and position >= self.received and not self.voice_owes:
            return text
        if self.words:
            return _until(text, self.words, sum(1 for word in self.words if (word.start + word.end) / 2 <= position))
        length = len(text)
        per_character = self.received / length if self.complete and length else SAMPLES_A_CHARACTER
        ends = [index for index, character in enumerate(text) if character.isspace()]
        ends.append(length)
        count = bisect_right([end * per_character for end in ends], position)
        return text[: ends[count - 1]] if count else ""

    def sentences(self, at: float) -> tuple[str, str]:
        """The sentences that were heard to their end, and what follows, from the beginning of the one being heard."""
        heard, end, whole = len(self.heard(at)), -1, 0
        for number, phrase in enumerate(self.phrases, 1):
            end += 1 + len(phrase.text)
            if end > heard:
                break
            if phrase.text.endswith(SENTENCE_ENDS):
                whole = number
        said = " ".join(phrase.text for phrase in self.phrases[:whole])
        return said, " ".join(phrase.text for phrase in self.phrases[whole:] if not phrase.filler)

    def around(self, at: float, *, before: int, after: int) -> str:
        """The words about what is being heard."""
        heard, words = len(self.heard(at).split()), self.text.split()
        return " ".join(words[max(0, heard - before) : heard + after])

    def just_begun(self, at: float, *, words: int, after: int) -> list[str]:
        """The words since it began to sound, or went on after a pause, and the next `after`; none if it sounds for more
        than `words` of them, or not at all.
        """
        if not self._slices:
            return []
        starts = [word.start for word in self.words]
        first, present = bisect_left(starts, self._settled), bisect_right(starts, self.position(at))
        return [word.text for word in self.words[first : present + after]] if present - first <= words else []

    def interruptible(self, at: float) -> bool:
        """Whether what is being heard may be interrupted."""
        heard, end = len(self.heard(at)), 0
        for phrase in self.phrases:
            end += len(phrase.text) + 1
            if heard + 1 < end:
                return phrase.interruptible
        return True


def _until(text: str, words: list[Word], count: int) -> str:
    """The text up to the end of the first `count` aligned words, punctuation of the last one included."""
    cursor = 0
    for word in words[:count]:
        found = text.find(word.text, cursor)
        if found < 0:  # the voice normalised this word ("7" became "seven"): give its own words
            return " ".join(known.text for known in words[:count])
        cursor = found + len(word.text)
    while cursor < len(text) and not text[cursor].isspace():
        cursor += 1
    return text[:cursor] if count else ""
