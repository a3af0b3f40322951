"""One conversation over several sockets, without a socket."""

import json

from hypothesis import given
from hypothesis import strategies as st

from phoneagent.conversation.events import EagerEndOfTurn, EndOfTurn, PartialTranscript, SpeechStarted, TurnResumed
from phoneagent.providers.stt.deepgram_messages import FluxMessage, TimedWord
from phoneagent.providers.stt.flux_turns import FluxTurns
from phoneagent.providers.stt.nova_segments import NovaSegments

SECOND = 8000


def turn(event, text, *, start=0.0, timed=True):
    """A word every half second."""
    words = tuple(
        TimedWord(word, start + number / 2, start + number / 2 + 0.4) if timed else TimedWord(word)
        for number, word in enumerate(text.split())
    )
    return FluxMessage("TurnInfo", event, text, words, start + len(words) / 2)


def lost_after(*messages, base=None):
    """Turns on a second socket, after the first has told this."""
    turns = FluxTurns()
    turns.begin(0)
    for message in messages:
        turns.receive(message)
    turns.begin(turns.rehear_from(0) if base is None else base)
    return turns


def test_the_turn_goes_on_with_the_last_word_heard_again():
    turns = lost_after(turn("StartOfTurn", "I would like"))
    assert turns.receive(turn("StartOfTurn", "like")) == []
    assert turns.receive(turn("Update", "like a")) == [PartialTranscript("I would like a")]
    assert turns.receive(turn("EndOfTurn", "like a table.")) == [EndOfTurn("I would like a table.")]


def test_the_last_word_may_be_understood_differently_now_that_it_is_whole():
    turns = lost_after(turn("StartOfTurn", "I would lie"))
    assert turns.receive(turn("StartOfTurn", "like")) == [PartialTranscript("I would like")]


def test_an_eager_end_stays_valid_while_the_words_stay_the_same():
    turns = lost_after(turn("StartOfTurn", "A table"), turn("EagerEndOfTurn", "A table."))
    assert turns.receive(turn("StartOfTurn", "table")) == []
    assert turns.receive(turn("EagerEndOfTurn", "table.")) == []
    assert turns.receive(turn("EndOfTurn", "table.")) == [EndOfTurn("A table.")]


def test_an_eager_end_is_taken_back_when_the_caller_had_gone_on():
    turns = lost_after(turn("StartOfTurn", "A table"), turn("EagerEndOfTurn", "A table."))
    assert turns.receive(turn("StartOfTurn", "table for")) == [TurnResumed(), PartialTranscript("A table for")]
    assert turns.receive(turn("EagerEndOfTurn", "table for two.")) == [EagerEndOfTurn("A table for two.")]


def test_a_turn_that_had_ended_is_not_told_again():
    turns = lost_after(turn("StartOfTurn", "yes"), turn("EndOfTurn", "yes"))
    assert not turns.open
    assert turns.rehear_from(0) == SECOND // 2  # nothing of it is heard again
    assert turns.receive(turn("StartOfTurn", "no")) == [SpeechStarted("stt"), PartialTranscript("no")]


def test_a_turn_of_which_nothing_is_heard_again_ends_as_it_was():
    turns = lost_after(turn("StartOfTurn", "I would like"))
    assert turns.unheard
    assert turns.close() == [EndOfTurn("I would like")]
    assert turns.close() == []


def test_words_without_times_are_all_kept():
    turns = lost_after(turn("StartOfTurn", "I would", timed=False))
    assert turns.receive(turn("StartOfTurn", "like")) == [PartialTranscript("I would like")]


def test_silence_between_turns_is_no_turn():
    turns = FluxTurns()
    turns.begin(0)
    assert turns.receive(FluxMessage("TurnInfo", "Update", audio_window_end=5.0)) == []
    assert turns.rehear_from(0) == 5 * SECOND


WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=1, max_size=12)


@given(words=WORDS, cuts=st.sets(st.integers(1, 11), max_size=4), eager=st.booleans(), data=st.data())
def test_whatever_is_lost_in_a_turn_its_words_come_once_and_in_order(words, cuts, eager, data):
    """Sockets are lost after some of the words; each new one hears from the beginning of the last word on."""
    turns = FluxTurns()
    turns.begin(0)
    told = []
    first = 0  # word from which the present socket hears
    for count in range(1, len(words) + 1):
        told += turns.receive(turn("StartOfTurn" if count == first + 1 else "Update", " ".join(words[first:count])))
        if eager and data.draw(st.booleans()):
            told += turns.receive(turn("EagerEndOfTurn", " ".join(words[first:count])))
        if count in cuts:
            base = turns.rehear_from(0)
            told += turns.begin(base)
            first = count - 1
    told += turns.receive(turn("EndOfTurn", " ".join(words[first:])))
    assert told[0] == SpeechStarted("stt")
    assert told[-1] == EndOfTurn(" ".join(words))
    assert [type(event) for event in told].count(SpeechStarted) == 1
    assert [type(event) for event in told].count(EndOfTurn) == 1
    speculating = None
    for event in told:
        if isinstance(event, EagerEndOfTurn):
            assert speculating is None
            speculating = event.text
        elif isinstance(event, TurnResumed):
            assert speculating is not None
            speculating = None
        elif isinstance(event, EndOfTurn) and speculating is not None:
            assert event.text == speculating


def results(text, start, *, final=False):
    message = {
        "type": "Results", "start": start, "duration": len(text.split()) / 2, "is_final": final,
        "channel": {"alternatives": [{"transcript": text, "words": [
            {"word": word, "start": start + number / 2, "end": start + number / 2 + 0.4}
            for number, word in enumerate(text.split())
        ]}]},
    }  # fmt: skip
    return NovaSegments().decode(json.dumps(message))


def test_what_was_provisional_is_heard_again_and_what_was_final_is_not():
    segments = NovaSegments()
    segments.begin(0)
    segments.receive(results("a table", 0.0, final=True))
    segments.receive(results("for two", 1.0))
    assert segments.rehear_from(0) == SECOND
    assert segments.begin(SECOND) == []
    assert segments.receive(results("for", 0.0)) == [PartialTranscript("for")]
    assert segments.receive(results("for two", 0.0, final=True)) == [PartialTranscript("for two", final=True)]


def test_words_whose_audio_is_gone_become_final():
    segments = NovaSegments()
    segments.begin(0)
    segments.receive(results("a table for two", 0.0))
    base = segments.rehear_from(int(0.7 * SECOND))
    assert base == SECOND
    assert segments.begin(base) == [PartialTranscript("a table", final=True)]
    assert segments.close() == [PartialTranscript("for two", final=True)]


def test_an_interim_that_comes_to_nothing_is_taken_back():
    segments = NovaSegments()
    segments.begin(0)
    segments.receive(results("uh", 0.0))
    assert segments.receive(results("", 0.0, final=True)) == [PartialTranscript("", final=True)]
