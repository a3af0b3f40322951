"""A scripted dialogue: menus, intents, slots, yes and no. Pure, and a fold over the turns of the conversation.

Where the dialogue stands follows from what was said so far and from nothing else. A reply that was speculative or
cancelled therefore leaves no trace, and another process carries on from the turns alone. That holds beside a language
model too: who has the conversation follows from the turns, and where it depended on the moment (was the model away?),
from what the agent was heard to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from phoneagent.call.menus import KEYS, MAIN, choice_text, choices, choices_text, key_name, menu_text
from phoneagent.conversation.events import KeysExpected
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.records import Dialogue, Expectation, Intent

from .dialogue_state import BY_MODEL, CHOOSING, FILLING, Answer, Asked, State
from .understanding import BY_HABIT, Understanding, Understood

BACK_TO_MENU = "back_to_menu"
"""The tool with which a model gives the conversation back to the script."""

Shut: TypeAlias = Callable[[Intent], bool]
"""Whether an intent is outside of its business hours."""

HAND_OVER = "hand_over"
"""The tool after which another agent has the call."""

MISSES_UNTIL_A_PERSON_IS_OFFERED = 2  # in a row; a third "I did not get that" makes people hang up


class Script:
    """A dialogue, ready to be held. Everything here is pure."""

    def __init__(self, dialogue: Dialogue, *, model: bool = False) -> None:
        """`model`: a language model stands beside it. Raises `PatternError` for phrases that are malformed."""
        self.dialogue = dialogue
        self._model = model
        self._understanding = Understanding(dialogue)
        self._slots = {slot.name: slot for slot in dialogue.slots}
        self._goodbye = next((intent for intent in dialogue.intents if intent.then == "end_call"), None)
        self._transfer = next((intent for intent in dialogue.intents if intent.then == "transfer"), None)
        self._beginning = State(Asked.MODEL) if model and dialogue.start == "model" else State()
        self._otherwise_model = model and (dialogue.otherwise or dialogue.start) == "model"

    def fold(self, turns: Sequence[Turn], *, closed: Collection[str] = ()) -> tuple[State, Answer]:
        """Where the dialogue stands after these turns, and what to say now. `closed`: business hours that are over."""
        state, answer = self._ask(self._beginning)
        owed = False
        for number, turn in enumerate(turns):
            if turn.role == "caller":
                state, answer = self.hear(state, turn.text, _shut(turns[number + 1 :], closed))
                owed = True
            elif turn.tool is not None:
                state, answer = self._tool_returned(state, turn.tool, turn.text)
                owed = True
            elif turn.role == "agent":
                if state.asked is Asked.MODEL and self._was_away(turn):
                    state = State()
                # The agent's turn answers what came before: whoever asks now gets the open question again.
                state, answer = self._ask(state)
                owed = False
            elif self._model and not owed:
                answer = BY_MODEL  # an operator's note is for the model, unless the caller waits for an answer
        return state, answer

    def hear(self, state: State, text: str, shut: Shut) -> tuple[State, Answer]:
        """Take in what the caller said: the new state, and the answer."""
        understood = self._understanding.understand(state, text)
        if state.asked is Asked.MODEL and not self._taken_back(state, understood):
            return state, BY_MODEL
        if understood.word == "repeat":
            return replace(state, misses=0), Answer(state.said or self._question(state))
        state, answer = self._react(state, understood, shut)
        return replace(state, said=answer.whole or state.said), answer

    def expects(self, turns: Sequence[Turn]) -> Expectation:
        """What makes sense to say, and to press, after these turns."""
        state, _ = self.fold(turns)
        return replace(self._understanding.expects(state), keys=self._keys_expected(state))

    def without_model(self) -> Answer:
        """What is said when the model that should answer is away: what remains, the main menu by its keys."""
        return Answer(f"{self.dialogue.keys_only} {choices_text(self.dialogue)}".strip())

    def instructions(self, state: State) -> str:
        """What the model is told beside the agent's own instructions while it has the conversation."""
        return fill(state.intent.instructions, state.values) if state.intent is not None else ""

    # --- beside a language model -------------------------------------------------------------------

    def _was_away(self, turn: Turn) -> bool:
        """Whether the agent said this because the model was away. A filler may have been said before."""
        return bool(self.dialogue.keys_only) and self.dialogue.keys_only in (turn.generated or turn.text)

    def _taken_back(self, state: State, understood: Understood) -> bool:
        """Whether the script has the conversation again.

        Keys belong to the menu, but entries of several are for whoever asked for them. A model that only stands in for
        the script hears nothing that the script has surely understood; one that was given the conversation keeps it.
        """
        if understood.keys:
            return len(understood.keys) == 1 and self._known_key(state, understood.keys)
        if understood.word:
            return understood.surely and understood.word == "back"
        stands_in = self.dialogue.start == "script" and state.intent is None
        return stands_in and understood.surely and understood.intent is not None

    # --- answering ---------------------------------------------------------------------------------

    def _react(self, state: State, understood: Understood, shut: Shut) -> tuple[State, Answer]:
        if understood.nothing:
            return self._missed(state)
        if understood.keys:
            return self._press(state, understood.keys, shut)
        state = replace(state, misses=0)
        if understood.intent is not None:
            return self._begin(state, understood.intent, understood.values, shut)
        if understood.values and state.intent is not None:
            return self._proceed(state, state.intent, {**state.values, **understood.values})
        if understood.word == "back":
            return self._ask(State())
        return self._yes_or_no(state, shut, yes=understood.word == "yes")

    def _yes_or_no(self, state: State, shut: Shut, *, yes: bool) -> tuple[State, Answer]:
        match state.asked:
            case Asked.CONFIRM if yes and state.intent is not None:
                return self._perform(state, state.intent, state.values)
            case Asked.CONFIRM if not yes and state.intent is not None and state.intent.refused:
                return self._ask(replace(state, asked=Asked.CHANGE))
            case Asked.CONFIRM | Asked.CHANGE if not yes:
                return self._ask(self._done(state))
            case Asked.MORE if not yes and self._goodbye is not None:
                return self._perform(state, self._goodbye, {})
            case Asked.PERSON if yes and self._transfer is not None:
                return self._begin(state, self._transfer, {}, shut)
            case Asked.MORE | Asked.PERSON:
                return self._ask(self._resumed(state))
            case _:
                return self._ask(state)

    def _missed(self, state: State) -> tuple[State, Answer]:
        if self._otherwise_model:
            return State(Asked.MODEL), BY_MODEL
        state = replace(state, misses=state.misses + 1)
        if state.misses >= MISSES_UNTIL_A_PERSON_IS_OFFERED and self._transfer is not None:
            return self._ask(replace(state, asked=Asked.PERSON, misses=0))
        return state, Answer(f"{self.dialogue.not_understood} {self._question(state)}")

    def _begin(self, state: State, intent: Intent, values: Mapping[str, str], shut: Shut) -> tuple[State, Answer]:
        if shut(intent):
            return self._done(state), _answer(intent, intent.closed, self.dialogue.anything_else)
        aside = not intent.slots and not intent.tool and not intent.confirm and intent.then == "listen"
        if aside and state.intent is not None and state.asked is not Asked.PERSON:
            return state, _answer(intent, intent.answer, self._question(state))  # then back to where we were
        known = state.values if intent is state.intent else {}
        return self._proceed(state, intent, {**known, **values})

    def _proceed(self, state: State, intent: Intent, values: Mapping[str, str]) -> tuple[State, Answer]:
        for name in intent.slots:
            if name not in values:
                return self._ask(State(Asked.SLOT, intent, name, values, menu=state.menu))
        if intent.confirm:
            return self._ask(State(Asked.CONFIRM, intent, "", values, menu=state.menu))
        return self._perform(state, intent, values)

    def _perform(self, state: State, intent: Intent, values: Mapping[str, str]) -> tuple[State, Answer]:
        if intent.tool:
            waiting = State(Asked.OPEN, intent, "", values, menu=state.menu)
            return waiting, Answer("", intent.tool, dict(values))
        return self._finish(state, intent, values)

    def _finish(self, state: State, intent: Intent, values: Mapping[str, str]) -> tuple[State, Answer]:
        text = fill(intent.answer, values)
        match intent.then:
            case "end_call":
                return State(), replace(_answer(intent, text), tool="end_call")
            case "transfer":
                return State(), replace(_answer(intent, text), tool="transfer", arguments={"target": intent.target})
            case "agent":
                return State(), replace(_answer(intent, text), tool=HAND_OVER, arguments={"agent": intent.target})
            case "menu":
                opened = State(menu=intent.target)
                return opened, _answer(intent, text, self._question(opened))
            case "model":
                if not self._model:
                    return State(), self.without_model()
                given = State(Asked.MODEL, intent, "", values)  # keys are those of the main menu again
                return given, _answer(intent, text) if text else BY_MODEL
        done = self._done(state)
        return done, _answer(intent, text, self.dialogue.anything_else)

    def _done(self, state: State) -> State:
        return State(Asked.MORE if self.dialogue.anything_else else Asked.OPEN, menu=state.menu)

    def _tool_returned(self, state: State, tool: ToolCall, result: str) -> tuple[State, Answer]:
        if tool.name == HAND_OVER:
            return self._beginning, self._ask(self._beginning)[1]  # what was said before, was said to another agent
        if tool.name == BACK_TO_MENU:
            return self._ask(State())
        if state.asked is Asked.MODEL or state.intent is None or state.intent.tool != tool.name:
            return self._ask(state)
        state, answer = self._finish(state, state.intent, {**state.values, "result": result})
        return replace(state, said=answer.whole), answer

    # --- keys --------------------------------------------------------------------------------------

    def _press(self, state: State, keys: str, shut: Shut) -> tuple[State, Answer]:
        """Who knows the menu presses ahead: each key counts where the one before has led. A slip is made good by the
        next key.
        """
        answer: Answer | None = None
        for key in keys:
            if self._known_key(state, key):
                asked = state.asked
                state, answer = self._press_known(replace(state, misses=0), key, shut)
                if not {asked, state.asked} <= set(CHOOSING):
                    break
        if answer is not None:
            return state, answer
        if keys == BY_HABIT:
            return self._ask(state)
        wrong = self.dialogue.wrong_key.replace("{key}", key_name(self.dialogue, keys[-1]))
        return state, Answer(f"{wrong} {self._keys_there_are(state)}")

    def _keys_expected(self, state: State) -> KeysExpected | None:
        """One key answers at once. None where numbers may be wanted: in a slot, and by the model."""
        if state.asked is Asked.SLOT:
            return self._slots[state.slot].keypad
        single = state.asked in CHOOSING or state.asked is Asked.CONFIRM
        if not single or not any(intent.key for intent in self.dialogue.intents):
            return None
        return KeysExpected(choices=tuple(key for key in KEYS if self._known_key(state, key)))

    def _known_key(self, state: State, key: str) -> bool:
        dialogue = self.dialogue
        if key in self._choices(state) or key == dialogue.repeat_key:
            return True
        if key == dialogue.back_key:
            return state.menu != MAIN or state.asked not in CHOOSING
        if state.asked is Asked.CONFIRM and key in (dialogue.yes_key, dialogue.no_key):
            return True
        return key == dialogue.person_key and self._transfer is not None

    def _choices(self, state: State) -> Mapping[str, Intent]:
        """What keys choose here: nothing while they would be an answer to the script's own question."""
        return {} if state.asked in FILLING else choices(self.dialogue, state.menu)

    def _press_known(self, state: State, key: str, shut: Shut) -> tuple[State, Answer]:
        dialogue = self.dialogue
        if (intent := self._choices(state).get(key)) is not None:
            return self._begin(State(menu=state.menu), intent, {}, shut)
        if state.asked is Asked.CONFIRM and key in (dialogue.yes_key, dialogue.no_key):
            return self._yes_or_no(state, shut, yes=key == dialogue.yes_key)
        if key == dialogue.person_key and self._transfer is not None:
            return self._begin(State(menu=state.menu), self._transfer, {}, shut)
        if key == dialogue.back_key:
            return self._ask(State())
        return self._ask(State(menu=state.menu) if state.asked in (*CHOOSING, Asked.MODEL) else state)

    def _keys_there_are(self, state: State) -> str:
        if state.asked in FILLING:
            return self._question(state)
        dialogue, offered = self.dialogue, choices_text(self.dialogue, state.menu)
        person = self._transfer is not None and dialogue.person_key and dialogue.person_label
        if person and dialogue.person_key not in self._choices(state) and self._transfer not in self._labelled(state):
            offered = f"{offered} {choice_text(dialogue, dialogue.person_label, dialogue.person_key)}"
        return offered.strip() or self._question(state)

    def _labelled(self, state: State) -> list[Intent]:
        return [intent for intent in self._choices(state).values() if intent.label]

    # --- asking ------------------------------------------------------------------------------------

    def _resumed(self, state: State) -> State:
        """Back to the question that was open before another one came between."""
        if state.intent is None:
            return State(menu=state.menu)
        missing = next((name for name in state.intent.slots if name not in state.values), "")
        return replace(state, asked=Asked.SLOT if missing else Asked.CONFIRM, slot=missing)

    def _ask(self, state: State) -> tuple[State, Answer]:
        return state, BY_MODEL if state.asked is Asked.MODEL else Answer(self._question(state))

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
                return menu_text(self.dialogue, state.menu)


def _shut(after: Iterable[Turn], closed: Collection[str]) -> Shut:
    """Whether an intent was outside of its business hours when the caller wanted it, by the turns `after` that.

    Of what was answered the answer tells: the hours may be over since. What was not is asked of the clock.
    """
    said: list[str] = []
    for turn in after:
        if turn.role == "caller":
            break
        if turn.role == "agent":
            said.append(turn.generated or turn.text)
    told = " ".join(" ".join(said).split())
    if told:
        return lambda intent: bool(intent.closed) and " ".join(intent.closed.split()) in told
    return lambda intent: bool(intent.hours) and intent.hours in closed


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace `{name}` by its value; other braces stay as they are."""
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)


def tool_call(answer: Answer, turns: Iterable[Turn]) -> ToolCall:
    """The request for an answer's tool. Its id is the same whenever the same conversation asks for it."""
    return ToolCall(f"{answer.tool}-{sum(1 for _ in turns)}", answer.tool, json.dumps(answer.arguments))


def _answer(intent: Intent, text: str, then: str = "") -> Answer:
    """An intent's answer, and what follows it."""
    if intent.interruptible:
        return Answer(f"{text} {then}".strip())
    return Answer(then, first=text)
