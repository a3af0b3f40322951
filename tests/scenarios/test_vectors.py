"""The turn-taking suite: every scripted call on the table top, the important ones through the whole server."""

from __future__ import annotations

from pathlib import Path

import pytest

from phoneagent.scenarios import server, table
from phoneagent.scenarios.scenario_file import load_scenarios
from phoneagent.scenarios.score import score

FOLDER = Path(__file__).parents[1] / "vectors" / "turn_taking"
FILES = sorted(FOLDER.glob("*.toml"))
SCENARIOS = load_scenarios(FOLDER)
TABLE = [scenario for scenario in SCENARIOS if "table" in scenario.run]
SERVER = [scenario for scenario in SCENARIOS if "server" in scenario.run]


def named(scenario):
    return scenario.name


@pytest.mark.parametrize("scenario", TABLE, ids=named)
def test_on_the_table(scenario):
    assert score(table.play(scenario)).faults == ()


@pytest.mark.parametrize("scenario", SERVER, ids=named)
async def test_through_the_server(scenario):
    assert score(await server.played(scenario)).faults == ()


def test_there_are_enough_of_them():
    assert len(FILES) >= 60
    assert len(SERVER) >= 20
