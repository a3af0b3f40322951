"""Keys at the caller's end of the line: menus that answer at once, and a card number that only the payment learns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import structlog

from phoneagent.call.journal import replay
from phoneagent.conversation.commands import SaveTurn, SealKeys
from phoneagent.conversation.events import KeysExpected
from phoneagent.records import Dialogue, Intent, Slot
from phoneagent.simulator.caller import CallerScript, Press, Say
from phoneagent.simulator.ear import Pressed
from phoneagent.simulator.mind import Rule, ScriptedMind
from phoneagent.store.memory import MemoryStore
from phoneagent.toolbox import tool_spec

from .world import agent, world

CARD = "4929123456781234"
MIND = ScriptedMind(
    Rule("pay", "Please type your card number, and then the hash key."),
    Rule("kept as (?P<kept>keypad-1)", "", call="charge", arguments={"card": "{kept}"}, then="Done. {result}"),
    Rule("bye", "Thank you for calling. Goodbye.", call="end_call"),
    default="Is there anything else?",
)


class Payments:
    """A tool that is trusted, and careless about what it returns."""

    def __init__(self):
        self.charged = []

    def charge(self, card: str) -> str:
        """Charge a card."""
        self.charged.append(card)
        return f"I charged {card[:4]} {card[4:8]} {card[8:12]} {card[12:]}, that is {card}, which ends in {card[-4:]}."


def payer(payments, **options):
    return agent(tools=(tool_spec(payments.charge, reads_keypad=True, **options),))


@pytest.fixture
def logged():
    with structlog.testing.capture_logs() as lines:
        yield lines


async def test_a_card_number_reaches_the_payment_and_nobody_else(tmp_path, logged):
    payments, store = Payments(), MemoryStore()
    made = payer(payments)
    options = {"mind": MIND, "functions": {"charge": payments.charge}, "journals": tmp_path, "store": store}
    asked = []

    def mind(messages):
        asked.append(repr(messages))
        return MIND(messages)

    async with world(made, **options | {"mind": mind}) as (running, told):
        script = CallerScript(Say("I want to pay"), Press(f"{CARD}#"), Say("Goodbye"))
        call = await running.carrier.call(running.voice_url, caller=script)
        stored = await running.app.state.switchboard.look_up(call.call)
    assert payments.charged == [CARD]
    assert "[keypad: 16 keys, kept as keypad-1]" in told.dialogue[2]
    assert "which ends in 1234" in told.dialogue[2]
    journal = next(tmp_path.iterdir()).read_bytes()
    everywhere = [journal.decode(), *map(str, logged), str(told.facts), *asked, repr(stored), repr(vars(store))]
    for place in everywhere:
        for start in range(len(CARD) - 6):
            assert CARD[start : start + 6] not in place.replace(" ", "")
    commands = [command for _, _, commands in replay(journal.splitlines()) for command in commands]
    assert SealKeys("keypad-1", "•" * 16) in commands
    assert [c.turn.text for c in commands if isinstance(c, SaveTurn)] == [turn.text for turn in stored.turns]


async def test_a_tool_that_nobody_trusts_gets_the_name():
    payments = Payments()
    made = replace(payer(payments), tools=(tool_spec(payments.charge),))
    async with world(made, mind=MIND, functions={"charge": payments.charge}) as (running, _):
        script = CallerScript(Say("I want to pay"), Press(f"{CARD}#"), Say("Goodbye"))
        await running.carrier.call(running.voice_url, caller=script)
    assert payments.charged == ["keypad-1"]


async def test_what_was_typed_before_the_call_was_carried_on_is_to_be_typed_again():
    payments = Payments()
    mind = ScriptedMind(
        Rule("now", "", call="charge", arguments={"card": "keypad-1"}, then="{result}"),
        Rule("kept as", "And now?"),
        *MIND.rules,
    )
    async with world(payer(payments), mind=mind, functions={"charge": payments.charge}) as (running, told):
        script = CallerScript(
            Say("I want to pay"), Press(f"{CARD}#"), Say("Do it now", after=8.0), Say("Goodbye"), patience=60.0
        )
        placed = running.carrier.dial(running.voice_url, caller=script)
        board = running.app.state.switchboard
        await told.until(lambda: any("And now?" in line for line in told.dialogue))
        await board.live(placed.sid)._stream.aclose("dropped for the test", violation=True)
        call = await placed.ended
        stored = await board.look_up(call.call)
    assert payments.charged == []
    [result] = [turn.text for turn in stored.turns if turn.role == "tool"]
    assert "Ask the caller to type it again" in result


async def test_a_scripted_pin_is_checked_as_soon_as_it_is_complete():
    checked = []

    def check(pin: str) -> str:
        """Check a PIN."""
        checked.append(pin)
        return "You are known to us."

    dialogue = Dialogue(
        (
            Intent("log_in", ("log in",), "{result}", slots=("pin",), tool="check"),
            Intent("bye", ("goodbye",), "Goodbye.", then="end_call"),
        ),
        (Slot("pin", ask="Please type your PIN.", keypad=KeysExpected(length=4, secret=True)),),
    )
    made = agent(dialogue=dialogue, tools=(tool_spec(check, reads_keypad=True),))
    made = replace(made, llm=replace(made.llm, provider="scripted", fallback=()))
    async with world(made, functions={"check": check}) as (running, told):
        script = CallerScript(Say("log in"), Press("4711"), Say("goodbye"))
        call = await running.carrier.call(running.voice_url, caller=script)
    assert checked == ["4711"]
    assert told.dialogue[2] == "[keypad: 4 keys, kept as keypad-1] / You are known to us."
    last_key = call.ear.facts(Pressed)[-1].at
    answered = next(speech.at for speech in call.ear.agent_speech() if speech.at > last_key)
    assert answered - last_key < 1.0, "nobody waits for a fifth digit"
    assert call.ended_by == "agent"
