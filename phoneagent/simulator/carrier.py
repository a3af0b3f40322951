"""Twilio on one's own machine: it rings, follows TwiML, opens media streams, and takes REST requests.

Independent of `phoneagent.telephony`: two readings of the protocol that check each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self
from uuid import NAMESPACE_URL, uuid4, uuid5

from phoneagent.errors import MisuseError
from phoneagent.ports import Synthesizer

from .call_order import Callee, Fetch, Inline, Order, Over, Tampering
from .callbacks import Delivery
from .caller import CallerScript
from .caller_speech import CallerSpeech
from .hand_driven import HandDrivenStream
from .incoming_numbers import Application
from .local_server import LocalServer
from .network import Network
from .phone_line import Metronome
from .placed_call import CallResult, Equipment, PlacedCall
from .rest import RestApi
from .rest_calls import TIME_LIMIT
from .rest_faults import RestFaults
from .rest_messages import TextMessage
from .signing import GENUINE, Signing
from .speech import Phrasebook
from .webhooks import Answer, Webhooks

ACCOUNT_SID = "AC" + "5" * 32
AUTH_TOKEN = "simulated-auth-token"
CALLER_NUMBER = "+15005550100"
AGENT_NUMBER = "+15005550006"
CALLS_REMEMBERED = 1000  # calls that REST still knows after their end; the oldest are forgotten


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number of the account: where its calls go."""

    number: str
    voice_url: str = ""
    voice_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    voice_application_sid: str = ""
    trunk_sid: str = ""
    friendly_name: str = ""
    has_voice: bool = True
    has_sms: bool = True

    @property
    def sid(self) -> str:
        return f"PN{uuid5(NAMESPACE_URL, self.number).hex}"


