"""A scripted dialogue: intents, slots, yes and no. Pure, and a fold over the turns of the conversation.

Where the dialogue stands follows from what was said so far and from nothing else. A reply that was speculative or
cancelled therefore leaves no trace, and another process carries on from the turns alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal

from phoneagent.conversation.grammar import Grammar, Match, normalise
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.records import Dialogue, Expectation, Intent, Slot

MISSES_UNTIL_A_PERSON_IS_OFFERED = 2  # in a row; a third "I did not get that" makes people hang up


_BELOW_TWENTY = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


class Asked(Enum):
    """Which question is open."""

    OPEN = "what the caller wants"
    SLOT = "a slot of the current intent"
    CONFIRM = "whether it is right so"
    CHANGE = "what to change, after a no"
    MORE = "whether there is anything else"
    PERSON = "whether to connect a person"


_FILLING = (Asked.SLOT, Asked.CONFIRM, Asked.CHANGE)
"""Questions at which slots can be filled and corrected."""

_GAP = "_"  # a word that no phrase has: nothing matches across what was taken out of a text


@dataclass(frozen=True, slots=True)
class State:
    """Where a dialogue stands. `slot` is the one asked for, `intent` the one whose slots are being filled."""

    asked: Asked = Asked.OPEN
    intent: Intent | None = None
    slot: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    misses: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say, and the tool to ask for afterwards. `first` is said before, and heard to its end."""

    text: str
    tool: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    first: str = ""

    @property
    def whole(self) -> str:
        """All that is said."""
        return f"{self.first} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Understood:
    """What a caller's turn means where it was said."""

    intent: Intent | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    word: Literal["yes", "no", "repeat", ""] = ""


