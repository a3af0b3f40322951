"""What the product did that Twilio does not allow."""

from __future__ import annotations

from typing import NamedTuple

REST_REFUSED = 20001  # a parameter that the resource does not have, or two that exclude each other
WEBHOOK_FAILED = 11200
WEBHOOK_UNREACHABLE = 11205
WEBHOOK_TOO_LARGE = 11750
WEBHOOK_EMPTY = 11770
DOCUMENT_MALFORMED = 12100
DOCUMENT_AGAINST_SCHEMA = 12200
CONTENT_TYPE_INVALID = 12300
STREAM_CONNECT_TIMEOUT = 31901
STREAM_REFUSED = 31902
STREAM_BROKEN = 31903
STREAM_HANDSHAKE_REFUSED = 31920
STREAM_CLOSED_WITH_ERROR = 31921
STREAM_NOT_SECURE = 31922
STREAM_URL_MALFORMED = 31923
STREAM_PROTOCOL_ERROR = 31924
STREAM_READER_SLOW = 31930
STREAM_QUEUE_FULL = 31931
STREAM_TRACK_INVALID = 31941
STREAM_UNREADABLE = 31950  # binary, or base64 that is none
STREAM_MESSAGE_INVALID = 31951


class Violation(NamedTuple):
    """A mistake that Twilio logs and otherwise ignores, or that ends a stream or a call.

    `code` is Twilio's, `at` seconds since the call was placed. Twilio reports some of them once a stream; here every
    one is listed, so that a test sees all.
    """

    code: int
    problem: str
    at: float
