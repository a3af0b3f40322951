"""What an operator sees of the settings: where values come from, and what is said about bad ones."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path

import pytest

from phoneagent.call.business_hours import calling_hours
from phoneagent.call.calling_rules import AT_ANY_TIME
from phoneagent.errors import MisuseError, SettingsError
from phoneagent.records import RecordingRules
from phoneagent.settings import Settings, load, named, require_for_serving, variable
from phoneagent.telephony.twilio.shared_keys import SharedKey, shared_key

ALL_PROVIDERS = {"deepgram", "openai", "elevenlabs"}
SECRET = "hunter2-hunter2-hunter2"
EXAMPLE = Path(__file__).parents[1] / ".env.example"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of the machine that runs the tests, and no `.env` of the checkout."""
    for name in list(os.environ):
        if (
            name.startswith(("PHONEAGENT_", "TWILIO_", "DEEPGRAM_", "OPENAI_", "ELEVENLABS_", "REDIS_"))
            or name == "PORT"
        ):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def setenv(monkeypatch):
    def set_all(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_all


def problems_of(**overrides) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as raised:
        load(**overrides)
    return raised.value.problems


def missing_for_serving(settings: Settings, *, dev=False, providers=frozenset()) -> list[str]:
    try:
        require_for_serving(settings, dev=dev, providers=set(providers))
    except SettingsError as error:
        return [problem.split(":")[0] for problem in error.problems]
    return []


def test_nothing_set_is_a_server_on_loopback():
    settings = load()
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.redis_url is None
    assert settings.api_keys == ()
    assert settings.call_ttl == 86_400


def test_every_field_has_a_variable_that_carries_its_name():
    for field in Settings.model_fields:
        assert variable(field).removeprefix("PHONEAGENT_").lower() == field


# --- where values come from ------------------------------------------------------------------------


def test_flag_beats_environment_beats_dotenv_beats_default(setenv):
    Path(".env").write_text(
        "PHONEAGENT_HOST=10.0.0.1\nPHONEAGENT_PORT=1111\nPHONEAGENT_MAX_CALLS=7\nSOMEBODY_ELSES=1\n"
    )
    setenv(PHONEAGENT_PORT="2222", PHONEAGENT_HOST="10.0.0.2")
    settings = load(host="10.0.0.3", port=None)
    assert (settings.host, settings.port, settings.max_calls) == ("10.0.0.3", 2222, 7)


def test_a_platforms_port_is_taken_but_our_own_name_wins(setenv):
    setenv(PORT="5000")
    assert load().port == 5000
    assert load(port=7000).port == 7000
    setenv(PHONEAGENT_PORT="6000")
    assert load().port == 6000
    assert load(port=7000).port == 7000


def test_an_empty_variable_counts_as_unset(setenv):
    setenv(PHONEAGENT_PORT="", REDIS_URL="", TWILIO_AUTH_TOKEN="")
    settings = load()
    assert (settings.port, settings.redis_url, settings.twilio_auth_token) == (8080, None, None)


def test_api_keys_are_separated_by_commas(setenv):
    setenv(PHONEAGENT_API_KEYS="first-key, second-key,")
    assert [key.get_secret_value() for key in load().api_keys] == ["first-key", "second-key"]


SHARED = "webhooks_sharedkey_01h2"


def test_shared_keys_are_separated_by_commas_and_every_part_of_them_is_a_secret(setenv):
    setenv(TWILIO_SHARED_KEYS=f"{SHARED}={SECRET}=/+, older/hmac_sha1=an-older-secret-of-theirs")
    settings = load()
    assert [shared_key(each.get_secret_value()) for each in settings.twilio_shared_keys] == [
        SharedKey(SHARED, "HMAC_SHA256", f"{SECRET}=/+"),
        SharedKey("older", "HMAC_SHA1", "an-older-secret-of-theirs"),
    ]
    assert {f"{SECRET}=/+", "an-older-secret-of-theirs"} <= set(settings.secrets())
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    "written",
    [SECRET, f"={SECRET}", "name=", "name=short", f"na me={SECRET}", f"name/HMAC_MD5={SECRET}", f"a:{SECRET}"],
)
def test_a_shared_key_that_is_none_is_refused_without_being_shown(setenv, written):
    setenv(TWILIO_SHARED_KEYS=written)
    (problem,) = problems_of()
    assert problem.startswith(
        "TWILIO_SHARED_KEYS: expected comma-separated keys that sign Twilio's webhooks, as NAME=SECRET"
    )
    assert SECRET not in problem


def test_the_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1


def test_a_flag_that_is_no_setting_is_our_own_mistake():
    with pytest.raises(MisuseError, match="publik_url"):
        load(publik_url="https://voice.example.com")


