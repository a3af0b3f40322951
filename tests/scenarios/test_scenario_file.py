"""Scenario files: what they may say, and what is said of those that are wrong."""

from __future__ import annotations

import textwrap

import pytest

from phoneagent.conversation.policy import Policy
from phoneagent.errors import SettingsError
from phoneagent.scenarios import scenario_file
from phoneagent.scenarios.scenario_file import LISTENS_ON, load_scenarios, parse_scenarios
from phoneagent.simulator.caller import AgentFinished, AgentSpeaking, CallEnds, HangUp, Noise, Press, Say, Wait

WHOLE = """
title = "All there is"
ears = ["flux", "nova"]
run = ["table"]

[agent]
greeting = "Good evening."

[agent.turn_taking]
idle_after = 4.0

[agent.phrases]
apology = "Sorry."

[[tool]]
name = "book"
result = "booked"
seconds = 2.0

[[mind]]
heard = "table"
say = "One moment."
call = "book"
then = "Done: {result}"
first_token = 1.5

[latencies]
first_audio = 0.2

[network]
to_server = 0.05

[who]
background = 100.0

[[caller]]
say = ["A table", "for two."]
pause = 0.4

[[caller]]
say = ["one two", "three four"]
pause = 0.9
split = true
after = 2.0

[[caller]]
say = "Mhm."
backchannel = true
after = { agent_speaking = 1.0 }

[[caller]]
echo = "Good evening"
after = { agent_finished = 0.1 }

[[caller]]
noise = 0.3

[[caller]]
press = "42#"

[[caller]]
wait = "never"

[[disorder]]
event = "SpeechStarted"
source = "vad"
number = 2
late = 0.3

[expect]
dialogue = ["agent: Good evening."]
"""


def parse(text):
    return parse_scenarios(text, name="story", file="story.toml")


def test_all_that_a_file_may_say():
    flux, nova = parse(WHOLE)
    assert (flux.name, nova.name) == ("story[flux]", "story[nova]")
    assert (flux.agent.stt.model, nova.agent.stt.model) == ("flux-general-en", "nova-3")
    assert flux.agent.phrasing.greeting == "Good evening."
    assert flux.agent.phrasing.apology == "Sorry."
    assert flux.agent.policy == Policy(idle_after=4.0)
    assert [tool.name for tool in flux.equipped_agent.tools] == ["book"]
    assert flux.rules[0].first_token == 1.5
    assert flux.latencies.first_audio == 0.2
    assert flux.network.to_server == 0.05
    assert flux.disorder[0].source == "vad"
    assert flux.steps == (
        Say("A table", "for two.", pause=0.4),
        Say("one two", after=2.0),
        Say("three four", after=0.9),
        Say("Mhm.", after=AgentSpeaking(1.0), expects_answer=False),
        Say("Good evening", after=AgentFinished(0.1), expects_answer=False),
        Noise(0.3),
        Press("42#"),
        Wait(CallEnds()),
        HangUp(after=AgentFinished(LISTENS_ON)),
    )
    assert [(line.text, line.thought, line.meant, line.pause, line.last) for line in flux.lines] == [
        ("A table", 0, "answer", None, False),
        ("for two.", 0, "answer", 0.4, True),
        ("one two", 1, "answer", None, False),
        ("three four", 1, "answer", 0.9, True),
        ("Mhm.", 2, "nothing", None, True),
        ("Good evening", 3, "echo", None, True),
    ]


def test_the_example_that_explains_the_format_is_one():
    text = scenario_file.__doc__ or ""
    example = "\n".join(line for line in text.splitlines() if line.startswith("    ")).replace(
        '["table", "server"]', '["table"]'
    )
    flux, nova = parse(textwrap.dedent(example))
    assert flux.steps[1] == Say("your hours?", after=0.7)
    assert nova.expected.dialogue[2] == "agent: We are … eleven."


SHORT = 'title = "short"\n[[caller]]\nsay = "Hello"\n[expect]\n'


def test_who_stays_does_not_hang_up():
    assert isinstance(parse(SHORT)[0].steps[-1], HangUp)
    assert isinstance(parse(SHORT.replace("[[caller]]", "[who]\nstays = true\n[[caller]]"))[0].steps[-1], Say)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("title = ", "story.toml:1: not valid TOML: Invalid value"),
        (SHORT.replace("say", "sya"), "story.toml:3: caller[0].sya: unknown key; did you mean 'say'?"),
        (SHORT.replace("say", "press"), "story.toml:3: caller[0].press: expected keys: digits, * and #"),
        (SHORT + "resumes = -1", "story.toml:5: expect.resumes: expected a number of at least 0, got -1"),
        (SHORT + 'dialogue = ["Hello"]', "story.toml:5: expect.dialogue[0]: expected 'caller: …' or 'agent: …'"),
        (SHORT + 'states = ["happy"]', "story.toml:5: expect.states[0]: expected one of connecting, listening"),
        (
            SHORT.replace("[expect]", 'after = "tomorrow"\n[expect]'),
            'story.toml:4: caller[0].after: expected seconds, "agent_finished", "never",',
        ),
        (
            SHORT.replace("[expect]", "noise = 0.2\n[expect]"),
            "story.toml:2: caller[0]: expected one of say, echo, press, noise, wait, hang_up, got 2",
        ),
        (
            SHORT.replace("[[caller]]", "[agent.turn_taking]\nidel_after = 3.0\n[[caller]]"),
            "story.toml:3: agent.turn_taking.idel_after: unknown key; did you mean 'idle_after'?",
        ),
        (
            SHORT.replace("[[caller]]", '[agent]\nlanguage = "klingon!"\n[[caller]]'),
            "story.toml:3: agent.language: expected the code of a language",
        ),
        (
            SHORT + '[[disorder]]\nevent = "EndOfTurm"\nlost = true',
            "story.toml:6: disorder[0].event: expected an event of the conversation, got 'EndOfTurm'",
        ),
        (SHORT + '[[disorder]]\nevent = "EndOfTurn"', "story.toml:5: disorder[0]: expected one of late, lost, again"),
        (
            'run = ["server"]\n' + SHORT + '[[disorder]]\nevent = "EndOfTurn"\nlost = true',
            "story.toml:1: run: events can be disturbed on the table only",
        ),
        (
            SHORT + '[[mind]]\nheard = "x"\ncall = "book"',
            "story.toml:7: mind[0].call: there is no [[tool]] 'book'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, problem):
    with pytest.raises(SettingsError) as caught:
        parse(text)
    assert caught.value.problems[0].startswith(problem)


def test_a_folder_is_read_whole_and_all_problems_are_told(tmp_path):
    (tmp_path / "one.toml").write_text(SHORT)
    (tmp_path / "two.toml").write_text(SHORT)
    assert [scenario.name for scenario in load_scenarios(tmp_path)] == ["one", "two"]
    (tmp_path / "one.toml").write_text("x = 1")
    (tmp_path / "two.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError) as caught:
        load_scenarios(tmp_path)
    assert {problem.partition(":")[0].rpartition("/")[2] for problem in caught.value.problems} == {
        "one.toml",
        "two.toml",
    }


def test_an_empty_folder_is_a_mistake(tmp_path):
    with pytest.raises(SettingsError, match="found none"):
        load_scenarios(tmp_path)
