"""`phoneagent replay`: a call is told from its journal."""

from __future__ import annotations

import json

import pytest

from phoneagent.call.journal import Journal, Opening
from phoneagent.conversation.events import (
    CallEnded,
    CallStarted,
    EndOfTurn,
    MarkPlayed,
    ReplyAudio,
    ReplyAudioDone,
    ReplyDone,
    ReplyText,
    SpeechStarted,
)
from phoneagent.conversation.policy import Phrasing, Policy

STORY = (
    (0.0, CallStarted()),
    (0.1, ReplyAudio(1, 1280)),
    (0.1, ReplyAudioDone(1)),
    (0.26, MarkPlayed("1.0.1280")),
    (1.0, SpeechStarted()),
    (2.0, EndOfTurn("when are you open")),
    (2.2, ReplyText(2, "We open at nine.")),
    (2.2, ReplyDone(2)),
    (2.4, ReplyAudio(2, 8000)),
    (2.4, ReplyAudioDone(2)),
    (3.0, CallEnded("caller")),
)


@pytest.fixture
def journal(tmp_path):
    opening = Opening(Phrasing(greeting="Hello."), Policy(), turn_events=True, safe_tools=(), history=())
    kept = Journal(opening)
    for at, event in STORY:
        kept.write(at, event)
    path = tmp_path / "CA1.0.jsonl"
    kept.save(path)
    return path


def test_the_story(phoneagent, journal):
    result = phoneagent("replay", str(journal))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:3] == [
        "   0.000  thinking         CallStarted",
        "                           → Synthesize reply=1 text='Hello.'",
        "                           → FinishSpeech reply=1",
    ]
    assert "   2.000  thinking         EndOfTurn text='when are you open'" in lines
    assert "                           → turn 2, caller: “when are you open”" in lines
    assert "                           → StartReply 2 (to 2 turns)" in lines
    cut = next(line for line in lines if "turn 3" in line)
    assert cut.startswith("                           → turn 3, agent: “We")
    assert cut.endswith("cut off; would have been: We open at nine.")
    assert not [line for line in lines if "SendAudio" in line or "SendMark" in line]
    assert "   3.000  ended            CallEnded reason='caller'" in lines


def test_all_of_it(phoneagent, journal):
    lines = phoneagent("replay", "--all", str(journal)).stdout.splitlines()
    assert "                           → SendAudio reply=1 start=0 end=1280" in lines
    assert sum(line.startswith("   ") and "→" not in line for line in lines) == len(STORY)


def test_for_a_program(phoneagent, journal):
    told = [json.loads(line) for line in phoneagent("replay", "--json", str(journal)).stdout.splitlines()]
    assert [line["at"] for line in told] == [at for at, _ in STORY]
    assert [line["event"]["type"] for line in told] == [type(event).__name__ for _, event in STORY]
    assert told[0]["commands"][0] == {"type": "Synthesize", "reply": 1, "text": "Hello."}
    assert told[0]["state"] == "thinking"
    assert told[-1]["state"] == "ended"


def test_a_journal_that_breaks_off_says_so(phoneagent, journal):
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]))
    assert phoneagent("replay", str(journal)).stdout.endswith("(the journal ends while the call is speaking)\n")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda lines: [], "line 1: "),
        (lambda lines: [b"hello\n", *lines[1:]], "line 1: "),
        (lambda lines: [*lines[:3], b'{"at": 1}\n', *lines[3:]], "line 4: expected an entry with 'at' and 'event'"),
        (lambda lines: [*lines[:3], lines[3][:-9] + b"\n"], "line 4: "),
        (lambda lines: [lines[0].replace(b'"version":1', b'"version":2')], "version 2"),
    ],
    ids=["empty", "not JSON", "no event", "cut", "newer"],
)
def test_a_file_that_is_no_journal(phoneagent, journal, spoil, problem):
    journal.write_bytes(b"".join(spoil(journal.read_bytes().splitlines(keepends=True))))
    result = phoneagent("replay", str(journal))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {journal}: ")
    assert problem in result.stderr
    assert "Traceback" not in result.output


def test_a_file_that_is_not_there(phoneagent):
    result = phoneagent("replay", "nowhere.jsonl")
    assert result.exit_code == 2
    assert "'nowhere.jsonl' does not exist" in result.stderr
