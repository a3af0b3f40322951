"""The REST interface: what is under /v1, and who may ask."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from phoneagent.api_keys import RateLimits
from phoneagent.audit import AuditLog
from phoneagent.call.audit_writer import AuditWriter
from phoneagent.call.calling_rules import CallingRules
from phoneagent.call.erasure import Eraser
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.call.switchboard import Switchboard
from phoneagent.do_not_call import DoNotCallList
from phoneagent.errors import StoreError
from phoneagent.ports import EventLog, OrderBook, ReportBook
from phoneagent.ports import Recordings as RecordingsKept
from phoneagent.web.doors import ApiKeys, Holder
from phoneagent.web.strangers import address

from .agents import Agents
from .allowance import headers_of, too_many
from .audit import Audit, AuditEntryView, AuditWindow
from .calls import Calls, Window
from .do_not_call import DoNotCallEndpoints, DoNotCallView, ImportView, ManyNumbers, Numbers, OneNumber
from .erasures import Erasures, ErasureView, WantedErasure
from .events import Events, EventsTold, EventStream, Following
from .orders import OrderDesk, Orders, WantedCall
from .problems import HANDLERS, Problem, refused, unavailable
from .recordings import Recordings
from .reports import Reports, ReportView
from .representations import AgentView, CallView, EventView, Page, Transcript
from .resource import (
    AUDIT,
    HOLDER,
    IDEMPOTENCY_KEY,
    LAST_EVENT_ID,
    RANGE,
    Handler,
    Medium,
    Operation,
    Resource,
    resource,
)
from .steering import TAKEN_UP, Steering, Steers
from .webhooks import TAKEN_UP as LETTER_TAKEN_UP
from .webhooks import DeadLetters, DeadLetterView, DeadWindow

WAV = Medium("audio/wav")

logger = structlog.stdlib.get_logger(__name__)


def rest_interface(
    board: Switchboard,
    keys: ApiKeys,
    book: OrderBook,
    *,
    desk: OrderDesk | None = None,
    rules: CallingRules | None = None,
    unwanted: DoNotCallList | None = None,
    caller_id: str = "",
    steers: Steers | None = None,
    numbers: NumberRules | None = None,
    log: EventLog | None = None,
    told: EventsTold | None = None,
    recordings: RecordingsKept | None = None,
    limits: RateLimits | None = None,
    reports: ReportBook | None = None,
    letters: DeadLetters | None = None,
    eraser: Eraser | None = None,
    audit: AuditLog | None = None,
    audit_writer: AuditWriter | None = None,
) -> Starlette:
    """An application to be mounted at `/v1`. Nothing of it is seen without a key, not even what there is.

    Without a `desk`, and `rules` of who may be called, no calls are placed, and who asks for one is told what is
    missing. `unwanted` is the list of those who may not. `caller_id` is the number that is shown where none is named.
    With `steers` calls in progress can be steered, and transferred to the numbers that `numbers` allows: without it to
    none. What happens in calls is read from `log`, where `told` writes it. `recordings` are those that can be listened
    to, `reports` those of calls that are over. `limits` counts requests; without it nobody does. `letters` are messages
    to webhooks that could not be delivered. `eraser` erases what there is of a person.
    `audit` is who has done what, where `audit_writer` writes it.
    """
    agents, calls = Agents(board), Calls(board, book)
    place: Handler = not_set_up
    cancel: Handler = not_set_up
    if desk is not None and rules is not None:
        orders = Orders(board, book, desk, rules, caller_id=caller_id)
        place, cancel = orders.place, orders.cancel
    routes = [
        resource("/agents", GET=Operation(agents.list, "Agents that calls can be placed with", {200: Page[AgentView]})),
        resource(
            "/calls",
            GET=Operation(
                calls.index, "Calls, the newest first", {200: Page[CallView]}, query=Window, action="list_calls"
            ),
            POST=Operation(
                place,
                "Place a call",
                {201: CallView},
                body=WantedCall,
                headers=(IDEMPOTENCY_KEY,),
                problems=(409,),
                action="place_call",
            ),
        ),
        resource(
            "/calls/{call}/cancel",
            POST=Operation(
                cancel,
                "Take back a call that was not answered yet",
                {200: CallView, 202: CallView},
                problems=(409, 502),
                action="cancel_call",
            ),
        ),
        resource(
            "/calls/{call}",
            GET=Operation(calls.show, "A call, from the wish to its end", {200: CallView}, action="read_call"),
        ),
        resource(
            "/calls/{call}/transcript",
            GET=Operation(calls.transcript, "What was heard so far", {200: Transcript}, action="read_transcript"),
        ),
        resource(
            "/calls/{call}/recording",
            GET=Operation(
                Recordings(recordings, calls.carrier_id).listen,
                "The recording of a call that is over: the caller left, the agent right",
                {200: WAV, 206: WAV},
                headers=(RANGE,),
                problems=(416,),
                action="listen",
            ),
        ),
    ]
    if reports is not None:
        show = Operation(
            Reports(reports, calls.carrier_id).show,
            "What is left of a call that is over",
            {200: ReportView},
            action="read_report",
        )
        routes.append(resource("/calls/{call}/report", GET=show))
    if log is not None and told is not None:
        follow = Operation(
            Events(board, book, log, told).follow,
            "What happens in a call, as it happens",
            {200: Medium(EventStream.media_type, EventView), 204: None},
            query=Following,
            headers=(LAST_EVENT_ID,),
            problems=(400,),
            action="follow_events",
        )
        routes.append(resource("/calls/{call}/events", GET=follow))
    if steers is not None:
        steering = Steering(steers, calls.carrier_id, calls.transfer_targets, numbers or NumberRules(), unwanted)
        for action in steering.actions:
            operation = Operation(
                action.handle,
                action.summary,
                {TAKEN_UP: None},
                body=action.body,
                body_optional=action.body_optional,
                problems=(409, 502, 504),
                action=action.name,
            )
            routes.append(resource(f"/calls/{{call}}/{action.name}", POST=operation))
    if unwanted is not None:
        routes.extend(_do_not_call(DoNotCallEndpoints(unwanted)))
    if letters is not None:
        index = Operation(
            letters.index,
            "Messages to webhooks that could not be delivered, the last one first",
            {200: Page[DeadLetterView]},
            query=DeadWindow,
            action="list_messages",
        )
        again = Operation(
            letters.redeliver, "Deliver one of them again", {LETTER_TAKEN_UP: None}, scope="admin", action="redeliver"
        )
        routes.append(resource("/webhooks/dead", GET=index))
        routes.append(resource("/webhooks/{message}/redeliver", POST=again))
    if eraser is not None:
        erase = Operation(
            Erasures(eraser, numbers or NumberRules()).erase,
            "Erase everything of one person",
            {200: ErasureView},
            body=WantedErasure,
            scope="admin",
            action="erase",
        )
        routes.append(resource("/erasures", POST=erase))
    if audit is not None:
        deeds = Operation(
            Audit(audit).index,
            "Who has read, placed, steered and erased what, the newest first",
            {200: Page[AuditEntryView]},
            query=AuditWindow,
            scope="admin",
            action="read_audit",
        )
        routes.append(resource("/audit", GET=deeds))
    app = Starlette(
        routes=routes,
        middleware=[Middleware(_Door, keys=keys, limits=limits, audit=audit_writer)],
        exception_handlers=HANDLERS,
    )
    app.router.redirect_slashes = False
    return app


def _do_not_call(listed: DoNotCallEndpoints) -> tuple[Resource, ...]:
    """Numbers are in bodies: what is in a URL stands in logs."""
    return (
        resource(
            "/do-not-call",
            GET=Operation(
                listed.index,
                "Numbers that are not called, the newest first",
                {200: Page[DoNotCallView]},
                query=Numbers,
                action="list_do_not_call",
            ),
            POST=Operation(
                listed.add, "Never call a number again", {200: DoNotCallView}, body=OneNumber, action="add_do_not_call"
            ),
        ),
        resource(
            "/do-not-call/import",
            POST=Operation(
                listed.bring,
                "Never call these numbers again",
                {200: ImportView},
                body=ManyNumbers,
                action="import_do_not_call",
            ),
        ),
        resource(
            "/do-not-call/lookup",
            POST=Operation(
                listed.look_up,
                "Whether a number is on the list",
                {200: DoNotCallView},
                body=OneNumber,
                problems=(404,),
                scope="read",
                action="look_up_do_not_call",
            ),
        ),
        resource(
            "/do-not-call/remove",
            POST=Operation(
                listed.remove,
                "Let a number be called again",
                {204: None},
                body=OneNumber,
                problems=(404,),
                scope="admin",
                action="remove_do_not_call",
            ),
        ),
    )


async def not_set_up(_: Request) -> Response:
    """Nobody can dial here."""
    raise Problem(
        503,
        "calls-not-set-up",
        "This server cannot place calls",
        "expected TWILIO_ACCOUNT_SID, and TWILIO_AUTH_TOKEN or TWILIO_API_KEY_SID with TWILIO_API_KEY_SECRET, in this "
        "server's environment; see `phoneagent doctor`",
    )


class _Door:
    """Lets in who has a key, as often as its limit says. Who has none is counted too, by address."""

    def __init__(
        self, app: ASGIApp, keys: ApiKeys, limits: RateLimits | None, audit: AuditWriter | None = None
    ) -> None:
        self._app = app
        self._audit = audit
        self._keys = keys
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            holder = await self._keys.holder(request)
        except StoreError as error:
            await (await unavailable(request, error))(scope, receive, send)
            return
        policy, who = ("key", holder.id) if holder else ("address", address(request))
        refusal = None if holder else _stranger(request)
        if self._limits is not None:
            allowance = await self._limits.spend(f"{policy} {who}")
            send = _telling(send, headers_of(policy, allowance))
            if not allowance.granted:
                refusal = too_many(policy, allowance)
        if refusal is not None:
            logger.warning(
                "api_refused", path=scope["path"], problem=refusal.kind, key=_shown(request, holder), stranger=True
            )
            await (await refused(request, refusal))(scope, receive, send)
            return
        scope[HOLDER], scope[AUDIT] = holder, self._audit
        await self._app(scope, receive, send)


def _shown(request: Request, holder: Holder | None) -> str:
    if holder is not None:
        return "good"
    return "wrong" if "authorization" in request.headers else "none"


def _stranger(request: Request) -> Problem:
    given = "authorization" in request.headers
    return Problem(
        401,
        "unauthorized",
        "API key missing or wrong",
        "expected Authorization: Bearer KEY, with one of the keys in PHONEAGENT_API_KEYS or of `phoneagent keys`",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"' if given else "Bearer"},
    )


def _telling(send: Send, headers: Mapping[str, str]) -> Send:
    """With these headers in the answer, whatever it is."""

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return with_headers
