"""Callers are connected to somebody else, heard at both ears; who cannot be, is back with the agent, who says so."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from phoneagent.call.steering import Control
from phoneagent.errors import CallIsOver, NobodyHoldsCall
from phoneagent.records import BusinessHours, Dialogue, Intent, ProviderChoice, TransferTarget
from phoneagent.simulator.call_order import Callee
from phoneagent.simulator.caller import CallEnds, CallerScript, HangUp, Press, Say, Wait
from phoneagent.simulator.carrier import PhoneNumber
from phoneagent.simulator.ear import Announced, Bridged
from phoneagent.simulator.mind import Rule, ScriptedMind

from .test_moving import Shared
from .world import agent, world

NUMBER = "+15005550007"
SUMMARY = "Ana wants to talk about her bill."
MIND = ScriptedMind(
    Rule("colleague is asked", SUMMARY),
    Rule("manager", "I will connect you.", call="transfer", arguments={"target": "manager"}),
    Rule("bye", "Thank you for calling. Goodbye.", call="end_call"),
    default="Of course.",
)
BUSY = "I am sorry, the line is busy just now. Can I help you in another way?"
UNANSWERED = "I am sorry, nobody answers just now. Can I help you in another way?"
DECLINED = "I am sorry, nobody is free to take your call just now. Can I help you in another way?"
FAILED = "I am sorry, I could not connect you. Can I help you in another way?"


def says_goodbye(after):
    """Asks for the manager, and so many seconds later says goodbye."""
    return CallerScript(Say("The manager please"), Say("Goodbye", after=after), patience=120.0)


CALLER = says_goodbye(20.0)
TALKER = CallerScript(Say("The manager please"), Wait(CallEnds()), patience=300.0)
TAKES = CallerScript(Wait(8.0), Press("1"), Say("Hello, this is the manager", after=2.0), HangUp(after=3.0))
DECLINES = CallerScript(Wait(8.0), Press("2"), Wait(CallEnds()), patience=60.0)
MACHINE = CallerScript(Say("You have reached the mailbox of the manager"), Wait(CallEnds()), patience=60.0)


def desk(target, **changes):
    return replace(agent(), transfer_targets={"manager": target}, **changes)


@asynccontextmanager
async def transfers(target, callee=None, **options):
    options = {"mind": MIND, "callees": {NUMBER: callee} if callee else {}, **options}
    async with world(desk(target, **options.pop("agent", {})), **options) as (running, told):
        yield running, told


async def called(target, callee=None, caller=CALLER, **options):
    """The caller's call and what was told, once all is over; and the calls to others."""
    async with transfers(target, callee, **options) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=caller)
        others = [other for other in running.carrier.calls.values() if other.sid != call.call]
        legs = [await other.ended for other in others]
        stored = await running.app.state.switchboard.look_up(call.call)
    assert not callee or callee.refused or call.violations == ()
    return call, told, legs, stored


def announced(result):
    return [fact.text for fact in result.ear.facts(Announced)]


def came_back(call, told, stored, words):
    """The agent has said so, the model knows, and the conversation went on to its end."""
    assert f" / {words}" in told.dialogue
    note = next(turn.text for turn in stored.turns if turn.role == "operator")
    assert note.startswith("The transfer to manager failed: ")
    assert told.dialogue[-1] == "Goodbye / Thank you for calling. Goodbye."
    assert call.ended_by == "agent"
    assert (stored.record.status, stored.record.ended_reason) == ("completed", "agent")


# -- cold ---------------------------------------------------------------------------------------------


async def test_a_caller_and_the_manager_talk_and_the_call_is_over_when_the_manager_hangs_up():
    call, told, _, stored = await called(TransferTarget(NUMBER), Callee(ring=3.0, talk=10.0), TALKER)
    (bridged,) = call.ear.facts(Bridged)
    assert bridged.end - bridged.at == pytest.approx(10.0, abs=0.5)
    assert told.of("transfer_accepted") == [{}]
    assert told.of("call_over") == [{"status": "completed"}]
    record = stored.record
    assert (record.status, record.ended_reason, record.transfer_outcome) == ("completed", "transfer", "accepted")
    assert record.ended is not None


