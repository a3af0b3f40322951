"""Everything that is set from outside: the environment, a `.env` file, flags. Read once, in `app` and `cli`.

A field, its variable and its flag share a name: `public_url`, `PHONEAGENT_PUBLIC_URL`, `--public-url`. Variables that
belong to others keep the names they are known by (`REDIS_URL`, `TWILIO_AUTH_TOKEN`). An empty variable counts as unset,
because that is what compose files and CI make of a missing one.
"""

from __future__ import annotations

import base64
import ipaddress
import math
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from phoneagent.call.business_hours import calling_hours
from phoneagent.call.contact_limits import Attestation
from phoneagent.deliveries import MESSAGE_TYPES, MessageType
from phoneagent.errors import MisuseError, SettingsError
from phoneagent.records import CallingHours
from phoneagent.telephony.twilio.regions import api_place
from phoneagent.telephony.twilio.shared_keys import EXPECTED as EXPECTED_SHARED_KEYS
from phoneagent.telephony.twilio.shared_keys import shared_key
from phoneagent.webhooks.receivers import EXPECTED_SECRET, EXPECTED_URL, checked_secrets, checked_url
from phoneagent.webhooks.receivers import PREFIX as SIGNING

SHORTEST_KEY = 16
"""Characters of an API key: sixteen hexadecimal digits are 64 bits, which nobody guesses at the rate of an API."""

REDIS_SCHEMES = frozenset(scheme + kind for scheme in ("redis", "rediss") for kind in ("", "+sentinel", "+cluster")) | {
    "unix"
}


AROUND = " \t\r\n\x00\ufeff\u00a0\u200b"  # blanks, ends of lines, and what editors put at the beginning of files
QUOTES = ('""', "''", "“”", "„“", "‘’", "``")

WEBHOOK_AT_END = re.compile(r"/twilio/(?:voice|media|status|continue)/?$")
"""Of a public URL: what was meant is the base of it."""


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _url(*schemes: str) -> AfterValidator:
    """A base URL without its trailing slash. Credentials in it are refused: URLs end up in logs."""

    def check(url: str) -> str:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises ValueError when it is no port
        if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError
        return url.rstrip("/")

    return AfterValidator(check)


def _only_loopback_without_tls(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError
    return url


def _redis_url(secret: SecretStr) -> SecretStr:
    parts = urlsplit(secret.get_secret_value())
    if parts.scheme not in REDIS_SCHEMES or not (parts.path if parts.scheme == "unix" else parts.netloc):
        raise ValueError
    return secret


def _signing(secret: SecretStr) -> SecretStr:
    checked_secrets(secret.get_secret_value())
    return secret


def _shared_key(secret: SecretStr) -> SecretStr:
    shared_key(secret.get_secret_value())
    return secret


def _one_line(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().isprintable():  # no header can hold it
        raise ValueError
    return secret


def _encryption_key(secret: SecretStr) -> SecretStr:
    """32 bytes in URL-safe base64."""
    if len(base64.b64decode(secret.get_secret_value(), altchars=b"-_", validate=True)) != 32:
        raise ValueError
    return secret


def _comma_separated(value: object) -> object:
    return [part for part in map(_bare, value.split(",")) if part] if isinstance(value, str) else value


def _bare(value: str) -> str:
    """A value without what people and their tools leave around it: the line feed of a mounted secret, quotes."""
    text = value.strip(AROUND)
    for quotes in QUOTES:
        if len(text) > 1 and text.startswith(quotes[0]) and text.endswith(quotes[1]) and quotes[0] not in text[1:-1]:
            return text[1:-1].strip(AROUND)
    return text


def _country(code: str) -> str:
    if not re.fullmatch("[A-Za-z]{2}", code):
        raise ValueError
    return code.upper()


def _calling_hours(given: object) -> object:
    return calling_hours(given) if isinstance(given, str) else given


Hours = Annotated[CallingHours, NoDecode, BeforeValidator(_calling_hours)]
Country = Annotated[str, AfterValidator(_country)]
Countries = Annotated[tuple[Country, ...], NoDecode, BeforeValidator(_comma_separated)]
PublicUrl = Annotated[str, _url("https", "http"), AfterValidator(_only_loopback_without_tls)]
HttpUrl = Annotated[str, _url("https", "http")]
SpeechUrl = Annotated[str, _url("wss", "ws", "https", "http")]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
Secret = Annotated[SecretStr, Field(min_length=1), AfterValidator(_one_line)]
ReceiverUrl = Annotated[str, AfterValidator(checked_url)]
SigningSecrets = Annotated[SecretStr, AfterValidator(_signing)]
MessageTypes = Annotated[tuple[MessageType, ...], NoDecode, BeforeValidator(_comma_separated)]
Place = Annotated[str, Field(pattern="^[a-zA-Z0-9-]{0,32}$")]  # a part of a host's name
SharedKeys = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(_shared_key)], ...], NoDecode, BeforeValidator(_comma_separated)
]
EncryptionKeys = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(_encryption_key)], ...], NoDecode, BeforeValidator(_comma_separated)
]
ApiKeys = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_comma_separated)]


