"""Whether the parts of a dialogue fit together, and with the rest of the agent."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator

from phoneagent.call.menus import MAIN, choices
from phoneagent.conversation.grammar import Grammar, PatternError
from phoneagent.records import Dialogue, Intent

from .problems import Problem, meant, names_of
from .toml_lines import Loc

INTENTS: Loc = ("dialogue", "intents")


def dialogue_problems(
    dialogue: Dialogue, tools: Collection[str], targets: Collection[str], hours: Collection[str]
) -> Iterator[Problem]:
    """The names of the agent's tools, of whom it can transfer to, and of its business hours."""
    slots = {slot.name: tuple(slot.words) for slot in dialogue.slots}
    said = {name: words for name, words in slots.items() if words}
    secret = frozenset(slot.name for slot in dialogue.slots if slot.keypad and slot.keypad.secret)
    for index, slot in enumerate(dialogue.slots):
        if not slot.words and slot.keypad is None:
            yield Problem(("dialogue", "slots", index, "words"), "expected, or keypad")
    menus = tuple(menu.name for menu in dialogue.menus)
    for index, intent in enumerate(dialogue.intents):
        loc: Loc = (*INTENTS, index)
        yield from _parts(intent, loc, slots, tools)
        yield from _told(intent, loc, secret)
        yield from _leads(intent, loc, targets, menus)
        if intent.menu and intent.menu not in menus:
            yield Problem((*loc, "menu"), f"there is no menu {intent.menu!r}{meant(intent.menu, menus)}")
        if intent.hours and intent.hours not in hours:
            yield Problem((*loc, "hours"), unknown_hours(intent.hours, hours))
        if bool(intent.hours) != bool(intent.closed):
            yield Problem((*loc, "hours" if intent.hours else "closed"), "expected both hours and closed, or neither")
    yield from _keys(dialogue)
    yield from _beside_a_model(dialogue)
    yield from _patterns(dialogue, said)


def unknown_hours(name: str, hours: Collection[str]) -> str:
    return f"expected a name from [hours], got {name!r}{meant(name, hours)}"


def _parts(intent: Intent, loc: Loc, slots: Collection[str], tools: Collection[str]) -> Iterator[Problem]:
    if not intent.phrases and not intent.label:
        yield Problem((*loc, "phrases"), "expected at least one, or a label")
    if not intent.answer and intent.then in ("listen", "end_call"):
        yield Problem((*loc, "answer"), "expected, but missing")
    for name in intent.slots:
        if name not in slots:
            yield Problem((*loc, "slots"), f"there is no slot {name!r}{meant(name, slots)}")
    known = (*intent.slots, *(["result"] if intent.tool else []))
    for key in ("answer", "confirm", "refused"):
        for name in re.findall(r"\{(\w+)\}", getattr(intent, key)):
            if name not in known:
                yield Problem((*loc, key), f"{{{name}}} is neither one of the intent's slots nor a tool's result")
    if intent.tool and intent.tool not in tools:
        yield Problem((*loc, "tool"), f"there is no tool {intent.tool!r}{meant(intent.tool, tools)}")


def _told(intent: Intent, loc: Loc, secret: Collection[str]) -> Iterator[Problem]:
    for key in ("answer", "confirm", "refused"):
        for name in re.findall(r"\{(\w+)\}", getattr(intent, key)):
            if name in secret:
                yield Problem((*loc, key), f"{{{name}}} is typed in secret: it cannot be said")


def _leads(intent: Intent, loc: Loc, targets: Collection[str], menus: Collection[str]) -> Iterator[Problem]:
    match intent.then:
        case "transfer" if intent.target not in targets:
            wanted = f"expected a name from [transfer], got {intent.target!r}{meant(intent.target, targets)}"
            yield Problem((*loc, "target"), wanted)
        case "menu" if intent.target not in (MAIN, *menus):
            wanted = f"expected a name from [[dialogue.menus]], got {intent.target!r}{meant(intent.target, menus)}"
            yield Problem((*loc, "target"), wanted)
        case "agent" if not intent.target:
            yield Problem((*loc, "target"), "expected the name of another agent")


def _keys(dialogue: Dialogue) -> Iterator[Problem]:
    taken: dict[str, dict[str, str]] = defaultdict(dict)
    for index, intent in enumerate(dialogue.intents):
        loc: Loc = (*INTENTS, index)
        if not intent.key:
            continue
        keys = taken[intent.menu]
        if intent.key in keys:
            yield Problem((*loc, "key"), f"{keys[intent.key]!r} has the key {intent.key} on the same menu")
        elif intent.menu and intent.key == dialogue.back_key:
            yield Problem((*loc, "key"), f"{intent.key} leads back to the main menu (dialogue.back_key)")
        keys[intent.key] = intent.name
    for index, menu in enumerate(dialogue.menus):
        if not choices(dialogue, menu.name):
            yield Problem(("dialogue", "menus", index), f"expected an intent with a key and menu = {menu.name!r}")


def _beside_a_model(dialogue: Dialogue) -> Iterator[Problem]:
    if dialogue.start:
        if not choices(dialogue, MAIN):
            wanted = "expected an intent with a key: the menu is what remains when the model is away"
            yield Problem(("dialogue", "start"), wanted)
        return
    wanted = 'expected dialogue.start = "script" or "model" as well'
    if dialogue.otherwise == "model":
        yield Problem(("dialogue", "otherwise"), wanted)
    for index, intent in enumerate(dialogue.intents):
        if intent.then == "model":
            yield Problem((*INTENTS, index, "then"), wanted)


def _patterns(dialogue: Dialogue, slots: dict[str, tuple[str, ...]]) -> Iterator[Problem]:
    named: list[tuple[Loc, tuple[str, ...]]] = []
    for index, slot in enumerate(dialogue.slots):
        named.append((("dialogue", "slots", index, "answers"), slot.answers))
        named.append((("dialogue", "slots", index, "mentions"), slot.mentions))
    for index, intent in enumerate(dialogue.intents):
        named.append(((*INTENTS, index, "phrases"), intent.phrases))
    for loc, patterns in named:
        for pattern in patterns:
            try:
                Grammar([pattern], slots)
            except PatternError as error:
                yield Problem(loc, f"{pattern!r}: {error}; the slots are {names_of(tuple(slots)) or 'none'}")
