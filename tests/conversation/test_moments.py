"""Callers who ask for a moment are given it, in the usual ways of eight languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from phoneagent.conversation import events as e
from phoneagent.conversation.commands import Hangup, Synthesize
from phoneagent.conversation.moments import patience
from phoneagent.conversation.policy import Policy

from .scripted_call import ScriptedCall

POLICY = Policy()
VECTORS = Path(__file__).parents[1] / "vectors"

SAID = [
    line.split("\t") for line in (VECTORS / "moments.tsv").read_text(encoding="utf-8").splitlines()
]  # language, "moment" or "no", what a caller says


def said(kind: str) -> list[tuple[str, str]]:
    return [(language, text) for language, theirs, text in SAID if theirs == kind]


@pytest.mark.parametrize(("language", "text"), said("moment"))
def test_the_usual_ways_to_ask_for_a_moment(language, text):
    assert patience(text, language, POLICY) >= POLICY.idle_when_waiting


@pytest.mark.parametrize(("language", "text"), said("no"))
def test_what_sounds_like_it(language, text):
    assert patience(text, language, POLICY) == 0.0


@pytest.mark.parametrize(
    ("language", "text", "seconds"),
    [
        ("en", "One moment.", 30.0),
        ("en", "Please hold the line.", 60.0),
        ("en", "I will connect you with the manager.", 60.0),
        ("en", "Give me two minutes.", 120.0),
        ("en", "I'll be back in 5 minutes.", 300.0),
        ("en", "Give me 90 minutes.", 600.0),
        ("de", "Geben Sie mir drei Minuten.", 180.0),
        ("es", "Deme cinco minutos.", 300.0),
        ("fr", "Donnez-moi deux minutes.", 120.0),
        ("it", "Mi dia dieci minuti.", 600.0),
        ("pt", "Me dê dois minutos.", 120.0),
        ("nl", "Geef me drie minuten.", 180.0),
        ("pl", "Proszę mi dać pięć minut.", 300.0),
        ("fi", "One moment.", 30.0),
    ],
)
def test_the_wait_fits_what_was_said(language, text, seconds):
    assert patience(text, language, POLICY) == seconds


def test_other_ways_can_be_added():
    policy = Policy(waiting=("back in a jiffy",), idle_when_waiting=20.0)
    assert patience("I'm back in a jiffy.", "en", policy) == 20.0


def test_a_caller_is_not_asked_before_their_time_and_goes_on_when_they_like():
    call = ScriptedCall().greets()
    call.hears("Give me two minutes.")
    call.answers("Of course.")
    before = len(call.all(Synthesize))
    call.passes(115.0)
    assert len(call.all(Synthesize)) == before
    call.hears("Here it is: my name is Ana.")
    assert not call.all(Hangup)


def test_music_does_not_use_up_the_patience_that_was_asked_for():
    call = ScriptedCall().greets()
    call.hears("Please hold the line.")
    call.answers("Of course, I will wait.")
    before = len(call.all(Synthesize))
    call.tells(e.SpeechStarted())
    call.passes(40.0)
    call.tells(e.SpeechStopped(ended=call.at))
    assert len(call.all(Synthesize)) == before
