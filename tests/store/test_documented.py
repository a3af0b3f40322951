"""docs/data-protection.md names every kind of key that Redis has, and says truly whether it is encrypted."""

from __future__ import annotations

import re
import time
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from phoneagent.audit import AuditEntry
from phoneagent.call.contact_limits import ContactLimits
from phoneagent.do_not_call import DoNotCall
from phoneagent.private import Private
from phoneagent.store.rate_limits import RateLimits
from phoneagent.store.redis import RedisStore
from phoneagent.store.redis_counts import RedisCounts

from .populated import PERSON, SIGNS, populate
from .test_encryption import NEW
from .test_erasing import dump

PAGE = (Path(__file__).parents[2] / "docs" / "data-protection.md").read_text()
ROWS = dict(re.findall(r"^\| `(phoneagent:[^`]+)` \|.*\| (yes|no|nothing in it) \|$", PAGE, re.MULTILINE))
SECRET = "phoneagent:people:secret"


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def fill(url, *keys):
    store = RedisStore.from_url(url, encryption_keys=keys)
    now = time.time()
    await populate(store, now)
    await store.do_not_call.add([DoNotCall(Private(PERSON), now)])
    await store.take_lease("CA1", "host-1", seconds=10)
    await store.orders.pace(per_second=1)
    await store.audit.append([AuditEntry(now, "crm", "say", 202, "CA1", await store.people.pseudonym(PERSON))])
    counts = RateLimits("10/day", RedisCounts(url))
    await ContactLimits("texts", counts, pseudonym=store.people.pseudonym).spend(PERSON, "Not sent")
    await counts.aclose()
    await store.aclose()


def kept(server) -> dict[str, str]:
    return dict(line.partition(" ")[::2] for line in dump(server).splitlines())


def row_of(key: str) -> str:
    rows: list[str] = [row for row in ROWS if fnmatchcase(key, row.replace("[", "[[]"))]
    assert len(rows) == 1, f"{key}: expected one row of the table in docs/data-protection.md, got {rows}"
    return rows[0]


async def test_every_key_has_its_row_and_every_row_a_key(empty_redis):
    await fill(empty_redis.url)
    assert {row_of(key) for key in kept(empty_redis)} == set(ROWS)


async def test_what_is_said_to_be_encrypted_is_and_what_is_not_is_said(empty_redis):
    await fill(empty_redis.url)
    personal = {row_of(key) for key, value in kept(empty_redis).items() if any(sign in value for sign in SIGNS)}
    assert personal | {SECRET} == {row for row, told in ROWS.items() if told != "nothing in it"}
    empty_redis.command("FLUSHALL")
    await fill(empty_redis.url, NEW)
    readable = {row_of(key) for key, value in kept(empty_redis).items() if any(sign in value for sign in SIGNS)}
    assert readable == {row for row, told in ROWS.items() if told == "no"}
    assert kept(empty_redis)[SECRET].startswith("fernet:")
