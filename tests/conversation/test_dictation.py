"""Numbers, codes, names, addresses and dates come in groups, with pauses in which nobody wants an answer."""

from __future__ import annotations

import pytest

from phoneagent.conversation.endpointing import rule_for, says_yes_or_no, silence_needed, unfinished, wants_yes_or_no
from phoneagent.conversation.languages import LANGUAGES
from phoneagent.conversation.policy import Policy

POLICY = Policy()
PAUSE = 0.9  # seconds: the longest between groups
LONGEST_WAIT = 2.0  # seconds: what a caller who has dictated everything still takes for listening

DICTATED = [
    ("en", "What is your phone number?", "four one five|five five five|oh one nine"),
    ("en", "What is your phone number?", "plus four four|seven nine one one|one two three|four five six"),
    ("en", "How can we reach you?", "415|555|0199"),
    ("en", "What is the best number to call you back?", "double five|twenty three|forty five"),
    ("en", "What is your booking reference?", "A B four|seven X two"),
    ("en", "What is your licence plate?", "K L|one nine|X Y Z"),
    ("en", "Can you spell your last name?", "Kowalski|K O W|A L S K I"),
    ("en", "What is your last name?", "It's B as in Bravo|R as in Romeo|O"),
    ("en", "What is your address?", "Twelve Baker Street|London|NW1"),
    ("en", "What is your date of birth?", "the twelfth|of March|nineteen|eighty four"),
    ("en", "How can I help you?", "my number is four one five|five five five"),
    ("de", "Wie ist Ihre Telefonnummer?", "null eins sieben sechs|zwei drei vier|fünf sechs sieben"),
    ("de", "Wie können wir Sie erreichen?", "null eins fünf eins|dreiundzwanzig|fünfundvierzig|siebzig"),
    ("de", "Wie lautet Ihr Kennzeichen?", "K L|neunzehn|X Y"),
    ("de", "Können Sie Ihren Namen buchstabieren?", "B wie Berta|A wie Anton|C H"),
    ("de", "Wie ist Ihr Name?", "B wie Berta|A wie Anton"),
    ("de", "Wie ist Ihre Adresse?", "Hauptstraße zwölf|achtzig drei drei eins|München"),
    ("de", "Wann sind Sie geboren?", "am zwölften|März|neunzehnhundertvierundachtzig"),
    ("de", "Wie lautet Ihre Buchungsnummer?", "A B vier|sieben X zwei"),
    ("es", "¿Cuál es su número de teléfono?", "seis uno dos|tres cuatro cinco|seis siete ocho"),
    ("es", "¿Cómo podemos contactarle?", "seiscientos doce|treinta y cuatro|cincuenta y seis"),
    ("es", "¿Cuál es su matrícula?", "doce treinta y cuatro|be ce de"),
    ("es", "¿Puede deletrear su apellido?", "ge a erre|ce i a"),
    ("es", "¿Cuál es su nombre?", "M de María|A de Antonio"),
    ("es", "¿Cuál es su dirección?", "calle Mayor doce|segundo izquierda|Madrid"),
    ("es", "¿Cuál es su fecha de nacimiento?", "el doce|de marzo|de mil novecientos ochenta y cuatro"),
    ("fr", "Quel est votre numéro de téléphone ?", "zéro six|douze|trente-quatre|cinquante-six"),
    ("fr", "Comment peut-on vous joindre ?", "zéro six|douze"),
    ("fr", "Quelle est votre plaque d'immatriculation ?", "A B|un deux trois|C D"),
    ("fr", "Pouvez-vous épeler votre nom ?", "D U|P O N T"),
    ("fr", "Quel est votre nom ?", "D comme Désiré|U comme Ursule"),
    ("fr", "Quelle est votre adresse ?", "douze rue de la Paix|soixante-quinze mille deux|Paris"),
    ("fr", "Quelle est votre date de naissance ?", "le douze|mars|mille neuf cent quatre-vingt-quatre"),
    ("it", "Qual è il suo numero di telefono?", "tre quattro sette|uno due tre|quattro cinque sei"),
    ("it", "Come possiamo contattarla?", "trentaquattro|sessantadue"),
    ("it", "Qual è la sua targa?", "A B|uno due tre|C D"),
    ("it", "Può dirmi il cognome lettera per lettera?", "R O S|S I"),
    ("it", "Qual è il suo nome?", "A come Ancona|B come Bologna"),
    ("it", "Qual è il suo indirizzo?", "via Roma dodici|venti cento uno|Milano"),
    ("it", "Qual è la sua data di nascita?", "il dodici|marzo|millenovecentoottantaquattro"),
    ("pt", "Qual é o seu número de telefone?", "nove um dois|três quatro cinco|seis sete oito"),
    ("pt", "Como podemos contactá-lo? Qual é o telemóvel?", "nove um|vinte e três|meia sete"),
    ("pt", "Qual é a matrícula?", "A B|um dois|C D"),
    ("pt", "Pode soletrar o apelido?", "S I L|V A"),
    ("pt", "Qual é o seu nome?", "M de Maria|A de Aveiro"),
    ("pt", "Qual é a sua morada?", "rua Augusta doze|mil e cem|Lisboa"),
    ("pt", "Qual é a data de nascimento?", "doze|de março|de mil novecentos e oitenta e quatro"),
    ("nl", "Wat is uw telefoonnummer?", "nul zes|twaalf|vierendertig|zesenvijftig"),
    ("nl", "Hoe kunnen we u bereiken?", "nul zes|een twee drie|vier vijf"),
    ("nl", "Wat is uw kenteken?", "A B|een twee drie|C"),
    ("nl", "Kunt u uw naam spellen?", "J A N|S E N"),
    ("nl", "Wat is uw naam?", "B van Bernard|A van Anna"),
    ("nl", "Wat is uw adres?", "Hoofdstraat twaalf|tien twaalf A B|Amsterdam"),
    ("nl", "Wat is uw geboortedatum?", "twaalf|maart|negentienhonderdvierentachtig"),
    ("pl", "Jaki jest pana numer telefonu?", "sześć zero jeden|dwa trzy cztery|pięć sześć"),
    ("pl", "Jak możemy się skontaktować?", "sześćset jeden|dwadzieścia trzy"),
    ("pl", "Jaki jest numer rejestracyjny?", "W A|jeden dwa trzy|X Y"),
    ("pl", "Proszę przeliterować nazwisko.", "K O W|A L"),
    ("pl", "Jak się pan nazywa?", "B jak Barbara|A jak Adam"),
    ("pl", "Jaki jest pani adres?", "ulica Długa dwanaście|zero zero|Warszawa"),
    ("pl", "Jaka jest data urodzenia?", "dwunastego|marca|tysiąc dziewięćset osiemdziesiątego czwartego"),
]

