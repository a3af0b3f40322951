"""How deliveries look while they are stored: JSON with a version; see `encoding`."""

from __future__ import annotations

import msgspec

from phoneagent.deliveries import Delivery
from phoneagent.errors import StoreError

from .encoding import VERSION, as_json, newer


class _Version(msgspec.Struct):
    v: int


class _Stored(msgspec.Struct):
    v: int
    delivery: Delivery


def encode_delivery(delivery: Delivery) -> str:
    return as_json(_Stored(VERSION, delivery))


def decode_delivery(stored: str) -> Delivery:
    """Raises `StoreError` when it is not a delivery of this version."""
    try:
        if (version := _decode_version(stored).v) > VERSION:
            raise StoreError(newer(version))
        return _decode(stored).delivery
    except msgspec.DecodeError as exc:
        raise StoreError(f"expected a delivery of version {VERSION}: {exc}") from exc


_decode_version = msgspec.json.Decoder(_Version).decode
_decode = msgspec.json.Decoder(_Stored).decode
