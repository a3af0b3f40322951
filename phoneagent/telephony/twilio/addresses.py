"""Where Twilio reaches us. Built from one configured base, never from headers that a client can set."""

from __future__ import annotations

from phoneagent.errors import MisuseError

MEDIA_PATH = "/twilio/media"
CONTINUE_PATH = "/twilio/continue"

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
