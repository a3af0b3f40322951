"""A process that is to end leaves its calls to another one: whoever is on the telephone notices nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

from phoneagent.call.journal import replay
from phoneagent.call.steering import Control
from phoneagent.records import Saying
from phoneagent.simulator.caller import AgentFinished, CallerScript, Press, Say, Wait
from phoneagent.simulator.ear import StreamOpened
from phoneagent.store.memory import MemoryStore

from .world import HOURS, world

GREETING = "Trattoria Aurelia, good evening. How can I help you?"
GOODBYE = "Thank you for calling. Goodbye."


class Shared(MemoryStore):
    """Stands for Redis: two applications of one process keep their calls here. It closes when the last has gone."""

    shared = True


@asynccontextmanager
async def two_processes(made=None, **options):
    """A world with two applications; calls come to the first until `front` is told otherwise."""
    async with world(made, store=Shared(), **options) as (running, told), running.another() as other:
        yield running, told, other


def move(running, other):
    """The first is to end: new requests go to the other one."""
    running.front.app = other
    assert running.app.state.switchboard.move()


async def test_a_call_moves_when_the_caller_has_asked_and_the_other_process_answers():
    async with two_processes() as (running, told, other):
        script = CallerScript(
            Say("What are your opening hours?"), Say("A table for two"), Say("Goodbye"), patience=60.0
        )
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("first_frame_sent")) == 1)
        await asyncio.sleep(6.0)  # in the middle of the answer about the opening hours
        move(running, other)
        call = await placed.ended
        stored = await other.state.switchboard.look_up(placed.sid)
        assert running.app.state.switchboard.deserted
    heard = [turn.text for turn in stored.turns if turn.role != "tool"]
    assert heard[:4] == [GREETING, "What are your opening hours?", HOURS, "A table for two"]
    assert heard[-2:] == ["Goodbye", GOODBYE]
    assert not any(turn.interrupted for turn in stored.turns)
    assert "I am back" not in " ".join(heard)
    assert [each["resumed"] for each in told.of("call_started")] == [False, True]
    assert (stored.record.resumed, call.ended_by) == (0, "agent")
    assert max(call.ear.response_latencies()) < 2.5


async def test_a_silent_caller_is_moved_without_a_word():
    async with two_processes() as (running, told, other):
        script = CallerScript(Say("What are your opening hours?"), Say("Goodbye", after=AgentFinished(6.0)))
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("turn_ended")) == 2)
        move(running, other)
        await asyncio.sleep(2.5)
        assert len(told.of("call_started")) == 1, "the caller may be about to answer"
        await asyncio.sleep(2.0)
        assert len(told.of("call_started")) == 2
        call = await placed.ended
    assert told.dialogue == [
        f" / {GREETING}",
        f"What are your opening hours? / {HOURS}",
        f"Goodbye / {GOODBYE}",
    ]
    assert call.ended_by == "agent"


async def test_keys_move_a_call_as_words_do():
    async with two_processes() as (running, told, other):
        script = CallerScript(Press("42#"), Say("Goodbye"), patience=60.0)
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("first_frame_sent")) == 1)
        move(running, other)
        await placed.ended
        stored = await other.state.switchboard.look_up(placed.sid)
    assert [turn.text for turn in stored.turns][1:3] == ["[keypad: 42#]", "Is there anything else?"]


async def test_a_carrier_that_still_asks_the_process_that_ends_is_told_to_ask_again():
    async with two_processes() as (running, told, other):
        script = CallerScript(Say("What are your opening hours?"), Say("Goodbye"), patience=60.0)
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("first_frame_sent")) == 1)
        running.app.state.switchboard.move()
        while not any("again=2" in document for document in placed.documents):  # noqa: ASYNC110 - the carrier tells nobody
            await asyncio.sleep(0.05)
        running.front.app = other
        call = await placed.ended
    assert told.dialogue[-1] == f"Goodbye / {GOODBYE}"
    assert call.ended_by == "agent"


async def test_calls_that_are_kept_in_memory_stay_where_they_are():
    async with world() as (running, told):
        script = CallerScript(Say("What are your opening hours?"), Say("Goodbye"), patience=60.0)
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("first_frame_sent")) == 1)
        assert not running.app.state.switchboard.move()
        await placed.ended
    assert len(told.of("call_started")) == 1
    assert told.dialogue[-1] == f"Goodbye / {GOODBYE}"


async def test_a_new_call_that_reaches_the_process_that_ends_is_answered_by_the_other():
    async with two_processes() as (running, told, other):
        running.app.state.switchboard.move()
        script = CallerScript(Say("Goodbye"), patience=60.0)
        placed = running.carrier.dial(f"{running.voice_url}?agent=front-desk", caller=script)
        while not any("again=2" in document for document in placed.documents):  # noqa: ASYNC110 - the carrier tells nobody
            await asyncio.sleep(0.05)
        running.front.app = other
        call = await placed.ended
    assert told.dialogue[-1] == f"Goodbye / {GOODBYE}"
    assert call.ended_by == "agent"


async def test_a_caller_whose_process_hangs_is_taken_over_by_another():
    """Its sockets stay open: the carrier notices nothing, and only the lease that runs out tells."""
    async with two_processes() as (running, told, other):
        script = CallerScript(Say("What are your opening hours?"), Wait(45.0), Say("Goodbye"), patience=300.0)
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("turn_ended")) == 2)
        hung = running.app.state.switchboard.live(placed.sid)
        hung.feed = lambda event: None
        for name in ("scribe", "watchdog"):
            next(task for task in asyncio.all_tasks() if task.get_name() == name).cancel()
        running.app.state.reaper.cancel()  # the other's looks now
        running.front.app = other
        call = await placed.ended
    assert [each["resumed"] for each in told.of("call_started")] == [False, True]
    assert told.dialogue[-1] == f"Goodbye / {GOODBYE}"
    assert call.ended_by == "agent"


async def test_an_agent_that_was_muted_is_silent_in_the_other_process_until_it_may_speak(tmp_path):
    async with two_processes(journals=tmp_path) as (running, told, other):
        steps = (Say("What are your opening hours?"), Say("Hello, are you there", after=12.0), Say("Goodbye"))
        script = CallerScript(*steps, patience=120.0)
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("turn_ended")) == 2)
        await running.app.state.steering.send(placed.sid, Control("mute"))
        move(running, other)
        await told.until(lambda: len(told.of("call_started")) == 2)
        moved_at = placed.ear.now
        await told.until(lambda: told.of("caller_turn")[-1]["text"] == "Hello, are you there")
        await asyncio.sleep(10.0)
        silent_until = placed.ear.now
        await other.state.steering.send(placed.sid, Control("unmute"))
        call = await placed.ended
        stored = await other.state.switchboard.look_up(placed.sid)
    assert not [heard for heard in call.ear.agent_speech() if moved_at < heard.at < silent_until]
    assert told.dialogue[2:] == ["Hello, are you there / Is there anything else?", f"Goodbye / {GOODBYE}"]
    assert not stored.record.muted
    for path in tmp_path.iterdir():
        assert list(replay(path.read_bytes().splitlines()))


async def test_what_a_caller_was_saying_when_the_stream_was_lost_is_not_lost_with_it():
    long = "What are your opening hours on the weekend and do you have a table for two people on Saturday evening"
    async with two_processes() as (running, told, other):
        script = CallerScript(Say(long), Say("Goodbye", after=AgentFinished(2.0)), patience=60.0)
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("turn_ended")) == 1)
        await asyncio.sleep(4.5)  # in the middle of it
        running.front.app = other
        await running.app.state.switchboard.live(placed.sid)._stream.aclose("dropped", violation=True)
        await placed.ended
        stored = await other.state.switchboard.look_up(placed.sid)
    asked = next(turn.text for turn in stored.turns if turn.role == "caller")
    assert asked.startswith("What are your opening hours")
    assert asked.endswith("Saturday evening")
    assert "I am back" not in " ".join(turn.text for turn in stored.turns)


async def said_so_far(store: Any, call: str, enough: Callable[[Saying], bool]) -> None:
    """Until the store knows so much of the answer that is being said; a store tells nobody."""

    def known(record: Any) -> bool:
        return record is not None and record.saying is not None and enough(record.saying)

    while not known(await store.load_record(call)):  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def test_the_only_sentence_of_an_answer_that_a_crash_cut_off_is_said_again_from_its_own_text():
    store, only = Shared(), "Is there anything else?"
    async with world(store=store) as (running, told), running.another() as other:
        script = CallerScript(Say("It is a fine day."), Say("Goodbye", after=AgentFinished(2.0)), patience=60.0)
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("first_frame_sent")) == 1)
        await said_so_far(store, placed.sid, lambda saying: saying.rest == only)
        assert running.openai is not None
        written = running.openai.tokens_produced
        await store.take_lease(placed.sid, "nobody", seconds=0.1, force=True)  # the dead do not write any more
        running.front.app = other
        await running.app.state.switchboard.live(placed.sid)._stream.aclose("dropped", violation=True)
        await placed.ended
        stored = await other.state.switchboard.look_up(placed.sid)
    assert [turn.text for turn in stored.turns if turn.role == "agent"] == [GREETING, only, GOODBYE]
    assert running.openai.tokens_produced - written <= len(GOODBYE) / 3, "the model was not asked for it again"


async def test_of_an_answer_that_a_crash_cut_off_only_the_sentence_that_was_cut_is_said_again():
    store = Shared()
    async with world(store=store) as (running, told), running.another() as other:
        script = CallerScript(
            Say("What are your opening hours?"), Say("Goodbye", after=AgentFinished(2.0)), patience=60.0
        )
        placed = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("first_frame_sent")) == 1)
        await said_so_far(store, placed.sid, lambda saying: bool(saying.said and saying.rest))
        await store.take_lease(placed.sid, "nobody", seconds=0.1, force=True)  # the dead do not write any more
        running.front.app = other
        await running.app.state.switchboard.live(placed.sid)._stream.aclose("dropped", violation=True)
        call = await placed.ended
        stored = await other.state.switchboard.look_up(placed.sid)
    assert [turn.text for turn in stored.turns if turn.role == "agent"] == [GREETING, HOURS, GOODBYE]
    assert stored.record.saying is None
    assert told.dialogue[-1] == f"Goodbye / {GOODBYE}"
    back = call.ear.facts(StreamOpened)[1].at
    again = next(heard for heard in call.ear.agent_speech(pause=1.0) if heard.at > back)
    assert again.end - again.at < 3.5, "that is one sentence, both last 6.5 s"
