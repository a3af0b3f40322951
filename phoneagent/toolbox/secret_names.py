"""`${NAMES}` in agent files: what stands for them is in the environment or `.env`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from phoneagent.errors import SettingsError

SECRET = re.compile(r"\$\{([A-Za-z_]\w*)\}")


def secrets_in(texts: Iterable[str], secret: Callable[[str], str | None], owner: str) -> dict[str, str]:
    """What stands for each name in these texts. Raises `SettingsError` naming those that are missing."""
    names = {name for text in texts for name in SECRET.findall(text)}
    found = {name: secret(name) or "" for name in names}
    if missing := sorted(name for name, value in found.items() if not value):
        raise SettingsError(
            *(f"{name}: expected a secret for {owner}; set it in the environment or .env" for name in missing)
        )
    return found


def with_secrets(texts: Mapping[str, str], secret: Callable[[str], str | None], owner: str) -> dict[str, str]:
    """The same with what stands for the names. Raises as `secrets_in`."""
    found = secrets_in(texts.values(), secret, owner)
    return {key: SECRET.sub(lambda name: found[name[1]], text) for key, text in texts.items()}
