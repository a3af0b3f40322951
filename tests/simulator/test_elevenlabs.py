"""The simulated ElevenLabs: HTTP by the official SDK, both WebSockets over the wire."""

from __future__ import annotations

import asyncio
import audioop
import base64
import json
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx
import pytest
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from phoneagent.simulator.elevenlabs import VOICES, ElevenLabsServer
from phoneagent.simulator.faults import Fault, Faults
from phoneagent.simulator.latency import Latencies

from .elevenlabs_client import AUTO, PHONE, VOICE, speaking
from .tone import ToneVoice

BOOKED = "Your table is booked for seven. "


@asynccontextmanager
async def sdk(server):
    async with httpx.AsyncClient() as http:
        yield AsyncElevenLabs(api_key="secret", base_url=server.url, httpx_client=http)


def spoken(text):
    return ToneVoice().synthesize(text.strip())


def words_of(chunks):
    """Words as an alignment gives them: text, start and end in milliseconds of the whole."""
    chars, before = [], 0
    for _, message in chunks:
        alignment = message["alignment"]
        if alignment:
            chars += [
                (char, before + start, before + start + length)
                for char, start, length in zip(
                    alignment["chars"], alignment["charStartTimesMs"], alignment["charDurationsMs"], strict=True
                )
            ]
        before += len(base64.b64decode(message["audio"])) // 8
    words, word = [], []
    for char, start, end in [*chars, (" ", 0, 0)]:
        if char != " ":
            word.append((char, start, end))
        elif word:
            words.append(("".join(c for c, _, _ in word), word[0][1], word[-1][2]))
            word = []
    return words


# --- several contexts ------------------------------------------------------------------------------


async def test_a_phrase_is_spoken_with_the_vendors_latencies():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        asked = await voice.send({"text": BOOKED, "context_id": "t7", "flush": True})
        await asyncio.sleep(5)
        chunks = voice.chunks("t7")
    clip = spoken(BOOKED)
    assert voice.audio("t7") == clip.audio
    before = 0
    for at, message in chunks:
        length = len(base64.b64decode(message["audio"]))
        assert at == pytest.approx(asked + 0.090 + before / 8000 / 4, abs=1e-6)
        assert length <= 2000  # a quarter of a second
        before += length
    assert voice.of("t7")[-1] == {"type": "flush_done", "context_id": "t7"}


async def test_the_same_in_linear_samples():
    linear = {**AUTO, "output_format": "pcm_8000"}
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server, query=linear) as voice:
        await voice.send({"text": BOOKED, "context_id": "t7"})
        await asyncio.sleep(5)
        assert voice.audio("t7") == audioop.ulaw2lin(spoken(BOOKED).audio, 2)


async def test_characters_have_their_times():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        await voice.send({"text": BOOKED, "context_id": "t7"})
        await asyncio.sleep(5)
        words = words_of(voice.chunks("t7"))
    assert [(text, pytest.approx(start, abs=2), pytest.approx(end, abs=2)) for text, start, end in words] == [
        (word.text, word.start / 8, word.end / 8) for word in spoken(BOOKED).words
    ]


async def test_without_synchronous_alignment_all_times_come_with_the_first_audio():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server, {**PHONE, "auto_mode": "true"}) as voice:
        await voice.send({"text": BOOKED, "context_id": "t7"})
        await asyncio.sleep(5)
        alignments = [m["alignment"] for _, m in voice.chunks("t7")]
    assert "".join(alignments[0]["chars"]) == BOOKED
    assert len(alignments) > 1
    assert not any(alignments[1:])


async def test_phrases_of_a_context_follow_one_another():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        asked = await voice.send({"text": "One moment. ", "context_id": "t7"}, {"text": BOOKED, "context_id": "t7"})
        await asyncio.sleep(5)
        first = spoken("One moment. ").audio
        assert voice.audio("t7") == first + spoken(BOOKED).audio
        chunks = voice.chunks()
    heard = 0
    for at, message in chunks:
        if heard == len(first):
            assert at == pytest.approx(asked + 0.090 + heard / 8000 / 4, abs=1e-6)  # no pause between
        heard += len(base64.b64decode(message["audio"]))


