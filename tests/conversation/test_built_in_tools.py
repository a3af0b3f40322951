"""What a model may do in every call: give the caller a moment, and press keys."""

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import CancelReply, RunTool, SendDtmf, StartReply, Synthesize
from phoneagent.conversation.states import State

from .scripted_call import ScriptedCall


@pytest.fixture
def call() -> ScriptedCall:
    return ScriptedCall(built_in=("wait", "send_dtmf")).greets()


def answers(call: ScriptedCall, text: str, *tools: tuple[str, str]) -> int:
    """The model says something, asks for tools, and is heard to its end."""
    reply = call.last(StartReply).reply
    if text:
        call.tells(e.ReplyText(reply, text))
    for number, (name, arguments) in enumerate(tools):
        call.asks_tool(name, arguments, id=f"call_{number}")
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    call.passes(2.0)
    return reply


def test_a_caller_who_asks_for_a_moment_gets_it(call):
    call.hears("let me ask my husband")
    answers(call, "Take your time.", ("wait", "{}"))
    assert call.state is State.LISTENING
    call.passes(25.0)
    assert call.transcript[-1] == "agent: Take your time.", "nobody asks whether they are there"
    call.passes(10.0)
    assert call.last(Synthesize).text == "Are you still there?"
    assert len(call.all(StartReply)) == 1, "the model is not asked what it says to it"


def test_a_model_that_only_waits_says_nothing(call):
    call.hears("hold on")
    reply = answers(call, "", ("wait", "{}"))
    assert call.state is State.LISTENING
    assert CancelReply(reply) in call.commands
    call.hears("so where were we")
    assert call.last(StartReply).reply != reply
    assert [turn.role for turn in call.last(StartReply).turns] == ["agent", "caller", "tool", "caller"]


def test_keys_are_pressed_when_what_is_said_was_heard(call):
    call.hears("for billing press two")
    reply = call.last(StartReply).reply
    call.tells(e.ReplyText(reply, "Billing."))
    call.asks_tool("send_dtmf", '{"digits": "2w#"}')
    call.tells(e.ReplyDone(reply))
    call.voices(reply)
    assert call.all(SendDtmf) == []
    call.passes(2.0)
    assert [command.digits for command in call.all(SendDtmf)] == ["2w#"]
    call.passes(3.0)
    assert call.state is State.LISTENING
    assert "tool: The keys are pressed after what you say." in call.transcript


def test_keys_without_words_are_pressed_at_once(call):
    call.hears("for billing press two")
    answers(call, "", ("send_dtmf", '{"digits": "2"}'))
    assert [command.digits for command in call.all(SendDtmf)] == ["2"]


@pytest.mark.parametrize("digits", ["", "two", "2" * 33])
def test_what_are_no_keys_are_not_pressed_and_the_model_is_told(call, digits):
    call.hears("for billing press two")
    reply = answers(call, "", ("send_dtmf", f'{{"digits": "{digits}"}}'))
    assert call.all(SendDtmf) == []
    asked = call.last(StartReply)
    assert asked.reply == reply
    assert asked.turns[-1].text.startswith("Not pressed: expected 1 to 32 of the digits")


def test_tools_of_these_names_are_ones_own_where_nobody_has_switched_them_on():
    call = ScriptedCall().greets()
    call.hears("wait")
    call.asks_tool("wait")
    assert [command.call.name for command in call.all(RunTool)] == ["wait"]
