"""What was heard in a call: at the caller's ear, sample by sample, and when what happened."""

from __future__ import annotations

import audioop
import wave
from collections.abc import Callable
from dataclasses import dataclass, replace
from os import PathLike
from typing import NamedTuple, TypeAlias, TypeVar

from phoneagent.conversation.words import SAMPLE_RATE

from .speech import FRAME

FRAME_SECONDS = FRAME / SAMPLE_RATE
SILENT_FRAME = b"\xff" * FRAME
AUDIBLE = 100  # RMS of 32,767 (-50 dBFS): below it nothing is noticed on a telephone line
PAUSE = 0.2  # seconds; the gaps between the words of a sentence are shorter, those between two replies longer
UNDERRUN = 0.4  # seconds; audio that comes later than this after the queue ran empty is a new burst
CLOCK_ERROR = 1e-6  # seconds; times are sums
SHORT_FRAME_FILL = [b"\xff" * (FRAME - length) for length in range(FRAME + 1)]


def audible(frame: bytes) -> bool:
    """Whether a person would notice this μ-law audio."""
    return audioop.rms(audioop.ulaw2lin(frame, 2), 2) > AUDIBLE


# --- facts: `at` is when they began, seconds since the call was answered -----------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """The caller spoke: from the first sound to the last. `ends_turn` false: the thought goes on after a pause."""

    at: float
    end: float
    text: str
    ends_turn: bool = True
    expects_answer: bool = True


@dataclass(frozen=True, slots=True)
class Noised:
    """The caller made a sound without words."""

    at: float
    end: float


@dataclass(frozen=True, slots=True)
class Beeped:
    """An answering machine beeped: from `end` on it records."""

    at: float
    end: float


@dataclass(frozen=True, slots=True)
class Heard:
    """The agent was audible: from the first audible frame to the end of the last, in steps of 20 ms.

    `audio` is what came out of the receiver in that time, μ-law; empty when the call was not recorded.
    """

    at: float
    end: float
    audio: bytes = b""


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed a key."""

    at: float
    digit: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark was returned: reached, or `flushed` by a clear."""

    at: float
    name: str
    flushed: bool = False


@dataclass(frozen=True, slots=True)
class Cleared:
    """The queue was dropped. The frame in the air was still heard: silence from `silent_at`. `dropped`: seconds."""

    at: float
    silent_at: float
    dropped: float


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """`start` was sent to the product."""

    at: float
    stream: str


@dataclass(frozen=True, slots=True)
class StreamClosed:
    """The media stream is over; `code` is the WebSocket's close code."""

    at: float
    stream: str
    code: int


@dataclass(frozen=True, slots=True)
class Announced:
    """Twilio itself spoke (`<Say>`) or played a file (`<Play>`)."""

    at: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class DigitsPlayed:
    """Keypad digits were played by Twilio: `SendDigits`, `<Play digits>`. With the pauses (w, W) among them."""

    at: float
    end: float
    digits: str


@dataclass(frozen=True, slots=True)
class Bridged:
    """The caller was connected to somebody else (`<Dial>`)."""

    at: float
    end: float
    target: str


Fact: TypeAlias = (
    Said
    | Noised
    | Beeped
    | Heard
    | Pressed
    | Marked
    | Cleared
    | StreamOpened
    | StreamClosed
    | Announced
    | DigitsPlayed
    | Bridged
)

F = TypeVar("F")


class Response(NamedTuple):
    """How a turn of the caller was answered. `latency`: seconds from its last sound to the agent's first; or None."""

    said: Said
    latency: float | None


class Hole(NamedTuple):
    """The agent's audio ran out in the middle of a burst."""

    at: float
    seconds: float


# ---------------------------------------------------------------------------------------------------


