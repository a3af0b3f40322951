"""A late first word is asked for twice. Real requests to the simulated OpenAI, and minds that follow a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from phoneagent.agent_file import builtin_agent
from phoneagent.app import Makers
from phoneagent.conversation.events import ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError
from phoneagent.ports import Thought
from phoneagent.providers.llm.fallback import FallbackMind
from phoneagent.providers.llm.first_words import ENOUGH
from phoneagent.providers.llm.hedged import REQUESTS_A_HEDGE, SAVED_UP, SOONEST, HedgedMind
from phoneagent.providers.llm.openai import OpenAiModel
from phoneagent.records import Expectation, ProviderChoice, ToolSpec
from phoneagent.rehearsal import API_KEY
from phoneagent.settings import Settings
from phoneagent.simulator import mind as simulated
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.simulator.faults import Fault
from phoneagent.simulator.openai import OpenAiServer
from tests.calls.world import agent, world

TURNS = (Turn("caller", "When are you open?", 1.0),)
BOOK = ToolSpec("book", "Book a table", {"type": "object", "properties": {}})
BEFORE = max(ENOUGH, REQUESTS_A_HEDGE)  # replies after which one may be hedged


@dataclass(slots=True)
class Counted:
    hedged: int = 0
    won: int = 0

    def a_hedge(self) -> None:
        self.hedged += 1

    def a_win(self) -> None:
        self.won += 1


async def ask(mind, turns=TURNS, tools=()) -> list[Thought]:
    return [thought async for thought in mind.reply(1, instructions="", turns=turns, tools=tools)]


def text(thoughts) -> str:
    return "".join(thought.text for thought in thoughts if isinstance(thought, ReplyText))


# --- the simulated OpenAI ---------------------------------------------------------------------------


@asynccontextmanager
async def experienced(answers=None):
    """A hedged mind that has answered a few, as fast as usual; its server and what was counted."""
    async with OpenAiServer(answers) as server:
        counted = Counted()
        mind = HedgedMind(OpenAiModel("key", base_url=server.base_url), hedged=counted.a_hedge, won=counted.a_win)
        for _ in range(BEFORE):
            await ask(mind)
        yield mind, server, counted
        await mind.aclose()


async def test_a_late_first_word_is_overtaken():
    loop = asyncio.get_running_loop()
    async with experienced() as (mind, server, counted):
        server.faults.add(Fault("slow", seconds=3), times=1)
        began = loop.time()
        thoughts = mind.reply(1, instructions="", turns=TURNS, tools=())
        said = [await anext(thoughts)]
        assert loop.time() - began == pytest.approx(SOONEST + 0.25, abs=0.02)  # and 250 ms to the first token
        await asyncio.sleep(0.01)
        assert len(server.connections) == 1  # the other was cut off at once
        said += [thought async for thought in thoughts]
        assert text(said) == "You said: When are you open?"
        assert said[-1] == ReplyDone(1)
        assert (counted.hedged, counted.won) == (1, 1)
        await asyncio.sleep(0.1)
        assert not server.connections
        assert len(server.timeline.find("cancelled")) == 1


async def test_the_first_request_may_still_win():
    async with experienced() as (mind, server, counted):
        server.faults.add(Fault("slow", seconds=0.2), times=1)
        assert text(await ask(mind)) == "You said: When are you open?"
        assert (counted.hedged, counted.won) == (1, 0)
        await asyncio.sleep(0.1)
        assert not server.connections
        assert len(server.timeline.find("answered")) == BEFORE + 1


async def test_nothing_is_asked_twice_while_all_is_usual():
    async with experienced() as (mind, server, counted):
        for _ in range(30):
            await ask(mind)
        assert counted.hedged == 0
        assert len(server.timeline.find("request")) == BEFORE + 30


async def test_nor_before_it_is_known_what_is_usual():
    async with OpenAiServer() as server:
        server.faults.add(Fault("slow", seconds=3), times=1)
        counted = Counted()
        mind = HedgedMind(OpenAiModel("key", base_url=server.base_url), hedged=counted.a_hedge)
        await ask(mind)
        assert counted.hedged == 0
        await mind.aclose()


@pytest.mark.parametrize("fault", [Fault("refuse", status=429), Fault("drop"), Fault("error")])
async def test_an_error_of_the_second_leaves_the_answer_to_the_first(fault):
    async with experienced() as (mind, server, counted):
        server.faults.add(Fault("slow", seconds=2), times=1)
        server.faults.add(fault, times=1)
        assert text(await ask(mind)) == "You said: When are you open?"
        assert (counted.hedged, counted.won) == (1, 0)


async def test_an_error_of_the_first_leaves_it_to_the_second():
    loop = asyncio.get_running_loop()
    async with experienced() as (mind, server, counted):
        server.faults.add(Fault("drop", after=0.35), times=1)
        server.faults.add(Fault("slow", seconds=0.5), times=1)
        server.latencies = type(server.latencies)(first_token=0.5)
        began = loop.time()
        assert text(await ask(mind)) == "You said: When are you open?"
        assert loop.time() - began > SOONEST + 0.5
        assert (counted.hedged, counted.won) == (1, 1)


async def test_when_both_fail_the_first_says_why():
    async with experienced() as (mind, server, _):
        server.faults.add(Fault("stall"), times=1)
        server.faults.add(Fault("refuse", status=503), times=1)
        with pytest.raises(ProviderError, match=r"no token within 8\.5 s"):
            await ask(mind)
        assert not server.connections


async def test_an_error_after_the_first_word_is_an_error():
    async with experienced() as (mind, server, counted):
        server.faults.add(Fault("drop", at_event=5), times=1)
        with pytest.raises(ProviderError):
            await ask(mind)
        assert counted.hedged == 0


async def test_a_tool_is_asked_for_once():
    rules = simulated.ScriptedMind(simulated.Rule("table", call="book"))
    async with experienced(rules) as (mind, server, counted):
        server.faults.add(Fault("slow", seconds=0.3), times=1)
        thoughts = await ask(mind, turns=(Turn("caller", "A table, please", 1.0),), tools=(BOOK,))
        assert len([thought for thought in thoughts if isinstance(thought, ToolRequested)]) == 1
        assert thoughts[-1] == ReplyDone(1)
        assert counted.hedged == 1


@pytest.mark.parametrize("after", [0.1, 0.4, 0.7])
async def test_a_caller_who_goes_on_speaking_ends_both(after):
    async with experienced() as (mind, server, _):
        server.faults.add(Fault("slow", seconds=3), times=2)
        task = asyncio.create_task(ask(mind))
        await asyncio.sleep(after)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await asyncio.sleep(0.1)
        assert not server.connections


async def test_closing_the_answer_ends_it():
    async with experienced() as (mind, server, _):
        server.faults.add(Fault("slow", seconds=3), times=1)
        async with aclosing(mind.reply(1, instructions="", turns=TURNS, tools=())) as thoughts:
            async for _ in thoughts:
                break
        await asyncio.sleep(0.1)
        assert not server.connections


async def test_a_bad_hour_does_not_double_the_load():
    async with experienced() as (mind, server, counted):
        server.latencies = type(server.latencies)(first_token=1.5)
        await asyncio.gather(*(ask(mind) for _ in range(100)))
        assert 1 <= counted.hedged <= SAVED_UP


# --- in the product ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "choice", "hedged"),
    [
        (None, ProviderChoice("openai"), True),
        (None, ProviderChoice("openai", hedge=False), False),
        ("https://api.groq.com/openai/v1", ProviderChoice("openai"), True),
        ("http://127.0.0.1:11434/v1", ProviderChoice("openai"), False),
        ("http://127.0.0.1:11434/v1", ProviderChoice("openai", hedge=True), True),
        (None, ProviderChoice("scripted", hedge=True), False),
    ],
)
async def test_minds_in_the_cloud_are_hedged_unless_an_agent_says_otherwise(base_url, choice, hedged):
    made = replace(builtin_agent(), llm=choice)
    async with AsyncExitStack() as stack:
        makers = Makers(Settings.model_construct(openai_base_url=base_url), stack)
        equipped = await makers.equip(made, {}, makers.speaker(made))
    mind = equipped.llm._minds[0].mind if isinstance(equipped.llm, FallbackMind) else equipped.llm
    assert isinstance(mind, HedgedMind) == hedged


async def test_hedges_are_counted():
    made = agent(llm=ProviderChoice("openai", "gpt-5.4-mini", hedge=True))
    async with world(made) as (running, _), httpx.AsyncClient(base_url=running.url) as web:
        assert running.openai is not None
        mind = running.app.state.switchboard.agents[made.name].llm
        for _ in range(BEFORE):
            await ask(mind)
        running.openai.faults.add(Fault("slow", seconds=3), times=1)
        await ask(mind)
        metrics = (await web.get("/metrics", headers={"authorization": f"Bearer {API_KEY}"})).text
    assert "phoneagent_hedged_requests_total 1.0" in metrics
    assert "phoneagent_hedges_won_total 1.0" in metrics


# --- minds that follow a script ---------------------------------------------------------------------


@dataclass(slots=True)
class Plan:
    """What a request will meet: its first thought after so many seconds, or an error; then so many words."""

    after: float
    words: int = 2
    fails: bool = False


@dataclass(slots=True)
class PlannedMind:
    """Implements `ports.LanguageModel`: each request follows the next plan and marks its words with its number."""

    plans: list[Plan]
    made: list[int] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    warmed: bool = False
    closed: bool = False

    async def reply(self, reply: int, **request: Any) -> AsyncGenerator[Thought, None]:
        number = len(self.made)
        plan = self.plans[number % len(self.plans)]
        self.made.append(reply)
        self.open.add(number)
        try:
            await asyncio.sleep(plan.after)
            if plan.fails:
                raise ProviderError("planned", f"request {number}")
            for word in range(plan.words):
                yield ReplyText(reply, f"{number}:{word} ")
                await asyncio.sleep(0.01)
            yield ReplyDone(reply)
        finally:
            self.open.remove(number)

    def expects(self, turns: tuple[Turn, ...]) -> Expectation:
        return Expectation(keyterms=("Aurelia",))

    async def warm(self) -> None:
        self.warmed = True

    async def aclose(self) -> None:
        self.closed = True


async def test_everything_else_is_the_minds_own():
    planned = PlannedMind([])
    mind = HedgedMind(planned)
    assert mind.expects(()) == Expectation(keyterms=("Aurelia",))
    await mind.warm()
    await mind.aclose()
    assert planned.warmed
    assert planned.closed


async def test_two_that_speak_at_once_are_one_answer_and_nothing_stays_open():
    planned = PlannedMind([*[Plan(0.1)] * BEFORE, Plan(SOONEST + 0.2, words=50), Plan(0.2)])
    mind = HedgedMind(planned)
    for _ in range(BEFORE):
        await ask(mind)
    thoughts = mind.reply(1, instructions="", turns=TURNS, tools=())
    assert await anext(thoughts) == ReplyText(1, f"{BEFORE}:0 ")
    assert await anext(thoughts) == ReplyText(1, f"{BEFORE}:1 ")
    assert planned.open == {BEFORE}
    await thoughts.aclose()
    assert planned.open == set()


async def test_callers_who_go_on_speaking_do_not_make_it_impatient():
    """Speculation asks often and waits seldom: of a mind that takes a second it would see the first 50 ms only."""
    planned = PlannedMind([*[Plan(0.4), Plan(1.0)] * 10, *[Plan(1.0)] * 80, Plan(0.9)])
    counted = Counted()
    mind = HedgedMind(planned, hedged=counted.a_hedge)
    for _ in range(20):
        await ask(mind)
    for _ in range(80):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(mind), 0.05)
    await ask(mind)
    assert counted.hedged == 0


async def test_slow_answers_that_nobody_waited_for_were_slow():
    planned = PlannedMind([*[Plan(1.0)] * 34, *[Plan(0.35)] * 40, Plan(0.9)])
    counted = Counted()
    mind = HedgedMind(planned, hedged=counted.a_hedge)
    for _ in range(4):
        await ask(mind)
    for _ in range(30):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(mind), 0.5)
    for _ in range(41):
        await ask(mind)
    assert counted.hedged == 0  # 0.9 s is nothing unusual: a third of them took that long


async def test_a_mistake_in_the_mind_is_not_hidden():
    class Broken(PlannedMind):
        async def reply(self, reply: int, **request: Any) -> AsyncGenerator[Thought, None]:
            raise KeyError("no such turn")
            yield ReplyDone(reply)

    with pytest.raises(KeyError):
        await ask(HedgedMind(Broken([])))


PLANS = st.lists(
    st.builds(
        Plan,
        after=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.31, 0.35, 0.6, 0.61, 1.0, 3.0]),
        words=st.integers(0, 3),
        fails=st.sampled_from([False, False, False, False, True]),
    ),
    min_size=1,
    max_size=40,
)
LEAVING = st.sampled_from([None, None, None, 0.0, 0.05, 0.3, 0.32, 0.5])  # seconds after which the caller goes on


@given(plans=PLANS, leaving=st.lists(LEAVING, min_size=1, max_size=10), together=st.integers(1, 12))
@hypothesis_settings(max_examples=60)
def test_whatever_minds_do(plans: list[Plan], leaving: list[float | None], together: int) -> None:
    """One request's thoughts come through, in order; at most a tenth is asked twice; nothing stays open."""
    with asyncio.Runner(loop_factory=FastForwardLoop) as runner:
        runner.run(_whatever_minds_do(plans, leaving, together))


