"""The least that a telephone agent in Python can cost: frames in, frames out, and no agent.

    python -m phoneagent.bench.floor PORT DEEPGRAM_URL

It answers the voice webhook as the product does, decodes each frame as everybody would (JSON, base64), sends one back,
and forwards the audio to one outgoing WebSocket. On the same servers (uvloop, uvicorn) as the product, so that what
the product costs more is what it does more.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

LISTEN = "/v2/listen?model=flux-general-en&encoding=mulaw&sample_rate=8000"


def application(stream_url: str, deepgram_url: str) -> Starlette:
    """`stream_url`: where the carrier shall open the media stream."""

    async def ready(request: Request) -> Response:
        return Response("ok")

    async def voice(request: Request) -> Response:
        document = f'<Response><Connect><Stream url="{stream_url}"/></Connect></Response>'
        return Response(document, media_type="text/xml")

    async def media(websocket: WebSocket) -> None:
        await websocket.accept()
        headers = {"Authorization": "Token none"}
        async with connect(deepgram_url + LISTEN, additional_headers=headers, compression=None) as ears:
            listening = asyncio.create_task(_read(ears))
            try:
                while True:
                    message = json.loads(await websocket.receive_text())
                    if message["event"] == "media":
                        audio = base64.b64decode(message["media"]["payload"])
                        await ears.send(audio)
                        payload = base64.b64encode(audio).decode()
                        echo = {"event": "media", "streamSid": message["streamSid"], "media": {"payload": payload}}
                        await websocket.send_text(json.dumps(echo))
                    elif message["event"] == "stop":
                        break
            except (WebSocketDisconnect, ConnectionClosed):
                pass  # the call is over
            finally:
                listening.cancel()

    routes = [Route("/readyz", ready), Route("/twilio/voice", voice, methods=["POST"])]
    return Starlette(routes=[*routes, WebSocketRoute("/twilio/media", media)])


async def _read(ears: ClientConnection) -> None:
    async for _ in ears:
        pass


def main(port: int, deepgram_url: str) -> None:
    config = uvicorn.Config(
        application(f"ws://127.0.0.1:{port}/twilio/media", deepgram_url),
        host="127.0.0.1",
        port=port,
        loop="none",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
