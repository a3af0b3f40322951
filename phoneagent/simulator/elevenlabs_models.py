"""Which models ElevenLabs has, and what each refuses, in its own words. Pure.

Each rule names who has seen the answer, and when; see also `phoneagent.catalogue.elevenlabs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from phoneagent.catalogue.elevenlabs import MODELS, ElevenLabsModel

from .elevenlabs_messages import SocketQuery, StreamBody, VoiceSettings

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "fa": "Persian"}
"""Names in the list of models, where the code alone will not do for people."""


SLOW: Mapping[str, float] = {"eleven_v3": 1.5, "eleven_v3_conversational": 1.5}
"""Seconds to the first audio beyond those of the fast models: livekit/agents PR #4936, 2026-02."""


class Refusal(NamedTuple):
    """An answer instead of speech: its status, and `detail` of its body."""

    status: int
    detail: Any


def refused_request(body: StreamBody) -> Refusal | None:
    """What is wrong with a request over HTTP for its model."""
    model = MODELS.get(body.model_id)
    if model is None:
        return _unknown(body.model_id)
    refusal = _refused_language(model, body.language_code) or _refused_stability(model, body.voice_settings)
    if refusal is not None:
        return refusal
    if model.takes_context:
        return None
    # home-assistant/core issue #182944, 2026-09-22; pipecat PRs #4916 and #4925, 2026-07.
    for given, names in (
        ((body.previous_text, body.next_text), "previous_text or next_text"),
        ((body.previous_request_ids, body.next_request_ids), "previous_request_ids or next_request_ids"),
    ):
        if any(each is not None for each in given):
            told = f"Providing {names} is not yet supported with the {body.model_id!r} model."
            code = {"type": "validation_error", "code": "unsupported_model", "status": "unsupported_model"}
            return Refusal(400, {**code, "message": told, "param": "model_id"})
    return None


def refused_socket(query: SocketQuery) -> Refusal | None:
    """What is wrong with opening a socket for its model."""
    model = MODELS.get(query.model_id)
    if model is None:
        return _unknown(query.model_id)
    if not model.on_sockets:
        # livekit/agents issues #3235 (2025-08-22, with the vendor's word for it) and #4901 (2026-02-20); nothing in it.
        return Refusal(403, None)
    return _refused_language(model, query.language_code)


def _refused_language(model: ElevenLabsModel, code: str | None) -> Refusal | None:
    # pipecat issue #5395, asked of the vendor on 2026-08-20. Others ignore it: livekit/agents PR #6197, 2026-06-23.
    if code is None or not model.takes_code or not model.languages or code in model.languages:
        return None
    return Refusal(400, {"message": f"Model {model.name!r} does not support language_code {code!r}."})


def _unknown(model: str) -> Refusal:
    # As users of the API have it in their logs, 2025 and 2026; on sockets it is seen as an error message too.
    return Refusal(400, {"status": "model_not_found", "message": f"A model with model ID {model} does not exist"})


def _refused_stability(model: ElevenLabsModel, settings: VoiceSettings | None) -> Refusal | None:
    stability = settings.stability if settings is not None else None
    if stability is None or not model.stabilities or stability in model.stabilities:
        return None
    told = "Invalid TTD stability value. Must be one of: [0.0, 0.5, 1.0] (0.0 = Creative, 0.5 = Natural, 1.0 = Robust)"
    return Refusal(400, {"status": "invalid_ttd_stability", "message": told})


def listed(model: ElevenLabsModel) -> dict[str, Any]:
    """A model in `GET /v1/models`."""
    return {
        "model_id": model.name,
        "name": model.name.replace("_", " ").title(),
        "can_be_finetuned": True,
        "can_do_text_to_speech": True,
        "can_do_voice_conversion": False,
        "can_use_style": not model.takes_code,
        "can_use_speaker_boost": not model.takes_code,
        "serves_pro_voices": False,
        "token_cost_factor": 1.0,
        "description": "",
        "requires_alpha_access": False,
        "max_characters_request_free_user": 2500,
        "max_characters_request_subscribed_user": 5000,
        "maximum_text_length_per_request": 40_000 if model.on_sockets else 5000,
        "languages": [{"language_id": code, "name": LANGUAGES.get(code, code)} for code in model.languages],
        "model_rates": {"character_cost_multiplier": 1.0, "cost_discount_multiplier": 1.0},
        "concurrency_group": "turbo" if model.takes_code else "standard",
    }
