"""Calls that go from one agent to another: a receptionist hands to billing, at the caller's ear."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from phoneagent.agent_file import load_agents, parse_agent
from phoneagent.call import summary
from phoneagent.errors import SettingsError
from phoneagent.records import ProviderChoice
from phoneagent.simulator.caller import CallerScript, Say
from phoneagent.simulator.elevenlabs import VOICES
from phoneagent.simulator.mind import Answer, Rule, ScriptedMind
from phoneagent.web.api.representations import CallView

from .world import world

RECEPTION = """
name = "reception"
greeting = "Reception, good morning."
instructions = "You are the receptionist."
[handoff.billing]
when = "questions about invoices"
history = "HISTORY"
say = "SAY"
"""
BILLING = """
name = "billing"
greeting = "Billing here. What is your number?"
instructions = "You do the invoices."
"""
SUMMARY = "The caller is Ana and has an invoice that is too high."
SCRIPT = CallerScript(Say("My name is Ana"), Say("My invoice is too high"), Say("It is seventeen"), Say("Goodbye"))
OTHER_VOICE = max(VOICES)


class Minds:
    """Answers for both agents and remembers what each was asked."""

    def __init__(self, *, announce="I give you to my colleague.", brief=SUMMARY):
        self.asked = []
        self._brief = brief
        self._rules = ScriptedMind(
            Rule("invoice is", announce, call="hand_over", arguments={"agent": "billing"}),
            Rule("bye", "Goodbye.", call="end_call"),
            default="Very good.",
        )

    def __call__(self, messages):
        self.asked.append(messages)
        return Answer(self._brief) if messages[0].text == summary.BRIEF else self._rules(messages)

    def of(self, instructions):
        """What the model with these instructions was asked, as texts without the instructions."""
        return [[message.text for message in asked[1:]] for asked in self.asked if asked[0].text == instructions]


def agents(history="whole", say=""):
    billing = replace(
        parse_agent(BILLING, "billing.toml"),
        llm=ProviderChoice("openai", "gpt-5.6-luna"),
        tts=ProviderChoice("elevenlabs", "eleven_flash_v2_5", {"voice": OTHER_VOICE}),
    )
    reception = parse_agent(RECEPTION.replace("HISTORY", history).replace("SAY", say), "reception.toml")
    return {"reception": reception, "billing": billing}


async def play(made, minds):
    """The call, what was told of it, what the store has of it, and the world."""
    async with world(made, mind=minds) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=SCRIPT)
        identity = next(call for call, _, name, _ in told.facts if name == "call_started")
        stored = await running.app.state.switchboard.look_up(identity)
    return call, told, stored, running


@pytest.mark.parametrize("history", ["whole", "summary", "none"])
async def test_a_receptionist_hands_to_billing_with_as_much_history_as_wanted(history):
    minds = Minds()
    call, told, stored, running = await play(agents(history), minds)
    assert call.violations == ()
    assert told.dialogue == [
        " / Reception, good morning.",
        "My name is Ana / Very good.",
        "My invoice is too high / I give you to my colleague.",
        " / Billing here. What is your number?",
        "It is seventeen / Very good.",
        "Goodbye / Goodbye.",
    ]
    first = minds.of("You do the invoices.")[0]
    assert first[-2:] == ["Billing here. What is your number?", "It is seventeen"] or history == "whole"
    if history == "whole":
        assert "My name is Ana" in first
        assert first[-1] == "It is seventeen"
    elif history == "summary":
        assert len(first) == 3
        assert SUMMARY in first[0]
        assert "(reception)" in first[0]
    else:
        assert len(first) == 2
    models = {entry.data["model"] for entry in running.timeline.find("request", server="openai")}
    assert models == {"gpt-5.4-mini", "gpt-5.6-luna"}
    voices = [entry.data["path"] for entry in running.timeline.find("opened", server="elevenlabs")]
    assert any(OTHER_VOICE in path for path in voices)
    assert any(OTHER_VOICE not in path for path in voices)
    assert [held.agent for held in stored.record.held] == ["reception", "billing"]
    assert [held.agent for held in CallView.of(stored.record).held] == ["reception", "billing"]
    assert stored.record.held[0].since <= stored.record.held[1].since
    assert stored.turns[1].text == "My name is Ana", "the transcript has all"


async def test_the_model_is_told_when_to_hand_over_and_words_stand_ready():
    minds = Minds(announce="")
    made = agents(say="One moment, I connect you with billing.")
    _, told, _, _ = await play(made, minds)
    assert told.dialogue[2] == "My invoice is too high / One moment, I connect you with billing."
    assert told.dialogue[3] == " / Billing here. What is your number?"


@pytest.mark.parametrize("trouble", ["empty", "slow"])
async def test_without_a_summary_in_time_the_whole_history_goes_along(trouble, monkeypatch):
    minds = Minds(brief="" if trouble == "empty" else SUMMARY)
    if trouble == "slow":
        monkeypatch.setattr("phoneagent.call.call.BRIEFED", 0.0)
        monkeypatch.setattr("phoneagent.call.call.brief_of", never)
    _, told, _, _ = await play(agents("summary"), minds)
    assert told.dialogue[3] == " / Billing here. What is your number?"
    assert "My name is Ana" in minds.of("You do the invoices.")[0]


async def never(*_):
    await asyncio.Event().wait()


async def test_a_stream_lost_while_the_other_agent_comes_in_is_carried_on_by_that_agent():
    minds = Minds()
    async with world(agents("summary"), mind=minds) as (running, told):
        placed = running.carrier.dial(running.voice_url, caller=SCRIPT)
        await told.until(lambda: len(told.of("call_started")) == 2)
        await running.app.state.switchboard.live(placed.sid)._stream.aclose("dropped", violation=True)
        await placed.ended
    assert [started["agent"] for started in told.of("call_started")] == ["reception", "billing", "billing"]
    first = minds.of("You do the invoices.")[-1]
    assert SUMMARY in first[0], "the summary outlives the stream"
    assert told.dialogue[-1] == "Goodbye / Goodbye."


def test_agents_to_hand_to_must_be_there_and_be_others(tmp_path):
    file = tmp_path / "reception.toml"
    file.write_text(RECEPTION.replace("HISTORY", "whole"))
    with pytest.raises(SettingsError, match=r"reception.toml:5: handoff.billing: expected one of the agents"):
        load_agents(tmp_path)
    file.write_text(RECEPTION.replace("HISTORY", "some"))
    with pytest.raises(SettingsError, match=r":7: handoff.billing.history: expected 'whole', 'summary' or 'none'"):
        load_agents(tmp_path)
    file.write_text('name = "billing"\n[handoff.billing]\n')
    with pytest.raises(SettingsError, match=r":2: handoff.billing: expected another agent"):
        load_agents(tmp_path)
