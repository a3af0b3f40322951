"""Conversations with the front desk, by its script."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.agent_file import builtin_agent
from phoneagent.conversation.events import ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.grammar import Choice, Grammar, Reference, Spelled, parse
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.providers.llm.dialogue import Script
from phoneagent.providers.llm.scripted import ScriptedMind
from phoneagent.providers.llm.understanding import spell_numbers
from phoneagent.records import Dialogue, Intent, Slot

DIALOGUE = builtin_agent().dialogue or Dialogue(())
HOURS = "We are open from Tuesday to Sunday, from noon to eleven in the evening. On Mondays we are closed."
MORE = "Is there anything else I can do for you?"
BOOKED = "It is booked under number 101."


class Conversation:
    """Holds a conversation as the core does: turns in, turns as heard back in."""

    def __init__(self, dialogue=DIALOGUE):
        self.script = Script(dialogue)
        self.turns = []
        self.tool = ""
        self.arguments: Mapping[str, str] = {}

    def say(self, text):
        """The caller says this; the agent's answer, after whatever tool it needed."""
        self.turns.append(Turn("caller", text, 0.0))
        _, answer = self.script.fold(self.turns)
        self.tool, self.arguments = answer.tool, answer.arguments
        if answer.tool not in ("", "end_call", "transfer"):
            call = ToolCall("1", answer.tool, json.dumps(answer.arguments))
            self.turns.append(Turn("tool", BOOKED, 0.0, tool=call))
            _, answer = self.script.fold(self.turns)
        self.turns.append(Turn("agent", answer.text, 0.0))
        return answer.text

    def expects(self, text):
        expectation = self.script.expects(self.turns)
        return Grammar(expectation.phrases, expectation.rules).match(text) is not None


@pytest.fixture
def call():
    return Conversation()


def test_a_question_is_answered(call):
    assert call.say("What are your opening hours?") == f"{HOURS} {MORE}"
    assert call.say("no thank you") == "Thank you for calling. Goodbye."
    assert call.tool == "end_call"


def test_a_table_is_booked_step_by_step(call):
    assert call.say("I'd like to book a table please") == "For how many people?"
    assert call.say("four") == "And at what time?"
    assert call.say("half past seven") == "A table for 4 at 7:30. Shall I book it?"
    assert call.say("yes please") == f"{BOOKED} {MORE}"
    assert (call.tool, call.arguments) == ("book_table", {"people": "4", "time": "7:30"})


def test_a_table_is_booked_in_one_sentence(call):
    assert (
        call.say("can i book a table for two at eight o'clock please") == "A table for 2 at 8 o'clock. Shall I book it?"
    )


def test_only_what_is_missing_is_asked(call):
    assert call.say("a table for six") == "And at what time?"


def test_two_answers_in_one(call):
    call.say("book a table")
    assert call.say("four people at seven") == "A table for 4 at 7 o'clock. Shall I book it?"


def test_a_correction_is_taken_and_confirmed_anew(call):
    call.say("a table for two at seven")
    assert call.say("no, for four") == "A table for 4 at 7 o'clock. Shall I book it?"
    assert call.say("no, around eight") == "A table for 4 at 8 o'clock. Shall I book it?"
    call.say("yes")
    assert call.arguments == {"people": "4", "time": "8 o'clock"}


def test_a_no_asks_what_to_change_and_a_second_no_lets_it_be(call):
    call.say("a table for two at seven")
    assert call.say("no") == "All right. What shall I change?"
    assert call.say("for five") == "A table for 5 at 7 o'clock. Shall I book it?"
    call.say("nope")
    assert call.say("no") == MORE
    assert call.tool == ""


def test_a_question_in_between_leads_back_to_where_we_were(call):
    call.say("a table for two")
    assert call.say("when are you open") == f"{HOURS} And at what time?"
    assert call.say("nine") == "A table for 2 at 9 o'clock. Shall I book it?"


def test_a_bare_number_is_the_answer_to_what_was_asked(call):
    call.say("book a table")
    call.say("seven")
    call.say("eight")
    assert call.say("yes").startswith(BOOKED)
    assert call.arguments == {"people": "7", "time": "8 o'clock"}


