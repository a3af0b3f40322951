"""Messages of ElevenLabs' multi-context socket, in and out.

The SDK has types for them but no client, and its types lose what is spelled in snake case; the tests hold these shapes
against them.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from .alignment import Alignment, read_alignment


class VoiceSettings(msgspec.Struct, omit_defaults=True, frozen=True):
    """What is not given is as the voice's owner set it."""

    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    use_speaker_boost: bool | None = None
    speed: float | None = None


class OpenContext(msgspec.Struct, omit_defaults=True):
    """The first message of a context; the only one that may have settings."""

    context_id: str
    text: Literal[" "] = msgspec.field(default_factory=lambda: " ")  # a factory, for a default would be left out
    voice_settings: VoiceSettings | None = None


class SpeakText(msgspec.Struct):
    """Text to be spoken at once; it ends with a space, or words run together."""

    context_id: str
    text: str
    flush: bool = True


class CloseContext(msgspec.Struct):
    """No text follows; what was flushed is still spoken, then comes the final message."""

    context_id: str
    close_context: bool = True


class CloseSocket(msgspec.Struct):
    """Ends everything."""

    close_socket: bool = True


class Message(msgspec.Struct):
    """Anything the server sends. Keys come in camel case by specification, and in snake case in practice."""

    audio: bytes | None = None  # base64, decoded by msgspec
    alignment: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)  # read apart: a broken one costs no audio
    normalized_alignment: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="normalizedAlignment")
    normalized_snake: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="normalized_alignment")
    context_camel: str | None = msgspec.field(default=None, name="contextId")
    context_snake: str | None = msgspec.field(default=None, name="context_id")
    final_camel: bool | None = msgspec.field(default=None, name="isFinal")
    final_snake: bool | None = msgspec.field(default=None, name="is_final")
    error: str | dict[str, Any] | None = None
    message: str | None = None

    @property
    def context(self) -> str:
        return self.context_camel or self.context_snake or ""

    @property
    def final(self) -> bool:
        return bool(self.final_camel or self.final_snake)

    @property
    def aligned(self) -> Alignment | None:
        """The times of the text as it was given, or else as it was normalised."""
        given = (self.alignment, self.normalized_alignment, self.normalized_snake)
        return next((read for raw in given if (read := read_alignment(raw)) is not None), None)

    @property
    def error_code(self) -> str:
        """The error's name, such as "quota_exceeded"."""
        if isinstance(self.error, dict):
            return str(self.error.get("code") or self.error.get("status") or self.error.get("type") or "error")
        return self.error or ""

    @property
    def told(self) -> str:
        """The error in the provider's words."""
        detail = self.error.get("message") if isinstance(self.error, dict) else None
        return f"{self.error_code}: {detail or self.message or ''}"


decode = msgspec.json.Decoder(Message).decode
encode = msgspec.json.Encoder().encode
