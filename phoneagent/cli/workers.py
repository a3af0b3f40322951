"""Several processes behind one port: how the program becomes their parent, and what a worker has from it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import click

from phoneagent.errors import SettingsError

from . import parent


class Place:
    """A worker's place among its siblings, as the parent gave it: see `parent`."""

    def __init__(self, number: int, listener: int, channel: int, folder: str) -> None:
        self.number = number
        self.folder = Path(folder)
        for descriptor in (listener, channel):
            os.set_inheritable(descriptor, False)
        self.listener = socket.socket(fileno=listener)
        self._channel = socket.socket(fileno=channel)
        self._channel.setblocking(False)

    def is_ready(self) -> None:
        """Tell the parent that calls are taken."""
        with suppress(OSError):  # it is gone, and `watch` tells
            self._channel.send(b"r")

    def watch(self, loop: Any, retire: Callable[[], None]) -> None:
        """Call `retire` once the parent has hung up: another worker takes this place, or there is no parent."""

        def look() -> None:
            loop.remove_reader(self._channel)
            retire()

        loop.add_reader(self._channel, look)


class _PlaceType(click.Tuple):
    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return Place(*super().convert(value, param, ctx))


worker_option = click.option("--worker", "place", type=_PlaceType([int, int, int, str]), default=None, hidden=True)
"""For the parent: it starts workers with the command that it was started with, and this."""


def become_parent(workers: int, listener: socket.socket, *, as_json: bool) -> NoReturn:
    """Replace this program, whose settings are checked by now, by the parent of `workers`."""
    if not hasattr(os, "posix_spawn"):
        raise SettingsError("PHONEAGENT_WORKERS: expected 1 on this system; set it in the environment or .env")
    import tempfile

    listener.set_inheritable(True)
    folder = tempfile.mkdtemp(prefix="phoneagent-")
    own = [str(workers), str(listener.fileno()), folder, "json" if as_json else "text"]
    again = [sys.executable, *sys.orig_argv[1:]]
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-I", "-S", parent.__file__, *own, *again])  # noqa: S606  # no shell
