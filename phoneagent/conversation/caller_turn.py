"""What the caller is saying at the moment."""

from __future__ import annotations

from dataclasses import dataclass, field

HIDDEN = "•"  # stands for a key of a secret entry


@dataclass(slots=True)
class CallerTurn:
    """An open turn. `voice_ended`: when the last voiced frame was, while no voice is heard.

    `held`: what the ears took for whole turns, and that waits for more, or for the agent to finish. `before`: what the
    caller has said already, when this turn goes on with it; None: all that was not answered yet.
    """

    held: list[str] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    interim: str = ""
    unsettled: str = ""  # of the present segment, all that the ears tell: also what is not the caller's, or not new
    keys: str = ""
    kept: str = ""  # the name under which they are kept, if they are secret and complete
    voiced: bool = False
    noticed: bool = False  # the voice is heard by ourselves, who will tell of its end; ears may only tell of its start
    sounded: bool = False  # a voice was heard since it was opened or held, though it may be over
    voice_ended: float | None = None
    before: str | None = None
    over: str = ""  # what the agent said, if this began before the agent had finished
    echoed: int = 0  # words with which the present segment begins, and which were the agent's echo
    told: int = 0  # words with which it begins, and which were in the turn before

    def hear(self, text: str, *, final: bool) -> None:
        """Enter a partial transcript: it replaces the one before it of the same segment."""
        self.interim, self.unsettled = self.own(text), text
        if final and self.interim:
            self.segments.append(self.interim)
        if final:
            self._next_segment()

    def hold(self, text: str) -> None:
        """Enter a turn of the ears that is not to be answered yet."""
        self.held.append(self.own(text))
        self.sounded = False
        self.forget()

    def forget(self) -> None:
        """The ears begin anew: what they said of the present words does not count any more."""
        self.segments.clear()
        self._next_segment()

    def _next_segment(self) -> None:
        self.interim = self.unsettled = ""
        self.echoed = self.told = 0

    def settle(self) -> None:
        """The ears have said their last word about it."""
        if self.interim:
            self.segments.append(self.interim)
        self._next_segment()

    def own(self, text: str) -> str:
        """What of a transcript is the caller's."""
        return " ".join(text.split()[self.told + self.echoed :])

    def sound(self, source: str = "stt") -> None:
        """A voice is heard, as the voice detector (`vad`) or the ears tell."""
        self.voiced = self.sounded = True
        self.noticed = self.noticed or source == "vad"

    def fall_silent(self, since: float) -> None:
        """No voice is heard any more; the last voiced frame ended at `since`."""
        self.voiced = self.noticed = False
        self.voice_ended = since

    @property
    def text(self) -> str:
        """The words so far, and the keys pressed."""
        return " ".join(filter(None, [*self.held, self.fresh, self._pressed]))

    @property
    def _pressed(self) -> str:
        if HIDDEN not in self.keys:
            return f"[keypad: {self.keys}]" if self.keys else ""
        count = f"{len(self.keys)} {'key' if len(self.keys) == 1 else 'keys'}"
        return f"[keypad: {count}, kept as {self.kept}]" if self.kept else f"[keypad: {count}, not kept]"

    def hold_keys(self) -> None:
        """The entry is over; keys that follow are another."""
        if self.keys:
            self.held.append(self._pressed)
            self.keys = self.kept = ""

    @property
    def fresh(self) -> str:
        """The words that are not held: what is being said now."""
        return " ".join(filter(None, [*self.segments, self.interim]))

    @property
    def settled(self) -> bool:
        """No part of the text can still change."""
        return not self.interim

    @property
    def untouched(self) -> bool:
        """Nothing was heard of it yet, not even a sound that is over by now."""
        return not (self.held or self.segments or self.interim or self.keys or self.sounded)
