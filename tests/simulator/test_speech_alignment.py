"""Characters and their times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from phoneagent.conversation.words import Word
from phoneagent.records import Clip
from phoneagent.simulator.speech_alignment import cut, spell

from .tone import ToneVoice

texts = st.text("ab ,.é\n", max_size=60)


def test_characters_share_their_word_evenly():
    clip = Clip(b"\xff" * 1600, (Word("Hi", 400, 800), Word("you", 1000, 1300)))
    spelled = spell("Hi you ", clip)
    assert [c.char for c in spelled] == list("Hi you ")
    assert [(c.start, c.end) for c in spelled] == [
        (400, 600),
        (600, 800),
        (800, 1000),
        (1000, 1100),
        (1100, 1200),
        (1200, 1300),
        (1300, 1600),
    ]


def test_words_that_are_not_those_of_the_text_leave_even_times():
    clip = Clip(b"\xff" * 1200, (Word("seven", 0, 600), Word("thirty", 600, 1200)))
    assert [(c.char, c.start) for c in spell("7:30", clip)] == [("7", 0), (":", 300), ("3", 600), ("0", 900)]


@given(texts)
def test_no_character_and_no_audio_is_lost(text):
    clip = ToneVoice().synthesize(text)
    chunks = cut(text, clip)
    assert b"".join(chunk.audio for chunk in chunks) == clip.audio
    assert "".join(c.char for chunk in chunks for c in chunk.characters) == text
    assert all(0 < len(chunk.audio) <= 2000 for chunk in chunks)


@given(texts)
def test_times_never_go_back(text):
    clip = ToneVoice().synthesize(text)
    times = [time for c in spell(text, clip) for time in (c.start, c.end)]
    assert times == sorted(times)
    assert all(0 <= time <= len(clip.audio) for time in times)
