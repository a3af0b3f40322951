"""Who sent this request: Twilio's signature, checked by Twilio's own validator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from phoneagent.errors import MisuseError

from .addresses import http_base, websocket_base


class TwilioSignatures:
    """Checks against the URL that Twilio was given, which is `public_url` and the request's target.

    `auth_tokens`: the account's token; during a rotation the secondary one too. Each is tried. An empty token is
    refused here, because anybody can sign with it.
    """

    def __init__(self, public_url: str, auth_tokens: Iterable[str]) -> None:
        tokens = tuple(auth_tokens)
        if not tokens or not all(tokens):
            raise MisuseError("expected at least one auth token, and none that is empty")
        self._http_base = http_base(public_url)
        self._websocket_base = websocket_base(public_url)
        self._validators = tuple(RequestValidator(token) for token in tokens)

    def genuine(self, target: str, form: Mapping[str, str], signature: str | None, *, websocket: bool = False) -> bool:
        """Whether Twilio signed this. `form` may be Starlette's `FormData`, with several values a name.

        `target` is the path and query exactly as requested. Never raises, whatever a stranger sends.
        """
        if not signature or not target.startswith("/") or not _all_text(form):
            return False
        if websocket:
            url = self._websocket_base + target
            urls = [url, url.removesuffix("/") if url.endswith("/") else url + "/"]  # seen signed either way
        else:
            urls = [self._http_base + target]
        try:
            return any(validator.validate(url, form, signature) for validator in self._validators for url in urls)
        except UnicodeEncodeError:  # half a surrogate pair in target or form: Twilio signs UTF-8
            return False


def _all_text(form: Mapping[str, str]) -> bool:
    """Whether no part is an uploaded file: Twilio sends none, and its validator cannot take one."""
    values = (value for _, value in form.multi_items()) if isinstance(form, ImmutableMultiDict) else form.values()
    return all(isinstance(value, str) for value in values)
