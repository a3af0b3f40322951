"""Which path leads where."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp

from .health import Health
from .media import MediaSocket
from .webhooks import Webhooks


def routes(media: MediaSocket, webhooks: Webhooks, health: Health, rest: ASGIApp) -> list[BaseRoute]:
    """All of this server's routes."""
    return [
        WebSocketRoute("/twilio/media", media.endpoint),
        WebSocketRoute("/twilio/media/{worker:int}", media.endpoint),  # where the call was answered, but any will do
        Route("/twilio/voice", webhooks.voice, methods=["POST"]),
        Route("/twilio/continue", webhooks.proceed, methods=["POST"]),
        Route("/twilio/continue/{worker:int}", webhooks.proceed, methods=["POST"]),
        Route("/twilio/status", webhooks.status, methods=["POST"]),
        Route("/twilio/amd", webhooks.machine, methods=["POST"]),
        Route("/healthz", health.alive),
        Route("/readyz", health.ready),
        Route("/metrics", health.metrics),
        Mount("/v1", rest),
    ]
