"""Reads TwiML as Twilio does: what it says to do, and what is wrong with it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from urllib.parse import urljoin, urlsplit

from phoneagent.errors import PhoneagentError

from .twiml_schema import ATTRIBUTES, NOT_FOLLOWED
from .twiml_verbs import (
    Connect,
    Dial,
    Document,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    NotFollowed,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    Stream,
    Target,
    Verb,
)
from .violation import (
    DOCUMENT_AGAINST_SCHEMA,
    DOCUMENT_MALFORMED,
    STREAM_NOT_SECURE,
    STREAM_TRACK_INVALID,
    STREAM_URL_MALFORMED,
)

__all__ = [
    "Connect",
    "Dial",
    "Document",
    "DocumentMalformed",
    "Enqueue",
    "Gather",
    "Hangup",
    "Leave",
    "NotFollowed",
    "NotSimulated",
    "Pause",
    "Play",
    "Redirect",
    "Reject",
    "Say",
    "Stream",
    "Target",
    "Verb",
    "read",
]

STATUS_EVENTS = ("initiated", "ringing", "answered", "completed")
LONGEST_DIAL = 24 * 3600  # seconds; docs/voice/twiml/dial, "timeLimit"
SPEECH_OVER = 1.0  # seconds; what `speechTimeout="auto"` takes for the end of speech
PARAMETER_LIMIT = 500  # characters of a <Parameter>'s name and value together
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class NotSimulated(PhoneagentError):
    """A document uses something that is right at Twilio and that this simulator does not have."""


class DocumentMalformed(PhoneagentError):
    """The document is no TwiML at all: Twilio ends the call. `code` is Twilio's."""

    def __init__(self, problem: str, code: int = DOCUMENT_MALFORMED) -> None:
        super().__init__(problem)
        self.code = code


def read(document: str | bytes, *, base: str = "") -> Document:
    """Read TwiML; relative URLs in it are relative to `base`. Raises `DocumentMalformed`."""
    try:
        root = ET.fromstring(document)  # noqa: S314 -- expat >= 2.4 limits entities, and the author is under test
    except ET.ParseError as exc:
        raise DocumentMalformed(f"not XML: {exc}") from exc
    if root.tag != "Response":
        raise DocumentMalformed(f"expected <Response> as root, got <{root.tag}>")
    return _Reader(base).read(root)


