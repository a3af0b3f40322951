"""Two processes of the product behind a load balancer, with Redis, and everything around them simulated, here."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from phoneagent.bench.run import free_port, with_modules
from phoneagent.records import Clip, StoredCall
from phoneagent.scenarios.scripted_voice import RememberedVoice
from phoneagent.simulator.call_result import CallResult
from phoneagent.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN, Carrier
from phoneagent.simulator.deepgram import DeepgramServer
from phoneagent.simulator.elevenlabs import ElevenLabsServer
from phoneagent.simulator.openai import OpenAiServer
from phoneagent.simulator.placed_call import PlacedCall
from phoneagent.simulator.speech import Phrasebook
from phoneagent.simulator.timeline import Timeline
from phoneagent.store.redis import RedisStore

from . import callers
from .front import Front
from .processes import LOOK_AGAIN, Redis, Serving

REPOSITORY = Path(__file__).parents[2]
AGENT = Path(__file__).parent / "agent.toml"
API_KEYS = ("DEEPGRAM_API_KEY", "OPENAI_API_KEY", "ELEVENLABS_API_KEY")
SETTLED = 5.0  # seconds in which a call that is over is written


class Forgetful(Timeline):
    """Nobody looks at it, and half an hour of calls is long."""

    def record(self, *_: object, **__: object) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Finished:
    """A call that is over: whose it was, how it was at the ear, and what is stored of it."""

    name: str
    turns: int
    result: CallResult
    stored: StoredCall | None


@dataclass(frozen=True, slots=True)
class World:
    """What breaks, and what must not."""

    folder: Path
    front: Front
    redis: Redis
    serving: Sequence[Serving]
    carrier: Carrier
    deepgram: DeepgramServer
    openai: OpenAiServer
    elevenlabs: ElevenLabsServer
    voice: RememberedVoice
    placed: dict[str, PlacedCall] = field(default_factory=dict)

    @property
    def journals(self) -> Path:
        """Where the processes keep the calls' journals, if they do."""
        return self.folder / "journals"

    @property
    def clips(self) -> dict[str, Clip]:
        """All that the agent's voice has said."""
        return self.voice.clips

    @property
    def tool_runs(self) -> Counter[tuple[str, ...]]:
        """How often the tool ran, by its arguments."""
        file = _runs(self.folder)
        return (
            Counter(tuple(line.split("\t")) for line in file.read_text().splitlines()) if file.exists() else Counter()
        )

    async def dial(
        self, names: Sequence[str], turns: int, *, within: float, patience: float = callers.PATIENCE
    ) -> None:
        """Have all these people call, spread over so many seconds."""
        scripts = [callers.script(name, turns, patience=patience) for name in names]
        self.carrier.prepare(scripts)
        for name, script in zip(names, scripts, strict=True):
            self.placed[name] = self.carrier.dial(f"{self.front.url}/twilio/voice", caller=script, time_limit=3600.0)
            await asyncio.sleep(within / len(names))

    @property
    def live(self) -> int:
        """Calls that are not over."""
        return sum(not call.is_over for call in self.placed.values())

    async def finish(self, turns: int, *, within: float = SETTLED) -> list[Finished]:
        """Wait for the end of all calls, and look what is stored of them."""
        results = {name: await call.ended for name, call in self.placed.items()}
        store = RedisStore.from_url(self.redis.url)
        try:
            return [
                Finished(name, turns, result, await _settled(store, result.call, within))
                for name, result in results.items()
            ]
        finally:
            await store.aclose()


@asynccontextmanager
async def world(
    *,
    keep: Path | None = None,
    processes: int = 2,
    workers: int = 1,
    drain_within: int = 100,
    journals: bool = False,
    recording: bool = True,
    agent: Path = AGENT,
) -> AsyncIterator[World]:
    """Start everything; leaving the block ends it. `keep`: a folder for the logs and stories."""
    voice, phrasebook, timeline = RememberedVoice(), Phrasebook(), Forgetful()
    async with AsyncExitStack() as stack:
        start = stack.enter_async_context
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="phoneagent-chaos-")))
        if keep is not None:
            stack.callback(_keep, folder, keep)
        deepgram = await start(DeepgramServer(phrasebook, timeline=timeline))
        openai = await start(OpenAiServer(callers.mind, timeline=timeline))
        elevenlabs = await start(ElevenLabsServer(voice, timeline=timeline))
        redis = Redis(free_port(), folder)
        await redis.start()
        stack.push_async_callback(redis.end)
        await redis.ready()
        ports = [free_port() for _ in range(processes)]
        front = await start(Front(ports))
        carrier = await start(Carrier(synthesizer=voice, phrasebook=phrasebook, recording=recording))
        environment = with_modules(os.environ, REPOSITORY) | {
            "CHAOS_TOOL_RUNS": str(_runs(folder)),
            "PHONEAGENT_AGENTS": str(agent),
            "PHONEAGENT_PUBLIC_URL": front.url,
            "PHONEAGENT_LOG_LEVEL": "info",
            "PHONEAGENT_MAX_CALLS": "200",
            "PHONEAGENT_WORKERS": str(workers),
            "PHONEAGENT_DRAIN_WITHIN": str(drain_within),
            "REDIS_URL": redis.url,
            "PHONEAGENT_TWILIO_API_URL": carrier.api_url,
            "PHONEAGENT_DEEPGRAM_URL": deepgram.url,
            "PHONEAGENT_ELEVENLABS_URL": elevenlabs.url,
            "OPENAI_BASE_URL": openai.base_url,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            **dict.fromkeys(API_KEYS, "simulated-api-key"),
        }
        serving = [
            Serving(port, folder, environment, journals=folder / "journals" if journals else None) for port in ports
        ]
        for one in serving:
            await one.start()
            stack.push_async_callback(one.kill)
        for one in serving:
            await one.ready()
        yield World(folder, front, redis, serving, carrier, deepgram, openai, elevenlabs, voice)


async def _settled(store: RedisStore, call: str, within: float) -> StoredCall | None:
    """What is stored of a call that is over, when it is complete, or will not be."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within
    while True:
        stored = await store.load_call(call)
        if (stored is not None and stored.record.ended is not None) or loop.time() >= until:
            return stored
        await asyncio.sleep(LOOK_AGAIN)


def _keep(folder: Path, where: Path) -> None:
    where.mkdir(parents=True, exist_ok=True)
    for file in [*folder.glob("*.log"), *folder.glob("*.txt"), *folder.glob("journals/*.jsonl")]:
        shutil.copy(file, where)


def _runs(folder: Path) -> Path:
    return folder / "tool-runs"
