"""Who has a say in calls that come in: the operator's own system chooses agent and variables, or refuses the call.

The caller hears it ring meanwhile. Whatever goes wrong with that system, the call goes on as if nobody had been asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import structlog

from phoneagent.deliveries import Incoming
from phoneagent.errors import IncomingUndecided
from phoneagent.ports import Observer
from phoneagent.records import Agent, CallRecord, CallStatus

from .variables import needed_variables

log = structlog.stdlib.get_logger(__name__)

Refusal = Literal["busy", "reject"]

STATUSES: Mapping[str, CallStatus] = {"busy": "busy", "reject": "no-answer", "say": "completed"}
"""What the carrier says of a call that was refused in this way."""

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with a call. An empty `agent`: the one that it came in for.

    `refuse`: the caller hears that the line is busy, or that nobody can be reached. With `say` they hear that instead,
    and then the call ends.
    """

    agent: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    refuse: Refusal | None = None
    say: str = ""


class Decider(Protocol):
    """The operator's system."""

    async def decide(
        self, incoming: Incoming, record: CallRecord, details: Mapping[str, str], agents: Sequence[str]
    ) -> Decision:
        """Ask it, within its time. `details`: what else the carrier tells of the caller. Raises `IncomingUndecided`."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that is not to be answered. `how`: "busy", "reject" or "say"."""

    how: Literal["busy", "reject", "say"]
    words: str = ""

    @property
    def status(self) -> CallStatus:
        return STATUSES[self.how]


class Reception:
    """`asked`: who decides about the calls of an agent, by its name; nobody about those of others."""

    def __init__(
        self, decider: Decider, asked: Mapping[str, Incoming], agents: Mapping[str, Agent], observer: Observer
    ) -> None:
        self._decider = decider
        self._asked = asked
        self._agents = agents
        self._observer = observer

    async def receive(self, record: CallRecord, details: Mapping[str, str] = NOTHING) -> CallRecord | Refused:
        """The call as it is to be answered, or why it is not."""
        if (incoming := self._asked.get(record.agent)) is None:
            return record
        try:
            decision = await self._decider.decide(incoming, record, details, tuple(self._agents))
            return self._carried_out(decision, record)
        except IncomingUndecided as error:
            log.warning("incoming_undecided", call=record.id, webhook=incoming.webhook.shown, problem=str(error))
            self._observer.tell(record.id, 0.0, "incoming_undecided", {"problem": str(error)})
            return record

    def _carried_out(self, decision: Decision, record: CallRecord) -> CallRecord | Refused:
        """Raises `IncomingUndecided` for what cannot be done."""
        if decision.refuse is not None:
            return Refused("say", decision.say) if decision.say else Refused(decision.refuse)
        name = decision.agent or record.agent
        if (agent := self._agents.get(name)) is None:
            known = ", ".join(self._agents)
            raise IncomingUndecided(f"agent: expected one of {known}, got {name!r}")
        variables = {**record.variables, **decision.variables}
        if decision.agent and (missing := sorted(needed_variables(agent) - variables.keys())):
            raise IncomingUndecided(f"variables: expected {', '.join(missing)}, of which agent {name!r} speaks")
        return replace(record, agent=name, variables=variables, metadata=dict(decision.metadata))
