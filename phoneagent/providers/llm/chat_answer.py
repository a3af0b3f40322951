"""What a server of chat completions streams, put together to what the mind thinks. Pure."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from phoneagent.conversation.events import ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.transcript import ToolCall
from phoneagent.ports import Thought

from .chat_server import NO_CREDIT, ServerFailed, said
from .reasoning import ReasoningFilter

# A chunk, as far as anybody looks at it. `Any` where servers differ: another type than expected counts as nothing.


class _Function(msgspec.Struct):
    name: Any = None
    arguments: Any = None


class _Fragment(msgspec.Struct):
    index: Any = None
    id: Any = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: Any = None
    refusal: Any = None
    tool_calls: list[_Fragment] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    """In place of `delta` where the answer came as one document."""
    finish_reason: Any = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Chunk)
_NOTHING = _Chunk()


class _PartialCall(msgspec.Struct):
    id: str
    name: str = ""
    arguments: str = ""


class ChatAnswer:
    """What has come of an answer. Tolerant: compatible servers leave out indexes, ids, contents and usage.

    Errors are raised as `ServerFailed`.
    """

    def __init__(self) -> None:
        self.begun = False
        self.usage: dict[str, Any] = {}
        self._finish_reason = ""
        self._calls: list[_PartialCall] = []
        self._at_index: dict[int, _PartialCall] = {}
        self._reasoning = ReasoningFilter()

    def take(self, event: bytes) -> str:
        """Enter an event's data; returns the text in it that may be spoken."""
        chunk = _decoded(event)
        if chunk.error:
            message, code = said(chunk.error)
            raise ServerFailed(
                f"error in the stream: {code} {message}",
                retryable=code != NO_CREDIT,
                kind="account" if code == NO_CREDIT else "",
            )
        if isinstance(chunk.usage, dict):
            self.usage = chunk.usage or self.usage
        if not chunk.choices:  # usage, or Azure's filter results
            return ""
        choice = chunk.choices[0]
        self._finish_reason = _text(choice.finish_reason) or self._finish_reason
        delta = choice.delta or choice.message
        if delta is None:  # some servers end without one
            return ""
        for fragment in delta.tool_calls or ():
            self.begun = True
            self._add(fragment)
        written = _text(delta.content) + _text(delta.refusal)  # a refusal is an answer too
        if not written:
            return ""
        self.begun = True
        return self._reasoning.feed(written)

    def end(self, reply: int) -> list[Thought]:
        """What follows the text. Raises if the model did not say that it had finished."""
        match self._finish_reason:
            case "":
                raise ServerFailed("the stream ended in the middle of the answer")
            case "content_filter":
                raise ServerFailed("the answer was withheld by the content filter", retryable=False, kind="content")
            case "length" if self._calls:
                raise ServerFailed("the token limit cut a tool call", retryable=False)
        thoughts: list[Thought] = []
        if held := self._reasoning.flush():
            thoughts.append(ReplyText(reply, held))
        calls = [ToolCall(call.id, call.name, call.arguments or "{}") for call in self._calls]
        return [*thoughts, *(ToolRequested(reply, call) for call in calls), ReplyDone(reply)]

    def _add(self, fragment: _Fragment) -> None:
        """Add a fragment to its call: by index; where that is missing or always 0, a new id or name begins one."""
        function = fragment.function or _Function()
        identity, name = _text(fragment.id), _text(function.name)
        index = fragment.index if isinstance(fragment.index, int) else None
        call = self._at_index.get(index) if index is not None else (self._calls[-1] if self._calls else None)
        renamed = index is None and bool(name)
        if call is None or (call.name and (renamed or (identity and identity != call.id))):
            call = _PartialCall(identity or f"call_{len(self._calls)}")
            self._calls.append(call)
        if index is not None:
            self._at_index[index] = call
        call.name = call.name or name
        call.arguments += _text(function.arguments)


def _decoded(event: bytes) -> _Chunk:
    try:
        return _decoder.decode(event)
    except msgspec.ValidationError:
        return _NOTHING
    except ValueError:
        pass
    try:  # Python's own takes what some servers, in Python too, put into fields that nobody looks at: NaN
        return msgspec.convert(json.loads(event), _Chunk)
    except msgspec.ValidationError:
        return _NOTHING
    except (ValueError, RecursionError) as garbage:
        raise ServerFailed("sent a stream that is no JSON") from garbage


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
