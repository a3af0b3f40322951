"""Tools that are HTTP requests: what is sent, what the model reads, and what is refused. Real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from phoneagent.errors import SettingsError, ToolError
from phoneagent.records import HttpRequest, ToolSpec
from phoneagent.simulator.local_server import LocalServer
from phoneagent.toolbox import Box
from phoneagent.toolbox.http import HttpTool

ANYTHING = {"type": "object"}
NO_SECRETS: dict[str, str] = {}
ORDER = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "express": {"type": "boolean"}},
    "required": ["number"],
    "additionalProperties": False,
}


@dataclass
class Shop:
    """Answers what it is told to, and remembers what it was asked."""

    url: str = ""
    answers: list[Response] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        self.asked.append(request)
        body = await request.body()
        self.bodies.append(json.loads(body) if body else None)
        return self.answers.pop(0) if self.answers else JSONResponse({"status": "sent", "items": [{"name": "tea"}]})


@asynccontextmanager
async def shop(*answers: Response) -> AsyncIterator[Shop]:
    it = Shop(answers=list(answers))
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app = Starlette(routes=[Route("/{path:path}", it.answer, methods=methods)])
    async with LocalServer(app) as server:
        it.url = server.url
        yield it


@asynccontextmanager
async def tool(url: str, method: str = "GET", *, schema: Any = None, env=None, **request) -> AsyncIterator[Box]:
    what = HttpRequest(method, url, private=True, **request)
    made = HttpTool(ToolSpec("order", "An order.", schema or ANYTHING, timeout=5.0, http=what), (env or NO_SECRETS).get)
    yield Box([made])
    await made.aclose()


async def run(box: Box, variables: dict[str, str] | None = None, **arguments: Any) -> str:
    return await box.run("order", json.dumps(arguments), call="CA1", variables=variables)


# -- what is sent -----------------------------------------------------------------------------------


async def test_arguments_and_the_calls_variables_stand_in_the_url():
    async with shop() as it, tool(f"{it.url}/{{tenant}}/orders/{{number}}", query={"x": "{express}"}) as box:
        await run(box, {"tenant": "acme", "number": "none of them"}, number="a/b?c#d ../é")
    assert it.asked[0].scope["raw_path"] == b"/acme/orders/a%2Fb%3Fc%23d%20..%2F%C3%A9"
    assert it.asked[0].url.query == ""  # nothing stands for {express}


@pytest.mark.parametrize("part", [".", ".."])
async def test_nobody_climbs_out_of_the_path(part):
    async with shop() as it, tool(f"{it.url}/orders/{{number}}/items") as box:
        await run(box, number=part)
    assert it.asked[0].scope["raw_path"].startswith(b"/orders/")


async def test_what_stands_nowhere_else_is_the_query_of_a_get():
    async with shop() as it, tool(f"{it.url}/orders/{{number}}") as box:
        await run(box, number="7", express=True, tags=["a", "b"], deep={"k": 1})
    assert it.asked[0].query_params.multi_items() == [
        ("express", "true"),
        ("tags", "a"),
        ("tags", "b"),
        ("deep", '{"k": 1}'),
    ]


async def test_what_stands_nowhere_else_is_the_body_of_a_post():
    async with shop() as it, tool(f"{it.url}/orders/{{number}}", "POST") as box:
        await run(box, number="7", express=True, people=4)
    assert it.bodies == [{"express": True, "people": 4}]


async def test_a_body_may_have_a_shape_of_its_own():
    body = {"order": {"id": "{number}", "who": "caller {caller_number}", "people": "{people}", "note": "{note}"}}
    async with shop() as it, tool(f"{it.url}/orders", "POST", body=body) as box:
        await run(box, {"caller_number": "+15005550100"}, number="7", people=4)
    assert it.bodies == [{"order": {"id": "7", "who": "caller +15005550100", "people": 4}}]


async def test_secrets_come_from_the_environment_and_from_nowhere_else():
    headers = {"Authorization": "Bearer ${TOKEN}", "X-Note": "{note}"}
    async with shop() as it, tool(it.url, headers=headers, env={"TOKEN": "{note} ä"[:6]}) as box:
        await run(box, note="${TOKEN}\r\nX-Evil: 1")
    sent = it.asked[0].headers
    assert sent["authorization"] == "Bearer {note}"
    assert "{note}" not in sent["x-note"]
    assert "x-evil" not in sent


def test_a_missing_secret_is_named():
    request = HttpRequest("GET", "https://example.com", headers={"Authorization": "Bearer ${SHOP_TOKEN}"})
    with pytest.raises(SettingsError, match="SHOP_TOKEN: expected a secret for the tool 'order'"):
        HttpTool(ToolSpec("order", "An order.", ANYTHING, http=request), NO_SECRETS.get)


async def test_arguments_are_checked_against_the_schema():
    async with shop() as it, tool(it.url, schema=ORDER) as box:
        with pytest.raises(ToolError, match="order: express: 'soon' is not of type 'boolean'"):
            await run(box, number="7", express="soon")
        with pytest.raises(ToolError, match="'number' is a required property"):
            await run(box)
    assert not it.asked


async def test_a_name_that_stands_for_nothing_is_told():
    async with shop() as it, tool(f"{it.url}/{{tenant}}") as box:
        with pytest.raises(ToolError, match="order: 'tenant' is not known: pass it, or ask for it"):
            await run(box)
    assert not it.asked


# -- what the model reads ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "expression", "read"),
    [
        (JSONResponse({"a": 1}), "", '{"a":1}'),
        (JSONResponse("sent"), "", "sent"),
        (JSONResponse({"data": {"state": "sent", "x": 1}}), "data.{status: state}", '{"status": "sent"}'),
        (JSONResponse({"items": [{"n": "tea"}, {"n": "jam"}]}), "items[].n", '["tea", "jam"]'),
        (JSONResponse({"a": 1}), "b.c", "null"),
        (PlainTextResponse("It is on its way."), "", "It is on its way."),
        (Response(status_code=204), "", "Done."),
    ],
)
async def test_the_answer(answer, expression, read):
    async with shop(answer) as it, tool(it.url, result=expression) as box:
        assert await run(box) == read


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (HTMLResponse("<html>Sign in</html>"), "order: expected JSON, but the answer is text/html."),
        (Response(b'{"a": ', media_type="application/json"), "order: expected JSON, but the answer is something else."),
        (Response(b"[" * 100_000, media_type="application/json"), "expected JSON, but the answer is something else"),
        (Response(b"\xff\xfe\x00", media_type="image/png"), "order: expected JSON, but the answer is image/png."),
        (PlainTextResponse("no such order", status_code=404), "order: HTTP 404: no such order."),
        (HTMLResponse("<h1>oops</h1>", status_code=500), "order: HTTP 500."),
        (
            Response(b"x" * 2_000_000, media_type="application/json"),
            "order: the answer is larger than 1,000,000 bytes.",
        ),
    ],
    ids=["html", "cut", "nested", "picture", "404", "500", "10MB"],
)
async def test_an_answer_that_is_none_is_told_to_the_model_and_to_the_operator(answer, problem):
    async with shop(answer) as it, tool(it.url) as box:
        with capture_logs() as logs, pytest.raises(ToolError) as caught:
            await run(box)
    assert problem in str(caught.value)
    assert [entry["tool"] for entry in logs if entry["log_level"] == "warning"] == ["order"]


async def test_a_long_result_is_cut_and_says_so():
    async with shop(JSONResponse(["tea"] * 100_000)) as it, tool(it.url) as box:
        read = await run(box)
    assert len(read) < 20_200
    assert read.endswith("… [cut: these are the first 20,000 of 600,001 characters]")


def typed(body: bytes, kind: str) -> Response:
    return Response(body, headers={"content-type": kind})


@pytest.mark.parametrize(
    ("body", "kind", "read"),
    [
        ("Größe".encode("latin-1"), "text/plain; charset=iso-8859-1", "Größe"),
        ("Größe".encode("latin-1"), 'text/plain; format=flowed; Charset="ISO-8859-1"', "Größe"),
        ("Größe".encode(), "text/plain; charset=iso-8859-1", "Größe"),
        ("“3 €”".encode("cp1252"), "text/plain; charset=latin1", "“3 €”"),
        ("Größe".encode("latin-1"), "text/plain", "Größe"),
        ("Größe".encode("latin-1"), "text/plain; charset=utf-8", "Größe"),
        ("Größe".encode(), "text/plain; charset=utf8mb4", "Größe"),
        ("Größe".encode("latin-1"), "text/plain; charset=none", "Größe"),
        ("Größe".encode(), "text/plain; charset=hex", "Größe"),
        ("Größe".encode(), "text/plain; charset=", "Größe"),
        ("Größe".encode(), "text/plain; charset=\xff", "Größe"),
        ("Größe".encode("utf-8-sig"), "text/plain", "Größe"),
        ("Größe".encode("utf-16"), "text/plain", "Größe"),
        ("Größe".encode("utf-16-be"), "text/plain", "Größe"),
        ("Größe".encode("utf-16-le"), "text/plain; charset=utf-16le", "Größe"),
        (b"ready", "text/plain; charset=utf-16", "ready"),
        ("Привет".encode("koi8-r"), "text/plain; charset=koi8-r", "Привет"),
        ("東京です".encode("shift_jis"), "text/plain; charset=Shift_JIS", "東京です"),
        (b"a;b\n1;2", "text/csv", "a;b\n1;2"),
        (b"ready\x00\x1b[0m now".replace(b"\0", b""), "text/plain", "ready[0m now"),
        ('{"a":"é"}'.encode("utf-8-sig"), "application/json", '{"a":"é"}'),
        ('{"a":"é"}'.encode("utf-16"), "application/json", '{"a":"é"}'),
        ('{"a":"é"}'.encode("latin-1"), "application/json; charset=iso-8859-1", '{"a":"é"}'),
        (b'{"a":1,"a":2}', "application/json", '{"a":1,"a":2}'),
        (b'{"a":NaN}', "application/json", '{"a":NaN}'),
        (b'"half \\ud83d a pair\\u0000"', "application/json", "half  a pair"),
    ],
)
async def test_text_is_read_in_the_encoding_that_it_has(body, kind, read):
    async with shop(typed(body, kind)) as it, tool(it.url) as box:
        assert await run(box) == read


@pytest.mark.parametrize("kind", ["text/plain", "text/plain; charset=utf-8", "application/octet-stream", ""])
async def test_a_picture_that_calls_itself_text_is_none(kind):
    async with shop(typed(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", kind)) as it, tool(it.url) as box:
        with pytest.raises(ToolError, match="expected JSON, but the answer is"):
            await run(box)


# -- where it may go --------------------------------------------------------------------------------


async def test_a_redirect_to_the_clouds_metadata_is_refused():
    to = RedirectResponse("http://169.254.169.254/latest/meta-data/")
    async with shop(to) as it, tool(it.url) as box:
        with pytest.raises(ToolError, match=r"169\.254\.169\.254 is not among the allowed hosts"):
            await run(box)


async def test_private_addresses_are_refused_unless_they_are_meant():
    spec = ToolSpec("order", "An order.", ANYTHING, http=HttpRequest("GET", "https://127.0.0.1:1/"))
    made = HttpTool(spec, NO_SECRETS.get)
    with pytest.raises(ToolError, match=r"order: 127\.0\.0\.1 leads to the private address 127\.0\.0\.1"):
        await Box([made]).run("order", "{}", call="CA1")
    await made.aclose()


async def test_a_change_is_not_sent_on_by_a_redirect():
    async with shop(RedirectResponse("/elsewhere")) as it, tool(it.url, "POST") as box:
        with pytest.raises(ToolError, match=r"order: HTTP 307 \(it leads to /elsewhere\)"):
            await run(box)
    assert len(it.asked) == 1


# -- once more --------------------------------------------------------------------------------------


def busy(status: int = 503, *, wait: str = "") -> Response:
    return Response(status_code=status, headers={"retry-after": wait} if wait else {})


async def test_a_busy_server_is_asked_again_where_that_changes_nothing():
    async with shop(busy(), busy(429)) as it, tool(it.url) as box:
        assert "sent" in await run(box)
    assert len(it.asked) == 3


async def test_a_change_is_made_once():
    async with shop(busy()) as it, tool(it.url, "POST") as box:
        with pytest.raises(ToolError, match="HTTP 503"):
            await run(box)
    assert len(it.asked) == 1


async def test_a_change_with_a_key_is_asked_for_again_with_the_same_key():
    async with shop(busy(), busy()) as it, tool(it.url, "POST", idempotent=True) as box:
        await run(box, people=4)
        await run(box, people=4)
    keys = [request.headers["idempotency-key"] for request in it.asked]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert it.bodies == [{"people": 4}] * 4


@pytest.mark.parametrize("wait", ["²", "Fri, 31 Dec 99999999999999999999 23:59:59 GMT"])
async def test_a_time_to_wait_that_nobody_can_read_is_left_out(wait):
    async with shop(busy(wait=wait)) as it, tool(it.url) as box:
        assert "sent" in await run(box)


async def test_a_server_that_asks_for_time_gets_it_within_the_tools():
    loop = asyncio.get_running_loop()
    async with shop(busy(wait="3")) as it, tool(it.url) as box:
        began = loop.time()
        await run(box)
        assert loop.time() - began == pytest.approx(3.0, abs=0.5)
        it.answers.append(busy(wait="60"))
        with pytest.raises(ToolError, match="order did not answer within 5 seconds"):
            await run(box)


async def test_a_server_that_is_away_is_told():
    async with shop() as it:
        url = it.url
    async with tool(url) as box:
        with pytest.raises(ToolError, match=r"order could not be reached \(ConnectError\)"):
            await run(box)
