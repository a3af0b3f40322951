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
    ("en", "What's your account number?", "three four|five six|seven"),
    ("en", "Could I get your postcode?", "S W one|A two|A A"),
    ("en", "What number can I reach you at?", "six one seven|five five five"),
    ("en", "May I have your full name, please?", "Jon, J O N|S M I T H"),
    ("en", "Please give me your card number.", "four one one one|two two"),
    ("en", "What is your email?", "ana dot lopez|at example"),
    ("en", "And what's the delivery address?", "221B Baker Street|flat three"),
    ("en", "When were you born?", "March|third|1984"),
    ("en", "Your tracking number, please?", "one Z|nine nine nine|A A"),
    ("en", "Can you read me the serial number?", "X P|dash|four four"),
    ("en", "What's your zip?", "nine four|one oh three"),
    ("en", "Which flight?", "B A|two eight four"),
    ("en", "What's your tail number?", "N one two|three"),
    ("en", "How do you spell your name?", "M as in Mary|N as in Nancy"),
    ("en", "What is your name?", "S like Sam|M like Mary"),
    ("de", "Geben Sie mir bitte Ihre Kundennummer.", "eins zwei|drei vier"),
    ("de", "Unter welcher Nummer erreichen wir Sie?", "null vier null|zweiunddreißig"),
    ("de", "Wie ist Ihre Postleitzahl?", "acht null|drei drei"),
    ("de", "Wie schreibt man das?", "M E|I E R"),
    ("de", "Wie lautet Ihre IBAN?", "D E|siebenundzwanzig|hundert"),
    ("de", "Ihr Geburtsdatum bitte?", "der dritte|vierte"),
    ("de", "Wo wohnen Sie?", "Goethestraße|fünf"),
    ("de", "Können Sie mir Ihr Kennzeichen nennen?", "M|A B|eins zwei"),
    ("de", "Wie heißen Sie?", "M wie Martha|Ü wie Übermut"),
    ("de", "Welche E-Mail-Adresse haben Sie?", "ana punkt|lopez"),
    ("es", "Dígame su número de cuenta.", "uno dos|tres cuatro"),
    ("es", "¿Me da su código postal?", "dos ocho|cero uno"),
    ("es", "¿A qué número le podemos llamar?", "seis|doce"),
    ("es", "¿Cuándo nació?", "el tres|de mayo"),
    ("es", "¿Cuál es su correo electrónico?", "ana punto|lópez"),
    ("es", "¿Cómo se escribe?", "ge|o|eme"),
    ("es", "¿Dónde vive?", "calle Sol|cinco"),
    ("es", "¿Cuál es su DNI?", "cuarenta y tres|veintiuno"),
    ("es", "¿Cómo se llama?", "B de Barcelona|E de España"),
    ("fr", "Donnez-moi votre numéro de dossier.", "un deux|trois"),
    ("fr", "Quel est votre code postal ?", "sept cinq|zéro"),
    ("fr", "À quel numéro peut-on vous rappeler ?", "zéro six|vingt et un"),
    ("fr", "Quand êtes-vous né ?", "le trois|mai"),
    ("fr", "Où habitez-vous ?", "douze rue|de Lyon"),
    ("fr", "Comment ça s'écrit ?", "D U|P"),
    ("fr", "Quelle est votre adresse e-mail ?", "ana point|lopez"),
    ("fr", "Comment vous appelez-vous ?", "M comme Marcel|A comme Anatole"),
    ("it", "Mi dica il codice cliente.", "uno due|tre"),
    ("it", "Qual è il CAP?", "due zero|uno"),
    ("it", "A che numero possiamo richiamarla?", "tre tre|cinque"),
    ("it", "Quando è nato?", "il tre|maggio"),
    ("it", "Dove abita?", "via Verdi|cinque"),
    ("it", "Come si scrive?", "R O|S S"),
    ("it", "Qual è la sua email?", "ana punto|lopez"),
    ("it", "Come si chiama?", "M come Milano|A come Ancona"),
    ("it", "Qual è il codice fiscale?", "R S S|emme|otto"),
    ("pt", "Qual é o seu CPF?", "um dois três|quatro cinco"),
    ("pt", "Qual é o código postal?", "um zero|zero zero"),
    ("pt", "Para que número podemos ligar?", "nove um|dois"),
    ("pt", "Quando nasceu?", "três|de maio"),
    ("pt", "Onde mora?", "rua do Ouro|cinco"),
    ("pt", "Como se escreve?", "S I|L"),
    ("pt", "Qual é o seu e-mail?", "ana ponto|lopes"),
    ("pt", "Como se chama?", "M de Maria|A de Amor"),
    ("nl", "Wat is uw klantnummer?", "een twee|drie"),
    ("nl", "Wat is uw postcode?", "tien twaalf|A B"),
    ("nl", "Op welk nummer kunnen we u bereiken?", "nul zes|tweeëntwintig"),
    ("nl", "Wanneer bent u geboren?", "drie|mei"),
    ("nl", "Waar woont u?", "Kerkstraat|vijf"),
    ("nl", "Hoe schrijf je dat?", "J A|N"),
    ("nl", "Wat is uw e-mailadres?", "ana punt|lopez"),
    ("nl", "Hoe heet u?", "M van Maria|A van Anna"),
    ("pl", "Proszę podać numer klienta.", "jeden dwa|trzy"),
    ("pl", "Jaki jest kod pocztowy?", "zero zero|dziewięćset"),
    ("pl", "Pod jaki numer możemy oddzwonić?", "sześć|dwadzieścia dwa"),
    ("pl", "Kiedy się pan urodził?", "trzeciego|maja"),
    ("pl", "Gdzie pani mieszka?", "ulica Polna|pięć"),
    ("pl", "Jak to się pisze?", "K O|W"),
    ("pl", "Jaki jest adres e-mail?", "ana kropka|lopez"),
    ("pl", "Jak ma pan na nazwisko?", "M jak Maria|A jak Adam"),
    ("pl", "Proszę podać PESEL.", "osiemdziesiąt cztery|zero trzy"),
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
    ("en", "Is this your address?", "Yes."),
    ("de", "Wie ist Ihre Adresse?", "Das weiß ich nicht."),
    ("de", "Ist das Ihre Adresse?", "Ja."),
    ("es", "¿Es esta su dirección?", "Sí, por favor."),
    ("fr", "C'est votre adresse ?", "Oui."),
    ("it", "È il suo indirizzo?", "Sì."),
    ("pt", "É a sua morada?", "Sim."),
    ("nl", "Is dat uw adres?", "Ja."),
    ("pl", "Czy to pani adres?", "Tak."),
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
