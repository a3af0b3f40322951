"""The latency waterfall of a turn: when each stage was reached, from the caller's last voiced frame to what they
hear.
"""

from __future__ import annotations

from dataclasses import dataclass

STAGES = ("end_of_turn", "first_token", "first_phrase", "first_audio", "filler", "heard")


@dataclass(slots=True)
class Waterfall:
    """Times are seconds since the call began; None: not reached, or not by way of this stage.

    `heard` is the first sound of the answer itself; a `filler` before it does not count as one.
    """

    speech_ended: float | None = None
    end_of_turn: float | None = None
    first_token: float | None = None
    first_phrase: float | None = None
    first_audio: float | None = None
    filler: float | None = None
    heard: float | None = None

    def reach(self, stage: str, at: float) -> None:
        """Note that a stage was reached, the first time."""
        if getattr(self, stage) is None:
            setattr(self, stage, at)

    def seconds(self) -> dict[str, float]:
        """Each stage's distance from the end of the caller's speech; empty if there was none.

        A speculative reply reaches its first stages before the end of the turn: the numbers need not rise.
        """
        if self.speech_ended is None:
            return {}
        reached = ((stage, getattr(self, stage)) for stage in STAGES)
        return {stage: round(time - self.speech_ended, 4) for stage, time in reached if time is not None}
