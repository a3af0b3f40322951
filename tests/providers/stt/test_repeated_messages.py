"""What Deepgram tells twice, late or in another order changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.conversation.events import EagerEndOfTurn, EndOfTurn, PartialTranscript, SpeechStarted, TurnResumed
from phoneagent.providers.stt.flux_turns import FluxTurns
from phoneagent.providers.stt.nova_segments import NovaSegments
from phoneagent.simulator.caller_speech import CallerSpeech, in_frames
from phoneagent.simulator.deepgram_flux import FluxQuery, FluxSession
from phoneagent.simulator.deepgram_nova import NovaQuery, NovaSession
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.speech import Phrasebook
from tests.simulator.tone import ToneVoice

VECTORS = Path(__file__).parents[2] / "vectors" / "deepgram"
DIALECTS: dict[str, Any] = {"flux": FluxTurns, "nova": NovaSegments}
SILENCE = b"\xff" * 160


def said(*texts):
    """What each of the two tells of these utterances, as it goes over the wire."""
    phrasebook = Phrasebook()
    speech = CallerSpeech(ToneVoice(), phrasebook)
    flux = FluxSession(
        FluxQuery(model="flux-general-en", encoding="mulaw", sample_rate=8000, eager_eot_threshold=0.4),
        phrasebook,
        Latencies(),
        "r",
    )
    nova = NovaSession(
        NovaQuery(
            model="nova-3",
            encoding="mulaw",
            sample_rate=8000,
            endpointing=300,
            interim_results=True,
            vad_events=True,
            punctuate=True,
        ),
        phrasebook,
        Latencies(),
        "r",
    )
    frames = []
    for text in texts:
        frames += [*in_frames(speech.utterance(text).audio), *[SILENCE] * 60]
    return {
        name: [json.dumps(due.message) for number, frame in enumerate(frames) for due in session.hear(frame, number)]
        for name, session in (("flux", flux), ("nova", nova))
    }


TOLD = said("A table for two, please.", "Yes.", "Yes.", "Tomorrow evening at seven or at eight, whatever you have.")
TOLD_BY_VENDOR = {name: (VECTORS / f"{name}.jsonl").read_text().splitlines() for name in DIALECTS}


def heard(name, messages):
    dialect = DIALECTS[name]()
    dialect.begin(0)
    events = []
    for message in messages:
        decoded = dialect.decode(message)
        if decoded.type != "Error":
            events += dialect.receive(decoded)
    return events


@pytest.mark.parametrize("name", DIALECTS)
def test_each_message_told_twice(name):
    assert heard(name, [message for message in TOLD[name] for _ in range(2)]) == heard(name, TOLD[name])


@pytest.mark.parametrize("name", DIALECTS)
@given(data=st.data())
def test_any_message_told_again_later(name, data):
    messages = list(TOLD[name])
    for _ in range(data.draw(st.integers(1, 6))):
        source = data.draw(st.integers(0, len(messages) - 1))
        messages.insert(data.draw(st.integers(source, len(messages))), messages[source])
    assert heard(name, messages) == heard(name, TOLD[name])


@pytest.mark.parametrize("name", DIALECTS)
@given(data=st.data())
def test_two_messages_in_the_wrong_order(name, data):
    """Each turn is heard all the same, once, with its last words."""
    messages = list(TOLD[name])
    first = data.draw(st.integers(0, len(messages) - 2))
    messages[first], messages[first + 1] = messages[first + 1], messages[first]
    before, after = heard(name, TOLD[name]), heard(name, messages)
    assert words(name, after) == words(name, before)


def words(name, events):
    if name == "flux":
        return [event.text for event in events if isinstance(event, EndOfTurn)]
    return [event.text for event in events if isinstance(event, PartialTranscript) and event.final and event.text]


def test_the_end_of_a_turn_told_again_under_another_number():
    turns = FluxTurns()
    turns.begin(0)
    message = {
        "type": "TurnInfo",
        "event": "EndOfTurn",
        "sequence_id": 7,
        "turn_index": 0,
        "audio_window_end": 2.0,
        "transcript": "A table.",
        "words": [],
    }
    assert turns.receive(turns.decode(json.dumps(message))) == [SpeechStarted("stt"), EndOfTurn("A table.")]
    again = {**message, "sequence_id": 8, "audio_window_end": 2.12}
    assert turns.receive(turns.decode(json.dumps(again))) == []
    following = {**message, "sequence_id": 9, "turn_index": 1, "audio_window_end": 4.0}
    assert turns.receive(turns.decode(json.dumps(following))) == [SpeechStarted("stt"), EndOfTurn("A table.")]


def test_the_end_of_a_turn_comes_after_the_next_has_begun():
    turns = FluxTurns()
    turns.begin(0)

    def receive(event, text, sequence, index, until):
        message = {"type": "TurnInfo", "event": event, "transcript": text, "words": []}
        message |= {"sequence_id": sequence, "turn_index": index, "audio_window_end": until}
        return turns.receive(turns.decode(json.dumps(message)))

    receive("StartOfTurn", "A", 1, 0, 0.5)
    receive("EagerEndOfTurn", "A table.", 2, 0, 1.0)
    assert receive("StartOfTurn", "For", 4, 1, 3.0) == [
        EndOfTurn("A table."),
        SpeechStarted("stt"),
        PartialTranscript("For"),
    ]
    assert receive("EndOfTurn", "A table.", 3, 0, 1.4) == []
    assert receive("EndOfTurn", "For two.", 5, 1, 4.0) == [EndOfTurn("For two.")]


def test_both_hear_all_that_was_said():
    assert words("flux", heard("flux", TOLD["flux"]))[1:3] == ["Yes.", "Yes."]
    assert words("nova", heard("nova", TOLD["nova"]))[1:3] == ["Yes.", "Yes."]
    kinds = {type(event) for event in heard("flux", TOLD["flux"])}
    assert kinds >= {SpeechStarted, PartialTranscript, EagerEndOfTurn, EndOfTurn}
    assert TurnResumed not in kinds


@pytest.mark.parametrize("name", DIALECTS)
def test_the_vendors_own_messages_told_twice(name):
    messages = TOLD_BY_VENDOR[name]
    assert heard(name, [message for message in messages for _ in range(2)]) == heard(name, messages)
