"""`<Say>` and `<Play>`: what a call hears that comes from no stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from phoneagent.simulator.ear import Announced, DigitsPlayed
from phoneagent.simulator.phone_line import DEAD_END, Announcement
from phoneagent.simulator.telephone_audio import telephone_audio
from phoneagent.simulator.twiml import Play, Say
from phoneagent.simulator.webhooks import WebhookFailed

if TYPE_CHECKING:
    from phoneagent.simulator.placed_call import PlacedCall

DIGIT_SECONDS = 0.2  # a keypad tone and the gap after it
WAIT_SECONDS = {"w": 0.5, "W": 1.0}  # among keypad digits
LOOPS_AT_MOST = 1000  # what "again and again" (0) is at Twilio


async def say(call: PlacedCall, verb: Say) -> None:
    await _play(call, call.equipment.speech.announcement(verb.text, voice=verb.voice), verb.text, verb.loop)


async def play(call: PlacedCall, verb: Play) -> None:
    if verb.digits:
        for _ in range(verb.loop or LOOPS_AT_MOST):
            await play_digits(call, verb.digits)
        return
    try:
        answer = await call.equipment.webhooks.request(verb.url, {}, method="GET")
        audio = telephone_audio(answer)
    except WebhookFailed as exc:
        call.report(exc.code, exc.problem)
        return
    await _play(call, audio, verb.url, verb.loop)


async def play_digits(call: PlacedCall, digits: str) -> None:
    """Play keypad digits at the far ear, as silence of their length: what was pressed is a fact of the ear."""
    began = call.line.now()
    try:
        await asyncio.sleep(sum(WAIT_SECONDS.get(digit, DIGIT_SECONDS) for digit in digits))
    finally:
        call.ear.note(DigitsPlayed(began, call.line.now(), digits))


async def _play(call: PlacedCall, audio: bytes, name: str, loop: int) -> None:
    announcement = Announcement(audio * (loop or LOOPS_AT_MOST))
    began = call.line.now()
    call.line.connect(announcement)
    try:
        await asyncio.sleep(announcement.seconds)
    finally:
        if call.line.far is announcement:  # it may have been connected to somebody meanwhile
            call.line.connect(DEAD_END)
        call.ear.note(Announced(began, call.line.now(), name))
