"""The shortened form of `make chaos`: fewer calls, seconds, the same real processes and the same judgement."""

from __future__ import annotations

import pytest

from .codec_inputs import fuzz
from .kills import kills
from .strangers import all_at_once

INPUTS = 20_000


@pytest.fixture
def anyio_backend():
    return "asyncio"


def missed(rows):
    return [(row.test, row.must, row.measured, *row.details) for row in rows if not row.passed]


async def test_calls_outlive_a_process_that_is_killed():
    assert missed(await kills(4, 1, seed=7, turns=2)) == []


async def test_strangers_who_do_their_worst_are_not_noticed():
    assert missed(await all_at_once(2, turns=1, seconds=3.0)) == []


def test_the_codec_takes_anything():
    assert missed(fuzz(INPUTS, seed=1)) == []
