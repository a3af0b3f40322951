"""How often somebody may be written to, or called back, and whether they are who their number says.

Caller ids can be faked: who calls two hundred times with somebody else's number could have them written to six hundred
times. A limit by call does not help against that, one by number and day does; and where carriers sign the numbers of
their customers (STIR/SHAKEN), an operator may ask for that.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from phoneagent.api_keys import RateLimits
from phoneagent.errors import StoreError, ToolError

Attestation = Literal["any", "A", "B", "C"]
"""What a caller's carrier must say of the number. `A`: it is the caller's; `B`: the caller is its customer; `C`: the
call came through it. `any`: nothing, for nobody signs outside of North America and France."""

PLACED: Final = "placed"  # the number was dialled by us: it is not what somebody says

_PASSED = re.compile(r"TN-Validation-Passed-([ABC])(?:-[A-Za-z]+)?", re.ASCII)


def is_attested(told: str, wanted: Attestation) -> bool:
    """Whether what the carrier told, such as `TN-Validation-Passed-A`, is as good as is wanted."""
    if wanted == "any" or told == PLACED:
        return True
    passed = _PASSED.fullmatch(told)
    return passed is not None and passed[1] <= wanted


class ContactLimits:
    """For one way to reach people. `limits` counts by number, all processes together while the store is there;
    `pseudonym` names a number there, so that the store tells nobody's.
    """

    def __init__(
        self,
        way: str = "",
        limits: RateLimits | None = None,
        attestation: Attestation = "any",
        *,
        pseudonym: Callable[[str], Awaitable[str]] | None = None,
    ) -> None:
        self._way = way
        self._limits = limits
        self._attestation = attestation
        self._pseudonym = pseudonym
        self._secret = secrets.token_bytes(32)

    def expect_attested(self, told: str, undone: str) -> None:
        """Raises `ToolError`, which begins with `undone`, for a caller who may be anybody."""
        if not is_attested(told, self._attestation):
            raise ToolError(
                f"{undone}: the telephone network does not vouch for the number that they call from, so it may be "
                "somebody else's."
            )

    async def spend(self, number: str, undone: str) -> None:
        """Count one more. Raises `ToolError` when there were as many as there may be in a day."""
        if self._limits is None:
            return
        allowance = await self._limits.spend(await self._name(number))
        if not allowance.granted:
            raise ToolError(
                f"{undone}: this number has had {allowance.quota} today, and gets no more. It may have more tomorrow."
            )

    async def forget(self, number: str) -> bool:
        """Count anew. Whether there was anything. Raises `StoreError`."""
        return self._limits is not None and await self._limits.forget(await self._name(number))

    async def _name(self, number: str) -> str:
        """While the store is away a process counts alone, and has a secret of its own."""
        try:
            person = await self._pseudonym(number) if self._pseudonym is not None else self._own(number)
        except StoreError:
            person = self._own(number)
        return f"{self._way} {person}"

    def _own(self, number: str) -> str:
        return hashlib.blake2b(number.encode(), key=self._secret).hexdigest()


NO_LIMITS = ContactLimits()
