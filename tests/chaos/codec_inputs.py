"""A million messages that the media stream's codec never wanted: mutations of good and of bad ones."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from phoneagent.errors import CarrierError
from phoneagent.records import (
    KeyPressed,
    MarkReturned,
    MediaReceived,
    MessageIgnored,
    StreamConnected,
    StreamStarted,
    StreamStopped,
)
from phoneagent.telephony.twilio.codec import KEYS, LARGEST_MESSAGE, TwilioCodec

from .table import Row

VECTORS = Path(__file__).parents[1] / "vectors" / "twilio"
FOUND = VECTORS / "fuzzed.json"
"""What was found once, and odd inputs made by hand: each is tried first, for ever, and mutated like the others."""
LONGEST_PROBLEM = 500  # characters of an error: a hostile message must not fill the log
LONGEST_DECODING = 0.02  # seconds; a frame, for which all other calls would wait
MESSAGES = (StreamConnected, StreamStarted, MediaReceived, MarkReturned, KeyPressed, MessageIgnored, StreamStopped)
ODD_VALUES = (
    "null", "true", "-1", "1e999", "18446744073709551616", '""', '"\\ud83d"', '"\\u0000"', "[]", "{}", '"="', '"////"',
    '"inbound"', '"' + "9" * 400 + '"', "NaN", '"MZ' + "a" * 70 + '"', "[[[[[[[[", '{"event":"media"}',
)  # fmt: skip
ODD_CHARACTERS = '"\\{}[]:,\x00\x7f\ud800\uffff é9-+.eE/='
CHANGES = (1, 1, 1, 2, 4)  # how many, as often
REPEATED = 400  # times at most that a piece is repeated: sometimes past the largest message


def fuzz(count: int, seed: int, *, keep: bool = False) -> list[Row]:
    """Try so many inputs; `keep` those that were a problem among the vectors."""
    chance, corpus, codec = random.Random(seed), seeds(), TwilioCodec()
    taken, problems, found = 0, [], []
    for number in range(count):
        text = corpus[number] if number < len(corpus) else mutated(chance, corpus)
        problem = tried(codec, text)
        taken += problem is None
        if problem:
            problems.append(f"{problem}: {text[:200]!r}")
            found.append(text)
    if keep and found:
        FOUND.write_text(json.dumps([*json.loads(FOUND.read_text()), *found], indent=1) + "\n")
    return [
        Row(
            f"fuzz, {count:,} codec inputs",
            "no crash, no exception out of place, under the limits",
            f"{len(problems)} problems; {taken:,} were messages",
            not problems and 0 < taken < count,
            problems,
        )
    ]


def seeds() -> list[str]:
    """The messages of the test vectors, and what was found."""
    good = [json.dumps(row["message"]) for row in json.loads((VECTORS / "good.json").read_text())]
    bad = [row["text"] for row in json.loads((VECTORS / "bad.json").read_text())]
    return [*good, *bad, *json.loads(FOUND.read_text())]


def tried(codec: TwilioCodec, text: str) -> str | None:
    """What is wrong with how this was decoded: nothing if it was refused as it must be, None if it was a message."""
    began = time.perf_counter()
    try:
        message = codec.decode(text)
    except CarrierError as refusal:
        problem: str | None = "" if len(str(refusal)) <= LONGEST_PROBLEM else f"{len(str(refusal))} characters of error"
    except Exception as error:  # noqa: BLE001 -- that none comes is what is tried
        return f"{type(error).__name__}: {error}"
    else:
        problem = None if _sound(message, text) else f"decoded as {str(message)[:200]}"
    if time.perf_counter() - began > LONGEST_DECODING and _quickest(codec, text) > LONGEST_DECODING:
        return f"takes more than {LONGEST_DECODING} s"
    return problem


def _sound(message: object, text: str) -> bool:
    """Whether it is what the rest of the product may rely on."""
    if len(text) > LARGEST_MESSAGE or not isinstance(message, MESSAGES):
        return False
    match message:
        case MediaReceived(_, audio):
            return isinstance(audio, bytes) and len(audio) < LARGEST_MESSAGE
        case KeyPressed(digit):
            return digit in KEYS
        case StreamStarted(stream, call, account):
            return all(sid.isascii() and sid.isalnum() for sid in (stream, call, account))
    return True


def _quickest(codec: TwilioCodec, text: str) -> float:
    """Seconds, without what else the machine does."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        with suppress(CarrierError):  # as before
            codec.decode(text)
        times.append(time.perf_counter() - began)
    return min(times)


def mutated(chance: random.Random, corpus: Sequence[str]) -> str:
    """One of these with up to four changes."""
    text = chance.choice(corpus)
    for _ in range(chance.choice(CHANGES)):
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice((0, 1, 1, 2, 8, 64)))
        match chance.randrange(7):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:start] + chance.choice(ODD_CHARACTERS) + text[end:]
            case 2:
                text = text[:start] + text[start:end] * chance.randint(2, 6) + text[end:]
            case 3:
                other = chance.choice(corpus)
                text = text[:start] + other[chance.randint(0, len(other)) :]
            case 4:
                text = _with_odd_value(chance, text)
            case 5:
                text = (
                    text[:start] + chr(ord(text[start]) ^ (1 << chance.randrange(7))) + text[end:]
                    if text[start:]
                    else text
                )
            case 6 if chance.random() < 0.01:  # large ones take long to make
                text = text[:start] + text[start : start + 300] * chance.randint(2, REPEATED) + text[end:]
    return text


def _with_odd_value(chance: random.Random, text: str) -> str:
    """With another value after one of its colons."""
    colons = [at for at, character in enumerate(text) if character == ":"]
    if not colons:
        return text + chance.choice(ODD_VALUES)
    start = chance.choice(colons) + 1
    ends = [at for at in (text.find(mark, start) for mark in ",}") if at >= 0]
    return text[:start] + chance.choice(ODD_VALUES) + text[min(ends, default=len(text)) :]
