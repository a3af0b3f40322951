"""What the caller hears while tools run, and what becomes of tools whose answer nobody wants any more."""

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import CancelTool, RunTool, StartReply, Synthesize
from phoneagent.conversation.policy import Phrasing
from phoneagent.conversation.running_tools import AT_ONCE, SlowMessage, ToolMessages

from .scripted_call import ScriptedCall

BOOKING = ToolMessages(
    start="I am booking that for you.",
    slow=(SlowMessage(3.0, "The system is slow today."), SlowMessage(8.0, "Still waiting.")),
    failed="I cannot reach our booking system.",
)


@pytest.fixture
def call() -> ScriptedCall:
    return ScriptedCall(safe_tools=frozenset({"look_up"}), tool_messages={"book": BOOKING}).greets()


def asks(call: ScriptedCall, *names: str, said: str = "") -> int:
    """The caller has asked for something, and the model asks for tools."""
    call.hears("A table for two please")
    reply = call.last(StartReply).reply
    if said:
        call.tells(e.ReplyText(reply, said))
        call.voices(reply)
    for number, name in enumerate(names):
        call.asks_tool(name, id=f"call_{number}")
    call.tells(e.ReplyDone(reply))
    return reply


def said(call: ScriptedCall, reply: int) -> list[str]:
    return [command.text for command in call.all(Synthesize) if command.reply == reply]


def goes_on(call: ScriptedCall, reply: int, seconds: float) -> None:
    """Time goes by; the voice says what it is given."""
    for _ in range(round(seconds * 10)):
        call.voices(reply)
        call.passes(0.1)


def test_a_tool_announces_itself_and_its_slowness_in_stages(call):
    reply = asks(call, "book")
    assert said(call, reply) == []
    goes_on(call, reply, 0.4)
    assert said(call, reply) == ["I am booking that for you."]
    goes_on(call, reply, 3.0)
    assert said(call, reply) == ["I am booking that for you.", "The system is slow today."]
    goes_on(call, reply, 5.0)
    assert said(call, reply)[2:] == ["Still waiting."]
    goes_on(call, reply, 3.0)
    assert len(said(call, reply)) == 3, "and nothing else bridges the wait"
    call.tells(e.ToolReturned("call_0", "booked"))
    call.answers("It is booked.")
    goes_on(call, reply, 3.0)
    assert "I am booking that for you. The system is slow today. Still waiting. It is booked." in call.transcript[-1]


def test_a_tool_that_returns_at_once_is_not_announced(call):
    reply = asks(call, "book")
    call.passes(0.2)
    call.tells(e.ToolReturned("call_0", "booked"))
    call.answers("It is booked.")
    goes_on(call, reply, 3.0)
    assert said(call, reply) == ["It is booked."]


def test_a_model_that_says_so_itself_is_not_repeated(call):
    reply = asks(call, "book", said="Let me book that.")
    goes_on(call, reply, 4.0)
    assert " ".join(said(call, reply)) == "Let me book that. The system is slow today."


def test_tools_without_messages_of_their_own_keep_the_general_ones():
    phrasing = Phrasing(greeting="Hello there", fillers=("One moment, please.",))
    call = ScriptedCall(phrasing=phrasing, tool_messages={"book": BOOKING}).greets()
    reply = asks(call, "look_up")
    goes_on(call, reply, 2.0)
    assert said(call, reply) == ["One moment, please."]


def test_a_failure_is_told_at_once_and_the_model_knows_that_it_was(call):
    reply = asks(call, "book")
    call.passes(0.1)
    call.tells(e.ToolReturned("call_0", "HTTP 503", failed=True))
    assert said(call, reply) == ["I cannot reach our booking system."]
    asked = call.last(StartReply)
    assert [turn.text for turn in asked.turns][-2:] == ["I cannot reach our booking system.", "HTTP 503"]
    call.answers("Shall somebody call you back?")
    goes_on(call, reply, 4.0)
    assert call.transcript[-1] == "agent: I cannot reach our booking system. Shall somebody call you back?"


def interrupts(call: ScriptedCall, reply: int) -> None:
    goes_on(call, reply, 2.0)
    call.tells(e.SpeechStarted())
    call.tells(e.PartialTranscript("no wait I want something else"))
    call.passes(0.5)
    call.tells(e.EndOfTurn("no wait I want something else"))


def test_a_caller_who_wants_something_else_ends_what_changes_nothing(call):
    reply = asks(call, "look_up", said="Let me have a look.")
    interrupts(call, reply)
    assert call.all(CancelTool) == [CancelTool("call_0")]
    assert call.last(StartReply).reply != reply
    assert call.tells(e.ToolReturned("call_0", "two are free")) == []


def test_what_changes_something_goes_on_and_the_model_reads_what_it_did(call):
    reply = asks(call, "book", said="Let me book that.")
    interrupts(call, reply)
    assert call.all(CancelTool) == []
    assert call.last(StartReply).reply == reply, "it is not asked before it can know"
    call.tells(e.ToolReturned("call_0", "booked"))
    assert [turn.text for turn in call.last(StartReply).turns][-1] == "booked"


def test_tools_of_one_answer_run_at_the_same_time_but_not_any_number(call):
    reply = asks(call, *["look_up"] * (AT_ONCE + 2))
    assert len(call.all(RunTool)) == AT_ONCE
    for number in range(AT_ONCE):
        call.tells(e.ToolReturned(f"call_{number}", "free"))
    read = [turn.text for turn in call.last(StartReply).turns if turn.tool is not None]
    assert sum("tools are running already" in text for text in read) == 2
    assert read.count("free") == AT_ONCE
    assert call.last(StartReply).reply == reply
