"""The events of whole calls, followed over REST while the simulated carrier places and carries them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from phoneagent.call.steering import Control
from phoneagent.cli.rest import connected
from phoneagent.rehearsal import API_KEY
from phoneagent.simulator.caller import AgentFinished, AgentSpeaking, CallerScript, HangUp, Press, Say
from phoneagent.simulator.carrier import AGENT_NUMBER
from phoneagent.simulator.placed_call import Callee
from phoneagent.store.memory import MemoryStore
from tests.calls.world import HOURS, agent, world

ANA = "+12125550123"
TALKS = CallerScript(Say("What are your hours?", after=AgentFinished(0.5)), Say("Goodbye", after=AgentFinished(0.5)))


@asynccontextmanager
async def office(callee, **options):
    """A running world, a client, and a way to have Ana called."""
    store = MemoryStore()
    options = {"callees": {ANA: callee}, "twilio_phone_number": AGENT_NUMBER, "allowed_countries": ("US",), **options}
    async with world(agent(), store=store, **options) as (running, _), connected(running.url, API_KEY) as client:
        yield running, client


async def called(client):
    placed = await client.place({"to": ANA}, idempotency_key="k")
    return placed["id"]


async def followed(client, call):
    return [happening async for happening in client.events(call)]


def words(happenings):
    """Each event in a word: statuses, who speaks, and otherwise its name."""
    return [
        happening.values.get("status") or happening.values.get("role") or happening.event for happening in happenings
    ]


def said(happenings):
    """What events tell, without when it was and of which call: these have digits of any kind."""
    unsaid = ("at", "seconds", "carrier_id", "response_latency")
    return [{name: each.values[name] for name in each.values if name not in unsaid} for each in happenings]


async def test_a_placed_call_is_seen_from_the_wish_to_its_end():
    async with office(Callee(ring=3.0, script=TALKS)) as (_, client):
        order = await called(client)
        seen = await followed(client, order)
        call = await client.call(order)
        again = await followed(client, call["carrier_id"])
    told = [word for word in words(seen) if word != "answered_by"]  # when that is certain depends on what is said
    assert [*told[:-2], *sorted(told[-2:])] == [
        *("queued", "dialling", "ringing", "in-progress", "agent_connected"),
        *("agent", "caller", "agent", "caller", "agent"),
        *("agent_disconnected", "completed"),  # in any order: we tell the one, the carrier the other
    ]
    assert [each.values["answered_by"] for each in seen if each.event == "answered_by"] == ["human"]
    assert again == seen, "by the carrier's id too, and afterwards"
    turns = [happening.values["text"] for happening in seen if happening.event == "turn"]
    assert turns[2] == HOURS
    assert turns[-1] == "Thank you for calling. Goodbye."
    moments = [happening.values["at"] for happening in seen]
    assert moments == sorted(moments)
    (carrier_id,) = {each.values["carrier_id"] for each in seen if "carrier_id" in each.values}
    assert carrier_id == call["carrier_id"]


@pytest.mark.parametrize(
    ("callee", "statuses", "problem"),
    [
        (Callee("busy"), ["queued", "dialling", "ringing", "busy"], "SIP 486: busy"),
        (Callee("no-answer"), ["queued", "dialling", "ringing", "no-answer"], "SIP 480: cannot be reached now"),
        (Callee(refused=21211), ["queued", "dialling", "failed"], "21211"),
    ],
)
async def test_why_a_call_did_not_come_about(callee, statuses, problem):
    async with office(callee) as (_, client):
        seen = await followed(client, await called(client))
    assert [word for word in words(seen) if word != "ringing"] == [word for word in statuses if word != "ringing"]
    assert problem in seen[-1].values["problem"]


async def test_a_call_that_is_cancelled_while_it_rings():
    async with office(Callee(ring=20.0)) as (running, client):
        order = await called(client)
        following = asyncio.create_task(followed(client, order))
        await asyncio.sleep(5)
        await running.app.state.dialler.cancel(order)
        seen = await following
    assert words(seen)[-2:] == ["cancel_asked", "canceled"]


async def test_what_operators_do_is_seen_but_not_what_they_note():
    async with office(Callee(script=CallerScript(HangUp(after=AgentFinished(20.0))))) as (running, client):
        order = await called(client)
        following = asyncio.create_task(followed(client, order))
        await asyncio.sleep(8)
        call = (await client.call(order))["carrier_id"]
        for control in (
            Control("instruct", "He owes us money."),
            Control("say", "The kitchen closes at ten."),
            Control("mute"),
            Control("unmute"),
            Control("dtmf", "42"),
        ):
            await running.app.state.steering.send(call, control)
            await asyncio.sleep(3)
        seen = await following
    assert [happening.values["action"] for happening in seen if happening.event == "steered"] == [
        *("instruct", "say", "mute", "unmute", "dtmf")
    ]
    assert {"muted", "unmuted", "keys_sent"} <= {happening.event for happening in seen}
    assert "The kitchen closes at ten." in [happening.values.get("text") for happening in seen]
    assert "owes" not in str(seen)
    (sent,) = [happening.values for happening in seen if happening.event == "keys_sent"]
    assert {name: value for name, value in sent.items() if name not in ("at", "seconds")} == {"keys": 2, "whole": True}
    assert "42" not in str(said(seen))


async def test_an_interruption_and_a_caller_who_hangs_up_in_the_middle():
    script = CallerScript(
        Say("What are your hours?", after=AgentFinished(0.5)),
        Say("A table for two please", after=AgentSpeaking(1.5)),
        HangUp(after=AgentSpeaking(0.2)),
    )
    async with office(Callee(script=script)) as (_, client):
        seen = await followed(client, await called(client))
    (interrupted,) = [happening for happening in seen if happening.event == "interrupted"]
    assert HOURS.startswith(interrupted.values["heard"].rstrip(" —"))
    cut = [happening.values for happening in seen if happening.values.get("interrupted")]
    assert [turn["role"] for turn in cut] == ["agent", "agent"]


async def test_the_last_words_of_a_caller_who_hangs_up_at_once():
    script = CallerScript(Say("No thank you", after=AgentFinished(0.5)), HangUp(after=0.0))
    async with office(Callee(script=script)) as (_, client):
        order = await called(client)
        seen = await followed(client, order)
    assert [each.values["text"] for each in seen if each.values.get("role") == "caller"] == ["No thank you"]


SECRET = replace(agent().phrasing, greeting="Please enter your card number.")


async def test_digits_of_a_sensitive_entry_are_not_told():
    made = replace(agent(), phrasing=SECRET)
    script = CallerScript(Press("4111", after=AgentFinished(0.5)), HangUp(after=AgentFinished(1.0)))
    options = {"callees": {ANA: Callee(script=script)}, "twilio_phone_number": AGENT_NUMBER}
    async with (
        world(made, store=MemoryStore(), allowed_countries=("US",), **options) as (running, _),
        connected(running.url, API_KEY) as client,
    ):
        seen = await followed(client, await called(client))
    entered = [happening.values["text"] for happening in seen if happening.values.get("role") == "caller"]
    assert entered
    assert "4111" not in str(said(seen))


async def test_a_call_that_came_in_ends_its_stream_when_the_caller_hangs_up():
    async with office(Callee()) as (running, client):
        call = running.carrier.dial(running.voice_url, caller=TALKS)
        await asyncio.sleep(1.0)
        seen = await followed(client, call.sid)
    assert words(seen) == [
        *("ringing", "in-progress", "agent_connected"),
        *("agent", "caller", "agent", "caller", "agent"),
        *("agent_disconnected", "completed"),
    ]