# --- the stream's address --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("public_url", "stream_url"),
    [
        ("https://voice.example.com", "wss://voice.example.com/twilio/media"),
        ("https://voice.example.com/", "wss://voice.example.com/twilio/media"),
        ("https://example.com:8443/voice", "wss://example.com:8443/voice/twilio/media"),
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/twilio/media"),
        ("http://localhost:8080", "ws://localhost:8080/twilio/media"),
        ("http://[::1]:8080", "ws://[::1]:8080/twilio/media"),
    ],
)
def test_stream_url_follows_the_public_url(public_url, stream_url):
    assert load(public_url=public_url).stream_url == stream_url


@pytest.mark.parametrize(
    "public_url",
    [
        "voice.example.com",
        "http://voice.example.com",  # Twilio would send callers' voices in the clear
        "http://127.0.0.1.example.com",
        "wss://voice.example.com",
        "https://",
        "https://voice.example.com:notaport",
        "https://voice.example.com:99999",
        "https://voice.example.com/?agent=a",
        "https://user:pass@voice.example.com",
    ],
)
def test_a_public_url_that_cannot_work_is_refused(public_url):
    (problem,) = problems_of(public_url=public_url)
    assert problem.startswith("PHONEAGENT_PUBLIC_URL: expected the https URL at which Twilio reaches this server")
    assert problem.endswith("set it with --public-url")


def test_stream_url_without_a_public_url_is_our_own_mistake():
    with pytest.raises(MisuseError):
        _ = load().stream_url


# --- bad values ------------------------------------------------------------------------------------


def test_all_malformed_values_are_named_at_once_with_what_was_expected(setenv):
    setenv(PHONEAGENT_PORT="eighty", PHONEAGENT_LOG_JSON="perhaps", PHONEAGENT_MAX_CALLS="0")
    where = "; set it in the environment or .env"
    assert problems_of() == (
        f"PHONEAGENT_PORT or PORT: expected the port to listen on, 1 to 65535 (0: any free one), not 'eighty'{where}",
        f"PHONEAGENT_MAX_CALLS: expected the number of calls one process takes at once, 1 or more, not '0'{where}",
        f"PHONEAGENT_LOG_JSON: expected true or false (unset: JSON unless written to a terminal), not 'perhaps'{where}",
    )


def test_both_names_of_the_port_are_named(setenv):
    setenv(PORT="99999")
    (problem,) = problems_of()
    assert problem.startswith("PHONEAGENT_PORT or PORT: ")


def test_a_dotenv_that_is_no_text_is_said_so():
    Path(".env").write_bytes(b"PHONEAGENT_HOST=\xff\xfe\n")
    (problem,) = problems_of()
    assert problem.startswith(".env: expected a readable text file")


@pytest.mark.parametrize(
    ("variable_name", "value"),
    [
        ("REDIS_URL", f"http://:{SECRET}@redis.example.com"),
        ("REDIS_URL", SECRET),
        ("OPENAI_BASE_URL", f"https://user:{SECRET}@llm.example.com/v1"),
        ("PHONEAGENT_DEEPGRAM_URL", f"ftp://user:{SECRET}@ears.example.com"),
    ],
)
def test_a_malformed_secret_is_not_repeated(setenv, variable_name, value):
    setenv(**{variable_name: value})
    with pytest.raises(SettingsError) as raised:
        load()
    assert raised.value.problems[0].startswith(f"{variable_name}: expected ")
    assert SECRET not in str(raised.value)
    assert raised.value.__suppress_context__  # a traceback would show pydantic's text, which quotes the value


def test_no_secret_is_printed(setenv):
    names = [
        "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY_SECRET", "DEEPGRAM_API_KEY", "OPENAI_API_KEY", "ELEVENLABS_API_KEY",
        "PHONEAGENT_API_KEYS",
    ]  # fmt: skip
    setenv(**dict.fromkeys(names, SECRET), REDIS_URL=f"rediss://:{SECRET}@redis.example.com")
    settings = load()
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert SECRET not in text


def test_the_logs_are_given_every_secret_to_black_out(setenv):
    setenv(
        TWILIO_AUTH_TOKEN="a-token", PHONEAGENT_API_KEYS="one-key,two-key", REDIS_URL="redis://:a-password@r.example"
    )
    assert set(load().secrets()) == {"a-token", "one-key", "two-key", "a-password", "redis://:a-password@r.example"}


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "rediss://:password@redis.example.com",
        "unix:///run/redis.sock",
        "redis+sentinel://a.example:26379,b.example:26379/mymaster",
        "rediss+cluster://a.example:7000",
    ],
)
def test_redis_of_every_kind(url):
    settings = load(redis_url=url)
    assert settings.redis_url is not None
    assert shown(settings.redis_url) == url


