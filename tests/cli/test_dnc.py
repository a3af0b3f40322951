"""`phoneagent dnc`: added, imported from files as people have them, listed and removed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from phoneagent.cli import main
from phoneagent.cli.dnc import MOST_TOLD
from tests.redis_server import redis_server

ANA, BEN = "+12125550123", "+12125550124"


@pytest.fixture(scope="module")
def redis():
    with redis_server() as server:
        yield server


@pytest.fixture
def run(redis):
    redis.command("FLUSHALL")

    def run(*arguments, url=redis.url, given=None):
        return CliRunner().invoke(
            main, ["dnc", *arguments], env={"REDIS_URL": url}, input=given, catch_exceptions=False
        )

    return run


def listed(run):
    return {json.loads(line)["number"] for line in run("list", "--json").stdout.splitlines()}


def test_numbers_are_added_listed_and_removed(run):
    assert "Nobody" in run("list").stderr
    added = run("add", "+1 (212) 555-0123", BEN, ANA)
    assert (added.exit_code, added.stdout) == (0, "")
    assert "2 added, 1 were on the list already" in added.stderr
    assert listed(run) == {ANA, BEN}
    assert ANA in run("list").stdout
    assert "operator" in run("list").stdout
    assert run("remove", "+1.212.555.0123").exit_code == 0
    again = run("remove", ANA)
    assert (again.exit_code, listed(run)) == (1, {BEN})
    assert "1 of 1 were not" in again.stderr


def test_what_is_no_number_is_refused_and_nothing_is_added(run):
    result = run("add", ANA, "+1212555O1O2")
    assert result.exit_code == 2
    assert "no letters" in result.stderr
    assert listed(run) == set()


FILES = {
    "lines": f"{ANA}\n\n# from the old system\n  {BEN}\r\n",
    "with a byte order mark": f"\ufeff{ANA}\n{BEN}",
    "the first column": f"{ANA},Ana\n{BEN},Ben\n",
    "a column with a name": f'name,Phone,since\nAna,{ANA},2026\n"Ben, Jr.",{BEN},2025\n',
    "semicolons": "Kunde;Number\nAna;+1 212 555-0123\nBen;+1 (212) 555.0124\n",
    "tabs": f"{ANA}\tAna\n{BEN}\tBen\n",
    "quotes": f'"{ANA}"\n"{BEN}"\n',
    "twice": f"{ANA}\n{BEN}\n{ANA}\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_files_as_people_have_them(run, tmp_path, kind):
    file = tmp_path / "numbers.csv"
    file.write_text(FILES[kind], encoding="utf-8", newline="")
    result = run("import", str(file))
    assert (result.exit_code, listed(run)) == (0, {ANA, BEN}), result.stderr
    assert result.stderr.startswith("2 added")


def test_bad_lines_are_named_and_the_others_are_not_lost(run):
    result = run("import", "-", given=f"number,name\n{ANA},Ana\n2125550124,Ben\n+1212555O125,Cid\n,Dee\n{BEN},Eve\n")
    assert result.exit_code == 1
    assert listed(run) == {ANA, BEN}
    assert [line.partition(":")[0] for line in result.stderr.splitlines()[1:-1]] == ["line 3", "line 4", "line 5"]
    assert "3 have none" in result.stderr
    assert "2125550124" not in result.stderr


def test_a_file_full_of_something_else(run):
    result = run("import", "-", given="x" * 50_000 + "\n" + "\x00\xff,\n" * 300)
    assert result.exit_code == 1
    assert "301 have none" in result.stderr
    assert len(result.stderr.splitlines()) < MOST_TOLD + 5
    assert listed(run) == set()


def test_thousands_of_numbers(run):
    numbers = {f"+1212{n:07d}" for n in range(2_000_000, 2_001_201)}
    assert run("import", "-", given="\n".join(numbers)).exit_code == 0
    assert listed(run) == numbers


def test_without_redis_there_is_no_place_for_it(run):
    result = run("list", url="")
    assert result.exit_code == 2
    assert "REDIS_URL" in result.stderr
    assert "/v1/do-not-call" in result.stderr


def test_a_file_that_is_not_there(run, tmp_path):
    result = run("import", str(tmp_path / "numbers.csv"))
    assert result.exit_code == 2
    assert "No such file" in result.stderr
