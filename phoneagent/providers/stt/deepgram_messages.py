"""Deepgram's wire messages, in and out. Decoding takes 2 µs a message; the SDK's models take 100.

The tests hold these shapes against the SDK's own types.
"""

from __future__ import annotations

import json

import msgspec

from phoneagent.plain_text import plain

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


_flux = msgspec.json.Decoder(FluxMessage)
_nova = msgspec.json.Decoder(NovaMessage)
encode = msgspec.json.Encoder().encode


def decode_flux(message: str | bytes) -> FluxMessage:
    """With texts that are plain. Raises `msgspec.MsgspecError` for what is no message."""
    try:
        flux = _flux.decode(message)
    except msgspec.MsgspecError:
        flux = _flux.decode(_without_halves(message))
    flux.transcript = plain(flux.transcript)
    _make_plain(flux.words)
    return flux


def decode_nova(message: str | bytes) -> NovaMessage:
    """See `decode_flux`."""
    try:
        nova = _nova.decode(message)
    except msgspec.MsgspecError:
        nova = _nova.decode(_without_halves(message))
    if isinstance(nova.channel, ResultsChannel):
        for alternative in nova.channel.alternatives:
            alternative.transcript = plain(alternative.transcript)
            _make_plain(alternative.words)
    return nova


def _make_plain(words: tuple[TimedWord, ...]) -> None:
    for word in words:
        word.word = plain(word.word)
        if word.punctuated_word is not None:
            word.punctuated_word = plain(word.punctuated_word)


def _without_halves(message: str | bytes) -> bytes:
    """The same message if it has halves of surrogate pairs in it, which this decoder takes for no JSON."""
    try:
        return json.dumps(json.loads(message), ensure_ascii=False).encode("utf-8", "ignore")
    except (ValueError, RecursionError) as error:
        raise msgspec.DecodeError("expected JSON") from error
