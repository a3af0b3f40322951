"""The end-of-call report as a resource."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from phoneagent.ports import ReportBook
from phoneagent.records import CallStatus, RecordingStatus, TransferOutcome
from phoneagent.report import EndOfCallReport, Result
from phoneagent.usage import Part, Unit

from .problems import Problem
from .representations import HeldView, Representation, Time, TurnView, answer, moment


class SuccessView(Representation):
    """Whether the call was what its agent's rubric calls a success, and why."""

    result: Result
    reason: str


class CostView(Representation):
    """So much of one thing. `price`: of one unit; null where none is known, and then `cost` is too. `reckoned`: the
    amount was not counted by the provider, at least in part.
    """

    part: Part
    provider: str
    model: str
    unit: Unit
    amount: float
    price: float | None
    cost: float | None
    reckoned: bool


class CostsView(Representation):
    """What the call has cost. Not `complete`: something has no known price. `prices`: whose, and of which day."""

    currency: str
    total: float
    complete: bool
    prices: str
    items: tuple[CostView, ...]


class LatencyView(Representation):
    """Seconds from the end of the caller's speech to a stage of the answer, over so many turns. `heard` is the first
    sound of the answer.
    """

    stage: str
    p50: float
    p95: float
    turns: int


class ToolRunView(Representation):
    """A tool that the model called; `arguments` and `result` as text, `at` in seconds since the call began."""

    name: str
    arguments: str
    result: str
    at: float


class RecordingView(Representation):
    """What there is to listen to. `path`: of our own recording, null if there is none. `carrier_id`: of Twilio's."""

    status: RecordingStatus
    path: str | None
    carrier_id: str


class ReportView(Representation):
    """What is left of a call. `id` is ours for calls that were placed here, the carrier's for those that came in.

    `agent` had the call last; `held` says who had it from when, if one handed it to another. `summary`, `data` and
    `success` are what the agent's `[analysis]` asks for: empty and null where it does not, or where it failed, and
    `problems` says why. `interruptions`: how often the caller cut the agent off. `resumed`: how often the call was
    carried on after its media stream was lost.
    """

    id: str
    carrier_id: str
    agent: str
    held: tuple[HeldView, ...]
    direction: Literal["inbound", "outbound"]
    caller: str = Field(serialization_alias="from")
    called: str = Field(serialization_alias="to")
    status: CallStatus
    started_at: Time | None
    answered_at: Time | None
    ended_at: Time | None
    disclosed_at: Time | None
    do_not_call: bool
    duration: float
    ended_reason: str
    answered_by: str
    outcome: str
    turns: tuple[TurnView, ...]
    summary: str
    data: Any
    success: SuccessView | None
    costs: CostsView
    latency: tuple[LatencyView, ...]
    interruptions: int
    tools: tuple[ToolRunView, ...]
    recording: RecordingView
    transfer_to: str
    transfer_outcome: TransferOutcome
    resumed: int
    variables: Mapping[str, str]
    metadata: Mapping[str, str]
    problems: tuple[str, ...]
    made_at: Time | None

    @classmethod
    def of(cls, report: EndOfCallReport) -> ReportView:
        name = report.order or report.call
        costs, success = report.costs, report.success
        return cls(
            id=name,
            carrier_id=report.call,
            agent=report.agent,
            held=tuple(HeldView(agent=held.agent, since=moment(held.since)) for held in report.held),
            direction=report.direction,
            caller=report.caller.reveal(),
            called=report.called.reveal(),
            status=report.status,
            started_at=moment(report.started),
            answered_at=moment(report.answered),
            ended_at=moment(report.ended),
            disclosed_at=moment(report.disclosed),
            do_not_call=report.do_not_call,
            duration=report.duration,
            ended_reason=report.ended_reason,
            answered_by=report.answered_by,
            outcome=report.outcome,
            turns=tuple(map(TurnView.of, report.turns)),
            summary=report.summary,
            data=report.data,
            success=SuccessView(result=success.result, reason=success.reason) if success else None,
            costs=CostsView(
                currency=costs.currency,
                total=costs.total,
                complete=costs.complete,
                prices=costs.prices,
                items=tuple(
                    CostView(
                        part=item.part,
                        provider=item.provider,
                        model=item.model,
                        unit=item.unit,
                        amount=item.amount,
                        price=item.price,
                        cost=item.cost,
                        reckoned=item.reckoned,
                    )
                    for item in costs.items
                ),
            ),
            latency=tuple(
                LatencyView(stage=each.stage, p50=each.p50, p95=each.p95, turns=each.turns) for each in report.latency
            ),
            interruptions=report.interruptions,
            tools=tuple(
                ToolRunView(name=run.name, arguments=run.arguments, result=run.result, at=run.at)
                for run in report.tools
            ),
            recording=RecordingView(
                status=report.recording,
                path=f"/v1/calls/{name}/recording" if report.recording in ("kept", "recording") else None,
                carrier_id=report.carrier_recording,
            ),
            transfer_to=report.transfer_to.reveal() if report.transfer_to else "",
            transfer_outcome=report.transfer_outcome,
            resumed=report.resumed,
            variables=report.variables,
            metadata=report.metadata,
            problems=report.problems,
            made_at=moment(report.made),
        )


class Reports:
    """The endpoint. `carrier_id` finds the call in a request's path."""

    def __init__(self, book: ReportBook, carrier_id: Callable[[Request], Awaitable[str]]) -> None:
        self._book = book
        self._carrier_id = carrier_id

    async def show(self, request: Request) -> Response:
        """The report of a call that is over."""
        call = await self._carrier_id(request)
        report = await self._book.load(call) if call else None
        if report is None:
            detail = (
                "expected a call that was answered and is over; its report is made some seconds after the end, or some "
                "minutes, where the model that analyses it does not answer"
            )
            raise Problem(404, "no-report", "No report of this call yet", detail)
        return answer(ReportView.of(report))
