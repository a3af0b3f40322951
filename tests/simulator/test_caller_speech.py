"""Utterances of callers, and whether they are understood."""

from __future__ import annotations

import audioop

import pytest

from phoneagent.conversation.words import Word
from phoneagent.errors import MisuseError
from phoneagent.records import Clip
from phoneagent.simulator.caller_speech import CallerSpeech, cough, noise, spread
from phoneagent.simulator.ear import audible
from phoneagent.simulator.speech import FRAME, Phrasebook, Utterance

from .tone import GAP, LEAD, LETTER, ToneVoice


def understood(phrasebook: Phrasebook, audio: bytes) -> list[Utterance | None]:
    heard: list[Utterance | None] = []
    moment = None
    for start in range(0, len(audio), FRAME):
        moment = phrasebook.understand(audio[start : start + FRAME], moment)
        heard.append(moment.utterance if moment else None)
    return heard


def test_onset_and_end_are_those_of_the_sound():
    utterance = CallerSpeech(ToneVoice(), Phrasebook()).utterance("good morning")
    assert len(utterance.audio) % FRAME == 0
    assert utterance.onset == pytest.approx(LEAD, abs=40)
    assert utterance.end == pytest.approx(LEAD + 11 * LETTER + GAP, abs=40)
    assert [word.text for word in utterance.words] == ["good", "morning"]
    assert utterance.words[0].start == LEAD


def test_every_frame_of_it_is_understood():
    phrasebook = Phrasebook()
    utterance = CallerSpeech(ToneVoice(), phrasebook).utterance("a table for two")
    assert set(understood(phrasebook, utterance.audio)) == {utterance}


@pytest.mark.parametrize("other", ["a table for ten", "a table", "a"])
def test_sentences_that_begin_alike_differ_from_their_first_frame_on(other):
    phrasebook = Phrasebook()
    speech = CallerSpeech(ToneVoice(), phrasebook)
    speech.utterance(other)
    utterance = speech.utterance("a table for two")
    assert set(understood(phrasebook, utterance.audio)) == {utterance}


def test_the_same_words_with_and_without_the_end_of_a_turn_differ_too():
    phrasebook = Phrasebook()
    speech = CallerSpeech(ToneVoice(), phrasebook)
    ends, goes_on = speech.utterance("a table"), speech.utterance("a table", ends_turn=False)
    assert set(understood(phrasebook, goes_on.audio)) == {goes_on}
    assert set(understood(phrasebook, ends.audio)) == {ends}


def test_comfort_silence_is_not_understood_as_speech():
    phrasebook = Phrasebook()
    speech = CallerSpeech(ToneVoice(), phrasebook)
    speech.utterance("one two three four")
    assert understood(phrasebook, next(speech.background(0))) == [None]


def test_speech_in_noise_is_entered_as_it_is_heard():
    phrasebook = Phrasebook()
    speech = CallerSpeech(ToneVoice(), phrasebook)
    clean, noisy = speech.utterance("hello"), speech.utterance("hello", background=400.0)
    assert clean.audio != noisy.audio
    assert (clean.onset, clean.end) == (noisy.onset, noisy.end)
    assert set(understood(phrasebook, noisy.audio)) == {noisy}
    frame = next(speech.background(400.0))
    assert audioop.rms(audioop.ulaw2lin(frame, 2), 2) == pytest.approx(400, rel=0.15)


def test_a_text_is_synthesized_once():
    voice = ToneVoice()
    speech = CallerSpeech(voice, Phrasebook())
    assert speech.utterance("hello") is speech.utterance("hello")
    assert voice.spoken == {"hello": 1}


def test_two_processes_make_the_same_audio():
    assert CallerSpeech(ToneVoice(), Phrasebook()).utterance("hello") == CallerSpeech(
        ToneVoice(), Phrasebook()
    ).utterance("hello")


def test_words_without_times_are_spread_by_their_length():
    assert spread("ab abcd", 100, 700) == (Word("ab", 100, 300), Word("abcd", 300, 700))


def test_a_voice_that_says_nothing_is_noticed():
    class Mute:
        def synthesize(self, text: str, *, voice: str = "") -> Clip:
            return Clip(b"\xff" * 1600)

    with pytest.raises(MisuseError, match="nothing can be heard"):
        CallerSpeech(Mute(), Phrasebook()).utterance("hello")


def test_without_a_voice_nothing_can_be_said():
    with pytest.raises(MisuseError, match="synthesizer"):
        CallerSpeech(None, Phrasebook()).utterance("hello")


def test_a_cough_is_loud_and_dies_away():
    frames = cough(0.3, 3000)
    assert len(frames) == 15
    assert all(len(frame) == FRAME and audible(frame) for frame in frames)
    levels = [audioop.rms(audioop.ulaw2lin(frame, 2), 2) for frame in frames]
    assert levels[0] > 1.5 * levels[-1]


def test_noise_has_the_level_asked_for():
    assert audioop.rms(noise(8000, 250, seed="x"), 2) == pytest.approx(250, rel=0.05)
