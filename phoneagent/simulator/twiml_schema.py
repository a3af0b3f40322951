"""Which verbs, nouns and attributes TwiML has."""

from __future__ import annotations

from collections.abc import Mapping

_CALLBACKS = frozenset({"statusCallback", "statusCallbackMethod", "statusCallbackEvent"})

ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "Response": frozenset(),
    "Say": frozenset({"voice", "language", "loop"}),
    "Play": frozenset({"loop", "digits"}),
    "Pause": frozenset({"length"}),
    "Redirect": frozenset({"method"}),
    "Enqueue": frozenset({"action", "method", "waitUrl", "waitUrlMethod"}),
    "Leave": frozenset(),
    "Queue": frozenset(),
    "Gather": frozenset(
        {"input", "action", "method", "timeout", "numDigits", "finishOnKey", "actionOnEmptyResult", "speechTimeout"}
        | {"language", "hints", "speechModel", "profanityFilter", "enhanced"}
    ),
    "Hangup": frozenset(),
    "Reject": frozenset({"reason"}),
    "Connect": frozenset({"action", "method"}),
    "Stream": frozenset({"url", "name", "track", "statusCallback", "statusCallbackMethod"}),
    "Parameter": frozenset({"name", "value"}),
    "Dial": frozenset(
        {"action", "method", "timeout", "timeLimit", "callerId", "answerOnBridge", "record", "hangupOnStar", "ringTone"}
        | {"trim", "sequential", "recordingStatusCallback", "recordingStatusCallbackMethod", "recordingTrack"}
        | {"recordingStatusCallbackEvent", "referUrl", "referMethod"}
    ),
    "Number": frozenset({"url", "method", "sendDigits", "machineDetection", "byoc"}) | _CALLBACKS,
    "Sip": frozenset({"url", "method", "username", "password"}) | _CALLBACKS,
}
"""The verbs and nouns that are followed, and what each may carry."""

NOT_FOLLOWED = frozenset(
    {"Record", "Start", "Stop", "Pay", "Refer", "Sms", "Message", "Prompt"}
    | {"Conference", "Client", "ConversationRelay", "VirtualAgent", "Room", "Sim", "Recording", "Siprec"}
)
"""TwiML that Twilio knows and the simulator does not."""
