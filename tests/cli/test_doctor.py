"""`phoneagent doctor`: against the simulated world it finds what is there and what is not. The program runs in a thread
with a loop of its own, so time is real here.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager

import pytest
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from phoneagent.cli import main
from phoneagent.rehearsal import API_KEY
from phoneagent.simulator.carrier import ACCOUNT_SID, AGENT_NUMBER, AUTH_TOKEN, PhoneNumber
from phoneagent.simulator.faults import Fault
from phoneagent.simulator.local_server import LocalServer
from tests.calls.world import AT_ONCE, world
from tests.redis_server import redis_server
from tests.toolbox.mcp_shop import make_shop

SECRETS = (API_KEY, AUTH_TOKEN, "redis-password-of-a-test")


@pytest.fixture
def anyio_backend():
    return "asyncio"


def settings_of(running, **more):
    return {
        "PHONEAGENT_PUBLIC_URL": running.url,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_PHONE_NUMBER": AGENT_NUMBER,
        "PHONEAGENT_TWILIO_API_URL": running.carrier.api_url,
        "DEEPGRAM_API_KEY": API_KEY,
        "PHONEAGENT_DEEPGRAM_URL": running.deepgram.url,
        "OPENAI_API_KEY": API_KEY,
        "OPENAI_BASE_URL": f"{running.openai.url}/v1",
        "ELEVENLABS_API_KEY": API_KEY,
        "PHONEAGENT_ELEVENLABS_URL": running.elevenlabs.url,
        **more,
    }


@asynccontextmanager
async def set_up():
    """A world in which everything is as it should be."""
    async with world(latencies=AT_ONCE) as (running, _):
        running.carrier.numbers[AGENT_NUMBER] = PhoneNumber(AGENT_NUMBER, voice_url=running.voice_url)
        yield running


async def doctor(env, *arguments):
    result = await asyncio.to_thread(CliRunner().invoke, main, ["doctor", *arguments], env=env, catch_exceptions=False)
    assert not [secret for secret in SECRETS if secret in result.output]
    assert "Traceback" not in result.output
    return result


async def found_by_doctor(env, *arguments):
    """The exit status, and each check's line."""
    result = await doctor(env, "--json", *arguments)
    told = json.loads(result.stdout)
    assert told["ok"] == (result.exit_code == 0)
    assert all(check["fix"] for check in told["checks"] if check["state"] == "failed")
    return result.exit_code, {check["check"]: check for check in told["checks"]}


async def test_all_is_well():
    async with set_up() as running:
        status, found = await found_by_doctor(settings_of(running))
    assert {name: check["state"] for name, check in found.items()} == {
        "settings": "ok",
        "agents": "ok",
        "public URL": "ok",
        "media stream": "ok",
        "Twilio account": "ok",
        "Twilio number": "ok",
        "ears: deepgram flux-general-en": "ok",
        "mind: openai gpt-5.4-mini": "ok",
        "voice: elevenlabs eleven_flash_v2_5": "ok",
        "Redis": "skipped",
    }
    assert status == 0
    assert found["Twilio account"]["found"] == "active"
    assert found["Twilio number"]["found"] == "leads here"
    assert "kept in memory" in found["Redis"]["found"]


async def test_a_provider_refuses_and_the_number_leads_elsewhere():
    async with set_up() as running:
        running.elevenlabs.faults.add(Fault("refuse", status=401, reason=f"no such key: {API_KEY}"))
        elsewhere = "https://demo.twilio.com/welcome/voice/"
        running.carrier.numbers[AGENT_NUMBER] = PhoneNumber(AGENT_NUMBER, voice_url=elsewhere)
        result = await doctor(settings_of(running))
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    failed = [number for number, line in enumerate(lines) if line.startswith("failed")]
    assert len(failed) == 2
    number, voice = failed
    assert lines[number].split("  ")[-1] == f"the number leads to {elsewhere}"
    assert f"`phoneagent numbers link {AGENT_NUMBER}`" in lines[number + 1]
    assert f"Webhook, {running.voice_url}, HTTP POST" in lines[number + 1]
    assert "voice: elevenlabs" in lines[voice]
    assert "no such key: [secret]" in lines[voice], "others' words may quote a key"
    assert "ELEVENLABS_API_KEY" in lines[voice + 1]


async def test_keys_that_are_missing_are_named_with_their_provider():
    async with set_up() as running:
        status, found = await found_by_doctor(settings_of(running, OPENAI_BASE_URL="", OPENAI_API_KEY=""))
    assert status == 1
    mind = found["mind: openai gpt-5.4-mini"]
    assert mind["found"] == "OPENAI_API_KEY is not set"
    assert mind["fix"].startswith("Expected an OpenAI API key")


