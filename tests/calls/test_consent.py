"""Whole calls with people who must hear something first, or do not want to be called again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from phoneagent.conversation.do_not_call import confirmation
from phoneagent.simulator.caller import AgentSpeaking, CallerScript, HangUp, Say
from phoneagent.simulator.placed_call import Callee
from phoneagent.store.memory import MemoryStore
from tests.web.api.client import client

from .world import agent, world

THEIRS = "+12125550123"
CALLING = {"twilio_phone_number": "+15005550006", "allowed_countries": ("US",)}
NOTICE = "You are talking with an artificial intelligence."


def disclosing():
    made = agent()
    return replace(made, phrasing=replace(made.phrasing, disclosure=NOTICE))


async def test_who_is_called_and_wants_no_more_calls_gets_none():
    store = MemoryStore()
    script = CallerScript(Say("Please do not call me again."), HangUp())
    options: dict[str, Any] = {"callees": {THEIRS: Callee(script=script)}, **CALLING}
    async with world(store=store, **options) as (running, told), client(running.url) as rest:
        placed = (await rest.post("/v1/calls", {"to": THEIRS})).json
        await told.until(lambda: bool(told.of("call_left")))
        await asyncio.sleep(15)
        shown = (await rest.get(f"/v1/calls/{placed['id']}")).json
        transcript = (await rest.get(f"/v1/calls/{placed['id']}/transcript")).json
        report = (await rest.get(f"/v1/calls/{placed['id']}/report")).json
        (entry,) = (await rest.get("/v1/do-not-call")).json["items"]
        again = await rest.post("/v1/calls", {"to": THEIRS})
    assert told.of("do_not_call") == [{}]
    assert (shown["do_not_call"], report["do_not_call"]) == (True, True)
    assert transcript["turns"][2]["text"] == confirmation("en")
    assert (entry["number"], entry["source"], entry["call"]) == (THEIRS, "callee", shown["carrier_id"])
    assert again.status == 409
    assert again.problem["type"].endswith(":do-not-call")


async def test_who_calls_in_is_put_on_the_list_by_their_own_number():
    store = MemoryStore()
    async with world(store=store) as (running, told):
        call = running.carrier.dial(running.voice_url, caller=CallerScript(Say("Stop calling me!"), Say("Goodbye")))
        await told.until(lambda: bool(told.of("call_left")))
        record = await store.load_record(call.sid)
    assert record is not None
    (entry,) = (await store.do_not_call.page()).entries
    assert entry.number == record.caller
    assert record.do_not_call


@pytest.mark.parametrize("placed", [False, True])
async def test_a_disclosure_that_is_talked_over_is_said_again_and_its_time_is_known(placed):
    store = MemoryStore()
    script = CallerScript(Say("Hello, who is this please?", after=AgentSpeaking(0.8)), Say("Goodbye"))
    options: dict[str, Any] = {"callees": {THEIRS: Callee(script=script)}, **CALLING}
    async with world(disclosing(), store=store, **options) as (running, told), client(running.url) as rest:
        if placed:
            call = (await rest.post("/v1/calls", {"to": THEIRS})).json["id"]
        else:
            call = running.carrier.dial(running.voice_url, caller=script).sid
        await told.until(lambda: bool(told.of("call_left")))
        await asyncio.sleep(15)
        shown = (await rest.get(f"/v1/calls/{call}")).json
        report = (await rest.get(f"/v1/calls/{call}/report")).json
    agent_turns = [turn["agent"] for turn in told.of("turn_ended")]
    assert NOTICE not in agent_turns[0], "it was cut"
    assert agent_turns[1].startswith(NOTICE)
    assert len(told.of("disclosed")) == 1
    [at] = [at for _, at, name, _ in told.facts if name == "disclosed"]
    assert at > 4.0
    assert shown["disclosed_at"] is not None
    assert shown["disclosed_at"] == report["disclosed_at"]


async def test_who_hangs_up_before_its_end_has_not_heard_it():
    store = MemoryStore()
    async with world(disclosing(), store=store) as (running, told):
        call = running.carrier.dial(running.voice_url, caller=CallerScript(HangUp(after=AgentSpeaking(1.0))))
        await told.until(lambda: bool(told.of("call_left")))
        record = await store.load_record(call.sid)
    assert record is not None
    assert record.disclosed == 0.0
    assert told.of("disclosed") == []
