"""Whatever strangers send that the carrier has signed, or that has a key: an answer, and never a defect of ours."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phoneagent.agent_file import parse_agent
from phoneagent.errors import SettingsError
from phoneagent.simulator.carrier import ACCOUNT_SID
from phoneagent.simulator.fast_forward import FastForwardLoop
from tests.calls.world import world

from .api.client import client

CALL = "CA" + "1" * 32
PATHS = (
    "/twilio/voice", "/twilio/continue", "/twilio/status", "/twilio/amd", "/twilio/hold", "/twilio/target",
    "/twilio/target/status", "/twilio/queue/support", "/twilio/continue/7",
)  # fmt: skip
FIELDS = (
    "CallSid", "From", "To", "Direction", "CallStatus", "DialCallStatus", "QueueResult", "AnsweredBy", "Digits",
    "SipResponseCode", "CallDuration", "QueuePosition", "AccountSid",
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            CALL,
            ACCOUNT_SID,
            "in-progress",
            "completed",
            "busy",
            "bridged",
            "hangup",
            "1",
            "-1",
            "9" * 30,
            "machine_start",
        ]
    ),
)
QUERIES = st.dictionaries(st.sampled_from(["agent", "order", "again", "call", "silent"]), VALUES, max_size=3)
REQUESTS = st.tuples(st.sampled_from(PATHS), QUERIES, st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8))
NEW_CALL = {"CallSid": CALL, "From": "+15550001111", "To": "+15552223333", "Direction": "inbound"}
ACTIONS = ("", "/events", "/transcript", "/cancel", "/say", "/instruct", "/transfer", "/dtmf", "/hangup", "/mute")
WISHES = st.tuples(
    st.sampled_from(ACTIONS),
    st.one_of(st.just(CALL), st.text(min_size=1, max_size=40)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["text", "digits", "by", "target", "to", "reply"]), inner, max_size=4)
        ),
        max_leaves=6,
    ),
)
FEW = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


def run(work):
    with asyncio.Runner(loop_factory=FastForwardLoop) as runner:
        runner.run(work)


def writable(form):
    """Half a surrogate pair is no text that a form could hold."""
    return {name: value.encode(errors="replace").decode() for name, value in form.items()}


@FEW
@given(st.lists(REQUESTS, min_size=60, max_size=60))
def test_what_the_carrier_may_say(requests):
    async def ask():
        async with world() as (running, _):
            for path, query, form in requests:
                pairs = "&".join(f"{name}={quote(value.encode(errors='replace'))}" for name, value in query.items())
                url = running.url + path + ("?" + pairs if pairs else "")
                answer = await running.carrier.request(url, writable(form))
                assert answer.status < 500, (url, form, answer.body)
            answer = await running.carrier.request(running.url + "/twilio/voice", NEW_CALL)
            assert answer.status == 200, "it still takes calls"

    run(ask())


@FEW
@given(st.lists(WISHES, min_size=60, max_size=60))
def test_what_whoever_has_a_key_may_want(wishes):
    async def ask():
        async with world() as (running, _), client(running.url) as rest:
            for action, call, body in wishes:
                path = f"/v1/calls/{quote(call.encode(errors='replace'), safe='')}{action}"
                reads = action in ("", "/events", "/transcript")
                answer = await (rest.get(path) if reads else rest.post(path, body))
                assert answer.status < 500 or answer.status == 503, (path, body, answer.text)

    run(ask())


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=200)
    | st.lists(
        st.sampled_from(
            [
                'name = "a"',
                "[llm]",
                "provider = 'openai'",
                "[transfer]",
                "boss = 1",
                "[[tools]]",
                "[dialogue]",
                "intents = [{}]",
                "[hours.office]",
                "open = ['mon']",
                "x = [[",
                "greeting = '{'",
                "[turn_taking]",
                "idle_after = nan",
                "\x00",
            ]
        ),
        max_size=8,
    ).map("\n".join)
)
def test_what_an_agent_file_may_hold(text):
    with suppress(SettingsError):  # the only one, and it names the line
        parse_agent(text, "a.toml")
