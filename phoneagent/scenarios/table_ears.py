"""Ears on a table top: the simulated Deepgram's sessions and the product's own reading of them, without a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import msgspec

from phoneagent.audio.voice_activity import Transition, VoiceActivity
from phoneagent.conversation.events import Event, SpeechStarted, SpeechStopped
from phoneagent.providers.stt.flux_turns import FluxTurns
from phoneagent.providers.stt.nova_segments import NovaSegments
from phoneagent.simulator.deepgram_flux import FluxQuery, FluxSession
from phoneagent.simulator.deepgram_nova import NovaQuery, NovaSession
from phoneagent.simulator.hearing import Due
from phoneagent.simulator.speech import FRAME, Phrasebook

from .clock import Clock
from .scenario import Scenario

EAGER_THRESHOLD = 0.4  # as the product asks for by default, see `DeepgramFlux` and `DeepgramNova`
ENDPOINTING = 300  # ms
UTTERANCE_END = 1000  # ms
PADDING = 24  # frames of silence after the caller has hung up: so that the last word ends, as the product sends it
SILENCE = b"\xff" * FRAME

REQUEST = "00000000-0000-4000-8000-000000000000"


class _Session(Protocol):
    def hear(self, audio: bytes, at: float) -> list[Due]: ...


class TableEars:
    """Takes the caller's frames; reports what a call's `Ears` report."""

    def __init__(self, scenario: Scenario, phrasebook: Phrasebook, clock: Clock, tell: Callable[[Event], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._activity = VoiceActivity()
        model = scenario.agent.stt.model
        options = dict(scenario.agent.stt.options)
        if scenario.ears == "flux":
            thresholds: Any = {"eager_eot_threshold": EAGER_THRESHOLD, **options}
            query = FluxQuery(model=model, encoding="mulaw", sample_rate=8000, **thresholds)  # type: ignore[arg-type]
            self._flux = FluxSession(query, phrasebook, scenario.latencies, REQUEST)
            self._session: _Session = self._flux
            self._dialect: FluxTurns | NovaSegments = FluxTurns()
        else:
            listening = NovaQuery(
                model=model,
                encoding="mulaw",
                sample_rate=8000,
                interim_results=True,
                endpointing=options.get("endpointing_ms", ENDPOINTING),
                utterance_end_ms=options.get("utterance_end_ms", UTTERANCE_END),
                vad_events=True,
                smart_format=True,
                no_delay=True,
                punctuate=True,
            )
            self._nova = NovaSession(listening, phrasebook, scenario.latencies, REQUEST)
            self._session = self._nova
            self._dialect = NovaSegments()
        self._dialect.begin(0)

    def agent_plays(self, audio: bytes) -> None:
        """The agent's voice goes to the carrier."""
        self._activity.echo.plays(audio)

    def agent_silenced(self) -> None:
        """The carrier was told to play no more of it."""
        self._activity.echo.silenced()

    def hear(self, frame: bytes) -> None:
        """20 ms of the caller have arrived."""
        now = self._clock.now
        self._plan(self._session.hear(frame, now))
        match self._activity.hear(frame):
            case Transition.STARTED:
                self._tell(SpeechStarted("vad"))
            case Transition.STOPPED:
                self._tell(SpeechStopped(ended=now - self._activity.quiet_for))
            case None:
                pass

    def finish(self) -> None:
        """The caller has gone: let the last words come."""
        now = self._clock.now
        if isinstance(self._session, FluxSession):
            for _ in range(PADDING):
                self._plan(self._session.hear(SILENCE, now))
            self._plan(self._session.force_end(now))
        elif isinstance(self._session, NovaSession):
            self._plan(self._session.finish(now))

    def _plan(self, messages: Iterable[Due]) -> None:
        for due in messages:
            self._clock.at(due.at, lambda message=due.message: self._receive(message))  # type: ignore[misc]

    def _receive(self, message: dict[str, Any]) -> None:
        encoded = msgspec.json.encode(message)
        if isinstance(self._dialect, FluxTurns):
            heard = self._dialect.receive(self._dialect.decode(encoded))
        else:
            heard = self._dialect.receive(self._dialect.decode(encoded))
        for event in heard:
            self._tell(event)
