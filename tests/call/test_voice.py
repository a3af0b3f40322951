"""Cached and streamed speech as one piece of audio."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from phoneagent.call.speech_cache import SpeechCache
from phoneagent.call.voice import Voice
from phoneagent.conversation.events import ProviderFailed, ReplyAudio, ReplyAudioDone, ReplyFailed
from phoneagent.conversation.words import Word
from phoneagent.errors import ProviderError
from phoneagent.private import Private
from phoneagent.providers.tts.espeak import EspeakTts
from phoneagent.records import Clip, SpeechChunk, SpeechDone
from phoneagent.speakable import Speakable

from .test_speech_cache import Shelf

ANA = Private("+15005550001")
ENGLISH = Speakable("en", {"Aurelia": "ow-RAY-lia"})


class Broken:
    """A provider that refuses every connection."""

    identity = "broken"

    def __init__(self, *, retryable: bool) -> None:
        self.attempts = 0
        self._retryable = retryable

    async def connect(self, *, call: str):
        self.attempts += 1
        raise ProviderError("broken", "no", retryable=self._retryable)

    async def aclose(self) -> None: ...


class Studio:
    """A voice with the events that it fed."""

    def __init__(self, provider, cache=None, *, call="CA1", listener=ANA) -> None:
        self.events: list[Any] = []
        self.news = asyncio.Event()
        cache = cache or SpeechCache()
        self.voice = Voice(provider, cache, self._feed, call=call, listener=listener, speakable=ENGLISH)
        self.connecting = asyncio.ensure_future(provider.connect(call=call))
        self.task = asyncio.create_task(self.voice.run(self.connecting))

    def _feed(self, event) -> None:
        self.events.append(event)
        self.news.set()

    async def until(self, kind) -> None:
        while not any(isinstance(event, kind) for event in self.events):
            self.news.clear()
            await self.news.wait()

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task, self.connecting])
        if not self.connecting.cancelled():
            self.connecting.exception()


class Recorded:
    """A provider that speaks each word in 100 samples, one in a chunk, and remembers what it was given."""

    identity = "recorded"

    def __init__(self, *, alignment: bool = True) -> None:
        self.given: list[str] = []
        self._alignment = alignment
        self._news: asyncio.Queue[Any] = asyncio.Queue()
        self._at = 0

    async def connect(self, *, call: str):
        return self

    def speak(self, reply: int, text: str) -> None:
        self.given.append(text)
        for word in text.split():
            words = (Word(word, self._at, self._at + 100),) if self._alignment else ()
            self._news.put_nowait(SpeechChunk(reply, b"\x10" * 100, words))
            self._at += 100

    def finish(self, reply: int) -> None:
        self._news.put_nowait(SpeechDone(reply))

    def cancel(self, reply: int) -> None: ...

    async def __aiter__(self):
        while True:
            yield await self._news.get()

    async def aclose(self) -> None: ...


CLIP = Clip(b"\x00" * 1600, (Word("Hello", 0, 800), Word("there.", 800, 1600)))


async def test_what_is_cached_is_there_at_once_and_needs_no_connection():
    cache = SpeechCache()
    cache.put("broken", "Hello there.", CLIP)
    studio = Studio(Broken(retryable=True), cache)
    studio.voice.speak(1, "Hello there.")
    studio.voice.finish(1)
    assert studio.events == [ReplyAudio(1, 1600, CLIP.words, 0), ReplyAudioDone(1)]
    assert studio.voice.audio(1, 100, 200) == b"\x00" * 100
    await studio.close()


async def test_streamed_speech_continues_the_cached_one_in_the_same_count():
    provider, cache = EspeakTts(), SpeechCache()
    cache.put(provider.identity, "Hello there.", CLIP)
    studio = Studio(provider, cache)
    studio.voice.speak(1, "Hello there.")
    studio.voice.speak(1, "We open at nine.")
    studio.voice.finish(1)
    await studio.until(ReplyAudioDone)
    words = [word for event in studio.events if isinstance(event, ReplyAudio) for word in event.words]
    assert [word.text.strip(".") for word in words] == ["Hello", "there", "We", "open", "at", "nine"]
    assert words[2].start >= 1600
    total = sum(event.samples for event in studio.events if isinstance(event, ReplyAudio))
    assert len(studio.voice.audio(1, 0, 10**6)) == total
    assert words[-1].end <= total
    await studio.close()
    await provider.aclose()


async def test_a_cancelled_reply_is_silent():
    provider = EspeakTts()
    studio = Studio(provider)
    studio.voice.speak(1, "This will never be heard.")
    studio.voice.cancel(1)
    studio.voice.speak(2, "But this will.")
    studio.voice.finish(2)
    await studio.until(ReplyAudioDone)
    assert {getattr(event, "reply", None) for event in studio.events} == {2}
    assert studio.voice.audio(1, 0, 100) == b""
    await studio.close()
    await provider.aclose()


@pytest.mark.parametrize(("retryable", "attempts"), [(True, 4), (False, 1)])
async def test_a_voice_that_cannot_be_had_fails_its_replies(retryable, attempts):
    provider = Broken(retryable=retryable)
    studio = Studio(provider)
    studio.voice.speak(1, "Nobody will hear this.")
    await studio.until(ReplyFailed)
    assert studio.events == [ProviderFailed("tts", "broken", "no"), ReplyFailed(1, "broken: no", "tts")]
    await asyncio.sleep(2.0)
    assert provider.attempts == attempts
    studio.voice.speak(2, "Nor this.")
    await asyncio.sleep(2.0)
    assert ReplyFailed(2, "broken: no", "tts") in studio.events
    await studio.close()


async def test_a_reply_that_does_not_end_is_given_up(monkeypatch):
    monkeypatch.setattr("phoneagent.call.voice.LONGEST", 4000)
    provider = EspeakTts()
    studio = Studio(provider)
    studio.voice.speak(1, "This takes more than half a second to say.")
    await studio.until(ReplyFailed)
    assert sum(event.samples for event in studio.events if isinstance(event, ReplyAudio)) <= 4000
    await studio.close()
    await provider.aclose()


# --- what is spoken, and what was written ----------------------------------------------------------


def words_of(studio: Studio) -> list[Word]:
    return [word for event in studio.events if isinstance(event, ReplyAudio) for word in event.words]


async def test_the_voice_is_given_what_can_be_spoken_and_the_transcript_keeps_what_was_written():
    provider = Recorded()
    studio = Studio(provider)
    studio.voice.speak(1, "It is **$3.50** at")
    studio.voice.speak(1, "Aurelia, 7:30pm.")
    studio.voice.finish(1)
    await studio.until(ReplyAudioDone)
    assert provider.given == ["It is three dollars and fifty cents at", "ow-RAY-lia, seven thirty PM."]
    assert words_of(studio) == [
        Word("It", 0, 100),
        Word("is", 100, 200),
        Word("**$3.50**", 200, 700),
        Word("at", 700, 800),
        Word("Aurelia,", 800, 900),
        Word("7:30pm.", 900, 1200),
    ]
    await studio.close()


async def test_a_clip_is_kept_under_what_is_spoken_and_heard_as_it_was_written():
    cache = SpeechCache()
    cache.put("broken", "five dollars", Clip(b"\x00" * 1600, (Word("five", 0, 800), Word("dollars", 800, 1600))))
    studio = Studio(Broken(retryable=True), cache)
    studio.voice.speak(1, "$5")
    studio.voice.speak(1, "$5")
    studio.voice.finish(1)
    assert words_of(studio) == [Word("$5", 0, 1600), Word("$5", 1600, 3200)]
    await studio.close()


async def test_what_nobody_says_is_not_given_to_the_voice_and_not_lost():
    provider = Recorded()
    studio = Studio(provider)
    for phrase in ("---", "Welcome!", "\N{GRINNING FACE}"):
        studio.voice.speak(1, phrase)
    studio.voice.finish(1)
    await studio.until(ReplyAudioDone)
    assert provider.given == ["Welcome!"]
    assert words_of(studio) == [Word("---", 0, 0), Word("Welcome!", 0, 100), Word("\N{GRINNING FACE}", 100, 100)]
    await studio.close()


async def test_a_voice_without_times_gives_none():
    studio = Studio(Recorded(alignment=False))
    studio.voice.speak(1, "It is $3.50.")
    studio.voice.finish(1)
    await studio.until(ReplyAudioDone)
    assert words_of(studio) == []
    assert sum(event.samples for event in studio.events if isinstance(event, ReplyAudio)) == 700
    await studio.close()


async def test_a_phrase_that_was_spoken_by_itself_twice_is_there_at_once_the_third_time():
    provider, cache = Recorded(), SpeechCache()
    studio = Studio(provider, cache)
    for reply, phrases in enumerate([["It is $3."], ["Well.", "It is $3."], ["It is $3."]], start=1):
        for phrase in phrases:
            studio.voice.speak(reply, phrase)
        studio.voice.finish(reply)
        await studio.until(ReplyAudioDone)
        studio.events.clear()
    studio.voice.speak(4, "It is $3.")
    assert [(word.text, word.end - word.start) for word in words_of(studio)] == [("It", 100), ("is", 100), ("$3.", 200)]
    assert cache.get("recorded", "Well.") is None
    await studio.close()


async def test_what_one_caller_is_told_in_two_calls_stays_here_and_what_two_are_told_is_shared():
    told = {"Your balance is $3.": (ANA, ANA), "Well.": (ANA, Private("+15005550002"))}
    for text, listeners in told.items():
        shelf = Shelf()
        cache = SpeechCache(shelf)
        for number, listener in enumerate(listeners):
            studio = Studio(Recorded(), cache, call=f"CA{number}", listener=listener)
            studio.voice.speak(1, text)
            studio.voice.finish(1)
            await studio.until(ReplyAudioDone)
            await studio.close()
        await asyncio.sleep(1.0)
        assert shelf.texts == ([] if listeners[0] == listeners[1] else [text])


# --- audio that does not come ----------------------------------------------------------------------


class Mute(Recorded):
    """A provider that accepts everything, says nothing and is done."""

    def speak(self, reply: int, text: str) -> None:
        self.given.append(text)


@pytest.mark.parametrize("cached", [False, True])
async def test_a_voice_that_is_done_without_a_sound_has_failed(cached):
    cache = SpeechCache()
    if cached:
        cache.put("recorded", "Hello there.", CLIP)
    studio = Studio(Mute(), cache)
    for phrase in ("Hello there.", "We open at nine.") if cached else ("We open at nine.",):
        studio.voice.speak(1, phrase)
    studio.voice.finish(1)
    await studio.until(ReplyFailed)
    assert [word.text for word in words_of(studio)] == (["Hello", "there."] if cached else [])
    await studio.close()


@pytest.mark.parametrize("text", ["...", "\N{THUMBS UP SIGN}", "<br>", "\N{EM DASH} !"])
async def test_what_makes_no_sound_is_done_without_one(text):
    studio = Studio(Mute())
    studio.voice.speak(1, text)
    studio.voice.finish(1)
    await studio.until(ReplyAudioDone)
    assert not any(isinstance(event, ReplyFailed) for event in studio.events)
    await studio.close()