# --- what serving needs ----------------------------------------------------------------------------


def test_serving_says_everything_that_is_missing_at_once():
    assert missing_for_serving(load(), providers=ALL_PROVIDERS) == [
        "PHONEAGENT_PUBLIC_URL",
        "TWILIO_AUTH_TOKEN",
        "DEEPGRAM_API_KEY",
        "OPENAI_API_KEY",
        "ELEVENLABS_API_KEY",
    ]


def test_serving_with_everything_set(setenv):
    setenv(
        PHONEAGENT_PUBLIC_URL="https://voice.example.com",
        TWILIO_AUTH_TOKEN=SECRET,
        DEEPGRAM_API_KEY=SECRET,
        OPENAI_API_KEY=SECRET,
        ELEVENLABS_API_KEY=SECRET,
    )
    assert missing_for_serving(load(host="0.0.0.0"), providers=ALL_PROVIDERS) == []  # noqa: S104  # not bound here


def test_keys_are_asked_for_only_when_an_agent_uses_the_provider():
    settings = load(public_url="https://voice.example.com", twilio_auth_token=SECRET)
    assert missing_for_serving(settings, providers={"pocketsphinx", "script", "espeak"}) == []


def test_development_needs_no_twilio_but_stays_on_loopback():
    assert missing_for_serving(load(), dev=True) == []
    assert missing_for_serving(load(host="localhost"), dev=True) == []
    assert missing_for_serving(load(host="::1"), dev=True) == []
    assert missing_for_serving(load(host="0.0.0.0"), dev=True) == ["PHONEAGENT_HOST"]  # noqa: S104  # not bound here
    assert missing_for_serving(load(host="voice.example.com"), dev=True) == ["PHONEAGENT_HOST"]


@pytest.mark.parametrize(
    ("base_url", "missing"),
    [
        ("http://127.0.0.1:11434/v1", []),
        ("https://api.openai.com.example.com/v1", []),
        ("https://api.openai.com/v1", ["OPENAI_API_KEY"]),
        ("https://eu.api.openai.com/v1", ["OPENAI_API_KEY"]),
    ],
)
def test_another_openai_compatible_server_may_want_no_key(base_url, missing):
    assert missing_for_serving(load(openai_base_url=base_url), dev=True, providers={"openai"}) == missing


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"twilio_api_key_sid": "SK0123"}, ["TWILIO_API_KEY_SECRET"]),
        ({"twilio_api_key_secret": SECRET}, ["TWILIO_API_KEY_SID"]),
        ({"twilio_api_key_sid": "SK0123", "twilio_api_key_secret": SECRET}, []),
    ],
)
def test_half_an_api_key_of_twilio_is_no_key(given, missing):
    assert missing_for_serving(load(**given), dev=True) == missing


@pytest.mark.parametrize(
    ("keep_days", "retention", "kept"), [(30, None, 30), (0, None, 0), (30, 7, 7), (0, 7, 7), (3, 7, 3)]
)
def test_recordings_are_kept_as_their_agent_says_within_the_retention(keep_days, retention, kept):
    settings = load(retention_days=retention)
    assert RecordingRules(keep_days=keep_days).within(settings.retention_days).keep_days == kept
    assert settings.retention == (math.inf if retention is None else retention * 86_400)


# --- calling hours


@pytest.mark.parametrize("given", ["8-21", "mon 8:00-21:00", "mon-sun 08:00-21:00,", "always", "mon-sun 21:00-21:00"])
def test_calling_hours_that_are_none(monkeypatch, given):
    monkeypatch.setenv("PHONEAGENT_CALLING_HOURS", given)
    with pytest.raises(SettingsError, match="PHONEAGENT_CALLING_HOURS: expected any, or comma-separated days"):
        load()


def test_calling_hours_in_words(monkeypatch):
    assert load().calling_hours == calling_hours("mon-sun 08:00-21:00")
    monkeypatch.setenv("PHONEAGENT_CALLING_HOURS", "any")
    assert load().calling_hours == AT_ANY_TIME
    monkeypatch.setenv("PHONEAGENT_CALLING_HOURS", "mon-fri 09:00-17:00, sat 10:00-12:00")
    assert len(load().calling_hours.open) == 6


# --- the example -----------------------------------------------------------------------------------


def test_the_example_file_shows_every_setting_with_its_default():
    example = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))
    assert set(example) == {variable(field) for field in Settings.model_fields}
    settings = load()
    for field in ("host", "port", "call_ttl", "log_level", "elevenlabs_voice"):
        assert example[variable(field)] == str(getattr(settings, field))


