"""Phrases: the first early, the others whole, and nothing cut that belongs together."""

from __future__ import annotations

from itertools import accumulate, cycle, islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phoneagent.conversation.phrases import Phrases
from phoneagent.conversation.policy import Policy


def spoken(*pieces: str, policy: Policy | None = None, language: str = "en") -> list[str]:
    phrases = Phrases(policy or Policy(), language=language)
    return [phrase for piece in pieces for phrase in phrases.feed(piece)] + phrases.flush()


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("We open every day at nine. Do you want a table?", ["We open every day at nine.", "Do you want a table?"]),
        ("Sure, when would you like to come?", ["Sure, when would you like to come?"]),
        ("Of course. For how many people?", ["Of course.", "For how many people?"]),
        ("Yes. It is 3.50 euros, Mr. Smith. Thank you.", ["Yes.", "It is 3.50 euros, Mr. Smith.", "Thank you."]),
        ("Dr. Jones is in at 9 a.m. on Monday. Bye.", ["Dr. Jones is in at 9 a.m. on Monday.", "Bye."]),
        ("Write to ana@example.com please. Thanks.", ["Write to ana@example.com please.", "Thanks."]),
        ("It is at", ["It is at"]),
        ("", []),
    ],
)
def test_a_text_in_one_piece(text, phrases):
    assert spoken(text) == phrases


def test_the_first_words_do_not_wait_for_their_sentence_but_no_phrase_ends_in_the_air():
    pieces = "We are open from Tuesday to Sunday, from noon to eleven.".replace(" ", "| ").split("|")
    assert spoken(*pieces) == ["We are open", "from Tuesday to Sunday, from noon to eleven."]
    pieces = "It is on the left of the old theatre.".replace(" ", "| ").split("|")
    assert spoken(*pieces) == ["It is on the left", "of the old theatre."]


def test_the_first_sentence_does_not_wait_for_the_space_after_it():
    phrases = Phrases(Policy())
    assert phrases.feed("One moment please") == []
    assert phrases.feed(".") == ["One moment please."]


@pytest.mark.parametrize("beginning", ["Ask Mr.", "It is 3.", "At 9 a.m."])
def test_what_may_go_on_after_a_full_stop_waits(beginning):
    assert Phrases(Policy(first_phrase_words=9)).feed(beginning) == []


def test_the_first_clause_does_not_wait_for_the_space_after_its_comma():
    phrases = Phrases(Policy())
    assert phrases.feed("Very good") == []
    assert phrases.feed(",") == ["Very good,"]


@pytest.mark.parametrize("beginning", ["Sure,", "On May,", "It costs 1,", "Ask Mr. T,", "See [the list,"])
def test_what_may_go_on_after_a_comma_waits(beginning):
    assert Phrases(Policy(first_phrase_words=9)).feed(beginning) == []


def test_a_sentence_without_end_is_spoken_in_parts():
    parts = spoken("word " * 200, policy=Policy(phrase_characters=100))
    assert max(map(len, parts)) <= 100


TOGETHER = (
    "3.50", "$1,200", "$ 5", "7:30", "7:30 pm", "7 p.m.", "9 to 5", "9 – 5", "Nov 22, 2026", "22 November 2026",
    "Dr. Smith", "St. Mary", "No. 5", "room 204",
    "+1 (555) 000-5006", "555 000 5006", "ana.b@example.com", "www.example.com/a.b",
    "example.com", "[our big menu](https://example.com/a)", "20 °C", "5 km", "10 %", "12 EUR", "AB12C", "e.g. fish",
    "1st", "z.B.", "Main St.",
)  # fmt: skip


@pytest.mark.parametrize("together", TOGETHER)
@pytest.mark.parametrize("frame", ["{}", "Well, I think that it is {}, and so on", "It is {} then. Good", "We have {}"])
@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_what_belongs_together_is_not_cut_however_it_arrives(together, frame, size):
    text = frame.format(together)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    for words in (1, 3):
        for longest in (20, 240):
            policy = Policy(first_phrase_words=words, phrase_characters=max(longest, len(together) + 1))
            if longest == 20 and len(together) >= 20:
                continue
            phrases = spoken(*pieces, policy=policy, language="de" if together == "z.B." else "en")
            assert any(together in phrase for phrase in phrases), phrases


