"""What an agent file may say: its tables, and what makes them fit together."""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field as DataclassField
from dataclasses import asdict, fields
from functools import partial
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    create_model,
    model_validator,
)

from phoneagent.call.built_in import SCHEDULE_CALLBACK
from phoneagent.call.emergency import is_emergency
from phoneagent.call.equipped import CORE_TOOLS
from phoneagent.call.menus import KEYS, MAIN, choices, menu_text
from phoneagent.conversation.events import KeysExpected
from phoneagent.conversation.grammar import parse
from phoneagent.conversation.knobs import pattern_problem
from phoneagent.conversation.policy import EndpointingRule, Interruption, KeypadRule, Phrasing, Policy
from phoneagent.patterns import slow_problem
from phoneagent.providers.llm.function_tools import untellable
from phoneagent.records import (
    TALK_AT_MOST,
    Agent,
    ClosedGreeting,
    Dialogue,
    Intent,
    Menu,
    Prices,
    Slot,
    ToolSpec,
    TransferPhrases,
    TransferTarget,
)

from .analysis_table import AnalysisTable
from .dialogue_problems import dialogue_problems, unknown_hours
from .ear_problems import ears_for
from .handoff_table import HandoffTable
from .hours_table import CallingHoursTable, HoursTable, Timezone
from .kinds import CallSeconds, Template, at_most
from .knowledge_table import KnowledgeTable
from .language_defaults import with_language
from .mcp_table import McpTable
from .model_choices import misfits_of
from .problems import CURRENCY, LANGUAGE, NAME, Misfits, Problem
from .provider_tables import PROVIDERS, LlmTable, SttTable, TtsTable
from .recording_table import RecordingTable
from .toml_lines import Loc
from .tool_table import ToolTable
from .variables_table import Variables, declared, defaults, variable_problems
from .voice_problems import voice_problems
from .webhook_table import IncomingTable, WebhookTable

T = TypeVar("T")

_POLICY = Policy()
_PHRASING = Phrasing()
_DIALOGUE = Dialogue(intents=())


def _pattern(text: str) -> str:
    parse(text)
    return text


def _word(text: str) -> str:
    """What can stand in a text."""
    if not any(map(str.isalnum, text)):
        raise ValueError(f"expected a word or a phrase as it is written, got {text!r}")
    return text


def _number(text: str) -> str:
    if not re.fullmatch(r"\+[1-9]\d{6,14}|sips?:\S+|queue:[A-Za-z0-9_-]{1,64}", text):
        raise ValueError(
            "expected a number with its country code (+15005550006), a SIP address (sip:desk@example.com) or a queue "
            "(queue:support)"
        )
    if is_emergency(text):
        raise ValueError("expected no emergency number: callers who need help dial it themselves")
    return text


def _audio_url(text: str) -> str:
    if text and not re.fullmatch(r"https?://\S+", text):
        raise ValueError("expected the URL of an audio file that the carrier can reach (https://example.com/music.mp3)")
    return text


def _choice(text: str) -> str:
    if set(re.findall(r"\{(\w*)\}", text)) != {"label", "key"}:
        raise ValueError(f"expected a text with {{label}} and {{key}}, got {text!r}")
    return text


def _key(text: str) -> str:
    """Empty: there is none."""
    if text and text not in tuple(KEYS):
        raise ValueError(f"expected one of the keys {KEYS}, got {text!r}")
    return text


def _ten(words: tuple[str, ...]) -> tuple[str, ...]:
    if len(words) != 10:
        raise ValueError(f"expected ten words, for 0 to 9, got {len(words)}")
    return words


