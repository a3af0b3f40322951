"""A run as a picture: how the response latencies are distributed, and what a usual and a slow one are made of."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from .report import Report, percentile
from .turns import MeasuredTurn

SVG = "http://www.w3.org/2000/svg"
WIDTH, HEIGHT = 760, 420
LEFT, RIGHT = 90, 740  # where time begins and ends
TOP, BASE = 50, 210  # of the distribution
BIN = 0.010  # seconds; two bins a frame
TICK = 0.1  # seconds
FIRST_BAR, NEXT_BAR, THICK = 275, 50, 26
STAGES = (
    ("ears", "ears", "#4c78a8"),
    ("first_token", "first token", "#72b7b2"),
    ("phrase", "first phrase", "#eeca3b"),
    ("first_audio", "first audio", "#9d9d9d"),
)
REST = ("everything else", "#e45756")


def picture(report: Report) -> str:
    """An SVG document of a run. Time runs to the right, from the end of the caller's speech, on one scale for all."""
    latencies = sorted(turn.latency for turn in report.each_turn)
    slowest = max([*latencies, TICK])
    scale = (RIGHT - LEFT) / (math.ceil(slowest / TICK) * TICK)
    parts = [
        *_axis(scale, slowest),
        *_distribution(latencies, scale),
        *_waterfalls(report.each_turn, scale),
        *_legend(),
    ]
    title = f"phoneagent, {report.calls} at once: response latency of {report.turns} turns"
    return "\n".join(
        [
            f'<svg xmlns="{SVG}" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            f'<text x="{LEFT}" y="24" font-size="15">{title}</text>',
            *parts,
            "</svg>\n",
        ]
    )


def _axis(scale: float, slowest: float) -> Iterator[str]:
    for tick in range(math.ceil(slowest / TICK) + 1):
        x = LEFT + tick * TICK * scale
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{FIRST_BAR + NEXT_BAR + THICK}" stroke="#e6e6e6"/>'
        if tick % max(1, math.ceil(slowest / TICK) // 10) == 0:
            yield f'<text x="{x:.1f}" y="{BASE + 16}" text-anchor="middle">{tick * TICK * 1000:.0f}</text>'
    yield f'<text x="{LEFT - 8}" y="{BASE + 16}" text-anchor="end">ms</text>'


def _distribution(latencies: Sequence[float], scale: float) -> Iterator[str]:
    bins = Counter(math.floor(latency / BIN + 1e-6) for latency in latencies)
    most = max(bins.values(), default=1)
    for number, count in sorted(bins.items()):
        height = (BASE - TOP) * count / most
        yield (
            f'<rect class="bin" x="{LEFT + number * BIN * scale:.1f}" y="{BASE - height:.1f}" '
            f'width="{BIN * scale:.1f}" height="{height:.1f}" fill="#4c78a8"/>'
        )
    for name, share, line in (("p50", 0.5, 0), ("p95", 0.95, 1)):
        value = percentile(latencies, share)
        if value is not None:
            x, y = LEFT + value * scale, TOP + 12 + 16 * line
            yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{BASE}" stroke="#333" stroke-dasharray="3 3"/>'
            yield f'<text x="{x - 4:.1f}" y="{y}" text-anchor="end">{name} {value * 1000:.0f} ms</text>'


def _waterfalls(turns: Sequence[MeasuredTurn], scale: float) -> Iterator[str]:
    explained = sorted((turn for turn in turns if turn.stages is not None), key=lambda turn: turn.latency)
    if not explained:
        return
    for row, (name, share) in enumerate((("p50", 0.5), ("p95", 0.95))):
        latency = percentile([turn.latency for turn in explained], share)
        turn = next(turn for turn in explained if turn.latency == latency)
        y = FIRST_BAR + row * NEXT_BAR
        yield f'<text x="{LEFT - 8}" y="{y + 17}" text-anchor="end">{name}{", eager" if turn.eager else ""}</text>'
        yield from _bar(turn, y, scale)


def _bar(turn: MeasuredTurn, y: int, scale: float) -> Iterator[str]:
    at = 0.0
    pieces = [(getattr(turn.stages, field), colour) for field, _, colour in STAGES]
    rest = max(0.0, turn.latency - sum(seconds for seconds, _ in pieces))
    for seconds, colour in (*pieces, (rest, REST[1])):
        x, width = LEFT + at * scale, seconds * scale
        yield f'<rect class="stage" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{THICK}" fill="{colour}"/>'
        if width > 26:
            middle = x + width / 2
            yield f'<text x="{middle:.1f}" y="{y + 17}" text-anchor="middle" fill="white">{seconds * 1000:.0f}</text>'
        at += seconds


def _legend() -> Iterator[str]:
    for number, (name, colour) in enumerate([*((name, colour) for _, name, colour in STAGES), REST]):
        x = LEFT + number * 130
        yield f'<rect x="{x}" y="385" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{x + 18}" y="395">{name}</text>'
