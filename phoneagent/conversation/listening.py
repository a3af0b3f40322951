"""The caller's side: an open turn, and when it is over."""

from __future__ import annotations

from collections.abc import Callable

from . import events as e
from .caller_turn import CallerTurn
from .commands import Hangup, MoveOn
from .deadlines import Reason
from .do_not_call import asks_not_to_be_called
from .endpointing import rule_for, silence_needed, unfinished
from .floor import Floor
from .keypad import Keypad
from .late_words import compact, words_again
from .latency import Waterfall
from .meaning import NO_ANSWER, Meaning, echo_needed, meaning, normalised
from .moments import patience
from .policy import EndpointingRule
from .replies import Replies
from .reply import Kind
from .states import State
from .transcript import Turn

QUIET_BEFORE_MOVE = 3.0  # seconds: who has not answered by then is thinking, and hears nothing of a stream that changes
TAKEN_UP = 1.5  # seconds in which who was cut off in the middle of a sentence goes on with it
REPEAT_WITHIN = 2.0  # seconds; words that come again so soon, without a sound, are a repeated message of the ears
SETTLES_WITHIN = 5.0  # seconds from the end of a turn to its last final; smart formatting may hold one for three
REWRITTEN = (0.3, 1.5)  # of its letters: a transcript that is formatted ("March 3rd") is shorter, and hardly longer


