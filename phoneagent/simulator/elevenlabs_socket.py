"""ElevenLabs' WebSockets: `stream-input` (one stream) and `multi-stream-input` (several contexts)."""

from __future__ import annotations

import asyncio
import audioop
import base64
from collections.abc import Awaitable, Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from phoneagent.conversation.words import SAMPLE_RATE

from .elevenlabs_messages import (
    MultiMessage,
    SocketQuery,
    has_settings,
    read_multi,
    read_single,
    schedule_of,
)
from .latency import Latencies
from .line import Line
from .speech_alignment import Chunk, align

MOST_CONTEXTS = 5  # a socket; the sixth closes it
LEAST_TRIGGER = 50  # characters that `try_trigger_generation` wants in the buffer
DEFAULT_CONTEXT = "default"  # of messages that name none

Speak: TypeAlias = Callable[[str], Awaitable[tuple[Chunk, ...]]]
"""Turns a text into speech, in the pieces in which it is delivered. Raises `TextRefused`."""
EarlyClose: TypeAlias = Literal["final", "nothing", "spoken"]
"""What comes of text whose context is closed before its first audio was sent.

`final`: none of it is spoken, and the final message comes at once. `nothing`: not even that. Both are seen in
production (pipecat issues #4681 and #5271, 2026-06 and 2026-08), a race that ElevenLabs has confirmed. `spoken`: the
race is won.
"""
ContextKey: TypeAlias = Literal["contextId", "context_id"]


class TextRefused(Exception):
    """A text is answered with an error, such as "quota_exceeded", which names its context and ends no other.

    So livekit's and pipecat's adapters take errors with a `contextId`, 2026-11.
    """

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class _Text(NamedTuple):
    text: str
    at: float  # the loop's time at which it was to be generated


class _FlushDone(NamedTuple):
    pass


class _Final(NamedTuple):
    pass