class Script:
    """A dialogue, ready to be held. Everything here is pure."""

    def __init__(self, dialogue: Dialogue) -> None:
        """Raises `PatternError` for phrases that are malformed."""
        self.dialogue = dialogue
        self._slots = {slot.name: slot for slot in dialogue.slots}
        self._said = {slot.name: tuple(slot.words) for slot in dialogue.slots}
        self._meanings = {
            slot.name: [(Grammar([words]), value) for words, value in slot.words.items()] for slot in dialogue.slots
        }
        self._intents = [(intent, Grammar(intent.phrases, self._said)) for intent in dialogue.intents]
        self._mentioned = {slot.name: Grammar(_mentions(slot), self._said) for slot in dialogue.slots}
        self._answered = {
            slot.name: Grammar((*_answers(slot), *_mentions(slot)), self._said) for slot in dialogue.slots
        }
        self._details = {
            (intent.name, asked): Grammar(self._detail_phrases(intent, asked), self._said)
            for intent in dialogue.intents
            for asked in (*intent.slots, "")
        }
        self._words = {"yes": Grammar(dialogue.yes), "no": Grammar(dialogue.no), "repeat": Grammar(dialogue.repeat)}
        self._goodbye = next((intent for intent in dialogue.intents if intent.then == "end_call"), None)
        self._transfer = next((intent for intent in dialogue.intents if intent.then == "transfer"), None)

    def fold(self, turns: Iterable[Turn]) -> tuple[State, Answer]:
        """Where the dialogue stands after these turns, and what to say now."""
        state = State()
        answer = Answer(self._question(state))
        for turn in turns:
            if turn.role == "caller":
                state, answer = self.hear(state, turn.text)
            elif turn.role == "tool" and turn.tool is not None:
                state, answer = self._tool_returned(state, turn.tool, turn.text)
            elif turn.role == "agent":
                # The agent's turn answers what came before: whoever asks now gets the open question again.
                answer = Answer(self._question(state))
        return state, answer

    def hear(self, state: State, text: str) -> tuple[State, Answer]:
        """Take in what the caller said: the new state, and the answer."""
        understood = self.understand(state, text)
        if understood.word == "repeat":
            return replace(state, misses=0), Answer(state.said or self._question(state))
        state, answer = self._react(state, understood)
        return replace(state, said=answer.whole or state.said), answer

    def understand(self, state: State, text: str) -> Understood:
        """Match a turn with what makes sense here: first as a whole, then whatever can be found in it."""
        text = spell_numbers(text)
        for word in ("yes", "no", "repeat") if state.asked is not Asked.OPEN else ("repeat",):
            if self._words[word].match(text):
                return Understood(word=word)
        if state.asked in _FILLING and state.intent is not None:
            details = self._details[state.intent.name, state.slot].match(text)
            if details:
                return Understood(values=self._read(details))
        for intent, grammar in self._intents:
            if match := grammar.match(text):
                return Understood(intent, self._read(match))
        return self._spot(state, text)

    def expects(self, turns: Iterable[Turn]) -> Expectation:
        """What makes sense to say after these turns."""
        state, _ = self.fold(turns)
        phrases = [phrase for intent in self.dialogue.intents for phrase in intent.phrases]
        phrases += self.dialogue.repeat
        if state.asked is not Asked.OPEN:
            phrases += [*self.dialogue.yes, *self.dialogue.no]
        if state.asked in _FILLING and state.intent is not None:
            phrases += self._detail_phrases(state.intent, state.slot)
        keyterms = dict.fromkeys(word for intent in self.dialogue.intents for word in intent.name.split("_"))
        return Expectation(tuple(dict.fromkeys(phrases)), self._said, tuple(keyterms))

    # --- understanding -----------------------------------------------------------------------------

    def _detail_phrases(self, intent: Intent, asked: str) -> tuple[str, ...]:
        """How to fill an intent's slots: the one asked for, others with what they are about, and corrections.

        Few words, on purpose: a bare number is only understood as an answer, because ears that may hear numbers
        everywhere hear them in every noise.
        """
        slots = [self._slots[name] for name in intent.slots]
        mentions = [mention for slot in slots for mention in _mentions(slot)]
        phrases = [*mentions]
        if mentions:
            phrases.append(f"{self.dialogue.no[0]} ({' | '.join(mentions)})")
        for slot in slots:
            own = [*(_answers(slot) if slot.name == asked else ()), *_mentions(slot)]
            others = [mention for other in slots if other is not slot for mention in _mentions(other)]
            phrases += _answers(slot) if slot.name == asked else ()
            if others:
                phrases.append(f"({' | '.join(own)}) ({' | '.join(others)})")
        return tuple(phrases)

    def _spot(self, state: State, text: str) -> Understood:
        """Find something to go by in a text that matches nothing as a whole."""
        words = normalise(text).split()
        word: Literal["yes", "no", ""] = ""
        if state.asked is not Asked.OPEN:
            for candidate in ("no", "yes"):
                match = self._words[candidate].search(text)
                if match and match.start == 0:
                    word = candidate
                    text = " ".join(words[match.end :])
                    break
        found = [(match, intent) for intent, grammar in self._intents if (match := grammar.search(text))]
        match, intent = max(found, key=lambda pair: pair[0].end - pair[0].start, default=(None, None))
        if match is not None and intent is not None:
            rest = normalise(text).split()
            around = " ".join([*rest[: match.start], *rest[match.end :]])
            return Understood(intent, self._spot_values(intent.slots, around) | self._read(match))
        if state.asked in _FILLING and state.intent is not None:
            return Understood(values=self._spot_values(state.intent.slots, text, asked=state.slot), word=word)
        return Understood(word=word)

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

    # --- answering ---------------------------------------------------------------------------------

    def _react(self, state: State, understood: Understood) -> tuple[State, Answer]:
        if understood == Understood():
            return self._missed(state)
        state = replace(state, misses=0)
        if understood.intent is not None:
            return self._begin(state, understood.intent, understood.values)
        if understood.values and state.intent is not None:
            return self._proceed(state.intent, {**state.values, **understood.values})
        match state.asked, understood.word:
            case Asked.CONFIRM, "yes" if state.intent is not None:
                return self._perform(state.intent, state.values)
            case Asked.CONFIRM, "no" if state.intent is not None and state.intent.refused:
                return self._ask(replace(state, asked=Asked.CHANGE))
            case ((Asked.CONFIRM | Asked.CHANGE), "no"):
                return self._ask(State(Asked.MORE if self.dialogue.anything_else else Asked.OPEN))
            case Asked.MORE, "no" if self._goodbye is not None:
                return self._perform(self._goodbye, {})
            case ((Asked.MORE | Asked.PERSON), ("yes" | "no") as word):
                if state.asked is Asked.PERSON and word == "yes" and self._transfer is not None:
                    return self._perform(self._transfer, {})
                return self._ask(self._resumed(state))
            case _:
                return self._ask(state)

    def _missed(self, state: State) -> tuple[State, Answer]:
        state = replace(state, misses=state.misses + 1)
        if state.misses >= MISSES_UNTIL_A_PERSON_IS_OFFERED and self._transfer is not None:
            return self._ask(replace(state, asked=Asked.PERSON, misses=0))
        return state, Answer(f"{self.dialogue.not_understood} {self._question(state)}")

    def _begin(self, state: State, intent: Intent, values: Mapping[str, str]) -> tuple[State, Answer]:
        aside = not intent.slots and not intent.tool and not intent.confirm and intent.then == "listen"
        if aside and state.intent is not None and state.asked is not Asked.PERSON:
            return state, _answer(intent, intent.answer, self._question(state))  # then back to where we were
        known = state.values if intent is state.intent else {}
        return self._proceed(intent, {**known, **values})

    def _proceed(self, intent: Intent, values: Mapping[str, str]) -> tuple[State, Answer]:
        for name in intent.slots:
            if name not in values:
                return self._ask(State(Asked.SLOT, intent, name, values))
        if intent.confirm:
            return self._ask(State(Asked.CONFIRM, intent, "", values))
        return self._perform(intent, values)

    def _perform(self, intent: Intent, values: Mapping[str, str]) -> tuple[State, Answer]:
        if intent.tool:
            return State(Asked.OPEN, intent, "", values), Answer("", intent.tool, dict(values))
        return self._finish(intent, values)

    def _finish(self, intent: Intent, values: Mapping[str, str]) -> tuple[State, Answer]:
        text = fill(intent.answer, values)
        if intent.then == "end_call":
            return State(), replace(_answer(intent, text), tool="end_call")
        if intent.then == "transfer":
            return State(), replace(_answer(intent, text), tool="transfer", arguments={"target": intent.target})
        if self.dialogue.anything_else:
            return State(Asked.MORE), _answer(intent, text, self.dialogue.anything_else)
        return State(), _answer(intent, text)

    def _tool_returned(self, state: State, tool: ToolCall, result: str) -> tuple[State, Answer]:
        if state.intent is None or state.intent.tool != tool.name:
            return state, Answer(self._question(state))
        state, answer = self._finish(state.intent, {**state.values, "result": result})
        return replace(state, said=answer.whole), answer

    def _resumed(self, state: State) -> State:
        """Back to the question that was open before another one came between."""
        if state.intent is None:
            return State()
        missing = next((name for name in state.intent.slots if name not in state.values), "")
        return replace(state, asked=Asked.SLOT if missing else Asked.CONFIRM, slot=missing)

    def _ask(self, state: State) -> tuple[State, Answer]:
        return state, Answer(self._question(state))

    def _question(self, state: State) -> str:
        intent = state.intent
        match state.asked:
            case Asked.SLOT:
                return self._slots[state.slot].ask
            case Asked.CONFIRM if intent is not None:
                return fill(intent.confirm, state.values)
            case Asked.CHANGE if intent is not None:
                return fill(intent.refused, state.values)
            case Asked.MORE:
                return self.dialogue.anything_else
            case Asked.PERSON:
                return self.dialogue.offer_person
            case _:
                return self.dialogue.question


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


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace `{name}` by its value; other braces stay as they are."""
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)


def tool_call(answer: Answer, turns: Iterable[Turn]) -> ToolCall:
    """The request for an answer's tool. Its id is the same whenever the same conversation asks for it."""
    return ToolCall(f"{answer.tool}-{sum(1 for _ in turns)}", answer.tool, json.dumps(answer.arguments))


def _answers(slot: Slot) -> tuple[str, ...]:
    return slot.answers or (f"<{slot.name}>",)


def _mentions(slot: Slot) -> tuple[str, ...]:
    return slot.mentions or (f"<{slot.name}>",)


def _answer(intent: Intent, text: str, then: str = "") -> Answer:
    """An intent's answer, and what follows it."""
    if intent.interruptible:
        return Answer(f"{text} {then}".strip())
    return Answer(then, first=text)
