"""Flux (`/v2/listen`): turn events from the audio received. Pure: audio and time in, messages and their times out.

Decisions are made in audio time, so that without audio no time passes for the model, and audio that arrives faster than
real time (replayed after a reconnect) gives the same turns. They are delivered in real time: so long after the frame
that caused them was received.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from phoneagent.catalogue import deepgram
from phoneagent.conversation.words import SAMPLE_RATE

from . import deepgram_keyterms as keyterms
from .hearing import Due, HeardWord, Hearing, Sound, Stretch, seconds
from .latency import Latencies
from .speech import FRAME, Phrasebook

LOOK_AHEAD = 0.080
"""Seconds. The model decides this much audio before its answer is due: one of the 80 ms chunks in which Deepgram wants
its audio, so that how a client cuts it does not add to the latency."""
UPDATE_INTERVAL = SAMPLE_RATE // 4  # samples of audio between two `Update` events

Threshold = Annotated[float, msgspec.Meta(ge=0.5, le=1.0)]
EagerThreshold = Annotated[float, msgspec.Meta(ge=0.3, le=0.9)]
Timeout = Annotated[int, msgspec.Meta(ge=500, le=60_000)]


class FluxQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The query string. Other encodings and rates exist; the simulator understands the telephone's, and its samples."""

    model: Literal["flux-general-en", "flux-general-multi"]
    encoding: Literal["mulaw", "linear16"]
    sample_rate: Literal[8000]
    eot_threshold: Threshold = 0.7
    eager_eot_threshold: EagerThreshold | None = None
    eot_timeout_ms: Timeout = 5000
    keyterm: list[str] = []
    language_hint: list[str] = []
    numerals: bool = False
    profanity_filter: bool = False
    redact: list[Literal["numbers", "aggressive_numbers"]] = []
    mip_opt_out: bool = False
    tag: list[str] = []

    def __post_init__(self) -> None:
        if self.eager_eot_threshold is not None and self.eager_eot_threshold > self.eot_threshold:
            raise ValueError("eager_eot_threshold must not be above eot_threshold")
        if self.language_hint and self.model != "flux-general-multi":
            raise ValueError("language_hint is only supported by flux-general-multi")
        unknown = set(self.language_hint) - set(deepgram.MODELS[self.model].languages)
        if unknown:  # what it really answers is not documented
            raise ValueError(f"language_hint is not supported: {', '.join(sorted(unknown))}")
        if (problem := keyterms.refusal(self.keyterm)) is not None:
            raise ValueError(problem)


class Thresholds(msgspec.Struct, forbid_unknown_fields=True):
    eot_threshold: Threshold | msgspec.UnsetType = msgspec.UNSET
    eager_eot_threshold: EagerThreshold | msgspec.UnsetType | None = msgspec.UNSET
    eot_timeout_ms: Timeout | msgspec.UnsetType = msgspec.UNSET


class Configure(msgspec.Struct, tag_field="type", tag="Configure", forbid_unknown_fields=True):
    thresholds: Thresholds | None = None
    keyterms: list[str] | None = None
    language_hints: list[str] | None = None
    numerals: bool | None = None


class ForceEndTurn(msgspec.Struct, tag_field="type", tag="ForceEndTurn", forbid_unknown_fields=True): ...


class CloseStream(msgspec.Struct, tag_field="type", tag="CloseStream", forbid_unknown_fields=True): ...


FluxControl = msgspec.json.Decoder(Configure | ForceEndTurn | CloseStream)


@dataclass(slots=True)
class _Turn:
    onset: int  # samples since the connection began
    onset_at: float  # the loop's time at which that frame was received
    last_speech: int = 0
    last_speech_at: float = 0.0
    announced: bool = False
    eager: bool = False
    resumed: int | None = None  # where speech went on after the eager end
    resumed_at: float = 0.0
    next_update: int = 0
    last: Stretch | None = None


