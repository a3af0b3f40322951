"""The beep of an answering machine, and all that is none."""

from __future__ import annotations

import audioop

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.audio.beep import BeepDetector
from phoneagent.audio.dtmf import tones
from phoneagent.audio.g711 import FRAME, FRAME_SECONDS
from phoneagent.audio.voice_activity import Transition

from .lines import CROWD, mixed, music, quiet, tone, voice, white


def heard(samples: bytes) -> list[tuple[Transition, float]]:
    """What is reported of 16-bit audio, and when."""
    detector, told = BeepDetector(), []
    audio = audioop.lin2ulaw(samples, 2)
    for number, start in enumerate(range(0, len(audio), FRAME), 1):
        if (change := detector.hear(audio[start : start + FRAME])) is not None:
            told.append((change, round(number * FRAME_SECONDS, 2)))
    return told


@pytest.mark.parametrize("pitch", [350, 440, 620, 850, 1000, 1333, 1400, 2000, 2100])
@pytest.mark.parametrize("rms", [200, 2000, 12000])
@pytest.mark.parametrize("begins", [0.5, 0.507])
def test_a_beep_of_any_pitch_is_heard_when_it_lasts_and_when_it_is_over(pitch, rms, begins):
    told = heard(quiet(begins) + tone(0.5, rms, pitch) + quiet(0.5))
    assert [change for change, _ in told] == [Transition.STARTED, Transition.STOPPED]
    assert told[0][1] == pytest.approx(begins + 0.2, abs=0.04)
    assert told[1][1] == pytest.approx(begins + 0.5, abs=0.08)


@given(st.floats(320, 2200), st.floats(0.3, 1.5), st.floats(400, 12000))
def test_whatever_the_beep(pitch, seconds, rms):
    told = heard(mixed(quiet(0.3) + tone(seconds, rms, pitch) + quiet(0.4), white(0.7 + seconds, rms / 30)))
    assert [change for change, _ in told] == [Transition.STARTED, Transition.STOPPED]


@pytest.mark.parametrize("speaker", range(3))
def test_nobody_who_talks_beeps(speaker):
    for text in (*CROWD, "Hello! You have reached Ana. Please leave a message, ooooh, aaaah, mmmmh, after the tone."):
        assert heard(voice(text, speaker)) == []


@pytest.mark.parametrize(
    "audio",
    [
        audioop.ulaw2lin(tones("0123456789*#"), 2),
        tone(2.0, 2000, 440, 480),  # ringing, in North America
        tone(2.0, 2000, 350, 440),  # a line that is free
        white(3.0, 1500),
        tone(0.1, 2000, 1000) + quiet(0.3) + tone(0.1, 2000, 1000),
        music(3.0, 1500),
        quiet(2.0),
    ],
    ids=["keys", "ringing", "dial tone", "noise", "clicks", "music", "silence"],
)
def test_other_tones_are_none(audio):
    assert heard(audio) == []


def test_frames_of_another_length_are_no_tone():
    detector = BeepDetector()
    frames = audioop.lin2ulaw(tone(1.0, 2000, 1000), 2)
    assert [detector.hear(frames[: FRAME // 2]) for _ in range(30)] == [None] * 30
    assert detector.hear(b"") is None
