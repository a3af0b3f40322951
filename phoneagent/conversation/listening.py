"""The caller's side: an open turn, and when it is over."""

from __future__ import annotations

from . import events as e
from .caller_turn import CallerTurn
from .commands import Hangup
from .deadlines import Reason
from .endpointing import silence_needed
from .floor import Floor
from .latency import Waterfall
from .replies import Replies
from .states import State
from .transcript import Turn


class Listening:
    """Handles what the caller says and presses while the floor is theirs."""

    def __init__(self, floor: Floor, replies: Replies) -> None:
        self.turn = CallerTurn()
        self.pending = ""  # said while the agent could not be interrupted; answered next
        self.idle_prompts = 0
        self.to_say: list[str] = []  # an operator's words, spoken when the agent is free
        self._floor = floor
        self._replies = replies

    def listen(self, at: float) -> None:
        """Nobody speaks: wait for the caller."""
        self.turn = CallerTurn()
        self._floor.enter(State.LISTENING)
        self._floor.deadlines.set(Reason.SILENCE, at + self._floor.policy.idle_after)

    def open(self, at: float) -> None:
        """The floor is the caller's."""
        self._floor.enter(State.CALLER_SPEAKING)
        self._floor.deadlines.set(Reason.TURN_LIMIT, at + self._floor.policy.turn_at_most)

    # -- sounds and words ---------------------------------------------------------------------------

    def speech_started(self, _: e.SpeechStarted, at: float) -> None:
        self.turn.voiced = True
        self.open(at)

    def speech_goes_on(self, event: e.SpeechStarted | e.TurnResumed, at: float) -> None:
        quiet_since = None if self.turn.voiced else self.turn.voice_ended
        late = quiet_since is not None and at - quiet_since < self._floor.policy.words_within
        if late and isinstance(event, e.SpeechStarted) and event.source == "stt":
            return  # the ears tell of a sound that is over already: nobody would tell of its end
        self.turn.voiced = True
        self._floor.deadlines.drop(Reason.END_OF_TURN)

    def speech_stopped(self, event: e.SpeechStopped, at: float) -> None:
        """The voice detector is slower than the ears: the turn is already being answered."""
        self.turn.fall_silent(event.ended)
        waterfall = self._replies.reply.waterfall if self._replies.reply else Waterfall()
        if waterfall.speech_ended is None and event.ended <= (waterfall.end_of_turn or 0.0):
            waterfall.speech_ended = event.ended

    def speech_pauses(self, event: e.SpeechStopped, at: float) -> None:
        self.turn.fall_silent(event.ended)
        self.set_end(at)

    def partial_transcript(self, event: e.PartialTranscript, at: float) -> None:
        self.turn.hear(event.text, final=event.final)
        if not self.turn.text:
            return
        if self._floor.state is State.LISTENING:
            self.open(at)
        self.set_end(at)

    # -- the end of the turn ------------------------------------------------------------------------

    def eager_end_of_turn(self, event: e.EagerEndOfTurn, at: float) -> None:
        if self._floor.state is State.LISTENING:
            self.open(at)
        self.turn.hear(event.text, final=False)
        if not self.turn.keys:  # the answer will be to the keys as well
            self._replies.speculate(self.whole(event.text), at)

    def turn_resumed(self, _: e.TurnResumed, at: float) -> None:
        self.turn.voiced = True
        self._replies.abandon_speculation()

    def end_of_turn(self, event: e.EndOfTurn, at: float) -> None:
        if self.turn.keys:
            self.turn.hear(event.text, final=True)
            self.turn.voiced = False
            if self._floor.deadlines.get(Reason.KEYPAD) is None:
                self.answer(self.turn.text, at)
        elif event.text.strip():
            self.answer(event.text, at)
        elif self._floor.state is State.CALLER_SPEAKING:
            self.nothing_said(at)

    def set_end(self, at: float) -> None:
        """When the turn counts as over if nothing more is heard."""
        if self._floor.deadlines.get(Reason.KEYPAD) is not None:
            return  # keys are pressed more slowly than words are said, and their tones sound like a voice
        turn, policy = self.turn, self._floor.policy
        silent_since = at if turn.voiced or turn.voice_ended is None else turn.voice_ended
        if self._floor.turn_events:
            wait = policy.end_of_turn_within
        elif turn.voiced or not turn.text:
            wait = policy.silence_at_most
        elif turn.settled:
            wait = silence_needed(turn.text, policy)
        else:
            wait = max(policy.final_within, silence_needed(turn.text, policy))
        self._floor.deadlines.set(Reason.END_OF_TURN, max(at, silent_since + wait))

    def overdue(self, at: float) -> None:
        """Silence, or a limit, has ended the turn."""
        if self.turn.text:
            self.answer(self.turn.text, at)
        else:
            self.nothing_said(at)

    def answer(self, text: str, at: float) -> None:
        """The caller's turn is over: save it, and reply."""
        text, self.pending = self.whole(text), ""
        heard_until, self.turn = self.turn.voice_ended, CallerTurn()
        self._floor.save(Turn("caller", text, at))
        self._floor.emit("caller_turn", text=text)
        self.idle_prompts = 0
        self._replies.answer(text, heard_until, at)

    def nothing_said(self, at: float) -> None:
        """It was a sound, and no words."""
        self._replies.abandon_speculation()
        if self.to_say:
            self.speak_for_operator(at)
        else:
            self.listen(at)

    def whole(self, text: str) -> str:
        """The caller's words together with those that had to wait for the agent."""
        return " ".join(filter(None, [self.pending, text.strip()]))

    def after_reply(self, at: float) -> None:
        """The agent has finished: whose turn is it?"""
        if self.pending:
            self.answer("", at)
        elif self.to_say:
            self.speak_for_operator(at)
        elif self.turn.voiced or (self.turn.text and not self._floor.turn_events):
            self.open(at)
            if not self.turn.voiced:
                self.set_end(at)
        else:
            self.listen(at)

    def speak_for_operator(self, at: float) -> None:
        self._replies.say("operator", self.to_say.pop(0), at)

    # -- keys ---------------------------------------------------------------------------------------

    def key_pressed(self, event: e.DtmfReceived, at: float) -> None:
        """A key: an entry is complete with `#`, or when no further key follows."""
        self.turn.keys += event.digit
        if event.digit == "#":
            self.answer(self.turn.text, at)
            return
        if self._floor.state is not State.CALLER_SPEAKING:
            self.open(at)
        self._replies.abandon_speculation()
        self._floor.deadlines.set(Reason.KEYPAD, at + self._floor.policy.keypad_pause)

    # -- silence, and the end -----------------------------------------------------------------------

    def prompt(self, at: float) -> None:
        """The caller has been silent for long."""
        phrasing = self._floor.phrasing
        prompts = phrasing.idle_prompts
        if not prompts or self.idle_prompts >= self._floor.policy.idle_prompts:
            self._replies.say("farewell", phrasing.idle_goodbye, at, then=Hangup("silence"))
            return
        self.idle_prompts += 1
        self._replies.say("idle", prompts[min(self.idle_prompts, len(prompts)) - 1], at)

    def last_words(self, event: e.PartialTranscript | e.EagerEndOfTurn, at: float) -> None:
        final = isinstance(event, e.PartialTranscript) and event.final
        self.turn.hear(event.text, final=final)

    def last_turn(self, event: e.EndOfTurn, at: float) -> None:
        if event.text.strip():
            self._floor.save(Turn("caller", event.text.strip(), at))
        self.turn = CallerTurn()

    def save_last_words(self, at: float) -> None:
        """No more will be understood."""
        if words := self.whole(self.turn.text):
            self._floor.save(Turn("caller", words, at))
        self.turn = CallerTurn()