async def test_contexts_are_spoken_side_by_side():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        asked = await voice.send({"text": BOOKED, "context_id": "a"}, {"text": "Sorry. ", "context_id": "b"})
        await asyncio.sleep(5)
        assert voice.chunks("b")[0][0] == pytest.approx(asked + 0.090, abs=1e-6)
        assert voice.audio("a") == spoken(BOOKED).audio
        assert voice.audio("b") == spoken("Sorry. ").audio


async def test_a_closed_context_is_spoken_to_its_end_and_its_name_is_free_again():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        await voice.send(
            {"text": BOOKED, "context_id": "t7", "flush": True},
        )
        await asyncio.sleep(0.1)
        await voice.send(
            {"context_id": "t7", "close_context": True},
            {"text": "Hello. ", "context_id": "t7", "voice_settings": {"speed": 1.0}},
        )
        await asyncio.sleep(5)
        finals = [n for n, m in enumerate(voice.of("t7")) if m.get("isFinal")]
        assert len(finals) == 1
        assert sum(len(base64.b64decode(m["audio"])) for m in voice.of("t7") if m.get("audio")) == len(
            spoken(BOOKED).audio + spoken("Hello. ").audio
        )


@pytest.mark.parametrize("early_close", ["final", "nothing", "spoken"])
async def test_what_has_not_begun_to_sound_is_lost_when_its_context_is_closed(early_close):
    async with ElevenLabsServer(ToneVoice(), early_close=early_close) as server, speaking(server) as voice:
        asked = await voice.send(
            {"text": BOOKED, "context_id": "t7", "flush": True}, {"context_id": "t7", "close_context": True}
        )
        await asyncio.sleep(5)
        if early_close == "spoken":
            assert voice.audio("t7") == spoken(BOOKED).audio
        else:
            assert voice.audio("t7") == b""
            (lost,) = server.timeline.find("unspoken")
            assert lost.at - asked < 0.090
        finals = [m for m in voice.of("t7") if m.get("isFinal")]
        assert len(finals) == (early_close != "nothing")


async def test_a_close_between_two_phrases_loses_the_second():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        await voice.send(*({"text": text, "context_id": "t7", "flush": True} for text in (BOOKED, "Goodbye. ")))
        await asyncio.sleep(0.2)
        await voice.send({"context_id": "t7", "close_context": True})
        await asyncio.sleep(5)
        assert voice.audio("t7") == spoken(BOOKED).audio
        assert voice.of("t7")[-1] == {"isFinal": True, "contextId": "t7"}


async def test_an_error_that_names_a_context_ends_that_context_only():
    refused = {BOOKED.strip(): "quota_exceeded"}
    async with (
        ElevenLabsServer(ToneVoice(), refused=lambda text: refused.get(text, "")) as server,
        speaking(server) as voice,
    ):
        for number in range(8):  # it does not count any more
            await voice.send({"text": BOOKED, "context_id": f"t{number}"})
            await asyncio.sleep(0.5)
        assert voice.errors() == ["quota_exceeded"] * 8
        assert voice.of("t7")[-1]["contextId"] == "t7"
        assert not [m for _, m in voice.messages if m.get("isFinal")]
        await voice.send({"text": "Goodbye. ", "context_id": "t8"})
        await asyncio.sleep(2)
        assert voice.audio("t8") == spoken("Goodbye.").audio
        assert voice.closed is None


async def test_a_text_of_which_nothing_is_generated():
    async with (
        ElevenLabsServer(ToneVoice(), unspoken=lambda text: text == BOOKED.strip()) as server,
        speaking(server) as voice,
        sdk(server) as client,
    ):
        await voice.send(*({"text": text, "context_id": "t7", "flush": True} for text in (BOOKED, "Goodbye. ")))
        await asyncio.sleep(5)
        assert voice.audio("t7") == spoken("Goodbye.").audio
        stream = client.text_to_speech.stream(VOICE, text=BOOKED, output_format="ulaw_8000")
        assert [chunk async for chunk in stream] == []


