"""What the caller is saying at the moment."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class CallerTurn:
    """An open turn. `voice_ended`: when the last voiced frame was, while no voice is heard."""

    segments: list[str] = field(default_factory=list)
    interim: str = ""
    keys: str = ""
    voiced: bool = False
    voice_ended: float | None = None

    def hear(self, text: str, *, final: bool) -> None:
        """Enter a partial transcript: it replaces the one before it of the same segment."""
        self.interim = text.strip()
        if final and self.interim:
            self.segments.append(self.interim)
        if final:
            self.interim = ""

    def fall_silent(self, since: float) -> None:
        """No voice is heard any more; the last voiced frame ended at `since`."""
        self.voiced = False
        self.voice_ended = since

    @property
    def text(self) -> str:
        """The words so far, and the keys pressed."""
        keys = [f"[keypad: {self.keys}]"] if self.keys else []
        return " ".join(part for part in [*self.segments, self.interim, *keys] if part)

    @property
    def settled(self) -> bool:
        """No part of the text can still change."""
        return not self.interim
