"""`phoneagent call`: what it asks a server for, what it shows, and how it ends."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from phoneagent.cli.call import Errand, JsonScreen, TextScreen
from phoneagent.cli.rest import PAUSE, TRIES, Refused, ServerAway
from phoneagent.errors import SettingsError
from phoneagent.private import Private
from phoneagent.records import CallRecord
from phoneagent.rehearsal import API_KEY
from phoneagent.simulator.local_server import LocalServer
from tests.web.api.ordering import ordering

TO = "+15005550100"
CALL = "CA" + "1" * 32


class Shown:
    """A screen that remembers."""

    def __init__(self):
        self.lines: list[str] = []

    def status(self, call):
        self.lines.append(call["status"])

    def turn(self, turn):
        self.lines.append(f"{turn['role']}: {turn['text']}")

    def close(self):
        pass


def errand(rest, **changes):
    return Errand(**{"url": rest.url, "key": API_KEY, "order": {"to": TO}} | changes)


async def only_order(store):
    (order,) = (await store.orders.page()).orders
    return order


def spoken(text):
    return {"reply": 1, "kind": "answer", "caller": "", "agent": text, "interrupted": False, "latency": {}}


async def carried_out(store, *statuses):
    """Somebody dials: the order goes through these, three seconds each."""
    await asyncio.sleep(3.0)
    order = await only_order(store)
    for status in statuses:
        await store.orders.change(order.id, status=status)
        await asyncio.sleep(3.0)


async def test_a_call_is_watched_from_the_wish_to_its_end():
    shown = Shown()
    async with ordering() as (rest, store):
        watching = asyncio.create_task(errand(rest).run(shown))
        await carried_out(store, "dialling", "ringing")
        order = await only_order(store)
        await store.orders.change(order.id, status="in-progress", call=CALL)
        await store.create_call(CallRecord(CALL, "front-desk", "outbound", Private(TO), Private(TO), order=order.id))
        rest.told.tell(CALL, 0.0, "call_started", {"agent": "front-desk", "resumed": False, "order": order.id})
        rest.told.tell(CALL, 1.0, "turn_ended", spoken("Good evening."))
        await asyncio.sleep(1.0)
        assert shown.lines[-1] == "agent: Good evening.", "it is shown when it is said"
        rest.told.tell(CALL, 2.0, "caller_turn", {"text": "Hello, a table for two."})
        await store.orders.change(order.id, status="completed")
        await asyncio.sleep(1.0)
        rest.told.tell(CALL, 3.0, "turn_ended", spoken("Goodbye."))
        rest.told.tell(CALL, 3.0, "call_left", {"reason": "agent"})
        status = await watching
    assert status == "completed"
    assert shown.lines == [
        *("queued", "dialling", "ringing", "in-progress"),
        "agent: Good evening.",
        "caller: Hello, a table for two.",
        "agent: Goodbye.",
        "completed",
    ]


@pytest.mark.parametrize("last", ["busy", "no-answer", "failed", "canceled"])
async def test_a_call_that_does_not_come_about_is_over_too(last):
    shown = Shown()
    async with ordering() as (rest, store):
        watching = asyncio.create_task(errand(rest).run(shown))
        await carried_out(store, "ringing", last)
        assert await watching == last
    assert shown.lines == ["queued", "ringing", last]


async def test_who_does_not_wait_learns_that_it_was_taken():
    shown = Shown()
    async with ordering() as (rest, _):
        assert await errand(rest, wait=False).run(shown) == "queued"
    assert shown.lines == ["queued"]


async def test_what_is_wrong_is_said_in_the_servers_words():
    async with ordering() as (rest, store):
        with pytest.raises(SettingsError, match=r"^agent: expected one of front-desk$"):
            await errand(rest, order={"to": TO, "agent": "sales"}).run(Shown())
        with pytest.raises(SettingsError, match="PHONEAGENT_API_KEYS"):
            await errand(rest, key="").run(Shown())
        assert (await store.orders.page()).orders == ()


async def test_a_given_key_places_one_call_however_often():
    async with ordering() as (rest, store):
        for _ in range(3):
            await errand(rest, wait=False, idempotency_key="k1").run(Shown())
        await only_order(store)


class Flaky:
    """A server whose answer to the first requests is lost."""

    def __init__(self, lost):
        self.keys: list[str] = []
        self._lost = lost
        self.app = Starlette(routes=[Route("/v1/calls", self._calls, methods=["POST"])])

    async def _calls(self, request):
        self.keys.append(request.headers["idempotency-key"])
        if len(self.keys) <= self._lost:
            return PlainTextResponse("bad gateway", 502)
        return PlainTextResponse('{"id": "PC1", "status": "queued"}')


async def test_a_request_that_was_not_answered_is_repeated_as_the_same():
    flaky = Flaky(lost=2)
    async with LocalServer(flaky.app) as server:
        await Errand(server.url, API_KEY, {"to": TO}, wait=False).run(Shown())
    assert len(flaky.keys) == 3
    assert len(set(flaky.keys)) == 1


async def test_a_proxy_without_anybody_behind_it_is_not_asked_forever():
    flaky = Flaky(lost=100)
    async with LocalServer(flaky.app) as server:
        with pytest.raises(ServerAway, match="502"):
            await Errand(server.url, API_KEY, {"to": TO}).run(Shown())
    assert len(flaky.keys) == TRIES


async def test_nobody_is_there():
    before = asyncio.get_running_loop().time()
    with pytest.raises(ServerAway, match="phoneagent serve"):
        await Errand("http://127.0.0.1:9", API_KEY, {"to": TO}).run(Shown())
    assert asyncio.get_running_loop().time() - before == pytest.approx((TRIES - 1) * PAUSE, abs=0.5)


async def test_a_server_that_places_no_calls_says_no():
    async with LocalServer(Starlette()) as server:
        with pytest.raises((Refused, ServerAway)):
            await Errand(server.url, API_KEY, {"to": TO}).run(Shown())


# -- what is printed, and the command line -----------------------------------------------------------

OVER = {"id": "PC1", "status": "completed", "ended_reason": "agent"}
TURN = {"role": "agent", "text": "We open at —", "interrupted": True}


def test_lines_for_a_pipe(capsys):
    screen = TextScreen()
    screen.status({"id": "PC1", "status": "queued", "ended_reason": ""})
    screen.turn({"role": "agent", "text": "We open", "interrupted": True})
    screen.status(OVER)
    assert capsys.readouterr().out == "(PC1: queued)\nagent: We open —\n(PC1: completed, agent)\n"


def test_lines_for_a_program(capsys):
    screen = JsonScreen()
    screen.status(OVER)
    screen.turn(TURN)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"event": "status", "call": OVER}, {"event": "turn", "turn": TURN}]


@pytest.fixture
def asked(monkeypatch):
    """Errands that the command line makes; none is run. Assign `status` to say how the call ends."""

    class Asked(list[Errand]):
        status = "completed"

    made = Asked()

    async def run(self, screen):
        made.append(self)
        return made.status

    monkeypatch.setattr(Errand, "run", run)
    return made


@pytest.mark.parametrize(
    ("options", "machine", "message"),
    [
        (["--on-machine", "hang_up"], "hang_up", None),
        (["--machine-detection", "voicemail"], "voicemail", None),
        (["--voicemail", "Call us."], "voicemail", "Call us."),
    ],
)
def test_what_a_machine_gets(phoneagent, asked, options, machine, message):
    assert phoneagent("call", TO, *options, "--no-wait", PHONEAGENT_API_KEYS="k").exit_code == 0
    (wish,) = asked
    assert (wish.order["machine_detection"], wish.order.get("voicemail_message")) == (machine, message)


def test_options_become_the_wish(phoneagent, asked):
    result = phoneagent(
        *("call", TO, "--agent", "reminder", "--var", "name=Ana", "--var", "what=a=b", "--metadata", "case=17"),
        *("--from", "+15005550007", "--ring-timeout", "20", "--not-before", "2030-01-31T09:00:00+0100"),
        *("--idempotency-key", "k1", "--no-wait"),
        PHONEAGENT_API_KEYS="first,second",
        PHONEAGENT_PORT="9000",
    )
    assert result.exit_code == 0
    (wish,) = asked
    assert wish.order == {
        "to": TO,
        "from": "+15005550007",
        "agent": "reminder",
        "variables": {"name": "Ana", "what": "a=b"},
        "metadata": {"case": "17"},
        "ring_timeout": 20,
        "not_before": "2030-01-31T09:00:00+01:00",
    }
    assert (wish.url, wish.key, wish.idempotency_key, wish.wait) == ("http://127.0.0.1:9000", "first", "k1", False)


def test_a_server_on_every_address_is_reached_on_this_machine(phoneagent, asked):
    phoneagent("call", TO, PHONEAGENT_HOST="0.0.0.0")  # noqa: S104  # nothing listens: it is asked
    phoneagent("call", TO, "--server", "https://voice.example.com")
    assert [wish.url for wish in asked] == ["http://127.0.0.1:8080", "https://voice.example.com"]


@pytest.mark.parametrize(
    ("status", "exit_code"), [("completed", 0), ("busy", 1), ("no-answer", 1), ("failed", 1), ("canceled", 1)]
)
def test_how_the_call_ended_is_the_exit_status(phoneagent, asked, status, exit_code):
    asked.status = status
    assert phoneagent("call", TO).exit_code == exit_code


@pytest.mark.parametrize(
    "wrong", [("--var", "name"), ("--var", "=x"), ("--var", "a=1", "--var", "a=2"), ("--not-before", "soon"), ("--x",)]
)
def test_bad_usage_asks_for_nothing(phoneagent, asked, wrong):
    result = phoneagent("call", TO, *wrong)
    assert result.exit_code == 2
    assert asked == []


def test_a_wish_that_the_server_refuses_is_bad_usage(phoneagent, monkeypatch):
    async def run(self, screen):
        raise SettingsError("to: expected a number that exists")

    monkeypatch.setattr(Errand, "run", run)
    result = phoneagent("call", "+1")
    assert result.exit_code == 2
    assert result.stderr == "to: expected a number that exists\n"
