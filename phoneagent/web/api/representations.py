"""What is told of calls and agents. Fields come in the order they have here; times are UTC, to the millisecond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema
from starlette.responses import Response

from phoneagent.call.variables import needed_variables
from phoneagent.conversation.transcript import Role, Turn
from phoneagent.records import Agent, CallRecord, Order, OrderStatus, ProviderChoice, TransferOutcome

from .bodies import JSON
from .problems import PRIVATE


def rfc3339(at: datetime) -> str:
    """Always the same width, so that times sort as text."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


class Representation(BaseModel):
    """What is sent. All of its fields are, also those that nothing is known of: the document says so too."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


Item = TypeVar("Item", bound=Representation)


class Page(Representation, Generic[Item]):
    """A piece of a list. `next_cursor` is what `cursor` must be for the next one; null on the last."""

    items: tuple[Item, ...]
    next_cursor: str | None = None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Its name in the OpenAPI document."""
        return f"{params[0].__name__}Page"


class Provider(Representation):
    """Which provider does a job, with which model; an empty model is the provider's usual one."""

    provider: str
    model: str


class AgentView(Representation):
    """An agent that calls can be placed with. `default`: it is taken where none is named. `variables`: what a call that
    is placed with it must bring.
    """

    name: str
    default: bool
    language: str
    greeting: str
    variables: tuple[str, ...]
    stt: Provider
    llm: Provider
    tts: Provider
    tools: tuple[str, ...]
    transfer_targets: tuple[str, ...]

    @classmethod
    def of(cls, agent: Agent, *, default: bool) -> AgentView:
        return cls(
            name=agent.name,
            default=default,
            language=agent.language,
            greeting=agent.phrasing.greeting,
            variables=tuple(sorted(needed_variables(agent))),
            stt=_provider(agent.stt),
            llm=_provider(agent.llm),
            tts=_provider(agent.tts),
            tools=tuple(tool.name for tool in agent.tools),
            transfer_targets=tuple(agent.transfer_targets),
        )


class HeldView(Representation):
    """An agent that had the call, and from when."""

    agent: str
    since: Time | None


class CallView(Representation):
    """A call. One that was asked for has an id of ours (`PC…`) from the beginning, one that came in the carrier's.

    `created_at`: when it was asked for, or came in; `waits_until`: when the callee's hours begin, before which
    nobody is dialled; `disclosed_at`: when the agent's disclosure had been heard to its end; `duration`: seconds
    from the answer to the end; `ended_reason`: who or what ended a conversation; `problem`: why there was none.
    `answered_by`: what the carrier's machine detection says, or what was heard: `machine`, `human`, `screener`;
    `outcome`: what it got: `voicemail_left`, `voicemail_cut`, `hung_up` or `screening_answered`. `transfer_to`: to
    whom the caller was to be connected last; `transfer_outcome`: what became of it, empty while nobody has decided.
    `do_not_call`: they have said that they do not want to be called again. `muted`: the agent is to be silent.
    `spent`: what the call has cost as of the last turn, by its agent's `[prices]` or at list prices. `held`: which
    agent had it from when, if one handed it to another.
    """

    id: str
    status: OrderStatus
    direction: Literal["inbound", "outbound"]
    agent: str
    caller: str = Field(serialization_alias="from")
    called: str = Field(serialization_alias="to")
    variables: Mapping[str, str]
    metadata: Mapping[str, str] = Field(default_factory=dict)
    carrier_id: str
    created_at: Time | None
    not_before: Time | None = None
    not_after: Time | None = None
    waits_until: Time | None = None
    started_at: Time | None = None
    ended_at: Time | None = None
    disclosed_at: Time | None = None
    duration: float | None = None
    ended_reason: str = ""
    problem: str = ""
    answered_by: str = ""
    outcome: str = ""
    transfer_to: str = ""
    transfer_outcome: TransferOutcome = ""
    do_not_call: bool = False
    muted: bool = False
    spent: float = 0.0
    held: tuple[HeldView, ...] = ()

    @classmethod
    def of(cls, record: CallRecord) -> CallView:
        return cls(
            id=record.id,
            status=record.status,
            direction=record.direction,
            agent=record.agent,
            caller=record.caller.reveal(),
            called=record.called.reveal(),
            variables=record.variables,
            metadata=record.metadata,
            carrier_id=record.id,
            created_at=moment(record.started),
            started_at=moment(record.started),
            ended_at=moment(record.ended),
            disclosed_at=moment(record.disclosed),
            duration=_talked(record, record.ended),
            ended_reason=record.ended_reason,
            answered_by=record.answered_by,
            outcome=record.outcome,
            transfer_to=record.transfer.target.to if record.transfer else "",
            transfer_outcome=record.transfer_outcome,
            do_not_call=record.do_not_call,
            muted=record.muted,
            spent=record.spent,
            held=_held(record),
        )

    @classmethod
    def of_order(cls, order: Order, record: CallRecord | None) -> CallView:
        """`record`: what is known of the conversation, if there was one."""
        return cls(
            id=order.id,
            status=order.status,
            direction="outbound",
            agent=order.agent,
            caller=order.caller_id.reveal(),
            called=order.to.reveal(),
            variables=order.variables,
            metadata=order.metadata,
            carrier_id=order.call,
            created_at=moment(order.created),
            not_before=moment(order.not_before),
            not_after=moment(order.not_after),
            waits_until=moment(order.waits_until) if order.status in ("queued", "dialling") else None,
            started_at=moment(record.started if record else None),
            ended_at=moment(order.ended or (record.ended if record else None)),
            disclosed_at=moment(record.disclosed if record else None),
            duration=_talked(record, order.ended or record.ended) if record else None,
            ended_reason=record.ended_reason if record else order.refused,
            problem=order.problem,
            answered_by=(record.answered_by if record else "") or order.answered_by,
            outcome=(record.outcome if record else "") or order.outcome,
            transfer_to=record.transfer.target.to if record and record.transfer else "",
            transfer_outcome=record.transfer_outcome if record else "",
            do_not_call=bool(record and record.do_not_call),
            muted=bool(record and record.muted),
            spent=record.spent if record else 0.0,
            held=_held(record) if record else (),
        )


