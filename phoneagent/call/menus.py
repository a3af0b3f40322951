"""How the menus of a dialogue are said, and which keys they have. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from phoneagent.records import Dialogue, Intent

KEYS = "0123456789*#"

MAIN = ""
"""The name of the menu that a call begins with: its choices are the intents that name no menu."""


def choices(dialogue: Dialogue, menu: str) -> Mapping[str, Intent]:
    """What can be chosen on a menu, by key, in the order of the agent file."""
    return {intent.key: intent for intent in dialogue.intents if intent.key and intent.menu == menu}


def menu_text(dialogue: Dialogue, menu: str = MAIN) -> str:
    """A menu as it is read out: its question, then its choices. Without any keys it is the question alone."""
    own = next((known.question for known in dialogue.menus if known.name == menu), "")
    question = dialogue.question if menu == MAIN else own
    return f"{question} {choices_text(dialogue, menu)}".strip()


def choices_text(dialogue: Dialogue, menu: str = MAIN) -> str:
    """The choices of a menu and the way back from it; a choice without a label is not read out."""
    offered = [(intent.label, key) for key, intent in choices(dialogue, menu).items() if intent.label]
    if menu != MAIN and dialogue.back_label:
        offered.append((dialogue.back_label, dialogue.back_key))
    return " ".join(choice_text(dialogue, label, key) for label, key in offered)


def choice_text(dialogue: Dialogue, label: str, key: str) -> str:
    """One choice: `For opening hours, press 1.`"""
    return dialogue.choice.replace("{label}", label).replace("{key}", key_name(dialogue, key))


def key_name(dialogue: Dialogue, key: str) -> str:
    """What a key is called."""
    return dialogue.key_names.get(key, key)
