"""What is left of a call: the model's findings, costs by provider, latencies, tools; read over REST."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from phoneagent.call.analysis import WITHIN
from phoneagent.cli.report import asked, lines
from phoneagent.deliveries import Webhook
from phoneagent.errors import PhoneagentError, SettingsError
from phoneagent.private import Private
from phoneagent.records import Analysis, Prices, ProviderChoice
from phoneagent.rehearsal import API_KEY
from phoneagent.report import Verdict
from phoneagent.simulator.caller import AgentSpeaking, CallerScript, HangUp, Say
from phoneagent.simulator.faults import Fault
from phoneagent.simulator.mind import Answer
from phoneagent.store.memory import MemoryStore
from tests.web.api.client import client
from tests.webhooks.receiver import SECRET, receiving

from .test_moving import move, two_processes
from .world import MIND, agent, world

SCHEMA = {
    "type": "object",
    "properties": {"people": {"type": "integer"}, "name": {"type": ["string", "null"]}},
    "required": ["people"],
    "additionalProperties": False,
}
ANALYSIS = Analysis(
    summary="who called and why.",
    data=SCHEMA,
    success="The caller has a table.",
    llm=ProviderChoice("openai", "gpt-5.6-luna"),
)
GOOD = {
    "summary": "A table for two.",
    "data": {"people": 2, "name": None},
    "success": {"result": "pass", "reason": "They have a table."},
}
BOOKING = CallerScript(Say("A table for two, please."), Say("What are your opening hours?"), Say("Goodbye"))


class Writer:
    """Thinks as the front desk does, and writes these analyses one after the other; the last one again and again."""

    def __init__(self, *answers):
        self.answers = [answer if isinstance(answer, str) else json.dumps(answer) for answer in answers or [GOOD]]
        self.asked = []

    def __call__(self, messages):
        if not messages[0].text.startswith("You report on a telephone call"):
            return MIND(messages)
        self.asked.append(messages)
        return Answer(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


@asynccontextmanager
async def called(made, mind, *, script=BOOKING, **options):
    """After a call: its end, what was told, and a client of REST."""
    async with world(made, mind=mind, **options) as (running, told), client(running.url) as rest:
        call = await running.carrier.call(running.voice_url, caller=script)
        yield running, told, rest, call


async def reported(told, rest, call):
    await told.until(lambda: bool(told.of("analysed")))
    return (await rest.get(f"/v1/calls/{call}/report")).json


async def test_a_call_that_is_over_is_analysed_and_its_report_can_be_read():
    writer = Writer()
    async with called(agent(analysis=ANALYSIS), writer) as (running, told, rest, call):
        early = await rest.get(f"/v1/calls/{call.call}/report")
        report = await reported(told, rest, call.call)
        shown = (await rest.get(f"/v1/calls/{call.call}")).json
        assert running.openai is not None
        produced = running.openai.tokens_produced
        in_a_terminal = "\n".join(lines(await asked(running.url, API_KEY, call.call)))
        with pytest.raises(PhoneagentError, match="expected the id of a call"):
            await asked(running.url, API_KEY, "CAnone")
        with pytest.raises(SettingsError, match="PHONEAGENT_API_KEYS"):
            await asked(running.url, "wrong", call.call)
    assert early.status == 404
    assert early.problem["type"].endswith(":no-report")
    assert told.of("analysed") == [{"order": "", "success": "pass", "problems": []}]

    assert (report["summary"], report["data"], report["success"]) == (GOOD["summary"], GOOD["data"], GOOD["success"])
    assert (report["id"], report["status"], report["ended_reason"]) == (call.call, "completed", "agent")
    assert (report["problems"], report["interruptions"]) == ([], 0)
    assert report["duration"] == pytest.approx(call.ear.duration, abs=0.5)
    assert [turn["role"] for turn in report["turns"]].count("caller") == 3
    (run,) = report["tools"]
    assert run["name"] == "book_table"
    assert json.loads(run["arguments"])["people"] == 2

    ((system, transcript),) = writer.asked
    assert json.dumps(SCHEMA) in system.text
    assert "The caller has a table." in system.text
    assert "who called and why." in system.text
    assert "caller: A table for two, please." in transcript.text
    assert "tool book_table {" in transcript.text

    for shown_there in ("A table for two.", "success: pass. They have a table", '"people": 2', "heard", "book_table"):
        assert shown_there in in_a_terminal
    assert f"costs: {report['costs']['total']:.4f} USD (list prices of " in in_a_terminal
    assert "problem" not in in_a_terminal

    assert_costs_are_told_by_provider_and_kind(report, produced, spent=shown["spent"])
    assert_latencies_are_those_of_the_turns(report, told)


def assert_costs_are_told_by_provider_and_kind(report, produced, *, spent):
    costs = report["costs"]
    items = {(item["provider"], item["model"], item["unit"]): item for item in costs["items"]}
    minutes = items["twilio", "inbound", "seconds"]
    assert minutes["amount"] == report["duration"]
    assert minutes["cost"] == pytest.approx(0.0085), "begun minutes count whole"
    heard = items["deepgram", "flux-general-en", "seconds"]
    assert heard["amount"] == items["twilio", "media-stream", "seconds"]["amount"]
    assert heard["amount"] == pytest.approx(report["duration"], abs=0.5)
    assert heard["cost"] == pytest.approx(heard["amount"] * 0.0065 / 60, abs=1e-6)
    said = sum(len(turn["text"]) for turn in report["turns"] if turn["role"] == "agent")
    assert items["elevenlabs", "eleven_flash_v2_5", "characters"]["amount"] == pytest.approx(said, rel=0.4)
    written = items["local", "gpt-5.4-mini", "tokens_out"]["amount"]
    analysed = items["local", "gpt-5.6-luna", "tokens_out"]["amount"]
    assert written + analysed == pytest.approx(produced, abs=3), "also of answers that were thrown away"
    assert analysed > 20
    assert costs["complete"] is True
    assert costs["total"] == pytest.approx(sum(item["cost"] for item in costs["items"]))
    assert costs["total"] == pytest.approx(spent, abs=0.001), "tokens of a server of one's own are free"
    assert (costs["currency"], costs["prices"][:11]) == ("USD", "list prices")


def assert_latencies_are_those_of_the_turns(report, told):
    heard = [turn["latency"]["heard"] for turn in told.of("turn_ended") if "heard" in turn["latency"]]
    stages = {each["stage"]: each for each in report["latency"]}
    assert len(heard) == 3
    assert stages["heard"] == {"stage": "heard", "p50": sorted(heard)[1], "p95": max(heard), "turns": 3}
    assert stages["first_token"]["p50"] < stages["first_audio"]["p50"] < stages["heard"]["p50"]


async def test_an_agent_without_an_analysis_has_a_report_all_the_same_by_its_own_prices():
    writer = Writer()
    script = CallerScript(Say("What are your opening hours?"), Say("Stop, please.", after=AgentSpeaking(1.0)), HangUp())
    prices = Prices(minute=0.6, currency="EUR")
    async with called(agent(prices=prices), writer, script=script) as (_, told, rest, call):
        report = await reported(told, rest, call.call)
    assert writer.asked == []
    assert (report["summary"], report["data"], report["success"], report["problems"]) == ("", None, None, [])
    assert (report["interruptions"], report["ended_reason"]) == (1, "caller")
    assert (report["costs"]["currency"], report["costs"]["prices"]) == ("EUR", "the agent's [prices]")
    assert report["costs"]["total"] == pytest.approx(report["duration"] * 0.01, abs=1e-4)


async def test_an_agent_made_in_python_whose_schema_is_none_stops_the_start():
    made = agent(analysis=Analysis(data={"type": "strng"}))
    with pytest.raises(SettingsError, match=r"agent 'front-desk': analysis.data.type: expected a JSON schema"):
        async with world(made, mind=Writer()):
            pass


async def test_who_has_no_known_price_is_told(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text('as_of = 2026-01-01\nprices = []\ncurrency = "PLN"\n')
    async with called(agent(), Writer(), script=CallerScript(HangUp(after=AgentSpeaking(0.5))), prices=file) as (
        _,
        told,
        rest,
        call,
    ):
        report = await reported(told, rest, call.call)
    assert (report["costs"]["complete"], report["costs"]["total"]) == (False, 0.0)
    assert report["costs"]["prices"] == "prices.toml of 2026-01-01"
    assert {item["cost"] for item in report["costs"]["items"]} == {None}


async def test_a_report_reaches_a_receiver_that_fails_twice():
    """Signed by the convention, and verified with its library; the same as over REST."""
    async with receiving(500, 503, 200) as receiver:
        webhook = Webhook(receiver.url, (Private(SECRET),), ("call.analysed",), private=True)
        made = agent(analysis=ANALYSIS, webhooks=(webhook,))
        async with called(made, Writer()) as (_, told, rest, call):
            report = await reported(told, rest, call.call)
            await receiver.until(lambda: bool(receiver.messages))
    (message,) = receiver.messages
    assert message["type"] == "call.analysed"
    assert message["data"]["call"]["id"] == call.call
    assert message["data"]["report"] == report
    assert len(receiver.attempts) == 3
    assert len({name for name, _ in receiver.attempts}) == 1


async def test_a_model_that_never_answers_is_asked_later_and_then_let_be():
    async with world(agent(analysis=ANALYSIS), mind=Writer()) as (running, told), client(running.url) as rest:
        assert running.openai is not None
        running.openai.faults.add(Fault("stall"), whom=lambda attempt: attempt.model == "gpt-5.6-luna")
        call = await running.carrier.call(running.voice_url, caller=CallerScript(Say("A table for two."), HangUp()))
        began = asyncio.get_running_loop().time()
        report = await reported(told, rest, call.call)
        took = asyncio.get_running_loop().time() - began
    assert report["problems"] == ["analysis: compatible: no token within 60 s"]
    assert 4 * 60 + 370 < took < 4 * WITHIN + 420, "four times, with ten seconds, one and five minutes between"
    assert report["summary"] == ""


# --- processes that die


async def test_another_process_reports_when_the_one_that_had_the_call_has_died():
    """Between the end and the report: the end was written, and nobody else was told of it."""
    store = MemoryStore()
    writer = Writer()
    async with world(agent(analysis=ANALYSIS), mind=writer, store=Kept(store)) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=BOOKING)
        stored = await store.load_call(call.call)
        assert stored is not None
        assert stored.record.ended is not None
        assert writer.asked == []
    assert await store.reports.load(call.call) is None
    async with world(agent(analysis=ANALYSIS), mind=writer, store=Kept(store)) as (running, told):
        await told.until(lambda: bool(told.of("analysed")))
        report = await store.reports.load(call.call)
    assert report is not None
    assert report.success == Verdict("pass", "They have a table.")
    assert report.turns == stored.turns


async def test_a_report_that_was_being_made_is_made_elsewhere():
    store = MemoryStore()
    writer = Writer()
    async with world(agent(analysis=ANALYSIS), mind=writer, store=Kept(store)) as (running, told):
        assert running.openai is not None
        running.openai.faults.add(Fault("stall"), whom=lambda attempt: attempt.model == "gpt-5.6-luna")
        call = await running.carrier.call(running.voice_url, caller=BOOKING)
        await asyncio.sleep(20)
        assert writer.asked != []
    async with world(agent(analysis=ANALYSIS), mind=writer, store=Kept(store)) as (running, told):
        began = asyncio.get_running_loop().time()
        await told.until(lambda: bool(told.of("analysed")))
        took = asyncio.get_running_loop().time() - began
    assert took < 100, "the process that was stopped gave it back"
    report = await store.reports.load(call.call)
    assert report is not None
    assert report.summary == GOOD["summary"]


class Kept:
    """A store that outlives the processes that close it."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def aclose(self):
        pass


