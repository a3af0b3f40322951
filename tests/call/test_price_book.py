"""What is used costs what its provider takes, or what the operator says."""

from __future__ import annotations

import pytest

from phoneagent.agent_file.price_file import BUILT_IN_PRICES, load_prices
from phoneagent.call.price_book import OwnPrices, PriceBook, costs_of, prices_for
from phoneagent.errors import SettingsError
from phoneagent.records import Prices
from phoneagent.usage import Unit, Used

FILE = """\
currency = "EUR"
as_of = 2026-01-02

[[prices]]
part = "llm"
provider = "openai"
models = ["gpt-5.4-mini"]
million_tokens_in = 1.0
million_tokens_out = 4.0

[[prices]]
part = "carrier"
provider = "twilio"
models = ["inbound"]
minute = 0.06
whole_minutes = true

[[prices]]
part = "stt"
provider = "deepgram"
models = ["*"]
minute = 0.6
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(FILE)
    return path


def test_each_thing_costs_what_its_provider_takes(file):
    costs = costs_of(
        [
            Used("llm", "openai", "gpt-5.4-mini-2026-03-17", "tokens_in", 1_000_000),
            Used("llm", "openai", "gpt-5.4-mini", "tokens_cached", 500_000, reckoned=True),
            Used("carrier", "twilio", "inbound", "seconds", 61.0),
            Used("stt", "deepgram", "whatever", "seconds", 61.0),
        ],
        load_prices(file),
    )
    assert [item.cost for item in costs.items] == pytest.approx([1.0, 0.5, 0.12, 0.61])
    assert costs.total == pytest.approx(2.23)
    assert (costs.currency, costs.prices, costs.complete) == ("EUR", "ours.toml of 2026-01-02", True)
    assert [item.reckoned for item in costs.items] == [False, True, False, False]


@pytest.mark.parametrize(
    "used",
    [
        Used("llm", "openai", "gpt-5.4-mini-pro", "tokens_in", 10),
        Used("llm", "openai", "gpt-5.4", "tokens_in", 10),
        Used("llm", "azure", "gpt-5.4-mini", "tokens_in", 10),
        Used("carrier", "twilio", "outbound", "seconds", 10),
        Used("tts", "openai", "gpt-5.4-mini", "characters", 10),
    ],
)
def test_what_has_no_known_price_is_told_and_not_guessed(file, used):
    costs = costs_of([used], load_prices(file))
    assert (costs.items[0].price, costs.items[0].cost) == (None, None)
    assert (costs.total, costs.complete) == (0.0, False)


def test_an_agents_own_prices_take_the_place_of_all_others():
    book = PriceBook("EUR")
    assert prices_for(Prices(), book) is book
    own = prices_for(Prices(minute=0.6, currency="PLN"), book)
    assert isinstance(own, OwnPrices)
    used = [
        Used("carrier", "twilio", "inbound", "seconds", 61.0),
        Used("carrier", "twilio", "media-stream", "seconds", 61.0),
        Used("stt", "deepgram", "nova-3", "seconds", 61.0),
        Used("llm", "anybody", "any", "tokens_in", 100),
    ]
    costs = costs_of(used, own)
    assert [item.cost for item in costs.items] == pytest.approx([0.61, 0.0, 0.0, 0.0])
    assert (costs.currency, costs.complete) == ("PLN", True)


TOKENS: tuple[Unit, ...] = ("tokens_in", "tokens_cached", "tokens_cache_write", "tokens_out")
MODELS = (
    "gpt-5.4-mini", "gpt-5.6-luna", "gpt-5.6-terra", "gpt-5.6-sol", "gpt-6-luna", "gpt-6-sol", "gpt-6-astra",
    "gpt-6.1-terra", "gpt-6.1-sol",
)  # fmt: skip


@pytest.mark.parametrize("model", MODELS[1:])
def test_what_goes_into_the_cache_costs_a_quarter_more(model):
    book = load_prices()
    read, kept = (book.price(Used("llm", "openai", model, unit, 1)) for unit in ("tokens_in", "tokens_cache_write"))
    assert read is not None
    assert kept == pytest.approx(1.25 * read)


def test_luna_costs_what_it_costs_today():
    used = [Used("llm", "openai", "gpt-5.6-luna", unit, 1_000_000) for unit in TOKENS]
    assert [item.cost for item in costs_of(used, load_prices()).items] == pytest.approx([0.20, 0.02, 0.25, 1.20])


def test_the_prices_that_come_with_this_know_what_agents_use_unless_told_otherwise():
    book = load_prices()
    usual = [
        Used("carrier", "twilio", "inbound", "seconds", 1),
        Used("carrier", "twilio", "outbound", "seconds", 1),
        Used("carrier", "twilio", "media-stream", "seconds", 1),
        Used("carrier", "twilio", "recording", "seconds", 1),
        *(Used("stt", "deepgram", model, "seconds", 1) for model in ("", "flux-general-en", "nova-3")),
        *(Used("llm", "openai", model, unit, 1) for model in MODELS for unit in TOKENS),
        *(Used("tts", "elevenlabs", model, "characters", 1) for model in ("", "eleven_flash_v2_5")),
    ]
    assert all(book.price(used) for used in usual)
    assert book.price(Used("llm", "local", "llama3", "tokens_in", 1)) == 0.0
    assert book.currency == "USD"


def test_every_price_that_comes_with_this_says_where_and_when_it_was_published():
    for entry in BUILT_IN_PRICES.read_text().split("[[prices]]")[1:]:
        free = "= 0.0\n" in entry
        assert free or ("source = " in entry and "as_of = " in entry), entry


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ('part = "stt"', 'part = "ears"', r"ours.toml:19: prices\[2\].part: expected 'carrier', 'stt', 'llm' or 'tts'"),
        (
            "minute = 0.6\n",
            "minute = -1\n",
            r"ours.toml:22: prices\[2\].minute: expected a number of at least 0, got -1",
        ),
        ("minute = 0.6\n", "hour = 1\n", r"ours.toml:22: prices\[2\].hour: unknown key"),
        ("as_of = 2026-01-02\n", "", r"ours.toml:1: as_of: expected, but missing"),
        ('"EUR"', '"euro"', r"ours.toml:1: currency: expected the code of a currency, such as USD, got 'euro'"),
        ('currency = "EUR"', "currency = ", r"ours.toml:1:\d+: not valid TOML"),
    ],
)
def test_what_is_wrong_with_a_price_file_is_told_with_its_line(file, wrong, right, told):
    file.write_text(FILE.replace(wrong, right))
    with pytest.raises(SettingsError, match=told):
        load_prices(file)


def test_a_price_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"PHONEAGENT_PRICES: expected a price file.*nowhere.toml"):
        load_prices(tmp_path / "nowhere.toml")
