"""What a caller's turn means where it was said: matched with what makes sense there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from phoneagent.call.menus import KEYS, choices
from phoneagent.conversation.grammar import Grammar, Match, normalise
from phoneagent.records import Dialogue, Expectation, Intent, Slot

from .dialogue_state import CHOOSING, FILLING, Asked, State

_BELOW_TWENTY = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")

LISTENED_TO = 1_000  # characters of a turn, the last: a minute of speech, and no menu wants more than a sentence
_GAP = "_"  # a word that no phrase has: nothing matches across what was taken out of a text

_KEYPAD = re.compile(r"\[keypad: ([^][]*)\]")
_KEPT = re.compile(r"(\d+) keys?, kept as (keypad-\d+)")
BY_HABIT = "#"  # many press it after whatever they enter

Word = Literal["yes", "no", "repeat", "back", ""]


@dataclass(frozen=True, slots=True)
class Understood:
    """What a caller's turn means where it was said. `surely`: all of it was understood, and not only a part."""

    intent: Intent | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    word: Word = ""
    keys: str = ""
    surely: bool = True

    @property
    def nothing(self) -> bool:
        """Nothing was."""
        return self.intent is None and not (self.values or self.word or self.keys)


class Understanding:
    """The phrases of a dialogue, ready to be matched."""

    def __init__(self, dialogue: Dialogue) -> None:
        """Raises `PatternError` for phrases that are malformed."""
        self._dialogue = dialogue
        self._slots = {slot.name: slot for slot in dialogue.slots}
        self._said = {slot.name: tuple(slot.words) for slot in dialogue.slots if slot.words}
        self._meanings = {
            slot.name: [(Grammar([words]), value) for words, value in slot.words.items()] for slot in dialogue.slots
        }
        self._phrases = {intent.name: _phrases(intent) for intent in dialogue.intents}
        self._intents = [(intent, Grammar(self._phrases[intent.name], self._said)) for intent in dialogue.intents]
        self._mentioned = {slot.name: Grammar(_mentions(slot), self._said) for slot in dialogue.slots}
        self._answered = {
            slot.name: Grammar((*_answers(slot), *_mentions(slot)), self._said) for slot in dialogue.slots
        }
        self._details = {
            (intent.name, asked): Grammar(self._detail_phrases(intent, asked), self._said)
            for intent in dialogue.intents
            for asked in (*intent.slots, "")
        }
        self._words: dict[Word, Grammar] = {
            "yes": Grammar(dialogue.yes), "no": Grammar(dialogue.no), "repeat": Grammar(dialogue.repeat),
            "back": Grammar(dialogue.back),
        }  # fmt: skip
        menus = ("", *(menu.name for menu in dialogue.menus))
        self._spoken_keys = {
            menu: {key: phrase for key in choices(dialogue, menu) if (phrase := _spoken_key(dialogue, key))}
            for menu in menus
        }
        self._keys = {
            menu: [(Grammar([phrase]), key) for key, phrase in spoken.items()]
            for menu, spoken in self._spoken_keys.items()
        }
        self._has_keys = any(intent.key for intent in dialogue.intents)

    def understand(self, state: State, text: str) -> Understood:
        """Match a turn with what makes sense here: first as a whole, then whatever can be found in it."""
        text = text[-LISTENED_TO:]
        if (typed := self._typed(state, text)) is not None:
            return typed
        if keys := pressed(text):
            return self._keyed(state, keys)
        text = _KEYPAD.sub(" ", text)
        text = spell_numbers(text)
        for word in self._words_for(state):
            if self._words[word].match(text):
                return Understood(word=word)
        if state.asked in CHOOSING:
            for grammar, key in self._keys.get(state.menu, ()):
                if grammar.match(text):
                    return Understood(keys=key)
        if state.asked in FILLING and state.intent is not None:
            details = self._details[state.intent.name, state.slot].match(text)
            if details:
                return Understood(values=self._read(details))
        for intent, grammar in self._nearest(state):
            if match := grammar.match(text):
                return Understood(intent, self._read(match))
        return self._spot(state, text)

    def expects(self, state: State) -> Expectation:
        """What makes sense to say here."""
        dialogue = self._dialogue
        phrases: list[str] = []
        if state.asked is not Asked.MODEL:
            phrases += [phrase for known in self._phrases.values() for phrase in known]
            phrases += dialogue.repeat
        if state.asked not in (Asked.OPEN, Asked.MODEL):
            phrases += [*dialogue.yes, *dialogue.no]
        if state.asked in CHOOSING:
            phrases += self._spoken_keys.get(state.menu, {}).values()
        if "back" in self._words_for(state):
            phrases += dialogue.back
        if state.asked in FILLING and state.intent is not None:
            phrases += self._detail_phrases(state.intent, state.slot)
        keyterms = dict.fromkeys(word for intent in dialogue.intents for word in intent.name.split("_"))
        return Expectation(tuple(dict.fromkeys(phrases)), self._said, tuple(keyterms))

    def anything(self) -> Expectation:
        """All that this dialogue knows, at any time: for a model that may ask whatever it likes."""
        dialogue = self._dialogue
        phrases = [phrase for known in self._phrases.values() for phrase in known]
        phrases += [*dialogue.repeat, *dialogue.yes, *dialogue.no]
        for intent in dialogue.intents:
            for slot in ("", *intent.slots):
                phrases += self._detail_phrases(intent, slot)
        return Expectation(tuple(dict.fromkeys(phrases)), self._said)

    def _words_for(self, state: State) -> tuple[Word, ...]:
        back: tuple[Word, ...] = ("back",) if self._has_keys else ()
        match state.asked:
            case Asked.MODEL:
                return back  # what the model has asked is answered with yes and no, and it repeats what it has said
            case Asked.OPEN:
                return ("repeat", *back)
            case _:
                return ("yes", "no", "repeat", *back)

    def _nearest(self, state: State) -> list[tuple[Intent, Grammar]]:
        """All intents, those of the present menu first: what can be chosen anywhere can be said everywhere."""
        return sorted(self._intents, key=lambda pair: pair[0].menu != state.menu)

    def _keyed(self, state: State, keys: str) -> Understood:
        """A slot that is asked for takes the digits that it knows."""
        if state.asked is Asked.SLOT and state.intent is not None:
            details = self._details[state.intent.name, state.slot].match(spell_numbers(keys.rstrip(BY_HABIT)))
            if details:
                return Understood(values=self._read(details))
        return Understood(keys=keys.rstrip(BY_HABIT) or keys)

    def _typed(self, state: State, text: str) -> Understood | None:
        """A slot that is typed takes the last entry, if it is long enough; of a secret one its name is the value."""
        slot = self._slots.get(state.slot) if state.asked is Asked.SLOT else None
        entries = _KEYPAD.findall(text)
        if slot is None or slot.keypad is None or not entries:
            return None
        end = BY_HABIT if slot.keypad.end is None else slot.keypad.end
        if kept := _KEPT.fullmatch(entries[-1]):
            length, value = int(kept[1]), kept[2]
        else:
            value = entries[-1].removesuffix(end) if set(entries[-1]) <= set(KEYS) else ""
            length = len(value)
        if length == 0 or 0 < slot.keypad.length != length:
            return None if pressed(text) and slot.words else Understood()
        return Understood(values={slot.name: value})

    # --- slots -------------------------------------------------------------------------------------

    def _detail_phrases(self, intent: Intent, asked: str) -> tuple[str, ...]:
        """How to fill an intent's slots: the one asked for, others with what they are about, and corrections.

        Few words, on purpose: a bare number is only understood as an answer, because ears that may hear numbers
        everywhere hear them in every noise.
        """
        slots = [self._slots[name] for name in intent.slots]
        mentions = [mention for slot in slots for mention in _mentions(slot)]
        phrases = [*mentions]
        if mentions:
            phrases.append(f"{self._dialogue.no[0]} ({' | '.join(mentions)})")
        for slot in slots:
            own = [*(_answers(slot) if slot.name == asked else ()), *_mentions(slot)]
            others = [mention for other in slots if other is not slot for mention in _mentions(other)]
            phrases += _answers(slot) if slot.name == asked else ()
            if own and others:
                phrases.append(f"({' | '.join(own)}) ({' | '.join(others)})")
        return tuple(phrases)

    def _spot(self, state: State, text: str) -> Understood:
        """Find something to go by in a text that matches nothing as a whole."""
        words = normalise(text).split()
        word: Word = ""
        if state.asked is not Asked.OPEN:
            candidate: Word
            for candidate in ("no", "yes"):
                match = self._words[candidate].search(text)
                if match and match.start == 0:
                    word = candidate
                    text = " ".join(words[match.end :])
                    break
        found = [(match, intent) for intent, grammar in self._nearest(state) if (match := grammar.search(text))]
        match, intent = max(found, key=lambda pair: pair[0].end - pair[0].start, default=(None, None))
        if match is not None and intent is not None:
            rest = normalise(text).split()
            around = " ".join([*rest[: match.start], *rest[match.end :]])
            return Understood(intent, self._spot_values(intent.slots, around) | self._read(match), surely=False)
        if state.asked in FILLING and state.intent is not None:
            return Understood(
                values=self._spot_values(state.intent.slots, text, asked=state.slot), word=word, surely=False
            )
        return Understood(word=word, surely=False)

    def _spot_values(self, names: Iterable[str], text: str, *, asked: str = "") -> dict[str, str]:
        """Values anywhere in a text. Longer phrases are surer, and what they used is not used again."""
        grammars = {name: (self._answered if name == asked else self._mentioned)[name] for name in names}
        values: dict[str, str] = {}
        rest = normalise(text).split()
        while True:
            found = [(match, name) for name, grammar in grammars.items() if (match := grammar.search(" ".join(rest)))]
            if not found:
                return values
            match, name = max(found, key=lambda pair: pair[0].end - pair[0].start)
            values |= self._read(match)
            del grammars[name]
            rest[match.start : match.end] = [_GAP]

    def _read(self, match: Match) -> dict[str, str]:
        return {
            name: next((value for grammar, value in self._meanings[name] if grammar.match(said)), said)
            for name, said in match.rules.items()
        }


