"""Messages of the REST API: texts that the product has sent."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from .call_order import API_VERSION
from .rest_refusal import Refused
from .violation import REST_REFUSED

if TYPE_CHECKING:
    from .carrier import Carrier

CREATE_PARAMETERS = frozenset({"To", "From", "Body"})
LONGEST = 1600  # characters, Twilio's

_E164 = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True, slots=True)
class TextMessage:
    """A text that was sent."""

    sid: str
    to: str
    from_: str
    text: str


def create(carrier: Carrier, form: Mapping[str, str]) -> TextMessage:
    """Send it. `form` has been checked for unknown names."""
    for name in ("To", "From"):
        if not form.get(name):
            raise Refused(400, 21604 if name == "To" else 21603, f"A '{name}' phone number is required")
    if not form.get("Body"):
        raise Refused(400, 21602, "Message body is required")
    if len(form["Body"]) > LONGEST:
        raise Refused(400, 21617, f"The concatenated message body exceeds the {LONGEST} character limit")
    if not _E164.fullmatch(form["To"]):
        raise Refused(400, 21211, f"Invalid 'To' Phone Number: {form['To']}")
    number = carrier.numbers.get(form["From"])
    if number is None:
        raise Refused(400, 21660, f"Mismatch between the 'From' number {form['From']} and the account")
    if not number.has_sms:
        raise Refused(400, 21606, f"The 'From' phone number {form['From']} is not a valid, SMS-capable inbound number")
    if form["To"] == form["From"]:
        raise Refused(400, 21266, "'To' and 'From' number cannot be the same")
    if any(ord(char) < 32 and char not in "\n\r\t" for char in form["Body"]):
        raise Refused(400, REST_REFUSED, "Body: expected no control characters")
    message = TextMessage("SM" + secrets.token_hex(16), form["To"], form["From"], form["Body"])
    carrier.messages.append(message)
    return message


def told(carrier: Carrier, message: TextMessage) -> dict[str, Any]:
    """A message as the API tells it, just after it was taken."""
    uri = f"/{API_VERSION}/Accounts/{carrier.account_sid}/Messages/{message.sid}.json"
    return {
        "sid": message.sid,
        "account_sid": carrier.account_sid,
        "api_version": API_VERSION,
        "body": message.text,
        "date_created": formatdate(0, usegmt=False),
        "date_sent": None,
        "date_updated": formatdate(0, usegmt=False),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": message.from_,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "status": "queued",
        "subresource_uris": {"media": uri.replace(".json", "/Media.json")},
        "to": message.to,
        "uri": uri,
    }
