"""A receiver of webhooks as an operator writes one: it verifies with the library, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from phoneagent.simulator.local_server import LocalServer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANOTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
LONGEST = 7200.0  # seconds, of a clock that jumps


@dataclass
class Receiver:
    """`answers` are given in turn, the last one for ever: a status, a response, or None, which never comes."""

    answers: list[Any]
    secret: str = SECRET
    url: str = ""
    attempts: list[tuple[str, float]] = field(default_factory=list)  # ids, and when they came by the loop's clock
    messages: list[Any] = field(default_factory=list)  # what was verified and accepted
    refused: int = 0  # whose signature was wrong
    at_once: int = 0
    most_at_once: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: Request) -> Response:
        body = await request.body()
        self.attempts.append((request.headers["webhook-id"], asyncio.get_running_loop().time()))
        self._news.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return await self._answer(request, body)
        finally:
            self.at_once -= 1
            self._news.set()

    async def _answer(self, request: Request, body: bytes) -> Response:
        try:
            message = Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.refused += 1
            return Response(status_code=401)
        assert json.loads(body) == message
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await request.receive()  # until they have gone
            return Response()
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = 200
        response = answer if isinstance(answer, Response) else Response(status_code=answer)
        if response.status_code < 300:
            self.messages.append(message)
        return response

    async def until(self, true) -> None:
        async with asyncio.timeout(LONGEST):
            while not true():
                self._news.clear()
                await self._news.wait()

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]


@asynccontextmanager
async def receiving(*answers: Any, secret: str = SECRET) -> AsyncIterator[Receiver]:
    receiver = Receiver(list(answers) or [204], secret)
    app = Starlette(routes=[Route("/{path:path}", receiver.receive, methods=["POST"])])
    async with LocalServer(app, timeout_graceful_shutdown=0) as server:
        receiver.url = f"{server.url}/hook"
        yield receiver
