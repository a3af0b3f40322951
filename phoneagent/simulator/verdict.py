"""Who answered an outbound call, for a product that wants to know: told once, or waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from .machine_detection import AnsweredBy, Detection, MachineDetection
from .phone_line import Overheard, Party


class Verdict:
    """What machine detection says of one call: `known`, then `answered_by` and the `parameters` for Twilio's requests.

    `is_waited_for`: before the first document is asked for.
    """

    def __init__(self, detection: Detection, *, tell: Callable[[AnsweredBy, Mapping[str, str]], None]) -> None:
        self.answered_by: AnsweredBy | None = None
        self.parameters: Mapping[str, str] = {}
        self.known = asyncio.Event()
        self.is_waited_for = detection.held
        self._detection = MachineDetection(detection)
        self._tell = tell

    def overheard(self, callee: Party) -> Party:
        """The callee, listened to."""
        return Overheard(callee, self._hear)

    def _hear(self, frame: bytes) -> None:
        if self.answered_by is not None or (verdict := self._detection.hear(frame)) is None:
            return
        self.answered_by = verdict
        milliseconds = round(self._detection.seconds * 1000)
        self.parameters = {"AnsweredBy": verdict, "MachineDetectionDuration": str(milliseconds)}
        self.known.set()
        self._tell(verdict, self.parameters)
