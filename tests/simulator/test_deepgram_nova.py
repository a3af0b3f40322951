"""Transcripts as the simulated nova-3 gives them."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest
from websockets.exceptions import InvalidStatus

from phoneagent.simulator.caller_speech import cough

from .deepgram_client import FLUX, NOVA, SILENCE, Studio, first_sound, last_sound

PHONE = {**NOVA, "endpointing": 300, "interim_results": "true", "vad_events": "true", "punctuate": "true"}


def hearing(studio, query=PHONE):
    return studio.listening("/v1/listen", query)


def transcript(message):
    return message["channel"]["alternatives"][0]["transcript"]


def finals(ears):
    return [m for m in ears.named("Results") if m["is_final"] and transcript(m)]


def assert_contiguous(results):
    position = 0.0
    for result in results:
        assert result["start"] == pytest.approx(position, abs=2e-3)
        if result["is_final"]:
            position = result["start"] + result["duration"]


def utterance_of(ears):
    """What a client makes of it: all finals."""
    return " ".join(transcript(m) for m in finals(ears))


async def test_a_segment_ends_with_the_endpointing_silence():
    studio = Studio()
    table = studio.say("A table for two, please.")
    async with studio.server, hearing(studio) as ears:
        began = await ears.play(0.5, table, 1.0)
        [final] = finals(ears)
        [started] = ears.named("SpeechStarted")
    assert transcript(final) == "A table for two, please."
    assert final["speech_final"]
    assert final["at"] == pytest.approx(began + 0.5 + last_sound(table) + 0.300 + 0.150, abs=1e-6)
    assert started["at"] == pytest.approx(began + 0.5 + first_sound(table) + 0.100, abs=1e-6)
    words = final["channel"]["alternatives"][0]["words"]
    assert [(w["word"], w["punctuated_word"]) for w in words][2:4] == [("for", "for"), ("two", "two,")]
    assert words[0]["start"] == pytest.approx(0.5 + table.words[0].start / 8000, abs=1e-3)


async def test_ranges_follow_one_another_and_interims_are_replaced():
    studio = Studio()
    long = studio.say("I would like to book a table for two people tomorrow evening at seven")
    async with studio.server, hearing(studio) as ears:
        await ears.play(long, 0.6, studio.say("Thank you."), 1.0)
        results = ears.named("Results")
    assert_contiguous(results)
    gaps = [b["at"] - a["at"] for a, b in pairwise(results)]
    assert max(gaps) <= 1.001
    assert utterance_of(ears) == "I would like to book a table for two people tomorrow evening at seven Thank you."


async def test_a_long_sentence_comes_in_several_finals_of_which_the_last_is_speech_final():
    studio = Studio()
    long = studio.say("This is a very long sentence that goes on and on until nobody can remember how it has begun")
    async with studio.server, hearing(studio) as ears:
        await ears.play(long, 1.0)
        assert [m["speech_final"] for m in finals(ears)] == [False, True]
        assert_contiguous(ears.named("Results"))
        assert utterance_of(ears) == long.text


async def test_a_pause_within_an_utterance_ends_a_segment():
    studio = Studio()
    first, second = studio.say("Tomorrow", ends_turn=False), studio.say("at seven.")
    async with studio.server, hearing(studio) as ears:
        await ears.play(first, 0.5, second, 1.0)
        assert [transcript(m) for m in finals(ears)] == ["Tomorrow", "at seven."]


async def test_without_endpointing_the_gap_between_words_ends_the_utterance():
    studio = Studio()
    table = studio.say("A table.")
    async with studio.server, hearing(studio, {**PHONE, "endpointing": "false", "utterance_end_ms": 1000}) as ears:
        began = await ears.play(table, 2.0)
        names = [m["type"] for m in ears.messages]
        [end] = ears.named("UtteranceEnd")
    assert not any(m["speech_final"] for m in ears.named("Results"))
    assert utterance_of(ears) == "A table."
    assert names.index("UtteranceEnd") > 0
    assert end["last_word_end"] == pytest.approx(table.words[-1].end / 8000, abs=1e-3)
    assert end["at"] == pytest.approx(began + table.words[-1].end / 8000 + 1.0 + 0.150, abs=0.021)


async def test_an_utterance_end_can_follow_a_speech_final():
    studio = Studio()
    async with studio.server, hearing(studio, {**PHONE, "utterance_end_ms": 1000}) as ears:
        await ears.play(studio.say("A table."), 2.0)
        assert len(finals(ears)) == 1
        assert len(ears.named("UtteranceEnd")) == 1


async def test_a_cough_starts_speech_but_has_no_words():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.play(0.5, b"".join(cough(0.4, 4000)), 2.0)
        assert len(ears.named("SpeechStarted")) == 1
        assert not any(transcript(m) for m in ears.named("Results"))


async def test_noise_after_the_words_keeps_speech_final_away():
    studio = Studio()
    noise = b"".join(cough(0.2, 8000)) * 15
    async with studio.server, hearing(studio, {**PHONE, "utterance_end_ms": 1000}) as ears:
        await ears.play(studio.say("A table."), noise)
        assert not any(m["speech_final"] for m in ears.named("Results"))
        assert len(ears.named("UtteranceEnd")) == 1


@pytest.mark.parametrize("word", ["yes", "no", "I"])
async def test_short_words_are_heard(word):
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.play(1.0, studio.say(word), 1.0)
        assert utterance_of(ears) == word


async def test_without_punctuation_words_are_plain():
    studio = Studio()
    async with studio.server, hearing(studio, {**NOVA, "endpointing": 300}) as ears:
        await ears.play(studio.say("Yes, please!"), 1.0)
        assert utterance_of(ears) == "yes please"
        assert len(ears.named("Results")) == 1  # no interims unless asked for


async def test_finalize_tells_what_is_there():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.play(studio.say("A table."))
        await ears.send(type="Finalize")
        await asyncio.sleep(0.2)
        [final] = finals(ears)
        assert final["from_finalize"]
        assert transcript(final) == "A table."


async def test_close_stream_tells_the_rest_then_metadata():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.play(studio.say("A table."))
        await ears.send(type="CloseStream")
        await ears.end()
        assert utterance_of(ears) == "A table."
        assert ears.messages[-1]["type"] == "Metadata"
        assert ears.messages[-1]["duration"] > 0.3
        assert ears.closed == 1000


async def test_an_empty_binary_message_closes_the_stream():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.play(studio.say("A table."))
        await ears.socket.send(b"")
        await ears.end()
        assert ears.events("Results", "SpeechStarted") == ["Metadata"]
        assert ears.closed == 1000


async def test_ten_seconds_without_a_sign_of_life_end_it():
    studio = Studio()
    async with studio.server:
        async with hearing(studio) as ears:
            await asyncio.sleep(5)
            await ears.send(type="KeepAlive")  # before the first audio it keeps nothing alive
            await ears.end(6)
            assert (ears.closed, ears.closed_at) == (1011, pytest.approx(10))
            assert "net0001" in ears.socket.close_reason.lower()
        async with hearing(studio) as ears:
            await ears.socket.send(SILENCE)
            for _ in range(10):
                await asyncio.sleep(5)
                await ears.send(type="KeepAlive")
            assert ears.closed is None


async def test_keyterms_can_be_changed_on_the_way():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.send(type="Configure", keyterms=["Aurelia"], features={"numerals": True})
        await asyncio.sleep(0.1)
        assert ears.named("ConfigureSuccess")[0]["keyterms"] == ["Aurelia"]
        await ears.play(studio.say("A table."), 1.0)
        assert utterance_of(ears) == "A table."


async def test_an_update_over_the_limit_ends_the_transcription_without_a_word():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.play(0.5)
        await ears.send(type="Configure", keyterms=["reservation"] * 10 + ["a b c d e f g h i j k l m n o"] * 40)
        told = len(ears.messages)
        await ears.play(studio.say("A table."), 29.0)
        assert len(ears.messages) == told
        await ears.end(1.0)
        assert ears.closed == 1011
        assert "NET-0000" in ears.socket.close_reason


async def test_regional_endpoints_do_not_change_keyterms():
    studio = Studio(region="eu")
    async with studio.server, hearing(studio) as ears:
        await ears.send(type="Configure", keyterms=["Aurelia"])
        await ears.play(studio.say("A table."), 1.0)
        assert ears.named("ConfigureFailure")[0]["code"] == "CONFIGURE_KEYTERMS_NOT_SUPPORTED"
        assert utterance_of(ears) == "A table."


@pytest.mark.parametrize(
    ("text", "held"), [("It's five five five oh one.", True), ("It's 55501.", True), ("A table, please.", False)]
)
@pytest.mark.parametrize("no_delay", ["true", "false"])
async def test_smart_formatting_waits_for_the_rest_of_a_number(text, held, no_delay):
    studio = Studio()
    async with studio.server, hearing(studio, {**PHONE, "smart_format": "true", "no_delay": no_delay}) as ears:
        number = studio.say(text)
        began = await ears.play(number, 4.0)
        [final] = finals(ears)
    assert transcript(final) == text
    silence = 3.0 if held and no_delay == "false" else 0.3
    assert final["at"] == pytest.approx(began + last_sound(number) + silence + 0.150, abs=0.021)


async def test_a_number_that_is_waited_for_goes_on_in_the_same_segment():
    studio = Studio()
    async with studio.server, hearing(studio, {**PHONE, "smart_format": "true", "utterance_end_ms": 1000}) as ears:
        await ears.play(studio.say("It's 555", ends_turn=False), 1.5, studio.say("is what I have."), 1.0)
        assert [transcript(m) for m in finals(ears)] == ["It's 555 is what I have."]


MENU = [f"Quattro Stagioni {number}" for number in range(99)]


@pytest.mark.parametrize(
    ("keyterm", "problem"),
    [
        (MENU, "The maximum number of tokens across all keyterms is 500."),
        ([f"n{number}" for number in range(101)], "maximum number of keyterms"),
        (["Aurelia", " "], "blank"),
        ([""], "blank"),
        (["a" * 101], "100 characters"),
        (["Aure\x07lia"], "control"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/listen", "/v2/listen"])
async def test_lists_of_keyterms_have_limits(path, keyterm, problem):
    studio = Studio()
    query = {**(PHONE if "v1" in path else FLUX), "keyterm": keyterm}
    async with studio.server:
        with pytest.raises(InvalidStatus) as refused:
            async with studio.listening(path, query):
                pass
    assert refused.value.response.status_code == 400
    assert problem in refused.value.response.headers["dg-error"]
    assert problem in json.loads(refused.value.response.body)["err_msg"]


@pytest.mark.parametrize(
    "taken", [{"model": "nova-2", "keyterm": "Aurelia"}, {"language": "de"}, {"language": "multi"}]
)
async def test_these_are_taken(taken):
    studio = Studio()
    async with studio.server, hearing(studio, {**PHONE, **taken}) as ears:
        await ears.play(studio.say("A table."), 1.0)
        assert utterance_of(ears) == "A table."


@pytest.mark.parametrize("message", [{"type": "ForceEndTurn"}, {"type": "KeepAlive", "now": 1}, {"typ": "Finalize"}])
async def test_messages_that_nova_does_not_know_are_errors(message):
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.send(**message)
        await ears.end()
        assert ears.named("Error")[0]["message"] == json.dumps(message)
        assert ears.closed == 1008


@pytest.mark.parametrize(
    "change",
    [
        {"model": "flux-general-en"},
        {"eot_threshold": 0.7},
        {"encoding": "opus"},
        {"utterance_end_ms": 1000, "interim_results": "false"},
        {"keywords": "table:2"},
        {"interim_results": "yes"},
        {"endpointing": "soon"},
        {"channels": 2},
        {"language": "de-DE"},
        {"language": "xx"},
        {"model": "nova-4"},
        {"model": "nova-2-phonecall", "language": "de"},
        {"no_delay": "yes"},
    ],
)
async def test_parameters_are_checked(change):
    studio = Studio()
    async with studio.server:
        with pytest.raises(InvalidStatus) as refused:
            async with hearing(studio, {**PHONE, **change}):
                pass
    assert refused.value.response.status_code == 400
    assert refused.value.response.headers["dg-error"]
