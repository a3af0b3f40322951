"""One WebSocket connection of a simulated provider."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, NamedTuple

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from .faults import Fault
from .serving import GARBAGE, Connection


class _Outgoing(NamedTuple):
    due: float
    what: str
    message: bytes | None  # None closes
    data: Mapping[str, Any]
    code: int | None = None
    reason: str = ""


class Line:
    """What is sent goes out in order, each thing not before its time, unless a fault takes its place."""

    def __init__(self, websocket: WebSocket, connection: Connection) -> None:
        self.connection = connection
        self.closing = False
        self._websocket = websocket
        self._queue: deque[_Outgoing] = deque()
        self._changed = asyncio.Event()
        self._running = False  # accepted
        self._tasks: set[asyncio.Task[None]] = set()
        self._group = asyncio.TaskGroup()

    def send(self, what: str, message: Any, *, due: float = 0.0, **data: Any) -> None:
        """Send a JSON message, at `due` (the loop's time) or as soon as what was sent before it is out.

        `what` and `data` are what the timeline remembers of it.
        """
        if self.closing:
            return
        encoded = msgspec.json.encode(message)
        at_once = not due and not self._queue and self._running and self.connection.unharmed
        if at_once and self.connection.write_text(encoded):
            self.connection.record(what, **data)
        else:
            self._put(_Outgoing(due, what, encoded, data))

    def close(self, code: int | None = 1000, reason: str = "", *, due: float = 0.0) -> None:
        """Close after all that was sent before. `code` None: a close frame without one (the client sees 1005)."""
        if not self.closing:
            self._put(_Outgoing(due, "closed", None, {"code": code, "reason": reason}, code, reason))
            self.closing = True

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something for as long as the connection lasts."""
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def run(
        self,
        receive: Callable[[str | bytes], None],
        *,
        headers: Mapping[str, str],
        opened: Callable[[], None] | None = None,
    ) -> None:
        """Accept the client and hand over what it sends, until either side has closed."""
        await self._websocket.accept(headers=[(k.encode(), v.encode()) for k, v in headers.items()])
        self.connection.record("opened", path=self.connection.path)
        self.connection.start(self._changed.set)
        self._running = True
        try:
            async with self._group:
                self.spawn(self._send_all())
                if opened is not None:
                    opened()
                self.connection.deliver_to(lambda audio: self._take(audio, receive))
                await self._read_all(receive)
                for task in list(self._tasks):
                    task.cancel()
        finally:
            self.connection.finish()

    async def _read_all(self, receive: Callable[[str | bytes], None]) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self.connection.record("gone", code=message.get("code"))
                return
            text = message.get("text")
            self._take(message["bytes"] if text is None else text, receive)

    def _take(self, data: str | bytes, receive: Callable[[str | bytes], None]) -> None:
        struck = self.connection.struck
        if struck is not None and struck.kind == "freeze":
            self.connection.freeze()  # asking for a message made uvicorn read on
        elif struck is None and not self.closing:
            receive(data)

    async def _send_all(self) -> None:
        try:
            while True:
                outgoing = await self._next()
                struck = self.connection.next_strike() if outgoing is not None else self.connection.struck
                if struck is not None:
                    if await self._strike(struck):
                        return
                elif outgoing is not None:
                    self.connection.record(outgoing.what, **outgoing.data)
                    if outgoing.message is None:
                        await self._say_goodbye(outgoing.code, outgoing.reason)
                        return
                    await self._websocket.send_text(outgoing.message.decode())
        except WebSocketDisconnect:
            return  # the reader notices too, and ends the connection

    async def _strike(self, fault: Fault) -> bool:
        """Carry out a fault. Returns whether that was the last thing to be sent."""
        match fault.kind:
            case "garbage":
                self.connection.struck = None
                await self._websocket.send_text(GARBAGE)
                return False
            case "error":
                await self._websocket.send_text(self.connection.server.problem(fault).decode())
                await self._say_goodbye(fault.code, fault.reason)
            case "close":
                await self._say_goodbye(fault.code, fault.reason)
            case _:
                pass  # cut or silent from now on
        return True

    async def _say_goodbye(self, code: int | None, reason: str) -> None:
        self.closing = True
        # Starlette's close() makes 1000 of None
        await self._websocket.send({"type": "websocket.close", "code": code, "reason": reason})

    async def _next(self) -> _Outgoing | None:
        """What is due next; None when a fault strikes first."""
        loop = asyncio.get_running_loop()
        while self.connection.struck is None:
            timer = None
            if self._queue:
                due = self._queue[0].due
                if due <= loop.time():
                    return self._queue.popleft()
                timer = loop.call_at(due, self._changed.set)
            self._changed.clear()
            await self._changed.wait()
            if timer is not None:
                timer.cancel()
        return None

    def _put(self, outgoing: _Outgoing) -> None:
        self._queue.append(outgoing)
        self._changed.set()
