"""The agent's side: one reply at a time, from the first request to the last word heard."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping

from phoneagent.errors import MisuseError

from . import events as e
from .check_in import check_in
from .commands import (
    CancelReply,
    CancelTool,
    ClearPlayback,
    FinishSpeech,
    HandOver,
    Hangup,
    MoveOn,
    PressKeys,
    RunTool,
    SendAudio,
    SendDtmf,
    SendMark,
    StartReply,
    Synthesize,
    Transfer,
)
from .deadlines import Reason
from .do_not_call import confirmation
from .fillers import Fillers
from .floor import Floor
from .meaning import normalised
from .phrases import Phrases
from .playout import Phrase, Playout
from .reply import Kind, Reply
from .round_trip import RoundTrip
from .running_tools import (
    BLOCKED,
    DO_NOT_CALL,
    KEYS,
    KEYS_AT_MOST,
    NO_KEYS,
    NO_MORE,
    NOT_BLOCKED,
    OVERDUE,
    PRESSED,
    REPEATED,
    TOO_MANY,
    WAIT,
    WAITING,
    RunningTools,
)
from .speculation import Speculation
from .states import State
from .transcript import ToolCall, Turn

BROKE_OFF = (
    "The line broke off in the middle of your answer. The caller has heard what you see of it: go on from there, and "
    "say nothing that contradicts it."
)

DISCLOSED_AT_MOST = 3
"""Times that a disclosure is begun: nobody can cut the second one, so only a voice that fails needs a third."""

UNDISCLOSED: frozenset[Kind] = frozenset({"farewell", "keys", "voicemail", "screening"})
"""What is said to machines, and when the call is over."""

KEYS_RETURN = 1.0  # seconds; a line's echo takes up to 0.54, and the carrier reports a key when its tone is over


class Replies:
    """Asks the model, gives phrases to the voice, sends audio, and keeps what was heard.

    `after_reply` is called when a reply was heard to its end and nothing is to follow it: the floor is free.
    """

    def __init__(self, floor: Floor, *, tools: RunningTools, after_reply: Callable[[float], None]) -> None:
        self.reply: Reply | None = None
        self.next_id = 1
        self.asked_to_wait = False  # by the caller, as the model has understood
        self._floor = floor
        self._after_reply = after_reply
        self._tools = tools
        self._asked = ""  # the caller's words that the present reply answers
        self._failures = 0  # replies that failed in a row
        self._speculation = Speculation(floor)
        self._fillers = Fillers(floor.phrasing)
        self._quiet_until = 0.0  # after an interruption
        self._reassured_at = -math.inf  # when the caller was last told that the agent is there
        self._own_keys, self._own_keys_until = "", 0.0  # whose tones may come back from the line until then
        self._line = RoundTrip()
        self._discloses = bool(floor.phrasing.disclosure)  # it has still to be heard
        self._disclosures = 0  # so often it was begun

    @property
    def current(self) -> Reply:
        """The reply under way. Raises `MisuseError` when there is none."""
        if self.reply is None:
            raise MisuseError(f"no reply in state {self._floor.state.value!r}")
        return self.reply

    def _live(self, reply: int) -> Reply | None:
        """The reply an event belongs to, or None if it was cancelled: then the event is late."""
        return self.reply if self.reply and self.reply.id == reply else None

    # -- a reply begins -----------------------------------------------------------------------------

    def answer(self, text: str, heard_until: float | None, at: float) -> None:
        """Reply to the caller's turn that has just been saved: by what was begun for these words, or anew."""
        self._asked = text
        self._speculation.turn_ended()
        reply = self.reply
        if reply and reply.speculative_for == normalised(text):
            reply.speculative_for = None
            reply.since = reply.asked = at
            self._speculation.paid(reply, at)
        else:
            self.abandon_speculation()
            reply = self.ask_model(at)
        reply.waterfall.speech_ended = heard_until
        reply.waterfall.end_of_turn = at
        since = at if heard_until is None else heard_until
        reply.asked = max(since, at - self._floor.policy.filler_after / 2)  # an answer that is on time needs no filler
        reply.not_before = max(self._quiet_until, since + self._floor.policy.respond_after)
        if self._floor.state is not State.THINKING:
            self._commit(reply, at)
        else:
            self._watch(at)

    def ask_model(self, at: float, *, kind: Kind = "answer", after: str = "") -> Reply:
        """Begin a reply to the turns so far. `after`: an announcement that is said first."""
        reply = self._new(kind, at)
        if running := self.tools_with_effects:
            # Started by a reply that was cut. Asked before they return, the model would start them again.
            reply.running_tools.update(running)
            reply.written = True
        else:
            reply.owed_since = at
            self._floor.want(StartReply(reply.id, tuple(self._floor.turns)))
        self._think(at)
        self._announce(reply, after, at)
        return reply

    def say(
        self,
        kind: Kind,
        text: str,
        at: float,
        *,
        then: Hangup | None = None,
        interruptible: bool = True,
        after: str = "",
    ) -> None:
        """Speak a fixed phrase, without asking the model. `after`: an announcement that is said first."""
        reply = self._new(kind, at)
        reply.then = then
        reply.written = True
        self._think(at)
        self._announce(reply, after, at)
        reply.text += text
        if text:
            self._speak(reply, Phrase(text, interruptible), at)
        self._hand_over(reply)

    @property
    def block_confirmed(self) -> str:
        """What is said to who does not want to be called again."""
        return self._floor.phrasing.do_not_call or confirmation(self._floor.language)

    def go_on(self, said: str, rest: str, at: float) -> None:
        """Say the rest of an answer of which so much was heard before the media stream was lost."""
        if self._floor.muted:
            self._floor.save(Turn("agent", said, at, interrupted=True, generated=f"{said} {rest}"))
            self._after_reply(at)
            return
        reply = self._new("answer", at)
        reply.before = said
        reply.text = rest
        reply.written = True
        self._think(at)
        for phrase in (*reply.phrases.feed(rest), *reply.phrases.flush()):
            self._speak(reply, Phrase(phrase), at)
        self._hand_over(reply)

    def answer_again(self, said: str, at: float) -> None:
        """So much was heard of an answer that nobody knows the rest of: the model is told, and goes on from there."""
        self._floor.save(Turn("agent", said, at, interrupted=True))
        self._floor.save(Turn("operator", BROKE_OFF, at))
        if self._floor.muted:
            self._after_reply(at)
        else:
            self.ask_model(at)

    def saying(self, at: float) -> tuple[str, str] | None:
        """See `Conversation.saying`."""
        reply = self.reply
        if reply is None or reply.kind not in ("answer", "instructed") or reply.then is not None:
            return None
        if reply.waits_for_more or not (heard := reply.playout.heard(at)):
            return None
        if not reply.written:
            return _joined(reply.before, heard), ""
        said, rest = reply.playout.sentences(at)
        return (_joined(reply.before, said), rest) if rest else None

    def _announce(self, reply: Reply, announcement: str, at: float) -> None:
        """What must have been heard before anything else, and is told when it was."""
        owed = reply.owed_since  # by the model, of which these words are not
        if disclosure := self._disclosure_owed(reply):
            # Cut once, by who says hello while they pick up, it is said again and then to its end.
            first = self._disclosures == 1 and not announcement
            self._notice(reply, "disclosed", Phrase(disclosure, interruptible=first), at)
        if announcement:
            self._notice(reply, "announced", Phrase(announcement, interruptible=False), at)
        reply.owed_since = owed

    def _disclosure_owed(self, reply: Reply) -> str:
        """What has still to be heard before this reply; it counts as said once more."""
        if not self._discloses or reply.kind in UNDISCLOSED:
            return ""
        if self._disclosures == DISCLOSED_AT_MOST:
            self._discloses = False
            self._floor.emit("disclosure_unheard")
            return ""
        self._disclosures += 1
        return self._floor.phrasing.disclosure

    def _notice(self, reply: Reply, event: str, phrase: Phrase, at: float) -> None:
        reply.text += phrase.text
        reply.notices.append((event, len(reply.text)))
        reply.text += " "
        self._speak(reply, phrase, at)

    def _note_announced(self, reply: Reply, at: float) -> None:
        while reply.notices and len(reply.playout.heard(at)) >= reply.notices[0][1]:
            event, _ = reply.notices.pop(0)
            if event == "disclosed":
                self._discloses = False
            self._floor.emit(event)

    def press(self, digits: str, at: float) -> None:
        """Send the tones of keys."""
        self.abandon_speculation()
        reply = self._new("keys", at)
        reply.keys = digits
        reply.written = reply.handed_over = True
        self._own_keys, self._own_keys_until = digits, math.inf
        self._think(at)
        self._floor.want(SendDtmf(reply.id, digits))

    def is_own_key(self, digit: str, at: float) -> bool:
        """Whether a key that the carrier reports is one whose tone was sent, back over the line."""
        own = self.knows_key(digit, at)
        if own:
            self._floor.emit("echo", text="[keypad]")
        return own

    def knows_key(self, digit: str, at: float) -> bool:
        """The same, without a word about it."""
        return at < self._own_keys_until and digit in self._own_keys

    def leave_unanswered(self, text: str) -> None:
        """The caller has said something, and there is to be no reply for now."""
        self._asked = text
        self.abandon_speculation()

    def speculate(self, text: str, at: float) -> None:
        """Begin a reply to words that may not be the last."""
        words = normalised(text)
        if self.reply and self.reply.speculative_for == words:
            return
        self.abandon_speculation()
        if not words or self._floor.muted or not self._speculation.pays or self.tools_with_effects:
            return
        if self._discloses:
            return  # it comes first
        reply = self._new("answer", at)
        reply.speculative_for = words
        reply.owed_since = at
        self._floor.want(StartReply(reply.id, self._floor.turns_with_caller(text, at)))

    def abandon_speculation(self, *, unless: str = "") -> None:
        """Forget what was begun for words that were not the last; nothing else happens if nothing was.

        `unless`: the words are still these.
        """
        if self.reply and self.reply.speculative and self.reply.speculative_for != normalised(unless):
            self._floor.want(CancelReply(self.reply.id))
            self._speculation.lost(self.reply)
            self._cancel_tools(self.reply)
            self.reply = None

    def _new(self, kind: Kind, at: float) -> Reply:
        policy = self._floor.policy
        playout = Playout(
            self.next_id, self._line, marks_overdue=policy.marks_overdue, slice_samples=policy.slice_samples
        )
        self.reply = Reply(
            self.next_id, kind, Phrases(policy, language=self._floor.language), playout, began=at, since=at, asked=at
        )
        self.next_id += 1
        return self.reply

    @property
    def tools_with_effects(self) -> dict[str, ToolCall]:
        """Those that run and change something."""
        return self._tools.with_effects

    def _think(self, at: float) -> None:
        self._floor.enter(State.THINKING)
        self._watch(at)

    def _commit(self, reply: Reply, at: float) -> None:
        """A speculative reply has become the answer: let out what was held."""
        self._think(at)
        for turn in reply.tool_turns:
            self._floor.save(turn)
        phrases, reply.held_phrases = reply.held_phrases, []
        for phrase in phrases:
            self._speak(reply, phrase, at)
        calls, reply.held_tools = reply.held_tools, []
        for call in calls:
            self._run_tool(reply, call, at)
        if reply.written:
            self._written(reply, at)
        if self.reply is reply and self._floor.state is State.THINKING:
            self._send(reply, at)

    # -- the model writes ---------------------------------------------------------------------------

    def reply_text(self, event: e.ReplyText, at: float) -> None:
        if not (reply := self._live(event.reply)) or reply.written:
            return
        reply.waterfall.reach("first_token", at)
        reply.text += event.text
        reply.tokens += 1
        if event.interruptible is not reply.interruptible:
            self._speak_rest(reply, at)
            reply.interruptible = event.interruptible
        for phrase in reply.phrases.feed(event.text):
            self._speak(reply, Phrase(phrase, reply.interruptible), at)
            if not reply.speculative:
                self._watch(at)

    def _speak_rest(self, reply: Reply, at: float) -> None:
        for phrase in reply.phrases.flush():
            self._speak(reply, Phrase(phrase, reply.interruptible), at)

    def _speak(self, reply: Reply, phrase: Phrase, at: float) -> None:
        """Give a phrase to the voice; of a speculative reply only the first, the rest may never be needed."""
        if reply.speculative and reply.playout.phrases:
            reply.held_phrases.append(phrase)
            return
        if not phrase.filler:
            reply.waterfall.reach("first_phrase", at)
            reply.owed_since = None
        reply.playout.phrases.append(phrase)
        self._floor.want(Synthesize(reply.id, phrase.text))

    def reply_done(self, event: e.ReplyDone, at: float) -> None:
        if not (reply := self._live(event.reply)) or reply.written:
            return
        reply.written = True
        if event.cut:
            reply.phrases.cut()
        self._speak_rest(reply, at)
        if not reply.speculative:
            self._written(reply, at)

    def _written(self, reply: Reply, at: float) -> None:
        """The model has finished, for good or until its tools have returned."""
        if reply.blocks:
            self._floor.block_caller()
        if reply.running_tools:
            self._watch(at)
            return
        if reply.tools_answered:
            self._next_round(reply, at)
            return
        if reply.owed_since is not None and reply.then is None and self._tools_spent(reply, at):
            self._fail(reply, f"llm: no answer after {reply.rounds} rounds of tools", at)
            return
        if not reply.spoken and reply.blocks and reply.then is None:
            self._speak(reply, Phrase(self.block_confirmed), at)
        elif not reply.spoken:
            if isinstance(reply.then, Transfer | HandOver):
                self.leave(reply.then, at)
                return
            if reply.then is not None:
                self._speak(reply, Phrase(self._floor.phrasing.goodbye), at)
            elif self._end_without_words(reply, at):
                return
        elif reply.kind in ("answer", "instructed") and reply.then is None and self._ends_call(reply.text):
            reply.then = Hangup("agent")
        self._hand_over(reply)
        self._floor.tell_ears(Turn("agent", reply.text, at))
        self._watch(at)
        self._finish_if_heard(at)

    def _end_without_words(self, reply: Reply, at: float) -> bool:
        """The model has nothing to say: nobody apologises for that, the caller is listened to. Whether that is all;
        a filler that was begun is heard first.
        """
        if not (reply.waits or reply.presses):
            self._floor.emit("reply_empty", reply=reply.id)
        if reply.playout.phrases:
            return False
        self.drop(at)
        self._go_on(reply, at)
        return True

    def _next_round(self, reply: Reply, at: float) -> None:
        """The model reads what its tools have returned, and answers or asks for more. Not without end: some would."""
        reply.tools_answered = reply.written = False
        reply.rounds += 1
        if at >= self._turn_until(reply):
            self._fail(reply, "tools: no answer in time", at)
            return
        turns = self._turns_with(reply, at)
        if spent := self._tools_spent(reply, at):
            self._floor.emit("tool_rounds_over", reply=reply.id, rounds=reply.rounds)
            turns = (*turns, Turn("operator", NO_MORE, at))
        reply.owed_since = reply.since = at
        self._floor.want(StartReply(reply.id, turns, tools=not spent))
        self._watch(at)

    def _tools_spent(self, reply: Reply, at: float) -> bool:
        """Whether a reply has had all the rounds of tools, or all the time for them, that one turn may take."""
        return reply.rounds > 0 and (reply.rounds >= self._floor.policy.tool_rounds or at >= self._turn_until(reply))

    def _turn_until(self, reply: Reply) -> float:
        policy = self._floor.policy
        return reply.began + max(policy.turn_within, policy.tool_within + policy.reply_within)

    def _ends_call(self, text: str) -> bool:
        said = normalised(text)
        phrases = filter(None, map(normalised, self._floor.phrasing.end_call_phrases))
        return any(f" {said}".endswith(f" {phrase}") for phrase in phrases)

    def _turns_with(self, reply: Reply, at: float) -> tuple[Turn, ...]:
        """What the model reads when it goes on after its tools: its own words before them included."""
        turns = self._floor.turns
        if not reply.playout.phrases:
            return tuple(turns)
        before = [turn for turn in turns if turn not in reply.tool_turns]
        return (*before, Turn("agent", reply.playout.text, at), *reply.tool_turns)

    def _hand_over(self, reply: Reply) -> None:
        if not reply.handed_over:
            reply.handed_over = True
            self._floor.want(FinishSpeech(reply.id))

    def reply_failed(self, event: e.ReplyFailed, at: float) -> None:
        if not (reply := self._live(event.reply)):
            return
        if reply.written if event.stage == "llm" else reply.playout.complete:
            return  # it has already given all that it had to give
        if reply.speculative:
            self.abandon_speculation()
            return
        problem = f"{event.stage}: {event.problem}"
        if event.stage == "tts" and self._floor.state is State.SPEAKING and not reply.playout.played_out:
            reply.failed = problem  # what there is of it is heard first
            return
        self._fail(reply, problem, at)

    def _fail(self, reply: Reply, problem: str, at: float) -> None:
        """A reply cannot go on. What was heard of it stands; then an apology, or the end if it happens again."""
        floor = self._floor
        if floor.state is State.PAUSED:
            reply.failed = problem  # nobody apologises to somebody who is speaking
            return
        floor.emit("reply_failed", reply=reply.id, problem=problem)
        if reply.kind in ("apology", "farewell", "voicemail") or (reply.kind == "idle" and reply.then is not None):
            self.leave(reply.then or Hangup("failure"), at)
            return
        unnoticed = reply.kind == "instructed" and not reply.playout.heard(at)  # the caller does not wait for it
        self.drop(at)
        if floor.muted or unnoticed:
            self._after_reply(at)
            return
        self._failures += 1
        if self._failures >= floor.policy.failures_at_most:
            self.say("farewell", floor.phrasing.failure_goodbye, at, then=Hangup("failure"))
        elif not floor.turns and floor.phrasing.greeting:
            # Nothing was said that could be said again.
            self.say("greeting", floor.phrasing.greeting, at, after=floor.phrasing.announcement)
        else:
            phrasing = floor.phrasing
            self.say("apology", phrasing.unfinished if self._tools_spent(reply, at) else phrasing.apology, at)

    # -- tools --------------------------------------------------------------------------------------

    def tool_requested(self, event: e.ToolRequested, at: float) -> None:
        if not (reply := self._live(event.reply)) or reply.written:
            return
        if event.call.name == "end_call":
            reply.then = Hangup("agent")
        elif event.call.name == "transfer":
            reply.then = Transfer(event.call.text_of("target"))
        elif event.call.name == "hand_over":
            reply.then = HandOver(event.call.text_of("agent"))
        elif self._tools.is_built_in(event.call.name):
            self._use_built_in(reply, event.call, at)
        elif self._tools_spent(reply, at):
            self._floor.emit("tool_refused", tool=event.call.name)  # none was offered
        elif reply.speculative and not self._tools.is_safe(event.call.name):
            reply.held_tools.append(event.call)
        else:
            self._run_tool(reply, event.call, at)

    def _use_built_in(self, reply: Reply, call: ToolCall, at: float) -> None:
        """What the conversation does itself, when the reply was heard; the model is not asked what it says to it."""
        keys = call.text_of("digits")
        if call.name == WAIT:
            reply.waits, result = True, WAITING
        elif call.name == DO_NOT_CALL and self._floor.number_known:
            reply.blocks, result = True, BLOCKED
        elif 0 < len(keys) <= KEYS_AT_MOST and set(keys) <= KEYS:
            reply.presses, result = reply.presses + keys, PRESSED
        else:
            call = self._tools.begin(call, reply.id, at, within=self._floor.policy.tool_within)
            reply.running_tools[call.id] = call
            refusal = NOT_BLOCKED if call.name == DO_NOT_CALL else NO_KEYS
            self.tool_returned(e.ToolReturned(call.id, refusal, failed=True), at)
            return
        self._floor.emit("tool_called", tool=call.name)
        turn = Turn("tool", result, at, tool=call)
        reply.tool_turns.append(turn)
        if not reply.speculative:
            self._floor.save(turn)

    def _run_tool(self, reply: Reply, call: ToolCall, at: float) -> None:
        full = self._tools.full
        call = self._tools.begin(call, reply.id, at, within=self._floor.policy.tool_within)
        reply.running_tools[call.id] = call
        if full:
            self.tool_returned(e.ToolReturned(call.id, TOO_MANY, failed=True), at)
            return
        if not self._tools.is_safe(call.name) and (result := reply.done.get(call.identity)) is not None:
            self._floor.emit("tool_repeated", tool=call.name)
            self._tool_returned(e.ToolReturned(call.id, f"{result} {REPEATED}"), at)
            return
        if self._tools.repeats(call):
            self._floor.emit("tool_repeated", tool=call.name)
        else:
            self._floor.want(RunTool(reply.id, call))
            self._floor.emit("tool_called", tool=call.name)
        if not reply.speculative:
            self._watch(at)

    def _cancel_tools(self, reply: Reply) -> None:
        """Of a reply that nobody wants any more: those that change nothing need not go on, nor be known of. What
        changes something runs to its end, and the model is told with the next turn.
        """
        for id_, call in reply.running_tools.items():
            if self._tools.is_safe(call.name) and self._tools.end(id_) is not None:
                self._floor.want(CancelTool(id_))

    def tool_returned(self, event: e.ToolReturned, at: float) -> None:
        repeats = self._tools.end_repeats(event.call_id)
        self._tool_returned(event, at)
        for id_ in repeats:
            self._tool_returned(e.ToolReturned(id_, f"{event.result} {REPEATED}", event.failed), at)

    def _tool_returned(self, event: e.ToolReturned, at: float) -> None:
        call = self._tools.end(event.call_id)
        if call is None:
            return
        turn = Turn("tool", event.result, at, tool=call)
        self._floor.emit("tool_returned", tool=call.name, failed=event.failed)
        reply = self.reply
        if reply is None or call.id not in reply.running_tools:
            self._floor.save(turn)  # its reply is gone, but what it did is done
            return
        del reply.running_tools[call.id]
        reply.tool_turns.append(turn)
        reply.tools_answered = True
        if not event.failed or event.result == OVERDUE:  # what is overdue may be done yet; what has failed may be tried
            reply.done.setdefault(call.identity, event.result)
        if not reply.speculative:
            self._floor.save(turn)
            if event.failed and reply.kind == "answer" and (said := self._tools.on_failure(call.name)):
                reply.text = _joined(reply.text.rstrip(), said)
                self._speak(reply, Phrase(said), at)
            if reply.written:
                self._written(reply, at)

    def tools_overdue(self, at: float) -> None:
        """Those that still run have failed, as far as the caller is concerned."""
        for call in list(self.current.running_tools.values()):
            self.tool_returned(e.ToolReturned(call.id, OVERDUE, failed=True), at)

    # -- the voice speaks ---------------------------------------------------------------------------

    def reply_audio(self, event: e.ReplyAudio, at: float) -> None:
        if not (reply := self._live(event.reply)):
            return
        if reply.playout.receive(event.samples, event.words, event.audible):
            reply.waterfall.reach("first_audio", at)
        if self._floor.state in (State.THINKING, State.SPEAKING):
            self._send(reply, at)

    def _send(self, reply: Reply, at: float) -> None:
        floor, playout = self._floor, reply.playout
        if reply.filler_ends is None and floor.state is State.SPEAKING:
            reply.filler_ends = playout.filler_ends(at)
        if reply.filler_ends is None and (floor.state is State.SPEAKING or at >= reply.not_before):
            for piece in playout.send(at):
                floor.want(SendAudio(reply.id, piece.start, piece.end))
                floor.want(SendMark(piece.mark))
                if floor.state is not State.SPEAKING:
                    floor.enter(State.SPEAKING)
        self._watch(at)

    def send_held(self, at: float) -> None:
        """It is no longer too early."""
        self._send(self.current, at)
        self._finish_if_heard(at)

    def reply_audio_done(self, event: e.ReplyAudioDone, at: float) -> None:
        if not (reply := self._live(event.reply)) or not reply.handed_over:
            return
        reply.playout.complete = True
        if reply.playout.received == 0 and not reply.speculative and self._floor.state is not State.PAUSED:
            self._end_without_sound(reply, at)
            return
        if self._floor.state is State.THINKING and not reply.speculative:
            self._send(reply, at)  # nothing of it could be heard; what is to follow waits for its end
        self._finish_if_heard(at)

    def _end_without_sound(self, reply: Reply, at: float) -> None:
        """The voice has finished, and there is no audio."""
        if reply.playout.silent:
            self._heard(reply, at)  # "..." or a smile: the model has answered, and there is nothing to hear
        else:
            self._fail(reply, "tts: no audio", at)

    def mark_played(self, event: e.MarkPlayed, at: float) -> None:
        reply = self.reply
        if reply is None or not reply.playout.mark_played(event.name, at):
            return  # flushed by a clear, of a reply that is gone, or repeated
        self._note_heard(reply)
        self._note_announced(reply, at)
        self._finish_if_heard(at)

    def playout_overdue(self, at: float) -> None:
        """Marks or audio did not come: what was sent counts as heard."""
        reply = self.current
        reply.playout.assume_played()
        self._note_announced(reply, at)
        if reply.handed_over and (reply.playout.complete or not reply.playout.voice_owes):
            self._heard(reply, at)
        else:
            self._fail(reply, "tts: no more audio", at)

    def answer_overdue(self, at: float) -> None:
        """No audio came."""
        self._fail(self.current, "no answer in time", at)

    def _finish_if_heard(self, at: float) -> None:
        reply = self.reply
        if reply is None or self._floor.state is not State.SPEAKING:
            return
        playout = reply.playout
        if reply.failed and playout.played_out:
            self._fail(reply, reply.failed, at)
        elif reply.handed_over and playout.finished:
            self._heard(reply, at)
        else:
            self._watch(at)

    def _heard(self, reply: Reply, at: float) -> None:
        """The reply was heard to its end."""
        self._record(reply, at)
        self.reply = None
        if reply.kind in ("answer", "greeting", "instructed"):
            self._failures = 0
        if reply.then is not None:
            self.leave(reply.then, at)
        else:
            self._go_on(reply, at)

    def _go_on(self, reply: Reply, at: float) -> None:
        """Whatever is to follow a reply that nobody hears any more."""
        if reply.presses:
            self.press(reply.presses, at)
            return
        self.asked_to_wait = reply.waits
        self._after_reply(at)

    def _record(self, reply: Reply, at: float) -> None:
        """Save what was heard of a reply, and tell about the turn. Nothing heard leaves no trace in the transcript."""
        if reply.kind == "keys":
            self._own_keys_until = at + KEYS_RETURN
            self._floor.emit("dtmf_sent", keys=len(reply.keys), whole=reply.playout.finished)
            return
        heard = reply.playout.heard(at)
        whole = heard == reply.playout.text and reply.written
        heard = _joined(reply.before, heard)
        self._note_heard(reply)
        latency = reply.waterfall.seconds()
        if heard:
            self._floor.spoke_until = min(at, reply.playout.heard_until(at))
            generated = "" if whole else _joined(reply.before, reply.text.strip())
            over = " ".join(reply.over)
            self._floor.save(
                Turn("agent", heard, at, interrupted=not whole, generated=generated, over=over, latency=latency)
            )
        self._floor.emit(
            "turn_ended",
            reply=reply.id,
            kind=reply.kind,
            caller=self._asked if reply.kind == "answer" else "",
            agent=heard,
            interrupted=not whole,
            latency=latency,
        )

    def _note_heard(self, reply: Reply) -> None:
        """A mark is back, or the reply over: when its sounds reached the ear is known."""
        playout = reply.playout
        if (moment := playout.answer_heard_from) is not None:
            reply.waterfall.reach("heard", moment)
        if playout.answer_from != playout.first_audible and (moment := playout.heard_from) is not None:
            reply.waterfall.reach("filler", moment)

    def _watch(self, at: float) -> None:
        """Set the deadlines of thinking and speaking anew: what is it that we wait for?"""
        reply, policy, deadlines = self.current, self._floor.policy, self._floor.deadlines
        state, playout = self._floor.state, reply.playout
        for reason in _WAITS:
            deadlines.drop(reason)
        if reply.running_tools:
            deadlines.set(Reason.TOOL, min(self._tools.until, max(at, self._turn_until(reply))))
        elif state is State.THINKING or (state is State.SPEAKING and reply.owed_since is not None):
            within = reply.since + policy.reply_within
            deadlines.set(Reason.ANSWER, min(within, max(at, self._turn_until(reply))) if reply.rounds else within)
        elif state is State.SPEAKING:
            # A voice that has said every word, and that no phrase follows, has only forgotten to say so.
            over = playout.complete or (reply.handed_over and not playout.voice_owes)
            grace = policy.marks_overdue if over else policy.voice_within
            deadlines.set(Reason.PLAYOUT, max(at, playout.ends_at) + grace)
        if state is State.THINKING and playout.received and at < reply.not_before:
            deadlines.set(Reason.TOO_EARLY, reply.not_before)
        if state is State.SPEAKING and reply.filler_ends is not None:
            deadlines.set(Reason.FILLER_ENDS, max(at, reply.filler_ends))
        if state in (State.THINKING, State.SPEAKING) and (due := self._filler_due(reply)) is not None:
            deadlines.set(Reason.FILLER, max(at, due))

    # -- a slow answer ------------------------------------------------------------------------------

    def _filler_due(self, reply: Reply) -> float | None:
        """When the caller has waited long enough for a word; None while the voice has something to say."""
        policy, playout = self._floor.policy, reply.playout
        if reply.kind != "answer" or not (reply.waits_for_more or self._stalls(reply)) or playout.voice_owes:
            return None
        if self._tools.has_messages(reply.running_tools):
            message = self._tools.next_message(reply.running_tools, spoken=reply.spoken)
            return None if message is None else max(message[0], reply.not_before)
        if not self._fillers or reply.fillers >= policy.fillers_at_most:
            return None
        if playout.sent:
            return playout.ends_at + (policy.filler_again if reply.waits_for_more else policy.filler_after)
        return max(reply.asked + policy.filler_after, reply.not_before)

    def _stalls(self, reply: Reply) -> bool:
        """Whether the model has stopped in the middle of its answer. One hole is bridged: who writes more slowly than
        is spoken would be heard to say "one moment" in all of them.
        """
        return not reply.written and reply.spoken and self._floor.state is State.SPEAKING and not reply.bridged

    def say_filler(self, at: float) -> None:
        """The answer is slow: say that it is coming."""
        reply = self.current
        if self._filler_due(reply) is None:
            self._watch(at)
            return
        message = self._tools.next_message(reply.running_tools, spoken=reply.spoken)
        if message is not None:
            _, text = message
            self._tools.said(text)
        else:
            reply.bridged = reply.bridged or not reply.waits_for_more
            text = self._fillers.next(later=reply.fillers > 0 or (reply.spoken and reply.waits_for_more))
            reply.fillers += 1
        self._floor.emit("filler", reply=reply.id, text=text)
        self._speak(reply, Phrase(text, filler=True), at)
        self._watch(at)

    def awaited(self, at: float) -> bool:
        """Whether the caller waits for what the agent is about to say, and does not listen to it yet."""
        reply = self.reply
        if reply is None or reply.kind not in ("answer", "instructed"):
            return False
        if reply.waits_for_more:
            return True
        playout = reply.playout
        return playout.ends_at <= at and (playout.voice_owes or playout.sent < playout.received)

    def reassure(self, at: float) -> None:
        """Who has asked whether anybody is there hears so, unless they have just heard it, or hear the answer."""
        reply, floor = self.current, self._floor
        text = floor.phrasing.still_here or check_in(floor.language).answer
        if (
            not text
            or not reply.waits_for_more
            or floor.muted
            or at < self._reassured_at + floor.policy.still_here_again
        ):
            return
        self._reassured_at = at
        self._speak(reply, Phrase(text, filler=True), at)
        self._watch(at)

    def end_filler(self, at: float) -> None:
        """The answer is there, and a word of the filler has just ended: go over to it."""
        reply = self.current
        self._floor.want(ClearPlayback())
        reply.playout.stop(at)
        reply.playout.skip_filler(at)
        reply.filler_ends = None
        self._send(reply, at)
        self._finish_if_heard(at)

    # -- the caller wants something else ------------------------------------------------------------

    def pause(self, at: float) -> None:
        """Silence at once; what was not heard is kept."""
        reply = self.current
        if self._floor.state is State.SPEAKING:
            self._floor.want(ClearPlayback())
            reply.playout.stop(at)
        reply.filler_ends = None
        self._floor.enter(State.PAUSED)
        if reply.running_tools:
            self._watch(at)

    def resume(self, at: float) -> None:
        """Go on at the word that was cut."""
        reply = self.current
        if reply.playout.sent and (reply.playout.sent < reply.playout.received or not reply.waits_for_more):
            self._floor.emit("resumed", reply=reply.id, heard=reply.playout.heard(at))
        reply.playout.skip_filler(at)
        reply.playout.rewind(self._floor.policy.resume_words_before)
        self._think(at)
        if reply.failed:
            self._fail(reply, reply.failed, at)
            return
        if reply.playout.complete and reply.playout.received == 0:
            self._end_without_sound(reply, at)
            return
        self._send(reply, at)
        if reply.playout.sent:
            self._floor.enter(State.SPEAKING)
            self._watch(at)
            self._finish_if_heard(at)

    def interrupt(self, at: float, *, quiet_until: float) -> None:
        """The caller has taken the floor. If something was heard, nothing more is until then."""
        reply = self.current
        self.drop(at)
        heard = reply.playout.heard(at)
        if heard:
            self._quiet_until = quiet_until
            self._failures = 0
        self._floor.emit("interrupted", reply=reply.id, heard=heard)

    def nothing_heard(self, at: float) -> bool:
        """Whether the caller has heard nothing of the reply under way."""
        return not self.current.playout.heard(at)

    def drop(self, at: float, *, gone: bool = False) -> None:
        """Silence the reply under way, if any, and keep what was heard of it. `gone`: nobody hears any more."""
        reply = self.reply
        if reply is None:
            return
        if reply.speculative:
            self.abandon_speculation()
            return
        if self._floor.state is State.SPEAKING:
            self._floor.want(ClearPlayback())
            reply.playout.stop(at, gone=gone)
        self._floor.want(CancelReply(reply.id))
        self._cancel_tools(reply)
        self._record(reply, at)
        self.reply = None

    def leave(self, command: Hangup | Transfer | HandOver | PressKeys | MoveOn, at: float) -> None:
        """Drop what is being said, and end the call, hand it over, or send it where it comes back from."""
        floor = self._floor
        self.drop(at)
        floor.ended_by = command.reason if isinstance(command, Hangup) else _LEFT_FOR[type(command)]
        floor.enter(State.LEAVING)
        floor.deadlines.clear()
        floor.deadlines.set(Reason.HANG_UP, at + floor.policy.hang_up_within)
        if isinstance(command, HandOver):
            # What was said until here was said to this agent: the next one finds the end of it in the turns.
            call = ToolCall(f"hand_over-{len(floor.turns)}", "hand_over", json.dumps({"agent": command.agent}))
            floor.save(Turn("tool", "The call was handed over.", at, tool=call))
        floor.want(command)


_LEFT_FOR: Mapping[type[Transfer | HandOver | PressKeys | MoveOn], str] = {
    Transfer: "transfer",
    HandOver: "handover",
    PressKeys: "keys",
    MoveOn: "moved",
}
_WAITS = (Reason.ANSWER, Reason.TOOL, Reason.PLAYOUT, Reason.TOO_EARLY, Reason.FILLER, Reason.FILLER_ENDS)


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))
