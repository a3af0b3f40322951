"""The embedded ears, mind and voice in a closed loop: what espeak says through a telephone line is understood."""

import asyncio
import audioop
import random

import pytest

from phoneagent.agent_file import builtin_agent
from phoneagent.conversation.events import EndOfTurn, SpeechStarted
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.errors import ProviderError
from phoneagent.providers.llm.dialogue import Script
from phoneagent.providers.stt.pocketsphinx import UNINTELLIGIBLE, PocketsphinxStt
from phoneagent.providers.tts.espeak import EspeakVoice
from phoneagent.records import Dialogue, Expectation

FRAME = 160  # bytes of μ-law: 20 ms
SILENCE = b"\xff"
PAUSE = 1.3  # seconds after each utterance: longer than any wait for the end of a turn
CALLER = EspeakVoice("en-us+benjamin", speed=155)

DIALOGUE = builtin_agent().dialogue or Dialogue(())
YES_NO = Expectation(("yes [please]", "no [thank you]", "goodbye"))


def spoken(text, *, noise=0):
    """Half a second of quiet, the text, and a pause; `noise`: mean amplitude of the line's, of 32,767."""
    audio = SILENCE * 4000 + CALLER.synthesize(text).audio + SILENCE * int(PAUSE * 8000)
    if noise:
        chance = random.Random(text)
        hiss = b"".join(int(chance.gauss(0, noise)).to_bytes(2, "little", signed=True) for _ in audio)
        audio = audioop.lin2ulaw(audioop.add(audioop.ulaw2lin(audio, 2), hiss, 2), 2)
    return audio


class Caller:
    """Speaks into the ears of a call, in real time of the loop's clock, and collects what they heard."""

    def __init__(self, ears):
        self.ears = ears
        self.heard = []

    async def listen(self):
        async for event in self.ears:
            self.heard.append(event)

    async def send(self, audio):
        self.heard.clear()
        for at in range(0, len(audio) - FRAME + 1, FRAME):
            self.ears.send(audio[at : at + FRAME])
            await asyncio.sleep(FRAME / 8000)

    async def say(self, text, **line):
        """Say a text; the turns that were heard in it."""
        await self.send(spoken(text, **line))
        return [event.text for event in self.heard if isinstance(event, EndOfTurn)]


@pytest.fixture
async def stt():
    stt = PocketsphinxStt()
    yield stt
    await stt.aclose()


@pytest.fixture
async def caller(stt):
    caller = Caller(await stt.connect(call="CA1"))
    listening = asyncio.create_task(caller.listen())
    yield caller
    await caller.ears.aclose()
    await listening


@pytest.mark.parametrize("noise", [0, 50])
async def test_a_table_is_booked_by_voice(caller, noise):
    script, answer = Script(DIALOGUE), None
    turns: list[Turn] = []
    for text, value in [
        ("i'd like to book a table please", "For how many people?"),
        ("four people", "And at what time?"),
        ("at seven thirty", "A table for 4 at 7:30. Shall I book it?"),
        ("no for five", "A table for 5 at 7:30. Shall I book it?"),
        ("yes please", "Booked. Is there anything else I can do for you?"),
        ("no thank you", "Thank you for calling. Goodbye."),
    ]:
        caller.ears.expect(script.expects(turns))
        (understood,) = await caller.say(text, noise=noise)
        turns.append(Turn("caller", understood, 0.0))
        _, answer = script.fold(turns)
        if answer.tool == "book_table":
            turns.append(Turn("tool", "Booked.", 0.0, tool=ToolCall("1", "book_table", "{}")))
            _, answer = script.fold(turns)
        assert answer.text == value
        turns.append(Turn("agent", answer.text, 0.0))
    assert answer is not None
    assert answer.tool == "end_call"


@pytest.mark.parametrize("text", ["yes", "no", "yes please", "no thank you", "goodbye"])
async def test_short_answers_are_never_lost(caller, text):
    caller.ears.expect(YES_NO)
    assert await caller.say(text) == [text]


@pytest.mark.parametrize("text", ["what are your opening hours", "when are you open", "can i speak to the manager"])
async def test_what_a_front_desk_is_asked(caller, text):
    caller.ears.expect(Script(DIALOGUE).expects(()))
    assert await caller.say(text) == [text]


async def test_the_start_of_speech_is_told_while_the_caller_speaks(caller):
    caller.ears.expect(YES_NO)
    await caller.send(spoken("no thank you")[: 4000 + 2400])
    assert caller.heard[0] == SpeechStarted("stt")


async def test_silence_is_no_turn(caller):
    caller.ears.expect(YES_NO)
    await caller.send(SILENCE * 16_000)
    assert caller.heard == []


async def test_without_an_expectation_something_was_said_but_nobody_knows_what(caller):
    assert await caller.say("i would like to book a table") == [UNINTELLIGIBLE]


async def test_what_the_agent_expects_may_change_between_two_turns(caller):
    caller.ears.expect(YES_NO)
    assert await caller.say("yes") == ["yes"]
    caller.ears.expect(Expectation(("<people> [people]",), {"people": ("two", "eight", "ten")}))
    assert await caller.say("eight people") == ["eight people"]


async def test_calls_do_not_hear_one_another(stt):
    callers = [Caller(await stt.connect(call=f"CA{number}")) for number in range(3)]
    listening = [asyncio.create_task(caller.listen()) for caller in callers]
    for caller in callers:
        caller.ears.expect(YES_NO)
    heard = await asyncio.gather(
        *(caller.say(text) for caller, text in zip(callers, ["yes", "no", "goodbye"], strict=True))
    )
    assert heard == [["yes"], ["no"], ["goodbye"]]
    for caller in callers:
        await caller.ears.aclose()
    await asyncio.gather(*listening)


async def test_last_words_come_after_the_last_frame(caller):
    caller.ears.expect(YES_NO)
    audio = spoken("goodbye")
    await caller.send(audio[: len(audio) - int((PAUSE - 0.1) * 8000)])
    assert not [event for event in caller.heard if isinstance(event, EndOfTurn)]
    await caller.ears.finish()
    await asyncio.sleep(0.1)
    assert [event.text for event in caller.heard if isinstance(event, EndOfTurn)] == ["goodbye"]


async def test_other_languages_are_refused_at_once(stt):
    with pytest.raises(ProviderError, match="understands English only, not 'pl'") as caught:
        await stt.connect(call="CA1", language="pl")
    assert not caught.value.retryable