@pytest.mark.parametrize(
    ("callee", "words", "reason", "seconds"),
    [
        (Callee("busy"), BUSY, "busy", 12.0),
        (Callee("no-answer"), UNANSWERED, "unanswered", 40.0),
        (Callee("failed"), FAILED, "failed", 12.0),
        (Callee(refused=21215), FAILED, "failed", 12.0),
    ],
)
@pytest.mark.parametrize("warm", [False, True])
async def test_whom_nobody_takes_is_back_with_the_agent_who_says_why(callee, words, reason, seconds, warm):
    call, told, _, stored = await called(TransferTarget(NUMBER, warm=warm), callee, says_goodbye(seconds))
    came_back(call, told, stored, words)
    assert told.of("transfer_failed") == [{"reason": reason}]
    assert not call.ear.facts(Bridged)


async def test_a_sip_address_is_dialled():
    call, told, _, stored = await called(TransferTarget("sip:desk@pbx.example"), caller=says_goodbye(12.0))
    assert any("<Sip>sip:desk@pbx.example</Sip>" in document for document in call.documents)
    came_back(call, told, stored, FAILED)


@pytest.mark.parametrize(
    ("warm", "there"), [(False, Callee(ring=2.0, talk=6.0)), (True, Callee(ring=2.0, script=TAKES))]
)
async def test_a_telephone_at_a_sip_address_is_connected_like_any_other(warm, there):
    address = "sip:desk@pbx.example"
    async with transfers(TransferTarget(address, warm=warm), callees={address: there}) as (running, told):
        call = await running.carrier.call(running.voice_url, caller=TALKER)
        stored = await running.app.state.switchboard.look_up(call.call)
    assert call.ear.facts(Bridged)
    assert told.of("transfer_accepted") == [{}]
    assert stored.record.transfer_outcome == "accepted"


# -- warm ---------------------------------------------------------------------------------------------


async def test_the_manager_hears_who_calls_takes_the_call_and_both_hear_each_other():
    call, told, (leg,), stored = await called(TransferTarget(NUMBER, warm=True), Callee(ring=6.0, script=TAKES), TALKER)
    assert f"A call for you. {SUMMARY} Press 1 to take it, or 2 to decline." in announced(leg)
    assert "hold-music" in " ".join(call.documents)
    (at_caller,), (at_manager,) = call.ear.facts(Bridged), leg.ear.facts(Bridged)
    spoken = leg.ear.caller_speech()[-1]
    came = at_caller.at + spoken.at - at_manager.at
    assert any(heard.at == pytest.approx(came, abs=0.1) for heard in call.ear.agent_speech(pause=0.5))
    assert told.of("transferring") == [{"target": "manager", "warm": True}]
    assert (told.of("transfer_answered"), told.of("transfer_accepted")) == ([{"target": "manager"}], [{}])
    assert (stored.record.status, stored.record.transfer_outcome) == ("completed", "accepted")


async def test_a_summary_that_is_not_to_be_had_is_the_callers_own_words():
    mind = ScriptedMind(MIND.rules[1], default="")
    _, _, (leg,), _ = await called(TransferTarget(NUMBER, warm=True), Callee(ring=8.0, script=TAKES), TALKER, mind=mind)
    assert "A call for you. The manager please Press 1 to take it, or 2 to decline." in announced(leg)


@pytest.mark.parametrize(
    ("script", "words", "reason", "seconds"),
    [(DECLINES, DECLINED, "declined", 26.0), (MACHINE, UNANSWERED, "unanswered", 45.0)],
)
async def test_a_manager_who_declines_and_a_machine_that_presses_no_key(script, words, reason, seconds):
    call, told, (leg,), stored = await called(
        TransferTarget(NUMBER, warm=True), Callee(ring=3.0, script=script), says_goodbye(seconds)
    )
    came_back(call, told, stored, words)
    assert told.of("transfer_failed") == [{"reason": reason}]
    assert announced(leg)[-1] == "Thank you. Goodbye."
    assert not call.ear.facts(Bridged)


async def test_a_manager_who_hangs_up_at_once_has_declined():
    script = CallerScript(HangUp(after=2.0))
    call, told, _, stored = await called(TransferTarget(NUMBER, warm=True), Callee(ring=3.0, script=script))
    came_back(call, told, stored, DECLINED)


