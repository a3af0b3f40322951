"""Who answers a call, beside people: answering machines, and screeners that ask for name and purpose."""

from __future__ import annotations

from .caller import AgentFinished, Beep, CallerScript, HangUp, Say, Step, Wait

GREETING = "hello you have reached the voicemail of ana please leave a message after the tone"
SCREENING = "please say your name and why you are calling"
CONNECTING = "thank you please stay on the line"


def answering_machine(
    greeting: str = GREETING, *, beep: bool = True, silence: float = 0.5, records: float = 60.0, voice: str = ""
) -> CallerScript:
    """Speaks a greeting, is silent for some seconds, beeps, and records for `records` seconds what it hears.

    It does not stop for whoever talks over its greeting. `Ear.recorded` is what it recorded.
    """
    tone = (Beep(after=silence),) if beep else ()
    return CallerScript(
        Say(greeting, after=0.5, expects_answer=False), *tone, Wait(records), HangUp(after=0.0), voice=voice
    )


def call_screener(*steps: Step, question: str = SCREENING, voice: str = "", patience: float = 15.0) -> CallerScript:
    """Asks who is calling and why, and hangs up on who does not say; `steps`: what whoever is called does then."""
    return CallerScript(
        Say(question, after=0.5),
        Say(CONNECTING, after=AgentFinished(1.0), expects_answer=False),
        *steps,
        voice=voice,
        patience=patience,
    )
