"""The REST interface: what is under /v1, and who may ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from phoneagent.call.phone_numbers import NumberRules
from phoneagent.call.switchboard import Switchboard
from phoneagent.ports import EventLog, OrderBook
from phoneagent.web.doors import ApiKeys

from .agents import Agents
from .calls import Calls
from .events import Events, EventsTold
from .orders import OrderDesk, Orders
from .problems import HANDLERS, Problem, refused
from .steering import Steering, Steers

logger = structlog.stdlib.get_logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


def rest_interface(
    board: Switchboard,
    keys: ApiKeys,
    book: OrderBook,
    *,
    desk: OrderDesk | None = None,
    caller_id: str = "",
    steers: Steers | None = None,
    numbers: NumberRules | None = None,
    log: EventLog | None = None,
    told: EventsTold | None = None,
) -> Starlette:
    """An application to be mounted at `/v1`. Nothing of it is seen without a key, not even what there is.

    Without a `desk` no calls are placed, and who asks for one is told what is missing. `caller_id` is the number that
    is shown where none is named. With `steers` calls in progress can be steered, and transferred to the numbers that
    `numbers` allows: without it to none. What happens in calls is read from
    `log`, where `told` writes it.
    """
    agents, calls = Agents(board), Calls(board, book)
    routes = [_resource("/agents", GET=agents.list)]
    place: Handler = not_set_up
    cancel: Handler = not_set_up
    if desk is not None:
        orders = Orders(board, book, desk, caller_id=caller_id)
        place, cancel = orders.place, orders.cancel
    routes += [
        _resource("/calls", GET=calls.index, POST=place),
        _resource("/calls/{call}/cancel", POST=cancel),
        _resource("/calls/{call}", GET=calls.show),
        _resource("/calls/{call}/transcript", GET=calls.transcript),
    ]
    if log is not None and told is not None:
        routes.append(_resource("/calls/{call}/events", GET=Events(board, book, log, told).follow))
    if steers is not None:
        steering = Steering(steers, calls.carrier_id, calls.transfer_targets, numbers or NumberRules())
        routes += [_resource(f"/calls/{{call}}/{name}", POST=handler) for name, handler in steering.actions.items()]
    app = Starlette(routes=routes, middleware=[Middleware(_Door, keys=keys)], exception_handlers=HANDLERS)
    app.router.redirect_slashes = False
    return app


def _resource(path: str, **handlers: Handler) -> Route:
    """One route with all methods of a path, so that a 405 names all of them."""

    async def handle(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, handle, methods=list(handlers))


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
    """Lets in who has a key."""

    def __init__(self, app: ASGIApp, keys: ApiKeys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._keys.admit(HTTPConnection(scope)):
            await self._app(scope, receive, send)
            return
        given = "authorization" in HTTPConnection(scope).headers
        logger.warning("api_refused", path=scope["path"], key="wrong" if given else "none")
        problem = Problem(
            401,
            "unauthorized",
            "API key missing or wrong",
            "expected Authorization: Bearer KEY, with one of the keys in PHONEAGENT_API_KEYS",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"' if given else "Bearer"},
        )
        response = await refused(Request(scope), problem)
        await response(scope, receive, send)
