"""How well a call went, at the caller's ear and in the product's own records. The same for every way of playing it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from phoneagent.simulator.ear import Heard
from phoneagent.simulator.network import Network

from .outcome import Outcome
from .scenario import Scenario
from .thoughts import Thought, meant_at, thoughts
from .transcript_check import SpokenTurn, differences, keys_of, missing_words, plain, spoken_turns

TALKED_OVER = 1.0  # seconds; an agent that goes on for longer while the caller speaks has missed an interruption
IMPATIENT = 3.0  # seconds; who waits less for an answer, or hangs up, cannot have lost one
REACTION = 0.1  # seconds; nobody can take back a word that begins together with the caller's
RECORDED_TOGETHER = 0.5  # seconds; what is told and saved within it is the same interruption
ANSWERS = ("answer", "operator", "")
"""Kinds of replies that answer a caller. Greetings, prompts, fillers and apologies do not; "" is one without a name."""
ENDS = (*ANSWERS, "farewell")
"""What leaves no caller waiting."""


class Hesitation(NamedTuple):
    """A pause of so many seconds within a thought, and whether the agent used it to speak."""

    pause: float
    cut: bool


@dataclass(frozen=True, slots=True)
class Score:
    """One call. Durations are seconds; `faults` say what was not as it should be, each in a sentence."""

    name: str
    title: str
    run: str
    ears: str
    cut_offs: int
    hesitations: tuple[Hesitation, ...]
    false_interruptions: int
    missed_interruptions: int
    lost_answers: int
    double_replies: int
    interruptions: int
    resumes: int
    heard_errors: tuple[int, ...]
    """For each turn of the agent: by how many words the transcript differs from what was heard."""
    latencies: tuple[float, ...]
    undisturbed_latencies: tuple[float, ...]
    """Those of calls in which nothing but the usual latencies delays an answer: ears with turn events, no tool."""
    stop_times: tuple[float, ...]
    undisturbed_stop_times: tuple[float, ...]
    """Those of calls over a line without delay, with nothing out of order."""
    resume_times: tuple[float, ...]
    undisturbed_resume_times: tuple[float, ...]
    faults: tuple[str, ...]


def unplayable(scenario: Scenario, run: str, error: Exception) -> Score:
    """The score of a call that broke off: the simulator or the product raised."""
    return Score(
        name=scenario.name,
        title=scenario.title,
        run=run,
        ears=scenario.ears,
        cut_offs=0,
        hesitations=(),
        false_interruptions=0,
        missed_interruptions=0,
        lost_answers=len(scenario.lines),
        double_replies=0,
        interruptions=0,
        resumes=0,
        heard_errors=(),
        latencies=(),
        undisturbed_latencies=(),
        stop_times=(),
        undisturbed_stop_times=(),
        resume_times=(),
        undisturbed_resume_times=(),
        faults=(f"broke off: {type(error).__name__}: {error}",),
    )


def score(outcome: Outcome) -> Score:
    """Count what went wrong, and measure what takes time."""
    return _Scoring(outcome).score()


class _Scoring:
    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self._ear = outcome.ear
        self._all = thoughts(outcome.ear, outcome.scenario.lines)
        self._thoughts = [
            thought for thought in self._all if thought.meant == "answer" and not self._dealt_with(thought)
        ]
        self._stretches = outcome.ear.agent_speech()
        kinds = [
            (told.values["agent"], told.values["kind"]) for told in outcome.of("turn_ended") if told.values["agent"]
        ]
        self._spoken = spoken_turns(outcome.turns, outcome.words, kinds)
        self._faults: list[str] = []

    def score(self) -> Score:
        outcome, scenario = self._outcome, self._outcome.scenario
        hesitations = self._hesitations()
        latencies = [
            (thought, latency) for thought in self._thoughts if (latency := self._latency(thought)) is not None
        ]
        undisturbed = [latency for thought, latency in latencies if self._undisturbed(thought)]
        stop_times = tuple(until - thought.begin for thought, until in self._over_the_agent())
        resume_times = tuple(self._resume_times())
        disturbed = bool(scenario.disorder) or scenario.network != Network()
        result = Score(
            name=scenario.name,
            title=scenario.title,
            run=outcome.run,
            ears=scenario.ears,
            cut_offs=self._cut_offs(),
            hesitations=tuple(hesitations),
            false_interruptions=self._false_interruptions(),
            missed_interruptions=self._missed_interruptions(),
            lost_answers=self._lost_answers(),
            double_replies=self._double_replies(),
            interruptions=len(outcome.of("interrupted")),
            resumes=len(outcome.of("resumed")),
            heard_errors=self._heard_errors(),
            latencies=tuple(latency for _, latency in latencies),
            undisturbed_latencies=tuple(undisturbed),
            stop_times=stop_times,
            undisturbed_stop_times=() if disturbed else stop_times,
            resume_times=resume_times,
            undisturbed_resume_times=() if disturbed else resume_times,
            faults=(),
        )
        self._compare(result)
        return replace(result, faults=tuple(self._faults))

    def _dealt_with(self, thought: Thought) -> bool:
        """Whether the product took it for what needs no answer: "hello?" while one is on its way, thanks over a
        transfer.
        """
        told = [*self._outcome.of("check_in"), *self._outcome.of("agreed")]
        words = plain(" ".join(part.line.text for part in thought.parts))
        return any(one.at > thought.begin and plain(one.values["text"]) == words for one in told)

    # -- who speaks when ----------------------------------------------------------------------------

    def _until(self, thought: Thought) -> float:
        """When the caller's next thought begins."""
        later = [other.begin for other in self._thoughts if other.begin > thought.begin]
        return min(later, default=float("inf"))

    def _speaking(self, moment: float) -> Heard | None:
        """The stretch of the agent's speech into which a moment falls."""
        return next((heard for heard in self._stretches if heard.at < moment < heard.end), None)

    def _interruptible(self, moment: float) -> bool:
        """Whether the agent, speaking at a moment, is one that lets itself be interrupted."""
        policy = self._outcome.scenario.agent.policy
        begun = [one for one in self._spoken if one.began is not None and one.began <= moment]
        kind = begun[-1].kind if begun else "greeting"
        if kind == "greeting":
            return policy.greeting.interruptible
        return policy.speaking.interruptible and kind != "farewell"

    def _over_the_agent(self) -> list[tuple[Thought, float]]:
        """Thoughts that begin while the agent speaks and can be interrupted, and when it was silent."""
        found = []
        for thought in self._thoughts:
            heard = self._speaking(thought.begin)
            if heard is not None and not thought.keys and self._interruptible(thought.begin):
                found.append((thought, heard.end))
        return found

    # -- what is counted ----------------------------------------------------------------------------

    def _begun_within(self, begin: float, end: float) -> list[float]:
        return [heard.at for heard in self._stretches if begin < heard.at < end and self._interruptible(heard.at)]

    def _cut_offs(self) -> int:
        count = 0
        for thought in self._thoughts:
            for at in self._begun_within(thought.begin + REACTION, thought.end) if thought.parts else ():
                count += 1
                self._fault(f"cut-off at {at:.2f} s, inside “{thought.text}”", expected=self._expects_cut_offs)
        return count

    @property
    def _expects_cut_offs(self) -> bool:
        return self._outcome.scenario.expected.cut_offs > 0

    def _hesitations(self) -> list[Hesitation]:
        found = []
        for thought in self._thoughts:
            for before, after in zip(thought.parts, thought.parts[1:], strict=False):
                if after.line.pause is not None and not thought.split:
                    cut = bool(self._begun_within(before.said.at + REACTION, after.said.end))
                    found.append(Hesitation(after.line.pause, cut))
        return found

    def _false_interruptions(self) -> int:
        moments = [told.at for told in self._outcome.of("interrupted")]
        for one in self._spoken:
            if one.turn.interrupted and not any(abs(one.turn.at - at) < RECORDED_TOGETHER for at in moments):
                moments.append(one.turn.at)
        count = 0
        for at in moments:
            if at < self._ear.duration - 0.1 and self._meant_nothing(at):
                count += 1
                self._fault(f"interrupted at {at:.2f} s by a sound that meant nothing")
        return count

    def _meant_nothing(self, moment: float) -> bool:
        """Whether nothing that the caller meant can be the reason why a reply ended at this moment.

        Words that were said since it began can be, though a cough came after them: ears take their time.
        """
        if meant_at(moment, self._ear, self._all) not in ("nothing", "echo"):
            return False
        begun = [heard.at for heard in self._stretches if heard.at < moment]
        answered = [turn.at for turn in self._outcome.turns if turn.role == "caller" and turn.at < moment]
        since = max([*begun, *answered], default=0.0)
        return not any(part.said.at < moment and part.said.end > since for one in self._thoughts for part in one.parts)

    def _missed_interruptions(self) -> int:
        count = 0
        for thought, until in self._over_the_agent():
            if until > thought.begin + TALKED_OVER:
                count += 1
                self._fault(f"“{thought.text}” at {thought.begin:.2f} s did not interrupt until {until:.2f} s")
        return count

    def _lost_answers(self) -> int:
        lost = 0
        for thought in self._thoughts:
            until = min(self._until(thought), self._ear.duration)
            if not thought.whole or until - thought.end < IMPATIENT:
                continue
            if self._answers(thought, ENDS) or self._made_one_with_the_next(thought):
                continue
            lost += 1
            self._fault(f"“{thought.text}” at {thought.begin:.2f} s was not answered")
        for thought in self._thoughts:
            words = [word for part in thought.parts if part.whole for word in plain(part.line.text)]
            missing = missing_words(words, self._outcome.turns)
            if missing:
                lost += 1
                self._fault(f"“{' '.join(missing)}” of “{thought.text}” is not in the transcript")
        keys = "".join(thought.keys for thought in self._thoughts)
        if keys != keys_of(self._outcome.turns):
            lost += 1
            self._fault(f"the keys {keys} are {keys_of(self._outcome.turns) or 'none'} in the transcript")
        return lost

    def _answers(self, thought: Thought, kinds: tuple[str, ...] = ANSWERS) -> list[SpokenTurn]:
        """Replies that began after a thought had begun, and before the next one.

        One that the caller silenced by going on is a cut-off, and no answer.
        """
        until = self._until(thought)
        return [
            one
            for one in self._spoken
            if one.kind in kinds
            and one.began is not None
            and thought.begin < one.began < until
            and not (one.turn.interrupted and one.began < thought.end)
        ]

    def _made_one_with_the_next(self, thought: Thought) -> bool:
        """Whether the caller went on, and the transcript has both as one turn: the answer is then to both."""
        following = next((other for other in self._thoughts if other.begin > thought.begin), None)
        if following is None:
            return False
        both = f" {' '.join([*_written(thought), *_written(following)])} "
        return any(both in f" {' '.join(plain(turn.text))} " for turn in self._outcome.turns if turn.role == "caller")

    def _double_replies(self) -> int:
        doubles = 0
        for thought in self._thoughts:
            surplus = len(self._answers(thought)) - 1
            if surplus > 0:
                doubles += surplus
                self._fault(f"“{thought.text}” was answered {surplus + 1} times")
        first = self._thoughts[0].begin if self._thoughts else float("inf")
        unasked = [one for one in self._spoken if one.kind == "answer" and (one.began or 0.0) < first]
        for one in unasked:
            doubles += 1
            self._fault(f"nobody had asked for “{one.turn.text}”")
        return doubles

    def _heard_errors(self) -> tuple[int, ...]:
        for one in self._spoken:
            if one.errors > 1:
                self._fault(f"“{one.turn.text}” differs by {one.errors} words from what was heard")
        return tuple(one.errors for one in self._spoken)

    # -- what takes time ----------------------------------------------------------------------------

    def _latency(self, thought: Thought) -> float | None:
        """Seconds to the answer's first sound; None where the agent spoke on, or gave none."""
        if thought.keys or not thought.whole or self._speaking(thought.end) is not None:
            return None
        until = self._until(thought)
        starts = [heard.at for heard in self._stretches if thought.end <= heard.at < until]
        return starts[0] - thought.end if starts and self._answers(thought) else None

    def _undisturbed(self, thought: Thought) -> bool:
        scenario = self._outcome.scenario
        return scenario.undisturbed and not scenario.tools and not thought.split

    def _resume_times(self) -> list[float]:
        """Seconds from each decision to resume to the next sound of the agent."""
        times = []
        bursts = self._ear.agent_speech(pause=0.04)
        for told in self._outcome.of("resumed"):
            if any(heard.at < told.at < heard.end for heard in bursts):
                times.append(0.0)
            elif later := [heard.at for heard in bursts if heard.at >= told.at - 0.001]:
                times.append(max(0.0, later[0] - told.at))
        return times

    # -- what was expected --------------------------------------------------------------------------

    def _fault(self, text: str, *, expected: bool = False) -> None:
        if not expected:
            self._faults.append(text)

    def _compare(self, result: Score) -> None:
        outcome, expected = self._outcome, self._outcome.scenario.expected
        self._faults += outcome.problems
        if expected.dialogue:
            self._faults += differences(expected.dialogue, outcome.turns)
        heard = " ".join(word for one in outcome.words for word in plain(one.text))
        position = 0
        for phrase in expected.heard:
            found = f" {heard} ".find(f" {' '.join(plain(phrase))} ", position)
            if found < 0:
                self._fault(f"“{phrase}” was not heard")
            else:
                position = found + 1
        for phrase in expected.unheard:
            if f" {' '.join(plain(phrase))} " in f" {heard} ":
                self._fault(f"“{phrase}” was heard")
        if expected.states and outcome.states and not _in_order(expected.states, outcome.states):
            self._fault(f"went through {' → '.join(outcome.states)}, expected {' → '.join(expected.states)}")
        tools = tuple(told.values["tool"] for told in outcome.of("tool_called"))
        if expected.tools is not None and tools != expected.tools:
            self._fault(f"tools called: {', '.join(tools) or 'none'}; expected {', '.join(expected.tools) or 'none'}")
        for name, wanted in (("resumes", expected.resumes), ("interruptions", expected.interruptions)):
            if wanted is not None and getattr(result, name) != wanted:
                self._fault(f"{name}: {getattr(result, name)}, expected {wanted}")
        if expected.cut_offs and result.cut_offs > expected.cut_offs:
            self._fault(f"cut-offs: {result.cut_offs}, expected at most {expected.cut_offs}")
        if expected.ended_by and outcome.ended_by != expected.ended_by:
            self._fault(f"ended by {outcome.ended_by}, expected {expected.ended_by}")


def _written(thought: Thought) -> list[str]:
    """Its words as a transcript has them."""
    text = " ".join(part.line.text for part in thought.parts)
    return plain(f"[keypad: {thought.keys}]" if thought.keys else text)


def _in_order(wanted: tuple[str, ...], states: tuple[str, ...]) -> bool:
    remaining = iter(states)
    return all(state in remaining for state in wanted)
