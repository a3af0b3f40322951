"""A journal is the call once more."""

from __future__ import annotations

import math
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.call import journal
from phoneagent.call.journal import Journal, Opening, read, replay
from phoneagent.conversation import events as e
from phoneagent.conversation.policy import Phrasing, Policy
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.conversation.words import Word
from tests.conversation.scripted_call import PHRASING, ScriptedCall

OPENING = Opening(Phrasing(), Policy(), turn_events=False, safe_tools=("look_up",), history=(Turn("agent", "Hi", 1.0),))
EVENTS = st.one_of(*(st.from_type(kind) for kind in typing.get_args(e.Event))).filter(
    lambda event: not isinstance(event, e.SpeechStopped) or math.isfinite(event.ended)  # clocks are
)


def saved(opening, entries, tmp_path):
    written = Journal(opening)
    for at, event in entries:
        written.write(at, event)
    written.save(tmp_path / "call.jsonl")
    return (tmp_path / "call.jsonl").read_bytes().splitlines()


@given(st.lists(EVENTS, max_size=20))
def test_every_event_comes_back_as_it_was(tmp_path_factory, events):
    entries = [(number / 4, event) for number, event in enumerate(events)]
    opening, again = read(saved(OPENING, entries, tmp_path_factory.mktemp("journal")))
    assert opening == OPENING
    assert list(again) == entries


def test_events_with_everything_in_them_survive(tmp_path):
    events = [
        (0.5, e.ToolRequested(3, ToolCall("call_1", "book", '{"people": 2}'))),
        (0.6, e.ReplyAudio(3, 4000, (Word("We", 0, 2000), Word("open", 2000, 4000)), None)),
    ]
    _, again = read(saved(OPENING, events, tmp_path))
    assert list(again) == events


def test_a_call_replays_to_the_commands_it_had(tmp_path):
    call = ScriptedCall().greets()
    call.hears("What are your hours?")
    call.answers("We open at nine and close at ten.")
    call.passes(0.6)
    call.tells(e.SpeechStarted("vad"))
    call.tells(e.EndOfTurn("And on Sunday?"))
    opening = Opening(PHRASING, call.policy, turn_events=True, safe_tools=(), history=())
    lines = saved(opening, call.journal, tmp_path)
    assert [command for _, _, commands in replay(lines) for command in commands] == call.commands


@pytest.mark.parametrize(
    "line", [b"", b"{", b'{"at": 1}', b'{"event": "EndOfTurn"}', b'{"at": 1, "event": "Surprise"}']
)
def test_a_line_that_is_no_entry_is_refused(tmp_path, line):
    lines = [*saved(OPENING, [], tmp_path), line or b"[]"]
    with pytest.raises(ValueError):
        list(read(lines)[1])


def test_a_journal_of_a_newer_program_is_refused(tmp_path):
    lines = saved(OPENING, [], tmp_path)
    lines[0] = lines[0].replace(b'"version":1', b'"version":2')
    with pytest.raises(ValueError, match="version 2"):
        read(lines)


def test_a_journal_does_not_grow_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "LONGEST", 10)
    lines = saved(OPENING, [(number, e.TimerFired()) for number in range(100)], tmp_path)
    assert len(lines) == 11


def test_only_its_owner_reads_a_journal(tmp_path):
    file = tmp_path / "CA1.1.jsonl"
    file.touch(0o644)
    Journal(Opening(Phrasing(), Policy(), True, (), ())).save(file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_call_and_its_replay_look_for_patterns_under_the_same_time_limit():
    """Python's own engine would take for ever with this text, here and there."""
    policy = Policy(waiting=("^(?:wait|w|ait)+$",))
    opening = Opening(Phrasing(), policy, turn_events=True, safe_tools=(), history=())
    told: list[tuple[float, e.Event]] = [
        (0.0, e.CallStarted()),
        (1.0, e.SpeechStarted()),
        (2.0, e.EndOfTurn("wait" * 100 + "!")),
    ]
    commands = []
    for _ in range(2):
        core = opening.conversation()
        commands.append([core.receive(event, at=at) for at, event in told])
    assert commands[0] == commands[1]
    assert core.turns[-1].text == "wait" * 100 + "!"
