"""What ElevenLabs accepts: query strings, bodies and messages, as structs that know no other fields."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

UNNORMALISED = ("eleven_flash_v2_5", "eleven_turbo_v2_5")
"""Models that cannot be told to normalise text, except for enterprise customers."""

DEFAULT_SCHEDULE = (120, 160, 250, 290)  # characters

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Normalization = Literal["auto", "on", "off"]


class VoiceSettings(msgspec.Struct, forbid_unknown_fields=True):
    stability: Share | None = None
    similarity_boost: Share | None = None
    style: Share | None = None
    use_speaker_boost: bool | None = None
    speed: Annotated[float, msgspec.Meta(ge=0.7, le=1.2)] | None = None


class DictionaryLocator(msgspec.Struct, forbid_unknown_fields=True):
    pronunciation_dictionary_id: str
    version_id: str | None = None


class GenerationConfig(msgspec.Struct, forbid_unknown_fields=True):
    chunk_length_schedule: (
        Annotated[list[Annotated[float, msgspec.Meta(ge=50, le=500)]], msgspec.Meta(min_length=1)] | None
    ) = None


class StreamQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Of the HTTP endpoints. The simulator speaks the telephone's format only, and on sockets its samples."""

    output_format: Literal["ulaw_8000"]
    enable_logging: bool = True
    optimize_streaming_latency: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0


class StreamBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Of the HTTP endpoints."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=40_000)]
    model_id: str = "eleven_multilingual_v2"
    language_code: str | None = None
    voice_settings: VoiceSettings | None = None
    pronunciation_dictionary_locators: list[DictionaryLocator] | None = None
    seed: int | None = None
    previous_text: str | None = None
    next_text: str | None = None
    previous_request_ids: list[str] | None = None
    next_request_ids: list[str] | None = None
    use_pvc_as_ivc: bool | None = None
    apply_text_normalization: Normalization | None = None
    apply_language_text_normalization: bool | None = None


class SocketQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Of both WebSockets."""

    output_format: Literal["ulaw_8000", "pcm_8000"]
    model_id: str = "eleven_multilingual_v2"
    auto_mode: bool = False
    inactivity_timeout: Annotated[int, msgspec.Meta(ge=1, le=180)] = 20
    sync_alignment: bool = False
    language_code: str | None = None
    apply_text_normalization: Normalization = "auto"
    enable_logging: bool = True
    enable_ssml_parsing: bool = False
    seed: int | None = None
    authorization: str | None = None
    single_use_token: str | None = None

    def __post_init__(self) -> None:
        if self.apply_text_normalization == "on" and self.model_id in UNNORMALISED:
            raise ValueError(f"apply_text_normalization=on is not available for {self.model_id}")


class SingleMessage(msgspec.Struct, forbid_unknown_fields=True, rename={"xi_api_key": "xi-api-key"}):
    """To `stream-input`."""

    text: str
    try_trigger_generation: bool | None = None
    flush: bool | None = None
    voice_settings: VoiceSettings | None = None
    generation_config: GenerationConfig | None = None
    pronunciation_dictionary_locators: list[DictionaryLocator] | None = None
    xi_api_key: str | None = None
    authorization: str | None = None


class MultiMessage(msgspec.Struct, forbid_unknown_fields=True):
    """To `multi-stream-input`."""

    text: str | None = None
    context_id: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    flush: bool | None = None
    close_context: bool | None = None
    close_socket: bool | None = None
    voice_settings: VoiceSettings | None = None
    generation_config: GenerationConfig | None = None
    pronunciation_dictionary_locators: list[DictionaryLocator] | None = None
    xi_api_key: str | None = None
    authorization: str | None = None


def has_settings(message: SingleMessage | MultiMessage) -> bool:
    """Whether it carries what only a context's first message may."""
    return any(
        value is not None
        for value in (
            message.voice_settings,
            message.generation_config,
            message.pronunciation_dictionary_locators,
            message.xi_api_key,
            message.authorization,
        )
    )


def schedule_of(message: SingleMessage | MultiMessage) -> tuple[float, ...]:
    """Characters to gather before each generation."""
    config = message.generation_config
    if config is None or config.chunk_length_schedule is None:
        return DEFAULT_SCHEDULE
    return tuple(config.chunk_length_schedule)


read_single = msgspec.json.Decoder(SingleMessage).decode
read_multi = msgspec.json.Decoder(MultiMessage).decode


def read_body(body: bytes) -> StreamBody:
    """Raises `msgspec.ValidationError` and `msgspec.DecodeError`."""
    return msgspec.json.decode(body, type=StreamBody)
