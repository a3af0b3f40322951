"""What every agent can be given, at the ear: a text message, and a call back."""

from __future__ import annotations

import asyncio
import json
from functools import partial

import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.app import create_app
from phoneagent.conversation.transcript import ToolCall
from phoneagent.errors import SettingsError
from phoneagent.settings import Settings
from phoneagent.simulator.call_order import Callee
from phoneagent.simulator.caller import AgentFinished, CallerScript, HangUp, Say
from phoneagent.simulator.carrier import AGENT_NUMBER
from phoneagent.simulator.mind import Answer
from phoneagent.store.memory import MemoryStore

from .world import world

AGENT = """
name = "shop"
greeting = "The shop, good morning."
instructions = "You tell callers of their orders. This call is about {purpose}."
timezone = "Europe/Berlin"
built_in = ["send_sms", "schedule_callback"]
[variables]
purpose = "whatever they want"
"""
ANA = "+12125550123"
ADDRESS = "The shop, 12 Mulberry Street"
SCRIPT = CallerScript(Say("Send me the address"), Say("Call me back in ten minutes"), Say("Goodbye"))


class Mind:
    """Does what the caller wants."""

    def __init__(self):
        self.instructions = []

    def __call__(self, messages):
        self.instructions.append(messages[0].text)
        last = messages[-1].text
        if messages[-1].role == "tool":
            return Answer(last)
        if "address" in last:
            return Answer("I will send it.", (ToolCall("", "send_sms", json.dumps({"text": ADDRESS})),))
        if "Call me back" in last:
            wanted = {"in_minutes": 10, "reason": "your order"}
            return Answer("", (ToolCall("", "schedule_callback", json.dumps(wanted)),))
        return Answer("Goodbye.", (ToolCall("", "end_call", "{}"),))


def test_a_server_without_a_carrier_says_what_is_missing():
    shop = parse_agent(AGENT, "shop.toml")
    with pytest.raises(SettingsError, match=r"TWILIO_ACCOUNT_SID .*'shop' has schedule_callback and send_sms"):
        create_app(shop, settings=Settings.model_construct(), dev=True)


async def test_a_caller_gets_a_text_and_a_call_back():
    store, mind = MemoryStore(), Mind()
    back = Callee(ring=2.0, script=CallerScript(HangUp(after=AgentFinished(0.5))))
    options = {"callees": {ANA: back}, "twilio_phone_number": AGENT_NUMBER, "allowed_countries": ("US",)}
    async with world(parse_agent(AGENT, "shop.toml"), store=store, mind=mind, **options) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=SCRIPT, from_=ANA)
        async with asyncio.timeout(3600):
            again = await running.carrier.placed_by_rest.get()
            await again.ended
        [order] = (await store.orders.page()).orders
    assert call.violations == ()
    [message] = running.carrier.messages
    assert (message.to, message.from_, message.text) == (ANA, AGENT_NUMBER, ADDRESS)
    assert told.dialogue[1] == "Send me the address / I will send it. Sent."
    assert told.dialogue[2].startswith("Call me back in ten minutes / Scheduled: they are called back on ")
    assert order.variables["purpose"] == "your order"
    assert order.not_before - order.created == pytest.approx(600, abs=0.1)
    assert "When this call began it was " in mind.instructions[0]
    assert "(Europe/Berlin)" in mind.instructions[0]


@pytest.mark.parametrize(("told", "texts"), [("TN-Validation-Passed-A", 1), ("TN-Validation-Passed-C", 0), ("", 0)])
async def test_who_may_be_anybody_gets_nothing_where_that_is_asked_for(told, texts):
    store = MemoryStore()
    options = {"twilio_phone_number": AGENT_NUMBER, "allowed_countries": ("US",), "caller_attestation": "A"}
    async with world(parse_agent(AGENT, "shop.toml"), mind=Mind(), store=store, **options) as (running, notes):
        running.carrier.dial(running.voice_url, caller=SCRIPT, from_=ANA, parameters={"StirVerstat": told})
        await notes.until(lambda: bool(notes.of("call_left")))
        assert len(running.carrier.messages) == texts
        assert len((await store.orders.page()).orders) == texts


def left(notes, calls):
    return len(notes.of("call_left")) == calls


async def test_a_number_that_many_call_in_the_name_of_gets_little():
    store = MemoryStore()
    options = {
        "twilio_phone_number": AGENT_NUMBER,
        "allowed_countries": ("US",),
        "texts_a_day": 2,
        "callbacks_a_day": 1,
    }
    async with world(parse_agent(AGENT, "shop.toml"), mind=Mind(), store=store, **options) as (running, notes):
        for number in range(1, 5):
            running.carrier.dial(running.voice_url, caller=SCRIPT, from_=ANA)
            await notes.until(partial(left, notes, number))
        assert len(running.carrier.messages) == 2
        assert len((await store.orders.page()).orders) == 1
