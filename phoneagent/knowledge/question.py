"""What to look for when somebody asks something."""

from __future__ import annotations

import re
from typing import NamedTuple

TERMS_AT_MOST = 64  # of a question; a caller's own has ten words
PREFIX_FROM = 4  # letters: shorter beginnings fit anything

# Rare enough in a small folder that their weight would be felt. In other languages only the weight decides.
STOP_WORDS = frozenset(
    """
    a about all also am an and any are as at be because been but by can could did do does doing for from get give got
    had has have having hello hey hi how i if in into is it its just know let like ll may me might much my need not now
    of off on or our out please re s say shall she should so some tell thanks than that the their them then there these
    they this those to too us ve want was we were what when where whether which who whom whose why will with would yes
    you your
    """.split()
)

# Written without spaces: each sign is indexed as a word, and two beside one another are looked for together.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_SIGN = re.compile(f"[{_UNSPACED}]")
_RUN = re.compile(f"[{_UNSPACED}]+")


def spaced(text: str) -> str:
    """The text as it is indexed."""
    return _SIGN.sub(r" \g<0> ", text)


class Term(NamedTuple):
    """Something to look for; `begins`: whatever begins like this."""

    text: str
    begins: bool = False

    @property
    def expression(self) -> str:
        """In FTS5's query language."""
        return f'"{self.text}"' + "*" * self.begins


def terms(question: str, *, english: bool) -> tuple[Term, ...]:
    """A question's words, and, with less weight because whole words count twice, what begins like them.

    Endings are cut off by the index in English; elsewhere a longer word may end in two other letters.
    """
    signs = _RUN.findall(question)
    words = list(dict.fromkeys(re.findall(r"[^\W_]+", _RUN.sub(" ", question).lower())))
    if english and (told := [word for word in words if word not in STOP_WORDS]):
        words = told
    wanted = [Term(" ".join(run[at : at + 2])) for run in signs for at in range(max(len(run) - 1, 1))]
    for word in words:
        wanted.append(Term(word))
        if len(word) >= PREFIX_FROM and not word.isdecimal():
            wanted.append(Term(word if english else word[: max(len(word) - 2, PREFIX_FROM)], begins=True))
    return tuple(dict.fromkeys(wanted[:TERMS_AT_MOST]))
