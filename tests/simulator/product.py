"""A small product for the carrier to call: checks signatures with twilio's own validator, and talks as it is told."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from twilio.request_validator import RequestValidator

from phoneagent.simulator.carrier import AUTH_TOKEN, Carrier
from phoneagent.simulator.ear import audible
from phoneagent.simulator.local_server import LocalServer
from phoneagent.simulator.network import Network

from .tone import ToneVoice, tone

PUBLIC = "https://voice.example.net"
"""Where Twilio believes the product to be; the carrier's network leads it to loopback."""

CONNECT = (
    '<Response><Connect><Stream url="wss://voice.example.net/media"><Parameter name="token" value="k3J9"/></Stream>'
    "</Connect>{after}</Response>"
)
GREETING = tone(1.0, 440)
ANSWER = tone(1.5, 550)
FRAME_PERIOD = 0.02


@dataclass
class Request:
    path: str
    form: dict[str, str]
    headers: Mapping[str, str]
    genuine: bool
    at: float


class Session:
    """The product's end of one media stream."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.received: list[dict[str, Any]] = []
        self.stream = ""
        self.stopped = asyncio.Event()

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        try:
            while True:
                message = json.loads(await self.websocket.receive_text())
                self.received.append(message)
                if message["event"] == "start":
                    self.stream = message["streamSid"]
                if message["event"] == "stop":
                    self.stopped.set()
                yield message
        except WebSocketDisconnect:
            return

    async def send(self, event: str, **body: Any) -> None:
        await self.websocket.send_text(json.dumps({"event": event, "streamSid": self.stream, **body}))

    async def play(self, audio: bytes, *, mark: str = "", slice_bytes: int = 1280) -> None:
        for start in range(0, len(audio), slice_bytes):
            payload = base64.b64encode(audio[start : start + slice_bytes]).decode()
            await self.send("media", media={"payload": payload})
        if mark:
            await self.mark(mark)

    async def mark(self, name: str) -> None:
        await self.send("mark", mark={"name": name})

    async def clear(self) -> None:
        await self.send("clear")

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.received if message["event"] == kind]


Agent = Callable[[Session], Awaitable[None]]


async def echo_agent(session: Session) -> None:
    """Greets, then answers whatever is said after 300 ms of silence, and stops when interrupted."""
    voiced = quiet = 0
    speaking_until = 0.0
    loop = asyncio.get_running_loop()
    number = 0
    async for message in session.messages():
        if message["event"] == "start":
            await session.play(GREETING, mark="greeting")
            speaking_until = loop.time() + len(GREETING) / 8000
        if message["event"] != "media":
            continue
        if audible(base64.b64decode(message["media"]["payload"])):
            voiced, quiet = voiced + 1, 0
            if voiced == 3 and loop.time() < speaking_until:
                await session.clear()
                speaking_until = 0.0
        else:
            quiet += 1
        if voiced >= 3 and quiet == 15:
            number += 1
            voiced = 0
            await session.play(ANSWER, mark=f"answer {number}")
            speaking_until = loop.time() + len(ANSWER) / 8000


class Product:
    """`documents` by path, `agent` at the other end of streams; `requests` and `sessions` are what came."""

    def __init__(self, agent: Agent = echo_agent) -> None:
        self.agent = agent
        self.documents: dict[str, str] = {
            "/voice": CONNECT.format(after=""),
            "/continue": "<Response><Hangup/></Response>",
        }
        self.statuses: dict[str, int] = {}
        self.requests: list[Request] = []
        self.sessions: list[Session] = []
        self.refuse_streams = False
        self.app = Starlette(
            routes=[
                WebSocketRoute("/media", self._media),
                Route("/{path:path}", self._webhook, methods=["GET", "POST"]),
            ]
        )
        self._validator = RequestValidator(AUTH_TOKEN)

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    async def _webhook(self, http: HttpRequest) -> Response:
        form = {name: str(value) for name, value in (await http.form()).items()}
        url = PUBLIC + http.url.path + (f"?{http.url.query}" if http.url.query else "")
        genuine = self._validator.validate(url, form, http.headers.get("X-Twilio-Signature", ""))
        self.requests.append(
            Request(http.url.path, form, dict(http.headers), bool(genuine), asyncio.get_running_loop().time())
        )
        if not genuine:
            return Response(status_code=403)
        document = self.documents.get(http.url.path)
        if document is None:
            return Response(status_code=204)
        return Response(document, media_type="text/xml", status_code=self.statuses.get(http.url.path, 200))

    async def _media(self, websocket: WebSocket) -> None:
        signature = websocket.headers.get("X-Twilio-Signature", "")
        url = PUBLIC.replace("https", "wss") + websocket.url.path
        if self.refuse_streams or not self._validator.validate(url, {}, signature):
            await websocket.send_denial_response(Response(status_code=403))
            return
        await websocket.accept()
        session = Session(websocket)
        self.sessions.append(session)
        await self.agent(session)


@asynccontextmanager
async def serve(product: Product, *, network: Network | None = None, **options: Any) -> AsyncIterator[Carrier]:
    """The product on loopback, and a carrier that finds it there."""
    async with LocalServer(product.app) as server:
        routed = replace(network or Network(), routes={PUBLIC: server.url})
        options.setdefault("synthesizer", ToneVoice())
        async with Carrier(network=routed, **options) as carrier:
            yield carrier
