"""Twilio's end of one bidirectional media stream."""

from __future__ import annotations

import asyncio
import binascii
import json
from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import urlsplit

import msgspec

from .ear import Ear, StreamClosed, StreamOpened
from .network import Line, Network
from .playout import QUEUE_LIMIT, Playout
from .violation import (
    STREAM_BROKEN,
    STREAM_CLOSED_WITH_ERROR,
    STREAM_MESSAGE_INVALID,
    STREAM_PROTOCOL_ERROR,
    STREAM_QUEUE_FULL,
    STREAM_READER_SLOW,
    STREAM_UNREADABLE,
)
from .websocket import Closure, WebSocket

CLOSE_OK = 1000
CLOSE_ABNORMAL = 1006
USER_AGENT = "Twilio.TmeWs/1.0"


class _Payload(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    payload: str


class _Name(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: str


class _FromServer(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename={"stream": "streamSid"}, tag_field="event"
):
    stream: str


class _Media(_FromServer, tag="media", frozen=True):
    media: _Payload


class _Mark(_FromServer, tag="mark", frozen=True):
    mark: _Name


class _Clear(_FromServer, tag="clear", frozen=True):
    pass


Message: TypeAlias = _Media | _Mark | _Clear

_encode = msgspec.json.encode
_decoder = msgspec.json.Decoder(Message)


class MediaStream:
    """One stream, from `connected` to its end. Nothing in it waits, but `open` and `stop`.

    The line it is attached to calls `send_frame` and `next_frame` every 20 ms. `closed` is done when the connection is
    over, whoever ended it. Audio that is still queued then is lost; Twilio does not say what it does with it.
    """

    def __init__(
        self,
        *,
        stream: str,
        call: str,
        account: str,
        parameters: Mapping[str, str],
        network: Network,
        ear: Ear,
        now: Callable[[], float],
        report: Callable[[int, str], None],
    ) -> None:
        """`report` is told of each violation: Twilio's code and what was wrong."""
        self.stream = stream
        self._call = call
        self._account = account
        self._parameters = parameters
        self._network = network
        self._ear = ear
        self._now = now
        self._report = report
        self._playout = Playout()
        self._outgoing: Line[str | None] = Line(self._send, delay=network.to_server, jitter=network.jitter)
        self._incoming: Line[tuple[bytes, bool] | Closure] = Line(
            self._arrived, delay=network.from_server, jitter=network.jitter
        )
        self._socket: WebSocket | None = None
        self._sequence = 0
        self._chunk = 0
        self._stopped = False
        self._congested = False
        self.paused = False
        """Whether no frames come from the caller's network: Twilio's warning 31953, "RTP timeout on Media Stream"."""
        self.closed: asyncio.Future[Closure] = asyncio.get_running_loop().create_future()

    async def open(self, url: str, *, signed: Mapping[str, str]) -> None:
        """Connect, and send `connected` and `start`. `signed`: the headers of a signature.

        Raises `HandshakeFailed`, `OSError`, `TimeoutError`.
        """
        headers = {"User-Agent": USER_AGENT, "Host": urlsplit(url).netloc, **signed}
        self._socket = await WebSocket.open(
            self._network.locate(url),
            headers,
            receive=lambda data, text: self._incoming.put((data, text)),
            closed=self._incoming.put,
        )
        self._outgoing.put('{"event":"connected","protocol":"Call","version":"1.0.0"}')
        self._say(
            "start",
            {
                "streamSid": self.stream,
                "accountSid": self._account,
                "callSid": self._call,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": dict(self._parameters),
            },
        )
        self._ear.note(StreamOpened(self._now(), self.stream))

    # --- the line's side -----------------------------------------------------------------------

    def send_frame(self, frame: bytes) -> None:
        """Send 20 ms of the caller's voice."""
        if self._socket is not None:
            self._socket.hold()  # `next_frame` comes at once, and marks with it
        self._chunk += 1
        if self.paused:
            return
        self._sequence += 1
        payload = binascii.b2a_base64(frame, newline=False).decode()
        self._outgoing.put(
            f'{{"event":"media","sequenceNumber":"{self._sequence}","media":{{"track":"inbound",'
            f'"chunk":"{self._chunk}","timestamp":"{(self._chunk - 1) * 20}","payload":"{payload}"}},'
            f'"streamSid":"{self.stream}"}}'
        )

    def next_frame(self) -> bytes:
        """The next 20 ms for the caller: at most 160 bytes; fewer when the queue runs empty."""
        played = self._playout.step()
        for name in played.marks:
            self._return_mark(name)
        if played.came is not None:
            self._ear.audio_came_at = played.came
        if self._socket is not None:
            self._socket.release()
        return played.audio

    def press(self, digit: str) -> None:
        """Report a key."""
        self._say("dtmf", {"track": "inbound_track", "digit": digit})

    async def stop(self) -> None:
        """End the stream, unless it is over: `stop`, then the closing handshake. Returns when the socket is gone."""
        if self._socket is None:
            return
        if not self._stopped and not self.closed.done():
            self._say("stop", {"accountSid": self._account, "callSid": self._call})
            self._stopped = True
            self._outgoing.put(None)
        await self._socket.wait_closed()
        await asyncio.shield(self.closed)

    # -------------------------------------------------------------------------------------------

    def _say(self, event: str, body: Mapping[str, object]) -> None:
        self._sequence += 1
        message = {"event": event, "sequenceNumber": str(self._sequence), "streamSid": self.stream, event: body}
        self._outgoing.put(json.dumps(message, separators=(",", ":")))

    def _send(self, message: str | None) -> None:
        if self._socket is None:
            return
        if message is None:
            self._socket.close(CLOSE_OK)
        elif not self._socket.send(message) and not self._stopped and not self._socket.is_over and not self._congested:
            self._congested = True
            self._report(STREAM_READER_SLOW, "the product does not read fast enough: the caller's audio is dropped")

    def _arrived(self, what: tuple[bytes, bool] | Closure) -> None:
        if isinstance(what, Closure):
            self._ended(what)
        elif not self._stopped:  # after `stop` nothing is looked at any more
            self._received(*what)

    def _ended(self, closure: Closure) -> None:
        self._outgoing.cut()
        self._ear.note(StreamClosed(self._now(), self.stream, closure.code))
        if not self._stopped and closure.code != CLOSE_OK:
            self._report(_closing_code(closure), f"stream closed by the product: {closure.code} {closure.reason}")
        self.closed.set_result(closure)

    def _received(self, data: bytes, text: bool) -> None:
        if not text:
            self._report(STREAM_UNREADABLE, f"binary message of {len(data)} bytes: expected text")
            return
        try:
            message = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            self._report(STREAM_MESSAGE_INVALID, f"{exc}: {_beginning(data)}")
            return
        if message.stream != self.stream:
            self._report(STREAM_MESSAGE_INVALID, f"streamSid {message.stream!r}, expected {self.stream!r}")
        elif isinstance(message, _Media):
            self._media_received(message.media.payload)
        elif isinstance(message, _Mark):
            if self._playout.mark(message.mark.name):
                self._return_mark(message.mark.name)
        else:
            self._clear_received()

    def _media_received(self, payload: str) -> None:
        try:
            audio = binascii.a2b_base64(payload, strict_mode=True)
        except ValueError as exc:
            self._report(STREAM_UNREADABLE, f"payload is no base64 ({exc}): {_beginning(payload.encode())}")
            return
        if not audio:
            self._report(STREAM_MESSAGE_INVALID, "media without audio")
            return
        self._ear.audio_arrived()
        if discarded := self._playout.add(audio, self._now()):
            self._report(STREAM_QUEUE_FULL, f"{discarded} bytes discarded: more than {QUEUE_LIMIT} queued")

    def _clear_received(self) -> None:
        dropped = self._playout.queued
        names = self._playout.clear()
        self._ear.cleared(dropped)
        for name in names:
            self._return_mark(name, flushed=True)

    def _return_mark(self, name: str, *, flushed: bool = False) -> None:
        self._ear.mark_returned(name, flushed=flushed)
        self._sequence += 1
        self._outgoing.put(
            f'{{"event":"mark","sequenceNumber":"{self._sequence}","streamSid":"{self.stream}",'
            f'"mark":{{"name":{_encode(name).decode()}}}}}'
        )


def _closing_code(closure: Closure) -> int:
    if closure.broken:
        return STREAM_PROTOCOL_ERROR
    return STREAM_BROKEN if closure.code == CLOSE_ABNORMAL else STREAM_CLOSED_WITH_ERROR


def _beginning(data: bytes) -> str:
    return repr(data[:80].decode(errors="replace"))
