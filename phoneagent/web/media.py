"""The media socket: a carrier's WebSocket becomes a call."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import copy_context

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from phoneagent.call.switchboard import Switchboard
from phoneagent.errors import CarrierError, MessageTooLarge, StoreError
from phoneagent.ports import MediaCodec, Observer, Signatures
from phoneagent.records import MessageIgnored, StreamConnected, StreamMessage, StreamStarted, StreamStopped

from .doors import signed, unsigned
from .frames import DIRECT, QuickFrames

log = structlog.stdlib.get_logger(__name__)

START_WITHIN = 5.0  # seconds from the upgrade to `start`; Twilio sends it at once
MOST_STARTING = 100  # sockets before `start`, which take up no place of a call; more is nobody's rate of new calls
SEND_WITHIN = 5.0  # seconds for the carrier to take a message; a socket slower than that is dead
CLOSE_WITHIN = 0.5  # seconds for the closing handshake, of which nothing depends
MOST_QUEUED = 16 * 1024 * 1024  # characters waiting to be sent: the ten minutes that Twilio would queue, in base64

MESSAGE_LIMIT = 64 * 1024  # bytes of a WebSocket message; Twilio's have 300. The server's `ws_max_size`

NORMAL, VIOLATION, TOO_LARGE, BROKEN = 1000, 1008, 1009, 1011  # RFC 6455, section 7.4.1


class MediaSocket:
    """Upgrades, checks, and hands a stream to the switchboard."""

    def __init__(self, codec: MediaCodec, signatures: Signatures, switchboard: Switchboard, observer: Observer) -> None:
        self._codec = codec
        self._signatures = signatures
        self._switchboard = switchboard
        self._observer = observer
        self._starting: list[asyncio.Timeout] = []

    async def endpoint(self, websocket: WebSocket) -> None:
        """Serve one socket to its end."""
        if not signed(websocket, {}, self._signatures, websocket=True):
            problem = unsigned(websocket, self._signatures)
            self._refuse("signature", f"the upgrade was not signed by the carrier: {problem}")
            await websocket.close()  # HTTP 403; had it a text, uvicorn would log an error for each stranger
            return
        await websocket.accept()
        stream = SocketStream(websocket, self._codec)
        try:
            async with asyncio.timeout(START_WITHIN) as patience:
                started = await self._begun(stream, patience)
                call = await self._switchboard.admit(started)
        except TimeoutError:
            await self._turn_away(stream, "start", f"expected 'start' within {START_WITHIN} s")
            return
        except MessageTooLarge as error:
            await self._turn_away(stream, "size", str(error), code=TOO_LARGE)
            return
        except CarrierError as error:
            await self._turn_away(stream, "start", str(error))
            return
        except StoreError as error:
            await self._turn_away(stream, "store", str(error), code=BROKEN)
            return
        structlog.contextvars.bind_contextvars(call=call)
        try:
            await self._switchboard.connect(stream, started)
        except (CarrierError, StoreError) as error:
            await self._turn_away(stream, "call", str(error), code=BROKEN)
        except Exception:
            # A defect of ours. The carrier goes on to /twilio/continue, where the call is carried on.
            log.exception("call_crashed")
            await stream.close(BROKEN, "internal error")
        else:
            await stream.aclose()

    async def _begun(self, stream: SocketStream, patience: asyncio.Timeout) -> StreamStarted:
        """What begins a stream. Of too many sockets that wait for it, the oldest is at the end of its patience."""
        if len(self._starting) >= MOST_STARTING:
            self._starting.pop(0).reschedule(asyncio.get_running_loop().time())
        self._starting.append(patience)
        try:
            return await stream.start()
        finally:
            if patience in self._starting:
                self._starting.remove(patience)

    async def _turn_away(self, stream: SocketStream, reason: str, problem: str, *, code: int = VIOLATION) -> None:
        self._refuse(reason, problem)
        await stream.close(code, problem)

    def _refuse(self, reason: str, problem: str) -> None:
        log.warning("media_stream_refused", reason=reason, problem=problem, stranger=True)
        self._observer.tell("", 0.0, "refused", {"reason": reason})


class SocketStream:
    """A `MediaStream` over a WebSocket.

    What the network does not take at once waits in a queue of its own, so that `clear` can overtake it. On a server
    that offers `DIRECT` messages go past tasks and queues in both directions.
    """

    def __init__(self, websocket: WebSocket, codec: MediaCodec) -> None:
        self._websocket = websocket
        self._codec = codec
        extension = websocket.scope.get("extensions", {}).get(DIRECT)
        self._direct: QuickFrames | None = extension and extension["socket"]
        self._stream = ""
        self._queue: deque[str] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._closed = False
        self._stalled = False

    async def start(self) -> StreamStarted:
        """Read up to `start`. Raises `CarrierError`."""
        if not isinstance(message := await self._next(), StreamConnected):
            raise CarrierError(f"expected 'connected' first, got {type(message).__name__}")
        if not isinstance(message := await self._next(), StreamStarted):
            raise CarrierError(f"expected 'start' before anything else, got {type(message).__name__}")
        self._stream = message.stream
        self._writer = asyncio.create_task(self._write(), name="media writer")
        return message

    async def listen(self, take: Callable[[StreamMessage], None]) -> None:
        over = asyncio.get_running_loop().create_future()
        reading = asyncio.create_task(self._read(over, take), name="media reader")
        if self._direct is not None:
            context = copy_context()  # the server's own does not know which call this is
            self._direct.deliver_to(lambda text: context.run(self._hear, over, text, take))
        try:
            await over
        finally:
            over.cancel()
            reading.cancel()

    async def _read(self, over: asyncio.Future[None], take: Callable[[StreamMessage], None]) -> None:
        try:
            while (received := await self._websocket.receive())["type"] != "websocket.disconnect":
                self._hear(over, received.get("text"), take)
        except RuntimeError as closed:  # Starlette's, once it was told of the end
            log.debug("media_not_read", problem=str(closed))
        if not over.done():
            over.set_result(None)

    def _hear(self, over: asyncio.Future[None], text: str | None, take: Callable[[StreamMessage], None]) -> None:
        """Whatever goes wrong ends the listening, and is raised there."""
        if over.done():
            return
        try:
            if self._stalled:
                raise CarrierError(f"expected the carrier to take what it is sent within {SEND_WITHIN} s")
            message = self._decoded(text)
            take(message)
        except Exception as problem:  # noqa: BLE001 - it is for whoever listens
            over.set_exception(problem)
        else:
            if isinstance(message, StreamStopped) and not over.done():
                over.set_result(None)

    async def _next(self) -> StreamMessage | None:
        """The next message that means something."""
        while isinstance(message := await self._receive(), MessageIgnored):
            log.info("media_message_ignored", what=message.what)
        return message

    async def _receive(self) -> StreamMessage | None:
        received = await self._websocket.receive()
        return None if received["type"] == "websocket.disconnect" else self._decoded(received.get("text"))

    def _decoded(self, text: str | None) -> StreamMessage:
        if text is None:
            raise CarrierError("expected text messages, got a binary one")
        return self._codec.decode(text)

    # -- out ----------------------------------------------------------------------------------------

    def send_audio(self, audio: bytes) -> None:
        if audio:
            self._put(self._codec.media(self._stream, audio))

    def send_mark(self, name: str) -> None:
        self._put(self._codec.mark(self._stream, name))

    def clear(self) -> None:
        self._queue.clear()
        self._queued = 0
        self._put(self._codec.clear(self._stream))

    def _put(self, message: str) -> None:
        if self._direct is not None and not self._queue and not self._closed and self._direct.write(message):
            return
        if self._queued + len(message) > MOST_QUEUED:
            log.error("media_not_sent", queued=self._queued)
            return
        self._queue.append(message)
        self._queued += len(message)
        self._wake.set()

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                async with asyncio.timeout(SEND_WITHIN) as limit:
                    while self._queue:
                        message = self._queue.popleft()
                        self._queued -= len(message)
                        await self._websocket.send({"type": "websocket.send", "text": message})
                        limit.reschedule(asyncio.get_running_loop().time() + SEND_WITHIN)
        except TimeoutError:
            # The reading side ends the call with its next frame; if there is none, the call's watchdog does.
            self._stalled = True
            log.warning("carrier_does_not_read", seconds=SEND_WITHIN)
        except (WebSocketDisconnect, RuntimeError, OSError) as error:
            # The reading side sees the end of the connection as well, and ends the call.
            log.debug("media_not_sent", problem=str(error))

    async def aclose(self, reason: str = "", *, violation: bool = False) -> None:
        """Close the socket; the carrier goes on to what follows the stream."""
        await self.close(VIOLATION if violation else NORMAL, reason)

    async def close(self, code: int, reason: str = "") -> None:
        """Close the socket with one of the codes above."""
        if self._closed:
            return
        self._closed = True
        if self._writer is not None:
            self._writer.cancel()
        if self._websocket.application_state is WebSocketState.CONNECTED:
            try:
                async with asyncio.timeout(CLOSE_WITHIN):
                    await self._websocket.close(code, reason.encode()[:120].decode(errors="ignore"))
            except (TimeoutError, WebSocketDisconnect, RuntimeError, OSError) as error:
                log.debug("close_not_sent", problem=str(error))
