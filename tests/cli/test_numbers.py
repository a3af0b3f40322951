"""`phoneagent numbers`: the simulated carrier's numbers, shown, led here, and back. The program runs in a thread or a
process of its own, so time is real here.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from click.testing import CliRunner

from phoneagent.cli import main
from phoneagent.records import TransferTarget
from phoneagent.simulator.carrier import ACCOUNT_SID, AGENT_NUMBER, AUTH_TOKEN, Carrier, PhoneNumber
from phoneagent.simulator.incoming_numbers import Application
from tests.calls.world import AT_ONCE, world
from tests.calls.world import agent as front_desk
from tests.telephony.twilio.test_control import problem, serving

from .test_terminal import ESCAPE, Terminal

PUBLIC = "https://voice.example.com"
VOICE, STATUS = f"{PUBLIC}/twilio/voice", f"{PUBLIC}/twilio/status"
ELSEWHERE = "https://demo.example.net/welcome"
OLD_FLOW = Application("old flow", ELSEWHERE)
OURS = PhoneNumber(AGENT_NUMBER, VOICE, status_callback=STATUS)
FOREIGN = PhoneNumber(AGENT_NUMBER, ELSEWHERE)


@pytest.fixture
def anyio_backend():
    return "asyncio"


def settings_of(url, **more):
    return {
        "PHONEAGENT_PUBLIC_URL": PUBLIC,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "PHONEAGENT_TWILIO_API_URL": url,
        **more,
    }


async def run(env, *arguments):
    result = await asyncio.to_thread(CliRunner().invoke, main, ["numbers", *arguments], env=env, catch_exceptions=False)
    assert AUTH_TOKEN not in result.output
    assert "Traceback" not in result.output
    return result


async def told(env, *arguments, status=0):
    """What a command prints as JSON."""
    result = await run(env, *arguments, "--json")
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


async def refused(env, *arguments, status):
    """The one line of an error; nothing else is printed."""
    result = await run(env, *arguments)
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


@asynccontextmanager
async def account(*numbers, **more):
    async with Carrier(numbers=numbers, applications=[OLD_FLOW], **more) as carrier:
        yield carrier, settings_of(carrier.api_url)


@pytest.fixture
def terminal():
    opened = []

    def open_terminal(*arguments):
        opened.append(Terminal("numbers", *arguments))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()


# -- list -------------------------------------------------------------------------------------------


async def test_each_number_says_whether_it_leads_here():
    numbers = (
        PhoneNumber("+15005550001", f"{VOICE}?agent=night-shift", status_callback=STATUS, friendly_name="Night"),
        PhoneNumber("+15005550002", ELSEWHERE, "GET"),
        PhoneNumber("+15005550003"),
        PhoneNumber("+15005550004", VOICE, voice_application_sid=OLD_FLOW.sid),
        PhoneNumber("+15005550005", VOICE, trunk_sid="TK1"),
    )
    async with account(*numbers) as (_, env):
        found = await told(env, "list")
        assert json.loads((await run(env, "list")).stdout) == found, "what is no terminal is a program"
    assert {each["number"]: each["leads_here"] for each in found["numbers"]} == {
        "+15005550001": True,
        "+15005550002": False,
        "+15005550003": False,
        "+15005550004": False,
        "+15005550005": False,
    }
    assert (found["public_url"], found["more"]) == (PUBLIC, False)
    first, second, _, fourth, _ = found["numbers"]
    assert (first["name"], first["status_callback"]) == ("Night", STATUS)
    assert (second["voice_url"], second["voice_method"]) == (ELSEWHERE, "GET")
    assert (fourth["application"], fourth["application_url"]) == (OLD_FLOW.sid, ELSEWHERE)


async def test_a_long_list_is_read_to_its_end_or_says_that_there_is_more():
    async with account(*(PhoneNumber(f"+1500555{at:04}") for at in range(230))) as (_, env):
        assert len((await told(env, "list"))["numbers"]) == 230
        result = await run(env, "list", "--limit", "120")
    assert len(json.loads(result.stdout)["numbers"]) == 120
    assert json.loads(result.stdout)["more"]
    assert result.stderr == "There are more; --limit 240 shows so many.\n"


async def test_without_a_public_url_numbers_are_shown_all_the_same():
    async with account(OURS) as (_, env):
        result = await run(env | {"PHONEAGENT_PUBLIC_URL": ""}, "list")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["numbers"][0]["leads_here"] is None
    assert "PHONEAGENT_PUBLIC_URL is not set" in result.stderr


async def test_a_terminal_gets_a_table(terminal, monkeypatch):
    async with account(OURS, PhoneNumber("+15005550007", ELSEWHERE, "GET", friendly_name="Shop")) as (_, env):
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        shown = terminal("list")
        assert await asyncio.to_thread(shown.status) == 0
    rows = [re.split(r" {2,}", line.strip()) for line in ESCAPE.sub("", shown.seen).splitlines() if "+1500" in line]
    assert rows == [
        [AGENT_NUMBER, "yes", f"{VOICE} (POST)", f"{STATUS} (POST)"],
        ["+15005550007", "Shop", "no", f"{ELSEWHERE} (GET)", "not set"],
    ]


# -- link -------------------------------------------------------------------------------------------


async def test_a_linked_number_is_answered_by_the_server():
    async with world(latencies=AT_ONCE) as (running, _):
        env = settings_of(running.carrier.api_url, PHONEAGENT_PUBLIC_URL=running.url)
        result = await run(env, "link", AGENT_NUMBER, "--agent", "front-desk", "--yes")
        assert result.exit_code == 0
        linked = running.carrier.numbers[AGENT_NUMBER]
        assert linked.voice_url == f"{running.url}/twilio/voice?agent=front-desk"
        answer = await running.carrier.request(linked.voice_url)
    assert answer.status == 200
    assert b"<Stream" in answer.body


async def test_who_calls_a_number_of_a_queue_gets_the_next_caller_in_it():
    target = replace(front_desk(), transfer_targets={"support": TransferTarget("queue:support")})
    async with world(target, latencies=AT_ONCE) as (running, _):
        env = settings_of(running.carrier.api_url, PHONEAGENT_PUBLIC_URL=running.url)
        result = await told(env, "link", AGENT_NUMBER, "--queue", "support", "--yes")
        linked = running.carrier.numbers[AGENT_NUMBER]
        assert linked == PhoneNumber(AGENT_NUMBER, f"{running.url}/twilio/queue/support")
        answer = await running.carrier.request(linked.voice_url)
        assert result["after"]["leads_here"]
        assert (await run(env, "unlink", AGENT_NUMBER, "--yes")).exit_code == 0
        assert running.carrier.numbers[AGENT_NUMBER] == PhoneNumber(AGENT_NUMBER)
    assert b"<Queue>support</Queue>" in answer.body


async def test_a_number_of_a_queue_has_no_agent_and_the_queue_a_name_that_targets_can_have():
    async with account() as (_, env):
        line = await refused(env, "link", AGENT_NUMBER, "--queue", "support", "--agent", "front-desk", status=2)
        assert line.startswith("--agent, --queue: expected one of them")
        line = await refused(env, "link", AGENT_NUMBER, "--queue", "the support", status=2)
    assert line == "--queue: expected 1 to 64 letters, digits, - and _, as after queue:, not 'the support'"


async def test_what_was_there_is_shown_beside_what_will_be():
    before = PhoneNumber(AGENT_NUMBER, ELSEWHERE, "GET", voice_fallback_url=f"{ELSEWHERE}/2", friendly_name="Desk")
    async with account(before) as (_, env):
        result = await run(env, "link", AGENT_NUMBER, "--yes")
    assert result.stdout.splitlines() == [
        f"{AGENT_NUMBER} (Desk)",
        f"  voice webhook    {ELSEWHERE} (GET)",
        f"               →   {VOICE} (POST)",
        f"  fallback         {ELSEWHERE}/2 (POST)",
        "               →   not set",
        "  status callback  not set",
        f"               →   {STATUS} (POST)",
        f"{AGENT_NUMBER} leads here now.",
        "To put back what was there before:",
        (
            f"  phoneagent numbers unlink {AGENT_NUMBER} --restore-url {ELSEWHERE} --restore-method GET "
            f"--restore-fallback-url {ELSEWHERE}/2 --yes"
        ),
    ]


BEFORE = {
    "nothing": PhoneNumber(AGENT_NUMBER),
    "a webhook": FOREIGN,
    "a webhook by GET, a fallback and a callback": PhoneNumber(
        AGENT_NUMBER, ELSEWHERE, "GET", f"{ELSEWHERE}/status?a=1&b='2'", "GET", f"{ELSEWHERE}/fallback", "GET"
    ),
    "an application": PhoneNumber(AGENT_NUMBER, ELSEWHERE, voice_application_sid=OLD_FLOW.sid),
    "a trunk": PhoneNumber(AGENT_NUMBER, trunk_sid="TK1"),
    "a queue of ours": PhoneNumber(AGENT_NUMBER, f"{PUBLIC}/twilio/queue/support"),
    "another agent of ours": PhoneNumber(AGENT_NUMBER, f"{VOICE}?agent=day+shift", status_callback=STATUS),
    "our webhook without the callback": PhoneNumber(AGENT_NUMBER, f"{VOICE}?agent=b"),
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
async def test_the_printed_command_puts_everything_back(before):
    async with account(before) as (carrier, env):
        result = await told(env, "link", AGENT_NUMBER, "--agent", "night-shift", "--yes")
        assert result["changed"]
        assert not result["before"]["leads_here"] or "agent" in before.voice_url or "queue" in before.voice_url
        assert result["after"]["leads_here"]
        linked = PhoneNumber(AGENT_NUMBER, f"{VOICE}?agent=night-shift", status_callback=STATUS)
        assert carrier.numbers[AGENT_NUMBER] == linked
        program, group, *arguments = shlex.split(result["restore"])
        assert (program, group) == ("phoneagent", "numbers")
        restored = await run(env, *arguments)
        assert restored.exit_code == 0, restored.output
        assert carrier.numbers[AGENT_NUMBER] == before


async def test_unlinking_can_be_taken_back_too():
    async with account(OURS) as (carrier, env):
        result = await told(env, "unlink", AGENT_NUMBER, "--yes")
        assert result["restore"] == f"phoneagent numbers link {AGENT_NUMBER} --yes"
        await run(env, *shlex.split(result["restore"])[2:])
        assert carrier.numbers[AGENT_NUMBER] == OURS


async def test_an_application_that_is_in_the_way_is_named_before_it_goes():
    async with account(PhoneNumber(AGENT_NUMBER, voice_application_sid=OLD_FLOW.sid)) as (_, env):
        result = await run(env, "link", AGENT_NUMBER, "--yes")
    assert f"  application      {OLD_FLOW.sid}, which leads to {ELSEWHERE}\n" in result.stdout
    assert "The application overrides the voice webhook, so it is taken off the number" in result.stdout


async def test_linking_twice_changes_nothing_and_asks_nothing():
    async with account(OURS) as (_, env):
        result = await run(env, "link", AGENT_NUMBER)
        assert (result.exit_code, result.stdout) == (0, f"{AGENT_NUMBER} leads here already; nothing was changed.\n")
        assert (await told(env, "link", AGENT_NUMBER))["changed"] is False


async def test_without_a_terminal_nothing_is_changed_unasked():
    async with account(FOREIGN) as (carrier, env):
        result = await run(env, "link", AGENT_NUMBER)
        assert carrier.numbers[AGENT_NUMBER] == FOREIGN
    assert result.exit_code == 2
    assert f"→   {VOICE}" in result.stdout, "it shows what it would do"
    assert result.stderr == "--yes: expected it where there is no terminal to ask in; nothing was changed\n"


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("\n", 1), ("n\n", 1)])
async def test_a_person_is_asked(terminal, monkeypatch, answer, status):
    async with account(FOREIGN) as (carrier, env):
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        link = terminal("link", AGENT_NUMBER)
        await asyncio.to_thread(link.until, "Change it? [y/N]: ")
        assert f"{ELSEWHERE} (POST)" in link.seen
        assert carrier.numbers[AGENT_NUMBER] == FOREIGN
        link.type(answer)
        assert await asyncio.to_thread(link.status) == status
        assert carrier.numbers[AGENT_NUMBER] == (OURS if status == 0 else FOREIGN)
    assert ("leads here now" if status == 0 else "Nothing was changed.") in link.seen


async def test_who_changes_the_number_while_a_person_thinks_is_not_overwritten(terminal, monkeypatch):
    async with account(FOREIGN) as (carrier, env):
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        link = terminal("link", AGENT_NUMBER)
        await asyncio.to_thread(link.until, "Change it? [y/N]: ")
        changed = carrier.configure_number(AGENT_NUMBER, voice_url=f"{ELSEWHERE}/new")
        link.type("y\n")
        assert await asyncio.to_thread(link.status) == 1
        assert carrier.numbers[AGENT_NUMBER] == changed
    assert "changed by somebody else meanwhile" in link.seen


async def test_an_agent_that_is_not_here_is_mentioned():
    async with account(FOREIGN) as (carrier, env):
        result = await run(env, "link", AGENT_NUMBER, "--agent", "nigth-shift", "--yes")
        assert result.exit_code == 0
        assert "has no agent 'nigth-shift', but front-desk" in result.stderr
        assert carrier.numbers[AGENT_NUMBER].voice_url == f"{VOICE}?agent=nigth-shift"


async def test_a_password_in_a_url_is_not_printed():
    before = PhoneNumber(
        AGENT_NUMBER, "https://user:p4ssw0rd@old.example/voice?x=@", voice_fallback_url="https://t0ken@b.c/"
    )
    async with account(before) as (_, env):
        for arguments in (["list"], ["unlink", AGENT_NUMBER, "--yes"], ["link", AGENT_NUMBER, "--yes"]):
            result = await run(env, *arguments)
            assert result.exit_code == 0
            assert "p4ssw0rd" not in result.output
            assert "t0ken" not in result.output
        assert "note it before it is gone" in result.stdout
        command = shlex.split(result.stdout.splitlines()[-1])
        assert "https://user:[secret]@old.example/voice?x=@" in command
        line = await refused(env, *command[2:], status=2)
    assert line == "--restore-url: expected the password in place of [secret]; it was not printed"


# -- unlink -----------------------------------------------------------------------------------------


async def test_only_what_leads_here_is_removed():
    async with account(PhoneNumber(AGENT_NUMBER, VOICE, status_callback=ELSEWHERE)) as (carrier, env):
        assert (await run(env, "unlink", AGENT_NUMBER, "--yes")).exit_code == 0
        assert carrier.numbers[AGENT_NUMBER] == PhoneNumber(AGENT_NUMBER, status_callback=ELSEWHERE)


async def test_another_webhook_takes_our_place_and_is_asked_by_post_unless_told():
    async with account(PhoneNumber(AGENT_NUMBER, VOICE, "GET")) as (carrier, env):
        assert (await told(env, "unlink", AGENT_NUMBER, "--restore-url", ELSEWHERE, "--yes"))["changed"]
        assert carrier.numbers[AGENT_NUMBER] == FOREIGN


async def test_a_number_that_leads_elsewhere_is_left_alone():
    async with account(FOREIGN) as (carrier, env):
        result = await run(env, "unlink", AGENT_NUMBER)
        assert (result.exit_code, carrier.numbers[AGENT_NUMBER]) == (0, FOREIGN)
        line = await refused(env, "unlink", AGENT_NUMBER, "--restore-url", f"{ELSEWHERE}/other", "--yes", status=1)
        assert f"would overwrite {ELSEWHERE}, which does not lead here; nothing was changed" in line
        assert carrier.numbers[AGENT_NUMBER] == FOREIGN


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--restore-url", "demo.example.net"], "--restore-url: expected a URL that begins with https://"),
        (["--restore-status-callback", "https://[x"], "--restore-status-callback: expected a URL"),
        (["--restore-method", "GET"], "--restore-method: expected --restore-url with it"),
        (["--restore-application", "AP1", "--restore-trunk", "TK1"], "expected one of them"),
    ],
)
async def test_what_cannot_be_put_back(options, expected):
    async with account(OURS) as (carrier, env):
        assert expected in await refused(env, "unlink", AGENT_NUMBER, "--yes", *options, status=2)
        assert carrier.numbers[AGENT_NUMBER] == OURS


# -- what goes wrong --------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["15005550006", "+1500", "anna", "+999123", ""])
@pytest.mark.parametrize("command", ["link", "unlink"])
async def test_a_number_that_is_none(command, typed):
    async with account(OURS) as (_, env):
        line = await refused(env, command, typed, "--yes", status=2)
    assert line == f"NUMBER: expected a number in E.164 form, such as +15005550006, not {typed!r}"


async def test_a_number_may_be_typed_as_people_write_it():
    async with account(FOREIGN) as (carrier, env):
        assert (await run(env, "link", "+1 (500) 555-0006", "--yes")).exit_code == 0
        assert carrier.numbers[AGENT_NUMBER] == OURS


async def test_a_number_of_others_and_those_that_look_alike():
    async with account(OURS) as (_, env):
        line = await refused(env, "link", "+15005550008", "--yes", status=2)
        assert line == (
            f"NUMBER: expected a number of this account; did you mean {AGENT_NUMBER}? "
            "`phoneagent numbers list` shows them"
        )
        line = await refused(env, "link", "+442079460018", "--yes", status=2)
        assert "did you mean" not in line


async def test_a_number_that_takes_no_calls():
    async with account(PhoneNumber(AGENT_NUMBER, has_voice=False)) as (_, env):
        assert "expected a number with voice" in await refused(env, "link", AGENT_NUMBER, "--yes", status=2)


async def test_settings_that_are_missing():
    async with account(FOREIGN) as (_, env):
        line = await refused(env | {"PHONEAGENT_PUBLIC_URL": ""}, "link", AGENT_NUMBER, status=2)
        assert line.startswith("PHONEAGENT_PUBLIC_URL: expected the https URL at which Twilio reaches this server")
        line = await refused(env | {"TWILIO_AUTH_TOKEN": ""}, "list", status=2)
        assert line.startswith("TWILIO_AUTH_TOKEN: expected the account's auth token")
        line = await refused(env | {"TWILIO_AUTH_TOKEN": "", "TWILIO_API_KEY_SID": "SK1"}, "list", status=2)
        assert line.startswith("TWILIO_API_KEY_SECRET: ")
        result = await run(env | {"TWILIO_AUTH_TOKEN": "", "TWILIO_ACCOUNT_SID": ""}, "list")
        assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
            "TWILIO_ACCOUNT_SID",
            "TWILIO_AUTH_TOKEN",
        ]
        line = await refused(
            env | {"PHONEAGENT_TWILIO_API_URL": "", "PHONEAGENT_PUBLIC_URL": "http://127.0.0.1:8080"},
            "link",
            AGENT_NUMBER,
            status=2,
        )
        assert "expected an https URL that Twilio can reach" in line


async def test_credentials_that_twilio_does_not_accept():
    async with account(FOREIGN, api_keys={"SK1": "secret-of-the-key"}) as (_, env):
        line = await refused(env | {"TWILIO_AUTH_TOKEN": "a wrong token"}, "list", status=2)
        assert line.startswith("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: expected those of the Twilio console")
        assert "a wrong token" not in line
        key = {"TWILIO_AUTH_TOKEN": "", "TWILIO_API_KEY_SID": "SK1"}
        assert (await run(env | key | {"TWILIO_API_KEY_SECRET": "secret-of-the-key"}, "list")).exit_code == 0
        line = await refused(env | key | {"TWILIO_API_KEY_SECRET": "a wrong secret"}, "list", status=2)
        assert line.startswith("TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET: ")


async def test_twilio_is_away():
    line = await refused(settings_of("http://127.0.0.1:9"), "list", status=1)
    assert line.startswith("Error: twilio: ")
    assert "check the network, Twilio's status page, and PHONEAGENT_TWILIO_API_URL" in line


async def test_whatever_twilio_says_is_one_line():
    async def wordy(_):
        return problem(400, 20001, "no\nsuch \x1b[31mthing")

    async with serving(wordy) as url:
        line = await refused(settings_of(url), "list", status=1)
    assert line == "Error: twilio: refused with HTTP 400, code 20001: no such [31mthing"


async def test_an_answer_that_does_not_come_leaves_what_was_there_in_the_output():
    async def breaks_at_the_change(request):
        if request.method == "POST":
            return web.Response(status=503, text=f"<html>busy: {AUTH_TOKEN}</html>")
        number = {"sid": "PN1", "phone_number": AGENT_NUMBER, "voice_url": ELSEWHERE}
        return web.json_response({"incoming_phone_numbers": [number], "page": 0, "next_page_uri": None})

    async with serving(breaks_at_the_change) as url:
        result = await run(settings_of(url), "link", AGENT_NUMBER, "--yes", "--json")
        assert result.exit_code == 1
        assert "HTTP 503" in result.stderr
        kept = json.loads(result.stdout)
        assert (kept["changed"], kept["after"], kept["before"]["voice_url"]) == (None, None, ELSEWHERE)
        assert f"--restore-url {ELSEWHERE}" in kept["restore"]
        result = await run(settings_of(url), "link", AGENT_NUMBER, "--yes")
        assert "`phoneagent numbers list` shows it" in result.stderr


@pytest.mark.parametrize("command", ["list", "link", "unlink"])
def test_each_command_has_a_manual(phoneagent, command):
    result = phoneagent("numbers", command, "--help")
    assert result.exit_code == 0
    assert f"    phoneagent numbers {command}" in result.stdout
    assert "Exit status: 0 done" in result.stdout
