"""Deepgram on loopback: `/v2/listen` (Flux) and `/v1/listen` (nova-3), understanding what is in a phrasebook."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from phoneagent.catalogue.deepgram import MODELS, DeepgramModel

from . import deepgram_flux as flux
from . import deepgram_nova as nova
from .faults import Fault, Faults
from .hearing import Due
from .latency import Latencies
from .line import Line
from .query import read_query
from .serving import Connection, ProviderServer
from .speech import Phrasebook
from .timeline import Timeline

NOVA_PATIENCE = 10.0  # seconds without audio or KeepAlive, then NET-0001
FLUX_PATIENCE = 60.0  # seconds without audio or ping
GIVES_UP_AFTER = 30.0  # seconds from a list of key terms over the limits to NET-0000: /changelog/2026/10/8
AUTHORIZATIONS = ("token ", "bearer ")


class DeepgramServer(ProviderServer):
    """`url` is the prefix of both sockets: `ws://127.0.0.1:PORT`.

    Strict: unknown or impossible parameters are refused with 400, unknown messages close the connection. Only
    telephone audio (mulaw, 8000, mono; by Flux also linear16) is understood. Its timeline has an entry for each
    message sent, with `heard`, the loop's time at which the audio that caused it was received.
    """

    name = "deepgram"
    scheme = "ws"

    def __init__(
        self,
        phrasebook: Phrasebook,
        *,
        latencies: Latencies | None = None,
        faults: Faults | None = None,
        timeline: Timeline | None = None,
        port: int = 0,
        region: str = "",
    ) -> None:
        """`region`: `eu`, `au` or `in`, as in `api.eu.deepgram.com`; empty: the global endpoint."""
        super().__init__(latencies=latencies, faults=faults, timeline=timeline, port=port)
        self.phrasebook = phrasebook
        self.region = region
        self.own_models: list[str] = []  # trained for the project

    def routes(self) -> Sequence[BaseRoute]:
        return [
            WebSocketRoute("/v2/listen", self._flux),
            WebSocketRoute("/v1/listen", self._nova),
            Route("/v1/projects", self._projects),
            Route("/v1/projects/{project}/models", self._own_models),
            Route("/v1/models", self._models),
        ]

    def refusal(self, fault: Fault) -> Response:
        return _refuse(fault.status, fault.reason or "refused on purpose", retry_after=fault.retry_after)

    def problem(self, fault: Fault) -> bytes:
        code = fault.reason or "INTERNAL_SERVER_ERROR"
        return msgspec.json.encode(
            {"type": "Error", "sequence_id": 0, "code": code, "variant": code, "description": "on purpose"}
        )

    async def _projects(self, request: Request) -> Response:
        """What a client asks to see whether its key is good."""
        connection = self.open(request)
        refusal = self._check(connection, request.headers.get("authorization"))
        return refusal or JSONResponse({"projects": [{"project_id": str(uuid.uuid4()), "name": "simulator"}]})

    async def _models(self, request: Request) -> Response:
        """The public models: an entry for each model and group of languages (SDK 7.17, `ListModelsV1Response`)."""
        connection = self.open(request)
        refusal = self._check(connection, request.headers.get("authorization"))
        return refusal or JSONResponse({"stt": [entry for model in PUBLIC for entry in _entries(model)], "tts": []})

    async def _own_models(self, request: Request) -> Response:
        """Those that only the project has, and the public ones."""
        connection = self.open(request)
        refusal = self._check(connection, request.headers.get("authorization"))
        own = [{"name": name, "canonical_name": name, "streaming": True, "languages": []} for name in self.own_models]
        return refusal or JSONResponse({"stt": own, "tts": []})

    async def _flux(self, websocket: WebSocket) -> None:
        connection = self.open(websocket)
        refusal = self._check(connection, websocket.headers.get("authorization"))
        if refusal is None:
            try:
                query = read_query(websocket.query_params, flux.FluxQuery)
            except msgspec.ValidationError as exc:
                refusal = _refuse(400, str(exc))
        if refusal is not None:
            await websocket.send_denial_response(refusal)
            return
        listener = _FluxListener(self, Line(websocket, connection), connection, query)
        await listener.run()

    async def _nova(self, websocket: WebSocket) -> None:
        connection = self.open(websocket)
        refusal = self._check(connection, websocket.headers.get("authorization"))
        if refusal is None:
            try:
                query = read_query(websocket.query_params, nova.NovaQuery)
            except msgspec.ValidationError as exc:
                refusal = _refuse(400, str(exc))
        if refusal is not None:
            await websocket.send_denial_response(refusal)
            return
        listener = _NovaListener(self, Line(websocket, connection), connection, query)
        await listener.run()

    def _check(self, connection: Connection, authorization: str | None) -> Response | None:
        if connection.refused is not None:
            return self.refusal(connection.refused)
        scheme = (authorization or "").lower()
        if not any(scheme.startswith(known) and len(scheme) > len(known) for known in AUTHORIZATIONS):
            return _refuse(401, "Invalid credentials.")
        return None


PUBLIC = tuple(model for model in MODELS.values() if model.name not in ("nova-3", "nova-2", "nova"))
"""Those short names are no models of their own: they mean the general ones."""


def _entries(model: DeepgramModel) -> Iterator[dict[str, Any]]:
    """As they are listed: by canonical name, languages in lower case, English apart from the others."""
    english = [language.lower() for language in model.languages if language.startswith("en")]
    others = [language.lower() for language in model.languages if not language.startswith("en")]
    architecture, _, name = model.name.rpartition("-")
    for languages in filter(None, (english, others)):
        yield {
            "name": name,
            "canonical_name": model.name,
            "architecture": architecture,
            "languages": languages,
            "version": "2026-06-01.0",
            "uuid": str(uuid.uuid4()),
            "batch": not model.flux,
            "streaming": True,
            "formatted_output": True,
        }


class _Listener:
    """One WebSocket connection, whichever the model."""

    patience: float

    def __init__(self, line: Line, connection: Connection) -> None:
        self.line = line
        self.connection = connection
        self.request_id = str(uuid.uuid4())
        self.last_sign = connection.opened  # of life from the client
        self._now = asyncio.get_running_loop().time  # finding the loop is a system call in CPython 3.11

    def hear(self, data: bytes) -> None:
        raise NotImplementedError

    def obey(self, text: str) -> None:
        raise NotImplementedError

    def opened(self) -> None:
        self.line.spawn(self._watch())

    async def run(self) -> None:
        await self.line.run(self._receive, headers={"dg-request-id": self.request_id}, opened=self.opened)

    def tell(self, dues: Iterable[Due]) -> None:
        for due in dues:
            transcript = due.message.get("transcript")
            if due.what == "Results":
                transcript = due.message["channel"]["alternatives"][0]["transcript"]
            self.line.send(
                due.what, due.message, due=due.at + self.connection.delay, heard=due.heard, transcript=transcript
            )

    def _receive(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            self.last_sign = self._now()
            self.hear(data)
        else:
            self.obey(data)

    async def _watch(self) -> None:
        """Close when nothing has come for too long."""
        loop = asyncio.get_running_loop()
        while True:
            left = self._last() + self.patience - loop.time()
            if left <= 0:
                break
            await asyncio.sleep(left)
        reason = "Deepgram did not receive audio data or a text message within the timeout window. See net0001"
        self.line.close(1011, f"NET-0001: {reason}")

    def _last(self) -> float:
        return self.last_sign


class _FluxListener(_Listener):
    patience = FLUX_PATIENCE

    def __init__(self, server: DeepgramServer, line: Line, connection: Connection, query: flux.FluxQuery) -> None:
        super().__init__(line, connection)
        self.session = flux.FluxSession(query, server.phrasebook, server.latencies, self.request_id)

    def opened(self) -> None:
        super().opened()
        self.line.send("Connected", self.session.connected())

    def hear(self, data: bytes) -> None:
        self.tell(self.session.hear(data, self.last_sign))

    def obey(self, text: str) -> None:
        try:
            message = flux.FluxControl.decode(text)
        except (msgspec.ValidationError, msgspec.DecodeError) as exc:
            if _is_keep_alive(text):
                self.line.close(None)  # what Flux does to a v1 client's habit: gone, with 1005
                return
            self.line.send("Error", self.session.error("UNPARSABLE_CLIENT_MESSAGE", str(exc)))
            self.line.close(1008, "unparsable client message")
            return
        match message:
            case flux.ForceEndTurn():
                self.tell(self.session.force_end(asyncio.get_running_loop().time()))
            case flux.Configure():
                answer = self.session.configure(message)
                self.line.send(answer["type"], answer)
            case flux.CloseStream():
                self.line.close(1000)  # a turn that is open stays open: whoever wants its end forces it first

    def _last(self) -> float:
        return max(self.last_sign, self.connection.last_ping)


class _NovaListener(_Listener):
    patience = NOVA_PATIENCE

    def __init__(self, server: DeepgramServer, line: Line, connection: Connection, query: nova.NovaQuery) -> None:
        super().__init__(line, connection)
        self.session = nova.NovaSession(
            query, server.phrasebook, server.latencies, self.request_id, configurable=server.region == ""
        )
        self._heard_audio = False
        self._digest = hashlib.sha256()

    def hear(self, data: bytes) -> None:
        if not data:
            self._finish()  # an empty binary message means the same as CloseStream
            return
        self._heard_audio = True
        self._digest.update(data)
        self.tell(self.session.hear(data, self.last_sign))

    def obey(self, text: str) -> None:
        now = asyncio.get_running_loop().time()
        try:
            message = nova.NovaControl.decode(text)
        except (msgspec.ValidationError, msgspec.DecodeError) as exc:
            error = {"type": "Error", "variant": "SchemaError", "description": str(exc), "message": text}
            self.line.send("Error", error)
            self.line.close(1008, "DATA-0000: unparsable client message")
            return
        if self._heard_audio:  # before the first audio nothing keeps a stream alive
            self.last_sign = now
        match message:
            case nova.Finalize():
                self.tell(self.session.finalize(now))
            case nova.Configure():
                answer = self.session.configure(message)
                if answer is None:
                    self.line.spawn(self._give_up())
                else:
                    self.line.send(answer["type"], answer)
            case nova.CloseStream():
                self._finish()
            case nova.KeepAlive():
                pass

    async def _give_up(self) -> None:
        await asyncio.sleep(GIVES_UP_AFTER)
        self.line.close(1011, "NET-0000: Deepgram could not transcribe the audio")

    def _finish(self) -> None:
        self.tell(self.session.finish(asyncio.get_running_loop().time()))
        metadata = {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": self.request_id,
            "sha256": self._digest.hexdigest(),
            "created": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "duration": self.session.duration,
            "channels": 1,
        }
        self.line.send("Metadata", metadata)
        self.line.close(1000)


def _is_keep_alive(text: str) -> bool:
    try:
        message = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return isinstance(message, dict) and message.get("type") == "KeepAlive"


ERR_CODES = {400: "Bad Request", 401: "INVALID_AUTH", 402: "ASR_PAYMENT_REQUIRED", 429: "TOO_MANY_REQUESTS"}
"""developers.deepgram.com/docs/errors"""


def _refuse(status: int, problem: str, *, retry_after: float | None = None) -> Response:
    request_id = str(uuid.uuid4())
    headers = {"dg-error": problem.replace("\n", " "), "dg-request-id": request_id}
    if retry_after is not None:
        headers["retry-after"] = f"{retry_after:g}"
    body = {"err_code": ERR_CODES.get(status, "ERROR"), "err_msg": problem, "request_id": request_id}
    return JSONResponse(body, status_code=status, headers=headers)
