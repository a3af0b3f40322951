"""What `doctor --call NUMBER` does: one real call through everything, and what was heard in it and when.

A number of the account is called by another of its numbers, at whose end Twilio itself speaks (`<Say>`): the server
answers as it answers any call, and nobody needs a telephone. Any other number is called by the server, and whoever
picks up talks with the agent. Times are those of the conversation, whose clock is the media stream's.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from phoneagent.call.phone_numbers import NumberRules
from phoneagent.errors import CarrierError, OrderRefused, PhoneagentError, SettingsError
from phoneagent.records import Agent
from phoneagent.settings import Settings
from phoneagent.telephony.twilio.control import TwilioControl

from .measuring import question
from .rest import RestClient

GREETED_WITHIN = 7  # seconds that the spoken caller waits for the greeting to be over
ANSWERED_WITHIN = 9  # and then for the answer
RINGS_WITHIN = 30.0  # seconds until a call to a number of the account has come in
LOOK_EVERY = 0.5  # seconds

VOICES: Mapping[str, str] = {
    "en": "en-US",
    "de": "de-DE",
    "es": "es-ES",
    "fr": "fr-FR",
    "it": "it-IT",
    "pt": "pt-BR",
    "nl": "nl-NL",
    "pl": "pl-PL",
}
"""Languages of `<Say>`, by https://www.twilio.com/docs/voice/twiml/say/text-speech (2026-11)."""


@dataclass(slots=True)
class Heard:
    """What became of the call."""

    call: str
    to: str
    status: str = ""
    turns: list[Mapping[str, Any]] = field(default_factory=list)
    """`role`, `text`, `seconds`; of the agent also `response_latency`, where it answered somebody."""
    problems: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Both were heard, and nothing went wrong."""
        spoken = {turn["role"] for turn in self.turns if turn["text"]}
        return self.status == "completed" and {"agent", "caller"} <= spoken and not self.problems

    def lines(self) -> Iterator[str]:
        yield f"{self.call}: {self.status}"
        for turn in self.turns:
            latency = turn.get("response_latency")
            after = f"  ({latency * 1000:.0f} ms after the caller)" if latency else ""
            yield f"  {turn['seconds']:7.2f} s  {turn['role']:6}  {turn['text']}{after}"
        for problem in self.problems:
            yield f"  problem: {problem}"
        if not self.good and not self.problems:
            yield "  problem: one of the two was not heard"


def spoken_caller(language: str) -> str:
    """A caller that Twilio speaks: it hears the greeting, asks a question, hears the answer, and says goodbye."""
    voice = VOICES.get(language.partition("-")[0], VOICES["en"])
    words = escape(question(language))
    return (
        f'<Response><Pause length="{GREETED_WITHIN}"/><Say language="{voice}">{words}</Say>'
        f'<Pause length="{ANSWERED_WITHIN}"/></Response>'
    )


async def trial(settings: Settings, agent: Agent, control: TwilioControl, server: RestClient, to: str) -> Heard:
    """Place the call and follow it to its end. Raises `SettingsError` for what cannot be called."""
    try:
        number = NumberRules().possible("--call", to)
    except OrderRefused as refused:
        raise SettingsError(f"--call: {refused}") from refused
    caller = settings.twilio_phone_number
    if caller is None:
        raise SettingsError("TWILIO_PHONE_NUMBER: expected the number that the call comes from; set it in .env")
    if await _is_ours(control, number):
        if number == caller:
            raise SettingsError(
                f"--call: expected another number than TWILIO_PHONE_NUMBER, which makes the call, got {number}"
            )
        since = time.time()
        await control.speak(number, caller_id=caller, document=spoken_caller(agent.language))
        call = await _come_in(server, caller, since)
    else:
        placed = await server.place({"to": number, "agent": agent.name}, idempotency_key=str(uuid.uuid4()))
        call = str(placed["id"])
    return await _followed(server, call, number)


async def _is_ours(control: TwilioControl, number: str) -> bool:
    try:
        await control.voice_url(number)
    except CarrierError as error:
        if "a number of this account" in str(error):
            return False
        raise
    return True


async def _come_in(server: RestClient, caller: str, since: float) -> str:
    """The id under which the server has answered it."""
    until = asyncio.get_running_loop().time() + RINGS_WITHIN
    while asyncio.get_running_loop().time() < until:
        for one in await server.newest("inbound"):
            began = datetime.fromisoformat(str(one["created_at"])).timestamp()
            if one["from"] == caller and began >= since - 2.0:  # clocks of two machines
                return str(one["id"])
        await asyncio.sleep(LOOK_EVERY)
    raise PhoneagentError(
        f"the call did not reach the server within {RINGS_WITHIN:g} s: look where the number that was called leads "
        "(`phoneagent numbers list`)"
    )


async def _followed(server: RestClient, call: str, to: str) -> Heard:
    heard = Heard(call, to)
    async with aclosing(server.events(call)) as happenings:
        async for happening in happenings:
            values = happening.values
            match happening.event:
                case "turn" if values.get("amended") and heard.turns:
                    heard.turns[-1] = values
                case "turn":
                    heard.turns.append(values)
                case "provider_failed" | "reply_failed" | "ears_failed" | "media_missing":
                    heard.problems.append(" ".join(filter(None, (happening.event, str(values.get("problem", ""))))))
    heard.status = str((await server.call(call))["status"])
    return heard
