"""Who answers a call that we placed, and what they hear: people, machines and screeners, at their ear."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import pytest

from phoneagent.private import Private
from phoneagent.records import Order
from phoneagent.simulator.answering import answering_machine, call_screener
from phoneagent.simulator.call_order import Callee
from phoneagent.simulator.caller import AgentFinished, Beep, CallEnds, CallerScript, HangUp, Noise, Say, Wait
from phoneagent.simulator.carrier import AGENT_NUMBER
from phoneagent.simulator.ear import Beeped, StreamOpened
from phoneagent.store.memory import MemoryStore

from .world import agent, nova, world

ANA = "+12125550123"
GREETING = "Good evening Ana, this is the Trattoria."
MESSAGE = "Hello Ana, this is the Trattoria. Your table is ready tonight at eight. Please call us back."
MESSAGE_SECONDS = 5.56  # from its first audible sound to its last
SCREENING = "This is the Trattoria, about the table of Ana."
LONG_GREETING = (
    "hello you have reached the voicemail of ana i am on holiday until the end of the month and read no messages "
    "before that please leave your name and your number after the tone and i will call you back"
)


def caller():
    """The agent that places the calls."""
    made = agent()
    phrasing = replace(
        made.phrasing,
        greeting="Good evening {name}, this is the Trattoria.",
        voicemail="Hello {name}, this is the Trattoria. Your table is ready tonight at eight. Please call us back.",
        screening="This is the Trattoria, about the table of {name}.",
    )
    return replace(made, phrasing=phrasing)


def order(made, **changes):
    order = Order(
        id=f"PC{uuid4().hex}",
        to=Private(ANA),
        caller_id=Private(AGENT_NUMBER),
        agent=made.name,
        created=time.time(),
        variables={"name": "Ana"},
        machine="voicemail",
        max_duration=600,
    )
    return replace(order, **changes)


class Placed:
    """One call that was placed, and what became of it."""

    def __init__(self, running, told, store, wanted):
        self.running, self.told, self.wanted = running, told, wanted
        self.carrier, self.book, self.store = running.carrier, store.orders, store

    async def verdict(self, answered_by, call=None):
        """The carrier says who has answered."""
        call = call or (await self.call()).sid
        form = {"CallSid": call, "AccountSid": self.carrier.account_sid}
        form |= {"AnsweredBy": answered_by, "MachineDetectionDuration": "100"}
        answer = await self.carrier.request(f"{self.running.url}/twilio/amd?order={self.wanted.id}", form)
        assert answer.status == 204

    async def call(self):
        while not self.carrier.calls:  # noqa: ASYNC110  # a dialler tells nobody
            await asyncio.sleep(0.02)
        return next(iter(self.carrier.calls.values()))

    async def over(self):
        result = await (await self.call()).ended
        await asyncio.sleep(5)
        assert result.violations == ()
        self.order = await self.book.load(self.wanted.id)
        self.record = (await self.store.load_call(result.call)).record
        self.ear = result.ear
        return result

    @property
    def dialogue(self):
        return self.told.dialogue

    def spoken(self, kind):
        return [turn for turn in self.told.of("turn_ended") if turn["kind"] == kind]


@asynccontextmanager
async def placed(script, made=None, *, ring=1.0, **changes):
    store, made = MemoryStore(), made or caller()
    callees = {ANA: Callee(ring=ring, script=script)}
    async with world(made, store=store, callees=callees, twilio_phone_number=AGENT_NUMBER) as (running, told):
        wanted = order(made, **changes)
        await store.orders.create(wanted)
        yield Placed(running, told, store, wanted)


def deaf_carrier(monkeypatch):
    """A carrier whose detection never says anything."""
    monkeypatch.setattr("phoneagent.simulator.machine_detection.MachineDetection.hear", lambda *_: None)


def assert_message_left(call):
    """Whole and once, in what the machine has recorded; before it nothing of the agent was."""
    left = [turn for turn in call.spoken("voicemail") if not turn["interrupted"]]
    assert [turn["agent"] for turn in left] == [MESSAGE]
    beep = call.ear.facts(Beeped)[-1]
    recorded = call.ear.recorded_speech()
    assert recorded, "something was recorded"
    bursts = [heard for heard in call.ear.agent_speech() if heard.at >= beep.end]
    assert [heard.at for heard in recorded] == [heard.at for heard in bursts], "nothing was cut at the beginning"
    seconds = bursts[-1].end - bursts[0].at
    assert seconds == pytest.approx(MESSAGE_SECONDS, abs=0.1)
    assert (call.record.outcome, call.order.outcome) == ("voicemail_left", "voicemail_left")
    assert call.record.ended_reason == "machine"


async def test_a_person_hears_the_agent_at_once():
    person = CallerScript(Say("hello", after=1.0), HangUp(after=AgentFinished(0.5)))
    async with placed(person) as call:
        await call.over()
    [opened] = call.ear.facts(StreamOpened)
    assert call.ear.agent_speech()[0].at - opened.at < 0.3
    assert (call.record.answered_by, call.order.answered_by, call.record.outcome) == ("human", "human", "")
    assert call.told.of("steered") == [], "the carrier's word is no operator's"
    assert not call.dialogue[0].endswith("—"), "who says hello over it hears who is calling"


MACHINES = {
    "a long greeting": answering_machine(LONG_GREETING, records=25.0),
    "a usual greeting": answering_machine(records=25.0),
    "a short greeting": answering_machine("ana leave a message", records=25.0),
    "a greeting that could be a person's": answering_machine("hi this is ana speak to me", records=25.0),
    "a beep at once": answering_machine(silence=0.0, records=25.0),
    "a beep after a while": answering_machine(silence=2.0, records=25.0),
    "a beep after a long while": answering_machine(silence=4.0, records=25.0),
    "pauses": CallerScript(
        Say("hello this is ana", after=0.5, expects_answer=False),
        Say("i cannot come to the phone", after=1.2, expects_answer=False),
        Say("please leave a message", after=1.6, expects_answer=False),
        Beep(after=0.8),
        Wait(25.0),
        HangUp(after=0.0),
    ),
    "a pause as long as the end": CallerScript(
        Say("you have reached the mailbox of ana", after=0.5, expects_answer=False),
        Say("please speak after the tone and press the hash key when you are done", after=3.2, expects_answer=False),
        Beep(after=0.5),
        Wait(25.0),
        HangUp(after=0.0),
    ),
    "a quiet beep": CallerScript(
        Say("you have reached the mailbox of ana", after=0.5, expects_answer=False),
        Beep(0.25, after=1.0),
        Wait(25.0),
        HangUp(after=0.0),
    ),
}


@pytest.mark.parametrize("ears", ["flux", "nova"])
@pytest.mark.parametrize("machine", MACHINES)
async def test_a_machine_gets_the_message_after_its_beep(machine, ears):
    async with placed(MACHINES[machine], caller() if ears == "flux" else nova(caller())) as call:
        await call.over()
    assert_message_left(call)
    assert call.record.answered_by.startswith("machine")
    beep = call.ear.facts(Beeped)[-1]
    assert call.ear.recorded_speech()[0].at - beep.end < 1.0


@pytest.mark.parametrize("machine", MACHINES)
async def test_it_does_without_the_carriers_verdict(machine, monkeypatch):
    deaf_carrier(monkeypatch)
    async with placed(MACHINES[machine]) as call:
        await call.over()
    assert_message_left(call)
    assert (call.record.answered_by, call.order.answered_by) == ("machine", "")


async def test_a_machine_without_a_beep_gets_the_message_when_it_is_silent():
    script = answering_machine(beep=False, records=25.0)
    async with placed(script) as call:
        await call.over()
    greeting = call.ear.caller_speech()[0]
    message = [heard for heard in call.ear.agent_speech() if heard.at > greeting.end]
    assert 2.4 < message[0].at - greeting.end < 3.2
    assert message[-1].end - message[0].at == pytest.approx(MESSAGE_SECONDS, abs=0.1)
    assert [turn["interrupted"] for turn in call.spoken("voicemail")] == [False]
    assert call.record.outcome == "voicemail_left"


async def test_a_greeting_without_end_does_not_keep_the_line_for_ever():
    talk = [Say("and then there is more to say about all this", after=0.5, expects_answer=False) for _ in range(40)]
    script = CallerScript(Say("you have reached the mailbox of ana", after=0.5, expects_answer=False), *talk)
    async with placed(script) as call:
        await call.over()
    assert call.ear.duration < 90
    assert call.record.answered_by == "machine_end_other"
    assert call.record.outcome == "voicemail_left"


@pytest.mark.parametrize(
    "verdicts",
    [
        [(0.0, "machine_end_beep")],
        [(0.0, "machine_start"), (0.1, "machine_start")],
        [(3.0, "machine_start"), (4.0, "machine_end_silence")],
        [(5.7, "machine_end_beep"), (0.5, "machine_end_beep"), (3.0, "machine_end_other")],
        [(8.0, "machine_end_beep")],
        [(6.5, "human"), (1.0, "unknown")],
    ],
)
async def test_verdicts_that_come_twice_or_at_any_time_change_nothing(verdicts, monkeypatch):
    deaf_carrier(monkeypatch)
    async with placed(answering_machine(records=25.0)) as call:
        assert (await call.call()).sid
        await asyncio.sleep(1.5)
        for wait, verdict in verdicts:
            await asyncio.sleep(wait)
            await call.verdict(verdict)
        await call.over()
    assert_message_left(call)


@pytest.mark.parametrize("early", [1.9, 2.6, 4.0, 5.2, 6.6])
async def test_a_verdict_of_a_beep_that_comes_too_early_loses_no_message(early, monkeypatch):
    """In a pause of the greeting, or while it is spoken: the real beep is heard here, and begins the message again."""
    deaf_carrier(monkeypatch)
    async with placed(MACHINES["pauses"]) as call:
        await call.call()
        await asyncio.sleep(early)
        await call.verdict("machine_end_beep")
        await call.over()
    assert_message_left(call)
    assert call.ear.recorded_speech()[0].at - call.ear.facts(Beeped)[-1].end < 1.0


async def test_a_verdict_may_come_before_the_media_stream(monkeypatch):
    deaf_carrier(monkeypatch)
    script = CallerScript(Beep(after=0.6), Wait(25.0), HangUp(after=0.0))
    async with placed(script, ring=2.0) as call:
        await call.verdict("machine_start")  # while it rings, as far as we know
        await call.over()
    assert [turn["kind"] for turn in call.told.of("turn_ended")] == ["voicemail"], "nobody was greeted"
    assert_message_left(call)


@pytest.mark.parametrize("ears", ["flux", "nova"])
async def test_a_machine_is_hung_up_on_where_that_was_ordered(ears):
    async with placed(
        answering_machine(records=25.0), caller() if ears == "flux" else nova(caller()), machine="hang_up"
    ) as call:
        await call.over()
    assert call.ear.duration < 8.0
    assert call.ear.recorded_speech() == []
    assert (call.record.outcome, call.record.ended_reason) == ("hung_up", "machine")
    assert call.spoken("voicemail") == []


async def test_a_machine_that_does_not_say_so_is_hung_up_on_by_the_verdict():
    async with placed(answering_machine("hi this is ana speak to me now if you like"), machine="hang_up") as call:
        await call.over()
    assert call.ear.duration < 8.0
    assert (call.record.answered_by, call.record.outcome) == ("machine_start", "hung_up")


async def test_machines_that_are_ignored_are_talked_to():
    async with placed(answering_machine(records=3.0), machine="ignore") as call:
        await call.over()
    assert call.spoken("voicemail") == []
    assert call.spoken("answer") != []
    assert (call.record.answered_by, call.record.outcome) == ("", "")


@pytest.mark.parametrize("machine", ["hang_up", "voicemail"])
async def test_a_fax_is_hung_up_on(machine, monkeypatch):
    deaf_carrier(monkeypatch)
    async with placed(CallerScript(Noise(2.0, after=1.0), Wait(CallEnds())), machine=machine) as call:
        await call.call()
        await asyncio.sleep(4.0)
        await call.verdict("fax")
        await call.over()
    assert call.ear.duration < 6.0
    assert (call.record.answered_by, call.record.outcome) == ("fax", "hung_up")


PERSON_AFTER_ALL = CallerScript(
    Say("good evening this is the office of smith and partners who is calling please", after=0.3),
    Say("when are you open", after=AgentFinished(0.5)),
    Say("thank you bye", after=AgentFinished(0.5)),
)


@pytest.mark.parametrize("machine", ["hang_up", "voicemail"])
async def test_a_person_who_talks_long_is_no_machine_whatever_the_verdict(machine):
    async with placed(PERSON_AFTER_ALL, machine=machine) as call:
        await call.over()
    assert call.spoken("voicemail") == []
    assert [turn["agent"] for turn in call.spoken("answer")][-1] == "Thank you for calling. Goodbye."
    assert call.record.answered_by == "human"
    assert call.order.answered_by == ("machine_start" if machine == "hang_up" else "machine_end_silence")
    assert call.record.ended_reason == "agent"


@pytest.mark.parametrize("machine", ["hang_up", "voicemail"])
async def test_nobody_is_taken_for_a_machine_in_the_middle_of_a_conversation(machine, monkeypatch):
    deaf_carrier(monkeypatch)
    person = CallerScript(
        Say("hello", after=AgentFinished(0.5)),
        Say("yes please", after=AgentFinished(0.5)),
        Say("can you leave a message for my wife", after=AgentFinished(0.5)),
        HangUp(after=AgentFinished(2.0)),
    )
    async with placed(person, machine=machine) as call:
        await call.call()
        await asyncio.sleep(14.0)
        await call.verdict("machine_end_silence")
        await call.over()
    assert call.spoken("voicemail") == []
    assert len(call.spoken("answer")) == 3
    assert (call.record.answered_by, call.record.outcome, call.record.ended_reason) == ("human", "", "caller")


async def test_a_person_who_comes_to_the_phone_during_the_greeting_is_talked_to():
    script = CallerScript(
        Say("you have reached the mailbox of ana", after=0.5, expects_answer=False),
        Say("hello who is this", after=1.0),
        Say("when are you open", after=AgentFinished(0.5)),
        HangUp(after=AgentFinished(0.5)),
    )
    async with placed(script) as call:
        await call.over()
    assert call.spoken("voicemail") == []
    assert len(call.spoken("answer")) == 2
    assert (call.record.answered_by, call.record.outcome) == ("human", "")


@pytest.mark.parametrize("machine", ["ignore", "hang_up", "voicemail"])
@pytest.mark.parametrize("ears", ["flux", "nova"])
async def test_a_screener_gets_its_answer_and_the_person_after_it_the_greeting(ears, machine):
    script = call_screener(
        Say("hello", after=6.0), Say("when are you open", after=AgentFinished(0.5)), HangUp(after=AgentFinished(0.5))
    )
    made = caller() if ears == "flux" else nova(caller())
    async with placed(script, made, machine=machine) as call:
        await call.over()
    told = [(turn["kind"], turn["agent"]) for turn in call.told.of("turn_ended") if not turn["interrupted"]]
    assert [kind for kind, _ in told] == ["screening", "greeting", "answer"]
    assert [said for _, said in told[:2]] == [SCREENING, GREETING]
    question = call.ear.caller_speech()[0]
    answer = next(heard for heard in call.ear.agent_speech() if heard.at > question.end)
    assert answer.at - question.end < 1.2
    assert (call.record.answered_by, call.record.outcome) == ("human", "screening_answered")


@pytest.mark.parametrize(
    "question",
    [
        "hi the person you're calling is using a screening service go ahead and say your name and why you are calling",
        "hi if you record your name and reason for calling i'll see if this person is available",
        "before i try to connect you please state your name",
    ],
)
async def test_screeners_of_several_makers_are_known(question):
    async with placed(call_screener(question=question, patience=40.0)) as call:
        await call.over()
    assert [turn["agent"] for turn in call.spoken("screening")] == [SCREENING]
    assert call.spoken("answer") == []
    assert call.record.outcome == "screening_answered"


async def test_after_a_screener_nobody_may_come():
    async with placed(call_screener(HangUp(after=10.0))) as call:
        await call.over()
    assert [turn["agent"] for turn in call.spoken("screening")] == [SCREENING]
    assert (call.record.answered_by, call.record.outcome) == ("screener", "screening_answered")
    assert call.record.ended_reason == "caller"


async def test_behind_a_screener_may_be_a_machine():
    script = call_screener(
        Say("ana is not available please leave a message after the tone", after=5.0, expects_answer=False),
        Beep(after=0.5),
        Wait(25.0),
        HangUp(after=0.0),
    )
    async with placed(script) as call:
        await call.over()
    assert [turn["agent"] for turn in call.spoken("screening")] == [SCREENING]
    assert_message_left(call)


async def test_an_inbound_caller_may_say_what_a_machine_says():
    script = CallerScript(
        Say("you have reached the mailbox please leave a message after the tone", after=AgentFinished(0.5)),
        Beep(after=AgentFinished(0.5)),
        HangUp(after=2.0),
    )
    async with world(caller()) as (running, told):
        result = await running.carrier.call(running.voice_url, caller=script)
    assert result.violations == ()
    assert len([turn for turn in told.of("turn_ended") if turn["kind"] == "answer"]) == 1
    assert told.of("answered_by") == []


@pytest.mark.parametrize("machine", ["hang_up", "voicemail"])
@pytest.mark.parametrize(
    "said",
    [
        "she is not available right now would you like to leave a message",
        "oh hi i got your voicemail yesterday what was it about",
        "doctor brown's answering service how may i direct your call",
        "she can't come to the phone right now she's in the shower",
    ],
)
async def test_a_person_who_says_a_machines_words_is_talked_with(said, machine):
    person = CallerScript(Say(said, after=0.4), HangUp(after=AgentFinished(1.0)))
    async with placed(person, machine=machine) as call:
        await call.over()
    assert call.spoken("answer") != []
    assert call.spoken("voicemail") == []
    assert (call.record.outcome, call.record.ended_reason) == ("", "caller")
