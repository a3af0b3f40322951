"""Options that several commands share. An option, its variable and its field in `Settings` have one name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from phoneagent.settings import Settings, variable

Function = TypeVar("Function", bound=Callable[..., Any])


def setting(field: str, metavar: str = "") -> Callable[[Function], Function]:
    """An option for a setting. It is checked with all others in `settings.load`, which names the expected form."""
    info = Settings.model_fields[field]
    name = field.replace("_", "-")
    flag = info.annotation == bool | None
    help_text = f"{info.description}  [{variable(field)}"
    if info.default not in (None, ()):
        help_text += f"; default {info.default}"
    return click.option(
        f"--{name}/--no-{name}" if flag else f"--{name}",
        field,
        default=None,
        metavar=metavar or None,
        help=help_text + "]",
    )


def agent_option(function: Function) -> Function:
    """`--agent`: the field `agents`, in the singular because most people have one."""
    return click.option(
        "--agent",
        "--agents",
        "agents",
        metavar="FILE|FOLDER",
        help="an agent file, or a folder of them; without it agents/ here, or else the built-in front desk"
        f"  [{variable('agents')}]",
    )(function)


def embedded_option(*more_names: str) -> Callable[[Function], Function]:
    """`--embedded`: for a first try, and for a machine without network."""
    return click.option(
        "--embedded",
        *more_names,
        "embedded",
        is_flag=True,
        help="Take ears, mind and voice that need no key and no network; the mind follows the agent's [dialogue].",
    )
