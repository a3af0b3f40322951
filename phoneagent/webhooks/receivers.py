"""How a receiver is written down: its URL, and the secrets that sign what it gets."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from urllib.parse import urlsplit

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes, by the convention
MADE = 32  # bytes

EXPECTED_SECRET = f"{PREFIX} and {SHORTEST} to {LONGEST} bytes in base64, as `phoneagent webhooks secret` makes them"
EXPECTED_URL = "an https:// or http:// URL, such as https://crm.example.com/phoneagent, without a password in it"
EXPECTED_NAME = "the name of an environment variable with the secret, as ${CRM_WEBHOOK_SECRET}"

_NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def new_secret() -> str:
    """One that nobody knows."""
    return PREFIX + base64.b64encode(secrets.token_bytes(MADE)).decode()


def checked_secrets(text: str) -> tuple[str, ...]:
    """The secrets in a text, with blanks between; each signs. Raises `ValueError`, which does not quote them."""
    found = tuple(text.split())
    if not found or not all(map(_is_secret, found)):
        raise ValueError(f"expected {EXPECTED_SECRET}; several with blanks between")
    return found


def checked_url(text: str) -> str:
    """Raises `ValueError`, which does not quote it: there may be a key in its query."""
    try:
        parts = urlsplit(text)
        good = parts.port != 0 and parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or "@" in parts.netloc or parts.fragment or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"expected {EXPECTED_URL}")
    return text


def checked_reach(url: str, *, private: bool) -> None:
    """Raises `ValueError` for plain http into the world."""
    if url.startswith("http:") and not private:
        raise ValueError("expected an https:// URL, or private = true for a server in your own network")


def named_variable(text: str) -> str | None:
    """The NAME of a `${NAME}`; None for any other text."""
    found = _NAMED.fullmatch(text.strip())
    return found[1] if found else None


def checked_name(text: str) -> str:
    """A `${NAME}`. Raises `ValueError`, which does not quote it: it may be a secret in the wrong place."""
    if named_variable(text) is None:
        raise ValueError(f"expected {EXPECTED_NAME}; secrets have no place in agent files")
    return text


def _is_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(PREFIX) and SHORTEST <= len(key) <= LONGEST