def _variable(*names: str, default: Any = None, expected: str) -> Any:
    """A setting: the variables that set it (the first wins), and what an error says was expected."""
    return Field(default, validation_alias=AliasChoices(*names), description=expected)


class Settings(BaseSettings):
    """One process's settings. Made by `load`; immutable; printing it shows no secret."""

    model_config = SettingsConfigDict(
        frozen=True, populate_by_name=True, env_ignore_empty=True, env_file=".env", extra="ignore", case_sensitive=True
    )

    # -- where we are
    public_url: PublicUrl | None = _variable(
        "PHONEAGENT_PUBLIC_URL",
        expected="the https URL at which Twilio reaches this server, such as https://voice.example.com "
        "(http only on loopback)",
    )
    host: str = _variable(
        "PHONEAGENT_HOST", default="127.0.0.1", expected="the address to listen on, such as 127.0.0.1 or 0.0.0.0"
    )
    port: Annotated[int, Field(ge=0, le=65535)] = _variable(
        "PHONEAGENT_PORT", "PORT", default=8080, expected="the port to listen on, 1 to 65535 (0: any free one)"
    )
    api_keys: ApiKeys = _variable(
        "PHONEAGENT_API_KEYS",
        default=(),
        expected="comma-separated keys, such as `openssl rand -hex 24` prints",
    )

    rate_limit: Annotated[str, Field(pattern=r"^[1-9]\d{0,8}/(second|minute|hour)$")] = _variable(
        "PHONEAGENT_RATE_LIMIT",
        # Ten a second for a minute: no program that works asks so often, and one that loops is stopped.
        default="600/minute",
        expected="the number of REST requests a second, minute or hour with one API key, such as 600/minute",
    )

    # -- what we do
    agents: Path | None = _variable("PHONEAGENT_AGENTS", expected="an agent file (TOML) or a folder of them")
    max_calls: Annotated[int, Field(ge=1)] | None = _variable(
        "PHONEAGENT_MAX_CALLS",
        # A core carries 100 to 250, as it is: its own lag tells better than a number that is right nowhere.
        expected="the number of calls one process takes at once, 1 or more",
    )
    overflow: HttpUrl | Literal["queue"] | None = _variable(
        "PHONEAGENT_OVERFLOW",
        expected="for calls that find no room here: another server's voice webhook, such as "
        "https://eu.example.com/twilio/voice, or queue, where they wait with music (unset: all lines are busy)",
    )
    workers: Annotated[int, Field(ge=1, le=256)] = _variable(
        "PHONEAGENT_WORKERS",
        default=1,
        expected="the number of processes that share the port, 1 to 256; one a core, and they need Redis",
    )
    call_ttl: Annotated[int, Field(ge=60)] = _variable(
        "PHONEAGENT_CALL_TTL",
        default=24 * 3600,
        expected="seconds for which a call's data is kept after its end, 60 or more",
    )
    retention_days: Annotated[int, Field(ge=1, le=3650)] | None = _variable(
        "PHONEAGENT_RETENTION_DAYS",
        expected="days after which nothing of a call is kept any more, 1 to 3650: not its data, recordings, journal or "
        "messages to webhooks, whatever else is set (unset: each as long as its own setting says)",
    )
    audit_days: Annotated[int, Field(ge=1, le=3650)] = _variable(
        "PHONEAGENT_AUDIT_DAYS",
        default=365,
        expected="days for which it is known who has read, placed, steered and erased what, 1 to 3650",
    )
    drain_within: Annotated[int, Field(ge=0)] = _variable(
        "PHONEAGENT_DRAIN_WITHIN",
        # Nearly all calls are shorter than this, and orchestrators kill what takes longer than two minutes or so.
        default=100,
        expected="seconds for which calls in progress may go on after SIGTERM, 0 or more",
    )
    calls_per_second: Annotated[float, Field(gt=0, le=1000)] = _variable(
        "PHONEAGENT_CALLS_PER_SECOND",
        default=1.0,  # what Twilio gives every account; more would wait there, and could not be cancelled here
        expected="the number of calls placed a second, by all processes together; what your Twilio account allows",
    )
    allowed_countries: Countries = _variable(
        "PHONEAGENT_ALLOWED_COUNTRIES",
        default=(),
        expected="comma-separated ISO codes of the countries that may be called, such as US,CA "
        "(unset: the country of TWILIO_PHONE_NUMBER)",
    )
    calling_hours: Hours = _variable(
        "PHONEAGENT_CALLING_HOURS",
        # What US law allows callers (47 CFR 64.1200(c)(1)), and about what others do.
        default=calling_hours("mon-sun 08:00-21:00"),
        expected="any, or comma-separated days and times at which people may be called, by the time zone of their "
        "number, such as mon-fri 08:00-21:00, sat 10:00-18:00",
    )
    texts_a_day: Annotated[int, Field(ge=1, le=1_000_000)] = _variable(
        "PHONEAGENT_TEXTS_A_DAY",
        default=10,  # three calls' worth: more is somebody who is written to in another's name
        expected="the number of text messages that one number gets in a day, from all calls together, 1 or more",
    )
    callbacks_a_day: Annotated[int, Field(ge=1, le=1_000_000)] = _variable(
        "PHONEAGENT_CALLBACKS_A_DAY",
        default=3,
        expected="the number of callbacks that one number gets in a day, from all calls together, 1 or more",
    )
    caller_attestation: Attestation = _variable(
        "PHONEAGENT_CALLER_ATTESTATION",
        default="any",  # only North America and France sign: with more, callers from elsewhere would get nothing
        expected="any, A, B or C: what a caller's carrier must say of their number (STIR/SHAKEN) before they are "
        "written to or called back; A: it is theirs",
    )
    recordings: str | None = _variable(
        "PHONEAGENT_RECORDINGS",
        expected="a folder for recordings, or a bucket such as s3://bucket/folder or gs://bucket/folder",
    )
    journals: Path | None = _variable(
        "PHONEAGENT_JOURNALS",
        expected="a folder that gets a journal of each call, for `phoneagent replay`; it holds what was said",
    )
    prices: Path | None = _variable(
        "PHONEAGENT_PRICES", expected="a price file in place of phoneagent/prices.toml, such as a corrected copy of it"
    )
    webhook_url: ReceiverUrl | None = _variable(
        "PHONEAGENT_WEBHOOK_URL", expected=f"who is told of all calls: {EXPECTED_URL}"
    )
    webhook_secret: SigningSecrets | None = _variable("PHONEAGENT_WEBHOOK_SECRET", expected=EXPECTED_SECRET)
    webhook_events: MessageTypes = _variable(
        "PHONEAGENT_WEBHOOK_EVENTS",
        default=(),
        expected=f"comma-separated ones of {', '.join(MESSAGE_TYPES)} (unset: all)",
    )
    webhook_private: bool = _variable(
        "PHONEAGENT_WEBHOOK_PRIVATE",
        default=False,
        expected="true or false: whether PHONEAGENT_WEBHOOK_URL and PHONEAGENT_INCOMING_URL may lead into your own "
        "network, and be plain http",
    )
    webhook_keep_days: Annotated[int, Field(ge=1, le=365)] = _variable(
        "PHONEAGENT_WEBHOOK_KEEP_DAYS",
        default=30,
        expected="days for which messages that could not be delivered are kept, 1 to 365",
    )
    incoming_url: ReceiverUrl | None = _variable(
        "PHONEAGENT_INCOMING_URL", expected=f"who is asked about each call that comes in: {EXPECTED_URL}"
    )
    incoming_secret: SigningSecrets | None = _variable("PHONEAGENT_INCOMING_SECRET", expected=EXPECTED_SECRET)
    incoming_within: Annotated[float, Field(gt=0, le=5, allow_inf_nan=False)] = _variable(
        "PHONEAGENT_INCOMING_WITHIN",
        # Callers hear it ring for so long; five of them would let some hang up, and the carrier waits for fifteen.
        default=1.0,
        expected="seconds for which a call that comes in waits for the answer, above 0 and at most 5",
    )
    redis_url: RedisUrl | None = _variable(
        "REDIS_URL", expected="a Redis URL, such as redis://127.0.0.1:6379/0 or rediss://:password@redis.example.com"
    )
    encryption_keys: EncryptionKeys = _variable(
        "PHONEAGENT_ENCRYPTION_KEYS",
        default=(),
        expected="comma-separated keys that encrypt what Redis keeps of people, as `phoneagent keys encryption` prints "
        "them; the first encrypts, each decrypts",
    )
    redis_may_be_away: bool = _variable(
        "PHONEAGENT_REDIS_MAY_BE_AWAY",
        default=False,
        expected="true or false: whether to start although Redis does not answer",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lambda v: str(v).lower())] = (
        _variable("PHONEAGENT_LOG_LEVEL", default="info", expected="debug, info, warning or error")
    )
    log_json: bool | None = _variable(
        "PHONEAGENT_LOG_JSON", expected="true or false (unset: JSON unless written to a terminal)"
    )

    # -- carrier
    twilio_account_sid: Annotated[str, Field(pattern="^AC")] | None = _variable(
        "TWILIO_ACCOUNT_SID", expected="the account SID from the Twilio console, which begins with AC"
    )
    twilio_auth_token: Secret | None = _variable(
        "TWILIO_AUTH_TOKEN", expected="the account's auth token from the Twilio console"
    )
    twilio_shared_keys: SharedKeys = _variable("TWILIO_SHARED_KEYS", default=(), expected=EXPECTED_SHARED_KEYS)
    twilio_api_key_sid: Annotated[str, Field(pattern="^SK")] | None = _variable(
        "TWILIO_API_KEY_SID", expected="the SID of a Twilio API key, which begins with SK"
    )
    twilio_api_key_secret: Secret | None = _variable(
        "TWILIO_API_KEY_SECRET", expected="the secret of the API key in TWILIO_API_KEY_SID"
    )
    twilio_phone_number: Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")] | None = _variable(
        "TWILIO_PHONE_NUMBER", expected="your Twilio number in E.164 form, such as +15005550006"
    )
    twilio_region: Place = _variable(
        "TWILIO_REGION", default="", expected="the region that processes your calls: us1, ie1 or au1 (unset: us1)"
    )
    twilio_edge: Place = _variable(
        "TWILIO_EDGE",
        default="",
        expected="the edge that leads to Twilio, such as dublin (unset: by region)",
    )
    twilio_api_url: HttpUrl | None = _variable(
        "PHONEAGENT_TWILIO_API_URL", expected="a base URL in place of https://api.twilio.com"
    )

    # -- ears, mind, voice
    deepgram_api_key: Secret | None = _variable("DEEPGRAM_API_KEY", expected="an API key from the Deepgram console")
    deepgram_url: SpeechUrl | None = _variable(
        "PHONEAGENT_DEEPGRAM_URL", expected="a base URL in place of Deepgram's, such as ws://127.0.0.1:9101"
    )
    openai_api_key: Secret | None = _variable("OPENAI_API_KEY", expected="an OpenAI API key, which begins with sk-")
    openai_base_url: HttpUrl | None = _variable(
        "OPENAI_BASE_URL", expected="the base URL of an OpenAI-compatible server, such as http://127.0.0.1:11434/v1"
    )
    openai_org_id: str = _variable(
        "OPENAI_ORG_ID", default="", expected="an OpenAI organization's id, for a key that belongs to several"
    )
    openai_project_id: str = _variable(
        "OPENAI_PROJECT_ID", default="", expected="an OpenAI project's id, for a key that belongs to several"
    )
    elevenlabs_api_key: Secret | None = _variable(
        "ELEVENLABS_API_KEY", expected="an API key from the ElevenLabs settings"
    )
    elevenlabs_url: HttpUrl | None = _variable(
        "PHONEAGENT_ELEVENLABS_URL", expected="a base URL in place of ElevenLabs', such as http://127.0.0.1:9103"
    )
    elevenlabs_voice: str = _variable(
        "PHONEAGENT_ELEVENLABS_VOICE",
        default="JBFqnCBsd6RMkjVDRZzb",  # "George", one of the premade voices that every account has
        expected="the id of an ElevenLabs voice",
    )

    @property
    def retention(self) -> float:
        """Seconds that anything of a call is kept at most; endless where nobody has said."""
        return math.inf if self.retention_days is None else self.retention_days * 24 * 3600.0

    _notes: tuple[str, ...] = PrivateAttr(())

    @model_validator(mode="wrap")
    @classmethod
    def _as_meant(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        tidy, notes = _tidied(given)
        made = handler(tidy)
        made._notes = notes  # noqa: SLF001 - its own
        return made

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken in another way than it was written, or may not be what was meant; for people."""
        return (*self._notes, *_doubts(self))

    @property
    def stream_url(self) -> str:
        """Where the carrier opens the media stream. Needs `public_url`: see `require_for_serving`."""
        if self.public_url is None:
            raise MisuseError("stream_url was asked for, but public_url is not set")
        return "ws" + self.public_url.removeprefix("http") + "/twilio/media"

    def secrets(self) -> tuple[str, ...]:
        """Every secret in plain text, for the logs to black out. Not for printing."""
        values = [value for name in type(self).model_fields if isinstance(value := getattr(self, name), SecretStr)]
        if self.redis_url is not None and (password := urlsplit(self.redis_url.get_secret_value()).password):
            values.append(SecretStr(password))
        values += (SecretStr(shared_key(key.get_secret_value()).secret) for key in self.twilio_shared_keys)
        plain = [value.get_secret_value() for value in (*values, *self.api_keys, *self.encryption_keys)]
        signing = (text for text in plain if text.startswith(SIGNING) and len(text.split()) > 1)
        return (*plain, *(each for text in signing for each in text.split()))


class _Variable(NamedTuple):
    names: tuple[str, ...]
    expected: str
    secret: bool


def _describe(field: str) -> _Variable:
    info = Settings.model_fields[field]
    assert isinstance(info.validation_alias, AliasChoices)  # noqa: S101  # `_variable` makes no other
    names = tuple(str(name) for name in info.validation_alias.choices)
    return _Variable(names, info.description or "", "Secret" in str(info.annotation))


def _tidied(given: Any) -> tuple[Any, tuple[str, ...]]:
    """The values as they were meant, by field or variable, and a word on each that was changed."""
    if not isinstance(given, dict):
        return given, ()
    tidy: dict[str, Any] = {}
    notes: list[str] = []
    public = {"public_url", *_describe("public_url").names}
    for name, value in given.items():
        if not isinstance(value, str):
            tidy[name] = value
            continue
        text = _bare(value)
        shown = _describe(name).names[0] if name in Settings.model_fields else name
        if text != value:
            notes.append(f"{shown}: blanks, line feeds or quotes around it were left out")
        if name in public and WEBHOOK_AT_END.search(text):
            text = WEBHOOK_AT_END.sub("", text)
            notes.append(f"{shown}: expected the server's own URL; the webhook's path at its end was left out")
        if text or not value:
            tidy[name] = text
    return tidy, tuple(notes)


def _doubts(settings: Settings) -> Iterator[str]:
    if (url := settings.openai_base_url) is not None and urlsplit(url).path in ("", "/"):
        yield f"OPENAI_BASE_URL has no path: most servers want {url}/v1, and answer 404 to anything else"
    try:
        place = api_place(settings.twilio_region, settings.twilio_edge)
    except ValueError:
        return  # `require_for_serving` says it
    if place.note and settings.twilio_api_url is None:
        yield place.note


def variable(field: str) -> str:
    """The environment variable that sets a field: `variable("public_url")` is `PHONEAGENT_PUBLIC_URL`."""
    return _describe(field).names[0]


def load(**overrides: Any) -> Settings:
    """Read the environment and `.env` in the working directory; `overrides` (flags by field name) win, None is no flag.

    Raises `SettingsError` with one line a malformed value.
    """
    if unknown := overrides.keys() - Settings.model_fields.keys():
        raise MisuseError(f"there is no setting called {', '.join(sorted(unknown))}")
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        # A union reports each of its arms; one line a setting is enough.
        values = {str(detail["loc"][0]): detail["input"] for detail in error.errors(include_url=False)}
        # `from None`: pydantic's own text quotes the values, secrets too
        raise SettingsError(*(_malformed(name, value, given) for name, value in values.items())) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f".env: expected a readable text file in UTF-8: {error}") from error


def named(variable_name: str) -> str | None:
    """What a variable that an agent file names is set to, in the environment or `.env`; None or empty: nothing."""
    from dotenv import dotenv_values

    return _bare(os.environ.get(variable_name) or dotenv_values(".env").get(variable_name) or "") or None


def _malformed(name: str, value: object, given: Mapping[str, object]) -> str:
    field = next(field for field in Settings.model_fields if name == field or name in _describe(field).names)
    names, expected, secret = _describe(field)
    got = "" if secret or "@" in str(value) else f", not {str(value)!r}"
    where = f"with --{field.replace('_', '-')}" if field in given else "in the environment or .env"
    return f"{' or '.join(names)}: expected {expected}{got}; set it {where}"


def _missing(field: str, why: str) -> str:
    return f"{variable(field)}: expected {_describe(field).expected}; {why}; set it in the environment or .env"


def require_for_serving(settings: Settings, *, dev: bool, providers: set[str]) -> None:
    """Check what `serve` needs. `providers`: those the agents use, such as {"deepgram", "openai", "elevenlabs"}.

    Raises one `SettingsError` with all problems. With `dev`, Twilio need not be set up, but only loopback is served.
    """
    problems: list[str] = []
    if dev and not _is_loopback(settings.host):
        problems.append(
            f"PHONEAGENT_HOST: expected a loopback address with --dev, not {settings.host!r}; --dev opens doors that "
            "must not face a network; set it in the environment or .env, or leave out --dev"
        )
    if not dev and settings.public_url is None:
        problems.append(_missing("public_url", "without it Twilio cannot find the media stream"))
    if not dev and settings.twilio_auth_token is None:
        problems.append(_missing("twilio_auth_token", "without it anyone could pose as Twilio"))
    if settings.twilio_api_key_sid is not None and settings.twilio_api_key_secret is None:
        problems.append(_missing("twilio_api_key_secret", "TWILIO_API_KEY_SID is set and needs it"))
    if settings.twilio_api_key_secret is not None and settings.twilio_api_key_sid is None:
        problems.append(_missing("twilio_api_key_sid", "TWILIO_API_KEY_SECRET is set and needs it"))
    if settings.workers > 1 and settings.redis_url is None:
        problems.append(_missing("redis_url", "without it PHONEAGENT_WORKERS must be 1: they share their calls there"))
    if settings.webhook_url is not None and settings.webhook_secret is None:
        problems.append(_missing("webhook_secret", "PHONEAGENT_WEBHOOK_URL is set and needs it"))
    if settings.incoming_url is not None and settings.incoming_secret is None:
        problems.append(_missing("incoming_secret", "PHONEAGENT_INCOMING_URL is set and needs it"))
    problems += _guessable(settings)

    try:
        api_place(settings.twilio_region, settings.twilio_edge)
    except ValueError as error:
        problems.append(f"TWILIO_EDGE: {error}; set it in the environment or .env")
    problems += missing_keys(settings, providers)
    if problems:
        raise SettingsError(*problems)


def _guessable(settings: Settings) -> list[str]:
    lengths = [len(key.get_secret_value()) for key in settings.api_keys]
    return [
        f"PHONEAGENT_API_KEYS: expected keys of at least {SHORTEST_KEY} characters, for shorter ones can be guessed, "
        f"but key {number} has {length}; `openssl rand -hex 24` prints a good one; set it in the environment or .env"
        for number, length in enumerate(lengths, 1)
        if length < SHORTEST_KEY
    ]


def missing_keys(settings: Settings, providers: Collection[str]) -> list[str]:
    """One line for each key that these providers need and that is not set."""
    problems: list[str] = []
    if "deepgram" in providers and settings.deepgram_api_key is None:
        problems.append(_missing("deepgram_api_key", "an agent listens with Deepgram"))
    if "openai" in providers and settings.openai_api_key is None and not _points_elsewhere(settings.openai_base_url):
        problems.append(_missing("openai_api_key", "an agent thinks with OpenAI"))
    if "elevenlabs" in providers and settings.elevenlabs_api_key is None:
        problems.append(_missing("elevenlabs_api_key", "an agent speaks with ElevenLabs"))
    return problems


def _points_elsewhere(openai_base_url: str | None) -> bool:
    """Whether the mind is somebody else's server, which may want no key: Ollama, vLLM, llama.cpp."""
    if openai_base_url is None:
        return False
    host = urlsplit(openai_base_url).hostname or ""
    return not re.search(r"(^|\.)openai\.com$", host)
