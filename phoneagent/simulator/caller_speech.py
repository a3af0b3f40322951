"""Callers' voices: utterances with known words, and the sounds around them.

Every utterance carries a trace of noise of its own, far below hearing. So no frame of it is digital silence, and two
sentences that begin with the same words differ from their first frame on: a `Phrasebook` knows which one is spoken.
"""

from __future__ import annotations

import audioop
import random
from collections.abc import Iterator

from phoneagent.conversation.words import Word
from phoneagent.errors import MisuseError
from phoneagent.ports import Synthesizer

from .ear import AUDIBLE
from .speech import FRAME, Moment, Phrasebook, Utterance

TRACE = 9.0  # RMS of 32,767 (-71 dBFS): a step or two of μ-law around zero
WINDOW = 40  # samples (5 ms): how exactly onset and end are found
UNIFORM_RMS = 18918.0  # of full-scale uniform noise: 32,767 / √3
BACKGROUND_SECONDS = 4  # after which the background repeats

SILENCE = b"\xff" * FRAME


class CallerSpeech:
    """Makes what callers say, once a text, and enters it in the phrasebook."""

    def __init__(self, synthesizer: Synthesizer | None, phrasebook: Phrasebook) -> None:
        self._synthesizer = synthesizer
        self._phrasebook = phrasebook
        self._utterances: dict[tuple[str, str, bool, float], Utterance] = {}
        self._backgrounds: dict[float, tuple[bytes, ...]] = {}

    def utterance(self, text: str, *, voice: str = "", ends_turn: bool = True, background: float = 0.0) -> Utterance:
        """Speak `text`; `background` is the RMS (of 32,767) of noise mixed in.

        Raises `MisuseError` without a synthesizer, or for a text of which nothing can be heard.
        """
        key = (text, voice, ends_turn, background)
        if key not in self._utterances:
            self._utterances[key] = self._speak(text, voice, ends_turn=ends_turn, background=background)
            self._phrasebook.enter(self._utterances[key])
        return self._utterances[key]

    def mixed(self, frame: bytes, moment: Moment) -> None:
        """Have the ears understand a moment of an utterance in a frame that holds more than it."""
        self._phrasebook.enter_mixed(frame, moment)

    def understand(self, frame: bytes, after: Moment | None) -> Moment | None:
        """What a caller is saying in this frame, as `Phrasebook.understand` tells it."""
        return self._phrasebook.understand(frame, after)

    def background(self, rms: float) -> Iterator[bytes]:
        """Frames of what is heard while the caller says nothing, without end."""
        if not rms:
            frames: tuple[bytes, ...] = (SILENCE,)
        else:
            if rms not in self._backgrounds:
                samples = noise(BACKGROUND_SECONDS * 8000, rms, seed=f"background {rms}")
                self._backgrounds[rms] = tuple(in_frames(audioop.lin2ulaw(samples, 2)))
            frames = self._backgrounds[rms]
        while True:
            yield from frames

    def announcement(self, text: str, *, voice: str = "") -> bytes:
        """What somebody else than the caller says; not entered. Without a synthesizer: silence of about that length."""
        if self._synthesizer is None:
            return SILENCE * max(1, round(len(text) * 0.06 / 0.02))  # people speak about 16 characters a second
        return self._synthesizer.synthesize(text, voice=voice).audio

    def _speak(self, text: str, voice: str, *, ends_turn: bool, background: float) -> Utterance:
        if self._synthesizer is None:
            raise MisuseError(f"a caller shall say {text!r}: give the Carrier a synthesizer")
        clip = self._synthesizer.synthesize(text, voice=voice)
        clean = audioop.ulaw2lin(clip.audio + b"\xff" * (-len(clip.audio) % FRAME), 2)
        onset, end = sounding(clean)
        if end <= onset:
            raise MisuseError(f"nothing can be heard of {text!r}")
        trace = noise(len(clean) // 2, max(background, TRACE), seed=f"{text}|{voice}|{ends_turn}|{background}")
        audio = audioop.lin2ulaw(audioop.add(clean, trace, 2), 2)
        words = clip.words or spread(text, onset, end)
        return Utterance(text=text, audio=audio, words=words, onset=onset, end=end, ends_turn=ends_turn)


def in_frames(audio: bytes) -> list[bytes]:
    """Cut μ-law into frames; the last is filled up with silence."""
    padded = audio + b"\xff" * (-len(audio) % FRAME)
    return [padded[start : start + FRAME] for start in range(0, len(padded), FRAME)]


def noise(samples: int, rms: float, *, seed: str) -> bytes:
    """White noise, 16-bit. The same seed gives the same noise."""
    wide = audioop.lin2lin(random.Random(seed).randbytes(samples), 1, 2)
    return audioop.mul(wide, 2, rms / UNIFORM_RMS)


def cough(seconds: float, rms: float) -> list[bytes]:
    """A sound without words: noise that comes at once and dies away. Frames of μ-law."""
    frames = max(1, round(seconds * 50))
    sound = noise(frames * FRAME, rms, seed=f"cough {seconds} {rms}")
    faded = [
        audioop.mul(sound[start : start + 2 * FRAME], 2, 1 - position / (2 * frames))
        for position, start in enumerate(range(0, len(sound), 2 * FRAME))
    ]
    return [audioop.lin2ulaw(frame, 2) for frame in faded]


def sounding(samples: bytes) -> tuple[int, int]:
    """The first and the last sample of 16-bit audio that can be heard, to 5 ms. Equal when there are none."""
    heard = [
        start
        for start in range(0, len(samples) // 2, WINDOW)
        if audioop.rms(samples[2 * start : 2 * (start + WINDOW)], 2) > AUDIBLE
    ]
    return (heard[0], heard[-1] + WINDOW) if heard else (0, 0)


def spread(text: str, onset: int, end: int) -> tuple[Word, ...]:
    """Place words evenly by their length: for voices that give no times."""
    words = text.split()
    total = sum(len(word) for word in words) or 1
    placed: list[Word] = []
    start = onset
    letters = 0
    for word in words:
        letters += len(word)
        stop = onset + (end - onset) * letters // total
        placed.append(Word(word, start, stop))
        start = stop
    return tuple(placed)