async def test_a_caller_who_hangs_up_meanwhile_lets_the_manager_go():
    caller = CallerScript(Say("The manager please"), HangUp(after=20.0))
    slow = CallerScript(Wait(40.0), Press("1"), Wait(CallEnds()), patience=120.0)
    callee = Callee(ring=8.0, script=slow)
    _, told, (leg,), stored = await called(TransferTarget(NUMBER, warm=True), callee, caller)
    assert not leg.ear.facts(Bridged)
    assert leg.ear.duration < 30.0
    assert (stored.record.status, stored.record.transfer_outcome) == ("completed", "gone")
    assert told.of("transfer_failed") == [{"reason": "gone"}]


async def test_without_credentials_the_manager_is_asked_while_the_caller_hears_it_ring():
    options = {"twilio_account_sid": None}
    call, told, _, stored = await called(
        TransferTarget(NUMBER, warm=True), Callee(ring=3.0, script=TAKES), TALKER, **options
    )
    assert any("<Number" in document and "/twilio/target" in document for document in call.documents)
    assert call.ear.facts(Bridged)
    assert stored.record.transfer_outcome == "accepted"
    call, told, _, stored = await called(
        TransferTarget(NUMBER, warm=True), Callee(ring=3.0, script=DECLINES), says_goodbye(28.0), **options
    )
    came_back(call, told, stored, DECLINED)


async def test_a_process_that_dies_meanwhile_leaves_the_transfer_to_another():
    target = TransferTarget(NUMBER, warm=True)
    async with (
        transfers(target, Callee(ring=6.0, script=TAKES), store=Shared()) as (running, told),
        running.another() as other,
    ):
        placed = running.carrier.dial(running.voice_url, caller=TALKER)
        await told.until(lambda: bool(told.of("transferring")))
        await asyncio.sleep(1.0)
        running.front.app = other
        call = await placed.ended
        stored = await other.state.switchboard.look_up(placed.sid)
    assert call.ear.facts(Bridged)
    assert stored.record.transfer_outcome == "accepted"


@pytest.mark.parametrize(
    ("target", "after"),
    [
        (TransferTarget(NUMBER, warm=True), 1.0),  # it rings there
        (TransferTarget(NUMBER, warm=True), 8.0),  # they hear who calls
        (TransferTarget(NUMBER, warm=True), 30.0),  # they talk
        (TransferTarget(NUMBER), 20.0),
        (TransferTarget("queue:support"), 20.0),
    ],
)
async def test_an_operator_may_end_a_call_that_is_with_somebody_else_and_do_nothing_more(target, after):
    talks = CallerScript(Wait(12.0), Press("1"), Wait(CallEnds()), patience=300.0)
    async with transfers(target, Callee(ring=3.0, script=talks)) as (running, told):
        placed = running.carrier.dial(running.voice_url, caller=TALKER)
        await told.until(lambda: bool(told.of("transferring")))
        await asyncio.sleep(after)
        steering = running.app.state.steering
        with pytest.raises(NobodyHoldsCall, match="expected hangup"):
            await steering.send(placed.sid, Control("say", "Hello"))
        await steering.send(placed.sid, Control("hangup"))
        call = await placed.ended
        await asyncio.sleep(5.0)
        stored = await running.app.state.switchboard.look_up(placed.sid)
        with pytest.raises(CallIsOver):
            await steering.send(placed.sid, Control("hangup"))
        assert all(other.is_over for other in running.carrier.calls.values()), "nobody is left on the line"
    assert call.violations == ()
    assert stored.record.status == "completed"
    assert stored.record.ended is not None


# -- queues, hours, and nobody ------------------------------------------------------------------------


async def test_who_waits_in_a_queue_hears_their_place_and_is_taken_by_whoever_calls_for_it():
    async with transfers(TransferTarget("queue:support")) as (running, told):
        placed = running.carrier.dial(running.voice_url, caller=TALKER)
        await told.until(lambda: bool(told.of("transferring")))
        await asyncio.sleep(20.0)
        taker = CallerScript(Say("Support, hello", after=1.0), HangUp(after=3.0))
        desk_call = await running.carrier.call(f"{running.url}/twilio/queue/support", caller=taker)
        call = await placed.ended
        stored = await running.app.state.switchboard.look_up(placed.sid)
    assert "Please hold the line. You are number 1 in the queue." in announced(call)
    assert call.ear.facts(Bridged)
    assert desk_call.ear.facts(Bridged)
    assert stored.record.transfer_outcome == "accepted"


