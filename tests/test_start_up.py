"""What is imported when: what start-up waits for grows unseen, and an import in a call holds up all calls."""

from __future__ import annotations

import subprocess
import sys

BEFORE_THE_GREETING = """
import asyncio, sys
from contextlib import AsyncExitStack
from phoneagent.cli.program import main
main.get_command(None, "serve")
import phoneagent.cli.server
from phoneagent.agent_file import builtin_agent
from phoneagent.app import Makers
from phoneagent.settings import Settings

speaker = Makers(Settings(), AsyncExitStack()).speaker(builtin_agent())
assert speaker.speakable.render("Trattoria Aurelia, good evening.").spoken
LATER = {
    "openai", "httpx2",  # never: our own client does
    "twilio.rest", "aiohttp", "requests",  # while it is spoken
    "num2words", "phonenumbers",  # the first one never
    "elevenlabs", "deepgram", "httpx",  # only to check keys
    "rich",  # what commands draw with
    "redis", "numpy", "soxr", "pocketsphinx", "mcp",  # only if they are used
}
assert not LATER & set(sys.modules), LATER & set(sys.modules)
"""

IN_A_CALL = """
import asyncio, sys
from pydantic import SecretStr
from phoneagent.agent_file import builtin_agent
from phoneagent.app import create_app
from phoneagent.errors import PhoneagentError
from phoneagent.settings import Settings

NOWHERE = "127.0.0.1:9"
settings = Settings(
    public_url="https://voice.example.com",
    twilio_account_sid="AC" + "0" * 32, twilio_auth_token=SecretStr("k"), twilio_api_url=f"http://{NOWHERE}",
    deepgram_api_key=SecretStr("k"), deepgram_url=f"ws://{NOWHERE}",
    openai_api_key=SecretStr("k"), openai_base_url=f"http://{NOWHERE}/v1",
    elevenlabs_api_key=SecretStr("k"), elevenlabs_url=f"http://{NOWHERE}",
)

async def main():
    app = create_app(builtin_agent(), settings=settings)
    async with app.router.lifespan_context(app):
        board = app.state.switchboard
        await board.warmed()
        agent, control = board.agents["front-desk"], board._around.control
        ready = set(sys.modules)

        async def think():
            async for _ in agent.llm.reply(1, instructions="", turns=(), tools=agent.offered):
                pass

        for work in (
            agent.stt.connect(call="CA1"), think(), agent.tts.connect(call="CA1"),
            control.hang_up("CA1"), control.update("CA1", "<Response/>"),
        ):
            try:
                await work
            except PhoneagentError as error:
                print(error)
        agent.spoken("Nov 22, 7:30pm, $3.50, 5 PLN, +442079460018, 12 kg, 1/2, 22nd, Dr. No, AB12C, a@b.com")
        assert set(sys.modules) == ready, set(sys.modules) - ready
        assert not {"openai", "httpx2", "mcp", "elevenlabs", "deepgram"} & ready, "SDKs that take a second of start-up"

asyncio.run(main())
"""


def run(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_voice_is_asked_for_the_greeting_before_sdks_are_imported():
    run(BEFORE_THE_GREETING)


def test_nothing_is_imported_in_the_middle_of_a_call():
    said = run(IN_A_CALL)
    for service in ("deepgram", "compatible", "elevenlabs", "twilio"):
        assert f"{service}: " in said
