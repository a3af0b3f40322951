"""Tones of keys do not get to those who listen; everything else does, 20 ms later."""

from __future__ import annotations

import audioop

from hypothesis import given
from hypothesis import strategies as st

from phoneagent.audio.dtmf import tones
from phoneagent.audio.g711 import FRAME, SILENCE, loudness
from phoneagent.audio.tone_gate import ToneGate

QUIET = SILENCE * FRAME
VOICE = audioop.lin2ulaw(bytes(range(256)) * 2, 2)[:FRAME]


def through(gate, audio, *, closed=False):
    frames = [audio[start : start + FRAME] for start in range(0, len(audio), FRAME)]
    return b"".join(passed for frame in frames if (passed := gate.put(frame, closed=closed)) is not None)


@given(st.text("0123456789*#", min_size=1, max_size=4), st.integers(0, FRAME - 1))
def test_no_part_of_a_tone_gets_through_wherever_in_a_frame_it_begins(keys, offset):
    line = SILENCE * offset + tones(keys) + SILENCE * (3 * FRAME - offset)
    assert loudness(through(ToneGate(), line)) == 0


def test_everything_else_gets_through_a_frame_later():
    gate = ToneGate()
    assert gate.put(VOICE, closed=False) is None
    assert gate.put(QUIET, closed=False) == VOICE
    assert gate.put(VOICE, closed=False) == QUIET
    assert gate.take() == VOICE
    assert gate.take() is None


def test_nothing_gets_through_a_closed_gate_and_time_goes_on():
    gate = ToneGate()
    gate.put(VOICE, closed=False)
    assert through(gate, VOICE * 3, closed=True) == VOICE + QUIET * 2
    assert gate.take() == QUIET
