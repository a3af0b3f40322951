"""Callers who follow a script, told frame by frame whether the agent is heard."""

from __future__ import annotations

import pytest

from phoneagent.errors import MisuseError
from phoneagent.simulator.caller import (
    AgentFinished,
    AgentSpeaking,
    CallEnds,
    Caller,
    CallerScript,
    HangUp,
    Noise,
    Press,
    Say,
    Step,
    Wait,
)
from phoneagent.simulator.caller_speech import SILENCE, CallerSpeech
from phoneagent.simulator.ear import Ear, Noised, Said, audible
from phoneagent.simulator.speech import FRAME, Phrasebook

from .tone import ToneVoice


class Stage:
    """A caller, a clock in frames, and an agent that is heard between given seconds."""

    def __init__(self, *steps: Step, agent: list[tuple[float, float]], patience: float = 30.0) -> None:
        self.ear = Ear()
        self.pressed: list[tuple[float, str]] = []
        self.hung_up: tuple[float, bool] | None = None
        self.frames: list[bytes] = []
        speech = CallerSpeech(ToneVoice(), Phrasebook())
        caller = Caller(CallerScript(*steps, patience=patience), speech, self.ear, self)
        self.caller = caller
        self.agent = agent

    def run(self, seconds: float) -> Stage:
        while self.caller.now < seconds and self.hung_up is None:
            now = self.caller.now + 1e-9
            heard = any(start <= now < end for start, end in self.agent)
            self.frames.append(self.caller.next_frame(agent_audible=heard))
            self.ear.agent_frame(b"")
        return self

    def press(self, digit: str) -> None:
        self.pressed.append((round(self.caller.now, 2), digit))

    def hang_up(self, *, gave_up: bool = False) -> None:
        self.hung_up = (round(self.caller.now, 2), gave_up)

    def said(self) -> list[tuple[float, str]]:
        """When each utterance began (its onset is 50 ms later), and what."""
        return [(round(said.at - 0.05, 2), said.text) for said in self.ear.facts(Said)]


def test_a_caller_waits_until_the_agent_has_finished():
    stage = Stage(Say("hello"), agent=[(0.5, 2.0), (2.3, 3.0)]).run(10)
    assert stage.said() == [(3.6, "hello")]


def test_a_pause_within_the_agents_speech_is_not_its_end():
    stage = Stage(Say("hello", after=AgentFinished(silence=0.2)), agent=[(0.5, 2.0), (2.1, 3.0)]).run(10)
    assert stage.said() == [(3.2, "hello")]


def test_an_answer_comes_after_ones_own_words():
    stage = Stage(Say("one"), Say("two"), agent=[(0.0, 1.0), (3.0, 4.0)]).run(10)
    assert stage.said() == [(1.6, "one"), (4.6, "two")]


