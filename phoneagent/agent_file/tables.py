"""What an agent file may say: its tables, and what makes them fit together."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping
from dataclasses import Field as DataclassField
from dataclasses import asdict, fields, replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from phoneagent.conversation.grammar import Grammar, PatternError, parse
from phoneagent.conversation.policy import EndpointingRule, Interruption, Phrasing, Policy
from phoneagent.records import Agent, Dialogue, Intent, ProviderChoice, Slot, ToolSpec
from phoneagent.toolbox import find_function, tool_spec

from .problems import LANGUAGE, NAME, Misfits, Problem, meant, names_of
from .toml_lines import Loc

PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "stt": ("deepgram", "pocketsphinx"),
    "llm": ("openai", "scripted"),
    "tts": ("elevenlabs", "espeak"),
}
"""The names of the providers that `app` can make."""

BUILT_IN_TOOLS = ("end_call", "transfer")  # the conversation carries them out

T = TypeVar("T")

_POLICY = Policy()
_PHRASING = Phrasing()
_DIALOGUE = Dialogue(intents=())


def _pattern(text: str) -> str:
    parse(text)
    return text


def _template(text: str) -> str:
    """Text with `{variables}`: a name in braces, and no other brace."""
    left = re.sub(r"\{[A-Za-z_]\w*\}", "", text)
    if brace := re.search(r"[{}].{0,12}", left):
        raise ValueError(f"expected {{name}} with letters, digits and _, got {brace[0]!r}")
    return text


def _word(text: str) -> str:
    """What can stand in a text."""
    if not any(map(str.isalnum, text)):
        raise ValueError(f"expected a word or a phrase as it is written, got {text!r}")
    return text


def _number(text: str) -> str:
    if not re.fullmatch(r"\+[1-9]\d{6,14}|sips?:\S+", text):
        raise ValueError(
            "expected a number with its country code (+15005550006) or a SIP address (sip:desk@example.com)"
        )
    return text


def _filled(values: T) -> T:
    """At least one. pydantic's own check also complains when all of several are wrong in themselves."""
    if not values:
        raise ValueError("expected at least one")
    return values


def _one_of(*names: str) -> AfterValidator:
    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"expected {names_of(names)}, got {name!r}{meant(name, names)}")
        return name

    return AfterValidator(check)


