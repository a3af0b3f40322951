"""A script and a language model in one conversation: who has it, and how it goes back and forth."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.agent_file import parse_agent
from phoneagent.conversation.events import ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.errors import ProviderError
from phoneagent.providers.llm.dialogue import Script
from phoneagent.providers.llm.mixed import MixedMind
from phoneagent.records import Dialogue, Expectation

from .test_menus import TURNS

SHOP = """
name = "shop"
[transfer]
desk = "+15005550006"
[dialogue]
start = "script"
question = "Welcome."
anything_else = "Anything else?"
[[dialogue.slots]]
name = "order"
ask = "Which order?"
words = { "four" = "4", "five" = "5" }
[[dialogue.intents]]
name = "hours"
key = "1"
label = "opening hours"
answer = "From nine to five."
[[dialogue.intents]]
name = "complaint"
key = "2"
label = "a complaint"
slots = ["order"]
then = "model"
instructions = "The caller complains about order {order}."
[[dialogue.intents]]
name = "advice"
key = "3"
label = "advice"
answer = "What are you looking for?"
then = "model"
"""
KEYS_ONLY = "I can only help you by the keys of your telephone just now."
CHOICES = "For opening hours, press 1. For a complaint, press 2. For advice, press 3."
MENU = f"Welcome. {CHOICES}"


class Model:
    """Says what it was asked, unless it is away; `fails_after` a word it fails as well."""

    def __init__(self):
        self.away = False
        self.fails_after = ""
        self.asked = []
        self.closed = False

    async def reply(self, reply, *, instructions, turns, tools):
        self.asked.append((instructions, turns[-1].text if turns else ""))
        if self.away:
            raise ProviderError("openai", "HTTP 503")
        if self.fails_after:
            yield ReplyText(reply, self.fails_after)
            raise ProviderError("openai", "HTTP 503")
        yield ReplyText(reply, f"M: {turns[-1].text}" if turns else "M: hello")
        yield ReplyDone(reply)

    def expects(self, turns):
        return Expectation(keyterms=("pasta",))

    async def warm(self):
        """It always is."""

    async def aclose(self):
        self.closed = True


def dialogue(**changes):
    return replace(parse_agent(SHOP, "shop.toml").dialogue or Dialogue(()), **changes)


class Call:
    """A conversation with the two of them; another process takes over at each turn."""

    def __init__(self, **changes):
        self.dialogue = dialogue(**changes)
        self.model = Model()
        self.turns = []

    async def say(self, text):
        self.turns.append(Turn("caller", text, 0.0))
        return await self.answer()

    async def press(self, keys):
        return await self.say(f"[keypad: {keys}]")

    async def answer(self):
        mind = MixedMind(self.dialogue, self.model)
        said = ""
        async for thought in mind.reply(1, instructions="Be kind.", turns=tuple(self.turns), tools=()):
            if isinstance(thought, ReplyText):
                said += thought.text
            elif isinstance(thought, ToolRequested):
                said += f" ({thought.call.name})"
        self.turns.append(Turn("agent", said, 0.0))
        return said

    async def back_to_menu(self):
        self.turns.append(Turn("tool", "Yes.", 0.0, tool=ToolCall("1", "back_to_menu", "{}")))
        return await self.answer()


async def test_what_the_script_knows_the_model_is_not_asked():
    call = Call()
    assert await call.press("1") == "From nine to five. Anything else?"
    assert await call.say("blah") == "Sorry, I did not get that. Anything else?"
    assert call.model.asked == []


async def test_a_step_hands_over_to_the_model_with_what_is_known():
    call = Call()
    assert await call.press("2") == "Which order?"
    assert await call.say("four") == "M: four"
    assert call.model.asked == [("Be kind.\n\nThe caller complains about order 4.", "four")]
    assert await call.say("opening hours") == "M: opening hours", "it was given the conversation"
    assert await call.say("yes") == "M: yes"


async def test_an_answer_of_the_step_is_said_before_the_model_has_the_conversation():
    call = Call()
    assert await call.press("3") == "What are you looking for?"
    assert await call.say("a lamp") == "M: a lamp"
    assert call.model.asked == [("Be kind.", "a lamp")]


@pytest.mark.parametrize("said", ["main menu", "go back to the menu please", "[keypad: *]", "[keypad: 9]"])
async def test_the_caller_takes_the_conversation_back(said):
    call = Call()
    await call.press("3")
    await call.say("a lamp")
    assert await call.say(said) == MENU
    assert await call.press("1") == "From nine to five. Anything else?"


async def test_a_key_of_the_menu_takes_it_back_but_a_number_is_for_the_model():
    call = Call()
    await call.press("3")
    assert await call.press("1234#") == "M: [keypad: 1234#]"
    assert await call.press("7") == "M: [keypad: 7]"
    assert await call.press("1") == "From nine to five. Anything else?"


async def test_the_model_gives_it_back():
    call = Call()
    await call.press("3")
    await call.say("a lamp")
    assert await call.back_to_menu() == MENU
    assert await call.say("yes") == f"Sorry, I did not get that. {MENU}"


async def test_the_model_answers_what_the_script_does_not_understand():
    call = Call(otherwise="model")
    assert await call.say("my lamp is broken") == "M: my lamp is broken"
    assert await call.say("yes") == "M: yes", "it was the model that asked"
    assert await call.say("opening hours") == "From nine to five. Anything else?"
    await call.say("my lamp is broken")
    assert await call.say("are these opening hours for lamps too") == "M: are these opening hours for lamps too"


async def test_a_question_of_the_script_that_the_model_has_taken_up_is_not_open_any_more():
    call = Call(otherwise="model")
    await call.press("2")
    assert await call.say("the blue one") == "M: the blue one"
    assert await call.say("four") == "M: four"


async def test_the_model_can_have_the_conversation_from_the_start():
    call = Call(start="model")
    assert await call.answer() == "M: hello"
    assert await call.say("opening hours") == "M: opening hours"
    assert await call.press("1") == "From nine to five. Anything else?"
    assert await call.say("a lamp") == "M: a lamp"


async def test_when_the_model_is_away_the_menu_is_what_remains():
    call = Call(start="model", otherwise="ask")
    call.model.away = True
    assert await call.say("hello") == f"{KEYS_ONLY} {CHOICES}"
    call.model.away = False
    assert await call.say("hello") == f"Sorry, I did not get that. {MENU}", "the script has the conversation now"
    assert await call.press("1") == "From nine to five. Anything else?"
    assert await call.press("3") == "What are you looking for?"
    assert await call.say("a lamp") == "M: a lamp", "and the model is tried again when it is chosen"


@pytest.mark.parametrize("heard", [f"One moment, please. {KEYS_ONLY} For opening", "I can only help"])
async def test_that_the_model_was_away_is_known_from_what_was_said(heard):
    call = Call(start="model")
    call.turns = [
        Turn("caller", "hello", 0.0),
        Turn("agent", heard, 0.0, interrupted=True, generated=f"{KEYS_ONLY} {CHOICES}"),
    ]
    assert await call.say("opening hours") == "From nine to five. Anything else?"


async def test_a_model_that_fails_in_the_middle_is_no_reason_for_the_menu():
    call = Call(start="model")
    call.model.fails_after = "We are "
    with pytest.raises(ProviderError):
        await call.say("hello")


async def test_a_note_of_the_operator_is_for_the_model():
    call = Call()
    await call.press("1")
    call.turns.append(Turn("operator", "Tell them of the sale.", 0.0))
    assert await call.answer() == "M: Tell them of the sale."
    call.turns += [Turn("caller", "[keypad: 1]", 0.0), Turn("operator", "Be quick.", 0.0)]
    assert await call.answer() == "From nine to five. Anything else?", "the caller waits for an answer"


async def test_a_script_alone_does_without_the_model():
    script = Script(dialogue())
    _, answer = script.fold([Turn("caller", "[keypad: 3]", 0.0)])
    assert answer.text == f"{KEYS_ONLY} {CHOICES}"


async def test_ears_are_told_what_both_expect():
    mind = MixedMind(dialogue(), Model())
    expected = mind.expects(())
    assert "opening hours" in expected.phrases
    assert "pasta" in expected.keyterms
    with_model = mind.expects((Turn("caller", "[keypad: 3]", 0.0),))
    assert "opening hours" not in with_model.phrases
    assert any("main menu" in phrase for phrase in with_model.phrases)


async def test_closing_closes_the_model():
    model = Model()
    await MixedMind(dialogue(), model).aclose()
    assert model.closed


@given(TURNS, st.sampled_from(["script", "model"]), st.sampled_from(["", "ask", "model"]))
def test_whatever_turns_come_somebody_has_the_conversation(turns, start, otherwise):
    script = Script(dialogue(start=start, otherwise=otherwise), model=True)
    state, answer = script.fold(turns)
    assert answer.by_model or answer.whole or answer.tool
    assert Script(script.dialogue, model=True).fold(turns) == (state, answer)
    script.expects(turns)
    script.instructions(state)