async def test_nobody_waits_in_a_queue_for_ever():
    clock = asyncio.get_running_loop().time
    async with transfers(TransferTarget("queue:support", wait_at_most=30)) as (running, told):
        running.app.state.transfers.now = clock  # the wall's clock does not jump
        placed = running.carrier.dial(running.voice_url, caller=says_goodbye(55.0))
        await told.until(lambda: bool(told.of("transferring")))
        call = await placed.ended
        stored = await running.app.state.switchboard.look_up(placed.sid)
    came_back(call, told, stored, UNANSWERED)


async def test_outside_of_business_hours_nobody_is_called_and_the_caller_notices_no_break():
    never = BusinessHours("UTC", ())
    closed = "The manager is there again on Monday."
    target = TransferTarget(NUMBER, hours="office", closed=closed)
    _, told, legs, stored = await called(target, agent={"hours": {"office": never}})
    assert f" / {closed}" in told.dialogue
    assert told.of("transfer_failed") == [{"reason": "closed"}]
    assert len(told.of("call_started")) == 1
    assert legs == []
    assert any("closed now" in turn.text for turn in stored.turns if turn.role == "operator")
    assert told.dialogue[-1] == "Goodbye / Thank you for calling. Goodbye."


TRANSFERRING = Intent("person", ("the manager please",), "I will connect you.", then="transfer", target="manager")
LEAVING = Intent("bye", ("goodbye",), "Thank you for calling. Goodbye.", then="end_call")


@pytest.mark.parametrize("alone", [True, False])
async def test_a_menu_that_transfers_to_somebody_who_is_closed_keeps_the_caller(alone):
    closed = "The manager is there again on Monday."
    target = TransferTarget(NUMBER, hours="office", closed=closed)
    dialogue = Dialogue((TRANSFERRING, LEAVING), start="" if alone else "script")
    changes = {"hours": {"office": BusinessHours("UTC", ())}, "dialogue": dialogue}
    if alone:
        changes["llm"] = ProviderChoice("scripted")
    call, told, legs, _ = await called(target, caller=says_goodbye(4.0), agent=changes)
    assert told.dialogue[1:] == [
        "The manager please / I will connect you.",
        f" / {closed}",
        "Goodbye / Thank you for calling. Goodbye.",
    ]
    assert told.of("transfer_failed") == [{"reason": "closed"}]
    assert (legs, call.ended_by) == ([], "agent")


async def test_a_menus_key_leads_into_a_queue_in_which_callers_hear_their_place():
    support = Intent("support", (), "", key="3", label="support", then="transfer", target="support")
    dialogue = Dialogue((support, LEAVING), start="script")
    made = replace(agent(), dialogue=dialogue, transfer_targets={"support": TransferTarget("queue:support")})
    waits = CallerScript(Press("3"), Wait(CallEnds()), patience=300.0)
    async with world(made, mind=MIND) as (running, told):
        first, second = (running.carrier.dial(running.voice_url, caller=waits) for _ in range(2))
        await told.until(lambda: len(told.of("transferring")) == 2)
        await asyncio.sleep(20.0)
        taker = CallerScript(Say("Support, hello", after=1.0), HangUp(after=3.0))
        for _ in range(2):
            await running.carrier.call(f"{running.url}/twilio/queue/support", caller=taker)
        heard = [announced(await call.ended) for call in (first, second)]
    places = sorted(texts[0] for texts in heard)
    assert places == [f"Please hold the line. You are number {place} in the queue." for place in (1, 2)]
    assert told.of("transfer_accepted") == [{}, {}]


# -- who is shown to call -----------------------------------------------------------------------------

