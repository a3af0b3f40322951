"""American addresses: 1234 N Elm St, Apt 5, Springfield, IL 62704."""

from __future__ import annotations

import re

from .language import Language
from .rules import Begins, Part, Rule, Said, ends_sentence, one_of

STREETS = {
    "St": "Street", "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Dr": "Drive", "Ln": "Lane",
    "Ct": "Court", "Pl": "Place", "Sq": "Square", "Pkwy": "Parkway", "Expy": "Expressway", "Hwy": "Highway",
    "Cir": "Circle", "Ter": "Terrace", "Trl": "Trail", "Fwy": "Freeway", "Aly": "Alley", "Tpke": "Turnpike",
    "Plz": "Plaza", "Cres": "Crescent", "Xing": "Crossing", "Brg": "Bridge", "Pt": "Point", "Hts": "Heights",
}  # fmt: skip
_WHOLE = (
    "Street Avenue Boulevard Road Drive Lane Court Place Square Parkway Expressway Highway Circle Terrace Way".split()
)
DIRECTIONS = {
    "N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast", "NW": "Northwest", "SE": "Southeast",
    "SW": "Southwest",
}  # fmt: skip
STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "D C", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho",
    "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine",
    "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
    "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio",
    "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina",
    "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
_ROOMS = {"Apt": "Apartment", "Ste": "Suite", "Bldg": "Building", "Fl": "Floor", "Rm": "Room"}
_DIRECTION = rf"(?:{one_of(*DIRECTIONS)}|[NS]\.?[EW]\.)"
_NAME = r"(?:[A-Z][\w'’-]*\.?|\d{1,3}(?:st|nd|rd|th))"


def rules(language: Language) -> list[Rule]:
    if language.code != "en":
        return []
    speaker = _Streets(language)
    road = rf"(?:{one_of(*STREETS)}|{one_of(*_WHOLE)})"
    small = r"(?:(?<=\dst |\dnd |\drd |\dth )(?:st|ave|rd))"
    return [
        Rule(
            rf"(?<![\w.,:$€£/-])(?P<house>\d{{1,5}})(?P<a>-[A-Z\d]|[A-Z])?[ ](?:(?P<d>[NSEW]{{1,2}})\.?[ ])?"
            rf"(?P<name>(?:{_NAME}[ ]){{1,4}}?)(?P<road>{road}|{small})(?!\w)(?P<dot>\.?)"
            rf"(?:[ ](?P<d2>NE|NW|SE|SW|N|S|E|W)(?![\w'’]))?",
            speaker.address,
            Begins.DIGIT,
        ),
        Rule(
            rf"(?<=[a-z]{{2}},[ ])(?P<state>{one_of(*STATES)})(?=[ ]\d{{5}}(?!\d)|[.,;!?)]|\s*$)",
            lambda found: STATES[found["state"]],
            Begins.LETTER,
        ),
        Rule(
            rf"(?<=[\w.],[ ])(?P<room>{one_of(*_ROOMS)})\.?(?=[ ][A-Z]?\d)",
            lambda found: _ROOMS[found["room"]],
            Begins.LETTER,
        ),
        Rule(
            r"(?<!\d )\b(?P<peak>Mt|Ft)\.(?=[ ][A-Z])",
            lambda found: {"Mt": "Mount", "Ft": "Fort"}[found["peak"]],
            Begins.LETTER,
        ),
    ]


def words(language: Language) -> list[str]:
    """What the rules begin with, beside numbers."""
    return [*STATES, *_ROOMS, "Mt", "Ft"] if language.code == "en" else []


class _Streets:
    def __init__(self, language: Language) -> None:
        self._numbers = language.numbers

    def address(self, found: re.Match[str]) -> Said:
        road = found["road"]
        name = found["name"]
        if (
            road in ("Dr", "St", "Pt", "Pl", "Ct")
            and re.match(r" [A-Z][a-z]", found.string[found.end() :])
            and not found["dot"]
        ):
            return None  # 5 Main St Mary
        parts = [Part(found["house"], self.house(found["house"]))]
        if found["a"]:
            parts.append(Part(found["a"], " " + found["a"].strip("-")))
        begin = found.start("house") + len(found["house"]) + len(found["a"] or "")
        middle = found.string[begin : found.start("road")]
        if found["d"] and found["d"] in DIRECTIONS:
            gap = found.string[found.end("d") : found.start("name")]
            parts += [Part(" ", None), Part(found["d"] + gap.rstrip(), DIRECTIONS[found["d"]]), Part(" ", None)]
            middle = name
        parts.append(Part(middle, None))
        whole = STREETS.get(road.capitalize(), road)
        last = found["d2"] is None and bool(found["dot"])
        stop = "." if last and (ends_sentence(found) or re.match(r"\s\d+\s[a-z]", found.string[found.end() :])) else ""
        parts.append(Part(road + found["dot"], whole + stop))
        if found["d2"]:
            parts += [Part(" ", None), Part(found["d2"], DIRECTIONS[found["d2"]])]
        return parts

    def house(self, digits: str) -> str:
        """1428 is "fourteen twenty-eight", 123 "one twenty-three"."""
        number = int(digits)
        if len(digits) == 4 and digits[0] != "0":
            return self._numbers.year(number)
        if len(digits) == 5 or digits[0] == "0":
            return self._numbers.digits(digits)
        if len(digits) == 3 and number % 100:
            first, rest = divmod(number, 100)
            pair = f"oh {self._numbers.cardinal(rest)}" if rest < 10 else self._numbers.cardinal(rest)
            return f"{self._numbers.cardinal(first)} {pair}"
        return self._numbers.cardinal(number)
