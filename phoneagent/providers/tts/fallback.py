"""A voice that goes on when one of its voices fails: in the middle of a sentence, from the last word that was said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from phoneagent.conversation.events import ProviderFailed
from phoneagent.conversation.words import Word
from phoneagent.errors import ProviderError
from phoneagent.ports import Speech, TextToSpeech
from phoneagent.providers.circuit import Circuit
from phoneagent.providers.mailbox import Mailbox
from phoneagent.records import SpeechChunk, SpeechDone, SpeechFailed, Spoken

from .unsaid import letters, unsaid

STALL = 1.0  # seconds without audio that is owed; voices begin within 0.1 to 0.4 and are faster than speech then
STALL_ALONE = 1.5  # seconds, where the same voice would have to try again
CONNECT_WITHIN = 1.0  # seconds, while there is another voice
ATTEMPTS = 2  # for one reply and voice
REST = 10.0  # seconds in which a voice that failed in this call is not asked first
INNER = 1_000_000  # numbers of replies as voices know them, for each attempt anew: a call has fewer replies

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True)
class Candidate:
    """One of several voices. `begins_within`: seconds that it may take to begin, if that is longer than usual."""

    voice: TextToSpeech
    circuit: Circuit
    begins_within: float = 0.0

    @property
    def name(self) -> str:
        return self.circuit.provider


class FallbackVoice:
    """Implements `ports.TextToSpeech`. Cached speech is that of the first voice.

    `fell_back` is told of each reply in which another one speaks.
    """

    def __init__(self, voices: Sequence[Candidate], *, fell_back: Callable[[Circuit], None] = lambda _: None) -> None:
        self._voices = voices
        self._fell_back = fell_back
        self.identity = voices[0].voice.identity

    async def connect(self, *, call: str) -> FallbackSpeech:
        """Open the first voice that can be had. Raises the last one's `ProviderError`."""
        order = [each for each in self._voices if each.circuit.admits()]
        order += [each for each in self._voices if each not in order]
        failures: list[ProviderFailed] = []
        for number, candidate in enumerate(order, start=1):
            last = number == len(order)
            try:
                speech = await _connected(candidate, call, within=None if last else CONNECT_WITHIN)
            except ProviderError as problem:
                candidate.circuit.failed(problem)
                if last:
                    raise
                following = order[number].name
                log.warning("fallback", part="tts", problem=str(problem), then=following)
                failures.append(ProviderFailed("tts", candidate.name, problem.problem, following))
            else:
                return FallbackSpeech(self._voices, candidate, speech, failures, call=call, fell_back=self._fell_back)
        raise AssertionError("the last voice is connected or raises")

    async def aclose(self) -> None:
        for each in self._voices:
            await each.voice.aclose()


async def _connected(candidate: Candidate, call: str, *, within: float | None) -> Speech:
    try:
        async with asyncio.timeout(within):
            return await candidate.voice.connect(call=call)
    except TimeoutError as late:
        raise ProviderError(candidate.name, f"not connected within {within:g} s") from late


class _Stage:
    """A voice's connection in this call; what it is to do before it is open waits for it."""

    def __init__(self, candidate: Candidate, owner: FallbackSpeech, call: str, speech: Speech | None = None) -> None:
        self.candidate = candidate
        self._owner = owner
        self._call = call
        self._speech = speech
        self._waiting: list[Callable[[Speech], None]] = []
        self.task = asyncio.create_task(self._run(), name=f"voice {candidate.name}")

    @property
    def identity(self) -> str:
        return self._speech.identity if self._speech is not None else self.candidate.voice.identity

    def do(self, action: Callable[[Speech], None]) -> None:
        if self._speech is None:
            self._waiting.append(action)
        else:
            action(self._speech)

    async def _run(self) -> None:
        problem = ProviderError(self.candidate.name, "the connection ended")
        try:
            if self._speech is None:
                self._speech = await self.candidate.voice.connect(call=self._call)
            waiting, self._waiting = self._waiting, []
            for action in waiting:
                action(self._speech)
            async for spoken in self._speech:
                self._owner.take(self, spoken)
        except ProviderError as failed:
            problem = failed
        except Exception as defect:  # noqa: BLE001 - whatever it is, the call is told, and not only this task
            self._owner.broken(defect)
        finally:
            if self._speech is not None:
                await self._speech.aclose()
        self._owner.lost(self, problem)


@dataclass(slots=True)
class _Reply:
    """A reply that is being spoken, by one voice after another. Positions count over all of them."""

    id: int
    phrases: list[str] = field(default_factory=list)  # since the voice last changed
    finished: bool = False
    stage: _Stage | None = None
    inner: int = 0  # its number at the stage
    attempts: int = 0
    base: int = 0  # samples that were there before the present voice began
    received: int = 0  # samples, of the present voice
    words: list[str] = field(default_factory=list)  # of the present voice
    heard_at: float = 0.0
    timer: asyncio.TimerHandle | None = None
    voices: set[str] = field(default_factory=set)

    @property
    def owed(self) -> bool:
        """Whether the voice has something to say; one that tells no words is only known to when it shall end."""
        if not self.phrases:
            return False
        if self.words or not self.received:
            return sum(map(letters, self.words)) < sum(map(letters, self.phrases)) or self.finished
        return self.finished


