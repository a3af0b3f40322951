"""ElevenLabs on loopback: HTTP streaming and both WebSockets, speaking with an injected synthesizer."""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from phoneagent.catalogue.elevenlabs import MODELS
from phoneagent.conversation.words import SAMPLE_RATE
from phoneagent.ports import Synthesizer

from .elevenlabs_messages import SocketQuery, StreamQuery, read_body
from .elevenlabs_models import SLOW, Refusal, listed, refused_request, refused_socket
from .elevenlabs_socket import ContextKey, EarlyClose, MultiStream, SingleStream, TextRefused
from .faults import Fault, Faults
from .latency import Latencies
from .line import Line
from .query import read_query
from .serving import Connection, ProviderServer
from .speech_alignment import Chunk, cut
from .timeline import Timeline

VOICES = {
    "21m00Tcm4TlvDq8ikWAM": "Rachel",
    "JBFqnCBsd6RMkjVDRZzb": "George",
    "EXAVITQu4vr4xnSDxMaL": "Sarah",
    "cjVigY5qzO86Huf0OWal": "Eric",
    "XrExE9yKIg1WjnnlVkGX": "Matilda",
}
"""Premade voices that every account has."""

REMEMBERED = 1000  # clips; a minute of speech in pieces of three seconds is 20 of them
MOST_CONCURRENT = 10  # what the headers say; the simulator has no limit


