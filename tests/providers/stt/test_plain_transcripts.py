"""Transcripts are text, whatever stands in Deepgram's JSON."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.providers.stt.deepgram_messages import ResultsChannel, decode_flux, decode_nova

ODD = {
    "a pair": ("hi \ud83d\ude0a", "hi \U0001f60a"),
    "half a pair": ("hi \ud83d there", "hi  there"),
    "a NUL": ("hi\x00 there", "hi there"),
    "an escape": ("\x1b[31mhi", "[31mhi"),
    "a lost character": ("caf\ufffd", "caf"),
}


def word(text: str) -> dict[str, object]:
    return {"word": text, "punctuated_word": text, "start": 0.1, "end": 0.2, "confidence": 0.9}


def flux(text: str) -> str:
    return json.dumps({"type": "TurnInfo", "event": "Update", "transcript": text, "words": [word(text)]})


def nova(text: str) -> str:
    alternative = {"transcript": text, "confidence": 0.9, "words": [word(text)]}
    return json.dumps({"type": "Results", "channel": {"alternatives": [alternative]}, "is_final": True})


@pytest.mark.parametrize("kind", ODD)
def test_a_transcript_is_text(kind):
    written, text = ODD[kind]
    turn = decode_flux(flux(written))
    assert (turn.transcript, turn.words[0].word, turn.words[0].punctuated_word) == (text, text, text)
    channel = decode_nova(nova(written).encode()).channel
    assert isinstance(channel, ResultsChannel)
    assert (channel.alternatives[0].transcript, channel.alternatives[0].words[0].word) == (text, text)


@given(st.text(st.characters()))
def test_any_transcript_can_be_stored(written):
    decode_flux(flux(written)).transcript.encode()


@given(st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps).map(str.encode))
def test_what_is_no_message_is_said(message):
    for decode in (decode_flux, decode_nova):
        with pytest.raises(msgspec.MsgspecError):
            decode(message)
