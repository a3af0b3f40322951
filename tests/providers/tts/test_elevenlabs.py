"""ElevenLabs when contexts run out, sockets are lost and audio does not come. Real sockets, simulated ElevenLabs."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any

import pytest

from phoneagent.catalogue.elevenlabs import MODELS
from phoneagent.errors import MisuseError, ProviderError
from phoneagent.providers.tts.elevenlabs import ElevenLabs
from phoneagent.providers.tts.elevenlabs_http import ElevenLabsHttp
from phoneagent.providers.tts.elevenlabs_messages import Message
from phoneagent.records import SpeechDone, SpeechFailed
from phoneagent.simulator.elevenlabs import ElevenLabsServer
from phoneagent.simulator.faults import Fault, Faults
from phoneagent.simulator.latency import Latencies
from tests.simulator.tone import ToneVoice

from .speaking import Ear

SHORT = "Yes, of course."
LONG = "We are open from noon to three, and then again from six in the evening until the last guest has gone home."
VOICES: dict[str, Any] = {"socket": ElevenLabs, "http": ElevenLabsHttp}


@asynccontextmanager
async def call(voice=ElevenLabs, *faults, latencies=None, **options):
    """A call whose first connection suffers the first fault, and so on."""
    before = asyncio.all_tasks()
    plan = Faults()
    for fault in faults:
        plan.add(fault, times=1)
    async with ElevenLabsServer(ToneVoice(), faults=plan, latencies=latencies) as server:
        tts = voice("a-key", url=server.url, **options)
        ear = Ear(await tts.connect(call="CA1"), server)
        yield ear
        await ear.speech.aclose()
        await ear.task
        await tts.aclose()
    for _ in range(10):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


def say(ear, reply, *phrases):
    for phrase in phrases:
        ear.speech.speak(reply, phrase)
    ear.speech.finish(reply)


def seen(ear, what):
    return len(ear.server.timeline.find(what))


# --- contexts ---------------------------------------------------------------------------------------


async def test_one_socket_serves_a_call_with_one_context_a_reply():
    async with call() as ear:
        for reply in range(1, 13):
            say(ear, reply, SHORT, SHORT)
            await ear.done(reply)
            await asyncio.sleep(4)
        assert seen(ear, "opened") == 1
        assert seen(ear, "context_opened") == 12
        assert seen(ear, "phantom_context") == 0


async def test_barge_ins_in_a_row_open_a_second_socket_instead_of_a_fifth_context():
    async with call() as ear:
        for reply in range(1, 8):
            ear.speech.speak(reply, LONG)  # is generated to its end, cancelled or not
            await ear.until(lambda reply=reply: ear.chunks(reply))
            ear.speech.cancel(reply)
        say(ear, 8, SHORT)
        await ear.done(8)
        assert ear.outcome(8) == SpeechDone(8)
        assert seen(ear, "opened") == 2
        assert seen(ear, "error") == 0
        assert seen(ear, "phantom_context") == 0


async def test_a_context_that_never_ends_is_forgotten_after_ten_seconds():
    latencies = Latencies(speech_speed=0.01)
    async with call(latencies=latencies) as ear:
        for reply in range(1, 5):
            ear.speech.speak(reply, LONG)
            await ear.until(lambda reply=reply: ear.chunks(reply))
            ear.speech.cancel(reply)
        await asyncio.sleep(11)
        ear.speech.speak(5, SHORT)
        await ear.until(lambda: ear.chunks(5))
        assert seen(ear, "opened") == 1


async def test_a_reply_cancelled_before_its_socket_is_open_asks_for_nothing():
    async with call(ElevenLabs, Fault("close", after=1.0)) as ear:
        await asyncio.sleep(2)
        ear.speech.speak(1, LONG)
        ear.speech.cancel(1)
        say(ear, 2, SHORT)
        await ear.done(2)
        assert [entry.data["text"].strip() for entry in ear.server.timeline.find("text")] == [SHORT]


async def test_settings_are_sent_with_the_first_message_of_each_context():
    async with call(stability=0.4, speed=1.1) as ear:
        say(ear, 1, SHORT, SHORT)
        say(ear, 2, SHORT)
        await ear.done(1, 2)
        assert {type(ear.outcome(reply)) for reply in (1, 2)} == {SpeechDone}


async def test_speaking_after_the_end_is_our_own_mistake():
    async with call() as ear:
        say(ear, 1, SHORT)
        with pytest.raises(MisuseError):
            ear.speech.speak(1, SHORT)


# --- sockets that are lost --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault("drop", after=5.0),
        Fault("close", after=5.0, code=1008),
        Fault("error", after=5.0, code=1008, reason="input_timeout_exceeded"),
    ],
    ids=["drop", "close", "timeout"],
)
async def test_a_socket_lost_while_nobody_speaks_is_replaced_with_the_next_reply(fault):
    async with call(ElevenLabs, fault) as ear:
        say(ear, 1, SHORT)
        await ear.done(1)
        await asyncio.sleep(20)
        assert seen(ear, "opened") == 1
        say(ear, 2, SHORT)
        await ear.done(2)
        assert ear.outcome(2) == SpeechDone(2)
        assert ear.audio(2) == ear.audio(1)


async def test_a_socket_lost_before_the_first_audio_costs_nothing():
    async with call(ElevenLabs, Fault("drop", at_event=1)) as ear:
        say(ear, 1, SHORT, LONG)
        await ear.done(1)
        assert ear.outcome(1) == SpeechDone(1)
        assert [word.text for word in ear.words(1)] == f"{SHORT} {LONG}".split()


async def test_a_socket_lost_between_phrases_goes_on_with_the_next_one():
    async with call() as ear:
        ear.speech.speak(1, SHORT)
        await ear.until(lambda: len(ear.words(1)) == 2)
        await asyncio.sleep(2)
        (connection,) = ear.server.connections
        ear.speech.speak(1, LONG)
        connection.inflict(Fault("drop"))
        ear.speech.finish(1)
        await ear.done(1)
        assert ear.outcome(1) == SpeechDone(1)
        assert [word.text for word in ear.words(1)] == f"{SHORT} {LONG}".split()
        assert ear.words(1)[-1].end <= len(ear.audio(1))


async def test_a_socket_lost_within_a_phrase_fails_the_reply_and_keeps_what_was_said():
    async with call(ElevenLabs, Fault("drop", at_event=5)) as ear:
        say(ear, 1, LONG)
        await ear.done(1)
        failed = ear.outcome(1)
        assert isinstance(failed, SpeechFailed)
        assert failed.retryable
        assert LONG.split()[: len(ear.words(1))] == [word.text for word in ear.words(1)]
        say(ear, 2, SHORT)
        await ear.done(2)
        assert ear.outcome(2) == SpeechDone(2)


async def test_a_voice_that_stays_away_fails_the_reply_and_then_the_call():
    async with call(ElevenLabs, Fault("drop", after=1.0)) as ear:
        await asyncio.sleep(2)
        ear.server.faults.add(Fault("refuse", status=503))
        say(ear, 1, SHORT)
        await ear.task
        assert isinstance(ear.outcome(1), SpeechFailed)
        assert isinstance(ear.error, ProviderError)
        assert ear.error.retryable
        assert "503" in ear.error.problem


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
async def test_a_refusal_that_will_not_change_is_not_repeated(status):
    async with ElevenLabsServer(ToneVoice(), faults=Faults(Fault("refuse", status=status, reason="no_luck"))) as server:
        with pytest.raises(ProviderError) as refused:
            await ElevenLabs("a-key", url=server.url).connect(call="CA1")
        assert server._count == 1
    assert not refused.value.retryable
    assert "no_luck" in refused.value.problem
    assert "a-key" not in str(refused.value)


async def test_a_refusal_that_may_pass_is_tried_again():
    async with call(ElevenLabs, Fault("refuse", status=429)) as ear:
        say(ear, 1, SHORT)
        await ear.done(1)
        assert ear.outcome(1) == SpeechDone(1)
        [failure] = ear.failures
        assert (failure.part, failure.provider, failure.then) == ("tts", "elevenlabs", "elevenlabs")
        assert "429" in failure.problem


async def test_a_socket_that_is_opened_later_tells_of_its_refusals_too():
    async with call() as ear:
        ear.server.faults.add(Fault("refuse", status=503), times=1)
        for reply in range(1, 8):
            ear.speech.speak(reply, LONG)
            await ear.until(lambda reply=reply: ear.chunks(reply))
            ear.speech.cancel(reply)
        say(ear, 8, SHORT)
        await ear.done(8)
        assert ear.outcome(8) == SpeechDone(8)
        [failure] = ear.failures
        assert "503" in failure.problem


async def test_an_error_in_the_call_that_will_not_change_ends_the_voice():
    async with call(ElevenLabs, Fault("error", at_event=3, code=1008, reason="quota_exceeded")) as ear:
        say(ear, 1, LONG)
        await ear.task
        assert isinstance(ear.outcome(1), SpeechFailed)
        assert isinstance(ear.error, ProviderError)
        assert not ear.error.retryable
        assert "quota_exceeded" in ear.error.problem


async def test_garbage_is_skipped():
    async with call(ElevenLabs, Fault("garbage", at_event=2)) as ear:
        say(ear, 1, SHORT)
        await ear.done(1)
        assert ear.outcome(1) == SpeechDone(1)


# --- deadlines --------------------------------------------------------------------------------------


@pytest.mark.parametrize("voice", VOICES)
async def test_no_audio_within_two_seconds_fails_the_reply(voice):
    loop = asyncio.get_running_loop()
    async with call(VOICES[voice], Fault("stall")) as ear:
        began = loop.time()
        say(ear, 1, SHORT)
        await ear.done(1)
        assert loop.time() - began == pytest.approx(2.0, abs=0.1)
        failed = ear.outcome(1)
        assert isinstance(failed, SpeechFailed)
        assert failed.retryable
        assert "no audio" in failed.problem


@pytest.mark.parametrize("voice", VOICES)
async def test_a_voice_that_stops_in_the_middle_fails_the_reply(voice):
    async with call(VOICES[voice], Fault("stall", at_event=4)) as ear:
        say(ear, 1, LONG)
        await ear.done(1)
        assert isinstance(ear.outcome(1), SpeechFailed)
        assert ear.chunks(1)


async def test_a_model_that_pauses_does_not_look_like_a_voice_that_fails():
    async with call() as ear:
        ear.speech.speak(1, SHORT)
        await asyncio.sleep(15)  # a tool is running
        say(ear, 1, SHORT)
        await ear.done(1)
        assert ear.outcome(1) == SpeechDone(1)


@pytest.mark.parametrize("voice", VOICES)
async def test_closing_takes_less_than_a_second_when_the_peer_has_died(voice):
    loop = asyncio.get_running_loop()
    async with call(VOICES[voice], Fault("freeze", at_event=3)) as ear:
        ear.speech.speak(1, LONG)
        await asyncio.sleep(1)
        began = loop.time()
        await ear.speech.aclose()
        assert loop.time() - began < 1.0


# --- plain HTTP -------------------------------------------------------------------------------------


async def test_what_comes_while_sockets_close_is_not_waited_for():
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    async with call(ElevenLabs) as ear:
        say(ear, 1, LONG)
        await ear.until(lambda: ear.chunks(1))
        [channel] = ear.speech._channels
        state = ear.speech._replies[1]
        await ear.speech.aclose()
        ear.speech.received(channel, Message(audio=b"\x7f" * 160, context_camel=state.context))
        await asyncio.sleep(10.0)
    assert errors == []


async def test_cancelling_closes_the_request():
    async with call(ElevenLabsHttp) as ear:
        say(ear, 1, LONG)
        await ear.until(lambda: ear.chunks(1))
        ear.speech.cancel(1)
        await asyncio.sleep(0.5)
        assert not ear.server.connections
        assert seen(ear, "final") == 0


async def test_a_wrong_key_ends_the_voice_for_good():
    async with call(ElevenLabsHttp, Fault("refuse", status=401)) as ear:
        say(ear, 1, SHORT)
        await ear.task
        failed = ear.outcome(1)
        assert isinstance(failed, SpeechFailed)
        assert not failed.retryable
        assert isinstance(ear.error, ProviderError)
        assert "invalid_api_key" in ear.error.problem


async def test_a_busy_voice_fails_the_reply_only():
    async with call(ElevenLabsHttp, Fault("refuse", status=429)) as ear:
        say(ear, 1, SHORT)
        await ear.done(1)
        failed = ear.outcome(1)
        assert isinstance(failed, SpeechFailed)
        assert failed.retryable
        say(ear, 2, SHORT)
        await ear.done(2)
        assert ear.outcome(2) == SpeechDone(2)


async def test_a_reply_that_is_cut_has_failed():
    async with call(ElevenLabsHttp, Fault("drop", at_event=3)) as ear:
        say(ear, 1, LONG)
        await ear.done(1)
        assert isinstance(ear.outcome(1), SpeechFailed)


# --- models ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["eleven_v3", "eleven_v3_conversational", "eleven_v4_turbo", "eleven_flash_v2_5"])
async def test_every_phrase_is_spoken_by_every_model(model):
    async with call(ElevenLabsHttp, model=model) as ear:
        say(ear, 1, SHORT, LONG, SHORT)
        await ear.done(1)
        assert ear.outcome(1) == SpeechDone(1)
        assert seen(ear, "text") == 3


async def test_a_model_that_turns_out_to_take_no_context_is_asked_without_it(monkeypatch):
    known = MODELS["eleven_v3"]
    monkeypatch.setattr("phoneagent.simulator.elevenlabs_models.MODELS", {**MODELS, "eleven_v9": known})
    async with call(ElevenLabsHttp, model="eleven_v9") as ear:
        for reply in (1, 2):
            say(ear, reply, SHORT, LONG, SHORT)
            await ear.done(reply)
            assert ear.outcome(reply) == SpeechDone(reply)
        assert seen(ear, "text") == 6
        assert ear.server._count == 7  # one was refused


@pytest.mark.parametrize("model", ["eleven_v3", "eleven_v3_conversational", "eleven_v4", "eleven_v3_alpha"])
async def test_a_model_that_is_not_on_the_socket_is_not_the_accounts_fault(model):
    async with ElevenLabsServer(ToneVoice(), faults=Faults(Fault("refuse", status=403))) as server:
        voice = ElevenLabs("a-key", url=server.url, model=model)
        for attempt in (voice.connect(call="CA1"), voice.check()):
            with pytest.raises(ProviderError, match="not offered over the WebSocket") as refused:
                await attempt
            assert (refused.value.kind, refused.value.retryable) == ("", False)
            assert "transport" in refused.value.problem
            assert "eleven_flash_v2_5" in refused.value.problem


async def test_an_account_that_may_not_speak_is_the_accounts_fault():
    async with ElevenLabsServer(ToneVoice(), faults=Faults(Fault("refuse", status=403))) as server:
        with pytest.raises(ProviderError) as refused:
            await ElevenLabs("a-key", url=server.url).connect(call="CA1")
    assert refused.value.kind == "account"


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("language", ["de-DE", "nb", "tl", "pt_BR"])
async def test_languages_are_sent_as_the_model_takes_them(voice, language):
    async with call(VOICES[voice], language=language) as ear:
        say(ear, 1, SHORT)
        await ear.done(1)
        assert ear.outcome(1) == SpeechDone(1)


# --- the key ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("voice", VOICES)
async def test_check_says_whether_key_and_voice_are_accepted(voice):
    async with ElevenLabsServer(ToneVoice()) as server:
        assert await VOICES[voice]("a-key", url=server.url).check() == "key accepted, voice George"
        with pytest.raises(ProviderError, match="voice_not_found") as refused:
            await VOICES[voice]("a-key", url=server.url, voice="nobody").check()
        assert not refused.value.retryable
        server.faults.add(Fault("refuse", status=401, reason="missing_permissions"), times=1)
        assert "may not look up voices" in await VOICES[voice]("a-key", url=server.url).check()


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"voice": "JBFqnCBsd6RMkjVDRZzB"}, ("voice_not_found", "did you mean George (JBFqnCBsd6RMkjVDRZzb)")),
        ({"voice": "george"}, ("voice_not_found", "George (JBFqnCBsd6RMkjVDRZzb)")),
        ({"voice": "nobody"}, ("voice_not_found", "its voices are Rachel, George")),
        ({"model": "eleven_flash_v2.5"}, ("no voice model eleven_flash_v2.5", "did you mean eleven_flash_v2_5")),
        ({"model": "whisper"}, ("no voice model whisper", "its models are eleven_flash_v2_5")),
        ({"language": "fa"}, ("eleven_flash_v2_5 does not speak fa", "eleven_v3")),
        ({"model": "eleven_flash_v2", "language": "de-DE"}, ("eleven_flash_v2 does not speak de-DE",)),
    ],
)
async def test_check_names_what_is_not_there_and_the_nearest(voice, options, told):
    async with ElevenLabsServer(ToneVoice()) as server:
        with pytest.raises(ProviderError) as refused:
            await VOICES[voice]("a-key", url=server.url, **options).check()
        assert not refused.value.retryable
        for words in told:
            assert words in refused.value.problem
        assert not server.timeline.find("text")  # nothing is spoken, so nothing is paid


async def test_check_warns_of_a_model_that_is_being_retired():
    async with ElevenLabsServer(ToneVoice()) as server:
        told = await ElevenLabs("a-key", url=server.url, model="eleven_turbo_v2_5").check()
    assert told == "key accepted, voice George; eleven_turbo_v2_5 is being retired, take eleven_flash_v2_5"


def test_what_may_be_cached_depends_on_all_that_changes_the_speech():
    same = ElevenLabs("k", voice="v", stability=0.4).identity
    assert same == ElevenLabs("other-key", voice="v", stability=0.4).identity
    assert same != ElevenLabs("k", voice="v", stability=0.5).identity
    assert same != ElevenLabsHttp("k", voice="v", stability=0.4).identity
    for maker in (ElevenLabs, ElevenLabsHttp):
        emulated = maker("k", voice="v", stability=0.4, url="http://user:s3cret@127.0.0.1:9103").identity
        assert emulated != maker("k", voice="v", stability=0.4).identity
        assert "s3cret" not in emulated