class ElevenLabsServer(ProviderServer):
    """`url` is the base of HTTP and, with ws for http, of the WebSockets.

    Strict: unknown parameters and fields are refused. Only `ulaw_8000` is spoken, and on sockets `pcm_8000`. `spelling`
    says how the multi-context socket spells its keys: `contextId` and `isFinal` as specified, or `context_id` and
    `is_final` as seen in practice. `early_close`: what comes of text whose context is closed before it sounds.
    `unspoken`: for which texts nothing is generated, though they are accepted; HTTP answers 200 without a body then.
    `refused`: the error with which a text is answered, if it is not empty; on a socket it ends the text's context only.
    Timeline: `text` when it arrives, `first_audio` and `audio` when sent, `final`; with
    the `context`.
    """

    name = "elevenlabs"

    def __init__(
        self,
        synthesizer: Synthesizer,
        *,
        voices: Mapping[str, str] | None = None,
        spelling: ContextKey = "contextId",
        early_close: EarlyClose = "final",
        unspoken: Callable[[str], bool] = lambda _: False,
        refused: Callable[[str], str] = lambda _: "",
        latencies: Latencies | None = None,
        faults: Faults | None = None,
        timeline: Timeline | None = None,
        port: int = 0,
    ) -> None:
        """`voices`: the names of the voices by their ids."""
        super().__init__(latencies=latencies, faults=faults, timeline=timeline, port=port)
        self.synthesizer = synthesizer
        self.voices = VOICES if voices is None else voices
        self.spelling: ContextKey = spelling
        self.early_close: EarlyClose = early_close
        self.unspoken = unspoken
        self.refused = refused
        self._clips: OrderedDict[str, tuple[Chunk, ...]] = OrderedDict()

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v1/text-to-speech/{voice}/stream", self._stream, methods=["POST"]),
            Route("/v1/text-to-speech/{voice}/stream/with-timestamps", self._stream, methods=["POST"]),
            WebSocketRoute("/v1/text-to-speech/{voice}/stream-input", self._single),
            WebSocketRoute("/v1/text-to-speech/{voice}/multi-stream-input", self._multi),
            Route("/v1/voices", self._list_voices),
            Route("/v1/voices/{voice}", self._get_voice),
            Route("/v1/models", self._list_models),
            Route("/v1/user", self._user),
            Route("/v1/user/subscription", self._subscription),
        ]

    def refusal(self, fault: Fault) -> Response:
        usual = {401: "invalid_api_key", 404: "voice_not_found", 429: "too_many_concurrent_requests"}
        return _refuse(
            fault.status, fault.reason or usual.get(fault.status, "system_busy"), "refused on purpose", fault
        )

    def problem(self, fault: Fault) -> bytes:
        error = fault.reason or "internal_server_error"
        return msgspec.json.encode({"message": "failed on purpose", "error": error, "code": fault.code})

    async def speak(self, text: str) -> tuple[Chunk, ...]:
        """The speech of a text in the pieces in which it is delivered; synthesized once."""
        if error := self.refused(text.strip()):
            raise TextRefused(error)
        if self.unspoken(text.strip()):
            return ()
        chunks = self._clips.get(text)
        if chunks is None:
            clip = await asyncio.get_running_loop().run_in_executor(None, self.synthesizer.synthesize, text.strip())
            chunks = self._clips[text] = cut(text, clip)
            if len(self._clips) > REMEMBERED:
                self._clips.popitem(last=False)
        else:
            self._clips.move_to_end(text)
        return chunks

    async def _single(self, websocket: WebSocket) -> None:
        admitted = await self._admit(websocket)
        if admitted is not None:
            connection, query = admitted
            line = Line(websocket, connection)
            stream = SingleStream(line, self.speak, self.latencies, query)
            await line.run(stream.receive, headers={"request-id": uuid.uuid4().hex}, opened=stream.opened)

    async def _multi(self, websocket: WebSocket) -> None:
        admitted = await self._admit(websocket)
        if admitted is not None:
            connection, query = admitted
            line = Line(websocket, connection)
            stream = MultiStream(
                line, self.speak, self.latencies, query, spelling=self.spelling, early_close=self.early_close
            )
            await line.run(stream.receive, headers={"request-id": uuid.uuid4().hex})

    async def _admit(self, websocket: WebSocket) -> tuple[Connection, SocketQuery] | None:
        connection = self.open(websocket)
        params = websocket.query_params
        refusal = self._check(connection, websocket, key=params.get("authorization") or params.get("single_use_token"))
        if refusal is None:
            try:
                query = read_query(params, SocketQuery)
            except msgspec.ValidationError as exc:
                refusal = _refuse(400, "invalid_parameters", str(exc))
            else:
                refused = refused_socket(query)
                if refused is None:
                    return connection, query
                refusal = _answer(refused)
        await websocket.send_denial_response(refusal)
        return None

    async def _stream(self, request: Request) -> Response:
        began = asyncio.get_running_loop().time()
        connection = self.open(request)
        body = await request.body()
        refusal = self._check(connection, request)
        if refusal is not None:
            return refusal
        try:
            read_query(request.query_params, StreamQuery)
            asked = read_body(body)
        except (msgspec.ValidationError, msgspec.DecodeError) as exc:
            problem = {"type": "value_error", "loc": ["body"], "msg": str(exc)}
            return JSONResponse({"detail": [problem]}, status_code=422)
        if (refused := refused_request(asked)) is not None:
            return _answer(refused)
        connection.record("text", context=None, text=asked.text)
        try:
            chunks = await self.speak(asked.text)
        except TextRefused as refused_text:
            return _refuse(400, refused_text.error, "refused on purpose")
        with_times = request.url.path.endswith("/with-timestamps")
        begin = began + self.latencies.first_audio + connection.delay + SLOW.get(asked.model_id, 0.0)
        pieces = self._deliver(connection, chunks, begin, with_times=with_times)
        headers = {
            "request-id": uuid.uuid4().hex,
            "current-concurrent-requests": str(len(self.connections) + 1),
            "maximum-concurrent-requests": str(MOST_CONCURRENT),
        }
        media_type = "application/json" if with_times else "audio/basic"
        return self.stream(connection, pieces, media_type=media_type, headers=headers)

    async def _deliver(
        self, connection: Connection, chunks: tuple[Chunk, ...], begin: float, *, with_times: bool
    ) -> AsyncGenerator[bytes]:
        loop = asyncio.get_running_loop()
        pace = 1 / (SAMPLE_RATE * self.latencies.speech_speed)
        for index, chunk in enumerate(chunks):
            delay = begin + chunk.start * pace - loop.time()
            if delay > 0:
                await asyncio.sleep(delay)
            what = "audio" if index else "first_audio"
            connection.record(what, context=None, samples=len(chunk.audio))
            yield _with_times(chunk) if with_times else chunk.audio
        connection.record("final", context=None)

    async def _list_voices(self, request: Request) -> Response:
        refusal = self._check(self.open(request), request)
        return refusal or JSONResponse({"voices": [_voice(voice, name) for voice, name in self.voices.items()]})

    async def _get_voice(self, request: Request) -> Response:
        refusal = self._check(self.open(request), request)
        voice = request.path_params["voice"]
        return refusal or JSONResponse(_voice(voice, self.voices[voice]))

    async def _list_models(self, request: Request) -> Response:
        refusal = self._check(self.open(request), request)
        return refusal or JSONResponse([listed(model) for model in MODELS.values()])

    async def _user(self, request: Request) -> Response:
        refusal = self._check(self.open(request), request)
        return refusal or JSONResponse(
            {
                "user_id": "simulator",
                "workspace_id": "simulator",
                "subscription": SUBSCRIPTION,
                "is_new_user": False,
                "can_use_delayed_payment_methods": False,
                "is_onboarding_completed": True,
                "is_onboarding_checklist_completed": True,
                "created_at": 0,
                "seat_type": "workspace_admin",
            }
        )

    async def _subscription(self, request: Request) -> Response:
        refusal = self._check(self.open(request), request)
        return refusal or JSONResponse({**SUBSCRIPTION, "has_open_invoices": False, "open_invoices": []})

    def _check(self, connection: Connection, client: HTTPConnection, *, key: str | None = None) -> Response | None:
        if connection.refused is not None:
            return self.refusal(connection.refused)
        if not client.headers.get("xi-api-key") and not key:
            return _refuse(401, "invalid_api_key", "Invalid API key")
        voice = client.path_params.get("voice")
        if voice is not None and voice not in self.voices:
            return _refuse(404, "voice_not_found", f"A voice with the voice_id {voice} was not found.")
        return None


