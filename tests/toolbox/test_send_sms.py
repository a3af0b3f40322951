"""Texts to callers, through Twilio's SDK and the simulated carrier."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from phoneagent.call.contact_limits import NO_LIMITS, ContactLimits
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.errors import ToolError
from phoneagent.simulator.carrier import ACCOUNT_SID, AGENT_NUMBER, AUTH_TOKEN, Carrier, PhoneNumber
from phoneagent.store.rate_limits import RateLimits
from phoneagent.telephony.twilio.control import TwilioControl
from phoneagent.toolbox import Asked
from phoneagent.toolbox.send_sms import MOST, SendSms

ANA = "+12125550123"
ADDRESS = "Trattoria Roma, 12 Mulberry Street"
CALL = Asked("CA1", {"caller_number": ANA, "agent_number": AGENT_NUMBER})


@asynccontextmanager
async def texting(limits=NO_LIMITS, **options):
    async with Carrier(**options) as carrier:
        control = TwilioControl(ACCOUNT_SID, ACCOUNT_SID, AUTH_TOKEN, base_url=carrier.api_url)
        try:
            yield SendSms(control, NumberRules(["US"]), limits), carrier
        finally:
            await control.aclose()


async def test_the_caller_gets_it_from_the_number_that_they_have_called():
    async with texting() as (tool, carrier):
        assert await tool.run({"text": f" {ADDRESS}\n"}, CALL) == "Sent."
    [message] = carrier.messages
    assert (message.to, message.from_, message.text) == (ANA, AGENT_NUMBER, ADDRESS)


@pytest.mark.parametrize("number", ["", "anonymous", "+266696687", "sip:ana@example.com", "+447400123456"])
async def test_who_cannot_be_written_to(number):
    """The last is a number of a country that is not called."""
    async with texting() as (tool, carrier):
        with pytest.raises(ToolError, match=r"Not sent: the number .* is withheld or gets no messages"):
            await tool.run({"text": ADDRESS}, Asked("CA1", {"caller_number": number, "agent_number": AGENT_NUMBER}))
    assert carrier.messages == []


@pytest.mark.parametrize("arguments", [{}, {"text": ""}, {"text": " "}, {"text": "a" * 1601}, {"text": "a", "to": ANA}])
async def test_arguments_that_are_none(arguments):
    async with texting() as (tool, carrier):
        with pytest.raises(ToolError, match=r"^send_sms: (text|to): "):
            await tool.run(arguments, CALL)
    assert carrier.messages == []


async def test_a_call_has_only_so_many():
    async with texting() as (tool, carrier):
        for _ in range(MOST):
            await tool.run({"text": ADDRESS}, CALL)
        with pytest.raises(ToolError, match="Not sent: 3 messages were sent in this call"):
            await tool.run({"text": ADDRESS}, CALL)
        await tool.run({"text": ADDRESS}, Asked("CA2", CALL.variables))
    assert len(carrier.messages) == MOST + 1


async def test_a_number_that_sends_no_messages():
    async with texting(numbers=[PhoneNumber(AGENT_NUMBER, has_sms=False)]) as (tool, carrier):
        for _ in range(MOST + 1):  # what was not sent does not count
            with pytest.raises(ToolError, match="Not sent: the telephone network has refused"):
                await tool.run({"text": ADDRESS}, CALL)
    assert carrier.messages == []


async def test_nobody_knows_whether_it_was_sent():
    async with texting() as (tool, carrier):
        carrier.rest_faults.add("fails after", whom=lambda asked: asked.path == "/Messages.json")
        with pytest.raises(ToolError, match="not known whether the message was sent"):
            await tool.run({"text": ADDRESS}, CALL)
    assert len(carrier.messages) == 1, "it is not sent again"


async def test_without_a_telephone():
    with pytest.raises(ToolError, match="this is no telephone call"):
        await SendSms(None, NumberRules(["US"])).run({"text": ADDRESS}, CALL)


async def test_a_number_gets_only_so_many_a_day_whoever_calls_in_its_name():
    async with texting(limits=ContactLimits("texts", RateLimits("4/day"))) as (tool, carrier):
        for number in range(4):
            await tool.run({"text": ADDRESS}, Asked(f"CA{number}", CALL.variables))
        with pytest.raises(ToolError, match="Not sent: this number has had 4 today"):
            await tool.run({"text": ADDRESS}, Asked("CA9", CALL.variables))
    assert len(carrier.messages) == 4


async def test_nobody_is_written_to_in_anothers_name_where_that_is_asked_for():
    async with texting(limits=ContactLimits(attestation="B")) as (tool, carrier):
        for told in ("", "No-TN-Validation", "TN-Validation-Passed-C", "TN-Validation-Failed-B"):
            with pytest.raises(ToolError, match="does not vouch for the number"):
                await tool.run({"text": ADDRESS}, Asked("CA1", {**CALL.variables, "caller_attestation": told}))
        attested = {**CALL.variables, "caller_attestation": "TN-Validation-Passed-A"}
        assert await tool.run({"text": ADDRESS}, Asked("CA1", attested)) == "Sent."
    assert len(carrier.messages) == 1


async def test_our_own_numbers_are_not_written_to():
    async with texting() as (tool, carrier):
        with pytest.raises(ToolError, match="Not sent"):
            await tool.run({"text": ADDRESS}, Asked("CA1", {**CALL.variables, "agent_number": ANA}))
        tool._numbers.know_own([ANA])
        with pytest.raises(ToolError, match="Not sent"):
            await tool.run({"text": ADDRESS}, CALL)
    assert carrier.messages == []
