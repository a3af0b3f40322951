"""Only whole clips are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from phoneagent.call.speech_cache import SpeechCache
from phoneagent.errors import ProviderError
from phoneagent.records import SpeechChunk, SpeechDone, Spoken


class Voice:
    """Says what it is given, whatever is asked for."""

    identity = "voice"

    def __init__(self, *spoken: Spoken) -> None:
        self._spoken = spoken

    async def connect(self, *, call: str) -> Voice:
        return self

    def speak(self, reply: int, text: str) -> None: ...

    def finish(self, reply: int) -> None: ...

    async def __aiter__(self) -> AsyncIterator[Spoken]:
        for spoken in self._spoken:
            yield spoken

    async def aclose(self) -> None: ...


@pytest.mark.parametrize("spoken", [(SpeechChunk(1, b"\x10" * 80, ()),), (SpeechDone(1),), ()])
async def test_a_clip_that_was_not_spoken_to_its_end_is_not_kept(spoken):
    cache = SpeechCache()
    with pytest.raises(ProviderError):
        await cache.warm(Voice(*spoken), ["Hello."])  # type: ignore[arg-type]  # by shape
    assert cache.get("voice", "Hello.") is None


async def test_a_whole_clip_is_kept():
    cache = SpeechCache()
    await cache.warm(Voice(SpeechChunk(1, b"\x10" * 80, ()), SpeechDone(1)), ["Hello."])  # type: ignore[arg-type]  # by shape
    clip = cache.get("voice", "Hello.")
    assert clip is not None
    assert clip.audio == b"\x10" * 80
