"""Tool calls that a model wrote as text, in whichever way it was trained to. Pure.

Servers turn them into calls where they know the model's way. Where they do not, the caller must not hear them, and
they should be carried out all the same.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from .tool_arguments import UNREADABLE, decoded

LONGEST = 20_000  # characters of a call; the arguments of a tool on the telephone are a few hundred


class WrittenCall(NamedTuple):
    """`arguments`: as they stood there, a dictionary mostly."""

    name: str
    arguments: object


_NAMES = ("name", "tool_name", "tool", "function_name", "function", "recipient_name", "action")
_ARGUMENTS = ("arguments", "parameters", "args", "kwargs", "input", "action_input", "tool_input", "params")
_LISTS = ("tool_calls", "tool_uses", "calls", "function_calls")
KEYS = (*_NAMES, *_LISTS, "function_call", "tool_call", "type", "id")
"""With one of these a JSON object begins that may be a call."""

LONGEST_PYTHON = 4_000  # characters; Python's own parser takes its time, and a call has a few hundred
_BETWEEN = re.compile(r"[\s,;]*")
_PREFIX = re.compile(r"\A(?:functions|default_api|tools?)\.")
_CONTROL = re.compile(r"<[|｜].*", re.DOTALL)
_INDEX = re.compile(r":\d+\Z")

_NAME = r"[^\W\d][\w.:-]{0,99}"
_FUNCTION_TAG = re.compile(
    rf"<(?:\w+:)?(?:function|invoke|tool_call|tool|function_call)(?:\s*+=\s*+|\s[^<>]*?\bname\s*+=\s*+)[\"']?(?P<name>{_NAME})[\"']?[^<>]*>"
    r"(?P<inside>.*?)(?=</(?:\w+:)?(?:function|invoke|tool_call|tool|function_call)>|\Z)",
    re.DOTALL,
)
_PARAMETER = re.compile(
    rf"<(?:\w+:)?(?:parameter|param|arg|argument)(?:\s*+=\s*+|\s[^<>]*?\bname\s*+=\s*+)[\"']?(?P<name>{_NAME})[\"']?[^<>]*>\n?"
    r"(?P<value>.*?)\n?(?=</(?:\w+:)?(?:parameter|param|arg|argument)>|<(?:\w+:)?(?:parameter|param|arg|argument)\b|\Z)",
    re.DOTALL,
)
_KEY_VALUE = re.compile(r"<arg_key>([^<]*+)</arg_key>\s*+<arg_value>(.*?)(?:</arg_value>|\Z)", re.DOTALL)
_CHILD = re.compile(rf"<(?P<name>{_NAME})>(?P<value>[^<]*)</(?P=name)>")
_NAMED_JSON = re.compile(
    rf"(?<![A-Za-z0-9_.-])(?:function(?![\w.])\s*+)?(?:<[|｜]tool▁sep[|｜]>\s*+)?(?P<name>{_NAME})\s*+"
    r"(?:\[CALL_ID\]\s*+[\w-]*+\s*+)?+(?:\[ARGS\]|<[|｜][^<>|｜]*+[|｜]>)?+\s*+(?:`{3,}\w*+\s*+)?+(?=\{)"
)
_MARKS = re.compile(
    r"<[|｜][^<>|｜]{0,60}[|｜]>|</?(?:tool_calls?|function_calls?|tools?)\b[^<>]*>|`{3,}\w*|\[/?TOOL_CALLS\]"
)


def written_calls(text: str, names: Collection[str]) -> list[WrittenCall]:
    """The calls in what was written where calls are; `names` are the tools that were offered.

    None where it cannot be told what is called. A call of a tool that there is not is one too: the model is told so.
    """
    text = text[:LONGEST]
    for read in (_in_tags, _as_json, _named_json, _as_python, _in_own_tag):
        if calls := list(read(text, names)):
            return [WrittenCall(plain_name(call.name, names), call.arguments) for call in calls]
    return []


def plain_name(name: str, names: Collection[str]) -> str:
    """The name as it was offered, without what some models put around it."""
    bare = _INDEX.sub("", _CONTROL.sub("", name).strip().strip("\"'`*"))
    return next((one for one in (bare, _PREFIX.sub("", bare)) if one in names), bare)


# -- tags -------------------------------------------------------------------------------------------


def _in_tags(text: str, _: Collection[str]) -> Iterator[WrittenCall]:
    """`<function=NAME>`, `<invoke name="NAME">`, with parameters in tags or as JSON; GLM's keys and values."""
    for found in _FUNCTION_TAG.finditer(text):
        yield WrittenCall(found["name"], _parameters(found["inside"]))
    if "<arg_key>" in text and (named := re.search(rf"(?:\A|>)\s*({_NAME})\s*<arg_key>", text)):
        yield WrittenCall(named[1], {key.strip(): _scalar(value) for key, value in _KEY_VALUE.findall(text)})


def _parameters(inside: str) -> object:
    if given := {found["name"]: _scalar(found["value"]) for found in _PARAMETER.finditer(inside)}:
        return given
    bare = _MARKS.sub("", inside).strip()
    if not bare or bare[0] in "{[":
        return bare
    return {found["name"]: _scalar(found["value"]) for found in _CHILD.finditer(inside)}


