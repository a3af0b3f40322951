"""A process has died, and its call comes back to another: what was said is known once, and only once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phoneagent.call.unfinished import beyond, unfinished
from phoneagent.conversation.transcript import Turn
from phoneagent.private import Private
from phoneagent.records import CallRecord, Saying, StoredCall

RECORD = CallRecord("CA1", "desk", "inbound", Private("+15005550100"), Private("+15005550006"))


def left(*turns, hearing="", saying=None):
    told = tuple(Turn(role, text, float(at)) for at, (role, text) in enumerate(turns))
    record = replace(RECORD, hearing=hearing, saying=saying)
    return unfinished(StoredCall(record, told))


@pytest.mark.parametrize(
    ("known", "heard", "more"),
    [
        ("Bread for Eric please", "Bread for Eric", ""),
        ("Bread for Eric please.", "bread for eric please", ""),
        ("A table please.", "a table please for two", "for two"),
        ("A table please.", "And for two", "And for two"),
        ("At seven o'clock", "At seven o'clock, if you can", "if you can"),
        ("", "A table", "A table"),
    ],
)
def test_what_is_in_the_transcript_was_not_said_again(known, heard, more):
    assert beyond(known, heard) == more


def test_a_caller_whose_turn_was_written_waits_for_the_answer():
    entrance = left(("agent", "Hello"), ("caller", "Bread for Eric please"), hearing="Bread for Eric")
    assert entrance.heard == ""


def test_a_caller_who_was_cut_off_goes_on():
    assert left(("agent", "Hello"), hearing="Bread for").heard == "Bread for"


def test_an_agent_goes_on_with_the_sentence_that_was_cut():
    entrance = left(("caller", "Where are you?"), saying=Saying("By the sea.", "It is blue."))
    assert (entrance.said, entrance.words) == ("By the sea.", "It is blue.")


def test_an_answer_that_is_in_the_transcript_is_not_said_again():
    entrance = left(("caller", "Where?"), ("agent", "By the sea. It is blue."), saying=Saying("By the sea.", "It is"))
    assert (entrance.said, entrance.words) == ("", "")
