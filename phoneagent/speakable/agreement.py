"""Numbers that agree with what is counted: una persona, duas horas, eine Nacht, dwie osoby.

No dictionary of genders is as small as this, and none is needed: what agents count on the telephone are some hundred
nouns, and the endings tell of the others. Where they tell nothing, the masculine is said, as in the dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_FEMININE: Mapping[str, str] = {
    "es": r"(?:.*(?:[^í]a|ía|ión|dad|tad|tud|umbre)(?:e?s)?|.*(?:iones|dades|sis)|noches?|manos?|clases?|calles?"
    r"|llaves?|tardes?|vez|veces|partes?|gente|fotos?|motos?|mujer(?:es)?|flor(?:es)?|series?|red(?:es)?|luz|luces"
    r"|l[ií]bras?|sangre|leche|carne|señal(?:es)?|sucursal(?:es)?|postal(?:es)?|imagen|imágenes|orden|órdenes)",
    "pt": r"(?:.*[^êé]as?|.*(?:ção|ções|são|sões|dades?|gens?|tudes?)|noites?|tardes?|vez|vezes|partes?|mulher(?:es)?"
    r"|chaves?|classes?|redes?|mãos?|fotos?|motos?|cidades?|mães?|luz|luzes|flor(?:es)?|irmãs?|maçãs?|manhãs?"
    r"|sextas?-feiras?|ordem|ordens|viagem|libras?)",
    "it": r"(?:.*(?:a|ione|tà|tù|trice|udine|sa)|notte|chiave|parte|carne|classe|gente|mano|foto|moto|auto|radio|mail"
    r"|e-mail|app|voce|luce|croce|neve|torre|rete|stazione|email|pelle|mente|febbre|cena)",
    "fr": r"(?:.*(?:[tsx]ion|té|tude|ette|ence|ance|ée|ure|elle|esse|aison|ille|enne|euse|trice|ande|ine|oire|ière)s?"
    r"|personnes?|heures?|minutes?|secondes?|tables?|chambres?|places?|nuits?|semaines?|fois|pages?|lignes?|rues?"
    r"|portes?|cartes?|adresses?|tasses?|pizzas?|tonnes?|onces?|couronnes?|pièces?|tranches?|parts?|offres?|étoiles?"
    r"|notes?|lettres?|gares?|boîtes?|banques?|salades?|bières?|clés?|mains?|filles?|femmes?|dames?|mères?|sœurs?"
    r"|équipes?|fêtes?|vues?|douches?|salles?|pistes?|classes?|tâches?|livres? sterling|roupies?|calories?|villes?"
    r"|entrées?|cuillères?|tomates?|pommes?|soupes?|suites?|visites?|séances?|consultations?|copies?|photos?|unités?"
    r"|marches?|étapes?|plaintes?|dates?|tentatives?|mille(?! ))",
    "de": r"(?:.*(?:ung|heit|keit|schaft|ion|tät|ik|ei|nz|[^g]in)|(?!ge)[a-zäöüß-]*[^aeiouäö]e|.*(?:nacht|stadt|person"
    r"|mail|frau|hand|bank|zahl|nummer|tür|mark|app|sms|pizza|cola|uhr|tafel|gabel|leiter|mutter|schwester|tochter"
    r"|kammer|wand|kraft|fahrt|antwort|rezension|option|portion|million|milliarde|kuh|maus|steuer|wahl|couch|insel))",
    "pl": r"(?:osob[ay]|noc|noce|godzin[ay]|minut[ay]|sekund[ay]|dob[ay]|ulic[ae]|kaw[ay]|herbat[ay]|pizz[ay]|zup[ay]"
    r"|kobiet[ay]|pani|panie|rzecz|rzeczy|opcj[ae]|rezerwacj[ae]|pozycj[ae]|wizyt[ay]|kart[ay]|stron[ay]|lini[ae]"
    r"|książk[ai]|butelk[ai]|szklank[ai]|sztuk[ai]|porcj[ae]|ton[ay]|koron[ay]|mil[ae]|gwiazdk[ai]|ocen[ay]|prób[ay]"
    r"|płyt[ay]|łyżk[ai]|łyżeczk[ai]|rupi[ae]|faktur[ay]|paczk[ai]|walizk[ai]|córk[ai]|siostr[ay]|grup[ay]|klas[ay]"
    r"|drużyn[ay]|części|część|cen[ay]|usług[ai]|umow[ay]|spraw[ay]|wiadomości|wiadomość|prac[ae]|firm[ay]|szkoł[ay]"
    r"|sal[ae]|piętr[ó]w|kropk[ai]|cyfr[ay]|liter[ay]|sobot[ay]|niedziel[ae]|środ[ay]|kolacj[ae]|lekcj[ae]|stacj[ae]"
    r"|[a-ząćęłńóśźż]*(?:cja|cje|ość|ości))",
}
_MASCULINE: Mapping[str, str] = {
    "es": r"(?:días?|mediodías?|mapas?|(?:pro)?blemas?|temas?|sistemas?|programas?|idiomas?|climas?|planetas?|sofás?"
    r"|poemas?|dramas?|gramas?|kilogramas?|diagramas?|panoramas?|turistas?|dentistas?|papás?|yogas?|aviones|camiones"
    r"|gas|atlas|más|jamás|detrás|además|las|para|hasta|una|unas|contra|hora es)",
    "pt": r"(?:dias?|mapas?|problemas?|temas?|sistemas?|programas?|idiomas?|climas?|planetas?|gramas?|quilogramas?"
    r"|diagramas?|turistas?|dentistas?|sofás?|mas|a|as|para|uma|às|já|há|lá|até a|cada)",
    "it": r"(?:problema|programma|sistema|tema|clima|pianeta|dramma|diploma|cinema|turista|dentista|grammo|da|la|una"
    r"|alla|della|nella|sulla|ma|fa|va|ha|già)",
    "fr": r"(?:musée|lycée|trophée|comité|côté|été|pâté|silence|magazine|domaine|kilomètre|mètre|centimètre|litre"
    r"|territoire|laboratoire|accessoire|cimetière)s?",
    "de": r"(?:kunde|junge|name|kollege|buchstabe|gedanke|löwe|neffe|gebäude|auge|ende|erbe|interesse|käse|termin"
    r"|gin|kamin|magazin|benzin|protein|vitamin|benjamin|dienstleister|wein|verein|stein|schein|bein|anschein|pin"
    r"|gutschein|skype|brei|blei|ei|drei|zwei|beispiel|genie|hotline-name)",
    "pl": r"(?:gości|gość|radości)",
}
_GERMAN_MASCULINE = re.compile(
    r".*(?:tisch|tag|monat|platz|gast|kunde|termin|euro|dollar|franken|meter|liter|stock|anruf|löffel|kaffee|tee"
    r"|becher|teller|abend|morgen|film|brief|name|schritt|ort|raum|koffer|junge|kollege|mann|bruder|vater|sohn|arzt"
    r"|apfel|stuhl|saal|artikel|fall|punkt|grad|cent|rappen|wein|gutschein|schlüssel|wagen|fahrer|versuch|besuch"
    r"|kurs|flug|zug|bus|weg|satz|teil|kilometer|zentimeter|salat|kuchen|saft|burger|techniker|mitarbeiter|nachmittag)"
)
_POLISH_NEUTER = re.compile(
    r"(?:dzieck|miejsc|piętr|łóżk|okn|krzesł|pytani|spotkani|zdani|jajk|piw|win|kół|śniadani|zamówieni|konto|kont"
    r"|euro|auto|aut|ciastk|pudełk|słow|jabłk|mieszkani|badani|ubezpieczeni|nazwisk|imi)\w*"
)
_POLISH_OTHER = re.compile(r"(?:bez|dla|do|od|około|ok\.|oprócz|ponad|powyżej|poniżej|koło|spośród|wśród)\s+$")
"""In Polish the genitive comes after these, whatever is counted."""
_POLISH_GENITIVE = {
    1: "jednego", 2: "dwóch", 3: "trzech", 4: "czterech", 5: "pięciu", 6: "sześciu", 7: "siedmiu", 8: "ośmiu",
    9: "dziewięciu", 10: "dziesięciu", 11: "jedenastu", 12: "dwunastu", 13: "trzynastu", 14: "czternastu",
    15: "piętnastu", 16: "szesnastu", 17: "siedemnastu", 18: "osiemnastu", 19: "dziewiętnastu", 20: "dwudziestu",
    30: "trzydziestu", 40: "czterdziestu", 50: "pięćdziesięciu", 60: "sześćdziesięciu", 70: "siedemdziesięciu",
    80: "osiemdziesięciu", 90: "dziewięćdziesięciu", 100: "stu", 200: "dwustu",
}  # fmt: skip
_GERMAN_DATIVE = re.compile(
    r"\b(?:mit|von|zu|nach|bei|aus|seit|vor|in|an|auf|zwischen|unter|über|neben|hinter)\s+$", re.IGNORECASE
)
_GERMAN_ACCUSATIVE = re.compile(
    r"\b(?:für|ohne|um|durch|gegen|pro|über|habe|hat|haben|hätte|möchte|möchten|brauche|brauchen|reserviere|nehme"
    r"|nehmen|gibt(?: es)?|buche|buchen|kaufe|kaufen|bekommen|erhalten)\s+(?:(?:ich|wir|sie|es|noch|nur|genau|gern"
    r"|gerne|noch)\s+)*$",
    re.IGNORECASE,
)
_NO_NOUNS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "is are was were and or but for to of in on at by with from as if then than that this it its your my our "
        "has have had will would can could may might should shall must do does did be been not no yes please thanks "
        "when where which who how so because until till the a an into onto over under about after before between "
        "expires works ends starts begins has belongs was you we they he she i per plus minus times equals am pm "
        "now today tomorrow yesterday again here there also too only right instead arrives leaves confirmed press",
        "es": "ha han he hay fue era sigue queda llega "
        "y o u e de del a al en con por para es son está están fue que se si no sí como cuando donde desde hasta "
        "pero ni sin sobre entre la el los las un una su mi tu le lo ya más menos igual a.m. p.m. coma horas? hoy "
        "mañana ahora aquí también vence punto am pm",
        "pt": "tem há foi era fica segue "
        "e ou de do da dos das a ao à às o os as em no na com por para é são está estão foi que se não sim como "
        "quando onde desde até mas nem sem sobre entre um uma seu sua meu minha já mais menos igual hoje amanhã agora "
        "aqui também ponto",
        "it": "ha hanno era resta arriva "
        "e o ed di del della dei a al alla in con per da dal è sono era che si se non sì come quando dove fino "
        "ma né senza su tra fra il lo la i gli le un una suo mio tuo già più meno uguale oggi domani qui anche",
        "fr": "a ont reste arrive sera et "
        "ou de du des à au aux en avec par pour est sont était que qui se si ne pas non oui comme quand où "
        "depuis jusque mais ni sans sur sous entre le la les un une son sa votre mon déjà plus moins égale "
        "aujourd'hui demain maintenant ici aussi dans chez fait",
        "de": "",
        "pl": "ma mają jest zostaje "
        "i lub albo a z ze w we na do od o po dla przez przy nad pod za jest są był była było że się nie tak jak "
        "kiedy gdzie ale ani bez oraz to ten ta jego jej mój moja już więcej mniej dziś jutro teraz tu też razy",
        "nl": "en of van de het een te in op met voor door is zijn was dat die als niet geen ja nee hoe wanneer waar "
        "maar naar bij uit aan om tot over onder tussen uw mijn al meer min vandaag morgen nu hier ook per",
    }.items()
}
"""What follows a number and is not counted by it."""
_WORD = re.compile(r"[ \u00a0\u202f]([^\W\d_]+(?:-[^\W\d_]+)*)(?![\w@])")


def noun(language: str, following: str) -> str | None:
    """What is counted by a number that this follows, in lower case; None if it does not look like a noun."""
    found = _WORD.match(following)
    if found is None:
        return None
    word = found[1]
    if (word[0].isupper() != (language == "de")) or len(word) < 2:
        return None
    word = word.casefold()
    return None if word in _NO_NOUNS.get(language, ()) else word


@lru_cache(1024)
def is_feminine(language: str, name: str) -> bool:
    """Whether a noun, in lower case, is a feminine one, as far as its spelling tells."""
    if (pattern := _FEMININE.get(language)) is None or re.fullmatch(_MASCULINE[language], name):
        return False
    return re.fullmatch(pattern, name) is not None


def agree(language: str, words: str, number: int, name: str, earlier: str = "") -> str:
    """A number in words, before the noun `name`. `earlier` is the text before it, which tells of its case."""
    if language in _FORMS and name:
        return _FORMS[language](words, number, name.casefold(), earlier)
    return words


def _spanish(words: str, _: int, name: str, __: str) -> str:
    head, tail = _last_part(words, r"(?:mill[oó]n(?:es)?|bill[oó]n(?:es)?|trill[oó]n(?:es)?)")
    if is_feminine("es", name):
        tail = re.sub(r"uno\b", "una", tail)
        tail = re.sub(r"veintiún\b", "veintiuna", re.sub(r"\bun\b", "una", tail))
        tail = re.sub(r"(cient|quinient)os\b", r"\1as", tail)
    else:
        tail = re.sub(r"veintiuno\b", "veintiún", tail)
        tail = re.sub(r"\buno\b", "un", tail)
    return head + tail


def _portuguese(words: str, _: int, name: str, __: str) -> str:
    head, tail = _last_part(words, r"(?:milh(?:ão|ões)|bilh(?:ão|ões)|bili(?:ão|ões)|trilh(?:ão|ões))")
    if is_feminine("pt", name):
        tail = re.sub(r"\bum\b", "uma", re.sub(r"\bdois\b", "duas", tail))
        tail = re.sub(
            r"(duzent|trezent|centos|quatrocent|quinhent|seiscent|setecent|oitocent|novecent)os\b", r"\1as", tail
        )
    return head + tail


def _french(words: str, _: int, name: str, __: str) -> str:
    return re.sub(r"\bun$", "une", words) if is_feminine("fr", name) else words


def _italian(words: str, number: int, name: str, __: str) -> str:
    if number != 1:
        return words
    if is_feminine("it", name):
        return "una"
    return "uno" if re.match(r"s[^aeiou]|z|gn|ps|x|y", name) else "un"


def _german(words: str, number: int, name: str, earlier: str) -> str:
    if number != 1:
        return words
    feminine = is_feminine("de", name)
    if _GERMAN_ACCUSATIVE.search(earlier):
        return "eine" if feminine else "einen" if _GERMAN_MASCULINE.fullmatch(name) else "ein"
    if _GERMAN_DATIVE.search(earlier):
        return "einer" if feminine else "einem"
    return "eine" if feminine else "ein"


def _polish(words: str, number: int, name: str, earlier: str) -> str:
    if _POLISH_OTHER.search(earlier.casefold()):
        return polish_genitive(words, number, feminine=is_feminine("pl", name))
    last = words.rpartition(" ")
    if number == 1 and (is_feminine("pl", name) or _POLISH_NEUTER.fullmatch(name)):
        return "jedna" if is_feminine("pl", name) else "jedno"
    if last[2] == "dwa" and is_feminine("pl", name):
        return f"{last[0]}{last[1]}dwie"
    if number in (2, 3, 4) and re.fullmatch(r".*(?:ów|osób|gości|pań|ludzi|dzieci)", name):
        return _POLISH_GENITIVE[number]
    return words


def polish_genitive(words: str, number: int, *, feminine: bool = False) -> str:
    """As after "dla": dwóch, pięciu, dwudziestu pięciu."""
    if number == 1:
        return "jednej" if feminine else "jednego"
    hundreds, rest = divmod(number, 100)
    parts = [hundreds * 100] if hundreds else []
    parts += [rest] if rest in _POLISH_GENITIVE else [rest - rest % 10, rest % 10]
    parts = [part for part in parts if part]
    if number >= 1000 or any(part not in _POLISH_GENITIVE for part in parts):
        return words
    return " ".join("jeden" if part == 1 else _POLISH_GENITIVE[part] for part in parts)


def _last_part(words: str, scale: str) -> tuple[str, str]:
    """What comes up to the last million, which does not agree, and the rest."""
    end = 0
    for found in re.finditer(rf"\b{scale}\b", words):
        end = found.end()
    return words[:end], words[end:]


_FORMS = {"es": _spanish, "pt": _portuguese, "fr": _french, "it": _italian, "de": _german, "pl": _polish}
