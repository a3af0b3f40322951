"""Turns as the simulated Flux hears them."""

from __future__ import annotations

import asyncio
import audioop
from itertools import pairwise

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from phoneagent.simulator.deepgram import DeepgramServer
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.speech import FRAME, Phrasebook

from .deepgram_client import FLUX, Studio, first_sound, last_sound, seconds_of

EAGER = {**FLUX, "eager_eot_threshold": 0.5}


def hearing(studio, query=FLUX):
    return studio.listening("/v2/listen", query)


async def test_a_turn_is_told_with_the_vendors_latencies():
    studio = Studio()
    table = studio.say("A table for two, please.")
    async with studio.server, hearing(studio, EAGER) as ears:
        began = await ears.play(0.5, table, 1.0)
        start, eager, end = (ears.named(name)[0] for name in ("StartOfTurn", "EagerEndOfTurn", "EndOfTurn"))
    onset, last = began + 0.5 + first_sound(table), began + 0.5 + last_sound(table)
    assert start["at"] == pytest.approx(onset + 0.180, abs=1e-6)
    assert eager["at"] == pytest.approx(last + 0.120, abs=1e-6)
    assert end["at"] == pytest.approx(last + 0.260, abs=1e-6)
    assert start["transcript"] == "A"
    assert eager["transcript"] == end["transcript"] == "A table for two, please."
    assert end["trigger"] == "model"
    assert "trigger" not in eager


async def test_linear_samples_are_understood_as_well():
    studio = Studio()
    table = studio.say("A table for two, please.")
    samples = audioop.ulaw2lin(b"\xff" * 4000 + table.audio + b"\xff" * 8000, 2)
    async with studio.server, hearing(studio, {**EAGER, "encoding": "linear16"}) as ears:
        began = await ears.play(samples, chunk=4 * FRAME)  # twice as long as real time
        end = ears.named("EndOfTurn")[0]
    assert end["transcript"] == "A table for two, please."
    assert end["audio_window_start"] == pytest.approx(0.5 + table.onset // FRAME * 0.02)
    assert end["at"] > began


async def test_how_a_client_cuts_its_audio_does_not_add_to_the_latency():
    studio = Studio()
    table = studio.say("A table for two, please.")
    async with studio.server, hearing(studio, EAGER) as ears:
        await ears.play(0.5, table, 1.0, chunk=4 * FRAME)
        told = {entry.what: entry for entry in studio.server.timeline.entries}
    for event, latency in (("StartOfTurn", 0.180), ("EagerEndOfTurn", 0.120), ("EndOfTurn", 0.260)):
        assert told[event].at - told[event].data["heard"] == pytest.approx(latency, abs=1e-6)


async def test_words_have_their_times_in_the_audio_received():
    studio = Studio()
    table = studio.say("A table")
    async with studio.server, hearing(studio) as ears:
        await ears.play(0.5, table, 1.0)
        [end] = ears.named("EndOfTurn")
    assert [word["word"] for word in end["words"]] == ["A", "table"]
    for word, spoken in zip(end["words"], table.words, strict=True):
        assert word["start"] == pytest.approx(0.5 + spoken.start / 8000, abs=1e-3)
        assert word["end"] == pytest.approx(0.5 + spoken.end / 8000, abs=1e-3)


async def test_updates_come_every_quarter_of_a_second_and_grow():
    studio = Studio()
    long = studio.say("I would like to book a table for two people tomorrow evening at seven")
    async with studio.server, hearing(studio) as ears:
        await ears.play(long, 1.0)
        updates = ears.named("Update")
    gaps = [later["at"] - earlier["at"] for earlier, later in pairwise(updates)]
    assert gaps
    assert all(gap == pytest.approx(0.25, abs=0.021) for gap in gaps)
    lengths = [len(update["words"]) for update in updates]
    assert lengths == sorted(lengths)
    assert all(long.text.startswith(update["transcript"]) for update in updates)


async def test_messages_are_numbered_and_turns_counted():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.play(studio.say("Good morning."), 1.0, studio.say("A table, please."), 1.0)
        messages = ears.messages
    assert [m["sequence_id"] for m in messages] == list(range(len(messages)))
    assert messages[0]["type"] == "Connected"
    assert [(m["turn_index"], m["transcript"]) for m in ears.named("EndOfTurn")] == [
        (0, "Good morning."),
        (1, "A table, please."),
    ]


async def test_without_an_eager_threshold_nothing_is_eager():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.play(studio.say("Good morning."), 1.0)
        assert ears.events("Update") == ["Connected", "StartOfTurn", "EndOfTurn"]


async def test_a_thought_that_goes_on_is_one_turn():
    studio = Studio()
    thought, rest = studio.say("I would like…", ends_turn=False), studio.say("a table for two.")
    async with studio.server, hearing(studio, EAGER) as ears:
        began = await ears.play(thought, 1.2, rest, 1.0)
        assert ears.events("Update", "Connected") == [
            "StartOfTurn",
            "EagerEndOfTurn",
            "TurnResumed",
            "EagerEndOfTurn",
            "EndOfTurn",
        ]
        [resumed] = ears.named("TurnResumed")
        [end] = ears.named("EndOfTurn")
    onset = began + seconds_of(thought.audio) + 1.2 + first_sound(rest)
    assert resumed["at"] == pytest.approx(onset + 0.180, abs=1e-6)
    assert end["transcript"] == "I would like… a table for two."


async def test_a_thought_that_does_not_go_on_ends_by_the_timeout():
    studio = Studio()
    thought = studio.say("I would like…", ends_turn=False)
    async with studio.server, hearing(studio, {**FLUX, "eot_timeout_ms": 2000}) as ears:
        began = await ears.play(thought, 3.0)
        [end] = ears.named("EndOfTurn")
    assert end["trigger"] == "timeout"
    assert end["at"] == pytest.approx(began + last_sound(thought) + 2.0, abs=0.021)


@pytest.mark.parametrize("word", ["yes", "no", "I"])
async def test_short_words_are_heard(word):
    studio = Studio()
    async with studio.server, hearing(studio, EAGER) as ears:
        await ears.play(1.0, studio.say(word), 1.0)
        assert ears.events("Update", "Connected") == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]
        assert {m["transcript"] for m in ears.messages[1:]} == {word}


