"""Which part of a latency is whose: made-up logs of the servers, each figure by hand."""

from __future__ import annotations

import pytest

from phoneagent.bench.turns import MeasuredTurn, Spoken, TurnsTimeline, measure
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.timeline import Entry

ANNA, PETER = "Anna Berger", "Peter Winter"


def introduced(name, *, ears, voice):
    """A caller's first turn: after it, sockets are known."""
    return [
        Entry(1.0, "deepgram", ears, "EndOfTurn", {"transcript": f"This is {name}.", "heard": 0.74}),
        Entry(1.0, "mind", 0, "asked", {"who": name}),
        Entry(1.0, "openai", 90 + ears, "request", {}),
        Entry(1.3, "elevenlabs", voice, "text", {"context": "r1", "text": f"Good evening, {name}."}),
    ]


def asked(at, name, request):
    return [Entry(at, "mind", 0, "asked", {"who": name}), Entry(at, "openai", request, "request", {})]


def end_of_turn(at, *, ears, heard, what="EndOfTurn"):
    return Entry(at, "deepgram", ears, what, {"transcript": "Yes.", "heard": heard})


def answered(request, *, voice, token, text, audio, context="r2"):
    return [
        Entry(token, "openai", request, "first_token", {}),
        Entry(text, "elevenlabs", voice, "text", {"context": context, "text": "Very good,"}),
        Entry(audio, "elevenlabs", voice, "first_audio", {"context": context}),
    ]


def measured(entries, *spoken, latencies=None):
    return measure(spoken, sorted(entries, key=lambda entry: entry.at), latencies or Latencies())


def test_a_reply_after_the_end_of_the_turn_waited_for_all_three():
    log = [
        *introduced(ANNA, ears=1, voice=1),
        end_of_turn(10.275, ears=1, heard=10.015),
        *asked(10.280, ANNA, 7),
        *answered(7, voice=1, token=10.530, text=10.570, audio=10.660),
    ]
    [turn] = measured(log, Spoken(ANNA, 1, 10.0, 10.680))
    assert not turn.eager
    assert turn.latency == pytest.approx(0.680)
    assert turn.stages.ears == turn.stages.end_of_turn == pytest.approx(0.260)
    assert turn.stages.first_token == pytest.approx(0.250)
    assert turn.stages.phrase == pytest.approx(0.040)
    assert turn.stages.first_audio == pytest.approx(0.090)
    assert turn.stages.injected == pytest.approx(0.600)
    assert turn.share == pytest.approx(0.080)
    assert turn.share_without_phrase == pytest.approx(0.040)


def test_what_the_line_takes_is_told_apart():
    log = [
        *introduced(ANNA, ears=1, voice=1),
        end_of_turn(10.275, ears=1, heard=10.015),
        *asked(10.280, ANNA, 7),
        *answered(7, voice=1, token=10.530, text=10.570, audio=10.660),
    ]
    [turn] = measured(log, Spoken(ANNA, 1, 10.0, 10.680, framing=0.015, line=0.012))
    assert turn.share_without_phrase == pytest.approx(0.040)
    assert turn.share_without_waits == pytest.approx(0.028)
    assert turn.share_without_frames == pytest.approx(0.013)
    [unknown] = measured(log, Spoken(ANNA, 1, 10.0, 10.680))
    assert unknown.share_without_waits is unknown.share_without_frames is None


def test_an_eager_reply_waited_for_the_eager_end_instead():
    log = [
        *introduced(ANNA, ears=1, voice=1),
        end_of_turn(10.135, ears=1, heard=10.015, what="EagerEndOfTurn"),
        *asked(10.140, ANNA, 7),
        end_of_turn(10.275, ears=1, heard=10.015),
        *answered(7, voice=1, token=10.390, text=10.430, audio=10.520),
    ]
    [turn] = measured(log, Spoken(ANNA, 1, 10.0, 10.540))
    assert turn.eager
    assert turn.stages.ears == pytest.approx(0.120)
    assert turn.stages.end_of_turn == pytest.approx(0.260)
    assert turn.stages.injected == pytest.approx(0.460)
    assert turn.share == pytest.approx(0.080)


def test_an_eager_reply_that_was_ready_first_waited_for_the_end_of_the_turn():
    quick = Latencies(first_token=0.01, first_audio=0.01)
    log = [
        *introduced(ANNA, ears=1, voice=1),
        end_of_turn(10.135, ears=1, heard=10.015, what="EagerEndOfTurn"),
        *asked(10.140, ANNA, 7),
        *answered(7, voice=1, token=10.150, text=10.190, audio=10.200),
        end_of_turn(10.275, ears=1, heard=10.015),
    ]
    [turn] = measured(log, Spoken(ANNA, 1, 10.0, 10.300), latencies=quick)
    assert turn.stages.injected == pytest.approx(0.260)
    assert turn.share == turn.share_without_phrase == pytest.approx(0.040)


