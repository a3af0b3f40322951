"""Where recordings are kept: a folder or a bucket, by fsspec. Each media stream of a call is a file of its own:

    CALL.1790000000000.30d.wav        the carrier's call id, when it began (ms since the epoch), how long it is kept

While a call is recorded its file grows in a spool on this machine, under a lock that ends with the process: what is
found there without one belonged to a process that died, or could not be delivered, and is completed by whoever finds
it. Everything that waits for disks or networks is done by threads of its own.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar
from urllib.parse import quote

import structlog

from phoneagent.audio.stereo_wav import CHANNELS, HEADER, header
from phoneagent.errors import RecordingError
from phoneagent.records import KeptRecording

T = TypeVar("T")
log = structlog.stdlib.get_logger(__name__)

THREADS = 4  # a disk that hangs must neither hold up name resolution nor anything else in the default pool
DAY = 24 * 3600.0
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}


class RecordingFolder:
    """`Recordings` in a folder or bucket. Make it with `open`."""

    def __init__(self, filesystem: Any, root: str, spool: Path) -> None:
        self._filesystem = filesystem  # fsspec's, which has no types
        self._root = root.rstrip("/")
        self._spool = spool
        self._threads = ThreadPoolExecutor(THREADS, "recordings")

    @classmethod
    def open(cls, url: str) -> Self:
        """A path, or a URL such as s3://bucket/folder. Raises `RecordingError` when its library is not installed.

        Whether it can be reached shows when the first recording gets there. It imports: call it in a thread.
        """
        from fsspec.core import url_to_fs

        try:
            filesystem, root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            scheme = url.split(":", 1)[0]
            extra = _EXTRAS.get(scheme)
            hint = f"pip install 'phoneagent[{extra}]'" if extra else "a path, s3://… or gs://…"
            raise RecordingError(f"{scheme}: is not installed or not known here ({error}): expected {hint}") from error
        if _is_local(filesystem):
            return cls(filesystem, root, Path(root) / ".spool")
        mine = f"phoneagent-recordings-{os.getuid()}"
        return cls(filesystem, root, Path(tempfile.gettempdir()) / mine)

    async def aclose(self) -> None:
        """What is under way in threads ends by itself, and what has not begun is found by the next process."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def create(self, call: str, began: float, *, keep_days: int) -> SpooledFile:
        """Begin a recording. Raises `RecordingError`."""
        return await self.run(self._create, KeptRecording.named(call, began, keep_days))

    async def find(self, call: str) -> tuple[KeptRecording, ...]:
        """The files of a call, in the order of time. Raises `RecordingError`."""
        return await self.run(self._list, quote(call, safe=""))

    async def all(self) -> tuple[KeptRecording, ...]:
        """All files, by call. Raises `RecordingError`."""
        return await self.run(self._list, "")

    async def read(self, kept: KeptRecording, start: int, end: int) -> bytes:
        """Bytes of a file. Raises `RecordingError`."""
        return await self.run(self._read, kept.name, start, end)

    async def delete(self, kept: Iterable[KeptRecording]) -> None:
        """Raises `RecordingError`; files that are gone are no problem."""
        await self.run(self._delete, [one.name for one in kept])

    async def recover(self) -> tuple[str, ...]:
        """Complete what dead processes on this machine have left, and deliver what could not be delivered: the calls
        of which that was. Raises `RecordingError`.
        """
        return await self.run(self._recover)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """In a thread. What file systems raise, of which each has its own, becomes `RecordingError`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        except (RecordingError, asyncio.CancelledError):
            raise
        except Exception as error:
            raise RecordingError(_said(error)) from error

    # -- in threads ---------------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _create(self, name: str) -> SpooledFile:
        self._spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._spool / f"{name}.part"
        new = part.with_suffix(".new")
        file = open(new, "xb", buffering=0, opener=_private)  # noqa: SIM115  # it is open as long as the call
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            _write_all(file, header(0))
            new.rename(part)  # with its lock, so that nobody takes it for a dead process's
        except BaseException:
            file.close()
            new.unlink(missing_ok=True)
            raise
        return SpooledFile(self, file, part)

    def complete(self, file: BinaryIO, part: Path) -> None:
        """Make a WAV file of what was written, and bring it to where it is kept."""
        samples = (os.fstat(file.fileno()).st_size - HEADER) // CHANNELS
        if samples <= 0:
            part.unlink()
            return
        os.ftruncate(file.fileno(), HEADER + samples * CHANNELS)
        os.pwrite(file.fileno(), header(samples), 0)
        os.fsync(file.fileno())
        name = part.name.removesuffix(".part")
        if _is_local(self._filesystem):
            part.rename(self._path(name))
        else:
            self._filesystem.put_file(str(part), self._path(name))
            part.unlink()

    def _recover(self) -> tuple[str, ...]:
        calls = []
        for part in sorted(self._spool.glob("*.part")):
            with part.open("r+b", buffering=0) as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue  # it is being written
                try:
                    if not os.path.samestat(part.stat(), os.fstat(file.fileno())):
                        continue
                except FileNotFoundError:
                    continue  # somebody else was faster
                self.complete(file, part)
            kept = KeptRecording.of(part.name.removesuffix(".part"), 0)
            if kept is not None:
                log.info("recording_recovered", call=kept.call)
                calls.append(kept.call)
        return tuple(calls)

    def _list(self, call: str) -> tuple[KeptRecording, ...]:
        self._filesystem.invalidate_cache()  # others write there too
        try:
            found = self._filesystem.glob(self._path(f"{call}.*.wav" if call else "*.wav"), detail=True)
        except FileNotFoundError:
            return ()
        kept = (KeptRecording.of(path.rsplit("/", 1)[-1], info["size"]) for path, info in found.items())
        return tuple(sorted((one for one in kept if one is not None), key=lambda one: (one.call, one.began)))

    def _read(self, name: str, start: int, end: int) -> bytes:
        return bytes(self._filesystem.cat_file(self._path(name), start=start, end=end))

    def _delete(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                self._filesystem.rm_file(self._path(name))
            except FileNotFoundError:
                log.debug("recording_gone", name=name)


class SpooledFile:
    """A `RecordingFile` that grows in the spool."""

    def __init__(self, folder: RecordingFolder, file: BinaryIO, part: Path) -> None:
        self._folder = folder
        self._file = file
        self._part = part

    async def write(self, stereo: bytes) -> None:
        """Raises `RecordingError`: the disk is full, for example. What was written before can be finished."""
        await self._folder.run(_write_all, self._file, stereo)

    async def finish(self) -> None:
        """Bring it to where it is kept. Raises `RecordingError`: then it stays in the spool, and is recovered."""
        try:
            await self._folder.run(self._finish)
        except RecordingError:
            self._file.close()  # no thread has, when there is none any more; and its lock would stay
            raise

    def _finish(self) -> None:
        with self._file:
            self._folder.complete(self._file, self._part)


def _write_all(file: BinaryIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:  # a disk that is nearly full takes a part
        rest = rest[file.write(rest) :]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _is_local(filesystem: Any) -> bool:
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(filesystem, LocalFileSystem)


def _said(error: Exception) -> str:
    """In words for whoever has to mend it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"{type(error).__name__}: {error}"
