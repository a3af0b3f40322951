"""A caller at whose end TwiML is carried out: what `POST /Calls.json` with `Twiml` makes of a call to our own number.

Only `<Say>` and `<Pause>` are carried out, and the sound goes one way: what the called end says is heard by nobody.
"""

from __future__ import annotations

from . import twiml
from .caller import CallerScript, HangUp, Say, Step
from .twiml_verbs import Pause
from .twiml_verbs import Say as SayVerb


def spoken_by(document: str) -> CallerScript:
    """The caller's script; at the end of the document the call is over."""
    steps: list[Step] = []
    waited = 0.0
    for verb in twiml.read(document).verbs:
        if isinstance(verb, Pause):
            waited += verb.length
        elif isinstance(verb, SayVerb):
            steps.append(Say(verb.text, after=waited))
            waited = 0.0
        else:
            raise twiml.NotSimulated(f"<{type(verb).__name__}> at the end of a call to a number of the account")
    return CallerScript(*steps, HangUp(after=waited))
