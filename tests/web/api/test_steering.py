"""Steering calls over REST: heard at the caller's ear, and what is said when there is nobody to steer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phoneagent.agent_file import builtin_agent
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.errors import CallIsOver, NobodyHoldsCall, SteeringUnanswered
from phoneagent.private import Private
from phoneagent.records import CallRecord, TransferTarget
from phoneagent.simulator.caller import CallerScript, Say, Wait
from phoneagent.simulator.ear import DigitsPlayed
from tests.calls.world import world

from .client import client
from .ordering import ordering

CALL = "CA" + "2" * 32


class Line:
    """Takes what is sent, or says why not."""

    def __init__(self, error=None):
        self.sent: list[tuple[object, ...]] = []
        self._error = error

    async def send(self, call, control):
        if self._error is not None:
            raise self._error
        told = (control.action, control.argument, control.interruptible, control.answer, control.by_carrier)
        self.sent.append((call, *told))


async def stored(store):
    await store.create_call(CallRecord(CALL, "front-desk", "inbound", Private("+1"), Private("+1")))


WISHES = {
    "say": ({"text": " One moment. ", "interruptible": False}, ("say", "One moment.", False, False, False)),
    "instruct": ({"text": "Offer ten percent.", "reply": True}, ("instruct", "Offer ten percent.", True, True, False)),
    "transfer": ({"target": "manager"}, ("transfer", "manager", True, False, False)),
    "dtmf": ({"digits": "1w#", "by": "carrier"}, ("dtmf", "1w#", True, False, True)),
    "hangup": (None, ("hangup", "", True, False, False)),
    "mute": (None, ("mute", "", True, False, False)),
    "unmute": ({}, ("unmute", "", True, False, False)),
}


@pytest.mark.parametrize("action", WISHES)
async def test_each_wish_goes_to_the_call_as_it_was_said(action):
    body, sent = WISHES[action]
    line = Line()
    async with ordering(steers=line) as (rest, store):
        await stored(store)
        answer = await rest.post(f"/v1/calls/{CALL}/{action}", body)
    assert (answer.status, answer.text) == (204, "")
    assert line.sent == [(CALL, *sent)]


WRONG = [
    ("say", {}, "text"),
    ("say", {"text": "  "}, "text"),
    ("say", {"text": "x" * 4001}, "text"),
    ("say", {"text": "x", "loud": True}, "loud"),
    ("instruct", {"text": 5}, "text"),
    ("transfer", {"target": ""}, "target"),
    ("dtmf", {"digits": "12a"}, "digits"),
    ("dtmf", {"digits": ""}, "digits"),
    ("dtmf", {"digits": "1\n"}, "digits"),
    ("dtmf", {"digits": "1", "by": "pigeon"}, "by"),
    ("hangup", {"reason": "x"}, "reason"),
]


@pytest.mark.parametrize(("action", "body", "field"), WRONG)
async def test_a_wish_that_cannot_be_meant_reaches_nobody(action, body, field):
    line = Line()
    async with ordering(steers=line) as (rest, store):
        await stored(store)
        answer = await rest.post(f"/v1/calls/{CALL}/{action}", body)
    assert list(answer.misfits) == [field]
    assert line.sent == []


async def asked_for(target, numbers):
    line = Line()
    async with ordering(steers=line, numbers=numbers) as (rest, store):
        await stored(store)
        answer = await rest.post(f"/v1/calls/{CALL}/transfer", {"target": target})
    return answer, [argument for _, _, argument, *_ in line.sent]


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("+1 (212) 555-0123", "+12125550123"),
        ("manager", "manager"),
        ("sip:desk@pbx.example", "sip:desk@pbx.example"),
        ("queue:support", "queue:support"),
    ],
)
async def test_a_caller_can_be_connected_to_who_is_known_and_to_numbers_that_may_be_called(target, sent):
    answer, arguments = await asked_for(target, NumberRules(["US"]))
    assert (answer.status, arguments) == (204, [sent])


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("+442079460018", "a number of US, got one of GB"),
        ("+19005550123", "premium"),
        ("+15551234567", "numbering plan"),
        ("sip:+19005550123@gw.example", "premium"),
        ("tel:+442079460018", "a number of US, got one of GB"),
        ("911", "dial the emergency number themselves"),
        ("sip:911@gw.example", "dial the emergency number themselves"),
        ("+1", "country code"),
        ("2125550123", "expected manager, a number with its country code"),
        ("the boss", "expected manager, a number"),
        ("queue:the boss", "expected manager, a number"),
    ],
)
async def test_a_caller_is_not_connected_to_what_may_not_be_called(target, said):
    answer, arguments = await asked_for(target, NumberRules(["US"]))
    assert list(answer.misfits) == ["target"]
    assert said in answer.misfits["target"]
    assert arguments == []


async def test_a_number_of_the_agents_own_file_is_not_asked_about():
    front_desk = replace(builtin_agent(), transfer_targets={"+442079460018": TransferTarget("+442079460018")})
    line = Line()
    async with ordering(front_desk, steers=line, numbers=NumberRules(["US"])) as (rest, store):
        await stored(store)
        answer = await rest.post(f"/v1/calls/{CALL}/transfer", {"target": "+442079460018"})
    assert answer.status == 204


@pytest.mark.parametrize("field", ["text", "target"])
@pytest.mark.parametrize("odd", ["a\x00b", "\x1b[31m", "sip:a\x07@example.com", "+1555\x9b0100100", "\u202e", "\ufffd"])
async def test_what_is_no_text_is_neither_said_nor_called(field, odd):
    line = Line()
    async with ordering(steers=line) as (rest, store):
        await stored(store)
        for action in ("say", "instruct") if field == "text" else ("transfer",):
            answer = await rest.post(f"/v1/calls/{CALL}/{action}", {field: odd})
            assert (answer.status, list(answer.misfits)) == (422, [field])


async def test_marks_that_nobody_hears_are_left_out_of_what_is_said():
    line = Line()
    async with ordering(steers=line) as (rest, store):
        await stored(store)
        answer = await rest.post(f"/v1/calls/{CALL}/say", {"text": "\u202eGood\ufeff morning \U0001f60a\n"})
    assert answer.status == 204
    assert line.sent[0][2] == "Good morning \U0001f60a"


REFUSALS = {
    CallIsOver: (409, "call-over"),
    NobodyHoldsCall: (409, "not-in-progress"),
    SteeringUnanswered: (504, "not-acknowledged"),
}


@pytest.mark.parametrize("error", REFUSALS)
async def test_what_did_not_arrive_is_said(error):
    status, kind = REFUSALS[error]
    async with ordering(steers=Line(error("the reason"))) as (rest, store):
        await stored(store)
        answer = await rest.post(f"/v1/calls/{CALL}/mute")
    assert answer.status == status
    assert answer.problem["type"].endswith(f":{kind}")
    assert answer.problem["detail"] == "the reason"


async def test_a_call_that_is_not_known_and_one_that_was_not_answered():
    async with ordering(steers=Line()) as (rest, _):
        unknown = await rest.post(f"/v1/calls/{CALL}/hangup")
        waiting = (await rest.post("/v1/calls", {"to": "+15005550100"})).json["id"]
        early = await rest.post(f"/v1/calls/{waiting}/hangup")
    assert (unknown.status, early.status) == (404, 409)


async def test_what_an_operator_says_is_heard_and_hanging_up_ends_the_call():
    async with world() as (running, told), client(running.url) as rest:
        script = CallerScript(Say("What are your opening hours?"), Wait(120.0))
        call = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("turn_ended")) > 1)
        said = await rest.post(f"/v1/calls/{call.sid}/say", {"text": "The kitchen closes at ten."})
        await told.until(lambda: len(told.of("turn_ended")) > 2)
        hung_up = await rest.post(f"/v1/calls/{call.sid}/hangup")
        result = await call.ended
        transcript = await rest.get(f"/v1/calls/{call.sid}/transcript")
        after = await rest.post(f"/v1/calls/{call.sid}/say", {"text": "Too late."})
    assert (said.status, hung_up.status, after.status) == (204, 204, 409)
    assert after.problem["type"].endswith(":call-over")
    assert any("kitchen closes" in turn["text"] for turn in transcript.json["turns"])
    assert result.ended_by == "agent"


async def test_keys_that_the_carrier_presses_are_heard_and_the_call_comes_back_without_a_word():
    async with world() as (running, told), client(running.url) as rest:
        script = CallerScript(Say("What are your opening hours?"), Wait(12.0), Say("Goodbye"), patience=60.0)
        call = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("turn_ended")) > 1)
        pressed = await rest.post(f"/v1/calls/{call.sid}/dtmf", {"digits": "12w3#", "by": "carrier"})
        result = await call.ended
        record = (await running.app.state.switchboard.look_up(call.sid)).record
    assert pressed.status == 204
    assert [sound.digits for sound in result.ear.facts(DigitsPlayed)] == ["12w3#"]
    assert told.dialogue[2:] == ["Goodbye / Thank you for calling. Goodbye."]
    assert result.ended_by == "agent"
    assert (record.resumed, record.ended_reason) == (0, "agent")


async def test_keys_that_the_carrier_does_not_press_bring_the_call_back_with_a_note_for_the_model():
    async with world() as (running, told), client(running.url) as rest:
        script = CallerScript(Say("What are your opening hours?"), Wait(12.0), Say("Goodbye"), patience=60.0)
        call = running.carrier.dial(running.voice_url, caller=script)
        await told.until(lambda: len(told.of("turn_ended")) > 1)
        running.carrier.rest_faults.add("fails before", times=10, whom=lambda _: True)
        await rest.post(f"/v1/calls/{call.sid}/dtmf", {"digits": "1", "by": "carrier"})
        result = await call.ended
        stored = await running.app.state.switchboard.look_up(call.sid)
    assert not result.ear.facts(DigitsPlayed)
    (note,) = [turn.text for turn in stored.turns if turn.role == "operator"]
    assert note.startswith("The keys could not be pressed")
    assert told.dialogue[-1] == "Goodbye / Thank you for calling. Goodbye."
