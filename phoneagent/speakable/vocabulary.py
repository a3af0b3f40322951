"""The words that stand for signs, by language: what neither CLDR nor num2words knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How signs are said in one language."""

    dot: str
    slash: str
    at: str
    dash: str
    underscore: str
    colon: str
    both: str  # &
    either: str  # he/she
    number: str  # #5
    hashtag: str
    plus: str
    minus: str
    equals: str
    times: str
    to: str  # from 9 to 5
    per: str  # €5 per month
    about: str  # ~5
    less: str
    more: str
    point: str  # of decimals
    point_digits: bool  # whether all decimals are said one by one
    one: str  # before a noun: "ein Euro", while counting says "eins"
    star: str = ""  # the key of a telephone
    pound: str = ""  # the key beside the zero
    ampersand: str = "ampersand"  # where it is written down, in an address
    pipe: str = "pipe"
    halves: Mapping[str, str] = field(default_factory=dict)
    """Simple fractions: "1/2" is "one half"."""
    cents: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """The hundredth part of a currency: one of it, more of it."""
    currencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Short names, one and more of it (in Polish: one, few, many); CLDR's are the formal ones ("US dollars")."""
    amount: str = "{major} {minor}"
    """3.50 €: `{minor}` is the bare number, or `{cents}` with its word."""


ENGLISH = Vocabulary(
    "dot", "slash", "at", "dash", "underscore", "colon", "and", "or", "number", "hashtag", "plus", "minus", "equals",
    "times", "to", "per", "about", "less than", "more than", "point", point_digits=True, one="one",
    star="star", pound="pound",
    halves={
        "1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters",
    },
    cents=dict.fromkeys(("USD", "EUR", "CAD", "AUD", "NZD", "SGD", "HKD"), ("cent", "cents")) | {
        "GBP": ("penny", "pence"),
    },
    currencies={
        "USD": ("dollar", "dollars"), "EUR": ("euro", "euros"), "GBP": ("pound", "pounds"),
        "CHF": ("franc", "francs"), "JPY": ("yen", "yen"), "INR": ("rupee", "rupees"), "PLN": ("zloty", "zlotys"),
    },
    amount="{major} and {cents}",
)  # fmt: skip