async def test_without_auto_mode_text_waits_for_its_schedule():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server, PHONE) as voice:
        settings = {"generation_config": {"chunk_length_schedule": [50, 60]}}
        await voice.send({"text": " ", "context_id": "t7", **settings}, {"text": BOOKED, "context_id": "t7"})
        await asyncio.sleep(2)
        assert not voice.chunks()  # 32 characters
        await voice.send({"text": "We look forward to seeing yo", "context_id": "t7"})
        await asyncio.sleep(5)
        assert voice.audio("t7") == spoken(BOOKED + "We look forward to seeing").audio  # "yo" may still grow
        await voice.send({"text": "u. ", "context_id": "t7", "flush": True})
        await asyncio.sleep(5)
        assert voice.audio("t7").endswith(spoken("you.").audio)


async def test_a_short_reply_without_flush_says_nothing():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server, PHONE) as voice:
        await voice.send({"text": "Sure. ", "context_id": "t7"})
        await asyncio.sleep(5)
        assert not voice.messages
        await voice.send({"context_id": "t7", "close_context": True})
        await asyncio.sleep(1)
        assert voice.of("t7") == [{"isFinal": True, "contextId": "t7"}]


async def test_the_sixth_context_closes_the_socket():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        for number in range(5):
            await voice.send({"text": BOOKED, "context_id": f"t{number}", "flush": True})
        await asyncio.sleep(0.1)
        await voice.send({"context_id": "t0", "close_context": True})  # still counts: it is speaking
        await asyncio.sleep(0.1)
        assert voice.closed is None
        await voice.send({"text": "Hello. ", "context_id": "t5"})
        await voice.end()
        assert voice.errors() == ["max_active_conversations"]
        assert voice.closed == 1008


async def test_a_context_counts_until_its_final_message():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        for number in range(20):
            await voice.send(
                {"text": "Hello. ", "context_id": f"t{number}"}, {"context_id": f"t{number}", "close_context": True}
            )
            await asyncio.sleep(0.5)
        assert voice.closed is None
        assert len([m for _, m in voice.messages if m.get("isFinal")]) == 20


async def test_closing_what_was_never_opened_leaks_a_context():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        for number in range(5):
            await voice.send({"context_id": f"t{number}", "close_context": True})
        await asyncio.sleep(60)
        assert voice.closed is None
        await voice.send({"text": "Hello. ", "context_id": "new"})
        await voice.end()
        assert voice.closed == 1008


async def test_a_context_that_gets_no_text_ends():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        began = await voice.send({"text": " ", "context_id": "t7"})
        await asyncio.sleep(15)
        await voice.send({"text": "", "context_id": "t7"})  # keeps it alive
        await asyncio.sleep(25)
        assert voice.messages == [(pytest.approx(began + 35), {"isFinal": True, "contextId": "t7"})]
        assert voice.closed is None


async def test_closing_the_socket_speaks_what_is_left():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        await voice.send({"text": BOOKED, "context_id": "t7"}, {"close_socket": True})
        await voice.end()
        assert voice.audio("t7") == spoken(BOOKED).audio
        assert voice.of("t7")[-1] == {"isFinal": True, "contextId": "t7"}
        assert voice.closed == 1000


async def test_keys_can_be_spelled_as_seen_in_practice():
    async with ElevenLabsServer(ToneVoice(), spelling="context_id") as server, speaking(server) as voice:
        await voice.send({"text": "Hello. ", "context_id": "t7"}, {"context_id": "t7", "close_context": True})
        await asyncio.sleep(2)
        assert "contextId" not in json.dumps([m for _, m in voice.messages])
        assert voice.of("t7")[-1] == {"is_final": True, "context_id": "t7"}


@pytest.mark.parametrize(
    "messages",
    [
        [{"text": "Hello. ", "contextId": "t7"}],
        [{"text": "Hello. ", "context_id": "t7", "try_trigger_generation": True}],
        [{"context_id": "t7"}],
        [{"text": "Hello. ", "context_id": ""}],
        [{"text": " ", "context_id": "t7", "voice_settings": {"speed": 3}}],
        [{"text": " ", "context_id": "t7", "generation_config": {"chunk_length_schedule": [10]}}],
        [{"text": " ", "context_id": "t7"}, {"text": "Hi. ", "context_id": "t7", "voice_settings": {"speed": 1}}],
        ["not an object"],
    ],
)
async def test_messages_are_checked(messages):
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server) as voice:
        await voice.send(*messages)
        await voice.end()
        assert voice.errors() == ["invalid_message"]
        assert voice.closed == 1008


