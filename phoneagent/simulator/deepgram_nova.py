"""Nova-3 (`/v1/listen`): continuous transcripts from the audio received. Pure, like `deepgram_flux`."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from phoneagent.catalogue import deepgram
from phoneagent.conversation.words import SAMPLE_RATE

from . import deepgram_keyterms as keyterms
from .hearing import Due, HeardWord, Hearing, Sound, seconds
from .latency import Latencies
from .speech import FRAME, Phrasebook

INTERIM_INTERVAL = SAMPLE_RATE  # samples between interim results: about one a second
LONGEST_RANGE = 5 * SAMPLE_RATE  # samples: a longer one is closed at a word, without `speech_final`
VOICED_FRAMES = 3  # 60 ms of sound are speech for the voice activity detector, a click is not
VAD_RELEASE = 3 * SAMPLE_RATE // 10  # samples of quiet after which the next sound is a new `SpeechStarted`
LEAST_UTTERANCE_END = 1000  # ms; smaller values bring nothing, interims being a second apart
HELD_AT_MOST = 3 * SAMPLE_RATE  # samples of silence: so long smart formatting waits for the rest of a number or a date
MAY_GO_ON = re.compile(
    r"[\d@$€£%]|^(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|hundred|thousand|million"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty"
    r"|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|dollars?|euros?|pounds?|cents?|percent|dot|at"
    r"|january|february|march|april|june|july|august|september|october|november|december)$",
    re.IGNORECASE,
)
"""The last words of what may be a longer entity: a number, a date, an amount, an e-mail address.

