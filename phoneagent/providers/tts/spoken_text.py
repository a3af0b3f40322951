"""Which of what a voice was given it has spoken, by the words that it tells of and the audio that it sends. Pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable

from phoneagent.conversation.words import SAMPLE_RATE, Word
from phoneagent.speakable import Unit, WrittenWords

USUAL_LETTERS = 14  # a second; what voices make of English, German or Spanish at their usual speed
MOST_LETTERS = 25  # a second; the fastest voices reach 20 at a speed of 1.0, and 1.2 is the most that can be set
MISSING_LETTERS = 3  # that an alignment may leave out at the end of a phrase which was heard to its end; but not more
MISSING_SHARE = 4  # than a fourth of it
REMEMBERED = 12  # words; an alignment that overlaps the one before it repeats a few
PASSED_LETTERS = 6  # that an alignment may leave out at the beginning of a phrase
_DIRECTIONS = re.compile(r"\[[^\[\]]*\]|<[^<>]*>")  # "[laughs]", "<break time='1s'/>": for the voice, not for the ear


def letters(text: str) -> int:
    """How much of a text is heard; voices differ in where they leave punctuation."""
    return sum(map(str.isalnum, _DIRECTIONS.sub("", text)))


def can_be_spoken(text: str) -> bool:
    """Whether there is anything but pictures and punctuation in it; "..." and emoji make no sound."""
    return any(character.isalnum() or character in "%&@#+=€$£¥" for character in text)


def holds(samples: int) -> float:
    """The most letters that so much audio can hold."""
    return samples * MOST_LETTERS / SAMPLE_RATE


class SpokenText:
    """The text of one reply. Positions are samples from its beginning.

    What a voice tells is checked against what it was given: a word that it repeats is told once, one that it leaves out
    is told with the next. Audio of which it tells nothing is taken to hold as many words as voices usually speak.
    """

    def __init__(self) -> None:
        self._written = WrittenWords()
        self._given = 0  # letters
        self._ends: list[int] = []  # of each phrase, in letters of the whole
        self._last_begins = 0  # of the last phrase that has letters
        self._sure = 0  # letters up to the last word that was told, not guessed
        self._recent: deque[str] = deque(maxlen=REMEMBERED)
        self.until = 0  # where the last word that was told ends
        self._hole: int | None = None  # letters that were spoken before a phrase that was not
        self._untold = 0  # samples of which the voice tells nothing
        self._guessed = 0  # letters of these
        self._budget = 0.0  # letters of these that make no whole word yet

    def expect(self, phrase: str) -> None:
        """The voice is given this next."""
        self._written.expect(Unit(word, word) for word in phrase.split())
        amount = sum(map(str.isalnum, phrase.casefold()))
        if amount:
            self._last_begins = self._given
        self._given += amount
        self._ends.append(self._given)

    def tell(self, words: Iterable[Word]) -> tuple[Word, ...]:
        """The voice tells of these: the words as they were given."""
        known: list[Word] = []
        for word in words:
            if self._repeats(word.text):
                continue
            self._recent.append(word.text)
            before, room = self._spoken, holds(self._written.unrecognised + self._untold)
            found = self._written.translate((word,))
            if not found:
                continue
            if self._skips_phrase(before, self._spoken - len(found[-1].text), room):
                self._hole = before
                break
            self._sure, self.until = self._spoken, word.end
            known += found
        return tuple(known)

    def _skips_phrase(self, before: int, until: int, room: float) -> bool:
        """Whether the voice has passed over a phrase, or its beginning, and no speech was there that may have been it.

        Phrases share words: the "are" of the next one is easily taken for that of the one which is missing.
        """
        bounds = [bound for bound in (0, *self._ends) if before <= bound < self._spoken]
        beginning = before in bounds and until - before > room + PASSED_LETTERS
        return beginning or (len(set(bounds)) > 1 and bounds[-1] - before > room)

    def _repeats(self, word: str) -> bool:
        """Alignments overlap now and then. After words that were not recognised, any word is welcome."""
        strange = self._written.unrecognised > 0
        return not strange and word in self._recent and not self._written.comes_next(word)

    def guess(self, start: int, end: int) -> tuple[Word, ...]:
        """The voice tells nothing of the speech between these positions."""
        if end <= start:
            return ()
        self._untold += end - start
        self._budget += (end - start) * USUAL_LETTERS / SAMPLE_RATE
        words, taken = self._written.guess(int(self._budget), start, end)
        self._budget -= taken
        self._guessed += taken
        return words

    def ends_word(self, begun: str) -> bool:
        """Whether what is known of a word ends its phrase: nothing follows that would tell that it has ended."""
        spoken = self._spoken + sum(map(str.isalnum, begun.casefold()))
        return bool(begun) and self._written.comes_next(begun) and spoken in self._ends

    @property
    def _spoken(self) -> int:
        return self._given - self._written.left

    @property
    def last_begun(self) -> bool:
        """The last phrase has certainly begun to sound."""
        return self._sure > self._last_begins

    @property
    def broken(self) -> bool:
        """A phrase was passed over: what comes now is out of place."""
        return self._hole is not None

    @property
    def whole(self) -> bool:
        """All of it has been spoken, as far as can be known."""
        if self.broken:
            return False
        left = self._written.left
        unknown = holds(self._untold + self._written.unrecognised) - self._guessed
        begun = self._spoken > self._last_begins
        tolerated = min(MISSING_LETTERS, (self._given - self._last_begins) // MISSING_SHARE) if begun else 0
        return left <= max(0.0, unknown) + tolerated

    @property
    def phrases_spoken(self) -> int | None:
        """How many phrases were spoken, to the end; None in the middle of one."""
        if self._hole is not None:
            return sum(1 for end in self._ends if end <= self._hole) if self._hole in (0, *self._ends) else None
        spoken = self._spoken
        if self._untold or self._written.unrecognised or (spoken and spoken not in self._ends):
            return None
        return sum(1 for end in self._ends if end <= spoken)

    def finish(self, at: int) -> tuple[Word, ...]:
        """It was spoken to its end, at this position: what was not told yet."""
        return self._written.finish(at)
