"""API keys that are made by command: what is kept of them and by what, and how much may be asked with one."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

Scope = Literal["read", "call", "admin"]
"""`read`: what is known of calls. `call`: placing calls and steering them. `admin`: the rest, and /metrics. None has
another in it: a key that shall do several things is given several.
"""

SCOPES: tuple[Scope, ...] = get_args(Scope)

PREFIX = "pak_"  # by which people, and scanners of repositories, see what they have found
SECRET = 32  # bytes
LENGTH = len(PREFIX) + 43  # characters, 43 of them base64
LONGEST_NAME = 64  # characters


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; not the key. `scopes` may have ones that only a newer version knows. `created` is in
    seconds since the epoch.
    """

    name: str
    scopes: frozenset[str]
    created: float


class KeyRing(Protocol):
    """Where keys are kept, by their hashes. All methods raise `StoreError`."""

    async def add(self, key: ApiKey, hashed: str) -> bool:
        """Keep a key; False if there is one of that name."""

    async def find(self, hashed: str) -> ApiKey | None: ...

    async def all(self) -> tuple[ApiKey, ...]:
        """By their names."""

    async def revoke(self, name: str) -> bool:
        """Forget a key; False if there is none of that name."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left after a request: `remaining` of `quota` requests in `window` seconds, until the count begins anew in
    `reset` seconds. `granted`: whether this request was among them.
    """

    granted: bool
    quota: int
    window: int
    remaining: int
    reset: int


class RateLimits(Protocol):
    """Counts requests."""

    async def spend(self, who: str) -> Allowance:
        """Count one more."""

    async def forget(self, who: str) -> bool:
        """Count anew. Whether there was anything to forget. Raises `StoreError`."""


def new_key() -> str:
    """A key that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(SECRET)


def hashed(key: str) -> str:
    """As it is kept. One round of SHA-256 and no salt: slow hashes and salts protect secrets that people choose. These
    have 256 random bits, which are in no dictionary, and which no machine can try.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def looks_like_one(key: str) -> bool:
    """Whether it is worth looking for."""
    return len(key) == LENGTH and key.startswith(PREFIX) and key.isascii()
