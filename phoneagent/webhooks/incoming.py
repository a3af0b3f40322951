"""Asks the operator's system about a call that comes in: docs/webhooks.md in code."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from phoneagent.call.incoming import Decision
from phoneagent.deliveries import Incoming, Post
from phoneagent.errors import IncomingUndecided
from phoneagent.plain_text import decoded, plain
from phoneagent.records import CallRecord

from .messenger import MOST_READ

log = structlog.stdlib.get_logger(__name__)

TYPE = "call.incoming"
MOST_PAIRS = 50
NO_CONTENT = 204
LONGEST_SAID = 500  # characters that a caller hears who is refused
LONGEST_QUOTED = 40  # characters of somebody's value in a message
ID_LENGTH = 32  # hexadecimal digits

Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Value = Annotated[str, StringConstraints(max_length=2000)]


class _Answer(BaseModel):
    """What may be answered. `say` belongs to `refuse`."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    agent: Annotated[str, StringConstraints(max_length=64)] = ""
    variables: Annotated[dict[Name, Value], Field(max_length=MOST_PAIRS)] = {}
    metadata: Annotated[dict[Name, Value], Field(max_length=MOST_PAIRS)] = {}
    refuse: Literal["busy", "reject"] | None = None
    say: Annotated[str, StringConstraints(max_length=LONGEST_SAID)] = ""


class IncomingWebhook:
    """A `Decider`."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def decide(
        self, incoming: Incoming, record: CallRecord, details: Mapping[str, str], agents: Sequence[str]
    ) -> Decision:
        """See `call.incoming.Decider`."""
        body = _question(record, details, agents)
        reply = await self._post.send(incoming.webhook, _id(record.id), body, within=incoming.within)
        if not reply.arrived:
            raise IncomingUndecided(reply.problem)
        if reply.packed:
            raise IncomingUndecided(f"expected an answer as it is, got one in {reply.packed}")
        if reply.status == NO_CONTENT or not reply.body:
            return Decision()
        media_type = reply.media_type.partition(";")[0].strip().lower()
        if media_type != "application/json" and not media_type.endswith("+json"):
            raise IncomingUndecided(f"expected application/json, got {media_type[:LONGEST_QUOTED] or 'no media type'}")
        if len(reply.body) >= MOST_READ:
            raise IncomingUndecided(f"expected less than {MOST_READ} bytes")
        return _read(reply.body)


def _question(record: CallRecord, details: Mapping[str, str], agents: Sequence[str]) -> str:
    call = {
        "id": record.id,
        "carrier_id": record.id,
        "direction": record.direction,
        "agent": record.agent,
        "from": record.caller.reveal(),
        "to": record.called.reveal(),
    }
    now = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": TYPE, "timestamp": now, "data": {"call": call, **details, "agents": list(agents)}})


def _read(body: bytes) -> Decision:
    """Raises `IncomingUndecided`, which quotes no value: they may be about the caller.

    A refusal counts whatever stands beside it, for nobody who answers "busy" wants the call answered.
    """
    given = _meant(_object(body))
    if ignored := given.keys() - _Answer.model_fields.keys():
        log.info("incoming_fields_ignored", fields=len(ignored), first=min(ignored)[:LONGEST_QUOTED])
    try:
        answer = _Answer.model_validate(given, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in found["loc"])[:LONGEST_QUOTED]
        problem = f"{where}: {found['msg']}"
        if given.get("refuse") not in ("busy", "reject"):
            raise IncomingUndecided(problem) from None
        log.warning("incoming_refused_all_the_same", problem=problem)
        say = given.get("say")
        return Decision(refuse=given["refuse"], say=say[:LONGEST_SAID] if isinstance(say, str) else "")
    if answer.say and answer.refuse is None:
        raise IncomingUndecided("say: expected refuse beside it")
    return Decision(answer.agent, answer.variables, answer.metadata, answer.refuse, answer.say)


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(decoded(body))
    except (ValueError, RecursionError) as error:
        raise IncomingUndecided("expected a JSON object: it is no JSON") from error
    if not isinstance(given, dict):
        raise IncomingUndecided("expected a JSON object: it is another value")
    return given


def _meant(given: dict[str, Any]) -> dict[str, Any]:
    """The answer with texts where systems write numbers, or nothing."""
    meant = {plain(name): _text(value) for name, value in given.items() if value is not None}
    for field in ("variables", "metadata"):
        if isinstance(pairs := meant.get(field), dict):
            meant[field] = {plain(name): _text(value) for name, value in pairs.items() if value is not None}
    match given.get("refuse"):
        case str() as said:
            meant["refuse"] = plain(said).strip().lower()
        case bool() as refused:
            meant["refuse"] = "reject" if refused else ""
    if not meant.get("refuse"):
        meant.pop("refuse", None)
    return meant


def _text(value: Any) -> Any:
    match value:
        case str():
            return plain(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return json.dumps(value)
    return value


def _id(call: str) -> str:
    return "msg_" + hashlib.sha256(f"{call} {TYPE}".encode(errors="surrogatepass")).hexdigest()[:ID_LENGTH]