SUBSCRIPTION: Mapping[str, Any] = {
    "tier": "pro",
    "character_count": 0,
    "character_limit": 500_000,
    "max_credit_limit_extension": 0,
    "can_extend_character_limit": False,
    "allowed_to_extend_character_limit": False,
    "voice_slots_used": 0,
    "professional_voice_slots_used": 0,
    "professional_voice_slots_used_in_workspace": 0,
    "voice_limit": 160,
    "voice_add_edit_counter": 0,
    "professional_voice_limit": 1,
    "can_extend_voice_limit": False,
    "can_use_instant_voice_cloning": True,
    "can_use_professional_voice_cloning": True,
    "current_overage": {"amount": "0", "currency": "usd"},
    "status": "active",
}


def _voice(voice: str, name: str) -> dict[str, Any]:
    return {"voice_id": voice, "name": name, "category": "premade", "labels": {}}


def _with_times(chunk: Chunk) -> bytes:
    """A line of JSON; here the times are seconds since the beginning of the whole."""
    alignment = {
        "characters": [c.char for c in chunk.characters],
        "character_start_times_seconds": [c.start / SAMPLE_RATE for c in chunk.characters],
        "character_end_times_seconds": [c.end / SAMPLE_RATE for c in chunk.characters],
    }
    audio = base64.b64encode(chunk.audio).decode()
    line = {"audio_base64": audio, "alignment": alignment, "normalized_alignment": alignment}
    return msgspec.json.encode(line) + b"\n"


def _answer(refused: Refusal) -> Response:
    headers = {"request-id": uuid.uuid4().hex}
    if refused.detail is None:
        return Response(status_code=refused.status, headers=headers)
    return JSONResponse({"detail": refused.detail}, status_code=refused.status, headers=headers)


def _refuse(status: int, error: str, problem: str, fault: Fault | None = None) -> Response:
    headers = {"request-id": uuid.uuid4().hex}
    if fault is not None and fault.retry_after is not None:
        headers["retry-after"] = f"{fault.retry_after:g}"
    return JSONResponse({"detail": {"status": error, "message": problem}}, status_code=status, headers=headers)
