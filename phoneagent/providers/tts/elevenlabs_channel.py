"""One multi-context socket to ElevenLabs, and the contexts that are open on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog
from websockets.exceptions import ConnectionClosed

from phoneagent.errors import ProblemKind, ProviderError
from phoneagent.providers.websocket import ProviderSocket, closed_early, open_patiently

from .elevenlabs_messages import CloseContext, CloseSocket, Message, OpenContext, SpeakText, decode, encode

CONTEXTS = 4  # ElevenLabs allows five and closes the whole socket at the sixth; one is left for what we cannot know
FORGOTTEN_AFTER = 10.0  # seconds after its closing in which a context's final message must have come
HARMLESS = frozenset({"input_timeout_exceeded", "max_active_conversations"})  # close 1008 too, but a new socket helps

ACCOUNT_ERRORS = frozenset({"quota_exceeded", "invalid_api_key", "invalid_authorization_header", "payment_required"})

log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Who is told what comes of a channel."""

    def received(self, channel: Channel, message: Message) -> None: ...

    def refused(self, channel: Channel, context: str, problem: ProviderError) -> None:
        """A context has failed; the others go on."""

    def missed(self, problem: ProviderError) -> None:
        """An attempt to connect has failed; another one follows."""

    def lost(self, channel: Channel, problem: ProviderError) -> None:
        """The socket is gone, or could not be opened at all (`channel.opened`)."""

    def broken(self, defect: Exception) -> None:
        """Our own code failed."""


class Channel:
    """What is sent before the socket is open waits for it."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[ProviderSocket]],
        listener: Listener,
        *,
        connection: ProviderSocket | None = None,
    ) -> None:
        """`connection`: one that is open already; without it the channel opens its own."""
        self.opened = False
        self._connect = connect
        self._listener = listener
        self._connection: ProviderSocket | None = None
        self._loop = asyncio.get_running_loop()
        self._outbox: list[OpenContext | SpeakText | CloseContext] = []
        self._contexts: dict[str, float | None] = {}  # at the server; when to forget those that were closed
        self._refusal: Message | None = None
        if connection is not None:
            self._open(connection)
        self._task = asyncio.create_task(self._run(connection), name="elevenlabs socket")
        self._task.add_done_callback(self._ended)

    @property
    def full(self) -> bool:
        """Whether another context could be one too many. Each counts until its final message, closed or not."""
        now = self._loop.time()
        for context, forget_at in list(self._contexts.items()):
            if forget_at is not None and now >= forget_at:
                del self._contexts[context]
        return len(self._contexts) >= CONTEXTS

    def open_context(self, message: OpenContext) -> None:
        self._contexts[message.context_id] = None
        self._send(message)

    def speak(self, message: SpeakText) -> None:
        self._send(message)

    def close_context(self, context: str) -> None:
        """Only what is open is closed: closing an unknown context opens it, for good."""
        if context in self._contexts and self._contexts[context] is None:
            self._contexts[context] = self._loop.time() + FORGOTTEN_AFTER
            self._send(CloseContext(context))

    def drop_context(self, context: str) -> None:
        """Nothing of it is wanted any more: take back what the server does not know yet, close what it knows."""
        if self._connection is None:
            self._outbox = [message for message in self._outbox if message.context_id != context]
            self._contexts.pop(context, None)
        else:
            self.close_context(context)

    async def aclose(self) -> None:
        if self._connection is not None:
            self._connection.send_now(encode(CloseSocket()).decode())
        self._task.cancel()
        await asyncio.wait((self._task,))

    def _send(self, message: OpenContext | SpeakText | CloseContext) -> None:
        if self._connection is None:
            self._outbox.append(message)
        else:
            self._connection.send_now(encode(message).decode())

    def _open(self, connection: ProviderSocket) -> None:
        self.opened = True
        self._connection = connection
        waiting, self._outbox = self._outbox, []
        for message in waiting:
            self._send(message)

    async def _run(self, connection: ProviderSocket | None) -> None:
        try:
            if connection is None:
                connection = await open_patiently(self._connect, missed=self._listener.missed)
                self._open(connection)
            problem = self._closed(await connection.listen(self._receive))
        except ProviderError as failed:
            problem = failed
        finally:
            self._connection = None
            if connection is not None:
                await connection.aclose()
        self._listener.lost(self, problem)

    def _receive(self, raw: bytes) -> None:
        try:
            message = decode(raw)
        except msgspec.MsgspecError as garbage:
            log.warning("tts_message_not_understood", provider="elevenlabs", problem=str(garbage))
            return
        if message.error is not None:
            self._refused(message)
            return
        if message.final:
            self._contexts.pop(message.context, None)
        self._listener.received(self, message)

    def _refused(self, message: Message) -> None:
        if not message.context:
            self._refusal = message  # a close follows
        elif message.context in self._contexts:
            # The server is rid of it without a final message. It is not closed, for that might open it anew.
            self._contexts[message.context] = self._loop.time() + FORGOTTEN_AFTER
            retryable = message.error_code not in ACCOUNT_ERRORS
            self._listener.refused(self, message.context, _problem(message, retryable=retryable))

    def _closed(self, closed: ConnectionClosed) -> ProviderError:
        refusal = self._refusal
        if refusal is None:
            return closed_early("elevenlabs", closed)
        retryable = refusal.error_code in HARMLESS or closed_early("elevenlabs", closed).retryable
        return _problem(refusal, retryable=retryable)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and isinstance(defect := task.exception(), Exception):
            self._listener.broken(defect)


def _problem(message: Message, *, retryable: bool) -> ProviderError:
    kind: ProblemKind = "account" if message.error_code in ACCOUNT_ERRORS else ""
    return ProviderError("elevenlabs", message.told, retryable=retryable, kind=kind)
