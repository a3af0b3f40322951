"""The real server with a simulated world around it: for the demo, tests, benchmarks and evaluations.

Everything is on loopback and in one event loop; what passes between the product and the world are real sockets.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from .app import create_app, providers_of
from .call.calling_rules import AT_ANY_TIME
from .ports import Observer, Store, Synthesizer
from .records import Agent
from .settings import Settings
from .simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, Carrier
from .simulator.deepgram import DeepgramServer
from .simulator.elevenlabs import ElevenLabsServer
from .simulator.latency import Latencies
from .simulator.local_server import LocalServer
from .simulator.mind import Mind
from .simulator.network import Network
from .simulator.openai import OpenAiServer
from .simulator.placed_call import Callee
from .simulator.speech import Phrasebook
from .simulator.timeline import Timeline
from .web.frames import QuickFrames
from .web.media import MESSAGE_LIMIT

API_KEY = "simulated-api-key"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A running world. `url` is the product's; providers that no agent uses are None.

    `front` is what the carrier reaches: a load balancer in front of `app`, and of others that `another` starts.
    """

    app: Starlette
    front: Front
    another: Callable[[], AbstractAsyncContextManager[Starlette]]
    """Run one more application with the same settings, as another process would."""
    url: str
    carrier: Carrier
    timeline: Timeline
    deepgram: DeepgramServer | None
    openai: OpenAiServer | None
    elevenlabs: ElevenLabsServer | None

    @property
    def voice_url(self) -> str:
        """What a number's voice webhook points to."""
        return f"{self.url}/twilio/voice"


@asynccontextmanager
async def rehearsal(
    agent: Agent | Mapping[str, Agent],
    *,
    synthesizer: Synthesizer,
    mind: Mind | None = None,
    latencies: Latencies | None = None,
    network: Network | None = None,
    callees: Mapping[str, Callee] | None = None,
    observer: Observer | None = None,
    journals: Path | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    recording: bool = True,
    store: Store | None = None,
    **settings: Any,
) -> AsyncIterator[Rehearsal]:
    """Start everything that `agent` needs, and the product; leaving the block ends it all.

    `synthesizer` gives callers and the simulated ElevenLabs their voices, `mind` decides what the simulated OpenAI
    answers. `settings` are further settings of the product by field name.
    """
    agents = {agent.name: agent} if isinstance(agent, Agent) else dict(agent)
    used = providers_of(agents)
    phrasebook, timeline = Phrasebook(), Timeline()
    shared: dict[str, Any] = {"latencies": latencies or Latencies(), "timeline": timeline}
    async with AsyncExitStack() as stack:
        start = stack.enter_async_context
        deepgram = await start(DeepgramServer(phrasebook, **shared)) if "deepgram" in used else None
        simulated = "openai" in used and not settings.get("openai_base_url")
        openai = await start(OpenAiServer(mind, **shared)) if simulated else None
        elevenlabs = await start(ElevenLabsServer(synthesizer, **shared)) if "elevenlabs" in used else None
        carrier = await start(
            Carrier(
                synthesizer=synthesizer, phrasebook=phrasebook, network=network, callees=callees, recording=recording
            )
        )
        front = Front()
        server = await start(LocalServer(front, ws=QuickFrames, ws_max_size=MESSAGE_LIMIT))
        known: dict[str, Any] = {
            "public_url": server.url,
            "api_keys": (SecretStr(API_KEY),),
            "calling_hours": AT_ANY_TIME,  # what happens here must not depend on when it is tried
            "twilio_account_sid": ACCOUNT_SID,
            "twilio_auth_token": SecretStr(AUTH_TOKEN),
            "twilio_api_url": carrier.api_url,
            "deepgram_api_key": SecretStr(API_KEY),
            "deepgram_url": deepgram.url if deepgram else None,
            "openai_api_key": SecretStr(API_KEY),
            "openai_base_url": f"{openai.url}/v1" if openai else None,
            "elevenlabs_api_key": SecretStr(API_KEY),
            "elevenlabs_url": elevenlabs.url if elevenlabs else None,
        }

        @asynccontextmanager
        async def another() -> AsyncIterator[Starlette]:
            app = create_app(
                agents,
                # Not validated, so that nothing of the real environment comes in.
                settings=Settings.model_construct(**(known | settings)),
                observer=observer,
                journals=journals,
                functions=functions,
                store=store,
            )
            async with app.router.lifespan_context(app):
                await app.state.switchboard.warmed()
                yield app

        front.app = await start(another())
        yield Rehearsal(front.app, front, another, server.url, carrier, timeline, deepgram, openai, elevenlabs)


class Front:
    """Takes requests to an application; to which may change, as behind a load balancer."""

    app: Starlette

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)
