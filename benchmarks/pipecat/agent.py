"""A telephone agent of pipecat, for `phoneagent bench --target`: answers the voice webhook, then the media stream.

Set for speed: Flux decides when turns begin and end (no local voice activity or turn model), one audio format without
resampling, no observers, no metrics, warnings only. Everything else is pipecat's default.
"""

import os
import sys

import uvicorn
from fastapi import FastAPI, Response, WebSocket
from loguru import logger
from pipecat.frames.frames import TTSSpeakFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.services.elevenlabs.tts import ElevenLabsTTSService
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

PORT = int(os.environ.get("PORT", "9200"))
EAGER = os.environ.get("EAGER", "") == "1"
VOICE = "21m00Tcm4TlvDq8ikWAM"
PROMPT = "You answer the telephone of a restaurant. One or two short sentences."

app = FastAPI()


@app.post("/voice")
async def voice() -> Response:
    """What Twilio asks when somebody calls."""
    document = f'<Response><Connect><Stream url="ws://127.0.0.1:{PORT}/media"/></Connect></Response>'
    return Response(document, media_type="text/xml")


@app.websocket("/media")
async def media(websocket: WebSocket) -> None:
    """One call."""
    await websocket.accept()
    _, call = await parse_telephony_websocket(websocket)
    serializer = TwilioFrameSerializer(
        stream_sid=call["stream_id"],
        call_sid=call["call_id"],
        params=TwilioFrameSerializer.InputParams(auto_hang_up=False),
    )
    transport = FastAPIWebsocketTransport(
        websocket=websocket,
        params=FastAPIWebsocketParams(audio_in_enabled=True, audio_out_enabled=True, serializer=serializer),
    )
    stt = DeepgramFluxSTTService(
        api_key=os.environ["DEEPGRAM_API_KEY"],
        url=f"{os.environ['DEEPGRAM_URL']}/v2/listen",
        enable_eager_end_of_turn=EAGER,
    )
    llm = OpenAILLMService(
        api_key=os.environ["OPENAI_API_KEY"],
        base_url=os.environ["OPENAI_BASE_URL"],
        settings=OpenAILLMService.Settings(model="gpt-4.1-mini", system_instruction=PROMPT),
    )
    tts = ElevenLabsTTSService(
        api_key=os.environ["ELEVENLABS_API_KEY"],
        url=os.environ["ELEVENLABS_URL"],
        settings=ElevenLabsTTSService.Settings(voice=VOICE, model="eleven_flash_v2_5"),
    )
    context = LLMContext()
    heard, said = LLMContextAggregatorPair(context)
    worker = PipelineWorker(
        Pipeline([transport.input(), stt, heard, llm, tts, transport.output(), said]),
        params=PipelineParams(audio_in_sample_rate=8000, audio_out_sample_rate=8000),
        enable_rtvi=False,  # what a browser is told
        enable_turn_tracking=False,
        idle_timeout_secs=None,
    )

    @transport.event_handler("on_client_connected")
    async def greet(transport: FastAPIWebsocketTransport, client: WebSocket) -> None:
        await worker.queue_frames([TTSSpeakFrame("Good evening. How can I help you?")])

    @transport.event_handler("on_client_disconnected")
    async def leave(transport: FastAPIWebsocketTransport, client: WebSocket) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


if __name__ == "__main__":
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning", access_log=False, ws_per_message_deflate=False)