COMPLETE = [
    ("en", "What is your phone number?", "five five five one two three four five six seven"),
    ("en", "What is your phone number?", "It's 415 555 0199"),
    ("en", "What is your phone number?", "zero seven nine one one one two three four five six"),
    ("es", "¿Cuál es su teléfono?", "seis uno dos tres cuatro cinco seis siete ocho"),
    ("es", "¿Cuál es su teléfono?", "612 345 678"),
    ("fr", "Quel est votre numéro de téléphone ?", "06 12 34 56 78"),
    ("it", "Qual è il suo numero di cellulare?", "347 123 4567"),
    ("pt", "Qual é o seu telefone?", "11 98765 4321"),
    ("nl", "Wat is uw telefoonnummer?", "06 12 34 56 78"),
    ("pl", "Jaki jest numer telefonu?", "601 234 567"),
    ("en", "What is your date of birth?", "March 12th 1984"),
    ("de", "Wie ist Ihr Geburtsdatum?", "12. März 1984"),
]

NOT_DICTATED = [
    ("en", "What is your phone number?", "I don't know."),
    ("en", "What is your booking reference?", "I don't have it with me."),
    ("en", "What is your address?", "Why do you need that?"),
    ("en", "What is your name?", "Ana Lopez."),
    ("en", "How many people?", "two"),
    ("en", "Is there anything else?", "No, thank you."),
    ("de", "Wie ist Ihre Adresse?", "Das weiß ich nicht."),
    ("de", "Wie ist Ihre Telefonnummer?", "Warum brauchen Sie die?"),
    ("de", "Wie kann ich Ihnen helfen?", "Ich möchte einen Tisch reservieren."),
    ("es", "¿Cuál es su dirección?", "No lo sé."),
    ("fr", "Quelle est votre adresse ?", "Je ne sais pas."),
    ("it", "Qual è il suo indirizzo?", "Non lo so."),
    ("pt", "Qual é a sua morada?", "Não sei."),
    ("nl", "Wat is uw adres?", "Dat weet ik niet."),
    ("pl", "Jaki jest pani adres?", "Nie wiem."),
]

