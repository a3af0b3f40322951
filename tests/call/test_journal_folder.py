"""Journals hold what was said: they go when they are too old, and nothing else in their folder does."""

from __future__ import annotations

import os

import pytest

from phoneagent.call.journal_folder import DAY, JournalFolder

NOW = 1_790_000_000.0


@pytest.fixture
def folder(tmp_path):
    def write(name, age):
        path = tmp_path / name
        path.write_text("{}\n")
        os.utime(path, (NOW - age, NOW - age))

    write("CA1.0.jsonl", 40 * DAY)
    write("CA1.7.jsonl", 8 * DAY)
    write("CA2.0.jsonl", 0)
    write("notes.jsonl", 400 * DAY)
    write("CA1.0.jsonl.bak", 400 * DAY)
    return tmp_path


def left(folder):
    return sorted(path.name for path in folder.iterdir())


OTHERS = ["CA1.0.jsonl.bak", "notes.jsonl"]


@pytest.mark.parametrize(
    ("keep", "stay"),
    [
        (None, ["CA1.7.jsonl", "CA2.0.jsonl"]),
        (7 * DAY, ["CA2.0.jsonl"]),
        (float("inf"), ["CA1.7.jsonl", "CA2.0.jsonl"]),
        (400 * DAY, ["CA1.7.jsonl", "CA2.0.jsonl"]),
    ],
    ids=["nobody has said", "seven days", "no bound", "longer than usual"],
)
async def test_what_is_too_old_is_deleted(folder, keep, stay):
    options = {} if keep is None else {"keep": keep}
    journals = JournalFolder(folder, now=lambda: NOW, **options)
    assert await journals.expire() == 3 - len(stay)
    assert left(folder) == sorted(stay + OTHERS)
    assert await journals.expire() == 0


async def test_those_of_a_call_are_erased_and_no_others(folder):
    journals = JournalFolder(folder, now=lambda: NOW)
    assert await journals.erase(["CA1", "CA9"]) == 2
    assert left(folder) == sorted(["CA2.0.jsonl", *OTHERS])


async def test_without_a_folder_there_is_nothing_to_do(tmp_path):
    journals = JournalFolder(tmp_path / "none")
    assert await journals.expire() == 0
    assert await journals.erase(["CA1"]) == 0
