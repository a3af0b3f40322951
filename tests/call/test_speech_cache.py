"""Only whole clips are kept; what one process has had spoken the others have too, and nobody waits for that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from phoneagent.call import speech_cache
from phoneagent.call.speech_cache import LOAD_WITHIN, LONGEST_REPEATED, SpeechCache
from phoneagent.conversation.words import Word
from phoneagent.errors import ProviderError, StoreError
from phoneagent.private import Private
from phoneagent.records import Clip, SpeechChunk, SpeechDone, Spoken

ANA, BOB = Private("+15005550001"), Private("+15005550002")


class Voice:
    """Says what it is given, whatever is asked for; without that, what is asked for."""

    def __init__(self, *spoken: Spoken, identity: str = "voice", speaker: str = "voice") -> None:
        self.identity = identity
        self.asked: list[str] = []
        self._spoken = spoken
        self._speaker = speaker

    async def connect(self, *, call: str) -> Voice:
        return Voice(*self._spoken, identity=self._speaker) if self._spoken else Echo(self)

    def speak(self, reply: int, text: str) -> None: ...

    def finish(self, reply: int) -> None: ...

    def cancel(self, reply: int) -> None: ...

    async def __aiter__(self) -> AsyncIterator[Spoken]:
        for spoken in self._spoken:
            yield spoken

    async def aclose(self) -> None: ...


class Echo(Voice):
    """Its audio is the text."""

    def __init__(self, voice: Voice) -> None:
        super().__init__(identity=voice._speaker)
        self._asked = voice.asked

    def speak(self, reply: int, text: str) -> None:
        self._asked.append(text)
        self._spoken = (SpeechChunk(reply, text.encode(), (Word(text, 0, len(text)),)), SpeechDone(reply))


class Shelf:
    """Shared clips as they should be, unless they are away, or slow. `texts` is what is there."""

    def __init__(self) -> None:
        self.clips: dict[tuple[str, str], Clip] = {}
        self.there = asyncio.Event()
        self.there.set()
        self.away = False
        self.asked = 0

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.clips]

    async def load_clips(self, identity: str, texts: Sequence[str]) -> Mapping[str, Clip]:
        await self._be_there()
        return {text: self.clips[identity, text] for text in texts if (identity, text) in self.clips}

    async def recent_clips(self, identity: str, most: int) -> Mapping[str, Clip]:
        await self._be_there()
        recent = [(text, clip) for (whose, text), clip in reversed(self.clips.items()) if whose == identity]
        return dict(recent[:most])

    async def save_clip(self, identity: str, text: str, clip: Clip) -> None:
        await self._be_there()
        self.clips[identity, text] = clip

    async def _be_there(self) -> None:
        self.asked += 1
        await self.there.wait()
        if self.away:
            raise StoreError("redis: away")


CLIP = Clip(b"\x10" * 80)


@pytest.mark.parametrize("spoken", [(SpeechChunk(1, b"\x10" * 80, ()),), (SpeechDone(1),), (SpeechDone(1),) * 2])
async def test_a_clip_that_was_not_spoken_to_its_end_is_not_kept(spoken):
    shelf = Shelf()
    cache = SpeechCache(shelf)
    with pytest.raises(ProviderError):
        await cache.warm(Voice(*spoken), ["Hello."])
    await asyncio.sleep(1.0)
    assert cache.get("voice", "Hello.") is None
    assert shelf.texts == []


async def test_a_whole_clip_is_kept():
    cache = SpeechCache()
    await cache.warm(Voice(SpeechChunk(1, b"\x10" * 80, ()), SpeechDone(1)), ["Hello."])
    clip = cache.get("voice", "Hello.")
    assert clip is not None
    assert clip.audio == b"\x10" * 80


# --- other processes


async def test_what_another_process_had_spoken_is_not_spoken_again():
    shelf, first, second = Shelf(), Voice(), Voice()
    await SpeechCache(shelf).warm(first, ["Hello.", "Bye."])
    await asyncio.sleep(0.1)
    cache = SpeechCache(shelf)
    await cache.warm(second, ["Hello.", "Still there?", "Bye."])
    assert first.asked == ["Hello.", "Bye."]
    assert second.asked == ["Still there?"]
    assert cache.get("voice", "Hello.") == Clip(b"Hello.", (Word("Hello.", 0, 6),))


async def test_another_voice_is_another_clip():
    shelf, other = Shelf(), Voice(identity="other", speaker="other")
    await SpeechCache(shelf).warm(Voice(), ["Hello."])
    await asyncio.sleep(0.1)
    await SpeechCache(shelf).warm(other, ["Hello."])
    assert other.asked == ["Hello."]


async def test_what_is_said_to_one_caller_only_is_not_shared():
    shelf, voice = Shelf(), Voice()
    cache = SpeechCache(shelf)
    await cache.warm(voice, ["Hello, Mr Smith."], shared=False)
    await asyncio.sleep(1.0)
    assert cache.get("voice", "Hello, Mr Smith.") is not None
    assert shelf.asked == 0


async def test_the_voice_that_stands_in_is_kept_here_and_not_shared():
    shelf, voice = Shelf(), Voice(speaker="the one for bad days")
    cache = SpeechCache(shelf)
    await cache.warm(voice, ["Hello."])
    await asyncio.sleep(1.0)
    assert cache.get("voice", "Hello.") is not None
    assert shelf.texts == []


async def test_a_process_begins_with_what_was_said_recently_as_far_as_there_is_room():
    shelf = Shelf()
    for text in ("older", "old", "new"):
        await shelf.save_clip("voice", text, CLIP)
    cache = SpeechCache(shelf, largest=6 + 2 * 80)
    await cache.warm(Voice(), ["Hello."])
    await asyncio.sleep(0.1)
    assert cache.get("voice", "older") is None
    assert cache.get("voice", "old") is not None
    cache.put("voice", "Bye.", CLIP)  # for it goes what was not used here
    there = [text for text in ("Hello.", "Bye.", "new", "old", "older") if cache.get("voice", text)]
    assert there == ["Hello.", "Bye.", "old"]


@pytest.mark.parametrize("trouble", ["slow", "away"])
async def test_shared_clips_that_are_not_to_be_had_cost_half_a_second_and_one_line(trouble, capsys):
    shelf, voice, loop = Shelf(), Voice(), asyncio.get_running_loop()
    if trouble == "slow":
        shelf.there.clear()
    shelf.away = True
    cache = SpeechCache(shelf)
    for texts in (["Hello."], ["Bye."]):
        began = loop.time()
        await cache.warm(voice, texts)
        assert loop.time() - began <= LOAD_WITHIN
        assert cache.get("voice", texts[0]) is not None
        await asyncio.sleep(20.0)
    assert capsys.readouterr().out.count("clips_not_shared") == 1
    shelf.there.set()
    shelf.away = False
    await cache.warm(voice, ["Hello.", "Bye.", "Still there?"])
    await asyncio.sleep(0.1)
    assert shelf.texts == ["Still there?"]


async def test_clips_do_not_queue_for_ever_and_none_is_exchanged_after_the_end(monkeypatch):
    monkeypatch.setattr(speech_cache, "SHARING", 3)
    shelf = Shelf()
    shelf.there.clear()
    cache = SpeechCache(shelf)
    for number in range(10):
        for listener in (ANA, BOB):
            cache.heard("voice", f"phrase {number}", CLIP, listener=listener)
    await asyncio.sleep(0.1)
    assert shelf.asked == 1, "one at a time"
    await cache.aclose()
    await cache.aclose()
    shelf.there.set()
    await asyncio.sleep(10.0)
    assert shelf.asked == 1
    assert shelf.texts == []


# --- what agents keep saying


async def test_what_is_said_for_the_second_time_is_kept():
    cache = SpeechCache()
    cache.heard("voice", "Let me look.", CLIP, listener=ANA)
    assert cache.get("voice", "Let me look.") is None
    cache.heard("other", "Let me look.", CLIP, listener=ANA)
    cache.heard("voice", "Let me see.", CLIP, listener=ANA)
    assert cache.get("voice", "Let me look.") is None
    cache.heard("voice", "Let me look.", CLIP, listener=ANA)
    assert cache.get("voice", "Let me look.") == CLIP


@pytest.mark.parametrize(
    ("listeners", "shared"), [([ANA, ANA, ANA], False), ([ANA, BOB], True), ([ANA, ANA, BOB], True)]
)
async def test_what_two_callers_were_told_is_shared(listeners, shared):
    shelf = Shelf()
    cache = SpeechCache(shelf)
    for listener in listeners:
        cache.heard("voice", "Let me look.", CLIP, listener=listener)
    await asyncio.sleep(0.1)
    assert shelf.texts == (["Let me look."] if shared else [])


@pytest.mark.parametrize("audio", [b"", b"\x10" * (LONGEST_REPEATED + 1)])
async def test_neither_nothing_nor_a_speech_is_kept(audio):
    cache = SpeechCache()
    for listener in (ANA, BOB):
        cache.heard("voice", "Well.", Clip(audio), listener=listener)
    assert cache.get("voice", "Well.") is None


async def test_only_so_many_phrases_are_counted(monkeypatch):
    monkeypatch.setattr(speech_cache, "COUNTED", 2)
    cache = SpeechCache()
    for text in ("A", "B", "C", "A", "C"):
        cache.heard("voice", text, CLIP, listener=ANA)
    assert [text for text in ("A", "B", "C") if cache.get("voice", text)] == ["C"]
