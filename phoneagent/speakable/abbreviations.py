"""Abbreviations in full, by language. Those that end in a full stop are known to `conversation.phrases` too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from .language import Language
from .rules import Begins, Rule, Said, after, before, ends_sentence, one_of

ABBREVIATIONS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "Rm.": "Room",
        "Sgt.": "Sergeant", "Lt.": "Lieutenant", "Col.": "Colonel", "Maj.": "Major", "Gov.": "Governor",
        "Pres.": "President", "Hon.": "Honorable", "Ph.D.": "P H D", "PhD": "P H D", "M.D.": "M D", "B.A.": "B A",
        "M.A.": "M A", "B.Sc.": "B S C", "M.Sc.": "M S C", "D.D.S.": "D D S", "Esq.": "Esquire", "incl.": "including",
        "excl.": "excluding", "max.": "maximum", "avg.": "average", "temp.": "temperature", "qty.": "quantity",
        "misc.": "miscellaneous", "assn.": "association", "Assn.": "Association", "Bros.": "Brothers",
        "Univ.": "University", "Attn.": "attention", "resp.": "respectively", "mo.": "months", "yr.": "year",
        "yrs.": "years", "wk.": "week", "wks.": "weeks", "cf.": "compare",
        "Mme.": "Madame", "Cpl.": "Corporal", "Cmdr.": "Commander", "Adm.": "Admiral", "Pvt.": "Private",
        "Supt.": "Superintendent", "Msgr.": "Monsignor", "Pkwy.": "Parkway", "Ln.": "Lane",
        "Ct.": "Court", "Expy.": "Expressway", "tv": "TV", "P.S.": "P S",
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
        "v. Chr.": "vor Christus", "n. Chr.": "nach Christus", "p. P.": "pro Person", "p.P.": "pro Person",
        "Mrs.": "Misses", "Mr.": "Mister", "Dipl.-Ing.": "Diplomingenieur", "Ing.": "Ingenieur", "med.": "med",
        "Dr. med.": "Doktor med", "Abs.": "Absatz", "Art.": "Artikel", "Mag.": "Magister", "Hbf.": "Hauptbahnhof",
        "Hbf": "Hauptbahnhof", "Bhf.": "Bahnhof", "Pl.": "Platz", "Fa.": "Firma", "exkl.": "exklusive",
        "gem.": "gemäß", "vgl.": "vergleiche", "geb.": "geboren", "Pers.": "Personen", "Zi.": "Zimmer",
        "Stk.": "Stück", "Stck.": "Stück", "u. a.": "unter anderem", "z. T.": "zum Teil", "o.ä.": "oder ähnliches",
        "o. ä.": "oder ähnliches", "i.d.R.": "in der Regel", "i. d. R.": "in der Regel", "v.a.": "vor allem",
        "v. a.": "vor allem", "sog.": "sogenannte", "bspw.": "beispielsweise", "tel.": "telefonisch",
        "Ew.": "Einwohner", "MwSt.": "Mehrwertsteuer", "MwSt": "Mehrwertsteuer", "Sek.": "Sekunden",
        "s.o.": "siehe oben", "s.u.": "siehe unten", "ff.": "folgende", "Jh.": "Jahrhundert",
        "RA": "Rechtsanwalt",
        "z.B.": "zum Beispiel", "z. B.": "zum Beispiel", "bzw.": "beziehungsweise", "ca.": "circa",
        "usw.": "und so weiter", "d.h.": "das heißt", "d. h.": "das heißt", "evtl.": "eventuell",
        "inkl.": "inklusive", "zzgl.": "zuzüglich", "ggf.": "gegebenenfalls", "u.a.": "unter anderem",
        "z.T.": "zum Teil", "Dr.": "Doktor", "Prof.": "Professor", "Hr.": "Herr", "Fr.": "Frau",
        "Str.": "Straße", "Nr.": "Nummer", "Tel.": "Telefon", "Mio.": "Millionen", "Mrd.": "Milliarden",
        "St.": "Sankt", "max.": "maximal", "min.": "mindestens", "Std.": "Stunden", "Min.": "Minuten",
    },
    "fr": {
        "Dʳ": "Docteur", "Pʳ": "Professeur", "Mᵐᵉ": "Madame", "Mᵐᵉˢ": "Mesdames", "Mˡˡᵉ": "Mademoiselle",
        "Mˡˡᵉˢ": "Mesdemoiselles", "Mgr": "Monseigneur", "Mmes": "Mesdames", "Mlles": "Mesdemoiselles",
        "Mᵍʳ": "Monseigneur", "Mᵉ": "Maître", "Dr.": "Docteur", "Mme.": "Madame", "pl.": "place",
        "bd": "boulevard", "Bd": "boulevard", "Bd.": "boulevard", "blvd": "boulevard", "boul.": "boulevard",
        "Av.": "avenue", "rte": "route", "chem.": "chemin", "app.": "appartement", "appt.": "appartement",
        "ét.": "étage", "max.": "maximum", "min.": "minimum", "réf.": "référence", "Réf.": "référence",
        "Tél.": "téléphone", "tel.": "téléphone", "hab.": "habitants", "p.": "page", "nᵒ": "numéro", "Nᵒ": "numéro",
        "c.-à-d": "c'est-à-dire", "càd": "c'est-à-dire", "svp": "s'il vous plaît", "SVP": "s'il vous plaît",
        "RDV": "rendez-vous", "rdv": "rendez-vous", "janv.": "janvier", "St.": "Saint", "Cie": "compagnie",
        "Éts": "établissements", "cf.": "confer", "vs": "contre", "env": "environ", "ex.": "exemple",

        "M.": "Monsieur", "Mme": "Madame", "Mlle": "Mademoiselle", "MM.": "Messieurs", "Dr": "Docteur",
        "Pr": "Professeur", "p.ex.": "par exemple", "p. ex.": "par exemple", "etc.": "et cetera", "env.": "environ",
        "c.-à-d.": "c'est-à-dire", "n°": "numéro", "N°": "numéro", "tél.": "téléphone", "av.": "avenue",
        "bd.": "boulevard", "St": "Saint", "Ste": "Sainte",
    },
    "es": {
        "dr.": "doctor", "dra.": "doctora", "sr.": "señor", "sra.": "señora", "srta.": "señorita", "Sres.": "señores",
        "Dña.": "doña", "D.": "don", "Prof.": "profesor", "Profa.": "profesora", "Lic.": "licenciado",
        "Ing.": "ingeniero", "Arq.": "arquitecto", "pza.": "plaza", "Pza.": "plaza", "plza.": "plaza",
        "Plza.": "plaza", "esq.": "esquina", "EE. UU.": "Estados Unidos", "ee. uu.": "Estados Unidos",
        "EE.UU.": "Estados Unidos", "a. C.": "antes de Cristo", "a. c.": "antes de Cristo", "a.C.": "antes de Cristo",
        "d. C.": "después de Cristo", "d.C.": "después de Cristo", "d. c.": "después de Cristo", "pág.": "página",
        "págs.": "páginas", "depto.": "departamento", "Depto.": "departamento", "dpto.": "departamento",
        "Dpto.": "departamento", "izq.": "izquierda", "dcha.": "derecha", "tfno.": "teléfono", "Tel.": "teléfono",
        "teléf.": "teléfono", "avda.": "avenida", "av.": "avenida", "Ctra.": "carretera", "ctra.": "carretera",
        "Pº": "paseo", "Bco.": "banco", "Cía.": "compañía", "cía.": "compañía", "S.A.": "S A", "S.L.": "S L",
        "máx.": "máximo", "mín.": "mínimo", "incl.": "incluido", "art.": "artículo", "cap.": "capítulo",
        "ej.": "ejemplo", "vs.": "versus", "Sto.": "Santo", "Sta.": "Santa", "C/": "calle", "c/": "calle",
        "Gral.": "general", "gral.": "general", "Vd.": "usted", "Vds.": "ustedes", "ud.": "usted", "uds.": "ustedes",
        "hab.": "habitantes", "admón.": "administración", "apdo.": "apartado", "Apdo.": "apartado",
        "P. ej.": "por ejemplo", "P.ej.": "por ejemplo", "Núm.": "número", "Nº": "número",
        "Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Dr.": "doctor", "Dra.": "doctora", "Ud.": "usted",
        "Uds.": "ustedes", "p.ej.": "por ejemplo", "p. ej.": "por ejemplo", "etc.": "etcétera",
        "aprox.": "aproximadamente", "tel.": "teléfono",
        "núm.": "número", "n.º": "número", "nº": "número", "Avda.": "avenida", "Av.": "avenida",
    },
    "it": {
        "sig.": "signor", "sig.ra": "signora", "sig.na": "signorina", "sigg.": "signori", "Sigg.": "signori",
        "dott.": "dottor", "dott.ssa": "dottoressa", "dr.": "dottor", "prof.": "professor",
        "prof.ssa": "professoressa", "Prof.ssa": "professoressa", "avv.": "avvocato", "Avv.": "avvocato",
        "ing.": "ingegner", "Ing.": "ingegner", "arch.": "architetto", "Arch.": "architetto", "geom.": "geometra",
        "Geom.": "geometra", "rag.": "ragionier", "Rag.": "ragionier",
        "p.zza": "piazza", "P.zza": "piazza", "p.za": "piazza", "v.le": "viale", "c.so": "corso", "C.so": "corso",
        "l.go": "largo", "L.go": "largo", "S.p.A.": "S P A", "S.r.l.": "S R L", "pag.": "pagina", "pagg.": "pagine",
        "art.": "articolo", "cap.": "capitolo", "Tel.": "telefono", "tel": "telefono", "cell.": "cellulare",
        "Cell.": "cellulare", "int.": "interno", "spett.le": "spettabile", "Spett.le": "spettabile",
        "gent.mo": "gentilissimo", "Gent.mo": "gentilissimo", "gent.ma": "gentilissima", "Gent.ma": "gentilissima",
        "egr.": "egregio", "Egr.": "egregio", "max.": "massimo", "min.": "minimo", "a.C.": "avanti Cristo",
        "d.C.": "dopo Cristo", "ad es.": "ad esempio", "p. es.": "per esempio", "S.": "San",
        "nr.": "numero", "N.": "numero", "etc.": "eccetera", "vs.": "contro", "mons.": "monsignor",
        "Mons.": "monsignor",
        "Sig.": "signor", "Sig.ra": "signora", "Sig.na": "signorina", "Dott.": "dottor", "Dott.ssa": "dottoressa",
        "Dr.": "dottor", "Prof.": "professor", "ecc.": "eccetera", "es.": "esempio", "p.es.": "per esempio",
        "ca.": "circa", "tel.": "telefono", "n.": "numero", "n°": "numero", "V.le": "viale", "P.za": "piazza",
    },
    "pl": {
        "inż.": "inżynier", "lek.": "lekarz", "hab.": "habilitowany", "med.": "medycyny", "pow.": "powiat",
        "woj.": "województwo", "str.": "strona", "wg": "według", "zob.": "zobacz", "art.": "artykuł", "ust.": "ustęp",
        "nr.": "numer", "pkt": "punkt", "szt.": "sztuk", "min.": "minut", "sek.": "sekund", "maks.": "maksymalnie",
        "kom.": "komórka", "gen.": "generał", "ks.": "ksiądz", "pn.": "poniedziałek", "Dr": "Doktor", "Dr.": "Doktor",
        "dr.": "doktor", "mec.": "mecenas", "red.": "redaktor", "Ul.": "Ulica", "Al.": "Aleja", "Pl.": "Plac",
        "Św.": "Święty", "Tel.": "telefon", "np": "na przykład", "m.": "mieszkania", "p.": "piętro",
        "tys.": "tysięcy", "mln": "milionów", "mld": "miliardów", "ds.": "do spraw", "ww.": "wyżej wymieniony",
        "ew.": "ewentualnie", "sp. z o.o.": "spółka z o o", "S.A.": "S A",
        "n.p.m.": "nad poziomem morza", "p.n.e.": "przed naszą erą", "n.e.": "naszej ery", "w.": "wieku",
        "jw.": "jak wyżej",
        "np.": "na przykład", "itd.": "i tak dalej", "itp.": "i tym podobne", "tj.": "to jest", "tzn.": "to znaczy",
        "ok.": "około", "ul.": "ulica", "al.": "aleja", "pl.": "plac", "godz.": "godzina", "nr": "numer",
        "dr": "doktor", "prof.": "profesor", "mgr": "magister", "tel.": "telefon", "św.": "święty",
        "m.in.": "między innymi", "os.": "osiedle", "r.": "roku",
    },
    "pt": {
        "sr.": "senhor", "sra.": "senhora", "Srs.": "senhores", "Sras.": "senhoras", "Srta.": "senhorita",
        "dr.": "doutor", "dra.": "doutora", "Profa.": "professora", "prof.": "professor", "Eng.": "engenheiro",
        "Eng.ª": "engenheira", "Exmo.": "excelentíssimo", "Exma.": "excelentíssima", "Ltda.": "limitada",
        "Lda.": "limitada", "S.A.": "S A", "pág.": "página", "págs.": "páginas", "apto.": "apartamento",
        "Apto.": "apartamento", "ap.": "apartamento", "Tel.": "telefone", "cel.": "celular", "Cel.": "celular",
        "hab.": "habitantes", "Jd.": "jardim", "Pç.": "praça", "Pça.": "praça", "Rod.": "rodovia",
        "Trav.": "travessa", "Tv.": "travessa", "Al.": "alameda", "Est.": "estrada", "Bl.": "bloco", "máx.": "máximo",
        "mín.": "mínimo", "nº.": "número", "Nº": "número", "n°": "número", "N°": "número", "etc": "et cetera",
        "p/": "para", "c/": "com", "vc": "você", "Vc": "você", "ex.": "exemplo", "P. ex.": "por exemplo",
        "Sto.": "Santo", "Sta.": "Santa", "Cia.": "companhia", "d.C.": "depois de Cristo", "a.C.": "antes de Cristo",
        "av.": "avenida", "ref.": "referência", "obs.": "observação", "Obs.": "observação", "km.": "quilômetros",
        "ext.": "extensão",
        "Sr.": "senhor", "Sra.": "senhora", "Dr.": "doutor", "Dra.": "doutora", "Prof.": "professor",
        "p.ex.": "por exemplo", "p. ex.": "por exemplo", "etc.": "et cetera", "aprox.": "aproximadamente",
        "tel.": "telefone", "n.º": "número", "nº": "número", "Av.": "avenida", "R.": "rua",
    },
    "nl": {
        "p.p.": "per persoon", "p/p": "per persoon", "p.st.": "per stuk", "p.j.": "per jaar", "p/m": "per maand",
        "Dhr.": "De heer", "Mevr.": "Mevrouw", "Mw.": "Mevrouw", "Dr.": "Dokter", "Prof.": "Professor",
        "ir.": "ingenieur", "ing.": "ingenieur", "drs.": "doctorandus", "mr.": "meester", "St.": "Sint",
        "str.": "straat", "blz.": "bladzijde", "pag.": "pagina", "i.p.v.": "in plaats van",
        "t.a.v.": "ter attentie van", "m.u.v.": "met uitzondering van", "incl.": "inclusief", "excl.": "exclusief",
        "jl.": "jongstleden", "a.s.": "aanstaande", "etc.": "et cetera", "vs.": "versus", "evt.": "eventueel",
        "resp.": "respectievelijk", "Tel.": "telefoon", "i.v.m.": "in verband met", "n.a.v.": "naar aanleiding van",
        "a.u.b.": "alstublieft", "aub": "alstublieft", "z.s.m.": "zo snel mogelijk", "n.v.t.": "niet van toepassing",
        "o.l.v.": "onder leiding van", "t.o.v.": "ten opzichte van", "v.Chr.": "voor Christus",
        "n.Chr.": "na Christus", "bijv": "bijvoorbeeld", "ca": "circa", "gem.": "gemiddeld", "st.": "stuks",
        "pers.": "personen", "Nr.": "nummer",
        "afd.": "afdeling", "Afd.": "afdeling", "tel": "telefoon", "o.b.v.": "op basis van",
        "d.m.v.": "door middel van", "B.V.": "B V", "N.V.": "N V", "mln.": "miljoen", "mld.": "miljard",
        "e.d.": "en dergelijke", "bv": "bijvoorbeeld",
        "bijv.": "bijvoorbeeld", "bv.": "bijvoorbeeld", "enz.": "enzovoort", "d.w.z.": "dat wil zeggen",
        "dhr.": "de heer", "mevr.": "mevrouw", "mw.": "mevrouw", "ca.": "circa", "m.b.t.": "met betrekking tot",
        "o.a.": "onder andere", "t/m": "tot en met", "dr.": "dokter", "prof.": "professor", "nr.": "nummer",
        "tel.": "telefoon", "max.": "maximaal", "min.": "minimaal",
    },
}  # fmt: skip

_BEFORE_NUMBER = frozenset(
    {
        "No.",
        "no.",
        "n.",
        "N.",
        "p.",
        "int.",
        "ap.",
        "Bl.",
        "Art.",
        "Abs.",
        "art.",
        "cap.",
        "tel",
        "m.",
        "Max.",
        "Min.",
        "Cap.",
    }
)
"""Otherwise the word "no" at the end of a sentence, an initial."""
_AFTER_NUMBER = frozenset(
    {
        "hrs.",
        "mo.",
        "yr.",
        "yrs.",
        "wk.",
        "wks.",
        "st.",
        "pers.",
        "Pers.",
        "Stk.",
        "szt.",
        "sek.",
        "hab.",
        "mln",
        "mld",
        "tys.",
        "mln.",
        "mld.",
        "Jh.",
        "Sek.",
        "w.",
        "km.",
    }
)
_NUMBER_OR_YEAR = frozenset({"min.", "r."})
_BEFORE_NAME = frozenset(
    {"R.", "S.", "V.", "D.", "St.", "Me", "Mᵉ", "RA", "Fr.", "Ste", "on.", "Mag.", "Pl.", "pl.", "Al."}
) - {"St."}
"""A street's, a saint's: otherwise an initial, or a word."""
_LAST_WORDS = frozenset("etc. Inc. Ltd. Corp. Co. Jr. Ave. Blvd. Rd. Hwy. usw. ecc. itd. itp. enz.".split())
"""What sentences end with. Others are followed by what they are about."""
_ROADS = {"St.": "Street", "Dr.": "Drive"}
"""What is Saint and Doctor before a name is Street and Drive after one."""


_HOUR = {"o": "godzinie", "po": "godzinie", "przed": "godziną", "od": "godziny", "do": "godziny", "na": "godzinę"}
"""In Polish, after these words."""


def rules(language: Language) -> list[Rule]:
    known = _with_capitals(ABBREVIATIONS[language.code])
    english = language.code == "en"

    def in_full(found: re.Match[str]) -> Said:
        text = found[0]
        said = known[text]
        if text in _BEFORE_NUMBER and not re.match(r"\s?\d", after(found)):
            return None
        if text in _BEFORE_NAME and not re.match(r"\s[A-ZÀ-Ý]", after(found)):
            return None
        if text in _NUMBER_OR_YEAR and language.code in ("en", "pl", "es") and not re.search(r"\d\s?$", before(found)):
            return None
        if text in _AFTER_NUMBER and not re.search(r"\d\s?$", before(found)):
            return None
        if text == "godz." and (form := _HOUR.get(_word_before(found))):
            said = form
        if english and text in _ROADS and _is_road(found):
            said = _ROADS[text]
        return said + ("." if text.endswith(".") and _ends(found, text, english=english) else "")

    found = [Rule(rf"(?<![\w.]){one_of(*known)}(?![^\W_])", in_full, Begins.LETTER)]
    if language.code == "nl":
        street = r"(?<![^\W\d_])[^\W\d_]{3,}str\.(?=\s?\d|\s*$|,)"
        found.insert(0, Rule(street, lambda found: found[0].removesuffix("str.") + "straat", Begins.LETTER))
    if language.code == "de":
        street = r"(?<![^\W\d_])[^\W\d_]+str\.(?=\s?\d|\s*$|,)"
        found.insert(0, Rule(street, lambda found: found[0].removesuffix("str.") + "straße", Begins.LETTER))
    return [*_weekdays(language), *found]


def _with_capitals(known: Mapping[str, str]) -> dict[str, str]:
    """Approx., too, at the beginning of a sentence."""
    capitals = {
        text.capitalize(): said.capitalize()
        for text, said in known.items()
        if text.endswith(".") and len(text) > 3 and text[:-1].isalpha() and text[:-1].islower()
    }
    return {**capitals, **known}


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
        return (
            names[found["a"].casefold()] if found["a"][0].isupper() or language.code not in ("en", "de", "pt") else None
        )

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
