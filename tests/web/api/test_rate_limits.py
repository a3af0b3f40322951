"""How often may be asked, and how it is said."""

from __future__ import annotations

import re

from tests.calls.world import world

from .client import KEY, client

OTHER = {"Authorization": "Bearer wrong"}


async def test_each_answer_says_what_is_left_and_a_429_when_to_come_again():
    async with world(rate_limit="3/minute") as (running, _), client(running.url) as rest:
        first = await rest.get("/v1/agents")
        missing = await rest.get("/v1/calls/CA0")
        await rest.get("/v1/agents")
        refused = await rest.get("/v1/agents")
        document = await rest.get("/openapi.json", headers={})
    assert first.headers["RateLimit-Policy"] == '"key";q=3;w=60'
    assert re.fullmatch('"key";r=2;t=[0-9]+', first.headers["RateLimit"])
    assert missing.status == 404
    assert missing.headers["RateLimit"].startswith('"key";r=1;')
    assert refused.status == 429
    assert refused.problem["type"] == "urn:problem-type:phoneagent:rate-limited"
    assert refused.headers["RateLimit"].startswith('"key";r=0;')
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert document.status == 200


async def test_who_has_no_key_is_counted_by_address_and_keeps_nobody_else_out():
    async with world(rate_limit="3/minute") as (running, _), client(running.url) as rest:
        strangers = [await rest.get("/v1/agents", headers=headers) for headers in ({}, OTHER, {}, OTHER)]
        known = await rest.get("/v1/agents", headers=KEY)
    assert [answer.status for answer in strangers] == [401, 401, 401, 429]
    assert strangers[0].headers["RateLimit-Policy"] == '"address";q=3;w=60'
    assert known.status == 200
