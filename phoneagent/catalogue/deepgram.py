"""Deepgram's models for telephone calls, the languages they speak, and the limits of key terms.

Sources, as of 2026-11-30: developers.deepgram.com/docs/models-languages-overview (models and languages),
/docs/flux/configuration and /docs/flux/language-prompting (Flux), /docs/keyterm (limits), /docs/configure and
/changelog/2026/10/2 (where a list can be changed in the middle of a call).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KEYTERMS_AT_MOST = 100  # terms of a list
KEYTERM_CHARACTERS = 100  # of one term
KEYTERM_TOKENS = 500  # of a list, by a tokeniser that is not published

DEFAULT_MODEL = "flux-general-en"
MULTILINGUAL_FLUX = "flux-general-multi"
CODE_SWITCHING = "multi"  # a "language" of Nova: any of several, changing from word to word

_ENGLISH = ("en", "en-US")
_ENGLISH_NOVA = ("en", "en-US", "en-AU", "en-GB", "en-IN", "en-NZ")
_FLUX_MULTI = ("en", "es", "fr", "de", "hi", "ru", "pt", "ja", "it", "nl")
_NOVA_3 = (
    CODE_SWITCHING, *_ENGLISH_NOVA, "af", "af-ZA", "ar", "ar-AE", "ar-SA", "ar-QA", "ar-KW", "ar-SY", "ar-LB", "ar-PS",
    "ar-JO", "ar-EG", "ar-SD", "ar-TD", "ar-MA", "ar-DZ", "ar-TN", "ar-IQ", "ar-IR", "as", "as-IN", "be", "bg", "bn",
    "bs", "ca", "cs", "cs-CZ", "da", "da-DK", "de", "de-CH", "el", "es", "es-419", "et", "fa", "fi", "fr", "fr-CA",
    "gu", "gu-IN", "he", "hi", "hr", "hu", "hy", "id", "it", "ja", "ka", "ka-GE", "kk", "kk-KZ", "kn", "ko", "ko-KR",
    "lt", "lv", "mk", "mn", "mr", "ms", "ne", "nl", "nl-BE", "no", "pa", "pa-IN", "pl", "ps", "ps-AF", "pt", "pt-BR",
    "pt-PT", "ro", "ru", "sk", "sl", "sr", "sv", "sv-SE", "ta", "te", "th", "th-TH", "tl", "tr", "tr-TR", "uk", "ur",
    "vi", "zh", "zh-CN", "zh-Hans", "zh-HK", "zh-Hant", "zh-TW",
)  # fmt: skip
_NOVA_2 = (
    CODE_SWITCHING, *_ENGLISH_NOVA, "bg", "ca", "cs", "da", "da-DK", "de", "de-CH", "el", "es", "es-419", "et", "fi",
    "fr", "fr-CA", "hi", "hu", "id", "it", "ja", "ko", "ko-KR", "lt", "lv", "ms", "nl", "nl-BE", "no", "pl", "pt",
    "pt-BR", "pt-PT", "ro", "ru", "sk", "sv", "sv-SE", "th", "th-TH", "tr", "uk", "vi", "zh", "zh-CN", "zh-Hans",
    "zh-HK", "zh-Hant", "zh-TW",
)  # fmt: skip
_NOVA_1 = (*_ENGLISH_NOVA, "es", "es-419", "hi-Latn")
_NOVA_3_MEDICAL = (CODE_SWITCHING, *_ENGLISH_NOVA, "en-CA", "en-IE")
_FOR_A_TRADE = (
    "meeting", "phonecall", "finance", "conversationalai", "voicemail", "video", "medical", "drivethru", "automotive",
    "atc",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeepgramModel:
    """A model, by the name that agent files give. `keyterms`: it can be told words to expect."""

    name: str
    languages: tuple[str, ...]
    keyterms: bool

    @property
    def flux(self) -> bool:
        """It is one of those of `/v2/listen`, which end turns."""
        return is_flux(self.name)


def is_flux(model: str) -> bool:
    """Whether a model, known or not, is asked for at `/v2/listen`."""
    return model.startswith("flux")


MODELS: Mapping[str, DeepgramModel] = {
    name: DeepgramModel(name, languages, keyterms=name.startswith(("flux", "nova-3")))
    for name, languages in (
        (DEFAULT_MODEL, ("en",)),
        (MULTILINGUAL_FLUX, _FLUX_MULTI),
        ("nova-3", _NOVA_3),
        ("nova-3-general", _NOVA_3),
        ("nova-3-medical", _NOVA_3_MEDICAL),
        ("nova-2", _NOVA_2),
        ("nova-2-general", _NOVA_2),
        *((f"nova-2-{trade}", _ENGLISH) for trade in _FOR_A_TRADE),
        ("nova", _NOVA_1),
        ("nova-general", _NOVA_1),
        ("nova-phonecall", _ENGLISH),
        ("nova-medical", _ENGLISH),
    )
}


def takes_keyterms(model: str) -> bool:
    """Whether a model can be told words to expect. One that is not known here, such as your own, is believed to."""
    known = MODELS.get(model)
    return known is None or known.keyterms