def _filled(values: T) -> T:
    """At least one. pydantic's own check also complains when all of several are wrong in themselves."""
    if not values:
        raise ValueError("expected at least one")
    return values


Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=NAME)]
Phrase = Annotated[str, AfterValidator(_pattern)]
Phrases = Annotated[tuple[Phrase, ...], AfterValidator(_filled)]
Key = Annotated[str, AfterValidator(_key)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Limits(_Table):
    max_duration: CallSeconds = _POLICY.call_at_most
    goodbye_before: CallSeconds = _POLICY.goodbye_before_limit
    spend: NotNegative = 0.0


class _Prices(_Table):
    minute: NotNegative = 0.0
    million_tokens_in: NotNegative = 0.0
    million_tokens_out: NotNegative = 0.0
    thousand_characters: NotNegative = 0.0
    currency: Annotated[str, Field(pattern=CURRENCY)] = "USD"


class _KeypadTable(_Table):
    length: Annotated[int, Field(ge=0)] = 0
    end: str | None = None
    secret: bool = False


class _TransferTable(_Table):
    """`name = "+1…"`, or a table with more."""

    to: Annotated[str, AfterValidator(_number)]
    warm: bool = False
    ring_for: Annotated[int, Field(ge=5, le=600)] = 25
    wait_at_most: Annotated[int, Field(ge=10, le=3600)] = 600
    max_duration: Annotated[int, Field(ge=60, le=24 * 3600)] = TALK_AT_MOST
    hours: str = ""
    closed: str = ""

    @model_validator(mode="wrap")
    @classmethod
    def short_form(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(given, str):
            return handler(given)
        return handler({"to": _number(given)})

    def target(self) -> TransferTarget:
        return TransferTarget(**dict(self))


class _SlotTable(_Table):
    name: Name
    words: Annotated[dict[Phrase, str], AfterValidator(_filled)] | None = None
    ask: Text
    answers: tuple[Phrase, ...] = ()
    mentions: tuple[Phrase, ...] = ()
    keypad: _KeypadTable | None = None

    def slot(self) -> Slot:
        keypad = KeysExpected(**dict(self.keypad)) if self.keypad else None
        return Slot(self.name, self.words or {}, self.ask, self.answers, self.mentions, keypad)


class _IntentTable(_Table):
    name: Name
    phrases: tuple[Phrase, ...] = ()
    answer: Template = ""
    slots: tuple[str, ...] = ()
    confirm: Template = ""
    refused: Template = ""
    tool: str = ""
    then: Literal["listen", "end_call", "transfer", "menu", "agent", "model"] = "listen"
    target: str = ""
    interruptible: bool = True
    key: Key = ""
    label: str = ""
    menu: str = ""
    instructions: Template = ""
    hours: str = ""
    closed: str = ""


class _ClosedTable(_Table):
    hours: str
    greeting: Template


class _MenuTable(_Table):
    name: Name
    question: str = ""


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
    back: Phrases = _DIALOGUE.back
    menus: tuple[_MenuTable, ...] = ()
    choice: Annotated[str, AfterValidator(_choice)] = _DIALOGUE.choice
    wrong_key: str = _DIALOGUE.wrong_key
    back_label: str = _DIALOGUE.back_label
    person_label: str = _DIALOGUE.person_label
    repeat_key: Key = _DIALOGUE.repeat_key
    back_key: Key = _DIALOGUE.back_key
    person_key: Key = _DIALOGUE.person_key
    yes_key: Key = _DIALOGUE.yes_key
    no_key: Key = _DIALOGUE.no_key
    digits: Annotated[tuple[Text, ...], AfterValidator(_ten)] = _DIALOGUE.digits
    key_names: dict[Literal["*", "#"], Text] = {}
    keys_only: Text = _DIALOGUE.keys_only
    start: Literal["", "script", "model"] = ""
    otherwise: Literal["", "ask", "model"] = ""

    def dialogue(self) -> Dialogue:
        simple = {field.name: getattr(self, field.name) for field in fields(Dialogue)}
        simple["intents"] = tuple(Intent(**dict(intent)) for intent in self.intents)
        simple["slots"] = tuple(slot.slot() for slot in self.slots)
        simple["menus"] = tuple(Menu(**dict(menu)) for menu in self.menus)
        simple["key_names"] = {**_DIALOGUE.key_names, **self.key_names}
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
        if kind == tuple[KeypadRule, ...]:
            return tuple[_KeypadRule, ...], default  # type: ignore[valid-type]  # the same
        least, unit = field.metadata.get("least", 0), field.metadata.get("unit", "")
        within = AfterValidator(partial(at_most, field.metadata.get("most", math.inf), unit))
        checked: dict[Any, Any] = {
            float: Annotated[float, Field(ge=least, allow_inf_nan=False), within],
            int: Annotated[int, Field(ge=least), within],
            str: Text if default and field.metadata.get("unit") != "key" else str,
        }
        if field.metadata.get("unit") == "template":
            return Template, default
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
    if problem := pattern_problem(pattern) or slow_problem(pattern):
        raise ValueError(problem)
    return pattern


_Pattern = Annotated[str, AfterValidator(_regular)]
_TABLES: dict[Any, type[_Table]] = {}
_Rule = _like(EndpointingRule, "_Rule")
_KeypadRule = _like(KeypadRule, "_KeypadRule")
_TABLES[Interruption] = _like(Interruption, "_Interruption")
_TurnTaking = _like(Policy, "_TurnTaking", without=("call_at_most", "goodbye_before_limit"))
_PhrasesTable = _like(Phrasing, "_PhrasesTable", without=("greeting", "disclosure", "announcement"))


_TransferPhrases = _like(TransferPhrases, "_TransferPhrases")


def _policy(table: _Table, **limits: float) -> Policy:
    given: dict[str, Any] = {**dict(table), **limits}
    for name, value in given.items():
        if isinstance(value, _TABLES[Interruption]):
            given[name] = Interruption(**dict(value))
    given["rules"] = tuple(EndpointingRule(**dict(rule)) for rule in given["rules"])
    given["keypad"] = tuple(KeypadRule(**dict(rule)) for rule in given["keypad"])
    return Policy(**given)


class AgentFile(_Table):
    """An agent file as it is written."""

    name: Name
    greeting: Template = _PHRASING.greeting
    disclosure: Template = ""
    instructions: Template = ""
    language: Annotated[str, Field(pattern=LANGUAGE)] = "en"
    stt: SttTable | None = None
    llm: LlmTable | None = None
    tts: TtsTable | None = None
    turn_taking: _TurnTaking = _TurnTaking()  # type: ignore[valid-type]  # made from Policy above
    phrases: _PhrasesTable = _PhrasesTable()  # type: ignore[valid-type]  # made from Phrasing above
    variables: Variables = {}
    pronunciation: dict[Annotated[str, AfterValidator(_word)], Text] = {}
    limits: _Limits = _Limits()
    prices: _Prices = _Prices()
    transfer: dict[Name, _TransferTable] = {}
    transfer_phrases: _TransferPhrases = _TransferPhrases()  # type: ignore[valid-type]  # made from TransferPhrases above
    hold_music: Annotated[str, AfterValidator(_audio_url)] = ""
    tools: tuple[ToolTable, ...] = ()
    built_in: tuple[Literal["wait", "do_not_call", "send_dtmf", "send_sms", "schedule_callback"], ...] = ()
    timezone: Timezone | None = None
    dialogue: _DialogueTable | None = None
    hours: dict[Name, HoursTable] = {}
    closed: _ClosedTable | None = None
    calling_hours: CallingHoursTable | None = None
    recording: RecordingTable = RecordingTable()
    knowledge: KnowledgeTable | None = None
    handoff: dict[Name, HandoffTable] = {}
    mcp: dict[Name, McpTable] = {}
    analysis: AnalysisTable | None = None
    webhooks: tuple[WebhookTable, ...] = ()
    incoming: IncomingTable | None = None

    def agent(self) -> Agent:
        """The record. Raises `Misfits`."""
        found = [(index, spec) for index, tool in enumerate(self.tools) for spec in tool.specs(("tools", index))]
        tools = tuple(spec for _, spec in found)
        if problems := [
            *self._provider_problems(),
            *self._dialogue_problems(tools),
            *_repeated(found, self.built_in, self.knowledge, self.mcp),
            *self._knowledge_problems(),
            *self._callback_problems(),
            *self._variable_problems(),
        ]:
            raise Misfits(problems)
        dialogue = self.dialogue.dialogue() if self.dialogue else None
        closed = None
        if self.closed is not None:
            closed = ClosedGreeting(self.closed.hours, _with_menu(self.closed.greeting, dialogue))
        chosen = {part: table.choice() for part in PROVIDERS if (table := getattr(self, part)) is not None}
        if (ears := ears_for(chosen.get("stt"), self.language)) is not None:
            chosen["stt"] = ears
        return Agent(
            name=self.name,
            phrasing=self._phrasing(dialogue),
            instructions=self.instructions.strip(),
            language=self.language,
            policy=_policy(
                self.turn_taking,
                call_at_most=self.limits.max_duration,
                goodbye_before_limit=self.limits.goodbye_before,
            ),
            tools=tools,
            built_in=tuple(dict.fromkeys(self.built_in)),
            timezone=self.timezone or "",
            dialogue=dialogue,
            transfer_targets={name: table.target() for name, table in self.transfer.items()},
            transfer_phrases=TransferPhrases(**dict(self.transfer_phrases)),
            hold_music=self.hold_music,
            hours={name: hours.hours() for name, hours in self.hours.items()},
            closed=closed,
            calling_hours=self.calling_hours.hours() if self.calling_hours else None,
            variables=defaults(declared(self.variables, self.built_in)),
            pronunciation=self.pronunciation,
            recording=self.recording.rules(),
            prices=Prices(**dict(self.prices)),
            spend=self.limits.spend,
            knowledge=self.knowledge.knowledge() if self.knowledge else None,
            handoffs={name: table.handoff() for name, table in self.handoff.items()},
            mcp={name: table.server() for name, table in self.mcp.items()},
            analysis=self.analysis.analysis() if self.analysis else None,
            webhooks=tuple(table.webhook() for table in self.webhooks),
            incoming=self.incoming.incoming() if self.incoming else None,
            **chosen,
        )

    @model_validator(mode="before")
    @classmethod
    def _in_its_language(cls, data: Any) -> Any:
        """What the file does not say is said in the agent's language."""
        return with_language(data) if isinstance(data, Mapping) else data

    def _phrasing(self, dialogue: Dialogue | None) -> Phrasing:
        table: _Table = self.phrases
        phrases: dict[str, Any] = dict(table)
        return Phrasing(greeting=_with_menu(self.greeting, dialogue), disclosure=self.disclosure.strip(), **phrases)

    def _knowledge_problems(self) -> Iterator[Problem]:
        if self.knowledge is not None and (problem := untellable(ToolSpec(self.knowledge.tool, "", {}))):
            yield Problem(("knowledge", "tool"), problem)

    def _variable_problems(self) -> Iterator[Problem]:
        dialogue = self.dialogue.dialogue() if self.dialogue is not None else None
        menu = dialogue is not None and bool(choices(dialogue, MAIN))
        zone = self.timezone is not None
        known = declared(self.variables, self.built_in)
        yield from variable_problems(self._texts(), known, timezone=zone, menu=menu)
        for index, tool in enumerate(self.tools):
            yield from tool.request_problems(("tools", index), known)

    def _texts(self) -> Iterator[tuple[Loc, str]]:
        """Where `{variables}` of the call may stand."""
        yield ("greeting",), self.greeting
        yield ("instructions",), self.instructions
        yield ("disclosure",), self.disclosure
        if self.closed is not None:
            yield ("closed", "greeting"), self.closed.greeting
        for field in fields(Phrasing):
            if field.metadata.get("unit") == "template" and hasattr(self.phrases, field.name):
                yield ("phrases", field.name), getattr(self.phrases, field.name)
        for index, tool in enumerate(self.tools):
            if tool.messages is not None:
                place: Loc = ("tools", index, "messages")
                yield (*place, "start"), tool.messages.start
                yield (*place, "failed"), tool.messages.failed
                yield from (
                    ((*place, "slow", number, "say"), slow.say) for number, slow in enumerate(tool.messages.slow)
                )

    def _callback_problems(self) -> Iterator[Problem]:
        if SCHEDULE_CALLBACK in self.built_in and self.timezone is None:
            yield Problem(
                ("built_in",),
                "expected timezone = 'Europe/Berlin' or the like beside it: the model must know what time it is where "
                "people want to be called back",
            )

    def _provider_problems(self) -> Iterator[Problem]:
        if self.limits.goodbye_before >= self.limits.max_duration:
            yield Problem(
                ("limits", "goodbye_before"), f"expected less than max_duration ({self.limits.max_duration:g})"
            )
        if self.limits.spend and not Prices(**dict(self.prices)).some:
            yield Problem(("limits", "spend"), "expected a table [prices] too: what a call costs is reckoned by it")
        if self.llm is not None:
            for number, llm in enumerate((self.llm, *self.llm.fallback)):
                if llm.hedge and llm.provider == "scripted":
                    loc: Loc = ("llm", "fallback", number - 1, "hedge") if number else ("llm", "hedge")
                    yield Problem(loc, "scripted answers at once: there is nothing to ask twice")
        yield from voice_problems(self.tts.choice() if self.tts is not None else None, self.language)
        if self.analysis is not None:
            yield from self.analysis.problems(self.llm)
        yield from misfits_of(
            self.llm.choice() if self.llm is not None else None,
            self.analysis.analysis().llm if self.analysis is not None else None,
        )
        if self.name in self.handoff:
            yield Problem(("handoff", self.name), "expected another agent than this one")
        if self.dialogue is None:
            for part, name in (("llm", "scripted"), ("stt", "pocketsphinx")):
                table = getattr(self, part)
                if table is not None and name in (table.provider, *(other.provider for other in table.fallback)):
                    yield Problem((part, "provider"), f"{name} needs a [dialogue] to follow")

    def _dialogue_problems(self, tools: tuple[ToolSpec, ...]) -> Iterator[Problem]:
        for name, table in self.transfer.items():
            if table.hours and table.hours not in self.hours:
                yield Problem(("transfer", name, "hours"), unknown_hours(table.hours, tuple(self.hours)))
        if self.closed is not None and self.closed.hours not in self.hours:
            yield Problem(("closed", "hours"), unknown_hours(self.closed.hours, tuple(self.hours)))
        if self.dialogue is None:
            return
        dialogue = self.dialogue.dialogue()
        yield from dialogue_problems(dialogue, [tool.name for tool in tools], tuple(self.transfer), tuple(self.hours))
        minds = (self.llm, *self.llm.fallback) if self.llm is not None else ()
        for number, llm in enumerate(minds[1:]):
            if dialogue.start and llm.provider == "scripted":
                yield Problem(("llm", "fallback", number), "with dialogue.start the dialogue takes over by itself")


def _with_menu(greeting: str, dialogue: Dialogue | None) -> str:
    """A greeting with the main menu in the place of `{menu}`. Without any keys that is a variable like others."""
    if dialogue is None or not choices(dialogue, MAIN):
        return greeting
    return greeting.replace("{menu}", menu_text(dialogue))


def _repeated(
    tools: Sequence[tuple[int, ToolSpec]],
    built_in: tuple[str, ...],
    knowledge: KnowledgeTable | None,
    servers: dict[str, McpTable],
) -> Iterator[Problem]:
    seen = {*CORE_TOOLS, *built_in}
    for index, tool in tools:
        if tool.name in seen:
            yield Problem(("tools", index), f"there already is a tool called {tool.name!r}")
        seen.add(tool.name)
    if knowledge is not None and knowledge.tool in seen:
        yield Problem(("knowledge", "tool"), f"there already is a tool called {knowledge.tool!r}")
    seen |= {knowledge.tool} if knowledge is not None else set()
    for name, table in servers.items():
        for offered in map(table.server().offered, table.tools):
            if offered in seen:
                problem = f'there already is a tool called {offered!r}: give this server a prefix ("{name}_")'
                yield Problem(("mcp", name, "tools"), problem)
            seen.add(offered)
