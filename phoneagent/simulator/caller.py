"""Callers who follow a script: they listen, speak, interrupt, hesitate, press keys, cough and hang up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from phoneagent.conversation.words import SAMPLE_RATE

from .caller_speech import CallerSpeech, cough, in_frames
from .ear import FRAME_SECONDS, Beeped, Ear, Noised, Said
from .echo import HandsetEcho
from .machine_detection import tone
from .speech import FRAME, Moment, Utterance

NEW_BURST = 0.25  # seconds of silence; the agent's voice after that is a new burst
STILL_TALKING = 1.0  # seconds that the agent talks on after the caller's own words, until the caller listens again
KEY_SPACING = 0.3  # seconds between two keys of a person who types
COUGH_RMS = 3000.0  # as loud as speech
CLOCK_ERROR = 1e-6  # seconds; frames are counted, waits are not cut short by rounding

# --- cues: what a step waits for ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgentFinished:
    """The agent has answered and been silent for so many seconds.

    What the agent was saying when the caller last spoke up is no answer, unless it talks on a second past the caller.
    """

    silence: float = 0.6


@dataclass(frozen=True, slots=True)
class AgentSpeaking:
    """The agent has been speaking for so many seconds and still is: the moment to interrupt."""

    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class CallEnds:
    """Never: the caller stays on the line until the agent hangs up, or until patience runs out."""


Cue: TypeAlias = float | AgentFinished | AgentSpeaking | CallEnds
"""A number is seconds since the step before was done (the first: since the call was answered)."""

AGENT_FINISHED = AgentFinished()

# --- steps ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, init=False)
class Say:
    """Speak. Several parts are one thought with hesitations of `pause` seconds: only the last ends the turn.

    `expects_answer` false for a backchannel ("mm-hm"): it counts neither as a turn nor as an interruption.
    """

    parts: tuple[str, ...]
    after: Cue
    pause: float
    expects_answer: bool

    def __init__(
        self, *parts: str, after: Cue = AGENT_FINISHED, pause: float = 0.7, expects_answer: bool = True
    ) -> None:
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "after", after)
        object.__setattr__(self, "pause", pause)
        object.__setattr__(self, "expects_answer", expects_answer)


@dataclass(frozen=True, slots=True)
class Press:
    """Press keys, one every 0.3 s."""

    digits: str
    after: Cue = AGENT_FINISHED


@dataclass(frozen=True, slots=True)
class Noise:
    """A cough, a door, a dog: `rms` of 32,767."""

    seconds: float = 0.3
    after: Cue = AGENT_FINISHED
    rms: float = COUGH_RMS


@dataclass(frozen=True, slots=True)
class Beep:
    """An answering machine's tone, 1,000 Hz: from its end on the machine records."""

    seconds: float = 0.5
    after: Cue = AGENT_FINISHED


@dataclass(frozen=True, slots=True)
class Wait:
    """Say nothing: for some seconds, or until the cue."""

    after: Cue


@dataclass(frozen=True, slots=True)
class HangUp:
    """Hang up."""

    after: Cue = AGENT_FINISHED


Step: TypeAlias = Say | Press | Noise | Beep | Wait | HangUp


class CallerScript:
    """What a caller does, step by step; after the last one the caller waits for the agent to hang up."""

    def __init__(
        self,
        *steps: Step,
        voice: str = "",
        background: float = 0.0,
        patience: float = 30.0,
        echo: float = 0.0,
        echo_delay: float = 0.2,
    ) -> None:
        """`voice` is the synthesizer's; `background` the RMS (of 32,767) of the noise around the caller.

        Who hears nothing for `patience` seconds while waiting for a cue gives up and hangs up. The agent's voice comes
        back `echo_delay` seconds after it was heard, at `echo` of its amplitude: 0.25 is a bad line, 0.06 a usual one.
        The ears understand the caller all the same; of an echo alone they notice that it is a sound.
        """
        self.steps = steps
        self.voice = voice
        self.background = background
        self.patience = patience
        self.echo = echo
        self.echo_delay = echo_delay

    def prepare(self, speech: CallerSpeech) -> dict[tuple[str, bool], Utterance]:
        """Synthesize everything that will be said, by text and whether it ends the turn."""
        return {
            (text, number == len(step.parts)): speech.utterance(
                text, voice=self.voice, ends_turn=number == len(step.parts), background=self.background
            )
            for step in self.steps
            if isinstance(step, Say)
            for number, text in enumerate(step.parts, start=1)
        }


# --- the caller ----------------------------------------------------------------------------------------


class Handset(Protocol):
    """What a caller can do beside speaking."""

    def press(self, digit: str) -> None: ...

    def hang_up(self, *, gave_up: bool = False) -> None: ...


