"""Commands in an empty folder, without a setting of the machine that runs the tests."""

from __future__ import annotations

import logging
import os

import pytest
import structlog
from click.testing import CliRunner

from phoneagent.cli import main
from phoneagent.telemetry import logs

PREFIXES = ("PHONEAGENT_", "TWILIO_", "DEEPGRAM_", "OPENAI_", "ELEVENLABS_", "REDIS_")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith(PREFIXES) or name == "PORT":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _leave_logging_as_it_was():
    root, quiet = logging.getLogger(), [logging.getLogger(name) for name in logs.QUIET]
    handlers, levels = root.handlers[:], [logger.level for logger in (root, *quiet)]
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    for logger, level in zip((root, *quiet), levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def phoneagent():
    """Run a command line: `phoneagent("chat", "--embedded", typed="hello")`."""

    def run(*arguments, typed="", **env):
        return CliRunner().invoke(main, arguments, input=typed, env=env, catch_exceptions=False)

    return run
