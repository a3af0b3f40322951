"""What a model writes, as it becomes what is said, what is thought and what is called. Pure.

The one door between a model's text and everybody else. A server that knows the family of its model takes thoughts and
calls out of the text; one that does not sends them as they were written. Here they are known by their marks
(`model_marks`): thoughts are left out, calls are collected, control tokens are dropped, and the rest is given on as
soon as it is certain to be none of them. What is given on does not depend on how the text was cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from phoneagent.conversation.transcript import ToolCall
from phoneagent.plain_text import PlainText
from phoneagent.records import ToolSpec

from . import model_marks as marks
from .model_marks import squeezed
from .tool_arguments import arguments_as_meant
from .written_calls import KEYS, LONGEST, Positional, written_calls

LONGEST_AHEAD = 40_000
"""Characters that are held back of a model that thinks first and may not write where its thoughts begin."""

AROUND_NAMES = ("", "functions.", "default_api.", "tools.", "tool.")
_BEFORE_NAMES = (*AROUND_NAMES, *(f"print({around}" for around in AROUND_NAMES))
_ENDS_SENTENCE = frozenset(".!?:\n*`([>")
_BEHIND_NAME = re.compile(r"[ .!)*`\]]{0,10}")


class _Kind(Enum):
    """What has begun and not ended."""

    THOUGHT = auto()
    AHEAD = auto()  # a thought, if it turns out to end
    CALL = auto()
    PERHAPS = auto()  # a call, else text
    MISSPELT = auto()  # a call, else nothing: it has a tool's name, which nobody says
    HEADER = auto()  # of a harmony channel
    DREAM = auto()  # the model's turn is over, and it goes on


class _Verdict(Enum):
    TEXT = auto()
    UNDECIDED = auto()
    TAKEN = auto()


@dataclass(slots=True)
class _Inside:
    kind: _Kind
    ends: re.Pattern[str] | _Brackets
    raw: str = ""  # what stands in it, where that is looked at again
    begin: int = 0  # where its content begins in the text that is kept


class _Brackets:
    """Finds, piece by piece, where what began with a bracket ends; those in strings do not count."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._escaped = False

    def end(self, piece: str) -> int | None:
        """The index behind the last bracket; None if it does not stand in this piece."""
        for index, character in enumerate(piece):
            if self._escaped:
                self._escaped = False
            elif self._quote:
                self._escaped = character == "\\"
                if character == self._quote:
                    self._quote = ""
            elif character in "\"'" and self._depth:
                self._quote = character
            elif character in "{[(":
                self._depth += 1
            elif character in "}])":
                self._depth -= 1
                if self._depth <= 0:
                    return index + 1
        return None