class _Reader:
    def __init__(self, base: str) -> None:
        self._base = base
        self._problems: list[tuple[int, str]] = []

    def read(self, root: ET.Element) -> Document:
        self._check_attributes(root)
        if (root.text or "").strip():
            self._complain(f"text directly in <Response>: {(root.text or '').strip()[:40]!r}")
        verbs = [verb for child in root if (verb := self._verb(child)) is not None]
        return Document(tuple(verbs), tuple(self._problems))

    def _verb(self, element: ET.Element) -> Verb | None:
        if element.tag in NOT_FOLLOWED:
            return NotFollowed(element.tag)
        if not self._check_attributes(element):
            return None
        text = (element.text or "").strip()
        match element.tag:
            case "Say":
                if not text:
                    self._complain("<Say> without text")
                return Say(text, element.get("voice", ""), int(self._number(element, "loop", 1)))
            case "Play":
                digits = element.get("digits", "")
                if bool(text) == bool(digits):
                    self._complain("<Play> needs either a URL or digits")
                return Play(urljoin(self._base, text), digits, int(self._number(element, "loop", 1)))
            case "Pause":
                return Pause(self._number(element, "length", 1))
            case "Redirect":
                if not text:
                    self._complain("<Redirect> without a URL")
                return Redirect(urljoin(self._base, text), self._method(element, "method"))
            case "Hangup":
                return Hangup()
            case "Reject":
                reason = element.get("reason", "rejected")
                if reason not in ("rejected", "busy"):
                    self._complain(f"<Reject reason={reason!r}>: expected 'rejected' or 'busy'")
                return Reject("busy" if reason == "busy" else "rejected")
            case "Connect":
                return self._connect(element)
            case "Enqueue":
                if not text:
                    self._complain("<Enqueue> without the name of a queue")
                    return None
                return Enqueue(
                    text,
                    self._url(element, "waitUrl"),
                    self._method(element, "waitUrlMethod"),
                    self._url(element, "action"),
                    self._method(element, "method"),
                )
            case "Leave":
                return Leave()
            case "Gather":
                return self._gather(element)
            case "Dial":
                return self._dial(element, text)
        self._complain(f"<{element.tag}> is a noun, not a verb")
        return None

    def _connect(self, element: ET.Element) -> Verb | None:
        nouns = list(element)
        if len(nouns) != 1:
            self._complain(f"<Connect> needs one noun, got {len(nouns)}")
            return None
        noun = nouns[0]
        if noun.tag in NOT_FOLLOWED:
            return NotFollowed(noun.tag)
        if noun.tag != "Stream":
            self._complain(f"<{noun.tag}> in <Connect>")
            return None
        stream = self._stream(noun)
        if stream is None:
            return None
        return Connect(stream, self._url(element, "action"), self._method(element, "method"))

    def _stream(self, element: ET.Element) -> Stream | None:
        self._check_attributes(element)
        track = element.get("track", "inbound_track")
        if track != "inbound_track":
            self._complain(f"track {track!r} in <Connect>: only inbound_track", STREAM_TRACK_INVALID)
            return None
        url = self._stream_url(element.get("url", ""))
        if url is None:
            return None
        parameters: dict[str, str] = {}
        for child in element:
            if child.tag != "Parameter":
                self._complain(f"<{child.tag}> in <Stream>")
                continue
            self._check_attributes(child)
            name, value = child.get("name", ""), child.get("value", "")
            if not name or len(name) + len(value) >= PARAMETER_LIMIT:
                self._complain(f"<Parameter name={name!r}>: expected a name, and under {PARAMETER_LIMIT} characters")
                continue
            if name in parameters:
                self._complain(f"<Parameter name={name!r}> twice")
            parameters[name] = value
        return Stream(
            url=url,
            parameters=parameters,
            name=element.get("name", ""),
            status_callback=self._url(element, "statusCallback"),
            status_callback_method=self._method(element, "statusCallbackMethod"),
        )

    def _stream_url(self, url: str) -> str | None:
        parts = urlsplit(url)
        if not parts.hostname or parts.scheme not in ("ws", "wss", "http", "https"):
            self._complain(f"stream URL {url!r}", STREAM_URL_MALFORMED)
            return None
        if parts.scheme != "wss" and not (parts.scheme == "ws" and parts.hostname in LOOPBACK):
            # Plain ws is allowed on loopback, which Twilio cannot reach anyhow.
            self._complain(f"stream URL {url!r}: expected wss", STREAM_NOT_SECURE)
            return None
        if parts.query or parts.fragment:
            self._complain(f"stream URL {url!r}: the query never arrives", STREAM_URL_MALFORMED)
            return parts._replace(query="", fragment="").geturl()
        return url

    def _dial(self, element: ET.Element, text: str) -> Verb | None:
        targets = [Target(text)] if text else []
        queue = ""
        for noun in element:
            if noun.tag in NOT_FOLLOWED:
                return NotFollowed(noun.tag)
            if noun.tag == "Queue":
                self._check_attributes(noun)
                queue = (noun.text or "").strip()
                continue
            if noun.tag not in ("Number", "Sip"):
                self._complain(f"<{noun.tag}> in <Dial>")
                continue
            targets.append(self._target(noun))
        limit = self._number(element, "timeLimit", 4 * 3600)
        if not 1 <= limit <= LONGEST_DIAL:
            self._complain(f"<Dial timeLimit>: expected 1 to {LONGEST_DIAL} seconds, got {limit:g}")
            limit = 4 * 3600
        if bool(targets) == bool(queue) or not all(target.address for target in targets):
            self._complain("<Dial> needs either somebody to call or a queue")
            return None
        return Dial(
            targets=tuple(targets),
            timeout=self._number(element, "timeout", 30),
            time_limit=limit,
            caller_id=element.get("callerId", ""),
            action=self._url(element, "action"),
            method=self._method(element, "method"),
            answer_on_bridge=self._truth(element, "answerOnBridge"),
            queue=queue,
        )

    def _target(self, noun: ET.Element) -> Target:
        self._check_attributes(noun)
        if "machineDetection" in noun.attrib:
            raise NotSimulated(f"machineDetection of <{noun.tag}> is not simulated")
        events = tuple(noun.get("statusCallbackEvent", "completed").split())
        for event in events:
            if event not in STATUS_EVENTS:
                self._complain(f"<{noun.tag} statusCallbackEvent={event!r}>: expected some of {STATUS_EVENTS}")
        return Target(
            address=(noun.text or "").strip(),
            url=self._url(noun, "url"),
            method=self._method(noun, "method"),
            send_digits=noun.get("sendDigits", ""),
            status_callback=self._url(noun, "statusCallback"),
            status_callback_method=self._method(noun, "statusCallbackMethod"),
            status_callback_events=events,
        )

    def _gather(self, element: ET.Element) -> Verb:
        kinds = frozenset(element.get("input", "dtmf").split())
        if not kinds or not kinds <= {"dtmf", "speech"}:
            self._complain(f"<Gather input={element.get('input')!r}>: expected 'dtmf', 'speech' or both")
        finish = element.get("finishOnKey", "#")
        if len(finish) > 1 or (finish and finish not in "0123456789*#"):
            self._complain(f"<Gather finishOnKey={finish!r}>: expected one key, or none")
        prompts: list[Say | Play | Pause] = []
        for child in element:
            verb = self._verb(child)
            if isinstance(verb, Say | Play | Pause):
                prompts.append(verb)
            elif verb is not None:
                self._complain(f"<{child.tag}> in <Gather>")
        timeout = self._number(element, "timeout", 5)
        automatic = element.get("speechTimeout") == "auto"
        return Gather(
            prompts=tuple(prompts),
            input=kinds,
            timeout=timeout,
            num_digits=int(self._number(element, "numDigits", 0)),
            finish_on_key=finish,
            speech_timeout=SPEECH_OVER if automatic else self._number(element, "speechTimeout", int(timeout)),
            action_on_empty_result=self._truth(element, "actionOnEmptyResult"),
            action=self._url(element, "action"),
            method=self._method(element, "method"),
        )

    def _url(self, element: ET.Element, name: str) -> str:
        url = element.get(name, "")
        return urljoin(self._base, url) if url else ""

    def _truth(self, element: ET.Element, name: str) -> bool:
        value = element.get(name, "false")
        if value not in ("true", "false"):
            self._complain(f"<{element.tag} {name}={value!r}>: expected 'true' or 'false'")
        return value == "true"

    def _check_attributes(self, element: ET.Element) -> bool:
        """Whether the element is known; complains about it or about attributes that it does not have."""
        allowed = ATTRIBUTES.get(element.tag)
        if allowed is None:
            self._complain(f"unknown element <{element.tag}>")
            return False
        for name in element.attrib:
            if name not in allowed:
                self._complain(f"<{element.tag}> has no attribute {name!r}")
        return True

    def _number(self, element: ET.Element, name: str, default: int) -> float:
        value = element.get(name)
        if value is None:
            return default
        if not value.isdecimal():
            self._complain(f"<{element.tag} {name}={value!r}>: expected a whole number")
            return default
        return int(value)

    def _method(self, element: ET.Element, name: str) -> str:
        method = element.get(name, "POST").upper()
        if method not in ("GET", "POST"):
            self._complain(f"<{element.tag} {name}={method!r}>: expected GET or POST")
            return "POST"
        return method

    def _complain(self, problem: str, code: int = DOCUMENT_AGAINST_SCHEMA) -> None:
        self._problems.append((code, problem))