Source: developers.deepgram.com/docs/smart-format and /changelog/2025/4/2. These words stand for Deepgram's own model.
"""

Milliseconds = Annotated[int, msgspec.Meta(ge=0)]


class NovaQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The query string. Other encodings exist; the simulator understands the telephone's only."""

    model: str
    encoding: Literal["mulaw"]
    sample_rate: Literal[8000]
    channels: Literal[1] = 1
    language: str = "en"
    language_hint: list[str] = []
    interim_results: bool = False
    endpointing: Milliseconds | Literal["true", "false"] = 10
    utterance_end_ms: Milliseconds = 0
    vad_events: bool = False
    smart_format: bool = False
    no_delay: bool = False
    punctuate: bool = False
    numerals: bool = False
    profanity_filter: bool = False
    dictation: bool = False
    filler_words: bool = False
    diarize: bool = False
    diarize_model: str = ""
    detect_entities: bool = False
    multichannel: Literal["false"] = "false"
    keyterm: list[str] = []
    keywords: list[str] = []
    redact: list[str] = []
    replace: list[str] = []
    search: list[str] = []
    mip_opt_out: bool = False
    tag: list[str] = []
    extra: list[str] = []
    version: str = "latest"

    def __post_init__(self) -> None:
        model = deepgram.MODELS.get(self.model)
        if model is None or model.flux or self.language not in model.languages:
            raise ValueError("No such model/language/tier combination found.")
        if (problem := keyterms.refusal(self.keyterm)) is not None:
            raise ValueError(problem)
        if self.keywords and self.model.startswith("nova-3"):
            raise ValueError("keywords is not supported by nova-3; use keyterm")
        if self.utterance_end_ms and not self.interim_results:
            raise ValueError("utterance_end_ms requires interim_results=true")

    @property
    def endpoint(self) -> int | None:
        """Samples of silence that end a segment, or None."""
        if self.endpointing == "false":
            return None
        milliseconds = 10 if isinstance(self.endpointing, str) else self.endpointing
        return max(FRAME, milliseconds * SAMPLE_RATE // 1000)


class KeepAlive(msgspec.Struct, tag_field="type", tag="KeepAlive", forbid_unknown_fields=True): ...


class Finalize(msgspec.Struct, tag_field="type", tag="Finalize", forbid_unknown_fields=True):
    channel: Literal[0] = 0


class CloseStream(msgspec.Struct, tag_field="type", tag="CloseStream", forbid_unknown_fields=True): ...


class Configure(msgspec.Struct, tag_field="type", tag="Configure", forbid_unknown_fields=True):
    keyterms: list[str] | None = None
    features: dict[Literal["numerals", "punctuate", "smart_format", "profanity_filter"], bool] | None = None


NovaControl = msgspec.json.Decoder(KeepAlive | Finalize | CloseStream | Configure)


@dataclass
class NovaSession:
    """One connection."""

    query: NovaQuery
    phrasebook: Phrasebook
    latencies: Latencies
    request_id: str
    configurable: bool = True  # only at the global endpoint, not at api.eu, api.au and api.in (docs/configure)
    deaf: bool = False
    _position: int = 0
    _range_start: int = 0
    _last_result: int = 0
    _last_voiced: int = 0  # end of the last sound
    _last_voiced_at: float = 0.0
    _run: int = 0  # voiced frames in a row
    _run_at: float = 0.0
    _sounding: bool = False
    _told_end: int = 0  # where the last word of the last `UtteranceEnd` ends
    _out: list[Due] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._hearing = Hearing(self.phrasebook)

    @property
    def duration(self) -> float:
        return seconds(self._position)

    def hear(self, audio: bytes, at: float) -> list[Due]:
        """Take audio that was received at `at`."""
        self._out = []
        for sound in self._hearing.hear(audio):
            self._position = sound.end
            if self.deaf:
                continue
            self._detect_voice(sound, at)
            self._transcribe(at)
        return self._out

    def finalize(self, at: float) -> list[Due]:
        """Close the range now."""
        self._out = []
        if not self.deaf:
            self._results(self._position, at, at, final=True, from_finalize=True)
        return self._out

    def finish(self, at: float) -> list[Due]:
        """What is left before the end of the stream."""
        self._out = []
        if self._hearing.words(self._range_start, self._position) and not self.deaf:
            self._results(self._position, at, at, final=True)
        return self._out

    def configure(self, change: Configure) -> dict[str, Any] | None:
        """Change what is given, or refuse all of it. None: a list over the limits ends the transcription in silence."""
        if change.keyterms is not None and not (self.configurable and self.query.model.startswith("nova-3")):
            failure = {"type": "ConfigureFailure", "request_id": self.request_id}
            return {
                **failure,
                "code": "CONFIGURE_KEYTERMS_NOT_SUPPORTED",
                "description": "this stream's keyterms cannot be changed",
            }
        if keyterms.refusal(change.keyterms or ()) is not None:
            self.deaf = True
            return None
        if change.keyterms is not None:
            self.query.keyterm = change.keyterms
        for feature, on in (change.features or {}).items():
            setattr(self.query, feature, on)
        return {"type": "ConfigureSuccess", "request_id": self.request_id, "keyterms": self.query.keyterm}

    def _detect_voice(self, sound: Sound, at: float) -> None:
        if not sound.voiced:
            self._run = 0
            if self._position - self._last_voiced >= VAD_RELEASE:
                self._sounding = False
            return
        if not self._run:
            self._run_at = at
        self._run += 1
        self._last_voiced, self._last_voiced_at = sound.end, at
        if self._run >= VOICED_FRAMES and not self._sounding:
            self._sounding = True
            if self.query.vad_events:
                began = sound.end - self._run * FRAME
                message = {"type": "SpeechStarted", "channel": [0, 1], "timestamp": seconds(began)}
                due = self._run_at + self.latencies.nova_speech_started
                self._out.append(Due("SpeechStarted", message, due, self._run_at))

    def _transcribe(self, at: float) -> None:
        endpoint = self.query.endpoint
        ended = endpoint is not None and self._position - self._last_voiced >= endpoint and not self._holds
        if ended and self._last_voiced > self._range_start and self._hearing.words(self._range_start):
            self._results(self._position, at, self._last_voiced_at, final=True, speech_final=True)
        elif self._position - self._range_start >= LONGEST_RANGE and not self._holds:
            words = self._hearing.words(self._range_start)
            whole = [word for word in words if word.end <= self._position]
            if whole or not words:
                self._results(whole[-1].end if whole else self._position, at, at, final=True)
        elif self.query.interim_results and self._position - self._last_result >= INTERIM_INTERVAL:
            self._results(self._position, at, at, final=False)
        if self.query.utterance_end_ms:
            self._consider_utterance_end(at)

    @property
    def _holds(self) -> bool:
        """Smart formatting waits for the rest of what may be a longer number, date or address."""
        if not self.query.smart_format or self.query.no_delay or self._position - self._last_voiced >= HELD_AT_MOST:
            return False
        words = self._hearing.words(self._range_start)
        return bool(words) and MAY_GO_ON.search(words[-1].text.strip(string.punctuation)) is not None

    def _consider_utterance_end(self, at: float) -> None:
        last = self._hearing.last_word_end
        gap = max(self.query.utterance_end_ms, LEAST_UTTERANCE_END) * SAMPLE_RATE // 1000
        if last <= self._told_end or self._position - last < gap:
            return
        self._told_end = last
        if self._hearing.words(self._range_start) and not self._holds:
            self._results(self._position, at, at, final=True)
        message = {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": seconds(last)}
        self._out.append(Due("UtteranceEnd", message, at + self.latencies.nova_results, at))

    def _results(
        self, end: int, at: float, heard: float, *, final: bool, speech_final: bool = False, from_finalize: bool = False
    ) -> None:
        """Tell the words of the range until `end`; `final` closes it there."""
        words = self._hearing.words(self._range_start, end)
        if final:
            words = [word for word in words if word.understood]
        message = {
            "type": "Results",
            "channel_index": [0, 1],
            "start": seconds(self._range_start),
            "duration": seconds(end - self._range_start),
            "is_final": final,
            "speech_final": speech_final,
            "from_finalize": from_finalize,
            "channel": {"alternatives": [self._alternative(words)]},
            "metadata": {
                "request_id": self.request_id,
                "model_uuid": "5e6f1c60-6a3b-4e4b-8d9f-1c2d3e4f5a6b",
                "model_info": {"name": f"general-{self.query.model}", "version": "2025-07-31.0", "arch": "nova-3"},
            },
        }
        self._out.append(Due("Results", message, at + self.latencies.nova_results, heard))
        self._last_result = self._position
        if final:
            self._range_start = end
            self._hearing.forget()

    def _alternative(self, words: list[HeardWord]) -> dict[str, Any]:
        formatted = self.query.smart_format or self.query.punctuate
        told = []
        for word in words:
            plain = word.text.lower().strip(string.punctuation)
            entry = {"word": plain, "start": seconds(word.start), "end": seconds(word.end), "confidence": 0.98}
            told.append({**entry, "punctuated_word": word.spoken} if formatted else entry)
        transcript = " ".join(str(entry["punctuated_word" if formatted else "word"]) for entry in told)
        return {"transcript": transcript, "confidence": 0.98 if told else 0.0, "words": told}
