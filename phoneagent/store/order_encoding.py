"""How orders look while they are stored: JSON with a version, private values revealed; see `encoding`."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import msgspec

from phoneagent.errors import MisuseError, StoreError
from phoneagent.private import Private
from phoneagent.records import Order

from .encoding import VERSION, as_json, newer, revealed

UNCHANGEABLE = frozenset({"id", "created"})


class _Version(msgspec.Struct):
    v: int


def _stored_types() -> tuple[dict[str, Any], frozenset[str]]:
    hints = typing.get_type_hints(Order)
    private = frozenset(name for name, hint in hints.items() if typing.get_origin(hint) is Private)
    return {name: typing.get_args(hint)[0] if name in private else hint for name, hint in hints.items()}, private


_TYPES, _PRIVATE = _stored_types()


def checked_changes(changes: Mapping[str, object]) -> Mapping[str, object]:
    """Changes to an `Order` as they were given. Raises `MisuseError` for what would not load again."""
    for name, value in changes.items():
        if name not in _TYPES or name in UNCHANGEABLE:
            raise MisuseError(f"expected a field of Order that may change, got {name!r}")
        if (name in _PRIVATE) != isinstance(value, Private):
            raise MisuseError(f"expected {name} {'as' if name in _PRIVATE else 'not to be'} Private")
        try:
            msgspec.convert(revealed(value), _TYPES[name])
        except msgspec.ValidationError as exc:
            raise MisuseError(f"expected another type for {name}: {exc}") from exc
    return changes


def encode_order(order: Order) -> str:
    values = {field.name: revealed(getattr(order, field.name)) for field in fields(order)}
    return as_json({"v": VERSION, "order": values})


def decode_order(stored: str) -> Order:
    """Raises `StoreError` when it is not an order of this version."""
    try:
        if (version := _decode_version(stored).v) > VERSION:
            raise StoreError(newer(version))
        values: dict[str, Any] = {}
        for name, value in _known(stored).items():
            checked = msgspec.convert(value, _TYPES[name])
            values[name] = Private(checked) if name in _PRIVATE else checked
        return Order(**values)
    except (msgspec.DecodeError, TypeError) as exc:  # TypeError: a field without default is missing
        raise StoreError(f"expected an order of version {VERSION}: {exc}") from exc


class _Stored(msgspec.Struct):
    order: dict[str, Any]


def _known(stored: str) -> dict[str, Any]:
    return {name: value for name, value in _decode_stored(stored).order.items() if name in _TYPES}


_decode_version = msgspec.json.Decoder(_Version).decode
_decode_stored = msgspec.json.Decoder(_Stored).decode
