"""Keys and words, taken by Twilio."""

from __future__ import annotations

import pytest

from phoneagent.simulator import twiml
from phoneagent.simulator.caller import CallEnds, CallerScript, Press, Say, Step, Wait
from phoneagent.simulator.ear import Announced
from phoneagent.simulator.placed_call import CallResult

from .product import PUBLIC, Product, serve

PROMPT = "<Say>say or press what you would like to do today</Say>"
NOTHING = "<Say>nothing came</Say>"


async def gathered(attributes: str, *steps: Step, prompt: str = PROMPT) -> tuple[list[dict[str, str]], CallResult]:
    """What the action was told, and the call."""
    product = Product()
    product.documents["/voice"] = f'<Response><Gather action="/menu" {attributes}>{prompt}</Gather>{NOTHING}</Response>'
    product.documents["/menu"] = "<Response><Hangup/></Response>"
    async with serve(product) as carrier:
        result = await carrier.call(PUBLIC + "/voice", caller=CallerScript(*steps, Wait(CallEnds())))
    assert result.violations == ()
    names = ("Digits", "SpeechResult", "Confidence")
    return [{name: each.form[name] for name in names if name in each.form} for each in product.asked("/menu")], result


@pytest.mark.parametrize(
    ("attributes", "keys", "digits"),
    [
        ('numDigits="1"', "2", "2"),
        ('numDigits="4"', "12345", "1234"),
        ("", "123#9", "123"),
        ('finishOnKey="*"', "12#3*", "12#3"),
        ('finishOnKey="" timeout="2"', "12#", "12#"),
        ('numDigits="4" timeout="2"', "12", "12"),
    ],
)
async def test_keys_end_with_the_last_with_a_key_or_with_time(attributes, keys, digits):
    told, result = await gathered(attributes, Press(keys, after=0.5))
    assert told == [{"Digits": digits}]
    [prompt] = result.ear.facts(Announced)
    assert prompt.end == pytest.approx(0.5, abs=0.05)  # the first key ends the prompt


@pytest.mark.parametrize("steps", [(), (Press("#", after=6.0),)])
async def test_nothing_falls_through(steps):
    told, result = await gathered('timeout="3"', *steps)
    assert told == []
    prompt, nothing = result.ear.facts(Announced)
    assert nothing.text == "nothing came"
    if not steps:
        assert nothing.at - prompt.end == pytest.approx(3.0, abs=0.05)


async def test_nothing_may_be_told():
    told, _ = await gathered('timeout="3" actionOnEmptyResult="true"')
    assert told == [{"Digits": ""}]


async def test_words_are_told():
    told, result = await gathered(
        'input="dtmf speech" speechTimeout="auto"', Say("i want to book", "a table", after=1.0, pause=0.5)
    )
    assert told == [{"SpeechResult": "i want to book a table", "Confidence": "0.95"}]
    assert result.ear.duration - result.ear.caller_speech()[-1].end == pytest.approx(1.0, abs=0.1)


async def test_keys_are_all_that_counts_unless_words_are_wanted():
    told, _ = await gathered('timeout="3"', Say("hello", after=0.5), Press("1", after=0.5))
    assert told == [{"Digits": "1"}]
    told, _ = await gathered('input="speech" timeout="2"', Press("1", after=0.5))
    assert told == []


async def test_without_action_the_same_document_is_asked_again():
    product = Product()
    product.documents["/voice"] = '<Response><Gather numDigits="1" timeout="2"/><Hangup/></Response>'
    async with serve(product) as carrier:
        await carrier.call(PUBLIC + "/voice", caller=CallerScript(Press("7", after=0.5), Wait(CallEnds())))
    first, second = product.asked("/voice")
    assert ("Digits" not in first.form, second.form["Digits"]) == (True, "7")


@pytest.mark.parametrize(
    "gather",
    [
        '<Gather input="voice"/>',
        '<Gather finishOnKey="12"/>',
        "<Gather><Hangup/></Gather>",
        '<Gather numDigits="one"/>',
        '<Gather actionOnEmptyResult="yes"/>',
        '<Gather bell="1"/>',
    ],
)
def test_a_mistake_is_named(gather):
    assert [code for code, _ in twiml.read(f"<Response>{gather}</Response>").problems] == [12200]
