"""Scenarios from TOML files. `tests/vectors/turn_taking/` has many; each reads as a story.

    title = "Mm-hm over the answer is no interruption"
    ears = ["flux", "nova"]             # ears that know when a turn ends, ears that do not; each is a call of its own
    run = ["table", "server"]           # how it is played

    [agent]                             # laid over a small base agent, written as in an agent file
    greeting = "Good evening."

    [[mind]]                            # the first rule whose pattern is found in the caller's words answers
    heard = "hours"
    say = "We are open from noon to eleven."
                                        # also: call, arguments and then; first_token, seconds that this answer takes

    [[tool]]
    name = "look_up"                    # also: result or problem, seconds, safe

    [latencies]                         # seconds, see `simulator.latency`
    [network]                           # to_server, from_server: seconds
    [who]                               # background: RMS of the noise around the caller; echo and echo_delay of the
                                        # line; patience; stays = true: does not hang up after the last answer

    [[caller]]                          # step by step
    say = ["What are", "your hours?"]   # with a hesitation
    pause = 0.7                         # of so many seconds
    split = true                        # although the ears take each part for a whole turn

    [[caller]]
    say = "Mm-hm."
    backchannel = true                  # wants no answer
    after = { agent_speaking = 1.0 }    # for so many seconds; also { agent_finished = 0.6 }, or seconds after the step
                                        # before; other steps: echo = the agent's words that come back, press = "42#",
                                        # noise = seconds (and rms), wait = when, hang_up = true

    [[disorder]]                        # what happens to the number-th event of a kind (0: to each); table only
    event = "EndOfTurn"
    late = 1.0                          # or lost = true, again = seconds, after = another event

    [expect]                            # see `scenario.Expected`
    dialogue = ["agent: Good evening.", "caller: What are your hours?", "agent: We are … eleven."]

What is wrong with a file is told with its line, the key, and what was expected, one line a problem, all at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from phoneagent.agent_file.problems import Misfits, Problem, dotted, expected, syntax_problem
from phoneagent.agent_file.tables import AgentFile
from phoneagent.agent_file.toml_lines import key_lines, line_of, read_toml
from phoneagent.conversation import events
from phoneagent.conversation.states import State
from phoneagent.errors import SettingsError
from phoneagent.records import Agent
from phoneagent.simulator.caller import AgentFinished, AgentSpeaking, CallEnds, Cue, HangUp, Noise, Press, Say, Wait
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.mind import Rule
from phoneagent.simulator.network import Network

from .disorder import Disturbance
from .scenario import EARS, Ears, Expected, Line, Run, Scenario, Step, TimedRule, Tool

BASE: Mapping[str, Any] = {
    "name": "front-desk",
    "greeting": "Hello, how can I help you?",
    "instructions": "You answer the telephone.",
}
"""The agent over which a scenario's `[agent]` is laid."""

DEFAULT_ANSWER = "I have noted that for you."
LISTENS_ON = 1.2  # seconds of silence after the last answer; then the caller hangs up
COUGH = 3000.0  # RMS of 32,767: as loud as speech
EVENTS = tuple(kind.__name__ for kind in events.Event.__args__)


def load_scenarios(path: str | Path) -> list[Scenario]:
    """The scenarios of a file, or of all TOML files in a folder: one for each kind of ears. Raises `SettingsError`."""
    path = Path(path)
    files = sorted(path.rglob("*.toml")) if path.is_dir() else [path]
    if not files:
        raise SettingsError(f"{path}: expected a scenario file in this folder, found none")
    scenarios: list[Scenario] = []
    problems: list[str] = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8-sig")
            scenarios += parse_scenarios(text, name=file.stem, file=str(file))
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{file}: expected a scenario file, but {error}")
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(*problems)
    return scenarios


def parse_scenarios(text: str, *, name: str, file: str) -> list[Scenario]:
    """The scenarios of a TOML text; `file` is what errors call it. Raises `SettingsError`."""
    try:
        data = read_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(syntax_problem(file, text, str(error))) from error
    lines = key_lines(text)
    try:
        return ScenarioFile.model_validate(data).scenarios(name)
    except ValidationError as error:
        found = [Problem(item["loc"], expected(item, ScenarioFile)) for item in error.errors(include_url=False)]
    except Misfits as error:
        found = list(error.problems)
    placed = sorted((line_of(lines, problem.loc), problem) for problem in found)
    raise SettingsError(*(f"{file}:{line}: {dotted(problem.loc)}: {problem.text}" for line, problem in placed))


# --- what may stand in a file --------------------------------------------------------------------------


