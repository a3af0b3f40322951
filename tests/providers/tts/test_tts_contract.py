"""What all voices have in common, whoever makes them."""

import asyncio
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from phoneagent.providers.tts.elevenlabs import ElevenLabs
from phoneagent.providers.tts.elevenlabs_http import ElevenLabsHttp
from phoneagent.providers.tts.espeak import EspeakTts
from phoneagent.records import SpeechDone
from phoneagent.simulator.elevenlabs import ElevenLabsServer
from tests.simulator.tone import ToneVoice

from .speaking import Ear

PHRASES = ("Your table is booked for seven.", "See you tomorrow,", "and have a pleasant evening.")


@asynccontextmanager
async def elevenlabs():
    async with ElevenLabsServer(ToneVoice()) as server:
        yield ElevenLabs("key", url=server.url)


@asynccontextmanager
async def elevenlabs_snake():
    """As its messages are spelled in practice."""
    async with ElevenLabsServer(ToneVoice(), spelling="context_id") as server:
        yield ElevenLabs("key", url=server.url)


@asynccontextmanager
async def elevenlabs_http():
    async with ElevenLabsServer(ToneVoice()) as server:
        tts = ElevenLabsHttp("key", url=server.url)
        yield tts
        await tts.aclose()


@asynccontextmanager
async def espeak():
    tts = EspeakTts()
    yield tts
    await tts.aclose()


ALIGNED = [elevenlabs, elevenlabs_snake, espeak]


@pytest.fixture(params=[*ALIGNED, elevenlabs_http], ids=lambda each: each.__name__)
def voice(request):
    return request.param


@asynccontextmanager
async def speaking(voice):
    async with voice() as tts:
        speech = await tts.connect(call="CA1")
        ear = Ear(speech)
        yield ear
        await speech.aclose()
        await ear.task
        assert ear.error is None


async def test_a_reply_is_spoken_phrase_by_phrase_and_then_done(voice):
    async with speaking(voice) as ear:
        for phrase in PHRASES:
            ear.speech.speak(1, phrase)
        ear.speech.finish(1)
        await ear.done(1)
    assert ear.outcome(1) == SpeechDone(1)
    assert ear.heard[-1] == SpeechDone(1)
    assert len(ear.audio(1)) > 8000


async def test_phrases_are_spoken_in_their_order(voice):
    async with speaking(voice) as ear:
        for reply, phrases in enumerate((PHRASES[:1], PHRASES[1:2], PHRASES[:2]), start=1):
            for phrase in phrases:
                ear.speech.speak(reply, phrase)
            ear.speech.finish(reply)
            await ear.done(reply)
    both = ear.audio(3)
    assert both.startswith(ear.audio(1))
    assert both.endswith(ear.audio(2))


@pytest.mark.parametrize("voice", ALIGNED)
async def test_words_cover_the_text_in_order_inside_the_audio(voice):
    async with speaking(voice) as ear:
        for phrase in PHRASES:
            ear.speech.speak(1, phrase)
        ear.speech.finish(1)
        await ear.done(1)
    words = ear.words(1)
    assert [word.text for word in words] == " ".join(PHRASES).split()
    assert all(0 <= word.start <= word.end for word in words)
    assert all(earlier.end <= later.start for earlier, later in pairwise(words))
    assert words[-1].end <= len(ear.audio(1))


@pytest.mark.parametrize("voice", ALIGNED)
async def test_positions_count_from_the_beginning_of_the_reply(voice):
    async with speaking(voice) as ear:
        ear.speech.speak(1, PHRASES[0])
        ear.speech.finish(1)
        await ear.done(1)
        ear.speech.speak(2, PHRASES[0])
        await asyncio.sleep(3)
        ear.speech.speak(2, PHRASES[1])
        ear.speech.finish(2)
        await ear.done(2)
    count = len(PHRASES[0].split())
    assert ear.words(2)[:count] == ear.words(1)
    assert ear.words(2)[count].start >= len(ear.audio(1))


