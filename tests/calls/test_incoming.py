"""Calls that come in while the operator's own system is asked what is to be done with them; at the ear."""

from __future__ import annotations

import asyncio
import gzip
import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from starlette.responses import RedirectResponse, Response

from phoneagent.deliveries import Incoming, Webhook
from phoneagent.private import Private
from phoneagent.simulator.caller import AgentFinished, CallerScript, HangUp
from phoneagent.simulator.carrier import AGENT_NUMBER, CALLER_NUMBER
from tests.calls.world import agent, world
from tests.redis_server import free_port
from tests.web.api.client import client
from tests.webhooks.receiver import ANOTHER, SECRET, receiving

DESK = "Front desk, good evening."
BILLING = "Billing, hello {name}."
LISTENS = CallerScript(HangUp(after=AgentFinished(0.5)))


def says(answer, status=200, media_type="application/json"):
    return Response(answer if isinstance(answer, str) else json.dumps(answer), status, media_type=media_type)


def packs(answer, encoding):
    return Response(gzip.compress(json.dumps(answer).encode()), 200, {"Content-Encoding": encoding}, "application/json")


def desk(url, *, secret=SECRET, within=1.0, private=True):
    made = agent(incoming=Incoming(Webhook(url, (Private(secret),), private=private), within))
    return replace(made, phrasing=replace(made.phrasing, greeting=DESK))


def billing():
    made = agent(name="billing")
    return replace(made, phrasing=replace(made.phrasing, greeting=BILLING))


@asynccontextmanager
async def office(first, **options):
    async with world({"front-desk": first, "billing": billing()}, **options) as (running, told):
        yield running, told


async def called(running, told, **options):
    """Have a caller listen to the greeting. Returns what was said, and how long it rang."""
    call = running.carrier.dial(running.voice_url, caller=LISTENS, **options)
    began = asyncio.get_running_loop().time()
    await told.until(lambda: bool(told.of("call_started")))
    rang = asyncio.get_running_loop().time() - began
    await told.until(lambda: bool(told.of("call_left")))
    (turn,) = told.of("turn_ended")
    return call, turn["agent"], rang


async def test_it_chooses_the_agent_and_what_the_agent_knows():
    answer = says({"agent": "billing", "variables": {"name": "Ana"}, "metadata": {"customer": "17"}})
    async with receiving(answer) as receiver, office(desk(receiver.url)) as (running, told):
        call, greeting, _ = await called(running, told, parameters={"CallerName": "ANA M"})
        async with client(running.url) as rest:
            shown = (await rest.get(f"/v1/calls/{call.sid}")).json
    assert greeting == "Billing, hello Ana."
    assert (shown["agent"], shown["metadata"], shown["variables"]) == ("billing", {"customer": "17"}, {"name": "Ana"})
    (question,) = receiver.messages
    assert question["type"] == "call.incoming"
    data = question["data"]
    assert data["call"] == {
        "id": call.sid,
        "carrier_id": call.sid,
        "direction": "inbound",
        "agent": "front-desk",
        "from": CALLER_NUMBER,
        "to": AGENT_NUMBER,
    }
    assert data["caller_name"] == "ANA M"
    assert data["caller_country"] == "US"
    assert data["agents"] == ["front-desk", "billing"]


@pytest.mark.parametrize("answer", [Response(status_code=204), says({})])
async def test_it_may_have_nothing_to_say(answer):
    async with receiving(answer) as receiver, office(desk(receiver.url)) as (running, told):
        _, greeting, _ = await called(running, told)
    assert greeting == DESK
    assert not told.of("incoming_undecided")


