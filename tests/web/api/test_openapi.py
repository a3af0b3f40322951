"""What the interface says of itself: whole, true, and to be read without any other server."""

from __future__ import annotations

import re

import pytest
from openapi_pydantic import OpenAPI
from starlette.routing import Mount, Route

from tests.calls.world import world

from .client import client


@pytest.fixture
async def running():
    async with world() as (rehearsal, _):
        yield rehearsal


async def test_every_path_under_v1_is_described_with_its_methods(running):
    async with client(running.url) as rest:
        document = (await rest.get("/openapi.json", headers={})).json
    assert document["openapi"].startswith("3.1")
    OpenAPI.model_validate(document)
    (mounted,) = [route for route in running.app.routes if isinstance(route, Mount)]
    there = {
        ("/v1" + route.path, method.lower())
        for route in mounted.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    told = {(path, method) for path, item in document["paths"].items() for method in item if method != "parameters"}
    assert told == there
    assert len(told) > 12


async def test_the_document_tells_of_keys_headers_streams_and_problems(running):
    async with client(running.url) as rest:
        document = (await rest.get("/openapi.json", headers={})).json
    paths = document["paths"]
    assert document["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    place = paths["/v1/calls"]["post"]
    assert [parameter["name"] for parameter in place["parameters"]] == ["Idempotency-Key"]
    assert place["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/WantedCall"}
    assert {"201", "400", "401", "409", "413", "415", "422", "503"} <= place["responses"].keys()
    follow = paths["/v1/calls/{call}/events"]["get"]
    assert "text/event-stream" in follow["responses"]["200"]["content"]
    assert {parameter["name"] for parameter in follow["parameters"]} == {"after", "Last-Event-ID"}
    for item in paths.values():
        for operation in (value for method, value in item.items() if method != "parameters"):
            assert operation["summary"]
            for status, answer in operation["responses"].items():
                assert status < "400" or "application/problem+json" in answer["content"]
    call = document["components"]["schemas"]["CallView"]
    assert {"from", "to", "started_at"} <= set(call["required"]), "what is null is sent too"
    assert {"type": "string", "format": "date-time"} in call["properties"]["ended_at"]["anyOf"]


async def test_the_page_needs_no_other_server_and_no_scripts(running):
    async with client(running.url) as rest:
        answer = await rest.get("/docs", headers={})
        document = (await rest.get("/openapi.json", headers={})).json
    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert not re.search("https?://|<script|<link|<img", answer.text)
    for path in document["paths"]:
        assert f"<code>{path}</code>" in answer.text
    links = set(re.findall('href="#([^"]+)"', answer.text))
    assert links <= set(re.findall('id="([^"]+)"', answer.text))