async def test_a_wrong_token_and_a_number_of_others():
    async with set_up() as running:
        _, found = await found_by_doctor(settings_of(running, TWILIO_AUTH_TOKEN="wrong"))
        assert found["Twilio account"]["state"] == "failed"
        assert "HTTP 401" in found["Twilio account"]["found"]
        _, found = await found_by_doctor(settings_of(running, TWILIO_PHONE_NUMBER="+15005550999"))
        assert found["Twilio number"]["state"] == "failed"
        assert "a number of this account" in found["Twilio number"]["found"]


async def test_a_twilio_that_cannot_be_reached_is_not_blamed_on_the_account():
    async with set_up() as running:
        _, found = await found_by_doctor(settings_of(running, PHONEAGENT_TWILIO_API_URL="http://127.0.0.1:9"))
    for check in ("Twilio account", "Twilio number"):
        assert found[check]["state"] == "failed"
        assert found[check]["found"].startswith("cannot connect: ")
        assert found[check]["fix"].startswith("Check the network")


async def test_the_server_does_not_run():
    async with set_up() as running:
        env = settings_of(running, PHONEAGENT_PUBLIC_URL="http://127.0.0.1:9")
        _, found = await found_by_doctor(env)
    assert found["public URL"]["state"] == "failed"
    assert found["public URL"]["found"].startswith("nobody answers")
    assert "phoneagent serve" in found["public URL"]["fix"]
    assert found["media stream"]["state"] == "skipped", "one trouble, one failure"


async def test_a_proxy_that_does_not_pass_websockets():
    async def healthz(_):
        return PlainTextResponse("ok\n")

    async with set_up() as running, LocalServer(Starlette(routes=[Route("/healthz", healthz)]), ws="none") as proxy:
        _, found = await found_by_doctor(settings_of(running, PHONEAGENT_PUBLIC_URL=proxy.url))
    assert found["public URL"]["state"] == "ok"
    assert found["media stream"]["found"] == "WebSocket upgrade: HTTP 404"
    assert "must pass WebSocket upgrades" in found["media stream"]["fix"]


async def test_a_host_without_an_address():
    status, found = await found_by_doctor({"PHONEAGENT_PUBLIC_URL": "https://no-such-host.invalid"})
    assert found["public URL"]["found"] == "no address for no-such-host.invalid"
    assert status == 1


async def test_redis_answers_keeps_everything_or_does_not():
    with redis_server() as redis:
        redis.command("CONFIG", "SET", "requirepass", "redis-password-of-a-test")
        url = redis.url.replace("//", "//:redis-password-of-a-test@")
        async with set_up() as running:
            status, found = await found_by_doctor(settings_of(running, REDIS_URL=url))
            assert status == 0
            assert found["Redis"]["state"] == "ok"
            assert "maxmemory-policy noeviction" in found["Redis"]["found"]
            status, found = await found_by_doctor(settings_of(running, REDIS_URL=redis.url))
            assert status == 1
            assert "AuthenticationError" in found["Redis"]["found"]
    with redis_server("--maxmemory-policy", "allkeys-lru") as redis:
        _, found = await found_by_doctor({"REDIS_URL": redis.url})
        assert found["Redis"]["state"] == "ok"
        assert "Set maxmemory-policy noeviction" in found["Redis"]["fix"]
    _, found = await found_by_doctor({"REDIS_URL": redis.url})
    assert found["Redis"]["state"] == "failed"


async def test_nothing_is_set(tmp_path):
    result = await doctor({})
    assert result.exit_code == 1
    states = {line[9:].split("  ")[0].strip(): line.split()[0] for line in result.stdout.splitlines() if line[0] != " "}
    assert states["PHONEAGENT_PUBLIC_URL"] == "failed"
    assert states["TWILIO_AUTH_TOKEN"] == "failed"
    assert states["agents"] == "ok"
    assert [name for name, state in states.items() if state == "failed"][2:] == [
        "ears: deepgram flux-general-en",
        "mind: openai gpt-5.4-mini",
        "voice: elevenlabs eleven_flash_v2_5",
    ]


