"""From a URL to a client of a single Redis, of a Sentinel's master, or of a Cluster, tuned for the path of a call."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from phoneagent.errors import SettingsError

Client: TypeAlias = Redis | RedisCluster
Close: TypeAlias = Callable[[], Awaitable[None]]

CONNECT_WITHIN = 0.3  # seconds; a Redis that a call can use is in the same data centre
ANSWER_WITHIN = 0.5  # seconds; the slowest command here takes 1 ms
RETRIES = 2  # survive a dropped connection and a failover in progress; the library's 10 take nearly a minute
IDLE = 15  # seconds after which a connection is tried with PING before it is trusted
MOST_CONNECTIONS = 200  # a process has fewer calls than that

REDIS_PORT = 6379
SENTINEL_PORT = 26379

EXPECTED = (
    "expected redis://host:port/db, rediss://…, unix:///path, redis+sentinel://host:port,host:port/service/db "
    "or redis+cluster://host:port,host:port"
)


def connect(url: str) -> tuple[Client, Close]:
    """The client, not connected yet, and how to close it. Call it in the loop that will use it.

    Raises `SettingsError`; it does not show the URL, which may have a password.
    """
    try:
        parts = urlsplit(url)
        scheme, _, kind = parts.scheme.partition("+")
        if scheme in ("redis", "rediss") and kind == "sentinel":
            return _sentinel(parts, tls=scheme == "rediss")
        if scheme in ("redis", "rediss") and kind == "cluster":
            cluster = RedisCluster(
                startup_nodes=[ClusterNode(host, port) for host, port in _hosts(parts, REDIS_PORT)],
                ssl=scheme == "rediss",
                **_credentials(parts),
                **_tuning(),
            )
            return cluster, cluster.aclose
        client = Redis.from_url(url, **_tuning())
    except (ValueError, RedisClusterException) as exc:
        raise SettingsError(f"REDIS_URL: {EXPECTED}") from exc
    return client, client.aclose


def _sentinel(parts: SplitResult, *, tls: bool) -> tuple[Client, Close]:
    service, _, db = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("no service")
    # A dead Sentinel costs one attempt: the next one in the list is the retry.
    quick = {
        "socket_connect_timeout": CONNECT_WITHIN,
        "socket_timeout": CONNECT_WITHIN,
        "retry": Retry(NoBackoff(), 0),
        "ssl": tls,
    }
    sentinel = Sentinel(  # type: ignore[no-untyped-call]  # redis-py has not annotated it
        _hosts(parts, SENTINEL_PORT), sentinel_kwargs=quick, ssl=tls, **_credentials(parts), **_tuning()
    )
    master = sentinel.master_for(unquote(service), db=int(db or 0))

    async def close() -> None:
        await master.aclose()
        for each in sentinel.sentinels:
            await each.aclose()

    return master, close


def _hosts(parts: SplitResult, default_port: int) -> list[tuple[str, int]]:
    hosts = [urlsplit(f"//{address}") for address in parts.netloc.rpartition("@")[2].split(",")]
    if not all(host.hostname for host in hosts):
        raise ValueError("no host")
    return [(str(host.hostname), host.port or default_port) for host in hosts]


def _credentials(parts: SplitResult) -> dict[str, Any]:
    username, _, password = parts.netloc.rpartition("@")[0].partition(":")
    given = {"username": unquote(username), "password": unquote(password)}
    return {name: value for name, value in given.items() if value}


def _tuning() -> dict[str, Any]:
    return {
        "decode_responses": True,
        "socket_connect_timeout": CONNECT_WITHIN,
        "socket_timeout": ANSWER_WITHIN,
        "retry": Retry(ExponentialWithJitterBackoff(base=0.01, cap=0.1), RETRIES),
        "health_check_interval": IDLE,
        "max_connections": MOST_CONNECTIONS,
        "client_name": f"phoneagent-{socket.gethostname()}",
    }


async def eviction_policy(url: str) -> str:
    """What a full Redis does: `noeviction`, or drop what it likes. Empty if it does not tell."""
    client, close = connect(url)
    try:
        async with asyncio.timeout(CONNECT_WITHIN + ANSWER_WITHIN):
            info = await client.info("memory")
    except (RedisError, TimeoutError):
        return ""
    finally:
        await close()
    if "maxmemory_policy" not in info:  # a Cluster answers by node
        info = next((each for each in info.values() if isinstance(each, dict)), {})
    return str(info.get("maxmemory_policy", ""))
