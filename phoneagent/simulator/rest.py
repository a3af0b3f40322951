"""Twilio's REST API, as far as a voice agent needs it. Strict: a parameter that it does not know is an error."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, NoReturn

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import incoming_numbers, rest_calls, rest_messages, rest_recordings
from .call_order import API_VERSION
from .placed_call import PlacedCall
from .rest_faults import Asked, RestFault
from .rest_refusal import Refused
from .violation import REST_REFUSED

if TYPE_CHECKING:
    from .carrier import Carrier, PhoneNumber

NUMBER_PARAMETERS = frozenset(incoming_numbers.FIELDS)

_EPOCH = formatdate(0, usegmt=False)


class RestApi:
    """`app` is the ASGI application."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        account = f"/{API_VERSION}/Accounts/{{account}}"
        self.app = Starlette(
            routes=[
                Route(f"{account}.json", self._guard(self._get_account)),
                Route(f"{account}/Calls.json", self._guard(self._create_call), methods=["POST"]),
                Route(f"{account}/Calls.json", self._guard(self._list_calls)),
                Route(f"{account}/Calls/{{sid}}.json", self._guard(self._get_call)),
                Route(f"{account}/Calls/{{sid}}.json", self._guard(self._update_call), methods=["POST"]),
                Route(
                    f"{account}/Calls/{{sid}}/Recordings.json", self._guard(self._create_recording), methods=["POST"]
                ),
                Route(f"{account}/Calls/{{sid}}/Recordings.json", self._guard(self._list_recordings)),
                Route(
                    f"{account}/Calls/{{sid}}/Recordings/{{recording}}.json",
                    self._guard(self._update_recording),
                    methods=["POST"],
                ),
                Route(
                    f"{account}/Recordings/{{recording}}.json", self._guard(self._delete_recording), methods=["DELETE"]
                ),
                Route(f"{account}/Messages.json", self._guard(self._create_message), methods=["POST"]),
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
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                self._authenticate(request)
                fault = self._fault_of(request)
                if fault in ("silent before", "fails before", "too many requests"):
                    await self._fail(request, fault)
                status, body = await handle(request)
                if fault is not None:
                    await self._fail(request, fault)
            except Refused as exc:
                status = exc.status
                body = {
                    "code": exc.code,
                    "message": exc.problem,
                    "more_info": f"https://www.twilio.com/docs/errors/{exc.code}",
                    "status": exc.status,
                }
            return Response(status_code=status) if status == 204 else JSONResponse(body, status_code=status)

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

    def _fault_of(self, request: Request) -> RestFault | None:
        _, _, path = request.url.path.partition(self._carrier.account_sid)
        return self._carrier.rest_faults.take(Asked(request.method, path))

    async def _fail(self, request: Request, fault: RestFault) -> NoReturn:
        if fault == "too many requests":
            raise Refused(429, 20429, "Too Many Requests")
        if fault in ("silent before", "silent after"):
            while (await request.receive())["type"] != "http.disconnect":
                pass  # nobody answers until the client has had enough
        raise Refused(500, 20500, "An internal server error has occurred")

    # --- account and numbers -------------------------------------------------------------------

    async def _get_account(self, request: Request) -> tuple[int, dict[str, Any]]:
        return 200, {
            "sid": self._carrier.account_sid,
            "friendly_name": "Simulated account",
            "status": "active",
            "type": "Full",
            "owner_account_sid": self._carrier.account_sid,
            "date_created": _EPOCH,
            "date_updated": _EPOCH,
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
        form = await self._form(request, rest_calls.CREATE_PARAMETERS)
        call = rest_calls.place(self._carrier, form, rest_calls.events_of(await request.form()))
        return 201, rest_calls.told(self._carrier, call)

    async def _list_calls(self, request: Request) -> tuple[int, dict[str, Any]]:
        query = request.query_params
        self._check_names(query.keys(), rest_calls.LIST_PARAMETERS)
        return 200, rest_calls.listed(self._carrier, query, request.url.path)

    async def _get_call(self, request: Request) -> tuple[int, dict[str, Any]]:
        return 200, rest_calls.told(self._carrier, self._find_call(request))

    async def _update_call(self, request: Request) -> tuple[int, dict[str, Any]]:
        call = self._find_call(request)
        rest_calls.update(call, await self._form(request, rest_calls.UPDATE_PARAMETERS))
        return 200, rest_calls.told(self._carrier, call)

    async def _create_message(self, request: Request) -> tuple[int, dict[str, Any]]:
        form = await self._form(request, rest_messages.CREATE_PARAMETERS)
        return 201, rest_messages.told(self._carrier, rest_messages.create(self._carrier, form))

    async def _create_recording(self, request: Request) -> tuple[int, dict[str, Any]]:
        call = self._find_call(request)
        form = await self._form(request, rest_recordings.CREATE_PARAMETERS)
        return 201, rest_recordings.create(call, form, self._carrier.account_sid)

    async def _list_recordings(self, request: Request) -> tuple[int, dict[str, Any]]:
        call = self._find_call(request)
        query = request.query_params
        self._check_names(query.keys(), rest_recordings.LIST_PARAMETERS)
        return 200, rest_recordings.listed(call, self._carrier.account_sid, request.url.path)

    async def _update_recording(self, request: Request) -> tuple[int, dict[str, Any]]:
        call = self._find_call(request)
        form = await self._form(request, rest_recordings.UPDATE_PARAMETERS)
        sid = request.path_params["recording"]
        return 200, rest_recordings.update(call, sid, form, self._carrier.account_sid)

    async def _delete_recording(self, request: Request) -> tuple[int, dict[str, Any]]:
        sid = request.path_params["recording"]
        for call in self._carrier.calls.values():
            if sid in call.recordings:
                rest_recordings.delete(call, sid)
                return 204, {}
        raise self._missing(request)

    def _find_call(self, request: Request) -> PlacedCall:
        call = self._carrier.calls.get(request.path_params["sid"])
        if call is None:
            raise self._missing(request)
        return call

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