@dataclass
class FluxSession:
    """One connection. An utterance that `ends_turn` is followed by an eager and a final end of turn.

    After one that does not, the eager end comes too (a moderate confidence is what an unfinished thought gets), and
    either speech that goes on, which is `TurnResumed`, or the time-out.
    """

    query: FluxQuery
    phrasebook: Phrasebook
    latencies: Latencies
    request_id: str
    _sequence: int = 0
    _turn_index: int = 0
    _turn: _Turn | None = None
    _since: int = 0  # words before this sample were told in an earlier turn
    _position: int = 0
    _out: list[Due] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._hearing = Hearing(self.phrasebook, linear=self.query.encoding == "linear16")
        self._start_decided = _decision(self.latencies.flux_start_of_turn)
        self._eager_decided = _decision(self.latencies.flux_eager_end_of_turn)
        self._end_decided = _decision(self.latencies.flux_end_of_turn)

    def connected(self) -> dict[str, Any]:
        return self._message({"type": "Connected"})

    def hear(self, audio: bytes, at: float) -> list[Due]:
        """Take audio that was received at `at`."""
        self._out = []
        for sound in self._hearing.hear(audio):
            self._position = sound.end
            self._follow(sound, at)
        return self._out

    def force_end(self, at: float) -> list[Due]:
        """End the turn on what has been transcribed; ignored when none is open."""
        self._out = []
        turn = self._turn
        if turn is not None and turn.announced:
            self._end(turn, "manual", at, at, 0.3)
        return self._out

    def configure(self, change: Configure) -> dict[str, Any]:
        """Change what is given, or refuse all of it."""
        query = self.query
        values = {name: getattr(query, name) for name in query.__struct_fields__}
        for name in Thresholds.__struct_fields__ if change.thresholds is not None else ():
            value = getattr(change.thresholds, name)
            if value is not msgspec.UNSET:
                values[name] = value
        given = {"keyterm": change.keyterms, "language_hint": change.language_hints, "numerals": change.numerals}
        values |= {name: value for name, value in given.items() if value is not None}
        try:
            self.query = query = msgspec.convert(values, FluxQuery)
        except msgspec.ValidationError as exc:
            return self._message({"type": "ConfigureFailure", "code": "INVALID_CONFIGURATION", "description": str(exc)})
        return self._message(
            {
                "type": "ConfigureSuccess",
                "thresholds": {
                    "eot_threshold": query.eot_threshold,
                    "eager_eot_threshold": query.eager_eot_threshold,
                    "eot_timeout_ms": query.eot_timeout_ms,
                },
                "keyterms": query.keyterm,
                "language_hints": query.language_hint,
                "numerals": query.numerals,
            }
        )

    def error(self, code: str, description: str) -> dict[str, Any]:
        message = self._message({"type": "Error", "code": code, "description": description})
        del message["request_id"]
        return message

    def _follow(self, sound: Sound, at: float) -> None:
        turn = self._turn
        if sound.speech:
            if turn is None:
                turn = self._turn = _Turn(sound.start, at)
            if turn.eager and turn.resumed is None:
                turn.resumed, turn.resumed_at = sound.start, at
            turn.last_speech, turn.last_speech_at, turn.last = sound.end, at, sound.stretch
        if turn is None:
            return
        answer = self.latencies.flux_start_of_turn
        if not turn.announced and self._position >= turn.onset + self._start_decided:
            if self._hearing.words(self._since):
                turn.announced = True
                turn.next_update = self._position + UPDATE_INTERVAL
                self._tell(turn, "StartOfTurn", turn.onset_at + answer, turn.onset_at, 0.05)
            elif self._position - turn.last_speech >= self._end_decided:
                self._turn = None  # the rest of a word that a forced end has already told: a turn has a word
                return
        if turn.resumed is not None and self._position >= turn.resumed + self._start_decided:
            self._tell(turn, "TurnResumed", turn.resumed_at + answer, turn.resumed_at, 0.05)
            turn.eager, turn.resumed = False, None
        if turn.announced and self._position >= turn.next_update:
            turn.next_update += UPDATE_INTERVAL
            self._tell(turn, "Update", at, at, 0.05)
        if turn.announced and turn.resumed is None and not sound.speech:
            self._consider_end(turn, at)

    def _consider_end(self, turn: _Turn, at: float) -> None:
        silence = self._position - turn.last_speech
        query, latencies, heard = self.query, self.latencies, turn.last_speech_at
        if query.eager_eot_threshold is not None and not turn.eager and silence >= self._eager_decided:
            turn.eager = True
            confidence = max(query.eager_eot_threshold, 0.5)
            self._tell(turn, "EagerEndOfTurn", heard + latencies.flux_eager_end_of_turn, heard, confidence)
        finished = turn.last is None or turn.last.utterance.ends_turn
        if finished and query.eot_threshold < 1.0 and silence >= self._end_decided:
            confidence = max(query.eot_threshold, 0.83)
            self._end(turn, "model", heard + latencies.flux_end_of_turn, heard, confidence)
        elif silence >= query.eot_timeout_ms * SAMPLE_RATE // 1000:
            self._end(turn, "timeout", at, heard, 0.3)

    def _end(self, turn: _Turn, trigger: str, due: float, heard: float, confidence: float) -> None:
        self._tell(turn, "EndOfTurn", due, heard, confidence, trigger=trigger)
        self._turn = None
        self._turn_index += 1
        self._since = self._position
        self._hearing.forget()

    def _tell(
        self, turn: _Turn, event: str, due: float, heard: float, confidence: float, *, trigger: str | None = None
    ) -> None:
        words = self._words(turn, event)
        message = self._message(
            {
                "type": "TurnInfo",
                "event": event,
                "turn_index": self._turn_index,
                "audio_window_start": seconds(turn.onset),
                "audio_window_end": seconds(self._position),
                "transcript": " ".join(word.spoken for word in words),
                "words": [
                    {"word": word.spoken, "confidence": 0.98, "start": seconds(word.start), "end": seconds(word.end)}
                    for word in words
                ],
                "end_of_turn_confidence": confidence,
            }
        )
        if trigger is not None:
            message["trigger"] = trigger
        if self.query.model == "flux-general-multi":
            message["languages"] = ["en"]
            if self.query.language_hint:
                message["languages_hinted"] = self.query.language_hint
        self._out.append(Due(event, message, due, heard))

    def _words(self, turn: _Turn, event: str) -> list[HeardWord]:
        """While the caller speaks, words count once they have begun; at the end, if enough of them was heard."""
        words = self._hearing.words(self._since)
        if event in {"EagerEndOfTurn", "EndOfTurn"}:
            return [word for word in words if word.understood] or words
        lag = int(self.latencies.flux_start_of_turn * SAMPLE_RATE)
        return [word for word in words if word.start <= max(self._position - lag, turn.onset + lag)] or words[:1]

    def _message(self, content: dict[str, Any]) -> dict[str, Any]:
        message = {**content, "request_id": self.request_id, "sequence_id": self._sequence}
        self._sequence += 1
        return message


def _decision(latency: float) -> int:
    """Samples of audio after the cause at which something is decided that is told `latency` after it."""
    return max(FRAME, round((latency - LOOK_AHEAD) * SAMPLE_RATE))