Text = Annotated[str, Field(min_length=1)]
Template = Annotated[str, AfterValidator(_template)]
Name = Annotated[str, Field(pattern=NAME)]
Phrase = Annotated[str, AfterValidator(_pattern)]
Phrases = Annotated[tuple[Phrase, ...], AfterValidator(_filled)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Provider(_Table):
    provider: str
    model: str = ""
    options: dict[str, Any] = {}
    fallback: tuple[_Provider, ...] = ()

    def choice(self) -> ProviderChoice:
        return ProviderChoice(
            self.provider, self.model, self.options, tuple(fallback.choice() for fallback in self.fallback)
        )


class _Stt(_Provider):
    provider: Annotated[str, _one_of(*PROVIDERS["stt"])]
    fallback: tuple[_Stt, ...] = ()


class _Llm(_Provider):
    provider: Annotated[str, _one_of(*PROVIDERS["llm"])]
    fallback: tuple[_Llm, ...] = ()
    hedge: bool | None = None

    def choice(self) -> ProviderChoice:
        return replace(super().choice(), hedge=self.hedge)


class _Tts(_Provider):
    provider: Annotated[str, _one_of(*PROVIDERS["tts"])]
    fallback: tuple[_Tts, ...] = ()


class _Limits(_Table):
    max_duration: Seconds = _POLICY.call_at_most
    goodbye_before: Seconds = _POLICY.goodbye_before_limit


class _ToolTable(_Table):
    function: str
    name: Name | None = None
    description: str = ""
    safe: bool = False
    timeout: Seconds = 10.0

    def spec(self, loc: Loc) -> ToolSpec:
        try:
            return tool_spec(
                find_function(self.function),
                name=self.name or "",
                description=self.description,
                safe=self.safe,
                timeout=self.timeout,
                reference=self.function,
            )
        except (LookupError, TypeError) as error:
            raise Misfits([Problem((*loc, "function"), str(error.args[0]))]) from error


class _SlotTable(_Table):
    name: Name
    words: Annotated[dict[Phrase, str], AfterValidator(_filled)]
    ask: Text
    answers: tuple[Phrase, ...] = ()
    mentions: tuple[Phrase, ...] = ()


class _IntentTable(_Table):
    name: Name
    phrases: Phrases
    answer: Template
    slots: tuple[str, ...] = ()
    confirm: Template = ""
    refused: Template = ""
    tool: str = ""
    then: Literal["listen", "end_call", "transfer"] = "listen"
    target: str = ""
    interruptible: bool = True


class _DialogueTable(_Table):
    intents: Annotated[tuple[_IntentTable, ...], AfterValidator(_filled)]
    slots: tuple[_SlotTable, ...] = ()
    question: str = _DIALOGUE.question
    not_understood: str = _DIALOGUE.not_understood
    anything_else: str = _DIALOGUE.anything_else
    offer_person: str = _DIALOGUE.offer_person
    yes: Phrases = _DIALOGUE.yes
    no: Phrases = _DIALOGUE.no
    repeat: Phrases = _DIALOGUE.repeat

    def dialogue(self) -> Dialogue:
        simple = {field.name: getattr(self, field.name) for field in fields(Dialogue)}
        simple["intents"] = tuple(Intent(**dict(intent)) for intent in self.intents)
        simple["slots"] = tuple(Slot(**dict(slot)) for slot in self.slots)
        return Dialogue(**simple)


def _like(record: type[Any], name: str, *, without: tuple[str, ...] = ()) -> type[_Table]:
    """A table with the fields of a record of plain values, so that a knob is named in one place."""
    hints = typing.get_type_hints(record)

    def definition(field: DataclassField[Any]) -> tuple[Any, Any]:
        kind: Any = hints[field.name]
        default: Any = field.default
        if (table := _TABLES.get(kind)) is not None:
            return table, table(**asdict(default))
        if kind == tuple[EndpointingRule, ...]:
            return tuple[_Rule, ...], default  # type: ignore[valid-type]  # made from the record above
        least = field.metadata.get("least", 0)
        checked: dict[Any, Any] = {
            float: Annotated[float, Field(ge=least, allow_inf_nan=False)],
            int: Annotated[int, Field(ge=least)],
            str: Text if default and field.metadata.get("unit") != "key" else str,
        }
        kind = checked.get(kind, kind)
        if field.metadata.get("unit") in ("pattern", "patterns"):
            kind = tuple[_Pattern, ...] if isinstance(default, tuple) else _Pattern
        return kind, default

    return create_model(  # type: ignore[no-any-return,call-overload]  # its overloads do not know computed fields
        name,
        __base__=_Table,
        **{field.name: definition(field) for field in fields(record) if field.name not in without},
    )


def _regular(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"expected a regular expression, got {pattern!r}: {error}") from error
    return pattern


_Pattern = Annotated[str, AfterValidator(_regular)]
_TABLES: dict[Any, type[_Table]] = {}
_Rule = _like(EndpointingRule, "_Rule")
_TABLES[Interruption] = _like(Interruption, "_Interruption")
_TurnTaking = _like(Policy, "_TurnTaking", without=("call_at_most", "goodbye_before_limit"))
_PhrasesTable = _like(Phrasing, "_PhrasesTable", without=("greeting",))


def _policy(table: _Table, **limits: float) -> Policy:
    given: dict[str, Any] = {**dict(table), **limits}
    for name, value in given.items():
        if isinstance(value, _TABLES[Interruption]):
            given[name] = Interruption(**dict(value))
    given["rules"] = tuple(EndpointingRule(**dict(rule)) for rule in given["rules"])
    return Policy(**given)


class AgentFile(_Table):
    """An agent file as it is written."""

    name: Name
    greeting: Template = _PHRASING.greeting
    instructions: Template = ""
    language: Annotated[str, Field(pattern=LANGUAGE)] = "en"
    stt: _Stt | None = None
    llm: _Llm | None = None
    tts: _Tts | None = None
    turn_taking: _TurnTaking = _TurnTaking()  # type: ignore[valid-type]  # made from Policy above
    phrases: _PhrasesTable = _PhrasesTable()  # type: ignore[valid-type]  # made from Phrasing above
    pronunciation: dict[Annotated[str, AfterValidator(_word)], Text] = {}
    limits: _Limits = _Limits()
    transfer: dict[Name, Annotated[str, AfterValidator(_number)]] = {}
    tools: tuple[_ToolTable, ...] = ()
    dialogue: _DialogueTable | None = None

    def agent(self) -> Agent:
        """The record. Raises `Misfits`."""
        tools = tuple(tool.spec(("tools", index)) for index, tool in enumerate(self.tools))
        if problems := [*self._provider_problems(), *self._dialogue_problems(tools), *_repeated(tools)]:
            raise Misfits(problems)
        chosen = {part: table.choice() for part in PROVIDERS if (table := getattr(self, part)) is not None}
        return Agent(
            name=self.name,
            phrasing=self._phrasing(),
            instructions=self.instructions.strip(),
            language=self.language,
            policy=_policy(
                self.turn_taking,
                call_at_most=self.limits.max_duration,
                goodbye_before_limit=self.limits.goodbye_before,
            ),
            tools=tools,
            dialogue=self.dialogue.dialogue() if self.dialogue else None,
            transfer_targets=self.transfer,
            pronunciation=self.pronunciation,
            **chosen,
        )

    def _phrasing(self) -> Phrasing:
        table: _Table = self.phrases
        phrases: dict[str, Any] = dict(table)
        if not self.language.startswith("en"):  # nobody wants an English "one moment" before a German answer
            phrases |= {name: () for name in ("fillers", "later_fillers") if name not in table.model_fields_set}
        return Phrasing(greeting=self.greeting, **phrases)

    def _provider_problems(self) -> Iterator[Problem]:
        if self.limits.goodbye_before >= self.limits.max_duration:
            yield Problem(
                ("limits", "goodbye_before"), f"expected less than max_duration ({self.limits.max_duration:g})"
            )
        if self.llm is not None:
            for number, llm in enumerate((self.llm, *self.llm.fallback)):
                if llm.hedge and llm.provider == "scripted":
                    loc: Loc = ("llm", "fallback", number - 1, "hedge") if number else ("llm", "hedge")
                    yield Problem(loc, "scripted answers at once: there is nothing to ask twice")
        if self.dialogue is None:
            for part, name in (("llm", "scripted"), ("stt", "pocketsphinx")):
                table = getattr(self, part)
                if table is not None and name in (table.provider, *(other.provider for other in table.fallback)):
                    yield Problem((part, "provider"), f"{name} needs a [dialogue] to follow")

    def _dialogue_problems(self, tools: tuple[ToolSpec, ...]) -> Iterator[Problem]:
        if self.dialogue is None:
            return
        slots = {slot.name: tuple(slot.words) for slot in self.dialogue.slots}
        named: list[tuple[Loc, tuple[str, ...]]] = []
        for index, slot in enumerate(self.dialogue.slots):
            named.append((("dialogue", "slots", index, "answers"), slot.answers))
            named.append((("dialogue", "slots", index, "mentions"), slot.mentions))
        tool_names = [tool.name for tool in tools]
        for index, intent in enumerate(self.dialogue.intents):
            loc: Loc = ("dialogue", "intents", index)
            named.append(((*loc, "phrases"), intent.phrases))
            for name in intent.slots:
                if name not in slots:
                    yield Problem((*loc, "slots"), f"there is no slot {name!r}{meant(name, slots)}")
            known = (*intent.slots, *(["result"] if intent.tool else []))
            for key in ("answer", "confirm", "refused"):
                for name in re.findall(r"\{(\w+)\}", getattr(intent, key)):
                    if name not in known:
                        yield Problem(
                            (*loc, key), f"{{{name}}} is neither one of the intent's slots nor a tool's result"
                        )
            if intent.tool and intent.tool not in tool_names:
                yield Problem((*loc, "tool"), f"there is no tool {intent.tool!r}{meant(intent.tool, tool_names)}")
            if intent.then == "transfer" and intent.target not in self.transfer:
                yield Problem(
                    (*loc, "target"),
                    f"expected a name from [transfer], got {intent.target!r}{meant(intent.target, self.transfer)}",
                )
        for loc, patterns in named:
            for pattern in patterns:
                try:
                    Grammar([pattern], slots)
                except PatternError as error:
                    yield Problem(loc, f"{pattern!r}: {error}; the slots are {names_of(tuple(slots)) or 'none'}")


def _repeated(tools: tuple[ToolSpec, ...]) -> Iterator[Problem]:
    seen = set(BUILT_IN_TOOLS)
    for index, tool in enumerate(tools):
        if tool.name in seen:
            yield Problem(("tools", index), f"there already is a tool called {tool.name!r}")
        seen.add(tool.name)
