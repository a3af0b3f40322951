"""Decides when to listen, think, speak, stop and leave. Pure: events and times in, commands out.

One flat state machine (`states.py`) over three pieces of data: the caller's open turn (`caller_turn.py`), the reply
under way with the ledger of its audio (`reply.py`, `playout.py`), and the deadlines (`deadlines.py`).
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from phoneagent.errors import MisuseError

from . import events as e
from .barge_in import Meaning, meaning, normalised
from .caller_turn import CallerTurn
from .commands import (
    CancelReply,
    ClearPlayback,
    Command,
    Emit,
    Expect,
    FinishSpeech,
    Hangup,
    RunTool,
    SaveTurn,
    SendAudio,
    SendMark,
    StartReply,
    Synthesize,
    Transfer,
)
from .deadlines import Deadline, Deadlines, Reason
from .endpointing import silence_needed
from .latency import Waterfall
from .phrases import Phrases
from .playout import Playout
from .policy import Phrasing, Policy
from .reply import Kind, Reply
from .states import TRANSITIONS, State
from .transcript import ToolCall, Turn


class Conversation:
    """One call's turn-taking.

    `turn_events`: the ears decide when a turn ends; otherwise silence does (`endpointing.py`). `safe_tools` may run
    before the caller's turn is certain to be over. `history`: the turns of a call that is being carried on.
    """

    def __init__(
        self,
        phrasing: Phrasing,
        policy: Policy,
        *,
        turn_events: bool = True,
        safe_tools: frozenset[str] = frozenset(),
        history: tuple[Turn, ...] = (),
    ) -> None:
        self.state = State.CONNECTING
        self.turns: list[Turn] = list(history)
        self.impossible: Counter[tuple[str, str]] = Counter()  # (state, event) pairs that were ignored
        self._phrasing = phrasing
        self._policy = policy
        self._turn_events = turn_events
        self._safe_tools = safe_tools
        self._resumed = bool(history)
        self._caller = CallerTurn()
        self._reply: Reply | None = None
        self._next_reply = 1
        self._tools: dict[str, ToolCall] = {}  # running, whatever became of the reply that asked for them
        self._tools_until = 0.0  # when those that run must have returned
        self._pending = ""  # said while the agent could not be interrupted; answered next
        self._paused_at = 0.0  # when a sound over the agent made it pause
        self._to_say: list[str] = []  # an operator's words, spoken when the agent is free
        self._asked = ""  # the caller's words that the present reply answers
        self._idle_prompts = 0
        self._failures = 0  # replies that failed in a row
        self._speculations_lost = 0
        self._ended_by = ""
        self._deadlines = Deadlines()
        self._deadlines.set(Reason.STREAM, policy.stream_within)
        self._out: list[Command] = []

    # -- the interface ------------------------------------------------------------------------------

    def receive(self, event: e.Event, *, at: float) -> list[Command]:
        """What to do now that `event` has happened, `at` seconds after the call began.

        Raises `MisuseError` if a handler left the table of `states.py`: a defect of this module.
        """
        row = TRANSITIONS[self.state].get(type(event))
        if row is None:
            self._ignore(event)
        else:
            handler, targets = row
            before = self.state
            getattr(self, "_" + handler)(event, at)
            if self.state is not before and self.state not in targets:
                raise MisuseError(f"{type(event).__name__} led from {before.value!r} to {self.state.value!r}")
        commands, self._out = self._out, []
        return commands

    @property
    def deadline(self) -> Deadline | None:
        """When the core wants a `TimerFired`, and why; None only when the call is over."""
        return self._deadlines.next

    # -- the call begins, and ends ------------------------------------------------------------------

    def _call_started(self, _: e.CallStarted, at: float) -> None:
        policy = self._policy
        self._deadlines.set(Reason.FAREWELL, max(0.0, policy.call_at_most - policy.goodbye_before_limit))
        self._deadlines.set(Reason.CALL_LIMIT, policy.call_at_most)
        if self._resumed and self.turns[-1].role != "agent":
            self._ask_model(at)
        elif self._resumed:
            self._say("greeting", self._phrasing.bridge, at)
        elif self._phrasing.greeting:
            self._say("greeting", self._phrasing.greeting, at)
        else:
            self._listen(at)
        self._tell_ears()

    def _call_ended(self, event: e.CallEnded, at: float) -> None:
        self._ended_by = self._ended_by or event.reason
        owed = self._caller.voiced or bool(self._caller.text)
        self._drop_reply(at)
        if owed and self.state is not State.CONNECTING:
            self._enter(State.CLOSING)
            self._deadlines.set(Reason.LAST_WORDS, at + self._policy.last_words_within)
        else:
            self._end(at)

    def _last_words(self, event: e.PartialTranscript | e.EagerEndOfTurn, at: float) -> None:
        final = isinstance(event, e.PartialTranscript) and event.final
        self._caller.hear(event.text, final=final)

    def _last_turn(self, event: e.EndOfTurn, at: float) -> None:
        if event.text.strip():
            self._save(Turn("caller", event.text.strip(), at))
        self._caller = CallerTurn()

    def _end(self, at: float) -> None:
        if words := self._whole(self._caller.text):
            self._save(Turn("caller", words, at))
        self._caller = CallerTurn()
        self.state = State.ENDED
        self._deadlines = Deadlines()
        self._emit("call_ended", reason=self._ended_by, turns=len(self.turns), seconds=round(at, 3))

    def _leave(self, command: Hangup | Transfer, at: float) -> None:
        self._drop_reply(at)
        self._ended_by = command.reason if isinstance(command, Hangup) else "transfer"
        self._enter(State.LEAVING)
        self._deadlines = Deadlines()
        self._deadlines.set(Reason.HANG_UP, at + self._policy.hang_up_within)
        self._out.append(command)

    def _too_late(self, event: e.Event, at: float) -> None:
        """The call is being left: what still comes changes nothing, and is no surprise."""

    # -- the caller speaks --------------------------------------------------------------------------

    def _caller_starts(self, _: e.SpeechStarted, at: float) -> None:
        self._caller.voiced = True
        self._open_turn(at)

    def _caller_speaks(self, event: e.PartialTranscript, at: float) -> None:
        self._caller.hear(event.text, final=event.final)
        if not self._caller.text:
            return
        if self.state is State.LISTENING:
            self._open_turn(at)
        self._set_end_of_turn(at)

    def _speech_goes_on(self, event: e.SpeechStarted | e.TurnResumed, at: float) -> None:
        quiet_since = None if self._caller.voiced else self._caller.voice_ended
        late = quiet_since is not None and at - quiet_since < self._policy.words_within
        if late and isinstance(event, e.SpeechStarted) and event.source == "stt":
            return  # the ears tell of a sound that is over already: nobody would tell of its end
        self._caller.voiced = True
        self._deadlines.drop(Reason.END_OF_TURN)

    def _speech_stopped(self, event: e.SpeechStopped, at: float) -> None:
        """The voice detector is slower than the ears: the turn is already being answered."""
        self._note_silence(event)
        waterfall = self._reply.waterfall if self._reply else Waterfall()
        if waterfall.speech_ended is None and event.ended <= (waterfall.end_of_turn or 0.0):
            waterfall.speech_ended = event.ended

    def _caller_pauses(self, event: e.SpeechStopped, at: float) -> None:
        self._note_silence(event)
        self._set_end_of_turn(at)

    def _note_silence(self, event: e.SpeechStopped) -> None:
        self._caller.voiced = False
        self._caller.voice_ended = event.ended

    def _eager_end_of_turn(self, event: e.EagerEndOfTurn, at: float) -> None:
        if self.state is State.LISTENING:
            self._open_turn(at)
        self._caller.hear(event.text, final=False)
        if not self._caller.keys:  # the answer will be to the keys as well
            self._speculate(event.text, at)

    def _turn_resumed(self, _: e.TurnResumed, at: float) -> None:
        self._caller.voiced = True
        self._abandon_speculation()

    def _end_of_turn(self, event: e.EndOfTurn, at: float) -> None:
        if self._caller.keys:
            self._caller.hear(event.text, final=True)
            self._caller.voiced = False
            if self._deadlines.get(Reason.KEYPAD) is None:
                self._answer(self._caller.text, at)
        elif event.text.strip():
            self._answer(event.text, at)
        elif self.state is State.CALLER_SPEAKING:
            self._nothing_said(at)

    def _key_pressed(self, event: e.DtmfReceived, at: float) -> None:
        self._caller.keys += event.digit
        if event.digit == "#":
            self._answer(self._caller.text, at)
            return
        if self.state is not State.CALLER_SPEAKING:
            self._open_turn(at)
        self._abandon_speculation()
        self._deadlines.set(Reason.KEYPAD, at + self._policy.keypad_pause)

    def _whole(self, text: str) -> str:
        """The caller's words together with those that had to wait for the agent."""
        return " ".join(filter(None, [self._pending, text.strip()]))

    def _open_turn(self, at: float) -> None:
        self._enter(State.CALLER_SPEAKING)
        self._deadlines.set(Reason.TURN_LIMIT, at + self._policy.turn_at_most)

    def _set_end_of_turn(self, at: float) -> None:
        """When the turn counts as over if nothing more is heard."""
        if self._deadlines.get(Reason.KEYPAD) is not None:
            return  # keys are pressed more slowly than words are said, and their tones sound like a voice
        caller, policy = self._caller, self._policy
        silent_since = at if caller.voiced or caller.voice_ended is None else caller.voice_ended
        if self._turn_events:
            wait = policy.end_of_turn_within
        elif caller.voiced or not caller.text:
            wait = policy.silence_at_most
        elif caller.settled:
            wait = silence_needed(caller.text, policy)
        else:
            wait = max(policy.final_within, silence_needed(caller.text, policy))
        self._deadlines.set(Reason.END_OF_TURN, max(at, silent_since + wait))

    def _nothing_said(self, at: float) -> None:
        self._abandon_speculation()
        if self._to_say:
            self._say("operator", self._to_say.pop(0), at)
        else:
            self._listen(at)

    def _answer(self, text: str, at: float) -> None:
        """The caller's turn is over: save it, and reply."""
        text, self._pending = self._whole(text), ""
        heard_until, self._caller = self._caller.voice_ended, CallerTurn(voiced=False)
        self._save(Turn("caller", text, at))
        self._asked = text
        self._emit("caller_turn", text=text)
        self._idle_prompts = 0
        reply = self._reply
        if reply and reply.speculative_for == normalised(text):
            reply.speculative_for = None
            self._emit("speculation_paid", reply=reply.id)
        else:
            self._abandon_speculation()
            reply = None
        if reply is None:
            reply = self._ask_model(at)
        reply.waterfall.speech_ended = heard_until
        reply.waterfall.end_of_turn = at
        if self.state is not State.THINKING:
            self._commit(reply, at)

    def _ears_failed(self, event: e.EarsFailed, at: float) -> None:
        """To go on without understanding anybody would be worse than an end."""
        self._emit("ears_failed", problem=event.problem)
        self._drop_reply(at)
        self._say("farewell", self._phrasing.failure_goodbye, at, then=Hangup("failure"))

    # -- the agent thinks ---------------------------------------------------------------------------

    def _new_reply(self, kind: Kind) -> Reply:
        policy = self._policy
        playout = Playout(self._next_reply, marks_overdue=policy.marks_overdue, slice_samples=policy.slice_samples)
        self._reply = Reply(self._next_reply, kind, Phrases(policy), playout)
        self._next_reply += 1
        return self._reply

    def _ask_model(self, at: float) -> Reply:
        reply = self._new_reply("answer")
        if running := self._tools_with_effects:
            # Started by a reply that was cut. Asked before they return, the model would start them again.
            reply.running_tools.update(running)
            reply.written = True
        else:
            self._out.append(StartReply(reply.id, tuple(self.turns)))
        self._think(at)
        return reply

    @property
    def _tools_with_effects(self) -> dict[str, ToolCall]:
        return {id_: call for id_, call in self._tools.items() if call.name not in self._safe_tools}

    def _think(self, at: float) -> None:
        self._enter(State.THINKING)
        self._watch(at)

    def _speculate(self, text: str, at: float) -> None:
        text = self._whole(text)
        words = normalised(text)
        if self._reply and self._reply.speculative_for == words:
            return
        self._abandon_speculation()
        if not words or not self._policy.eager_turns or self._speculations_lost >= self._policy.eager_budget:
            return
        if self._tools_with_effects:
            return
        reply = self._new_reply("answer")
        reply.speculative_for = words
        self._out.append(StartReply(reply.id, (*self.turns, Turn("caller", text, at))))

    def _abandon_speculation(self) -> None:
        if self._reply and self._reply.speculative:
            self._out.append(CancelReply(self._reply.id))
            self._emit("speculation_lost", reply=self._reply.id, characters=len(self._reply.text))
            self._speculations_lost += 1
            self._reply = None

    def _commit(self, reply: Reply, at: float) -> None:
        """A speculative reply has become the answer: let out what was held."""
        self._think(at)
        for turn in reply.tool_turns:
            self._save(turn)
        phrases, reply.held_phrases = reply.held_phrases, []
        for phrase in phrases:
            self._speak(reply, phrase, at)
        calls, reply.held_tools = reply.held_tools, []
        for call in calls:
            self._run_tool(reply, call, at)
        if reply.written:
            self._written(reply, at)
        if self._reply is reply and self.state is State.THINKING:
            self._send(reply, at)

    def _reply_text(self, event: e.ReplyText, at: float) -> None:
        if not (reply := self._live(event.reply)) or reply.written:
            return
        reply.waterfall.reach("first_token", at)
        reply.text += event.text
        for phrase in reply.phrases.feed(event.text):
            self._speak(reply, phrase, at)

    def _speak(self, reply: Reply, phrase: str, at: float) -> None:
        """Give a phrase to the voice; of a speculative reply only the first, the rest may never be needed."""
        if reply.speculative and reply.playout.text:
            reply.held_phrases.append(phrase)
            return
        reply.waterfall.reach("first_phrase", at)
        reply.playout.text = f"{reply.playout.text} {phrase}".strip()
        self._out.append(Synthesize(reply.id, phrase))

    def _reply_done(self, event: e.ReplyDone, at: float) -> None:
        if not (reply := self._live(event.reply)) or reply.written:
            return
        reply.written = True
        for phrase in reply.phrases.flush():
            self._speak(reply, phrase, at)
        if not reply.speculative:
            self._written(reply, at)

    def _written(self, reply: Reply, at: float) -> None:
        """The model has finished, for good or until its tools have returned."""
        if reply.running_tools:
            self._watch(at)
            return
        if reply.tools_answered:
            reply.tools_answered = reply.written = False
            self._out.append(StartReply(reply.id, self._turns_with(reply, at)))
            self._watch(at)
            return
        if not reply.playout.text:
            if reply.then is None:
                self._fail(reply, "the model said nothing", at)
                return
            if isinstance(reply.then, Transfer):
                self._leave(reply.then, at)
                return
            self._speak(reply, self._phrasing.goodbye, at)
        self._hand_over(reply)
        self._tell_ears(Turn("agent", reply.text, at))
        self._finish_if_heard(at)

    def _turns_with(self, reply: Reply, at: float) -> tuple[Turn, ...]:
        """What the model reads when it goes on after its tools: its own words before them included."""
        if not reply.text.strip():
            return tuple(self.turns)
        before = [turn for turn in self.turns if turn not in reply.tool_turns]
        return (*before, Turn("agent", reply.text.strip(), at), *reply.tool_turns)

    def _hand_over(self, reply: Reply) -> None:
        if not reply.handed_over:
            reply.handed_over = True
            self._out.append(FinishSpeech(reply.id))

    def _tool_requested(self, event: e.ToolRequested, at: float) -> None:
        if not (reply := self._live(event.reply)) or reply.written:
            return
        if event.call.name == "end_call":
            reply.then = Hangup("agent")
        elif event.call.name == "transfer":
            reply.then = Transfer(_target(event.call))
        elif reply.speculative and event.call.name not in self._safe_tools:
            reply.held_tools.append(event.call)
        else:
            self._run_tool(reply, event.call, at)

    def _run_tool(self, reply: Reply, call: ToolCall, at: float) -> None:
        self._tools[call.id] = reply.running_tools[call.id] = call
        self._tools_until = at + self._policy.tool_within
        self._out.append(RunTool(reply.id, call))
        self._emit("tool_called", tool=call.name)
        if not reply.speculative:
            self._watch(at)

    def _tool_returned(self, event: e.ToolReturned, at: float) -> None:
        call = self._tools.pop(event.call_id, None)
        if call is None:
            return
        turn = Turn("tool", event.result, at, tool=call)
        self._emit("tool_returned", tool=call.name, failed=event.failed)
        reply = self._reply
        if reply is None or call.id not in reply.running_tools:
            self._save(turn)  # its reply is gone, but what it did is done
            return
        del reply.running_tools[call.id]
        reply.tool_turns.append(turn)
        reply.tools_answered = True
        if not reply.speculative:
            self._save(turn)
            if reply.written:
                self._written(reply, at)

    def _reply_failed(self, event: e.ReplyFailed, at: float) -> None:
        if not (reply := self._live(event.reply)):
            return
        if reply.written if event.stage == "llm" else reply.playout.complete:
            return  # it has already given all that it had to give
        if reply.speculative:
            self._abandon_speculation()
            return
        self._fail(reply, f"{event.stage}: {event.problem}", at)

    def _fail(self, reply: Reply, problem: str, at: float) -> None:
        """A reply cannot go on. What was heard of it stands; then an apology, or the end if it happens again."""
        self._emit("reply_failed", reply=reply.id, problem=problem)
        if reply.kind in ("apology", "farewell"):
            self._leave(reply.then or Hangup("failure"), at)
            return
        self._drop_reply(at)
        self._failures += 1
        if self._failures >= self._policy.failures_at_most:
            self._say("farewell", self._phrasing.failure_goodbye, at, then=Hangup("failure"))
        else:
            self._say("apology", self._phrasing.apology, at)

    # -- the agent speaks ---------------------------------------------------------------------------

    def _say(self, kind: Kind, text: str, at: float, *, then: Hangup | None = None) -> None:
        """Speak a fixed phrase, without asking the model."""
        reply = self._new_reply(kind)
        reply.then = then
        reply.text = text
        reply.written = True
        self._think(at)
        self._speak(reply, text, at)
        self._hand_over(reply)

    def _reply_audio(self, event: e.ReplyAudio, at: float) -> None:
        if not (reply := self._live(event.reply)):
            return
        reply.waterfall.reach("first_audio", at)
        reply.playout.receive(event.samples, event.words, event.audible)
        if self.state in (State.THINKING, State.SPEAKING):
            self._send(reply, at)

    def _send(self, reply: Reply, at: float) -> None:
        for piece in reply.playout.send(at):
            self._out.append(SendAudio(reply.id, piece.start, piece.end))
            self._out.append(SendMark(piece.mark))
            if self.state is not State.SPEAKING:
                self._enter(State.SPEAKING)
        self._watch(at)

    def _reply_audio_done(self, event: e.ReplyAudioDone, at: float) -> None:
        if not (reply := self._live(event.reply)) or not reply.handed_over:
            return
        reply.playout.complete = True
        if reply.playout.received == 0 and not reply.speculative and self.state is not State.PAUSED:
            self._fail(reply, "tts: no audio", at)
            return
        if self.state is State.THINKING and not reply.speculative:
            self._send(reply, at)  # nothing of it could be heard; what is to follow waits for its end
        self._finish_if_heard(at)

    def _mark_played(self, event: e.MarkPlayed, at: float) -> None:
        reply = self._reply
        if reply is None or not reply.playout.mark_played(event.name, at):
            return  # flushed by a clear, of a reply that is gone, or repeated
        self._report_heard(reply)
        self._finish_if_heard(at)

    def _finish_if_heard(self, at: float) -> None:
        reply = self._reply
        if reply is None or self.state is not State.SPEAKING:
            return
        playout = reply.playout
        if reply.handed_over and playout.complete and playout.sent == playout.received and playout.played_out:
            self._heard(reply, at)
        else:
            self._watch(at)

    def _heard(self, reply: Reply, at: float) -> None:
        """The reply was heard to its end."""
        self._record(reply, at)
        self._reply = None
        if reply.kind == "answer":
            self._failures = 0
        if reply.then is not None:
            self._leave(reply.then, at)
        elif self._pending:
            self._answer("", at)
        elif self._to_say:
            self._say("operator", self._to_say.pop(0), at)
        elif self._caller.voiced or (self._caller.text and not self._turn_events):
            self._open_turn(at)
            if not self._caller.voiced:
                self._set_end_of_turn(at)
        else:
            self._listen(at)

    def _record(self, reply: Reply, at: float) -> None:
        """Save what was heard of a reply, and tell about the turn. Nothing heard leaves no trace in the transcript."""
        heard = reply.playout.heard(at)
        whole = heard == reply.playout.text and reply.written
        if heard:
            turn = Turn("agent", heard, at, interrupted=not whole, generated="" if whole else reply.text.strip())
            self._save(turn)
        if reply.playout.heard_from is not None:
            reply.waterfall.reach("heard", reply.playout.heard_from)
        self._emit(
            "turn_ended",
            reply=reply.id,
            kind=reply.kind,
            caller=self._asked if reply.kind == "answer" else "",
            agent=heard,
            interrupted=not whole,
            latency=reply.waterfall.seconds(),
        )

    def _report_heard(self, reply: Reply) -> None:
        """The first mark is back: when the first sound reached the ear is known."""
        if reply.playout.heard_from is not None:
            reply.waterfall.reach("heard", reply.playout.heard_from)

    def _listen(self, at: float) -> None:
        self._caller = CallerTurn()
        self._enter(State.LISTENING)
        self._deadlines.set(Reason.SILENCE, at + self._policy.idle_after)

    # -- the caller speaks while the agent does -----------------------------------------------------

    def _speech_over_agent(self, event: e.SpeechStarted, at: float) -> None:
        self._caller.voiced = True
        if self._interruptible:
            self._pause(at)

    def _pause(self, at: float) -> None:
        reply = self._current
        if self.state is State.SPEAKING:
            self._out.append(ClearPlayback())
            reply.playout.stop(at)
        self._enter(State.PAUSED)
        self._paused_at = at
        self._deadlines.set(Reason.CONFIRM, at + self._policy.confirm_barge_in)

    def _sound_over_agent_stopped(self, event: e.SpeechStopped, at: float) -> None:
        self._note_silence(event)
        # A cough is over at once; whoever spoke for long has said something, and its transcript is under way.
        brief = at - self._paused_at < self._policy.confirm_barge_in
        self._deadlines.set(Reason.CONFIRM, at + (self._policy.words_within if brief else self._policy.final_within))

    def _words_over_agent(self, event: e.PartialTranscript, at: float) -> None:
        self._caller.hear(event.text, final=event.final)
        if not self._interruptible:
            return
        meant = meaning(self._caller.text, self._policy, asked=self._question_heard(at))
        if meant is Meaning.INTERRUPTION:
            self._interrupt(at)
            self._open_turn(at)
            self._set_end_of_turn(at)
        elif meant is Meaning.BACKCHANNEL and event.final:
            self._caller.segments.clear()

    def _eager_over_agent(self, event: e.EagerEndOfTurn, at: float) -> None:
        self._caller.hear(event.text, final=False)
        if not self._interruptible:
            return
        if meaning(event.text, self._policy, asked=self._question_heard(at), final=True) is Meaning.INTERRUPTION:
            self._interrupt(at)
            self._open_turn(at)
            self._speculate(event.text, at)

    def _turn_over_agent(self, event: e.EndOfTurn, at: float) -> None:
        text = event.text.strip()
        if not self._interruptible:
            self._pending = self._whole(text)
            self._caller = CallerTurn()
            return
        meant = meaning(text, self._policy, asked=self._question_heard(at), final=True)
        if meant is Meaning.INTERRUPTION:
            self._interrupt(at)
            self._answer(text, at)
            return
        if meant is Meaning.BACKCHANNEL:
            self._emit("backchannel", text=text)
        self._caller = CallerTurn()
        if self.state is State.PAUSED:
            self._resume(at)

    def _key_over_agent(self, event: e.DtmfReceived, at: float) -> None:
        self._interrupt(at)
        self._open_turn(at)
        self._key_pressed(event, at)

    def _unexplained(self, at: float) -> None:
        """No words came. Whoever goes on making a sound is not talked over, but not for ever either."""
        patience = self._paused_at + self._policy.pause_at_most
        if self._caller.voiced and at < patience:
            self._deadlines.set(Reason.CONFIRM, patience)
        elif self._finished_without_turn_events(at):
            text = self._caller.text
            self._interrupt(at)
            self._answer(text, at)
        else:
            self._resume(at)

    def _finished_without_turn_events(self, at: float) -> bool:
        """Whether words too few to interrupt are all there will be: then they are an answer, see `meaning`."""
        if self._turn_events or self._caller.voiced or not self._caller.settled:
            return False
        asked = self._question_heard(at)
        return meaning(self._caller.text, self._policy, asked=asked, final=True) is Meaning.INTERRUPTION

    def _interrupt(self, at: float) -> None:
        reply = self._current
        self._drop_reply(at)
        self._emit("interrupted", reply=reply.id, heard=reply.playout.heard(at))

    def _resume(self, at: float) -> None:
        """The sound meant nothing: go on at the word that was cut."""
        reply = self._current
        self._caller = CallerTurn(voiced=self._caller.voiced)
        if reply.playout.sent:
            self._emit("resumed", reply=reply.id, heard=reply.playout.heard(at))
        reply.playout.rewind()
        self._think(at)
        if reply.playout.complete and reply.playout.received == 0:
            self._fail(reply, "tts: no audio", at)
            return
        self._send(reply, at)
        if reply.playout.sent:
            self._enter(State.SPEAKING)
            self._watch(at)
            self._finish_if_heard(at)

    @property
    def _interruptible(self) -> bool:
        reply = self._current
        if reply.kind == "greeting":
            return self._policy.interruptible_greeting
        return self._policy.interruptible and reply.kind != "farewell"

    def _question_heard(self, at: float) -> bool:
        """Whether the caller has (nearly) heard a question, so that "yeah" answers it."""
        reply = self._current
        heard, text = reply.playout.heard(at), reply.playout.text
        if heard.rstrip().endswith("?"):
            return True
        nearly = len(text[len(heard) :].split()) <= 3
        return bool(heard) and reply.written and nearly and text.rstrip().endswith("?")

    # -- deadlines ----------------------------------------------------------------------------------

    def _timer_fired(self, _: e.TimerFired, at: float) -> None:
        due = self._deadlines.next
        if due is None or at < due.at:
            return  # a timer set for an earlier deadline
        self._deadlines.drop(due.reason)
        self._emit("deadline", reason=due.reason.value, state=self.state.value)
        match due.reason:
            case Reason.STREAM | Reason.HANG_UP | Reason.LAST_WORDS:
                self._ended_by = self._ended_by or due.reason.value
                self._end(at)
            case Reason.SILENCE:
                self._prompt(at)
            case Reason.KEYPAD if self._caller.voiced:
                self._set_end_of_turn(at)
            case Reason.END_OF_TURN | Reason.TURN_LIMIT | Reason.KEYPAD:
                self._turn_overdue(at)
            case Reason.ANSWER:
                self._fail(self._current, "no answer in time", at)
            case Reason.TOOL:
                for call in list(self._current.running_tools.values()):
                    self._tool_returned(e.ToolReturned(call.id, "The tool did not answer in time.", failed=True), at)
            case Reason.PLAYOUT:
                self._playout_overdue(at)
            case Reason.CONFIRM:
                self._unexplained(at)
            case Reason.FAREWELL:
                self._drop_reply(at)
                self._say("farewell", self._phrasing.time_goodbye, at, then=Hangup("duration"))
            case Reason.CALL_LIMIT:
                self._leave(Hangup("duration"), at)

    def _prompt(self, at: float) -> None:
        prompts = self._phrasing.idle_prompts
        if not prompts or self._idle_prompts >= self._policy.idle_prompts:
            self._say("farewell", self._phrasing.idle_goodbye, at, then=Hangup("silence"))
            return
        self._idle_prompts += 1
        self._say("idle", prompts[min(self._idle_prompts, len(prompts)) - 1], at)

    def _turn_overdue(self, at: float) -> None:
        if self._caller.text:
            self._answer(self._caller.text, at)
        else:
            self._nothing_said(at)

    def _playout_overdue(self, at: float) -> None:
        reply = self._current
        reply.playout.assume_played()
        if reply.handed_over and reply.playout.complete:
            self._heard(reply, at)
        else:
            self._fail(reply, "tts: no more audio", at)

    def _watch(self, at: float) -> None:
        """Set the deadline of thinking and speaking anew: what is it that we wait for? That of an answer stays."""
        reply, policy = self._current, self._policy
        self._deadlines.drop(Reason.TOOL)
        self._deadlines.drop(Reason.PLAYOUT)
        if reply.running_tools:
            self._deadlines.drop(Reason.ANSWER)
            self._deadlines.set(Reason.TOOL, self._tools_until)
        elif self.state is State.THINKING:
            if self._deadlines.get(Reason.ANSWER) is None:
                self._deadlines.set(Reason.ANSWER, at + policy.reply_within)
        elif self.state is State.SPEAKING:
            grace = policy.marks_overdue if reply.playout.complete else policy.voice_within
            self._deadlines.set(Reason.PLAYOUT, max(at, reply.playout.ends_at) + grace)

    # -- the operator -------------------------------------------------------------------------------

    def _control(self, event: e.ControlReceived, at: float) -> None:
        if event.action == "hangup":
            self._leave(Hangup("operator"), at)
        elif event.action == "transfer":
            self._leave(Transfer(event.argument, anywhere=True), at)
        elif self.state is State.LISTENING:
            self._say("operator", event.argument, at)
        else:
            self._to_say.append(event.argument)

    # -- small things -------------------------------------------------------------------------------

    @property
    def _current(self) -> Reply:
        if self._reply is None:
            raise MisuseError(f"no reply in state {self.state.value!r}")
        return self._reply

    def _live(self, reply: int) -> Reply | None:
        """The reply an event belongs to, or None if it was cancelled: then the event is late."""
        return self._reply if self._reply and self._reply.id == reply else None

    def _drop_reply(self, at: float) -> None:
        """Silence the reply under way, if any, and keep what was heard of it."""
        reply = self._reply
        if reply is None:
            return
        if reply.speculative:
            self._abandon_speculation()
            return
        if self.state is State.SPEAKING:
            self._out.append(ClearPlayback())
            reply.playout.stop(at)
        self._out.append(CancelReply(reply.id))
        self._record(reply, at)
        self._reply = None

    def _save(self, turn: Turn) -> None:
        self.turns.append(turn)
        self._out.append(SaveTurn(len(self.turns), turn))

    def _tell_ears(self, *upcoming: Turn) -> None:
        self._out.append(Expect((*self.turns, *upcoming)))

    def _emit(self, name: str, **values: Any) -> None:
        self._out.append(Emit(name, values))

    def _ignore(self, event: e.Event) -> None:
        self.impossible[self.state.value, type(event).__name__] += 1
        self._emit("ignored", event=type(event).__name__, state=self.state.value)

    def _enter(self, state: State) -> None:
        self.state = state
        self._deadlines.leave_state()


def _target(call: ToolCall) -> str:
    """Whom the model wants to transfer to; empty, which is nobody, if its arguments are no use."""
    try:
        arguments = json.loads(call.arguments or "{}")
    except ValueError:
        return ""
    target = arguments.get("target", "") if isinstance(arguments, dict) else ""
    return target if isinstance(target, str) else ""
