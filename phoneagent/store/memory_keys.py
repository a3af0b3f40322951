"""API keys in this process. `phoneagent keys` is another one, and says that it needs Redis."""

from __future__ import annotations

from phoneagent.api_keys import ApiKey


class MemoryKeys:
    """A `KeyRing`."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}

    async def add(self, key: ApiKey, hashed: str) -> bool:
        if any(known.name == key.name for known in self._keys.values()):
            return False
        self._keys[hashed] = key
        return True

    async def find(self, hashed: str) -> ApiKey | None:
        return self._keys.get(hashed)

    async def all(self) -> tuple[ApiKey, ...]:
        return tuple(sorted(self._keys.values(), key=lambda key: key.name))

    async def revoke(self, name: str) -> bool:
        found = [hashed for hashed, key in self._keys.items() if key.name == name]
        for hashed in found:
            del self._keys[hashed]
        return bool(found)
