"""Which path leads where."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from .api.documentation import Documentation
from .health import Health
from .media import MediaSocket
from .transfers import TransferHooks
from .webhooks import Webhooks

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

ENDS = ("", "/")  # served alike: a redirect would go to whatever host the request names

METHODS = ("GET", "POST")  # of webhooks: a number may be set up with either


def routes(
    media: MediaSocket, webhooks: Webhooks, transfers: TransferHooks, health: Health, rest: Starlette
) -> list[BaseRoute]:
    """All of this server's routes."""
    documentation = Documentation(rest.routes)
    hooks: dict[str, Endpoint] = {
        "/twilio/voice": webhooks.voice,
        "/twilio/continue": webhooks.proceed,
        "/twilio/continue/{worker}": webhooks.proceed,  # where the call was answered, but any will do
        "/twilio/status": webhooks.status,
        "/twilio/hold": transfers.hold,
        "/twilio/target": transfers.target,
        "/twilio/target/status": transfers.target_status,
        "/twilio/queue/{name}": transfers.queue,
        "/twilio/recording": webhooks.recording,
        "/twilio/amd": webhooks.machine,
    }
    pages: dict[str, Endpoint] = {
        "/twilio/hold-music.wav": transfers.music,
        "/healthz": health.alive,
        "/readyz": health.ready,
        "/metrics": health.metrics,
        "/openapi.json": documentation.openapi,
        "/docs": documentation.docs,
    }
    sockets = ("/twilio/media", "/twilio/media/{worker}")
    return [
        *(WebSocketRoute(path + end, media.endpoint) for path in sockets for end in ENDS),
        *(Route(path + end, hook, methods=METHODS) for path, hook in hooks.items() for end in ENDS),
        *(Route(path + end, page) for path, page in pages.items() for end in ENDS),
        Mount("/v1", rest),
    ]
