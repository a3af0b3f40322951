"""Twilio Media Streams messages: JSON text in both directions. Pure; a call has 50 of them a second each way."""

from __future__ import annotations

import re
from typing import Annotated, NoReturn, TypeAlias

import msgspec

from phoneagent.errors import CarrierError, MessageTooLarge
from phoneagent.records import (
    KeyPressed,
    MarkReturned,
    MediaReceived,
    MessageIgnored,
    StreamConnected,
    StreamMessage,
    StreamStarted,
    StreamStopped,
)

LARGEST_MESSAGE = 64 * 1024
"""Characters. A frame of audio makes about 400, a `start` with many parameters a few thousand: more is an attack."""

LONGEST_PROBLEM = 200
"""Characters of the sender's own text that may get into an error message."""

MOST_DIGITS = 18
"""Of a number: they fit into 64 bits whatever they are."""

KEYS = frozenset("0123456789*#")

LETTERS = frozenset("ABCD")
"""The fourth column of DTMF (ITU-T Q.23): some telephones and exchanges send them, and no caller means anything."""

INBOUND, OUTBOUND = "inbound", "outbound"


class TwilioCodec:
    """Decodes what Twilio sends and encodes what it accepts.

    Strict about what a message must have, tolerant of fields and events it does not know: Twilio adds them without
    notice. It writes its numbers as text, mostly; either is taken.
    """

    def decode(self, message: str) -> StreamMessage:
        """Raises `CarrierError` saying what was expected (`MessageTooLarge` past `LARGEST_MESSAGE`), nothing else."""
        if len(message) > LARGEST_MESSAGE:
            raise MessageTooLarge(
                f"media stream: expected at most {LARGEST_MESSAGE} characters a message, got {len(message)}"
            )
        try:
            wire: _Inbound = _decode(message)
        except msgspec.DecodeError as exc:
            if number := _NO_NUMBER.search(str(exc)):
                raise CarrierError(f"media stream: expected 1 to {MOST_DIGITS} digits in {number[1]}") from exc
            if _UNKNOWN_EVENT.fullmatch(str(exc)):
                return _of_an_unknown_event(message)
            problem = str(exc)[:LONGEST_PROBLEM]
            raise CarrierError(f"media stream: expected a message of the protocol: {problem}") from exc
        except UnicodeEncodeError as exc:
            raise CarrierError("media stream: expected text, got half a surrogate pair") from exc
        except RecursionError as exc:
            raise CarrierError("media stream: expected a flat message, got deeply nested JSON") from exc
        match wire:
            case _MediaIn(media=media):  # first: the others together are one in fifty
                if media.track != "inbound":
                    return _of_another_track("media.track", media.track, INBOUND, OUTBOUND)
                return MediaReceived(media.timestamp, media.payload)
            case _MarkIn(mark=mark):
                return MarkReturned(mark.name)
            case _DtmfIn(dtmf=dtmf):
                if dtmf.track != f"{INBOUND}_track":
                    return _of_another_track("dtmf.track", dtmf.track, f"{INBOUND}_track", f"{OUTBOUND}_track")
                if dtmf.digit in LETTERS:
                    return MessageIgnored("keypad letter")
                if dtmf.digit not in KEYS:  # not shown: what callers press may be their PIN
                    raise CarrierError("media stream: expected one of 0-9 * # in dtmf.digit")
                return KeyPressed(dtmf.digit)
            case _ConnectedIn(protocol=protocol, version=version):
                if protocol != "Call":
                    _refuse("protocol", "'Call'", protocol)
                return StreamConnected(protocol, version)
            case _StartIn(stream_sid=stream, start=start):
                if start.stream_sid != stream:
                    _refuse("start.streamSid", f"{stream!r} as in the message", start.stream_sid)
                if start.tracks != ["inbound"]:
                    _refuse("start.tracks", "['inbound']", start.tracks)
                if start.media_format != MULAW_8000:
                    _refuse("start.mediaFormat", "audio/x-mulaw, 8000, 1", msgspec.structs.astuple(start.media_format))
                return StreamStarted(stream, start.call_sid, start.account_sid, start.custom_parameters)
            case _StopIn():
                return StreamStopped()

    def media(self, stream: str, audio: bytes) -> str:
        """A piece of speech: μ-law at 8 kHz, of any length."""
        return _encode(_MediaOut(stream, _Payload(audio))).decode()

    def mark(self, stream: str, name: str) -> str:
        """Ask for `name` to come back when everything sent before it was played."""
        return _encode(_MarkOut(stream, _Mark(name))).decode()

    def clear(self, stream: str) -> str:
        """Drop everything that is queued at Twilio."""
        return _encode(_ClearOut(stream)).decode()


