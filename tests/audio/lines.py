"""What comes over telephone lines: voices, noises, echoes. 16-bit, 8,000 samples a second; the same at every run."""

from __future__ import annotations

import audioop
import random
from array import array
from functools import cache
from math import exp, pi, sin
from typing import NamedTuple

from phoneagent.audio.g711 import FRAME
from phoneagent.audio.voice_activity import Transition, VoiceActivity
from phoneagent.providers.tts.espeak import STEADY_VOICES, EspeakVoice

NORMAL = 1640  # root mean square: -26 dB below full scale, the nominal level of speech (ITU-T P.830)
TRACE = 9  # of noise: a quiet line, as the simulated callers have it

CROWD = (
    "We are open from Tuesday to Sunday, from noon to eleven in the evening.",
    "Please book a table for two people tomorrow at eight.",
    "My sister told me that the train was late again this morning, so she walked.",
    "I would like to know what is on the menu tonight, and whether you have fish.",
)


class Change(NamedTuple):
    """A transition and when it was reported, in seconds."""

    what: Transition
    at: float


def seconds(audio: bytes) -> float:
    return len(audio) / 16000


def quiet(length: float) -> bytes:
    return bytes(2 * round(length * 8000))


def at_level(audio: bytes, rms: float) -> bytes:
    return audioop.mul(audio, 2, rms / max(1, audioop.rms(audio, 2)))


def weaker(audio: bytes, decibels: float) -> bytes:
    return audioop.mul(audio, 2, 10 ** (-decibels / 20))


def mixed(*sounds: bytes) -> bytes:
    longest = max(map(len, sounds))
    together = bytes(longest)
    for sound in sounds:
        together = audioop.add(together, sound + bytes(longest - len(sound)), 2)
    return together


@cache
def voice(text: str, speaker: int = 0, rms: float = NORMAL) -> bytes:
    """`text` as one of espeak's steady voices says it."""
    clip = EspeakVoice().synthesize(text, voice=STEADY_VOICES[speaker])
    return at_level(audioop.ulaw2lin(clip.audio, 2), rms)


def begins(audio: bytes) -> float:
    """When the first of it can be heard, in seconds."""
    return next(at for at in range(0, len(audio), 80) if audioop.rms(audio[at : at + 80], 2) > 100) / 16000


@cache
def white(length: float, rms: float, seed: int = 0) -> bytes:
    return at_level(audioop.lin2lin(random.Random(seed).randbytes(round(length * 8000)), 1, 2), rms)


@cache
def pink(length: float, rms: float, seed: int = 0) -> bytes:
    """Kellet's filter: 3 dB less with every octave, as in a car."""
    chance = random.Random(seed)
    low = middle = high = 0.0
    samples = array("h")
    for _ in range(round(length * 8000)):
        step = chance.uniform(-1, 1)
        low = 0.99765 * low + 0.0990460 * step
        middle = 0.96300 * middle + 0.2965164 * step
        high = 0.57000 * high + 1.0526913 * step
        samples.append(int(3000 * (low + middle + high + 0.1848 * step)))
    return at_level(samples.tobytes(), rms)


@cache
def babble(length: float, rms: float, seed: int = 0, people: int = 8) -> bytes:
    chance = random.Random(seed)
    crowd = bytes(2 * round(length * 8000))
    for person in range(people):
        said = b"".join(
            voice(text, person) + quiet(chance.uniform(0.05, 0.25)) for text in chance.sample(CROWD, len(CROWD))
        )
        start = 2 * chance.randrange(len(said) // 2)
        turned = said[start:] + said[:start]
        crowd = audioop.add(crowd, (turned * (len(crowd) // len(turned) + 1))[: len(crowd)], 2)
    return at_level(crowd, rms)


NOISES = {"white": white, "pink": pink, "babble": babble}


def tone(length: float, rms: float, *frequencies: int) -> bytes:
    samples = array("h")
    for n in range(round(length * 8000)):
        samples.append(int(5000 * sum(sin(2 * pi * frequency * n / 8000) for frequency in frequencies)))
    return at_level(samples.tobytes(), rms)


def music(length: float, rms: float) -> bytes:
    """Chords, and a melody of plucked notes over them."""
    chance = random.Random(1)
    chords = [(262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294)]
    samples = array("h")
    note = 0
    while len(samples) < length * 8000:
        chord = chords[note // 4 % 4]
        lead = 2 * chance.choice(chord)
        note += 1
        for n in range(round(8000 * chance.choice((0.25, 0.25, 0.5)))):
            time = n / 8000
            plucked = 1.5 * exp(-2.5 * time) * sin(2 * pi * lead * time)
            samples.append(int(2500 * (plucked + 0.6 * sum(sin(2 * pi * pitch * time) for pitch in chord))))
    return at_level(samples.tobytes(), rms)


def heard(
    line: bytes, *, agent: tuple[tuple[float, bytes], ...] = (), activity: VoiceActivity | None = None
) -> list[Change]:
    """What is noticed on a line. `agent`: what it begins to play, and when."""
    activity = activity or VoiceActivity()
    speaks = {round(at * 50): audioop.lin2ulaw(audio, 2) for at, audio in agent}
    frames = audioop.lin2ulaw(line, 2)
    changes = []
    for number in range(len(frames) // FRAME):
        if number in speaks:
            activity.echo.plays(speaks[number])
        change = activity.hear(frames[number * FRAME : (number + 1) * FRAME])
        if change is not None:
            changes.append(Change(change, round((number + 1) * 0.02, 2)))
    return changes


def starts(changes: list[Change]) -> list[float]:
    return [change.at for change in changes if change.what is Transition.STARTED]
