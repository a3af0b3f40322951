"""A model that asks for tools without end: it is stopped, nothing is done twice, and the caller is told the truth."""

from __future__ import annotations

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import Hangup, RunTool, StartReply, Synthesize
from phoneagent.conversation.conversation import Conversation
from phoneagent.conversation.policy import Phrasing, Policy
from phoneagent.conversation.states import State

from .scripted_call import PHRASING, ScriptedCall

UNFINISHED = Phrasing().unfinished
BOOKING = '{"date": "2026-12-01", "people": 2}'


@pytest.fixture
def call() -> ScriptedCall:
    call = ScriptedCall(safe_tools=frozenset({"look_up"})).greets()
    call.hears("A table for two please")
    return call


def asks(call: ScriptedCall, *calls: tuple[str, str]) -> None:
    """One answer of the model that is nothing but calls of tools."""
    reply, asked = call.last(StartReply).reply, len(call.all(StartReply))
    for number, (name, arguments) in enumerate(calls):
        call.asks_tool(name, arguments, id=f"call_{asked}_{number}")
    call.tells(e.ReplyDone(reply))


def tools_return(call: ScriptedCall, result: str = "done", *, failed: bool = False, after: float = 0.2) -> None:
    """All that were started return."""
    call.passes(after)
    returned = {event.call_id for _, event in call.journal if isinstance(event, e.ToolReturned)}
    for command in call.all(RunTool):
        if command.call.id not in returned:
            call.tells(e.ToolReturned(command.call.id, result, failed))


def loops(call: ScriptedCall, *tool: str, after: float = 0.2) -> None:
    """The model asks for the same after each result, for as long as it is asked."""
    for _ in range(100):
        asked = len(call.all(StartReply))
        asks(call, (tool[0], tool[1] if len(tool) > 1 else "{}"))
        tools_return(call, after=after)
        if len(call.all(StartReply)) == asked:
            return
    pytest.fail("it is asked without end")


def said(call: ScriptedCall) -> list[str]:
    return [command.text for command in call.all(Synthesize)]


def test_after_eight_rounds_the_model_must_answer_without_tools(call):
    for _ in range(8):
        asks(call, ("look_up", "{}"))
        assert call.last(StartReply).tools
        tools_return(call)
    last = call.last(StartReply)
    assert not last.tools
    assert last.turns[-1].role == "operator", "the model is told why"
    call.answers("We have a table at eight.")
    call.passes(3)
    assert call.transcript[-1] == "agent: We have a table at eight."
    assert call.emitted("tool_rounds_over") == [{"reply": last.reply, "rounds": 8}]


def test_a_model_that_only_asks_for_tools_is_given_up_and_the_caller_hears_the_truth(call):
    loops(call, "look_up")
    assert len(call.all(RunTool)) == 8
    assert len(call.all(StartReply)) == 9
    assert said(call)[-1] == UNFINISHED
    assert "tool" in call.emitted("reply_failed")[0]["problem"]
    assert not call.all(Hangup), "the call goes on"


def test_words_before_the_first_tool_are_no_answer(call):
    call.tells(e.ReplyText(call.last(StartReply).reply, "Let me look that up. "))
    call.voices(call.last(StartReply).reply)
    loops(call, "look_up")
    assert said(call)[-1] == UNFINISHED


def test_the_next_turn_has_rounds_of_its_own(call):
    loops(call, "look_up")
    call.voices(call.last(Synthesize).reply)
    call.passes(10)
    call.hears("Then only tell me your hours")
    asks(call, ("look_up", "{}"))
    assert len(call.all(RunTool)) == 9
    tools_return(call)
    assert call.last(StartReply).tools


def test_the_agent_file_says_how_many_rounds():
    call = ScriptedCall(safe_tools=frozenset({"look_up"}), tool_rounds=2).greets()
    call.hears("A table for two please")
    loops(call, "look_up")
    assert len(call.all(RunTool)) == 2


def test_slow_rounds_share_one_deadline(call):
    """Each tool is within its own time, each answer of the model too; together they take too long."""
    began = call.at
    loops(call, "look_up", after=12.0)
    assert said(call)[-1] == UNFINISHED
    assert call.at - began < 60
    assert len(call.all(RunTool)) <= 4


def test_a_model_that_is_slow_each_time_has_the_same_deadline(call):
    began = call.at
    for _ in range(20):
        if call.all(Synthesize)[-1].text == UNFINISHED:
            break
        asks(call, ("look_up", "{}"))
        tools_return(call)
        call.passes(7.5)
    assert said(call)[-1] == UNFINISHED
    assert call.at - began < 55


