"""Voices that say they are done and have not spoken all: who notices, who goes on, and what counts as heard.

The simulated ElevenLabs loses speech as the real one does; a scripted one says what no simulator would.
"""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from websockets.asyncio.server import serve

from phoneagent.app import Makers
from phoneagent.conversation.policy import Phrasing
from phoneagent.providers.circuit import Circuit
from phoneagent.providers.tts.elevenlabs import ElevenLabs
from phoneagent.providers.tts.elevenlabs_http import ElevenLabsHttp
from phoneagent.providers.tts.espeak import EspeakTts
from phoneagent.providers.tts.fallback import Candidate, FallbackVoice
from phoneagent.records import Agent, ProviderChoice, SpeechDone, SpeechFailed
from phoneagent.settings import Settings
from phoneagent.simulator.elevenlabs import ElevenLabsServer
from tests.simulator.tone import ToneVoice, tone

from .speaking import Ear

OPEN, CLOSED, YES = "We are open from nine to five.", "On Mondays we are closed.", "Ja."


@asynccontextmanager
async def simulated(maker: Any = ElevenLabs, *, fallback: bool = False, **server_options: Any):
    async with ElevenLabsServer(ToneVoice(), **server_options) as server:
        tts = maker("key", url=server.url)
        espeak = EspeakTts()
        voice = FallbackVoice([candidate("elevenlabs", tts), candidate("espeak", espeak)]) if fallback else tts
        ear = Ear(await voice.connect(call="CA1"), server)
        yield ear
        await ear.speech.aclose()
        await ear.task
        await voice.aclose()
        await espeak.aclose()


def candidate(name: str, voice: Any) -> Candidate:
    return Candidate(voice, Circuit("tts", name))


async def say(ear: Ear, reply: int, *phrases: str) -> None:
    for phrase in phrases:
        ear.speech.speak(reply, phrase)
    ear.speech.finish(reply)
    await ear.done(reply)


def words(ear: Ear, reply: int = 1) -> str:
    return " ".join(word.text for word in ear.words(reply))


# --- the race --------------------------------------------------------------------------------------


@pytest.mark.parametrize("early_close", ["final", "nothing"])
@pytest.mark.parametrize("phrases", [(YES,), (OPEN,), (OPEN, YES), (OPEN, CLOSED, YES), (YES, "Da!", "Ok.")])
async def test_a_context_is_closed_when_its_last_phrase_has_begun_to_sound(phrases, early_close):
    async with simulated(early_close=early_close) as ear:
        await say(ear, 1, *phrases)
        assert ear.outcome(1) == SpeechDone(1)
        assert words(ear) == " ".join(phrases)
        assert len(ear.audio(1)) == sum(len(ToneVoice().synthesize(phrase).audio) for phrase in phrases)
        assert not ear.server.timeline.find("unspoken")
        assert len(ear.server.timeline.find("context_closed")) == 1


async def test_a_reply_that_is_finished_long_after_its_last_phrase_is_closed_at_once():
    async with simulated() as ear:
        ear.speech.speak(1, OPEN)
        await asyncio.sleep(10)
        ear.speech.finish(1)
        await asyncio.sleep(0.1)
        assert ear.outcome(1) == SpeechDone(1)


async def test_every_context_is_closed_whatever_becomes_of_its_reply():
    async with simulated() as ear:
        for reply in range(1, 20):
            ear.speech.speak(reply, YES)
            if reply % 3 == 0:
                await asyncio.sleep(0.2)
            if reply % 2:
                ear.speech.finish(reply)
            ear.speech.cancel(reply)
            await asyncio.sleep(0.05)
        await asyncio.sleep(12)
        opened, closed = (ear.server.timeline.find(f"context_{what}") for what in ("opened", "closed"))
        assert len(opened) == len(closed)
        assert not ear.server.timeline.find("error")
        await say(ear, 20, OPEN)
        assert ear.outcome(20) == SpeechDone(20)


# --- phrases of which nothing comes ----------------------------------------------------------------


