"""Which part of a response latency the simulated providers took, and which is the agent's own."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.timeline import Entry, Timeline

from .traffic import named

KEPT = frozenset({"EagerEndOfTurn", "EndOfTurn", "Results", "asked", "request", "first_token", "text", "first_audio"})
MIND = "mind"  # as a server of the timeline: who asks, immediately before the request itself
ENDS = ("EndOfTurn", "Results")
A_FRAME = 0.020  # seconds; the ear counts frames, and on a busy machine the clock is ahead of them by up to one


class TurnsTimeline(Timeline):
    """Keeps what turns are measured by, and not the 30 other entries of each second of a call."""

    def record(self, server: str, connection: int, what: str, data: Mapping[str, Any] | None = None) -> None:
        """Add an entry, if it is of use."""
        if what in KEPT:
            super().record(server, connection, what, data)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn of a caller as the ear has it. Times are the loop's; `heard` is the answer's first sound, or None.

    A line carries frames of 20 ms: `framing` are the seconds that the last sound waited for the end of its frame,
    `line` those that the first sound waited for the next one.
    """

    caller: str
    number: int
    ended: float
    heard: float | None
    framing: float = 0.0
    line: float | None = None


@dataclass(frozen=True, slots=True)
class Stages:
    """What an answer had to wait for, in seconds.

    The providers' own: `ears` (last voiced frame received to the event that the answer was begun with), `end_of_turn`
    (to the event that allowed it to be heard), `first_token`, `first_audio`. `phrase` is the wait for the first phrase
    that can be spoken, after the first token: the model's pace and our patience.
    """

    ears: float
    end_of_turn: float
    first_token: float
    phrase: float
    first_audio: float

    @property
    def injected(self) -> float:
        """What no agent could have avoided: the longer of the way to the first audio and the end of the turn."""
        return max(self.ears + self.first_token + self.first_audio, self.end_of_turn)

    @property
    def injected_with_phrase(self) -> float:
        """The same, if waiting for the first phrase counts as the model's."""
        return max(self.ears + self.first_token + self.phrase + self.first_audio, self.end_of_turn)


@dataclass(frozen=True, slots=True)
class MeasuredTurn:
    """An answered turn; `stages` is None where the servers' log does not show how it came about."""

    caller: str
    number: int
    latency: float
    eager: bool = False
    stages: Stages | None = None
    framing: float = 0.0
    line: float | None = None

    @property
    def share(self) -> float | None:
        """Seconds that are ours, framing, transport and the wait for the first phrase included."""
        return None if self.stages is None else self.latency - self.stages.injected

    @property
    def share_without_phrase(self) -> float | None:
        return None if self.stages is None else self.latency - self.stages.injected_with_phrase

    @property
    def share_without_waits(self) -> float | None:
        """The same without the wait for the line's next frame."""
        share = self.share_without_phrase
        return None if share is None or self.line is None else share - self.line

    @property
    def share_without_frames(self) -> float | None:
        """The same without the end of the caller's last frame either: what an agent can do something about."""
        share = self.share_without_waits
        return None if share is None else share - self.framing


class _Log:
    """What happened to one caller's connections, each kind in order."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = defaultdict(list)
        self._times: dict[str, list[float]] = defaultdict(list)

    def add(self, entry: Entry) -> None:
        self._entries[entry.what].append(entry)
        self._times[entry.what].append(entry.at)

    def last(self, what: str, *, until: float, since: float = 0.0) -> Entry | None:
        """The latest entry of a kind between two times."""
        position = bisect_right(self._times[what], until) - 1
        entry = self._entries[what][position] if position >= 0 else None
        return entry if entry is not None and entry.at >= since else None

    def first_text(self, audio: Entry, *, since: float) -> Entry | None:
        """The first text of the stream of speech that this audio is from."""
        place = (audio.connection, audio.data["context"])
        texts = (text for text in self._entries["text"] if since <= text.at <= audio.at)
        return next((text for text in texts if (text.connection, text.data["context"]) == place), None)

    def request_of(self, token: Entry) -> Entry | None:
        """The request that this token answers."""
        return next((asked for asked in self._entries["request"] if asked.connection == token.connection), None)


def by_caller(entries: Iterable[Entry]) -> dict[str, _Log]:
    """Sort the servers' entries by the callers' names, which go through all of them with the first turn."""
    logs: dict[str, _Log] = defaultdict(_Log)
    owners: dict[tuple[str, int], str] = {}
    asking = ""
    for entry in entries:
        if entry.what == "asked":
            asking = entry.data["who"]
            continue
        place = (entry.server, entry.connection)
        if entry.what == "request":
            owners[place] = asking
        else:
            owners[place] = named(str(entry.data.get("transcript") or entry.data.get("text") or "")) or owners.get(
                place, ""
            )
        if owners[place]:
            logs[owners[place]].add(entry)
    return logs


def measure(spoken: Sequence[Spoken], entries: Sequence[Entry], latencies: Latencies) -> list[MeasuredTurn]:
    """Measure each turn that was answered. `latencies` are those of the simulated servers."""
    logs = by_caller(entries)
    return [
        _measured(turn, turn.heard, logs.get(turn.caller, _Log()), latencies)
        for turn in spoken
        if turn.heard is not None
    ]


def _measured(turn: Spoken, heard: float, log: _Log, latencies: Latencies) -> MeasuredTurn:
    latency = heard - turn.ended
    unknown = MeasuredTurn(turn.caller, turn.number, latency, framing=turn.framing, line=turn.line)
    audio = log.last("first_audio", until=heard + A_FRAME, since=turn.ended)
    if audio is None:
        return unknown
    text = log.first_text(audio, since=turn.ended)
    token = log.last("first_token", until=text.at, since=turn.ended) if text else None
    request = log.request_of(token) if token else None
    end = next((end for what in ENDS if (end := log.last(what, until=heard, since=turn.ended))), None)
    if text is None or token is None or request is None or end is None:
        return unknown
    begun_with = end
    if request.at < end.at:
        begun_with = log.last("EagerEndOfTurn", until=request.at, since=turn.ended) or end
    eager = begun_with.what == "EagerEndOfTurn"
    stages = Stages(
        ears=_told_after(begun_with, latencies),
        end_of_turn=_told_after(end, latencies),
        first_token=token.at - request.at,
        phrase=text.at - token.at,
        first_audio=audio.at - text.at,
    )
    return MeasuredTurn(turn.caller, turn.number, latency, eager, stages, turn.framing, turn.line)


def _told_after(event: Entry, latencies: Latencies) -> float:
    """How long the ears took for it.

    Not more than they say they need: what is beyond is audio that came late, in pieces too large, from the agent.
    """
    own = {
        "EagerEndOfTurn": latencies.flux_eager_end_of_turn,
        "EndOfTurn": latencies.flux_end_of_turn,
        "Results": latencies.nova_results,
    }[event.what]
    return min(event.at - float(event.data["heard"]), own)
