"""Which path leads where."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from .api.documentation import Documentation
from .health import Health
from .media import MediaSocket
from .transfers import TransferHooks
from .webhooks import Webhooks


def routes(
    media: MediaSocket, webhooks: Webhooks, transfers: TransferHooks, health: Health, rest: Starlette
) -> list[BaseRoute]:
    """All of this server's routes."""
    documentation = Documentation(rest.routes)
    return [
        WebSocketRoute("/twilio/media", media.endpoint),
        WebSocketRoute("/twilio/media/{worker:int}", media.endpoint),  # where the call was answered, but any will do
        Route("/twilio/voice", webhooks.voice, methods=["POST"]),
        Route("/twilio/continue", webhooks.proceed, methods=["POST"]),
        Route("/twilio/continue/{worker:int}", webhooks.proceed, methods=["POST"]),
        Route("/twilio/status", webhooks.status, methods=["POST"]),
        Route("/twilio/hold", transfers.hold, methods=["POST"]),
        Route("/twilio/hold-music.wav", transfers.music),
        Route("/twilio/target", transfers.target, methods=["POST"]),
        Route("/twilio/target/status", transfers.target_status, methods=["POST"]),
        Route("/twilio/queue/{name}", transfers.queue, methods=["POST"]),
        Route("/twilio/recording", webhooks.recording, methods=["POST"]),
        Route("/twilio/amd", webhooks.machine, methods=["POST"]),
        Route("/healthz", health.alive),
        Route("/readyz", health.ready),
        Route("/metrics", health.metrics),
        Route("/openapi.json", documentation.openapi),
        Route("/docs", documentation.docs),
        Mount("/v1", rest),
    ]
