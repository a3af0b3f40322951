"""The words in a recording of a call: each word's sound is its own, so they are found bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from phoneagent.conversation.words import SAMPLE_RATE
from phoneagent.records import Clip

KEY = 24  # bytes at the beginning of a word's sound: by these it is found


class Heard(NamedTuple):
    """A word at the caller's ear. `at` and `end`: seconds since the answer; `whole`: to its last sound."""

    at: float
    end: float
    text: str
    whole: bool


class Words:
    """Knows the sounds of these clips."""

    def __init__(self, clips: Mapping[str, Clip]) -> None:
        self._sounds: dict[bytes, tuple[str, bytes]] = {}
        for clip in clips.values():
            for word in clip.words:
                sound = clip.audio[word.start : word.end]
                self._sounds[sound[:KEY]] = (word.text, sound)

    def of(self, recording: bytes) -> list[Heard]:
        """What was said, in order. A word of which less than half came is none."""
        heard, at, sounds = [], 0, self._sounds
        last = len(recording) - KEY
        while at <= last:
            found = sounds.get(recording[at : at + KEY])
            if found is None:
                at += 1
                continue
            text, sound = found
            if recording.startswith(sound[: len(sound) // 2], at):
                whole = recording.startswith(sound, at)
                heard.append(Heard(at / SAMPLE_RATE, (at + len(sound)) / SAMPLE_RATE, text, whole))
            at += KEY
        return heard
