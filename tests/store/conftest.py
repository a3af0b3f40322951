"""Stores to test: the real Redis, and memory. Redis is another process, so its tests run on the ordinary loop."""

from __future__ import annotations

import pytest

from tests.redis_server import redis_server as running_redis_server


@pytest.fixture(scope="session")
def shared_redis():
    """One server for all tests of this worker; nobody stalls or ends it."""
    with running_redis_server() as server:
        yield server


@pytest.fixture
def empty_redis(shared_redis):
    shared_redis.command("FLUSHALL")
    return shared_redis


@pytest.fixture
def own_redis():
    """A server that the test may stall or end."""
    with running_redis_server() as server:
        yield server
