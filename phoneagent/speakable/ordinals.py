"""Spanish ordinals, which num2words has wrong: undécima, decimotercero, cuadragésimo, septingentésimo."""

from __future__ import annotations

from collections.abc import Callable

_ONES = ("", "primero", "segundo", "tercero", "cuarto", "quinto", "sexto", "séptimo", "octavo", "noveno")
_TEENS = ("décimo", "undécimo", "duodécimo")
_TENS = (
    "", "décimo", "vigésimo", "trigésimo", "cuadragésimo", "quincuagésimo", "sexagésimo", "septuagésimo",
    "octogésimo", "nonagésimo",
)  # fmt: skip
_HUNDREDS = (
    "", "centésimo", "ducentésimo", "tricentésimo", "cuadringentésimo", "quingentésimo", "sexcentésimo",
    "septingentésimo", "octingentésimo", "noningentésimo",
)  # fmt: skip


def spanish(number: int, cardinal: Callable[[int], str]) -> str:
    """The masculine form. `cardinal` says what multiplies a thousand: dosmilésimo."""
    if number < 1:
        return cardinal(0)
    millions, below = divmod(number, 1_000_000)
    thousands, rest = divmod(below, 1_000)
    parts = [
        _times(millions, "millonésimo", cardinal),
        _times(thousands, "milésimo", cardinal),
        _HUNDREDS[rest // 100],
        _below_hundred(rest % 100),
    ]
    return " ".join(filter(None, parts))


def _times(count: int, name: str, cardinal: Callable[[int], str]) -> str:
    if count < 2:
        return name * count
    return cardinal(count).replace(" ", "") + name


def _below_hundred(number: int) -> str:
    tens, ones = divmod(number, 10)
    if 10 <= number <= 12:
        return _TEENS[ones]
    if tens in (1, 2) and ones:
        return (("decimo", "vigesimo")[tens - 1] + _ONES[ones]).replace("oo", "o")
    return " ".join(filter(None, (_TENS[tens], _ONES[ones])))
