"""A mind that goes on when one of its minds fails: at once, again, or by another, in the middle of a sentence too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from phoneagent.conversation.events import ProviderFailed, ReplyDone, ReplyText, ToolRequested
from phoneagent.conversation.policy import Policy
from phoneagent.conversation.transcript import Turn
from phoneagent.errors import ProviderError
from phoneagent.ports import LanguageModel, Thought
from phoneagent.providers.circuit import Circuit
from phoneagent.providers.mailbox import Mailbox
from phoneagent.records import Expectation, ToolSpec

from .first_words import FirstWords
from .remainder import Remainder

LATE = 1.2  # seconds without a word; the caller, for whom the turn took half a second to end, soon wonders
LATE_AT_MOST = 2.5  # seconds, for minds that are slow by nature, while there is another one
LATE_ALONE = 2.0  # seconds, where the same one would be asked again; a machine of one's own has to answer both
USUAL = 0.9  # share of a mind's replies that begin in time
RETRY_AFTER = 0.1  # seconds; a server that restarts, or a connection that was just closed
SHORT_WAIT = 0.5  # seconds that a mind may ask for while there is another one
BUDGET = Policy().first_word_within  # seconds for all attempts, from the last word on
ATTEMPTS = 3  # of one mind a reply, the parts that it is asked to go on with included

GO_ON = (
    "Your answer was cut off by a technical fault. The caller has heard what you see of it: go on with the very next "
    "word, and repeat nothing."
)


@dataclass(slots=True)
class Candidate:
    """One of several minds. `again`: whether it may be asked a second time while it only is late."""

    mind: LanguageModel
    circuit: Circuit
    again: bool = True
    first_words: FirstWords = field(default_factory=FirstWords)

    @property
    def name(self) -> str:
        return self.circuit.provider


class FallbackMind:
    """Implements `ports.LanguageModel` by the first of its minds that can; a failure is told as `ProviderFailed`.

    A mind that failed is asked once more if that may help, then the next one is; one that is late gets company, and
    whoever speaks first goes on. An answer that breaks off is finished by whoever is next: they are told what was said.
    `declined` is said when all refuse for what the caller talks about. `within`: seconds
    in which one is asked again, or another, from the last word on. `fell_back` is told of each answer, or rest of
    one, that was another's than the first mind's.
    """

    def __init__(
        self,
        minds: Sequence[Candidate],
        *,
        declined: str = "",
        within: float = BUDGET,
        fell_back: Callable[[Circuit], None] = lambda _: None,
    ) -> None:
        self._minds = minds
        self._within = within
        self._declined = declined
        self._fell_back = fell_back

    async def reply(
        self, reply: int, *, instructions: str, turns: tuple[Turn, ...], tools: tuple[ToolSpec, ...]
    ) -> AsyncGenerator[Thought, None]:
        """Answer. Raises the last `ProviderError` when nobody is left to be asked, or no time."""

        def ask(mind: LanguageModel, said: str) -> AsyncGenerator[Thought, None]:
            known = (*turns, Turn("agent", said, 0.0), Turn("operator", GO_ON, 0.0)) if said else turns
            return mind.reply(reply, instructions=instructions, turns=known, tools=tools)

        answer = _Answer(reply, self._minds, ask, self._fell_back, within=self._within)
        try:
            while (thought := await answer.next()) is not None:
                yield thought
        except ProviderError as problem:
            if problem.kind != "content" or not self._declined:
                raise
            yield ReplyText(reply, f" {self._declined}" if answer.said else self._declined)
            yield ReplyDone(reply)
        finally:
            await answer.aclose()

    def expects(self, turns: tuple[Turn, ...]) -> Expectation:
        """What the first of them expects: ears are told before it is known who will answer."""
        return self._minds[0].mind.expects(turns)

    async def warm(self) -> None:
        """Warm the first; the others are for bad days."""
        await self._minds[0].mind.warm()

    async def aclose(self) -> None:
        for candidate in self._minds:
            await candidate.mind.aclose()


class _Attempt:
    """One request to one mind; a task takes its thoughts. One that thinks is not asked for the same once more."""

    def __init__(self, candidate: Candidate, remainder: Remainder) -> None:
        self.candidate = candidate
        self.remainder = remainder
        self.began = asyncio.get_running_loop().time()
        self.spoke = False
        self.late = False
        self.thinks = False
        self.task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
        if not self.spoke:
            self.candidate.first_words.took_longer_than(asyncio.get_running_loop().time() - self.began)


class _Answer:
    """A reply as it comes about. Attempts put what they get into one mailbox; None is the clock's: nobody speaks."""

    def __init__(
        self,
        reply: int,
        minds: Sequence[Candidate],
        ask: Callable[[LanguageModel, str], AsyncGenerator[Thought, None]],
        fell_back: Callable[[Circuit], None],
        *,
        within: float,
    ) -> None:
        self.said = ""
        self._within = within
        self._reply = reply
        self._ask = ask
        self._fell_back = fell_back
        self._first = minds[0]
        self._loop = asyncio.get_running_loop()
        self._mailbox: Mailbox[tuple[_Attempt, Thought | ProviderError] | None] = Mailbox()
        willing = [candidate for candidate in minds if candidate.circuit.admits()]
        self._order = willing + [candidate for candidate in minds if candidate not in willing]
        self._asked: dict[str, int] = {}
        self._useless: set[str] = set()  # of whom this answer cannot be had
        self._running: list[_Attempt] = []
        self._all: list[_Attempt] = []
        self._speaker: _Attempt | None = None
        self._over = self._acted = False
        self._pending: list[Thought] = []
        self._heard_at = self._loop.time()
        self._look: asyncio.TimerHandle | None = None
        self._begin(self._order[0])

    async def next(self) -> Thought | None:
        """The next thought; None after the last. Raises `ProviderError`."""
        while not self._pending:
            if self._over:
                return None
            news = await anext(self._mailbox)
            if news is None:
                self._late()
                continue
            attempt, what = news
            if attempt not in self._running:
                continue  # another was faster
            if isinstance(what, ProviderError):
                await self._failed(attempt, what)
            elif isinstance(what, ReplyDone):
                await self._done(attempt, what)
            else:
                self._spoke(attempt, what)
        return self._pending.pop(0)

    async def aclose(self) -> None:
        """Stop all minds."""
        if self._look is not None:
            self._look.cancel()
        for attempt in self._running:
            attempt.stop()
        if tasks := [attempt.task for attempt in self._all if attempt.task is not None]:
            await asyncio.wait(tasks)
            for task in tasks:
                if not task.cancelled() and (defect := task.exception()) is not None:
                    raise defect

    # -- asking -------------------------------------------------------------------------------------

    def _begin(self, candidate: Candidate) -> None:
        attempt = _Attempt(candidate, Remainder(self.said))
        self._asked[candidate.name] = self._asked.get(candidate.name, 0) + 1
        self._running.append(attempt)
        self._all.append(attempt)
        attempt.task = asyncio.create_task(self._take(attempt), name=f"reply {self._reply} by {candidate.name}")
        self._watch(self._patience(candidate))

    async def _take(self, attempt: _Attempt) -> None:
        try:
            async with aclosing(self._ask(attempt.candidate.mind, attempt.remainder.whole_words)) as thoughts:
                async for thought in thoughts:
                    self._mailbox.put((attempt, thought))
        except ProviderError as problem:
            self._mailbox.put((attempt, problem))
        except Exception as defect:
            self._mailbox.close(defect)
            raise

    def _patience(self, candidate: Candidate) -> float:
        usual = candidate.first_words.quantile(USUAL) or 0.0
        return max(LATE_ALONE, usual) if self._untried() is None else min(max(LATE, usual), LATE_AT_MOST)

    def _watch(self, seconds: float) -> None:
        """Say so when nobody has spoken for so long. One timer: it looks again at what was heard meanwhile."""
        if self._look is not None:
            self._look.cancel()
        since = max(self._heard_at, self._running[-1].began)
        self._look = self._loop.call_at(since + seconds, self._look_again, seconds)

    def _look_again(self, seconds: float) -> None:
        since = max(self._heard_at, self._all[-1].began)
        if self._loop.time() - since < seconds - 1e-6:
            self._look = self._loop.call_at(since + seconds, self._look_again, seconds)
        else:
            self._mailbox.put(None)

    def _late(self) -> None:
        """Nobody speaks: ask another one too, or the same."""
        if not self._running or self._acted:
            return
        waiting = self._running[-1]
        waiting.late = True
        again = waiting.candidate.again and not waiting.candidate.circuit.open and not waiting.thinks
        same = waiting.candidate if again else None
        rival = self._untried() or same
        problem = f"no word for {self._loop.time() - max(self._heard_at, waiting.began):.1f} s"
        if rival is None or self._asked.get(rival.name, 0) >= ATTEMPTS:
            self._tell(waiting.candidate, problem, waiting.candidate)  # nobody else: it is waited for
            return
        self._tell(waiting.candidate, problem, rival)
        self._begin(rival)

    def _untried(self) -> Candidate | None:
        return next((each for each in self._order if each.name not in self._asked), None)

    # -- what comes ---------------------------------------------------------------------------------

    def _spoke(self, attempt: _Attempt, thought: Thought) -> None:
        if isinstance(thought, ProviderFailed):
            self._pending.append(thought)
            return
        if isinstance(thought, ReplyText) and not thought.text:
            attempt.thinks = True
            return
        if not attempt.spoke:
            attempt.spoke = True
            attempt.candidate.first_words.took(self._loop.time() - attempt.began)
        if isinstance(thought, ReplyText):
            text = attempt.remainder.feed(thought.text)
            if not text:
                self._heard_at = self._loop.time()
                return
            thought = ReplyText(self._reply, text, thought.interruptible)
        self._choose(attempt)
        self._heard_at = self._loop.time()
        if isinstance(thought, ReplyText):
            self.said += thought.text
        self._acted = self._acted or isinstance(thought, ToolRequested)
        self._pending.append(thought)

    def _choose(self, attempt: _Attempt) -> None:
        """It speaks; the others need not."""
        if self._speaker is attempt and len(self._running) == 1:
            return
        for other in self._running:
            if other is not attempt:
                other.stop()
                if other.late:
                    other.candidate.circuit.failed(ProviderError(other.candidate.name, "late"))
        self._running = [attempt]
        if self._speaker is not attempt and attempt.candidate is not self._first:
            self._fell_back(attempt.candidate.circuit)
        self._speaker = attempt

    async def _done(self, attempt: _Attempt, done: ReplyDone) -> None:
        rest = attempt.remainder.flush()
        if not (self.said or rest or self._acted or attempt.spoke or done.wordless):
            await self._failed(attempt, ProviderError(attempt.candidate.name, "the model said nothing"), empty=done)
            return
        self._choose(attempt)
        attempt.candidate.circuit.worked()
        if rest:
            self._pending.append(ReplyText(self._reply, rest))
        self._pending.append(done)
        self._over = True

    async def _failed(self, attempt: _Attempt, problem: ProviderError, *, empty: ReplyDone | None = None) -> None:
        self._running.remove(attempt)
        candidate = attempt.candidate
        candidate.circuit.failed(problem)
        if not problem.retryable:
            self._useless.add(candidate.name)
        if self._acted:  # it has asked for a tool, whose result is a turn of the next request
            self._tell(candidate, problem.problem, candidate)
            self._pending.append(ReplyDone(self._reply))
            self._over = True
            return
        if self._running:
            self._tell(candidate, problem.problem, self._running[-1].candidate)
            return
        following, wait = self._following(candidate, problem)
        if following is None:
            if empty is None:
                retryable, kind = problem.retryable, problem.kind
                raise ProviderError(candidate.name, problem.problem, retryable=retryable, kind=kind) from problem
            self._pending.append(empty)  # whoever asked knows what to say then
            self._over = True
            return
        self._tell(candidate, problem.problem, following)
        await asyncio.sleep(wait)
        self._begin(following)

    def _following(self, failed: Candidate, problem: ProviderError) -> tuple[Candidate | None, float]:
        """Who is asked next, and in how many seconds."""
        now, wait = self._loop.time(), RETRY_AFTER if problem.wait is None else problem.wait
        left = max(self._heard_at, self._all[0].began) + self._within - now
        again = failed.name not in self._useless and self._asked[failed.name] < ATTEMPTS and wait < left
        if again and wait <= SHORT_WAIT and self._asked[failed.name] < 2 and not failed.circuit.open:
            return failed, wait
        if left > 0 and (other := self._untried()) is not None:
            return other, 0.0
        if again:
            return failed, wait
        for each in self._order:  # those that failed before may do better now
            if left > 0 and each.name not in self._useless and self._asked[each.name] < ATTEMPTS:
                return each, RETRY_AFTER
        return None, 0.0

    def _tell(self, failed: Candidate, problem: str, following: Candidate) -> None:
        self._pending.append(ProviderFailed("llm", failed.name, problem, following.name))
