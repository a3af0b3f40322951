"""Voices, noises and silence on a telephone line. Echo has its own stories."""

from __future__ import annotations

import audioop

import pytest

from phoneagent.audio.dtmf import HIGH, LOW, is_key
from phoneagent.audio.g711 import AUDIBLE, FRAME, SILENCE, first_audible, loudness
from phoneagent.audio.voice_activity import Transition, VoiceActivity

from .lines import (
    NOISES,
    NORMAL,
    TRACE,
    at_level,
    babble,
    begins,
    heard,
    mixed,
    music,
    quiet,
    seconds,
    starts,
    tone,
    voice,
    weaker,
    white,
)

BOTH = [Transition.STARTED, Transition.STOPPED]
SENTENCES = ("Yes", "No", "Seven", "Wait a moment", "No, stop that please", "I would like a table")


def on_a_quiet_line(said: bytes, *, at: float = 1.0) -> bytes:
    return mixed(white(at + seconds(said) + 1.0, TRACE), quiet(at) + said)


def changes(line: bytes) -> list[Transition]:
    return [change.what for change in heard(line)]


@pytest.mark.parametrize("below", [-10, 0, 10, 20])
@pytest.mark.parametrize("text", SENTENCES)
def test_on_a_quiet_line_every_word_is_noticed_at_once_at_any_level(text, below):
    for speaker in range(3):
        said = weaker(voice(text, speaker), below)
        first = starts(heard(on_a_quiet_line(said)))[0]
        assert 0.04 <= first - 1.0 - begins(said) <= (0.1 if below < 20 else 0.12)


def test_a_sound_of_200_ms_is_noticed_after_80_ms_and_its_end_after_200():
    word = white(0.2, NORMAL)
    assert [(change.what, change.at) for change in heard(on_a_quiet_line(word))] == [
        (Transition.STARTED, 1.08),
        (Transition.STOPPED, 1.4),
    ]


def test_when_the_voice_ended_is_known_when_the_silence_is_noticed():
    activity = VoiceActivity()
    found = heard(on_a_quiet_line(voice("Seven")), activity=activity)
    assert found[-1].what is Transition.STOPPED
    # on to the end of the line's last second
    assert found[-1].at - 0.2 == pytest.approx(1.0 + seconds(voice("Seven")), abs=0.12)


@pytest.mark.parametrize("milliseconds", [5, 20, 40, 50])
def test_a_click_or_a_pop_is_no_voice_however_it_lies(milliseconds):
    for offset in range(20):
        pop = quiet(offset / 1000) + white(milliseconds / 1000, 8000, offset)
        assert heard(on_a_quiet_line(pop)) == []


def test_clicks_in_a_row_are_no_voice():
    clicks = (white(0.01, 8000) + quiet(0.04)) * 20
    assert heard(on_a_quiet_line(clicks)) == []


def test_the_stop_inside_a_word_does_not_end_it():
    assert changes(on_a_quiet_line(white(0.3, NORMAL) + quiet(0.14) + white(0.3, NORMAL))) == BOTH


def test_the_soft_end_of_a_word_belongs_to_it():
    fading = b"".join(white(0.05, NORMAL * 0.6**step, step) for step in range(6))  # to -13 dB
    ended = heard(on_a_quiet_line(white(0.2, NORMAL) + fading))[-1]
    assert ended.at >= 1.0 + 0.5 + 0.2


@pytest.mark.parametrize("rms", [AUDIBLE, 300, 900, 3000])
def test_a_noise_that_sets_in_is_forgotten_within_two_seconds(rms):
    found = heard(white(2.0, TRACE) + white(8.0, rms + TRACE))
    assert [change.what for change in found] == BOTH
    assert found[1].at - found[0].at < 2.0


def test_a_noise_that_swells_is_never_a_voice():
    swelling = b"".join(white(0.1, 30 * 10 ** (step / 20), step) for step in range(30))  # 30 dB in three seconds
    assert heard(swelling + white(2.0, 950)) == []


