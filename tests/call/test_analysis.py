"""What models write about calls, and what is made of it. The models are behind real sockets."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.call.analysis import LONGEST_TRANSCRIPT, analyse, transcript
from phoneagent.conversation.events import ReplyText
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.errors import ProviderError
from phoneagent.providers.llm.openai import OpenAiModel
from phoneagent.records import Analysis
from phoneagent.report import Verdict
from phoneagent.simulator.faults import Fault
from phoneagent.simulator.mind import Answer
from phoneagent.simulator.openai import OpenAiServer

TURNS = (Turn("agent", "Hello.", 1.0), Turn("caller", "A table for two, please.", 4.0))
SCHEMA = {
    "type": "object",
    "properties": {"people": {"type": "integer"}},
    "required": ["people"],
    "additionalProperties": False,
}
RULES = Analysis(summary="who called.", data=SCHEMA, success="They have a table.")
GOOD = {"summary": "A table.", "data": {"people": 2}, "success": {"result": "pass", "reason": "It was booked."}}


class Writer:
    """Behind the simulated OpenAI: writes these one after the other, the last one again and again."""

    def __init__(self, *written):
        self.written = [text if isinstance(text, str) else json.dumps(text) for text in written]
        self.asked = []

    def __call__(self, messages):
        self.asked.append(messages)
        return Answer(self.written.pop(0) if len(self.written) > 1 else self.written[0])


@asynccontextmanager
async def writing(*written):
    writer = Writer(*written)
    async with OpenAiServer(writer) as server:
        model = OpenAiModel("key", base_url=server.base_url, max_tokens=None)
        yield model, writer, server
        await model.aclose()


async def found(*written, rules=RULES, turns=TURNS):
    async with writing(*written) as (model, writer, _):
        return await analyse(rules, [model], turns), writer


@pytest.mark.parametrize(
    "written",
    [
        json.dumps(GOOD),
        json.dumps(GOOD, indent=2),
        "```json\n" + json.dumps(GOOD) + "\n```",
        "Here it is: " + json.dumps(GOOD) + " I hope that helps.",
    ],
)
async def test_a_model_may_write_around_it(written):
    findings, writer = await found(written)
    assert (findings.summary, findings.data, findings.problems) == ("A table.", {"people": 2}, ())
    assert findings.success == Verdict("pass", "It was booked.")
    assert len(writer.asked) == 1
    assert {used.unit for used in findings.used} == {"tokens_in", "tokens_out"}


async def test_only_what_is_wanted_is_asked_for():
    findings, writer = await found({"success": {"result": "unknown"}}, rules=Analysis(success="They have a table."))
    assert findings.success == Verdict("unknown")
    assert '"summary"' not in writer.asked[0][0].text
    assert '"data"' not in writer.asked[0][0].text


async def test_what_does_not_fit_is_repaired_once():
    findings, writer = await found({**GOOD, "data": {"people": "two"}}, GOOD)
    assert (findings.data, findings.problems) == ({"people": 2}, ())
    repair = writer.asked[1]
    assert repair[-2].role == "assistant"
    assert "data, people: 'two' is not of type 'integer'" in repair[-1].text
    assert len(writer.asked) == 2


async def test_what_fits_is_kept_and_what_still_does_not_is_told():
    wrong = {**GOOD, "data": {"people": "two"}, "success": {"result": "great"}}
    findings, writer = await found(wrong, {"data": {"peple": 2}})
    assert (findings.summary, findings.data, findings.success) == ("A table.", None, None)
    assert findings.problems == (
        "analysis: data, the whole: 'people' is a required property",
        "analysis: data, the whole: Additional properties are not allowed ('peple' was unexpected)",
        "analysis: success: expected, but missing",
    )
    assert len(writer.asked) == 2


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("I cannot do that.", "analysis: expected one JSON object, got 'I cannot do that.'"),
        ('{"summary": "A', 'analysis: expected one JSON object, got \'{"summary": "A\''),
        ('{"summary": "A", "data": {"people": NaN}}', "analysis: expected one JSON object, got NaN, which is no JSON"),
        ('{"summary": "A", }', "analysis: expected one JSON object, Expecting property name"),
        ("<html><body>503</body></html>", "analysis: expected one JSON object, got '<html>"),
        ({**GOOD, "summary": ["A"]}, "analysis: summary: expected a text"),
        ({**GOOD, "success": "pass"}, "analysis: success.result: expected one of pass, fail, unknown"),
    ],
)
async def test_what_is_no_use_is_told(written, told):
    findings, _ = await found(written)
    assert findings.problems
    assert findings.problems[0].startswith(told)


async def test_what_is_nested_too_deeply_is_told():
    deep = Writes('{"summary": ' + "[" * 19_000 + "]" * 19_000 + "}")
    findings = await analyse(RULES, [deep], TURNS)  # type: ignore[list-item]  # it only replies
    assert findings.problems == ("analysis: expected one JSON object, got one that is nested too deeply",)


async def test_an_answer_that_does_not_end_is_cut_off():
    endless = Writes('{"summary": "' + "A" * 100_000 + '"}')
    findings = await analyse(RULES, [endless], TURNS)  # type: ignore[list-item]  # it only replies
    assert findings.problems == ("analysis: expected one JSON object, got more than 40000 characters",)


async def test_of_a_call_in_which_nothing_was_said_no_model_is_asked():
    findings = await analyse(RULES, [], (Turn("operator", "Offer the window.", 1.0),))
    assert findings.success == Verdict("unknown", "Nothing was said.")
    assert findings.problems == ()


async def test_who_stands_in_for_a_model_that_fails_writes_it():
    async with writing(GOOD) as (first, _, broken), writing(GOOD) as (second, writer, _):
        broken.faults.add(Fault("refuse", status=500))
        findings = await analyse(RULES, [first, second], TURNS)
    assert findings.data == {"people": 2}
    assert len(writer.asked) == 1


async def test_when_nobody_answers_whoever_asked_is_told():
    async with writing(GOOD) as (model, _, server):
        server.faults.add(Fault("refuse", status=500))
        with pytest.raises(ProviderError):
            await analyse(RULES, [model], TURNS)
    with pytest.raises(ProviderError, match="no model to ask"):
        await analyse(RULES, [], TURNS)


async def test_a_model_that_fails_at_the_repair_leaves_what_was_found():
    async with writing({**GOOD, "data": 5}) as (model, _, server):
        server.faults.add(Fault("slow"), times=1)
        server.faults.add(Fault("refuse", status=500))
        findings = await analyse(RULES, [model], TURNS)
    assert findings.summary == "A table."
    assert findings.problems == ("analysis: data, the whole: 5 is not of type 'object'",)


# --- the transcript


def test_a_transcript_is_read_as_it_was_heard():
    text, left_out = transcript(
        [
            Turn("caller", "A table\nfor two", 4.0),
            Turn("tool", "done", 5.0, tool=ToolCall("c", "book", '{"people": 2}')),
            Turn("agent", "It is", 6.4, interrupted=True, generated="It is done."),
            Turn("operator", "Offer the window.", 7.0),
        ]
    )
    assert text.splitlines() == [
        "[4 s] caller: A table for two",
        '[5 s] tool book {"people": 2} returned: done',
        "[6 s] agent: It is — [interrupted]",
        "[7 s] note to the agent, which nobody heard: Offer the window.",
    ]
    assert left_out == 0


@given(st.lists(st.integers(0, 9_000), max_size=60))
def test_long_transcripts_are_cut_in_the_middle(lengths):
    turns = [Turn("caller", f"t{number}t" + "x" * length, 0.0) for number, length in enumerate(lengths)]
    text, left_out = transcript(turns)
    assert len(text) <= LONGEST_TRANSCRIPT + 100
    kept = [number for number in range(len(turns)) if f"t{number}t" in text]
    assert len(kept) == len(turns) - left_out
    gaps = [after - before for before, after in pairwise(kept) if after - before > 1]
    assert len(gaps) == (1 if left_out else 0)
    if left_out:
        assert kept[0] == 0
        assert kept[-1] == len(turns) - 1
        assert f"[{left_out} turns are left out here]" in text


async def test_that_turns_were_left_out_is_told():
    findings, _ = await found(GOOD, turns=[Turn("caller", "x" * 3_000, 0.0)] * 40)
    (problem,) = findings.problems
    assert problem.endswith("turns were left out, for the transcript is too long")


class Writes:
    """A mind that writes this at once."""

    def __init__(self, text):
        self.text = text

    async def reply(self, reply, *, instructions, turns, tools):
        yield ReplyText(reply, self.text)
