"""G.711 μ-law, the telephone network's own audio: one byte a sample, 8,000 samples a second."""

from __future__ import annotations

import audioop

FRAME = 160  # bytes: 20 ms, the unit in which carriers send
FRAME_SECONDS = 0.02
SILENCE = b"\xff"  # one sample of it; 0x00 would be a loud click

AUDIBLE = 100  # of 32,767: -50 dBFS; the noise of a quiet line lies some 10 dB below
_STEP = 80  # samples: 10 ms, finer than anybody hears a beginning


def loudness(audio: bytes) -> int:
    """Root mean square of μ-law audio on the scale of 16-bit PCM, 0 to 32,767."""
    return audioop.rms(audioop.ulaw2lin(audio, 2), 2)


def first_audible(audio: bytes) -> int | None:
    """The sample at which something can be heard, to 10 ms; None if nothing can."""
    for start in range(0, len(audio), _STEP):
        if loudness(audio[start : start + _STEP]) >= AUDIBLE:
            return start
    return None