VOCABULARIES: Mapping[str, Vocabulary] = {
    "en": ENGLISH,
    "de": Vocabulary(
        "Punkt", "Schrägstrich", "ät", "Bindestrich", "Unterstrich", "Doppelpunkt", "und", "oder", "Nummer", "Hashtag",
        "plus", "minus", "gleich", "mal", "bis", "pro", "etwa", "kleiner als", "größer als", "Komma",
        point_digits=True, one="ein", star="Stern", pound="Raute",
        ampersand="Und-Zeichen", pipe="senkrechter Strich",
        halves={
            "1/2": "ein halb", "1/3": "ein Drittel", "2/3": "zwei Drittel", "1/4": "ein Viertel", "3/4": "drei Viertel",
        },
        cents={
            "GBP": ("Penny", "Pence"),
            "EUR": ("Cent", "Cent"), "USD": ("Cent", "Cent"), "CHF": ("Rappen", "Rappen")},
        currencies={
            "EUR": ("Euro", "Euro"), "USD": ("Dollar", "Dollar"), "GBP": ("Pfund", "Pfund"),
            "CHF": ("Franken", "Franken"),
        },
    ),
    "fr": Vocabulary(
        "point", "slash", "arobase", "tiret", "tiret bas", "deux-points", "et", "ou", "numéro", "hashtag", "plus",
        "moins", "égale", "fois", "à", "par", "environ", "inférieur à", "supérieur à", "virgule",
        point_digits=False, one="un", star="étoile", pound="dièse",
        ampersand="esperluette", pipe="barre verticale",
        halves={
            "1/2": "un demi", "1/3": "un tiers", "2/3": "deux tiers", "1/4": "un quart", "3/4": "trois quarts",
        },
        cents={
            "GBP": ("penny", "pence"),
            "EUR": ("centime", "centimes"), "CHF": ("centime", "centimes"), "USD": ("cent", "cents")},
        currencies={
            "EUR": ("euro", "euros"), "USD": ("dollar", "dollars"), "CHF": ("franc", "francs"),
            "CAD": ("dollar", "dollars"),
        },
    ),
    "es": Vocabulary(
        "punto", "barra", "arroba", "guion", "guion bajo", "dos puntos", "y", "o", "número", "almohadilla", "más",
        "menos", "igual a", "por", "a", "por", "unos", "menor que", "mayor que", "coma", point_digits=False, one="un",
        star="asterisco", pound="almohadilla",
        ampersand="y comercial", pipe="barra vertical",
        halves={
            "1/2": "un medio", "1/3": "un tercio", "2/3": "dos tercios", "1/4": "un cuarto", "3/4": "tres cuartos",
        },
        cents={
            "GBP": ("penique", "peniques"),
            "EUR": ("céntimo", "céntimos"), "USD": ("centavo", "centavos"), "MXN": ("centavo", "centavos"),
            "GTQ": ("centavo", "centavos"), "COP": ("centavo", "centavos"), "ARS": ("centavo", "centavos"),
        },
        currencies={
            "EUR": ("euro", "euros"), "USD": ("dólar", "dólares"), "MXN": ("peso", "pesos"), "GBP": ("libra", "libras"),
        },
        amount="{major} con {minor}",
    ),
    "it": Vocabulary(
        "punto", "barra", "chiocciola", "trattino", "trattino basso", "due punti", "e", "o", "numero", "cancelletto",
        "più", "meno", "uguale", "per", "a", "al", "circa", "minore di", "maggiore di", "virgola",
        point_digits=False, one="un", star="asterisco", pound="cancelletto",
        ampersand="e commerciale", pipe="barra verticale",
        halves={"1/2": "mezzo", "1/3": "un terzo", "2/3": "due terzi", "1/4": "un quarto", "3/4": "tre quarti"},
        cents={
            "GBP": ("penny", "penny"),
            "EUR": ("centesimo", "centesimi"), "USD": ("centesimo", "centesimi"),
            "RUB": ("copeca", "copechi"), "CHF": ("centesimo", "centesimi"),
        },
        currencies={
            "GBP": ("sterlina", "sterline"),
            "EUR": ("euro", "euro"), "USD": ("dollaro", "dollari"), "CHF": ("franco", "franchi")},
        amount="{major} e {minor}",
    ),
    "pl": Vocabulary(
        "kropka", "ukośnik", "małpa", "myślnik", "podkreślnik", "dwukropek", "i", "lub", "numer", "hasztag", "plus",
        "minus", "równa się", "razy", "do", "za", "około", "mniej niż", "więcej niż", "przecinek",
        point_digits=False, one="jeden", star="gwiazdka", pound="krzyżyk",
        ampersand="ampersand", pipe="kreska pionowa",
        halves={
            "1/2": "jedna druga", "1/3": "jedna trzecia", "2/3": "dwie trzecie", "1/4": "jedna czwarta",
            "3/4": "trzy czwarte",
        },
        cents={
            "GBP": ("pens", "pensów"),
            "EUR": ("cent", "centów"), "USD": ("cent", "centów"), "PLN": ("grosz", "groszy")},
        currencies={
            "PLN": ("złoty", "złote", "złotych"), "EUR": ("euro", "euro", "euro"),
            "USD": ("dolar", "dolary", "dolarów"),
        },
    ),
    "pt": Vocabulary(
        "ponto", "barra", "arroba", "hífen", "sublinhado", "dois pontos", "e", "ou", "número", "cardinal", "mais",
        "menos", "igual a", "vezes", "a", "por", "cerca de", "menor que", "maior que", "vírgula",
        point_digits=True, one="um", star="asterisco", pound="cardinal",
        ampersand="e comercial", pipe="barra vertical",
        halves={"1/2": "meio", "1/3": "um terço", "2/3": "dois terços", "1/4": "um quarto", "3/4": "três quartos"},
        cents={
            "GBP": ("péni", "pence"),
            "EUR": ("cêntimo", "cêntimos"), "BRL": ("centavo", "centavos"), "USD": ("centavo", "centavos")},
        currencies={"EUR": ("euro", "euros"), "USD": ("dólar", "dólares"), "BRL": ("real", "reais")},
        amount="{major} e {cents}",
    ),
    "nl": Vocabulary(
        "punt", "slash", "apenstaartje", "streepje", "laag streepje", "dubbele punt", "en", "of", "nummer", "hashtag",
        "plus", "min", "is", "keer", "tot", "per", "ongeveer", "minder dan", "meer dan", "komma",
        point_digits=False, one="één", star="sterretje", pound="hekje",
        ampersand="ampersand", pipe="verticale streep",
        halves={"1/2": "een half", "1/3": "een derde", "2/3": "twee derde", "1/4": "een kwart", "3/4": "drie kwart"},
        cents={
            "GBP": ("penny", "pence"),
            "EUR": ("cent", "cent"), "USD": ("cent", "cent")},
        currencies={"EUR": ("euro", "euro"), "USD": ("dollar", "dollar"), "GBP": ("pond", "pond")},
    ),
}  # fmt: skip
