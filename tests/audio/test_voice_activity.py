"""Sound and silence on a telephone line."""

from __future__ import annotations

import audioop
import random

import pytest

from phoneagent.audio.g711 import AUDIBLE, FRAME, SILENCE, first_audible, loudness
from phoneagent.audio.voice_activity import HANGOVER, ONSET, Transition, VoiceActivity


def frames(seconds: float, rms: float, *, seed: int = 0) -> list[bytes]:
    """White noise of this loudness, 20 ms at a time."""
    chance = random.Random(seed)
    made = []
    for _ in range(round(seconds / 0.02)):
        samples = [max(-32767, min(32767, int(chance.gauss(0, rms)))) for _ in range(FRAME)]
        made.append(audioop.lin2ulaw(b"".join(value.to_bytes(2, "little", signed=True) for value in samples), 2))
    return made


def transitions(heard: list[bytes]) -> list[tuple[Transition, int]]:
    """What changed, and with which frame."""
    activity = VoiceActivity()
    return [(change, number) for number, frame in enumerate(heard) if (change := activity.hear(frame)) is not None]


def test_a_word_of_200_ms_is_noticed_60_ms_after_it_begins_and_200_ms_after_it_ends():
    assert transitions(frames(1, 10) + frames(0.2, 3000) + frames(1, 10)) == [
        (Transition.STARTED, 50 + ONSET - 1),
        (Transition.STOPPED, 60 + HANGOVER - 1),
    ]


def test_when_the_voice_ended_is_known_when_the_silence_is_noticed():
    activity = VoiceActivity()
    for frame in [*frames(0.4, 3000), *frames(0.2, 10)]:
        change = activity.hear(frame)
    assert change is Transition.STOPPED
    assert activity.quiet_for == pytest.approx(0.2)


def test_a_click_is_no_voice():
    assert transitions(frames(1, 10) + frames(0.04, 8000) + frames(1, 10)) == []


def test_the_stop_inside_a_word_does_not_end_it():
    heard = frames(0.3, 3000) + frames(0.14, 10) + frames(0.3, 3000) + frames(0.5, 10)
    assert [change for change, _ in transitions(heard)] == [Transition.STARTED, Transition.STOPPED]


@pytest.mark.parametrize("line", [0, 30, 90, 250])
def test_a_voice_stands_out_from_the_noise_of_its_line(line):
    heard = frames(4, line) + frames(1, 3000, seed=1) + frames(2, line, seed=2)
    assert [change for change, number in transitions(heard) if number > 190] == [
        Transition.STARTED,
        Transition.STOPPED,
    ]


def test_a_steady_noise_is_forgotten_after_some_seconds():
    changes = transitions(frames(1, 10) + frames(20, 900))
    assert [change for change, _ in changes] == [Transition.STARTED, Transition.STOPPED]


def test_a_long_speech_is_not_taken_for_noise():
    speech = [frame for word in range(40) for frame in frames(0.4, 2500, seed=word) + frames(0.1, 20, seed=word)]
    assert [change for change, _ in transitions(speech)] == [Transition.STARTED]


def test_silence_is_silent_and_the_first_sound_is_found_to_ten_milliseconds():
    assert loudness(SILENCE * FRAME) == 0
    assert first_audible(SILENCE * 800) is None
    assert first_audible(SILENCE * 800 + frames(0.02, 3000)[0]) == 800
    assert loudness(frames(0.02, AUDIBLE / 4)[0]) < AUDIBLE