def test_everything_in_the_example_file_is_valid(monkeypatch):
    for name, value in re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE):
        monkeypatch.setenv(name, value)
    assert load().port == 8080


@pytest.mark.parametrize("key", ["k", "fifteen-letters"])
def test_a_key_that_can_be_guessed_does_not_start_a_server(setenv, key):
    setenv(PHONEAGENT_API_KEYS=f"sixteen-letters!,{key}")
    with pytest.raises(SettingsError, match=f"at least 16 characters.*key 2 has {len(key)};") as refused:
        require_for_serving(load(), dev=True, providers=set())
    assert key not in str(refused.value).replace("key", "") or key == "k"


def shown(secret):
    return secret.get_secret_value()


# --- as it was meant -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        f"{SECRET}\n",
        f"{SECRET}\r\n",
        f" {SECRET} ",
        f'"{SECRET}"',
        f"'{SECRET}'",
        f'"{SECRET}\n"\n',
        f"“{SECRET}”",
        f"\ufeff{SECRET}",
    ],
)
def test_what_stands_around_a_secret_is_left_out_with_a_word(setenv, written):
    setenv(DEEPGRAM_API_KEY=written, TWILIO_AUTH_TOKEN=SECRET, OPENAI_API_KEY='with "quotes" inside')
    settings = load()
    assert shown(settings.deepgram_api_key) == SECRET
    assert shown(settings.openai_api_key) == 'with "quotes" inside'
    (note,) = settings.notes
    assert note.startswith("DEEPGRAM_API_KEY: blanks, line feeds or quotes around it were left out")
    assert SECRET not in note


def test_every_kind_of_value_loses_what_stands_around_it(setenv, monkeypatch):
    setenv(
        REDIS_URL="redis://127.0.0.1:6379/0\n", PHONEAGENT_API_KEYS='"first-key", "second-key"\n',
        PHONEAGENT_PORT="'8081'", TWILIO_PHONE_NUMBER='"+15005550006"', PHONEAGENT_LOG_JSON="true\n",
        PHONEAGENT_HOST='""',
    )  # fmt: skip
    settings = load()
    assert shown(settings.redis_url) == "redis://127.0.0.1:6379/0"
    assert [key.get_secret_value() for key in settings.api_keys] == ["first-key", "second-key"]
    assert (settings.port, settings.twilio_phone_number, settings.log_json) == (8081, "+15005550006", True)
    assert settings.host == "127.0.0.1"
    assert len(settings.notes) == 6
    monkeypatch.setenv("CRM_SECRET", f'"{SECRET}"\n')
    assert named("CRM_SECRET") == SECRET


def test_a_secret_of_two_lines_is_refused(setenv):
    setenv(DEEPGRAM_API_KEY=f"{SECRET}\n{SECRET}")
    (problem,) = problems_of()
    assert problem.startswith("DEEPGRAM_API_KEY: expected")
    assert SECRET not in problem


@pytest.mark.parametrize("end", ["/twilio/voice", "/twilio/voice/", "/twilio/media", "/twilio/status"])
def test_a_public_url_with_the_webhooks_path_loses_it_with_a_word(end):
    settings = load(public_url=f"https://voice.example.com/phone{end}")
    assert settings.public_url == "https://voice.example.com/phone"
    (note,) = settings.notes
    assert note.startswith("PHONEAGENT_PUBLIC_URL: expected the server's own URL")


@pytest.mark.parametrize(
    ("url", "doubtful"),
    [
        ("http://127.0.0.1:1143", True),
        ("http://127.0.0.1:1143/", True),
        ("http://h/v1", False),
        ("https://h/api", False),
    ],
)
def test_a_model_server_without_a_path_is_named(url, doubtful):
    assert any("/v1" in note for note in load(openai_base_url=url).notes) == doubtful


def test_a_region_without_its_edge_gets_it_and_one_that_nobody_knows_is_named(setenv):
    setenv(TWILIO_REGION="ie1")
    assert load().notes == ("TWILIO_REGION is ie1 and TWILIO_EDGE is not set: dublin is taken, which lies beside it",)
    setenv(TWILIO_REGION="de1")
    assert "no region; requests go to api.twilio.com" in load().notes[0]
    setenv(TWILIO_EDGE="frankfurt")
    assert load().notes == ()
    setenv(TWILIO_REGION="xx9", TWILIO_EDGE="")
    assert "TWILIO_EDGE" in missing_for_serving(load())


def test_what_is_as_it_should_be_is_not_spoken_of(setenv):
    setenv(DEEPGRAM_API_KEY=SECRET, PHONEAGENT_PUBLIC_URL="https://voice.example.com")
    assert load().notes == ()
