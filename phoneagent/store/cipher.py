"""What is stored of people, encrypted by the operator's keys: Fernet, of the package `cryptography`.

Fernet is AES-128-CBC with HMAC-SHA256, and has rotation built in: the first key encrypts, each one decrypts. What is
encrypted begins with a mark, so that what was written before, or by a process that has no keys yet, is read as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from phoneagent.errors import StoreError, Undecipherable

MARK = "fernet:"  # nothing that is stored begins so: it is JSON


class Cipher(Protocol):
    """Between what is stored and what it means."""

    def seal(self, text: str) -> str: ...

    def open(self, stored: str) -> str:
        """Raises `Undecipherable`."""


class NoCipher:
    """Everything is stored as it is."""

    def seal(self, text: str) -> str:
        """The text."""
        return text

    def open(self, stored: str) -> str:
        """The same. Raises `Undecipherable` for what another process has encrypted."""
        if stored.startswith(MARK):
            raise Undecipherable(
                "PHONEAGENT_ENCRYPTION_KEYS: expected the keys that other processes have, for the store's data is "
                "encrypted; got none; set it in the environment or .env"
            )
        return stored


class FernetCipher:
    """By keys as `new_key` makes them, the one in use first."""

    def __init__(self, keys: Sequence[str]) -> None:
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet

        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._invalid = InvalidToken

    def seal(self, text: str) -> str:
        """Encrypted by the first key."""
        try:
            return MARK + self._fernet.encrypt(text.encode()).decode()
        except UnicodeEncodeError as error:
            raise StoreError("expected text without half a surrogate pair") from error

    def open(self, stored: str) -> str:
        """By whichever key fits. Raises `Undecipherable`."""
        if not stored.startswith(MARK):
            return stored
        try:
            return self._fernet.decrypt(stored.removeprefix(MARK).encode()).decode()
        except (self._invalid, UnicodeError) as error:
            raise Undecipherable(
                "PHONEAGENT_ENCRYPTION_KEYS: expected the key that the store's data is encrypted with, got others; put "
                "it after the one in use, in the environment or .env, for as long as there is such data"
            ) from error


def new_key() -> str:
    """32 random bytes in URL-safe base64."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()
