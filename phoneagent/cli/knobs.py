"""`phoneagent knobs`: everything about turn-taking that can be tuned."""

from __future__ import annotations

from collections.abc import Iterator

import click

from .program import STATUSES


@click.command(epilog=STATUSES)
def knobs() -> None:
    """Print what can be tuned about turn-taking, with defaults, units and reasons, as Markdown.

    \b
      phoneagent knobs | less

    An agent file sets them under [turn_taking]; `greeting.words` is `words` under [turn_taking.greeting], and rules
    are [[turn_taking.rules]] and [[turn_taking.keypad]].
    """
    click.echo("\n".join(table()))


def table() -> Iterator[str]:
    """The lines of the Markdown tables: the knobs, then the rules that are built in."""
    from phoneagent.conversation.endpointing import built_in_rules
    from phoneagent.conversation.knobs import knobs as knobs_of
    from phoneagent.conversation.policy import EndpointingRule, Interruption, KeypadRule, Policy

    tables: dict[str, type] = {"rules": EndpointingRule, "keypad": KeypadRule}
    yield from ("| knob | default | unit | why |", "| --- | --- | --- | --- |")
    for name, default, unit, why in knobs_of(Policy):
        yield f"| `{name}` | {_shown(default)} | {unit} | {why} |"
        if isinstance(default, Interruption):
            for part, value, its_unit, its_why in knobs_of(Interruption):
                yield f"| `{name}.{part}` | {_shown(value)} | {its_unit} | {its_why} |"
        if name in tables:
            for part, value, its_unit, its_why in knobs_of(tables[name]):
                yield f"| `{name}.{part}` | {_shown(value)} | {its_unit} | {its_why} |"
    yield from ("", "Rules that are built in, in this order; each language has its own words in them:", "")
    yield from ("| silence | the agent said | the caller says | also with turn events |", "| --- | --- | --- | --- |")
    for rule in built_in_rules("en"):
        yield f"| {rule.silence:g} s | {_code(rule.agent)} | {_code(rule.caller)} | {_shown(rule.turn_events)} |"


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float() | int():
            return f"{value:g}"
        case str():
            return _code(value)
        case tuple():
            return ", ".join(_code(str(item)) for item in value)
        case _:
            return ""


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""
