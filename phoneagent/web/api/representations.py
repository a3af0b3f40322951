"""What is told of calls and agents. Fields come in the order they have here; times are UTC, to the millisecond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, Field, PlainSerializer
from starlette.responses import Response

from phoneagent.conversation.transcript import Role, Turn
from phoneagent.records import Agent, CallRecord, ProviderChoice, StoredCall

from .bodies import JSON
from .problems import PRIVATE


def rfc3339(at: datetime) -> str:
    """Always the same width, so that times sort as text."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]
Item = TypeVar("Item", bound=BaseModel)


class Page(BaseModel, Generic[Item]):
    """A piece of a list. `next_cursor` is what `cursor` must be for the next one; null on the last."""

    items: tuple[Item, ...]
    next_cursor: str | None = None


class Provider(BaseModel):
    """Which provider does a job, with which model; an empty model is the provider's usual one."""

    provider: str
    model: str


class AgentView(BaseModel):
    """An agent that calls can be placed with. `default`: it is taken where none is named."""

    name: str
    default: bool
    language: str
    greeting: str
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
            stt=_provider(agent.stt),
            llm=_provider(agent.llm),
            tts=_provider(agent.tts),
            tools=tuple(tool.name for tool in agent.tools),
            transfer_targets=tuple(agent.transfer_targets),
        )


class CallView(BaseModel):
    """A call. `from` and `to` are as the carrier tells them; `ended_reason` is empty until it has ended."""

    id: str
    status: str
    direction: Literal["inbound", "outbound"]
    agent: str
    caller: str = Field(serialization_alias="from")
    called: str = Field(serialization_alias="to")
    variables: Mapping[str, str]
    started_at: Time | None
    ended_at: Time | None
    ended_reason: str
    transfer_to: str

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
            started_at=moment(record.started),
            ended_at=moment(record.ended),
            ended_reason=record.ended_reason,
            transfer_to=record.transfer_to,
        )


class ToolView(BaseModel):
    """A tool that the model asked for; `arguments` is the text as the model wrote it, which should be JSON."""

    id: str
    name: str
    arguments: str


class TurnView(BaseModel):
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


class Transcript(BaseModel):
    """A call's turns in order. More may follow while `status` is not one of those of a call that is over."""

    call: str
    status: str
    turns: tuple[TurnView, ...]

    @classmethod
    def of(cls, stored: StoredCall) -> Transcript:
        record = stored.record
        return cls(call=record.id, status=record.status, turns=tuple(map(TurnView.of, stored.turns)))


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


def _provider(choice: ProviderChoice) -> Provider:
    return Provider(provider=choice.provider, model=choice.model)
