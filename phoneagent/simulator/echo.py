"""The agent's own voice on its way back: what comes out of the caller's receiver gets into the microphone."""

from __future__ import annotations

import audioop

from phoneagent.conversation.words import SAMPLE_RATE

from .speech import FRAME

SILENCE = b"\xff"


class HandsetEcho:
    """Mixes what the caller hears, weaker and later, into what the caller says; 20 ms at a time."""

    def __init__(self, gain: float, delay: float) -> None:
        """`gain` of the amplitude, 0 to 1; `delay` in seconds."""
        self._gain = gain
        self._on_its_way = bytearray(SILENCE * round(delay * SAMPLE_RATE))

    def mix(self, own: bytes, heard: bytes) -> bytes:
        """A frame of the microphone, while at most 160 bytes are heard. Bit for bit `own` when nothing comes back."""
        self._on_its_way += heard + SILENCE * (FRAME - len(heard))
        returned = bytes(self._on_its_way[:FRAME])
        del self._on_its_way[:FRAME]
        echo = audioop.mul(audioop.ulaw2lin(returned, 2), 2, self._gain)
        if not audioop.max(echo, 2):
            return own
        return audioop.lin2ulaw(audioop.add(audioop.ulaw2lin(own, 2), echo, 2), 2)
