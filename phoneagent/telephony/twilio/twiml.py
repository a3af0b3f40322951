"""TwiML: what Twilio shall do with a call, written by Twilio's own classes."""

from __future__ import annotations

import re

from twilio.twiml.voice_response import Connect, Dial, VoiceResponse

from phoneagent.errors import MisuseError

from .addresses import CONTINUE_PATH, MEDIA_PATH, http_base, websocket_base

TOKEN_PARAMETER = "token"  # the name under which the token travels, not a token

LONGEST_PARAMETER = 499
"""Characters of a `<Parameter>`, name and value together; Twilio wants fewer than 500."""

RING_SECONDS = 25
"""How long the other side of a transfer may ring: five rings. Twilio's 30 s is when voicemail boxes answer."""

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document can hold, even escaped; the library would write them as they are."""


class TwilioDocuments:
    """Documents for one public URL. `ring_seconds`: how long the other side of a transfer may ring.

    `worker`: the last part of the paths to which the carrier comes back with a call that was answered here.
    """

    def __init__(self, public_url: str, *, ring_seconds: int = RING_SECONDS, worker: int | None = None) -> None:
        back = "" if worker is None else f"/{worker}"
        self._media_url = websocket_base(public_url) + MEDIA_PATH + back
        self._base = http_base(public_url)
        self._continue_url = self._base + CONTINUE_PATH + back
        self._ring_seconds = ring_seconds

    def connect(self, *, token: str) -> str:
        """Open a media stream whose `start` has the token in its parameters; afterwards ask `/twilio/continue`.

        The token is a `<Parameter>`: Twilio drops the query of a stream's URL.
        """
        if len(TOKEN_PARAMETER) + len(token) > LONGEST_PARAMETER:
            raise MisuseError(f"expected a stream token that fits into {LONGEST_PARAMETER} characters with its name")
        response = VoiceResponse()
        connect = Connect()
        connect.stream(url=self._media_url).parameter(name=TOKEN_PARAMETER, value=token)
        response.append(connect)
        response.redirect(self._continue_url, method="POST")
        return _xml(response)

    def say_and_hang_up(self, text: str) -> str:
        """Say it in Twilio's own voice: for when we have none."""
        response = VoiceResponse()
        response.say(NOT_IN_XML.sub(" ", text))
        response.hangup()
        return _xml(response)

    def dial(self, target: str, *, caller_id: str = "") -> str:
        """Connect the caller to a number or a `sip:` address; afterwards, reached or not, ask `/twilio/continue`.

        The caller hears ringing until somebody answers; Twilio tells `/twilio/continue` how it went (`DialCallStatus`).
        """
        response = VoiceResponse()
        dial = Dial(
            answer_on_bridge=True,
            timeout=self._ring_seconds,
            action=self._continue_url,
            method="POST",
            caller_id=NOT_IN_XML.sub("", caller_id) or None,
        )
        address = NOT_IN_XML.sub("", target)
        if address.lower().startswith(("sip:", "sips:")):
            dial.sip(address)
        else:
            dial.number(address)
        response.append(dial)
        return _xml(response)

    def ask_again(self, times: int, *, what: str = CONTINUE_PATH) -> str:
        """Ask this path of whichever process answers, with `again` in the query."""
        response = VoiceResponse()
        if times > 1:
            response.pause(length=1)
        response.redirect(_with_again(self._base + what, times), method="POST")
        return _xml(response)

    def send_on(self, url: str) -> str:
        response = VoiceResponse()
        response.redirect(_with_again(url, 1), method="POST")
        return _xml(response)

    def press(self, digits: str) -> str:
        """Play the keys' tones, `w` being half a second; afterwards ask `/twilio/continue`."""
        response = VoiceResponse()
        response.play(digits=digits)
        response.redirect(self._continue_url, method="POST")
        return _xml(response)

    def hang_up(self) -> str:
        response = VoiceResponse()
        response.hangup()
        return _xml(response)


def _with_again(url: str, times: int) -> str:
    return f"{url}{'&' if '?' in url else '?'}again={times}"


def _xml(response: VoiceResponse) -> str:
    return str(response.to_xml())