@pytest.mark.parametrize(
    ("language", "text", "phrases"),
    [
        ("de", "Das ist z.B. Dr. Weiß. Bis bald!", ["Das ist z.B. Dr. Weiß.", "Bis bald!"]),
        ("de", "Wir treffen uns am 3. Mai um ca. 9 Uhr. Gut?", ["Wir treffen uns am 3. Mai um ca. 9 Uhr.", "Gut?"]),
        ("fr", "Voici M. Dupont et Mme. Roy. Merci !", ["Voici M. Dupont et Mme. Roy.", "Merci !"]),
        ("es", "La Sra. Ruiz, p.ej., ya está. ¿Algo más?", ["La Sra. Ruiz, p.ej., ya está.", "¿Algo más?"]),
        ("pl", "Mamy np. pizzę itd. dzisiaj. Coś jeszcze?", ["Mamy np. pizzę itd. dzisiaj.", "Coś jeszcze?"]),
        ("ja", "はい、承知しました。何名様ですか？", ["はい、承知しました。", "何名様ですか？"]),
        ("zh", "好的。请问几位？谢谢", ["好的。", "请问几位？", "谢谢"]),
        ("hi", "नमस्ते जी। आप कैसे हैं? ठीक।", ["नमस्ते जी।", "आप कैसे हैं?", "ठीक।"]),
        ("ar", "مرحبا بك. كيف حالك؟ شكرا", ["مرحبا بك.", "كيف حالك؟", "شكرا"]),
        ("en", "See you at 9. Bye now.", ["See you at 9.", "Bye now."]),
        ("en", "1. Pizza\n2. Pasta", ["1. Pizza", "2. Pasta"]),
        ("xx", "Dr. Who is in. Bye now.", ["Dr. Who is in.", "Bye now."]),
    ],
)
def test_sentences_of_other_languages(language, text, phrases):
    assert spoken(text, policy=Policy(first_phrase_words=99), language=language) == phrases


def test_an_address_is_not_taken_for_the_end_of_a_sentence():
    phrases = Phrases(Policy(first_phrase_words=99))
    assert phrases.feed("Please visit example.") == []
    assert phrases.feed("com for it. ") == ["Please visit example.com for it."]


@given(st.lists(st.text(alphabet="ab .,!?3@\n[](:–。、$", max_size=8), max_size=40))
def test_nothing_is_lost_or_added_however_it_arrives(pieces):
    words = "".join("".join(pieces).split())
    assert "".join("".join(spoken(*pieces)).split()) == words


@given(st.text(alphabet="abc .,?2", max_size=80))
def test_no_phrase_is_empty(text):
    assert all(phrase.strip() for phrase in spoken(*text))


ENDLESS = {
    "dots": ".", "one long word": "a", "Thai": "สวัสดีครับ", "Chinese": "好的没问题", "numbers": "1 ", "marks": "e\u0301",
    "names": "Main St. ", "abbreviations": "e.g. ", "open links": "[a. ", "commas in numbers": "1，",
    "weak words": "and the ",
}  # fmt: skip


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_a_text_without_any_end_is_spoken_in_parts_from_the_first_on(text):
    text = (text * 6400)[:6400]
    phrases = spoken(*text)
    assert max(map(len, phrases)) <= Policy().phrase_characters
    assert "".join("".join(phrases).split()) == "".join(text.split())


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_what_is_kept_of_a_text_without_end_does_not_grow(text):
    phrases = Phrases(Policy())
    assert sum(map(len, phrases.feed((text * 20_000)[:20_000]))) > 9_000
    assert len("".join(phrases.flush())) <= Policy().phrase_characters


