"""Our shapes of ElevenLabs' messages hold what the SDK's own types find in them, and what these lose."""

import json
from pathlib import Path

import pytest
from elevenlabs.core.unchecked_base_model import construct_type
from elevenlabs.types import AudioOutputMulti, CloseContext, CloseSocket, InitializeConnectionMulti, SendTextMulti
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.conversation.words import Word
from phoneagent.providers.tts import elevenlabs_messages as ours
from phoneagent.providers.tts.alignment import Alignment, WordAligner

VECTORS = (Path(__file__).parents[2] / "vectors" / "elevenlabs" / "multi_context.jsonl").read_text().splitlines()


@pytest.mark.parametrize("line", VECTORS)
def test_messages_mean_what_the_sdk_reads_in_them(line):
    message = ours.decode(line)
    raw = json.loads(line)
    assert message.context == raw.get("contextId", raw.get("context_id", ""))
    assert message.final == bool(raw.get("isFinal", raw.get("is_final")))
    if not raw.get("audio"):
        assert not message.audio
        return
    assert message.audio == b"~~~~"
    theirs = construct_type(type_=AudioOutputMulti, object_=raw)
    times = theirs.alignment or theirs.normalized_alignment
    assert message.aligned is not None
    assert list(message.aligned.chars) == times.chars
    assert list(message.aligned.starts) == times.char_start_times_ms
    assert message.aligned.durations or message.aligned.durations_plural


def test_what_we_send_is_what_the_sdk_would_send():
    def same(message, theirs):
        assert json.loads(ours.encode(message)) == theirs.model_dump(exclude_none=True)

    settings = ours.VoiceSettings(stability=0.5, speed=1.1)
    same(
        ours.OpenContext("r7", voice_settings=settings),
        construct_type(
            type_=InitializeConnectionMulti,
            object_={"text": " ", "context_id": "r7", "voice_settings": {"stability": 0.5, "speed": 1.1}},
        ),
    )
    same(ours.OpenContext("r7"), InitializeConnectionMulti(context_id="r7"))
    same(ours.SpeakText("r7", "Hello. "), SendTextMulti(text="Hello. ", context_id="r7", flush=True))
    same(ours.CloseContext("r7"), CloseContext(context_id="r7", close_context=True))
    same(ours.CloseSocket(), CloseSocket(close_socket=True))


# --- characters in time -----------------------------------------------------------------------------


def piece(text, *, start=0, each=10):
    times = tuple(range(start, start + len(text) * each, each))
    return Alignment(tuple(text), starts=times, durations=(each,) * len(text))


def test_times_count_from_the_piece_and_positions_from_the_reply():
    words = WordAligner()
    assert words.add(piece("Hi you "), 8000) == [Word("Hi", 8000, 8160), Word("you", 8240, 8480)]


def test_a_word_is_known_when_it_has_ended():
    words = WordAligner()
    assert words.add(piece("Good eve"), 0) == [Word("Good", 0, 320)]
    assert words.add(piece("ning."), 640) == []
    assert words.flush() == [Word("evening.", 400, 1040)]
    assert words.flush() == []


@given(st.text("ab .", max_size=60), st.lists(st.integers(1, 9), max_size=60))
def test_words_do_not_depend_on_how_the_speech_is_cut(text, cuts):
    whole, pieces = WordAligner(), WordAligner()
    expected = [*whole.add(piece(text), 0), *whole.flush()]
    said, at = [], 0
    for cut in [*cuts, len(text)]:
        said += pieces.add(piece(text[at : at + cut]), at * 80)
        at += cut
    assert said + pieces.flush() == expected
    assert [word.text for word in expected] == text.split()