class Context:
    """A stream of text that becomes a stream of speech. `name` is None on the socket that has only one.

    Text is gathered until the schedule is satisfied, except with `auto`. Generations are spoken one after another: the
    first audio comes `first_audio` after its text, or when the audio before it has been delivered.
    """

    def __init__(
        self,
        line: Line,
        speak: Speak,
        latencies: Latencies,
        *,
        name: str | None,
        auto: bool,
        synchronous: bool,
        linear: bool,
        spelling: ContextKey,
        on_final: Callable[[Context], None],
        early_close: EarlyClose = "spoken",
    ) -> None:
        self.name = name
        self.schedule: tuple[float, ...] = ()
        self.last_text = asyncio.get_running_loop().time()
        self._line = line
        self._speak = speak
        self._latencies = latencies
        self._auto = auto
        self._synchronous = synchronous
        self._linear = linear
        self._spelling = spelling
        self._on_final = on_final
        self._early_close = early_close
        self._closed = asyncio.Event()  # what has not begun by then is not spoken
        self._buffer = ""
        self._generation = 0
        self._work: asyncio.Queue[_Text | _FlushDone | _Final] = asyncio.Queue()
        self._watch: asyncio.Task[None] | None = None
        line.spawn(self._deliver())

    def expire_after(self, seconds: float, act: Callable[[], None]) -> None:
        """Act when no text has come for so long."""
        self._watch = self._line.spawn(self._expire(seconds, act))

    async def _expire(self, seconds: float, act: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            left = self.last_text + seconds - loop.time()
            if left <= 0:
                break
            await asyncio.sleep(left)
        act()

    def take(self, text: str, *, flush: bool = False, trigger: bool = False) -> None:
        """Take text; a space (or nothing) only keeps the context alive."""
        self.last_text = asyncio.get_running_loop().time()
        if text.strip():
            self._line.connection.record("text", context=self.name, text=text)
        if text.strip() or self._buffer:
            self._buffer += text
        wanted = self.schedule[min(self._generation, len(self.schedule) - 1)] if self.schedule else 0
        gathered = len(self._buffer) >= (min(LEAST_TRIGGER, wanted) if trigger else wanted)
        if self._auto or flush:
            self._generate(len(self._buffer))
        elif gathered:
            self._generate(self._buffer.rfind(" ") + 1)  # the last word may still be growing
        if flush and self.name is not None:
            self._work.put_nowait(_FlushDone())

    def finish(self, *, speak_rest: bool) -> None:
        """No more text: what was to be generated is still spoken, then comes the final message."""
        if self._watch is not None:
            self._watch.cancel()
        if speak_rest:
            self._generate(len(self._buffer))
        elif self._early_close != "spoken":
            self._closed.set()
        self._work.put_nowait(_Final())

    def _generate(self, length: int) -> None:
        text, self._buffer = self._buffer[:length], self._buffer[length:]
        if text.strip():
            self._generation += 1
            self._work.put_nowait(_Text(text, self.last_text))

    async def _deliver(self) -> None:
        late = self._latencies.first_audio + self._line.connection.delay
        free = 0.0  # when the audio before has been delivered
        unspoken = False
        while True:
            match await self._work.get():
                case _Text(text, at):
                    try:
                        chunks = await self._speak(text)
                    except TextRefused as refused:
                        self._refuse(refused.error)
                        return
                    begin = max(at + late, free)
                    if chunks and await self._reaches(begin):
                        free = await self._say(chunks, begin)
                    elif chunks:
                        unspoken = True
                        self._line.connection.record("unspoken", context=self.name, text=text)
                case _FlushDone():
                    self._line.send("flush_done", {"type": "flush_done", "context_id": self.name}, context=self.name)
                case _Final():
                    if not unspoken or self._early_close == "final":
                        self._say_final()
                    self._on_final(self)
                    return

    async def _reaches(self, begin: float) -> bool:
        """Wait for the first audio of a text; False if the context is closed before it."""
        try:
            async with asyncio.timeout_at(begin):
                await self._closed.wait()
        except TimeoutError:
            return True
        return False

    def _refuse(self, error: str) -> None:
        message = {"message": "refused on purpose", "error": error, "code": 1008, **self._named()}
        self._line.send("error", message, error=error, context=self.name)
        if self._watch is not None:
            self._watch.cancel()
        self._on_final(self)

    def _say_final(self) -> None:
        final = "isFinal" if self._spelling == "contextId" else "is_final"
        message = {final: True} if self.name is not None else {"audio": None, final: True}
        self._line.send("final", {**message, **self._named()}, context=self.name)

    async def _say(self, chunks: tuple[Chunk, ...], begin: float) -> float:
        """Deliver the speech of a text from `begin` on; returns when it has been delivered."""
        pace = 1 / (SAMPLE_RATE * self._latencies.speech_speed)
        loop = asyncio.get_running_loop()
        whole = tuple(character for chunk in chunks for character in chunk.characters)
        for index, chunk in enumerate(chunks):
            delay = begin + chunk.start * pace - loop.time()
            if delay > 0:
                await asyncio.sleep(delay)
            # Without sync_alignment the times of a generation come at once, with its first audio.
            alignment = chunk.alignment() if self._synchronous else align(whole, 0) if index == 0 else None
            self._line.send(
                "audio" if index else "first_audio",
                {
                    "audio": base64.b64encode(
                        audioop.ulaw2lin(chunk.audio, 2) if self._linear else chunk.audio
                    ).decode(),
                    "isFinal" if self._spelling == "contextId" else "is_final": None,
                    "alignment": alignment,
                    "normalizedAlignment": alignment,
                    **self._named(),
                },
                context=self.name,
                samples=len(chunk.audio),
            )
        return begin + sum(len(chunk.audio) for chunk in chunks) * pace

    def _named(self) -> dict[str, Any]:
        return {} if self.name is None else {self._spelling: self.name}


class SingleStream:
    """One connection to `stream-input`."""

    def __init__(self, line: Line, speak: Speak, latencies: Latencies, query: SocketQuery) -> None:
        self._line = line
        self._query = query
        self._speak = speak
        self._latencies = latencies
        self._context: Context | None = None
        self._started = False
        self._ended = False

    def opened(self) -> None:
        """The socket is open: from now on text is waited for."""
        self._context = Context(
            self._line,
            self._speak,
            self._latencies,
            name=None,
            auto=self._query.auto_mode,
            synchronous=self._query.sync_alignment,
            linear=self._query.output_format == "pcm_8000",
            spelling="contextId",
            on_final=self._finished,
        )
        self._context.expire_after(self._query.inactivity_timeout, self._time_out)

    def receive(self, data: str | bytes) -> None:
        """Take a message of the client."""
        message = _read(data, read_single, self._line)
        context = self._context
        if message is None or context is None:
            return
        if self._ended:
            _reject(self._line, "text after the end of the stream")
        elif not self._started:
            if message.text != " ":
                _reject(self._line, "the first message's text must be a single space")
                return
            self._started = True
            context.schedule = schedule_of(message)
            context.take(" ", flush=bool(message.flush))
        elif has_settings(message):
            _reject(self._line, "settings are only accepted in the first message")
        elif not message.text:
            self._ended = True
            context.finish(speak_rest=True)
        else:
            context.take(message.text, flush=bool(message.flush), trigger=bool(message.try_trigger_generation))

    def _finished(self, _: Context) -> None:
        self._line.close(1000)

    def _time_out(self) -> None:
        if not self._ended:
            seconds = self._query.inactivity_timeout
            problem = f"Have not received a new text input within the timeout of {seconds} seconds."
            _fail(self._line, problem, "input_timeout_exceeded")


class MultiStream:
    """One connection to `multi-stream-input`.

    A context counts until its final message. What was flushed and has not begun to sound when its context is closed is
    not spoken: see `EarlyClose`. An id that is closed can be used again, for a new context that has nothing to do with
    the old one. `flush` and `close_context` for an id that was never opened leave a phantom: a context that
    counts for as long as the socket lives.
    """

    def __init__(
        self,
        line: Line,
        speak: Speak,
        latencies: Latencies,
        query: SocketQuery,
        *,
        spelling: ContextKey,
        early_close: EarlyClose,
    ) -> None:
        self._line = line
        self._speak = speak
        self._latencies = latencies
        self._query = query
        self._spelling = spelling
        self._early_close = early_close
        self._open: dict[str, Context] = {}
        self._closing: set[Context] = set()
        self._phantoms: set[str] = set()
        self._leaving = False

    @property
    def contexts(self) -> int:
        """How many count towards the limit."""
        return len(self._open) + len(self._closing) + len(self._phantoms)

    def opened(self) -> None:
        """Nothing happens before the first context."""

    def receive(self, data: str | bytes) -> None:
        """Take a message of the client."""
        message = _read(data, read_multi, self._line)
        if message is None or self._leaving:
            return
        if message.close_socket:
            self._leave()
            return
        name = message.context_id or DEFAULT_CONTEXT
        context = self._open.get(name)
        if message.text is None and not message.flush and not message.close_context:
            _reject(self._line, "expected one of text, flush, close_context, close_socket")
        elif context is None and message.text is None:
            self._phantoms.add(name)
            self._line.connection.record("phantom_context", context=name)
            self._count()
        elif context is None:
            self._start(name, message)
        elif has_settings(message):
            _reject(self._line, f"settings are only accepted in the first message of context {name}")
        else:
            self._continue(context, message)

    def _start(self, name: str, message: MultiMessage) -> None:
        self._phantoms.discard(name)
        context = Context(
            self._line,
            self._speak,
            self._latencies,
            name=name,
            auto=self._query.auto_mode,
            synchronous=self._query.sync_alignment,
            linear=self._query.output_format == "pcm_8000",
            spelling=self._spelling,
            on_final=self._finished,
            early_close=self._early_close,
        )
        context.schedule = schedule_of(message)
        self._open[name] = context
        self._line.connection.record("context_opened", context=name)
        if self._count():
            context.expire_after(self._query.inactivity_timeout, lambda: self._close(context))
            self._continue(context, message)

    def _continue(self, context: Context, message: MultiMessage) -> None:
        context.take(message.text or "", flush=bool(message.flush))
        if message.close_context:
            self._close(context)

    def _close(self, context: Context) -> None:
        """What is in the buffer and was not flushed is lost."""
        if context.name is not None and self._open.get(context.name) is context:
            del self._open[context.name]
            self._closing.add(context)
            self._line.connection.record("context_closed", context=context.name)
            context.finish(speak_rest=False)

    def _finished(self, context: Context) -> None:
        self._closing.discard(context)
        if context.name is not None and self._open.get(context.name) is context:
            del self._open[context.name]
        if self._leaving and not self._closing:
            self._line.close(1000)

    def _leave(self) -> None:
        self._leaving = True
        for context in list(self._open.values()):
            self._closing.add(context)
            context.finish(speak_rest=True)
        self._open.clear()
        if not self._closing:
            self._line.close(1000)

    def _count(self) -> bool:
        if self.contexts <= MOST_CONTEXTS:
            return True
        problem = (
            f"Maximum simultaneous contexts per WebSocket connection exceeded ({MOST_CONTEXTS}). "
            "Please close an existing context before opening a new one."
        )
        _fail(self._line, problem, "max_active_conversations")
        return False


def _read(data: str | bytes, read: Callable[[str], Any], line: Line) -> Any:
    if isinstance(data, bytes):
        _reject(line, "expected JSON text, got a binary message")
        return None
    try:
        return read(data)
    except (msgspec.ValidationError, msgspec.DecodeError) as exc:
        _reject(line, str(exc))
        return None


def _reject(line: Line, problem: str) -> None:
    _fail(line, problem, "invalid_message")


def _fail(line: Line, problem: str, error: str) -> None:
    line.send("error", {"message": problem, "error": error, "code": 1008}, error=error, problem=problem)
    line.close(1008, problem[:120])  # a close frame holds 123 bytes