def _cue(value: Any) -> Cue:
    """Seconds, "agent_finished", "never", or one of `{agent_speaking = seconds}` and `{agent_finished = seconds}`."""
    match value:
        case bool():
            pass
        case int() | float() if value >= 0:
            return float(value)
        case "agent_finished":
            return AgentFinished()
        case "never":
            return CallEnds()
        case {"agent_speaking": int() | float() as seconds} if len(value) == 1:
            return AgentSpeaking(float(seconds))
        case {"agent_finished": int() | float() as seconds} if len(value) == 1:
            return AgentFinished(float(seconds))
        case _:
            pass
    raise ValueError(
        'expected seconds, "agent_finished", "never", {agent_speaking = seconds} or {agent_finished = seconds}'
    )


def _parts(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _filled(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """At least one. pydantic's own check also complains when all of several are wrong in themselves."""
    if not values:
        raise ValueError("expected at least one")
    return values


def _event(name: str) -> str:
    if name not in EVENTS:
        raise ValueError(f"expected an event of the conversation, got {name!r}")
    return name


def _keys(keys: str) -> str:
    if not keys or not set(keys) <= set("0123456789*#"):
        raise ValueError("expected keys: digits, * and #")
    return keys


def _turn(line: str) -> str:
    if not line.startswith(("caller: ", "agent: ")):
        raise ValueError("expected 'caller: …' or 'agent: …'")
    return line


def _state(name: str) -> str:
    names = [state.value for state in State]
    if name not in names:
        raise ValueError(f"expected one of {', '.join(names)}")
    return name


Words: TypeAlias = Annotated[str, Field(min_length=1)]
Parts: TypeAlias = Annotated[tuple[Words, ...], AfterValidator(_filled), BeforeValidator(_parts)]
When: TypeAlias = Annotated[Any, BeforeValidator(_cue)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Duration: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Keys: TypeAlias = Annotated[str, AfterValidator(_keys)]
EventName: TypeAlias = Annotated[str, AfterValidator(_event)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _MindTable(_Table):
    heard: Words
    say: str = ""
    call: str = ""
    arguments: dict[str, Any] = {}
    then: str = "{result}"
    first_token: Duration | None = None

    def rule(self) -> TimedRule:
        return TimedRule(Rule(self.heard, self.say, self.call, self.arguments, self.then), self.first_token)


class _ToolTable(_Table):
    name: Words
    result: str = "done"
    seconds: Duration = 0.0
    safe: bool = False
    problem: str = ""


_ACTS = ("say", "echo", "press", "noise", "wait", "hang_up")


class _StepTable(_Table):
    say: Parts | None = None
    pause: Seconds = 0.7
    split: bool = False
    backchannel: bool = False
    echo: Words | None = None
    press: Keys | None = None
    noise: Seconds | None = None
    rms: Seconds = COUGH
    wait: When | None = None
    hang_up: Literal[True] | None = None
    after: When = AgentFinished()

    @property
    def acts(self) -> list[str]:
        return [act for act in _ACTS if getattr(self, act) is not None]


class _CallerTable(_Table):
    """Who the caller is."""

    background: Duration = 0.0
    patience: Seconds = 15.0
    stays: bool = False
    echo: Duration = 0.0
    echo_delay: Duration = 0.0


class _DisorderTable(_Table):
    event: EventName
    number: Count = 1
    source: Literal["", "vad", "stt"] = ""
    late: Duration = 0.0
    lost: bool = False
    again: Duration | None = None
    after: EventName | Literal[""] = ""

    def disturbance(self) -> Disturbance:
        return Disturbance(**dict(self))


class _NetworkTable(_Table):
    to_server: Duration = 0.0
    from_server: Duration = 0.0


class _ExpectTable(_Table):
    dialogue: tuple[Annotated[str, AfterValidator(_turn)], ...] = ()
    heard: tuple[Words, ...] = ()
    unheard: tuple[Words, ...] = ()
    states: tuple[Annotated[str, AfterValidator(_state)], ...] = ()
    tools: tuple[Words, ...] | None = None
    resumes: Count | None = None
    interruptions: Count | None = None
    cut_offs: Count = 0
    ended_by: Literal["", "caller", "agent"] = ""


_LatenciesTable: type[_Table] = create_model(  # type: ignore[call-overload]  # computed fields
    "_LatenciesTable",
    __base__=_Table,
    **{field.name: (Annotated[float, Field(ge=0)], field.default) for field in fields(Latencies)},
)


class ScenarioFile(_Table):
    """A scenario file as it is written."""

    title: Words
    ears: Annotated[tuple[Ears, ...], AfterValidator(_filled)] = ("flux",)
    run: Annotated[tuple[Run, ...], AfterValidator(_filled)] = ("table",)
    default_answer: Words = DEFAULT_ANSWER
    agent: dict[str, Any] = {}
    mind: tuple[_MindTable, ...] = ()
    tool: tuple[_ToolTable, ...] = ()
    latencies: _LatenciesTable = _LatenciesTable()  # type: ignore[valid-type]  # made from Latencies above
    network: _NetworkTable = _NetworkTable()
    who: _CallerTable = _CallerTable()
    caller: Annotated[tuple[_StepTable, ...], AfterValidator(_filled)]
    disorder: tuple[_DisorderTable, ...] = ()
    expect: _ExpectTable

    def scenarios(self, name: str) -> list[Scenario]:
        """One for each kind of ears. Raises `Misfits`."""
        if problems := list(self._problems()):
            raise Misfits(problems)
        steps, lines = _script(self.caller, stays=self.who.stays)
        return [
            Scenario(
                name=name if len(self.ears) == 1 else f"{name}[{ears}]",
                title=self.title,
                agent=self._agent(ears),
                ears=ears,
                rules=tuple(table.rule() for table in self.mind),
                tools=tuple(Tool(**dict(table)) for table in self.tool),
                steps=steps,
                lines=lines,
                expected=Expected(**dict(self.expect)),
                default_answer=self.default_answer,
                run=self.run,
                latencies=Latencies(**dict(self.latencies)),
                network=Network(to_server=self.network.to_server, from_server=self.network.from_server),
                disorder=tuple(table.disturbance() for table in self.disorder),
                background=self.who.background,
                patience=self.who.patience,
                caller_options={key: value for key in ("echo", "echo_delay") if (value := getattr(self.who, key))},
            )
            for ears in self.ears
        ]

    def _problems(self) -> Iterator[Problem]:
        for index, step in enumerate(self.caller):
            if len(step.acts) != 1:
                yield Problem(("caller", index), f"expected one of {', '.join(_ACTS)}, got {len(step.acts)}")
        for index, table in enumerate(self.disorder):
            happens = [table.lost, table.late > 0, table.again is not None, bool(table.after)]
            if sum(happens) != 1:
                yield Problem(("disorder", index), "expected one of late, lost, again and after")
        if self.disorder and "server" in self.run:
            yield Problem(("run",), "events can be disturbed on the table only")
        tools = {table.name for table in self.tool} | {"end_call", "transfer"}
        for index, rule in enumerate(self.mind):
            if rule.call and rule.call not in tools:
                yield Problem(("mind", index, "call"), f"there is no [[tool]] {rule.call!r}")

    def _agent(self, ears: Ears) -> Agent:
        """The base agent with these ears and what this file changes."""
        chosen = EARS[ears]
        stt = {"provider": chosen.provider, "model": chosen.model, "options": chosen.options}
        stt |= {"fallback": (), **self.agent.get("stt", {})}
        written = _laid_over(BASE, {**self.agent, "stt": stt})
        try:
            return AgentFile.model_validate(written).agent()
        except ValidationError as error:
            items = error.errors(include_url=False)
            raise Misfits([Problem(("agent", *item["loc"]), expected(item, AgentFile)) for item in items]) from error
        except Misfits as error:
            raise Misfits([Problem(("agent", *loc), text) for loc, text in error.problems]) from error


def _laid_over(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        merged[key] = _laid_over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _script(tables: tuple[_StepTable, ...], *, stays: bool) -> tuple[tuple[Step, ...], tuple[Line, ...]]:
    """The caller's steps, and what each piece of their words is meant to be."""
    steps: list[Step] = []
    lines: list[Line] = []
    for thought, table in enumerate(tables):
        match table.acts[0]:
            case "say":
                said = table.say or ()
                expects = not table.backchannel
                if table.split:
                    for index, part in enumerate(said):
                        steps.append(Say(part, after=table.pause if index else table.after, expects_answer=expects))
                else:
                    steps.append(Say(*said, after=table.after, pause=table.pause, expects_answer=expects))
                meant: Literal["answer", "nothing"] = "answer" if expects else "nothing"
                lines += [
                    Line(
                        part,
                        thought,
                        meant,
                        pause=table.pause if index else None,
                        last=index == len(said) - 1,
                        split=table.split,
                    )
                    for index, part in enumerate(said)
                ]
            case "echo":
                steps.append(Say(table.echo or "", after=table.after, expects_answer=False))
                lines.append(Line(table.echo or "", thought, "echo"))
            case "press":
                steps.append(Press(table.press or "", after=table.after))
            case "noise":
                steps.append(Noise(table.noise or 0.0, after=table.after, rms=table.rms))
            case "wait":
                steps.append(Wait(0.0 if table.wait is None else table.wait))
            case _:
                steps.append(HangUp(after=table.after))
    if not stays and not isinstance(steps[-1], HangUp):
        steps.append(HangUp(after=AgentFinished(LISTENS_ON)))
    return tuple(steps), tuple(lines)