async def test_malformed_settings_and_agent_files_are_findings_too(tmp_path):
    status, found = await found_by_doctor({"PHONEAGENT_PORT": "http", "TWILIO_ACCOUNT_SID": "hello"})
    assert status == 1
    assert found["TWILIO_ACCOUNT_SID"]["found"] == "malformed"
    assert found["everything else"]["state"] == "skipped"
    (tmp_path / "bad.toml").write_text('name = "bad"\ngreting = "Hello"\n')
    _, found = await found_by_doctor({}, "--agent", "bad.toml")
    assert found["agents"]["found"] == "bad.toml:2: greting: unknown key; did you mean 'greeting'?"


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ('model = "eleven_flash_v2-5"', "did you mean eleven_flash_v2_5"),
        ('options = { voice = "Sara" }', "did you mean Sarah (EXAVITQu4vr4xnSDxMaL)"),
        ('model = "eleven_turbo_v2"', "eleven_turbo_v2 is being retired, take eleven_flash_v2"),
    ],
)
async def test_a_voice_that_is_not_there_is_named_with_the_nearest(tmp_path, table, found):
    (tmp_path / "a.toml").write_text(f'name = "a"\n[tts]\nprovider = "elevenlabs"\n{table}\n')
    async with set_up() as running:
        _, checks = await found_by_doctor(settings_of(running), "--agent", str(tmp_path / "a.toml"))
    (voice,) = [check for name, check in checks.items() if name.startswith("voice: elevenlabs")]
    assert found in voice["found"]
    assert voice["state"] == ("ok" if "retired" in found else "failed")


async def test_embedded_providers_are_tried_and_need_nothing():
    status, found = await found_by_doctor({}, "--embedded")
    assert status == 1, "no public URL"
    assert [found[part]["state"] for part in ("ears: pocketsphinx", "mind: scripted", "voice: espeak")] == ["ok"] * 3


async def test_webhooks_are_looked_at_and_nothing_is_sent(tmp_path):
    (tmp_path / "desk.toml").write_text(
        'name = "desk"\n[[webhooks]]\nurl = "https://crm.example.com/"\nsecret = "${CRM_SECRET}"\n'
    )
    _, found = await found_by_doctor({}, "--agent", str(tmp_path / "desk.toml"))
    assert found["webhooks"]["state"] == "failed"
    assert "the variable CRM_SECRET" in found["webhooks"]["found"]
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    _, found = await found_by_doctor({"CRM_SECRET": secret}, "--agent", str(tmp_path / "desk.toml"))
    assert found["webhooks"]["found"] == "1 to be told of calls, 0 to decide about incoming ones"


async def test_servers_with_tools_are_asked_for_them(tmp_path):
    shop = make_shop([])
    app = shop.streamable_http_app()
    async with shop.session_manager.run(), LocalServer(app) as server:
        (tmp_path / "shop.toml").write_text(
            'name = "shop"\n'
            f'[mcp.shop]\nurl = "{server.url}/mcp"\ntools = ["order_status", "place_order"]\n'
            f'[mcp.less]\nurl = "{server.url}/mcp"\ntools = ["order_stats"]\n'
            '[mcp.gone]\ncommand = ["no-such-program"]\n'
            '[mcp.sealed]\nurl = "https://example.com/mcp"\nheaders = { Authorization = "Bearer ${SHOP_TOKEN}" }\n'
        )
        _, found = await found_by_doctor({}, "--agent", "shop.toml")
    assert found["tools: shop"]["found"] == "order_status (safe), place_order"
    assert found["tools: less"]["found"] == "the server has no order_stats"
    assert found["tools: gone"]["found"] == "there is no program 'no-such-program'"
    assert found["tools: sealed"]["found"].startswith("SHOP_TOKEN: expected a secret")


async def test_tools_of_which_no_model_can_be_told_are_named(tmp_path):
    shop = make_shop([])
    for ending in "xy":
        shop.tool(name="a" * 64 + ending)(lambda: "done")
    app = shop.streamable_http_app()
    async with shop.session_manager.run(), LocalServer(app) as server:
        (tmp_path / "shop.toml").write_text(f'name = "shop"\n[mcp.shop]\nurl = "{server.url}/mcp"\n')
        _, found = await found_by_doctor({}, "--agent", "shop.toml")
    assert found["tools: shop"]["state"] == "failed"
    told = f"the model cannot be told of {'a' * 64}y: another is called {'a' * 64} too"
    assert found["tools: shop"]["found"] == told
    assert "name the tools to use in [mcp.shop]" in found["tools: shop"]["fix"]


