"""espeak speaks for simulated callers (whole texts) and for agents (phrase by phrase)."""

import asyncio
import audioop
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phoneagent.conversation.words import SAMPLE_RATE
from phoneagent.errors import ProviderError
from phoneagent.providers.tts.espeak import CHUNK, STEADY_VOICES, EspeakTts, EspeakVoice
from phoneagent.records import SpeechChunk, SpeechDone, SpeechFailed

GREETING = "Trattoria Aurelia, good evening. How can I help you?"


def loudness(audio):
    return audioop.rms(audioop.ulaw2lin(audio, 2), 2)


def seconds(samples):
    return samples / SAMPLE_RATE


# --- whole texts -----------------------------------------------------------------------------------


def test_a_sentence_lasts_about_as_long_as_people_take():
    clip = EspeakVoice().synthesize(GREETING)
    assert 2.0 < seconds(len(clip.audio)) < 5.0


def test_speech_begins_and_ends_without_silence():
    clip = EspeakVoice().synthesize("yes")
    assert loudness(clip.audio[:80]) > 0
    assert loudness(clip.audio[-80:]) > 0


def test_every_word_of_the_text_has_its_place_in_the_audio():
    text = "Hello, I have 23 tables at 7:30 p.m. - café ok? Yes."
    clip = EspeakVoice().synthesize(text)
    assert [word.text for word in clip.words] == text.split()
    assert clip.words[0].start == 0
    assert clip.words[-1].end <= len(clip.audio)
    assert all(word.start <= word.end for word in clip.words)
    assert all(one.end <= other.start for one, other in pairwise(clip.words))


def test_words_are_heard_where_they_are_said_to_be():
    clip = EspeakVoice().synthesize("Hello, goodbye.")
    hello, goodbye = clip.words
    assert loudness(clip.audio[hello.start : hello.end]) > 1000
    assert loudness(clip.audio[goodbye.start : goodbye.end]) > 1000
    assert loudness(clip.audio[hello.end : goodbye.start]) < 500, "the pause of the comma belongs to no word"


@pytest.mark.parametrize("voice", STEADY_VOICES)
def test_the_same_text_gives_the_same_bytes_whatever_was_said_before(voice):
    speaker = EspeakVoice(voice)
    first = speaker.synthesize(GREETING)
    for other in ("no", "half past seven", "Something else, altogether longer than that."):
        speaker.synthesize(other)
        assert speaker.synthesize(GREETING) == first


def test_voices_differ():
    speaker = EspeakVoice()
    assert speaker.synthesize("hello", voice=STEADY_VOICES[1]).audio != speaker.synthesize("hello").audio


@pytest.mark.parametrize("text", ["", " ", "...", "-"])
def test_nothing_to_say_is_no_speech(text):
    assert EspeakVoice().synthesize(text).audio == b""


def test_an_unknown_voice_is_named():
    with pytest.raises(ProviderError, match="no voice is called 'martian'") as caught:
        EspeakVoice("martian").synthesize("hello")
    assert not caught.value.retryable


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_has_words_in_order_within_its_audio(text):
    clip = EspeakVoice().synthesize(text)
    positions = [position for word in clip.words for position in (word.start, word.end)]
    assert positions == sorted(positions)
    assert all(0 <= position <= len(clip.audio) for position in positions)
    if clip.words:
        assert [word.text for word in clip.words] == text.replace("\0", " ").split()


# --- the voice of a call ---------------------------------------------------------------------------


@pytest.fixture
async def tts():
    tts = EspeakTts()
    yield tts
    await tts.aclose()


@pytest.fixture
async def speech(tts):
    speech = await tts.connect(call="CA1")
    yield speech
    await speech.aclose()


async def hear(speech, *, until):
    heard = []
    async for spoken in speech:
        heard.append(spoken)
        if spoken == until:
            break
    return heard


def audio_of(heard, reply):
    return b"".join(spoken.audio for spoken in heard if isinstance(spoken, SpeechChunk) and spoken.reply == reply)


