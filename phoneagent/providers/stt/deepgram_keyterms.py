"""The key terms of one call at Deepgram: cut to its limits, changed on the open stream, and forgotten when refused.

A list that Deepgram refuses must never be part of the next connection's URL: that would be refused too, and the call
would have no ears. Nova does not even refuse a list over its limit, but stops transcribing; so a change that is not
answered in time, or whose connection is lost before, counts as refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar
from urllib.parse import urlsplit

import structlog

from phoneagent.catalogue.deepgram import KEYTERM_CHARACTERS, KEYTERM_TOKENS, KEYTERMS_AT_MOST, takes_keyterms
from phoneagent.errors import ProviderError

from .deepgram_messages import Configure, encode
from .keyterms import FittedKeyterms, KeytermLimits, fit

LIMITS = KeytermLimits(KEYTERMS_AT_MOST, KEYTERM_CHARACTERS, KEYTERM_TOKENS)
ANSWERED_WITHIN = 5.0  # seconds for the answer to a change; pipecat waits as long. Deepgram takes some milliseconds
GLOBAL_HOST = "api.deepgram.com"
REMEMBERED = 50  # refused lists of a process; they are those of agent files, so there are few

Terms = tuple[str, ...]
Socket = TypeVar("Socket")

log = structlog.stdlib.get_logger(__name__)


def nova_changes_keyterms(url: str) -> bool:
    """Whether Nova takes new key terms on an open stream there: not at Deepgram's regional endpoints (/docs/configure).

    A server of your own is asked, and left alone when it will not.
    """
    host = urlsplit(url).hostname or ""
    return host == GLOBAL_HOST or not host.endswith(".deepgram.com")


class StaticKeyterms:
    """The list of an agent file: what all calls of the agent expect.

    `advice` says what of it is not sent, in words for people; empty if all is.
    """

    def __init__(self, terms: Iterable[str], *, model: str) -> None:
        given = tuple(terms)
        taken = takes_keyterms(model)
        fitted = fit(given, LIMITS) if taken else FittedKeyterms(())
        self.terms = fitted.terms
        self.refused: set[Terms] = set()  # with which a connection could not be opened, and without which it could
        self.taken = taken
        self.advice = ""
        if given and not taken:
            self.advice = f"{model} takes no keyterms: none is sent. nova-3 and Flux do."
        elif fitted.left_out:
            self.advice = _advice(fitted)
        if self.advice:
            log.warning("keyterms_left_out", provider="deepgram", model=model, advice=self.advice)

    def refuse(self, terms: Terms) -> None:
        """No connection can be opened with these: no other call shall try."""
        if len(self.refused) < REMEMBERED:
            self.refused.add(terms)


class CallKeyterms:
    """What is wanted in a call, what was asked for, and what its connection has."""

    def __init__(self, static: StaticKeyterms, *, changeable: bool, call: str) -> None:
        """`changeable`: on an open stream, too; otherwise a list is that of the next connection."""
        self._static = static
        self._changeable = changeable
        self._wanted = self._taken = static.terms
        self._asked: Terms | None = None  # of a change that is not answered yet
        self._asked_at = 0.0
        self._given_up = False  # an answer is owed that did not come in time: until then no other can be told from it
        self._refused: set[Terms] = set()
        self._left_out: set[Terms] = set()
        self._log = log.bind(provider="deepgram", call=call)

    @property
    def taken(self) -> Terms:
        """What the connection has."""
        return self._taken

    @property
    def pending(self) -> bool:
        """A change was asked for, and may be answered yet."""
        return self._asked is not None

    def want(self, more: Iterable[str]) -> None:
        """Beside those of the agent file, these are expected now."""
        fitted = fit((*self._static.terms, *more), LIMITS) if self._static.taken else FittedKeyterms(())
        self._wanted = fitted.terms
        if fitted.left_out and fitted.left_out not in self._left_out:
            self._left_out.add(fitted.left_out)
            self._log.warning("stt_keyterms_left_out", count=len(fitted.left_out), sent=len(fitted.terms))

    # -- on the open stream -------------------------------------------------------------------------

    def change(self, now: float) -> str | None:
        """The message that makes the connection's list the one that is wanted, if it can and must be sent now."""
        idle = self._asked is None and not self._given_up
        if not (self._changeable and idle) or self._wanted == self._taken or self._is_refused(self._wanted):
            return None
        self._asked, self._asked_at = self._wanted, now
        return encode(Configure(self._wanted)).decode()

    def accepted(self) -> None:
        """The change has been made."""
        if self._asked is not None:
            self._taken = self._asked
            self._refused.discard(self._asked)
        self._asked, self._given_up = None, False

    def rejected(self, code: str | None, description: str | None) -> None:
        """It has not: the call goes on with the list it had."""
        self._log.warning("stt_keyterms_refused", code=code, description=description)
        if code is not None and "NOT_SUPPORTED" in code:
            self._changeable = False  # nothing is wrong with the list: the next connection may have it
        elif self._asked is not None:
            self._refused.add(self._asked)
        self._asked, self._given_up = None, False

    def look(self, now: float) -> None:
        """Give up a change that has not been answered."""
        if self._asked is not None and not self._given_up and now - self._asked_at > ANSWERED_WITHIN:
            self._log.warning("stt_keyterms_unanswered", seconds=ANSWERED_WITHIN)
            self._refused.add(self._asked)
            self._given_up = True

    def lost(self) -> None:
        """The connection is gone, and the change with it, which may be why."""
        if self._asked is not None:
            self._refused.add(self._asked)
        self._asked, self._given_up = None, False

    # -- on connecting ------------------------------------------------------------------------------

    async def connected(self, connect: Callable[[Terms], Awaitable[Socket]]) -> Socket:
        """Open a connection with the list that is wanted, or, where that is refused, with less.

        Raises the `ProviderError` of the last attempt.
        """
        blamed: list[Terms] = []
        while True:
            terms = self._offer
            try:
                socket = await connect(terms)
            except ProviderError as problem:
                if problem.retryable or problem.kind or not terms:
                    raise
                self._log.warning("stt_keyterms_refused", problem=problem.problem)
                self._refused.add(terms)
                blamed.append(terms)
                continue
            for each in blamed:
                self._static.refuse(each)
            self._taken = terms
            return socket

    @property
    def _offer(self) -> Terms:
        """The best list of which nothing bad is known."""
        candidates = (self._wanted, self._taken, self._static.terms, ())
        return next(terms for terms in candidates if not terms or not self._is_refused(terms))

    def _is_refused(self, terms: Terms) -> bool:
        return terms in self._refused or terms in self._static.refused


def _advice(fitted: FittedKeyterms) -> str:
    first = ", ".join(repr(term[:40]) for term in fitted.left_out[:3])
    more = ", …" if len(fitted.left_out) > 3 else ""
    return (
        f"keyterms: {len(fitted.left_out)} of {len(fitted.terms) + len(fitted.left_out)} are not sent: {first}{more}. "
        f"Deepgram takes {LIMITS.terms} terms, each of at most {LIMITS.characters} characters, and {LIMITS.tokens} "
        "tokens in all. Put the most important ones first, and make the list shorter."
    )