class Caller:
    """One person on one call. Every 20 ms: hear the agent's frame, give one's own."""

    def __init__(self, script: CallerScript, speech: CallerSpeech, ear: Ear, handset: Handset) -> None:
        self._script = script
        self._speech = speech
        self._echo = HandsetEcho(script.echo, script.echo_delay) if script.echo else None
        self._saying: Moment | None = None  # in the frame that is being given
        self._utterances = script.prepare(speech)
        self._background = speech.background(script.background)
        self._ear = ear
        self._handset = handset
        self._frames = self._perform()
        self._count = 0  # frames given
        self._burst_began = float("-inf")  # of the agent's voice
        self._agent_until = float("-inf")
        self._spoke_up = -1.0  # when the caller last began to do something that wants an answer
        self._spoke_until = 0.0

    @property
    def now(self) -> float:
        """Seconds since the call was answered."""
        return self._count * FRAME_SECONDS

    def next_frame(self, *, agent_audible: bool, agent: bytes = b"") -> bytes:
        """The next 20 ms of the caller's voice, given whether the agent is heard in the same 20 ms.

        `agent` is what is heard, at most 160 bytes of μ-law; it matters only to who returns it.
        """
        now = self.now
        if agent_audible:
            if now - self._agent_until > NEW_BURST:
                self._burst_began = now
            self._agent_until = now + FRAME_SECONDS
        frame = next(self._frames)
        self._count += 1
        return frame if self._echo is None else self._with_echo(frame, self._echo.mix(frame, agent))

    def _with_echo(self, own: bytes, mixed: bytes) -> bytes:
        if self._saying is not None and mixed != own:
            self._speech.mixed(mixed, self._saying)
        return mixed

    def _perform(self) -> Iterator[bytes]:
        for step in self._script.steps:
            yield from self._until(step.after)
            match step:
                case Say():
                    yield from self._say(step)
                case Press():
                    yield from self._press(step.digits)
                case Noise():
                    yield from self._make_noise(step)
                case Beep(seconds):
                    yield from self._beep(seconds)
                case HangUp():
                    self._handset.hang_up()
                    yield from self._background
        yield from self._until(CallEnds())

    def _until(self, cue: Cue) -> Iterator[bytes]:
        since = self.now
        while not self._has_come(cue, since):
            if self.now - max(since, self._agent_until) > self._script.patience and not isinstance(cue, float | int):
                self._handset.hang_up(gave_up=True)
                yield from self._background
            yield next(self._background)

    def _has_come(self, cue: Cue, since: float) -> bool:
        now = self.now
        match cue:
            case AgentFinished(silence):
                return self._answer_began() is not None and now - self._agent_until >= silence - CLOCK_ERROR
            case AgentSpeaking(seconds):
                began = self._answer_began()
                speaking = now - self._agent_until <= NEW_BURST
                return began is not None and speaking and now - began >= seconds - CLOCK_ERROR
            case CallEnds():
                return False
            case _:
                return now - since >= cue - CLOCK_ERROR

    def _answer_began(self) -> float | None:
        """When the agent began what it says, or last said, to the caller's latest words."""
        if self._burst_began > self._spoke_up and self._burst_began >= self._spoke_until:
            return self._burst_began
        if self._agent_until - self._spoke_until >= STILL_TALKING:
            return self._spoke_until
        return None

    def _say(self, step: Say) -> Iterator[bytes]:
        for number, text in enumerate(step.parts, start=1):
            utterance = self._utterances[text, number == len(step.parts)]
            began = self.now
            if step.expects_answer:
                self._spoke_up = began
                self._spoke_until = began + len(utterance.audio) / SAMPLE_RATE
            self._ear.note(
                Said(
                    began + utterance.onset / SAMPLE_RATE,
                    began + utterance.end / SAMPLE_RATE,
                    text,
                    utterance.ends_turn,
                    step.expects_answer,
                )
            )
            for start in range(0, len(utterance.audio), FRAME):
                self._saying = Moment(utterance, start // FRAME)
                yield utterance.audio[start : start + FRAME]
            self._saying = None
            if number < len(step.parts):
                yield from self._until(step.pause)

    def _press(self, digits: str) -> Iterator[bytes]:
        for digit in digits:
            self._spoke_up = self._spoke_until = self.now
            self._handset.press(digit)
            yield from self._until(KEY_SPACING)

    def _make_noise(self, step: Noise) -> Iterator[bytes]:
        frames = cough(step.seconds, step.rms)
        self._ear.note(Noised(self.now, self.now + len(frames) * FRAME_SECONDS))
        yield from frames

    def _beep(self, seconds: float) -> Iterator[bytes]:
        frames = in_frames(tone(seconds))
        self._ear.note(Beeped(self.now, self.now + len(frames) * FRAME_SECONDS))
        yield from frames