@pytest.mark.parametrize("maker", [ElevenLabs, ElevenLabsHttp])
@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_a_phrase_without_audio_is_a_failure_of_the_voice(maker, lost):
    phrases = (OPEN, CLOSED, YES)
    async with simulated(maker, unspoken=lambda text: text == phrases[lost]) as ear:
        await say(ear, 1, *phrases)
        failed = ear.outcome(1)
        assert isinstance(failed, SpeechFailed)
        assert failed.retryable
        assert failed.silent


@pytest.mark.parametrize("maker", [ElevenLabs, ElevenLabsHttp])
@pytest.mark.parametrize("said", [(), (OPEN,), (OPEN, CLOSED)])
async def test_the_next_voice_goes_on_with_the_first_phrase_that_was_not_spoken(maker, said):
    async with simulated(maker, fallback=True, unspoken=lambda text: text == YES) as ear:
        await say(ear, 1, *said, YES)
        assert ear.outcome(1) == SpeechDone(1)
        assert [failure.then for failure in ear.failures] == ["espeak"]
        tones = b"".join(ToneVoice().synthesize(phrase).audio for phrase in said)
        assert ear.audio(1).startswith(tones)
        assert len(ear.audio(1)) > len(tones)
        if maker is ElevenLabs:
            assert words(ear) == " ".join((*said, YES))


# --- a vendor that does as it is told --------------------------------------------------------------


def audio(seconds: float, chars: str = "", *, each: float = 60, start: float = 0, **more: Any) -> dict[str, Any]:
    """A message with so much audio, in which these characters are spoken."""
    sound = base64.b64encode(tone(seconds)).decode()
    times = [start + number * each for number in range(len(chars))]
    aligned = {"chars": list(chars), "charStartTimesMs": times, "charDurationsMs": [each] * len(chars)}
    return {"audio": sound, "alignment": aligned if chars else None, **more}


FINAL = {"isFinal": True}


class Script:
    """Answers to each text, and to the close of a context; `context` is filled in. What was sent is in `got`."""

    def __init__(self, *answers: list[dict[str, Any]], close: tuple[dict[str, Any], ...] = (FINAL,)) -> None:
        self.answers = list(answers)
        self.close = close
        self.got: list[dict[str, Any]] = []

    async def __call__(self, connection: Any) -> None:
        async for raw in connection:
            message = json.loads(raw)
            self.got.append(message)
            answers: Any = []
            if message.get("close_context"):
                answers = self.close
            elif message.get("text", "").strip():
                answers = self.answers.pop(0) if self.answers else []
            for answer in answers:
                named = {} if "error" in answer and "contextId" not in answer else {"contextId": message["context_id"]}
                await connection.send(json.dumps({**named, **answer}))

    @property
    def closes(self) -> int:
        return sum(1 for message in self.got if message.get("close_context"))


@asynccontextmanager
async def scripted(*answers: list[dict[str, Any]], fallback: bool = False, **options: Any):
    script = Script(*answers, **options)
    async with serve(script, "127.0.0.1", 0) as server:
        host, port = next(iter(server.sockets)).getsockname()
        tts, espeak = ElevenLabs("key", url=f"ws://{host}:{port}"), EspeakTts()
        voice: Any = FallbackVoice([candidate("elevenlabs", tts), candidate("espeak", espeak)]) if fallback else tts
        ear = Ear(await voice.connect(call="CA1"), script)
        yield ear
        await ear.speech.aclose()
        await ear.task
        await espeak.aclose()


@pytest.mark.parametrize(
    "answers",
    [
        [[FINAL]],
        [[audio(1.5, f"{OPEN} "), FINAL]],
        [[audio(1.5, f"{OPEN} ")], [FINAL]],
        [[audio(0.4, "We are o"), FINAL]],
        [[audio(0.05, f"{OPEN} "), FINAL]],  # all that will be said is told, and hardly any of it comes
        [[audio(0.2, None or ""), FINAL]],
    ],
    ids=["nothing", "one of two", "at the second", "in a word", "told, not said", "too short"],
)
async def test_a_final_message_without_the_audio_is_a_failure(answers):
    async with scripted(*answers) as ear:
        await say(ear, 1, OPEN, CLOSED)
        failed = ear.outcome(1)
        assert isinstance(failed, SpeechFailed)
        assert failed.retryable
        assert failed.silent
        assert "Mondays" not in words(ear)