def _of_an_unknown_event(message: str) -> MessageIgnored:
    """It is JSON all the same."""
    try:
        msgspec.json.decode(message)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as exc:
        raise CarrierError(f"media stream: expected JSON: {str(exc)[:LONGEST_PROBLEM]}") from exc
    return MessageIgnored("unknown event")


def _of_another_track(field: str, track: str, ours: str, theirs: str) -> MessageIgnored:
    """What the carrier plays itself concerns nobody, whatever it is."""
    if track != theirs:
        _refuse(field, repr(ours), track)
    return MessageIgnored("outbound track")


def _refuse(field: str, expected: str, got: object) -> NoReturn:
    raise CarrierError(f"media stream: expected {expected} in {field}, got {repr(got)[:LONGEST_PROBLEM]}")


# --- the wire: fields are Twilio's, in camelCase there -------------------------------------------------------------

# Identifiers travel on into JSON, URLs and storage keys: letters and digits only.
_AccountSid: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\AAC[0-9A-Za-z]{1,64}\Z")]
_CallSid: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\ACA[0-9A-Za-z]{1,64}\Z")]
_StreamSid: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\AMZ[0-9A-Za-z]{1,64}\Z")]

_Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=10**MOST_DIGITS)]


class _ConnectedIn(msgspec.Struct, tag_field="event", tag="connected"):
    protocol: str
    version: str


class _MediaFormat(msgspec.Struct, rename="camel"):
    encoding: str
    sample_rate: int
    channels: int


MULAW_8000 = _MediaFormat("audio/x-mulaw", 8000, 1)


class _Start(msgspec.Struct, rename="camel"):
    stream_sid: _StreamSid
    account_sid: _AccountSid
    call_sid: _CallSid
    tracks: list[str]
    media_format: _MediaFormat
    custom_parameters: dict[str, str]


class _StartIn(msgspec.Struct, tag_field="event", tag="start", rename="camel"):
    sequence_number: _Whole
    stream_sid: _StreamSid
    start: _Start


class _Media(msgspec.Struct):
    track: str
    chunk: _Whole
    timestamp: _Whole
    payload: bytes  # msgspec reads and writes bytes as strict base64


class _MediaIn(msgspec.Struct, tag_field="event", tag="media", rename="camel"):
    sequence_number: _Whole
    stream_sid: str
    media: _Media


class _Dtmf(msgspec.Struct):
    track: str
    digit: str


class _DtmfIn(msgspec.Struct, tag_field="event", tag="dtmf", rename="camel"):
    sequence_number: _Whole
    stream_sid: str
    dtmf: _Dtmf


class _Mark(msgspec.Struct):
    name: str


class _MarkIn(msgspec.Struct, tag_field="event", tag="mark", rename="camel"):
    sequence_number: _Whole
    stream_sid: str
    mark: _Mark


class _Stop(msgspec.Struct, rename="camel"):
    account_sid: str
    call_sid: str


class _StopIn(msgspec.Struct, tag_field="event", tag="stop", rename="camel"):
    sequence_number: _Whole
    stream_sid: str
    stop: _Stop


class _Payload(msgspec.Struct):
    payload: bytes


class _MediaOut(msgspec.Struct, tag_field="event", tag="media", rename="camel"):
    stream_sid: str
    media: _Payload


class _MarkOut(msgspec.Struct, tag_field="event", tag="mark", rename="camel"):
    stream_sid: str
    mark: _Mark


class _ClearOut(msgspec.Struct, tag_field="event", tag="clear", rename="camel"):
    stream_sid: str


_Inbound: TypeAlias = _MediaIn | _MarkIn | _DtmfIn | _ConnectedIn | _StartIn | _StopIn

_decode = msgspec.json.Decoder(_Inbound, strict=False).decode  # not strict: text for numbers
_NO_NUMBER = re.compile(r"(?:Expected `int`|Integer value out of range).* - at `\$\.(\S+)`")  # msgspec's words
_UNKNOWN_EVENT = re.compile(r"Invalid value '.*' - at `\$\.event`", re.DOTALL)  # the same
_encode = msgspec.json.Encoder().encode
