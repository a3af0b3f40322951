"""What programs read of agents and calls, over real sockets and beside real calls."""

from __future__ import annotations

import asyncio
import re

import pytest

from phoneagent.providers.tts.espeak import EspeakVoice
from phoneagent.rehearsal import rehearsal
from phoneagent.simulator.caller import AgentSpeaking, CallerScript, HangUp, Say
from tests.calls.world import HOURS, MIND, agent, world

from .client import client

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def test_agents_are_listed_with_what_is_taken_where_none_is_named():
    two = {"front-desk": agent(), "sales": agent(name="sales", language="de")}
    async with (
        rehearsal(two, synthesizer=EspeakVoice(), mind=MIND) as running,
        client(running.url) as rest,
    ):
        answer = await rest.get("/v1/agents")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["next_cursor"] is None
    assert [(one["name"], one["default"], one["language"]) for one in answer.json["items"]] == [
        ("front-desk", True, "en"),
        ("sales", False, "de"),
    ]
    assert answer.json["items"][0]["stt"] == {"provider": "deepgram", "model": "flux-general-en"}


async def test_the_same_state_is_told_in_the_same_bytes():
    async with world() as (running, _), client(running.url) as rest:
        assert (await rest.get("/v1/agents")).text == (await rest.get("/v1/agents")).text


async def test_a_call_can_be_read_while_it_lasts_and_after_it():
    async with world() as (running, told), client(running.url) as rest:
        script = CallerScript(Say("What are your opening hours?"), Say("Goodbye"))
        call = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("turn_ended")) > 1)
        await asyncio.sleep(0.2)
        during = await rest.get(f"/v1/calls/{call.sid}")
        await told.until(lambda: bool(told.of("call_left")))
        after = await rest.get(f"/v1/calls/{call.sid}")
        transcript = await rest.get(f"/v1/calls/{call.sid}/transcript")
    assert during.json["status"] == "in-progress"
    assert during.json["ended_at"] is None
    assert after.json["status"] == "completed"
    assert after.json["ended_reason"] == "agent"
    assert (after.json["agent"], after.json["direction"]) == ("front-desk", "inbound")
    assert after.json["from"].startswith("+1")
    assert after.json["to"].startswith("+1")
    assert TIME.fullmatch(after.json["started_at"])
    assert after.json["started_at"] <= after.json["ended_at"]
    assert transcript.json["call"] == call.sid
    said = [(turn["role"], turn["text"]) for turn in transcript.json["turns"]]
    assert ("caller", "What are your opening hours?") in said
    assert ("agent", HOURS) in said
    ats = [turn["at"] for turn in transcript.json["turns"]]
    assert ats == sorted(ats)


async def test_of_an_interrupted_turn_the_transcript_has_what_was_heard():
    async with world() as (running, _), client(running.url) as rest:
        script = CallerScript(
            Say("What are your opening hours?"),
            Say("I want to speak to the manager please", after=AgentSpeaking(2.0)),
            HangUp(after=AgentSpeaking(0.5)),
        )
        call = running.carrier.dial(running.voice_url, caller=script)
        await call.ended
        transcript = await rest.get(f"/v1/calls/{call.sid}/transcript")
    (cut,) = [turn for turn in transcript.json["turns"] if turn["interrupted"] and turn["text"].startswith("We are")]
    assert HOURS.startswith(cut["text"].removesuffix("…").strip())
    assert len(cut["text"]) < len(HOURS)


@pytest.mark.parametrize("path", ["/v1/calls/CA" + "0" * 32, "/v1/calls/x/transcript", "/v1/calls/%F0%9F%93%9E"])
async def test_a_call_that_is_not_known(path):
    async with world() as (running, _), client(running.url) as rest:
        answer = await rest.get(path)
    assert answer.status == 404
    assert answer.problem["type"] == "urn:problem-type:phoneagent:unknown-call"