async def test_without_audio_no_time_passes():
    studio = Studio()
    table = studio.say("A table for two, please.")
    spoken = table.audio[: ((table.end - 1) // FRAME + 1) * FRAME]
    async with studio.server, hearing(studio) as ears:
        await ears.play(spoken)
        await asyncio.sleep(20)
        assert not ears.named("EndOfTurn")
        resumed = await ears.play(0.2)
        [end] = ears.named("EndOfTurn")
    assert resumed < end["at"] < resumed + 0.2


async def test_audio_that_comes_faster_than_real_time_gives_the_same_turns():
    studio = Studio()
    async with studio.server, hearing(studio, EAGER) as ears:
        pieces = [b"\xff" * 4000, studio.say("Good morning.").audio, b"\xff" * 4000, studio.say("A table.").audio]
        await ears.socket.send(b"".join(pieces) + b"\xff" * 4000)
        await asyncio.sleep(1)
        assert ears.events("Update", "Connected") == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"] * 2
        assert [m["transcript"] for m in ears.named("EndOfTurn")] == ["Good morning.", "A table."]
        assert all(m["at"] <= 0.3 for m in ears.messages)


async def test_a_connection_that_begins_in_the_middle_hears_the_rest():
    studio = Studio()
    booking = studio.say("Book a table tomorrow")
    cut = booking.words[2].start // FRAME * FRAME
    async with studio.server, hearing(studio) as ears:
        await ears.play(booking.audio[cut:], 1.0)
        assert ears.named("EndOfTurn")[0]["transcript"] == "table tomorrow"


async def test_what_is_lost_on_the_way_is_missed():
    studio = Studio()
    booking = studio.say("Book a table tomorrow")
    table = booking.words[2]
    audio = booking.audio[: table.start // FRAME * FRAME] + booking.audio[table.end // FRAME * FRAME :]
    async with studio.server, hearing(studio) as ears:
        await ears.play(audio, 1.0)
        assert ears.named("EndOfTurn")[0]["transcript"] == "Book a tomorrow"


async def test_audio_that_lost_a_byte_is_not_understood():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.play(b"\xff", studio.say("Good morning."), 1.0)
        assert ears.events() == ["Connected"]


async def test_a_sound_that_nobody_said_is_no_turn():
    studio = Studio()
    noise = Studio().say("Something else entirely")
    async with studio.server, hearing(studio) as ears:
        await ears.play(noise, 1.0)
        assert ears.events() == ["Connected"]


async def test_a_turn_can_be_forced_to_end():
    studio = Studio()
    booking = studio.say("Book a table tomorrow", ends_turn=False)
    async with studio.server, hearing(studio) as ears:
        await ears.send(type="ForceEndTurn")  # nothing to end: ignored
        await ears.play(booking, 0.2)
        await ears.send(type="ForceEndTurn")
        await ears.play(1.0)
        [end] = ears.named("EndOfTurn")
        assert (end["trigger"], end["transcript"]) == ("manual", "Book a table tomorrow")


async def test_a_turn_forced_to_end_in_the_middle_goes_on_in_the_next():
    studio = Studio()
    booking = studio.say("Book a table tomorrow")
    middle = booking.words[2].start // FRAME * FRAME
    async with studio.server, hearing(studio) as ears:
        await ears.play(booking.audio[:middle])
        await ears.send(type="ForceEndTurn")
        await ears.play(booking.audio[middle:], 1.0)
        assert [m["transcript"] for m in ears.named("EndOfTurn")] == ["Book a", "table tomorrow"]


async def test_nothing_ends_a_turn_when_the_threshold_is_one():
    studio = Studio()
    async with studio.server, hearing(studio, {**FLUX, "eot_threshold": 1.0, "eot_timeout_ms": 4000}) as ears:
        await ears.play(studio.say("Good morning."), 3.5)
        assert not ears.named("EndOfTurn")


async def test_thresholds_can_be_changed_on_the_way():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.send(type="Configure", thresholds={"eager_eot_threshold": 0.4}, keyterms=["Aurelia"])
        await ears.play(studio.say("Good morning."), 1.0)
        [success] = ears.named("ConfigureSuccess")
        assert success["thresholds"] == {"eot_threshold": 0.7, "eager_eot_threshold": 0.4, "eot_timeout_ms": 5000}
        assert success["keyterms"] == ["Aurelia"]
        assert ears.named("EagerEndOfTurn")
        await ears.send(type="Configure", thresholds={"eot_threshold": 0.5, "eager_eot_threshold": 0.6})
        await asyncio.sleep(0.1)
        assert ears.named("ConfigureFailure")[0]["description"]


async def test_close_stream_closes():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.send(type="CloseStream")
        await ears.end()
        assert ears.closed == 1000


async def test_keep_alive_kills_the_connection():
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.send(type="KeepAlive")
        await ears.end()
        assert ears.closed == 1005
        assert ears.events() == ["Connected"]


@pytest.mark.parametrize("message", ['{"type": "Finalize"}', '{"type": "ForceEndTurn", "now": true}', "{", "[]"])
async def test_messages_that_flux_does_not_know_are_fatal(message):
    studio = Studio()
    async with studio.server, hearing(studio) as ears:
        await ears.socket.send(message)
        await ears.end()
        assert ears.events() == ["Connected", "Error"]
        assert ears.closed == 1008


async def test_a_silent_client_is_closed_after_a_minute_unless_it_pings():
    studio = Studio()
    async with studio.server:
        async with studio.listening("/v2/listen", FLUX, ping_interval=None) as ears:
            await ears.end(70)
            assert ears.closed == 1011
            assert ears.closed_at == pytest.approx(60)
        async with studio.listening("/v2/listen", FLUX, ping_interval=20) as ears:
            await asyncio.sleep(200)
            assert ears.closed is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"model": "nova-3"}, "nova-3"),
        ({"endpointing": 300}, "endpointing"),
        ({"language": "en"}, "language"),
        ({"encoding": "opus"}, "opus"),
        ({"sample_rate": 16000}, "sample_rate"),
        ({"eot_threshold": 0.4}, "eot_threshold"),
        ({"eot_threshold": 0.5, "eager_eot_threshold": 0.6}, "eager_eot_threshold"),
        ({"eot_timeout_ms": 100}, "eot_timeout_ms"),
        ({"eot_timeout_ms": ["1000", "2000"]}, "2 times"),
        ({"language_hint": "de"}, "language_hint"),
    ],
)
async def test_parameters_are_checked(change, problem):
    studio = Studio()
    async with studio.server:
        with pytest.raises(InvalidStatus) as refused:
            async with studio.listening("/v2/listen", {**FLUX, **change}):
                pass
    response = refused.value.response
    assert response.status_code == 400
    assert problem in response.headers["dg-error"]
    assert response.headers["dg-request-id"]


