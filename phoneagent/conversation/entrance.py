"""How the agent comes into a call, and what it says first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Entrance:
    """What was before the media stream opened.

    `call`: somebody has just answered, or the stream was lost: the agent greets, or goes on where it was cut.
    `moved`: another process had the call, and left it where nobody would notice: the agent goes on without a word.
    `return`: the agent had left the stream on purpose, and the caller is back: it says `words`, or listens.
    `handover`: another agent had the call: this one greets, whatever was said before.

    `note` is what the model shall know of it; the caller does not hear it. Where the stream was lost, `heard` is what
    the caller was saying; and `said` the sentences of an answer that were heard to their end, of which `words` is the
    rest, from the sentence that was cut. Without `words` the rest was not written yet: `said` is all that was heard.
    """

    kind: Literal["call", "moved", "return", "handover"] = "call"
    words: str = ""
    note: str = ""
    heard: str = ""
    said: str = ""


BY_CALL = Entrance()