async def test_models_are_looked_up_and_nothing_else_is_asked_of_them(tmp_path):
    (tmp_path / "desk.toml").write_text(
        'name = "desk"\n[llm]\nprovider = "openai"\nmodel = "gpt-4.1-mini"\n'
        '[[llm.fallback]]\nprovider = "openai"\nmodel = "gpt-6-lunna"\noptions = { flavor = "openai" }\n'
    )
    async with set_up() as running:
        _, found = await found_by_doctor(settings_of(running), "--agent", "desk.toml")
        assert not running.openai.timeline.find("request")
    assert found["mind: openai gpt-4.1-mini"]["state"] == "ok"
    assert "until 2027-01-14" in found["mind: openai gpt-4.1-mini"]["found"]
    assert found["mind: openai gpt-6-lunna"]["state"] == "failed"
    assert found["mind: openai gpt-6-lunna"]["found"].startswith("no model gpt-6-lunna; the nearest are gpt-6-luna")


TOO_MUCH = 'model = "gpt-6-luna"\noptions = { reasoning_effort = "low" }'


@pytest.mark.parametrize("llm", ['model = "gpt-6-astra"', TOO_MUCH])
async def test_a_model_that_refuses_what_agents_ask_is_a_mistake_in_the_file(tmp_path, llm):
    (tmp_path / "desk.toml").write_text(f'name = "desk"\n[llm]\nprovider = "openai"\n{llm}\n')
    async with set_up() as running:
        status, found = await found_by_doctor(settings_of(running), "--agent", "desk.toml")
    assert status == 1
    assert found["agents"]["state"] == "failed"
    assert re.match(r"desk\.toml:[45]: llm\..*: expected ", found["agents"]["found"])


async def test_the_model_that_looks_at_calls_afterwards_is_asked_too(tmp_path):
    (tmp_path / "desk.toml").write_text(
        'name = "desk"\n[analysis]\nsummary = true\n[analysis.llm]\nprovider = "openai"\nmodel = "gpt-5.9-thorough"\n'
    )
    async with set_up() as running:
        _, found = await found_by_doctor(settings_of(running), "--agent", "desk.toml")
    assert found["mind: openai gpt-5.4-mini"]["state"] == "ok"
    assert found["analyst: openai gpt-5.9-thorough"]["state"] == "ok"


DEAF = """
name = "deaf"
language = "en"
[stt]
provider = "deepgram"
model = "nova-33"
[stt.options]
keyterms = ["Aurelia"]
"""


async def test_ears_that_are_not_there_are_named_with_the_nearest(tmp_path):
    (tmp_path / "deaf.toml").write_text(DEAF)
    async with set_up() as running:
        status, found = await found_by_doctor(settings_of(running), "--agent", str(tmp_path / "deaf.toml"))
    assert status == 1
    ears = found["ears: deepgram nova-33"]
    assert ears["found"].startswith("no model nova-33; the nearest are nova-3")
    assert "the model and the options in the agent file" in ears["fix"]


async def test_keyterms_that_are_not_sent_are_told(tmp_path):
    terms = ", ".join(f'"Quattro Stagioni {number}"' for number in range(120))
    text = DEAF.replace("nova-33", "nova-3").replace('"Aurelia"', terms)
    (tmp_path / "deaf.toml").write_text(text)
    async with set_up() as running:
        _, found = await found_by_doctor(settings_of(running), "--agent", str(tmp_path / "deaf.toml"))
    ears = found["ears: deepgram nova-3"]
    assert ears["state"] == "ok"
    assert "of 120 are not sent: 'Quattro Stagioni" in ears["fix"]
    assert "Put the most important ones first" in ears["fix"]


# -- measuring (the figures: test_measuring.py) -------------------------------------------------------


async def test_what_it_costs_is_told_before_and_what_fails_is_told_by_provider():
    nowhere = "http://127.0.0.1:9"
    async with set_up() as running:
        away = settings_of(running, PHONEAGENT_DEEPGRAM_URL="ws://127.0.0.1:9", PHONEAGENT_ELEVENLABS_URL=nowhere)
        result = await doctor(away | {"OPENAI_BASE_URL": f"{nowhere}/v1"}, "--measure", "--json")
        shown = await doctor(away | {"OPENAI_BASE_URL": f"{nowhere}/v1"}, "--measure")
    assert "5 requests to each provider cost about 0.0" in result.stderr
    told = {one["provider"]: one for one in json.loads(result.stdout)["measured"]}
    assert result.exit_code == 1
    assert set(told) == {
        "ears: deepgram flux-general-en",
        "mind: openai gpt-5.4-mini",
        "voice: elevenlabs eleven_flash_v2_5",
    }
    assert len(told["mind: openai gpt-5.4-mini"]["failures"]) == 5
    assert told["ears: deepgram flux-general-en"]["failures"] == ["no voice has spoken what it should hear"]
    assert "failed 5 times: " in shown.stdout