def test_a_person_is_asked_for(call):
    assert call.say("can i speak to the manager") == "Of course. One moment, I will connect you with the manager."
    assert (call.tool, call.arguments) == ("transfer", {"target": "manager"})


def test_not_understood_twice_offers_a_person(call):
    call.say("a table for two")
    assert call.say("…") == "Sorry, I did not get that. And at what time?"
    assert call.say("…") == DIALOGUE.offer_person
    assert call.say("yes").startswith("Of course.")
    assert call.tool == "transfer"


def test_declining_a_person_returns_to_the_question(call):
    call.say("a table for two")
    call.say("…")
    call.say("…")
    assert call.say("no") == "And at what time?"
    assert call.say("seven") == "A table for 2 at 7 o'clock. Shall I book it?"


def test_understanding_in_between_starts_the_count_anew(call):
    call.say("…")
    call.say("when are you open")
    assert call.say("…").startswith("Sorry, I did not get that.")


def test_what_was_said_is_said_again(call):
    said = call.say("a table for two")
    assert call.say("pardon") == said
    assert call.say("what did you say") == said


def test_yes_to_anything_else_opens_the_floor(call):
    call.say("when are you open")
    assert call.say("yes") == "How can I help you?"


@pytest.mark.parametrize(
    "text",
    [
        "Hi! I'd like to book a table for 4 at 7:30, please.",
        "um could we have a table for four people at seven thirty pm",
        "A table for 4 at 7:30 p.m. would be great",
    ],
)
def test_typed_and_dictated_text_is_understood_too(call, text):
    assert call.say(text) == "A table for 4 at 7:30. Shall I book it?"


@pytest.mark.parametrize(("text", "more"), [("yes that would be great", BOOKED), ("no wait", "All right.")])
def test_yes_and_no_count_at_the_beginning_of_a_sentence(call, text, more):
    call.say("a table for two at seven")
    assert call.say(text).startswith(more)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("for 4 at 7:30", "for four at seven thirty"),
        ("at 8:00", "at eight o'clock"),
        ("21 guests", "twenty one guests"),
        ("room 101", "room 101"),
    ],
)
def test_numbers_are_spelled(text, spelled):
    assert spell_numbers(text) == spelled


# --- what is expected ------------------------------------------------------------------------------


def test_yes_and_no_are_expected_after_a_question_only(call):
    assert not call.expects("yes")
    call.say("a table for two at seven")
    for said in ("yes", "no", "yes please", "no for five", "for five", "at half past eight", "when are you open"):
        assert call.expects(said), said
    assert not call.expects("five"), "a bare number answers no question here"


def test_numbers_are_expected_as_answers(call):
    call.say("book a table")
    assert call.expects("twelve")
    assert not call.expects("half past eight")
    call.say("twelve")
    assert call.expects("half past eight")


def sentences(pattern, rules):
    if isinstance(pattern, Spelled):
        return st.just(pattern.text)
    if isinstance(pattern, Reference):
        return st.sampled_from(rules[pattern.rule]).flatmap(lambda words: sentences(parse(words), rules))
    if isinstance(pattern, Choice):
        return st.one_of([sentences(option, rules) for option in pattern.options])
    return st.tuples(*(sentences(part, rules) for part in pattern.parts)).map(
        lambda parts: " ".join(filter(None, parts))
    )


SAID_BEFORE = [
    (),
    ("book a table",),
    ("a table for two",),
    ("a table for two at seven",),
    ("a table for two at seven", "no"),
]


@given(st.sampled_from(SAID_BEFORE), st.data())
def test_whatever_is_expected_is_understood(before, data):
    call = Conversation()
    for text in before:
        call.say(text)
    expectation = call.script.expects(call.turns)
    phrase = data.draw(st.sampled_from(expectation.phrases))
    said = data.draw(sentences(parse(phrase), expectation.rules))
    assert not call.say(said).startswith(DIALOGUE.not_understood), said


@given(st.lists(st.sampled_from([
    "book a table", "four", "at seven", "yes", "no", "…", "pardon", "when are you open", "no for five", "goodbye",
    "can i speak to a person", "a table for two at eight", "",
])))  # fmt: skip
def test_the_dialogue_always_has_something_to_say(said):
    call = Conversation()
    for text in said:
        assert call.say(text).strip()
        assert "{" not in call.turns[-1].text