CLOSED = [
    ("en", "Is that right?", "Yes."),
    ("de", "Möchten Sie einen Tisch am Fenster?", "Ja, bitte."),
    ("es", "¿Es correcto?", "Sí, por favor."),
    ("fr", "Est-ce que cela vous convient ?", "Oui."),
    ("it", "Va bene alle otto?", "No, grazie."),
    ("pt", "Está correto?", "Sim."),
    ("nl", "Klopt dat?", "Ja, graag."),
    ("pl", "Czy to się zgadza?", "Tak."),
]
OPEN = [
    ("en", "What is your name?"),
    ("de", "Wie heißen Sie?"),
    ("es", "¿Cuándo quiere venir?"),
    ("fr", "Quand voulez-vous venir ?"),
    ("it", "Quando vuole venire?"),
    ("pt", "Quando quer vir?"),
    ("nl", "Wanneer wilt u komen?"),
    ("pl", "Kiedy chce pan przyjść?"),
]
FRAGMENTS = {
    "en": "a table for two and", "de": "einen Tisch für zwei und", "es": "una mesa para dos y",
    "fr": "une table pour deux et", "it": "un tavolo per due e", "pt": "uma mesa para dois e",
    "nl": "een tafel voor twee en", "pl": "stolik dla dwóch osób i",
}  # fmt: skip


def beginnings(table: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """What the caller has said when each of the groups ends, but for the last."""
    return [
        (language, asked, " ".join(groups.split("|")[:count]))
        for language, asked, groups in table
        for count in range(1, groups.count("|") + 1)
    ]


@pytest.mark.parametrize(("language", "asked", "said"), beginnings(DICTATED))
def test_a_pause_between_groups_ends_no_turn(language, asked, said):
    rule = rule_for(said, asked, POLICY, turn_events=True, language=language)
    assert rule is not None, "ears that end turns by themselves would end this one"
    assert rule.silence > PAUSE
    assert silence_needed(said, POLICY, asked=asked, language=language) > PAUSE


@pytest.mark.parametrize(("language", "asked", "groups"), DICTATED)
def test_who_has_dictated_everything_waits_for_no_more_than_two_seconds(language, asked, groups):
    assert silence_needed(groups.replace("|", " "), POLICY, asked=asked, language=language) <= LONGEST_WAIT


@pytest.mark.parametrize(("language", "asked", "said"), COMPLETE)
def test_what_is_known_to_be_complete_is_answered_at_once(language, asked, said):
    assert silence_needed(said, POLICY, asked=asked, language=language) == 0.5
    rule = rule_for(said, asked, POLICY, turn_events=True, language=language)
    assert rule is None or rule.silence == 0.5


@pytest.mark.parametrize(("language", "asked", "said"), NOT_DICTATED)
def test_other_answers_to_such_a_question_are_not_held_back(language, asked, said):
    assert rule_for(said, asked, POLICY, turn_events=True, language=language) is None


@pytest.mark.parametrize(("language", "asked", "said"), CLOSED)
def test_a_yes_or_no_is_complete(language, asked, said):
    assert wants_yes_or_no(asked, language)
    assert says_yes_or_no(said, language)
    assert silence_needed(said, POLICY, asked=asked, language=language) == 0.2


@pytest.mark.parametrize(("language", "asked"), OPEN)
def test_an_open_question_wants_more_than_a_yes(language, asked):
    assert not wants_yes_or_no(asked, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_ends_with_and(language):
    assert unfinished(FRAGMENTS[language], language)
    assert not unfinished(FRAGMENTS[language].rpartition(" ")[0], language)
