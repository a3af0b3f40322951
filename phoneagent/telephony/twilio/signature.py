"""Who sent this request: Twilio's signature, computed by Twilio's own validator."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator, get_signature_algorithm

from phoneagent.errors import MisuseError

from .addresses import http_base, websocket_base
from .answers import presentable
from .shared_keys import ALGORITHMS, HMAC_SHA1, HMAC_SHA256, SharedKey

LENGTHS: Mapping[str, int] = {HMAC_SHA1: 28, HMAC_SHA256: 44}  # characters of a signature: its hash in base64

LONGEST_NAME = 80  # characters of somebody else's text in a log; Twilio's names of keys have 45


class TwilioSignatures:
    """Checks against the URL that Twilio was given, which is `public_url` and the request's target.

    `auth_tokens`: the account's token; during a rotation the secondary one too. Each is tried. An empty token is
    refused here, because anybody can sign with it. `shared_keys` sign what a rule of the account says; Twilio names
    the key and the algorithm in `X-Twilio-Webhooks-Signature-Settings`, here `settings`.
    """

    def __init__(self, public_url: str, auth_tokens: Iterable[str], shared_keys: Iterable[SharedKey] = ()) -> None:
        tokens = tuple(auth_tokens)
        if not tokens or not all(tokens):
            raise MisuseError("expected at least one auth token, and none that is empty")
        self._http_bases = _with_and_without_port(http_base(public_url))
        self._websocket_bases = _with_and_without_port(websocket_base(public_url))
        self._keys = tuple(_Key("", HMAC_SHA1, RequestValidator(token)) for token in tokens) + tuple(
            _Key(key.name, key.algorithm, RequestValidator(key.secret)) for key in shared_keys
        )

    def genuine(
        self,
        target: str,
        form: Mapping[str, str],
        signature: str | None,
        *,
        settings: str | None = None,
        websocket: bool = False,
    ) -> bool:
        """Whether Twilio signed this. `form` may be Starlette's `FormData`, with several values a name.

        `target` is the path and query exactly as requested. Never raises, whatever a stranger sends.
        """
        asked = _Settings.read(settings)
        keys = [key for key in self._keys if asked.means(key)]
        if not signature or not target.startswith("/") or len(signature) != LENGTHS.get(asked.algorithm):
            return False
        if (parameters := _joined(form)) is None:
            return False
        try:
            given = signature.encode()
            signed = [url + parameters for url in self._urls(target, websocket=websocket)]
            right = [key.sign(text) for key in keys for text in signed]
        except UnicodeEncodeError:  # half a surrogate pair in target or form: Twilio signs UTF-8
            return False
        return True in [hmac.compare_digest(each, given) for each in right]  # all are compared, found or not

    def missing(self, settings: str | None) -> str:
        """What an operator must do before requests with such `settings` can be checked; empty if it is nothing."""
        asked = _Settings.read(settings)
        name, algorithm = (presentable(text)[:LONGEST_NAME] for text in asked)
        if asked.algorithm not in ALGORITHMS:
            wanted = " or ".join(ALGORITHMS)
            return f"expected a signature by {wanted}, got {algorithm}: set it in the Webhook Setting at Twilio"
        if any(asked.means(key) for key in self._keys) or not asked.name:
            return ""
        if any(key.name == asked.name for key in self._keys):
            return f"{name} is set for another algorithm: if Twilio signs so, write {name}/{algorithm}=SECRET"
        label = name if algorithm == HMAC_SHA256 else f"{name}/{algorithm}"
        return f"the shared key {name} is not set: if it is yours, add {label}=SECRET to TWILIO_SHARED_KEYS"

    def _urls(self, target: str, *, websocket: bool) -> list[str]:
        if not websocket:
            return [base + target for base in self._http_bases]
        other = target.removesuffix("/") if target.endswith("/") else target + "/"  # seen signed either way
        return [base + path for base in self._websocket_bases for path in (target, other)]


class _Key(NamedTuple):
    """One that may have signed. `name` is empty for auth tokens."""

    name: str
    algorithm: str
    validator: RequestValidator

    def sign(self, text: str) -> bytes:
        return str(self.validator.compute_signature(text, None, self.algorithm)).encode()


class _Settings(NamedTuple):
    """How Twilio says that it has signed; nothing but a claim."""

    name: str
    algorithm: str

    @classmethod
    def read(cls, header: str | None) -> _Settings:
        parts = [part.partition("=") for part in (header or "").split(",")]
        name = next((value.strip() for key, _, value in parts if key.strip() == "key"), "")
        return cls(name, str(get_signature_algorithm(header)).upper())

    def means(self, key: _Key) -> bool:
        """Whether this key is meant. A request that names none may be signed by any that has its algorithm."""
        return key.algorithm == self.algorithm and self.name in ("", key.name)


def _with_and_without_port(base: str) -> tuple[str, ...]:
    """Both, because Twilio's own servers do not agree on it (says its validator, which tries both)."""
    parts = urlsplit(base)
    if parts.port is not None:
        return base, parts._replace(netloc=parts.netloc.rpartition(":")[0]).geturl()
    ports = {"https": (443,), "wss": (443, 80)}.get(parts.scheme, (80,))
    return base, *(parts._replace(netloc=f"{parts.netloc}:{port}").geturl() for port in ports)


def _joined(form: Mapping[str, str]) -> str | None:
    """The parameters as they are signed: by name, then by value, each once. None for a form with an uploaded file:
    Twilio sends none.
    """
    pairs = set(form.multi_items() if isinstance(form, ImmutableMultiDict) else form.items())
    if not all(isinstance(value, str) for _, value in pairs):
        return None
    return "".join(name + value for name, value in sorted(pairs))
