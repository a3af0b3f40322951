"""The README's commands that place and steer calls, run as they are written: by `curl` and `phoneagent` themselves,
against the real server and the simulated carrier. Only the host, the key and the call's id are put in, as readers do.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from phoneagent.agent_file import load_agents
from phoneagent.audio.dtmf import tones
from phoneagent.rehearsal import Rehearsal
from phoneagent.settings import load
from phoneagent.simulator.answering import answering_machine
from phoneagent.simulator.call_order import Callee
from phoneagent.simulator.caller import AgentFinished, CallEnds, CallerScript, HangUp, Wait
from phoneagent.simulator.carrier import AGENT_NUMBER
from phoneagent.simulator.ear import Bridged, DigitsPlayed
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.store.memory import MemoryStore
from tests.calls.world import Told, world

ROOT = Path(__file__).parents[2]
BIN = ".venv/bin/"  # wherever it is: the environment of these tests
HOST, MY_KEY, MY_ID = "https://voice.example.com", "KEY=…", "ID=PC…"
ANA, MANAGER = "+12125550123", "+15005550010"
GREETING = "Hello Ana, this is Trattoria Aurelia. We expect you tonight at 7 pm. Will you come?"
PATIENT = CallerScript(Wait(CallEnds()), patience=300.0)


def commands():
    """Those of the section, one by one."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## Calls from a script\n")[2].partition("\n## ")[0]
    text = "".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    return text.replace("\\\n", " ").strip().splitlines()


COMMANDS = commands()
CURLS = [line for line in COMMANDS if line.startswith("curl")]
CALLS = [line for line in COMMANDS if line.startswith(BIN)]
SETTING = "\n".join(line for line in COMMANDS if line not in CURLS + CALLS)


def standing_still():
    loop = asyncio.get_running_loop()
    assert isinstance(loop, FastForwardLoop)
    return loop.standing_still()


@dataclass
class Shell:
    """Where the reader types."""

    running: Rehearsal
    told: Told
    store: MemoryStore
    key: str
    call: str = ""

    async def begin(self, command):
        """A command's process, while the clock stands still: it takes real time to say anything."""
        assert [HOST in SETTING, MY_KEY in SETTING, MY_ID in SETTING] == [True] * 3
        script = f"{SETTING}\n{command}".replace(HOST, self.running.url).replace(MY_KEY, f"KEY={self.key}")
        script = script.replace(MY_ID, f"ID={self.call}").replace(BIN, "")
        paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
        env = {
            **os.environ,
            "PATH": os.pathsep.join(paths),
            "PYTHONPATH": str(ROOT),
            "PHONEAGENT_API_KEYS": self.key,
            "PHONEAGENT_PORT": self.running.url.rpartition(":")[2],
        }
        return await asyncio.create_subprocess_exec("bash", "-euc", script, stdout=asyncio.subprocess.PIPE, env=env)

    async def run(self, command):
        """What a command prints."""
        with standing_still():
            process = await self.begin(command)
            printed, _ = await process.communicate()
        assert process.returncode == 0
        return printed.decode()

    async def watch(self, command):
        """A command that follows a call: its first line, and then the rest as time goes on."""
        with standing_still():
            process = await self.begin(command)
            first = await process.stdout.readline()
        return process, first.decode()

    async def rest(self, process, first):
        """All that it prints, once it is done."""
        rest, _ = await process.communicate()
        assert process.returncode == 0
        return first + rest.decode()


@asynccontextmanager
async def shell(monkeypatch, *, answers):
    key = "a-key-of-this-test"
    monkeypatch.setenv("PHONEAGENT_API_KEYS", f"{key},another")
    monkeypatch.chdir(ROOT)
    store = MemoryStore()
    callees = {ANA: Callee(ring=2.0, script=answers), MANAGER: Callee(ring=2.0, talk=5.0)}
    options = {"store": store, "callees": callees, "api_keys": load().api_keys, "twilio_phone_number": AGENT_NUMBER}
    async with world(load_agents("agents"), **options) as (running, told):
        yield Shell(running, told, store, key)


async def test_a_call_is_placed_followed_and_steered_by_curl(monkeypatch):
    async with shell(monkeypatch, answers=PATIENT) as reader:
        place, told = CURLS[0], reader.told
        order = json.loads(await reader.run(place))
        assert json.loads(await reader.run(place))["id"] == order["id"], "an idempotency key places one call"
        reader.call = order["id"]
        follow = await reader.watch(CURLS[1])
        await told.until(lambda: bool(told.of("turn_ended")))
        assert told.dialogue == [f" / {GREETING}"]

        for command in CURLS[2:-2]:  # say, instruct, and keys in both ways
            assert await reader.run(command) == ""
            await asyncio.sleep(7)
        shown = json.loads(await reader.run(CURLS[-1]))
        assert (shown["id"], shown["status"], shown["agent"]) == (reader.call, "in-progress", "reminder")
        assert await reader.run(CURLS[-2]) == "", "the transfer"

        (placed,) = [call for call in reader.running.carrier.calls.values() if call.sid == shown["carrier_id"]]
        result = await placed.ended
        events = await reader.rest(*follow)
        stored = await reader.store.load_call(placed.sid)
    assert result.violations == ()
    assert " / The kitchen closes at ten." in told.dialogue
    assert [turn.text for turn in stored.turns if turn.role == "operator"] == ["Offer a table at the window."]
    assert told.dialogue[2] == " / Is there anything else?", "the model answers to the note at once"
    for key in "142#":
        assert tones(key) in result.ear.agent_track
    assert [sound.digits for sound in result.ear.facts(DigitsPlayed)] == ["1w42#"]
    assert result.ear.facts(Bridged)
    names = re.findall(r"^event: (\w+)$", events, re.MULTILINE)
    assert names[0] == "status"
    steered = re.findall(r"^event: steered\ndata: (.*)$", events, re.MULTILINE)
    assert [json.loads(data)["action"] for data in steered] == ["say", "instruct", "dtmf", "dtmf", "transfer"]
    assert {"turn", "keys_sent", "transferring", "transfer_accepted"} <= set(names)
    assert '"status":"completed"' in events


async def test_a_call_is_placed_and_shown_from_a_terminal(monkeypatch):
    answers = CallerScript(HangUp(after=AgentFinished(0.5)))
    async with shell(monkeypatch, answers=answers) as reader:
        printed = await reader.rest(*await reader.watch(CALLS[0]))
    assert f"\nagent: {GREETING}\n" in printed
    assert printed.rstrip().endswith(": completed, caller)")


async def test_a_machine_gets_the_message_that_was_given(monkeypatch):
    async with shell(monkeypatch, answers=answering_machine()) as reader:
        printed = await reader.rest(*await reader.watch(CALLS[1]))
        (result,) = [await call.ended for call in reader.running.carrier.calls.values()]
    assert "\nagent: We expect you at seven.\n" in printed
    assert result.ear.recorded_speech()


def test_every_command_of_the_section_is_run_here():
    paths = [re.findall(r"/\$ID(?:/(\w+))?", line) for line in CURLS]
    assert [name for found in paths for name in found] == ["events", "say", "instruct", "dtmf", "dtmf", "transfer", ""]
    assert len(CALLS) == 2


@pytest.mark.parametrize("command", CURLS[2:-1])
async def test_a_call_that_is_not_known_is_a_problem_that_says_so(monkeypatch, command):
    async with shell(monkeypatch, answers=PATIENT) as reader:
        reader.call = "PC" + "0" * 32
        problem = json.loads(await reader.run(command))
    assert (problem["status"], problem["title"]) == (404, "No such call")
