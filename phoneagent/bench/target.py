"""Another server that speaks Media Streams, which somebody else has started."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from phoneagent.errors import PhoneagentError
from phoneagent.simulator.carrier import ACCOUNT_SID, AUTH_TOKEN
from phoneagent.simulator.ear import StreamOpened
from phoneagent.simulator.placed_call import CallResult
from phoneagent.simulator.violation import STREAM_CONNECT_TIMEOUT, STREAM_HANDSHAKE_REFUSED, STREAM_REFUSED

KEYS = ("DEEPGRAM_API_KEY", "OPENAI_API_KEY", "ELEVENLABS_API_KEY")
NO_STREAM = (STREAM_CONNECT_TIMEOUT, STREAM_HANDSHAKE_REFUSED, STREAM_REFUSED)


class TargetFailed(PhoneagentError):
    """The target did not do what a telephone agent does."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the simulated services listen; 0 is any free port."""

    deepgram: int = 0
    openai: int = 0
    elevenlabs: int = 0
    twilio: int = 0

    @classmethod
    def beginning_with(cls, base: int) -> Ports:
        """Four in a row."""
        return cls(base, base + 1, base + 2, base + 3)

    @property
    def environment(self) -> dict[str, str]:
        """What a target needs to know before it starts. Any key is good; Twilio's token signs the webhooks."""
        return {
            "DEEPGRAM_URL": f"ws://127.0.0.1:{self.deepgram}",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{self.openai}/v1",
            "ELEVENLABS_URL": f"ws://127.0.0.1:{self.elevenlabs}",
            "TWILIO_API_URL": f"http://127.0.0.1:{self.twilio}",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            **dict.fromkeys(KEYS, "simulated-api-key"),
        }


@dataclass(frozen=True, slots=True)
class Target:
    """`url`: its voice webhook (http, https), or its media socket (ws, wss). `pid`: its process, if that is known."""

    url: str
    ports: Ports
    pid: int | None = None


def check_ports(ports: Ports) -> None:
    """See whether the simulated services can listen there. Raises `TargetFailed`."""
    for name, port in asdict(ports).items():
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as problem:
            raise TargetFailed(
                f"cannot listen on 127.0.0.1 port {port} for the simulated {name}: {problem.strerror}"
            ) from problem


def check_first_call(url: str, result: CallResult, connections: Mapping[str, int]) -> None:
    """See whether the target is one. `connections`: how many each of the simulated providers has had.

    Raises `TargetFailed`, with what was expected.
    """
    if result.ending == "caller hung up":
        return
    told = "; ".join(dict.fromkeys(violation.problem for violation in result.violations))
    if any(violation.code in NO_STREAM for violation in result.violations):
        raise TargetFailed(f"expected a WebSocket for the media stream: {told}")
    if not result.ear.facts(StreamOpened):
        what = told or f"got {' '.join(result.documents)[:300]!r}"
        raise TargetFailed(f"expected TwiML with <Connect><Stream> from {url}: {what}")
    missing = [name for name, count in connections.items() if not count]
    hint = f"; it never connected to the simulated {' and '.join(missing)}" if missing else ""
    raise TargetFailed(
        f"expected {url} to greet, to answer, and to leave hanging up to the caller; in a first call, "
        f"{result.ending} after {result.ear.duration:.0f} s{hint}{f': {told}' if told else ''}"
    )