def pressed(text: str) -> str:
    """The keys in a turn, in the order they were pressed: of the digits, `*` and `#` that a telephone has."""
    return "".join(key for keys in _KEYPAD.findall(text) if set(keys) <= set(KEYS) for key in keys)


def spell_numbers(text: str) -> str:
    """Write numbers below a hundred as they are said: typed text and open dictation have `4` and `7:30`.

    >>> spell_numbers("For 4, at 7:30 or 8:00")
    "for four at seven thirty or eight o'clock"
    """
    clock = re.sub(r"\b(\d{1,2}):00\b", r"\1 o'clock", text)
    return " ".join(
        _spelled(int(word)) if re.fullmatch(r"\d{1,2}", word) else word for word in normalise(clock).split()
    )


def _spelled(number: int) -> str:
    if number < len(_BELOW_TWENTY):
        return _BELOW_TWENTY[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]} {_BELOW_TWENTY[ones]}" if ones else _TENS[tens]


def _answers(slot: Slot) -> tuple[str, ...]:
    return slot.answers or _bare(slot)


def _mentions(slot: Slot) -> tuple[str, ...]:
    return slot.mentions or _bare(slot)


def _bare(slot: Slot) -> tuple[str, ...]:
    """The value alone; nothing if it can only be typed."""
    return (f"<{slot.name}>",) if slot.words else ()


def _phrases(intent: Intent) -> tuple[str, ...]:
    """What callers say for it: its phrases, and what the menu calls it."""
    label = spell_numbers(intent.label)
    return (*intent.phrases, label) if label else intent.phrases


def _spoken_key(dialogue: Dialogue, key: str) -> str:
    """What callers say for a key: `[press] (one | uno)`."""
    if not key.isdecimal():
        return normalise(dialogue.key_names.get(key, ""))
    names = dict.fromkeys((_BELOW_TWENTY[int(key)], normalise(dialogue.digits[int(key)])))
    return f"[press | number | option] ({' | '.join(filter(None, names))})"
