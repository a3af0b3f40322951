"""What an operator may do with a call that is in progress, whichever process holds it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Literal, NamedTuple, Protocol

from pydantic import AfterValidator, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from phoneagent.call.calling_rules import REFUSALS
from phoneagent.call.phone_numbers import NumberRules
from phoneagent.call.steering import Action, Control
from phoneagent.do_not_call import DoNotCallList
from phoneagent.errors import CallIsOver, NobodyHoldsCall, SteeringUnanswered, UnwantedCall

from .bodies import NO_CONTROLS, ONE_LINE, Body, bounded, kept, parse, read
from .problems import PRIVATE, Problem, misfit
from .resource import Handler

LONGEST_TEXT = 4000  # characters: four minutes of speech, and more than a note should be
LONGEST_DIGITS = 100
TAKEN_UP = 204
QUEUE = re.compile("queue:[A-Za-z0-9_-]{1,64}")
ADDRESS = re.compile(r"\+|(?:sips?|tel):\S+\Z", re.IGNORECASE)


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT, pattern=NO_CONTROLS),
    AfterValidator(kept),
    Field(description=f"a text of 1 to {LONGEST_TEXT} characters, and not only blanks, without control characters"),
]


class Saying(Body):
    """The body of `say`."""

    text: Text
    interruptible: bool = Field(True, description="true or false: whether the caller may cut it")


class Instruction(Body):
    """The body of `instruct`."""

    text: Text
    reply: bool = Field(False, description="true or false: whether the agent answers to it at once")


class Target(Body):
    """The body of `transfer`."""

    target: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=ONE_LINE),
        AfterValidator(kept),
    ] = Field(description="the name of a transfer target, a telephone number or a SIP address")


class Keys(Body):
    """The body of `dtmf`."""

    digits: str = Field(
        max_length=LONGEST_DIGITS,
        pattern=r"^[0-9*#A-Dw]+$",
        description=f"1 to {LONGEST_DIGITS} of 0123456789*#ABCD, and w for half a second of silence",
    )
    by: Literal["tones", "carrier"] = Field(
        "tones",
        description='"tones", sent as the agent\'s voice, or "carrier", for which the call leaves it for a moment',
    )


class Nothing(Body):
    """The body of what needs none: it may be left out."""


class Deed(NamedTuple):
    """What can be done with a call. `name`: the last part of its path."""

    name: str
    handle: Handler
    summary: str
    body: type[Body] = Nothing

    @property
    def body_optional(self) -> bool:
        return self.body is Nothing


class Steers(Protocol):
    """`call.steering.Steering`."""

    async def send(self, call: str, control: Control) -> None:
        """Raises `CallIsOver`, `NobodyHoldsCall`, `SteeringUnanswered` and `StoreError`."""


class Find(Protocol):
    """Finds the carrier's id of a call."""

    async def __call__(self, request: Request) -> str:
        """Of the call in the path. Raises `Problem` 404."""


class Targets(Protocol):
    """Finds whom a call can be transferred to."""

    async def __call__(self, call: str) -> Collection[str]:
        """The names of its agent's transfer targets. Raises `StoreError`."""


class Steering:
    """Endpoints. Each answers 204 once the process that holds the call has taken it up."""

    def __init__(
        self,
        steers: Steers,
        find: Find,
        targets: Targets,
        numbers: NumberRules,
        unwanted: DoNotCallList | None = None,
    ) -> None:
        self._steers = steers
        self._find = find
        self._targets = targets
        self._numbers = numbers
        self._unwanted = unwanted

    @property
    def actions(self) -> tuple[Deed, ...]:
        """All there are."""
        return (
            Deed("say", self.say, "Have the agent say this, word by word", Saying),
            Deed("instruct", self.instruct, "Leave the model a note, which the caller does not hear of", Instruction),
            Deed("transfer", self.transfer, "Connect the caller to somebody else", Target),
            Deed("dtmf", self.dtmf, "Press keys", Keys),
            Deed("hangup", self.hangup, "End the call"),
            Deed("mute", self.mute, "Let the agent begin no replies, but listen"),
            Deed("unmute", self.unmute, "Let the agent speak again"),
            Deed("recording/pause", self.pause_recording, "Record only silence, until it is resumed"),
            Deed("recording/resume", self.resume_recording, "Record again"),
        )

    async def say(self, request: Request) -> Response:
        """Have the agent say this, word by word."""
        wanted = await read(request, Saying)
        return await self._send(request, "say", wanted.text, interruptible=wanted.interruptible)

    async def instruct(self, request: Request) -> Response:
        """Leave the model a note, which the caller does not hear of."""
        wanted = await read(request, Instruction)
        return await self._send(request, "instruct", wanted.text, reply=wanted.reply)

    async def transfer(self, request: Request) -> Response:
        """Connect the caller to somebody else; where that costs something, by the rules for calls that are placed."""
        target = (await read(request, Target)).target
        call = await self._answered(request)
        names = await self._targets(call)
        if target not in names and not QUEUE.fullmatch(target):
            if not (ADDRESS.match(target) or self._numbers.is_emergency(target)):
                known = "".join(f"{name}, " for name in names)
                raise misfit("target", f"expected {known}a number with its country code, a SIP address or a queue")
            target = self._numbers.target(target)
            if self._unwanted is not None and await self._unwanted.find(target) is not None:
                raise UnwantedCall("target", REFUSALS["do_not_call"])
        return await self._tell(call, Control("transfer", target))

    async def dtmf(self, request: Request) -> Response:
        """Press keys."""
        wanted = await read(request, Keys)
        return await self._send(request, "dtmf", wanted.digits, by_carrier=wanted.by == "carrier")

    async def hangup(self, request: Request) -> Response:
        """End the call."""
        return await self._plain(request, "hangup")

    async def mute(self, request: Request) -> Response:
        """Let the agent begin no replies, but listen."""
        return await self._plain(request, "mute")

    async def unmute(self, request: Request) -> Response:
        """Let the agent speak again."""
        return await self._plain(request, "unmute")

    async def pause_recording(self, request: Request) -> Response:
        """Keep only silence of the call, until it is resumed."""
        return await self._plain(request, "pause_recording")

    async def resume_recording(self, request: Request) -> Response:
        """Record again."""
        return await self._plain(request, "resume_recording")

    async def _plain(self, request: Request, action: Action) -> Response:
        if body := await bounded(request):
            parse(body, Nothing)
        return await self._send(request, action, "")

    async def _send(
        self,
        request: Request,
        action: Action,
        argument: str,
        *,
        interruptible: bool = True,
        reply: bool = False,
        by_carrier: bool = False,
    ) -> Response:
        control = Control(action, argument, interruptible=interruptible, answer=reply, by_carrier=by_carrier)
        return await self._tell(await self._answered(request), control)

    async def _answered(self, request: Request) -> str:
        """The carrier's id of the call."""
        if call := await self._find(request):
            return call
        raise Problem(409, "not-in-progress", "The call is not in progress", "expected a call that has been answered")

    async def _tell(self, call: str, control: Control) -> Response:
        try:
            await self._steers.send(call, control)
        except CallIsOver as error:
            raise Problem(409, "call-over", "The call is over", str(error)) from error
        except NobodyHoldsCall as error:
            raise Problem(409, "not-in-progress", "The call is not in progress", str(error)) from error
        except SteeringUnanswered as error:
            raise Problem(504, "not-acknowledged", "Not acknowledged", str(error)) from error
        return Response(status_code=TAKEN_UP, headers=PRIVATE)
