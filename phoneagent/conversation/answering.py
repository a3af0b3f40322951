"""What is to be done with whoever answers a call that we placed: decided before it is dialled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OnMachine = Literal["ignore", "hang_up", "voicemail"]

Outcome = Literal["", "voicemail_left", "voicemail_cut", "hung_up", "screening_answered"]
"""What was done. `voicemail_cut`: the message was begun and not spoken to its end."""


@dataclass(frozen=True, slots=True)
class Answering:
    """`machine`: what a machine gets. `voicemail` and `screening` are spoken word for word; without a message, machines
    are hung up on. `answered_by` and `outcome`: what was known already when the conversation began, in the carrier's
    words the one, as in `Outcome` the other.
    """

    machine: OnMachine = "ignore"
    voicemail: str = ""
    screening: str = ""
    answered_by: str = ""
    outcome: str = ""
