"""`python -m tests.chaos.knocking PORT PER_SECOND SECONDS`: strangers, each of whom is to be refused.

Prints one JSON object: how many asked in a second, what they were answered, and how many were not.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections import Counter

import uvloop

BATCH = 0.02  # seconds: so many at once as a second has in this time
ANSWERED_WITHIN = 10.0  # seconds
_HANDSHAKE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
_FORM = "CallSid=CA00000000000000000000000000000000&From=%2B15550001111&To=%2B15552223333"
REQUESTS = [
    f"GET /twilio/media HTTP/1.1\r\nHost: here\r\n{_HANDSHAKE}\r\n",
    (
        "POST /twilio/voice HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"X-Twilio-Signature: bm8=\r\nContent-Length: {len(_FORM)}\r\n\r\n{_FORM}"
    ),
    (
        "POST /v1/calls HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer no\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\n\r\n{}"
    ),
    f"GET /twilio/media HTTP/1.1\r\nHost: here\r\nX-Twilio-Signature: bm8=\r\n{_HANDSHAKE}\r\n",
]


async def knock(port: int, request: bytes, answers: Counter[str]) -> None:
    """Ask once, on a connection of one's own, and read the status."""
    try:
        async with asyncio.timeout(ANSWERED_WITHIN):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request)
                line = await reader.readline()
            finally:
                writer.close()
        answers[line.split()[1].decode() if line else "cut"] += 1
    except TimeoutError:
        answers["late"] += 1
    except OSError as error:
        answers[type(error).__name__] += 1


async def strangers(port: int, per_second: float, seconds: float) -> dict[str, object]:
    """Come at this rate, whether or not anybody was answered."""
    loop = asyncio.get_running_loop()
    wishes = itertools.cycle([text.encode() for text in REQUESTS])
    answers: Counter[str] = Counter()
    began = loop.time()
    asked: list[asyncio.Task[None]] = []
    while (elapsed := loop.time() - began) < seconds:
        while len(asked) < per_second * elapsed:
            asked.append(asyncio.create_task(knock(port, next(wishes), answers)))
        await asyncio.sleep(BATCH)
    rate = len(asked) / (loop.time() - began)
    await asyncio.gather(*asked)
    return {"per_second": rate, "answers": dict(answers)}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        given = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
        sys.stdout.write(json.dumps(runner.run(strangers(*given))))
