"""Deepgram's wire messages, in and out. Decoding takes 2 µs a message; the SDK's models take 100.

The tests hold these shapes against the SDK's own types.
"""

from __future__ import annotations

import msgspec

CLOSE_STREAM = '{"type":"CloseStream"}'
FORCE_END_TURN = '{"type":"ForceEndTurn"}'
FINALIZE = '{"type":"Finalize"}'
KEEP_ALIVE = '{"type":"KeepAlive"}'


class TimedWord(msgspec.Struct):
    """Seconds of audio since the connection began; Flux may leave them out."""

    word: str
    start: float | None = None
    end: float | None = None
    punctuated_word: str | None = None


class FluxMessage(msgspec.Struct):
    """Any message of `/v2/listen`; what a type does not have keeps its default, unknown fields are skipped."""

    type: str
    event: str = ""
    transcript: str = ""
    words: tuple[TimedWord, ...] = ()
    audio_window_end: float = 0.0
    sequence_id: int | None = None
    turn_index: int | None = None
    code: str | None = None
    description: str | None = None


class Alternative(msgspec.Struct):
    """One reading of a stretch of audio."""

    transcript: str = ""
    words: tuple[TimedWord, ...] = ()


class ResultsChannel(msgspec.Struct):
    """What was understood on the one channel of a call."""

    alternatives: tuple[Alternative, ...] = ()


class NovaMessage(msgspec.Struct):
    """Any message of `/v1/listen`. `channel` is an object in `Results` and a list of numbers elsewhere."""

    type: str
    channel: ResultsChannel | tuple[int, ...] = ()
    start: float = 0.0
    duration: float = 0.0
    timestamp: float | None = None
    is_final: bool | None = None
    speech_final: bool | None = None
    from_finalize: bool | None = None
    code: str | None = None
    description: str | None = None


class Configure(msgspec.Struct, tag="Configure"):
    """Replaces the list of key terms while the stream runs; both endpoints have it."""

    keyterms: tuple[str, ...]


decode_flux = msgspec.json.Decoder(FluxMessage).decode
decode_nova = msgspec.json.Decoder(NovaMessage).decode
encode = msgspec.json.Encoder().encode
