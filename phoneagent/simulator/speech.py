"""What simulated callers say, and how the simulated Deepgram understands it.

The product never transcodes the caller's μ-law, so a frame reaches the STT bit for bit as the caller sent it. That
makes hearing a look-up: whoever speaks enters the frames of an utterance in a `Phrasebook`, and the STT server finds
in it, frame by frame, what is being said and how far the speaker has come. Whatever the product loses, repeats,
reorders or re-cuts on the way is thereby noticed, as a real STT would notice it, and nothing but audio passes from the
caller to the ears.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from phoneagent.conversation.words import Word

FRAME = 160  # bytes: 20 ms of μ-law at 8 kHz, the unit in which Twilio sends


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of speech with known words.

    `audio` is μ-law, a whole number of frames. `words` positions are samples in it. `onset` and `end` are the samples
    at which its first sound begins and its last ends. `ends_turn` is false for a thought that goes on after a pause
    ("I would like a table…"): ears that understand turns do not end one there.
    """

    text: str
    audio: bytes
    words: tuple[Word, ...]
    onset: int
    end: int
    ends_turn: bool = True


class Moment(NamedTuple):
    """A frame of an utterance: `position` counts its frames from 0."""

    utterance: Utterance
    position: int


class Phrasebook:
    """Known frames. Frames that occur in several places (silence, mostly) are understood from the frame before."""

    def __init__(self) -> None:
        self._moments: dict[bytes, list[Moment]] = {}

    def enter(self, utterance: Utterance) -> None:
        """Learn an utterance; entering it again changes nothing."""
        if len(utterance.audio) % FRAME:
            raise ValueError(f"an utterance is whole frames of {FRAME} bytes, got {len(utterance.audio)} bytes")
        for position in range(len(utterance.audio) // FRAME):
            frame = utterance.audio[position * FRAME : (position + 1) * FRAME]
            moments = self._moments.setdefault(frame, [])
            if not any(known.utterance == utterance and known.position == position for known in moments):
                moments.append(Moment(utterance, position))

    def enter_mixed(self, frame: bytes, moment: Moment) -> None:
        """Learn how a moment sounds together with something else, such as an echo, before the ears hear it."""
        moments = self._moments.setdefault(frame, [])
        if moment not in moments:
            moments.insert(0, moment)  # whoever mixes knows better than an older entry what is being said

    def understand(self, frame: bytes, after: Moment | None = None) -> Moment | None:
        """What is being said in this frame, or None. `after` is what was understood of the frame before it."""
        moments = self._moments.get(frame)
        if not moments:
            return None
        if after is not None:
            for moment in moments:
                if moment.utterance is after.utterance and moment.position == after.position + 1:
                    return moment
        return moments[0]
