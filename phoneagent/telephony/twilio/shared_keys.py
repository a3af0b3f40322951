"""Keys that sign webhooks in place of the account's auth token (Twilio's Webhooks configuration API, September 2026).

A rule of the account says which key signs, and a header of each request names it. Strangers write headers too: so a
key counts with one algorithm only, which is set here and not asked of the request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

HMAC_SHA1, HMAC_SHA256 = "HMAC_SHA1", "HMAC_SHA256"

ALGORITHMS = (HMAC_SHA256, HMAC_SHA1)

SHORTEST_SECRET = 16  # characters; whoever guesses it may pose as Twilio

EXPECTED = (
    f"comma-separated keys that sign Twilio's webhooks, as NAME=SECRET with {SHORTEST_SECRET} characters or more of "
    f"secret (NAME/{HMAC_SHA1}=SECRET for one that signs with {HMAC_SHA1})"
)

_NAME = re.compile(r"[\w.-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SharedKey:
    """`name`: Twilio's id of the key, which it names in each request."""

    name: str
    algorithm: str
    secret: str = field(repr=False)


def shared_key(written: str) -> SharedKey:
    """`NAME=SECRET` or `NAME/ALGORITHM=SECRET`. Raises `ValueError`."""
    label, _, secret = written.partition("=")
    name, _, algorithm = label.strip().partition("/")
    algorithm, secret = algorithm.upper() or HMAC_SHA256, secret.strip()
    if not _NAME.fullmatch(name) or algorithm not in ALGORITHMS or len(secret) < SHORTEST_SECRET:
        raise ValueError(EXPECTED)
    return SharedKey(name, algorithm, secret)
