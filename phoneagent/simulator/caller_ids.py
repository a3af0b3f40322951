"""Which numbers Twilio lets a `<Dial>` show: error 13214.

docs/api/errors/13214: "CallerId must be the calling number, called number, or a validated outgoing number.
Additionally, if the calling leg is a client leg, the caller ID is required"; so it is for SIP (twilio-voice-ios#103).
Carriers send what is no number for callers who hide theirs; Twilio passes it on, and destinations refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Collection

CALLER_ID_INVALID = 13214

HIDDEN = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE, as keys of a telephone."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def refused_caller_id(caller_id: str, *, calling: str, called: str, validated: Collection[str]) -> str:
    """What is wrong with the `callerId` of a `<Dial>` (empty: it has none); empty if nothing is."""
    shown = caller_id or calling
    if not caller_id and calling.startswith(("sip:", "sips:", "client:")):
        return f"<Dial> needs a callerId: the caller is {calling.partition(':')[0]}"
    if not _E164.fullmatch(shown) or shown in HIDDEN:
        return f"<Dial callerId>: expected a number in E.164 form, got {shown!r}"
    if caller_id and caller_id not in (calling, called) and caller_id not in validated:
        return f"<Dial callerId>: expected the calling, the called or a validated number, got {caller_id!r}"
    return ""