class ModelText:
    """The text of one answer. `tools` are those that were offered for it.

    `thinks_first`: the model's thoughts come first, and where they begin may stand in its template and not in its text.
    Then nothing is given on before they end, or the answer does.
    """

    def __init__(self, tools: Sequence[ToolSpec] = (), *, thinks_first: bool = False) -> None:
        self.calls: list[ToolCall] = []
        self.thought = False
        """There were thoughts in the text."""
        self.thought_first = False
        """A thought ended that had not begun, so this model thinks first."""
        self.broken_call = False
        """There was a call of which nobody can tell what it calls."""
        self._schemas = {tool.name: tool.parameters for tool in tools if tool.name}
        self._plain = PlainText()
        self._text = ""  # what is not given on, and a little before it
        self._at = 0  # where in it the rest begins
        self._inside = _Inside(_Kind.AHEAD, marks.THOUGHT_ENDS) if thinks_first else None
        self._out: list[str] = []
        self._lead = ""  # marks without a letter or digit, as long as nothing was said
        self._said = False
        self._last = "\n"  # the last character but spaces
        self._tags = frozenset(map(squeezed, self._schemas))
        self._known_tags = (
            marks.THOUGHTS | marks.CALLS | marks.WRAPPERS | marks.PARTIES | marks.ENDS | marks.SILENT | self._tags
        )
        self._triggers = _triggers(self._schemas)
        self._called = _called(self._schemas)
        self._spellings = [f"{around}{name}(" for name in self._schemas for around in _BEFORE_NAMES]
        self._longest_spelling = max(map(len, self._spellings), default=0)

    def feed(self, text: str) -> str:
        """More of what the model writes; what is to be said of it, and of what was held back."""
        if text := self._plain.feed(text):
            cut = max(0, self._at - marks.LONGEST_END)
            self._text, self._at = self._text[cut:] + text, self._at - cut
            if self._inside is not None:
                self._inside.begin = max(0, self._inside.begin - cut)
            self._read(over=False)
        return self._given()

    def end(self) -> str:
        """Nothing follows; the rest of what is to be said."""
        self._read(over=True)
        while self._inside is not None:
            self._break_off(self._inside)
            self._read(over=True)
        return self._given()

    def _given(self) -> str:
        given = "".join(self._out)
        self._out.clear()
        return given

    def _read(self, *, over: bool) -> None:
        """Deal with one thing after the other."""
        while self._at < len(self._text):
            if self._inside is not None:
                self._go_on(self._inside)
                continue
            found = self._triggers.search(self._text, self._at)
            self._say(found.start() if found else len(self._text))
            if found is None:
                return
            verdict = self._begins(over=over)
            if verdict is _Verdict.UNDECIDED and not over:
                return
            if verdict is not _Verdict.TAKEN:
                self._say(self._at + 1)

    def _say(self, end: int) -> None:
        self._utter(self._text[self._at : end])
        self._at = end

    def _utter(self, text: str) -> None:
        self._last = text.rstrip(" ")[-1:] or self._last
        if not self._said:
            self._lead = (self._lead + text).lstrip()
            if not any(map(str.isalnum, text)):
                return
            self._said, text = True, self._lead
        self._out.append(text)

    # -- what has begun -----------------------------------------------------------------------------

    def _go_on(self, inside: _Inside) -> None:
        """Take what belongs to it, and finish it if it ends there."""
        text, begin = self._text, self._at
        endless = inside.kind in (_Kind.THOUGHT, _Kind.DREAM)
        left = len(text) if endless else (LONGEST_AHEAD if inside.kind is _Kind.AHEAD else LONGEST) - len(inside.raw)
        end = min(len(text), begin + left)
        if isinstance(inside.ends, _Brackets):
            last = inside.ends.end(text[begin:end])
            found, content_end, self._at = last is not None, begin + (last or 0), begin + (last or 0)
        else:
            match = inside.ends.search(text, max(inside.begin, begin - marks.LONGEST_END), end)
            found, content_end, self._at = match is not None, *(match.span() if match else (0, 0))
        if found:
            inside.raw += text[begin:content_end]
            if content_end < begin:  # its end was cut in two
                inside.raw = inside.raw[: content_end - begin]
            self._finish(inside, text[content_end : self._at])
            return
        self._at = end
        if not endless:
            inside.raw += text[begin:end]
            if end - begin == left:
                self._break_off(inside)

    def _finish(self, inside: _Inside, mark: str) -> None:
        self._inside = None
        match inside.kind:
            case _Kind.HEADER:
                self._enter_channel(inside.raw)
            case _Kind.AHEAD if marks.THOUGHT_BEGINS.search(inside.raw):
                self._read_again(inside.raw + mark)
            case _Kind.AHEAD:
                self.thought = self.thought_first = True
            case _Kind.CALL | _Kind.MISSPELT:
                self.broken_call = not self._call(inside.raw) or self.broken_call
            case _Kind.PERHAPS if not self._call(inside.raw):
                self._utter(inside.raw)

    def _break_off(self, inside: _Inside) -> None:
        """It does not end, or not in time."""
        if inside.kind is _Kind.AHEAD:
            self._inside = None
            self._read_again(inside.raw)
        elif inside.kind is _Kind.HEADER:
            self._inside = None
        else:
            self._finish(inside, "")

    def _read_again(self, raw: str) -> None:
        self._text, self._at = raw + self._text[self._at :], 0

    # -- what begins --------------------------------------------------------------------------------

    def _begins(self, *, over: bool) -> _Verdict:
        text, at = self._text, self._at
        match text[at]:
            case "<" if text[at + 1 : at + 2] in ("|", "｜"):
                return self._token()
            case "<":
                return self._tag()
            case "[":
                return self._bracket()
            case "{":
                return self._object()
            case "`":
                return self._fence()
            case "◁":
                return self._lozenge()
        return self._name(over=over)

    def _take(self, end: int, inside: _Inside | None = None) -> _Verdict:
        """What stands here is no text; it ends there, or something begins there."""
        self._at, self._inside = end, inside
        if inside is not None:
            inside.begin = end
        return _Verdict.TAKEN

    def _think(self, end: int, ends: re.Pattern[str] = marks.THOUGHT_ENDS) -> _Verdict:
        self.thought = True
        return self._take(end, _Inside(_Kind.THOUGHT, ends))

    def _end_thought(self, end: int) -> _Verdict:
        """It ends and had not begun. What was said of it is past mending; the next time it is known."""
        self.thought = self.thought_first = True
        return self._take(end)

    def _tag(self) -> _Verdict:
        found = marks.TAG.match(self._text, self._at)
        if found is None:
            begun = marks.TAG_BEGUN.match(self._text, self._at)
            return _Verdict.UNDECIDED if begun and self._may_be_ours(begun) else _Verdict.TEXT
        closes, written, attributes = found[1] == "/", found[3], found[4]
        name, end = squeezed(written), found.end()
        if name in marks.THOUGHTS:
            if attributes.endswith("/"):
                return self._take(end)
            return self._end_thought(end) if closes else self._think(end)
        if name in marks.CALLS or name in self._tags:
            if closes:
                return self._take(end)
            if attributes.endswith("/"):
                self._call(found[0])
                return self._take(end)
            return self._take(end, _Inside(_Kind.CALL, marks.tag_end(written), found[0]))
        if name in marks.ENDS or (name == "s" and closes):
            return self._take(end, _Inside(_Kind.DREAM, marks.TURN_GOES_ON))
        if name in marks.PARTIES:
            return self._party(end)
        return self._take(end) if name in self._known_tags else _Verdict.TEXT

    def _may_be_ours(self, begun: re.Match[str]) -> bool:
        _, space, written, attributes = begun.groups()
        name = squeezed(written or "")
        if attributes is not None:
            return name in self._known_tags
        return any(one.startswith(name) for one in self._known_tags) or (
            not space and any(one.startswith(name) for one in marks.SPACES)
        )

    def _token(self) -> _Verdict:
        found = marks.TOKEN.match(self._text, self._at)
        if found is None:
            return _Verdict.UNDECIDED if marks.TOKEN_BEGUN.match(self._text, self._at) else _Verdict.TEXT
        name, end = squeezed(found[1]), found.end()
        if name == "channel":
            return self._take(end, _Inside(_Kind.HEADER, marks.HEADER_ENDS))
        if name in marks.PARTIES:
            return self._party(end)
        if name in marks.ENDS:
            return self._take(end, _Inside(_Kind.DREAM, marks.TURN_GOES_ON))
        if name == "endofthought" or name.startswith("/think"):
            return self._end_thought(end)
        if name in marks.THOUGHTS or name == "beginofthought":
            return self._think(end)
        if marks.begins_call(found[1]):
            return self._take(end, _Inside(_Kind.CALL, marks.token_end(found[1])))
        return self._take(end)

    def _party(self, begin: int) -> _Verdict:
        """Whose turn begins: the model's, or somebody's whom it dreams of."""
        found = marks.PARTY.match(self._text, begin)
        if found is None:
            return _Verdict.UNDECIDED
        dreams = found[1] not in marks.OURS
        return self._take(found.end(), _Inside(_Kind.DREAM, marks.NEVER) if dreams else None)

    def _enter_channel(self, header: str) -> None:
        """`analysis` is thought, `commentary to=functions.NAME` a call, everything else is said."""
        if called := marks.CHANNEL_TO.search(header):
            self._take(self._at, _Inside(_Kind.CALL, marks.CHANNEL_ENDS, f"{called[1]} "))
        elif "analysis" in header:
            self._think(self._at, marks.CHANNEL_ENDS)

    def _bracket(self) -> _Verdict:
        if found := marks.BRACKET.match(self._text, self._at):
            name, closes, end = squeezed(found[2]), bool(found[1]), found.end()
            if name.startswith("toolcall") and not closes:
                return self._take(end, _Inside(_Kind.CALL, marks.BRACKETED_CALLS_END))
            if name in marks.THOUGHTS:
                return self._end_thought(end) if closes else self._think(end)
            return self._take(end)
        begun = marks.BRACKET_BEGUN.match(self._text, self._at)
        if begun and any(mark.startswith(begun[1].lower()) for mark in marks.BRACKETED):
            return _Verdict.UNDECIDED
        verdict = self._object()
        return self._call_by_name(self._at + 1) if verdict is _Verdict.TEXT else verdict

    def _object(self) -> _Verdict:
        """JSON that may be a call, by its first key."""
        if not self._schemas:
            return _Verdict.TEXT
        if found := marks.OBJECT.match(self._text, self._at):
            if found[1] in KEYS or found[1] in self._schemas:
                return self._take(self._at, _Inside(_Kind.PERHAPS, _Brackets()))
            return _Verdict.TEXT
        begun = marks.OBJECT_BEGUN.match(self._text, self._at)
        if begun and any(key.startswith(begun[1] or "") for key in (*KEYS, *self._schemas)):
            return _Verdict.UNDECIDED
        return _Verdict.TEXT

    def _fence(self) -> _Verdict:
        if not self._schemas:
            return _Verdict.TEXT
        found = marks.FENCE.match(self._text, self._at)
        if found is None:
            return _Verdict.UNDECIDED if marks.FENCE_BEGUN.match(self._text, self._at) else _Verdict.TEXT
        if squeezed(found[1]) in marks.CALLS:
            return self._take(found.end(), _Inside(_Kind.CALL, marks.FENCE_ENDS))
        if found[2] not in "{[":
            verdict = self._call_by_name(found.end())
            if verdict is not _Verdict.TAKEN:
                return verdict
        return self._take(found.end(), _Inside(_Kind.PERHAPS, marks.FENCE_ENDS))

    def _lozenge(self) -> _Verdict:
        if found := marks.LOZENGE.match(self._text, self._at):
            return self._end_thought(found.end()) if found[1] else self._think(found.end())
        return _Verdict.UNDECIDED if marks.LOZENGE_BEGUN.match(self._text, self._at) else _Verdict.TEXT

    def _name(self, *, over: bool) -> _Verdict:
        verdict = self._call_by_name(self._at)
        if verdict is _Verdict.TEXT or (verdict is _Verdict.UNDECIDED and over):
            return self._name_alone(over=over)
        return verdict

    def _call_by_name(self, begin: int) -> _Verdict:
        """`NAME(…)`, or `[NAME]`, whose name begins there."""
        found = self._called.match(self._text, begin)
        if found and found[2] == "(":
            kind = _Kind.MISSPELT if "_" in found[1] else _Kind.PERHAPS
            return self._take(self._at, _Inside(kind, _Brackets()))
        if found and self._text[self._at] == "[":
            self._call(f"<{found[1]}/>")
            return self._take(found.end())
        tail = self._text[begin : begin + self._longest_spelling]
        if begin + len(tail) == len(self._text) and any(one.startswith(tail) for one in self._spellings):
            return _Verdict.UNDECIDED
        return _Verdict.TEXT

    def _name_alone(self, *, over: bool) -> _Verdict:
        """A tool's name that nobody says, where a sentence of its own would be: "Goodbye. end_call"."""
        if self._said and self._last not in _ENDS_SENTENCE:
            return _Verdict.TEXT
        for name in self._schemas:
            end = self._at + len(name)
            if "_" not in name or not self._text.startswith(name, self._at):
                continue
            behind = _BEHIND_NAME.match(self._text, end)
            end = behind.end() if behind else end
            if end == len(self._text) and not over:
                return _Verdict.UNDECIDED
            if end == len(self._text) or self._text[end] == "\n":
                self._call(f"<{name}/>")
                return self._take(end)
        return _Verdict.TEXT

    def _call(self, raw: str) -> bool:
        """Collect the calls in what was written; whether there are any."""
        calls = written_calls(raw, self._schemas)
        for call in calls:
            schema = self._schemas.get(call.name, {})
            arguments = arguments_as_meant(_by_name(call.arguments, schema), schema)
            self.calls.append(ToolCall(f"written_{len(self.calls)}", call.name, arguments))
        return bool(calls)


def _by_name(arguments: object, schema: Mapping[str, Any]) -> object:
    if not isinstance(arguments, Positional):
        return arguments
    places = [name for name in schema.get("properties", ()) if name not in arguments.named]
    return dict(zip(places, arguments.values, strict=False)) | arguments.named


def _triggers(names: Iterable[str]) -> re.Pattern[str]:
    """Finds where a mark may begin, or a word that is a tool's name."""
    begins = {name[0] for name in names}
    if begins:
        begins |= {around[0] for around in AROUND_NAMES if around}
    word = rf"|(?<![\w.])[{re.escape(''.join(sorted(begins)))}]" if begins else ""
    return re.compile(rf"[<\[{{`◁]{word}")


def _called(names: Iterable[str]) -> re.Pattern[str]:
    """A tool's name with what makes a call of it."""
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    around = "|".join(re.escape(one) for one in AROUND_NAMES if one)
    return re.compile(rf"(?:print\()?(?:{around})?({either})([(\]])") if either else re.compile(r"(?!)")
