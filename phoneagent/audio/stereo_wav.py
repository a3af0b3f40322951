"""A stereo recording as a file: WAV with μ-law, 8 kHz, the caller left and the agent right; 16 kB a second.

The header has a fixed size, so that one of a file that was cut off can be made from the file's length.
"""

from __future__ import annotations

import struct

from .g711 import FRAME, FRAME_SECONDS, SILENCE

HEADER = 58  # bytes
CHANNELS = 2
SAMPLE_RATE = round(FRAME / FRAME_SECONDS)
BYTES_A_SECOND = CHANNELS * SAMPLE_RATE
_MULAW = 7  # WAVE_FORMAT_MULAW, RFC 2361
_LARGEST = 0xFFFFFFFF  # a longer file says that it is as long as it can be; players then read to its end


def header(samples: int) -> bytes:
    """Of a file with so many samples in each channel."""
    size = samples * CHANNELS
    form = struct.pack("<HHIIHHH", _MULAW, CHANNELS, SAMPLE_RATE, BYTES_A_SECOND, CHANNELS, 8, 0)
    return b"".join(
        (
            b"RIFF",
            struct.pack("<I", min(HEADER - 8 + size, _LARGEST)),
            b"WAVEfmt ",
            struct.pack("<I", len(form)),
            form,
            b"fact",
            struct.pack("<II", 4, min(samples, _LARGEST)),
            b"data",
            struct.pack("<I", min(size, _LARGEST)),
        )
    )


def interleaved(left: bytes, right: bytes) -> bytes:
    """Both channels, of the same length, as a file has them."""
    both = bytearray(CHANNELS * len(left))
    both[0::2] = left
    both[1::2] = right
    return bytes(both)


def silence(size: int) -> bytes:
    """So many bytes of a file in which nobody speaks."""
    return SILENCE * size
