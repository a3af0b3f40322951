"""What somebody is told who is asked to take a call."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import structlog

from phoneagent.conversation.events import ReplyText
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError

from .equipped import EquippedAgent

log = structlog.stdlib.get_logger(__name__)

WITHIN = 6.0  # seconds: a telephone rings for as long before anybody picks up
BRIEF = (
    "This call goes to another agent. Tell them in a few sentences who calls, what they want, what was settled, and all"
    " names, numbers and dates that they would have to ask for again. In the language of the call."
)
BRIEFED = 3.0  # seconds that the caller may wait for it, when what was said before the hand-over is over
BRIEF_LONGEST = 1_500  # characters

LONGEST = 400  # characters: half a minute of speech

WANTED = (
    "A colleague is asked to take this call. Tell them in one or two short sentences who calls, what they want, and "
    "what was settled so far. Only what the colleague shall hear, spoken plainly, in the language of the call."
)


async def summary_of(equipped: EquippedAgent, turns: tuple[Turn, ...]) -> str:
    """By the model; without one, or when it is too slow, the caller's own last words."""
    if equipped.writer is not None:
        try:
            async with asyncio.timeout(WITHIN):
                if text := await _written(equipped, turns):
                    return text
        except (TimeoutError, ProviderError) as error:
            log.warning("no_summary", problem=str(error) or f"not within {WITHIN:g} s")
    said = next((turn.text for turn in reversed(turns) if turn.role == "caller"), "")
    return _short(said)


async def brief_of(equipped: EquippedAgent, turns: tuple[Turn, ...]) -> str:
    """For another agent's model; empty where nobody can write it. Unbounded in time."""
    if equipped.writer is None:
        return ""
    try:
        return await _written(equipped, turns, BRIEF, BRIEF_LONGEST)
    except ProviderError as error:
        log.warning("no_summary", problem=str(error))
        return ""


async def _written(
    equipped: EquippedAgent, turns: tuple[Turn, ...], wanted: str = WANTED, longest: int = LONGEST
) -> str:
    assert equipped.writer is not None  # noqa: S101 - looked at by who asks
    asked = (*turns, Turn("operator", wanted, turns[-1].at if turns else 0.0))
    text = ""
    async with aclosing(equipped.writer.reply(0, instructions=wanted, turns=asked, tools=())) as thoughts:
        async for thought in thoughts:
            if isinstance(thought, ReplyText):
                text += thought.text
    return _short(text, longest)


def _short(text: str, longest: int = LONGEST) -> str:
    """Cut at a word."""
    text = " ".join(text.split())
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + " …"
