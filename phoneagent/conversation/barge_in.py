"""The caller makes a sound while the agent speaks or thinks: stop at once, then find out whether it was meant.

What a sound means is told by its words (`meaning.py`). Until they come the reply is held; a cough, a backchannel or the
agent's own echo lets it go on at the word where it stopped.
"""

from __future__ import annotations

from . import events as e
from .agreement import agreement, picking_up
from .caller_turn import CallerTurn
from .check_in import check_in
from .commands import Hangup
from .deadlines import Reason
from .endpointing import says_yes_or_no, wants_yes_or_no
from .floor import Floor
from .lexicon import Lexicon
from .listening import Listening
from .meaning import NO_ANSWER, Meaning, echo_needed, first_word_echoed, meaning
from .policy import Interruption
from .replies import Replies
from .states import State

ANSWER_REACH = 4  # words: so far the agent gets with what follows its question before an answer to it is noticed
ECHO_REACH = 12  # words: some four seconds of speech; an echo and its transcript are not later than that
ECHO_LAG = 2  # words: a short echo is of the latest ones; "at seven" may choose from those before them
FIRST_WORDS = 4  # so far the agent gets until the echo of its first word has come back, and was understood
ECHO_LEAD = 2  # words: what is just being said may come back before it counts as heard


class BargeIn:
    """Handles what the caller says and presses while the floor is the agent's."""

    def __init__(self, floor: Floor, listening: Listening, replies: Replies) -> None:
        self._floor = floor
        self._listening = listening
        self._replies = replies
        self._paused_at = 0.0  # when a sound over the agent made it pause
        self._paused = Interruption()  # what it takes to interrupt what was paused
        self._begun: list[str] = []  # the first words of the agent's, if it had just begun to sound then
        self._awaited = False  # and whether the caller was waiting for the answer then

    # -- sounds -------------------------------------------------------------------------------------

    def speech_started(self, event: e.SpeechStarted, at: float) -> None:
        self._listening.turn.sound(event.source)
        limits = self._limits(at)
        if limits.voice and event.source == "vad":
            self._floor.deadlines.set(Reason.VOICE, at + limits.voice)
        elif limits.interruptible:
            self._pause(limits, at)

    def voice_lasts(self, at: float) -> None:
        """It was no click."""
        over_agent = self._floor.state in (State.THINKING, State.SPEAKING)
        if over_agent and self._listening.turn.voiced and (limits := self._limits(at)).interruptible:
            self._pause(limits, at)

    def speech_stopped(self, event: e.SpeechStopped, at: float) -> None:
        """The sound was too short to pause for, or it is the end of what is being answered."""
        self._floor.deadlines.drop(Reason.VOICE)
        self._listening.speech_stopped(event, at)

    def _pause(self, limits: Interruption, at: float) -> None:
        self._paused, self._paused_at, self._awaited = limits, at, self._replies.awaited(at)
        self._begun = self._just_begun(at)
        self._replies.pause(at)
        self._floor.deadlines.set(Reason.CONFIRM, at + self._floor.policy.confirm_barge_in)

    def pause_ends(self, event: e.SpeechStopped, at: float) -> None:
        """The sound that made the agent pause is over."""
        self._listening.turn.fall_silent(event.ended)
        policy = self._floor.policy
        # A cough is over at once; whoever spoke for long has said something, and its transcript is under way.
        brief = at - self._paused_at < policy.confirm_barge_in
        self._floor.deadlines.set(Reason.CONFIRM, at + (policy.words_within if brief else policy.final_within))

    def unexplained(self, at: float) -> None:
        """No words came. Whoever goes on making a sound is not talked over, but not for ever either."""
        turn = self._listening.turn
        patience = self._paused_at + self._floor.policy.pause_at_most
        if turn.noticed and at < patience:
            self._floor.deadlines.set(Reason.CONFIRM, patience)
        elif self._meaning(turn.fresh, at) is Meaning.CHECK_IN:
            self._reassure(turn.fresh, at)
        elif self._finished_without_turn_events(at):
            self._interrupt(at)
            self._listening.answer(at)
        else:
            self._go_on(at)

    # -- words --------------------------------------------------------------------------------------

    def partial_transcript(self, event: e.PartialTranscript, at: float) -> None:
        listening = self._listening
        if listening.is_repeat(event.text, at, final=event.final) or not event.text.strip():
            return
        if self._reopens(event.text, at):
            listening.partial_transcript(event, at)
            return
        turn = listening.turn
        turn.hear(event.text, final=event.final)
        meant = self._meaning(turn.fresh, at)
        if meant is Meaning.INTERRUPTION and self._limits(at).interruptible:
            self._interrupt(at)
            listening.open(at)
            listening.set_end(at)
        elif event.final and meant is Meaning.CHECK_IN:
            self._reassure(turn.fresh, at)
        elif event.final and meant in (Meaning.BACKCHANNEL, Meaning.ECHO):
            self._overheard(meant, turn.fresh)
            turn.segments.clear()
        elif meant is Meaning.ECHO and self._floor.state is State.PAUSED:
            # No need to wait for the end of one's own voice. What follows in the same breath is the caller's.
            self._overheard(meant, turn.fresh)
            self._go_on(at)
            self._listening.turn.echoed = len(event.text.split())

    def eager_end_of_turn(self, event: e.EagerEndOfTurn, at: float) -> None:
        listening = self._listening
        if listening.is_repeat(event.text, at):
            return
        if self._reopens(event.text, at):
            listening.eager_end_of_turn(event, at)
            return
        listening.turn.hear(event.text, final=False)
        if not self._limits(at).interruptible:
            return
        if self._meaning(listening.turn.interim, at, final=True) is Meaning.INTERRUPTION:
            self._interrupt(at)
            listening.open(at)
            listening.set_end(at)
            self._replies.speculate(listening.whole(listening.turn.text), at)

    def end_of_turn(self, event: e.EndOfTurn, at: float) -> None:
        text, listening = event.text.strip(), self._listening
        if listening.is_repeat(text, at, final=True):
            return
        if self._reopens(text, at):
            listening.end_of_turn(event, at)
            return
        meant = self._meaning(listening.turn.own(text), at, final=True)
        if meant is Meaning.INTERRUPTION and not self._limits(at).interruptible:
            listening.turn.hold(text)
            listening.turn.voiced = listening.turn.noticed = False
            return
        if meant is Meaning.INTERRUPTION:
            self._interrupt(at)
            listening.end_of_turn(event, at)
            return
        if meant is Meaning.CHECK_IN:
            self._reassure(text, at)
            return
        self._overheard(meant, text)
        listening.turn = CallerTurn(held=listening.turn.held, keys=listening.turn.keys)
        if self._floor.state is State.PAUSED:
            self._go_on(at)

    def key_pressed(self, event: e.DtmfReceived, at: float) -> None:
        """Keys interrupt like words do; over what must be heard they are kept until it was."""
        if self._replies.is_own_key(event.digit, at):
            return
        if not self._limits(at).interruptible or (self._agreed() and not self._asks_before_goodbye(at)):
            self._listening.turn.keys += event.digit
            return
        self._interrupt(at)
        self._listening.open(at)
        self._listening.key_pressed(event, at)

    # -- what follows -------------------------------------------------------------------------------

    def _reopens(self, text: str, at: float) -> bool:
        """Whether the words belong to the turn before; then that is open again, and its answer forgotten."""
        if not (text.strip() and self._listening.closed_too_early and self._replies.nothing_heard(at)):
            return False
        if self._replies.current.kind == "keys":
            return False
        self._replies.drop(at)
        self._listening.reopen()
        self._listening.open(at)
        return True

    def _interrupt(self, at: float) -> None:
        stopped = self._paused_at if self._floor.state is State.PAUSED else at
        answered = self._question_heard(at)  # an answer is no quarrel
        self._replies.interrupt(at, quiet_until=at if answered else stopped + self._floor.policy.back_off)

    def _go_on(self, at: float) -> None:
        """The sound meant nothing."""
        turn = self._listening.turn
        self._listening.turn = CallerTurn(
            held=turn.held, keys=turn.keys, voiced=turn.noticed, sounded=turn.sounded, noticed=turn.noticed
        )
        self._replies.resume(at)

    def _reassure(self, text: str, at: float) -> None:
        """The caller wants to know whether anybody is there. That takes nothing back, and no wait begins anew."""
        listening, reply = self._listening, self._replies.current
        reply.over.append(text)
        self._floor.emit("check_in", text=text)
        listening.turn = CallerTurn(held=listening.turn.held, keys=listening.turn.keys)
        if self._floor.state is State.PAUSED:
            self._go_on(at)
        if self._replies.reply is reply:
            self._replies.reassure(at)

    def _overheard(self, meant: Meaning, text: str) -> None:
        """Words that want no answer."""
        if meant is Meaning.BACKCHANNEL:
            self._replies.current.over.append(text)
            self._floor.emit("agreed" if self._agreeing_words() is not None else "backchannel", text=text)
        elif meant is Meaning.ECHO:
            self._floor.emit("echo", text=text)

    def _limits(self, at: float) -> Interruption:
        """What it takes to interrupt the agent now."""
        if self._floor.state is State.PAUSED:
            return self._paused
        reply, policy = self._replies.current, self._floor.policy
        if reply.kind in ("farewell", "keys", "voicemail") or not reply.playout.interruptible(at):
            return Interruption(interruptible=False)
        if reply.kind == "greeting":
            return policy.greeting
        return policy.speaking if reply.playout.ends_at > at else policy.thinking

    def _meaning(self, text: str, at: float, *, final: bool = False) -> Meaning:
        reply, limits = self._replies.current, self._limits(at)
        if reply.kind == "keys":  # what is said over tones has nothing to do with them
            return Meaning.INTERRUPTION if text else Meaning.NOTHING
        playout, begun, leaving = reply.playout, self._listening.turn.echoed > 0, reply.then is not None
        agreed = self._agreeing_words()
        awaited = check_in(self._floor.language).words if self._waited_for(at) else None
        asked = self._asks_before_goodbye(at) if self._agreed() else self._question_heard(at)
        echo = echo_needed(self._floor.policy, begun=begun, asked=self._question_heard(at, but=1))

        def against(before: int) -> Meaning:
            said = playout.around(at, before=before, after=ECHO_LEAD)
            policy, needed = self._floor.policy, limits.words
            return meaning(
                text, policy, needed=needed, asked=asked, leaving=leaving, agreed=agreed, awaited=awaited, final=final,
                agent=said, echo=echo,
            )  # fmt: skip

        words = self._listening.turn.echoed + len(text.split())  # in one breath
        meant = against(max(ECHO_REACH, words + ECHO_LAG))
        if meant is Meaning.INTERRUPTION and not asked and self._first_word_echoed(text, at):
            return Meaning.ECHO
        if meant is not Meaning.ECHO or words >= NO_ANSWER:
            return meant
        latest = against(words + ECHO_LAG)
        return latest if final or latest is Meaning.ECHO else Meaning.NOTHING  # more words will tell

    def _agreed(self) -> bool:
        """Whether what is being said was agreed on: it ends the call, or connects the caller to somebody."""
        reply = self._replies.current
        # Who is told goodbye for their silence may speak up after all.
        return reply.then is not None and reply.kind != "idle"

    def _agreeing_words(self) -> Lexicon | None:
        """What takes back nothing of what is being said: thanks over a transfer, "yes, hi" over the greeting."""
        language = self._floor.language
        if self._agreed():
            return agreement(language)
        return picking_up(language) if self._replies.current.kind == "greeting" else None

    def _asks_before_goodbye(self, at: float) -> bool:
        """Whether a goodbye has a question in it, which is not answered yet: "is there anything else?". Over a transfer
        it is "is that all right?".
        """
        reply = self._replies.current
        return isinstance(reply.then, Hangup) and bool(reply.playout.heard(at)) and self._question_heard(at)

    def _waited_for(self, at: float) -> bool:
        """Whether the caller waits for an answer, or did so when they began to speak."""
        return self._awaited if self._floor.state is State.PAUSED else self._replies.awaited(at)

    def _first_word_echoed(self, text: str, at: float) -> bool:
        paused = self._floor.state is State.PAUSED
        return first_word_echoed(
            text, self._begun if paused else self._just_begun(at), self._floor.policy, self._floor.language
        )

    def _just_begun(self, at: float) -> list[str]:
        return self._replies.current.playout.just_begun(at, words=FIRST_WORDS, after=ECHO_LEAD)

    def _question_heard(self, at: float, *, but: int = 3) -> bool:
        """Whether the caller has just heard a question, or all `but` so many words of it: "yeah" answers it."""
        reply, floor = self._replies.current, self._floor
        heard, text = reply.playout.heard(at), reply.playout.text
        if not heard and reply.kind == "answer":  # "Well," – "yeah": the question before it is still to be answered
            return wants_yes_or_no(floor.asked, floor.language) and not says_yes_or_no(floor.unanswered, floor.language)
        if "?" in " ".join(heard.split()[-ANSWER_REACH:]):
            return True
        nearly = len(text[len(heard) :].split()) <= but
        return bool(heard) and reply.written and nearly and text.rstrip().endswith("?")

    def _finished_without_turn_events(self, at: float) -> bool:
        """Whether words too few to interrupt are all there will be: then they are an answer, see `meaning`."""
        turn = self._listening.turn
        if self._floor.turn_events or turn.voiced or not turn.settled:
            return False
        return self._meaning(turn.fresh, at, final=True) is Meaning.INTERRUPTION
