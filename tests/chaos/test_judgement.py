"""Who judges must see what is wrong: calls made up, each with one thing that must not be."""

from __future__ import annotations

from collections import Counter

from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.private import Private
from phoneagent.records import CallRecord, StoredCall
from phoneagent.scenarios.scripted_voice import RememberedVoice
from phoneagent.simulator.call_result import CallResult
from phoneagent.simulator.ear import Ear, Said, StreamClosed, StreamOpened
from phoneagent.simulator.speech import FRAME

from . import callers
from .ears import Words
from .judgement import judge
from .world import Finished

NAME = "Adam Adler"
TURNS = 3
A_TURN = 10.0  # seconds
SECONDS = 40
VOICE = RememberedVoice()
CLIPS = [VOICE.synthesize(callers.answer(NAME, turn)) for turn in range(TURNS)]


def problems(
    *, stored=(0, 1, 2), answered=(0, 1, 2), heard=(0, 1, 2), lost=(), cut=None, runs=1, ending="caller hung up"
):
    """What is seen of a call in which these sentences and answers are stored, and these answers heard."""
    track = bytearray(b"\xff" * 8000 * SECONDS)
    ear = Ear()
    for place, turn in enumerate(heard):
        start = round((place * A_TURN + 4.0) * 8000)
        audio = CLIPS[turn].audio[: cut if place == 0 else None]
        track[start : start + len(audio)] = audio
    for start in range(0, len(track), FRAME):
        ear.agent_frame(bytes(track[start : start + FRAME]))
    ear.note(StreamOpened(0.0, "MZ1"))
    for number in range(TURNS):
        ear.note(Said(number * A_TURN + 1.0, number * A_TURN + 3.0, callers.sentence(NAME, number)))
    for at in lost:
        ear.note(StreamClosed(at, "MZ1", 1006))
        ear.note(StreamOpened(at + 0.5, "MZ2"))
    turns = [Turn("caller", callers.sentence(NAME, turn), 0.0) for turn in stored]
    turns += [Turn("agent", callers.answer(NAME, turn), 0.0) for turn in answered]
    turns.append(Turn("tool", "done", 0.0, tool=ToolCall("1", callers.TOOL, "{}")))
    record = CallRecord("CA1", "chaos", "inbound", Private(""), Private(""), status="completed")
    result = CallResult("CA1", ending, "completed", ear, (), (), ())
    call = Finished(NAME, TURNS, result, StoredCall(record, tuple(turns)))
    seen = judge(call, Words(VOICE.clips), Counter({(NAME, callers.THINGS[0]): runs}), crashed=True)
    return [*seen.problems, *seen.breaks]


def test_a_call_as_it_must_be_has_no_problems():
    assert problems() == []


def test_a_sentence_that_is_lost_is_a_problem_unless_the_process_died_meanwhile():
    assert problems(stored=(0, 2))
    assert problems(stored=(0, 2), lost=(25.0,))
    assert not problems(stored=(0, 2), lost=(12.0,))


def test_a_sentence_that_comes_twice_is_a_problem_at_any_time():
    assert problems(stored=(0, 1, 1, 2))
    assert problems(stored=(0, 1, 1, 2), lost=(12.0,))


def test_an_answer_that_is_lost_or_comes_twice_is_a_problem():
    assert problems(answered=(0, 1))
    assert problems(answered=(0, 1, 2, 2))
    assert problems(heard=(0, 1))
    assert problems(heard=(0, 1, 2, 2))


def test_order_is_seen_in_what_is_stored_and_in_what_is_heard():
    assert problems(stored=(1, 0, 2))
    assert problems(heard=(0, 2, 1))


def test_a_sentence_that_breaks_off_is_a_break():
    assert problems(cut=12_000)


def test_a_tool_that_ran_twice_is_a_problem():
    assert problems(runs=2)


def test_a_call_that_was_dropped_is_a_problem():
    assert problems(ending="caller gave up")
