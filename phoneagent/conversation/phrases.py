"""Cuts a growing text into the phrases that are spoken.

The first phrase goes out as early as it can be spoken well: the caller waits for it. Later ones end with their
sentence: a voice does best with whole ones, and there is time while the first is heard.

What belongs together is never cut: numbers, dates, times, telephone numbers, abbreviations, addresses, links. The text
grows, so each of them must be known by its beginning: "at 7" may become "at 7:30", and "Dr." is no end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .policy import Policy

_ABBREVIATIONS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "mr. mrs. ms. dr. prof. rev. capt. gen. sen. rep. st. ave. blvd. rd. hwy. apt. ste. bldg. no. vs. etc. "
        "e.g. i.e. a.k.a. a.m. p.m. approx. appt. dept. est. ext. jr. sr. inc. ltd. corp. co. fig. min. hrs. tel. jan. "
        "feb. mar. apr. jun. jul. aug. sep. sept. oct. nov. dec. mon. tue. tues. wed. thu. thurs. fri.",
        "de": "z.b. b. z. bzw. ca. usw. d.h. h. evtl. inkl. exkl. zzgl. ggf. u.a. z.t. dr. prof. hr. fr. str. nr. tel. "
        "mio. mrd. st. max. min. std. jan. feb. apr. aug. sept. okt. nov. dez. abs. art. geb. vgl. sog. zw.",
        "fr": "m. mm. mme. mlle. dr. pr. p.ex. p. ex. etc. env. c.-à-d. tél. av. bd. janv. févr. juil. sept. oct. nov. "
        "déc. st. no. apr.",
        "es": "sr. sra. srta. dr. dra. ud. uds. p.ej. p. ej. etc. aprox. tel. núm. avda. av. ene. feb. abr. ago. sept. "
        "oct. nov. dic. d. dña.",
        "it": "sig. sig.ra sig.na dott. dott.ssa dr. prof. ecc. es. p.es. ca. tel. n. v.le p.za gen. feb. mar. apr. "
        "mag. giu. lug. ago. set. ott. nov. dic. ing. avv. geom.",
        "pl": "np. itd. itp. tj. tzn. ok. ul. al. pl. godz. prof. tel. św. m.in. os. r. inż. im. min. zł. sob. pon. "
        "niedz. wg. ww.",
        "pt": "sr. sra. dr. dra. prof. p.ex. p. ex. etc. aprox. tel. av. r. jan. fev. abr. ago. set. out. nov. dez.",
        "nl": "bijv. bv. enz. d.w.z. dhr. mevr. mw. ca. m.b.t. o.a. dr. prof. nr. tel. max. min. jan. feb. apr. aug. "
        "sept. okt. nov. dec. ir. drs. i.v.m.",
    }.items()
}
"""After these a sentence goes on, mostly. One that does end with one of them waits for its next words, no longer."""

_ORDINALS = frozenset({"de", "pl", "nl", "da", "no", "nb", "fi", "cs", "sk", "hu", "sl", "hr", "et", "lv"})
"""Languages in which "3." is the third: a full stop after a number says little."""

_CLOSING = "\"'”’»)*_`"
_SENTENCE_END = re.compile(
    rf"[.!?…]+[{_CLOSING}]*(?=\s)"  # a full stop without white space after it may stand inside of a number
    rf"|[。！？｡।॥]+[」』）”’{_CLOSING}]*"  # those that are written without it
    rf"|[؟۔]+[{_CLOSING}]*(?=\s)"
    r"|\n+"
)
_PLAIN_END = re.compile(r"\s[^\W\d_]{3,}[.!?]$")  # what no abbreviation, number or address looks like
_CLAUSE_END = re.compile(r"[,;:–—](?=\s)|[、，；：،؛](?=\S|\s)")
_PLAIN_CLAUSE_END = re.compile(r"\s[^\W\d_]{3,}[,;]$")  # a comma that no number, date or address goes on after
_WEAK_ENDING: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a an the of to for from with at by in on into and or but so because if that than as is are was were be "
        "been am do does did have has had will would can could may might shall should must not no my your our his her "
        "its their this these those which who when where what how i we you he she it they very too about between per "
        "every each any all some mr mrs ms dr",
        "de": "der die das den dem des ein eine einen einem einer eines und oder aber weil wenn dass als wie ist sind "
        "war hat haben wird werden kann können mit von zu zum zur für auf an am im in bei um aus nach vor über unter "
        "nicht kein keine mein ihr sein unser ich wir sie er es du sehr etwa circa pro bis",
        "fr": "le la les un une des du de d' l' à au aux et ou mais que qui est sont était a ont pour par avec "
        "dans sur "
        "sous chez en ne pas mon ma mes votre vos notre nos ce cette ces je nous vous il elle très plus environ si",
        "es": "el la los las un una unos unas de del a al y o pero que es son era ha han para por con en sobre "
        "no mi su "
        "sus nuestro nuestra este esta yo se le nos muy más si",
        "it": "il lo la i gli le un uno una di del della dei a al alla e o ma che è sono era ha hanno per con "
        "in nel su "
        "da dal non mio suo nostro vostro questo questa si ci vi molto più se",
        "pl": "i lub ale że jest są był na w we z ze do od o po dla przez nie mój moja nasz pan pani ten ta to "
        "się bardzo "
        "około oraz jeśli",
        "pt": "o a os as um uma de do da dos das em no na e ou mas que é são era tem para por com sobre não meu "
        "sua seu "
        "nosso este esta eu se nos muito mais ao à",
        "nl": "de het een en of maar dat is zijn was heeft hebben wordt kan met van voor op aan in bij om uit "
        "naar over "
        "niet geen mijn uw onze ik we wij u hij zij ze het zeer ongeveer per te tot",
    }.items()
}
"""Words nobody pauses after: a phrase ending with one of them sounds cut."""

_NUMBER_FOLLOWS = frozenset(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug "
    "sep sept oct nov dec januar februar märz mai juni juli oktober dezember okt dez janvier février mars avril juin "
    "juillet août septembre octobre novembre décembre enero febrero marzo abril mayo junio julio agosto "
    "septiembre octubre "
    "noviembre diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre stycznia lutego marca "
    "kwietnia maja czerwca lipca sierpnia września października listopada grudnia janeiro fevereiro março maio junho "
    "julho setembro outubro novembro dezembro januari februari maart mei juni juli augustus "
    "number room page flight gate extension suite nummer zimmer numéro chambre número habitación numero camera pokój "
    "numer kamer".split()
)
"""Words that a number may follow; what is read as one must not be cut while it is written."""

_OPEN_LINK = re.compile(r"\[[^\[\]\n]{0,200}(?:\](?:\([^()\s]{0,500})?)?$")
_NUMBER = re.compile(r"[\d+(#$€£¥]")
_BELONGS_TO_NAME = re.compile(r"(?:St|Ave|Blvd|Rd|Hwy|Dr|Jr|Sr|Inc|Ltd|Corp|Co)\b")
_LAST_WORDS = frozenset(
    "please course sure moment certainly okay thanks you welcome problem right sorry goodbye great perfect absolutely "
    "bitte gern gerne danke plaît bien sûr merci favor supuesto gracias favore certo grazie proszę dziękuję oczywiście "
    "alstublieft graag dank obrigado obrigada".split()
)
"""Words with which short sentences end. After another one, ".com" may follow."""


class Phrases:
    """Feed it text as the model writes it; it returns phrases as soon as they are complete."""

    def __init__(self, policy: Policy, *, language: str = "en") -> None:
        self._pending = ""
        self._first = True
        self._first_words = policy.first_phrase_words
        self._longest = policy.phrase_characters
        self._language = _code(language)
        self._weak_words = _WEAK_ENDING.get(self._language, frozenset())

    def feed(self, text: str) -> list[str]:
        """More text; the phrases that are now complete."""
        self._pending += text
        phrases = []
        while (end := self._boundary()) is not None:
            phrase, self._pending = self._pending[:end].strip(), self._pending[end:].lstrip()
            if phrase:
                phrases.append(phrase)
                self._first = False
        return phrases

    def flush(self) -> list[str]:
        """The text is complete; what is left of it."""
        rest, self._pending = self._pending.strip(), ""
        return [rest] if rest else []

    def _boundary(self) -> int | None:
        text = self._pending
        for match in _SENTENCE_END.finditer(text):
            if text[: match.end()].strip() and self._ends_sentence(match):
                return match.end()
        if self._first:
            return self._first_boundary()
        if len(text) > self._longest:
            return self._forced_boundary()
        return None

    def _ends_sentence(self, match: re.Match[str]) -> bool:
        before, text = match.string[: match.start()], match.string[: match.end()]
        if _OPEN_LINK.search(text.rstrip()):
            return False
        if not match[0].startswith("."):
            return True
        if re.search(r"(?:^|\s)\d+$", before):  # "at 9." ends a sentence, "1." begins an item, "am 3." goes on
            return self._language not in _ORDINALS and not before.strip().isdecimal()
        return not ends_in_abbreviation(text, self._language)

    def _first_boundary(self) -> int | None:
        text = self._pending
        if _PLAIN_END.search(text) and self._ends_without_space(text):
            return len(text)  # without waiting for the space after it: that is one token more
        if _PLAIN_CLAUSE_END.search(text) and _bare(text[:-1]) not in _NUMBER_FOLLOWS and self._may_pause(len(text)):
            return len(text)
        for match in _CLAUSE_END.finditer(text):
            words = 2 if match[0].isascii() or match[0] in "–—" else 1  # scripts without spaces have none to count
            if len(text[: match.end()].split()) >= words and self._may_pause(match.end()):
                return match.end()
        ends = [match.end() for match in re.finditer(r"\S+(?=\s)", text)]
        for count, end in enumerate(ends, start=1):
            word = text[:end].split()[-1]
            if word[0].isupper() and self._language != "de" and not re.search(r"\S\s", text[end:]):
                continue  # half a name, perhaps, as in "Main St."
            if count >= self._first_words and not self._weak(word) and self._may_pause(end):
                return end
        return None

    def _ends_without_space(self, text: str) -> bool:
        last = text.rpartition(" ")[2][:-1].lower()
        return not _OPEN_LINK.search(text) and (text[-1] in "!?" or last in _LAST_WORDS)

    def _forced_boundary(self) -> int:
        text = self._pending[: self._longest]
        clauses = [match.end() for match in _CLAUSE_END.finditer(text)]
        spaces = [match.start() for match in re.finditer(r"(?<=\S)\s", text)]
        for ends, before_number in ((clauses, False), (spaces, False), (spaces, True)):
            if good := [end for end in ends if self._may_pause(end, before_number=before_number)]:
                return good[-1]
        return spaces[-1] if spaces else self._longest

    # -- what belongs together ----------------------------------------------------------------------

    def _may_pause(self, end: int, *, before_number: bool = False) -> bool:
        """Whether a phrase may end here, in the middle of a sentence."""
        before, after = self._pending[:end], self._pending[end:].lstrip()
        if _OPEN_LINK.search(before) or ends_in_abbreviation(before, self._language):
            return False
        if after and _NUMBER.match(after) and not (before_number and _bare(before) not in _NUMBER_FOLLOWS):
            return False  # "bus 5", "open 9 to 5", "Nov 22, 2026"
        if _BELONGS_TO_NAME.match(after):
            return False
        last = before.rstrip(" ,;:–—-").rpartition(" ")[2]
        if any(map(str.isdecimal, last)) or last.endswith(("$", "€", "£", "+")):
            # "$1,200" and "7:30" may go on, or have a unit; only a comma and a word after it tell that they do not
            return before[-1] in ",;，；、" and after[:1].isalpha()
        return True

    def _weak(self, word: str) -> bool:
        """Whether a phrase must not end here: a function word, a number whose unit may follow, an address."""
        bare = _bare(word)
        return bare in self._weak_words or bare in _NUMBER_FOLLOWS or word[-1].isdigit() or "@" in word


def ends_in_abbreviation(text: str, language: str = "en") -> bool:
    """Whether the full stop at the end of the text belongs to its last word."""
    last = text.rsplit(maxsplit=1)[-1].lower().lstrip("\"'(“*_[«¿¡").rstrip(_CLOSING) if text.strip() else ""
    if last in _ABBREVIATIONS.get(_code(language), _ABBREVIATIONS["en"]):
        return True
    return bool(re.fullmatch(r"[^\W\d_]\.|(?:[^\W\d_]\.){2,}", last))


def _bare(text: str) -> str:
    """The last word without what is written around it."""
    return text.rsplit(maxsplit=1)[-1].lower().strip("\"'(“*_«¿¡")


def _code(language: str) -> str:
    return re.split("[-_]", language)[0].lower()
