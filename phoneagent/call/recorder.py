"""Records one media stream, beside the call: what passes is kept in memory for a second or two, and written by another
thread. Whatever happens to the recording, the call goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from phoneagent.audio.g711 import FRAME_SECONDS
from phoneagent.audio.stereo_wav import BYTES_A_SECOND
from phoneagent.audio.two_tracks import HELD, TwoTracks
from phoneagent.errors import RecordingError
from phoneagent.ports import RecordingFile, Recordings
from phoneagent.records import RecordingRules

log = structlog.stdlib.get_logger(__name__)

EVERY = 1.0  # seconds between two writes: 16 kB
MOST_WAITING = 3000  # frames: a minute and 960 kB; a disk that has taken nothing for so long will not
KEY_HEARD = 30  # frames: 0.6 s; a carrier reports a key when its tone is over, some 0.1 to 0.5 s after it began


class Recorder:
    """Use from the event loop: `plays`, `silenced` and so on never wait. `end` and then `finished`, in that order.

    `began` tells the time, seconds since the epoch; `tell` is told what happens to the recording.
    """

    def __init__(
        self,
        recordings: Recordings,
        call: str,
        rules: RecordingRules,
        *,
        began: Callable[[], float],
        tell: Callable[[str, Mapping[str, Any]], None],
        at_once: bool,
        paused: bool = False,
    ) -> None:
        """`at_once`: nobody has to be told before. `paused`: by an operator, when another process had the call."""
        self.problem = ""
        self.paused = paused
        self.seconds = 0.0  # that were written
        self._recordings = recordings
        self._call = call
        self._rules = rules
        self._began_at = began
        self._tell = tell
        self._tracks = TwoTracks()
        self._on = False
        self._secret = False
        self._over = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self.pause(paused)
        if at_once:
            self.start()

    @property
    def begun(self) -> bool:
        """Whether there is, or was to be, a file."""
        return self._writing is not None

    def start(self) -> None:
        """Keep what passes from now on. May be repeated."""
        if self._writing is not None or self._over.is_set():
            return
        self._tracks.forget()
        self._on = True
        self._writing = asyncio.create_task(self._write(self._began_at()), name=f"recording of {self._call}")

    # -- what passes --------------------------------------------------------------------------------

    def hear(self, frame: bytes, timestamp: int) -> None:
        """A frame of the caller's voice. The hot path: 50 a second and call."""
        self._tracks.hear(frame, timestamp)
        if not self._on:
            self._tracks.forget()
        elif self._tracks.waiting > MOST_WAITING:
            self._fail(f"nothing was written for {MOST_WAITING * FRAME_SECONDS:.0f} s")

    def plays(self, audio: bytes) -> None:
        """The agent's voice, as it goes to the carrier."""
        self._tracks.plays(audio)

    def marks(self, name: str) -> None:
        self._tracks.marks(name)

    def mark_returned(self, name: str) -> None:
        self._tracks.mark_returned(name)

    def silenced(self) -> None:
        """The carrier was told to play no more of it."""
        self._tracks.silenced()

    # -- what is nobody's business ------------------------------------------------------------------

    def be_discreet(self, secret: bool) -> None:
        """Whether what is typed or said now must not be heard by anybody."""
        if secret is not self._secret:
            self._secret = secret
            self._tracks.hidden = secret or self.paused

    def hide_key(self) -> None:
        """A key has just been pressed that turns out to be secret: its tone has passed."""
        self._tracks.hide(KEY_HEARD)

    def pause(self, paused: bool) -> None:
        """Silence in both channels, until it is taken back."""
        self.paused = paused
        self._tracks.hidden = paused or self._secret

    # -- the file -----------------------------------------------------------------------------------

    def end(self) -> None:
        """The media stream is over."""
        self._over.set()

    async def finished(self) -> None:
        """Wait until the recording is where it is kept, or has failed; `end` comes before."""
        if self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self, began: float) -> None:
        file: RecordingFile | None = None
        try:
            file = await self._recordings.create(self._call, began, keep_days=self._rules.keep_days)
            self._tell("recording_started", {"paused": self.paused})
            while not self._over.is_set() and self._on:
                try:
                    async with asyncio.timeout(EVERY):
                        await self._over.wait()
                except TimeoutError:
                    await self._append(file, HELD)
            if self._on:
                await self._append(file, 0)
        except RecordingError as error:
            self._fail(str(error))
        except Exception as error:  # a defect of ours must not take the call with it
            log.exception("recording_crashed", call=self._call)
            self._fail(type(error).__name__)
        finally:
            self._on = False
        if file is not None:
            try:
                await file.finish()
            except RecordingError as error:
                self._fail(str(error))

    async def _append(self, file: RecordingFile, held: int) -> None:
        if stereo := self._tracks.take(held):
            await file.write(stereo)
            self.seconds += len(stereo) / BYTES_A_SECOND

    def _fail(self, problem: str) -> None:
        """Once is enough: what follows, follows from the first."""
        self._on = False
        self._tracks.forget()
        if not self.problem:
            self.problem = problem
            log.warning("recording_failed", call=self._call, problem=problem, seconds=round(self.seconds, 1))
            self._tell("recording_failed", {"problem": problem})
