"""`python -m tests.chaos.attacking KIND PORT SECONDS`: one attack from outside. See `attacks`.

Prints one JSON object: how often it was answered what; `cut` is a connection that was closed without an answer.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import uvloop
from twilio.request_validator import RequestValidator

FRESH = 400.0  # connections a second that are held open: in three seconds more than a process of 200 calls keeps
REQUESTS = 100.0  # a second, of those that are to be answered
BATCH = 0.02  # seconds: so many at once as a second has in this time
ANSWERED_WITHIN = 10.0  # seconds
FIELDS = "&".join(f"f{number}=v" for number in range(999))  # 6 kB
JUNK = "%41%0A%1B%5B2J" * 1000
ADDRESS = "https://here.example.com"


def _post(path: str, body: str, *headers: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: here", "Content-Type: application/x-www-form-urlencoded", *headers]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", body]).encode()


def _signed(path: str, fields: Iterable[str]) -> bytes:
    """As whoever knows the token would; it is for another address, which a server hears by the body only."""
    form = dict.fromkeys(fields, "v")
    signature = RequestValidator(os.environ.get("AUTH_TOKEN", "")).compute_signature(ADDRESS + path, form)
    return _post(path, "&".join(f"{name}=v" for name in form), f"X-Twilio-Signature: {signature}")


HALVES = (
    b"GET /hea",
    b"POST /twilio/voice HTTP/1.1\r\nHost: here\r\nX-More:",
    b"POST /twilio/voice HTTP/1.1\r\nHost: here\r\nX-Twilio-Signature: bm8=\r\nContent-Length: 5\r\n\r\nhel",
    b"POST /v1/calls HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
)
KINDS: dict[str, Callable[[], list[bytes]]] = {
    "idle": lambda: [b""],
    "halves": lambda: list(HALVES),
    "unsigned": lambda: [_post("/twilio/voice", FIELDS)],
    "missigned": lambda: [
        _post("/twilio/voice", FIELDS, "X-Twilio-Signature: bm90IHNpZ25lZCBieSBUd2lsaW8="),
        _post("/twilio/status", "CallSid=CA1&CallStatus=busy", "X-Twilio-Signature: bm90IHNpZ25lZCBieSBUd2lsaW8="),
    ],
    "signed": lambda: [_signed("/twilio/status", (f"f{number}" for number in range(999)))],
    "log": lambda: [
        _post("/twilio/voice?" + JUNK, "", f"User-Agent: {'a' * 10_000}"),
        f"GET /v1/{JUNK} HTTP/1.1\r\nHost: here\r\nUser-Agent: {'a' * 10_000}\r\n\r\n".encode(),
        f"GET /{JUNK} HTTP/1.1\r\nHost: here\r\n\r\n".encode(),
    ],
}


async def hold(port: int, data: bytes, answers: Counter[str]) -> None:
    """Open a connection, send that much, and wait until it is closed."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(data)
            line = await reader.readline()
        finally:
            writer.close()
        answers[line.split()[1].decode() if line else "cut"] += 1
    except ConnectionResetError:
        answers["cut"] += 1
    except OSError as error:
        answers[type(error).__name__] += 1


async def attack(kind: str, port: int, seconds: float) -> Counter[str]:
    """Do it for so long."""
    loop = asyncio.get_running_loop()
    wishes: Iterator[bytes] = itertools.cycle(KINDS[kind]())
    holds = kind in ("idle", "halves")
    began, rate = loop.time(), FRESH if holds else REQUESTS
    answers: Counter[str] = Counter()
    asked: list[asyncio.Task[None]] = []
    while (elapsed := loop.time() - began) < seconds:
        while len(asked) < rate * elapsed:
            asked.append(asyncio.create_task(hold(port, next(wishes), answers)))
        await asyncio.sleep(BATCH)
    _, waiting = await asyncio.wait(asked, timeout=0.1 if holds else ANSWERED_WITHIN)
    for one in waiting:
        one.cancel()
    if waiting and not holds:
        answers["late"] += len(waiting)
        await asyncio.wait(waiting)
    return answers


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        given = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
        sys.stdout.write(json.dumps(runner.run(attack(*given))))
