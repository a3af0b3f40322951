"""Becomes another program that ends when we do: `python -IS tethered.py PID PROGRAM [ARGUMENT …]`.

A process that is killed can tell nobody; on Linux the kernel tells those who asked for it (prctl(2), PR_SET_PDEATHSIG).
Elsewhere, and for a program's own children, there is the end of its standard input. Run as a file, by a Python without
site-packages, and of the standard library only what is needed: a program starts 20 ms later.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
NOT_FOUND = 127  # the status by which shells tell that a program could not be started


def main() -> None:
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != int(parent):
            return  # it died before it was asked
    try:
        os.execvp(command[0], command)  # noqa: S606 - the operator's own command, as words
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(NOT_FOUND)


if __name__ == "__main__":
    main()
