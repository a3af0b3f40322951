"""The carrier's forms, read within the bounds that its own keep."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

MEDIA_TYPE = "application/x-www-form-urlencoded"
LARGEST = 32 * 1024  # bytes; Twilio's forms have two thousand, and results of add-ons some ten thousand more
MOST_FIELDS = 200  # Twilio's have at most forty, and parameters of the operator's own
LONGEST_NAME = 256  # characters; Twilio's have thirty, and a SIP header's name comes after `SipHeader_`
LONGEST_VALUE = 16 * 1024  # characters; the longest are results of add-ons, and PASSporTs of callers


async def read_form(request: Request) -> FormData:
    """The request's form; of a GET it is the query. Raises `HTTPException`: 415 for what is none, 413 for one that no
    carrier sends.
    """
    if request.method == "GET":
        return parse_form(request.scope["query_string"])
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await _read(request)
    if media_type != MEDIA_TYPE:
        if body or media_type:
            raise HTTPException(415, f"expected Content-Type: {MEDIA_TYPE}")
        return FormData()
    return parse_form(body)


def parse_form(body: bytes) -> FormData:
    """See `read_form`."""
    try:
        # Bytes that are no ASCII should have been quoted; the carrier's are.
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(413, f"expected a form of at most {MOST_FIELDS} fields") from error
    if any(len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE for name, value in pairs):
        raise HTTPException(
            413, f"expected names of at most {LONGEST_NAME} characters, and values of at most {LONGEST_VALUE}"
        )
    return FormData([*pairs])


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > LARGEST:
                raise HTTPException(413, f"expected a form of at most {LARGEST} bytes")
    except ClientDisconnect as gone:  # nobody reads this
        raise HTTPException(400, "expected a whole form") from gone
    return bytes(body)
