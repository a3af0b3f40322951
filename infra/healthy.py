"""The container's health check: does the server answer `/healthz`? The exit status says so.

Not `curl`, which the image would have to carry, and not `urllib`, which would ask a proxy for 127.0.0.1.
"""

from __future__ import annotations

import http.client
import os
import sys

TIMEOUT = 2.0  # seconds; a process that needs longer for this has no time for callers either


def healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not healthy(int(os.environ.get("PHONEAGENT_PORT") or os.environ.get("PORT") or 8080)))
