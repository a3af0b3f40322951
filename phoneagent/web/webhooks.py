"""What the carrier asks by HTTP: how to answer a call, how to go on, and what has become of one."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from urllib.parse import urlencode

import structlog
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from phoneagent.call.dialler import Dialler
from phoneagent.call.switchboard import Switchboard
from phoneagent.errors import CarrierError, StoreError
from phoneagent.plain_text import plain
from phoneagent.ports import Documents, Observer, Signatures
from phoneagent.private import Private
from phoneagent.records import CallRecord, CallStatus, Order, OrderStatus, Progress

from .doors import SIGNATURE, signed, unsigned
from .forms import read_form
from .strangers import Strangers, address

LONGEST_CALL = 24 * 3600.0  # seconds; the carrier ends every call after a day

log = structlog.stdlib.get_logger(__name__)

MANY = 5  # digits: nobody was told as often

STATUSES: Mapping[str, OrderStatus] = {
    "queued": "dialling",  # by the carrier, which has taken it
    "initiated": "dialling",
    "ringing": "ringing",
    "in-progress": "in-progress",
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no-answer",
    "failed": "failed",
    "canceled": "canceled",
}


ENDINGS: Mapping[str, CallStatus] = {
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no-answer",
    "failed": "failed",
    "canceled": "canceled",
}


DETAILS: Mapping[str, str] = {
    "caller_name": "CallerName",
    "caller_city": "FromCity",
    "caller_state": "FromState",
    "caller_country": "FromCountry",
    "forwarded_from": "ForwardedFrom",
    "attestation": "StirVerstat",
}
"""What the carrier may tell of a caller beside the number, by our names for it."""

LONGEST_ATTESTATION = 64  # characters; Twilio's longest have 34

SIP_STATUS = re.compile("[1-6][0-9]{2}")

BY_GET = "the number's webhook is set to HTTP GET, so callers' numbers stand in URLs, which proxies log: set it to POST"

RECORDING_STATUSES = ("in-progress", "completed", "absent")


class Webhooks:
    """Endpoints for Starlette's `Route`. Each checks the signature before it looks at anything else.

    Without a `dialler` no calls are placed, and what is told of orders concerns nobody here.
    """

    def __init__(
        self,
        signatures: Signatures,
        switchboard: Switchboard,
        documents: Documents,
        observer: Observer,
        dialler: Dialler | None = None,
        *,
        account: str = "",
    ) -> None:
        """`account`: ours; what is told of another one's calls is refused. Empty: it is not known."""
        self._signatures = signatures
        self._switchboard = switchboard
        self._documents = documents
        self._observer = observer
        self._dialler = dialler
        self._account = account
        self._told_of_get = False
        self._strangers = Strangers()

    async def voice(self, request: Request) -> Response:
        """A call comes in, or one that we placed was answered."""
        return await self.answer(request, self._voice)

    async def proceed(self, request: Request) -> Response:
        """The media stream or the dialled leg of a call is over."""
        return await self.answer(request, self._proceed)

    async def status(self, request: Request) -> Response:
        """A call's status has changed. The calls themselves know first; this is for those that never reached us."""
        return await self.answer(request, self._status)

    async def machine(self, request: Request) -> Response:
        """Whether a person or a machine has answered a call that we placed."""
        return await self.answer(request, self._machine)

    async def recording(self, request: Request) -> Response:
        """What has become of the carrier's own recording of a call."""
        return await self.answer(request, self._recording)

    async def answer(self, request: Request, handle: Callable[[Request, FormData], Awaitable[Response]]) -> Response:
        """Have a signed request handled; any other is refused."""
        if SIGNATURE not in request.headers and not signed(request, {}, self._signatures, websocket=False):
            return self._turn_away(request, "signature")  # whatever the form is, which is not read
        try:
            form = await read_form(request)
        except HTTPException as error:
            return self._turn_away(request, "form", error)
        body = FormData() if request.method == "GET" else form  # what is in the URL is signed with it
        if not signed(request, body, self._signatures, websocket=False):  # type: ignore[arg-type]  # FormData is a mapping
            return self._turn_away(request, "signature")
        if self._account and text_of(form, "AccountSid") not in ("", self._account):
            self._tell_refused(request, "account", "another one")
            return PlainTextResponse("Of another account\n", 403)
        structlog.contextvars.bind_contextvars(call=text_of(form, "CallSid"))
        return await handle(request, form)

    def _turn_away(self, request: Request, reason: str, error: HTTPException | None = None) -> Response:
        """A stranger; whoever comes too often hears 429, and is let go."""
        self._tell_refused(request, reason, error.detail if error else unsigned(request, self._signatures))
        wait = self._strangers.refuse(address(request), asyncio.get_running_loop().time())
        if wait:
            headers = {"Retry-After": str(math.ceil(wait)), "Connection": "close"}
            return PlainTextResponse("Refused too often\n", 429, headers)
        if error:
            return PlainTextResponse(f"{error.detail}\n", error.status_code)
        return PlainTextResponse("Signature missing or wrong\n", 403)

    def _tell_refused(self, request: Request, reason: str, problem: str) -> None:
        log.warning("webhook_refused", path=request.scope["path"], reason=reason, problem=problem, stranger=True)
        self._observer.tell("", 0.0, "refused", {"reason": reason})

    async def _voice(self, request: Request, form: FormData) -> Response:
        agents = self._switchboard.agents
        order = None
        if wanted := request.query_params.get("order"):
            try:
                order = await self._ordered(wanted, text_of(form, "CallSid"))
            except StoreError as error:
                log.exception("order_not_loaded", problem=str(error))
                return twiml(self._switchboard.broken())
            if order is None:
                return twiml(self._documents.hang_up())
        wanted = order.agent if order else plain(request.query_params.get("agent", ""))
        if (name := _named(wanted, agents)) is None:
            log.error("agent_unknown", agent=wanted, known=sorted(agents))
            return twiml(self._switchboard.broken())
        if request.method == "GET" and not self._told_of_get:
            self._told_of_get = True
            log.warning("webhook_by_get", problem=BY_GET)
        call = text_of(form, "CallSid")
        if text_of(form, "QueueResult") == "hangup":  # they did not want to wait for room any longer
            return twiml(self._documents.hang_up())
        if not call:
            raise HTTPException(400, "expected CallSid")
        outbound = text_of(form, "Direction").startswith("outbound")
        record = CallRecord(
            id=call,
            agent=name,
            direction="outbound" if outbound else "inbound",
            caller=Private(text_of(form, "From")),
            called=Private(text_of(form, "To")),
            variables=order.variables if order else {},
            order=order.id if order else "",
            machine=order.machine if order else "ignore",
            voicemail=order.voicemail if order else "",
            answered_by=order.answered_by if order else "",
            attestation="" if outbound else text_of(form, DETAILS["attestation"])[:LONGEST_ATTESTATION],
        )
        document = await self._switchboard.incoming(
            record,
            asked=_asked(request),
            again=_again(request),
            waited=seconds_of(form, "QueueTime"),
            details={name: value for name, field in DETAILS.items() if (value := text_of(form, field))},
        )
        return twiml(document)

    async def _proceed(self, request: Request, form: FormData) -> Response:
        try:
            document = await self._switchboard.proceed(
                text_of(form, "CallSid"),
                dialled=text_of(form, "DialCallStatus"),
                queued=text_of(form, "QueueResult"),
                again=_again(request),
            )
        except StoreError as error:
            log.exception("call_not_carried_on", problem=str(error))
            document = self._switchboard.broken()
        return twiml(document)

    async def _ordered(self, order: str, call: str) -> Order | None:
        return await self._dialler.answered(order, call) if self._dialler else None

    async def _status(self, request: Request, form: FormData) -> Response:
        said = text_of(form, "CallStatus")
        log.info("call_status", status=said)
        order, status = request.query_params.get("order"), STATUSES.get(said)
        if order and status and self._dialler:
            sip = text_of(form, "SipResponseCode")
            progress = Progress(text_of(form, "CallSid"), status, text_of(form, "AnsweredBy"))
            try:
                await self._dialler.progressed(order, progress, sip=int(sip) if SIP_STATUS.fullmatch(sip) else None)
            except (StoreError, CarrierError) as error:
                log.exception("order_not_moved_on", problem=str(error))
                return PlainTextResponse("Not now\n", status_code=503)  # the carrier may say it again
        if (ended := ENDINGS.get(said)) is not None:
            call, talked = text_of(form, "CallSid"), seconds_of(form, "CallDuration")
            try:
                known = await self._switchboard.over(call, ended, talked=talked)
            except StoreError as error:
                log.exception("call_not_closed", problem=str(error))
                return PlainTextResponse("Not now\n", status_code=503)
            if known and not order:  # the call itself tells too, unless its process has died
                self._observer.tell(call, 0.0, "call_over", {"status": ended})
            elif not known and not order:
                log.info("call_unknown", status=said)  # it found no room here, or is another application's
        return Response(status_code=204)

    async def _recording(self, request: Request, form: FormData) -> Response:
        call, recording = text_of(form, "CallSid"), text_of(form, "RecordingSid")
        status = text_of(form, "RecordingStatus")
        if call and recording and status in RECORDING_STATUSES:
            try:
                await self._switchboard.recorded(call, recording, status, seconds_of(form, "RecordingDuration"))
            except StoreError as error:
                log.exception("recording_not_noted", problem=str(error))
                return PlainTextResponse("Not now\n", status_code=503)
        return Response(status_code=204)

    async def _machine(self, request: Request, form: FormData) -> Response:
        order, answered_by = request.query_params.get("order"), text_of(form, "AnsweredBy")
        if order and answered_by and self._dialler:
            try:
                await self._dialler.detected(order, text_of(form, "CallSid"), answered_by)
            except (StoreError, CarrierError) as error:
                log.exception("detection_not_heeded", problem=str(error))
                return PlainTextResponse("Not now\n", status_code=503)
        return Response(status_code=204)


