"""ElevenLabs' models for speech, what languages they speak, and where they are offered.

Sources, as of 2026-11-30: elevenlabs.io/docs/overview/models (models, languages of the v2 and v2.5 models), help
article 17883183930129 (the 74 languages of Eleven v3), elevenlabs.io/docs/eleven-api/websockets (no v3 on the sockets;
v4 is refused there too, micdrop.dev 2026-09-29), livekit/agents PR #6197 (multilingual v2 ignores a language code),
pipecat issue #5395 (v3 takes one), pipecat PR #4925 and home-assistant issue #182944 (v3 takes no text beside its own).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .languages import closest

DEFAULT_MODEL = "eleven_flash_v2_5"
BEGINS_WITHIN = 2.0  # seconds

_ENGLISH = ("en",)
_MULTILINGUAL_V2 = (
    "en", "ja", "zh", "de", "hi", "fr", "ko", "pt", "it", "es", "id", "nl", "tr", "fil", "pl", "sv", "bg", "ro", "ar",
    "cs", "el", "fi", "hr", "ms", "sk", "da", "ta", "uk", "ru",
)  # fmt: skip
_V2_5 = (*_MULTILINGUAL_V2, "hu", "no", "vi")
_V3 = (
    "af", "ar", "hy", "as", "az", "be", "bn", "bs", "bg", "ca", "ceb", "ny", "hr", "cs", "da", "nl", "en", "et", "fil",
    "fi", "fr", "gl", "ka", "de", "el", "gu", "ha", "he", "hi", "hu", "is", "id", "ga", "it", "ja", "jv", "kn", "kk",
    "ky", "ko", "lv", "ln", "lt", "lb", "mk", "ms", "ml", "zh", "mr", "ne", "no", "ps", "fa", "pl", "pt", "pa", "ro",
    "ru", "sr", "sd", "sk", "sl", "so", "es", "sw", "sv", "ta", "te", "th", "tr", "uk", "ur", "vi", "cy",
)  # fmt: skip

_V3_STABILITIES = (0.0, 0.5, 1.0)  # "creative", "natural", "robust"


@dataclass(frozen=True, slots=True)
class ElevenLabsModel:
    """A model, by the name that agent files give.

    `languages`: ISO 639 codes; empty where no list is published. `on_sockets`: offered on the WebSockets of text to
    speech. `takes_code`: a language code is obeyed, and refused if it is not spoken; otherwise it is ignored.
    `takes_context`: `previous_text` and `next_text` are accepted. `stabilities`: the only values of this option, where
    there are only some ("invalid_ttd_stability" otherwise, 2025-11). `begins_within`: seconds in which its first audio
    comes unless something is wrong; Eleven v3 takes 1.5 to 3.6 (livekit/agents PR #4936, and what users measure,
    2025-11 and 2026-02), the others 0.1 to 0.4. `successor`: what to take, of one that is being retired.
    """

    name: str
    languages: tuple[str, ...]
    on_sockets: bool = True
    takes_code: bool = True
    takes_context: bool = True
    stabilities: tuple[float, ...] = ()
    begins_within: float = BEGINS_WITHIN
    successor: str = ""


def _by_http(name: str, languages: tuple[str, ...], **more: Any) -> ElevenLabsModel:
    return ElevenLabsModel(name, languages, on_sockets=False, takes_context=False, **more)


MODELS: Mapping[str, ElevenLabsModel] = {
    model.name: model
    for model in (
        ElevenLabsModel(DEFAULT_MODEL, _V2_5),
        ElevenLabsModel("eleven_flash_v2", _ENGLISH, takes_code=False),
        ElevenLabsModel("eleven_multilingual_v2", _MULTILINGUAL_V2, takes_code=False),
        _by_http("eleven_v3", _V3, stabilities=_V3_STABILITIES, begins_within=5.0),
        _by_http("eleven_v3_conversational", _V3, stabilities=_V3_STABILITIES, begins_within=5.0),
        _by_http("eleven_v4", (), begins_within=5.0),
        _by_http("eleven_v4_turbo", ()),
        # "functionally equivalent to Flash", which is faster; resellers have replaced them (Retell, 2026-07-12).
        ElevenLabsModel("eleven_turbo_v2_5", _V2_5, successor=DEFAULT_MODEL),
        ElevenLabsModel("eleven_turbo_v2", _ENGLISH, takes_code=False, successor="eleven_flash_v2"),
    )
}
"""Those that are suggested come first."""


def model_of(name: str) -> ElevenLabsModel:
    """What is known of a model, or can be expected of one that is not known here."""
    if name in MODELS:
        return MODELS[name]
    return _by_http(name, ()) if name.startswith(("eleven_v3", "eleven_v4")) else ElevenLabsModel(name, ())


def language_code(model: str, language: str) -> str:
    """The code to send for a language such as `de-DE`; empty where the model takes none."""
    known = model_of(model)
    if not language or not known.takes_code:
        return ""
    return closest(language, known.languages) or language.replace("_", "-").partition("-")[0].lower()


def speaks(model: str, language: str) -> bool:
    """Whether a model speaks a language, as far as that is known."""
    languages = model_of(model).languages
    return not languages or closest(language, languages) is not None


def speakers(language: str) -> tuple[str, ...]:
    """Models that speak a language, the fastest first."""
    return tuple(
        model.name
        for model in MODELS.values()
        if not model.successor and model.languages and closest(language, model.languages) is not None
    )