@pytest.mark.parametrize(
    ("query", "voice", "status"),
    [
        ({**AUTO, "output_format": "mp3_44100_128"}, VOICE, 400),
        ({"model_id": "eleven_flash_v2_5"}, VOICE, 400),
        ({**AUTO, "model_id": "eleven_v3"}, VOICE, 403),
        ({**AUTO, "model_id": "eleven_v3_conversational"}, VOICE, 403),
        ({**AUTO, "model_id": "eleven_v4_turbo"}, VOICE, 403),
        ({**AUTO, "model_id": "eleven_v9"}, VOICE, 400),
        ({**AUTO, "language_code": "fa"}, VOICE, 400),
        ({**AUTO, "language_code": "de-DE"}, VOICE, 400),
        ({**AUTO, "automode": "true"}, VOICE, 400),
        ({**AUTO, "inactivity_timeout": 600}, VOICE, 400),
        ({**AUTO, "apply_text_normalization": "on"}, VOICE, 400),
        (AUTO, "nobody", 404),
    ],
)
async def test_parameters_are_checked(query, voice, status):
    async with ElevenLabsServer(ToneVoice()) as server:
        with pytest.raises(InvalidStatus) as refused:
            async with speaking(server, query, voice=voice):
                pass
    assert refused.value.response.status_code == status


async def test_nobody_gets_in_without_a_key():
    async with ElevenLabsServer(ToneVoice()) as server:
        url = f"{server.url.replace('http', 'ws')}/v1/text-to-speech/{VOICE}/multi-stream-input?{urlencode(AUTO)}"
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url):
                pass
        assert refused.value.response.status_code == 401
        async with connect(f"{url}&single_use_token=secret"):
            pass


# --- one stream ------------------------------------------------------------------------------------


async def test_one_stream_ends_with_the_empty_text():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server, PHONE, socket="stream-input") as voice:
        first = {"text": " ", "voice_settings": {"stability": 0.5}, "xi-api-key": "secret"}
        await voice.send(first, {"text": "Your table "}, {"text": "is booked for seven. "}, {"text": ""})
        await voice.end()
        assert voice.audio() == spoken(BOOKED).audio
        assert voice.messages[-1][1] == {"audio": None, "isFinal": True}
        assert voice.closed == 1000


async def test_one_stream_flushes_and_stays_open():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server, PHONE, socket="stream-input") as voice:
        asked = await voice.send({"text": " "}, {"text": "Sure. ", "flush": True})
        await asyncio.sleep(2)
        assert voice.chunks()[0][0] == pytest.approx(asked + 0.090, abs=1e-6)
        assert voice.audio() == spoken("Sure.").audio
        assert voice.closed is None


async def test_one_stream_generates_early_when_asked_to_try():
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server, PHONE, socket="stream-input") as voice:
        await voice.send({"text": " "}, {"text": "Too short. ", "try_trigger_generation": True})
        await asyncio.sleep(2)
        assert not voice.chunks()
        await voice.send({"text": "Now there is quite enough of it to begin. ", "try_trigger_generation": True})
        await asyncio.sleep(5)
        assert voice.chunks()


async def test_one_stream_without_text_is_closed():
    query = {**AUTO, "inactivity_timeout": 60}
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server, query, socket="stream-input") as voice:
        began = await voice.send({"text": " "})
        await voice.end(70)
        assert voice.loop.time() - began == pytest.approx(60, abs=0.1)
        assert voice.errors() == ["input_timeout_exceeded"]
        assert voice.closed == 1008


@pytest.mark.parametrize(
    "messages",
    [
        [{"text": "Hello. "}],
        [{"text": " ", "context_id": "t7"}],
        [{"text": " "}, {"text": "Hello. ", "voice_settings": {"stability": 0.5}}],
        [{"text": " "}, {"text": "Hello. "}, {"text": ""}, {"text": "again. "}],
    ],
)
async def test_messages_of_one_stream_are_checked(messages):
    async with ElevenLabsServer(ToneVoice()) as server, speaking(server, socket="stream-input") as voice:
        await voice.send(*messages)
        await voice.end()
        assert voice.errors() == ["invalid_message"]


# --- HTTP ------------------------------------------------------------------------------------------


