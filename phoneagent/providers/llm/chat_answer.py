"""What a server of chat completions streams, put together to what the model says and asks for. Pure.

Tolerant: compatible servers leave out indexes, ids, contents, usage and ends, and send some of it in other types.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from phoneagent.conversation.events import ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.transcript import ToolCall
from phoneagent.ports import Thought
from phoneagent.records import ToolSpec

from .chat_server import NO_CREDIT, ServerFailed, said
from .model_text import ModelText
from .tool_arguments import arguments_as_meant, is_whole, several
from .written_calls import plain_name

_CUT = frozenset(("length", "max_tokens", "model_length", "max_output_tokens"))
_WITHHELD = frozenset(("content_filter", "safety", "prohibited_content", "blocklist", "recitation", "spii"))
_BROKEN = frozenset(("error", "abort", "insufficient_system_resource", "malformed_function_call"))
"""Finish reasons beside `stop` and `tool_calls`: OpenAI's, and those of Mistral, Gemini, vLLM and DeepSeek. With any
other the answer counts as whole.
"""

# A chunk, as far as anybody looks at it. `Any` where servers differ: another type than expected counts as nothing.


class _Fragment(msgspec.Struct):
    index: Any = None
    id: Any = None
    function: Any = None


class _Delta(msgspec.Struct):
    content: Any = None
    refusal: Any = None
    reasoning: Any = None
    reasoning_content: Any = None
    tool_calls: Any = None
    function_call: Any = None
    """OpenAI's first form of a call, which some servers still have."""


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

    @property
    def whole(self) -> bool:
        return is_whole(self.arguments)


class ChatAnswer:
    """What has come of an answer to a request that offered `tools`. Errors are raised as `ServerFailed`.

    `thinks_first`: see `ModelText`.
    """

    def __init__(self, tools: Sequence[ToolSpec] = (), *, thinks_first: bool = False) -> None:
        self.begun = False
        """The model has begun: with a thought, a word or a call."""
        self.usage: dict[str, Any] = {}
        self._schemas = {tool.name: tool.parameters for tool in tools}
        self._text = ModelText(tools, thinks_first=thinks_first)
        self._reasoned = self._spoke = self._wrote = False
        self._finish_reason = ""
        self._calls: list[_PartialCall] = []
        self._at_index: dict[int, _PartialCall] = {}

    @property
    def thinks(self) -> bool:
        """Whether the model has thought, wherever it did."""
        return self._reasoned or self._text.thought

    @property
    def only_thinks(self) -> bool:
        """Whether the model has begun, and nothing that it wrote is to be said or done yet: it thinks, it seems."""
        return self.begun and not (self._spoke or self._calls or self._text.calls)

    @property
    def thinks_first(self) -> bool:
        """Whether it has shown that its thoughts come first in its text, without a beginning."""
        return self._text.thought_first

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
        self._finish_reason = _text(choice.finish_reason).lower() or self._finish_reason
        delta = choice.delta or choice.message
        if delta is None:  # some servers end without one
            return ""
        for fragment in _fragments(delta):
            self.begun = True
            self._add(fragment)
        if _text(delta.reasoning) or _text(delta.reasoning_content):
            self.begun = self._reasoned = True
        written = _text(delta.content) + _text(delta.refusal)  # a refusal is an answer too
        if not written:
            return ""
        self.begun = self._wrote = True
        return self._spoken(self._text.feed(written))

    def end(self, reply: int, *, whole: bool = False) -> list[Thought]:
        """What follows the text. Raises `ServerFailed` if it is no answer.

        `whole`: the server has said that the stream ends here. Without that, the model must have said that it had
        finished.
        """
        reason = self._finish_reason
        if reason in _WITHHELD:
            raise ServerFailed("the answer was withheld by the content filter", retryable=False, kind="content")
        if reason in _BROKEN or not (reason or whole):
            raise ServerFailed("the stream ended in the middle of the answer")
        cut = reason in _CUT
        if cut and self._calls and not self._calls[-1].whole:
            raise ServerFailed("the token limit cut a tool call", retryable=False)
        rest = self._spoken(self._text.end())
        calls = [*self._asked_for(), *self._text.calls]
        if not (self._spoke or calls):
            if cut:
                raise ServerFailed("the model thought up to the token limit, and said nothing")
            if self._text.broken_call:
                raise ServerFailed("the model wrote a tool call that cannot be read")
        thoughts: list[Thought] = [ReplyText(reply, rest)] if rest else []
        thoughts += (ToolRequested(reply, call) for call in _with_own_ids(calls))
        return [*thoughts, ReplyDone(reply, cut=cut, wordless=self._wrote and not self._spoke and not self.thinks)]

    def _spoken(self, text: str) -> str:
        self._spoke = self._spoke or bool(text)
        return text

    def _add(self, fragment: _Fragment) -> None:
        """Add a fragment to its call.

        A new call begins with a new index, with another id, or, of a server that has neither, with a name or with
        arguments behind such as are whole.
        """
        function = fragment.function if isinstance(fragment.function, dict) else {}
        identity, name = _text(fragment.id), _text(function.get("name"))
        arguments = function.get("arguments")
        if arguments is None:
            arguments = function.get("parameters")
        written = arguments if isinstance(arguments, str) else "" if arguments is None else json.dumps(arguments)
        index = fragment.index if isinstance(fragment.index, int) else None
        call = self._at_index.get(index) if index is not None else (self._calls[-1] if self._calls else None)
        if call is None or self._begins(call, identity, name, written):
            call = _PartialCall(identity, call.name if call else "")  # some servers name only the first of several
            self._calls.append(call)
            call.name = name or call.name
        if index is not None:
            self._at_index[index] = call
        call.id, call.name = call.id or identity, call.name or name
        if call.arguments.strip() == "{}" and written.lstrip().startswith("{"):
            call.arguments = ""  # it stood for nothing yet
        call.arguments += written

    def _begins(self, call: _PartialCall, identity: str, name: str, written: str) -> bool:
        if not call.name:
            return False
        if identity and call.id:
            return identity != call.id  # what follows behind one of the same id is told apart by its arguments
        if name and (name != call.name or call.whole):
            return True
        return call.whole and call.arguments.strip() != "{}" and bool(written.strip()) and not identity

    def _asked_for(self) -> Iterator[ToolCall]:
        for call in self._calls:
            name = plain_name(call.name, self._schemas)
            schema = self._schemas.get(name, {})
            for written in dict.fromkeys(several(call.arguments)):  # some servers send the whole once more at the end
                yield ToolCall(call.id, name, arguments_as_meant(written, schema))


def _with_own_ids(calls: Sequence[ToolCall]) -> Iterator[ToolCall]:
    """Each call needs an id of its own: by it a result finds its call."""
    seen: set[str] = set()
    for number, call in enumerate(calls):
        identity = call.id if call.id and call.id not in seen else f"{call.id or 'call'}_{number}"
        seen.add(identity)
        yield ToolCall(identity, call.name, call.arguments)


def _fragments(delta: _Delta) -> Iterator[_Fragment]:
    for given in delta.tool_calls if isinstance(delta.tool_calls, list) else ():
        if isinstance(given, dict):
            yield _Fragment(given.get("index"), given.get("id"), given.get("function"))
    if isinstance(delta.function_call, dict):
        yield _Fragment(0, None, delta.function_call)


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
    """Text, or the text in a list of parts."""
    if isinstance(value, list):
        return "".join(_text(part.get("text")) for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""