def _named(wanted: str, agents: Collection[str]) -> str | None:
    """The agent of this name; the first one if none is named. Upper and lower case are alike where that is clear."""
    if not (wanted := wanted.strip()):
        return next(iter(agents))
    if wanted in agents:
        return wanted
    alike = [name for name in agents if name.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else None


def text_of(form: FormData, name: str) -> str:
    """A field of a form, without what is no text; empty if it is not there, or a file."""
    value = form.get(name, "")
    return plain(value) if isinstance(value, str) else ""


def seconds_of(form: FormData, name: str) -> float:
    """A field of a form that counts seconds; 0 if it is none."""
    text = text_of(form, name)
    return min(float(text), LONGEST_CALL) if text.isdecimal() else 0.0


def twiml(document: str) -> Response:
    """A document as the carrier expects it."""
    return Response(document, media_type="text/xml")


def _again(request: Request) -> int:
    """How often the carrier was told to ask this again."""
    again = request.query_params.get("again", "")
    return int(again) if again.isdecimal() and len(again) < MANY else 0


def _asked(request: Request) -> str:
    """The path and query without the count, and without what Twilio itself says in a GET, in names such as `From`."""
    ours = [(name, value) for name, value in request.query_params.multi_items() if not name[:1].isupper()]
    query = [(name, value) for name, value in ours if name != "again"]
    return str(request.scope["path"]) + ("?" + urlencode(query) if query else "")
