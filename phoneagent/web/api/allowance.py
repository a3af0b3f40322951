"""How many requests somebody may make, and how that is said: the headers of draft-ietf-httpapi-ratelimit-headers."""

from __future__ import annotations

from collections.abc import Mapping

from phoneagent.api_keys import Allowance

from .problems import Problem

POLICY, LIMIT, RETRY_AFTER = "RateLimit-Policy", "RateLimit", "Retry-After"


def headers_of(policy: str, allowance: Allowance) -> Mapping[str, str]:
    """The headers. `policy` is what the count is of: `key` or `address`."""
    return {
        POLICY: f'"{policy}";q={allowance.quota};w={allowance.window}',
        LIMIT: f'"{policy}";r={allowance.remaining};t={allowance.reset}',
    }


def too_many(policy: str, allowance: Allowance) -> Problem:
    """They were too many."""
    return Problem(
        429,
        "rate-limited",
        "Too many requests",
        f"expected at most {allowance.quota} requests in {allowance.window} seconds with one {policy}",
        headers={RETRY_AFTER: str(allowance.reset)},
    )
