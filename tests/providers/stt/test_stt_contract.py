"""What all ears have in common, whoever makes them."""

import asyncio
from contextlib import asynccontextmanager
from importlib.util import find_spec

import pytest

from phoneagent.conversation.events import EagerEndOfTurn, EndOfTurn, PartialTranscript, SpeechStarted
from phoneagent.providers.stt.deepgram_flux import DeepgramFlux
from phoneagent.providers.stt.deepgram_nova import DeepgramNova
from phoneagent.records import Expectation
from phoneagent.simulator.deepgram import DeepgramServer

from .listening import PHRASEBOOK, Listener, plain, says, settled, silence

BOOKING = "I would like a table for two."
EXPECTED = Expectation(
    phrases=("I would like a table for <number>", "yes", "no"), rules={"number": ("two", "three")}, keyterms=("table",)
)


@asynccontextmanager
async def flux():
    async with DeepgramServer(PHRASEBOOK) as server:
        yield DeepgramFlux("key", url=server.url)


@asynccontextmanager
async def nova():
    async with DeepgramServer(PHRASEBOOK) as server:
        yield DeepgramNova("key", url=server.url)


@asynccontextmanager
async def pocketsphinx():
    from phoneagent.providers.stt.pocketsphinx import PocketsphinxStt

    stt = PocketsphinxStt()
    yield stt
    await stt.aclose()


ALL = [flux, nova]
if find_spec("phoneagent.providers.stt.pocketsphinx"):
    ALL.append(pocketsphinx)


@pytest.fixture(params=ALL, ids=lambda each: each.__name__)
def ears(request):
    return request.param


@asynccontextmanager
async def listening(ears):
    async with ears() as stt:
        transcription = await stt.connect(call="CA1")
        transcription.expect(EXPECTED)
        listener = Listener(transcription)
        yield listener
        await transcription.aclose()
        await listener.task


async def test_an_utterance_is_heard_from_its_start_to_its_end(ears):
    async with listening(ears) as line:
        await line.play(silence(0.5), says(BOOKING), silence(1.5))
        await line.transcription.finish()
        await line.task
    assert line.error is None
    assert line.understood == [plain(BOOKING)]
    kinds = [kind for kind in line.kinds() if kind != "SpeechStopped"]
    assert kinds[0] == "SpeechStarted"
    assert "PartialTranscript" in kinds


async def test_what_is_understood_grows_until_it_is_final(ears):
    async with listening(ears) as line:
        await line.play(silence(0.3), says(BOOKING), silence(1.5))
    texts = [event.text for event in line.events if isinstance(event, PartialTranscript | EndOfTurn)]
    assert plain(texts[-1]) == plain(BOOKING)
    lengths = [len(plain(text).split()) for text in texts]
    assert lengths == sorted(lengths)


@pytest.mark.parametrize("word", ["yes", "no"])
async def test_a_short_word_is_never_lost(ears, word):
    async with listening(ears) as line:
        await line.play(silence(1.0), says(word), silence(2.0))
        await line.transcription.finish()
        await line.task
    assert line.understood == [word]


async def test_two_turns_stay_two(ears):
    async with listening(ears) as line:
        await line.play(silence(0.3), says("yes"), silence(1.5), says("no"), silence(1.5))
        await line.transcription.finish()
        await line.task
    assert " ".join(line.understood) == "yes no"


async def test_the_last_words_come_out_when_the_caller_hangs_up_at_once(ears):
    loop = asyncio.get_running_loop()
    async with listening(ears) as line:
        await line.play(silence(0.3), says(BOOKING))
        began = loop.time()
        await line.transcription.finish()
        await line.task
        assert loop.time() - began < 1.0
    assert line.understood == [plain(BOOKING)]


async def test_finishing_a_silent_call_ends_the_iteration(ears):
    loop = asyncio.get_running_loop()
    async with listening(ears) as line:
        await line.play(silence(1.0))
        began = loop.time()
        await line.transcription.finish()
        await line.task
        assert loop.time() - began < 1.0
    assert line.events == []
    assert line.error is None


@pytest.mark.parametrize("state", ["new", "silent", "speaking", "finished"])
async def test_closing_takes_less_than_a_second_in_any_state_and_leaves_nothing(ears, state):
    loop = asyncio.get_running_loop()
    before = asyncio.all_tasks()
    async with ears() as stt:
        transcription = await stt.connect(call="CA1")
        line = Listener(transcription)
        if state != "new":
            await line.play(silence(0.5))
        if state in {"speaking", "finished"}:
            await line.play(says(BOOKING)[:60])
        if state == "finished":
            await transcription.finish()
        began = loop.time()
        await transcription.aclose()
        await transcription.aclose()
        await line.task
        transcription.send(bytes(160))
        await transcription.finish()
        assert loop.time() - began < 1.0
    assert line.error is None
    assert await settled(before) == set()


async def test_ears_that_end_turns_say_so(ears):
    async with ears() as stt:
        transcription = await stt.connect(call="CA1")
        transcription.expect(EXPECTED)
        line = Listener(transcription)
        await line.play(silence(0.3), says("yes"), silence(1.5))
        await transcription.aclose()
        await line.task
        ended = any(isinstance(event, EndOfTurn) for event in line.events)
        assert ended == stt.turn_events


async def test_an_eager_end_of_turn_has_the_words_of_the_final_one(ears):
    async with listening(ears) as line:
        await line.play(silence(0.3), says(BOOKING), silence(1.5))
    eager = [event.text for event in line.events if isinstance(event, EagerEndOfTurn)]
    final = [event.text for event in line.events if isinstance(event, EndOfTurn)]
    assert [plain(text) for text in eager] in ([], [plain(text) for text in final])
    assert isinstance(line.events[0], SpeechStarted)
