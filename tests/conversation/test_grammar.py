"""The notation in which agent files say what callers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.conversation.grammar import (
    Choice,
    Grammar,
    Match,
    PatternError,
    Reference,
    Sequence,
    Spelled,
    normalise,
    parse,
)

TIMES = {"time": ["seven [o'clock]", "half past seven"], "people": ["two", "four"]}


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Yes.", "yes"),
        ("  Yes –  please! ", "yes please"),
        ("I’d like 'that', o'clock", "i'd like that o'clock"),
        ("at 7:30 p.m.", "at 7 30 pm"),
        ("...", ""),
        ("…", ""),
    ],
)
def test_only_what_is_spoken_counts(text, spoken):
    assert normalise(text) == spoken


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        ("book a table", {}),
        ("Book a table, please!", {}),
        ("book a table for four", {"people": "four"}),
        ("book a table for four at seven o'clock", {"people": "four", "time": "seven o'clock"}),
        ("book a table around half past seven please", {"time": "half past seven"}),
    ],
)
def test_optional_parts_alternatives_and_rules(said, rules):
    grammar = Grammar(["book a table [for <people>] [(at | around) <time>] [please]"], TIMES)
    found = grammar.match(said)
    assert found is not None
    assert found.rules == rules


@pytest.mark.parametrize(
    "said", ["", "book", "a table", "book a table for", "book a table for nine", "please book a table"]
)
def test_a_match_is_of_the_whole_text(said):
    assert Grammar(["book a table [for <people>] [please]"], TIMES).match(said) is None


def test_search_finds_the_longest_stretch_and_where_it_is():
    grammar = Grammar(["for <people>", "for <people> at <time>"], TIMES)
    assert grammar.search("well for two or no for four at seven then") == Match(
        5, 9, {"people": "four", "time": "seven"}
    )
    assert grammar.search("forty two") is None


def test_words_are_those_of_phrases_and_rules():
    assert Grammar(["for <people> [please]"], {"people": ["two", "four"]}).words() == {"for", "two", "four", "please"}


def test_one_alternative_of_a_rule_may_be_the_beginning_of_another():
    grammar = Grammar(["at <time>"], {"time": ["seven", "seven thirty"]})
    assert grammar.match("at seven thirty") == Match(0, 3, {"time": "seven thirty"})
    assert grammar.search("well at seven thirty then") == Match(1, 4, {"time": "seven thirty"})


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("book [a table", "'[' is not closed by ']'"),
        ("book (a | the", "'(' is not closed by ')'"),
        ("book (a ]", "'(' is not closed by ')'"),
        ("a table)", "')' closes nothing"),
        ("", "expected words"),
        ("(a | )", "expected words before ')'"),
        ("| a", "expected words before '|'"),
        ("at 7:30", "expected a word, <rule>, [optional] or (one | other) at ':30'"),
        ("for <people", "at ' <people'"),
    ],
)
def test_what_is_wrong_with_a_pattern_is_said(pattern, problem):
    with pytest.raises(PatternError) as caught:
        parse(pattern)
    assert problem in str(caught.value)


def test_rules_must_exist_and_end():
    with pytest.raises(PatternError, match="<day> is not defined"):
        Grammar(["on <day>"])
    with pytest.raises(PatternError, match="<a> refers to itself"):
        Grammar(["<a>"], {"a": ["x <b>"], "b": ["y <a>"]})


WORDS = st.sampled_from(["yes", "no", "table", "four", "o'clock"])


PATTERNS = st.recursive(
    WORDS.map(lambda word: (word, word)),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: (" ".join(text for text, _ in parts), " ".join(said for _, said in parts if said))
        ),
        st.tuples(inner, inner).map(lambda pair: (f"({pair[0][0]} | {pair[1][0]})", pair[1][1])),
        st.tuples(inner, st.booleans()).map(lambda pair: (f"[{pair[0][0]}]", pair[0][1] if pair[1] else "")),
    ),
    max_leaves=8,
)


@given(PATTERNS)
def test_every_sentence_of_a_pattern_is_matched_by_it(case):
    pattern, sentence = case
    found = Grammar([pattern]).match(sentence)
    if sentence:
        assert found == Match(0, len(sentence.split()), {})
        assert Grammar([pattern]).search(f"hm {sentence} hm") == Match(1, 1 + len(sentence.split()), {})
    else:
        assert found is None


def test_parsing_gives_the_structure():
    assert parse("a (b | c) <d>") == Sequence((Spelled("a"), Choice((Spelled("b"), Spelled("c"))), Reference("d")))
