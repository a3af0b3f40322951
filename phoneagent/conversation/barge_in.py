"""The caller makes a sound while the agent speaks or thinks: stop at once, then find out whether it was meant.

What a sound means is told by its words (`meaning.py`). Until they come the reply is held; a cough or a backchannel lets
it go on at the word where it stopped.
"""

from __future__ import annotations

from . import events as e
from .caller_turn import CallerTurn
from .deadlines import Reason
from .floor import Floor
from .listening import Listening
from .meaning import Meaning, meaning
from .replies import Replies
from .states import State


class BargeIn:
    """Handles what the caller says and presses while the floor is the agent's."""

    def __init__(self, floor: Floor, listening: Listening, replies: Replies) -> None:
        self._floor = floor
        self._listening = listening
        self._replies = replies
        self._paused_at = 0.0  # when a sound over the agent made it pause

    # -- sounds -------------------------------------------------------------------------------------

    def speech_started(self, _: e.SpeechStarted, at: float) -> None:
        self._listening.turn.voiced = True
        if self._interruptible:
            self._replies.pause(at)
            self._paused_at = at
            self._floor.deadlines.set(Reason.CONFIRM, at + self._floor.policy.confirm_barge_in)

    def speech_stopped(self, event: e.SpeechStopped, at: float) -> None:
        self._listening.turn.fall_silent(event.ended)
        policy = self._floor.policy
        # A cough is over at once; whoever spoke for long has said something, and its transcript is under way.
        brief = at - self._paused_at < policy.confirm_barge_in
        self._floor.deadlines.set(Reason.CONFIRM, at + (policy.words_within if brief else policy.final_within))

    def unexplained(self, at: float) -> None:
        """No words came. Whoever goes on making a sound is not talked over, but not for ever either."""
        turn = self._listening.turn
        patience = self._paused_at + self._floor.policy.pause_at_most
        if turn.voiced and at < patience:
            self._floor.deadlines.set(Reason.CONFIRM, patience)
        elif self._finished_without_turn_events(at):
            self._interrupt(at)
            self._listening.answer(turn.text, at)
        else:
            self._go_on(at)

    # -- words --------------------------------------------------------------------------------------

    def partial_transcript(self, event: e.PartialTranscript, at: float) -> None:
        turn = self._listening.turn
        turn.hear(event.text, final=event.final)
        if not self._interruptible:
            return
        meant = self._meaning(turn.text, at)
        if meant is Meaning.INTERRUPTION:
            self._interrupt(at)
            self._listening.open(at)
            self._listening.set_end(at)
        elif meant is Meaning.BACKCHANNEL and event.final:
            turn.segments.clear()

    def eager_end_of_turn(self, event: e.EagerEndOfTurn, at: float) -> None:
        self._listening.turn.hear(event.text, final=False)
        if not self._interruptible:
            return
        if self._meaning(event.text, at, final=True) is Meaning.INTERRUPTION:
            self._interrupt(at)
            self._listening.open(at)
            self._replies.speculate(self._listening.whole(event.text), at)

    def end_of_turn(self, event: e.EndOfTurn, at: float) -> None:
        text, listening = event.text.strip(), self._listening
        if not self._interruptible:
            listening.pending = listening.whole(text)
            listening.turn = CallerTurn()
            return
        meant = self._meaning(text, at, final=True)
        if meant is Meaning.INTERRUPTION:
            self._interrupt(at)
            listening.answer(text, at)
            return
        if meant is Meaning.BACKCHANNEL:
            self._floor.emit("backchannel", text=text)
        listening.turn = CallerTurn()
        if self._floor.state is State.PAUSED:
            self._go_on(at)

    def key_pressed(self, event: e.DtmfReceived, at: float) -> None:
        self._interrupt(at)
        self._listening.open(at)
        self._listening.key_pressed(event, at)

    # -- what follows -------------------------------------------------------------------------------

    def _interrupt(self, at: float) -> None:
        reply = self._replies.current
        self._replies.drop(at)
        self._floor.emit("interrupted", reply=reply.id, heard=reply.playout.heard(at))

    def _go_on(self, at: float) -> None:
        """The sound meant nothing."""
        self._listening.turn = CallerTurn(voiced=self._listening.turn.voiced)
        self._replies.resume(at)

    @property
    def _interruptible(self) -> bool:
        reply, policy = self._replies.current, self._floor.policy
        if reply.kind == "greeting":
            return policy.interruptible_greeting
        return policy.interruptible and reply.kind != "farewell"

    def _meaning(self, text: str, at: float, *, final: bool = False) -> Meaning:
        return meaning(text, self._floor.policy, asked=self._question_heard(at), final=final)

    def _question_heard(self, at: float) -> bool:
        """Whether the caller has (nearly) heard a question, so that "yeah" answers it."""
        reply = self._replies.current
        heard, text = reply.playout.heard(at), reply.playout.text
        if heard.rstrip().endswith("?"):
            return True
        nearly = len(text[len(heard) :].split()) <= 3
        return bool(heard) and reply.written and nearly and text.rstrip().endswith("?")

    def _finished_without_turn_events(self, at: float) -> bool:
        """Whether words too few to interrupt are all there will be: then they are an answer, see `meaning`."""
        turn = self._listening.turn
        if self._floor.turn_events or turn.voiced or not turn.settled:
            return False
        return self._meaning(turn.text, at, final=True) is Meaning.INTERRUPTION
