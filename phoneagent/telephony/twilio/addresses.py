"""Where Twilio reaches us. Built from one configured base, never from headers that a client can set."""

from __future__ import annotations

from urllib.parse import quote

from phoneagent.errors import MisuseError
from phoneagent.records import Order, OrderUrls

MEDIA_PATH = "/twilio/media"
CONTINUE_PATH = "/twilio/continue"
VOICE_PATH = "/twilio/voice"
STATUS_PATH = "/twilio/status"
MACHINE_PATH = "/twilio/amd"
RECORDING_PATH = "/twilio/recording"
HOLD_PATH = "/twilio/hold"
MUSIC_PATH = "/twilio/hold-music.wav"
TARGET_PATH = "/twilio/target"
QUEUE_PATH = "/twilio/queue"

WEBSOCKET_SCHEMES = {"https": "wss", "http": "ws"}  # http:// is for emulators on loopback


def http_base(public_url: str) -> str:
    """The public URL as a prefix of paths: `https://voice.example.net`."""
    return public_url.rstrip("/")


def websocket_base(public_url: str) -> str:
    """The same place for WebSockets: `wss://voice.example.net`. Raises `MisuseError` for a URL that is not http(s)."""
    scheme, separator, rest = http_base(public_url).partition("://")
    if not separator or scheme not in WEBSOCKET_SCHEMES:
        raise MisuseError("expected a public URL that begins with https:// (or http:// on loopback)")
    return f"{WEBSOCKET_SCHEMES[scheme]}://{rest}"


def target_urls(public_url: str, call: str) -> OrderUrls:
    """Where Twilio asks and tells about a call to somebody to whom a caller is to be connected."""
    base, query = http_base(public_url) + TARGET_PATH, f"?call={quote(call, safe='')}"
    return OrderUrls(base + query, f"{base}/status{query}", "")


def order_urls(public_url: str, order: Order) -> OrderUrls:
    """Where Twilio asks and tells about the call of an order. The order is in the query: it proves that Twilio has a
    call of it, even where the answer to our request was lost.
    """
    base, query = http_base(public_url), f"?order={quote(order.id, safe='')}"
    return OrderUrls(base + VOICE_PATH + query, base + STATUS_PATH + query, base + MACHINE_PATH + query)
