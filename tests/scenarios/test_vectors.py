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

AFTER_TRANSFER = (
    "the table's call ends with a transfer; the server finds that its target is its own number, and goes on"
)
ALONE = {
    f"transfer_goes_on_over_{words}[{ears}]": AFTER_TRANSFER
    for words in ("okay_great", "thanks", "yes_please")
    for ears in ("flux", "nova")
}
"""What only the table can play, and why. So is whatever disturbs the order of events, which real sockets keep."""
BOTH = [scenario for scenario in SCENARIOS if scenario.name not in ALONE and not scenario.disorder]


def named(scenario):
    return scenario.name


@pytest.mark.parametrize("scenario", TABLE, ids=named)
def test_on_the_table(scenario):
    assert score(table.play(scenario)).faults == ()


@pytest.mark.parametrize("scenario", BOTH, ids=named)
async def test_through_the_server_it_goes_as_on_the_table(scenario):
    outcome = await server.played(scenario)
    if "server" in scenario.run:
        assert score(outcome).faults == ()
    assert story(outcome) == story(table.play(scenario))


def story(outcome):
    """Who said what, what of it was heard, who was interrupted, which tools ran, and who ended it."""
    turns = [(turn.role, turn.text, turn.interrupted, turn.tool and turn.tool.name) for turn in outcome.turns]
    heard = "".join(word.text for word in outcome.words)  # French has a blank before "?", which is not spoken
    return turns, heard, len(outcome.of("interrupted")), outcome.ended_by


def test_what_only_the_table_can_play_is_there():
    names = {scenario.name for scenario in TABLE}
    assert names >= ALONE.keys()


def test_there_are_enough_of_them():
    assert len(FILES) >= 60
    assert len(SERVER) >= 20
