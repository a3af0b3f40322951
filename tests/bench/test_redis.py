"""A Redis of one's own."""

from __future__ import annotations

import shutil

import pytest
import redis.asyncio

from phoneagent.bench.process import ServerFailed
from phoneagent.bench.redis import redis_server
from phoneagent.bench.run import free_port


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server")
async def test_it_answers_while_its_block_is_open(tmp_path):
    async with redis_server(free_port(), tmp_path) as url, redis.asyncio.from_url(url) as client:
        assert await client.ping()
    async with redis.asyncio.from_url(url) as client:
        with pytest.raises(redis.ConnectionError):
            await client.ping()


async def test_without_the_program_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerFailed, match="expected the program redis-server"):
        async with redis_server(free_port(), tmp_path):
            pytest.fail("there is none")
