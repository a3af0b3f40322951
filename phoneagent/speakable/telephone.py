"""Telephone numbers, cards and other long numbers: digit by digit, in groups, with a pause after each."""

from __future__ import annotations

import re

from .language import Language
from .rules import SPACE, Begins, Part, Rule, Said

_BETWEEN = r"[ \u00a0().\-/\u2010-\u2014]{0,3}"
INTERNATIONAL = rf"(?<![\w+])\+\d(?:{_BETWEEN}\d){{6,14}}(?!\w)"
_NATIONAL = rf"(?<![\w+.,:-])\(?0\d(?:{_BETWEEN}\d){{5,12}}(?!\w)"
_AMERICAN = (
    r"(?<![\w+.-])(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])",
    r"(?<![\w+.-])\d{3}-\d{4}(?![\w-])",
)
_EXTENSION = rf"(?:,?{SPACE}?(?:x|(?i:ext\.?|extension)){SPACE}?(?P<ext>\d{{1,6}}))?"
_ROMANCE = (
    rf"(?<![\w+.,-])(?:\(\d{{2,3}}\){SPACE}?|\d{{2}}{SPACE})\d{{4,5}}[- ]\d{{4}}(?![\w-])",  # (11) 98765-4321
    r"(?<![\w+.,-])9?\d{4}-\d{4}(?![\w-])",
    r"(?<![\w+.,-])\d{3}-\d{4}(?![\w-])",
)
_ITALIAN = rf"(?<![\w+.,-])3\d{{2}}[ ./-]?\d{{3}}[ .-]?\d{{3,4}}(?![\w-]|[.,]\d|{SPACE}(?:euro|€))"  # mobile
_PAIRED = rf"(?<![\w+.,:-])[1-9]\d(?:{SPACE}\d\d){{3,4}}(?!\w|[.,]\d|{SPACE}?[%€])"
_NINE_DIGITS = rf"(?<![\w+.,-])[1-9]\d{{1,2}}(?:{SPACE}\d{{2,3}}){{2,3}}(?!\w|[.,]\d)"  # Spain, Poland, Portugal
_LONG = r"(?<![\w+.,-])\d{4}(?:[ -]\d{3,4}){2,}(?![\w-])"  # cards

WARM = ("+1", "+44", "+49", "+33", "+34", "+39", "+48", "+351", "+55", "+31", "+41", "+43", "+32", "+353", "+52")
"""Countries whose numbering plans are loaded ahead; another one takes 2 ms when it is first spoken."""

GROUP = 4  # digits that are said in one breath


def rules(language: Language) -> list[Rule]:
    reader = _Reader(language)
    patterns = [INTERNATIONAL, _LONG, _NATIONAL]
    if language.code == "en":
        patterns += [
            f"{pattern}{_EXTENSION}" for pattern in (*_AMERICAN, r"(?<![\w+.,-])[2-9]\d{9}(?=,?[ ]?(?:x|[Ee]xt))")
        ]
    if language.code == "it":
        patterns.append(_ITALIAN)
    found = [Rule(pattern, reader.say, Begins.DIGIT | Begins.SIGN) for pattern in patterns]
    if language.code in ("es", "pt"):
        found += [Rule(pattern, reader.hyphened, Begins.DIGIT | Begins.SIGN) for pattern in _ROMANCE]
    if language.code in ("es", "pl", "pt"):
        found.append(Rule(_NINE_DIGITS, reader.nine, Begins.DIGIT))
    return found


def warm() -> None:
    """Load numbering plans, and what reads them."""
    for country in WARM:
        _international(country + "2025550123"[: 15 - len(country)])


class _Reader:
    def __init__(self, language: Language) -> None:
        self._numbers = language.numbers
        self._plus = language.vocabulary.plus
        self._pairs = language.code == "fr"
        self._language = language.code

    def nine(self, found: re.Match[str]) -> Said:
        return self.say(found) if sum(map(str.isdecimal, found[0])) == 9 else None

    def hyphened(self, found: re.Match[str]) -> Said:
        """3333-4444; but 1990-2000 and 1500-2500 are from the one to the other."""
        ends = re.fullmatch(r"(\d{4})-(\d{4})", found[0])
        if ends and ends[1] < ends[2] and all(end.endswith("0") or end[:2] in ("19", "20") for end in ends.groups()):
            return None
        return self.say(found)

    def say(self, found: re.Match[str]) -> Said:
        text = found[0]
        if extension := found.groupdict().get("ext"):
            number = self.groups(text[: found.start("ext") - found.start()])
            return f"{number}, extension {self._numbers.digits(extension)}"
        if text.startswith("+") and text[1:].isdecimal():
            return f"{self._plus} {self._country(_international(text))}"
        parts: list[Part] = []
        for piece in re.finditer(r"\s+|\S+", text):
            if piece[0].isspace():
                parts.append(Part(piece[0], None))
                continue
            spoken = self._country(piece[0]) if piece[0].startswith("+") else self.groups(piece[0])
            if piece[0].startswith("+"):
                spoken = f"{self._plus} {spoken}"
            parts.append(Part(piece[0], spoken if piece.end() == len(text) or not spoken else spoken + ","))
        return parts

    def _country(self, text: str) -> str:
        """A country's code of two digits is one number where that is usual: plus neunundvierzig."""
        code = re.match(r"\+?([1-9]\d)(?!\d)", text)
        if code is None or self._language in ("en", "pt"):
            return self.groups(text)
        rest = self.groups(text[code.end() :])
        return self._numbers.cardinal(int(code[1])) + (f", {rest}" if rest else "")

    def groups(self, text: str) -> str:
        """The digits of a text, with a pause where it has something else between them."""
        spoken = []
        for run in re.findall(r"\d+", text):
            spoken += [self._group(group) for group in _cut(run, 2 if self._pairs and len(run) == 10 else 3)]
        return ", ".join(spoken)

    def _group(self, digits: str) -> str:
        if self._pairs and len(digits) == 2 and not digits.startswith("0"):
            return self._numbers.cardinal(int(digits))
        return self._numbers.digits(digits)


def _cut(digits: str, size: int) -> list[str]:
    groups = []
    while len(digits) > (GROUP if size == 3 else size) and not (size == 3 and len(digits) == 5):
        groups.append(digits[:size])
        digits = digits[size:]
    return [*groups, digits]


def _international(text: str) -> str:
    """A number with its country code in the groups that are usual there."""
    import phonenumbers  # `warm` loads it: greetings, which are wanted first, have no use for it

    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
