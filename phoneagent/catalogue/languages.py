"""Which of the languages that a model speaks is meant by the code that people write. Pure."""

from __future__ import annotations

from collections.abc import Collection

SAME: dict[str, str] = {
    "nb": "no",  # Norwegian is Bokmål wherever nothing else is said
    "nn": "no",
    "fil": "tl",  # one language under two codes: Deepgram offers the one, ElevenLabs the other
    "tl": "fil",
    "cmn": "zh",
    "iw": "he",  # withdrawn codes that are still written
    "in": "id",
    "zh-mo": "zh-hant",  # IANA's likely scripts, which the region alone does not say
    "zh-sg": "zh-hans",
}
"""Codes of one language that is offered under another. Source: IANA language subtag registry."""

LATIN_AMERICA = frozenset(
    "AR BO CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV US UY VE 419".split()
)  # the regions of es-419 (UN M.49), and the United States
SEPARATOR = "-"


def closest(language: str, offered: Collection[str]) -> str | None:
    """The code among those offered for a language such as `de-DE`, or None: then it is not spoken.

    The same code is best, then its region's larger one (`es-MX` is `es-419`), then the language without its region. It
    is never another region: `pt-BR` is not offered to a caller from Lisbon where `pt` is not.
    """
    known = {code.casefold(): code for code in offered}
    parts = language.replace("_", SEPARATOR).casefold().split(SEPARATOR)
    for length in range(len(parts), 0, -1):
        code = SEPARATOR.join(parts[:length])
        wider = ("es-419",) if parts[0] == "es" and length == 1 and _latin_american(parts) else ()
        for candidate in (*wider, code, SAME.get(code, code)):
            if candidate in known:
                return known[candidate]
    return None


def _latin_american(parts: list[str]) -> bool:
    return any(part.upper() in LATIN_AMERICA for part in parts[1:])
