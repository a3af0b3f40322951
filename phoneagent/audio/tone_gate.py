"""Keeps the tones of keys from whoever listens to a line: they could be read from its audio."""

from __future__ import annotations

import audioop

from .dtmf import is_key
from .g711 import SILENCE


class ToneGate:
    """Frames go through it, 20 ms later: a tone begins and ends within a frame, and its neighbours are silenced too."""

    def __init__(self) -> None:
        self._waiting: bytes | None = None
        self._after_tone = False

    def put(self, frame: bytes, *, closed: bool) -> bytes | None:
        """Enter one of μ-law; the one before comes out, or silence of its length. `closed`: nothing gets through."""
        out, tone = self._waiting, is_key(audioop.ulaw2lin(frame, 2))
        if out is not None and tone:
            out = SILENCE * len(out)
        self._waiting = SILENCE * len(frame) if tone or closed or self._after_tone else frame
        self._after_tone = tone
        return out

    def take(self) -> bytes | None:
        """The frame that waits, for no tones are expected any more."""
        out, self._waiting, self._after_tone = self._waiting, None, False
        return out
