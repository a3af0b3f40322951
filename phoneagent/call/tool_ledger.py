"""Which tools run, and what they returned, as another process finds it: a tool that changes something runs once."""

from __future__ import annotations

from collections.abc import Sequence

from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.records import CallRecord, RunningTool

from .scribe import Scribe

ENTERED = 0.3  # seconds the store gets before a tool runs; while it is away a tool runs all the same

UNKNOWN = (
    "It is not known whether this was done: the connection was lost in the middle of it. Do not repeat it unasked; "
    "tell the caller, and offer to check."
)


class ToolLedger:
    """The entries of one call. Tools without side effects need none: they may run again."""

    def __init__(self, scribe: Scribe, safe: frozenset[str]) -> None:
        self._scribe = scribe
        self._safe = safe
        self._entries: dict[str, RunningTool] = {}

    async def begin(self, call: ToolCall) -> None:
        """Enter a tool that is about to run."""
        if call.name not in self._safe:
            self._entries[call.id] = RunningTool(call)
            self._note()
            await self._scribe.flush(ENTERED)

    def returned(self, call: ToolCall, result: str) -> None:
        """Enter what a tool has returned; its turn may come later, or never."""
        if call.id in self._entries:
            self._entries[call.id] = RunningTool(call, result)
            self._note()

    def saved(self, turn: Turn) -> None:
        """A turn is on its way to the store: before the record is, so that a tool is always in one of them."""
        if turn.tool is not None and self._entries.pop(turn.tool.id, None) is not None:
            self._note()

    def _note(self) -> None:
        self._scribe.note(tools=tuple(self._entries.values()))


def left_over(record: CallRecord, history: Sequence[Turn], at: float) -> tuple[Turn, ...]:
    """The turns that the tools would have had which ran when the last process lost the call."""
    known = {turn.tool.id for turn in history if turn.tool is not None}
    return tuple(
        Turn("tool", UNKNOWN if tool.result is None else tool.result, at, tool=tool.call)
        for tool in record.tools
        if tool.call.id not in known
    )
