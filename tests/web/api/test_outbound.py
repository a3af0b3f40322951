"""From a wish over REST to a conversation and its end, through the whole server and the simulated carrier."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from phoneagent.cli.call import Errand
from phoneagent.rehearsal import API_KEY
from phoneagent.simulator.caller import CallerScript, Say
from phoneagent.simulator.placed_call import Callee
from tests.calls.world import agent, world

from .client import client

OURS, THEIRS = "+15005550006", "+12125550123"


def reminder():
    made = agent()
    return replace(made, phrasing=replace(made.phrasing, greeting="Hello {name}, this is your table."))


async def test_who_was_asked_for_is_called_greeted_by_name_and_told_of():
    callees = {THEIRS: Callee(script=CallerScript(Say("Goodbye")))}
    options = {"callees": callees, "twilio_phone_number": OURS, "allowed_countries": ("US",)}
    async with world(reminder(), **options) as (running, told), client(running.url) as rest:
        placed = await rest.post("/v1/calls", {"to": THEIRS, "variables": {"name": "Ana"}, "metadata": {"case": "17"}})
        assert placed.status == 201
        await told.until(lambda: bool(told.of("call_left")))
        await asyncio.sleep(2.0)  # the carrier's last callback
        ended = (await rest.get(f"/v1/calls/{placed.json['id']}")).json
        transcript = (await rest.get(f"/v1/calls/{placed.json['id']}/transcript")).json
    assert (ended["status"], ended["metadata"]) == ("completed", {"case": "17"})
    assert ended["carrier_id"].startswith("CA")
    assert [turn["text"] for turn in transcript["turns"]][:2] == ["Hello Ana, this is your table.", "Goodbye"]


async def test_the_command_sees_the_same():
    shown = []

    class Screen:
        def status(self, call):
            shown.append(call["status"])

        def turn(self, turn):
            shown.append(turn["text"])

        def close(self):
            pass

    options = {
        "callees": {THEIRS: Callee(script=CallerScript(Say("Goodbye")))},
        "twilio_phone_number": OURS,
        "allowed_countries": ("US",),
    }
    async with world(reminder(), **options) as (running, _):
        wish = Errand(running.url, API_KEY, {"to": THEIRS, "variables": {"name": "Ana"}})
        assert await wish.run(Screen()) == "completed"
    assert shown[0] == "queued"
    assert shown[-1] == "completed"
    assert "Hello Ana, this is your table." in shown


async def test_numbers_that_are_not_called_are_told_by_their_field():
    async with world(twilio_phone_number=OURS, allowed_countries=("US",)) as (running, _), client(running.url) as rest:
        for number in ("12125550123", "+19005550123", "+442079460018", "+1212"):
            answer = await rest.post("/v1/calls", {"to": number})
            assert list(answer.misfits) == ["to"], number