class Listening:
    """Handles what the caller says and presses while the floor is theirs.

    `takes_turn` is asked whether it has dealt with what was said; otherwise the model answers.
    """

    def __init__(self, floor: Floor, replies: Replies, *, takes_turn: Callable[[str, float], bool]) -> None:
        self.turn = CallerTurn()
        self._takes_turn = takes_turn
        self._floor = floor
        self._replies = replies
        self.keypad = Keypad(floor, replies)
        self._closed = CallerTurn()  # the turn before, and when it was closed
        self._closed_at = float("-inf")
        self._told, self._told_at = "", float("-inf")  # the last that the ears told of it, and when
        self._patience = 0.0  # seconds that the caller has asked for; 0: they have not
        self._idle_prompts = 0
        self._idle_since = 0.0
        self._to_say: list[e.ControlReceived] = []  # an operator's words and keys, for when the agent is free
        self._owed: Kind | None = None  # what the model is to be asked for when the agent is free

    def listen(self, at: float) -> None:
        """Nobody speaks: wait for the caller."""
        spoke_until = self._floor.spoke_until  # a model may have had nothing to say after a filler
        self._idle_since = spoke_until if spoke_until > self._closed_at else at
        self._await_words(at)

    def hold_on(self, at: float) -> None:
        """Who is called has been asked for a moment of patience, and gives no answer."""
        self._replies.abandon_speculation()
        self._patience = self._floor.policy.idle_when_waiting
        self.listen(at)

    def _await_words(self, at: float) -> None:
        """Wait on: sounds without words do not make a silence shorter, or a noisy line would never be asked.

        It begins with the agent's last word: the sound may have been the end of that, back over the line.
        """
        policy = self._floor.policy
        self.turn = CallerTurn()
        self._floor.enter(State.LISTENING)
        wait = max(policy.idle_after, self._patience)
        since = max(self._idle_since, self._floor.spoke_until)
        self._floor.deadlines.set(Reason.SILENCE, max(at + policy.final_within, since + wait))
        if self._floor.moving:
            self.await_move(at)

    def await_move(self, at: float) -> None:
        """Leave the call to another process when the caller remains silent."""
        if not self._replies.tools_with_effects:
            self._floor.deadlines.set(Reason.MOVE, at + QUIET_BEFORE_MOVE)

    def take_up(self, heard: str, at: float) -> None:
        """The caller was saying this when another process lost the call: they go on, or wait for the answer."""
        self.turn.hold(heard)
        self.open(at)
        self._floor.deadlines.set(Reason.END_OF_TURN, at + TAKEN_UP)

    def open(self, at: float) -> None:
        """The floor is the caller's."""
        self._floor.enter(State.CALLER_SPEAKING)
        self._limit(at)

    def _limit(self, at: float) -> None:
        """A turn may last long, a sound may not."""
        policy, turn = self._floor.policy, self.turn
        limit = policy.turn_at_most if turn.text else min(policy.sound_at_most, policy.turn_at_most)
        self._floor.deadlines.set(Reason.TURN_LIMIT, at + limit)

    # -- sounds and words ---------------------------------------------------------------------------

    def speech_started(self, event: e.SpeechStarted, at: float) -> None:
        self.turn.sound(event.source)
        self.open(at)
        if not self.turn.noticed:
            self.set_end(at)  # nobody would tell of the end of a sound that only the ears have heard

    def speech_goes_on(self, event: e.SpeechStarted | e.TurnResumed, at: float) -> None:
        quiet_since = None if self.turn.voiced else self.turn.voice_ended
        late = quiet_since is not None and at - quiet_since < self._floor.policy.words_within
        if late and isinstance(event, e.SpeechStarted) and event.source == "stt":
            return  # the ears tell of a sound that is over already: nobody would tell of its end
        self.turn.sound(event.source if isinstance(event, e.SpeechStarted) else "stt")
        if self.turn.noticed or self._floor.state is not State.CALLER_SPEAKING:
            self._floor.deadlines.drop(Reason.END_OF_TURN)
        else:
            self.set_end(at)

    def speech_stopped(self, event: e.SpeechStopped, at: float) -> None:
        """The end of a sound over the agent; or of the turn before: the voice detector is slower than the ears."""
        if self.turn.sounded:
            self.turn.fall_silent(event.ended)
        waterfall = self._replies.reply.waterfall if self._replies.reply else Waterfall()
        if waterfall.speech_ended is None and event.ended <= (waterfall.end_of_turn or 0.0):
            waterfall.speech_ended = event.ended

    def speech_pauses(self, event: e.SpeechStopped, at: float) -> None:
        self.turn.fall_silent(event.ended)
        self.set_end(at)

    def partial_transcript(self, event: e.PartialTranscript, at: float) -> None:
        if self.is_repeat(event.text, at, final=event.final):
            return
        wordless = not self.turn.text
        self.turn.hear(event.text, final=event.final)
        if not self.turn.text:
            return
        if self._floor.state is State.LISTENING:
            self.open(at)
        elif wordless:
            self._limit(at)
        self._replies.abandon_speculation(unless=self.whole(self.turn.text))
        self.set_end(at)

    def is_repeat(self, text: str, at: float, *, final: bool = False) -> bool:
        """Whether this is what the turn before, or the held part of this one, ended with.

        The ears tell some things twice, or late.
        """
        told, turn = normalised(text), self.turn
        if turn.held and not turn.sounded:
            return bool(told) and normalised(turn.held[-1]) == told
        if self._settles(text, at, final=final):
            return True
        recent = turn.untouched and at - self._told_at < REPEAT_WITHIN
        return recent and bool(told) and normalised(self._told).startswith(told)

    def _settles(self, text: str, at: float, *, final: bool) -> bool:
        """Whether these are only the words of the turn before, on which the ears had not settled when it was answered.

        It is too late to answer them otherwise, but not for the transcript. What is new behind them is the present
        turn's. As long as nothing was heard of the answer, the turn is opened again instead: see `reopen`.
        """
        turn, known = self.turn, self._closed.unsettled
        owed = known and at - self._closed_at < SETTLES_WITHIN and not (turn.held or turn.segments or turn.keys)
        if not owed or not text.strip() or self._can_reopen(at):
            return False
        # After a sound the same words may be said again, and corrected: then only what is the very same is no news.
        again, count = words_again(known, text, exactly=not turn.untouched), len(text.split())
        if final and turn.untouched and not again:  # no sound since: it is the same, however it is written
            least, most = (share * len(compact(known)) for share in REWRITTEN)
            again = count if least <= len(compact(text)) <= most else 0
        if again < count:
            turn.told = again
            if final and again:
                self._closed.settle()
            return False
        if not final:
            return turn.untouched or bool(turn.interim) or normalised(text) != normalised(known)
        if self._floor.unanswered and normalised(text) != normalised(known):
            settled = " ".join(filter(None, [*self._closed.held, *self._closed.segments, self._closed.own(text)]))
            self._floor.caller_said(" ".join(filter(None, [self._closed.before, settled])), at)
        self._closed.settle()
        self._told, self._told_at = text, at
        return True

    def _can_reopen(self, at: float) -> bool:
        answering = self._floor.state in (State.THINKING, State.SPEAKING, State.PAUSED)
        return answering and self.closed_too_early and self._replies.nothing_heard(at)

    def _is_echo(self, words: str) -> bool:
        """Whether the turn began over the agent, and its words are nothing but the agent's, back over the line.

        A few of many words may be an answer to them; all of a few are none.
        """
        turn, policy = self.turn, self._floor.policy
        if not turn.over or turn.held or turn.keys:
            return False
        answer = turn.over.endswith("?") or len(turn.over.split()) >= NO_ANSWER
        echo = echo_needed(policy, begun=turn.echoed > 0, asked=answer)
        return meaning(words, policy, needed=1, final=True, agent=turn.over, echo=echo) is Meaning.ECHO

    # -- the end of the turn ------------------------------------------------------------------------

    def eager_end_of_turn(self, event: e.EagerEndOfTurn, at: float) -> None:
        if self.is_repeat(event.text, at):
            return
        if self._floor.state is State.LISTENING:
            self.open(at)
        self.turn.hear(event.text, final=False)
        self._limit(at)
        self.set_end(at)
        if not self.turn.keys:  # the answer will be to the keys as well
            self._replies.speculate(self.whole(self.turn.text), at)

    def turn_resumed(self, _: e.TurnResumed, at: float) -> None:
        self.turn.sound()
        self._replies.abandon_speculation()

    def end_of_turn(self, event: e.EndOfTurn, at: float) -> None:
        text = event.text.strip()
        if self.is_repeat(text, at, final=True):
            return
        if self._is_echo(self.turn.own(text)):
            self._nothing_said(at)
        elif self.turn.keys:
            self.turn.hear(text, final=True)
            self.turn.voiced = False
            if self.keypad.idle:
                self.answer(at)
        elif self.turn.own(text):
            self.turn.hold(text)
            self._answer_or_hold(at)
        elif self.whole(" ".join(self.turn.held)):
            self.turn.forget()
            self._answer_or_hold(at)
        elif self._floor.state is State.CALLER_SPEAKING:
            self._nothing_said(at)

    def _answer_or_hold(self, at: float) -> None:
        """The ears take the turn for complete; a rule may know better, and waits for more."""
        turn = self.turn
        rule = self._rule(turn.text)
        until = (at if turn.voice_ended is None else turn.voice_ended) + rule.silence if rule else at
        if until <= at:
            self.answer(at)
            return
        turn.voiced = False
        if self._floor.state is not State.CALLER_SPEAKING:
            self.open(at)
        self._replies.speculate(self.whole(turn.text), at)
        self._floor.deadlines.set(Reason.END_OF_TURN, until)

    def _rule(self, text: str) -> EndpointingRule | None:
        """What holds back an end of turn that the ears tell."""
        floor = self._floor
        return rule_for(text, floor.asked, floor.policy, turn_events=True, language=floor.language, search=floor.search)

    def set_end(self, at: float) -> None:
        """When the turn counts as over if nothing more is heard. What seems complete is answered ahead."""
        if not self.keypad.idle:
            return  # keys are pressed more slowly than words are said, and their tones sound like a voice
        turn, policy, asked = self.turn, self._floor.policy, self._floor.asked
        silent_since = at if turn.voiced or turn.voice_ended is None else turn.voice_ended
        if self._floor.turn_events:
            wait = policy.end_of_turn_within
            if turn.text and not turn.voiced and turn.voice_ended is not None and not unfinished(turn.text):
                wait = min(wait, policy.silence_at_most)  # we hear nobody: the ears may have lost it
            if turn.held and turn.settled and not turn.voiced:  # the ears have ended it, and it waited for more
                rule = self._rule(turn.text)
                wait = rule.silence if rule else policy.words_within
        elif turn.noticed or not turn.text:
            wait = policy.silence_at_most
        else:
            wait = silence_needed(
                turn.text, policy, asked=asked, language=self._floor.language, search=self._floor.search
            )
            heard_out = turn.settled or turn.voice_ended is not None
            if heard_out and not unfinished(turn.text, self._floor.language) and not turn.keys:
                self._replies.speculate(self.whole(turn.text), at)
            if not turn.settled:
                wait = max(policy.final_within, wait)
                silent_since = max(silent_since, at - wait + policy.final_within)  # transcripts may be late as a whole
        self._floor.deadlines.set(Reason.END_OF_TURN, max(at, silent_since + wait))

    def overdue(self, at: float) -> None:
        """Silence, or a limit, has ended the turn."""
        if self.whole(self.turn.text) and not self._is_echo(self.turn.text):
            self.answer(at)
        else:
            self._nothing_said(at)

    def answer(self, at: float) -> None:
        """The caller's turn is over: save it, and reply."""
        turn, policy, floor = self.turn, self._floor.policy, self._floor
        self.keypad.seal(turn)
        text = self.whole(turn.text)
        turn.before = self._before()
        self._closed, self._closed_at, self.turn = turn, at, CallerTurn()
        self._told, self._told_at = turn.interim or turn.text, at
        floor.caller_said(text, at)
        floor.emit("caller_turn", text=text)
        self._idle_prompts = 0
        self._patience = patience(turn.text, floor.language, policy, search=floor.search)
        if floor.moving and not self._replies.tools_with_effects:
            self._replies.leave(MoveOn(), at)
            return
        unwanted = floor.number_known and asks_not_to_be_called(turn.text, floor.language)
        if unwanted:
            floor.block_caller()
        if floor.muted:
            self._replies.leave_unanswered(text)
            self.listen(at)
            return
        if unwanted:
            self._replies.leave_unanswered(text)
            self._replies.say("answer", self._replies.block_confirmed, at)
            return
        if self._takes_turn(turn.text, at):
            return
        self._owed = None  # the answer follows from an operator's notes as well
        self._replies.answer(text, None if turn.keys else turn.voice_ended, at)

    def _nothing_said(self, at: float) -> None:
        """It was a sound, and no words."""
        self._replies.abandon_speculation()
        if not self._go_on_by_ourselves(at):
            self._await_words(at)

    def _go_on_by_ourselves(self, at: float) -> bool:
        """Say what an operator wants to be said, or have the model say what is owed; False if there is nothing."""
        if self._to_say:
            self._speak_for_operator(at)
        elif self._owed and not self._floor.muted:
            kind, self._owed = self._owed, None
            self._replies.ask_model(at, kind=kind)
        else:
            return False
        return True

    def whole(self, text: str) -> str:
        """The caller's words together with those that were not answered yet."""
        return " ".join(filter(None, [self._before(), text]))

    def _before(self) -> str:
        return self._floor.unanswered if self.turn.before is None else self.turn.before

    # -- words that come late -----------------------------------------------------------------------

    @property
    def closed_too_early(self) -> bool:
        """Whether words that come now belong to the turn before: the ears had not settled on it, and no sound since."""
        return self.turn.untouched and not self._closed.settled

    def reopen(self) -> None:
        """The turn before was not over, or not understood to its end."""
        self.turn, self._closed = self._closed, CallerTurn()
        if self.turn.kept:
            self.turn.hold_keys()
        self._closed_at = self._told_at = float("-inf")

    # -- afterwards ---------------------------------------------------------------------------------

    def after_reply(self, at: float) -> None:
        """The agent has finished: whose turn is it?"""
        turn = self.turn
        if self._replies.asked_to_wait:
            self._patience = max(self._patience, self._floor.policy.idle_when_waiting)
        self._replies.asked_to_wait = False
        if turn.keys:
            self._await_keys(at)
        elif turn.held and turn.settled and not turn.voiced:
            self.answer(at)
        elif turn.voiced or turn.text:
            turn.over = self._floor.asked
            self.open(at)
            if not turn.noticed:
                self.set_end(at)
        elif not self._go_on_by_ourselves(at):
            self.listen(at)

    # -- the operator -------------------------------------------------------------------------------

    def operator_says(self, event: e.ControlReceived, at: float) -> None:
        """Now, or when the agent is free. Keys do not wait for the caller: who recites a menu goes on and on."""
        self._to_say.append(event)
        over_caller = self._floor.state is State.CALLER_SPEAKING and event.action == "dtmf" and len(self._to_say) == 1
        if self._floor.state is State.LISTENING or over_caller:
            self._speak_for_operator(at)

    def _speak_for_operator(self, at: float) -> None:
        said = self._to_say.pop(0)
        if said.action == "dtmf":
            self._replies.press(said.argument, at)
        else:
            self._replies.say("operator", said.argument, at, interruptible=said.interruptible)

    def forget_operators_words(self) -> None:
        """What waits to be said will not be."""
        self._to_say.clear()

    def instructed(self, event: e.ControlReceived, at: float) -> None:
        """A note for the model: what was begun without it is not the answer any more, unless it is being said."""
        self._floor.save(Turn("operator", event.argument, at))
        self._floor.emit("operator_note", text=event.argument, answer=event.answer)
        self._replies.abandon_speculation()
        if event.answer:
            self._owe("instructed", at)

    def unmuted(self, at: float) -> None:
        """Answer what was said to a silent agent, and what a tool has told it."""
        last = self._floor.last_spoken
        if last is not None and last.role != "agent":
            self._owe("answer", at)
        elif self._owed:
            self._owe(self._owed, at)

    def _owe(self, kind: Kind, at: float) -> None:
        self._owed = kind
        if self._floor.state is State.LISTENING:
            self._go_on_by_ourselves(at)

    # -- keys ---------------------------------------------------------------------------------------

    def key_pressed(self, event: e.DtmfReceived, at: float) -> None:
        """An entry is complete with the key that ends it, with its last digit, or when no further key follows."""
        if self._replies.is_own_key(event.digit, at):
            return
        self.turn.keys += event.digit
        self._await_keys(at)

    def keys_expected(self, event: e.KeysExpected, at: float) -> None:
        """The mind knows what may be typed next."""
        self.keypad.expected = event

    def _await_keys(self, at: float) -> None:
        if self.keypad.complete(self.turn.keys):
            self.answer(at)
            return
        if self._floor.state is not State.CALLER_SPEAKING:
            self.open(at)
        self._replies.abandon_speculation()
        self.keypad.await_more(at)

    # -- silence, and the end -----------------------------------------------------------------------

    def prompt(self, at: float) -> None:
        """The caller has been silent for long. Not while a tool works for them: that wait is ours."""
        phrasing = self._floor.phrasing
        prompts = phrasing.idle_prompts
        if self._floor.muted or self._replies.tools_with_effects:
            self._floor.deadlines.set(Reason.SILENCE, at + self._floor.policy.idle_after)
            return
        self._patience = 0.0
        if not prompts or self._idle_prompts >= self._floor.policy.idle_prompts:
            # Who speaks up now is not silent any more: it can be interrupted, unlike other goodbyes.
            self._replies.say("idle", phrasing.idle_goodbye, at, then=Hangup("silence"))
            return
        self._idle_prompts += 1
        self._replies.say("idle", prompts[min(self._idle_prompts, len(prompts)) - 1], at)

    def last_words(self, event: e.PartialTranscript | e.EagerEndOfTurn, at: float) -> None:
        final = isinstance(event, e.PartialTranscript) and event.final
        if self.is_repeat(event.text, at, final=final):
            return
        self.turn.hear(event.text, final=final)

    def last_turn(self, event: e.EndOfTurn, at: float) -> None:
        if event.text.strip() and not self.is_repeat(event.text, at, final=True):
            self.turn.hold(event.text.strip())
            self.save_last_words(at)

    def save_last_words(self, at: float) -> None:
        """No more will be understood."""
        if self.turn.text:
            text = self.whole(self.turn.text)
            self._floor.caller_said(text, at)
            self._floor.emit("caller_turn", text=text)
        self.turn = CallerTurn()
