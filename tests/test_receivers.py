"""How an operator writes down who is told of calls, and what is said when it is wrong."""

from __future__ import annotations

import pytest

from phoneagent.agent_file import parse_agent
from phoneagent.deliveries import Webhook
from phoneagent.errors import SettingsError
from phoneagent.private import Private
from phoneagent.receivers import incoming_of, webhooks_of
from phoneagent.settings import load
from phoneagent.webhooks.receivers import checked_secrets, new_secret
from tests.calls.world import agent
from tests.webhooks.receiver import ANOTHER, SECRET

CRM = "https://crm.example.com/hook?team=7"
FILE = f"""name = "desk"

[[webhooks]]
url = "{CRM}"
secret = "${{CRM_SECRET}}"
events = ["call.ended", "turn.ended"]

[incoming]
url = "https://crm.example.com/incoming"
secret = "${{CRM_SECRET}}"
within = 0.5
"""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("WEBHOOK_URL", "WEBHOOK_SECRET", "WEBHOOK_EVENTS", "INCOMING_URL", "INCOMING_SECRET"):
        monkeypatch.delenv(f"PHONEAGENT_{name}", raising=False)
    monkeypatch.delenv("CRM_SECRET", raising=False)


def desk(text=FILE):
    return {"desk": parse_agent(text, "desk.toml")}


def wrong(agents, **settings):
    with pytest.raises(SettingsError) as raised:
        webhooks_of(load(**settings), agents)
    return raised.value.problems


def wrong_file(text):
    with pytest.raises(SettingsError) as raised:
        parse_agent(text, "desk.toml")
    return raised.value.problems


def test_an_agent_file_names_who_is_told_and_the_environment_has_the_secret(monkeypatch):
    monkeypatch.setenv("CRM_SECRET", f"{SECRET} {ANOTHER}")
    (webhook,) = webhooks_of(load(), desk())
    assert (webhook.url, webhook.events, webhook.agent) == (CRM, ("turn.ended", "call.ended"), "desk")
    assert [secret.reveal() for secret in webhook.secrets] == [SECRET, ANOTHER]
    assert SECRET not in repr(webhook)
    assert webhook.shown == "https://crm.example.com/hook"
    incoming = incoming_of(load(), desk())["desk"]
    assert (incoming.webhook.url, incoming.within) == ("https://crm.example.com/incoming", 0.5)


def test_the_secret_may_be_in_dotenv_too(tmp_path):
    (tmp_path / ".env").write_text(f"CRM_SECRET={SECRET}\n")
    (webhook,) = webhooks_of(load(), desk())
    assert webhook.secrets == (Private(SECRET),)


def test_a_webhook_stays_the_same_when_its_secret_changes():
    one = Webhook(CRM, (Private(SECRET),), agent="desk")
    assert one.id == Webhook(CRM, (Private(ANOTHER),), ("call.ended",), agent="desk").id
    assert one.id != Webhook(CRM, (Private(SECRET),)).id


def test_a_secret_that_is_not_set_or_none(monkeypatch):
    (problem,) = wrong(desk())
    assert problem.startswith(
        "agent 'desk': webhooks[0].secret: expected the variable CRM_SECRET, in the environment or .env, to be whsec_"
    )
    monkeypatch.setenv("CRM_SECRET", "hunter2")
    (problem,) = wrong(desk())
    assert "hunter2" not in problem


def test_the_settings_name_one_for_all_agents():
    settings = load(webhook_url=CRM, webhook_secret=SECRET, webhook_events="call.ended")
    assert webhooks_of(settings, {"front-desk": agent()}) == (Webhook(CRM, (Private(SECRET),), ("call.ended",)),)
    settings = load(incoming_url=CRM, incoming_secret=SECRET)
    assert incoming_of(settings, {"front-desk": agent()})["front-desk"].within == 1.0


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"webhook_url": CRM}, "PHONEAGENT_WEBHOOK_SECRET: PHONEAGENT_WEBHOOK_URL is set and needs it"),
        (
            {"webhook_url": "http://10.0.0.9/hook", "webhook_secret": SECRET},
            "PHONEAGENT_WEBHOOK_URL: expected an https:// URL, or PHONEAGENT_WEBHOOK_PRIVATE=true",
        ),
    ],
)
def test_settings_that_do_not_fit_together(settings, problem):
    (found,) = wrong({"front-desk": agent()}, **settings)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"webhook_secret": "hunter2"}, "PHONEAGENT_WEBHOOK_SECRET: expected whsec_"),
        ({"webhook_url": "https://u:hunter2@crm.example.com"}, "PHONEAGENT_WEBHOOK_URL: expected who is told"),
        ({"webhook_events": "call.finished"}, "PHONEAGENT_WEBHOOK_EVENTS: expected comma-separated ones of call.start"),
        ({"incoming_within": 60}, "PHONEAGENT_INCOMING_WITHIN: expected seconds"),
    ],
)
def test_settings_that_are_malformed(given, problem):
    with pytest.raises(SettingsError) as raised:
        load(**given)
    assert raised.value.problems[0].startswith(problem)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("line", "instead", "problem"),
    [
        (f'url = "{CRM}"', 'url = "ftp://crm.example.com"', "desk.toml:4: webhooks[0].url: expected an https://"),
        (f'url = "{CRM}"', 'url = "http://crm.example.com"', "desk.toml:3: webhooks[0]: expected an https:// URL, or"),
        ('secret = "${CRM_SECRET}"', f'secret = "{SECRET}"', "desk.toml:5: webhooks[0].secret: expected the name of"),
        ('"turn.ended"]', '"turn.end"]', "desk.toml:6: webhooks[0].events: expected "),
        ("within = 0.5", "within = 60", "desk.toml:11: incoming.within: expected a number of at most 5"),
        ("within = 0.5", "retries = 60", "desk.toml:11: incoming.retries: "),
    ],
)
def test_what_is_wrong_in_an_agent_file_is_told_with_its_line(line, instead, problem):
    (found,) = wrong_file(FILE.replace(line, instead, 1))
    assert found.startswith(problem)
    assert SECRET not in found


def test_the_same_url_twice_in_an_agent():
    made = agent(webhooks=(Webhook(CRM, (Private(SECRET),)),) * 2)
    assert wrong({"front-desk": made}) == (
        "agent 'front-desk': webhooks[1].url: there already is a webhook with this URL",
    )


def test_a_new_secret_is_a_good_one():
    assert checked_secrets(new_secret()) != checked_secrets(new_secret())


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_AAAA", "whsec_" + "A" * 100, SECRET[6:], "whsec_=ü", f"{SECRET} x"]
)
def test_what_is_no_secret(text):
    with pytest.raises(ValueError, match="expected whsec_"):
        checked_secrets(text)
