"""`phoneagent recordings`: listed, deleted by call, deleted by age; and what is said where there is none."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from click.testing import CliRunner

from phoneagent.cli.program import main
from phoneagent.store.recordings import RecordingFolder

DAY = 24 * 3600.0


@pytest.fixture
def run(tmp_path):
    async def record():
        folder = RecordingFolder.open(str(tmp_path))
        for call, age, days in (("CA1", 1, 30), ("CA2", 31, 30), ("CA3", 31, 0)):
            file = await folder.create(call, time.time() - age * DAY, keep_days=days)
            await file.write(b"\xff\xff" * 12_000)
            await file.finish()
        await folder.aclose()

    asyncio.run(record())

    def run(*arguments, place=str(tmp_path), **settings):
        env = {"PHONEAGENT_RECORDINGS": place, **settings}
        return CliRunner().invoke(main, ["recordings", *arguments], env=env, catch_exceptions=False)

    return run


def listed(run):
    return [one["call"] for one in json.loads(run("list", "--json").stdout)]


def test_they_are_listed_with_their_length(run):
    assert [one["seconds"] for one in json.loads(run("list", "--json").stdout)] == [1.5, 1.5, 1.5]
    assert run("list").stdout.startswith("CA1  20")
    assert "1.5 s  30 days\n" in run("list").stdout


def test_one_call_is_deleted_and_no_other(run):
    assert run("delete", "CA1").stdout == "1 deleted\n"
    assert listed(run) == ["CA2", "CA3"]
    again = run("delete", "CA1")
    assert again.exit_code == 1
    assert "expected a recording of the call 'CA1'" in again.stderr


def test_what_is_too_old_is_deleted(run):
    assert run("expire").stdout == "1 deleted\n"
    assert listed(run) == ["CA1", "CA3"]


def test_the_retention_bounds_what_is_kept_for_ever_too(run):
    assert run("expire", PHONEAGENT_RETENTION_DAYS="30").stdout == "2 deleted\n"
    assert listed(run) == ["CA1"]


def test_a_place_is_needed(run):
    refused = run("list", place="")
    assert refused.exit_code == 2
    assert "PHONEAGENT_RECORDINGS: expected a folder" in refused.stderr
