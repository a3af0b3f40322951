"""How reports look while they are stored: JSON with a version, private values revealed; see `encoding`."""

from __future__ import annotations

import msgspec

from phoneagent.errors import StoreError
from phoneagent.report import EndOfCallReport

from .encoding import VERSION, as_json, newer


class _Version(msgspec.Struct):
    v: int


class _Entry(msgspec.Struct):
    v: int
    report: EndOfCallReport


def encode_report(report: EndOfCallReport) -> str:
    return as_json(_Entry(VERSION, report))


def decode_report(stored: str) -> EndOfCallReport:
    """Raises `StoreError` when it is not a report of this version."""
    try:
        if (version := _decode_version(stored).v) > VERSION:
            raise StoreError(newer(version))
        return _decode_entry(stored).report
    except msgspec.DecodeError as exc:
        raise StoreError(f"expected a report of version {VERSION}: {exc}") from exc


_decode_version = msgspec.json.Decoder(_Version).decode
_decode_entry = msgspec.json.Decoder(_Entry).decode
