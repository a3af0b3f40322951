"""The table top: the same call every time, and truthful about what was heard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from phoneagent.call.journal import replay
from phoneagent.conversation import events as e
from phoneagent.conversation.commands import SaveTurn
from phoneagent.conversation.events import EndOfTurn, MarkPlayed, SpeechStarted
from phoneagent.scenarios.disorder import Disorder, Disturbance
from phoneagent.scenarios.heard import Played, words_in, words_played
from phoneagent.scenarios.scenario_file import parse_scenarios
from phoneagent.scenarios.scripted_voice import ScriptedVoice, word_seconds
from phoneagent.scenarios.table import EndlessCall, play
from phoneagent.scenarios.transcript_check import dialogue
from phoneagent.simulator.ear import Cleared

LONG = "We are open from Tuesday to Sunday, from noon to eleven in the evening. On Mondays we are closed."
QUESTION = f"""
title = "a question, and a cough over the answer"
[[mind]]
heard = "hours"
say = "{LONG}"
[[caller]]
say = "What are your hours?"
[[caller]]
noise = 0.3
after = {{ agent_speaking = 1.0 }}
[[caller]]
hang_up = true
after = {{ agent_finished = 3.0 }}
[expect]
"""


def scenario(text=QUESTION):
    return parse_scenarios(text, name="made_up", file="made_up.toml")[0]


def test_the_same_scenario_is_the_same_call(tmp_path):
    one, other = (play(scenario(), journal=tmp_path / name) for name in ("first", "second"))
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    assert one.words == other.words
    assert one.turns == other.turns
    assert one.ear.agent_speech() == other.ear.agent_speech()


def test_a_call_from_the_greeting_to_the_end():
    call = play(scenario())
    assert dialogue(call.turns) == [
        "agent: Hello, how can I help you?",
        "caller: What are your hours?",
        f"agent: {LONG}",
    ]
    assert call.states[:4] == ("connecting", "thinking", "speaking", "listening")
    assert call.states[-1] == "ended"
    assert call.ended_by == "caller"
    assert len(call.ear.facts(Cleared)) == 1


def test_every_word_is_heard_once_though_the_agent_began_anew_within_one():
    heard = [word.text for word in play(scenario()).words]
    assert " ".join(heard) == f"Hello, how can I help you? {LONG}"


def test_what_was_cleared_was_not_heard():
    call = play(scenario(QUESTION.replace("noise = 0.3", 'say = "Stop that now"')))
    words = [word.text for word in call.words]
    answer = words[words.index("We") :]
    spoken = call.ear.agent_speech()[1]
    assert 3 <= len(answer[: answer.index("I")]) <= 5, "a second of speech, and the tenth until the agent was silent"
    assert call.turns[2].interrupted
    assert spoken.end - spoken.at == pytest.approx(1.1, abs=0.1)


def test_a_call_that_does_not_end_is_noticed():
    endless = QUESTION.replace(
        "[[mind]]", "[who]\nstays = true\npatience = 1000.0\n[agent.turn_taking]\nidle_after = 600.0\n[[mind]]", 1
    )
    endless = endless.replace("hang_up = true\nafter = { agent_finished = 3.0 }", 'wait = "never"')
    with pytest.raises(EndlessCall, match="made_up: listening"):
        play(scenario(endless))


def test_its_journal_is_one_that_can_be_replayed(tmp_path):
    call = play(scenario(), journal=tmp_path / "journal")
    with (tmp_path / "journal").open("rb") as lines:
        saved = [
            command.turn for _, _, commands in replay(lines) for command in commands if isinstance(command, SaveTurn)
        ]
    assert saved == list(call.turns)


def test_seconds_of_latency_and_of_network_are_added():
    usual = play(scenario()).ear.response_latencies()[0]
    text = "[network]\nto_server = 0.1\nfrom_server = 0.06\n[latencies]\nfirst_token = 0.45\n[[mind]]"
    slower = play(scenario(QUESTION.replace("[[mind]]", text, 1))).ear.response_latencies()[0]
    assert slower - usual == pytest.approx(0.16 + 0.2, abs=0.021)


# -- the truth about words -------------------------------------------------------------------------


def test_words_last_about_as_long_as_english_ones():
    words = LONG.split()
    assert 0.2 <= sum(map(word_seconds, words)) / len(words) <= 0.3
    clip = ScriptedVoice().synthesize(LONG)
    assert [word.text for word in clip.words] == words
    assert ScriptedVoice().synthesize(LONG) == clip
    assert ScriptedVoice().synthesize(LONG, voice="caller").audio != clip.audio


def test_a_word_counts_when_half_of_it_was_played():
    clip = ScriptedVoice().synthesize("one two three")
    second = clip.words[1]
    middle = (second.start + second.end) // 2
    spoken = {1: list(clip.words)}
    assert [word.text for word in words_played([Played(1.0, 1, 0, middle - 1)], spoken)] == ["one"]
    assert [word.text for word in words_played([Played(1.0, 1, 0, middle)], spoken)] == ["one", "two"]
    assert [word.text for word in words_in(clip.audio[: middle - 1], {"": clip})] == ["one"]
    assert [word.text for word in words_in(clip.audio[:middle], {"": clip})] == ["one", "two"]


def test_a_word_that_is_said_again_after_a_pause_was_heard_once():
    clip = ScriptedVoice().synthesize("one two three")
    second = clip.words[1]
    stopped = (3 * second.start + 7 * second.end) // 10
    track = clip.audio[:stopped] + b"\xff" * 4000 + clip.audio[second.start :]
    assert [word.text for word in words_in(track, {"": clip})] == ["one", "two", "three"]
    pieces = [Played(0.0, 1, 0, stopped), Played(1.0, 1, second.start, len(clip.audio))]
    assert [word.text for word in words_played(pieces, {1: list(clip.words)})] == ["one", "two", "three"]


def test_a_sentence_that_answers_the_caller_a_second_time_was_heard_twice():
    clip = ScriptedVoice().synthesize("very well")
    track = clip.audio + b"\xff" * 16000 + clip.audio
    assert len(words_in(track, {"": clip})) == 2
    assert len(words_in(track, {"": clip}, caller_spoke=[1.5])) == 4


# -- disorder --------------------------------------------------------------------------------------


class Passed:
    """What comes through a disorder, and when."""

    def __init__(self, *disturbances):
        self.got: list[e.Event | float] = []
        self._later: list[tuple[float, Callable[[], None]]] = []
        self.disorder = Disorder(disturbances, self.got.append, lambda s, act: self._later.append((s, act)))

    def pass_on(self, *events):
        for event in events:
            self.disorder.pass_on(event)
        return self.got

    def wait(self):
        for seconds, act in self._later:
            self.got.append(seconds)
            act()
        return self.got


MARKS = [MarkPlayed(name) for name in "abc"]


def test_nothing_is_disturbed_that_was_not_asked_for():
    assert Passed().pass_on(*MARKS) == MARKS


def test_late_lost_again_and_out_of_order():
    a, b, c = MARKS
    late = Passed(Disturbance("MarkPlayed", 2, late=0.5))
    assert late.pass_on(a, b, c) == [a, c]
    assert late.wait() == [a, c, 0.5, b]
    assert Passed(Disturbance("MarkPlayed", 2, lost=True)).pass_on(a, b, c) == [a, c]
    assert Passed(Disturbance("MarkPlayed", 0, lost=True)).pass_on(a, b, c) == []
    again = Passed(Disturbance("MarkPlayed", 1, again=0.1))
    assert again.pass_on(a, b) == [a, b]
    assert again.wait() == [a, b, 0.1, a]
    assert Passed(Disturbance("MarkPlayed", 1, after="MarkPlayed")).pass_on(a, b, c) == [b, a, c]
    assert Passed(Disturbance("MarkPlayed", 1, after="EndOfTurn")).pass_on(a, EndOfTurn("x"), b) == [
        EndOfTurn("x"),
        a,
        b,
    ]


def test_only_what_the_voice_detector_says():
    vad, stt = SpeechStarted("vad"), SpeechStarted("stt")
    assert Passed(Disturbance("SpeechStarted", 0, source="vad", lost=True)).pass_on(vad, stt, vad) == [stt]
