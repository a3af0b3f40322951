"""Callers whom nobody has thought of: whatever they do and when, no word is lost, doubled or made up."""

from __future__ import annotations

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from phoneagent.scenarios.scenario_file import parse_scenarios
from phoneagent.scenarios.score import score
from phoneagent.scenarios.table import play
from phoneagent.scenarios.transcript_check import dialogue

HEAD = """
title = "a random caller"
ears = ["{ears}"]
default_answer = "{answer}"
[agent]
greeting = "Good evening, this is the Trattoria Aurelia in Market Street."
[latencies]
first_token = {first_token}
speech_speed = {speed}
"""
TAIL = "[[caller]]\nhang_up = true\nafter = { agent_finished = 3.0 }\n[expect]\ncut_offs = 9\n"

THINGS = (
    "Is there parking at the house", "I would like a table", "What do you cook today", "My name is Miller",
    "Do you have a garden", "Stop", "Yes", "No", "Two", "A window seat please", "Can I bring my dog", "On Thursday",
)  # fmt: skip
ANSWERS = (
    "Certainly, that can be arranged without any difficulty, and it costs nothing at all.",
    "Let me explain this to you: we have a long list, and you may choose from it whatever pleases you most.",
)

seconds = st.integers(5, 150).map(lambda hundredths: hundredths / 100)
speaking = st.integers(0, 25).map(lambda tenths: f"{{ agent_speaking = {tenths / 10} }}")
finished = st.sampled_from([0.1, 0.3, 0.6, 1.0, 2.0]).map(lambda silence: f"{{ agent_finished = {silence} }}")
cues = st.one_of(finished, speaking, seconds.map(str))
things = st.sampled_from(THINGS)


@st.composite
def hesitating(draw):
    words = draw(things).split()
    if len(words) < 3:
        return f'[[caller]]\nsay = "{" ".join(words)}."\nafter = {draw(cues)}\n'
    cut = draw(st.integers(1, len(words) - 1))
    parts = f'"{" ".join(words[:cut])}", "{" ".join(words[cut:])}."'
    return f"[[caller]]\nsay = [{parts}]\npause = {draw(st.sampled_from([0.3, 0.5, 0.7]))}\nafter = {draw(cues)}\n"


steps = st.one_of(
    st.builds('[[caller]]\nsay = "{}{}"\nafter = {}\n'.format, things, st.sampled_from(["", ".", "?"]), cues),
    hesitating(),
    st.builds("[[caller]]\nnoise = {}\nafter = {}\n".format, st.sampled_from([0.1, 0.2, 0.3, 0.6]), cues),
    st.builds('[[caller]]\npress = "{}"\nafter = {}\n'.format, st.sampled_from(["1#", "42#", "7"]), cues),
)
calls = st.builds(
    lambda ears, answer, first_token, speed, script: (
        HEAD.format(ears=ears, answer=answer, first_token=first_token, speed=speed) + "".join(script) + TAIL
    ),
    st.sampled_from(["flux", "nova"]),
    st.sampled_from(ANSWERS),
    st.sampled_from([0.1, 0.25, 0.6, 2.0]),
    st.sampled_from([1.2, 2.0, 4.0]),
    st.lists(steps, min_size=1, max_size=5),
)


@settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(calls)
def test_nothing_is_lost_whatever_callers_do(text):
    outcome = play(parse_scenarios(text, name="random", file="random.toml")[0])
    note(text)
    note("\n".join(dialogue(outcome.turns)))
    assert score(outcome).faults == ()