class Carrier:
    """Twilio's side of calls. `async with Carrier(...) as carrier`; leaving the block ends all its calls."""

    def __init__(
        self,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        *,
        synthesizer: Synthesizer | None = None,
        phrasebook: Phrasebook | None = None,
        numbers: Sequence[PhoneNumber] = (PhoneNumber(AGENT_NUMBER),),
        applications: Sequence[Application] = (),
        callees: Mapping[str, Callee] | None = None,
        api_keys: Mapping[str, str] | None = None,
        network: Network | None = None,
        recording: bool = True,
        delivery: Delivery | None = None,
        calls_per_second: float = 1.0,
        port: int = 0,
    ) -> None:
        """`synthesizer` speaks for callers; what they say is entered in `phrasebook`.

        `callees`: who can be called, by number (`<Dial>`, calls placed by REST); all others fail. `api_keys`: secrets
        by key sid, accepted beside the auth token. `recording` false: calls keep times, but no audio. `delivery`: what
        happens to status callbacks on their way. Of the calls placed by REST so many are dialled a second, as Twilio
        does by default; the others wait. `port` of the REST API; 0 is any.
        """
        self.account_sid = account_sid
        self.phrasebook = phrasebook if phrasebook is not None else Phrasebook()
        self.numbers = {number.number: number for number in numbers}
        self.applications = {application.sid: application for application in applications}
        self.credentials = {account_sid: auth_token, **(api_keys or {})}
        self.calls: dict[str, PlacedCall] = {}
        """Calls by their sid, the latest 1,000."""
        self.placed_by_rest: asyncio.Queue[PlacedCall] = asyncio.Queue()
        """Calls that the product placed, as they come; nobody needs to take them."""
        self.messages: list[TextMessage] = []
        """Texts that the product has sent."""
        self.rest_faults = RestFaults()
        """What will go wrong with coming REST requests."""
        self.signing = Signing(auth_token)
        """How webhooks and handshakes are signed; `signing.rules` may have shared keys."""
        self._delivery = delivery or Delivery()
        self._call_spacing = 1 / calls_per_second
        self._next_dialling = 0.0  # on the loop's clock
        self._callees = dict(callees or {})
        self._network = network or Network()
        self._recording = recording
        self._speech = CallerSpeech(synthesizer, self.phrasebook)
        self._server = LocalServer(RestApi(self).app, port=port)
        self._streams: list[HandDrivenStream] = []

    @property
    def api_url(self) -> str:
        """Base of the REST API: what `PHONEAGENT_TWILIO_API_URL` is to be set to."""
        return self._server.url

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        self._webhooks = Webhooks(self.signing, self._network)
        self._equipment = Equipment(
            account=self.account_sid,
            webhooks=self._webhooks,
            network=self._network,
            speech=self._speech,
            numbers=self.numbers.keys(),
            callees=self._callees,
            delivery=self._delivery,
            begin=self._begin,
            queues={},
            recording=self._recording,
            metronome=Metronome(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        live = [call for call in self.calls.values() if not call.is_over]
        for call in live:
            call.interrupt(Over("carrier closed"))
        results = await asyncio.gather(*(call.ended for call in live), return_exceptions=True)
        for stream in self._streams:
            stream.abort()
        await self._webhooks.aclose()
        await self._server.__aexit__(kind, error, traceback)
        if error is None:
            for result in results:
                if isinstance(result, BaseException):
                    raise result

    # --- calls ---------------------------------------------------------------------------------

    def prepare(self, callers: Iterable[CallerScript]) -> None:
        """Speak now what these callers will say: a voice takes milliseconds, in which all other calls would wait."""
        for script in callers:
            script.prepare(self._speech)

    def dial(
        self,
        voice_url: str = "",
        *,
        document: str = "",
        caller: CallerScript | None = None,
        from_: str = CALLER_NUMBER,
        to: str = AGENT_NUMBER,
        status_callback: str = "",
        parameters: Mapping[str, str] | None = None,
        tampering: Tampering | None = None,
        time_limit: float = TIME_LIMIT,
    ) -> PlacedCall:
        """Somebody calls `to`. Returns at once, with the call under way.

        `voice_url`, or else that of the number, is asked what to do; nobody is if `document` (TwiML) is given.
        `caller` None: says nothing and waits. `parameters` are added to the webhooks' (`{"ForwardedFrom": ...}`).
        `time_limit` in seconds.
        """
        number = self.numbers.get(to, PhoneNumber(to))
        application = self.applications.get(number.voice_application_sid)
        url = voice_url or (application or number).voice_url
        if not url and not document:
            raise MisuseError(f"{to} has no voice URL, and none was given")
        return self._begin(
            Order(
                from_=from_,
                to=to,
                direction="inbound",
                instructions=Inline(document)
                if document
                else Fetch(url, "POST" if voice_url else (application or number).voice_method),
                script=caller or CallerScript(),
                time_limit=time_limit,
                status_callback=status_callback or number.status_callback,
                status_callback_method=number.status_callback_method,
                parameters=parameters or {},
                tampering=tampering or Tampering(),
            )
        )

    async def call(
        self,
        voice_url: str = "",
        *,
        caller: CallerScript | None = None,
        from_: str = CALLER_NUMBER,
        to: str = AGENT_NUMBER,
        status_callback: str = "",
        parameters: Mapping[str, str] | None = None,
        tampering: Tampering | None = None,
        time_limit: float = TIME_LIMIT,
    ) -> CallResult:
        """Call as `dial` does, and wait until the call is over. Cancelling it hangs up."""
        call = self.dial(
            voice_url,
            caller=caller,
            from_=from_,
            to=to,
            status_callback=status_callback,
            parameters=parameters,
            tampering=tampering,
            time_limit=time_limit,
        )
        try:
            return await call.ended
        finally:
            call.hang_up()

    @property
    def queue_time(self) -> float:
        """Seconds that a call placed now by REST waits until it is dialled."""
        return max(0.0, self._next_dialling - asyncio.get_running_loop().time())

    def refuses(self, to: str) -> int | None:
        """Twilio's code when this number cannot be called at all."""
        callee = self._callees.get(to)
        return None if callee is None else callee.refused

    def script_of(self, to: str) -> CallerScript:
        """What whoever is called does."""
        callee = self._callees.get(to)
        return (callee.script if callee else None) or CallerScript()

    def place(self, order: Order) -> PlacedCall:
        """Place a call for the account: what `POST /Calls.json` does."""
        self._next_dialling = asyncio.get_running_loop().time() + order.queued + self._call_spacing
        call = self._begin(order)
        self.placed_by_rest.put_nowait(call)
        return call

    def configure_number(self, number: str, **changes: str) -> PhoneNumber:
        """Change where a number's calls go, by the names of `PhoneNumber`."""
        self.numbers[number] = replace(self.numbers[number], **changes)  # type: ignore[arg-type]  # all but `has_voice` are text
        return self.numbers[number]

    def _begin(self, order: Order) -> PlacedCall:
        call = PlacedCall(order, self._equipment)
        self.calls[call.sid] = call
        if len(self.calls) > CALLS_REMEMBERED:
            oldest = next((sid for sid, known in self.calls.items() if known.is_over), None)
            if oldest is not None:
                del self.calls[oldest]
        return call

    # --- by hand, for tests of bad input -------------------------------------------------------

    async def request(
        self, url: str, form: Mapping[str, str] | None = None, *, signature: str | None = GENUINE, method: str = "POST"
    ) -> Answer:
        """Send one webhook and return whatever is answered. `form` None: that of a ringing call.

        `signature` may be None (none) or any text. Raises `WebhookFailed` when there is no answer.
        """
        if form is None:
            form = {
                "AccountSid": self.account_sid,
                "CallSid": f"CA{uuid4().hex}",
                "CallStatus": "ringing",
                "Direction": "inbound",
                "From": CALLER_NUMBER,
                "To": AGENT_NUMBER,
            }
        return await self._webhooks.request(url, form, signature=signature, method=method)

    async def open_stream(self, url: str, *, signature: str | None = GENUINE) -> HandDrivenStream:
        """Open a socket as for a media stream, and send nothing: what is sent is up to you.

        Raises `HandshakeFailed` (with the HTTP status), `OSError`, `TimeoutError`.
        """
        stream = HandDrivenStream(account=self.account_sid)
        await stream.open(url, self._network, signed=self.signing.headers(url, {}, signature=signature))
        self._streams.append(stream)
        return stream
