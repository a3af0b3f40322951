"""What the callers of chaos say and are answered: no two sentences alike, so that one that is lost or doubled shows."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from phoneagent.bench.traffic import named, names
from phoneagent.conversation.transcript import ToolCall
from phoneagent.simulator.caller import AgentFinished, CallerScript, HangUp, Say, Step
from phoneagent.simulator.mind import Answer, Message

__all__ = ["THINGS", "answer", "asked", "mind", "names", "script", "sentence", "words"]

THINGS = (
    "apples bread carrots dates eggs figs garlic honey icecream jam kale lemons melons nuts olives pears quinces rice "
    "sugar tea vinegar walnuts yoghurt zucchini almonds butter cheese dill endive fennel grapes ham"
).split()
VOICE = "caller"
TOOL = "put_aside"
TOOL_EVERY = 3  # turns; these change something, so they must never run twice
ANSWERED = AgentFinished(1.2)
"""Who is cut off in the middle of a sentence is given a second to go on."""
PATIENCE = 40.0  # seconds of silence after which a caller gives up; nobody should need them
_ASKED = re.compile(f"\\b({'|'.join(THINGS)})\\b", re.IGNORECASE)


def sentence(name: str, turn: int) -> str:
    """What a caller says in this turn, from 0."""
    return f"{THINGS[turn].capitalize()} for {name} please"


def answer(name: str, turn: int) -> str:
    """What they must hear."""
    return f"{THINGS[turn].capitalize()} for {name} are put aside now, and somebody will bring them to you tonight."


def asked(text: str) -> list[int]:
    """Which turns a text is about, in its order."""
    return [THINGS.index(found.lower()) for found in _ASKED.findall(text)]


def mind(messages: Sequence[Message]) -> Answer:
    """Answers each sentence of which the caller has not heard the whole answer; before every third it uses the tool."""
    text = " ".join(message.text for message in messages if message.role == "user")
    said = " ".join(message.text for message in messages if message.role == "assistant")
    name = named(text)
    turns = [turn for turn in dict.fromkeys(asked(text)) if answer(name, turn) not in said]
    if not name or not turns:
        return Answer("What was that please?")
    done = [json.loads(call.arguments).get("what") for message in messages for call in message.tool_calls]
    calls = tuple(
        ToolCall("", TOOL, json.dumps({"who": name, "what": THINGS[turn]}))
        for turn in turns
        if turn % TOOL_EVERY == 0 and THINGS[turn] not in done
    )
    return Answer("", calls) if calls else Answer(" ".join(answer(name, turn) for turn in turns))


def script(name: str, turns: int, *, patience: float = PATIENCE) -> CallerScript:
    """A caller who says so many sentences, each when the one before is answered, and hangs up."""
    steps: list[Step] = [Say(sentence(name, turn), after=ANSWERED) for turn in range(turns)]
    return CallerScript(*steps, HangUp(after=ANSWERED), voice=VOICE, patience=patience)


def words(text: str) -> list[str]:
    """For comparing: without marks and capitals."""
    return re.findall(r"[a-z]+", text.lower())