def test_music_on_hold_is_forgotten():
    found = heard(white(1.0, TRACE) + music(20.0, NORMAL))
    assert len(found) <= 4
    assert found[-1].what is Transition.STOPPED


@pytest.mark.parametrize("noise", NOISES)
def test_a_line_that_is_noisy_from_the_beginning_has_no_voice(noise):
    for below in (10, 20):
        found = starts(heard(weaker(NOISES[noise](20.0, NORMAL), below)))
        assert [at for at in found if at > 1.0] == []
        assert found == [] or noise == "babble", "a crowd varies more than noise usually does, which is learned"


SPEECH_IN_NOISE = [  # noise, dB below the voice, of 18 words and sentences at least so many are noticed within 180 ms
    ("white", 20, 18), ("white", 10, 18), ("white", 5, 15),
    ("pink", 20, 18), ("pink", 10, 18), ("pink", 5, 10),
    ("babble", 20, 18), ("babble", 10, 18), ("babble", 5, 12),
]  # fmt: skip


@pytest.mark.parametrize(("noise", "below", "least"), SPEECH_IN_NOISE)
def test_a_voice_stands_out_from_noise(noise, below, least):
    background = weaker(NOISES[noise](20.0, NORMAL), below)
    noticed = 0
    for number, text in enumerate(SENTENCES):
        for speaker in range(3):
            said = voice(text, speaker)
            since = 16000 * (number * 2 + speaker)
            line = mixed(background[since : since + 16000 * 5], quiet(4.0) + said)
            onset = 4.0 + begins(said)
            noticed += any(onset - 0.02 <= at <= onset + 0.18 for at in starts(heard(line)))
    assert noticed >= least


@pytest.mark.parametrize("noise", NOISES)
def test_in_noise_the_end_of_a_voice_is_noticed_too(noise):
    background = weaker(NOISES[noise](20.0, NORMAL), 10)
    for number, text in enumerate(SENTENCES):
        said = voice(text, number % 3)
        line = mixed(background[16000 * number : 16000 * (number + 8)], quiet(4.0) + said)
        ended = [change.at for change in heard(line) if change.what is Transition.STOPPED]
        assert ended
        assert ended[-1] - 4.0 - seconds(said) < 0.6


def test_a_long_speech_is_not_taken_for_noise():
    speech = b"".join(white(0.4, NORMAL, word) + white(0.1, 20, word) for word in range(60))
    assert changes(speech) == [Transition.STARTED]


def test_a_soft_caller_is_heard_soon_after_noise_has_ended():
    soft = weaker(voice("Wait a moment"), 15)
    assert starts(heard(white(5.0, 500) + mixed(white(3.0, TRACE), quiet(1.0) + soft)))[-1] == pytest.approx(
        6.1, abs=0.1
    )


@pytest.mark.parametrize("low", LOW)
def test_a_key_is_no_voice(low):
    for high in HIGH:
        for offset in (0, 7, 13):
            assert heard(mixed(white(2.0, 40), quiet(1.0 + offset / 1000) + tone(0.2, 5000, low, high))) == []


def test_a_voice_is_no_key():
    crowd = babble(10.0, NORMAL, people=1)
    frames = [crowd[at : at + 2 * FRAME] for at in range(0, len(crowd) - 2 * FRAME, 2 * FRAME)]
    loud = [frame for frame in frames if audioop.rms(frame, 2) > NORMAL / 3]
    assert sum(map(is_key, loud)) < len(loud) / 100
    assert not is_key(at_level(tone(0.02, 1.0, 440), NORMAL))
    assert not is_key(b"")


def test_silence_is_silent_and_the_first_sound_is_found_to_ten_milliseconds():
    sound = audioop.lin2ulaw(white(0.02, 3000), 2)
    assert loudness(SILENCE * FRAME) == 0
    assert first_audible(SILENCE * 800) is None
    assert first_audible(SILENCE * 800 + sound) == 800
    assert loudness(audioop.lin2ulaw(white(0.02, AUDIBLE / 4), 2)) < AUDIBLE