def test_letters_keep_their_marks_where_a_text_without_spaces_is_cut():
    phrases = spoken("e\u0301" * 200, policy=Policy(phrase_characters=101))
    assert all(phrase.startswith("e") for phrase in phrases)


def test_a_phrase_that_is_forced_does_not_part_what_belongs_together():
    text = "the " * 50 + "table for Dr. Smith at 7:30 on Main St. with a view of the sea and"
    assert "Dr. Smith" in " | ".join(spoken(text, policy=Policy(phrase_characters=216)))


def test_white_space_alone_is_nothing_however_long():
    assert spoken(*[" \n"] * 5000, "Hello there.", *[" "] * 5000) == ["Hello there."]


@given(
    st.text(alphabet="ab .,;!?3$@\n[](:–e", max_size=300),
    st.lists(st.integers(1, 60), min_size=1, max_size=30),
    st.sampled_from([20, 33, 240]),
)
def test_phrases_after_the_first_are_the_same_however_the_text_arrives(text, sizes, longest):
    policy = Policy(phrase_characters=longest)
    ends = [0, *accumulate(islice(cycle(sizes), len(text)))]
    pieces = [text[start:end] for start, end in pairwise(ends)]
    phrases = spoken("Well then. ", *pieces, policy=policy)
    assert phrases == spoken("Well then. ", text, policy=policy)
    assert max(map(len, phrases)) <= longest


TAGGED = [
    'I am <emphasis level="strong">very, very</emphasis> sorry about that.',
    "One moment <!-- thinks. Or not, who knows --> please, I look it up.",
    'So <say-as interpret-as="date" format="mdy">11/22/2026</say-as> it is then.',
    "Take <prosody rate='slow' pitch='-2st' volume='loud. Or not'>your time, please</prosody> and call.",
    'Then <break time="1.5s"/>, if you like, <phoneme alphabet="ipa" ph="a. b! c?">we go</phoneme> on.',
]


@pytest.mark.parametrize("text", TAGGED)
@given(size=st.integers(1, 9))
def test_a_tag_or_comment_is_not_cut_however_it_arrives(text, size):
    phrases = spoken(*(text[at : at + size] for at in range(0, len(text), size)))
    assert " ".join(phrases).split() == text.split()
    for phrase in phrases:
        assert phrase.count("<") == phrase.count(">")
        assert phrase.count('"') % 2 == 0


def test_what_only_begins_like_a_tag_holds_nothing_back():
    assert spoken("Now some <other and more. Next one is here. Well, one < two. Good.")[-1] == "Good."


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "It weighs about 5 lb. and 3 oz. on my scale."),
        ("en", "Please ask Sgt. Miller or Jane Doe, Ph.D. about Mt. Everest."),
        ("en", "Two tbsp. of oil, 1 tsp. of salt, and Lt. Gov. Smith of Ft. Worth."),
        ("de", "Das macht Herr Dr. med. Huber, Dipl.-Ing. Maier oder Prof. Dr. phil. Kant."),
        ("fr", "Le rendez-vous avec Mgr. Martin est env. à dix heures, réf. 12, bd. Voltaire."),
        ("es", "La Dra. Ruiz y el Lic. Gómez viven en la Avda. Mayor, esq. Toledo, dcha. y aprox. cerca."),
        ("it", "La Sig.ra Rossi e l'avv. Bianchi, ing. Verdi e spett.le ditta, p.zza Roma."),
        ("pt", "A Profa. Souza e o Eng. Lima, Av. Paulista, apto. dois, Jd. Europa."),
        ("nl", "Dhr. Jansen en mevr. de Vries, drs. Bakker, blz. tien, t.a.v. afd. Verkoop."),
        ("pl", "Pan inż. Nowak i prof. hab. Kowalska, ul. Długa, woj. mazowieckie, tel. domowy."),
    ],
)
def test_an_abbreviation_ends_no_sentence(language, text):
    phrases = spoken(f"{'Ja, ' * 12}gut. {text} Danke.", language=language, policy=Policy(first_phrase_words=1000))
    assert phrases[1:] == [text, "Danke."]