async def _whatever_minds_do(plans: list[Plan], leaving: list[float | None], together: int) -> None:
    planned, counted = PlannedMind(plans), Counted()
    mind = HedgedMind(planned, hedged=counted.a_hedge, won=counted.a_win)
    asked = 0

    async def call(number: int) -> None:
        nonlocal asked
        said: list[str] = []
        try:
            async with asyncio.timeout(leaving[number % len(leaving)]):
                asked += 1
                async for thought in mind.reply(number, instructions="", turns=TURNS, tools=()):
                    assert isinstance(thought, ReplyText | ToolRequested | ReplyDone)
                    assert thought.reply == number
                    said.append(thought.text if isinstance(thought, ReplyText) else "")
        except (TimeoutError, ProviderError):
            pass
        else:
            assert said[-1] == ""
        words = [word for word in said if word]
        assert len({word.partition(":")[0] for word in words}) <= 1
        assert [int(word.partition(":")[2]) for word in words] == list(range(len(words)))
        assert all(planned.made[open_] != number for open_ in planned.open)
        extra = len(planned.made) - asked
        assert extra <= counted.hedged <= asked / REQUESTS_A_HEDGE
        assert counted.won <= counted.hedged

    for batch in range(6):
        await asyncio.gather(*(call(batch * together + each) for each in range(together)))
    assert planned.open == set()
    assert asyncio.all_tasks() == {asyncio.current_task()}