def test_of_several_attempts_the_one_that_was_heard_counts():
    log = [
        *introduced(ANNA, ears=1, voice=1),
        end_of_turn(10.135, ears=1, heard=10.015, what="EagerEndOfTurn"),
        *asked(10.140, ANNA, 7),  # dropped: the turn ended with other words
        end_of_turn(10.275, ears=1, heard=10.015),
        *asked(10.280, ANNA, 8),
        *answered(7, voice=1, token=10.390, text=10.400, audio=10.490, context="r2"),
        *answered(8, voice=1, token=10.540, text=10.580, audio=10.680, context="r3"),
    ]
    [turn] = measured(log, Spoken(ANNA, 1, 10.0, 10.700))
    assert not turn.eager
    assert turn.stages.first_token == pytest.approx(0.260)
    assert turn.stages.first_audio == pytest.approx(0.100)


def test_a_second_phrase_before_the_first_audio_changes_nothing():
    log = [
        *introduced(ANNA, ears=1, voice=1),
        end_of_turn(10.275, ears=1, heard=10.015),
        *asked(10.280, ANNA, 7),
        *answered(7, voice=1, token=10.530, text=10.570, audio=10.660),
        Entry(10.600, "elevenlabs", 1, "text", {"context": "r2", "text": "your table is booked."}),
    ]
    [turn] = measured(log, Spoken(ANNA, 1, 10.0, 10.680))
    assert turn.stages.first_audio == pytest.approx(0.090)
    assert turn.stages.phrase == pytest.approx(0.040)


def test_audio_that_we_sent_late_is_not_the_ears_fault():
    """In pieces of half a second the decision comes with the next piece, after its time."""
    log = [
        *introduced(ANNA, ears=1, voice=1),
        end_of_turn(10.500, ears=1, heard=10.015),
        *asked(10.500, ANNA, 7),
        *answered(7, voice=1, token=10.750, text=10.750, audio=10.840),
    ]
    [turn] = measured(log, Spoken(ANNA, 1, 10.0, 10.840))
    assert turn.stages.end_of_turn == pytest.approx(0.260)
    assert turn.share == pytest.approx(0.240)


def test_ears_without_turn_events_are_measured_by_their_results():
    log = [
        *introduced(ANNA, ears=1, voice=1),
        end_of_turn(10.165, ears=1, heard=10.015, what="Results"),
        *asked(10.170, ANNA, 7),
        *answered(7, voice=1, token=10.420, text=10.460, audio=10.550),
    ]
    [turn] = measured(log, Spoken(ANNA, 1, 10.0, 10.570))
    assert turn.stages.injected == pytest.approx(0.150 + 0.250 + 0.090)


def test_callers_at_the_same_time_are_kept_apart():
    log = [
        *introduced(ANNA, ears=1, voice=2),
        *introduced(PETER, ears=2, voice=1),
        end_of_turn(10.275, ears=1, heard=10.015),
        end_of_turn(10.276, ears=2, heard=10.015),
        *asked(10.280, PETER, 8),
        *asked(10.281, ANNA, 7),
        *answered(7, voice=2, token=10.531, text=10.561, audio=10.651),
        *answered(8, voice=1, token=10.580, text=10.581, audio=10.671),
    ]
    anna, peter = measured(log, Spoken(ANNA, 1, 10.0, 10.7), Spoken(PETER, 1, 10.0, 10.7))
    assert anna.stages.first_token == pytest.approx(0.250)
    assert peter.stages.first_token == pytest.approx(0.300)
    assert anna.stages.phrase == pytest.approx(0.030)
    assert peter.stages.phrase == pytest.approx(0.001)


def test_what_was_before_the_turn_is_not_its_answer():
    log = [
        *introduced(ANNA, ears=1, voice=1),
        *asked(9.0, ANNA, 7),
        *answered(7, voice=1, token=9.25, text=9.3, audio=9.4),
        end_of_turn(10.275, ears=1, heard=10.015),
    ]
    [turn] = measured(log, Spoken(ANNA, 1, 10.0, 10.5))
    assert turn == MeasuredTurn(ANNA, 1, 0.5)
    assert turn.share is None
    assert turn.share_without_phrase is None


def test_a_turn_without_an_answer_is_not_measured():
    assert measured(introduced(ANNA, ears=1, voice=1), Spoken(ANNA, 1, 10.0, None)) == []


async def test_the_timeline_keeps_what_is_used():
    timeline = TurnsTimeline()
    timeline.record("deepgram", 1, "Update", {"transcript": "Ye"})
    timeline.record("deepgram", 1, "EndOfTurn", {"transcript": "Yes.", "heard": 1.0})
    timeline.record("elevenlabs", 1, "audio", {"samples": 800})
    assert [entry.what for entry in timeline.entries] == ["EndOfTurn"]
