"""Workers behind one port: which of them a request is for, and how it gets there.

A connection comes to whichever worker accepts it. What it asks for may belong to another: a call's media stream to the
one that has answered the call and keeps its ears, its voice and its greeting ready; a new call to the one with the
fewest. So each request's first line is looked at before anything is parsed. If it is a sibling's, the connection itself
goes there, as a descriptor through a Unix socket, with the bytes that were read. Whoever sits in front of us keeps its
connections for many requests: they may wander from worker to worker.

Who accepts a connection would be no measure: of 40 connections to two idle workers on one listening socket, one gets 36
to 39, for the kernel wakes the same one first; with a socket each (SO_REUSEPORT) 20 to 28, and what waits at a worker
that ends is lost. And a proxy sends any number of calls through one connection. With calls counted, both get 20.

If the sibling is gone, or takes nothing, the request is served where it is: what is needed is in Redis.
"""

from __future__ import annotations

import array
import asyncio
import mmap
import os
import re
import socket
import struct
from collections.abc import Callable, Collection
from pathlib import Path

import structlog

log = structlog.stdlib.get_logger(__name__)

TABLE = "table"  # a file in the folder that the workers share
MOST = 512  # numbers of workers; twice as many as there may be, for those that are being replaced
ENTRY = struct.Struct("=II")  # calls, and whether new ones are taken
LARGEST = 64 * 1024  # bytes that are handed on; Twilio's requests have two thousand
UNSEEN = 0.25  # seconds after which a call that was handed over shows in the table, which is written every 0.1

FLAGS = 6  # field 9 of proc(5): the third is the first after the program's name, which may hold anything
EXITING = 0x4  # PF_EXITING of the kernel's sched.h, set before any descriptor is closed; a zombie has it too

ADDRESSED = re.compile(rb"(?:GET|POST) /twilio/(?:media|continue)/(\d{1,3})/?[ ?]")
NEW_CALL = re.compile(rb"(?:GET|POST) /twilio/voice/?[ ?]|GET /readyz/?[ ?]")
"""What goes where a new call is welcome; that of asking whether it is, too."""


class Siblings:
    """One worker's view of all."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        self._folder = folder
        self._table = _table(folder / TABLE)
        self._sent: dict[int, list[float]] = {}  # when new calls went to whom: they do not show in the table yet
        self._inbox: socket.socket | None = None
        self._closed = False
        self._outbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._outbox.setblocking(False)
        self.tell(0, welcome=False)

    def open(self, take: Callable[[socket.socket, bytes], None]) -> None:
        """Have connections that siblings hand over taken, each with the bytes that were read from it."""
        loop = asyncio.get_running_loop()
        path = self._folder / str(self.number)
        path.unlink(missing_ok=True)  # of a worker that was killed
        inbox = self._inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        inbox.setblocking(False)
        inbox.bind(str(path))
        written = path.with_suffix(".new")
        written.write_text(str(os.getpid()))
        written.replace(self._pid_file(self.number))  # nobody sees half of it

        def receive() -> None:
            while True:
                try:
                    data, descriptors, _, _ = socket.recv_fds(inbox, LARGEST, 1)
                except BlockingIOError:
                    return
                for descriptor in descriptors:
                    take(socket.socket(fileno=descriptor), data)

        loop.add_reader(inbox, receive)

    def close(self) -> None:
        """Take nothing any more."""
        self.tell(0, welcome=False)
        self._closed = True
        if self._inbox is not None:
            asyncio.get_running_loop().remove_reader(self._inbox)
            self._inbox.close()
            (self._folder / str(self.number)).unlink(missing_ok=True)
            self._pid_file(self.number).unlink(missing_ok=True)
        self._outbox.close()
        self._table.close()

    def tell(self, calls: int, *, welcome: bool) -> None:
        """Let siblings know how many calls are here, and whether another is welcome."""
        ENTRY.pack_into(self._table, self.number * ENTRY.size, calls, welcome)

    def hand_on(self, request: bytes, descriptor: int, *, leaving: bool) -> bool:
        """Give a connection to whom its next request is for, if that is a sibling. `request`: what was read of it.

        `leaving`: this worker is about to end, and all that is not addressed to it goes to one that stays.
        """
        if len(request) > LARGEST or self._closed:
            return False
        if leaving:
            self.tell(0, welcome=False)
        if addressed := ADDRESSED.match(request):
            number = int(addressed[1])
            if number == self.number or (0 < number < MOST and self._send(number, descriptor, request)):
                return number != self.number
        new_call = NEW_CALL.match(request)
        if not (new_call or leaving):
            return False
        tried: set[int] = set()
        while (number := self._freest(tried)) != self.number and not self._send(number, descriptor, request):
            tried.add(number)
        if new_call and b"voice" in new_call[0]:
            self._sent.setdefault(number, []).append(asyncio.get_running_loop().time())
        return number != self.number

    def _send(self, number: int, descriptor: int, data: bytes) -> bool:
        """False if the sibling does not take it now."""
        if _ends(self._pid_file(number)):
            log.info("not_handed_on", to=number, problem="is dying")
            ENTRY.pack_into(self._table, number * ENTRY.size, 0, 0)
            return False
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
        try:
            self._outbox.sendmsg([data], rights, 0, str(self._folder / str(number)))
        except BlockingIOError:  # ten are waiting there: net.unix.max_dgram_qlen
            log.info("not_handed_on", to=number, problem="is behind")
            return False
        except OSError as error:  # it is gone; were it not, it would say so again
            log.info("not_handed_on", to=number, problem=str(error))
            ENTRY.pack_into(self._table, number * ENTRY.size, 0, 0)
            return False
        return True

    def _pid_file(self, number: int) -> Path:
        return self._folder / f"{number}.pid"

    def _freest(self, but: Collection[int]) -> int:
        """Where a new call is best; here if nobody has fewer."""
        now = asyncio.get_running_loop().time()
        self._sent = {
            n: recent for n, times in self._sent.items() if (recent := [at for at in times if now - at < UNSEEN])
        }
        loads = {
            number: calls + len(self._sent.get(number, ()))
            for number, (calls, welcome) in enumerate(ENTRY.iter_unpack(self._table[:]))
            if welcome and number not in but
        }
        return min(loads, key=lambda number: (loads[number], number != self.number), default=self.number)


def _ends(pid_file: Path) -> bool:
    """Whether a process is on its way out, however it got there.

    One that is killed still takes what is sent to its inbox when its media streams are already closed, of which the
    carrier asks at once how the calls go on: those requests would die with it. Where there is no /proc that may happen.
    """
    try:
        stat = Path(f"/proc/{pid_file.read_text()}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False  # if it is gone, its inbox says so
    return bool(int(stat.rpartition(")")[2].split()[FLAGS]) & EXITING)


def _table(path: Path) -> mmap.mmap:
    path.touch()
    with path.open("r+b") as file:
        file.truncate(MOST * ENTRY.size)
        return mmap.mmap(file.fileno(), MOST * ENTRY.size)
