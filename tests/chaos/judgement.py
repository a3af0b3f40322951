"""What became of a call: the caller's script against what is stored, and against what came to their ear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from phoneagent.conversation.transcript import Turn
from phoneagent.simulator.ear import Said, StreamClosed, StreamOpened
from phoneagent.simulator.violation import STREAM_BROKEN

from . import callers
from .ears import Heard, Words
from .world import Finished

TOLD = 0.6  # seconds after a caller's last sound until their turn is known (0.26) and stored, on a busy machine
SAVED = 0.6  # the same for the agent's turn, from its last sound
BROKEN = 1006  # the close code of a connection that was cut
GAP = 0.2  # seconds between two words of a sentence: more is a break


@dataclass(slots=True)
class Judgement:
    """Of one call. `problems` are what must not be; `gaps` are seconds without a media stream."""

    problems: list[str] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    unheard: int = 0  # sentences that were said into a dead line, in whole or in part


class Lost(NamedTuple):
    """A time without a media stream, after a crash: from `at` to `again`, seconds since the answer."""

    at: float
    again: float


def judge(call: Finished, words: Words, runs: Counter[tuple[str, ...]], *, crashed: bool) -> Judgement:
    """Look at one call. Only a crash excuses what was lost with a media stream."""
    seen = Judgement(gaps=gaps(call))
    if call.result.ending != "caller hung up":
        seen.problems.append(f"{call.result.ending} after {call.result.ear.duration:.0f} s")
    seen.problems += [
        f"{one.code} {one.problem}" for one in call.result.violations if not (crashed and one.code == STREAM_BROKEN)
    ]
    lost = _lost(call) if crashed else []
    said = call.result.ear.caller_speech()
    heard = words.of(call.result.ear.agent_track)
    seen.unheard = sum(_struck(one, lost) for one in said)
    if call.stored is None:
        seen.problems.append("it is not stored")
    else:
        seen.problems += _stored(call, said, lost, call.stored.turns)
        if call.stored.record.status != "completed":
            seen.problems.append(f"stored as {call.stored.record.status!r}")
    seen.problems += _heard(call, said, lost, heard)
    seen.breaks = list(_breaks(call.name, heard))
    for turn in range(0, call.turns, callers.TOOL_EVERY):
        count = runs[call.name, callers.THINGS[turn]]
        if count > 1:
            seen.problems.append(f"the tool ran {count} times for {callers.THINGS[turn]}")
    return seen


def gaps(call: Finished) -> list[float]:
    """Seconds between the loss of a media stream and the next one."""
    opened = [fact.at for fact in call.result.ear.facts(StreamOpened)]
    closed = [fact.at for fact in call.result.ear.facts(StreamClosed)]
    return [again - end for end, again in zip(closed, opened[1:], strict=False)]


def _lost(call: Finished) -> list[Lost]:
    """When a connection was cut, and when the next media stream was there."""
    ear = call.result.ear
    opened = [fact.at for fact in ear.facts(StreamOpened)]
    return [
        Lost(fact.at, next((at for at in opened if at > fact.at), ear.duration))
        for fact in ear.facts(StreamClosed)
        if fact.code == BROKEN
    ]


def _struck(said: Said, lost: Sequence[Lost]) -> bool:
    """Whether there was no media stream while this was said, or the process died before anybody could know of it."""
    return any(gap.at <= said.end + TOLD and said.at <= gap.again for gap in lost)


def _stored(call: Finished, said: Sequence[Said], lost: Sequence[Lost], turns: Sequence[Turn]) -> Iterable[str]:
    """Every sentence once, in order, and with its answer. Several may be one turn: who spoke before the answer came."""
    struck = _struck_turns(said, lost)
    spoken = callers.words(" ".join(turn.text for turn in turns if turn.role == "caller"))
    answered = callers.words(" ".join(turn.text for turn in turns if turn.role == "agent"))
    for number in range(call.turns):
        sentence, answer = callers.sentence(call.name, number), callers.answer(call.name, number)
        thing, whole = _count(callers.words(callers.THINGS[number]), spoken), _count(callers.words(sentence), spoken)
        if thing > 1 or (whole != 1 and number not in struck):
            yield f"{sentence!r} is stored {whole} times, in part {thing} times"
        answers = _count(callers.words(answer), answered)
        if answers > 1 or (answers == 0 and number not in struck):
            yield f"the answer to {sentence!r} is stored {answers} times"
    order = callers.asked(" ".join(spoken))
    if order != sorted(order):
        yield f"stored out of order: {order}"
    tools = Counter(turn.tool.id for turn in turns if turn.tool is not None)
    yield from (f"the tool's result is stored {count} times" for count in tools.values() if count > 1)


def _heard(call: Finished, said: Sequence[Said], lost: Sequence[Lost], heard: Sequence[Heard]) -> Iterable[str]:
    """Every answer once and in order, but for one that was cut: that is said again."""
    struck = _struck_turns(said, lost)
    answers = _answers(heard)
    order = [number for number, _ in answers]
    if order != sorted(order):
        yield f"heard out of order: {order}"
    for number in range(call.turns):
        answer = callers.answer(call.name, number)
        whole = [spoken for n, spoken in answers if n == number and _begins(spoken, answer)]
        if not whole and number not in struck:
            yield f"{answer!r} was not heard"
        excused = sum(any(abs(gap.at - spoken[-1].end) < SAVED for gap in lost) for spoken in whole)
        if len(whole) - excused > 1:
            yield f"{answer!r} was heard {len(whole)} times"


def _struck_turns(said: Sequence[Said], lost: Sequence[Lost]) -> set[int]:
    return {number for one in said if _struck(one, lost) for number in callers.asked(one.text)}


def _count(part: Sequence[str], whole: Sequence[str]) -> int:
    return sum(whole[at : at + len(part)] == part for at in range(len(whole)))


def _begins(spoken: Sequence[Heard], answer: str) -> bool:
    expected = callers.words(answer)
    return callers.words(" ".join(word.text for word in spoken))[: len(expected)] == expected


def _answers(heard: Sequence[Heard]) -> list[tuple[int, list[Heard]]]:
    """The words by the answer to which they belong; an answer begins with what was asked for."""
    answers: list[tuple[int, list[Heard]]] = []
    for word in heard:
        answers += [(number, []) for number in callers.asked(word.text)]
        if answers:
            answers[-1][1].append(word)
    return answers


def _breaks(name: str, heard: Sequence[Heard]) -> Iterable[str]:
    """Where an answer stopped in the middle, or had a hole."""
    for number, spoken in _answers(heard):
        expected = callers.words(callers.answer(name, number))
        texts = [callers.words(word.text)[0] for word in spoken]
        if texts[: len(expected)] != expected:
            yield f"cut at {spoken[-1].end:.1f} s: {' '.join(texts)}"
            continue
        for one, following in pairwise(spoken[: len(expected)]):
            if following.at - one.end > GAP or not one.whole:
                yield f"a hole of {following.at - one.end:.2f} s after {one.text!r} at {one.end:.1f} s"


def story(call: Finished, words: Words) -> str:
    """What happened in a call, as text: for whoever looks why it was a miss."""
    ear = call.result.ear
    facts = [(fact.at, repr(fact)) for fact in ear.timeline() if isinstance(fact, Said | StreamClosed | StreamOpened)]
    for number, spoken in _answers(words.of(ear.agent_track)):
        facts.append(
            (spoken[0].at, f"  hears {number} to {spoken[-1].end:.2f}: {' '.join(word.text for word in spoken)}")
        )
    stored = [f"stored {turn}" for turn in (call.stored.turns if call.stored else ())]
    head = f"{call.name} {call.result.call} {call.result.ending} {call.stored and call.stored.record}"
    return "\n".join([head, *(f"{at:7.2f} {text}" for at, text in sorted(facts)), *stored, ""])