class ToolView(Representation):
    """A tool that the model asked for; `arguments` is the text as the model wrote it, which should be JSON."""

    id: str
    name: str
    arguments: str


class TurnView(Representation):
    """One party's contribution, as heard. `at`: seconds since the call began at which it was complete.

    `generated`: of an interrupted turn of the agent, what would have been said. `over`: what the caller said meanwhile
    without wanting the floor. `tool`: the call whose result `text` is.
    """

    role: Role
    text: str
    at: float
    interrupted: bool
    generated: str
    over: str
    tool: ToolView | None

    @classmethod
    def of(cls, turn: Turn) -> TurnView:
        tool = turn.tool
        return cls(
            role=turn.role,
            text=turn.text,
            at=round(turn.at, 3),
            interrupted=turn.interrupted,
            generated=turn.generated,
            over=turn.over,
            tool=ToolView(id=tool.id, name=tool.name, arguments=tool.arguments) if tool else None,
        )


class Transcript(Representation):
    """A call's turns in order. More may follow while `status` is not one of those of a call that is over."""

    call: str
    status: OrderStatus
    turns: tuple[TurnView, ...]


class EventView(Representation):
    """An event of a stream, as its lines `id:`, `event:` and `data:` are put together; docs/events.md has the
    vocabulary.
    """

    id: str = Field(description="what Last-Event-ID must be for what follows")
    event: str
    data: str = Field(description="a JSON object", json_schema_extra={"contentMediaType": JSON})


def answer(shown: BaseModel, status: int = 200, *, headers: Mapping[str, str] | None = None) -> Response:
    """As JSON."""
    body = shown.model_dump_json(by_alias=True)
    return Response(body, status, headers={**PRIVATE, **(headers or {})}, media_type=JSON)


def page(items: Sequence[Item], next_cursor: str | None = None) -> Page[Item]:
    """See `Page`."""
    return Page(items=tuple(items), next_cursor=next_cursor)


def moment(epoch: float | None) -> datetime | None:
    """A record's time; 0 is the one of what has not happened."""
    return datetime.fromtimestamp(epoch, UTC) if epoch else None


def _held(record: CallRecord) -> tuple[HeldView, ...]:
    return tuple(HeldView(agent=held.agent, since=moment(held.since)) for held in record.held)


def _talked(record: CallRecord, ended: float | None) -> float | None:
    """None of a call that goes on, or had no answer."""
    return round(max(0.0, ended - record.answered), 1) if ended and record.answered else None


def _provider(choice: ProviderChoice) -> Provider:
    return Provider(provider=choice.provider, model=choice.model)
