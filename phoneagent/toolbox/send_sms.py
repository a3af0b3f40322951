"""The built-in tool that sends the caller a text message."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import structlog
from pydantic import Field

from phoneagent.call.built_in import LONGEST_SMS, RUN, SEND_SMS
from phoneagent.call.contact_limits import NO_LIMITS, ContactLimits
from phoneagent.call.emergency import WHAT_TO_SAY
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.errors import CarrierError, MessageRefused, OrderRefused, ToolError
from phoneagent.ports import TextMessages
from phoneagent.records import ToolSpec

from .arguments import Arguments, read
from .box import Asked

log = structlog.stdlib.get_logger(__name__)

MOST = 3
"""Messages in one call: whatever somebody talks the model into, it is no way to send a thousand."""

REMEMBERED = 10_000  # calls whose messages are counted


class _Message(Arguments):
    text: str = Field(min_length=1, max_length=LONGEST_SMS)


class SendSms:
    """Implements `Tool`. It writes to nobody but the other party of the call, from the number that they know.

    Without `messages` there is no carrier, and the model is told so. `numbers`: who may be written to; `limits`: how
    often a day.
    """

    spec: ToolSpec = RUN[SEND_SMS]

    def __init__(self, messages: TextMessages | None, numbers: NumberRules, limits: ContactLimits = NO_LIMITS) -> None:
        self._messages = messages
        self._numbers = numbers
        self._limits = limits
        self._sent: OrderedDict[str, int] = OrderedDict()

    async def run(self, arguments: dict[str, Any], asked: Asked) -> str:
        """See `Tool`."""
        text = read(SEND_SMS, arguments, _Message).text
        if self._messages is None:
            raise ToolError("Not sent: this is no telephone call, so there is nobody to send it to.")
        caller = asked.variables.get("caller_number", "")
        if self._numbers.is_emergency(caller):
            raise ToolError(f"Not sent. {WHAT_TO_SAY}")
        try:
            to = self._numbers.destination(caller)
        except OrderRefused as error:
            log.info("sms_refused", call=asked.call, problem=str(error))
            raise ToolError("Not sent: the number that they call from is withheld or gets no messages.") from error
        sender = asked.variables.get("agent_number", "")
        if to == sender:
            raise ToolError("Not sent: they call from our own number.")
        self._limits.expect_attested(asked.variables.get("caller_attestation", ""), "Not sent")
        if not self._counted(asked.call):
            raise ToolError(f"Not sent: {MOST} messages were sent in this call, and there are no more.")
        await self._limits.spend(to, "Not sent")
        try:
            await self._messages.send_text(text, to=to, sender=sender)
        except MessageRefused as error:
            self._sent[asked.call] -= 1
            log.warning("sms_refused", call=asked.call, problem=str(error))
            raise ToolError("Not sent: the telephone network has refused the message.") from error
        except CarrierError as error:
            log.warning("sms_uncertain", call=asked.call, problem=str(error))
            raise ToolError(
                "It is not known whether the message was sent: the telephone network did not answer. Do not send it "
                "again unasked."
            ) from error
        log.info("sms_sent", call=asked.call, characters=len(text))
        return "Sent."

    def _counted(self, call: str) -> bool:
        """Whether one more may be sent; counted before it is, for several may be asked for at once."""
        if self._sent.get(call, 0) >= MOST:
            return False
        self._sent[call] = self._sent.get(call, 0) + 1
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        return True
