"""Markdown, HTML and emoji: marks for the eye, which nobody says.

Models write them although they are asked not to. A phrase is a fragment of a document: its bold may end in the next
one. So each mark is taken for itself; a parser of whole documents would not know half of them.
"""

from __future__ import annotations

import html
import re

from .rules import Begins, Part, Rule, Said, after, before, silent

_PICTURE = "\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\u2190-\u21ff\u00a9\u00ae\u2122"
_EMOJI = rf"[{_PICTURE}][{_PICTURE}\u200d\ufe0e\ufe0f\U000e0020-\U000e007f]*|[\ufe0e\ufe0f\u20e3\u200b\ufeff]+"


BLANKS = 100  # characters on either side of a mark in which a word is looked for; tables are not wider


_TAG_NAME = r"[A-Za-z][A-Za-z0-9:_-]{0,40}+"
_ATTRIBUTE = r"""\s++[A-Za-z_:][\w:.-]*+\s*+=\s*+(?:"[^"]{0,200}+"|'[^']{0,200}+'|[^\s"'<>]++)"""
_TAG = rf"</?{_TAG_NAME}(?:=[^\s<>]{{0,40}}+)?+(?:{_ATTRIBUTE})*+\s*+/?>"
_HALF_TAG = (  # which the text ends in: the rest never came
    rf"""</?{_TAG_NAME}(?:{_ATTRIBUTE}){{0,8}}\s++[A-Za-z_:][\w:.-]*+\s*+=\s*+(?:"[^"<>]{{0,200}}+|'[^'<>]{{0,200}}+|[^\s"'<>]*+)/?\Z"""
    rf"""|</{_TAG_NAME}\Z|<!--(?:(?!-->).){{0,400}}\Z"""
)
_PLACEHOLDER = r"(?<!\w)</?[A-Za-z][A-Za-z0-9]{0,20}(?:\s[^<>]{0,200})?/?>"  # <your name>


def _underline(found: re.Match[str]) -> Said:
    """The title above it ends like a sentence."""
    earlier = found.string[: found.start()].rstrip()
    return ". " if earlier and earlier[-1].isalnum() else ""


def _link(found: re.Match[str]) -> Said:
    if not found["label"].strip():
        return ""
    begin, end = (found.span("label")[side] - found.start() for side in (0, 1))
    return [Part(found[0][:begin], ""), Part(found["label"], None), Part(found[0][end:], "")]


def _inside(found: re.Match[str]) -> Said:
    return [Part("<", ""), Part(found["inside"], None), Part(">", "")]


def _list_mark(found: re.Match[str]) -> Said:
    """Nothing; but a pause after an item that has no punctuation of its own."""
    earlier = before(found, BLANKS).rstrip()
    return ", " if earlier and earlier[-1].isalnum() else ""


def _column(found: re.Match[str]) -> Said:
    line_before = before(found, BLANKS).rpartition("\n")[2]
    line_after = after(found, BLANKS).partition("\n")[0]
    return ", " if line_before.strip(" \t|") and line_after.strip(" \t|") else ""


def _entity(found: re.Match[str]) -> Said:
    """&nbsp; and the like. The ampersand itself is a sign that each language says in its own way."""
    sign = html.unescape(found[0])
    return None if sign in (found[0], "&") else " " if sign in "<>" else sign


RULES = (
    Rule(r"<(?:br|break|p|/p|li)\b[^<>]{0,80}>", lambda _: ",", Begins.SIGN),
    Rule(rf"(?s:<!--(?:(?!-->).){{0,400}}-->)|{_TAG}|{_PLACEHOLDER}|(?s:{_HALF_TAG})", silent, Begins.SIGN),
    Rule(r"(?m:^[ \t]*={2,}[ \t]*$)", _underline, Begins.SIGN),
    Rule(r"<(?P<inside>(?:https?://|mailto:|[^\s<>@]{1,64}@)[^\s<>]+)>", _inside, Begins.SIGN),
    Rule(r"!?\[(?P<label>[^\[\]\n]{0,200})\]\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\)", _link, Begins.SIGN),
    Rule(r"(?m:^(?=[ \t|:-]*--)[ \t]*[|:-][ \t|:-]*$)", silent, Begins.SIGN),  # a line across, or the second of a table
    Rule(r"(?m:^[ \t]*(?:\*[ \t]*){3,}$)|(?m:^[ \t]*(?:_[ \t]*){3,}$)", silent, Begins.SIGN),
    Rule(r"(?m:^[ \t]*#{1,6}[ \t]+(?=\S))", _list_mark, Begins.SIGN),
    Rule(r"(?m:^[ \t]*(?:>[ \t]+)+(?=\S))", silent, Begins.SIGN),
    Rule(r"(?m:^[ \t]*[-*+•‣◦–][ \t]+(?:\[[ xX]\][ \t]+)?(?=\S))", _list_mark, Begins.SIGN),
    Rule(r"`{3,}\w*|`{1,2}", silent, Begins.SIGN),
    Rule(r"\\(?=[*_#`\[\]()>~|.!+-])", silent, Begins.SIGN),
    Rule(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z]{2,31}\d{0,2});", _entity, Begins.SIGN),
    Rule(r"\|", _column, Begins.SIGN),
    Rule(_EMOJI, silent, Begins.SIGN),
)
"""Before everything else."""

EMPHASIS = (
    Rule(r"&amp;", lambda _: "&", Begins.SIGN),
    Rule(r"\*+|~~", silent, Begins.SIGN),
    Rule(r"(?<!\w)_{1,3}(?=\S)|_{1,3}(?!\w)", silent, Begins.SIGN),
    Rule(r"_+", lambda _: " ", Begins.SIGN),
)
"""After the signs of calculation: 2 * 3."""
