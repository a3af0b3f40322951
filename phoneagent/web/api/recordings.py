"""A call's recording as one WAV file: its pieces, with silence where nobody recorded."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from phoneagent.audio.stereo_wav import BYTES_A_SECOND, CHANNELS, HEADER, SAMPLE_RATE, header, silence
from phoneagent.errors import RecordingError
from phoneagent.ports import Recordings as RecordingsKept
from phoneagent.records import KeptRecording

from .problems import PRIVATE, Problem
from .steering import Find

AT_ONCE = 256 * 1024  # bytes: 16 s of a recording
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)

MOST_DIGITS = 18  # of a place in a recording; more are past its end, and Python reads no number of 5,000


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Bytes of the whole file from `start` on: those of a piece, or silence."""

    start: int
    size: int
    piece: KeptRecording | None


class Recordings:
    """Endpoint. `kept` None: no recordings are kept here."""

    def __init__(self, kept: RecordingsKept | None, find: Find) -> None:
        self._kept = kept
        self._find = find

    async def listen(self, request: Request) -> Response:
        """The recording, also of a call of which nothing else is known any more."""
        if self._kept is None:
            raise no_recording("this server keeps none: PHONEAGENT_RECORDINGS is not set")
        try:
            call = await self._find(request)
        except Problem:
            call = request.path_params["call"]
        try:
            pieces = await self._kept.find(call) if call else ()
        except RecordingError as error:
            raise Problem(503, "recordings-away", "Recordings cannot be read", str(error)) from error
        if not pieces:
            raise no_recording("the call was not recorded, is not over, or its recording is deleted")
        stretches = _joined(pieces)
        total = HEADER + stretches[-1].start + stretches[-1].size
        start, end, status = _wanted(request.headers.get("range", ""), total)
        headers = {**PRIVATE, "Accept-Ranges": "bytes", "Content-Length": str(end - start)}
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{total}"
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers, media_type="audio/wav")
        body = self._body(stretches, total, start, end)
        return StreamingResponse(body, status, headers, media_type="audio/wav")

    async def _body(self, stretches: list[_Stretch], total: int, start: int, end: int) -> AsyncIterator[bytes]:
        assert self._kept is not None  # noqa: S101  # `listen` has looked
        if start < HEADER:
            yield header((total - HEADER) // CHANNELS)[start : min(end, HEADER)]
        for stretch in stretches:
            at = max(start - HEADER, stretch.start)
            until = min(end - HEADER, stretch.start + stretch.size)
            while at < until:
                size = min(AT_ONCE, until - at)
                if stretch.piece is None:
                    yield silence(size)
                else:
                    offset = HEADER + at - stretch.start
                    yield await self._kept.read(stretch.piece, offset, offset + size)
                at += size


def _joined(pieces: tuple[KeptRecording, ...]) -> list[_Stretch]:
    """By the time at which they began; one that begins before the last has ended follows it."""
    stretches: list[_Stretch] = []
    at = 0
    for piece in pieces:
        due = round((piece.began - pieces[0].began) * SAMPLE_RATE) * CHANNELS
        if due - at > BYTES_A_SECOND // 50:
            stretches.append(_Stretch(at, due - at, None))
            at = due
        size = max(0, piece.size - HEADER)
        stretches.append(_Stretch(at, size, piece))
        at += size
    return stretches


def _wanted(ranges: str, total: int) -> tuple[int, int, int]:
    """From where to where, and the status. What is no range, or several, gets everything (RFC 9110, section 14.2)."""
    found = _RANGE.fullmatch(ranges.replace(" ", ""))
    if found is None or not (found[1] or found[2]):
        return 0, total, 200
    if not found[1]:
        start, end = max(0, total - _place(found[2])), total
    else:
        start, end = _place(found[1]), min(total, _place(found[2]) + 1 if found[2] else total)
    if start >= end:
        raise Problem(
            416,
            "range-not-satisfiable",
            "There are no such bytes",
            f"expected bytes below {total}",
            headers={"Content-Range": f"bytes */{total}"},
        )
    return start, end, 206


def _place(digits: str) -> int:
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= MOST_DIGITS else int(10**MOST_DIGITS)


def no_recording(detail: str) -> Problem:
    return Problem(404, "no-recording", "There is no recording", detail)