async def test_a_voice_that_says_everything_but_not_that_it_has_is_done():
    async with scripted([audio(2.0, f"{OPEN} ")], close=()) as ear:
        await say(ear, 1, OPEN)
        assert ear.outcome(1) == SpeechDone(1)
        assert words(ear) == OPEN


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {},
        {"chars": None, "charStartTimesMs": None, "charDurationsMs": None},
        {"chars": ["W", "e"], "charStartTimesMs": [0], "charDurationsMs": [60, 60]},
        {"chars": ["W", None], "charStartTimesMs": [0, 60], "charDurationsMs": [60, 60]},
        {"chars": ["W", "e"], "charStartTimesMs": [0, None], "charDurationsMs": [60, 60]},
        {"chars": "We", "charStartTimesMs": "00", "charDurationsMs": 7},
        ["W"],
        "We",
        {"chars": list(OPEN), "charStartTimesMs": [60_000] * len(OPEN), "charDurationsMs": [60] * len(OPEN)},
    ],
    ids=["null", "empty", "nulls", "too few", "null char", "null time", "texts", "a list", "a text", "another minute"],
)
@pytest.mark.parametrize("others", [False, True])
async def test_a_message_with_a_broken_alignment_plays_its_audio(broken, others):
    message = {**audio(2.0), "alignment": broken}
    phrases = (CLOSED, OPEN, CLOSED) if others else (OPEN,)
    answers = [[message] if phrase == OPEN else [audio(1.8, f"{CLOSED} ")] for phrase in phrases]
    async with scripted(*answers) as ear:
        await say(ear, 1, *phrases)
        assert ear.outcome(1) == SpeechDone(1)
        assert len(ear.audio(1)) == sum(len(base64.b64decode(each["audio"])) for [each] in answers)
        assert words(ear) == " ".join(phrases)
        assert ear.server.closes == 1


@pytest.mark.parametrize("aligned", [True, False])
async def test_a_reply_that_is_finished_after_all_was_spoken_is_done_at_once(aligned):
    async with scripted([audio(2.0, f"{OPEN} " if aligned else "")]) as ear:
        ear.speech.speak(1, OPEN)
        await asyncio.sleep(5)
        ear.speech.finish(1)
        await asyncio.sleep(0.1)
        assert ear.outcome(1) == SpeechDone(1)
        assert ear.server.closes == 1


@pytest.mark.parametrize("fallback", [True, False])
async def test_a_slow_model_is_given_its_time(fallback):
    voices = (ProviderChoice("espeak"),) if fallback else ()
    made = Agent("a", Phrasing(), tts=ProviderChoice("elevenlabs", "eleven_v3", fallback=voices))
    async with ElevenLabsServer(ToneVoice()) as server, AsyncExitStack() as stack:
        settings = Settings(elevenlabs_url=server.url, elevenlabs_api_key=SecretStr("key"))
        voice = Makers(settings, stack)._voices(made)
        ear = Ear(await voice.connect(call="CA1"), server)
        await say(ear, 1, OPEN, CLOSED, YES)
        assert ear.outcome(1) == SpeechDone(1)
        assert ear.failures == []
        assert ear.times[0] - server.timeline.find("text")[0].at > 1.5
        await ear.speech.aclose()
        await ear.task
        await voice.aclose()


@pytest.mark.parametrize("seconds", [1.0, 1.6, 2.4])
async def test_a_voice_without_times_is_not_taken_for_silent_while_the_model_thinks(seconds):
    """Nobody else says again what it has said, however fast it speaks."""
    async with scripted([audio(seconds)], [audio(seconds)], fallback=True) as ear:
        ear.speech.speak(1, OPEN)
        await asyncio.sleep(8)
        await say(ear, 1, CLOSED)
        assert ear.failures == []
        assert words(ear) == f"{OPEN} {CLOSED}"
        assert len(ear.audio(1)) == 2 * len(tone(seconds))