@pytest.mark.parametrize("authorization", [{}, {"Authorization": "secret"}, {"Authorization": "Token "}])
async def test_nobody_gets_in_without_a_key(authorization):
    async with DeepgramServer(Phrasebook()) as server:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{server.url}/v2/listen", additional_headers=authorization):
                pass
    assert refused.value.response.status_code == 401


async def test_latencies_can_be_set():
    studio = Studio(latencies=Latencies(flux_end_of_turn=1.5))
    table = studio.say("A table.")
    async with studio.server, hearing(studio) as ears:
        began = await ears.play(table, 2.0)
        [end] = ears.named("EndOfTurn")
    assert end["at"] == pytest.approx(began + last_sound(table) + 1.5, abs=1e-6)


async def test_twenty_callers_at_once_are_understood_apart():
    studio = Studio()
    async with studio.server:

        async def call(number):
            sentence = studio.say(f"My number is {number}")
            async with hearing(studio) as ears:
                await asyncio.sleep(number * 0.013)
                began = await ears.play(sentence, 1.0)
                [end] = ears.named("EndOfTurn")
                assert end["transcript"] == f"My number is {number}"
                assert end["at"] == pytest.approx(began + last_sound(sentence) + 0.260, abs=1e-6)

        await asyncio.gather(*(call(number) for number in range(20)))
