"""How records and turns look while they are stored: JSON with a version, private values revealed.

A new field with a default needs no new version: it is filled in when it is missing and skipped when it is unknown.
Anything else does, and then a process that is older than what it finds refuses instead of guessing.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import msgspec

from phoneagent.conversation.transcript import Turn
from phoneagent.errors import MisuseError, StoreError
from phoneagent.private import Private
from phoneagent.records import CallRecord

VERSION = 1


class _Entry(msgspec.Struct):
    v: int
    seq: int
    turn: Turn


class _Version(msgspec.Struct):
    v: int


def _stored_types() -> tuple[dict[str, Any], frozenset[str]]:
    hints = typing.get_type_hints(CallRecord)
    del hints["id"]  # the key has it
    private = frozenset(name for name, hint in hints.items() if typing.get_origin(hint) is Private)
    return {name: typing.get_args(hint)[0] if name in private else hint for name, hint in hints.items()}, private


_TYPES, _PRIVATE = _stored_types()
_DECODERS = {name: msgspec.json.Decoder(kind) for name, kind in _TYPES.items()}


def checked(changes: Mapping[str, object]) -> Mapping[str, object]:
    """Changes to a `CallRecord` as they were given. Raises `MisuseError` for what would not load again."""
    for name, value in changes.items():
        if name not in _TYPES:
            raise MisuseError(f"expected a field of CallRecord that may change, got {name!r}")
        if (name in _PRIVATE) != isinstance(value, Private):
            raise MisuseError(f"expected {name} {'as' if name in _PRIVATE else 'not to be'} Private")
        try:
            msgspec.convert(revealed(value), _TYPES[name])
        except msgspec.ValidationError as exc:
            raise MisuseError(f"expected another type for {name}: {exc}") from exc
    return changes


def encode_record(record: CallRecord) -> dict[str, str]:
    """Each field but `id` as JSON, so that one can be changed without the others."""
    return encode_changes({field.name: getattr(record, field.name) for field in fields(record) if field.name != "id"})


def encode_changes(changes: Mapping[str, object]) -> dict[str, str]:
    """Raises `MisuseError` for what would not load again."""
    return {name: as_json(revealed(value)) for name, value in checked(changes).items()}


def decode_record(call: str, stored: Mapping[str, str]) -> CallRecord:
    """Raises `StoreError` when it is not a record of this version."""
    values: dict[str, Any] = {}
    try:
        for name in _TYPES.keys() & stored.keys():
            value = _DECODERS[name].decode(stored[name])
            values[name] = Private(value) if name in _PRIVATE else value
        return CallRecord(id=call, **values)
    except (msgspec.DecodeError, TypeError) as exc:  # TypeError: a field without default is missing
        raise StoreError(f"expected a call's record of version {VERSION}: {exc}") from exc


def encode_turn(seq: int, turn: Turn) -> str:
    return as_json(_Entry(VERSION, seq, turn))


def decode_turn(stored: str) -> Turn:
    """Raises `StoreError` when it is not a turn of this version."""
    try:
        if (version := _decode_version(stored).v) > VERSION:
            raise StoreError(newer(version))
        return _decode_entry(stored).turn
    except msgspec.DecodeError as exc:
        raise StoreError(f"expected a turn of version {VERSION}: {exc}") from exc


def newer(version: object) -> str:
    """What to say of data that a newer process has written."""
    return f"expected data of version {VERSION}, got version {version}: written by a newer phoneagent, upgrade this one"


def revealed(value: object) -> object:
    """What is stored of a value that may be private."""
    return value.reveal() if isinstance(value, Private) else value


def as_json(value: object) -> str:
    """JSON that any text fits into."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which some JSON of others lets through: it becomes "?"
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode(errors="replace").decode()


_decode_version = msgspec.json.Decoder(_Version).decode
_decode_entry = msgspec.json.Decoder(_Entry).decode