def test_seconds_count_from_the_end_of_the_step_before():
    stage = Stage(Say("aa", after=0.5), Wait(1.0), Say("bb", after=0.5), agent=[]).run(10)
    first, second = stage.ear.facts(Said)
    assert first.at == pytest.approx(0.55)
    frames = -(-(400 + 960 + 320) // FRAME)  # of "aa": silence, two letters, silence
    assert second.at == pytest.approx(0.5 + frames * 0.02 + 1.5 + 0.05)


def test_a_caller_interrupts_after_a_while():
    stage = Stage(Say("stop", after=AgentSpeaking(1.2)), agent=[(0.5, 5.0)]).run(10)
    assert stage.said() == [(1.7, "stop")]


def test_short_sounds_of_the_agent_are_not_worth_an_interruption():
    stage = Stage(Say("stop", after=AgentSpeaking(1.2)), agent=[(0.5, 1.0), (2.0, 4.0)]).run(10)
    assert stage.said() == [(3.2, "stop")]


def test_the_rest_of_what_was_interrupted_is_no_answer():
    agent = [(0.0, 1.5), (3.0, 4.0)]  # stops half a second after the interruption, then answers
    stage = Stage(Say("no", after=AgentSpeaking(1.0)), Say("thanks"), agent=agent).run(10)
    assert stage.said() == [(1.0, "no"), (4.6, "thanks")]


def test_an_agent_that_talks_on_is_heard_out():
    stage = Stage(Say("no", after=AgentSpeaking(1.0)), Say("well"), agent=[(0.0, 5.0)]).run(10)
    assert stage.said() == [(1.0, "no"), (5.6, "well")]


def test_a_backchannel_wants_no_answer():
    steps = (Say("mm-hm", after=AgentSpeaking(1.0), expects_answer=False), Say("yes"))
    stage = Stage(*steps, agent=[(0.0, 1.6)]).run(10)
    assert stage.said() == [(1.0, "mm-hm"), (2.2, "yes")]


def test_a_hesitation_is_one_turn_in_parts():
    stage = Stage(Say("a table", "for two", after=0.0, pause=0.7), agent=[]).run(4)
    first, second = stage.ear.facts(Said)
    assert [(said.text, said.ends_turn) for said in (first, second)] == [("a table", False), ("for two", True)]
    assert second.at - first.end == pytest.approx(0.7 + 0.04 + 0.05, abs=0.03)  # and the silence around the words


def test_what_is_said_is_what_is_sent():
    stage = Stage(Say("hello there", after=0.5), agent=[]).run(3)
    utterance = CallerSpeech(ToneVoice(), Phrasebook()).utterance("hello there")
    sent = b"".join(stage.frames)
    assert sent.startswith(SILENCE * 25 + utterance.audio + SILENCE)
    [said] = stage.ear.facts(Said)
    loud = [number for number, frame in enumerate(stage.frames) if audible(frame)]
    assert said.at == pytest.approx(loud[0] * 0.02, abs=0.02)
    assert said.end == pytest.approx((loud[-1] + 1) * 0.02, abs=0.02)


def test_keys_are_pressed_one_after_another():
    stage = Stage(Press("12#", after=AgentFinished()), Say("done", after=0.5), agent=[(0.0, 1.0)]).run(5)
    assert stage.pressed == [(1.6, "1"), (1.9, "2"), (2.2, "#")]
    assert stage.said() == [(3.0, "done")]


def test_a_cough_is_sound_without_words():
    stage = Stage(Noise(0.3, after=1.0), agent=[]).run(2)
    [noise] = stage.ear.facts(Noised)
    assert (noise.at, noise.end) == pytest.approx((1.0, 1.3))
    assert [audible(frame) for frame in stage.frames].count(True) == 15
    assert stage.said() == []


def test_a_caller_hangs_up():
    assert Stage(HangUp(after=AgentSpeaking(0.5)), agent=[(1.0, 9.0)]).run(10).hung_up == (1.5, False)


@pytest.mark.parametrize("cue", [AgentFinished(), AgentSpeaking(2.0), CallEnds()])
def test_who_hears_nothing_for_long_gives_up(cue):
    stage = Stage(Wait(cue), agent=[(0.0, 0.0)], patience=5.0).run(60)
    assert stage.hung_up == (pytest.approx(5.02), True)


def test_patience_begins_anew_with_whatever_the_agent_says():
    stage = Stage(agent=[(0.5, 7.0), (10.0, 11.0)], patience=4.0).run(60)
    assert stage.hung_up == (pytest.approx(15.02), True)


def test_a_wait_of_given_length_is_not_impatience():
    assert Stage(Wait(20.0), HangUp(after=0.0), agent=[], patience=5.0).run(60).hung_up == (20.0, False)


@pytest.mark.parametrize("background", [0.0, 300.0])
def test_a_caller_says_what_the_ears_understand(background):
    book = Phrasebook()
    speech = CallerSpeech(ToneVoice(), book)
    caller = Caller(CallerScript(Say("good day", after=0.2), background=background), speech, Ear(), _Nobody())
    understood: list[str] = []
    moment = None
    for _ in range(100):
        moment = book.understand(caller.next_frame(agent_audible=False), moment)
        if moment and moment.utterance.text not in understood:
            understood.append(moment.utterance.text)
    assert understood == ["good day"]


def test_a_script_without_a_voice_is_refused_before_the_call():
    with pytest.raises(MisuseError):
        Caller(CallerScript(Say("hello")), CallerSpeech(None, Phrasebook()), Ear(), _Nobody())


class _Nobody:
    def press(self, digit: str) -> None: ...

    def hang_up(self, *, gave_up: bool = False) -> None: ...