async def test_the_sdk_streams_speech():
    loop = asyncio.get_running_loop()
    async with ElevenLabsServer(ToneVoice()) as server, sdk(server) as client:
        began = loop.time()
        arrivals = [
            (loop.time() - began, chunk)
            async for chunk in client.text_to_speech.stream(
                VOICE,
                text=BOOKED,
                model_id="eleven_flash_v2_5",
                output_format="ulaw_8000",
                request_options={"chunk_size": 160},
            )
        ]
    clip = spoken(BOOKED)
    assert b"".join(chunk for _, chunk in arrivals) == clip.audio
    assert arrivals[0][0] == pytest.approx(0.090, abs=1e-6)
    assert arrivals[-1][0] == pytest.approx(0.090 + len(clip.audio) / 8000 / 4, abs=0.05)


async def test_the_sdk_streams_speech_with_timestamps():
    async with ElevenLabsServer(ToneVoice()) as server, sdk(server) as client:
        stream = client.text_to_speech.stream_with_timestamps(
            VOICE, text=BOOKED, model_id="eleven_flash_v2_5", output_format="ulaw_8000"
        )
        chunks = [chunk async for chunk in stream]
    assert b"".join(base64.b64decode(chunk.audio_base_64) for chunk in chunks) == spoken(BOOKED).audio
    characters = [c for chunk in chunks if chunk.alignment for c in chunk.alignment.characters]
    assert "".join(characters) == BOOKED
    starts = [s for chunk in chunks if chunk.alignment for s in chunk.alignment.character_start_times_seconds]
    assert starts == sorted(starts)


async def test_a_client_that_leaves_stops_the_speech():
    async with ElevenLabsServer(ToneVoice(), latencies=Latencies(speech_speed=1)) as server, sdk(server) as client:
        stream = client.text_to_speech.stream(VOICE, text=BOOKED * 10, output_format="ulaw_8000")
        await anext(stream)
        await stream.aclose()
        await asyncio.sleep(1)
        sent = len(server.timeline.find("audio"))
        await asyncio.sleep(10)
        assert len(server.timeline.find("audio")) == sent
        assert not server.connections


async def test_a_text_is_synthesized_once():
    synthesizer = ToneVoice()
    async with ElevenLabsServer(synthesizer) as server, sdk(server) as client:
        for _ in range(3):
            async for _ in client.text_to_speech.stream(VOICE, text=BOOKED, output_format="ulaw_8000"):
                pass
    assert synthesizer.spoken == {BOOKED.strip(): 1}


async def test_the_sdk_reads_voices_and_the_subscription():
    async with ElevenLabsServer(ToneVoice()) as server, sdk(server) as client:
        voices = await client.voices.get_all()
        assert {voice.voice_id for voice in voices.voices} == set(VOICES)
        assert (await client.voices.get(VOICE)).name == VOICES[VOICE]
        user = await client.user.get()
        type(user).model_validate_json(user.model_dump_json())  # validated, which the SDK does not do by itself
        assert user.subscription.status == "active"
        assert (await client.user.subscription.get()).character_limit > 0
        with pytest.raises(ApiError) as unknown:
            await client.voices.get("nobody")
        assert (unknown.value.status_code, unknown.value.body["detail"]["status"]) == (404, "voice_not_found")


@pytest.mark.parametrize("change", [{"text": ""}, {"speed": 1.0}, {"voice_settings": 1}])
async def test_bodies_are_checked(change):
    async with ElevenLabsServer(ToneVoice()) as server, httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.post(
            f"/v1/text-to-speech/{VOICE}/stream?output_format=ulaw_8000",
            headers={"xi-api-key": "secret"},
            json={"text": BOOKED, "model_id": "eleven_flash_v2_5", **change},
        )
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["msg"]


