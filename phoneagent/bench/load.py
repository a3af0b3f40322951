"""The load: simulated providers and callers, in this process."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
from array import array
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from html import escape

from phoneagent.ports import Synthesizer
from phoneagent.simulator.caller import CallerScript
from phoneagent.simulator.carrier import Carrier
from phoneagent.simulator.deepgram import DeepgramServer
from phoneagent.simulator.elevenlabs import ElevenLabsServer
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.mind import Answer, Message
from phoneagent.simulator.openai import OpenAiServer
from phoneagent.simulator.placed_call import CallResult
from phoneagent.simulator.speech import Phrasebook

from . import traffic
from .target import Ports
from .turns import MIND, TurnsTimeline

LOOK = 0.02  # seconds between two looks at the own loop: a frame, for that is what would come late
TIME_LIMIT = 3600.0  # seconds of a call; impatient callers hang up long before
ANY_PORTS = Ports()
GENERATION = 50_000  # objects until a collection: what a call leaves is counted in thousands, and most of it lives


@dataclass(frozen=True, slots=True)
class Called:
    """A call that is over, and when on the loop's clock it was answered."""

    name: str
    answered: float
    result: CallResult


@dataclass(frozen=True, slots=True)
class Effort:
    """What the load cost itself: seconds of CPU and of time, and how late its loop was, shortest first."""

    cpu: float
    seconds: float
    lags: tuple[float, ...]


class Load:
    """Simulated Twilio, Deepgram, OpenAI and ElevenLabs; the product does not know better."""

    def __init__(
        self, carrier: Carrier, deepgram: DeepgramServer, openai: OpenAiServer, elevenlabs: ElevenLabsServer
    ) -> None:
        self.carrier = carrier
        self.deepgram = deepgram
        self.openai = openai
        self.elevenlabs = elevenlabs

    async def call_all(
        self, url: str, callers: Sequence[tuple[str, CallerScript]], *, seconds_between: float
    ) -> list[Called]:
        """Place the calls one after another, and wait until all are over.

        `url` is a voice webhook; or, with ws or wss, the media socket itself, and no webhook is asked.
        """
        to_socket = url.startswith(("ws:", "wss:"))
        document = f'<Response><Connect><Stream url="{escape(url)}"/></Connect></Response>' if to_socket else ""

        async def one(number: int, name: str, script: CallerScript) -> Called:
            await asyncio.sleep(number * seconds_between)
            call = self.carrier.dial("" if to_socket else url, document=document, caller=script, time_limit=TIME_LIMIT)
            result = await call.ended
            return Called(name, asyncio.get_running_loop().time() - result.ear.now, result)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(number, *caller)) for number, caller in enumerate(callers)]
        return [task.result() for task in tasks]


@asynccontextmanager
async def load(
    synthesizer: Synthesizer,
    callers: Collection[CallerScript],
    latencies: Latencies,
    timeline: TurnsTimeline,
    ports: Ports = ANY_PORTS,
) -> AsyncIterator[Load]:
    """Start the servers, with all that the callers will say spoken beforehand."""
    phrasebook = Phrasebook()

    def mind(messages: Sequence[Message]) -> Answer:
        timeline.record(MIND, 0, "asked", {"who": traffic.who_asks(messages)})
        return traffic.answer(messages)

    async with (
        DeepgramServer(phrasebook, latencies=latencies, timeline=timeline, port=ports.deepgram) as deepgram,
        OpenAiServer(mind, latencies=latencies, timeline=timeline, port=ports.openai) as openai,
        ElevenLabsServer(synthesizer, latencies=latencies, timeline=timeline, port=ports.elevenlabs) as elevenlabs,
        Carrier(synthesizer=synthesizer, phrasebook=phrasebook, recording=False, port=ports.twilio) as carrier,
    ):
        carrier.prepare(callers)
        yield Load(carrier, deepgram, openai, elevenlabs)


class Watch:
    """Looks at the own event loop: a load that is late itself measures its own lateness."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._cpu = _own_cpu()
        self._lags = array("d")
        self._due = self._began
        self._looking = self._next()

    def _next(self) -> asyncio.TimerHandle:
        self._due = max(self._due + LOOK, self._loop.time())
        return self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._lags.append(max(0.0, self._loop.time() - self._due))
        self._looking = self._next()

    def stop(self) -> Effort:
        """What it was until now."""
        self._looking.cancel()
        return Effort(_own_cpu() - self._cpu, self._loop.time() - self._began, tuple(sorted(self._lags)))


def _own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def light_footed(cores: Collection[int]) -> Iterator[None]:
    """Keep to these cores (none: all), and collect garbage seldom: a full collection stops all calls at once."""
    before, thresholds = os.sched_getaffinity(0), gc.get_threshold()
    if cores:
        os.sched_setaffinity(0, cores)
    gc.collect()
    gc.freeze()
    gc.set_threshold(GENERATION, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        os.sched_setaffinity(0, before)
