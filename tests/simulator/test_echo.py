"""Handsets that return what they play."""

from __future__ import annotations

import audioop

import pytest

from phoneagent.providers.tts.espeak import EspeakVoice
from phoneagent.simulator.caller import Caller, CallerScript, Say
from phoneagent.simulator.caller_speech import CallerSpeech
from phoneagent.simulator.ear import Ear
from phoneagent.simulator.echo import HandsetEcho
from phoneagent.simulator.hearing import Hearing
from phoneagent.simulator.speech import FRAME, Phrasebook

SILENT = b"\xff" * FRAME
LOUD = audioop.lin2ulaw(b"\x00\x20\x00\xe0" * (FRAME // 2), 2)  # a tone of 8,192


def level(frame: bytes) -> int:
    return audioop.rms(audioop.ulaw2lin(frame, 2), 2)


def test_what_is_heard_comes_back_weaker_and_later():
    echo = HandsetEcho(0.1, 0.1)
    returned = [echo.mix(SILENT, LOUD if number < 2 else b"") for number in range(10)]
    assert [number for number, frame in enumerate(returned) if level(frame)] == [5, 6]
    assert level(returned[5]) == pytest.approx(level(LOUD) / 10, rel=0.05)


def test_a_delay_need_not_be_whole_frames():
    echo = HandsetEcho(0.5, 0.03)
    returned = b"".join(echo.mix(SILENT, LOUD if not number else b"") for number in range(4))
    assert returned[:240] == b"\xff" * 240
    assert returned[400:] == b"\xff" * 240
    assert level(returned[240:400]) == pytest.approx(level(LOUD) / 2, rel=0.05)


def test_short_frames_are_heard_with_silence_after_them():
    echo = HandsetEcho(1.0, 0.0)
    assert echo.mix(SILENT, LOUD[:50]) == LOUD[:50] + SILENT[50:]


def test_without_a_voice_the_caller_is_untouched_bit_for_bit():
    own = bytes(range(FRAME))
    assert HandsetEcho(0.25, 0.02).mix(own, b"") == own


class NobodyPresses:
    def press(self, digit: str) -> None: ...

    def hang_up(self, *, gave_up: bool = False) -> None: ...


@pytest.mark.parametrize("background", [0.0, 60.0])
def test_the_ears_understand_a_caller_who_speaks_into_the_echo(background):
    book, ear = Phrasebook(), Ear()
    ear.begin(lambda: 0.0)
    script = CallerScript(Say("No, stop that please", after=1.0), background=background, echo=0.25, echo_delay=0.1)
    caller = Caller(script, CallerSpeech(EspeakVoice(), book), ear, NobodyPresses())
    agent = EspeakVoice().synthesize("We are open from Tuesday to Sunday, from noon to eleven in the evening.").audio
    heard = [agent[start : start + FRAME] for start in range(0, len(agent), FRAME)]
    frames = [caller.next_frame(agent_audible=True, agent=frame) for frame in heard]
    hearing = Hearing(book)
    sounds = list(hearing.hear(b"".join(frames)))
    assert any(sound.voiced and not sound.speech for sound in sounds[:50]), "the echo can be heard"
    assert [word.text for word in hearing.words(0) if word.understood] == ["No,", "stop", "that", "please"]
    assert len(hearing.stretches) == 1
