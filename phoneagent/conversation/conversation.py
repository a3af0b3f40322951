"""Decides when to listen, think, speak, stop and leave. Pure: events and times in, commands out.

One flat state machine (`states.py`) over what both sides share (`floor.py`): the caller's side is `listening.py`, the
agent's `replies.py`, and where they overlap `barge_in.py`. Here a call begins and ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from phoneagent.errors import MisuseError

from . import events as e
from .answerer import Answerer
from .answering import Answering
from .barge_in import BargeIn
from .caller_turn import HIDDEN
from .commands import Command, Hangup, MoveOn, PressKeys, Transfer
from .deadlines import Deadline, Deadlines, Reason
from .entrance import BY_CALL, Entrance
from .floor import Floor
from .listening import Listening
from .policy import Phrasing, Policy
from .replies import Replies
from .running_tools import RunningTools, ToolMessages
from .search import Search, search
from .states import TRANSITIONS, State
from .transcript import Turn


class Conversation:
    """One call's turn-taking.

    `turn_events`: the ears decide when a turn ends; otherwise silence does (`endpointing.py`). `safe_tools` may run
    before the caller's turn is certain to be over; `tool_messages`: what is said while a tool runs; `built_in`: which
    of `wait` and `send_dtmf` the model may use. `language`: what the agent speaks. `history`: the turns of a call that
    is being carried on; `entrance`: how the agent comes into it, `at` so many seconds after it began. `answering`: what
    whoever answers gets, of a call that we placed. `muted`: an operator has muted the agent before. `number_known`: who
    is on the line can be kept from being called again. `search`: how the policy's patterns are looked for.
    """

    def __init__(
        self,
        phrasing: Phrasing,
        policy: Policy,
        *,
        turn_events: bool = True,
        safe_tools: frozenset[str] = frozenset(),
        tool_messages: Mapping[str, ToolMessages] | None = None,
        built_in: tuple[str, ...] = (),
        language: str = "en",
        history: tuple[Turn, ...] = (),
        entrance: Entrance = BY_CALL,
        at: float = 0.0,
        answering: Answering | None = None,
        muted: bool = False,
        number_known: bool = False,
        search: Search = search,
    ) -> None:
        self.impossible: Counter[tuple[str, str]] = Counter()  # (state, event) pairs that were ignored
        self._deaf = False  # the ears have failed
        self._spent = False  # as much as the call may cost
        self._entrance = entrance
        self._floor = Floor(
            phrasing, policy, turn_events=turn_events, language=language, history=history, search=search
        )
        self._floor.muted = muted
        self._floor.number_known = number_known
        tools = RunningTools(safe_tools, tool_messages or {}, built_in)
        self._replies = Replies(self._floor, tools=tools, after_reply=self._after_reply)
        self._listening = Listening(self._floor, self._replies, takes_turn=self._takes_turn)
        self._barge_in = BargeIn(self._floor, self._listening, self._replies)
        self._floor.deadlines.set(Reason.STREAM, at + policy.stream_within)
        self._answerer = Answerer(
            self._floor,
            self._listening,
            self._replies,
            answering,
            navigates="send_dtmf" in built_in,
            greet=self._greet,
        )

    # -- the interface ------------------------------------------------------------------------------

    def receive(self, event: e.Event, *, at: float) -> list[Command]:
        """What to do now that `event` has happened, `at` seconds after the call began.

        Raises `MisuseError` if a handler left the table of `states.py`: a defect of this package.
        """
        before = self._floor.state
        row = TRANSITIONS[before].get(type(event))
        if row is None:
            self._ignore(event)
        else:
            name, targets = row
            if not self._answerer.takes(event, at):
                self.handler(name)(event, at)
            self._answerer.note_message(at)
            after = self._floor.state
            if after is not before and after not in targets:
                raise MisuseError(f"{type(event).__name__} led from {before.value!r} to {after.value!r}")
        return self._floor.take()

    @property
    def deadline(self) -> Deadline | None:
        """When the core wants a `TimerFired`, and why; None only when the call is over."""
        return self._floor.deadlines.next

    @property
    def state(self) -> State:
        """Where the call stands."""
        return self._floor.state

    @property
    def turns(self) -> list[Turn]:
        """The transcript so far, as heard."""
        return self._floor.turns

    def conceals(self, digit: str, *, at: float) -> bool:
        """Whether this key must not be known here: then keep it yourself, and tell `DtmfReceived(HIDDEN)` instead.

        Not the key that ends an entry, for that is no part of it.
        """
        keypad, keys = self._listening.keypad, self._listening.turn.keys
        if self._replies.knows_key(digit, at) or keypad.ends(digit):
            return False
        return keypad.secret(keys) or keypad.belated(at)

    @property
    def keys_are_secret(self) -> bool:
        """Nobody may know the keys that are pressed now: whoever records the call must pause."""
        return self._listening.keypad.secret(self._listening.turn.keys)

    @property
    def secret_is_typed(self) -> bool:
        """An entry of secret keys has begun and is not over."""
        return HIDDEN in self._listening.turn.keys

    @property
    def hearing(self) -> str:
        """What the caller is saying, as far as it is understood; nothing while keys are secret."""
        speaking = self._floor.state is State.CALLER_SPEAKING and not self.keys_are_secret
        return self._listening.turn.text if speaking else ""

    def saying(self, at: float) -> tuple[str, str] | None:
        """The sentences of an answer that were heard to their end, and those that follow. Of one that is not written to
        its end, the words that were heard. None while nothing of it was.
        """
        return self._replies.saying(at) if self._floor.state is State.SPEAKING else None

    @property
    def _limit(self) -> str:
        """Which of its limits the call has met."""
        return "spend" if self._spent else "duration"

    def handler(self, name: str) -> Callable[[Any, float], None]:
        """What the table means by `replies.reply_text` and the like."""
        return attrgetter("_" + name)(self)  # type: ignore[no-any-return]  # the table's names are checked by a test

    def _ignore(self, event: e.Event) -> None:
        self.impossible[self.state.value, type(event).__name__] += 1
        self._floor.emit("ignored", event=type(event).__name__, state=self.state.value)

    # -- the call begins, and ends ------------------------------------------------------------------

    def _call_started(self, _: e.CallStarted, at: float) -> None:
        floor = self._floor
        self._await_limit(at)
        floor.deadlines.set(Reason.CALL_LIMIT, floor.policy.call_at_most)
        if self._entrance.note:
            floor.save(Turn("operator", self._entrance.note, at))
        last = floor.last_spoken  # of a call that is being carried on
        if self._answerer.begin(at):
            return
        said, words = self._entrance.said, self._entrance.words
        if self._entrance.heard:
            if said:  # and then the caller has spoken over it
                floor.save(Turn("agent", said, at, interrupted=True, generated=f"{said} {words}".strip()))
            self._listening.take_up(self._entrance.heard, at)
        elif words and (said or self._entrance.kind == "call"):
            self._replies.go_on(said, words, at)
        elif said:
            self._replies.answer_again(said, at)
        elif floor.muted and not self._entrance.words:
            self._listening.listen(at)
        elif self._entrance.kind == "return":
            self._return(at)
        elif last is None or self._entrance.kind == "handover":
            self._greet(at)
        elif last.role == "agent" and self._entrance.kind == "moved":
            self._listening.listen(at)
        elif last.role == "agent":
            self._replies.say("greeting", floor.phrasing.bridge, at)
        else:
            self._replies.ask_model(at)
        floor.tell_ears()

    def _await_limit(self, at: float) -> None:
        policy = self._floor.policy
        limit = at if self._spent else policy.call_at_most - policy.goodbye_before_limit
        self._floor.deadlines.set(Reason.FAREWELL, max(at, limit))

    def _return(self, at: float) -> None:
        """The caller is back from where we have sent the call."""
        if self._entrance.words:
            self._replies.say("greeting", self._entrance.words, at)
        else:
            self._listening.listen(at)

    def _greet(self, at: float) -> None:
        phrasing, policy = self._floor.phrasing, self._floor.policy
        if policy.first_message == "generated":
            self._replies.ask_model(at, kind="greeting", after=phrasing.announcement)
        elif policy.first_message == "agent" and phrasing.greeting:
            self._replies.say("greeting", phrasing.greeting, at, after=phrasing.announcement)
        elif phrasing.announcement or phrasing.disclosure:
            self._replies.say("greeting", "", at, after=phrasing.announcement)
        else:
            self._listening.listen(at)

    def _takes_turn(self, text: str, at: float) -> bool:
        return self._answerer.takes_turn(text, at)

    def _after_reply(self, at: float) -> None:
        self._listening.after_reply(at)

    def _call_ended(self, event: e.CallEnded, at: float) -> None:
        floor, turn = self._floor, self._listening.turn
        floor.ended_by = floor.ended_by or event.reason
        owed = turn.voiced or bool(turn.text)
        self._replies.drop(at, gone=True)
        if owed and floor.state is not State.CONNECTING:
            floor.enter(State.CLOSING)
            floor.deadlines.set(Reason.LAST_WORDS, at + floor.policy.last_words_within)
        else:
            self._end(at)

    def _end(self, at: float) -> None:
        floor = self._floor
        self._listening.save_last_words(at)
        floor.state = State.ENDED
        floor.deadlines = Deadlines()
        floor.emit("call_ended", reason=floor.ended_by, turns=len(floor.turns), seconds=round(at, 3))

    def _ears_failed(self, event: e.EarsFailed, at: float) -> None:
        """To go on without understanding anybody would be worse than an end."""
        self._floor.emit("ears_failed", problem=event.problem)
        self._deaf = True
        if not self._floor.muted and not self._answerer.at_machine:  # a beep is heard without them
            self._give_up(at)

    def _provider_failed(self, event: e.ProviderFailed, at: float) -> None:
        self._floor.emit(
            "provider_failed", part=event.part, provider=event.provider, problem=event.problem, then=event.then
        )

    def _give_up(self, at: float) -> None:
        self._replies.drop(at)
        self._replies.say("farewell", self._floor.phrasing.failure_goodbye, at, then=Hangup("failure"))

    def _too_late(self, event: e.Event, at: float) -> None:
        """The call is being left: what still comes changes nothing, and is no surprise."""

    def _spend_limit_reached(self, _: e.SpendLimitReached, at: float) -> None:
        """As at the end of the time that a call may take."""
        self._spent = True
        floor = self._floor
        floor.emit("spend_limit_reached")
        self._await_limit(at)
        limit = min(floor.policy.call_at_most, at + floor.policy.goodbye_before_limit)
        floor.deadlines.set(Reason.CALL_LIMIT, limit)

    def _move_wanted(self, _: e.MoveWanted, at: float) -> None:
        """The best moment is the end of the caller's turn: they wait for an answer, and what they say next is later."""
        self._floor.moving = True
        if self._floor.state is State.LISTENING:
            self._listening.await_move(at)

    def _transfer_failed(self, event: e.TransferFailed, at: float) -> None:
        """The caller is still here, and hears why."""
        floor = self._floor
        floor.ended_by = ""
        floor.save(Turn("operator", event.note, at))
        self._await_limit(at)
        floor.deadlines.set(Reason.CALL_LIMIT, floor.policy.call_at_most)
        self._replies.say("greeting", event.words, at)

    # -- deadlines ----------------------------------------------------------------------------------

    def _timer_fired(self, _: e.TimerFired, at: float) -> None:
        floor = self._floor
        due = floor.deadlines.next
        if due is None or at < due.at:
            return  # a timer set for an earlier deadline
        floor.deadlines.drop(due.reason)
        floor.emit("deadline", reason=due.reason.value, state=self.state.value)
        match due.reason:
            case Reason.STREAM | Reason.HANG_UP | Reason.LAST_WORDS:
                floor.ended_by = floor.ended_by or due.reason.value
                self._end(at)
            case Reason.MOVE:
                self._replies.leave(MoveOn(), at)
            case Reason.SILENCE:
                self._listening.prompt(at)
            case Reason.KEYPAD if self._listening.turn.voiced:
                self._listening.set_end(at)
            case Reason.END_OF_TURN | Reason.TURN_LIMIT | Reason.KEYPAD:
                self._listening.overdue(at)
            case Reason.ANSWER:
                self._replies.answer_overdue(at)
            case Reason.TOOL:
                self._replies.tools_overdue(at)
            case Reason.PLAYOUT:
                self._replies.playout_overdue(at)
            case Reason.TOO_EARLY:
                self._replies.send_held(at)
            case Reason.FILLER:
                self._replies.say_filler(at)
            case Reason.FILLER_ENDS:
                self._replies.end_filler(at)
            case Reason.VOICE:
                self._barge_in.voice_lasts(at)
            case Reason.CONFIRM:
                self._barge_in.unexplained(at)
            case Reason.ANSWERER:
                self._answerer.give_up()
            case Reason.BEEP | Reason.MACHINE:
                self._answerer.quiet(at)
            case Reason.FAREWELL if floor.muted or self._answerer.at_machine:
                pass  # the limit itself stands
            case Reason.FAREWELL:
                self._replies.drop(at)
                self._replies.say("farewell", floor.phrasing.time_goodbye, at, then=Hangup(self._limit))
            case Reason.CALL_LIMIT:
                self._replies.leave(Hangup(self._limit), at)

    # -- the operator -------------------------------------------------------------------------------

    def _control(self, event: e.ControlReceived, at: float) -> None:
        match event.action:
            case "hangup":
                self._replies.leave(Hangup("operator"), at)
            case "transfer":
                self._replies.leave(Transfer(event.argument, anywhere=True), at)
            case "instruct":
                self._listening.instructed(event, at)
            case "mute":
                self._mute(at)
            case "unmute":
                self._unmute(at)
            case "dtmf" if event.by_carrier:
                self._replies.leave(PressKeys(event.argument), at)
            case "say" | "dtmf":
                self._listening.operator_says(event, at)

    def _mute(self, at: float) -> None:
        """Silence, also where the agent was about to leave: from now on the operator decides."""
        floor = self._floor
        if floor.muted:
            return
        floor.muted = True
        floor.emit("muted")
        self._listening.forget_operators_words()
        self._replies.drop(at)
        if floor.state in (State.THINKING, State.SPEAKING, State.PAUSED):
            self._listening.after_reply(at)

    def _unmute(self, at: float) -> None:
        """Go on where it is now: with an answer if somebody waits for one."""
        floor = self._floor
        if not floor.muted:
            return
        floor.muted = False
        floor.emit("unmuted")
        self._await_limit(at)  # it may have passed in silence
        if self._deaf:
            self._give_up(at)
        elif floor.last_spoken is None and floor.state is State.LISTENING:
            self._greet(at)
        else:
            self._listening.unmuted(at)
