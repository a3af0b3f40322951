"""Puts together what is known of a call that is over."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from phoneagent.conversation.latency import STAGES
from phoneagent.conversation.transcript import Turn
from phoneagent.private import Private
from phoneagent.records import CallRecord, Order, StoredCall
from phoneagent.report import EndOfCallReport, StageLatency, ToolRun
from phoneagent.usage import Part, Unit, Used, together

from .analysis import Findings
from .price_book import PriceList, costs_of
from .spending import RECORDING, call_itself

NOTHING = Findings()


def end_of_call_report(
    stored: StoredCall, order: Order | None, findings: Findings, prices: PriceList, *, carrier: str, made: float
) -> EndOfCallReport:
    """The report of a call whose record has an end. `carrier`: who is paid for the line; `made`: now."""
    record, turns = stored.record, stored.turns
    ended = record.ended or made
    duration = max(0.0, ended - record.answered) if record.answered else 0.0
    used = (*_of_carrier(record, carrier, duration), *record.used, *findings.used)
    return EndOfCallReport(
        call=record.id,
        agent=record.agent,
        direction=record.direction,
        caller=record.caller,
        called=record.called,
        status=record.status,
        order=record.order,
        held=record.held,
        started=record.started,
        answered=record.answered,
        ended=ended,
        disclosed=record.disclosed,
        do_not_call=record.do_not_call,
        duration=round(duration, 3),
        ended_reason=record.ended_reason,
        answered_by=record.answered_by,
        outcome=record.outcome,
        turns=turns,
        summary=findings.summary,
        data=findings.data,
        success=findings.success,
        costs=costs_of(_summed(used), prices),
        latency=latencies(turns),
        interruptions=sum(turn.interrupted for turn in turns if turn.role == "agent"),
        tools=tuple(
            ToolRun(turn.tool.name, turn.tool.arguments, turn.text, round(turn.at, 3)) for turn in turns if turn.tool
        ),
        recording=record.recording,
        carrier_recording=record.carrier_recording,
        transfer_to=Private(record.transfer.target.to) if record.transfer else None,
        transfer_outcome=record.transfer_outcome,
        resumed=record.resumed,
        variables=record.variables,
        metadata=order.metadata if order else record.metadata,
        problems=(*findings.problems, *_problems(record)),
        made=made,
    )


def latencies(turns: Sequence[Turn]) -> tuple[StageLatency, ...]:
    """Of each stage of the answers, over all turns that reached it: also those that other processes have had."""
    reached = {stage: sorted(turn.latency[stage] for turn in turns if stage in turn.latency) for stage in STAGES}
    return tuple(
        StageLatency(stage, _quantile(seconds, 0.5), _quantile(seconds, 0.95), len(seconds))
        for stage, seconds in reached.items()
        if seconds
    )


def _quantile(ascending: Sequence[float], share: float) -> float:
    """The smallest of them that so many are not above: a latency that somebody has had."""
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]


def _of_carrier(record: CallRecord, carrier: str, duration: float) -> list[Used]:
    used = [call_itself(carrier, record.direction, duration)] if duration else []
    if record.carrier_recording_seconds:
        used.append(Used("carrier", carrier, RECORDING, "seconds", record.carrier_recording_seconds))
    return used


def _summed(used: Iterable[Used]) -> list[Used]:
    """One entry for each thing, whoever used it."""
    sums: dict[tuple[Part, str, str, Unit], Used] = {}
    for each in used:
        key = (each.part, each.provider, each.model, each.unit)
        sums[key] = together(sums[key], each) if key in sums else each
    return list(sums.values())


def _problems(record: CallRecord) -> list[str]:
    problems = [f"recording: {record.recording_problem}"] if record.recording == "failed" else []
    if record.resumed:
        problems.append(
            f"costs: the media stream was lost {record.resumed} times; what was used since the last turn before that "
            "may be missing"
        )
    return problems
