"""How written text is said."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phoneagent.conversation.phrases import ends_in_abbreviation
from phoneagent.speakable import Speakable, Unit
from phoneagent.speakable.abbreviations import ABBREVIATIONS
from phoneagent.speakable.vocabulary import VOCABULARIES

SPEAKABLE = {tag: Speakable(tag) for tag in (*VOCABULARIES, "en-GB", "ja", "")}
NAMES = Speakable("en", {"Aurelia": "ow-RAY-lia", "Trattoria  Aurelia": "the trattoria", "example.com": "our site"})


def said(text: str, tag: str = "en") -> str:
    return SPEAKABLE[tag].render(text).spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        # plain text stays
        ("We open at nine, don't we?", "We open at nine, don't we?"),
        ("NASA said OK.", "NASA said OK."),
        # money
        ("It is $3.50.", "It is three dollars and fifty cents."),
        ("$1, $0.50, $0.01", "one dollar, fifty cents, one cent"),
        ("€12 or 12 EUR or 12 €", "twelve euros or twelve euros or twelve euros"),
        ("£1,200", "one thousand two hundred pounds"),
        ("-$5", "minus five dollars"),
        ("$10-15", "ten to fifteen dollars"),
        ("$10–$15", "ten to fifteen dollars"),
        ("$1.5 million", "one point five million dollars"),
        ("$5k/month", "five thousand dollars per month"),
        ("100 SEK", "one hundred Swedish kronor"),
        ("a $100 gift card, an $8.50 fee", "a one hundred dollar gift card, an eight dollar and fifty cent fee"),
        ("$20 USD, $20 CAD", "twenty dollars, twenty Canadian dollars"),
        ("$10/hr, $2.5k/mo", "ten dollars per hour, two thousand five hundred dollars per month"),
        ("1.000,50 EUR, 42.50 dollars", "one thousand euros and fifty cents, forty-two dollars and fifty cents"),
        # percentages and measures
        ("10% - 20%, a 5 km run", "ten to twenty percent, a five kilometer run"),
        ("a 10 min. drive. It takes 2 hrs. Then go", "a ten minute drive. It takes two hours. Then go"),
        ("10% off, 1 % more", "ten percent off, one percent more"),
        ("1 km, 5 km, 1.5 km", "one kilometer, five kilometers, one point five kilometers"),
        ("20–25 °C, -5°C", "twenty to twenty-five degrees Celsius, minus five degrees Celsius"),
        ("3 kg at 50 km/h", "three kilograms at fifty kilometers per hour"),
        # numbers
        ("1st, 2nd, 22nd", "first, second, twenty-second"),
        ("1/2, 3/4, 2 1/2, ½, 1½", "one half, three quarters, two and a half, one half, one and a half"),
        ("9-5, 10–12", "nine to five, ten to twelve"),
        ("3.14 and 1,234", "three point one four and one thousand two hundred thirty-four"),
        ("-5 and +5", "minus five and plus five"),
        ("in 1984, 2026", "in nineteen eighty-four, twenty twenty-six"),
        ("1776 people", "one thousand seven hundred seventy-six people"),
        ("since 1776", "since seventeen seventy-six"),
        ("the 1990s", "the nineteen nineties"),
        ("10000 people", "ten thousand people"),
        ("24/7", "twenty-four seven"),
        ("a score of 3:1", "a score of three to one"),
        ("50/50, 5'10\", the '90s", "fifty fifty, five foot ten, the nineties"),
        ("3 - 4 days/week", "three to four days per week"),
        ("45,00 €", "forty-five euros"),
        # times and dates
        ("12/25, Mon: 9-5", "December twenty-fifth, Monday: nine to five"),
        ("7:30pm, 7 p.m. and 9am", "seven thirty PM, seven PM and nine AM"),
        ("We close at 9 p.m. Then we go.", "We close at nine PM. Then we go."),
        ("19:30, 7:00, 7:05", "seven thirty PM, seven o'clock, seven oh five"),
        ("9am-5pm, 9:00-17:00, 7–9 PM", "nine AM to five PM, nine o'clock to five PM, seven to nine PM"),
        ("2026-11-22", "November twenty-second twenty twenty-six"),
        ("11/22/2026", "November twenty-second twenty twenty-six"),
        ("22/11/2026", "November twenty-second twenty twenty-six"),
        ("Nov 22, Nov. 22", "November twenty-second, November twenty-second"),
        ("Nov 22-24", "November twenty-second to twenty-fourth"),
        ("November 22nd, 2026", "November twenty-second twenty twenty-six"),
        ("the 5th of May.", "the fifth of May."),
        ("22 Nov 2026", "the twenty-second of November twenty twenty-six"),
        ("Mon-Fri 9-5", "Monday to Friday nine to five"),
        ("Mon-Fri. We close Sat-Sun.", "Monday to Friday. We close Saturday to Sunday."),
        ("on 8/10, Mon, 3/4, due 03/04", "on August tenth, Monday, March fourth, due March fourth"),
        ("3/4 full, 24/7, before 3/4 of it", "three quarters full, twenty-four seven, before three quarters of it"),
        ("Tue, Nov 24 or Sat 11/28", "Tuesday, November twenty-fourth or Saturday November twenty-eighth"),
        ("Sat 5, Sun", "Sat five, Sun"),
        ("11/20-11/25", "November twentieth to November twenty-fifth"),
        ("2026-11-22T19:30:00Z", "November twenty-second twenty twenty-six seven thirty PM"),
        ("2026/11/22", "November twenty-second twenty twenty-six"),
        ("1234 Elm Street, room 1204", "twelve thirty-four Elm Street, room twelve oh-four"),
        ("Flight UA 1175, 1600 Oak Ave NW", "Flight UA eleven seventy-five, sixteen hundred Oak Avenue Northwest"),
        ("1500 Street vendors", "one thousand five hundred Street vendors"),
        # telephone numbers and codes
        ("ending in 4821", "ending in four eight two one"),
        ("the last four digits are 1234", "the last four digits are one two three four"),
        ("it ends in 2027", "it ends in twenty twenty-seven"),
        ("card ****4242", "card four two four two"),
        ("123-45-6789", "one two three, four five, six seven eight nine"),
        ("ZIP 94107-1234", "ZIP nine four one zero seven, one two three four"),
        ("4155552671", "four one five, five five five, two six seven one"),
        ("gate B12, seat 14C, I-95", "gate B twelve, seat fourteen C, I ninety-five"),
        ("+1 (555) 000-5006", "plus one, five five five, zero zero zero, five zero zero six"),
        ("+15005550006", "plus one, five zero zero, five five five, zero zero zero six"),
        ("555-0199", "five five five, zero one nine nine"),
        ("AB12C", "A B one two C"),
        ("XK-4421", "X K, four four two one"),
        ("X-K-4-2", "X K four two"),
        ("ZIP 94110", "ZIP nine four one one zero"),
        ("12345678", "one two three, four five six, seven eight"),
        ("0042", "zero zero four two"),
        ("your code is 4821", "your code is four eight two one"),
        ("COVID19, COVID-19", "COVID nineteen, COVID nineteen"),
        ("#A-1029, A+, B", "number A, one zero two nine, A plus, B"),
        # addresses
        ("https://www.example.com/menu?x=1.", "example dot com slash menu."),
        ("see example.co.uk", "see example dot co dot U K"),
        ("ana@example.com", "ana at example dot com"),
        ("ana.b-92_x@example.com,", "ana dot b dash nine two underscore x at example dot com,"),
        ("It is done.It works", "It is done.It works"),
        # abbreviations
        ("Dr. Smith and Mr. Jones", "Doctor Smith and Mister Jones"),
        ("St. Mary, Main St. and Ocean Dr.", "Saint Mary, Main Street and Ocean Drive."),
        ("fish, e.g. Cod", "fish, for example Cod"),
        ("Cod etc.", "Cod et cetera."),
        ("The answer is no. No. 5 is it.", "The answer is no. number five is it."),
        # signs
        ("R&D & Q&A", "R and D and Q and A"),
        ("#5, C#, C++", "number five, C sharp, C plus plus"),
        ("2 + 2 = 4, 2 * 3, 2x3", "two plus two equals four, two times three, two times three"),
        ("he/she, and/or, TCP/IP, w/o", "he or she, and or, TCP IP, without"),
        ("@home ~5", "at home about five"),
        ("Press # or *, then dial *67.", "Press pound or star, then dial star sixty-seven."),
        ("Press the # key", "Press the pound key"),
        ("Pizza * Pasta * Salad", "Pizza Pasta Salad"),
        ("Order #: 5, 2 * 3 and *5* stars", "Order number: five, two times three and five stars"),
        # marks
        ("**Bold** *italic* _em_ __em__ `code` ~~no~~", "Bold italic em em code no"),
        ("a snake_case name", "a snake case name"),
        ("[our menu](https://x.com/a_b(c) \"t\") now", "our menu now"),
        ("![a photo](x.png)", "a photo"),
        ("# Heading", "Heading"),
        ("- one\n- two\n  * three", "one, two, three"),
        ("- [x] done", "done"),
        ("1. one\n2. two", "one, one two, two"),
        ("> quoted", "quoted"),
        ("| Dish | Price |\n|---|:-:|\n| Pizza | $12 |", "Dish, Price Pizza, twelve dollars"),
        ("```python\nprint\n```", "print"),
        ("one\n\n---\n\ntwo", "one two"),
        ("Great 😀👍🏽! ❤️", "Great!"),
        ("Tom &amp; Anna&nbsp;B it&#39;s", "Tom and Anna B it's"),
        ("<b>yes</b> <break time=\"1s\"/> no", "yes, no"),
        ('I am <emphasis level="strong">very</emphasis> sorry.', "I am very sorry."),
        ('I am <emphasis level="str', "I am"),
        ("Yes<!-- or no > or so --> indeed, and <!-- the rest", "Yes indeed, and"),
        ("<x-tag a='1>0' b=\"2>1\">$5</x-tag>", "five dollars"),
        ("if a<b and c>d, 3<4", "if a<b and c>d, three<four"),
        ("a <your name> of 5 <pitch=-.3>people</pitch>", "a of five people"),
        ("", ""),
        ("**", ""),
        ("...", ""),
    ],
)  # fmt: skip
def test_english(written, spoken):
    assert said(written) == spoken


@pytest.mark.parametrize(
    ("tag", "written", "spoken"),
    [
        ("en-GB", "22/11/2026", "November twenty-second twenty twenty-six"),
        ("en-GB", "1,205", "one thousand two hundred and five"),
        ("en-GB", "03/04/2026", "April third twenty twenty-six"),
        ("de", "12,50 €, 1.200 €, 1 €", "zwölf Euro fünfzig, eintausendzweihundert Euro, ein Euro"),
        ("de", "am 22.11.2026 um 19:30 Uhr",
         "am zweiundzwanzigsten November zweitausendsechsundzwanzig um neunzehn Uhr dreißig"),
        ("de", "Am 1. November, der 3.5. im 3. Stock", "Am ersten November, der dritte Mai im dritten Stock"),
        ("de", "z.B. 2-3 Personen, ca. 5 km, 50 %",
         "zum Beispiel zwei bis drei Personen, circa fünf Kilometer, fünfzig Prozent"),
        ("de", "Hauptstr. 12, Tel. 030 1234567",
         "Hauptstraße zwölf, Telefon null drei null, eins zwei drei, vier fünf sechs sieben"),
        ("de", "info@beispiel.de", "info ät beispiel Punkt D E"),
        ("fr", "12,50 €, 1 200 €", "douze euros cinquante, mille deux cents euros"),
        ("fr", "2 millions €", "deux millions d'euros"),
        ("fr", "le 1er mai 2026 à 19h30", "le premier mai deux mille vingt-six à dix-neuf heures trente"),
        ("fr", "01 23 45 67 89", "zéro un, vingt-trois, quarante-cinq, soixante-sept, quatre-vingt-neuf"),
        ("fr", "M. Dupont, 1re et 2e", "Monsieur Dupont, première et deuxième"),
        ("es", "El 22/11/2026 a las 19:30, 12,50 €",
         "El veintidós de noviembre de dos mil veintiséis a las diecinueve y treinta, doce euros con cincuenta"),
        ("es", "El Sr. López y la Sra. Ruiz, lun-vie.", "El señor López y la señora Ruiz, lunes a viernes."),
        ("pt", "O Sr. Silva", "O senhor Silva"),
        ("de", "Die Endziffern sind 4821.", "Die Endziffern sind vier acht zwei eins."),
        ("pl", "22 listopada 2026 r.", "dwudziestego drugiego listopada dwa tysiące dwudziestego szóstego roku."),
        ("pl", "1.05.2026 roku", "pierwszego maja dwa tysiące dwudziestego szóstego roku"),
        ("de", "12,50 Euro, 1 Euro, 2 Euro. Es dauert 30 Min.",
         "zwölf Euro fünfzig, ein Euro, zwei Euro. Es dauert dreißig Minuten."),
        ("es", "$1,250.50 pesos", "mil doscientos cincuenta pesos con cincuenta"),
        ("es", "$1,250", "mil doscientos cincuenta dólares"),
        ("es", "$100 MXN", "cien pesos"),
        ("es", "Pulse # o *.", "Pulse almohadilla o asterisco."),
        ("pl", "Stolik na 19:30, o godz. 8:00", "Stolik na dziewiętnastą trzydzieści, o godzinie ósmej"),
        ("de", "am Mo., 23. Nov. 2026. So, 3 Personen.",
         "am Montag, dreiundzwanzigsten November zweitausendsechsundzwanzig. So, drei Personen."),
        ("pl", "00-238 Warszawa", "zero zero, dwa trzy osiem Warszawa"),
        ("es", "912 345 678, la Sra. Ruiz, 2ª",
         "nueve uno dos, tres cuatro cinco, seis siete ocho, la señora Ruiz, segunda"),
        ("it", "Il 22/11/2026 alle 19:30, 12,50 €",
         "Il ventidue novembre duemilaventisei alle diciannove e trenta, dodici euro e cinquanta"),
        ("pl", "22.11.2026 o 19:30",
         "dwudziestego drugiego listopada dwa tysiące dwudziestego szóstego roku o dziewiętnastej trzydzieści"),
        ("pl", "1 zł, 2 zł, 5 zł, 12,50 zł, np. 5 km",
         "jeden złoty, dwa złote, pięć złotych, dwanaście złotych pięćdziesiąt, na przykład pięć kilometrów"),
        ("pt", "às 19h30, R$ 1.200, a Sra. Silva",
         "às dezenove horas e trinta, mil e duzentos reais, a senhora Silva"),
        ("nl", "om 19:30 uur, € 12,50, 1e, bijv. 5 km",
         "om negentien uur dertig, twaalf euro vijftig, eerste, bijvoorbeeld vijf kilometer"),
        ("ja", "**料金**は¥1,200です。https://www.example.com/menu 😀", "料金は¥1,200です。example.com/menu"),
        ("", "**$5** [b](http://x.y) &amp; ana@example.com", "$5 b & ana@example.com"),
    ],
)  # fmt: skip
def test_other_languages(tag, written, spoken):
    assert said(written, tag) == spoken


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("AURELIA's and **Aurelia**.", "ow-RAY-lia's and ow-RAY-lia."),
        ("Trattoria Aurelia", "the trattoria"),
        ("Aurelian", "Aurelian"),
        ("ana@aurelia.com", "ana at ow-RAY-lia dot com"),
        ("https://www.example.com/", "our site"),
    ],
)
def test_the_agents_own_dictionary(written, spoken):
    assert NAMES.render(written).spoken == spoken


def test_a_word_of_a_script_without_spaces_is_found():
    assert Speakable("ja", {"東京": "とうきょう"}).render("東京です").spoken == "とうきょうです"


def test_units_are_what_is_heard_as_one():
    assert SPEAKABLE["en"].render("- Call +1 555-0199 by Nov 22, **or** $5. 😀").units == (
        Unit("- Call", "Call"),
        Unit("+1", "plus one,"),
        Unit("555-0199", "five five five, zero one nine nine"),
        Unit("by", "by"),
        Unit("Nov 22,", "November twenty-second,"),
        Unit("**or**", "or"),
        Unit("$5. 😀", "five dollars."),
    )


@pytest.mark.parametrize("tag", SPEAKABLE)
@given(
    st.text(
        alphabet=st.one_of(st.characters(), st.sampled_from("0123456789.,:-/+ $€%#*_`[]()@hpmstz1½º&;<>|\n")),
        max_size=40,
    )
)
def test_no_text_is_too_odd_and_nothing_of_it_is_lost(tag, text):
    rendering = SPEAKABLE[tag].render(text)
    assert " ".join(unit.written for unit in rendering.units).split() == text.split()
    assert rendering.spoken == rendering.spoken.strip()


SIGNS = "0123456789.,:-/+$€% \u00a0ºªxkmghlspTAICX'\"()=°½²&;!"
PLAIN = st.text(alphabet=st.one_of(st.sampled_from(SIGNS), st.characters(categories=["L"])), max_size=30)
PIECES = (
    "$ € zł % km kg mg h Uhr am pm to do de - – x = + USD EUR mln Mio. 1/2 ½ St. Nr. np. may 5th 1ª @ II 1. 10500"
).split()
NUMBERS = st.lists(
    st.one_of(
        st.from_regex(r"[1-9][0-9]{0,6}([.,:/-][0-9]{1,4}){0,3}", fullmatch=True),
        st.sampled_from(PIECES),
    ),
    max_size=8,
).map(" ".join)


@pytest.mark.parametrize("tag", SPEAKABLE)
@given(st.one_of(PLAIN, NUMBERS))
@example("@")
def test_what_the_voice_gets_is_never_less_than_what_was_written(tag, text):
    """Marks are left out above; here are only letters, numbers and signs."""
    rendering = SPEAKABLE[tag].render(text)
    assert any(map(str.isalnum, rendering.spoken)) or not any(map(str.isalnum, text))
    for unit in rendering.units:
        if any(map(str.isdecimal, unit.written)):
            assert any(map(str.isalnum, unit.spoken)), unit


@pytest.mark.parametrize(
    "nasty",
    ["1" * 3000, "-" * 3000, "a." * 1500, "[" * 3000, "<a " * 1000, "1 " * 1500, "9-" * 1500, "| " * 1500, "A-1" * 999,
     "<a b='" * 500, "<!--" * 700, "<a " + "b=1 " * 700, "1/2 " * 700, "1 000 " * 500, "12.30 h " * 400, "1st St " * 99,
     "one/two/" * 400, "1,00,000 " * 300, "a1" * 1500, "12-" * 999 + "=", "1.000." * 500, "5 mg/" * 600, "II " * 900],
)  # fmt: skip
@pytest.mark.parametrize("tag", ["en", "de", "pl"])
def test_no_text_takes_long(nasty, tag):
    began = time.process_time()
    SPEAKABLE[tag].render(nasty)
    assert time.process_time() - began < 1.0


def test_a_phrase_does_not_end_with_an_abbreviation_that_is_known_here():
    for language, abbreviations in ABBREVIATIONS.items():
        for abbreviation in abbreviations:
            if abbreviation.endswith("."):
                assert ends_in_abbreviation(f"x {abbreviation}", language), (language, abbreviation)


IMPORTS = """
import sys
from phoneagent.speakable import Speakable
assert not {"babel", "num2words", "phonenumbers"} & set(sys.modules), "only a language needs them"
speakable = Speakable("en")
speakable.render("Trattoria Aurelia, good evening. How can I help you?")
assert not {"num2words", "phonenumbers"} & set(sys.modules), "a greeting is wanted before them"
assert [name for name in sys.modules if "lang_" in name] == LANGUAGES, "of num2words only what is spoken"
speakable.warm()
before = set(sys.modules)
print(speakable.render("Nov 22, 7:30pm, $3.50, 5 PLN, +442079460018, 12 kg, 1/2, 22nd, Dr. No, AB12C, a@b.com").spoken)
assert not set(sys.modules) - before, set(sys.modules) - before
""".replace("LANGUAGES", repr([f"phoneagent.speakable._num2words.lang_{name}" for name in ("EU", "EN")]))


def test_nothing_is_imported_in_the_middle_of_a_call():
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert "twenty-second" in done.stdout


def test_a_phrase_is_made_speakable_well_within_a_millisecond():
    """So that the voice does not wait for it. The best of several: other processes share the machine."""
    phrase = "Your table for 4 is booked for Nov 22 at 7:30pm; the deposit is $20.00, and your code is AB12C, Mr. Lee."
    times = []
    for _ in range(20):
        began = time.process_time()
        for _ in range(10):
            SPEAKABLE["en"].render(phrase)
        times.append((time.process_time() - began) / 10)
    assert min(times) < 0.001
