"""How numbers that must not be called look while they are stored: JSON, after the place in the list."""

from __future__ import annotations

import secrets

import msgspec

from phoneagent.do_not_call import DoNotCall, Source
from phoneagent.errors import StoreError
from phoneagent.private import Private
from phoneagent.records import place_of


class _Stored(msgspec.Struct, omit_defaults=True):
    added: float
    source: Source = "operator"
    call: str = ""


def new_place(entry: DoNotCall) -> str:
    """Where it stands in the list, which is also the cursor of what follows: the number is not in it."""
    return place_of(entry.added, "DN" + secrets.token_hex(8))


def encode_entry(entry: DoNotCall, place: str) -> str:
    return f"{place} {msgspec.json.encode(_Stored(entry.added, entry.source, entry.call)).decode()}"


def decode_entry(number: str, stored: str) -> DoNotCall:
    """Raises `StoreError`."""
    try:
        known = _decode(stored.partition(" ")[2])
    except msgspec.DecodeError as error:
        raise StoreError(f"redis: a number not to be called that cannot be read: {error}") from error
    return DoNotCall(Private(number), known.added, known.source, known.call)


_decode = msgspec.json.Decoder(_Stored).decode
