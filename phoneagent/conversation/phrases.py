"""Cuts a growing text into the phrases that are spoken.

The first phrase goes out as early as it can be spoken well: the caller waits for it. Later ones end with their
sentence: a voice does best with whole ones, and there is time while the first is heard.

What belongs together is never cut: numbers, dates, times, telephone numbers, abbreviations, addresses, links. The text
grows, so each of them must be known by its beginning: "at 7" may become "at 7:30", and "Dr." is no end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from .abbreviations import ABBREVIATIONS
from .policy import Policy

_ORDINALS = frozenset({"de", "pl", "nl", "da", "no", "nb", "fi", "cs", "sk", "hu", "sl", "hr", "et", "lv"})
"""Languages in which "3." is the third: a full stop after a number says little."""

_CLOSING = "\"'”’»)*_`"
_FAR_CLOSING = "」』）”’" + _CLOSING
_ENDS, _FAR_ENDS, _ARABIC_ENDS = ".!?…", "。！？｡।॥", "؟۔"
# Every run of signs is tried once, from its first sign to its last: text of nothing but dots is looked at once a sign.
_SENTENCE_END = re.compile(
    rf"(?<![{_ENDS}])[{_ENDS}]++[{_CLOSING}]*+(?=\s)"  # without white space after it, it may stand inside of a number
    rf"|[{_FAR_ENDS}]++[{_FAR_CLOSING}]*+"  # those that are written without it
    rf"|(?<![{_ARABIC_ENDS}])[{_ARABIC_ENDS}]++[{_CLOSING}]*+(?=\s)"
    r"|\n++"
)
_UNDECIDED = _ENDS + _FAR_ENDS + _ARABIC_ENDS + _FAR_CLOSING + "\n"
"""A run of these at the end of the text may grow yet."""

_CLAUSE_END = re.compile(r"[,;:–—](?=\s)|[、，；：،؛](?=\S|\s)")
_SPACE_BEFORE_LAST_WORD = re.compile(r"\s[^\W\d_]{3,}")  # what no abbreviation, number or address looks like
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

_OPEN_LINK = re.compile(r"\[[^\[\]\n]{0,200}+(?:\](?:\([^()\s]{0,500}+)?+)?+\Z")
_OPEN_TAG = re.compile(
    r"<(?:[!/]?+|/?+[A-Za-z][\w:-]{0,40}+(?:=[^\s<>]{0,40}+)?+"
    r"""(?:\s++[\w:.-]++(?:\s*+=\s*+(?:"[^"<>]{0,200}+(?:"|\Z)|'[^'<>]{0,200}+(?:'|\Z)|[^\s"'<>]*+))?+)*+\s*+/?+)\Z"""
)
_LONGEST_TAG = 500  # characters; what goes on longer is no tag
_NUMBER = re.compile(r"\s*+[\d+(#$€£¥]")
_BELONGS_TO_NAME = re.compile(r"\s*+(?:St|Ave|Blvd|Rd|Hwy|Dr|Jr|Sr|Inc|Ltd|Corp|Co)\b")
_WORD_END = re.compile(r"\S(?=\s)")
_SPACE = re.compile(r"(?<=\S)\s")
_SECOND_WORD = re.compile(r"\s*+\S++\s++(?=\S)")
_LAST_WORDS = frozenset(
    "please course sure moment certainly okay thanks you welcome problem right sorry goodbye great perfect absolutely "
    "bitte gern gerne danke plaît bien sûr merci favor supuesto gracias favore certo grazie proszę dziękuję oczywiście "
    "alstublieft graag dank obrigado obrigada".split()
)
"""Words with which short sentences end. After another one, ".com" may follow."""


_LONGEST_WORD = 64  # characters; what is longer is no word, and is looked at from its end
_PLACES = 32  # that are tried when a phrase must end; a phrase has twenty good ones, or it is no text
_AT_ONCE = 1_000  # characters; of a longer piece the next follow when these have become phrases


class Phrases:
    """Feed it text as the model writes it; it returns phrases as soon as they are complete.

    Each part of the text is looked at once, however small the pieces are in which it arrives, and no phrase is longer
    than `phrase_characters`: whatever a model writes takes its time by its length, and no more.
    """

    def __init__(self, policy: Policy, *, language: str = "en") -> None:
        self._first = True
        self._last = " "  # character of the last phrase
        self._first_words = policy.first_phrase_words
        self._longest = policy.phrase_characters
        self._language = _code(language)
        self._weak_words = _WEAK_ENDING.get(self._language, frozenset())
        self._begin("")

    def _begin(self, pending: str) -> None:
        """Of what comes next this is known already."""
        self._pending = pending
        self._sentences_from = 0  # before it no sentence ends
        self._words_from = 0  # before it the first phrase cannot end
        self._words = 0  # so many of them

    def feed(self, text: str) -> list[str]:
        """More text; the phrases that are now complete."""
        phrases = []
        for at in range(0, len(text), _AT_ONCE):
            self._add(text[at : at + _AT_ONCE])
            while (end := self._boundary()) is not None:
                phrase, rest = self._pending[:end].strip(), self._pending[end:].lstrip()
                self._begin(rest)
                if phrase:
                    phrases.append(phrase)
                    self._first, self._last = False, phrase[-1]
        return phrases

    def _add(self, text: str) -> None:
        """White space at the beginning says nothing by its length."""
        if not self._pending or self._pending.isspace():
            blank = len(text) - len(text.lstrip())
            self._begin((self._pending + text[:blank])[-1:] + text[blank:])
        else:
            self._pending += text

    def cut(self) -> None:
        """The text ends in the middle: drop the sentence that nobody will end, or, of the first one, the half word."""
        self._begin("" if self._last in ".!?。！？" else self._pending.rpartition(" ")[0])

    def flush(self) -> list[str]:
        """The text is complete; what is left of it."""
        rest = self._pending.strip()
        self._begin("")
        return [rest] if rest else []

    def _boundary(self) -> int | None:
        if (end := self._sentence_end()) is not None:
            return end
        if self._first and (end := self._first_boundary()) is not None and end <= self._longest:
            return end
        if len(self._pending) > self._longest:
            return self._forced_boundary()
        return None

    # -- sentences ----------------------------------------------------------------------------------

    def _sentence_end(self) -> int | None:
        text = self._pending
        for match in _SENTENCE_END.finditer(text, self._sentences_from):
            if match.end() > self._longest:
                break
            if not text[: match.end()].isspace() and self._ends_sentence(match):
                return match.end()
        self._sentences_from = len(text.rstrip(_UNDECIDED))
        return None

    def _ends_sentence(self, match: re.Match[str]) -> bool:
        text = match.string
        before = text[: match.end()].rstrip()
        if _in_link(before) or _in_tag(before):
            return False
        if not match[0].startswith("."):
            return True
        before = text[: match.start()]
        if before[-1:].isdecimal() and _last_word(before).isdecimal():
            # "at 9." ends a sentence, "1." begins an item, "am 3." goes on
            return self._language not in _ORDINALS and not before.strip().isdecimal()
        return not ends_in_abbreviation(text[: match.end()], self._language)

    # -- the first phrase ---------------------------------------------------------------------------

    def _first_boundary(self) -> int | None:
        if self._ends_plainly():
            return len(self._pending)
        text, start = self._pending, self._words_from
        second_word = _SECOND_WORD.match(text)
        for match in _CLAUSE_END.finditer(text, start):
            spaced = match[0].isascii() or match[0] in "–—"  # scripts without spaces have no words to count
            enough = not spaced or (second_word is not None and match.end() > second_word.end())
            if enough and self._may_pause(text, match.end()):
                return match.end()
        ends = [match.end() for match in _WORD_END.finditer(text, start)]
        for count, end in enumerate(ends, start=self._words + 1):
            word = _last_word(text[:end])
            if word[0].isupper() and self._language != "de" and end == ends[-1]:
                continue  # half a name, perhaps, as in "Main St."
            if count >= self._first_words and not self._weak(word) and self._may_pause(text, end):
                return end
        if len(ends) > 1:  # what follows a word decides about it, and of all but the last it is there
            self._words_from, self._words = ends[-2], self._words + len(ends) - 1
        return None

    def _ends_plainly(self) -> bool:
        """Whether the text ends in a way that needs no space after it to be known: that would be one token more."""
        text = self._pending
        if text[-1:] not in (".", "!", "?", ",", ";") or len(text) > self._longest:
            return False
        word = _SPACE_BEFORE_LAST_WORD.fullmatch(text, text.rfind(_last_word(text)) - 1, len(text) - 1)
        if word is None or _in_link(text) or _in_tag(text):
            return False
        if text[-1] in ",;":  # a comma that no number, date or address goes on after
            return _bare(word[0]) not in _NUMBER_FOLLOWS and self._may_pause(text, len(text))
        return text[-1] in "!?" or word[0][1:].lower() in _LAST_WORDS

    # -- no end in sight ----------------------------------------------------------------------------

    def _forced_boundary(self) -> int:
        text = self._pending[: self._longest + 1]
        clauses = [match.end() for match in _CLAUSE_END.finditer(text)]
        spaces = [match.start() for match in _SPACE.finditer(text, 0, self._longest)]
        for ends, before_number in ((clauses, False), (spaces, False), (spaces, True)):
            for end in ends[: -_PLACES - 1 : -1]:
                if self._may_pause(text, end, before_number=before_number):
                    return end
        return spaces[-1] if spaces else _before_marks(text, self._longest)

    # -- what belongs together ----------------------------------------------------------------------

    def _may_pause(self, text: str, end: int, *, before_number: bool = False) -> bool:
        """Whether a phrase may end here, in the middle of a sentence."""
        before = text[:end]
        if _in_link(before) or _in_tag(before) or ends_in_abbreviation(before, self._language):
            return False
        if _NUMBER.match(text, end) and not (before_number and _bare(before) not in _NUMBER_FOLLOWS):
            return False  # "bus 5", "open 9 to 5", "Nov 22, 2026"
        if _BELONGS_TO_NAME.match(text, end):
            return False
        last = before[-_LONGEST_WORD:].rstrip(" ,;:–—-").rpartition(" ")[2]
        if any(map(str.isdecimal, last)) or last.endswith(("$", "€", "£", "+")):
            # "$1,200" and "7:30" may go on, or have a unit; only a comma and a word after it tell that they do not
            return before[-1] in ",;，；、" and text[end:].lstrip()[:1].isalpha()
        return True

    def _weak(self, word: str) -> bool:
        """Whether a phrase must not end here: a function word, a number whose unit may follow, an address."""
        bare = _bare(word)
        return bare in self._weak_words or bare in _NUMBER_FOLLOWS or word[-1].isdigit() or "@" in word


def ends_in_abbreviation(text: str, language: str = "en") -> bool:
    """Whether the full stop at the end of the text belongs to its last word."""
    last = _last_word(text).lower().lstrip("\"'(“*_[«¿¡").rstrip(_CLOSING)
    last = re.sub(r"^\w{1,4}['’]", "", last)  # l'avv.
    if last in ABBREVIATIONS.get(_code(language), ABBREVIATIONS["en"]):
        return True
    return bool(re.fullmatch(r"[^\W\d_]\.|(?:[^\W\d_]\.){2,}", last))


def _in_link(text: str) -> bool:
    """Whether the text ends in the middle of a link, or right after one."""
    return "[" in text and _OPEN_LINK.search(text) is not None


def _in_tag(text: str) -> bool:
    """Whether the text ends in the middle of a tag or a comment: half of it would be spoken."""
    end = text[-_LONGEST_TAG:]
    if (begin := end.rfind("<")) < 0:
        return False
    return _OPEN_TAG.match(end, begin) is not None or end.rfind("<!--") > end.rfind("-->")


def _last_word(text: str) -> str:
    words = text[-_LONGEST_WORD:].rsplit(maxsplit=1)
    return words[-1] if words else ""


def _bare(text: str) -> str:
    """The last word without what is written around it."""
    return _last_word(text).lower().strip("\"'(“*_«¿¡")


def _before_marks(text: str, end: int) -> int:
    """The nearest place at or before `end` where no letter is parted from the marks above and below it."""
    for place in range(end, max(0, end - _PLACES), -1):
        if not unicodedata.category(text[place]).startswith("M"):
            return place
    return end


@cache
def _code(language: str) -> str:
    return re.split("[-_]", language)[0].lower()
