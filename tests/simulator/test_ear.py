"""What the ear makes of 20 ms frames."""

from __future__ import annotations

import audioop
import wave

import pytest

from phoneagent.simulator.ear import SILENT_FRAME, Cleared, Ear, Said

from .tone import tone

LOUD = tone(0.02)


def ear_of(pattern: str, *, said: list[Said] | None = None) -> Ear:
    """`#`: an audible frame; `-`: a frame of queued silence; `.`: nothing queued; digits: bytes queued / 20."""
    ear = Ear()
    for letter in pattern:
        queued = {"#": LOUD, "-": SILENT_FRAME, ".": b""}.get(letter)
        ear.agent_frame(LOUD[: int(letter) * 20] if queued is None else queued)
        ear.caller_frame(SILENT_FRAME)
    for fact in said or []:
        ear.note(fact)
    return ear


def test_agent_is_heard_from_its_first_audible_frame_to_its_last():
    [heard] = ear_of("..--##-###--....").agent_speech()
    assert (heard.at, heard.end) == pytest.approx((0.08, 0.20))
    assert heard.audio == LOUD * 2 + SILENT_FRAME + LOUD * 3


def test_a_long_pause_makes_two_stretches_of_speech():
    speech = ear_of("##" + "-" * 10 + "##").agent_speech()
    assert [heard.at for heard in speech] == pytest.approx([0.0, 0.24])


@pytest.mark.parametrize(
    ("pattern", "holes"),
    [
        ("##..##", [(0.04, 0.04)]),
        ("##--##", []),  # silence that was sent is no hole
        ("##" + "." * 20 + "##", []),  # 400 ms later: another burst
        ("##" + "." * 19 + "##", [(0.04, 0.38)]),
        ("#4##", []),  # 10 ms: below the smallest that is asked for
        ("....##....", []),
    ],
)
def test_holes(pattern, holes):
    assert ear_of(pattern).holes() == pytest.approx([pytest.approx(hole) for hole in holes])


def heard_after(*, frames: int, came: float) -> float | None:
    """The wait of a sound that came at a time and was played so many frames after the answer."""
    ear = ear_of("." * frames)
    ear.audio_came_at = came
    ear.agent_frame(LOUD)
    ear.audio_came_at = came + 0.5
    ear.agent_frame(LOUD)  # the same sound goes on
    return ear.wait_for_frame(frames * 0.02)


@pytest.mark.parametrize(
    ("came", "waited"),
    [
        (0.985, 0.015),
        (0.98, 0.02),  # it just missed a frame
        (1.0, 0.0),
        (1.004, 0.0),  # the frame was late itself
        (0.905, 0.015),  # it stood behind silence, which the agent need not have sent
    ],
)
def test_a_sound_waits_for_the_lines_next_frame(came, waited):
    assert heard_after(frames=50, came=came) == pytest.approx(waited)


def test_where_no_sound_began_nothing_waited():
    assert ear_of("..##").wait_for_frame(0.06) is None


def test_short_holes_are_found_when_asked_for():
    [hole] = ear_of("#4##").holes(min_seconds=0.001)
    assert hole.seconds == pytest.approx(0.01)


def test_silence_after_a_clear_is_no_hole():
    ear = Ear()
    ear.begin(lambda: 0.03)
    for frame in (LOUD, LOUD):
        ear.agent_frame(frame)
    ear.cleared(1600)
    for frame in (b"", b"", LOUD):
        ear.agent_frame(frame)
    assert ear.holes() == []
    [clear] = ear.facts(Cleared)
    assert (clear.at, clear.silent_at, clear.dropped) == pytest.approx((0.03, 0.04, 0.2))


def test_latency_counts_from_the_last_sound_to_the_first_of_the_answer():
    turns = [Said(0.0, 0.1, "one"), Said(0.4, 0.5, "two"), Said(1.0, 1.1, "three")]
    ear = ear_of("..........####" + "." * 20 + "####" + "." * 30, said=turns)
    assert ear.response_latencies() == pytest.approx([0.1, 0.18])
    assert [response.latency is None for response in ear.responses()] == [False, False, True]


def test_a_hesitation_is_no_turn_and_a_backchannel_neither():
    facts = [
        Said(0.0, 0.1, "a table", ends_turn=False),
        Said(0.3, 0.4, "for two"),
        Said(0.7, 0.75, "mm-hm", expects_answer=False),
    ]
    ear = ear_of("." * 30 + "#" * 20, said=facts)
    assert ear.response_latencies() == pytest.approx([0.2])
    assert ear.interruption_stop_times() == []


def test_the_agent_that_talks_on_has_not_answered_yet():
    ear = ear_of("#" * 10 + "." * 20 + "##", said=[Said(0.05, 0.15, "stop")])
    assert ear.response_latencies() == pytest.approx([0.45])
    assert ear.interruption_stop_times() == pytest.approx([0.15])


def test_speech_that_the_end_of_the_call_cuts_ends_there():
    [said] = ear_of("." * 10, said=[Said(0.1, 5.0, "and then"), Said(3.0, 4.0, "never said")]).caller_speech()
    assert (said.text, said.end) == ("and then", pytest.approx(0.2))


def test_wav_has_the_caller_left_and_the_agent_right(tmp_path):
    ear = Ear()
    caller, agent = tone(0.02, 300), tone(0.02, 900)
    ear.agent_frame(b"")
    ear.caller_frame(caller)
    ear.agent_frame(agent[:60])
    ear.caller_frame(SILENT_FRAME)
    ear.save_wav(tmp_path / "call.wav")
    with wave.open(str(tmp_path / "call.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        samples = file.readframes(file.getnframes())
    assert audioop.tomono(samples, 2, 1, 0) == audioop.ulaw2lin(caller + SILENT_FRAME, 2)
    assert audioop.tomono(samples, 2, 0, 1) == audioop.ulaw2lin(SILENT_FRAME + agent[:60] + b"\xff" * 100, 2)


def test_without_recording_the_times_remain():
    ear = Ear(recording=False)
    for frame in (b"", LOUD, LOUD):
        ear.agent_frame(frame)
        ear.caller_frame(LOUD)
    [heard] = ear.agent_speech()
    assert (heard.at, heard.audio, ear.agent_track, ear.caller_track) == (pytest.approx(0.02), b"", b"", b"")
    assert ear.duration == pytest.approx(0.06)