AGENT, OWN, DESK_SIP = "+15005550006", "+15005550001", "sip:desk@pbx.example"
STRANGE_CALLERS = [
    "sip:ana@pbx.example", "client:ana", "anonymous", "Restricted", "unavailable", "", "+266696687", "+7378742833",
    "+12", "12125550123", "+1212555012345678", "+1 212 555 0123", "sip:+12125550123@gw.example", "+٤٩٣٠١٢٣٤٥٦",
]  # fmt: skip


async def shown(from_, target, **options):
    """Whom a called person sees on their telephone, and the call itself."""
    options = {"callees": {target.to: Callee(script=TAKES if target.warm else None)}, **options}
    async with transfers(target, **options) as (running, _):
        result = await running.carrier.call(running.voice_url, caller=TALKER, from_=from_)
    legs = [call.order.from_ for call in running.carrier.calls.values() if call.order.to == target.to]
    return legs, result


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize("caller", STRANGE_CALLERS)
async def test_a_caller_without_a_number_is_connected_under_our_own(caller, warm):
    legs, result = await shown(caller, TransferTarget("+15005550009", warm=warm))
    assert (legs, result.violations) == ([AGENT], ())
    assert len(result.ear.facts(Bridged)) == 1


async def test_a_callers_own_number_is_passed_on():
    for to in ("+15005550009", DESK_SIP):
        legs, result = await shown("+15005550100", TransferTarget(to))
        assert (legs, result.violations) == (["+15005550100"], ())


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
async def test_a_call_that_came_to_a_sip_address_shows_the_number_of_the_settings(warm):
    target = TransferTarget("+15005550009", warm=warm)
    callees = {target.to: Callee(script=TAKES if warm else None)}
    async with transfers(target, callees=callees, twilio_phone_number=OWN) as (running, _):
        running.carrier.numbers[OWN] = PhoneNumber(OWN)
        by_sip = {"from_": "sip:a@b.example", "to": "sip:c@d.example"}
        result = await running.carrier.call(running.voice_url, caller=TALKER, **by_sip)
    legs = [call.order.from_ for call in running.carrier.calls.values() if call.order.to == target.to]
    assert (legs, result.violations) == ([OWN], ())


async def test_without_any_number_of_ours_the_caller_is_back_and_the_operator_told(capsys):
    target = TransferTarget("+15005550009")
    async with transfers(target, callees={target.to: Callee()}) as (running, told):
        by_sip = {"from_": "sip:a@b.example", "to": "sip:c@d.example"}
        result = await running.carrier.call(running.voice_url, caller=CALLER, **by_sip)
    assert [violation.code for violation in result.violations] == [13214]
    assert any(FAILED in turn for turn in told.dialogue)
    assert "caller_id_missing" in capsys.readouterr().out


async def test_two_who_are_connected_are_parted_after_the_longest_time():
    target = TransferTarget("+15005550009", max_duration=60)
    callees = {target.to: Callee(script=CallerScript(Wait(CallEnds()), patience=300.0))}
    async with transfers(target, callees=callees) as (running, _):
        result = await running.carrier.call(running.voice_url, caller=TALKER)
    [bridged] = result.ear.facts(Bridged)
    assert bridged.end - bridged.at == pytest.approx(60.0, abs=0.1)


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize("to", ["+1911", "sip:112@gw.example"])
async def test_a_caller_is_never_connected_to_an_emergency_number_and_hears_what_to_do(to, warm):
    words = (
        "I cannot call an emergency service. If you need help, please hang up and dial the emergency number yourself."
    )
    async with transfers(TransferTarget(to, warm=warm), callees={to: Callee(script=TAKES)}) as (running, told):
        result = await running.carrier.call(running.voice_url, caller=CALLER)
        assert [call.order.to for call in running.carrier.calls.values()] == [result.call and AGENT]
    assert told.of("transfer_failed") == [{"reason": "emergency"}]
    assert any(words in turn for turn in told.dialogue)
    assert not any("<Dial" in document for document in result.documents)


async def test_nobody_is_transferred_to_the_number_that_they_have_called():
    call, told, _, stored = await called(TransferTarget("+15005550006"), Callee(ring=3.0), CallerScript(Say("manager")))
    assert [fact["reason"] for fact in told.of("transfer_failed")] == ["own_number"]
    assert stored.record.transfer is None
    assert call.ear.facts(Bridged) == []
