"""The program: which commands there are, and what their exit statuses mean.

Nothing is imported here that takes time: `phoneagent --help` and a mistyped option answer at once.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import IO, Any

import click

from phoneagent.errors import PhoneagentError, SettingsError

COMMANDS: Mapping[str, str] = {
    "demo": "Place a call to the agent, here and now: no keys, no network.",
    "serve": "Answer calls.",
    "call": "Have a running server call somebody.",
    "report": "Show what is left of a call when it is over.",
    "chat": "Talk to an agent by typing.",
    "doctor": "Check settings, providers, store and carrier.",
    "keys": "Make API keys with scopes, list and revoke them.",
    "dnc": "Say who must not be called, list and remove them.",
    "numbers": "Show where your Twilio numbers lead, and lead them here.",
    "knowledge": "Try what an agent finds in its documents.",
    "simulate": "Play scripted calls, and score how well they went.",
    "bench": "Measure latencies, and how many calls a core carries.",
    "webhooks": "Try webhooks, and deliver again what never arrived.",
    "erase": "Erase everything of one person.",
    "audit": "Show who has read, placed, steered and erased what.",
    "recordings": "List and delete recordings of calls.",
    "replay": "Tell a recorded call again, event by event.",
    "states": "Print the states of a call.",
    "knobs": "Print what can be tuned about turn-taking.",
}
"""In the order of `--help`. The module `phoneagent.cli.NAME` has a command NAME."""

PLAIN = "serve"
"""The command that draws nothing, and should start soon."""

FAILED, BAD_SETTINGS = 1, 2  # exit statuses; click itself has 2 for bad usage

STATUSES = "Exit status: 0 well, 1 failed, 2 a setting, an agent file or an option is wrong."


class _BadSettings(click.ClickException):
    """One line a problem, and nothing else: it is the first thing a newcomer reads."""

    exit_code = BAD_SETTINGS

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=True)


class Program(click.Group):
    """Finds commands by their names, and turns our errors into text and an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, the most used first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        with _without_rich() if cmd_name == PLAIN else nullcontext():
            command: click.Command = getattr(importlib.import_module(f"phoneagent.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise _BadSettings(error.problems) from error
        except PhoneagentError as error:
            raise click.ClickException(str(error)) from error


@contextmanager
def _without_rich() -> Iterator[None]:
    """Without what structlog imports wherever it is installed, in 80 ms, for tracebacks that our logs do not have."""
    if "rich" in sys.modules:
        yield
        return
    sys.modules["rich"] = None  # type: ignore[assignment]  # how Python says that there is none
    try:
        yield
    finally:
        del sys.modules["rich"]


@click.command(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=f"{STATUSES} `phoneagent COMMAND --help` tells more.",
)
@click.version_option(package_name="phoneagent", message="%(prog)s %(version)s")
def main() -> None:
    """The telephone agent that you run yourself.

    \b
      phoneagent demo                       hear it, without any key
      phoneagent chat                       type with your agent
      phoneagent doctor                     see what is missing for real calls
      phoneagent serve --agent agents/      answer your Twilio number

    Settings come from options, the environment and `.env` in the working directory, in this order; an option
    --public-url is the variable PHONEAGENT_PUBLIC_URL. Secrets have no options, because command lines can be seen by
    others. `.env.example` explains all of them.
    """