# --- a fold over the turns -------------------------------------------------------------------------


def test_the_turns_alone_say_where_we_are(call):
    """Another process, or a second try, comes to the same answer; a reply that was cancelled leaves no trace."""
    call.say("a table for two")
    speculative = [*call.turns, Turn("caller", "eight", 0.0)]
    first = Script(DIALOGUE).fold(speculative)
    call.script.fold([*call.turns, Turn("caller", "goodbye", 0.0)])
    assert call.script.fold(speculative) == first


def test_whoever_asks_without_a_new_turn_gets_the_open_question(call):
    call.say("a table for two")
    call.turns.append(Turn("agent", "Are you still there?", 0.0))
    assert call.script.fold(call.turns)[1].text == "And at what time?"


def test_a_transfer_that_failed_goes_on_talking(call):
    call.say("can i speak to a person")
    call.turns.append(Turn("tool", "nobody answered", 0.0, tool=ToolCall("1", "transfer", "{}")))
    assert call.script.fold(call.turns)[1].text == "How can I help you?"


def test_without_a_person_to_transfer_to_none_is_offered():
    call = Conversation(Dialogue((Intent("hours", ("when are you open",), "At noon."),)))
    assert [call.say("…") for _ in range(3)] == ["Sorry, I did not get that. How can I help you?"] * 3


def test_slots_without_phrases_are_answered_by_their_bare_words():
    size = Slot("size", {"(small | little)": "S", "large": "L"}, "Which size?")
    call = Conversation(Dialogue((Intent("pizza", ("a [<size>] pizza",), "One {size}.", slots=("size",)),), (size,)))
    assert call.say("a pizza") == "Which size?"
    assert call.say("little") == "One S."


# --- as a model ------------------------------------------------------------------------------------


async def thoughts(*turns):
    return [thought async for thought in ScriptedMind(DIALOGUE).reply(3, instructions="", turns=turns, tools=())]


async def test_the_answer_comes_in_small_pieces():
    heard = await thoughts(Turn("caller", "a table for two", 1.0))
    assert heard == [
        ReplyText(3, "And "),
        ReplyText(3, "at "),
        ReplyText(3, "what "),
        ReplyText(3, "time?"),
        ReplyDone(3),
    ]


async def test_an_answer_that_must_be_heard_cannot_be_interrupted_but_what_follows_can():
    terms = Intent("terms", ("the terms",), "This call is recorded.", interruptible=False)
    mind = ScriptedMind(Dialogue((terms,), anything_else="Anything else?"))
    turns = (Turn("caller", "the terms", 1.0),)
    heard = [thought async for thought in mind.reply(3, instructions="", turns=turns, tools=())]
    assert [(thought.text, thought.interruptible) for thought in heard if isinstance(thought, ReplyText)] == [
        ("This ", False), ("call ", False), ("is ", False), ("recorded. ", False), ("Anything ", True), ("else?", True),
    ]  # fmt: skip


async def test_the_call_is_ended_after_the_goodbye():
    *words, request, done = await thoughts(Turn("caller", "goodbye", 1.0))
    assert "".join(word.text for word in words) == "Thank you for calling. Goodbye."
    assert request == ToolRequested(3, ToolCall(request.call.id, "end_call", "{}"))
    assert done == ReplyDone(3)


async def test_a_transfer_names_its_target():
    *_, request, _ = await thoughts(Turn("caller", "transfer me to the manager", 1.0))
    assert json.loads(request.call.arguments) == {"target": "manager"}


async def test_tool_calls_of_a_conversation_have_ids_of_their_own():
    turns = [Turn("caller", "a table for two at seven", 1.0), Turn("caller", "yes", 2.0)]
    *_, first, _ = await thoughts(*turns)
    turns += [Turn("tool", "full", 3.0, tool=first.call), Turn("caller", "a table for two at eight", 4.0)]
    *_, second, _ = await thoughts(*turns, Turn("caller", "yes", 5.0))
    assert first.call.name == second.call.name == "book_table"
    assert first.call.id != second.call.id
