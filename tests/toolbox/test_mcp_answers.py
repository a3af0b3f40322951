"""What MCP servers answer that they should not: the model is told, and the connection serves on."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import asynccontextmanager

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from structlog.testing import capture_logs

from phoneagent.errors import ToolError
from phoneagent.records import McpServer
from phoneagent.simulator.local_server import LocalServer

from .mcp_clients import run, tools
from .mcp_older import LOOK_UP, OlderServer, result


@asynccontextmanager
async def connected(server, **more):
    async with LocalServer(server.app) as running, tools(McpServer(f"{running.url}/mcp", **more)) as found:
        yield found


def texts(*values):
    return [{"type": "text", "text": value} for value in values]


def packed(identity):
    body = json.dumps({"jsonrpc": "2.0", "id": identity, "result": {"content": []}}).encode()
    return Response(body, headers={"content-type": "application/json", "content-encoding": "gzip"})


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda _: HTMLResponse("<h1>Maintenance</h1>"), "look_up: Unexpected content type: text/html"),
        (lambda _: Response("{oops", media_type="application/json"), "look_up: the answer is not by the protocol."),
        (lambda _: PlainTextResponse("", 500), "look_up: Server returned an error response."),
        (lambda _: RedirectResponse("http://169.254.169.254/"), "look_up: Redirect to http://169.254.169.254/ not"),
        (lambda i: result(i, {"content": "none"}), "look_up: the answer is not by the protocol."),
        (
            lambda i: result(i, {"content": texts("x" * 10_000_000)}),
            "look_up: the answer is larger than 1,048,576 bytes",
        ),
        (packed, "look_up: the answer is not by the protocol."),
        (lambda i: result(i, {"content": texts("closed"), "isError": True}), "closed"),
        (lambda i: result(i, {"content": [], "isError": True}), "look_up failed."),
    ],
)
async def test_answers_that_are_none(answer, told):
    server = OlderServer(answer=answer)
    async with connected(server) as found:
        with pytest.raises(ToolError) as error:
            await run(found, "look_up", what="tea")
        assert str(error.value).startswith(told)
        server.answer = OlderServer().answer
        assert await run(found, "look_up", what="tea") == "found"
    assert server.called == 2


async def test_what_is_no_text_is_named():
    picture = {"type": "image", "data": "iVBORw==", "mimeType": "image/png"}
    sound = {"type": "audio", "data": "UklGRg==", "mimeType": "audio/wav"}
    note = {"type": "resource", "resource": {"uri": "note://1", "text": "a note"}}
    server = OlderServer(answer=lambda i: result(i, {"content": [*texts("Here:"), picture, sound, note]}))
    async with connected(server) as found:
        assert (await run(found, "look_up", what="tea")).splitlines() == [
            "Here:",
            "[image, which cannot be told on the telephone]",
            "[audio, which cannot be told on the telephone]",
            "a note",
        ]


def written(identity: object, value: object) -> Response:
    """With escapes for all that is not ASCII, so that halves of pairs can be sent, too."""
    body = json.dumps({"jsonrpc": "2.0", "id": identity, "result": value})
    return Response(body, media_type="application/json")


def resource(mime: str, content: bytes) -> dict[str, object]:
    blob = {"uri": "file://1", "mimeType": mime, "blob": b64encode(content).decode()}
    return {"type": "resource", "resource": blob}


async def test_a_resource_of_bytes_that_are_text_is_read():
    parts = [
        resource("text/plain; charset=iso-8859-1", "Größe".encode("latin-1")),
        resource("text/plain", b"\x89PNG\r\n\x1a\n\0"),
        resource("application/pdf", b"%PDF"),
        *texts("a\x00b\x1b\ud83d\ude0a"),
    ]
    nothing = "[resource, which cannot be told on the telephone]"
    async with connected(OlderServer(answer=lambda i: written(i, {"content": parts}))) as found:
        assert await run(found, "look_up", what="tea") == f"Größe\n{nothing}\n{nothing}\nab\U0001f60a"


@pytest.mark.parametrize("content", [{"a": "\ud83d"}, {"a": ["\udfff"]}])
async def test_half_a_pair_is_an_error_and_the_connection_goes_on(content):
    server = OlderServer(answer=lambda i: written(i, {"content": [], "structuredContent": content}))
    async with connected(server) as found:
        with pytest.raises(ToolError, match="not by the protocol"):
            await run(found, "look_up", what="tea")
        server.answer = OlderServer().answer
        assert await run(found, "look_up", what="tea") == "found"


async def test_structured_content_is_told_as_json():
    server = OlderServer(answer=lambda i: result(i, {"content": texts("seven"), "structuredContent": {"number": 7}}))
    async with connected(server) as found:
        assert json.loads(await run(found, "look_up", what="tea")) == {"number": 7}


async def test_a_session_that_the_server_has_forgotten_is_begun_anew_within_the_call():
    server = OlderServer({**LOOK_UP, "annotations": {"readOnlyHint": False}})
    async with connected(server) as found:
        server.session = 2  # it was started anew
        assert await run(found, "look_up", what="tea") == "found"
    assert server.called == 1


async def test_descriptions_that_no_model_can_use_are_left_out():
    odd = [
        {**LOOK_UP, "name": "no.schema", "inputSchema": {"type": "object", "properties": {"a": {"type": "flat"}}}},
        {**LOOK_UP, "name": "look.up"},
    ]
    with capture_logs() as logs:
        async with connected(OlderServer(LOOK_UP, *odd)) as found:
            assert list(found.tools) == ["look_up"]
    left_out = {entry["tool"]: entry["problem"] for entry in logs if entry["event"] == "mcp_tool_left_out"}
    assert "'flat' is not valid" in left_out["no.schema"]
    assert left_out["look.up"] == "another is called look_up too"


async def test_a_list_that_is_none_is_told():
    async with connected(OlderServer({"name": "no_schema"})) as found:
        assert found.problem == "its list of tools is not by the protocol"
        assert found.tools == {}


async def test_schemas_do_not_lead_elsewhere():
    elsewhere = {"type": "object", "properties": {"what": {"$ref": "http://127.0.0.1:9/schema.json"}}}
    async with connected(OlderServer({**LOOK_UP, "inputSchema": elsewhere})) as found:
        with pytest.raises(ToolError, match=r"its schema refers to http://127\.0\.0\.1:9/schema\.json, which"):
            await run(found, "look_up", what="tea")


async def test_names_get_the_prefix_that_the_operator_wants():
    async with connected(OlderServer(), prefix="old_", safe=()) as found:
        assert await run(found, "old_look_up", what="tea") == "found"
        assert not found.tools["old_look_up"].spec.safe
