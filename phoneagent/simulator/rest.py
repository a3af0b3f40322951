"""Twilio's REST API, as far as a voice agent needs it. Strict: a parameter that it does not know is an error."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from . import incoming_numbers
from .placed_call import API_VERSION, Fetch, Inline, Over, PlacedCall
from .rest_refusal import Refused
from .violation import REST_REFUSED

if TYPE_CHECKING:
    from .carrier import Carrier, PhoneNumber

TWIML_LIMIT = 4000  # characters of a document given in a request
TIME_LIMIT = 4 * 3600  # seconds, Twilio's default
STATUS_EVENTS = ("initiated", "ringing", "answered", "completed")

CREATE_PARAMETERS = frozenset(
    {"To", "From", "Url", "Twiml", "Method", "FallbackUrl", "FallbackMethod", "Timeout", "TimeLimit"}
    | {"StatusCallback", "StatusCallbackMethod", "StatusCallbackEvent"}
)
UPDATE_PARAMETERS = frozenset(
    {"Status", "Twiml", "Url", "Method", "FallbackUrl", "FallbackMethod", "StatusCallback", "StatusCallbackMethod"}
)
NUMBER_PARAMETERS = frozenset(incoming_numbers.FIELDS)


class RestApi:
    """`app` is the ASGI application."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        account = f"/{API_VERSION}/Accounts/{{account}}"
        self.app = Starlette(
            routes=[
                Route(f"{account}.json", self._guard(self._get_account)),
                Route(f"{account}/Calls.json", self._guard(self._create_call), methods=["POST"]),
                Route(f"{account}/Calls/{{sid}}.json", self._guard(self._get_call)),
                Route(f"{account}/Calls/{{sid}}.json", self._guard(self._update_call), methods=["POST"]),
                Route(f"{account}/IncomingPhoneNumbers.json", self._guard(self._list_numbers)),
                Route(f"{account}/IncomingPhoneNumbers/{{sid}}.json", self._guard(self._get_number)),
                Route(
                    f"{account}/IncomingPhoneNumbers/{{sid}}.json", self._guard(self._update_number), methods=["POST"]
                ),
                Route(f"{account}/Applications/{{sid}}.json", self._guard(self._get_application)),
                Route("/{path:path}", self._guard(self._not_found), methods=["GET", "POST", "DELETE", "PUT"]),
            ]
        )

    def _guard(
        self, handle: Callable[[Request], Awaitable[tuple[int, dict[str, Any]]]]
    ) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def guarded(request: Request) -> JSONResponse:
            try:
                self._authenticate(request)
                status, body = await handle(request)
            except Refused as exc:
                status = exc.status
                body = {
                    "code": exc.code,
                    "message": exc.problem,
                    "more_info": f"https://www.twilio.com/docs/errors/{exc.code}",
                    "status": exc.status,
                }
            return JSONResponse(body, status_code=status)

        return guarded

    def _authenticate(self, request: Request) -> None:
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = ""
        expected = self._carrier.credentials.get(user)
        if scheme.lower() != "basic" or expected is None or not hmac.compare_digest(password, expected):
            raise Refused(401, 20003, "Authenticate")
        account = request.path_params.get("account")
        if account is not None and account != self._carrier.account_sid:
            raise self._missing(request)

    # --- account and numbers -------------------------------------------------------------------

    async def _get_account(self, request: Request) -> tuple[int, dict[str, Any]]:
        return 200, {
            "sid": self._carrier.account_sid,
            "friendly_name": "Simulated account",
            "status": "active",
            "type": "Full",
            "owner_account_sid": self._carrier.account_sid,
            "date_created": _date(0),
            "date_updated": _date(0),
            "uri": request.url.path,
            "subresource_uris": {},
        }

    async def _list_numbers(self, request: Request) -> tuple[int, dict[str, Any]]:
        query = request.query_params
        self._check_names(query.keys(), incoming_numbers.LIST_PARAMETERS)
        return 200, incoming_numbers.listed(self._carrier, query, request.url.path)

    async def _get_number(self, request: Request) -> tuple[int, dict[str, Any]]:
        return 200, self._number(self._find_number(request))

    async def _update_number(self, request: Request) -> tuple[int, dict[str, Any]]:
        number = self._find_number(request)
        form = await self._form(request, NUMBER_PARAMETERS)
        changes = incoming_numbers.changes(self._carrier, form)
        return 200, self._number(self._carrier.configure_number(number.number, **changes))

    async def _get_application(self, request: Request) -> tuple[int, dict[str, Any]]:
        application = self._carrier.applications.get(request.path_params["sid"])
        if application is None:
            raise self._missing(request)
        return 200, incoming_numbers.application_told(self._carrier, application)

    def _find_number(self, request: Request) -> PhoneNumber:
        for number in self._carrier.numbers.values():
            if number.sid == request.path_params["sid"]:
                return number
        raise self._missing(request)

    def _number(self, number: PhoneNumber) -> dict[str, Any]:
        return incoming_numbers.number_told(self._carrier, number)

    # --- calls ---------------------------------------------------------------------------------

    async def _create_call(self, request: Request) -> tuple[int, dict[str, Any]]:
        form = await self._form(request, CREATE_PARAMETERS)
        for name, code in (("To", 21201), ("From", 21213)):
            if not form.get(name):
                raise Refused(400, code, f"No '{name}' number is specified")
        if form["From"] not in self._carrier.numbers:
            raise Refused(400, 21210, f"The source phone number provided, {form['From']}, is not yet verified")
        document = self._instructions(form, both_allowed=True)
        if document is None:
            raise Refused(400, 21205, "Url or Twiml parameter is required")
        events = [str(event) for event in (await request.form()).getlist("StatusCallbackEvent")]
        for event in events:
            if event not in STATUS_EVENTS:
                raise Refused(400, REST_REFUSED, f"StatusCallbackEvent {event!r}: expected one of {STATUS_EVENTS}")
        call = self._carrier.place(
            to=form["To"],
            from_=form["From"],
            instructions=document,
            ring_at_most=self._seconds(form, "Timeout", 60),
            time_limit=self._seconds(form, "TimeLimit", TIME_LIMIT),
            status_callback=form.get("StatusCallback", ""),
            status_callback_method=form.get("StatusCallbackMethod", "POST"),
            status_callback_events=tuple(events) or ("completed",),
        )
        return 201, self._call(call)

    async def _get_call(self, request: Request) -> tuple[int, dict[str, Any]]:
        return 200, self._call(self._find_call(request))

    async def _update_call(self, request: Request) -> tuple[int, dict[str, Any]]:
        call = self._find_call(request)
        form = await self._form(request, UPDATE_PARAMETERS)
        status = form.get("Status")
        document = self._instructions(form, both_allowed=False)
        if status is not None and status not in ("completed", "canceled"):
            raise Refused(400, REST_REFUSED, f"Status {status!r}: expected 'completed' or 'canceled'")
        if (status is None) == (document is None):
            raise Refused(400, REST_REFUSED, "Expected one of Status, Url and Twiml")
        if call.is_over:
            raise Refused(400, 21220, "Call is not in-progress. Cannot redirect.")
        if status == "canceled" or (status == "completed" and call.status in ("queued", "ringing")):
            if call.status not in ("queued", "ringing"):
                raise Refused(400, 21220, "Call is in-progress. Cannot cancel.")
            call.interrupt(Over("canceled", "canceled"))
        elif status == "completed":
            call.interrupt(Over("hung up by REST"))
        elif document is not None:
            if call.status != "in-progress":
                raise Refused(400, 21220, "Call is not in-progress. Cannot redirect.")
            call.interrupt(document)
        return 200, self._call(call)

    def _instructions(self, form: Mapping[str, str], *, both_allowed: bool) -> Fetch | Inline | None:
        if "Url" in form:
            if "Twiml" in form and not both_allowed:
                raise Refused(400, REST_REFUSED, "Url and Twiml exclude each other")
            return Fetch(form["Url"], form.get("Method", "POST"))
        if "Twiml" in form:
            if len(form["Twiml"]) > TWIML_LIMIT:
                raise Refused(400, REST_REFUSED, f"Twiml is longer than {TWIML_LIMIT} characters")
            return Inline(form["Twiml"])
        return None

    def _find_call(self, request: Request) -> PlacedCall:
        call = self._carrier.calls.get(request.path_params["sid"])
        if call is None:
            raise self._missing(request)
        return call

    def _call(self, call: PlacedCall) -> dict[str, Any]:
        answered = call.placed if call.status in ("in-progress", "completed") else None
        return {
            "sid": call.sid,
            "account_sid": self._carrier.account_sid,
            "to": call.order.to,
            "to_formatted": call.order.to,
            "from": call.order.from_,
            "from_formatted": call.order.from_,
            "status": call.status,
            "direction": call.order.direction,
            "queue_time": "0",
            "answered_by": None,
            "duration": str(round(call.talked or 0)) if call.is_over else None,
            "date_created": _date(call.placed),
            "date_updated": _date(call.placed),
            "start_time": None if answered is None else _date(answered),
            "end_time": _date(call.placed + (call.talked or 0)) if call.is_over else None,
            "price": None,
            "price_unit": "USD",
            "parent_call_sid": None,
            "phone_number_sid": "",
            "caller_name": None,
            "forwarded_from": None,
            "group_sid": None,
            "trunk_sid": "",
            "annotation": None,
            "api_version": API_VERSION,
            "subresource_uris": {},
            "uri": f"/{API_VERSION}/Accounts/{self._carrier.account_sid}/Calls/{call.sid}.json",
        }

    # -------------------------------------------------------------------------------------------

    async def _not_found(self, request: Request) -> tuple[int, dict[str, Any]]:
        raise self._missing(request)

    def _missing(self, request: Request) -> Refused:
        return Refused(404, 20404, f"The requested resource {request.url.path} was not found")

    async def _form(self, request: Request, allowed: frozenset[str]) -> dict[str, str]:
        form: FormData = await request.form()
        self._check_names(form.keys(), allowed)
        return {name: str(value) for name, value in form.items()}

    def _check_names(self, names: Any, allowed: frozenset[str] | set[str]) -> None:
        for name in names:
            if name not in allowed:
                raise Refused(400, REST_REFUSED, f"Parameter {name!r} is unknown here, or not simulated")

    def _seconds(self, form: Mapping[str, str], name: str, default: int) -> float:
        value = form.get(name, str(default))
        if not value.isdecimal():
            raise Refused(400, REST_REFUSED, f"{name} {value!r}: expected whole seconds")
        return int(value)


def _date(at: float) -> str:
    return formatdate(at, usegmt=False)