async def test_a_report_covers_what_all_processes_had_of_a_call():
    async with two_processes(made=agent(analysis=ANALYSIS), mind=Writer()) as (running, told, other):
        placed = running.carrier.dial(running.voice_url, caller=BOOKING)
        await told.until(lambda: len(told.of("turn_ended")) == 3)
        before = (await other.state.switchboard.look_up(placed.sid)).record
        move(running, other)
        await placed.ended
        async with client(running.url) as rest:
            report = await reported(told, rest, placed.sid)
    assert [each["resumed"] for each in told.of("call_started")] == [False, True]
    heard = [turn["latency"]["heard"] for turn in told.of("turn_ended") if "heard" in turn["latency"]]
    stages = {each["stage"]: each for each in report["latency"]}
    assert (stages["heard"]["turns"], stages["heard"]["p95"]) == (len(heard), max(heard))
    items = {(item["provider"], item["unit"]): item["amount"] for item in report["costs"]["items"]}
    known = {(used.provider, used.unit): used.amount for used in before.used}
    assert items["deepgram", "seconds"] == pytest.approx(report["duration"], abs=3.0)
    assert items["deepgram", "seconds"] > known["deepgram", "seconds"] > 0
    assert items["elevenlabs", "characters"] > known["elevenlabs", "characters"] > 0