class FallbackSpeech:
    """Implements `ports.Speech`. It does not end by itself: a reply that nobody can speak has failed, no more."""

    def __init__(
        self,
        voices: Sequence[Candidate],
        first: Candidate,
        speech: Speech,
        failures: list[ProviderFailed],
        *,
        call: str,
        fell_back: Callable[[Circuit], None],
    ) -> None:
        self.identity = speech.identity
        self._voices = voices
        self._call = call
        self._fell_back = fell_back
        self._loop = asyncio.get_running_loop()
        self._mailbox: Mailbox[Spoken | ProviderFailed] = Mailbox()
        self._replies: dict[int, _Reply] = {}
        self._by_inner: dict[int, _Reply] = {}
        self._over: set[int] = set()
        self._spoken_by: dict[int, str] = {}
        self._stages: dict[str, _Stage] = {first.name: _Stage(first, self, call, speech)}
        self._tasks: set[asyncio.Task[None]] = set()
        self._own(self._stages[first.name].task)
        self._failed_at: dict[str, float] = {failed.provider: self._loop.time() for failed in failures}
        self._closed = False
        for failed in failures:
            self._mailbox.put(failed)

    # -- ports.Speech -------------------------------------------------------------------------------

    def speak(self, reply: int, text: str) -> None:
        if reply in self._over or self._closed or not text.strip():
            return
        state = self._replies.setdefault(reply, _Reply(reply))
        state.phrases.append(text)
        if state.stage is None:
            self._begin(state, self._first(), [text])
        else:
            state.stage.do(lambda speech, inner=state.inner: speech.speak(inner, text))  # type: ignore[misc]  # as a default
            self._watch(state)

    def finish(self, reply: int) -> None:
        if reply in self._over or self._closed:
            return
        state = self._replies.setdefault(reply, _Reply(reply))
        state.finished = True
        if state.stage is None:
            self._done(state)
        else:
            state.stage.do(lambda speech, inner=state.inner: speech.finish(inner))  # type: ignore[misc]  # as a default
            self._watch(state)

    def cancel(self, reply: int) -> None:
        self._over.add(reply)
        if (state := self._replies.pop(reply, None)) is not None:
            self._leave(state)
        self._mailbox.discard(lambda news: not isinstance(news, ProviderFailed) and news.reply == reply)

    def __aiter__(self) -> FallbackSpeech:
        return self

    async def __anext__(self) -> Spoken | ProviderFailed:
        spoken = await anext(self._mailbox)
        if isinstance(spoken, SpeechDone):
            self.identity = self._spoken_by.pop(spoken.reply, "")
        return spoken

    async def aclose(self) -> None:
        self._closed = True
        self._mailbox.close()
        for state in list(self._replies.values()):
            self._stop_timer(state)
        self._replies.clear()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _own(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- who speaks ---------------------------------------------------------------------------------

    def _first(self) -> Candidate:
        """Who begins a reply: the first that did not fail lately."""
        now = self._loop.time()
        rested = [each for each in self._voices if now - self._failed_at.get(each.name, -REST) >= REST]
        return next((each for each in rested if each.circuit.admits()), (rested or self._voices)[-1])

    def _following(self, state: _Reply, failed: Candidate, problem: ProviderError, *, silent: bool) -> Candidate:
        """Who goes on: the same voice on a new connection if it was cut off, else another that may do better."""
        if problem.retryable and not silent and state.attempts == 1:
            return failed
        others = [each for each in self._voices if each is not failed]
        fresh = [each for each in others if self._loop.time() - self._failed_at.get(each.name, -REST) >= REST]
        return next(iter(fresh or others), failed)

    def _begin(self, state: _Reply, candidate: Candidate, phrases: list[str]) -> None:
        state.attempts += 1
        state.base, state.received = state.base + state.received, 0
        state.phrases, state.words = list(phrases), []
        state.inner = state.id + INNER * (state.attempts - 1)
        state.heard_at = self._loop.time()
        stage = self._stages.get(candidate.name)
        if stage is None:
            stage = self._stages[candidate.name] = _Stage(candidate, self, self._call)
            self._own(stage.task)
        state.stage = stage
        self._by_inner[state.inner] = state
        if candidate is not self._voices[0]:
            self._fell_back(candidate.circuit)
        for phrase in phrases:
            stage.do(lambda speech, text=phrase, inner=state.inner: speech.speak(inner, text))  # type: ignore[misc]  # as a default
        if state.finished:
            stage.do(lambda speech, inner=state.inner: speech.finish(inner))  # type: ignore[misc]  # as a default
        self._watch(state)

    def _leave(self, state: _Reply) -> None:
        """The voice need not go on with it."""
        self._stop_timer(state)
        stage, state.stage = state.stage, None
        if stage is not None:
            del self._by_inner[state.inner]
            if self._stages.get(stage.candidate.name) is stage:
                stage.do(lambda speech, inner=state.inner: speech.cancel(inner))  # type: ignore[misc]  # as a default

    # -- what comes ---------------------------------------------------------------------------------

    def take(self, stage: _Stage, spoken: Spoken | ProviderFailed) -> None:
        """News of a voice."""
        if isinstance(spoken, ProviderFailed):
            self._mailbox.put(spoken)
            return
        state = self._by_inner.get(spoken.reply)
        if state is None or state.stage is not stage:
            return  # it was too late
        match spoken:
            case SpeechChunk(_, audio, words):
                state.heard_at = self._loop.time()
                state.words += [word.text for word in words]
                state.received += len(audio)
                if audio:
                    state.voices.add(stage.identity)
                placed = tuple(Word(text, start + state.base, end + state.base) for text, start, end in words)
                self._mailbox.put(SpeechChunk(state.id, audio, placed))
                self._watch(state)
            case SpeechDone() if not state.received and any(map(letters, state.phrases)):
                self._go_on(state, ProviderError(stage.candidate.name, "no audio"), silent=True)
            case SpeechDone():
                stage.candidate.circuit.worked()
                self._done(state)
            case SpeechFailed() as failed:
                problem = ProviderError(stage.candidate.name, failed.problem, retryable=failed.retryable)
                self._go_on(state, problem, silent=failed.silent, spoken=failed.spoken)

    def lost(self, stage: _Stage, problem: ProviderError) -> None:
        """A voice's connection is gone."""
        name = stage.candidate.name
        if self._stages.get(name) is stage:
            del self._stages[name]
        if self._closed:
            return
        affected = [state for state in self._replies.values() if state.stage is stage]
        if not affected:
            stage.candidate.circuit.failed(problem)
            if not problem.retryable:
                self._failed_at[name] = self._loop.time()
        for state in affected:
            self._go_on(state, problem)

    def broken(self, defect: Exception) -> None:
        """Our own code failed."""
        self._mailbox.close(defect)

    def _done(self, state: _Reply) -> None:
        self._forget(state)
        self._spoken_by[state.id] = next(iter(state.voices)) if len(state.voices) == 1 else ""
        self._mailbox.put(SpeechDone(state.id))

    def _forget(self, state: _Reply) -> None:
        self._stop_timer(state)
        self._over.add(state.id)
        self._by_inner.pop(state.inner, None)
        del self._replies[state.id]

    def _go_on(self, state: _Reply, problem: ProviderError, *, silent: bool = False, spoken: int | None = None) -> None:
        """Let another voice speak the rest, or the same one if its connection broke. See `SpeechFailed`."""
        stage = state.stage
        if stage is None:
            return
        failed = stage.candidate
        failed.circuit.failed(problem)
        self._leave(state)
        rest = unsaid(state.phrases, state.words, state.received) if spoken is None else state.phrases[spoken:]
        following = self._following(state, failed, problem, silent=silent)
        if state.attempts >= ATTEMPTS * len(self._voices) or (following is failed and not problem.retryable):
            self._forget(state)
            self._mailbox.put(ProviderFailed("tts", failed.name, problem.problem))
            self._mailbox.put(SpeechFailed(state.id, problem.problem, problem.retryable))
            return
        if following is not failed:
            self._failed_at[failed.name] = self._loop.time()
        self._mailbox.put(ProviderFailed("tts", failed.name, problem.problem, following.name))
        if rest:
            self._begin(state, following, rest)
        elif state.finished:
            self._done(state)
        else:
            state.base, state.received, state.phrases, state.words = state.base + state.received, 0, [], []

    # -- who is silent ------------------------------------------------------------------------------

    def _watch(self, state: _Reply) -> None:
        if state.timer is None and state.owed:
            state.heard_at = self._loop.time()
            state.timer = self._loop.call_later(self._patience(state), self._overdue, state)

    def _patience(self, state: _Reply) -> float:
        usual = STALL if len(self._voices) > 1 else STALL_ALONE
        return usual if state.stage is None else max(usual, state.stage.candidate.begins_within)

    def _overdue(self, state: _Reply) -> None:
        """One timer, which looks again at when the voice was last heard."""
        state.timer = None
        if not state.owed or state.stage is None:
            return
        left = state.heard_at + self._patience(state) - self._loop.time()
        if left > 1e-6:
            state.timer = self._loop.call_later(left, self._overdue, state)
            return
        if state.finished and state.received and not unsaid(state.phrases, state.words, 0):
            self._leave(state)
            self._done(state)  # it has said all, and only not that it has
            return
        stage = state.stage
        problem = ProviderError(stage.candidate.name, f"no audio for {self._patience(state):g} s")
        if self._stages.get(stage.candidate.name) is stage:
            del self._stages[stage.candidate.name]
        stage.task.cancel()
        # A connection that is silent for one reply is silent for all.
        for each in [other for other in self._replies.values() if other.stage is stage]:
            self._go_on(each, problem, silent=True)

    def _stop_timer(self, state: _Reply) -> None:
        if state.timer is not None:
            state.timer.cancel()
            state.timer = None
