"""What Twilio, or whatever stands before it, answers to a request."""

from __future__ import annotations

import pytest
from twilio.http.response import Response

from phoneagent.errors import CarrierError
from phoneagent.telephony.twilio import answers

DEEP = "[" * 100_000
LONG = '{"code": ' + "9" * 5_000 + "}"


@pytest.mark.parametrize("text", [DEEP, LONG, "<html>", ""])
@pytest.mark.parametrize("status", [200, 400, 503])
def test_an_answer_that_nobody_can_read_is_the_carriers_mistake(status, text):
    with pytest.raises(CarrierError):
        answers._check(Response(status, text))
