"""The way back: from the words that a voice speaks to those that are written.

A voice tells when it speaks which word. It was given "three dollars", and may tell of "three" and "dollars.", of one
word or of ten letters; the conversation wants to know when "$3" was heard. Both are compared letter by letter; what a
voice says otherwise than it was given is made out by what follows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from phoneagent.conversation.words import Word

from .speakable import Unit

LOOKAHEAD = 80  # letters; a voice that says a long number in its own way uses fewer for it
NEAR = 8  # letters within which a short word is believed to be the same one
DISTINCT = 3  # letters from which a word is believed farther away


@dataclass(slots=True)
class _Waiting:
    written: str
    left: int  # letters that were not spoken yet
    start: int | None = None


class WrittenWords:
    """The words of one reply, in order. None is lost and none comes twice, whatever the voice tells."""

    def __init__(self) -> None:
        self._units: deque[_Waiting] = deque()
        self._ahead = ""  # letters that were not spoken yet
        self._begins: deque[int] = deque()  # where spoken words begin, in all letters of the reply
        self._passed = 0  # letters spoken
        self._told = False  # whether the voice tells of words at all
        self._stray: tuple[int, int] | None = None  # when words were spoken that were not recognised
        self._until = 0

    @property
    def left(self) -> int:
        """Letters that were given and not spoken yet."""
        return len(self._ahead)

    @property
    def unrecognised(self) -> int:
        """Samples of speech since the last word that was recognised."""
        return self._stray[1] - self._stray[0] if self._stray else 0

    def comes_next(self, word: str) -> bool:
        """Whether this is just the next word."""
        return self._ahead.startswith(_letters(word))

    def expect(self, units: Iterable[Unit]) -> None:
        """These are given to the voice next."""
        for unit in units:
            letters = 0
            for word in unit.spoken.split():
                if spelled := _letters(word):
                    self._begins.append(self._passed + len(self._ahead))
                    self._ahead += spelled
                    letters += len(spelled)
            self._units.append(_Waiting(unit.written, letters))

    def translate(self, words: Iterable[Word]) -> tuple[Word, ...]:
        """The written words whose last spoken word is among these. Positions stay what they are."""
        written: list[Word] = []
        for word in words:
            self._told = True
            if not (letters := _letters(word.text)):
                continue
            skipped = self._find(letters)
            if skipped is None:
                self._stray = (self._stray[0] if self._stray else word.start, word.end)
                continue
            if skipped:
                start, end = self._stray or (word.start, word.start)
                written += self._speak(skipped, start, end)
            self._stray = None
            written += self._speak(min(len(letters), len(self._ahead)), word.start, word.end)
        return tuple(written)

    def guess(self, letters: int, start: int, end: int) -> tuple[tuple[Word, ...], int]:
        """The voice does not tell of the speech between these positions, which holds so many letters: the whole words
        that fit, and how many letters they have.
        """
        ends = [begin - self._passed for begin in self._begins if begin > self._passed] + [len(self._ahead)]
        fitting = max((each for each in ends if each <= letters), default=0)
        if not fitting:
            return (), 0
        self._told = True
        return tuple(self._speak(fitting, start, end)), fitting

    def finish(self, at: int, *, silent: bool = False) -> tuple[Word, ...]:
        """All that was given has been spoken, up to this position: what is left of it. Nothing, from a voice that
        tells of no words: the conversation estimates better than we. `silent`: there was nothing for a voice to say.
        """
        if not self._told and not silent:
            self._forget()
            return ()
        start, end = self._stray or (self._until, at)
        written = self._speak(len(self._ahead), min(start, at), max(min(end, at), min(start, at)))
        self._forget()
        self._told = True
        return tuple(written)

    def _forget(self) -> None:
        self._units.clear()
        self._begins.clear()
        self._passed += len(self._ahead)
        self._ahead = ""
        self._stray = None

    def _find(self, letters: str) -> int | None:
        """How many letters the voice has left out before these; None if they are not to be found."""
        ahead = self._ahead
        if not ahead:
            return None
        if ahead.startswith(letters) or letters.startswith(ahead):
            return 0
        for begin in self._begins:
            skipped = begin - self._passed
            if skipped <= 0:
                continue
            if skipped > (LOOKAHEAD if len(letters) >= DISTINCT else NEAR):
                return None
            if ahead.startswith(letters, skipped):
                return skipped
        return None

    def _speak(self, letters: int, start: int, end: int) -> list[Word]:
        """The next letters are spoken evenly between these positions."""
        written = []
        spoken = 0
        while self._units and (spoken < letters or not self._units[0].left):
            unit = self._units[0]
            here = start + (end - start) * spoken // max(letters, 1)
            if unit.start is None:
                unit.start = here
            taken = min(unit.left, letters - spoken)
            unit.left -= taken
            spoken += taken
            if unit.left:
                break
            self._units.popleft()
            written.append(Word(unit.written, unit.start, start + (end - start) * spoken // max(letters, 1)))
        self._passed += letters
        self._ahead = self._ahead[letters:]
        while self._begins and self._begins[0] < self._passed:
            self._begins.popleft()
        self._until = max(self._until, end)
        return written


def _letters(text: str) -> str:
    """What two spellings of the same word share."""
    return "".join(filter(str.isalnum, text.casefold()))
