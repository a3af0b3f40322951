"""Which numbers are called, and what is said of those that are not."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.call.phone_numbers import NumberRules, is_number
from phoneagent.errors import OrderRefused

AMERICAN = NumberRules(home="+15005550006")


@pytest.mark.parametrize(
    ("written", "called"),
    [
        ("+12125550123", "+12125550123"),
        (" +1 (212) 555-0123 ", "+12125550123"),
        ("+1.212.555.0123", "+12125550123"),
        ("+1\u00a0212\u2011555\u20110123", "+12125550123"),  # as web pages and word processors have them
        ("+18005550123", "+18005550123"),  # free of charge
    ],
)
def test_a_number_is_called_however_it_is_written(written, called):
    assert AMERICAN.destination(written) == called


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("", "country code"),
        ("3035550123", "country code"),
        ("+", "country code"),
        ("+1 212 CALL NOW NOW NOW NOW NOW NOW NOW NOW NOW", "country code"),
        ("sip:ana@example.com", "country code"),
        ("+1", "country code"),
        ("+1303555", "digits"),
        ("+13035550123;ext=9", "extension"),
        ("+15551234567", "numbering plan"),
        ("+19005550123", "premium"),
        ("+15005550006", "personal"),
        ("+18765550123", "one of JM"),
        ("+442079460018", "one of GB"),
        ("+1202555O1OO", "no letters"),
        ("+1212555l0l2", "no letters"),
        ("+1 212 FLOWERS", "no letters"),
        ("+12125550199x", "no letters"),
        ("+12125550199 x12", "no letters"),
        ("+12125550199 ext. 4", "no letters"),
        ("+12125550199#4", "no letters"),
        ("+12125550199,4", "no letters"),
        ("tel:+12125550199", "no letters"),
        ("+1 212 555 0199 or +1 212 555 0124", "no letters"),
        ("+1212555019/9", "no letters"),
        ("+1212+5550199", "no letters"),
        ("++12125550199", "no letters"),
        ("+12125550199\n", "no letters"),
        ("+1212\t5550199", "no letters"),
        ("+1212555019\x009", "no letters"),
        ("+\uff11\uff12\uff11\uff12\uff15\uff15\uff15\uff10\uff11\uff12\uff13", "no letters"),
        ("+١٢١٢٥٥٥٠١٢٣", "no letters"),
    ],
)
def test_a_number_that_is_not_called_is_refused_with_the_reason(number, said):
    with pytest.raises(OrderRefused, match=said) as refused:
        AMERICAN.destination(number)
    assert refused.value.field == "to"
    digits = "".join(filter(str.isdigit, number))
    assert len(digits) < 7 or digits not in str(refused.value), "errors are logged, numbers are not"


def test_countries_are_those_that_were_allowed_and_no_other():
    rules = NumberRules(["gb", "DE"], home="+15005550006")
    assert rules.destination("+442079460018") == "+442079460018"
    with pytest.raises(OrderRefused, match="DE, GB"):
        rules.destination("+12125550123")


def test_british_personal_numbers_are_a_trap_and_not_called():
    with pytest.raises(OrderRefused, match="personal"):
        NumberRules(["GB"]).destination("+447012345678")


def test_without_any_country_nobody_is_called():
    with pytest.raises(OrderRefused, match="PHONEAGENT_ALLOWED_COUNTRIES"):
        NumberRules().destination("+12125550123")


def test_the_number_that_calls_may_be_any_the_carrier_gave():
    assert AMERICAN.possible("from", "+1 500 555 0006") == "+15005550006"
    with pytest.raises(OrderRefused) as refused:
        AMERICAN.possible("from", "Ana")
    assert refused.value.field == "from"


@given(st.text(max_size=60))
def test_any_text_is_either_a_number_or_refused(text):
    try:
        called = AMERICAN.destination(text)
    except OrderRefused:
        return
    assert called.startswith("+1")


# -- addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "connected"),
    [
        ("+12125550123", "+12125550123"),
        ("tel:+1-212-555-0123", "+12125550123"),
        ("tel:+12125550123;ext=", "+12125550123"),
        ("sip:desk@pbx.example", "sip:desk@pbx.example"),
        ("sips:desk@pbx.example;transport=tls", "sips:desk@pbx.example;transport=tls"),
        ("sip:100@pbx.example", "sip:100@pbx.example"),
        ("sip:pbx.example", "sip:pbx.example"),
        ("sip:+12125550123@gw.example", "sip:+12125550123@gw.example"),
        ("sip:0012125550123@gw.example", "sip:0012125550123@gw.example"),
        ("sip:2125550123@gw.example", "sip:2125550123@gw.example"),
        ("sip:12125550123@gw.example", "sip:12125550123@gw.example"),
        ("sip:4711000@gw.example", "sip:4711000@gw.example"),
    ],
)
def test_an_address_is_a_target_by_the_number_in_it(address, connected):
    assert AMERICAN.target(address) == connected


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("sip:+19005550123@gw", "premium"),
        ("SIP:+1-900-555-0123@gw", "premium"),
        ("sip:%2B19005550123@gw", "premium"),
        ("sip:+19005550123;npdi=yes@gw", "premium"),
        ("sip:0119005550123", "numbering plan"),
        ("sip:01119005550123@gw", "premium"),
        ("sip:0019005550123@gw", "premium"),
        ("sip:19005550123@gw", "premium"),
        ("sip:9005550123@gw", "premium"),
        ("sip:+442079460018@gw", "one of GB"),
        ("sip:00442079460018@gw", "one of GB"),
        ("sip:+15551234567@gw", "numbering plan"),
        ("tel:+19005550123", "premium"),
        ("tel:+442079460018", "one of GB"),
        ("tel:9005550123", "country code"),
        ("sip:911@gw", "emergency"),
        ("sip:+1911@gw", "emergency"),
        ("tel:+1911", "emergency"),
        ("tel:112", "emergency"),
        ("911", "emergency"),
        ("+49112", "emergency"),
    ],
)
def test_an_address_with_a_number_that_is_not_called_is_refused(address, said):
    with pytest.raises(OrderRefused, match=said) as refused:
        AMERICAN.target(address)
    assert refused.value.field == "target"


@pytest.mark.parametrize("number", ["+1911", "+1 (911)", "911", "+112", "+49112", "+44999"])
def test_an_emergency_number_is_no_destination_and_it_is_said_what_to_do(number):
    with pytest.raises(OrderRefused, match="hang up and dial the emergency number themselves"):
        NumberRules(["US", "DE", "GB"]).destination(number)


def test_the_short_emergency_numbers_of_the_own_country_count():
    assert NumberRules(home="+302101234567").is_emergency("sip:100@pbx.example")
    assert NumberRules(["US", "GR"], home="+12125550123").is_emergency("sip:100@pbx.example")
    assert not AMERICAN.is_emergency("sip:100@pbx.example")


@given(st.text() | st.from_regex(r"(sips?:|tel:|)[+0-9*#%;@a-z.]{0,40}"))
def test_any_address_is_a_target_or_refused(address):
    with suppress(OrderRefused):
        assert AMERICAN.target(address)


@pytest.mark.parametrize(
    "told", ["", "anonymous", "+266696687", "client:ana", "sip:ana@example.com", "+1", "12125550123"]
)
def test_who_withholds_their_number_has_none(told):
    assert not is_number(told)
    assert is_number("+12125550123")
