"""How Twilio signs its requests: with the auth token, or as a rule of the account says.

From twilio.com/docs/usage/webhooks/webhook-shared-keys, -settings and -rules (September 2026), and the SDK's
request_validator. Whether rules hold for the handshakes of media streams is not documented: `streams` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from twilio.request_validator import SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER, RequestValidator

GENUINE: Final = "genuine"
"""In place of a signature: the right one."""


@dataclass(frozen=True, slots=True)
class SigningRule:
    """Requests whose URL begins with `prefix` are signed with a shared key; empty: all."""

    key: str
    secret: str
    algorithm: str = "HMAC_SHA256"
    prefix: str = ""
    streams: bool = True


class Signing:
    """For one account. `rules` may be changed at any time; the longest prefix wins."""

    def __init__(self, auth_token: str) -> None:
        self.rules: list[SigningRule] = []
        self._auth_token = auth_token

    def headers(self, url: str, form: Mapping[str, str], *, signature: str | None = GENUINE) -> dict[str, str]:
        """The headers of a request to this public URL, which has no fragment. `signature` replaces the right one;
        None: nothing is said of one.
        """
        if signature is None:
            return {}
        if signature != GENUINE:
            return {SIGNATURE_HEADER: signature}
        rule = self._rule(url)
        if rule is None:
            return {SIGNATURE_HEADER: RequestValidator(self._auth_token).compute_signature(url, dict(form))}
        return {
            SIGNATURE_HEADER: RequestValidator(rule.secret).compute_signature(url, dict(form), rule.algorithm),
            SIGNATURE_SETTINGS_HEADER: f"key={rule.key},algorithm={rule.algorithm}",
        }

    def _rule(self, url: str) -> SigningRule | None:
        stream = url.startswith("ws")
        fitting = [rule for rule in self.rules if url.startswith(rule.prefix) and (rule.streams or not stream)]
        return max(fitting, key=lambda rule: len(rule.prefix), default=None)
