"""What all minds have in common, whoever makes them."""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager

import pytest

from phoneagent.conversation.events import ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.transcript import ToolCall, Turn
from phoneagent.providers.llm.hedged import REQUESTS_A_HEDGE, SAVED_UP, HedgedMind
from phoneagent.providers.llm.openai import OpenAiModel
from phoneagent.providers.llm.scripted import ScriptedMind
from phoneagent.records import Dialogue, Intent, Slot, ToolSpec
from phoneagent.simulator import mind as simulated
from phoneagent.simulator.latency import Latencies
from phoneagent.simulator.openai import OpenAiServer

BOOK = ToolSpec(
    "book", "Book a table", {"type": "object", "properties": {"people": {"type": "string"}}, "required": ["people"]}
)
DIALOGUE = Dialogue(
    intents=(
        Intent("hours", ("when are you open",), "We are open from noon to ten."),
        Intent("book", ("a table for <people>",), "Booked: {result}", slots=("people",), tool="book"),
    ),
    slots=(Slot("people", {"two": "2", "four": "4"}, "For how many?"),),
)
RULES = (
    simulated.Rule("when are you open", say="We are open from noon to ten."),
    simulated.Rule("a table for two", call="book", arguments={"people": "2"}, then="Booked: {result}"),
)


@asynccontextmanager
async def openai():
    async with OpenAiServer(simulated.ScriptedMind(*RULES), latencies=Latencies(first_token=0.5)) as server:
        model = OpenAiModel("key", base_url=server.base_url)
        yield model
        await model.aclose()


@asynccontextmanager
async def hedged():
    """One that is used to faster answers: everything is asked twice, as far as that is paid for."""
    async with openai() as model:
        mind = HedgedMind(model)
        for _ in range(50):
            mind._first_words.took(0.1)
        mind._credit = REQUESTS_A_HEDGE * SAVED_UP
        yield mind


@asynccontextmanager
async def scripted():
    mind = ScriptedMind(DIALOGUE)
    yield mind
    await mind.aclose()


@pytest.fixture(params=[openai, hedged, scripted], ids=lambda each: each.__name__)
def mind(request):
    return request.param


def caller(text, at=1.0):
    return Turn("caller", text, at)


async def answer(llm, *turns, reply=7):
    return [
        thought
        async for thought in llm.reply(reply, instructions="You are a front desk.", turns=tuple(turns), tools=(BOOK,))
    ]


def text(thoughts):
    return "".join(thought.text for thought in thoughts if isinstance(thought, ReplyText))


async def test_an_answer_comes_in_pieces_and_ends(mind):
    async with mind() as llm:
        thoughts = await answer(llm, caller("when are you open"))
    assert text(thoughts).strip().startswith("We are open from noon to ten.")
    assert len(thoughts) > 3
    assert thoughts[-1] == ReplyDone(7)
    assert all(thought.reply == 7 for thought in thoughts)


async def test_a_tool_is_asked_for_and_its_result_is_told(mind):
    async with mind() as llm:
        asked = await answer(llm, caller("a table for two"))
        (request,) = [thought for thought in asked if isinstance(thought, ToolRequested)]
        assert request.call.name == "book"
        assert json.loads(request.call.arguments) == {"people": "2"}
        assert asked[-1] == ReplyDone(7)
        result = Turn("tool", "table 4", 3.0, tool=request.call)
        told = await answer(llm, caller("a table for two"), result, reply=8)
    assert "Booked: table 4" in text(told)


async def test_a_conversation_that_was_interrupted_can_go_on(mind):
    turns = (
        Turn("agent", "Hello.", 1.0),
        caller("when are"),
        Turn("agent", "", 2.0, interrupted=True, generated="We are"),
        caller("a table for two"),
        Turn("tool", "no table", 3.0, tool=ToolCall("call_1", "book", '{"people": "2"}')),
        Turn("agent", "I am", 3.0, interrupted=True, generated="I am sorry"),
        caller("when are you open"),
    )
    async with mind() as llm:
        assert "We are open" in text(await answer(llm, *turns))


async def test_closing_the_answer_leaves_nothing_behind(mind):
    before = asyncio.all_tasks()
    async with mind() as llm:
        reply = llm.reply(7, instructions="", turns=(caller("when are you open"),), tools=())
        async with aclosing(reply) as thoughts:
            async for _ in thoughts:
                break
        await answer(llm, caller("when are you open"))  # and the mind can be asked again
    for _ in range(10):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_two_conversations_at_once_do_not_mix(mind):
    async with mind() as llm:
        one, two = await asyncio.gather(
            answer(llm, caller("when are you open"), reply=1), answer(llm, caller("a table for two"), reply=2)
        )
    assert {thought.reply for thought in one} == {1}
    assert any(isinstance(thought, ToolRequested) for thought in two)


async def test_it_says_what_callers_may_say_next(mind):
    async with mind() as llm:
        assert llm.expects(()) is not None
