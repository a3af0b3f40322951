"""TwiML: what Twilio shall do with a call, written by Twilio's own classes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from twilio.twiml.voice_response import Connect, Dial, Gather, VoiceResponse

from phoneagent.call.emergency import is_emergency
from phoneagent.errors import MisuseError
from phoneagent.records import TALK_AT_MOST

from .addresses import CONTINUE_PATH, HOLD_PATH, MEDIA_PATH, MUSIC_PATH, TARGET_PATH, http_base, websocket_base

TOKEN_PARAMETER = "token"  # the name under which the token travels, not a token

LONGEST_PARAMETER = 499
"""Characters of a `<Parameter>`, name and value together; Twilio wants fewer than 500."""

KEY_WITHIN = 6
"""Seconds after the offer of a call for a key to be pressed; the machines that answer press none."""

ROOM_QUEUE = "phoneagent-room"  # the account's queue of callers for whom there was no room

JOIN_WITHIN = 10  # seconds for which somebody who takes a call from a queue waits for one to be in it

LANGUAGES: Mapping[str, str] = {
    "da": "da-DK", "de": "de-DE", "en": "en-US", "es": "es-ES", "fi": "fi-FI", "fr": "fr-FR", "it": "it-IT",
    "ja": "ja-JP", "nl": "nl-NL", "pl": "pl-PL", "pt": "pt-PT", "ru": "ru-RU", "sv": "sv-SE",
}  # fmt: skip
"""What Twilio's voices are asked for where an agent only names the language."""

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document can hold, even escaped; the library would write them as they are."""


class TwilioDocuments:
    """Documents for one public URL.

    `worker`: the last part of the paths to which the carrier comes back with a call that was answered here.
    """

    def __init__(self, public_url: str, *, worker: int | None = None) -> None:
        back = "" if worker is None else f"/{worker}"
        self._media_url = websocket_base(public_url) + MEDIA_PATH + back
        self._base = http_base(public_url)
        self._continue_url = self._base + CONTINUE_PATH + back

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

    def say_and_hang_up(self, text: str, *, language: str = "") -> str:
        """Say it in Twilio's own voice: for when we have none."""
        response = VoiceResponse()
        _say(response, text, language)
        response.hangup()
        return _xml(response)

    def reject(self, *, busy: bool) -> str:
        """Twilio charges nothing for a call that it has not answered."""
        response = VoiceResponse()
        response.reject(reason="busy" if busy else "rejected")
        return _xml(response)

    # -- transfers ----------------------------------------------------------------------------------

    def dial(self, target: str, *, caller_id: str, ring_for: int, talk_for: int, ask_first: str = "") -> str:
        """Connect the caller to a number or a `sip:` address; afterwards, reached or not, ask `/twilio/continue`.

        The caller hears ringing until somebody answers, and has taken the call if they are asked first; Twilio tells
        `/twilio/continue` how it went (`DialCallStatus`). Without a `caller_id` Twilio shows the caller's own number,
        and refuses to dial for a caller by SIP or Client, who has none (13214).
        """
        if is_emergency(target):
            raise MisuseError("expected somebody else to connect a caller to than an emergency service")
        response = VoiceResponse()
        dial = Dial(
            answer_on_bridge=True,
            caller_id=NOT_IN_XML.sub("", caller_id) or None,
            timeout=ring_for,
            time_limit=talk_for,
            action=self._continue_url,
            method="POST",
        )
        asked = {"url": self._target_url(ask_first), "method": "POST"} if ask_first else {}
        address = NOT_IN_XML.sub("", target)
        if address.lower().startswith(("sip:", "sips:")):
            dial.sip(address, **asked)
        else:
            dial.number(address, **asked)
        response.append(dial)
        return _xml(response)

    def enqueue(self, queue: str) -> str:
        response = VoiceResponse()
        name = NOT_IN_XML.sub("", queue)
        response.enqueue(name, wait_url=self._base + HOLD_PATH, wait_url_method="POST", action=self._continue_url)
        return _xml(response)

    def hold(self, music: str, *, text: str = "", language: str = "") -> str:
        response = VoiceResponse()
        if text:
            _say(response, text, language)
        response.play(music or self._base + MUSIC_PATH)
        return _xml(response)

    def leave_queue(self) -> str:
        response = VoiceResponse()
        response.leave()
        return _xml(response)

    def come_back(self) -> str:
        response = VoiceResponse()
        response.redirect(self._continue_url, method="POST")
        return _xml(response)

    def offer(self, call: str, text: str, *, language: str) -> str:
        """The text twice: who lifts a receiver misses the beginning. Without a key Twilio asks, too."""
        response = VoiceResponse()
        gather = Gather(num_digits=1, timeout=KEY_WITHIN, action=self._target_url(call), method="POST")
        _say(gather, text, language)
        gather.pause(length=1)
        _say(gather, text, language)
        response.append(gather)
        response.redirect(self._target_url(call) + "&silent=1", method="POST")
        return _xml(response)

    def join(self, queue: str, *, otherwise: str, language: str, talk_for: int = TALK_AT_MOST) -> str:
        response = VoiceResponse()
        if queue:
            dial = Dial(timeout=JOIN_WITHIN, time_limit=talk_for)
            dial.queue(NOT_IN_XML.sub("", queue))
            response.append(dial)
            _say(response, otherwise, language)
        return _xml(response)

    def _target_url(self, call: str) -> str:
        return f"{self._base}{TARGET_PATH}?call={quote(call, safe='', errors='replace')}"

    # -- going on -----------------------------------------------------------------------------------

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

    def wait_for_room(self, times: int, *, what: str) -> str:
        response = VoiceResponse()
        asked = _with_again(self._base + what, times)
        response.enqueue(ROOM_QUEUE, wait_url=f"{self._base}{HOLD_PATH}?room=1", wait_url_method="POST", action=asked)
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


def _say(where: VoiceResponse | Gather, text: str, language: str) -> None:
    """In a voice of the language, where Twilio has one of it."""
    voice = LANGUAGES.get(language, language if "-" in language else None)
    where.say(NOT_IN_XML.sub(" ", text), language=voice)


def _with_again(url: str, times: int) -> str:
    return f"{url}{'&' if '?' in url else '?'}again={times}"


def _xml(response: VoiceResponse) -> str:
    return str(response.to_xml())
