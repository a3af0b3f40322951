"""A server that speaks the older protocol (2025-11-25, with sessions), by hand, so that it can misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LOOK_UP = {
    "name": "look_up",
    "description": "Look something up.",
    "inputSchema": {"type": "object", "properties": {"what": {"type": "string"}}, "required": ["what"]},
    "annotations": {"readOnlyHint": True},
}


class OlderServer:
    """`tools` is what it lists; `answer` makes the response to a request for one of them, by its id."""

    def __init__(self, *tools: dict[str, Any], answer: Callable[[Any], Response] | None = None) -> None:
        self.tools = list(tools) or [LOOK_UP]
        self.answer = answer or (lambda identity: result(identity, {"content": [{"type": "text", "text": "found"}]}))
        self.session = 1
        self.called = 0
        self.app = Starlette(routes=[Route("/mcp", self._serve, methods=["GET", "POST", "DELETE"])])

    async def _serve(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(status_code=405)
        message = json.loads(await request.body())
        identity = message.get("id")
        match message["method"]:
            case "initialize":
                about = {"serverInfo": {"name": "old", "version": "1"}, "capabilities": {"tools": {}}}
                session = {"mcp-session-id": str(self.session)}
                return result(identity, {"protocolVersion": "2025-11-25", **about}, session)
            case "server/discover":
                return Response(status_code=404)
            case _ if request.headers.get("mcp-session-id") != str(self.session):
                return Response(status_code=404)
            case "tools/list":
                return result(identity, {"tools": self.tools})
            case "tools/call":
                self.called += 1
                return self.answer(identity)
        return Response(status_code=202)


def result(identity: Any, value: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": identity, "result": value}, headers=headers)