async def test_a_phrase_comes_in_chunks_with_the_words_that_begin_in_them(speech):
    speech.speak(1, GREETING)
    speech.finish(1)
    heard = await hear(speech, until=SpeechDone(1))
    assert audio_of(heard, 1) == EspeakVoice().synthesize(GREETING).audio
    at = 0
    for chunk in heard[:-1]:
        assert 0 < len(chunk.audio) <= CHUNK
        assert all(at <= word.start < at + len(chunk.audio) for word in chunk.words)
        at += len(chunk.audio)
    assert [word.text for chunk in heard[:-1] for word in chunk.words] == GREETING.split()


async def test_positions_count_from_the_beginning_of_the_reply(speech):
    speech.speak(1, "We open at noon.")
    speech.speak(1, "We close at eleven.")
    speech.finish(1)
    heard = await hear(speech, until=SpeechDone(1))
    words = [word for chunk in heard[:-1] for word in chunk.words]
    audio = audio_of(heard, 1)
    assert [word.text for word in words] == ["We", "open", "at", "noon.", "We", "close", "at", "eleven."]
    noon, we = words[3], words[4]
    assert 0.25 < seconds(we.start - noon.end) < 0.4, "a breath between two sentences"
    assert loudness(audio[we.start : words[-1].end]) > 1000


async def test_no_pause_is_made_where_a_sentence_was_cut_into_phrases(speech):
    speech.speak(1, "Of course, I can")
    speech.speak(1, "book a table.")
    speech.finish(1)
    heard = await hear(speech, until=SpeechDone(1))
    words = [word for chunk in heard[:-1] for word in chunk.words]
    assert seconds(words[4].start - words[3].end) < 0.05


async def test_replies_are_independent(speech):
    speech.speak(1, "We open at noon.")
    speech.speak(2, "Goodbye.")
    speech.finish(2)
    speech.finish(1)
    heard = await hear(speech, until=SpeechDone(1))
    assert audio_of(heard, 1) == EspeakVoice().synthesize("We open at noon.").audio
    assert audio_of(heard, 2) == EspeakVoice().synthesize("Goodbye.").audio
    assert SpeechDone(2) in heard


async def test_nothing_comes_of_a_cancelled_reply(speech):
    speech.speak(1, GREETING)
    heard = []
    async for spoken in speech:
        heard.append(spoken)
        if len(heard) == 1:
            speech.cancel(1)
            speech.speak(1, "too late")
            speech.finish(1)
            speech.speak(2, "Yes?")
            speech.finish(2)
        if spoken == SpeechDone(2):
            break
    assert [spoken.reply for spoken in heard[1:]] == [2] * (len(heard) - 1)


async def test_cancelling_what_is_unknown_changes_nothing(speech):
    speech.cancel(7)
    speech.speak(8, "Yes.")
    speech.finish(8)
    assert audio_of(await hear(speech, until=SpeechDone(8)), 8)


async def test_a_voice_nobody_reads_does_not_pile_up(speech):
    for _ in range(1000):
        speech.speak(1, "more")
    speech.speak(2, "Hello.")
    speech.finish(2)
    heard = await hear(speech, until=SpeechDone(2))
    assert isinstance(heard[0], SpeechFailed)
    assert heard[0].reply == 1
    assert audio_of(heard, 2)


async def test_closing_ends_the_iteration_and_may_be_repeated(speech):
    reader = asyncio.create_task(hear(speech, until=None))
    await asyncio.sleep(0)
    await speech.aclose()
    await speech.aclose()
    assert await reader == []


async def test_an_unknown_voice_is_known_when_connecting():
    tts = EspeakTts("martian")
    with pytest.raises(ProviderError, match="martian"):
        await tts.connect(call="CA1")
    await tts.aclose()


async def test_the_event_loop_turns_while_a_voice_speaks(speech):
    speech.speak(1, GREETING * 10)
    speech.finish(1)
    turns = 0

    async def turn():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    turning = asyncio.create_task(turn())
    await anext(aiter(speech))
    turning.cancel()
    assert turns > 20, "half a minute of speech takes 50 ms or more to make: a free loop turns thousands of times"


def test_identity_tells_settings_apart():
    assert len(
        {EspeakTts(v, speed=s, pitch=p).identity for v in STEADY_VOICES for s in (150, 160) for p in (40, 50)}
    ) == (4 * len(STEADY_VOICES))
