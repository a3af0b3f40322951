"""Ears that are lost now and then are not lost for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from phoneagent.call.ears import RECONNECT, Ears
from phoneagent.conversation.events import EarsFailed
from phoneagent.errors import ProviderError
from phoneagent.ports import Transcription


class Flaky:
    """Ears whose connections last for so many seconds."""

    turn_events = True

    def __init__(self, seconds: float) -> None:
        self.connections = 0
        self._seconds = seconds

    async def connect(self, *, call: str, language: str = "en") -> Flaky:
        self.connections += 1
        return self

    def send(self, audio: bytes) -> None: ...

    def expect(self, expectation: object) -> None: ...

    async def __aiter__(self) -> AsyncIterator[object]:
        await asyncio.sleep(self._seconds)
        raise ProviderError("flaky", "gone")
        yield

    async def finish(self) -> None: ...

    async def aclose(self) -> None: ...


@pytest.mark.parametrize(("seconds", "fails"), [(60.0, False), (0.5, True)])
async def test_only_losses_in_a_row_make_deaf(seconds, fails):
    provider = Flaky(seconds)
    events: list[object] = []
    loop = asyncio.get_running_loop()
    ears = Ears(provider, events.append, loop.time, call="CA1", language="en")  # type: ignore[arg-type]  # by shape
    connecting = cast("asyncio.Future[Transcription]", asyncio.ensure_future(provider.connect(call="CA1")))
    running = asyncio.create_task(ears.run(connecting))
    await asyncio.sleep(600.0)
    running.cancel()
    await asyncio.wait([running])
    assert events == ([EarsFailed("flaky: gone")] if fails else [])
    assert provider.connections == (len(RECONNECT) + 1 if fails else 10)
