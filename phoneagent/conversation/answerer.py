"""Who has answered a call that we placed: a person, a machine, a screener that asks who is calling.

The agent speaks at once, as to a person. Meanwhile the carrier listens and tells its verdict, the transcript tells what
is said, and a beep tells by itself. A machine is then hung up on, or gets its message after the beep; a screener gets
its answer, and whoever comes after it is greeted anew.

All of it is weighed together, in `openings.py`, each time that something is heard. In doubt it is a person: the agent
speaks, and listens on. Who has taken `person_turns` turns of a conversation in which the agent was heard out is one,
whatever follows; before a machine is hung up on, what is just being said is heard out.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import TypeAlias

from . import events as e
from .answering import Answering, Outcome
from .caller_turn import CallerTurn
from .commands import Hangup, ListenForBeeps
from .deadlines import Reason
from .floor import Floor
from .listening import Listening
from .meaning import Meaning, meaning, normalised
from .openings import Clues, Finding, holds, weigh
from .replies import Replies
from .reply import Reply
from .states import State

SCREENINGS = 3  # times that a screener gets its answer; one that asks again has not understood it
AGAIN = 2  # times that a message is begun anew for a greeting that goes on after a pause
BEEPS = 3  # times that it is begun anew for a beep in the middle of it, of which the last was the real one
PAUSE = 0.35  # seconds; shorter ones are between words, and a greeting goes on
SCREENERS_BEEP = 3.0  # seconds after a screener's question: a later beep is a machine's
GOES_ON = 1.0  # seconds after a machine's sentence: who is none, or a screener, goes on before it is hung up on
FAX = 2.0  # seconds; a voicemail's beep is over by then, the tone of a fax machine lasts 2.6 to 4.0 (T.30, 4.3.3.2)

_Words: TypeAlias = e.PartialTranscript | e.EagerEndOfTurn | e.EndOfTurn
_WORDS = (e.PartialTranscript, e.EagerEndOfTurn, e.EndOfTurn)
_CALLER = (e.SpeechStarted, e.SpeechStopped, e.TurnResumed, e.DtmfReceived, *_WORDS)


class Phase(Enum):
    """How far it is known who has answered."""

    WATCHING = auto()  # it may be a person, and is treated as one
    SCREENED = auto()  # a screener has its answer; somebody may come
    WAITING = auto()  # a machine: the agent is silent
    MESSAGE = auto()  # and now leaves its message
    UNKNOWN = auto()  # it did not turn out in time; only a verdict counts from now on
    OVER = auto()  # it is known, or concerns nobody any more


class Answerer:
    """Watches the first part of a call. Without `answering`, that is of a call that came in, it does nothing.

    `navigates`: the agent can press keys, so menus and queues are talked with. `greet` begins the conversation.
    """

    def __init__(
        self,
        floor: Floor,
        listening: Listening,
        replies: Replies,
        answering: Answering | None,
        *,
        navigates: bool,
        greet: Callable[[float], None],
    ) -> None:
        self._floor = floor
        self._listening = listening
        self._replies = replies
        self._plan = answering or Answering()
        self._greet = greet
        self._phase = Phase.OVER if answering is None else Phase.WATCHING
        self._answered_by = self._plan.answered_by
        self._navigates = navigates
        self._person = False
        self._said_from = 0  # the first of the turns that tell of who is on the line now
        self._asides: list[str] = []  # that were no turns: "hello?", or what an announcement says to nobody
        self._said_before = ""  # in these, by the machine that was there before
        self._verdict = ""
        self._heard_beep = False
        self._voice_from: float | None = None  # of what is said without a pause
        self._voice_until: float | None = None
        self._stretch = 0.0
        self._screened_at = float("-inf")  # when a screener got its answer
        self._real_turns: set[int] = set()  # those of a conversation, by their number
        self._screenings = 0
        self._beeping = False
        self._message: Reply | None = None
        self._after_beep = False  # the message was begun after one that was heard here
        self._again = 0  # how often it was begun anew, for words
        self._beeps = 0  # and for beeps
        self._spoiled = False  # it is spoken for the last time, over the greeting or a beep
        self._greeting = ""  # the machine's, before the message
        self._voice_over = False  # a voice was noticed over the message

    @property
    def at_machine(self) -> bool:
        """Whether a machine gets its message, or is about to."""
        return self._phase in (Phase.WAITING, Phase.MESSAGE)

    @property
    def _acts(self) -> bool:
        return self._plan.machine != "ignore" and not self._floor.muted

    @property
    def _leaves_message(self) -> bool:
        return self._plan.machine == "voicemail" and bool(self._plan.voicemail) and self._answered_by != "fax"

    # -- the call begins ----------------------------------------------------------------------------

    def begin(self, at: float) -> bool:
        """Whether it is known by now that nobody is to be greeted."""
        plan = self._plan
        if self._phase is Phase.OVER:
            return False
        if plan.outcome in ("voicemail_left", "voicemail_cut", "hung_up"):  # it is being carried on
            self._phase = Phase.OVER
            self._replies.leave(Hangup("machine"), at)
            return True
        if self._floor.turns and (plan.answered_by == "human" or at > self._floor.policy.answerer_within):
            self._person = plan.answered_by == "human"
            self._phase = Phase.OVER if self._person else Phase.UNKNOWN
            return False
        if plan.outcome == "screening_answered":
            self._phase = Phase.SCREENED
        self._watch(at)
        return bool(plan.answered_by) and self._judge_verdict(plan.answered_by, at)

    def _watch(self, at: float) -> None:
        self._floor.deadlines.set(Reason.ANSWERER, at + self._floor.policy.answerer_within)
        if self._plan.machine != "ignore":
            self._floor.want(ListenForBeeps(True))

    def give_up(self) -> None:
        """It did not turn out in time."""
        if self._phase in (Phase.WATCHING, Phase.SCREENED):
            self._phase = Phase.UNKNOWN
            self._floor.want(ListenForBeeps(False))

    # -- what the carrier says ----------------------------------------------------------------------

    def detected(self, event: e.AnswererDetected, at: float) -> None:
        self._judge_verdict(event.verdict, at)

    def _judge_verdict(self, verdict: str, at: float) -> bool:
        """Whether it is a machine, which is dealt with."""
        self._floor.emit("answerer_detected", verdict=verdict)
        self._verdict = verdict
        if not verdict.startswith(("machine", "fax")):
            if self._phase in (Phase.WATCHING, Phase.UNKNOWN):
                self._tell(verdict)
            return False
        if self._phase in (Phase.MESSAGE, Phase.OVER) and not self._person:
            if self._phase is Phase.MESSAGE and verdict == "fax":
                self._tell(verdict)
                self._hang_up(at)
            return False
        if self._contradicted(verdict):
            self._floor.emit("verdict_overruled", verdict=verdict)
            return False
        self._tell(verdict)
        if not self._acts:
            return False
        if self._phase is not Phase.WAITING:
            self._wait(at)
        if verdict == "fax":
            self._floor.deadlines.set(Reason.MACHINE, at)
        elif self._leaves_message and verdict.startswith("machine_end"):
            self._trust_silence(at)
        return True

    def _contradicted(self, verdict: str) -> bool:
        """Whether what was heard until now speaks against it. Somebody who is still talking is heard out first."""
        if self._person:
            return True
        if verdict == "fax" or self._phase is Phase.WAITING:
            return False
        if self._phase is Phase.SCREENED and verdict != "machine_end_beep":
            return True
        finding, turn = self._weigh(), self._listening.turn
        in_doubt = bool(self._told()) and not turn.voiced and not turn.text
        return finding.person or (in_doubt and not finding.machine)

    def _trust_silence(self, at: float) -> None:
        """The carrier says that the greeting is over. It may mean a pause: only a beep that is heard is certain."""
        if not self._beeping and not self._listening.turn.voiced:
            self._leave_message(at, after_beep=False)

    # -- what is heard ------------------------------------------------------------------------------

    def takes(self, event: e.Event, at: float) -> bool:
        """Whether this is no part of the conversation: what a machine says."""
        if self._phase is Phase.MESSAGE and isinstance(event, _CALLER):
            self._over_message(event, at)
            return True
        self._measure(event, at)
        if isinstance(event, e.EndOfTurn) and self._phase is Phase.WATCHING:
            self._asides.append(event.text)
        if self._phase not in (Phase.WATCHING, Phase.SCREENED) or not isinstance(event, _WORDS) or not self._acts:
            return False
        if self._floor.state not in _TALKING or not self._is_machine(self._weigh(event.text)):
            return False
        self._tell_machine()
        self._wait(at)
        self._note_words(event, at)
        return True

    def _measure(self, event: e.Event, at: float) -> None:
        """How long a voice goes on without a pause."""
        if isinstance(event, e.SpeechStarted):
            paused = self._voice_until is None or at - self._voice_until >= PAUSE
            if self._voice_from is None or paused:
                self._voice_from = at
        elif isinstance(event, e.SpeechStopped) and self._voice_from is not None:
            self._voice_until = event.ended
            self._stretch = max(self._stretch, event.ended - self._voice_from)

    def _told(self) -> str:
        """All that whoever is on the line now has said, but for the present turn."""
        turns = self._floor.turns[self._said_from :]
        return " ".join(turn.text for turn in turns if turn.role == "caller").removeprefix(self._said_before)

    def _weigh(self, *words: str) -> Finding:
        """Everything that is known, with these words of the present turn."""
        floor, turn = self._floor, self._listening.turn
        turns = floor.turns[self._said_from :]
        said = " ".join(turn.text for turn in turns if turn.role == "agent")
        said += f" {self._replies.reply.text}" if self._replies.reply else ""
        clues = Clues(
            stretch=self._stretch,
            talked_over=sum(turn.role == "agent" and turn.interrupted for turn in turns),
            verdict=self._verdict,
            beep=self._heard_beep,
        )
        told = self._told()
        present = [
            part
            for part in (*self._asides, *turn.held, *turn.segments, *(words or (turn.interim,)))
            if part not in told
        ]
        return weigh(" ".join([told, *present]), clues, floor.policy, said=said, finds=floor.finds)

    def _is_machine(self, finding: Finding) -> bool:
        """Whether it is a machine that is dealt with here; with others the agent talks."""
        return finding.machine and not (self._navigates and finding.kind in ("menu", "queue"))

    def _tell_machine(self) -> None:
        if not self._answered_by.startswith(("machine", "fax")):
            self._tell("machine")

    def beep_started(self, _: e.BeepStarted, at: float) -> None:
        self._beeping = True
        if self._phase is Phase.SCREENED and (self._screening_under_way or at - self._screened_at < SCREENERS_BEEP):
            return  # its own: it records name and purpose
        self._heard_beep = True
        if self._phase in (Phase.WATCHING, Phase.SCREENED) and self._acts and self._weigh().machine:
            self._tell_machine()
            self._wait(at)
        elif self._phase is Phase.MESSAGE:
            self._beep_in_message(at)
        if self._phase is Phase.WAITING and self._leaves_message:
            self._floor.deadlines.set(Reason.BEEP, at + FAX)
        elif self._phase is Phase.WAITING:
            self._floor.deadlines.set(Reason.MACHINE, at)

    def _beep_in_message(self, at: float) -> None:
        """Only from here on it is recorded, whatever beep or verdict came before."""
        self._beeps += 1
        if self._beeps <= BEEPS:
            self._begin_again(at)
        else:
            self._spoiled = True

    def beep_stopped(self, _: e.BeepStopped, at: float) -> None:
        self._beeping = False
        if self._phase is Phase.WAITING and self._leaves_message:
            self._leave_message(at, after_beep=True)
        elif self._phase is Phase.SCREENED and self._screening_under_way:
            self._replies.drop(at)
            self._replies.say("screening", self._plan.screening, at)  # only from here on it is recorded

    @property
    def _screening_under_way(self) -> bool:
        reply = self._replies.reply
        return reply is not None and reply.kind == "screening"

    # -- waiting for the beep -----------------------------------------------------------------------

    def _wait(self, at: float) -> None:
        """Be silent: what the agent was saying is for nobody."""
        floor, turn = self._floor, self._listening.turn
        talks = turn.voiced or bool(turn.text)
        self._replies.drop(at)
        self._phase = Phase.WAITING
        floor.deadlines.drop(Reason.VOICE)
        floor.deadlines.drop(Reason.ANSWERER)
        floor.enter(State.AT_MACHINE)
        if self._leaves_message:
            floor.deadlines.set(Reason.MACHINE, at + floor.policy.beep_within)
            floor.want(ListenForBeeps(True))
        else:
            floor.deadlines.set(Reason.MACHINE, at + (floor.policy.machine_confirm if talks else 0.0))
        self._await_silence(at if turn.voice_ended is None else turn.voice_ended, at)

    def _await_silence(self, since: float, at: float) -> None:
        """What follows the machine's words is the beep, or silence; a voice that is heard tells of its end."""
        if self._listening.turn.noticed or self._beeping:
            return
        policy = self._floor.policy
        silence = policy.beep_silence if self._leaves_message else policy.final_within
        self._floor.deadlines.set(Reason.BEEP, max(at, since + silence))

    def speech_started(self, event: e.SpeechStarted, at: float) -> None:
        self._listening.turn.sound(event.source)
        self._floor.deadlines.drop(Reason.BEEP)
        if not self._leaves_message:
            self._floor.deadlines.set(Reason.MACHINE, at + self._floor.policy.machine_confirm)
        self._await_silence(at, at)

    def speech_stopped(self, event: e.SpeechStopped, at: float) -> None:
        self._listening.turn.fall_silent(event.ended)
        self._await_silence(event.ended, at)

    def words(self, event: e.PartialTranscript | e.EagerEndOfTurn, at: float) -> None:
        self._note_words(event, at)
        if isinstance(event, e.PartialTranscript) and event.final:
            self._reconsider(at)

    def _note_words(self, event: _Words, at: float) -> None:
        if isinstance(event, e.EndOfTurn):
            self.turn_ended(event, at)
            return
        self._listening.turn.hear(event.text, final=isinstance(event, e.PartialTranscript) and event.final)
        self._await_silence(at, at)

    def turn_ended(self, event: e.EndOfTurn, at: float) -> None:
        turn = self._listening.turn
        if event.text.strip():
            turn.hold(event.text.strip())
        if not self._reconsider(at) and not self._leaves_message:
            self._floor.deadlines.set(Reason.MACHINE, at + GOES_ON)

    def _reconsider(self, at: float) -> bool:
        """Whether it was no machine after all: then the conversation goes on with what was said."""
        turn, policy = self._listening.turn, self._floor.policy
        said = [*filter(None, [*turn.held, *turn.segments, turn.interim])]
        if not said or self._floor.muted:  # keys alone say nothing of who presses them
            return False
        *before, latest = said
        somebody_came = weigh(latest, policy=policy, finds=self._floor.finds).person
        if not somebody_came and self._weigh().machine:
            return False
        self._floor.emit("verdict_overruled", verdict=self._answered_by)
        if somebody_came:
            self._said_from, self._said_before = len(self._floor.turns), self._listening.whole(" ".join(before))
            self._heard_beep, self._asides = False, [latest]
        self._phase = Phase.WATCHING
        self._watch(at)
        self._listening.open(at)
        self._listening.answer(at)
        return True

    def quiet(self, at: float) -> None:
        """The machine has fallen silent, or goes on for ever."""
        if self._beeping and self._leaves_message:
            self._tell("fax")
            self._hang_up(at)
            return
        if self._reconsider(at):
            return
        if self._leaves_message and self._weigh().kind in ("", "recorder"):
            self._leave_message(at, after_beep=False)
        else:  # without a beep, a notice, a menu or a queue records nothing
            self._hang_up(at)

    # -- the message --------------------------------------------------------------------------------

    def _leave_message(self, at: float, *, after_beep: bool) -> None:
        floor, listening = self._floor, self._listening
        self._greeting = normalised(listening.turn.text)
        if listening.turn.text:
            text = listening.whole(listening.turn.text)
            floor.caller_said(text, at)
            floor.emit("caller_turn", text=text)
        going_on = listening.turn.noticed
        listening.turn = CallerTurn(voiced=going_on, noticed=going_on)
        if floor.muted:
            self._phase = Phase.OVER
            listening.listen(at)
            return
        self._phase, self._after_beep = Phase.MESSAGE, after_beep
        self._voice_over = going_on
        self._replies.say("voicemail", self._plan.voicemail, at, then=Hangup("machine"), interruptible=False)
        self._message = self._replies.current

    def _over_message(self, event: e.Event, at: float) -> None:
        """Nothing interrupts it. But over a message that was begun in a pause the greeting may go on: then it was not
        recorded.
        """
        turn = self._listening.turn
        if isinstance(event, e.SpeechStarted):
            turn.sound(event.source)
            self._voice_over = self._voice_over or event.source == "vad"
        elif isinstance(event, e.SpeechStopped):
            turn.fall_silent(event.ended)
        if not isinstance(event, _WORDS) or not self._voice_over or self._message is None:
            return
        words = normalised(event.text)
        if not words or words in self._greeting:
            return  # the ears were late
        policy, said = self._floor.policy, self._message.text
        if meaning(words, policy, needed=1, final=True, agent=said, echo=policy.echo_words) is Meaning.ECHO:
            return
        if self._after_beep:
            return  # a tone within the greeting looks like this as well: then the beep is still to come
        if self._again == AGAIN:
            self._spoiled = True
            return
        self._again += 1
        self._begin_again(at)
        self._note_words(event, at)

    def _begin_again(self, at: float) -> None:
        """Wait for the beep once more."""
        self._spoiled = False
        self._floor.emit("voicemail_again")
        self._wait(at)

    def note_message(self, at: float) -> None:
        """After each event: whether the message is over."""
        if self._phase is not Phase.MESSAGE or self._message is None or self._replies.reply is self._message:
            return
        self._phase = Phase.OVER
        playout = self._message.playout
        whole = playout.heard(at) == playout.text and not self._spoiled
        self._done("voicemail_left" if whole else "voicemail_cut")

    def _hang_up(self, at: float) -> None:
        self._replies.leave(Hangup("machine"), at)
        if self._phase is Phase.WAITING:
            self._phase = Phase.OVER
            self._done("hung_up")

    # -- people and screeners -----------------------------------------------------------------------

    def takes_turn(self, text: str, at: float) -> bool:
        """Whether what was just said is dealt with here, and not by the model."""
        if self._phase not in (Phase.WATCHING, Phase.SCREENED):
            return False
        finding = self._weigh()
        if finding.screener and self._plan.screening:
            return self._answer_screener(at)
        if self._phase is Phase.SCREENED:
            if holds(text, self._floor.policy, finds=self._floor.finds):
                self._listening.hold_on(at)
                return True
            self._phase = Phase.WATCHING
            self._said_from = len(self._floor.turns) - 1
            self._tell("human")
            if self._floor.policy.first_message == "caller":
                return False
            self._replies.leave_unanswered(text)
            self._greet(at)
            return True
        if self._navigates and finding.machine and weigh(text).kind == "queue":
            self._listening.hold_on(at)
            return True
        self._count(finding)
        return False

    def _answer_screener(self, at: float) -> bool:
        if self._screenings >= SCREENINGS:
            return False
        self._screenings += 1
        self._phase, self._screened_at = Phase.SCREENED, at
        self._said_from, self._asides = len(self._floor.turns), []
        self._watch(at)
        self._tell("screener")
        self._done("screening_answered")
        self._replies.abandon_speculation()
        self._replies.say("screening", self._plan.screening, at)
        return True

    def _count(self, finding: Finding) -> None:
        """A machine talks over the agent; a person lets it finish, and answers."""
        turns = self._floor.turns
        if finding.machine:
            return  # a menu, or one that is ignored
        if len(turns) > 1 and turns[-2].role == "agent" and not turns[-2].interrupted:
            self._real_turns.add(len(turns))
        if finding.person:
            self._tell("human")
        if len(self._real_turns) < self._floor.policy.person_turns:
            return
        self._person, self._phase = True, Phase.OVER
        self._tell("human")
        self._floor.deadlines.drop(Reason.ANSWERER)
        if self._plan.machine != "ignore":
            self._floor.want(ListenForBeeps(False))

    # -- telling ------------------------------------------------------------------------------------

    def _tell(self, answered_by: str) -> None:
        if answered_by != self._answered_by:
            self._answered_by = answered_by
            self._floor.emit("answered_by", answered_by=answered_by)

    def _done(self, outcome: Outcome) -> None:
        self._floor.emit("answerer_handled", outcome=outcome)


_TALKING = (State.LISTENING, State.CALLER_SPEAKING, State.THINKING, State.SPEAKING, State.PAUSED)
