"""What every command has in common: help, statuses, and errors that a newcomer understands."""

from __future__ import annotations

import subprocess
import sys

import pytest

from phoneagent.cli.program import COMMANDS

SLOW = (
    "aiohttp",
    "asyncio",
    "msgspec",
    "openai",
    "pydantic",
    "redis",
    "rich",
    "starlette",
    "structlog",
    "twilio",
    "uvicorn",
)


def test_help_lists_the_commands_and_what_the_statuses_mean(phoneagent):
    result = phoneagent("--help")
    assert result.exit_code == 0
    width = max(map(len, COMMANDS))
    for name, summary in COMMANDS.items():
        assert f"  {name:{width}}  {summary}" in result.stdout
    assert "Exit status: 0 well, 1 failed, 2" in result.stdout


MISSING = """\
PHONEAGENT_PUBLIC_URL: expected the https URL at which Twilio reaches this server, such as https://voice.example.com \
(http only on loopback); without it Twilio cannot find the media stream; set it in the environment or .env
TWILIO_AUTH_TOKEN: expected the account's auth token from the Twilio console; \
without it anyone could pose as Twilio; set it in the environment or .env
DEEPGRAM_API_KEY: expected an API key from the Deepgram console; \
an agent listens with Deepgram; set it in the environment or .env
OPENAI_API_KEY: expected an OpenAI API key, which begins with sk-; \
an agent thinks with OpenAI; set it in the environment or .env
ELEVENLABS_API_KEY: expected an API key from the ElevenLabs settings; \
an agent speaks with ElevenLabs; set it in the environment or .env
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_is_a_manual(phoneagent, name):
    result = phoneagent(name, "--help")
    assert result.exit_code == 0
    assert f"    phoneagent {name}" in result.stdout or name == "demo", "an example, but for what needs no options"
    assert "Exit status: 0" in result.stdout


def test_help_imports_nothing_that_takes_time():
    program = (
        "import sys\n"
        "from phoneagent.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"print([name for name in {SLOW} if name in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert result.stderr.strip() == "[]"


def test_python_dash_m_runs_it_too():
    result = subprocess.run(
        [sys.executable, "-m", "phoneagent", "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "phoneagent" in result.stdout
    assert result.stdout.split()[-1][0].isdigit()


def test_an_unknown_command_is_bad_usage(phoneagent):
    result = phoneagent("sevre")
    assert result.exit_code == 2
    assert "No such command 'sevre'" in result.stderr


def test_what_is_missing_to_serve_is_said_in_one_line_each(phoneagent):
    result = phoneagent("serve")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == MISSING


def test_a_malformed_option_is_said_with_what_was_expected(phoneagent):
    result = phoneagent("serve", "--port", "http", "--public-url", "voice.example.com")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == ["PHONEAGENT_PUBLIC_URL", "PHONEAGENT_PORT or PORT"]
    assert lines[0].endswith("not 'voice.example.com'; set it with --public-url")
    assert lines[1].endswith("not 'http'; set it with --port")


def test_agent_files_and_settings_are_wrong_at_the_same_time(phoneagent, tmp_path):
    (tmp_path / "bad.toml").write_text('name = "bad"\ngreting = "Hello"\n\n[stt]\nprovider = "deepgrm"\n')
    result = phoneagent("serve", "--agent", "bad.toml", "--public-url", "https://voice.example.com")
    assert result.exit_code == 2
    *about_the_file, about_the_token = result.stderr.splitlines()
    assert about_the_file == [
        "bad.toml:2: greting: unknown key; did you mean 'greeting'?",
        "bad.toml:5: stt.provider: expected deepgram or pocketsphinx, got 'deepgrm'; did you mean 'deepgram'?",
    ]
    assert about_the_token.startswith("TWILIO_AUTH_TOKEN: ")


def test_embedded_speech_that_is_not_installed(phoneagent, monkeypatch):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    result = phoneagent("serve", "--embedded", "--dev")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("pocketsphinx: expected the package pocketsphinx, which is not installed: pip install ")


def test_a_port_that_is_taken(phoneagent, tmp_path):
    from phoneagent.cli.server import listen

    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        result = phoneagent("serve", "--embedded", "--dev", "--port", str(port))
    assert result.exit_code == 1
    assert result.stderr == f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use\n"
