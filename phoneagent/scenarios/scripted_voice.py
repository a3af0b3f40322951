"""A voice made of noise: every word has a known length and a sound of its own, and costs almost nothing.

A recording of the call then tells, bit for bit, which words were in it.
"""

from __future__ import annotations

import audioop
from functools import lru_cache

from phoneagent.conversation.words import SAMPLE_RATE, Word
from phoneagent.records import Clip
from phoneagent.simulator.caller_speech import noise
from phoneagent.simulator.speech import FRAME

SHORTEST = 0.20  # seconds: "yes", "no", "two"
A_LETTER_MORE = 0.02  # seconds for each letter beyond three; English comes to some 270 ms a word
LONGEST = 0.36
GAP = 0.04  # seconds of quiet at the end of a word: shorter than any voice detector notices
LOUDNESS = 3000.0  # RMS of 32,767: a voice at a usual distance
SYLLABLE = (
    0.8,
    1.3,
    1.0,
    0.7,
    0.4,
    0.9,
)  # times that, 20 ms each: what is equally loud all the time is taken for noise
STRESS = (1.0, 0.7, 1.2, 0.85)  # times that, of one word after another
SILENCE = b"\xff"


class ScriptedVoice:
    """Implements `ports.Synthesizer`. The same text in the same voice is the same audio at every time."""

    def synthesize(self, text: str, *, voice: str = "") -> Clip:
        """Speak `text` without silence before its first word or after the sound of its last."""
        return _spoken(" ".join(text.split()), voice)


class RememberedVoice:
    """The agent's voice, and what it has said: the clips in which the agent's words are looked for.

    Callers have voices with names, the agent has the one without.
    """

    def __init__(self) -> None:
        self._voice = ScriptedVoice()
        self.clips: dict[str, Clip] = {}

    def synthesize(self, text: str, *, voice: str = "") -> Clip:
        """Speak, and remember it if it is the agent who speaks."""
        clip = self._voice.synthesize(text, voice=voice)
        if not voice:
            self.clips[text] = clip
        return clip


def word_seconds(word: str) -> float:
    """How long the voice takes for a word, the gap after it included."""
    letters = sum(character.isalnum() for character in word)
    return min(LONGEST, SHORTEST + A_LETTER_MORE * max(0, letters - 3))


@lru_cache(maxsize=4096)
def _spoken(text: str, voice: str) -> Clip:
    audio = bytearray()
    words = []
    for index, word in enumerate(text.split()):
        samples = round(word_seconds(word) * SAMPLE_RATE)
        quiet = round(GAP * SAMPLE_RATE)
        sound = _syllables(
            noise(samples - quiet, LOUDNESS, seed=f"{voice}|{text}|{index}"), STRESS[index % len(STRESS)]
        )
        words.append(Word(word, len(audio), len(audio) + samples - quiet))
        audio += audioop.lin2ulaw(sound, 2) + SILENCE * quiet
    return Clip(bytes(audio), tuple(words))


def _syllables(sound: bytes, stress: float) -> bytes:
    """16-bit noise with the rise and fall of speech."""
    length = 2 * FRAME
    pieces = [sound[start : start + length] for start in range(0, len(sound), length)]
    return b"".join(
        audioop.mul(piece, 2, stress * SYLLABLE[number % len(SYLLABLE)]) for number, piece in enumerate(pieces)
    )