@pytest.mark.parametrize(
    "names",
    [
        ("charStartTimesMs", "charDurationsMs"),
        ("charsStartTimesMs", "charsDurationsMs"),
        ("char_start_times_ms", "char_durations_ms"),
        ("charsStartTimesMs", "charDurationsMs"),
    ],
)
async def test_times_are_read_however_they_are_spelled(names):
    message = audio(2.0, f"{OPEN} ")
    starts, durations = (message["alignment"].pop(name) for name in ("charStartTimesMs", "charDurationsMs"))
    message["alignment"] |= dict(zip(names, (starts, durations), strict=True))
    async with scripted([message]) as ear:
        await say(ear, 1, OPEN)
        assert words(ear) == OPEN
        assert ear.words(1)[1].start == 3 * 60 * 8


@pytest.mark.parametrize(
    ("first", "second"),
    [("Hello there ", "there you "), ("Hello there you ", "Hello there you "), ("Hello th", "there you ")],
)
async def test_alignments_that_overlap_tell_each_word_once(first, second):
    later = "Is there more, you there?"
    async with scripted([audio(0.8, first), audio(0.8, second)], [audio(1.6, f"{later} ")]) as ear:
        await say(ear, 1, "Hello there you", later)
        assert ear.outcome(1) == SpeechDone(1)
        assert words(ear) == f"Hello there you {later}"


async def test_words_that_belong_together_may_repeat():
    async with scripted([audio(0.6, "No, no, "), audio(0.8, "no, never! ")]) as ear:
        await say(ear, 1, "No, no, no, never!")
        assert words(ear) == "No, no, no, never!"


async def test_numbers_that_the_voice_tells_in_its_own_words_are_no_missing_audio():
    message = audio(2.4, "That is one hundred and twenty. ")
    message["normalizedAlignment"], message["alignment"] = message["alignment"], None
    async with scripted([message]) as ear:
        await say(ear, 1, "That is 120.")
        assert ear.outcome(1) == SpeechDone(1)
        assert words(ear) == "That is 120."


# --- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["text_too_long", "quota_exceeded", {"code": "busy", "message": "too much"}])
async def test_an_error_that_names_a_context_fails_that_context_only(code):
    wrong = {"error": code, "message": "no", "contextId": "r1"}
    async with scripted([audio(0.4, "We are ")], [], [wrong, audio(1.8, f"{CLOSED} ")], []) as ear:
        ear.speech.speak(1, OPEN)
        ear.speech.speak(2, CLOSED)
        await asyncio.sleep(0.05)
        ear.server.answers = [[wrong, audio(1.8, f"{CLOSED} ")]]
        ear.speech.speak(2, CLOSED)
        ear.speech.finish(2)
        await ear.done(1)
        failed = ear.outcome(1)
        assert isinstance(failed, SpeechFailed)
        assert failed.retryable is (code != "quota_exceeded")
        assert ear.outcome(2) is None
        assert ear.error is None
        await ear.done(2)
        assert not [m for m in ear.server.got if m.get("close_context") and m["context_id"] == "r1"]
        ear.server.answers = [[audio(1.8, f"{CLOSED} ")]]
        await say(ear, 3, CLOSED)
        assert ear.outcome(3) == SpeechDone(3)


@pytest.mark.parametrize("error", ["quota_exceeded", "internal_server_error"])
async def test_replies_whose_text_is_refused_do_not_use_up_the_contexts(error):
    async with simulated(refused=lambda text: error if text == YES else "") as ear:
        for reply in range(1, 9):
            await say(ear, reply, YES)
            failed = ear.outcome(reply)
            assert isinstance(failed, SpeechFailed)
            assert error in failed.problem
            await asyncio.sleep(3)
        await say(ear, 9, OPEN)
        assert ear.outcome(9) == SpeechDone(9)
        assert len(ear.server.timeline.find("opened")) == 1
        assert not ear.server.timeline.find("phantom_context")


async def test_an_error_of_a_context_that_is_over_is_ignored():
    async with scripted([audio(2.0, f"{OPEN} ")]) as ear:
        await say(ear, 1, OPEN)
        wrong = {"error": "busy", "message": "no", "contextId": "r1"}
        ear.server.answers = [[wrong, audio(1.8, f"{CLOSED} ")]]
        await say(ear, 2, CLOSED)
        assert ear.outcome(2) == SpeechDone(2)