def _context(model, given):
    told = f"Providing {given} is not yet supported with the '{model}' model."
    kind = {"type": "validation_error", "code": "unsupported_model", "status": "unsupported_model"}
    return {**kind, "message": told, "param": "model_id"}


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (
            {"model_id": "eleven_v3", "previous_text": "One moment."},
            _context("eleven_v3", "previous_text or next_text"),
        ),
        ({"model_id": "eleven_v3", "next_text": "Yes."}, _context("eleven_v3", "previous_text or next_text")),
        (
            {"model_id": "eleven_v3_conversational", "previous_request_ids": ["r"]},
            _context("eleven_v3_conversational", "previous_request_ids or next_request_ids"),
        ),
        (
            {"model_id": "eleven_flash_v2_5", "language_code": "fa"},
            {"message": "Model 'eleven_flash_v2_5' does not support language_code 'fa'."},
        ),
        ({"model_id": "eleven_v3", "language_code": "fa"}, None),
        ({"model_id": "eleven_multilingual_v2", "language_code": "fa"}, None),  # ignored
        ({"model_id": "eleven_multilingual_v2", "previous_text": "One moment."}, None),
        (
            {"model_id": "eleven_v3", "voice_settings": {"stability": 0.4}},
            {
                "status": "invalid_ttd_stability",
                "message": "Invalid TTD stability value. Must be one of: [0.0, 0.5, 1.0] "
                "(0.0 = Creative, 0.5 = Natural, 1.0 = Robust)",
            },
        ),
        ({"model_id": "eleven_v3", "voice_settings": {"stability": 0.5}}, None),
        (
            {"model_id": "eleven_v9"},
            {"status": "model_not_found", "message": "A model with model ID eleven_v9 does not exist"},
        ),
    ],
)
async def test_models_refuse_what_the_vendors_do(change, detail):
    async with ElevenLabsServer(ToneVoice()) as server, httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.post(
            f"/v1/text-to-speech/{VOICE}/stream?output_format=ulaw_8000",
            headers={"xi-api-key": "secret"},
            json={"text": BOOKED, **change},
        )
    if detail is None:
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.json()["detail"]) == (400, detail)


async def test_the_sdk_reads_the_models_and_their_languages():
    async with ElevenLabsServer(ToneVoice()) as server, sdk(server) as client:
        models = {model.model_id: model for model in await client.models.list()}
    for model in models.values():
        type(model).model_validate_json(model.model_dump_json())
        assert model.can_do_text_to_speech
    assert "fa" in {language.language_id for language in models["eleven_v3"].languages}
    assert "fa" not in {language.language_id for language in models["eleven_flash_v2_5"].languages}


async def test_refusals_are_what_the_sdk_expects():
    async with ElevenLabsServer(ToneVoice()) as server, sdk(server) as client:

        async def say():
            return [c async for c in client.text_to_speech.stream(VOICE, text=BOOKED, output_format="ulaw_8000")]

        server.faults.add(Fault("refuse", status=401, reason="quota_exceeded"), times=1)
        with pytest.raises(ApiError) as refused:
            await say()
        assert refused.value.body["detail"]["status"] == "quota_exceeded"
        server.faults.add(Fault("refuse", status=429, retry_after=1), times=1)
        with pytest.raises(ApiError) as refused:
            await say()
        assert refused.value.body["detail"]["status"] == "too_many_concurrent_requests"
        assert await say()


# --- trouble ---------------------------------------------------------------------------------------


async def test_a_quota_can_end_in_the_middle():
    faults = Faults(Fault("error", at_event=3, code=1008, reason="quota_exceeded"))
    async with ElevenLabsServer(ToneVoice(), faults=faults) as server, speaking(server) as voice:
        await voice.send({"text": BOOKED, "context_id": "t7"})
        await voice.end()
        assert len(voice.chunks()) == 2
        assert voice.errors() == ["quota_exceeded"]
        assert voice.closed == 1008


async def test_the_first_audio_can_be_slow():
    faults = Faults(Fault("slow", seconds=3))
    async with ElevenLabsServer(ToneVoice(), faults=faults) as server, speaking(server) as voice:
        await asyncio.sleep(10)
        asked = await voice.send({"text": BOOKED, "context_id": "t7"})
        await asyncio.sleep(5)
        assert voice.chunks()[0][0] == pytest.approx(asked + 3.090, abs=1e-6)


async def test_twenty_calls_at_once():
    async with ElevenLabsServer(ToneVoice()) as server:

        async def call(number):
            text = f"Number {number}. "
            async with speaking(server) as voice:
                asked = await voice.send({"text": text, "context_id": "t1"})
                await asyncio.sleep(3)
                assert voice.audio("t1") == spoken(text).audio
                assert voice.chunks()[0][0] == pytest.approx(asked + 0.090, abs=1e-6)

        await asyncio.gather(*(call(number) for number in range(20)))