def _scalar(text: str) -> object:
    """A value between tags: JSON where it is some, else text."""
    bare = text.strip()
    if bare[:1] in ("{", "["):
        value = decoded(bare)
        return bare if value is UNREADABLE else value
    return bare


def _in_own_tag(text: str, names: Collection[str]) -> Iterator[WrittenCall]:
    """`<NAME>…</NAME>` and `<NAME/>`, where NAME was offered; a name and its arguments in tags of their own."""
    if found := re.match(rf"\s*[<\[]({_NAME})[^<>\[\]]*[>\]]", text):
        name = plain_name(found[1], names)
        if name in names:
            yield WrittenCall(name, _parameters(text[found.end() :].partition(f"</{found[1]}")[0]))
            return
    children = {found["name"]: found["value"].strip() for found in _CHILD.finditer(text)}
    called = next((children[key] for key in _NAMES if key in children), "")
    if called:
        yield WrittenCall(called, next((children[key] for key in _ARGUMENTS if key in children), ""))


# -- JSON -------------------------------------------------------------------------------------------


def _as_json(text: str, names: Collection[str]) -> Iterator[WrittenCall]:
    bare = _MARKS.sub(" ", text).strip()
    if bare[:1] not in ("{", "["):
        return
    for value in _values(bare):
        yield from calls_of(value, names)


def _values(text: str) -> Iterator[object]:
    """One JSON value after the other; broken ones as they can be read."""
    decoder, at = json.JSONDecoder(strict=False), 0
    try:
        while at < len(text):
            value, end = decoder.raw_decode(text, at)
            yield value
            at = _BETWEEN.match(text, end).end()  # type: ignore[union-attr]  # it matches everywhere
    except (ValueError, RecursionError):
        value = decoded(text[at:])
        if value is UNREADABLE and not at:
            value = decoded(_closed(text))
        if value is not UNREADABLE:
            yield value


def _closed(text: str) -> str:
    """With the brace that some models leave away, or have once too often, at the end."""
    return text.rstrip("}] \n") + "}}" if text.count("{") != text.count("}") else text


def calls_of(value: object, names: Collection[str]) -> Iterator[WrittenCall]:
    """The calls that a JSON value is: `{"name": …, "arguments": …}` in its many spellings, or a list of them."""
    if isinstance(value, list):
        for item in value:
            yield from calls_of(item, names)
        return
    if not isinstance(value, dict):
        return
    for key in _LISTS:
        if isinstance(value.get(key), list):
            yield from calls_of(value[key], names)
            return
    for key in ("function", "function_call", "tool_call"):
        if isinstance(value.get(key), dict):
            yield from calls_of(value[key], names)
            return
    name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), None)
    arguments: Any = next((value[key] for key in _ARGUMENTS if key in value), None)
    if name is not None and (arguments is not None or plain_name(name, names) in names):
        rest = {key: given for key, given in value.items() if key not in (*_NAMES, "id", "type")}
        yield WrittenCall(name, rest if arguments is None else arguments)
    elif len(value) == 1 and plain_name(next(iter(value)), names) in names:  # {"book_table": {…}}
        ((only, arguments),) = value.items()
        yield WrittenCall(only, arguments)


def _named_json(text: str, _: Collection[str]) -> Iterator[WrittenCall]:
    """`NAME{…}`, with whatever mark of the model's between them: Mistral, DeepSeek, Kimi."""
    decoder = json.JSONDecoder(strict=False)
    at = 0
    while found := _NAMED_JSON.search(text, at):
        try:
            arguments, at = decoder.raw_decode(text, found.end())
        except (ValueError, RecursionError):
            arguments, at = text[found.end() :], len(text)
        yield WrittenCall(found["name"], arguments)


# -- Python -----------------------------------------------------------------------------------------


def _as_python(text: str, names: Collection[str]) -> Iterator[WrittenCall]:
    """`NAME(people=2)`, in a list or in `print(…)`, with literals only."""
    bare = _MARKS.sub("", text).strip()
    if "(" not in bare or len(bare) > LONGEST_PYTHON:
        return
    try:
        tree = ast.parse(bare, mode="exec")
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return
    for statement in tree.body:
        yield from _calls_in(getattr(statement, "value", None), names)


def _calls_in(node: ast.AST | None, names: Collection[str]) -> Iterator[WrittenCall]:
    if isinstance(node, ast.List | ast.Tuple):
        for element in node.elts:
            yield from _calls_in(element, names)
    elif isinstance(node, ast.Call):
        name = plain_name(ast.unparse(node.func), names)
        if name in names:
            try:
                given = {word.arg or "": ast.literal_eval(word.value) for word in node.keywords}
                positional = [ast.literal_eval(argument) for argument in node.args]
            except (ValueError, TypeError, RecursionError):
                return
            whole = positional[0] if len(positional) == 1 and isinstance(positional[0], dict) and not given else None
            yield WrittenCall(name, whole or Positional(positional, given) if positional else given)
        else:
            for argument in node.args:
                yield from _calls_in(argument, names)


class Positional(NamedTuple):
    """Arguments of which some were given by their place."""

    values: list[Any]
    named: dict[str, Any]