@pytest.mark.parametrize(
    ("answer", "verb", "status"),
    [
        ({"refuse": "busy"}, '<Reject reason="busy"', "busy"),
        ({"refuse": "reject"}, '<Reject reason="rejected"', "no-answer"),
        ({"refuse": "reject", "say": "We are closed today."}, "We are closed today.</Say>", "completed"),
        ({"refuse": "busy", "reason": "spam"}, '<Reject reason="busy"', "busy"),
        ({"refuse": "busy", "score": 0.93, "variables": {"tags": ["a"]}}, '<Reject reason="busy"', "busy"),
        ({"refuse": " BUSY", "agent": "nobody", "metadata": 7}, '<Reject reason="busy"', "busy"),
    ],
)
async def test_it_may_refuse_the_call(answer, verb, status):
    async with receiving(says(answer)) as receiver, office(desk(receiver.url)) as (running, told):
        call = running.carrier.dial(running.voice_url, caller=LISTENS)
        await call.ended
        await told.until(lambda: bool(told.of("call_turned_away")))
        async with client(running.url) as rest:
            shown = (await rest.get(f"/v1/calls/{call.sid}")).json
    assert call.status == status
    assert verb in call.documents[0]
    assert (shown["status"], shown["ended_reason"]) == (status, "refused")
    assert not told.of("call_started")


BAD = [
    (says("<html>Hello</html>", media_type="text/html"), "expected application/json, got text/html"),
    (says("<html>"), "expected a JSON object"),
    (says([]), "expected a JSON object"),
    (says({"agent": "sales"}), "agent: expected one of front-desk, billing, got 'sales'"),
    (says({"agent": "billing"}), "variables: expected name, of which agent 'billing' speaks"),
    (says({"variables": {"name": ["Ana"]}}), "variables.name"),
    (says({"refuse": "maybe"}), "refuse: Input should be 'busy' or 'reject'"),
    (says({"say": "Hello."}), "say: expected refuse beside it"),
    (says({"metadata": {"a": "x" * 20_000}}), "expected less than 16384 bytes"),
    (packs({"agent": "billing"}, "gzip"), "expected an answer as it is, got one in gzip"),
    (packs({}, "identity, GZip"), "expected an answer as it is, got one in"),
    (says({}, 500), "got 500"),
    (RedirectResponse("http://169.254.169.254/latest/meta-data"), "a redirect, which is not followed"),
    (None, "no answer within 1 s"),
    (3.0, "no answer within 1 s"),
]


async def test_whatever_goes_wrong_the_call_goes_on(capsys):
    async with receiving() as receiver, office(desk(receiver.url)) as (running, told), client(running.url) as rest:
        for answer, problem in BAD:
            receiver.answers = [answer]
            told.facts.clear()
            call, greeting, rang = await called(running, told)
            events = (await rest.get(f"/v1/calls/{call.sid}/events")).text
            assert greeting == DESK, problem
            assert rang < 2.0, problem
            (undecided,) = told.of("incoming_undecided")
            assert problem in undecided["problem"]
            assert "event: incoming_undecided" in events
            assert "incoming_undecided" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (lambda: desk("https://169.254.169.254/", private=False), "leads to the private address 169.254.169.254"),
        (lambda: desk(f"http://127.0.0.1:{free_port()}/"), "failed"),
        (lambda: desk("https://no.such.name.invalid/"), "was not found"),
    ],
)
async def test_who_cannot_be_asked_is_not_waited_for(made, problem):
    async with office(made()) as (running, told):
        _, greeting, _ = await called(running, told)
    assert greeting == DESK
    (undecided,) = told.of("incoming_undecided")
    assert problem in undecided["problem"]


async def test_a_receiver_with_another_secret_refuses_the_question():
    async with (
        receiving(says({"refuse": "busy"}), secret=ANOTHER) as receiver,
        office(desk(receiver.url)) as (
            running,
            told,
        ),
    ):
        _, greeting, _ = await called(running, told)
    assert (greeting, receiver.refused) == (DESK, 1)


async def test_calls_about_which_somebody_is_asked_take_up_room():
    async with receiving(0.9) as receiver, office(desk(receiver.url), max_calls=1) as (running, told):
        first = running.carrier.dial(running.voice_url, caller=LISTENS)
        await receiver.until(lambda: receiver.attempts)
        second = running.carrier.dial(running.voice_url, caller=LISTENS)
        await second.ended
        await first.ended
    assert "all our lines are busy" in second.documents[0]
    assert len(told.of("call_started")) == 1