@pytest.mark.parametrize("voice", ALIGNED)
async def test_words_come_with_the_audio_in_which_they_begin_or_end(voice):
    """A word that is heard without being known would be missing in the transcript of an interrupted reply."""
    async with speaking(voice) as ear:
        ear.speech.speak(1, PHRASES[0])
        ear.speech.finish(1)
        await ear.done(1)
    received = 0
    for chunk in ear.chunks(1):
        before, received = received, received + len(chunk.audio)
        assert all(word.start < received for word in chunk.words)
        assert all(word.end >= before - 320 for word in chunk.words)  # whose end only the next character tells


async def test_speech_begins_before_the_reply_is_complete(voice):
    async with speaking(voice) as ear:
        ear.speech.speak(1, PHRASES[0])
        await ear.until(lambda: ear.chunks(1))
        assert ear.outcome(1) is None
        ear.speech.finish(1)
        await ear.done(1)


async def test_nothing_of_a_cancelled_reply_comes_out(voice):
    async with speaking(voice) as ear:
        ear.speech.speak(1, PHRASES[0])
        ear.speech.speak(1, PHRASES[1])
        await ear.until(lambda: ear.chunks(1))
        ear.speech.cancel(1)
        heard = len(ear.heard)
        ear.speech.speak(1, PHRASES[2])  # the model may not know it yet
        ear.speech.finish(1)
        ear.speech.cancel(1)
        ear.speech.cancel(77)
        ear.speech.speak(2, PHRASES[1])
        ear.speech.finish(2)
        await ear.done(2)
        await asyncio.sleep(5)
    assert all(spoken.reply == 2 for spoken in ear.heard[heard:])
    assert ear.outcome(2) == SpeechDone(2)


async def test_what_was_spoken_but_not_taken_is_dropped_too(voice):
    async with voice() as tts:
        speech = await tts.connect(call="CA1")
        speech.speak(1, PHRASES[0])
        await asyncio.sleep(5)  # nobody listens yet
        speech.cancel(1)
        ear = Ear(speech)
        await asyncio.sleep(5)
        assert ear.heard == []
        await speech.aclose()
        await ear.task


async def test_two_replies_at_once_do_not_mix(voice):
    async with speaking(voice) as ear:
        for phrase in PHRASES:
            ear.speech.speak(1, phrase)
            ear.speech.speak(2, phrase)
        ear.speech.finish(2)
        ear.speech.finish(1)
        await ear.done(1, 2)
    assert ear.audio(1) == ear.audio(2)


async def test_a_reply_without_a_word_is_done_at_once(voice):
    async with speaking(voice) as ear:
        ear.speech.finish(1)
        await ear.done(1)
    assert ear.heard == [SpeechDone(1)]


@pytest.mark.parametrize("phrases", [("...",), ("\N{THUMBS UP SIGN}", "!"), ("\N{EM DASH}", PHRASES[0], "…")])
async def test_what_makes_no_sound_needs_no_audio(voice, phrases):
    async with speaking(voice) as ear:
        for phrase in phrases:
            ear.speech.speak(1, phrase)
        ear.speech.finish(1)
        await ear.done(1)
    assert ear.outcome(1) == SpeechDone(1)
    if PHRASES[0] in phrases:
        assert ear.audio(1)


@pytest.mark.parametrize("state", ["new", "asked", "speaking", "finished", "done"])
async def test_closing_takes_less_than_a_second_in_any_state_and_leaves_nothing(voice, state):
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    async with voice() as tts:
        speech = await tts.connect(call="CA1")
        ear = Ear(speech)
        if state != "new":
            speech.speak(1, PHRASES[0])
            speech.speak(1, PHRASES[1])
        if state in {"speaking", "finished"}:
            await ear.until(lambda: ear.chunks(1))
        if state in {"finished", "done"}:
            speech.finish(1)
        if state == "done":
            await ear.done(1)
        began = loop.time()
        await speech.aclose()
        await speech.aclose()
        await ear.task
        speech.speak(2, PHRASES[0])
        speech.finish(2)
        speech.cancel(1)
        assert loop.time() - began < 1.0
        assert ear.error is None
    for _ in range(10):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_voice_says_under_which_key_its_speech_may_be_kept(voice):
    async with voice() as tts:
        assert tts.identity
