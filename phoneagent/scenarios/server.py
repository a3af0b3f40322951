"""A whole call through the real server: real sockets, every provider simulated, on a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from phoneagent.errors import ToolError
from phoneagent.rehearsal import Rehearsal, rehearsal
from phoneagent.simulator.ear import StreamOpened
from phoneagent.simulator.fast_forward import FastForwardLoop
from phoneagent.simulator.mind import Answer, Message

from .heard import words_in
from .mind import TimedMind
from .outcome import Outcome, Told
from .scenario import Scenario, Tool
from .scripted_voice import RememberedVoice
from .thoughts import thoughts

LONGEST = 180.0  # seconds of a scripted call
SETTLED = 5.0  # seconds that the product gets to save the last turn


def play(scenario: Scenario, *, journal: Path | None = None) -> Outcome:
    """Play a scenario through the server. Takes about a second for half a minute of call.

    `journal` is a file that gets every event of the call, for `phoneagent replay`.
    """
    with asyncio.Runner(loop_factory=FastForwardLoop) as runner:
        return runner.run(played(scenario, journal=journal))


async def played(scenario: Scenario, *, journal: Path | None = None) -> Outcome:
    """The same within a running loop, which should be a `FastForwardLoop`."""
    voice, mind, observer = RememberedVoice(), _Mind(scenario), _Observer()
    async with rehearsal(
        scenario.equipped_agent,
        synthesizer=voice,
        mind=mind,
        latencies=scenario.latencies,
        network=scenario.network,
        functions={tool.name: _function(tool) for tool in scenario.tools},
        observer=observer,
        journals=journal.parent if journal else None,
    ) as world:
        mind.world = world
        call = world.carrier.dial(world.voice_url, caller=scenario.script, time_limit=LONGEST)
        result = await call.ended
        board = world.app.state.switchboard
        if (live := board.live(result.call)) is not None:
            await live.finished(within=SETTLED)
        stored = await board.look_up(result.call)
    if journal is not None:
        (journal.parent / f"{result.call}.0.jsonl").replace(journal)
    opened = result.ear.facts(StreamOpened)
    began = opened[0].at if opened else 0.0
    said = [thought for thought in thoughts(result.ear, scenario.lines) if thought.meant == "answer"]
    spoke = [part.said.at for thought in said for part in thought.parts]
    return Outcome(
        scenario,
        "server",
        result.ear,
        words_in(result.ear.agent_track, voice.clips, spoke),
        tuple(stored.turns) if stored else (),
        tuple(Told(told.at + began, told.name, told.values) for told in observer.told),
        result.ended_by,
        problems=tuple(f"violation {problem.code}: {problem.problem}" for problem in result.violations),
    )


class _Mind:
    """Answers with the latencies that the scenario gives each answer."""

    def __init__(self, scenario: Scenario) -> None:
        self._mind = TimedMind(scenario)
        self.world: Rehearsal | None = None

    def __call__(self, messages: Sequence[Message]) -> Answer:
        answer, latencies = self._mind(messages)
        if self.world is not None and self.world.openai is not None:
            self.world.openai.latencies = latencies  # asked for by the answer that is about to be made, and no other
        return answer


class _Observer:
    def __init__(self) -> None:
        self.told: list[Told] = []

    def tell(self, call: str, at: float, name: str, values: Mapping[str, Any]) -> None:
        self.told.append(Told(at, name, dict(values)))


def _function(tool: Tool) -> Callable[..., Any]:
    async def run(**_: Any) -> str:
        await asyncio.sleep(tool.seconds)
        if tool.problem:
            raise ToolError(tool.problem)
        return tool.result

    return run
