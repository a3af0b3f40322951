"""What is left of a call: one report, made when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .conversation.transcript import Turn
from .private import Private
from .records import CallStatus, Held, RecordingStatus, TransferOutcome
from .usage import Part, Unit

Result = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call was what its agent's rubric calls a success, and why."""

    result: Result
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What was used of one thing, and what that costs. `price`: of one unit; None: no price is known.

    `reckoned`: the amount is not the provider's own count, at least in part.
    """

    part: Part
    provider: str
    model: str
    unit: Unit
    amount: float
    price: float | None = None
    cost: float | None = None
    reckoned: bool = False


@dataclass(frozen=True, slots=True)
class Costs:
    """What a call has cost, in one currency. Not `complete`: something that was used has no known price.

    `prices`: where they come from, and of which day they are.
    """

    currency: str = "USD"
    total: float = 0.0
    complete: bool = True
    prices: str = ""
    items: tuple[Cost, ...] = ()


@dataclass(frozen=True, slots=True)
class StageLatency:
    """How long callers waited for a stage of the answer: seconds from the end of their speech, over so many turns."""

    stage: str
    p50: float
    p95: float
    turns: int


@dataclass(frozen=True, slots=True)
class ToolRun:
    """A tool that the model called. `at`: seconds since the call began at which its result was there."""

    name: str
    arguments: str
    result: str
    at: float


@dataclass(frozen=True, slots=True)
class EndOfCallReport:
    """All there is to tell of a call that is over. Times are seconds since the epoch; `call` is the carrier's id.

    `order` is ours, empty for calls that came in. `agent` had it last, `held` has who had it from when if there was
    more than one. `duration`: seconds from the answer to the end. `summary` is empty, `data` and `success` are None,
    where the agent's `[analysis]` does not ask for them, or where it failed: `problems` then says why. `made`: when the
    report was.
    """

    call: str
    agent: str
    direction: Literal["inbound", "outbound"]
    caller: Private[str]
    called: Private[str]
    status: CallStatus
    order: str = ""
    held: tuple[Held, ...] = ()
    started: float = 0.0
    answered: float = 0.0
    ended: float = 0.0
    disclosed: float = 0.0  # when the agent's disclosure had been heard to its end
    do_not_call: bool = False  # they do not want to be called again
    duration: float = 0.0
    ended_reason: str = ""
    answered_by: str = ""
    outcome: str = ""
    turns: tuple[Turn, ...] = ()
    summary: str = ""
    data: Any = None
    success: Verdict | None = None
    costs: Costs = Costs()
    latency: tuple[StageLatency, ...] = ()
    interruptions: int = 0
    tools: tuple[ToolRun, ...] = ()
    recording: RecordingStatus = ""
    carrier_recording: str = ""
    transfer_to: Private[str] | None = None
    transfer_outcome: TransferOutcome = ""
    resumed: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    made: float = 0.0


@dataclass(frozen=True, slots=True)
class ReportClaim:
    """A call whose report one process makes; `token` fences off whoever claimed it before. `failures`: how often it was
    tried and put off.
    """

    call: str
    token: int
    failures: int = 0
