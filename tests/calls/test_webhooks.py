"""What an operator's own system is told of whole calls, by requests that it verifies with the library."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

from pydantic import SecretStr
from starlette.responses import JSONResponse

from phoneagent.deliveries import Incoming, Webhook
from phoneagent.private import Private
from phoneagent.records import Handoff
from phoneagent.simulator.caller import AgentFinished, CallerScript, HangUp, Say
from phoneagent.simulator.carrier import AGENT_NUMBER, CALLER_NUMBER
from phoneagent.simulator.mind import Rule, ScriptedMind
from phoneagent.simulator.placed_call import Callee
from tests.calls.world import HOURS, agent, world
from tests.web.api.client import client
from tests.webhooks.receiver import SECRET, receiving

ANA = "+12125550123"
TALKS = CallerScript(Say("What are your hours?", after=AgentFinished(0.5)), Say("Goodbye", after=AgentFinished(0.5)))
WITHOUT_REPORT = ("call.started", "turn.ended", "tool.called", "tool.returned", "call.transfer", "call.ended")


def told(receiver, *events):
    return Webhook(receiver.url, (Private(SECRET),), events or WITHOUT_REPORT, private=True)


@asynccontextmanager
async def dialled(receiver, script, *events, made=None, **options):
    """A call that came in, when its end has arrived."""
    made = replace(made or agent(), webhooks=(told(receiver, *events),))
    async with world(made, **options) as (running, _):
        call = running.carrier.dial(running.voice_url, caller=script)
        await receiver.until(lambda: "call.ended" in receiver.types)
        yield call


async def test_a_call_is_told_from_its_beginning_to_its_end():
    async with receiving() as receiver, dialled(receiver, TALKS) as call:
        await asyncio.sleep(10)
    first, *_, last = receiver.messages
    assert receiver.types[0] == "call.started"
    assert receiver.types.count("call.started") == receiver.types.count("call.ended") == 1
    turns = [message["data"] for message in receiver.messages if message["type"] == "turn.ended"]
    assert [turn["role"] for turn in turns] == ["agent", "caller", "agent", "caller", "agent"]
    assert turns[2]["text"] == HOURS
    assert turns[2]["response_latency"] > 0
    assert first["data"]["call"] == {
        "id": call.sid,
        "carrier_id": call.sid,
        "direction": "inbound",
        "from": CALLER_NUMBER,
        "to": AGENT_NUMBER,
        "metadata": {},
        "agent": "front-desk",
    }
    assert last["data"]["status"] == "completed"
    assert last["data"]["reason"] == "agent"
    moments = [message["timestamp"] for message in receiver.messages]
    assert moments == sorted(moments)


async def test_the_end_of_a_call_reaches_a_receiver_that_fails_twice():
    async with receiving(500, 503, 200) as receiver, dialled(receiver, TALKS, "call.ended") as call:
        pass
    (ended,) = receiver.messages
    assert ended["data"]["call"]["id"] == call.sid
    assert len(receiver.attempts) == 3
    assert len({name for name, _ in receiver.attempts}) == 1


async def test_the_report_of_a_call_reaches_a_receiver_that_fails_twice():
    async with receiving(500, 503, 200) as receiver:
        made = agent(webhooks=(told(receiver, "call.analysed"),))
        async with world(made) as (running, _), client(running.url) as rest:
            call = running.carrier.dial(running.voice_url, caller=TALKS)
            await receiver.until(lambda: receiver.messages)
            shown = await rest.get(f"/v1/calls/{call.sid}/report")
    (analysed,) = receiver.messages
    assert len(receiver.attempts) == 3
    assert len({name for name, _ in receiver.attempts}) == 1
    assert analysed["type"] == "call.analysed"
    assert analysed["data"]["report"] == shown.json
    assert [turn["text"] for turn in shown.json["turns"] if turn["role"] == "agent"][1] == HOURS


async def test_what_could_not_be_delivered_is_shown_and_delivered_again(monkeypatch):
    monkeypatch.setattr("phoneagent.call.courier.SCHEDULE", (5.0,))
    async with receiving(500) as receiver:
        made = agent(webhooks=(told(receiver, "call.ended"),))
        async with world(made) as (running, _), client(running.url) as rest:
            call = running.carrier.dial(running.voice_url, caller=TALKS)
            await receiver.until(lambda: len(receiver.attempts) == 2)
            await asyncio.sleep(1)
            (letter,) = (await rest.get("/v1/webhooks/dead")).json["items"]
            metrics = (await rest.get("/metrics")).text
            receiver.answers = [200]
            again = await rest.post(f"/v1/webhooks/{letter['id']}/redeliver")
            await receiver.until(lambda: receiver.messages)
            left = (await rest.get("/v1/webhooks/dead")).json
            unknown = await rest.post(f"/v1/webhooks/{letter['id']}/redeliver")
    assert (letter["type"], letter["call"], letter["url"]) == ("call.ended", call.sid, receiver.url)
    assert (letter["attempts"], letter["problem"]) == (2, "expected a status from 200 to 299, got 500")
    assert letter["id"] == receiver.attempts[0][0]
    assert again.status == 202
    assert left == {"items": [], "next_cursor": None}
    assert unknown.problem["type"] == "urn:problem-type:phoneagent:unknown-message"
    assert 'phoneagent_webhook_messages_total{outcome="dead"} 1.0' in metrics


async def test_a_tool_and_a_transfer_are_told():
    script = CallerScript(
        Say("A table for two please", after=AgentFinished(0.5)),
        Say("I want to speak to the manager", after=AgentFinished(0.5)),
    )
    async with receiving() as receiver, dialled(receiver, script, callees={"+15005550010": Callee("busy")}):
        pass
    tools = [message for message in receiver.messages if message["type"].startswith("tool.")]
    assert [(each["type"], each["data"]["tool"]) for each in tools][:2] == [
        ("tool.called", "book_table"),
        ("tool.returned", "book_table"),
    ]
    states = [each["data"]["state"] for each in receiver.messages if each["type"] == "call.transfer"]
    assert states[0] == "begun"


async def test_a_placed_call_is_told_with_what_was_noted_of_it():
    async with receiving() as receiver:
        made = agent(webhooks=(told(receiver),))
        options = {"callees": {ANA: Callee("busy")}, "twilio_phone_number": AGENT_NUMBER, "allowed_countries": ("US",)}
        async with world(made, **options) as (running, _), client(running.url) as rest:
            placed = await rest.post("/v1/calls", {"to": ANA, "metadata": {"crm": "17"}})
            await receiver.until(lambda: receiver.messages)
    (ended,) = receiver.messages
    shown = ended["data"]["call"]
    assert (shown["id"], shown["to"], shown["metadata"]) == (placed.json["id"], ANA, {"crm": "17"})
    assert (ended["type"], ended["data"]["status"], ended["data"]["problem"]) == ("call.ended", "busy", "SIP 486: busy")


async def test_agents_tell_their_own_and_both_tell_of_a_call_that_one_handed_to_the_other():
    mind = ScriptedMind(
        Rule("invoice", "One moment.", call="hand_over", arguments={"agent": "billing"}), default="Yes?"
    )
    script = CallerScript(Say("It is about my invoice", after=AgentFinished(0.5)), HangUp(after=AgentFinished(3.0)))
    async with receiving() as desk, receiving() as billing, receiving() as other, receiving() as everybody:
        agents = {
            "front-desk": agent(webhooks=(told(desk, "call.ended"),), handoffs={"billing": Handoff()}),
            "billing": agent(name="billing", webhooks=(told(billing, "call.ended"),)),
            "other": agent(name="other", webhooks=(told(other),)),
        }
        general = {
            "webhook_url": everybody.url,
            "webhook_secret": SecretStr(SECRET),
            "webhook_events": ("call.ended",),
            "webhook_private": True,
        }
        async with world(agents, mind=mind, **general) as (running, _):
            running.carrier.dial(running.voice_url, caller=script)
            for each in (desk, billing, everybody):
                await each.until(lambda each=each: each.messages)
    assert desk.types == billing.types == everybody.types == ["call.ended"]
    assert desk.messages[0]["data"]["call"]["agent"] == "billing"
    assert not other.attempts


async def test_a_call_that_was_refused_is_told_too():
    async with receiving() as receiver, receiving(JSONResponse({"refuse": "busy"})) as deciding:
        asked = Incoming(Webhook(deciding.url, (Private(SECRET),), private=True))
        made = agent(webhooks=(told(receiver),), incoming=asked)
        async with world(made) as (running, _):
            await running.carrier.dial(running.voice_url, caller=TALKS).ended
            await receiver.until(lambda: receiver.messages)
            await asyncio.sleep(10)
    (ended,) = receiver.messages
    assert (ended["type"], ended["data"]["status"], ended["data"]["reason"]) == ("call.ended", "busy", "refused")


async def test_a_receiver_that_never_answers_is_not_noticed_in_the_call():
    async with receiving(None) as silent:
        made = agent(webhooks=(told(silent),))
        async with world(made) as (running, seen):
            running.carrier.dial(running.voice_url, caller=TALKS)
            await seen.until(lambda: bool(seen.of("call_left")))
            assert len(seen.dialogue) >= 3
            assert silent.attempts
            assert max(turn["latency"]["heard"] for turn in seen.of("turn_ended") if "heard" in turn["latency"]) < 1.5
