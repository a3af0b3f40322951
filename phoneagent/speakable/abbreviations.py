"""Abbreviations in full, by language. Those that end in a full stop are known to `conversation.phrases` too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .language import Language
from .rules import Begins, Rule, Said, after, before, ends_sentence, one_of

ABBREVIATIONS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Prof.": "Professor", "Rev.": "Reverend",
        "Capt.": "Captain", "Gen.": "General", "Sen.": "Senator", "Rep.": "Representative", "Jr.": "Junior",
        "Sr.": "Senior", "St.": "Saint", "Ave.": "Avenue", "Blvd.": "Boulevard", "Rd.": "Road", "Hwy.": "Highway",
        "Apt.": "Apartment", "Ste.": "Suite", "Bldg.": "Building", "e.g.": "for example", "i.e.": "that is",
        "E.g.": "For example", "I.e.": "That is",
        "etc.": "et cetera",
        "vs.": "versus",
        "approx.": "approximately", "appt.": "appointment",
        "dept.": "department", "ext.": "extension", "est.": "established", "Inc.": "Incorporated",
        "Ltd.": "Limited", "Corp.": "Corporation", "Co.": "Company", "No.": "number", "no.": "number",
        "min.": "minutes", "hrs.": "hours", "a.k.a.": "also known as", "Fig.": "figure", "tel.": "telephone",
        "Mon.": "Monday", "Tue.": "Tuesday", "Tues.": "Tuesday", "Wed.": "Wednesday", "Thu.": "Thursday",
        "Thurs.": "Thursday", "Fri.": "Friday",
    },
    "de": {
        "z.B.": "zum Beispiel", "z. B.": "zum Beispiel", "bzw.": "beziehungsweise", "ca.": "circa",
        "usw.": "und so weiter", "d.h.": "das heißt", "d. h.": "das heißt", "evtl.": "eventuell",
        "inkl.": "inklusive", "zzgl.": "zuzüglich", "ggf.": "gegebenenfalls", "u.a.": "unter anderem",
        "z.T.": "zum Teil", "Dr.": "Doktor", "Prof.": "Professor", "Hr.": "Herr", "Fr.": "Frau",
        "Str.": "Straße", "Nr.": "Nummer", "Tel.": "Telefon", "Mio.": "Millionen", "Mrd.": "Milliarden",
        "St.": "Sankt", "max.": "maximal", "min.": "mindestens", "Std.": "Stunden", "Min.": "Minuten",
    },
    "fr": {
        "M.": "Monsieur", "Mme": "Madame", "Mlle": "Mademoiselle", "MM.": "Messieurs", "Dr": "Docteur",
        "Pr": "Professeur", "p.ex.": "par exemple", "p. ex.": "par exemple", "etc.": "et cetera", "env.": "environ",
        "c.-à-d.": "c'est-à-dire", "n°": "numéro", "N°": "numéro", "tél.": "téléphone", "av.": "avenue",
        "bd.": "boulevard", "St": "Saint", "Ste": "Sainte",
    },
    "es": {
        "Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Dr.": "doctor", "Dra.": "doctora", "Ud.": "usted",
        "Uds.": "ustedes", "p.ej.": "por ejemplo", "p. ej.": "por ejemplo", "etc.": "etcétera",
        "aprox.": "aproximadamente", "tel.": "teléfono",
        "núm.": "número", "n.º": "número", "nº": "número", "Avda.": "avenida", "Av.": "avenida",
    },
    "it": {
        "Sig.": "signor", "Sig.ra": "signora", "Sig.na": "signorina", "Dott.": "dottor", "Dott.ssa": "dottoressa",
        "Dr.": "dottor", "Prof.": "professor", "ecc.": "eccetera", "es.": "esempio", "p.es.": "per esempio",
        "ca.": "circa", "tel.": "telefono", "n.": "numero", "n°": "numero", "V.le": "viale", "P.za": "piazza",
    },
    "pl": {
        "np.": "na przykład", "itd.": "i tak dalej", "itp.": "i tym podobne", "tj.": "to jest", "tzn.": "to znaczy",
        "ok.": "około", "ul.": "ulica", "al.": "aleja", "pl.": "plac", "godz.": "godzina", "nr": "numer",
        "dr": "doktor", "prof.": "profesor", "mgr": "magister", "tel.": "telefon", "św.": "święty",
        "m.in.": "między innymi", "os.": "osiedle", "r.": "roku",
    },
    "pt": {
        "Sr.": "senhor", "Sra.": "senhora", "Dr.": "doutor", "Dra.": "doutora", "Prof.": "professor",
        "p.ex.": "por exemplo", "p. ex.": "por exemplo", "etc.": "et cetera", "aprox.": "aproximadamente",
        "tel.": "telefone", "n.º": "número", "nº": "número", "Av.": "avenida", "R.": "rua",
    },
    "nl": {
        "bijv.": "bijvoorbeeld", "bv.": "bijvoorbeeld", "enz.": "enzovoort", "d.w.z.": "dat wil zeggen",
        "dhr.": "de heer", "mevr.": "mevrouw", "mw.": "mevrouw", "ca.": "circa", "m.b.t.": "met betrekking tot",
        "o.a.": "onder andere", "t/m": "tot en met", "dr.": "dokter", "prof.": "professor", "nr.": "nummer",
        "tel.": "telefoon", "max.": "maximaal", "min.": "minimaal",
    },
}  # fmt: skip

_BEFORE_NUMBER = frozenset({"No.", "no.", "n.", "R."})
"""Otherwise the word "no" at the end of a sentence, an initial."""
_AFTER_NUMBER = frozenset({"min.", "hrs.", "r."})
_LAST_WORDS = frozenset("etc. Inc. Ltd. Corp. Co. Jr. Ave. Blvd. Rd. Hwy. usw. ecc. itd. itp. enz.".split())
"""What sentences end with. Others are followed by what they are about."""
_ROADS = {"St.": "Street", "Dr.": "Drive"}
"""What is Saint and Doctor before a name is Street and Drive after one."""


_HOUR = {"o": "godzinie", "po": "godzinie", "przed": "godziną", "od": "godziny", "do": "godziny", "na": "godzinę"}
"""In Polish, after these words."""


def rules(language: Language) -> list[Rule]:
    known = ABBREVIATIONS[language.code]
    english = language.code == "en"

    def in_full(found: re.Match[str]) -> Said:
        text = found[0]
        said = known[text]
        if text in _BEFORE_NUMBER and not re.match(r"\s?\d", after(found)):
            return None
        if text in _AFTER_NUMBER and not re.search(r"\d\s?$", before(found)):
            return None
        if text == "godz." and (form := _HOUR.get(_word_before(found))):
            said = form
        if english and text in _ROADS and _is_road(found):
            said = _ROADS[text]
        return said + ("." if text.endswith(".") and _ends(found, text, english=english) else "")

    found = [Rule(rf"(?<![\w.]){one_of(*known)}(?![^\W_])", in_full, Begins.LETTER)]
    if language.code == "de":
        street = r"(?<![^\W\d_])[^\W\d_]+str\.(?=\s?\d|\s*$|,)"
        found.insert(0, Rule(street, lambda found: found[0].removesuffix("str.") + "straße", Begins.LETTER))
    return [*_weekdays(language), *found]


def words(language: Language) -> list[str]:
    """What the rules begin with."""
    return [*ABBREVIATIONS[language.code], *_day_names(language)]


def _ends(found: re.Match[str], text: str, *, english: bool) -> bool:
    """Whether its full stop is the sentence's too. A capital letter after a title, or in German, says nothing.

    "Sr." is Senior after an English name, and señor before a Spanish one.
    """
    if text in _LAST_WORDS or (english and text == "Sr.") or (text in _ROADS and _is_road(found)):
        return ends_sentence(found)
    return not after(found).strip()


def _word_before(found: re.Match[str]) -> str:
    words = before(found).split()
    return words[-1].casefold() if words else ""


def _is_road(found: re.Match[str]) -> bool:
    """12 Main St., but St. Mary; on Main St. Mary sings, which is rare."""
    name_before = re.search(r"(?:^|\s)(?:[A-Z][\w'’]*|\d+(?:st|nd|rd|th))\s$", before(found))
    name_after = re.match(r"\s[A-Z]", after(found))
    beginning = before(found).rstrip()
    return bool(name_before) and (not name_after or bool(re.search(r"\d\s+[A-Z][\w'’]*$", beginning)))


def _weekdays(language: Language) -> list[Rule]:
    """Mon-Fri. Alone, "Sat" and "Sun" and "Do" are words."""
    names = _day_names(language)
    to = language.vocabulary.to

    def through(found: re.Match[str]) -> Said:
        ends = "." if found[0].endswith(".") and ends_sentence(found) else ""
        return f"{names[found['a'].casefold()]} {to} {names[found['b'].casefold()]}{ends}"

    def listed(found: re.Match[str]) -> Said:
        """Mon: 9-5."""
        return names[found["a"].casefold()] if found["a"][0].isupper() or language.code != "en" else None

    def dated(found: re.Match[str]) -> Said:
        """Tue, Nov 24."""
        return names[found["a"].casefold()] if found["a"][0].isupper() else None

    day = one_of(*names)
    months = one_of(*_months(language, "wide"), *_months(language, "abbreviated"))
    date = rf"(?:{months}|\d{{1,2}}(?:/\d|\.? ?(?:de )?{months}|\.\d))"
    return [
        Rule(rf"\b(?P<a>(?i:{day}))\.?(?=,?\s{date})", dated, Begins.LETTER),
        Rule(rf"\b(?P<a>(?i:{day}))(?=:)", listed, Begins.LETTER),
        Rule(rf"\b(?P<a>(?i:{day}))\.?\s?[-–—]\s?(?P<b>(?i:{day}))\b\.?", through, Begins.LETTER),
    ]


def _months(language: Language, width: str) -> Iterable[str]:
    return (str(name).rstrip(".") for name in language.locale.months["format"][width].values())


def _day_names(language: Language) -> dict[str, str]:
    """Whole names by all their spellings, in lower case."""
    days = language.locale.days["format"]
    names = {str(days["wide"][day]).casefold(): str(days["wide"][day]) for day in range(7)}
    names |= {str(days["abbreviated"][day]).rstrip(".").casefold(): str(days["wide"][day]) for day in range(7)}
    if language.code == "en":
        names |= {"tues": "Tuesday", "weds": "Wednesday", "thur": "Thursday", "thurs": "Thursday"}
    return names
