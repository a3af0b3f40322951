"""Our shapes of Deepgram's messages hold what the SDK's own types find in them."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from deepgram.core.unchecked_base_model import construct_type
from deepgram.listen.v1 import types as v1
from deepgram.listen.v2 import types as v2

from phoneagent.conversation.events import EagerEndOfTurn, EndOfTurn, PartialTranscript, SpeechStarted, TurnResumed
from phoneagent.errors import ProviderError
from phoneagent.providers.stt.deepgram_messages import (
    CLOSE_STREAM,
    FINALIZE,
    FORCE_END_TURN,
    KEEP_ALIVE,
    Configure,
    ResultsChannel,
    decode_flux,
    decode_nova,
    encode,
)
from phoneagent.providers.stt.flux_turns import FluxTurns
from phoneagent.providers.stt.nova_segments import NovaSegments

VECTORS = Path(__file__).parents[2] / "vectors" / "deepgram"


FLUX_TYPES: dict[str, Any] = {
    "Connected": v2.ListenV2Connected,
    "TurnInfo": v2.ListenV2TurnInfo,
    "ConfigureSuccess": v2.ListenV2ConfigureSuccess,
    "ConfigureFailure": v2.ListenV2ConfigureFailure,
    "Warning": v2.ListenV2Warning,
    "Error": v2.ListenV2FatalError,
}
NOVA_TYPES: dict[str, Any] = {
    "Results": v1.ListenV1Results,
    "SpeechStarted": v1.ListenV1SpeechStarted,
    "UtteranceEnd": v1.ListenV1UtteranceEnd,
    "Metadata": v1.ListenV1Metadata,
    "ConfigureSuccess": v1.ListenV1ConfigureSuccess,
    "ConfigureFailure": v1.ListenV1ConfigureFailure,
    "Error": v1.ListenV1Error,
}


def vectors(name):
    return (VECTORS / f"{name}.jsonl").read_text().splitlines()


def value(model, name, default):
    found = getattr(model, name, None)
    return default if found is None else found


@pytest.mark.parametrize("message", vectors("flux"))
def test_flux_messages_mean_what_the_sdk_reads_in_them(message):
    ours = decode_flux(message)
    theirs = construct_type(type_=FLUX_TYPES[ours.type], object_=json.loads(message))
    assert ours.type == theirs.type
    for name, default in (("event", ""), ("transcript", ""), ("audio_window_end", 0.0), ("code", None)):
        assert getattr(ours, name) == value(theirs, name, default)
    words = [(word.word, value(word, "start", None), value(word, "end", None)) for word in value(theirs, "words", [])]
    assert [(word.word, word.start, word.end) for word in ours.words] == words


@pytest.mark.parametrize("message", vectors("nova"))
def test_nova_messages_mean_what_the_sdk_reads_in_them(message):
    ours = decode_nova(message)
    theirs = construct_type(type_=NOVA_TYPES[ours.type], object_=json.loads(message))
    assert ours.type == theirs.type
    if ours.type != "Results":
        return
    for name in ("start", "duration", "is_final", "speech_final", "from_finalize"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert isinstance(ours.channel, ResultsChannel)
    (alternative,), (their_alternative,) = ours.channel.alternatives, theirs.channel.alternatives
    assert alternative.transcript == their_alternative.transcript
    assert [(w.word, w.start, w.end, w.punctuated_word) for w in alternative.words] == [
        (w.word, w.start, w.end, value(w, "punctuated_word", None)) for w in their_alternative.words
    ]


def test_what_we_send_is_what_the_sdk_would_send():
    def same(ours, theirs):
        assert json.loads(ours) == theirs.model_dump(exclude_none=True)

    same(CLOSE_STREAM, v1.ListenV1CloseStream(type="CloseStream"))
    same(CLOSE_STREAM, v2.ListenV2CloseStream(type="CloseStream"))
    same(FORCE_END_TURN, v2.ListenV2ForceEndTurn())
    same(FINALIZE, v1.ListenV1Finalize(type="Finalize"))
    same(KEEP_ALIVE, v1.ListenV1KeepAlive(type="KeepAlive"))
    same(encode(Configure(("Aurelia", "Kaufmann"))), v1.ListenV1Configure(keyterms=["Aurelia", "Kaufmann"]))
    same(encode(Configure(("Aurelia",))), v2.ListenV2Configure(keyterms=["Aurelia"]))


def test_a_turn_from_its_start_to_its_end():
    turns = FluxTurns()
    turns.begin(0)
    told = []
    for message in vectors("flux")[:-1]:
        told += turns.receive(turns.decode(message))
    assert told == [
        SpeechStarted("stt"),
        PartialTranscript("Tomorrow"),
        PartialTranscript("Tomorrow at"),
        EagerEndOfTurn("Tomorrow at"),
        TurnResumed(),
        PartialTranscript("Tomorrow at seven"),
        EagerEndOfTurn("Tomorrow at seven, please."),
        EndOfTurn("Tomorrow at seven, please."),
    ]
    assert not turns.open


def test_segments_from_their_start_to_their_end():
    segments = NovaSegments()
    segments.begin(0)
    told = []
    for message in vectors("nova")[:-1]:
        told += segments.receive(segments.decode(message))
    assert told == [
        SpeechStarted("stt"),
        PartialTranscript("i'd like"),
        PartialTranscript("I'd like to move my appointment.", final=True),
    ]


@pytest.mark.parametrize(("dialect", "name"), [(FluxTurns, "flux"), (NovaSegments, "nova")])
def test_a_fatal_error_is_one(dialect, name):
    ears = dialect()
    with pytest.raises(ProviderError, match=r"text|unknown message type"):
        ears.receive(ears.decode(vectors(name)[-1]))


@pytest.mark.parametrize("dialect", [FluxTurns, NovaSegments])
@pytest.mark.parametrize("garbage", ["", "[]", '"text"', "{", '{"type": 7}', '{"event": "Update"}'])
def test_what_is_no_message_is_told_apart(dialect, garbage):
    with pytest.raises(msgspec.MsgspecError):
        dialect().decode(garbage)


@pytest.mark.parametrize("dialect", [FluxTurns, NovaSegments])
def test_messages_of_the_future_are_skipped(dialect):
    ears = dialect()
    assert ears.receive(ears.decode('{"type": "Mood", "mood": "sunny"}')) == []
