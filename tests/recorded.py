"""What is in a recording, beside what was heard at the simulated ear."""

from __future__ import annotations

import audioop
import struct

import numpy as np

from phoneagent.audio.stereo_wav import HEADER

SAMPLES = 8  # a millisecond


def tracks(wav):
    """Both channels of a recording, μ-law; its header is looked at as a player does."""
    riff, size, wave, fmt, length = struct.unpack_from("<4sI4s4sI", wav)
    kind, channels, rate, a_second, block, bits, _ = struct.unpack_from("<HHIIHHH", wav, 20)
    fact, _, samples, data, data_size = struct.unpack_from("<4sII4sI", wav, 38)
    assert (riff, wave, fmt, fact, data) == (b"RIFF", b"WAVE", b"fmt ", b"fact", b"data")
    assert (length, kind, channels, rate, a_second, block, bits) == (18, 7, 2, 8000, 16000, 2, 8)
    assert (size, data_size, samples) == (len(wav) - 8, len(wav) - HEADER, (len(wav) - HEADER) // 2)
    return wav[HEADER::2], wav[HEADER + 1 :: 2]


def samples(ulaw):
    return np.frombuffer(audioop.ulaw2lin(ulaw, 2), dtype="<i2").astype(float)


def shift(recorded, heard):
    """Milliseconds by which what was heard comes later than in the recording, where both fit best."""
    one, other = samples(recorded), samples(heard)
    size = 1 << (len(one) + len(other)).bit_length()
    fits = np.fft.irfft(np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size)), size)
    best = int(np.argmax(fits))
    return (best if best < size // 2 else best - size) / SAMPLES


def likeness(recorded, heard, late):
    """1 where both are the same, 0 where they have nothing in common, once `heard` is `late` milliseconds later."""
    start = round(late * SAMPLES)
    one, other = samples(recorded), samples(heard)
    other = np.concatenate([np.zeros(max(0, -start)), other[max(0, start) :]])
    length = min(len(one), len(other))
    one, other = one[:length], other[:length]
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


def loud(ulaw, begin, end):
    """Whether anything can be heard between these seconds."""
    piece = ulaw[round(begin * 8000) : round(end * 8000)]
    return bool(piece) and audioop.rms(audioop.ulaw2lin(piece, 2), 2) > 20