class Ear:
    """The record of one call. Times are seconds of the loop's clock since the call was answered.

    Both tracks begin at the answer and run to the end, one frame every 20 ms, whatever verb is running.
    """

    def __init__(self, *, recording: bool = True) -> None:
        """`recording` false: keep times and facts, but no audio (16 kB a second)."""
        self._recording = recording
        self._caller = bytearray()
        self._agent = bytearray()
        self._played = bytearray()  # how many bytes of each 20 ms came from the agent's queue
        self._audible = bytearray()  # whether the agent could be heard in each 20 ms
        self._facts: list[Fact] = []
        self._now: Callable[[], float] = lambda: 0.0
        self.audio_came: float | None = None
        """When the product's first audio arrived at the carrier: seconds since the call was answered."""
        self.audio_came_at = 0.0
        """When the audio of the next frame arrived at the carrier: told by whoever gives it."""
        self._sounds_came: dict[int, float] = {}  # when it arrived, by the first frame of each sound

    def begin(self, now: Callable[[], float]) -> None:
        """The call is answered; `now` tells the seconds since then."""
        self._now = now

    def agent_frame(self, audio: bytes) -> bool:
        """The next 20 ms at the caller's ear: at most 160 bytes. Returns whether they are audible."""
        length = len(audio)
        self._played.append(length)
        heard = length > 0 and audible(audio)
        if heard and not (self._audible and self._audible[-1]):
            self._sounds_came[len(self._audible)] = self.audio_came_at
        self._audible.append(heard)
        if self._recording:
            self._agent += audio if length == FRAME else audio + SHORT_FRAME_FILL[length]
        return heard

    def caller_frame(self, audio: bytes) -> None:
        """The next 20 ms of the caller's voice."""
        if self._recording:
            self._caller += audio

    def note(self, fact: Fact) -> None:
        self._facts.append(fact)

    def audio_arrived(self) -> None:
        """Audio of the product arrived now: to the millisecond, where frames are heard in steps of 20 ms."""
        if self.audio_came is None:
            self.audio_came = self._now()

    def mark_returned(self, name: str, *, flushed: bool = False) -> None:
        self._facts.append(Marked(self._now(), name, flushed))

    def cleared(self, dropped: int) -> None:
        """A `clear` took effect now and dropped so many bytes."""
        now = self._now()
        in_the_air = bool(self._played and self._played[-1])
        silent_at = max(now, self.duration) if in_the_air else now
        self._facts.append(Cleared(now, silent_at, dropped / SAMPLE_RATE))

    @property
    def now(self) -> float:
        """Seconds since the call was answered."""
        return self._now()

    # --- afterwards ----------------------------------------------------------------------------

    @property
    def duration(self) -> float:
        """Seconds from the answer to the end of the last frame."""
        return len(self._played) * FRAME_SECONDS

    @property
    def caller_track(self) -> bytes:
        """The caller's voice, μ-law, from the answer on."""
        return bytes(self._caller)

    @property
    def agent_track(self) -> bytes:
        """What came out of the caller's receiver, μ-law, from the answer on."""
        return bytes(self._agent)

    def agent_speech(self, *, pause: float = PAUSE) -> list[Heard]:
        """Stretches in which the agent was audible, gaps of less than `pause` seconds included."""
        bridge = round(pause / FRAME_SECONDS)
        stretches: list[list[int]] = []
        for frame, heard in enumerate(self._audible):
            if not heard:
                continue
            if stretches and frame - stretches[-1][1] < bridge:
                stretches[-1][1] = frame + 1
            else:
                stretches.append([frame, frame + 1])
        return [
            Heard(start * FRAME_SECONDS, end * FRAME_SECONDS, bytes(self._agent[start * FRAME : end * FRAME]))
            for start, end in stretches
        ]

    @property
    def recorded(self) -> bytes:
        """What an answering machine recorded, μ-law: all that was heard since its beep. Empty when there was none."""
        beeps = self.facts(Beeped)
        return bytes(self._agent[round(beeps[-1].end / FRAME_SECONDS) * FRAME :]) if beeps else b""

    def recorded_speech(self) -> list[Heard]:
        """What an answering machine recorded of `agent_speech`: what began before its beep lacks its beginning."""
        beeps = self.facts(Beeped)
        if not beeps:
            return []
        began = beeps[-1].end
        return [
            heard
            if heard.at >= began
            else Heard(began, heard.end, heard.audio[round((began - heard.at) / FRAME_SECONDS) * FRAME :])
            for heard in self.agent_speech()
            if heard.end > began
        ]

    def caller_speech(self) -> list[Said]:
        """What the caller said; cut where the call ended."""
        said = [fact for fact in self._facts if isinstance(fact, Said) and fact.at < self.duration]
        return [replace(fact, end=min(fact.end, self.duration)) for fact in said]

    def facts(self, kind: type[F]) -> list[F]:
        """What was noted of one kind (`ear.facts(Cleared)`), in order."""
        return [fact for fact in self.timeline() if isinstance(fact, kind)]

    def timeline(self) -> list[Fact]:
        """Everything in the order in which it began."""
        facts = [fact for fact in self._facts if not isinstance(fact, Said)]
        return sorted([*facts, *self.caller_speech(), *self.agent_speech()], key=lambda fact: fact.at)

    def responses(self) -> list[Response]:
        """The caller's turns that expect an answer, each with the agent's first sound after it and before the next."""
        turns = [said for said in self.caller_speech() if said.expects_answer]
        starts = [heard.at for heard in self.agent_speech()]
        responses: list[Response] = []
        for index, said in enumerate(turns):
            if not said.ends_turn:
                continue
            until = turns[index + 1].at if index + 1 < len(turns) else float("inf")
            first = next((at for at in starts if said.end <= at < until), None)
            responses.append(Response(said, None if first is None else first - said.end))
        return responses

    def response_latencies(self) -> list[float]:
        """Seconds from the caller's last sound to the agent's first, for each turn that was answered."""
        return [response.latency for response in self.responses() if response.latency is not None]

    def interruption_stop_times(self) -> list[float]:
        """Seconds from the caller's first sound over the agent's voice until the agent was silent, each time."""
        speech = self.agent_speech()
        return [
            heard.end - said.at
            for said in self.caller_speech()
            if said.expects_answer
            for heard in speech
            if heard.at < said.at < heard.end
        ]

    def wait_for_frame(self, at: float) -> float | None:
        """How long the agent's sound that began `at` waited for the line: from its arrival to the next frame.

        At most 20 ms, and nobody can avoid it: the line gives a frame every 20 ms. What was queued longer, behind
        silence for instance, is the agent's. None when no sound began then.
        """
        came = self._sounds_came.get(round(at / FRAME_SECONDS))
        if came is None:
            return None
        waited = at - came
        # A frame that is given late, on a busy machine, may hold what came after its time.
        return max(0.0, waited if waited <= FRAME_SECONDS + CLOCK_ERROR else -came % FRAME_SECONDS)

    def holes(self, min_seconds: float = 0.02) -> list[Hole]:
        """Where the agent's queue ran empty and more audio came within 0.4 s: a break in its speech.

        What follows a `clear` is no hole. A queue that runs empty within a frame leaves a hole of less than 20 ms.
        """
        clears = [fact.at for fact in self._facts if isinstance(fact, Cleared)]
        holes: list[Hole] = []
        empty_since: float | None = None
        for frame, length in enumerate(self._played):
            at = frame * FRAME_SECONDS
            if length and empty_since is not None:
                seconds = at - empty_since
                wanted = any(empty_since - FRAME_SECONDS <= clear <= at for clear in clears)
                if min_seconds - 1e-9 <= seconds < UNDERRUN and seconds > 1e-9 and not wanted:
                    holes.append(Hole(empty_since, seconds))
            if length:
                empty_since = at + length / SAMPLE_RATE
        return holes

    def save_wav(self, path: str | PathLike[str]) -> None:
        """Write both tracks as stereo 16-bit PCM at 8 kHz: the caller left, the agent right."""
        length = max(len(self._caller), len(self._agent))
        left = audioop.ulaw2lin(bytes(self._caller).ljust(length, b"\xff"), 2)
        right = audioop.ulaw2lin(bytes(self._agent).ljust(length, b"\xff"), 2)
        stereo = audioop.add(audioop.tostereo(left, 2, 1, 0), audioop.tostereo(right, 2, 0, 1), 2)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(stereo)
