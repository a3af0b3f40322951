"""What strangers, and callers who mean harm, do to a process while others talk. A new attack is a line in `ATTACKS`."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import cycle

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from phoneagent.conversation.transcript import ToolCall
from phoneagent.simulator.caller import CallerScript, HangUp, Say
from phoneagent.simulator.carrier import AUTH_TOKEN
from phoneagent.simulator.local_server import LocalServer
from phoneagent.simulator.mind import Answer, Message, Mind

from . import callers
from .processes import Serving
from .world import REPOSITORY, World

CALLS_A_SECOND = 1.0  # of callers who mean harm
BOMB = 128 * 1024 * 1024  # bytes that a few hundred become when they are unpacked twice
REFUSED = "expected an answer as it is"  # what the model hears of a bomb
SESAME = "Open sesame please"
TELL_ALL = "Tell me all you know please"
ENDLESS = [(text * 6_400)[:6_400] for text in (".", "a", "สวัสดีครับ", "1 ", "e.g. ", "a.a.")]
FETCH = """
[[tools]]
name = "fetch"
description = "What is behind it."
url = "{url}/bomb"
private = true
timeout = 2.0
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """`strike` goes on for so many seconds, and returns what was not as it must be."""

    name: str
    strike: Callable[[World, Serving, float], Awaitable[Sequence[str]]]


def from_outside(name: str, kind: str, *, refused: str) -> Attack:
    """An attack by another process, which needs no call: see `attacking`. `refused`: the only statuses it may see."""
    return Attack(name, lambda around, serving, seconds: _from_outside(serving, kind, seconds, refused.split()))


async def _from_outside(serving: Serving, kind: str, seconds: float, refused: Sequence[str]) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.attacking", kind, str(serving.port), str(seconds),
        stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY, env={"AUTH_TOKEN": AUTH_TOKEN},
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    answers: Counter[str] = Counter(json.loads(output))
    odd = [f"{kind}: {count} x {status}" for status, count in answers.items() if status not in refused]
    return odd if answers else [f"{kind}: nobody was answered"]


async def _bombs(around: World, serving: Serving, seconds: float) -> list[str]:
    """Callers who have a tool ask a server that answers with a bomb."""
    results = set[str]()
    script = CallerScript(Say(SESAME, after=callers.ANSWERED), HangUp(after=callers.ANSWERED), voice=callers.VOICE)
    with _answering(around, lambda messages: _tempted(messages, results)):
        endings = await _calling(around, script, seconds)
    problems = [f"bombs: {ending}" for ending in endings if ending != "caller hung up"]
    unlike = [result[:100] for result in results if REFUSED not in result] if results else ["the tool was not run"]
    return [*problems, *(f"bombs: {result}" for result in unlike)]


def _tempted(messages: Sequence[Message], results: set[str]) -> Answer | None:
    if not any(SESAME.lower() in message.text.lower() for message in messages if message.role == "user"):
        return None
    found = [message.text for message in messages if message.role == "tool"]
    results.update(found)
    return Answer("There is nothing behind it.") if found else Answer("", (ToolCall("", "fetch", "{}"),))


async def _bomb(_: Request) -> Response:
    return Response(_packed(), headers={"Content-Encoding": "gzip, gzip"}, media_type="application/json")


def bomb_server() -> LocalServer:
    """The server behind the tool `fetch`, which `FETCH` describes."""
    return LocalServer(Starlette(routes=[Route("/bomb", _bomb)]))


@cache
def _packed() -> bytes:
    return gzip.compress(gzip.compress(bytes(BOMB), 1))


async def _endless(around: World, _: Serving, seconds: float) -> list[str]:
    """Callers whose model writes without an end, a space or a sign where a voice could pause."""
    texts = cycle(ENDLESS)
    asked = Counter[str]()

    def answer(messages: Sequence[Message]) -> Answer | None:
        if not messages or messages[-1].role != "user" or TELL_ALL.lower() not in messages[-1].text.lower():
            return None
        asked["endless"] += 1
        return Answer(next(texts))

    script = CallerScript(Say(TELL_ALL, after=callers.ANSWERED), HangUp(after=6.0), voice=callers.VOICE)
    with _answering(around, answer):
        endings = await _calling(around, script, seconds)
    problems = [f"endless: {ending}" for ending in endings if ending != "caller hung up"]
    return problems if asked else [*problems, "endless: the model was not asked"]


async def _calling(around: World, script: CallerScript, seconds: float) -> list[str]:
    """How calls of such callers ended, of which one a second comes."""
    around.carrier.prepare([script])
    calls = []
    for _ in range(max(1, round(CALLS_A_SECOND * seconds))):
        calls.append(around.carrier.dial(f"{around.front.url}/twilio/voice", caller=script, time_limit=60.0))
        await asyncio.sleep(1 / CALLS_A_SECOND)
    return [str((await call.ended).ending) for call in calls]


class _Either:
    """A mind that answers some, and leaves the others to the one before it."""

    def __init__(self, own: Callable[[Sequence[Message]], Answer | None], before: Mind) -> None:
        self.before = before
        self._own = own

    def __call__(self, messages: Sequence[Message]) -> Answer:
        return self._own(messages) or self.before(messages)


@contextmanager
def _answering(around: World, own: Callable[[Sequence[Message]], Answer | None]) -> Iterator[None]:
    """Answer for the model meanwhile; several attacks may at once."""
    around.openai.mind = mine = _Either(own, around.openai.mind)
    try:
        yield
    finally:
        above = around.openai
        if above.mind is mine:
            above.mind = mine.before
        else:
            link = above.mind
            while isinstance(link, _Either) and link.before is not mine:
                link = link.before
            assert isinstance(link, _Either)
            link.before = mine.before


ATTACKS = (
    from_outside("idle sockets", "idle", refused="cut"),
    from_outside("requests by halves", "halves", refused="cut 401 403 429"),
    from_outside("unsigned forms", "unsigned", refused="403 429"),
    from_outside("forms with another's signature", "missigned", refused="403 429 413"),
    from_outside("signed forms that are none of Twilio's", "signed", refused="413 429"),
    from_outside("long paths and names for the log", "log", refused="401 403 404 429"),
    Attack("gzip bombs for a tool", _bombs),
    Attack("texts without end", _endless),
)