def test_a_tool_that_may_take_longer_than_that_is_waited_for():
    call = ScriptedCall(tool_within=90.0).greets()
    call.hears("A table for two please")
    asks(call, ("book", BOOKING))
    tools_return(call, "booked", after=80.0)
    call.answers("It is booked.")
    assert said(call)[-1] == "It is booked."


def test_what_has_an_effect_is_done_once_a_turn_and_the_model_gets_the_first_result(call):
    loops(call, "book", BOOKING)
    assert [command.call.name for command in call.all(RunTool)] == ["book"]
    results = [turn.text for turn in call.last(StartReply).turns if turn.role == "tool"]
    assert len(results) == 8
    assert results[0] == "done"
    assert all(result.startswith("done") and "not done again" in result.lower() for result in results[1:])
    assert len(call.emitted("tool_repeated")) == 7


@pytest.mark.parametrize(
    "same", ['{"people":2,"date":"2026-12-01"}', '{ "date" : "2026-12-01", "people" : 2 }'], ids=["order", "blanks"]
)
def test_arguments_are_the_same_however_they_are_written(call, same):
    asks(call, ("book", BOOKING))
    tools_return(call)
    asks(call, ("book", same))
    assert len(call.all(RunTool)) == 1


def test_no_arguments_are_the_same_as_empty_ones(call):
    asks(call, ("book", ""))
    tools_return(call)
    asks(call, ("book", "{}"))
    assert len(call.all(RunTool)) == 1


def test_other_arguments_and_what_changes_nothing_are_asked_for_again(call):
    asks(call, ("book", BOOKING), ("book", BOOKING.replace("2}", "4}")), ("look_up", "{}"))
    tools_return(call)
    asks(call, ("look_up", "{}"))
    assert len(call.all(RunTool)) == 4


def test_the_same_twice_at_once_is_done_once(call):
    asks(call, ("book", BOOKING), ("book", BOOKING))
    assert len(call.all(RunTool)) == 1
    tools_return(call, "booked for two")
    results = [turn.text for turn in call.last(StartReply).turns if turn.role == "tool"]
    assert len(results) == 2
    assert all(result.startswith("booked for two") for result in results)


def test_the_same_twice_at_once_is_told_to_a_caller_who_interrupted(call):
    asks(call, ("book", BOOKING), ("book", BOOKING))
    call.passes(2)
    call.hears("And what are your hours?")
    tools_return(call, "booked for two")
    assert call.last(StartReply).turns[-1].text.startswith("booked for two")
    call.answers("It is booked. We open at nine.")
    call.passes(3)
    assert call.state is State.LISTENING


def test_what_has_failed_may_be_tried_again(call):
    asks(call, ("book", BOOKING))
    tools_return(call, "the calendar is away", failed=True)
    asks(call, ("book", BOOKING))
    assert len(call.all(RunTool)) == 2


def test_what_did_not_answer_in_time_may_still_be_done_and_is_not_tried_again(call):
    asks(call, ("book", BOOKING))
    call.passes(16)
    asks(call, ("book", BOOKING))
    assert len(call.all(RunTool)) == 1


def test_the_same_wish_in_a_later_turn_is_done(call):
    asks(call, ("book", BOOKING))
    tools_return(call)
    call.answers("It is booked.")
    call.passes(5)
    call.hears("Another one just like it please")
    asks(call, ("book", BOOKING))
    assert len(call.all(RunTool)) == 2


def test_arguments_that_nobody_can_read_are_compared_as_they_are(call):
    deep = "[" * 100_000
    for arguments in (deep, deep, '{"n": ' + "9" * 5_000 + "}", "{broken"):
        asks(call, ("book", arguments))
        tools_return(call)
    assert len(call.all(RunTool)) == 3


def test_two_loops_in_a_row_end_the_call(call):
    for _ in range(2):
        loops(call, "look_up")
        call.voices(call.last(Synthesize).reply)
        call.passes(5)
        if not call.all(Hangup):
            call.hears("Please try again")
    assert said(call)[-1] == PHRASING.failure_goodbye
    assert call.all(Hangup)


def test_a_loop_replays_to_the_same_commands(call):
    loops(call, "book", BOOKING)
    again = Conversation(PHRASING, Policy(), safe_tools=frozenset({"look_up"}))
    assert [command for at, event in call.journal for command in again.receive(event, at=at)] == call.commands
