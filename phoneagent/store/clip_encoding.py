"""How spoken phrases look while they are stored: MessagePack with a version, and keys that do not show the text."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import msgspec

from phoneagent.conversation.words import Word
from phoneagent.errors import StoreError
from phoneagent.records import Clip

VERSION = 1
"""Part of the keys too: processes of two releases do not overwrite each other's clips."""

LARGEST = 512 * 1024
"""Bytes of one stored clip: a minute of speech. What is longer is no phrase that is needed again."""


class VoiceKeys(NamedTuple):
    """Where the clips of a voice are: a hash by digest of the text, and a sorted set of digests by last use in ms."""

    clips: str
    used: str


class _Entry(msgspec.Struct, array_like=True):
    v: int
    text: str
    audio: bytes
    words: tuple[Word, ...]


class _Version(msgspec.Struct, array_like=True):
    v: int


def voice_keys(identity: str) -> VoiceKeys:
    """The keys of a voice; both in one slot of a Cluster."""
    return keys_of_digest(voice_digest(identity))


def keys_of_digest(digest: str) -> VoiceKeys:
    """The keys of a voice, by what it is known by in them."""
    prefix = f"phoneagent:voice:{{{digest}}}:{VERSION}:"
    return VoiceKeys(prefix + "clips", prefix + "used")


def voice_digest(identity: str) -> str:
    """What a voice is known by in its keys."""
    return _digest(identity)


def text_field(text: str) -> str:
    """Where in the hash a text's clip is. Not the text itself: it may be long, and keys are shown everywhere."""
    return _digest(text)


def encode_clip(text: str, clip: Clip) -> bytes | None:
    """None for a clip that is too large. Raises `StoreError` for text that cannot be stored."""
    try:
        encoded = msgspec.msgpack.encode(_Entry(VERSION, text, clip.audio, clip.words))
    except UnicodeEncodeError as exc:
        raise StoreError("expected text without half a surrogate pair") from exc
    return encoded if len(encoded) <= LARGEST else None


def decode_clip(stored: bytes) -> tuple[str, Clip]:
    """The text and its clip. Raises `StoreError` when it is none of this version."""
    if len(stored) > LARGEST:
        raise StoreError(f"expected a clip of at most {LARGEST} bytes, got {len(stored)}")
    try:
        if (version := _decode_version(stored).v) != VERSION:
            raise StoreError(f"expected a clip of version {VERSION}, got version {version}")
        entry = _decode_entry(stored)
    except msgspec.DecodeError as exc:
        raise StoreError(f"expected a clip of version {VERSION}: {exc}") from exc
    return entry.text, Clip(entry.audio, entry.words)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


_decode_version = msgspec.msgpack.Decoder(_Version).decode
_decode_entry = msgspec.msgpack.Decoder(_Entry).decode
