"""What the carrier keeps for us, in this process: after its end nobody knows of it."""

from __future__ import annotations

MOST_RECORDINGS = 100_000  # 100 bytes each; past that the oldest go


class MemoryExpiring:
    """By when it must be deleted."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    async def expire(self, recording: str, *, due: float) -> None:
        self._due[recording] = due
        while len(self._due) > MOST_RECORDINGS:
            del self._due[next(iter(self._due))]

    async def due(self, *, now: float, most: int) -> tuple[str, ...]:
        overdue = sorted((due, recording) for recording, due in self._due.items() if due <= now)
        return tuple(recording for _, recording in overdue[:most])

    async def gone(self, recording: str) -> None:
        self._due.pop(recording, None)

    def clear(self) -> None:
        """As a process that ends."""
        self._due.clear()
