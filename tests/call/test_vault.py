"""What callers type in secret: kept for tools, shown to nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.call.vault import Vault
from phoneagent.errors import ToolError

CARD = "4242424242424242"


def vault(*entries: str) -> Vault:
    made = Vault()
    for number, keys in enumerate(entries, 1):
        for key in keys:
            made.put(key)
        made.seal(f"keypad-{number}", "•" * len(keys))
    return made


@pytest.mark.parametrize(("arguments", "given"), [
    ('{"card": "keypad-1"}', '{"card": "4711"}'),
    ('{"card": "keypad-1", "code": "keypad-2"}', '{"card": "4711", "code": "12*"}'),
    ('{"card": "[keypad: 4 keys, kept as keypad-1]"}', '{"card": "4711"}'),
    ('{"card": "Keypad 1"}', '{"card": "4711"}'),
    ('{"to": "my keypad"}', '{"to": "my keypad"}'),
])  # fmt: skip
def test_a_tool_is_given_keys_for_their_names(arguments, given):
    assert vault("4711", "12*").fill(arguments) == given


def test_what_is_not_kept_is_to_be_asked_for_again():
    with pytest.raises(ToolError, match=r"keypad-3 is not known any more\. Ask the caller"):
        vault("4711").fill('{"card": "keypad-3"}')


def test_nothing_is_kept_after_the_call():
    kept = vault("4711")
    kept.empty()
    with pytest.raises(ToolError):
        kept.fill("keypad-1")
    assert kept.mask("4711") == "4711"


def test_keys_of_an_entry_that_came_to_nothing_are_not_mixed_up_with_the_next():
    kept = Vault()
    for key in "99123":
        kept.put(key)
    kept.seal("keypad-1", "7•••")
    assert kept.fill("keypad-1") == "7123"


@pytest.mark.parametrize(("result", "masked"), [
    (f"charged {CARD}.", f"charged {'•' * 16}."),
    ("charged 4242 4242 4242 4242", "charged •••• •••• •••• ••••"),
    ("4242-4242-4242-4242, ok", "••••-••••-••••-••••, ok"),
    ('{"number": 4242424242424242}', '{"number": ••••••••••••••••}'),
    ("ref 00424242990", "ref 00••••••990"),
    ("the card that ends in 4242", "the card that ends in 4242"),
    ("PIN 4711 is wrong", "PIN •••• is wrong"),
    ("code 073 at 07:30, order 10733", "code ••• at 07:30, order 10733"),
    ("table 2 at 2", "table 2 at 2"),
])  # fmt: skip
def test_results_of_tools_do_not_tell_what_was_typed(result, masked):
    assert vault(CARD, "4711", "073", "2").mask(result) == masked


def test_nothing_prints_it():
    kept = vault(CARD)
    kept.put("42424")
    assert CARD[:5] not in repr(vars(kept)) + repr(kept)


@given(st.text("0123456789", min_size=4, max_size=19), st.text("0123456789 -x"), st.text("0123456789 -x"))
def test_a_whole_entry_never_passes(digits, before, after):
    kept = vault(digits)
    for grouped in (digits, " ".join(digits), "-".join(digits)):
        masked = kept.mask(f"{before}{grouped}{after}")
        assert digits not in masked.replace(" ", "").replace("-", "")
        assert len(masked) == len(before) + len(grouped) + len(after)
