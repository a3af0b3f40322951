"""`phoneagent doctor --call`: one call through everything, and what was heard in it."""

from __future__ import annotations

from contextlib import aclosing

import pytest
from pydantic import SecretStr

from phoneagent.app import twilio_control
from phoneagent.cli.rest import connected
from phoneagent.cli.trial_call import spoken_caller, trial
from phoneagent.errors import PhoneagentError, SettingsError
from phoneagent.rehearsal import API_KEY
from phoneagent.settings import Settings
from phoneagent.simulator.caller import CallerScript, HangUp, Say
from phoneagent.simulator.carrier import ACCOUNT_SID, AGENT_NUMBER, AUTH_TOKEN, PhoneNumber
from phoneagent.simulator.placed_call import Callee
from tests.calls.world import HOURS, agent, world

SECOND, MINE = "+15005550008", "+12125550123"


async def tried(running, to, **changes):
    settings = Settings(
        public_url=running.url,
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=SecretStr(AUTH_TOKEN),
        twilio_api_url=running.carrier.api_url,
        **{"twilio_phone_number": AGENT_NUMBER, **changes},
    )
    control = twilio_control(settings)
    assert control is not None
    async with aclosing(control), connected(running.url, API_KEY) as server:
        return await trial(settings, agent(), control, server, to)


async def test_a_number_of_the_account_is_called_by_another_and_twilio_speaks_the_caller():
    async with world(agent()) as (running, _):
        running.carrier.numbers[SECOND] = PhoneNumber(SECOND, voice_url=running.voice_url)
        heard = await tried(running, SECOND)
    assert heard.good, heard
    assert [(turn["role"], turn["text"]) for turn in heard.turns] == [
        ("agent", "Trattoria Aurelia, good evening. How can I help you?"),
        ("caller", "What are your opening hours?"),
        ("agent", HOURS),
    ]
    greeting, question, answer = heard.turns
    assert greeting["seconds"] < question["seconds"] < answer["seconds"]
    assert 0.2 < answer["response_latency"] < 1.5
    assert any("ms after the caller" in line for line in heard.lines())


async def test_a_telephone_is_called_and_whoever_picks_up_talks_with_the_agent():
    person = CallerScript(Say("What are your opening hours?"), HangUp())
    settings = {"twilio_phone_number": AGENT_NUMBER, "allowed_countries": ("US",)}
    async with world(agent(), callees={MINE: Callee(script=person)}, **settings) as (running, _):
        heard = await tried(running, MINE)
    assert heard.good, heard
    assert HOURS in [turn["text"] for turn in heard.turns]


async def test_what_cannot_be_called_is_told_with_what_to_do():
    async with world(agent()) as (running, _):
        with pytest.raises(SettingsError, match="expected another number than TWILIO_PHONE_NUMBER"):
            await tried(running, AGENT_NUMBER)
        with pytest.raises(SettingsError, match="TWILIO_PHONE_NUMBER: expected"):
            await tried(running, MINE, twilio_phone_number=None)
        with pytest.raises(SettingsError, match="--call: "):
            await tried(running, "my telephone")


async def test_a_number_that_leads_elsewhere_is_told():
    async with world(agent()) as (running, _):
        running.carrier.numbers[SECOND] = PhoneNumber(SECOND, voice_url=f"{running.url}/healthz")
        with pytest.raises(PhoneagentError, match="did not reach the server within 30 s"):
            await tried(running, SECOND)


@pytest.mark.parametrize("language", ["en", "de-AT", "pl", "xx"])
def test_the_spoken_caller_is_a_document_that_twilio_takes(language):
    from phoneagent.simulator import twiml

    document = twiml.read(spoken_caller(language))
    assert not document.problems
